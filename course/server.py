"""``serve``: run an app on a real socket of this machine while the notebook goes on."""

import contextlib
import logging
import socket
import sys
import threading
import time
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
        self.name = name
        self._running = _FlaskServer(app, port) if _is_flask(app) else _AsgiServer(app, port)
        self.port = self._running.port  # on 127.0.0.1
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._running.run, name=f"serve-{name}", daemon=True)
        self._thread.start()
        self._running.wait_until_ready(self._thread)

    def stop(self) -> None:
        """Close the socket and end the thread. Stopping twice is harmless."""
        self._running.stop()
        self._thread.join()
        self._running.close()
        if _running.get(self.name) is self:
            del _running[self.name]

    def __repr__(self) -> str:
        # No port: it is another one at every run, and every stored output is compared.
        return f"Server {self.name!r} is running on {HOST}. Its address is in .url"


class _FlaskServer:
    """Werkzeug's server."""

    def __init__(self, app, port: int):
        from werkzeug.serving import WSGIRequestHandler, make_server

        class QuietRequestHandler(WSGIRequestHandler):
            """Says nothing: a line printed by a thread would land in whichever cell is running."""

            def log(self, type: str, message: str, *args) -> None:
                pass

        self._server = make_server(
            HOST, port, app, threaded=True, request_handler=QuietRequestHandler
        )
        self.port = self._server.port

    def run(self) -> None:
        self._server.serve_forever(POLL_SECONDS)

    def wait_until_ready(self, thread: threading.Thread) -> None:
        """It is: the socket listens since the server was made."""

    def stop(self) -> None:
        self._server.shutdown()

    def close(self) -> None:
        self._server.server_close()


class _AsgiServer:
    """uvicorn, with an event loop of its own in its thread: a notebook's kernel has one running already."""

    def __init__(self, app, port: int):
        import uvicorn

        self._socket = socket.socket()
        if sys.platform != "win32":  # there, it would let two servers have one port
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError:
            self._socket.close()
            raise
        self.port = self._socket.getsockname()[1]
        self._app = _ExceptionsLogged(app)
        config = uvicorn.Config(
            self._app, log_config=None, access_log=False, loop="asyncio",
            timeout_graceful_shutdown=0,  # a client may hold a connection open for as long as it likes
        )  # fmt: skip
        self._server = uvicorn.Server(config)

    def run(self) -> None:
        with contextlib.suppress(SystemExit):  # how uvicorn ends when the app cannot start
            self._server.run(sockets=[self._socket])

    def wait_until_ready(self, thread: threading.Thread) -> None:
        while not self._server.started:
            if not thread.is_alive():
                self.close()
                raise RuntimeError("The app cannot start.") from self._app.lifespan_error
            time.sleep(0.005)

    def stop(self) -> None:
        self._server.should_exit = True

    def close(self) -> None:
        self._socket.close()


class _ExceptionsLogged:
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


def _is_flask(app) -> bool:
    return hasattr(app, "wsgi_app")


def _is_asgi(app) -> bool:
    return callable(app) and hasattr(app, "router") and hasattr(app, "build_middleware_stack")


def serve(app, name: str = "app") -> Server:
    """Serve a Flask or FastAPI app on 127.0.0.1, on a free port, in the background, until the kernel ends.

    Serving again under the same ``name`` replaces the server (and keeps its port where possible), so a
    cell may run twice. What a view logs, and the exception of a view that answers 500, is shown below
    the cell that sent the request.

    Raises:
        TypeError: if ``app`` is not an app.
        RuntimeError: if a FastAPI app fails when it starts.
    """
    if not _is_flask(app) and not _is_asgi(app):
        if callable(app) and hasattr(app, "__name__"):
            raise TypeError(
                f"serve() needs the app, not the function that makes it: serve({app.__name__}())"
            )
        raise TypeError(f"serve() takes a Flask or FastAPI app, not {type(app).__name__}.")
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
    """Let an app print nothing from its threads; a NullHandler keeps Python from printing in its place."""
    loggers = [logging.getLogger(name) for name in _uvicorn_loggers]
    if _is_flask(app):
        from flask.logging import default_handler

        app.logger.removeHandler(default_handler)
        loggers = [app.logger]
    for logger in loggers:
        logger.propagate = False
        logger.addHandler(logging.NullHandler())


# uvicorn's own loggers, whose lines (and second copy of every exception) would land in a cell's output
_uvicorn_loggers = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_asgi_logger = logging.getLogger("course.asgi")
_asgi_logger.propagate = False


def _collect_logs(app) -> None:
    silence(app)
    logger = app.logger if _is_flask(app) else _asgi_logger
    if _logs not in logger.handlers:
        logger.addHandler(_logs)
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
    """The frames of the learner's code: those that lie neither here, nor in a package (which may make code
    of its own, "<string>"), nor in the standard library."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        frame for frame in frames
        if "site-packages" not in frame.filename and frame.filename not in ("<string>", __file__) and not Path(frame.filename).is_relative_to(_standard_library)
    ]  # fmt: skip
