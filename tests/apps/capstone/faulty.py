"""The service on Starlette with a fault on purpose, for those who judge services: the latest of them run."""

import atexit
import shutil
import tempfile
import types
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from course.server import Server
from tests.apps.capstone import starlette_service

CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


# The latest ones, by what is wrong with them. A server that nobody asks anything costs time all the same.
_running: dict[tuple, Server] = {}
MOST = 6


def faulty(*replacements: tuple[str, str], around: type | None = None) -> Server:
    """The service, with each of these texts replaced, and another app ``around`` it; the same one for the same faults."""
    key = (replacements, around)
    if key not in _running:
        if len(_running) == MOST:
            _running.pop(next(iter(_running))).stop()
        _running[key] = _serve(replacements, around)
    return _running[key]


def _serve(replacements: tuple, around: type | None) -> Server:
    path = Path(starlette_service.__file__)
    source = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    module = types.ModuleType("faulty_service")
    exec(compile(source, str(path), "exec"), vars(module))
    folder = tempfile.mkdtemp(prefix="faulty")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    app = module.create_app(Path(folder) / "users.sqlite3", CHEAP)
    server = Server(app if around is None else around(app), f"faulty-{len(replacements)}", 0)
    if around is not None:
        around.server = server
    return server


class Around:
    """An ASGI app around another one; ``answer`` may answer in its place."""

    server: Server

    def __init__(self, app):
        self.app, self.asked = app, 0

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http":
            self.asked += 1
            if answer := self.answer(scope):
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def answer(self, scope):
        """A response, or None."""
