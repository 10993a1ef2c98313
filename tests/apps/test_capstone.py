"""The contract of lesson 16 can be kept from its words alone, in frameworks that the course has never seen; and the starter
files are a beginning: they run as they stand, and nothing of a learner's is ever written over.
"""

import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import requests
from click.testing import CliRunner

from course import checking, cli
from course.contract import as_table, hold
from course.contract.service import BROKEN
from course.paths import Course
from course.server import Server
from course.starter import FOLDER, FRAMEWORKS
from tests.apps.capstone.faulty import CHEAP, Around, faulty

PASSWORD = "correct horse battery staple"


def litestar(folder, monkeypatch):
    from tests.apps.capstone.litestar_service import create_app

    return create_app(CHEAP)


def starlette(folder, monkeypatch):
    from tests.apps.capstone.starlette_service import create_app

    return create_app(folder / "users.sqlite3", CHEAP)


def ninja(folder, monkeypatch):
    # Django has one configuration a process, which is read when the service is imported.
    monkeypatch.setenv("DATABASE", str(folder / "users.sqlite3"))
    from tests.apps.capstone import ninja_service

    monkeypatch.setattr(
        "django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations", 1_000, raising=True
    )
    ninja_service.create_tables()
    return ninja_service.application


# Each with the highest level that it keeps.
SERVICES = {litestar: "users", ninja: "users", starlette: "refresh"}
ROWS = {"users": 43, "refresh": 62}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    """The address of each service. They run until the tests of this file have ended."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        servers = {}
        for create in SERVICES:
            app = create(tmp_path_factory.mktemp(create.__name__), monkeypatch)
            servers[create] = Server(app, create.__name__, 0)
        yield {create: server.url for create, server in servers.items()}
        for server in servers.values():
            server.stop()


@pytest.mark.parametrize("create", SERVICES)
def test_service_written_from_the_words_keeps_every_row(create, addresses):
    level = SERVICES[create]
    rows = hold(addresses[create], level)
    broken = [row for row in rows if not row.kept]
    assert len(rows) == ROWS[level] and not broken, as_table(broken)


# The words ask for more than the rows do.
NO_JSON = {
    "half a character": rb'{"username": "\ud800", "password": "correct horse battery staple"}',
    "bytes that are no UTF-8": b'{"username": "\xff\xfe", "password": "correct horse battery staple"}',
    "nested": b'{"username": ' + b"[" * 4_000,
    "a number of 5,000 digits": b'{"username": ' + b"9" * 5_000 + b"}",
    "nothing": b"",
    "null": b"null",
}
JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize("create", SERVICES)
@pytest.mark.parametrize("path", ["/login", "/register"])
def test_what_no_row_asks_is_kept_as_well(create, path, addresses):
    with requests.Session() as session:
        session.trust_env = False
        url = addresses[create] + path
        for what, body in NO_JSON.items():
            answer = session.post(url, data=body, headers=JSON, timeout=20)
            assert answer.status_code in (400, 422), what
            assert list(answer.json()) == ["message"], what
        # A field more, and all that a text may have in it.
        odd = {
            "username": f"Ada \U0001f511 {path}",
            "password": PASSWORD + "\0\n\u20ac",
            "more": [1],
        }
        answer = session.post(url, data=json.dumps(odd), headers=JSON, timeout=20)
        assert answer.status_code == (201 if path == "/register" else 401)


def test_starter_lays_out_each_file_once_and_writes_over_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "Course", lambda: Course(tmp_path))
    folder = tmp_path / "my_work" / FOLDER

    def starter(framework: str) -> list[str]:
        done = CliRunner().invoke(cli.main, ["starter", framework])
        assert done.exit_code == 0, done.output
        return done.output.splitlines()

    first = starter("flask")
    assert first == [
        f"New: my_work/{FOLDER}/flask_service.py",
        f"New: my_work/{FOLDER}/CONTRACT.md",
        "Open flask_service.py: its first lines say how to run it.",
    ]
    for path in folder.iterdir():
        path.write_text("mine", encoding="utf-8")
    assert (
        starter("flask")[0] == f"my_work/{FOLDER}/ has these files already; they stay as they are."
    )
    assert starter("fastapi")[0] == f"New: my_work/{FOLDER}/fastapi_service.py"
    (folder / "fastapi_service.py").unlink()
    # A link that leads nowhere is somebody's, too.
    (folder / "fastapi_service.py").symlink_to(tmp_path / "gone.py")
    starter("fastapi")
    said = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.exists()}
    assert said == {"flask_service.py": "mine", "CONTRACT.md": "mine"}
    assert not (tmp_path / "gone.py").exists()


@contextmanager
def started(framework: str, folder):
    """Run a starter file by the command that its own first lines name, on a free port; yields its address and its log."""
    source = (folder / f"{framework}_service.py").read_text("utf-8")
    command = re.search(r"^    uv run ((?:flask|uvicorn) .*)$", source, re.M)[1]
    words = re.sub(r" --port \d+", "", command).split()
    log = folder / f"{framework}.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words, "--port", "0"], cwd=folder, stdout=output, stderr=output
        )
    try:
        yield _address_in(log, process), log
    finally:
        process.terminate()
        process.wait(timeout=20)


def _address_in(log, process) -> str:
    while process.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text("utf-8")):
            return found[0]
        # Waits for nothing but the next look.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    raise AssertionError(log.read_text("utf-8"))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_starter_file_runs_as_it_stands_and_is_judged(framework, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "Course", lambda: Course(tmp_path))
    CliRunner().invoke(cli.main, ["starter", framework])
    with started(framework, tmp_path / "my_work" / FOLDER) as (url, log):
        rows = hold(url, "users")
    assert len(rows) == ROWS["users"]
    assert {row.request.partition("  ")[2] for row in rows if row.kept} == {
        "there is no such page",
        "another method",
    }
    # What is left to do is said of the first request that fails, and in its own words.
    broken = [row for row in rows if row.verdict == BROKEN]
    assert {row.got for row in broken} == {"501 'Not written yet.'", "501 and 501"}
    assert "Traceback" not in log.read_text("utf-8")


class Slow(Around):
    def answer(self, scope):
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("exercise", "said"),
    # On a busy machine, the time for 16.2 is up before its attack begins.
    [("16.1", "It is slow: "), ("16.2", "nothing can be told: |The attack cannot begin: ")],
)
def test_service_that_is_slow_is_told_so_before_time_is_up(exercise, said, monkeypatch):
    monkeypatch.setattr("course.exercises.lesson_16.ENOUGH", 0.2)
    result = checking.check(exercise, faulty(around=Slow).url)
    assert result.outcome == checking.NOT_YET and re.search(said, result.text)
    assert re.search(r" \d+ requests? took more than 0.2 seconds", result.text)
