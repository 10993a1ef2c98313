"""An app is copied out, under another name, into an empty folder and an environment with nothing but what it names.

There its documented commands work, it answers at its documented addresses, and it keeps the contract, if it keeps any.
"""

import contextlib
import importlib.metadata
import inspect
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from course.contract import as_table, hold
from tests.apps.running import ADA, APPS, NAMES, PASSWORD, App, environment_for, hash_cheaply

NEW_NAME = "shop"
# The same app, for the hundred requests of the contract, which asks nothing of what a hash costs.
CHEAP = "cheap_shop"
MAKE_IT_CHEAP = f"""\
import functools

import {NEW_NAME}

PASSWORD = {PASSWORD!r}


{inspect.getsource(hash_cheaply)}

create_app = hash_cheaply({NEW_NAME}).create_app
"""


@pytest.fixture(scope="module")
def environment_with(tmp_path_factory):
    """Makes a fresh environment with these requirements; the apps that name the same ones share it."""
    made: dict[tuple[str, ...], Path] = {}

    def make(requirements: list[str]) -> Path:
        wanted = tuple(sorted(requirements))
        if wanted not in made:
            folder = tmp_path_factory.mktemp("environment")
            install(folder, requirements)
            made[wanted] = folder / ("Scripts" if os.name == "nt" else "bin")
        return made[wanted]

    return make


def install(folder: Path, requirements: list[str]) -> None:
    """With uv, from its cache if that has everything; else with pip. In the versions that are tested here."""
    versions = folder.with_suffix(".txt")
    versions.write_text(
        "".join(f"{each.name}=={each.version}\n" for each in importlib.metadata.distributions()
                if each.name != "jwt-cell-by-cell"), encoding="utf-8",
    )  # fmt: skip
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        run([sys.executable, "-m", "venv", str(folder)])
        python = next(folder.glob("*/python*"))
        run([str(python), "-m", "pip", "install", "-q", "-c", str(versions), *requirements])
        return
    run([uv, "venv", "-q", "--python", sys.executable, str(folder)])
    command = [uv, "pip", "install", "-q", "--python", str(folder), "-c", str(versions)]
    offline = subprocess.run([*command, "--offline", *requirements], capture_output=True)
    if offline.returncode:
        run([*command, *requirements])


def run(command: list[str], **options) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=300, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def as_run_here(app: App, tools: Path, line: str) -> list[str]:
    """A documented command with the new name, and with the tools of the new environment."""
    tool, *words = line.split()
    return [str(tools / tool), *(word.replace(app.name, NEW_NAME) for word in words)]


def documented_command(app: App, ending: str) -> str:
    """The one documented command that ends so."""
    found = [line for line in app.commands if line.endswith(ending)]
    assert len(found) == 1, (ending, app.commands)
    return found[0]


def value_of(name: str, text: str, folder: Path) -> str:
    """What a shell makes of a documented ``export NAME=text``, as whoever copies that line gets it."""
    shell = shutil.which("sh")
    if shell and ("openssl" not in text or shutil.which("openssl")):
        return run([shell, "-c", f'export {name}={text}\nprintf %s "${name}"'], cwd=folder)
    # Windows without Git's shell: the same key, as the line for PowerShell makes it.
    assert text == "$(openssl rand -hex 32)", f"{name}={text} takes a shell"
    return secrets.token_hex(32)


def refuses_to_start_without(name: str, start: list[str], folder: Path, environment: dict) -> str:
    """The app says in words, and not in a traceback, what is missing in the environment; returns what it says."""
    lacking = {key: value for key, value in environment.items() if key != name}
    options = {"cwd": folder, "env": lacking, "capture_output": True, "text": True}
    try:
        done = subprocess.run(start, timeout=60, **options)
    except subprocess.TimeoutExpired:
        pytest.fail(f"It starts without {name}, or takes longer than a minute to refuse.")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert name in done.stderr
    return done.stderr


def answers_at(url: str, method: str, path: str) -> None:
    """There is something at this address, whatever it says of a request with nothing in it."""
    path = re.sub("<.*?>|{.*?}", "1", path)
    answer = requests.request(method, url + path, timeout=20, allow_redirects=False)
    assert answer.status_code < 500 and answer.status_code not in (404, 405), (
        method, path, answer.status_code, answer.text,
    )  # fmt: skip


@contextlib.contextmanager
def running(command: list[str], folder: Path, environment: dict, port: int) -> Iterator[str]:
    log = folder / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        )
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text(encoding="utf-8")
                with contextlib.suppress(requests.ConnectionError):
                    requests.get(url, timeout=20)
                    break
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert "Traceback" not in log.read_text(encoding="utf-8")


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("name", NAMES)
def test_copy_under_another_name_runs_alone_and_keeps_its_promises(
    name, tmp_path, environment_with
):
    app = APPS[name]
    copy = tmp_path / (NEW_NAME + app.path.suffix)
    if app.path.is_dir():
        shutil.copytree(app.path, copy, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(app.path, copy)
    tools = environment_with(app.requirements)
    port = a_free_port()
    environment = environment_for(tmp_path, None)
    for variable in (
        "DATABASE_URL", "USERS_DATABASE", "MANY_WORKERS_DATABASE", "ISSUER_KEYS", "PYTHONPATH", "VIRTUAL_ENV",
    ):  # fmt: skip
        environment.pop(variable, None)
    environment |= dict.fromkeys(("FLASK_RUN_PORT", "UVICORN_PORT", "PORT"), str(port))

    def command(ending: str, *more: str) -> str:
        words = [*as_run_here(app, tools, documented_command(app, ending)), *more]
        return run(words, cwd=tmp_path, env=environment)

    start = as_run_here(app, tools, app.start)
    environment |= {key: value_of(key, text, tmp_path) for key, text in app.needs.items()}
    for needed in app.needs:
        said = refuses_to_start_without(needed, start, tmp_path, environment)
        assert needed != "JWT_SECRET_KEY" or "JWT_SECRET_KEY has 0 bytes" in said

    if app.level and not app.has_register:
        assert command("add-user ada", "--password", PASSWORD) == "Stored ada.\n"
    with running(start, tmp_path, environment, port) as url:
        for method, path in app.routes:
            answers_at(url, method, path)
        if app.level:
            if app.has_register:
                answer = requests.post(f"{url}/register", json=ADA, timeout=20)
                assert answer.status_code == 201, answer.text
            if app.level == "roles":
                assert command("set-role ada admin") == "ada has the role admin.\n"
            answer = requests.post(f"{url}/login", json=ADA, timeout=20)
            assert answer.status_code == 200, answer.text
        if "prune" in app.docstring:
            assert command(" prune") == "0 rows deleted.\n"
    if app.level:
        (tmp_path / f"{CHEAP}.py").write_text(MAKE_IT_CHEAP, encoding="utf-8")
        tool, *words = start
        start = [tool, *(word.replace(NEW_NAME, CHEAP) for word in words)]
        with running(start, tmp_path, environment, port) as url:
            rows = hold(url, app.level, "ada", PASSWORD, app.by_cookie)
        broken = [row for row in rows if not row.kept]
        assert rows and not broken, as_table(broken)
    files = re.findall(r"SQLite file,? (?:USERS_DATABASE or )?([\w.]+\.db)", app.docstring)
    assert files or not app.level
    for name_of_file in files:
        assert (tmp_path / name_of_file.replace(app.name, NEW_NAME)).is_file()
