"""The course in a browser tab (Pyodide), which has no sockets, no threads and no processes.

``install`` puts calls of functions in their place. A connection to a served app is an object that has a socket's methods:
what http.client, urllib3 and requests write to it is read as a request, the app is called, and they parse the bytes of its
answer, as everywhere. ``subprocess.run([sys.executable, ...])`` runs the program in this very Python.
"""

import asyncio
import contextlib
import errno
import hashlib
import http.client
import io
import itertools
import json
import os
import re
import runpy
import socket
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from email.utils import formatdate
from urllib.parse import unquote_to_bytes, urlsplit

HOST = "127.0.0.1"
# The most that JSON may be nested. Far beyond it the tab's stack ends, and the kernel with it.
DEEPEST_JSON = 900
INSTALL = "Install the course for it: `pip install uv && uv run course`."
# Exercises whose judges need what a tab lacks, and what that is. tests/site and `course site --check` hold the list.
NOT_IN_A_TAB: dict[str, str] = {
    "9.3": "threads",
    "12.3": "threads",
    "15.1": "threads",
    "15.4": "a system with users",
    "16.2": "servers in threads",
}

# What listens, by port: a function from (method, target, headers, body) to (status, reason, headers, body).
_apps: dict[int, Callable] = {}
_ports = itertools.count(49152)


class AppInThisTab:
    """Stands where a server with a socket and a thread stands elsewhere."""

    def __init__(self, app, port: int, is_flask: bool):
        self.port = port or next(_ports)
        self._answer = _Wsgi(app, self.port) if is_flask else _Asgi(app, self.port)
        _apps[self.port] = self._answer

    def stop(self) -> None:
        """Nothing listens on this port any more. Stopping twice is harmless."""
        if _apps.get(self.port) is self._answer:
            del _apps[self.port]
            self._answer.stop()


class _Wsgi:
    """A Flask app, called as Werkzeug's server calls it."""

    def __init__(self, app, port: int):
        self._app, self._port = app, port

    def stop(self) -> None:
        """It holds nothing."""

    def __call__(self, method: str, target: str, headers: list, body: bytes):
        import werkzeug

        started = []
        environ = self._environ(method, target, headers, body)
        written = self._app(
            environ, lambda status, head, exc_info=None: started.append((status, head))
        )
        try:
            content = b"".join(written)
        finally:
            getattr(written, "close", lambda: None)()
        status, head = started[-1]
        code, _, reason = status.partition(" ")
        server = f"Werkzeug/{_version('werkzeug', werkzeug)} Python/{sys.version.split()[0]}"
        ours = [("Server", server), ("Date", formatdate(usegmt=True))]
        return int(code), reason, [*ours, *head, ("Connection", "close")], content

    def _environ(self, method: str, target: str, headers: list, body: bytes) -> dict:
        path, _, query = target.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self._port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": HOST,
            "REMOTE_PORT": "1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers:
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ


def _version(name: str, module) -> str:
    import importlib.metadata

    return getattr(module, "__version__", None) or importlib.metadata.version(name)


class _Loop(asyncio.BaseEventLoop):
    """An event loop that needs no socket: between its timers it sleeps."""

    class _selector:
        @staticmethod
        def select(timeout):
            time.sleep(timeout or 0)
            return []

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass

    def run(self, awaitable):
        """Run it to the end, inside the cell, although the notebook's own loop is running."""
        outer = asyncio._get_running_loop()
        task = asyncio.current_task(outer) if outer else None
        if task:
            asyncio._leave_task(outer, task)
        asyncio._set_running_loop(None)
        try:
            return self.run_until_complete(awaitable)
        finally:
            asyncio._set_running_loop(outer)
            if task:
                asyncio._enter_task(outer, task)


class _Asgi:
    """A FastAPI app, called as uvicorn calls it, in a loop of its own."""

    def __init__(self, app, port: int):
        _keep_to_this_thread()
        self._app, self._port, self._loop = app, port, _Loop()
        self._to_lifespan, self._state = asyncio.Queue(), {}
        self._started = self._loop.create_future()
        self._lifespan = self._loop.create_task(self._live())
        self._to_lifespan.put_nowait({"type": "lifespan.startup"})
        if not self._loop.run(self._started):
            self._loop.close()
            raise RuntimeError("The app cannot start.") from app.lifespan_error

    async def _live(self) -> None:
        async def send(message):
            if not self._started.done():
                self._started.set_result(message["type"] == "lifespan.startup.complete")

        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self._state,
        }
        # The app's wrapper keeps what went wrong, as under uvicorn.
        with contextlib.suppress(Exception):
            await self._app(scope, self._to_lifespan.get, send)
        if not self._started.done():
            self._started.set_result(False)

    def stop(self) -> None:
        self._to_lifespan.put_nowait({"type": "lifespan.shutdown"})
        self._loop.run(asyncio.wait([self._lifespan], timeout=1))
        self._loop.close()

    def __call__(self, method: str, target: str, headers: list, body: bytes):
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "state": dict(self._state),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers],
            "client": (HOST, 1),
            "server": (HOST, self._port),
        }
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        started: dict = {}
        content = []

        async def receive():
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                started.update(message)
            else:
                content.append(message.get("body", b""))

        # The exception is logged by the app's wrapper; uvicorn, too, answers 500 in its place.
        with contextlib.suppress(Exception):
            self._loop.run(self._app(scope, receive, send))
        if not started:
            plain = (b"content-type", b"text/plain; charset=utf-8")
            started.update(status=500, headers=[plain])
            content[:] = [b"Internal Server Error"]
        head = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in started.get("headers", [])]
        ours = [("date", formatdate(usegmt=True)), ("server", "uvicorn")]
        reason = http.client.responses.get(started["status"], "")
        return started["status"], reason, [*ours, *head], b"".join(content)


class _Connection:
    """A socket to an app in this tab, as far as http.client needs one."""

    def __init__(self, port: int):
        self._port = port
        self._written = io.BytesIO()

    def sendall(self, data) -> None:
        self._written.write(data)

    def makefile(self, mode: str = "rb", *_, **__) -> io.BytesIO:
        """The answer to what was written since the last one."""
        request, self._written = self._written.getvalue(), io.BytesIO()
        answer = _apps.get(self._port)
        if answer is None:
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        return io.BytesIO(_answer(answer, request))

    def getpeername(self) -> tuple[str, int]:
        return HOST, self._port

    def settimeout(self, *_) -> None:
        """Nothing is waited for, and nothing can be set."""

    setsockopt = shutdown = settimeout

    def close(self) -> None:
        """It holds nothing."""


def _answer(app: Callable, request: bytes) -> bytes:
    """The bytes of an answer to the bytes of a request, as a server with a socket would send them."""
    file = io.BytesIO(request)
    method, target, _ = file.readline().decode("latin-1").split(" ", 2)
    message = http.client.parse_headers(file)
    body = _unchunked(file) if message.get("Transfer-Encoding") == "chunked" else file.read()
    # A proxy is asked for whole addresses; there is none here.
    if target.startswith("http://"):
        parts = urlsplit(target)
        target = parts._replace(scheme="", netloc="").geturl() or "/"
    status, reason, head, content = app(method, target, list(message.items()), body)
    if method == "HEAD" or status in (204, 304):
        content = b""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in head)]
    names = {name.lower() for name, _ in head}
    if not names & {"content-length", "connection"} and status not in (204, 304):
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def _unchunked(file: io.BytesIO) -> bytes:
    content = b""
    while size := int(file.readline().split(b";")[0], 16):
        content += file.read(size)
        file.readline()
    return content


def _connect(address, *_, **__) -> _Connection:
    """``socket.create_connection``: apps of this tab are there, and nobody else."""
    host, port = address
    if host not in (HOST, "localhost"):
        raise socket.gaierror(
            socket.EAI_NONAME, f"A browser tab reaches no other machine, so not {host} either"
        )
    if port not in _apps:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    return _Connection(port)


_wait_for_read = None


def _is_readable(connection, timeout=None) -> bool:
    """urllib3 asks it of a connection that it would like to use again: is there an answer that nobody asked for?"""
    if isinstance(connection, _Connection):
        return False
    return _wait_for_read(connection, timeout)


_run_elsewhere = subprocess.run


def _run(command, *, capture_output=False, text=None, env=None, cwd=None, check=False, **more):
    """``subprocess.run`` of ``[sys.executable, ("-W", filter), "-c" code | "-m" module | file, ...]``, in this Python."""
    if isinstance(command, str) or command[0] != sys.executable:
        return _run_elsewhere(
            command, capture_output=capture_output, text=text, env=env, cwd=cwd, check=check, **more
        )
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        with _as_another_process(env, cwd):
            code = _run_program([str(part) for part in command[1:]])

    def said(stream: io.StringIO):
        return stream.getvalue() if text else stream.getvalue().encode()

    if not capture_output:
        print(out.getvalue(), end="")
        print(err.getvalue(), end="", file=sys.stderr)
        return subprocess.CompletedProcess(command, code)
    done = subprocess.CompletedProcess(command, code, said(out), said(err))
    if check:
        done.check_returncode()
    return done


@contextlib.contextmanager
def _as_another_process(env, cwd) -> Iterator[None]:
    """Another environment, folder and search path, and the apps' modules as if nobody had imported them."""

    def ours() -> dict:
        return {
            name: module
            for name, module in sys.modules.items()
            if "app_snippets" in (getattr(module, "__file__", None) or "")
        }

    modules, argv, path = ours(), sys.argv, list(sys.path)
    environ, folder = dict(os.environ), os.getcwd()
    try:
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
        if cwd:
            os.chdir(cwd)
        for name in modules:
            del sys.modules[name]
        sys.path.insert(0, os.getcwd())
        with warnings.catch_warnings():
            warnings.resetwarnings()
            yield
    finally:
        os.chdir(folder)
        sys.argv, sys.path[:] = argv, path
        os.environ.clear()
        os.environ.update(environ)
        for name in ours():
            del sys.modules[name]
        sys.modules.update(modules)


def _run_program(arguments: list[str]) -> int:
    """Run it, and return the code with which it ends."""
    try:
        while arguments[0] in ("-W", "-I", "-S"):
            flag = arguments.pop(0)
            if flag == "-W":
                warnings.simplefilter(arguments.pop(0))
        kind, *rest = arguments
        if kind == "-c":
            sys.argv = ["-c", *rest[1:]]
            exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
        elif kind == "-m":
            sys.argv = rest
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = arguments
            runpy.run_path(kind, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[Callable[[], bool]]:
    """Raise KeyboardInterrupt in code that takes longer; yields whether that has happened.

    There is no thread to do it: each jump in the code, and each call, looks at the clock.
    """
    monitoring = sys.monitoring
    tool, events = 4, monitoring.events.JUMP | monitoring.events.PY_START
    end = time.monotonic() + seconds

    def look(*_):
        if time.monotonic() > end:
            monitoring.set_events(tool, 0)
            raise KeyboardInterrupt

    # A check inside a check has the clock of the outer one.
    if monitoring.get_tool(tool) is not None:
        yield lambda: time.monotonic() > end
        return
    monitoring.use_tool_id(tool, "course")
    try:
        monitoring.register_callback(tool, monitoring.events.JUMP, look)
        monitoring.register_callback(tool, monitoring.events.PY_START, look)
        monitoring.set_events(tool, events)
        yield lambda: time.monotonic() > end
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


def _keep_to_this_thread() -> None:
    """Starlette asks anyio for a thread, for each function without ``async``."""
    import anyio.to_thread

    anyio.to_thread.run_sync = _in_this_thread


async def _in_this_thread(function, *args, **_):
    return function(*args)


_decode = json.decoder.JSONDecoder.raw_decode


def _raw_decode(decoder, text, idx=0):
    """Raise what Python raises elsewhere for JSON that is nested too deep; here it would end the kernel."""
    if text.count("[") + text.count("{") > DEEPEST_JSON:
        depth = 0
        for character in re.sub(r'"(?:[^"\\]|\\.)*"', "", text[idx:]):
            depth += (character in "[{") - (character in "]}")
            if depth > DEEPEST_JSON:
                kind = "array" if character == "[" else "object"
                raise RecursionError(
                    f"maximum recursion depth exceeded while decoding a JSON {kind} from a unicode string"
                )
    return _decode(decoder, text, idx)


def install() -> None:
    """Put these functions in the place of what a tab lacks. A second time changes nothing."""
    global _wait_for_read
    if _wait_for_read is not None:
        return
    import course_tab
    import urllib3.connection
    import urllib3.connectionpool
    import urllib3.util.connection

    hashlib.scrypt = getattr(hashlib, "scrypt", course_tab.scrypt)
    hashlib.pbkdf2_hmac = getattr(hashlib, "pbkdf2_hmac", course_tab.pbkdf2_hmac)
    json.decoder.JSONDecoder.raw_decode = _raw_decode
    # Pyodide's own lets the notebook's loop go on meanwhile, and would wait for ever inside ours.
    time.sleep = getattr(time.sleep, "__wrapped__", time.sleep)
    sys.executable = sys.executable or "python"
    subprocess.run = _run
    socket.create_connection = _connect
    # In a tab, urllib3 puts the browser's own requests in the place of its connections. Here they come back.
    pools = urllib3.connectionpool
    pools.HTTPConnectionPool.ConnectionCls = pools.HTTPConnection
    urllib3.connection.HTTPConnection = pools.HTTPConnection
    _wait_for_read = urllib3.connection.wait_for_read
    urllib3.connection.wait_for_read = _is_readable
    urllib3.util.connection.create_connection = _connect
