"""Runs a lesson up to each of its exercises, so that answers can be tried where a learner would write them."""

import ast
import contextlib
import functools
import linecache
from dataclasses import dataclass

from course.checking import Result
from course.lesson import Lesson, read_lesson
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
    lesson = read_lesson(path, course.snippets)
    with contextlib.chdir(course.notebooks):  # where a kernel runs them
        return _run_cells(lesson)


def _run_cells(lesson: Lesson) -> dict[str, Situation]:
    names: dict = {"__name__": "__main__"}
    found: dict[str, Situation] = {}
    exercises = [*lesson.exercises, *([lesson.recall] if lesson.recall else [])]
    by_check = {exercise.check: exercise for exercise in exercises}
    for cell in lesson.cells:
        if cell.cell_type != "code" or {"exercise", "solution"} & set(cell.tags):
            continue
        if exercise := by_check.get(cell):
            # An answer may use what the stub imports.
            run(exercise.stub.source, names, f"stub-{exercise.id}")
            found[exercise.id] = Situation(
                exercise.stub.source, exercise.solution.source, cell.source, dict(names)
            )
            # A later solution may build on this one.
            run(exercise.solution.source, names, f"solution-{exercise.id}")
        run(cell.source, names, cell.id)
    return found


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
