"""Runs a lesson up to each of its exercises, so that answers can be tried where a learner would write them."""

import ast
import contextlib
import functools
import linecache
import os
from collections.abc import Iterator
from dataclasses import dataclass

from course.checking import Result
from course.lesson import Lesson, read_lesson
from course.paths import Course
from course.server import servers


@dataclass
class Situation:
    """An exercise in its lesson: the stub, the worked solution, the check, and what is defined there."""

    stub: str
    solution: str
    check: str
    names: dict
    # The variables of the environment, which cells set for the apps that they start.
    environment: dict[str, str]


# The tests of a lesson come together.
@functools.lru_cache(maxsize=1)
def situations(number: str) -> dict[str, Situation]:
    """The exercises of a lesson. The cells between them are run, the exercises themselves are not."""
    # Those of the lesson before: a server that nobody asks anything costs time all the same.
    for server in list(servers.values()):
        server.stop()
    course = Course()
    (path,) = course.lesson_files(number)
    lesson = read_lesson(path, course.snippets)
    # Where a kernel runs them.
    with contextlib.chdir(course.notebooks), environment_of_its_own():
        return _run_cells(lesson)


@contextlib.contextmanager
def environment_of_its_own(variables: dict[str, str] | None = None) -> Iterator[None]:
    """What is set inside is gone afterwards, as with the kernel of a lesson. ``variables``: those to begin with."""
    before = dict(os.environ)
    _set_environment(before if variables is None else variables)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(variables: dict[str, str]) -> None:
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    os.environ.update(variables)


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
                exercise.stub.source,
                exercise.solution.source,
                cell.source,
                dict(names),
                dict(os.environ),
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
    with environment_of_its_own(situation.environment):
        return _judge(situation, answer, prelude)


def _judge(situation: Situation, answer: str, prelude: str) -> Result:
    names = dict(situation.names)
    # Anew, since another answer may have changed what the stub has made.
    run(situation.stub, names, "stub")
    run(prelude, names, "prelude")
    run(answer, names, "answer")
    tree = ast.parse(situation.check)
    imports = ast.Module([node for node in tree.body if isinstance(node, ast.ImportFrom)], [])
    exec(compile(imports, "<check>", "exec"), names)
    (call,) = [node.value for node in tree.body if isinstance(node, ast.Expr)]
    return eval(compile(ast.Expression(call), "<check>", "eval"), names)
