"""A lesson may be run in any sensible way: each cell twice in a row, and then all of it again, in one kernel."""

import copy

import nbformat
import pytest

from course.build import execute
from course.paths import Course

NOTEBOOKS = sorted(Course().notebooks.glob("*.ipynb"))


def compared(cell) -> list[dict]:
    """The outputs as nbval compares them: text and HTML, without counts and pictures."""
    return [
        {key: output[key] for key in ("output_type", "name", "text") if key in output}
        | {kind: output.get("data", {}).get(kind) for kind in ("text/plain", "text/html")}
        for output in cell.outputs
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_cell_twice_and_everything_again(path):
    stored = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    order = [cell for cell in stored for _ in range(2)] + stored
    again = nbformat.v4.new_notebook()
    for number, cell in enumerate(order):
        repeated = copy.deepcopy(cell)
        repeated.update(id=f"{number}-{cell.id}"[:64], outputs=[], execution_count=None)
        again.cells.append(repeated)
    ran = execute(again, path.parent)
    for before, after in zip(order, ran.cells, strict=True):
        assert compared(after) == compared(before), after.id
