"""``course site --check``: every cell in the tab's kernel and in a browser, every page and slide by axe, every link."""

import json
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from course.in_tab import NOT_IN_A_TAB
from course.paths import Course
from edition import cells, kernel, lite, look, pages, serve, tab_in_browser, tools


def check(course: Course, site: Path, say: Callable[[str], None] = print) -> list[str]:
    """Try a site; says each fault, and returns them.

    Raises:
        CannotBuild: if there is no site, or no Node or browser to try it with.
    """
    if not (site / "build.json").is_file():
        raise tools.CannotBuild(f"There is no site in {site}. Build it: course site")
    faults: list[str] = []

    def note(found: Iterator[str]) -> None:
        for fault in found:
            say(f"FAULT {fault}")
            faults.append(fault)

    note(faults_of_links(site))
    note(faults_of_cells(course, site, say))
    with served(site) as base, look.browser() as opened:
        for each in tab_in_browser.visits(opened, base, tab_in_browser.notebooks_of(site)):
            say(str(each))
            note(str(found) for found in each.differences if not _says_not_here(found))
            note(f"{each.name}: asked for {url}" for url in each.outside)
        axe = look.axe_script()
        note(look.faults_of_pages(opened, base, page_names(site), axe))
        note(look.faults_of_slides(opened, base, deck_names(site), axe))
    say(f"{len(faults)} faults")
    return faults


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a server of these files."""
    server = serve.server_of(site)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page_names(site: Path) -> list[str]:
    """The reading pages, from the top of the site."""
    found = [*sorted(site.glob("*.html")), *sorted((site / pages.FOLDER).glob("*.html"))]
    return [path.relative_to(site).as_posix() for path in found]


def deck_names(site: Path) -> list[str]:
    return [path.relative_to(site).as_posix() for path in sorted((site / "slides").glob("*.html"))]


def lacking(site: Path) -> set[str]:
    """The packages that the build of this site did without."""
    return set(json.loads((site / "build.json").read_text(encoding="utf-8"))["lacking"])


def faults_of_cells(
    course: Course, site: Path, say: Callable[[str], None], only: set[str] | None = None
) -> Iterator[str]:
    """Lessons in the kernel under Node, as a learner has them and worked: each cell that is not prose gives what is stored.

    And each cell that is prose fails, if it is run after all; and each exercise is solved, or listed as one that a tab
    cannot judge.
    """
    without = lacking(site)
    found = [
        page
        for page in pages.read_pages(course)
        if only is None or (page.number or page.name) in only
    ]
    reasons = cells.prose_cells(without)
    learners = {page.name: lite.for_the_tab(page.notebook, without) for page in found}
    worked = {page.name: lite.for_the_tab(page.worked, without) for page in found if page.worked}
    for kind, notebooks in (("notebooks", learners), ("solutions", worked)):
        for name, notebook in notebooks.items():
            outputs = run(course, site, {name: notebook})
            differing = [
                each
                for each in kernel.differences({name: notebook}, outputs)
                if not _says_not_here(each)
            ]
            count = sum(cell["cell_type"] == "code" for cell in notebook["cells"]) - 1
            say(f"{kind}/{name}: {count - len(differing)} of {count} cells as stored, under Node")
            yield from (f"{kind}/{each}" for each in differing)
    known = {
        cell["id"]
        for page in found
        for form in (page.notebook, page.worked or {"cells": []})
        for cell in form["cells"]
    }
    if only is None:
        yield from (
            f"cell {id_} is listed in edition/cells.py, and is in no lesson"
            for id_ in set(reasons) - known
        )


def _says_not_here(difference: kernel.Difference) -> bool:
    """Whether a check says that a tab cannot judge this exercise; it must be one of those that are listed."""
    said = str(difference.got.get("text/plain"))
    match = re.search(r"check\(\"(\d+\.\d+)\"", difference.code)
    return bool(match) and match[1] in NOT_IN_A_TAB and "Not in a browser tab." in said


def run(course: Course, site: Path, notebooks: dict[str, dict]) -> dict[str, list]:
    """Run notebooks under Node, on files that are thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        shutil.copytree(course.snippets, files / "app_snippets")
        shutil.copytree(site / "lite" / "files" / "my_work", files / "my_work")
        return kernel.run(site / "lite" / "static" / "pyodide", files, notebooks)


def faults_of_links(site: Path) -> Iterator[str]:
    """Links of the pages and slides that lead to no file of the site, or to no place in it."""
    texts: dict[Path, str] = {}

    def text_of(path: Path) -> str:
        if path not in texts:
            texts[path] = path.read_text(encoding="utf-8")
        return texts[path]

    for name in [*page_names(site), *deck_names(site)]:
        page = site / name
        for link in re.findall(r'(?:href|src)="([^"#][^"]*|#[^"]+)"', text_of(page)):
            parts = urlsplit(link.replace("&amp;", "&"))
            if parts.scheme or parts.netloc:
                continue
            target = page.parent / unquote(parts.path) if parts.path else page
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                yield f"{name}: leads to {link}, which is not there"
            elif parts.fragment and target.suffix == ".html" and "slides" not in target.parts:
                if f'id="{unquote(parts.fragment)}"' not in text_of(target):
                    yield f"{name}: leads to {link}, and there is no such place"
            elif match := re.search(r"path=([\w/.-]+)", parts.query):
                if not (site / "lite" / "files" / match[1]).is_file():
                    yield f"{name}: leads to {link}, and there is no such notebook"
