"""Runs the apps of ``app_snippets/``, each in a process of its own, on a free port and an empty database.

``running_app`` starts an app cheaply: its process is forked from one that has the libraries already (where the
system can), and its password hashes are weak, by the hashers' own parameters. That the commands work which an app
documents, in an environment with what it names and nothing more, is shown once, by ``test_copied_out.py``.
"""

import ast
import contextlib
import functools
import importlib
import multiprocessing
import os
import re
import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from course.paths import Course

PASSWORD = "correct horse battery staple"
ADA = {"username": "ada", "password": PASSWORD}
# What an app needs to start, and nothing that trusts the shell in which the tests run.
LIBRARIES = [
    "flask_jwt_extended", "flask_smorest", "flask_sqlalchemy", "fastapi", "uvicorn", "jose.jwt", "pwdlib.hashers.argon2",
    "passlib.context", "sqlalchemy.dialects.sqlite", "werkzeug.serving", "swagger_ui_bundle", "precis_i18n", "argon2",
    "multipart", "psycopg", "tests.apps.running",
]  # fmt: skip
_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_processes = multiprocessing.get_context(_METHOD)
if _METHOD == "forkserver":
    _processes.set_forkserver_preload(LIBRARIES)


@dataclass(frozen=True)
class App:
    """An app as its own docstring describes it. ``level``: of the contract that it keeps."""

    name: str
    path: Path
    docstring: str

    @property
    def level(self) -> str:
        return re.search(r"Keeps the contract: (\w+)\.", self.docstring)[1]

    @property
    def has_register(self) -> bool:
        return self.level != "login"

    @property
    def commands(self) -> list[str]:
        """The commands that it documents, in their order: the lines that stand further in."""
        return re.findall(r"^    (\S.*)$", self.docstring, re.M)

    @property
    def requirements(self) -> list[str]:
        (line,) = [line for line in self.commands if line.startswith("pip install ")]
        return line.removeprefix("pip install ").replace('"', "").split()

    def sources(self) -> list[Path]:
        return [self.path] if self.path.is_file() else sorted(self.path.glob("*.py"))


def find_apps() -> list[App]:
    """Every app there is: each file and each folder of ``app_snippets/`` with a docstring that names its level."""
    folder = Course().snippets
    paths = [*folder.glob("*.py"), *(path.parent for path in folder.glob("*/__init__.py"))]
    found = []
    for path in sorted(paths):
        source = path if path.is_file() else path / "__init__.py"
        docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
        found.append(App(path.stem, path, docstring))
    return found


APPS = {app.name: app for app in find_apps()}
NAMES = list(APPS)
WITH_REGISTER = [app.name for app in APPS.values() if app.has_register]
# Those whose docstring names DATABASE_URL: on SQLite and on PostgreSQL.
WITH_SQLALCHEMY = [app.name for app in APPS.values() if "DATABASE_URL" in app.docstring]
WITH_DOCS_PAGE = [app.name for app in APPS.values() if "GET  /docs" in app.docstring]


def names_at(*levels: str) -> list[str]:
    """The apps that keep one of these levels."""
    return [app.name for app in APPS.values() if app.level in levels]


@dataclass
class RunningApp:
    """The address of a running app, the key it signs with, and what it prints."""

    app: App
    url: str
    key: str
    environment: dict = field(repr=False)
    log: Path = field(repr=False)
    process: object = field(repr=False)

    @property
    def name(self) -> str:
        return self.app.name

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Kill the app at once, as ``kill -9`` does: it cannot finish or save anything."""
        self.process.kill()
        self.process.join()

    def command(self, *words: str) -> tuple[int, str]:
        """Run a command of the app, such as ``set-role ada admin``; its exit code and what it said."""
        return in_a_process_of(self.app.name, self.environment, _run_command, *words)

    def add_user(self, username: str, password: str) -> None:
        """By the app's own way: POST /register, or the command add-user where there is none."""
        if self.app.has_register:
            body = {"username": username, "password": password}
            answer = requests.post(f"{self.url}/register", json=body, timeout=20)
            assert answer.status_code == 201, answer.text
        else:
            added = self.command("add-user", username, "--password", password)
            assert added == (0, f"Stored {username}.\n")


def environment_for(folder: Path, key: str | None, database_url: str | None = None) -> dict:
    """The environment of this process, with the databases of an app in this folder."""
    environment = dict(os.environ)
    environment.pop("JWT_SECRET_KEY", None)
    environment["USERS_DATABASE"] = str(folder / "users.db")
    environment["DATABASE_URL"] = (
        database_url or f"sqlite:///{(folder / 'app.db').resolve().as_posix()}"
    )
    if key is not None:
        environment["JWT_SECRET_KEY"] = key
    return environment


@contextlib.contextmanager
def running_app(
    name: str, folder: Path, database_url: str | None = None, key: str | None = None
) -> Iterator[RunningApp]:
    """Run the app until the block ends, on a SQLite file of this folder or another database.

    Without a key it gets a fresh one. A second run in the same folder finds the database of the first.
    """
    key = key or secrets.token_hex(32)
    environment = environment_for(folder, key, database_url)
    log = folder / f"{name}.log"
    here, there = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_serve, args=(name, environment, log, there), daemon=True)
    process.start()
    there.close()
    try:
        port = here.recv()
    except EOFError:
        raise AssertionError(log.read_text(encoding="utf-8")) from None
    finally:
        here.close()
    try:
        yield RunningApp(APPS[name], f"http://127.0.0.1:{port}", key, environment, log, process)
    finally:
        process.terminate()
        process.join(timeout=20)
        process.close()


def in_a_process_of(name: str, environment: dict, function: Callable, *arguments):
    """What ``function(module of the app, *arguments)`` returns, in a process with this environment."""
    here, there = _processes.Pipe(duplex=False)
    process = _processes.Process(
        target=_call, args=(name, environment, function, arguments, there), daemon=True
    )
    process.start()
    there.close()
    with here:
        result = here.recv()
    process.join(timeout=20)
    process.close()
    return result


# --- What happens in the process of the app ---


def _serve(name: str, environment: dict, log: Path, port_to) -> None:
    with log.open("a", encoding="utf-8") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)
    module = _import(name, environment)
    app = module.create_app()
    if hasattr(app, "wsgi_app"):
        from werkzeug.serving import make_server

        # As `flask run` serves.
        server = make_server("127.0.0.1", 0, app, threaded=True)
        port_to.send(server.port)
        server.serve_forever()
        return
    import uvicorn

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app))
    server_startup = server.startup

    async def startup(sockets=None):
        await server_startup(sockets)
        port_to.send(listening.getsockname()[1])

    server.startup = startup
    server.run(sockets=[listening])


def _call(name: str, environment: dict, function: Callable, arguments: tuple, answer_to) -> None:
    answer_to.send(function(_import(name, environment), *arguments))


def _run_command(module, *words: str) -> tuple[int, str]:
    done = module.create_app().test_cli_runner().invoke(args=words)
    return done.exit_code, done.output


def _import(name: str, environment: dict):
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, str(Course().snippets))
    return hash_cheaply(importlib.import_module(name))


def hash_cheaply(module):
    """The app, with hashes of passwords that cost nothing, by the parameters that each hasher has."""
    if hasattr(module, "generate_password_hash"):
        module.generate_password_hash = functools.partial(
            module.generate_password_hash, method="scrypt:1024:8:1"
        )
    elif hasattr(module, "users"):
        module.users.passwords.update(
            argon2__time_cost=1, argon2__memory_cost=64, argon2__parallelism=1
        )
    else:
        from pwdlib import PasswordHash
        from pwdlib.hashers.argon2 import Argon2Hasher

        cheap = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
        module.accounts.passwords = module.tokens.passwords = cheap
        module.accounts.DUMMY_HASH = cheap.hash(PASSWORD)
    return module
