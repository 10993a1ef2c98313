"""The process that kernels are forked from. Run as a script: nursery.py LISTENER_FD FOLDER [--with-libraries]

It speaks packets over a Unix socket. One connection is one kernel:

* order: JSON with ``command``, ``folder`` and ``environment``, and two open files, for its stdout and stderr
* answer: JSON with ``pid`` once it runs, or with ``refused`` and the reason, where a fork would not be the same as a start
* later: JSON with ``exit_code``; and a connection that the other side closes ends the kernel

It has one thread: a fork takes no other along, and what that one held would be held for ever.
"""

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import time
import traceback

# What every kernel imports.
KERNEL = ("ipykernel.kernelapp", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.oinspect",
          "IPython.extensions.storemagic", "tornado.platform.asyncio", "sqlite3", "xmlrpc.client")  # fmt: skip
# What the lessons import. Not here: `course`, of which a test may have a copy of its own, and matplotlib.pyplot, which
# draws where the kernel it is imported in draws.
LIBRARIES = (
    "argon2", "fastapi", "fastapi.security", "flask", "flask.cli", "flask.views", "flask_jwt_extended",
    "flask_smorest", "flask_sqlalchemy", "ipywidgets", "jose.jwt", "joserfc.jwt", "jwt", "matplotlib.backends.backend_agg",
    "matplotlib.figure", "matplotlib.image", "matplotlib.style", "matplotlib.widgets", "passlib.context",
    "passlib.handlers.argon2", "pwdlib", "requests", "sqlalchemy.dialects.sqlite", "sqlalchemy.orm",
    "swagger_ui_bundle", "uvicorn", "werkzeug.serving",
)  # fmt: skip
# Read when they are imported: numpy's arithmetic starts threads unless it is told not to, and matplotlib takes note of
# where it is to draw. That is what a kernel chooses, if nobody else does.
WHILE_IMPORTING = {
    "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
# Python and its libraries read these when they start, so a fork would have them from the nursery.
READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "HOME", "OPENSSL_", "MPL")
LAUNCHER = ["-m", "ipykernel_launcher"]
LARGEST_ORDER = 1_000_000  # bytes


class Nursery:
    """Serves orders until its owner, who holds the other end of stdin, has gone."""

    def __init__(self, listener: socket.socket, libraries: tuple[str, ...]):
        self._listener = listener
        self._libraries = libraries
        self._began_with = _read_at_start(dict(os.environ))
        self._is_warm = False
        self._kernels: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        # A child that ends wakes the selector up.
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def serve(self) -> list[str] | None:
        """Return in the nursery when its owner has gone, with None; in each kernel at once, with its arguments."""
        self._selector.register(self._listener, selectors.EVENT_READ, "order")
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, "owner")
        self._selector.register(self._woken, selectors.EVENT_READ, "child")
        while True:
            for key, _ in self._selector.select():
                if key.data == "owner":
                    self._end_all()
                    return None
                if key.data == "order":
                    arguments = self._take_order()
                    if arguments is not None:
                        return arguments
                elif key.data == "child":
                    self._woken.recv(4096)
                    self._report_ended()
                elif key.data in self._kernels:
                    # Whoever wanted this kernel has closed the connection, or has gone.
                    self._selector.unregister(key.fileobj)
                    _kill(key.data)

    def _take_order(self) -> list[str] | None:
        """Fork a kernel or refuse to. Returns in the kernel with its arguments."""
        connection, _ = self._listener.accept()
        packet, files, _, _ = socket.recv_fds(connection, LARGEST_ORDER, 2)
        pid = reason = None
        try:
            order = json.loads(packet)
            reason = self._why_not(order)
            if not reason:
                pid = os.fork()
        except Exception as error:
            # The one who asked starts a kernel the ordinary way, and people see why.
            traceback.print_exc()
            reason = f"{type(error).__name__}: {error}"
        if pid == 0:
            return self._become_a_kernel(order, connection, files)
        for file in files:
            os.close(file)
        if pid:
            self._kernels[pid] = connection
            self._selector.register(connection, selectors.EVENT_READ, pid)
        else:
            _send(connection, {"refused": reason})
            connection.close()
        return None

    def _why_not(self, order: dict) -> str:
        if order["command"][:3] != [sys.executable, *LAUNCHER]:
            return "another Python, or another kernel"
        if _read_at_start(order["environment"]) != self._began_with:
            return "an environment in which Python would start differently"
        if not os.path.isdir(order["folder"]):
            return "no such folder"
        self._warm_up(order["environment"])
        if len(os.listdir("/proc/self/task")) > 1:
            return "something that was imported has started a thread"
        return ""

    def _warm_up(self, environment: dict[str, str]) -> None:
        """Import everything, once, when the first kernel is wanted, in the environment of that one."""
        if self._is_warm:
            return
        self._is_warm = True
        # ipykernel asks for its parent when it is imported: a kernel whose parent has gone ends itself.
        os.environ.update(WHILE_IMPORTING | environment, JPY_PARENT_PID=str(os.getpid()))
        # debugpy would say on the terminal what an ordinary kernel says to nobody.
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
        for name in (*KERNEL, *self._libraries):
            try:
                importlib.import_module(name)
            except Exception as error:
                # The notebook that needs it will say the same, in its cell.
                print(f"Kernels import {name} themselves: {error!r}", file=sys.stderr, flush=True)
        # What is there now is never collected, so that kernels share its memory.
        gc.collect()
        gc.freeze()

    def _become_a_kernel(
        self, order: dict, connection: socket.socket, files: list[int]
    ) -> list[str]:
        # A session of its own, as an ordinary kernel has it: an interrupt is for the kernel and its children.
        os.setsid()
        _send(connection, {"pid": os.getpid()})
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        for each in (self._listener, self._wake, self._woken, connection, *self._kernels.values()):
            each.close()
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"], JPY_PARENT_PID=str(os.getppid()))
        time.tzset()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, file in enumerate((nothing, *files)):
            os.dup2(file, number)
            os.close(file)
        launcher = importlib.util.find_spec(LAUNCHER[1]).origin
        sys.argv = [launcher, *order["command"][3:]]
        return sys.argv[1:]

    def _report_ended(self) -> None:
        while self._kernels:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self._kernels.pop(pid)
            if connection in self._selector.get_map():
                self._selector.unregister(connection)
            _send(connection, {"exit_code": os.waitstatus_to_exitcode(status)})
            connection.close()

    def _end_all(self) -> None:
        for pid in self._kernels:
            _kill(pid)
        for pid in self._kernels:
            os.waitpid(pid, 0)


def _kill(pid: int) -> None:
    """End a kernel and its children. It was not waited for yet, so the number is still its own."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        # Forked just now, and not yet in a session of its own.
        os.kill(pid, signal.SIGKILL)


def _send(connection: socket.socket, message: dict) -> None:
    # Who asked may have gone, and then nobody waits for an answer.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.send(json.dumps(message).encode())


def _read_at_start(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


def main() -> None:
    listener_number, folder, *options = sys.argv[1:]
    # The folder of this script, which Python has put first.
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    with socket.socket(fileno=int(listener_number)) as listener:
        arguments = Nursery(listener, LIBRARIES if options else ()).serve()
    if arguments is None:
        shutil.rmtree(folder)
        return
    from ipykernel import kernelapp

    kernelapp.launch_new_instance(arguments)


if __name__ == "__main__":
    main()
