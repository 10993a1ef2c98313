"""Starts an app of ``app_snippets/`` by the command that its own docstring names."""

import ast
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from course.paths import ROOT, Course

WITHOUT_REGISTER = ("jose_login", "flask_login")
LEVELS = {  # of the contract that each app keeps
    "jose_login": "login",
    "flask_login": "login",
    "smorest_users": "users",
    "refresh_logout": "refresh",
    "fastapi_login": "refresh",
    "rotate_refresh": "rotate",
    "roles": "roles",
}


def start_command(name: str) -> list[str]:
    """The command by which this app starts: Flask's, or uvicorn's."""
    return documented_command(
        name, "fastapi_login:create_app" if name == "fastapi_login" else "run"
    )


@dataclass
class RunningApp:
    """The address of a running app, the key it signs with, and what it prints."""

    name: str
    url: str
    key: str
    environment: dict = field(repr=False)
    log: Path = field(repr=False)
    process: subprocess.Popen = field(repr=False)

    def run_documented(self, words: str, *more: str) -> subprocess.CompletedProcess:
        """Run the documented command that ends in ``words``, in the app's environment."""
        return run(documented_command(self.name, words) + list(more), self.environment)

    def kill(self) -> None:
        """Kill the app at once, as ``kill -9`` does: it cannot finish or save anything."""
        uv_and_app = psutil.Process(self.process.pid)
        for process in [*uv_and_app.children(recursive=True), uv_and_app]:
            process.kill()
        self.process.wait(timeout=20)

    def add_user(self, username: str, password: str) -> None:
        """By the app's own way: POST /register, or the command add-user where there is none."""
        if self.name in WITHOUT_REGISTER:
            added = self.run_documented("add-user ada", "--password", password)
            assert added.stdout == f"Stored {username}.\n", added.stderr
            return
        body = {"username": username, "password": password}
        answer = requests.post(f"{self.url}/register", json=body, timeout=20)
        assert answer.status_code == 201, answer.text


def documented_command(name: str, words: str) -> list[str]:
    """The one command that ends in ``words`` that the docstring of this snippet names: ["uv", "run", "flask", ...].

    Raises:
        AssertionError: if it names none, or more than one.
    """
    source = (Course().snippets / f"{name}.py").read_text(encoding="utf-8")
    lines = [line.strip() for line in ast.get_docstring(ast.parse(source)).splitlines()]
    (command,) = [
        line for line in lines if line.startswith("uv run ") and line.endswith(f" {words}")
    ]
    return command.split()


def real_command(command: list[str]) -> list[str]:
    """The same, with the path of uv; in an environment that conda made there is no uv, and none is needed."""
    uv = os.environ.get("UV")  # set by `uv run`
    return [uv, *command[1:]] if uv else [sys.executable, "-m", *command[2:]]


def run(command: list[str], environment: dict) -> subprocess.CompletedProcess:
    return subprocess.run(
        real_command(command),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def environment_for(folder: Path, key: str | None) -> dict:
    """The environment of this process, with uv told to use this very Python environment and change nothing."""
    environment = dict(
        os.environ, UV_PROJECT_ENVIRONMENT=sys.prefix, UV_NO_SYNC="1", PYTHONUNBUFFERED="1"
    )
    environment.pop("VIRTUAL_ENV", None)
    environment.pop("JWT_SECRET_KEY", None)
    environment["USERS_DATABASE"] = str(folder / "users.db")
    environment["DATABASE_URL"] = f"sqlite:///{(folder / 'app.db').as_posix()}"
    environment["FLASK_RUN_PORT"] = environment["UVICORN_PORT"] = str(free_port())
    if key is not None:
        environment["JWT_SECRET_KEY"] = key
    return environment


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_app(
    name: str, folder: Path, database_url: str | None = None, key: str | None = None
) -> Iterator[RunningApp]:
    """Run the app until the block ends, on a SQLite file of this folder or another database.

    Without a key it gets a fresh one. A second run in the same folder finds the database of the first.
    """
    key = key or secrets.token_hex(32)
    environment = environment_for(folder, key)
    if database_url:
        environment["DATABASE_URL"] = database_url
    log = folder / f"{name}.log"
    with log.open("a", encoding="utf-8") as output:
        process = subprocess.Popen(
            real_command(start_command(name)),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
        url = f"http://127.0.0.1:{environment['FLASK_RUN_PORT']}"
        app = RunningApp(name, url, key, environment, log, process)
        try:
            _wait_until_it_answers(app, process)
            yield app
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_until_it_answers(app: RunningApp, process: subprocess.Popen) -> None:
    for _ in range(300):
        assert process.poll() is None, app.log.read_text(encoding="utf-8")
        with contextlib.suppress(requests.ConnectionError):
            requests.get(app.url, timeout=5)
            return
        time.sleep(0.1)
    raise AssertionError(f"{app.name} does not answer:\n{app.log.read_text(encoding='utf-8')}")
