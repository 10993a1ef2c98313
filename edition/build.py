"""``course site``: the whole published edition, put together beside its place and then moved there in one step."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from course.paths import Course
from edition import lite, pages, serve, slides, tools
from edition.settings import read_settings

HERE = Path(__file__).parent


def build(
    course: Course,
    target: Path,
    say: Callable[[str], None] = print,
    distribution: bool = False,
    byte_code: bool = True,
) -> None:
    """Make the site in ``target``, over an earlier one.

    ``distribution`` fetches the wheels that PyPI lacks; without ``byte_code`` the build is faster, and the tab slower.

    Raises:
        CannotBuild: if something is missing, with the cure; what was there is then still there.
    """
    tools.node()
    settings = read_settings()
    _may_be_replaced(target)
    with tempfile.TemporaryDirectory(prefix="site-", dir=_parent(target)) as folder:
        work, site = Path(folder), Path(folder) / "site"

        def step(name: str, do: Callable[[], object]) -> object:
            started = time.monotonic()
            made = do()
            say(f"{name}  {time.monotonic() - started:.1f} s")
            return made

        found = step("sources", lambda: pages.write_source(course, settings, work / "source"))
        step("pages", lambda: pages.build(work / "source", site, found, settings))
        tab = work / "tab"
        lacking = step(
            "the tab",
            lambda: lite.build(course, found, tab, site / "lite", distribution, byte_code),
        )
        step("slides", lambda: slides.write(course, found, site / "slides"))
        (site / "build.json").write_text(
            json.dumps({"lacking": sorted(lacking)}) + "\n", encoding="utf-8"
        )
        shutil.copy(HERE / "serve.py", site)
        # GitHub would leave out the folders whose names begin with an underscore.
        (site / ".nojekyll").touch()
        if target.exists():
            target.rename(work / "earlier")
        site.rename(target)
    say(f"{target}: {megabytes(target):.0f} MB")
    if lacking:
        say(f"Without {', '.join(sorted(lacking))}: the cells that need them are prose.")


def show(folder: Path, say: Callable[[str], None] = print, port: int = 8000) -> None:
    """Serve a site until Ctrl-C.

    Raises:
        CannotBuild: if there is none.
    """
    if not (folder / "index.html").is_file():
        raise tools.CannotBuild(f"There is no site in {folder}. Build it: course site")
    server = serve.server_of(folder, port)
    say(f"http://127.0.0.1:{server.server_port}/  (to end it, press Ctrl-C)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def _parent(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent


def _may_be_replaced(target: Path) -> None:
    """Only an earlier site, or an empty folder, gives way to a new one."""
    if target.exists() and any(target.iterdir()) and not (target / ".nojekyll").is_file():
        raise tools.CannotBuild(
            f"{target} holds something else than a site. Name another folder, or empty this one."
        )


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
