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
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests

from course.contract.by_cookie import ByCookie
from course.contract.service import Service
from course.contract.wire import Answer
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
    """An app as its own docstring describes it."""

    name: str
    path: Path
    docstring: str

    @property
    def level(self) -> str | None:
        """Of the contract that it keeps; None where it says that it keeps none."""
        kept = re.search(r"Keeps the contract: (\w+)(, by cookie)?\.", self.docstring)
        return kept and kept[1]

    @property
    def by_cookie(self) -> bool:
        """Whether its tokens travel in cookies; else in the header Authorization."""
        return re.search(r"Keeps the contract: \w+, by cookie\.", self.docstring) is not None

    @property
    def reason(self) -> str | None:
        """Why it keeps no level of the contract; None where it keeps one."""
        said = re.search(r"Keeps no level of the contract: (\w.*?)\.(\s|$)", self.docstring, re.S)
        return said and said[1]

    @property
    def has_register(self) -> bool:
        return self.level not in (None, "login") or "POST /register" in self.docstring

    @property
    def commands(self) -> list[str]:
        """The commands that it documents, in their order: the lines that stand further in."""
        return re.findall(r"^    (\S.*)$", self.docstring, re.M)

    @property
    def start(self) -> str:
        """The command that serves it, until it is stopped: the one that it documents for the course, too."""
        (in_the_course,) = re.findall(r" uv run (.+)$", self.docstring, re.M)
        (line,) = [line for line in self.commands if line == in_the_course]
        return line

    @property
    def needs(self) -> dict[str, str]:
        """What must be in the environment, or it does not start: by name, the text that a shell makes the value of."""
        return dict(
            line.removeprefix("export ").split("=", 1)
            for line in self.commands
            if line.startswith("export ")
        )

    @property
    def routes(self) -> list[tuple[str, str]]:
        """The methods and paths that it documents, each at the start of a line."""
        return re.findall(r"^(GET|POST|PUT|PATCH|DELETE) +(/\S*)", self.docstring, re.M)

    @property
    def requirements(self) -> list[str]:
        (line,) = [line for line in self.commands if line.startswith("pip install ")]
        return line.removeprefix("pip install ").replace('"', "").split()

    def sources(self) -> list[Path]:
        """Its Python files."""
        return [self.path] if self.path.is_file() else sorted(self.path.rglob("*.py"))

    def files(self) -> list[Path]:
        """All of its files: what a folder holds beside the Python, such as a page, belongs to the app."""
        if self.path.is_file():
            return [self.path]
        return sorted(
            path
            for path in self.path.rglob("*")
            if path.is_file() and path.parent.name != "__pycache__"
        )


def find_apps(folder: Path) -> dict[str, App]:
    """Every app in this folder, by name: each Python file, and each folder with an ``__init__.py``."""
    paths = [*folder.glob("*.py"), *(path.parent for path in folder.glob("*/__init__.py"))]
    found = {}
    for path in sorted(paths):
        source = path if path.is_file() else path / "__init__.py"
        docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
        found[path.stem] = App(path.stem, path, docstring)
    return found


APPS = find_apps(Course().snippets)
NAMES = list(APPS)
WITH_SECRET = [app.name for app in APPS.values() if "JWT_SECRET_KEY" in app.needs]
# Those that keep the contract, by the header Authorization and by cookie; and those that say why they keep none.
BY_HEADER = [app.name for app in APPS.values() if app.level and not app.by_cookie]
BY_COOKIE = [app.name for app in APPS.values() if app.level and app.by_cookie]
KEEPING = [name for name in NAMES if name in BY_HEADER + BY_COOKIE]
KEEPING_NONE = [app.name for app in APPS.values() if app.reason]
# Of those that keep it, those whose docstring names DATABASE_URL: on SQLite and on PostgreSQL.
WITH_SQLALCHEMY = [name for name in KEEPING if "DATABASE_URL" in APPS[name].docstring]
WITH_DOCS_PAGE = [name for name in KEEPING if "GET  /docs" in APPS[name].docstring]


def names_at(*levels: str) -> list[str]:
    """The apps that keep one of these levels, by header or by cookie."""
    return [name for name in KEEPING if APPS[name].level in levels]


_services: dict[str, Service] = {}


@dataclass
class RunningApp:
    """The address of a running app, the key it signs with, and what it prints."""

    app: App
    url: str
    key: str
    environment: dict = field(repr=False)
    log: Path = field(repr=False)
    process: object = field(repr=False)

    def __post_init__(self):
        # How tokens travel to this app. What was learned of its cookies holds for every run of it.
        known = _services.setdefault(
            self.app.name, (ByCookie if self.app.by_cookie else Service)("")
        )
        self.service = replace(known, url=self.url)

    @property
    def name(self) -> str:
        return self.app.name

    def ask(
        self, method: str, path: str, token: str | None = None,
        session: requests.Session | None = None, **options,
    ) -> requests.Response:  # fmt: skip
        """Send a request, with this token in whatever tokens travel in; over the connection of the session, if given."""
        carried = self.service.carry(method, path, token) if token is not None else {}
        headers = carried | options.pop("headers", {})
        send = (session or requests).request
        return send(method, self.url + path, headers=headers, timeout=20, **options)

    def post(self, path: str, token: str | None = None, **options) -> requests.Response:
        return self.ask("POST", path, token, **options)

    def me(self, token: str) -> int:
        """The status of GET /me with this token."""
        return self.ask("GET", "/me", token).status_code

    def tokens_in(self, answer: requests.Response) -> dict:
        """The JSON of an answer, with the tokens that it brings, whatever they travel in."""
        return self.service.take_tokens(Answer.of(answer)).body

    def log_in(self, user: dict = ADA) -> dict:
        """The tokens of a new login."""
        answer = self.post("/login", json=user)
        assert answer.status_code == 200, answer.text
        return self.tokens_in(answer)

    def renew(self, refresh_token: str) -> dict:
        """The tokens that this one is good for."""
        answer = self.post("/refresh", refresh_token)
        assert answer.status_code == 200, answer.text
        return self.tokens_in(answer)

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
            answer = self.post("/register", json=body)
            assert answer.status_code == 201, answer.text
        else:
            added = self.command("add-user", username, "--password", password)
            assert added == (0, f"Stored {username}.\n")


def environment_for(folder: Path, key: str | None, database_url: str | None = None) -> dict:
    """The environment of this process, with the databases of an app in this folder."""
    environment = dict(os.environ)
    # Nothing that a lesson has set for an app of its own.
    for name in ("JWT_SECRET_KEY", "JWT_SECRET_KEY_FILE", "LOGINS_PER_ADDRESS", "SHARED_SECRET"):
        environment.pop(name, None)
    environment["USERS_DATABASE"] = str(folder / "users.db")
    # Files of apps that keep no contract.
    environment["MANY_WORKERS_DATABASE"] = str(folder / "many_workers.db")
    environment["ISSUER_KEYS"] = str(folder / "issuer_keys.json")
    environment["DATABASE_URL"] = (
        database_url or f"sqlite:///{(folder / 'app.db').resolve().as_posix()}"
    )
    if key is not None:
        environment["JWT_SECRET_KEY"] = key
    return environment


@contextlib.contextmanager
def running_app(
    name: str,
    folder: Path,
    database_url: str | None = None,
    key: str | None = None,
    **oddities: float,
) -> Iterator[RunningApp]:
    """Run the app until the block ends, on a SQLite file of this folder or another database.

    Without a key it gets a fresh one. A second run in the same folder finds the database of the first.
    ``oddities``: seconds of ``clock_ahead``, of its clock; of ``patience``, with a locked SQLite file.
    """
    key = key or secrets.token_hex(32)
    environment = environment_for(folder, key, database_url)
    log = folder / f"{name}.log"
    here, there = _processes.Pipe(duplex=False)
    process = _processes.Process(
        target=_serve, args=(name, environment, log, there, oddities), daemon=True
    )
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


def in_a_process_of(
    name: str, environment: dict, function: Callable, *arguments, cheap: bool = True
):
    """What ``function(module of the app, *arguments)`` returns, in a process with this environment.

    The app's password hashes are weak, unless it is not to be ``cheap``.
    """
    here, there = _processes.Pipe(duplex=False)
    process = _processes.Process(
        target=_call,
        args=(name, environment, function, arguments, there, cheap),
        daemon=True,
    )
    process.start()
    there.close()
    with here:
        result = here.recv()
    process.join(timeout=20)
    process.close()
    return result


# --- What happens in the process of the app ---


def _serve(name: str, environment: dict, log: Path, port_to, oddities: dict | None = None) -> None:
    with log.open("a", encoding="utf-8") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)
    _make_odd(**oddities or {})
    module = hash_cheaply(_import(name, environment))
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


def _make_odd(clock_ahead: float = 0, patience: float | None = None) -> None:
    if clock_ahead:
        right_time = time.time
        time.time = lambda: right_time() + clock_ahead
    if patience is not None:
        sqlite3.connect = sqlite3.dbapi2.connect = functools.partial(
            sqlite3.connect, timeout=patience
        )


def _call(
    name: str,
    environment: dict,
    function: Callable,
    arguments: tuple,
    answer_to,
    cheap: bool = True,
) -> None:
    module = _import(name, environment)
    answer_to.send(function(hash_cheaply(module) if cheap else module, *arguments))


def _run_command(module, *words: str) -> tuple[int, str]:
    done = module.create_app().test_cli_runner().invoke(args=words)
    return done.exit_code, done.output


def _import(name: str, environment: dict):
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, str(Course().snippets))
    return importlib.import_module(name)


def hash_cheaply(module):
    """The app, with hashes of passwords that cost nothing, by the parameters that each hasher has."""
    if hasattr(module, "generate_password_hash"):
        module.generate_password_hash = functools.partial(
            module.generate_password_hash, method="scrypt:1024:8:1"
        )
    elif hasattr(module, "users"):  # of a folder with Flask
        module.users.passwords.update(
            argon2__time_cost=1, argon2__memory_cost=64, argon2__parallelism=1
        )
    elif hasattr(module, "accounts"):  # of a folder with FastAPI
        from pwdlib import PasswordHash
        from pwdlib.hashers.argon2 import Argon2Hasher

        cheap = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
        module.accounts.passwords = module.tokens.passwords = cheap
        module.accounts.DUMMY_HASH = cheap.hash(PASSWORD)
    return module
