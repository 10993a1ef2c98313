"""What the threads of a server log: kept until the running cell has ended, then shown below that cell.

A line that is printed by a thread would land in whichever cell is running.
"""

import logging
import threading
import traceback
from html import escape
from pathlib import Path

from course.shown import Shown, box, display

_standard_library = Path(threading.__file__).parent


# uvicorn's own loggers, whose lines (and second copy of every exception) would land in a cell's output
_uvicorn_loggers = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_asgi_logger = logging.getLogger("course.asgi")
_asgi_logger.propagate = False


def is_flask(app) -> bool:
    return hasattr(app, "wsgi_app")


class _ShowAfterCell(logging.Handler):
    """Keeps what server threads log until the running cell has ended, then shows it below that cell."""

    def __init__(self):
        super().__init__()
        self.waiting: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.waiting.append(record)

    def show(self, *_) -> None:
        while self.waiting:
            record = self.waiting.pop(0)
            display(_draw_exception(record) if record.exc_info else _draw_log_line(record))


_logs = _ShowAfterCell()


def silence(app) -> None:
    """Let an app print nothing from its threads; a NullHandler keeps Python from printing in its place."""
    loggers = [logging.getLogger(name) for name in _uvicorn_loggers]
    if is_flask(app):
        from flask.logging import default_handler

        app.logger.removeHandler(default_handler)
        loggers = [app.logger]
    for logger in loggers:
        logger.propagate = False
        logger.addHandler(logging.NullHandler())


def collect_logs(app) -> None:
    """Keep what this app logs from now on, and show it when the running cell has ended."""
    silence(app)
    logger = app.logger if is_flask(app) else _asgi_logger
    if _logs not in logger.handlers:
        logger.addHandler(_logs)
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell and _logs.show not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _logs.show)


class ExceptionsLogged:
    """An ASGI app that logs the exception of a view, in Flask's words, and passes it on to uvicorn."""

    def __init__(self, app):
        self.app = app
        self.lifespan_error: Exception | None = None

    async def __call__(self, scope, receive, send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            if scope["type"] == "http":
                title = f"Exception on {scope['path']} [{scope['method']}]"
                _asgi_logger.error(title, exc_info=error)
            elif scope["type"] == "lifespan":
                self.lifespan_error = error
            raise


def _draw_log_line(record: logging.LogRecord) -> Shown:
    line = f"The server says ({record.levelname.lower()}): {record.getMessage()}"
    return Shown(line, box("waiting", escape(line)))


def _draw_exception(record: logging.LogRecord) -> Shown:
    error = record.exc_info[1]
    title = record.getMessage()  # Flask: Exception on /me [GET]
    lines = [f"  in {frame.name}(): {frame.line}" for frame in _own_frames(error)]
    text = "\n".join(
        [f"The server answered 500. {title}", *lines, f"{type(error).__name__}: {error}"]
    )
    return Shown(
        text,
        box(
            "bad",
            f"<pre style='margin:0;background:transparent;color:inherit'>{escape(text)}</pre>",
        ),
    )


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of the learner's code: those that lie neither here, nor in a package (which may make code
    of its own, "<string>"), nor in the standard library."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        frame
        for frame in frames
        if "site-packages" not in frame.filename
        and frame.filename not in ("<string>", __file__)
        and not Path(frame.filename).is_relative_to(_standard_library)
    ]
