"""A login service to deploy: the whole course in one folder, with what it takes to run it for real (lesson 15).

key_ring.py, limits.py, behind_proxies.py, grace.py, json_lines.py and watching.py are what lesson 15 is about. users.py,
sessions.py, scopes.py and what they need are those of roles, to the letter. What surrounds the service: Dockerfile, compose.yaml, Caddyfile, nginx.conf, gunicorn.conf.py.
Keeps the contract: roles. A copy of this folder runs alone, also under another name: put yours in place of deployable.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask flask-jwt-extended flask-smorest flask-sqlalchemy "libpass[argon2]" marshmallow precis-i18n pyjwt sqlalchemy swagger-ui-bundle webargs werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app deployable create-tables
    flask --app deployable run
    flask --app deployable set-role ada admin

In the course, the packages are there: cd app_snippets, and uv run flask --app deployable run

What roles answers, and:
POST /login              after too many failures in a minute     answers  429, and Retry-After
POST /refresh            once more within REFRESH_GRACE seconds  answers  a new pair, as if nothing had happened
GET  /docs               the OpenAPI page, made from /openapi.json
GET  /healthz            whether this process answers            answers  {"status": "ok"}
GET  /readyz             whether it can serve                    answers  {"status": "ok"}, or 503 without its database
GET  /metrics            only from inside, past no proxy         answers  numbers for Prometheus, of this one process

Every refusal is JSON: {"message": "..."}. Users and sessions live in the SQLite file deployable.db, for one process, or in
the database that DATABASE_URL names, for any number of them, e.g. postgresql+psycopg://user@localhost/deployable
(install psycopg for it). Several processes need their tables first: create-tables.

DATABASE_PASSWORD_FILE  a file with the password that DATABASE_URL leaves out
JWT_SECRET_KEY_FILE     in place of JWT_SECRET_KEY: a file with one key a line, "kid key". The first signs, all verify, and a
                        key that stands alone is for tokens without a kid. It may change at any time. To change the key:
                        add the new one as the last line; when every machine has that file, make it the first line; when the
                        last token of the old one has expired (seven days, sessions.py), take the old one out. Whoever has
                        lost a key takes it out at once, and everybody logs in again
LOGINS_PER_ACCOUNT      failed logins that an account may have in a minute (10), and an address: LOGINS_PER_ADDRESS (100)
REFRESH_GRACE           seconds in which a used refresh token is forgiven, once (0: never, as the contract asks)
TRUSTED_PROXIES         how many proxies of yours stand in front and write X-Forwarded-For (0)

A server imports deployable.wsgi:app, whose lines in the log are JSON: wsgi.py says how. What an orchestrator needs to know:
start create-tables and wait for its end; start anew what does not answer /healthz; send nothing to what does not answer
/readyz with 200; end it with SIGTERM, and give it 25 seconds. Start it anew when it ends by itself: a worker that must
start while the database is away takes all of them along.
"""

from datetime import timedelta

import click
from flask import Flask

from .behind_proxies import trust_proxies
from .grace import allow_grace
from .grace import blp as session_views
from .house import db, furnish
from .key_ring import RingedJWTManager, keys_from_environment
from .limits import blp as login_views
from .limits import limit_logins
from .scopes import add_role_command, ask_for_a_new_login, blp, tell_the_role
from .sessions import refuse_tokens_of_ended_sessions
from .settings import database_url_with_password
from .watching import watch


def add_tables_command(app: Flask) -> None:
    """Give the app a command of its own: flask --app ... create-tables."""

    @app.cli.command("create-tables")
    def create_tables_command():
        """Make the tables that are missing, before the first worker starts."""
        # create_app has made them, as it does for who is alone.
        click.echo(f"Tables: {', '.join(sorted(db.metadata.tables))}.")


def create_app() -> Flask:
    """The app, with its tables made if they are missing."""
    app, keys_now = Flask(__name__), keys_from_environment()
    jwt = RingedJWTManager(keys_now)
    app.config |= {
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
        "JWT_SECRET_KEY": keys_now().signing_key(),
        "SQLALCHEMY_DATABASE_URI": database_url_with_password(),
    }
    watch(app)
    trust_proxies(app)
    limit_logins(app)
    allow_grace(app)
    refuse_tokens_of_ended_sessions(jwt)
    tell_the_role(jwt)
    ask_for_a_new_login(jwt)
    add_role_command(app)
    add_tables_command(app)
    furnish(app, jwt, blp, login_views, session_views)
    return app
