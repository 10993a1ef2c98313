"""``serve``: run an app on a real socket of this machine while the notebook goes on."""

import logging
import threading
import traceback
from html import escape
from pathlib import Path

from course.shown import Shown, box, display

HOST = "127.0.0.1"
POLL_SECONDS = 0.02  # how long stopping a server may take; the library's default of 0.5 s is felt at every re-run

_running: dict[str, "Server"] = {}
_standard_library = Path(threading.__file__).parent


class Server:
    """A running app. ``url`` is its address without a closing slash, e.g. ``http://127.0.0.1:49152``."""

    def __init__(self, app, name: str, port: int):
        from werkzeug.serving import WSGIRequestHandler, make_server

        class QuietRequestHandler(WSGIRequestHandler):
            """Says nothing: a line printed by a thread would land in whichever cell is running."""

            def log(self, type: str, message: str, *args) -> None:
                pass

        self.name = name
        self._server = make_server(
            HOST, port, app, threaded=True, request_handler=QuietRequestHandler
        )
        self.url = f"http://{HOST}:{self._server.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(POLL_SECONDS,),
            name=f"serve-{name}",
            daemon=True,
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1 that the app listens on."""
        return self._server.port

    def stop(self) -> None:
        """Close the socket and end the thread. Stopping twice is harmless."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if _running.get(self.name) is self:
            del _running[self.name]

    def __repr__(self) -> str:
        # No port: it is another one at every run, and every stored output is compared.
        return f"Server {self.name!r} is running on {HOST}. Its address is in .url"


def serve(app, name: str = "app") -> Server:
    """Serve a Flask app on 127.0.0.1, on a free port, in the background, until the kernel ends.

    Serving again under the same ``name`` replaces the server (and keeps its port where possible), so a
    cell may run twice. What a view logs, and the exception of a view that answers 500, is shown below
    the cell that sent the request.

    Raises:
        TypeError: if ``app`` is not an app.
    """
    if not hasattr(app, "wsgi_app"):
        if callable(app) and hasattr(app, "__name__"):
            raise TypeError(
                f"serve() needs the app, not the function that makes it: serve({app.__name__}())"
            )
        raise TypeError(f"serve() takes a Flask app, not {type(app).__name__}.")
    _collect_logs(app)
    port = 0
    if name in _running:
        port = _running[name].port
        _running[name].stop()
    try:
        server = Server(app, name, port)
    except (
        OSError,
        SystemExit,
    ):  # the old port was taken in between; werkzeug exits when a port is in use
        server = Server(app, name, 0)
    _running[name] = server
    return server


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
    """Let a Flask app print nothing from its threads; a NullHandler keeps Python from printing in its place."""
    from flask.logging import default_handler

    app.logger.removeHandler(default_handler)
    app.logger.propagate = False
    app.logger.addHandler(logging.NullHandler())


def _collect_logs(app) -> None:
    silence(app)
    if _logs not in app.logger.handlers:
        app.logger.addHandler(_logs)
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell and _logs.show not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _logs.show)


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
    """The frames of the learner's code: those that lie neither in a package (which may make code
    of its own, "<string>") nor in the standard library."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        frame for frame in frames
        if "site-packages" not in frame.filename and frame.filename != "<string>" and not Path(frame.filename).is_relative_to(_standard_library)
    ]  # fmt: skip
