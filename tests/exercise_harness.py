"""Runs a lesson up to each of its exercises, so that answers can be tried where a learner would write them."""

import ast
import contextlib
import functools
import linecache
from dataclasses import dataclass

from course.build import read_lesson
from course.checking import Result
from course.paths import Course


@dataclass
class Situation:
    """An exercise in its lesson: the stub, the worked solution, the check, and the names that are defined there."""

    stub: str
    solution: str
    check: str
    names: dict


@functools.cache
def situations(number: str) -> dict[str, Situation]:
    """The exercises of a lesson. The cells between them are run, the exercises themselves are not."""
    course = Course()
    (path,) = course.lesson_files(number)
    names: dict = {"__name__": "__main__"}
    found: dict[str, Situation] = {}
    cells = read_lesson(path, course.snippets).cells
    with contextlib.chdir(course.notebooks):  # where a kernel runs them
        _run_cells(cells, names, found)
    return found


def _run_cells(cells: list, names: dict, found: dict[str, Situation]) -> None:
    open_id = None
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code":
            continue
        if "exercise" in tags:
            open_id = cell.metadata["exercise"]
            found[open_id] = Situation(cell.source, "", "", {})
        elif "solution" in tags:
            found[cell.metadata["exercise"]].solution = cell.source
        elif open_id:
            found[open_id].check = cell.source
            run(
                found[open_id].stub, names, f"stub-{open_id}"
            )  # an answer may use what the stub imports
            found[open_id].names = dict(names)
            run(
                found[open_id].solution, names, f"solution-{open_id}"
            )  # a later solution may build on this one
            run(cell.source, names, cell.id)
            open_id = None
        else:
            run(cell.source, names, cell.id)


def run(source: str, names: dict, title: str) -> None:
    """Execute like a notebook cell; ``inspect`` finds the source."""
    filename = f"<{title}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)


def judge(situation: Situation, answer: str, prelude: str = "") -> Result:
    """What the lesson's own check says of this answer."""
    names = dict(situation.names)
    run(prelude, names, "prelude")
    run(answer, names, "answer")
    tree = ast.parse(situation.check)
    imports = ast.Module([node for node in tree.body if isinstance(node, ast.ImportFrom)], [])
    exec(compile(imports, "<check>", "exec"), names)
    (call,) = [node.value for node in tree.body if isinstance(node, ast.Expr)]
    return eval(compile(ast.Expression(call), "<check>", "eval"), names)
