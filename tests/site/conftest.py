"""One site for all tests of this folder, built once: without byte code, which takes long and changes no result."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.paths import Course
from edition import check, look, tools
from tests.browser import require_browser


def require_node() -> None:
    """Skip loudly where there is no Node."""
    try:
        tools.node()
    except tools.CannotBuild as reason:
        print(f"NO NODE: {reason}", file=sys.__stderr__)
        pytest.skip(f"NO NODE: {reason}")


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A whole site. It is built in a process of its own: Playwright wants no event loop beside its own."""
    import subprocess

    require_node()
    require_browser()
    folder = tmp_path_factory.mktemp("edition") / "site"
    build = "from edition.build import build; from course.paths import Course; from pathlib import Path; import sys; "
    build += "build(Course(), Path(sys.argv[1]), byte_code=False)"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)],
        cwd=Course().root,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        pytest.fail(f"The site cannot be built.\n{done.stdout[-2000:]}{done.stderr[-4000:]}", False)
    return folder


@pytest.fixture(scope="session")
def address(site) -> Iterator[str]:
    with check.served(site) as base:
        yield base


@pytest.fixture(scope="module")
def opened() -> Iterator:
    """A browser, for the tests of a file."""
    require_browser()
    with look.browser() as browser:
        yield browser


@pytest.fixture
def course_copy(tmp_path) -> Course:
    """The course's sources, to be changed."""
    root = tmp_path / "course"
    for name in ("notebooks", "solutions", "docs", "app_snippets"):
        shutil.copytree(Course().root / name, root / name)
    for name in ("README.md", "INSTRUCTORS.md", "uv.lock"):
        shutil.copy(Course().root / name, root / name)
    return Course(root)
