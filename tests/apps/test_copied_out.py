"""An app is copied out, under another name, into an empty folder and an environment with nothing but what it names.

There its documented commands work, and it keeps the contract.
"""

import contextlib
import importlib.metadata
import os
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
from tests.apps.running import ADA, APPS, NAMES, PASSWORD, App, environment_for

NEW_NAME = "shop"


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


def documented_command(app: App, tools: Path, ending: str) -> list[str]:
    """The one documented command that ends so, with the new name, and with the tools of the new environment."""
    found = [line for line in app.commands if line.endswith(ending)]
    assert len(found) == 1, (ending, app.commands)
    tool, *words = found[0].split()
    return [str(tools / tool), *(word.replace(app.name, NEW_NAME) for word in words)]


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
def test_copy_under_another_name_runs_alone_and_keeps_the_contract(
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
    for variable in ("DATABASE_URL", "USERS_DATABASE", "PYTHONPATH", "VIRTUAL_ENV"):
        environment.pop(variable, None)
    environment |= {"FLASK_RUN_PORT": str(port), "UVICORN_PORT": str(port)}

    def command(ending: str, *more: str) -> str:
        words = [*documented_command(app, tools, ending), *more]
        return run(words, cwd=tmp_path, env=environment)

    start = documented_command(
        app, tools, "create_app" if app.requirements[1] == "fastapi" else " run"
    )
    without_key = subprocess.run(
        start, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert without_key.returncode == 1 and "Traceback" not in without_key.stderr
    assert "JWT_SECRET_KEY has 0 bytes" in without_key.stderr

    environment["JWT_SECRET_KEY"] = secrets.token_hex(32)
    if not app.has_register:
        assert command("add-user ada", "--password", PASSWORD) == "Stored ada.\n"
    with running(start, tmp_path, environment, port) as url:
        if app.has_register:
            answer = requests.post(f"{url}/register", json=ADA, timeout=20)
            assert answer.status_code == 201, answer.text
        if app.level == "roles":
            assert command("set-role ada admin") == "ada has the role admin.\n"
        rows = hold(url, app.level, "ada", PASSWORD)
        broken = [row for row in rows if not row.kept]
        assert rows and not broken, as_table(broken)
        if "prune" in app.docstring:
            assert command(" prune") == "0 rows deleted.\n"
    stored = "users.db" if not app.has_register else f"{NEW_NAME}.db"
    assert (tmp_path / stored).is_file()
