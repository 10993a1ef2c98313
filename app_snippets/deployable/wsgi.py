"""What a server imports: deployable.wsgi:app (gunicorn on Linux and macOS, waitress on Windows).

    pip install gunicorn
    gunicorn -c deployable/gunicorn.conf.py deployable.wsgi:app

    pip install waitress
    waitress-serve --listen=127.0.0.1:8000 deployable.wsgi:app

create_app leaves the loggers of its process alone; here they all begin to speak JSON.
"""

from . import create_app
from .json_lines import speak_json

speak_json()
app = create_app()
