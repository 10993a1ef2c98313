"""A lesson may be run in any sensible way: each cell twice in a row, and then all of it again, slowly, in one kernel.

Slowly: whoever reads "Predict" may think for an hour. So in the second pass an hour goes by before each cell that
follows a prediction, by a clock that is set. What a cell shows may not depend on how fast somebody reads.
"""

import copy

import nbformat
import pytest

from course.build import execute
from course.paths import Course

NOTEBOOKS = sorted(Course().notebooks.glob("*.ipynb"))
SET_THE_CLOCK = """\
import datetime as _datetime
import time_machine as _time_machine
_clock = _time_machine.travel(_datetime.datetime.now(_datetime.timezone.utc), tick=True).start()"""
AN_HOUR_LATER = "_clock.shift(3600)"


def compared(cell) -> list[dict]:
    """The outputs as nbval compares them: text and HTML, without counts and pictures."""
    return [
        {key: output[key] for key in ("output_type", "name", "text") if key in output}
        | {kind: output.get("data", {}).get(kind) for kind in ("text/plain", "text/html")}
        for output in cell.outputs
    ]


def after_a_prediction(cells: list) -> set[str]:
    """The ids of the code cells that come right after a prediction."""
    found, asked = set(), False
    for cell in cells:
        if cell.cell_type == "markdown":
            asked = asked or "**Predict.**" in cell.source
        elif asked:
            found.add(cell.id)
            asked = False
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_cell_twice_and_everything_again_slowly(path):
    cells = nbformat.read(path, 4).cells
    stored = [cell for cell in cells if cell.cell_type == "code"]
    slow = after_a_prediction(cells)
    again, expected = nbformat.v4.new_notebook(), []

    def add(cell, source: str | None = None) -> None:
        repeated = copy.deepcopy(cell)
        repeated.update(id=f"{len(expected)}-{cell.id}"[:64], outputs=[], execution_count=None)
        if source is not None:
            repeated.source = source
        again.cells.append(repeated)
        expected.append(None if source is not None else cell)

    for cell in stored:
        add(cell)
        add(cell)
    add(stored[0], SET_THE_CLOCK)
    for cell in stored:
        if cell.id in slow:
            add(cell, AN_HOUR_LATER)
        add(cell)
    ran = execute(again, path.parent)
    different = [
        before.id
        for before, after in zip(expected, ran.cells, strict=True)
        if before is not None and compared(after) != compared(before)
    ]
    assert different == []
