"""``course build``: one lesson file becomes two executed notebooks, the learner's and the worked one.

A lesson is MyST Markdown. Three kinds of cells are marked:

* tag ``exercise`` with ``exercise: "1.2"``: the stub, for ``notebooks/`` only
* tag ``solution``: the worked answer (code, with the same id) or its explanation (Markdown), for ``solutions/`` only
* ``snippet: jose_login.py``: each function and class of the cell must stand in that file of ``app_snippets/``,
  line for line; the cell may do more around them, such as call them
"""

import ast
import asyncio
import copy
import os
import re
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course.paths import Course

CELL_TIMEOUT = 60  # seconds, as in pyproject.toml for nbval
# The display name that JupyterLab gives this kernel; another one would mark a lesson as changed when it is opened.
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class LessonError(Exception):
    """A lesson cannot be built; the message names lesson, cell and cure."""


@dataclass
class Lesson:
    """A parsed lesson: every cell of the source, with its id and its marks."""

    path: Path
    cells: list

    @property
    def name(self) -> str:
        return self.path.stem

    def notebook(self, solved: bool) -> nbformat.NotebookNode:
        """The cells of ``solutions/`` (solved) or of ``notebooks/``, without outputs."""
        left_out = "exercise" if solved else "solution"
        cells = []
        for cell in self.cells:
            tags = cell.metadata.get("tags", [])
            if left_out in tags:
                continue
            metadata = {"tags": tags} if tags else {}
            make = (
                nbformat.v4.new_code_cell
                if cell.cell_type == "code"
                else nbformat.v4.new_markdown_cell
            )
            cells.append(make(cell.source, id=cell.id, metadata=metadata))
        return nbformat.v4.new_notebook(
            cells=cells, metadata={"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
        )


def read_lesson(path: Path, snippets: Path) -> Lesson:
    """Parse and judge one lesson file.

    Raises:
        LessonError: naming everything that is wrong with its exercises and snippets.
    """
    try:
        source = jupytext.reads(path.read_text(encoding="utf-8"), fmt="md:myst")
    except Exception as error:  # jupytext passes on whatever its parsers raise
        raise LessonError(
            f"{path.name} is not MyST Markdown that jupytext can read: {error}"
        ) from error
    cells = [cell for cell in source.cells if cell.source.strip()]
    for cell, cell_id in zip(cells, _cell_ids(path.stem.partition("_")[0], cells)):
        cell.id = cell_id
    lesson = Lesson(path, cells)
    problems = [*_exercise_problems(cells), *_snippet_problems(cells, snippets)]
    if problems:
        raise LessonError("\n".join(f"{path.name}, {problem}" for problem in problems))
    return lesson


def _cell_ids(prefix: str, cells: list) -> Iterator[str]:
    """Ids from the nearest heading, so that a new cell renames few others: "01-padding-2"."""
    heading = "top"
    counts: Counter = Counter()
    for cell in cells:
        if cell.cell_type == "markdown" and (match := re.search(r"^#+ +(.+)$", cell.source, re.M)):
            heading = re.sub(r"[^a-z0-9]+", "-", match[1].lower()).strip("-")[:48].strip("-")
        counts[heading] += 1
        yield f"{prefix}-{heading}-{counts[heading]}"


def _exercise_problems(cells: list) -> Iterator[str]:
    open_exercise = None  # the id of a stub whose check has not come yet
    stubs: dict[str, str] = {}
    solutions: Counter = Counter()
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        exercise_id = cell.metadata.get("exercise")
        where = f"cell {cell.id}"
        if "exercise" in tags and "solution" in tags:
            yield f"{where}: is tagged both exercise and solution."
        elif "exercise" in tags:
            if not exercise_id:
                yield f'{where}: an exercise needs its id, such as  exercise: "1.2".'
                continue
            if open_exercise:
                yield f'{where}: exercise {open_exercise} has no cell with check("{open_exercise}", …).'
            if exercise_id in stubs:
                yield f"{where}: exercise {exercise_id} stands here a second time."
            stubs[exercise_id] = cell.id
            open_exercise = exercise_id
        elif "solution" in tags:
            if cell.cell_type != "code":
                continue
            if exercise_id not in stubs:
                yield f"{where}: a solution of exercise {exercise_id}, which has no stub above it."
            solutions[exercise_id] += 1
        elif cell.cell_type == "code":
            checked = _checked_ids(cell.source)
            if open_exercise and open_exercise not in checked:
                yield (
                    f"{where}: stands between exercise {open_exercise} and its check. "
                    f"Is it a solution that lost its tag?"
                )
            if open_exercise in checked:
                open_exercise = None
            for unknown in checked - set(stubs):
                yield f"{where}: checks exercise {unknown}, which has no stub above it."
    if open_exercise:
        yield f'cell {stubs[open_exercise]}: exercise {open_exercise} has no cell with check("{open_exercise}", …).'
    for exercise_id, cell_id in stubs.items():
        if solutions[exercise_id] != 1:
            count = solutions[exercise_id] or "no"
            yield f"cell {cell_id}: exercise {exercise_id} has {count} solution cells; it needs exactly one."


def _checked_ids(source: str) -> set[str]:
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check"
        and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


def _snippet_problems(cells: list, snippets: Path) -> Iterator[str]:
    for cell in cells:
        if not (name := cell.metadata.get("snippet")):
            continue
        path = snippets / name
        if not path.is_file():
            yield f"cell {cell.id}: {snippets.name}/{name} does not exist."
            continue
        in_file = _definitions(path.read_text(encoding="utf-8"))
        in_cell = _definitions(cell.source)
        if not in_cell:
            yield f"cell {cell.id}: defines no function or class, so there is nothing to compare with {name}."
        for definition in in_cell - in_file:
            first_line = next(line for line in definition.splitlines() if not line.startswith("@"))
            yield f"cell {cell.id}: {snippets.name}/{name} has this in another form: {first_line}"


def _definitions(source: str) -> set[str]:
    """The source of each function and class at the top level, decorators included."""
    lines = source.splitlines()
    return {
        "\n".join(
            lines[
                min([node.lineno, *(each.lineno for each in node.decorator_list)])
                - 1 : node.end_lineno
            ]
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def build(course: Course, number: str | None = None, say: Callable[[str], None] = print) -> None:
    """Generate and execute the notebooks of one lesson, or of all; write them only if every cell ran.

    Raises:
        LessonError: for a lesson that cannot be built; the notebooks on disk are then as they were.
        LookupError: if there is no such lesson.
    """
    lessons = [read_lesson(path, course.snippets) for path in course.sources(number)]
    tasks = [
        (lesson, folder, solved)
        for lesson in lessons
        for folder, solved in ((course.notebooks, False), (course.solutions, True))
    ]
    done = []

    def run(task) -> tuple[Path, nbformat.NotebookNode]:
        lesson, folder, solved = task
        started = time.monotonic()
        target = folder / f"{lesson.name}.ipynb"
        notebook = execute(lesson.notebook(solved), target, lesson.path.name)
        done.append(target)
        say(
            f"[{len(done)}/{len(tasks)}] {folder.name}/{target.name}  {time.monotonic() - started:.1f} s"
        )
        return target, notebook

    with ThreadPoolExecutor(max_workers=2) as pool:
        executed = list(pool.map(run, tasks))
    for target, notebook in executed:
        _write(target, notebook)


def execute(
    notebook: nbformat.NotebookNode, target: Path, lesson_name: str
) -> nbformat.NotebookNode:
    """Run every cell in a fresh kernel, in the folder of ``target``.

    Raises:
        LessonError: naming lesson, cell, code and error.
    """
    target.parent.mkdir(exist_ok=True)
    notebook = copy.deepcopy(notebook)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=KERNELSPEC["name"],
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=[
            "--log-level=ERROR"
        ],  # a warning about local sockets would stand between the progress lines
        resources={"metadata": {"path": str(target.parent)}},
    )
    try:
        asyncio.run(client.async_execute())  # unlike execute(), this closes its event loop
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(_describe_failure(notebook, target, lesson_name, error)) from error
    notebook.metadata["language_info"] = {"name": "python"}
    _forget_widgets(notebook)
    return notebook


def _forget_widgets(notebook: nbformat.NotebookNode) -> None:
    """Keep the still picture of a widget only.

    The widget itself lives in a kernel that is gone. Its random id would make every build differ, and JupyterLab
    would try to show it, and an error, in place of the picture.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def _describe_failure(notebook, target: Path, lesson_name: str, error: Exception) -> str:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return _failure(lesson_name, target, cell, f"{output.ename}: {output.evalue}")
    ran = [cell for cell in notebook.cells if cell.get("execution_count")]
    unfinished = next(
        (cell for cell in notebook.cells if cell.cell_type == "code" and not cell.execution_count),
        ran[-1] if ran else None,
    )
    return _failure(lesson_name, target, unfinished, f"{type(error).__name__}: {error}")


def _failure(lesson_name: str, target: Path, cell, error: str) -> str:
    code = textwrap.indent(cell.source if cell else "", "    ")
    cell_id = cell.id if cell else "unknown"
    return f"{lesson_name}, cell {cell_id} (for {target.parent.name}/): this code\n{code}\nfailed with\n    {error}"


def _write(target: Path, notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    temporary = target.with_suffix(".ipynb.tmp")
    temporary.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, target)


def differences(course: Course, number: str | None = None) -> Iterator[str]:
    """What ``course build --check`` finds: each notebook and cell that is not what its lesson makes.

    Raises:
        LessonError, LookupError: as ``build``.
    """
    expected_files = set()
    for path in course.sources(number):
        lesson = read_lesson(path, course.snippets)
        for folder, solved in ((course.notebooks, False), (course.solutions, True)):
            target = folder / f"{lesson.name}.ipynb"
            expected_files.add(target)
            shown = f"{folder.name}/{target.name}"
            if not target.is_file():
                yield f"{shown}: is missing."
                continue
            yield from _compare(shown, lesson.notebook(solved), nbformat.read(target, as_version=4))
    if number is None:
        for folder in (course.notebooks, course.solutions):
            for stray in sorted(set(folder.glob("*.ipynb")) - expected_files):
                yield f"{folder.name}/{stray.name}: no lesson makes this notebook. Delete it, or write its lesson."


def _compare(shown: str, expected, actual) -> Iterator[str]:
    if actual.metadata != expected.metadata:
        yield f"{shown}: the metadata of the notebook differ."
    by_id = {cell.get("id"): cell for cell in actual.cells}
    for cell in expected.cells:
        found = by_id.get(cell.id)
        if found is None:
            yield f"{shown}, cell {cell.id}: is missing."
        elif any(found.get(key) != cell.get(key) for key in ("cell_type", "source", "metadata")):
            yield f"{shown}, cell {cell.id}: differs from the lesson."
        elif cell.cell_type == "code" and not found.execution_count:
            yield f"{shown}, cell {cell.id}: was never executed, so nothing compares its output."
    wanted = [cell.id for cell in expected.cells]
    for cell in actual.cells:
        if cell.get("id") not in wanted:
            yield f"{shown}, cell {cell.get('id')}: is not in the lesson."
    present = [cell.get("id") for cell in actual.cells if cell.get("id") in wanted]
    if present != [cell_id for cell_id in wanted if cell_id in present]:
        yield f"{shown}: the cells are in another order than in the lesson."
