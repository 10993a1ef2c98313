"""``serve``: run an app on a real socket of this machine while the notebook goes on."""

import contextlib
import socket
import sys
import threading
import time

from course.paths import IN_A_TAB
from course.server_log import ExceptionsLogged, collect_logs, is_flask

HOST = "127.0.0.1"
# How long stopping a server may take. The library's default of 0.5 s is felt at every re-run.
POLL_SECONDS = 0.02

servers: dict[str, "Server"] = {}  # what runs, by name
ports: dict[str, int] = {}  # where it ran last


class Server:
    """A running app. ``url`` is its address without a closing slash, e.g. ``http://127.0.0.1:49152``."""

    def __init__(self, app, name: str, port: int):
        self.name = name
        if IN_A_TAB:
            self._backend = _in_this_tab(app, port)
            self.port = self._backend.port
            self.url = f"http://{HOST}:{self.port}"
            return
        self._backend = _FlaskServer(app, port) if is_flask(app) else _AsgiServer(app, port)
        self.port = self._backend.port  # on 127.0.0.1
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._backend.run, name=f"serve-{name}", daemon=True)
        self._thread.start()
        self._backend.wait_until_ready(self._thread)

    def stop(self) -> None:
        """Close the socket and end the thread. Stopping twice is harmless."""
        self._backend.stop()
        if not IN_A_TAB:
            self._thread.join()
            self._backend.close()
        if servers.get(self.name) is self:
            del servers[self.name]

    def __repr__(self) -> str:
        # No port: it is another one at every run, and every stored output is compared.
        return f"Server {self.name!r} is running on {HOST}. Its address is in .url"


def _in_this_tab(app, port: int):
    from course.in_tab import AppInThisTab

    flask = is_flask(app)
    return AppInThisTab(app if flask else ExceptionsLogged(app), port, flask)


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
        # On Windows, it would let two servers have one port.
        if sys.platform != "win32":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError:
            self._socket.close()
            raise
        self.port = self._socket.getsockname()[1]
        self._app = ExceptionsLogged(app)
        # No grace at the end: a client may hold a connection open for as long as it likes.
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            loop="asyncio",
            timeout_graceful_shutdown=0,
        )
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


def _is_asgi(app) -> bool:
    return callable(app) and hasattr(app, "router") and hasattr(app, "build_middleware_stack")


def serve(app, name: str = "app") -> Server:
    """Serve a Flask or FastAPI app on 127.0.0.1, on a free port, in the background, until the kernel ends.

    Serving again under the same ``name`` replaces the server (and keeps its port where possible, also if it was stopped
    in between), so a cell may run twice. What a view logs, and the exception of a view that answers 500, is shown below
    the cell that sent the request.

    Raises:
        TypeError: if ``app`` is not an app.
        RuntimeError: if a FastAPI app fails when it starts.
    """
    if not is_flask(app) and not _is_asgi(app):
        if callable(app) and hasattr(app, "__name__"):
            raise TypeError(
                f"serve() needs the app, not the function that makes it: serve({app.__name__}())"
            )
        raise TypeError(f"serve() takes a Flask or FastAPI app, not {type(app).__name__}.")
    collect_logs(app)
    port = ports.get(name, 0)
    if name in servers:
        servers[name].stop()
    try:
        server = Server(app, name, port)
    # The old port was taken in between. Werkzeug exits when a port is in use.
    except (OSError, SystemExit):
        server = Server(app, name, 0)
    servers[name], ports[name] = server, server.port
    return server
