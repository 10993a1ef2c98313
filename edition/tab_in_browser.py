"""Lessons in the tab itself: JupyterLite in a real browser, cell by cell, beside what is stored."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edition.kernel import Difference, differences
from edition.pages import RUN

PATIENCE = 180_000  # ms for a lesson to open, and for its kernel
CELL = 90_000  # ms for one cell
KERNEL_IS_THERE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
RUN_CELL = """async ([at, patience]) => {
    const app = window.jupyterapp, notebook = app.shell.currentWidget.content
    notebook.activeCellIndex = at
    notebook.deselectAll()
    const late = new Promise(resolve => setTimeout(() => resolve('late'), patience))
    const ended = await Promise.race([app.commands.execute('notebook:run-cell'), late])
    if (ended === 'late') return null
    return notebook.model.sharedModel.cells[at].toJSON().outputs ?? []
}"""


@dataclass
class Visit:
    """How a lesson went. Seconds are from the click: until the lesson is seen, and until its first own cell has run."""

    name: str
    cells: int
    differences: list[Difference]
    seen: float
    first_cell: float
    requests: int
    outside: list[str]

    def __str__(self) -> str:
        same = self.cells - len(self.differences)
        return (
            f"{self.name}: {same} of {self.cells} cells as stored, seen after {self.seen:.1f} s, "
            f"first cell after {self.first_cell:.1f} s, {self.requests} requests, {len(self.outside)} outside"
        )


def open_lesson(page, base: str, name: str) -> None:
    """Open it, and wait until it can run."""
    page.goto(f"{base}/{RUN.format(name)}", wait_until="commit")
    page.wait_for_selector(".jp-Notebook .jp-RenderedMarkdown h1", timeout=PATIENCE)


def run_cell(page, at: int) -> list[dict] | None:
    """The outputs of the cell at this place; None if it did not end."""
    return page.evaluate(RUN_CELL, [at, CELL])


def visit(page, outside: list[str], base: str, name: str, notebook: dict, most: int = 0) -> Visit:
    """Run every cell of a lesson, or the first ``most``."""
    started = time.monotonic()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    open_lesson(page, base, name)
    seen = time.monotonic() - started
    page.wait_for_function(KERNEL_IS_THERE, timeout=PATIENCE)
    code = [at for at, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"]
    code = code[: most + 1] if most else code
    outputs = []
    first = 0.0
    for number, at in enumerate(code):
        got = run_cell(page, at)
        if number == 1:
            first = time.monotonic() - started
        if got is None:
            got = [{"output_type": "error", "ename": "no answer", "evalue": "the cell did not end"}]
        outputs.append(got)
    tried = {**notebook, "cells": [notebook["cells"][at] for at in code]}
    found = list(differences({name: tried}, {name: outputs}))
    return Visit(name, len(code) - 1, found, seen, first, len(requests), outside)


def visits(opened, base: str, notebooks: dict[str, dict], most: int = 0) -> Iterator[Visit]:
    """Each lesson in a profile of its own: nothing is cached."""
    from edition.look import watched_page

    for name, notebook in notebooks.items():
        size = {"width": 1400, "height": 900}
        with watched_page(opened, base, viewport=size) as (page, outside):
            yield visit(page, outside, base, name, notebook, most)


def notebooks_of(site: Path) -> dict[str, dict]:
    """The notebooks of a built site, as they open in the tab."""
    import json

    folder = site / "lite" / "files" / "my_work"
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.ipynb"))
    }
