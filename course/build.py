"""``course build``: a lesson becomes two executed notebooks, the learner's and the worked one; a page becomes one."""

import asyncio
import copy
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course import app_copies, files, lesson_tables
from course.fingerprint import fingerprint
from course.lesson import KERNELSPEC, Cell, Lesson, LessonError, read_lesson, read_outline
from course.paths import Course
from forked_kernels import forked_kernels

CELL_TIMEOUT = 60  # seconds, as in pyproject.toml for nbval


@dataclass(frozen=True)
class _Target:
    """A notebook that a lesson makes."""

    lesson: Lesson
    solved: bool
    path: Path

    @property
    def shown(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def source(self) -> str:
        """The lesson's file, as messages name it."""
        return f"{self.lesson.path.parent.name}/{self.lesson.path.name}"

    @property
    def command(self) -> str:
        return f"uv run --group dev course build {self.lesson.number or self.lesson.name}"


def _targets(course: Course, number: str | None) -> list[_Target]:
    targets = []
    for path in course.sources(number):
        lesson = read_lesson(path, course.snippets)
        name = f"{lesson.name}.ipynb"
        targets.append(_Target(lesson, False, course.notebooks / name))
        if lesson.front_matter:
            targets.append(_Target(lesson, True, course.solutions / name))
    return targets


def build(
    course: Course,
    number: str | None = None,
    say: Callable[[str], None] = print,
    execute_all: bool = False,
) -> None:
    """Make the notebooks of one lesson, or of all; write them only if every cell ran.

    Where no code changed, the outputs on disk are kept and nothing runs. ``execute_all`` runs everything: after a change
    in ``app_snippets/``, in ``course/`` or in a library. (A stale output cannot last: the tests compare every one.)

    Raises:
        LessonError: for a lesson that cannot be built; the notebooks on disk are then as they were.
        LookupError: if there is no such lesson.
        OSError: if a notebook cannot be read or written.
    """
    try:
        for copy in app_copies.write(course.snippets):
            say(f"{app_copies.shown(copy)}  copied")
    except app_copies.CopyError as error:
        raise LessonError(str(error)) from error
    targets = _targets(course, number)
    tables = lesson_tables.renewed(course, _outlines(course))
    notebooks = {target.path: target.lesson.notebook(target.solved) for target in targets}
    stored = {target.path: _read(target.path) for target in targets}
    to_run = [
        target
        for target in targets
        if execute_all or not _same_code(notebooks[target.path], stored[target.path])
    ]
    done = []

    def say_done(target: _Target, how: str) -> None:
        done.append(target)
        say(f"[{len(done)}/{len(targets)}] {target.shown}  {how}")

    def run(target: _Target) -> None:
        started = time.monotonic()
        notebooks[target.path] = _execute_target(target, notebooks[target.path])
        say_done(target, f"{time.monotonic() - started:.1f} s")

    for target in targets:
        if target not in to_run:
            _take_outputs(notebooks[target.path], stored[target.path])
            say_done(target, "no code changed, outputs kept")
    if to_run:
        # For the two notebooks of one lesson, it would take longer to import all libraries than to run them.
        with (
            forked_kernels(with_libraries=len(to_run) > 2),
            ThreadPoolExecutor(max_workers=2) as pool,
        ):
            list(pool.map(run, to_run))
    for target in targets:
        _put(target, notebooks[target.path], say)
    for name, text in tables.items():
        files.write(course.root / name, text)
        say(f"{name}: its parts about the lessons are renewed")


def _outlines(course: Course) -> list[Lesson]:
    return [read_outline(path) for path in course.lesson_files()]


def _read(path: Path) -> nbformat.NotebookNode | None:
    """The notebook on disk; None if there is none, or something else.

    Raises:
        OSError: if it is there and cannot be read.
    """
    if fingerprint(files.read_json(path)) is None:
        return None
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _same_code(fresh: nbformat.NotebookNode, stored: nbformat.NotebookNode | None) -> bool:
    """Whether the notebook on disk ran exactly the code of the fresh one: a cell may depend on all those above it."""
    if stored is None:
        return False
    return [(cell.source, cell.metadata) for cell in _code(fresh)] == [
        (cell.source, cell.metadata) for cell in _code(stored)
    ] and all(cell.execution_count for cell in _code(stored))


def _take_outputs(fresh: nbformat.NotebookNode, stored: nbformat.NotebookNode) -> None:
    for cell, before in zip(_code(fresh), _code(stored), strict=True):
        cell.outputs = before.outputs
        cell.execution_count = before.execution_count


def _edited_by_hand(notebook: nbformat.NotebookNode) -> bool:
    """Whether its cells are not those that the build wrote; a notebook that is merely old says so of itself."""
    return notebook.metadata.get("course", {}).get("fingerprint") != fingerprint(notebook)


def _put(target: _Target, notebook: nbformat.NotebookNode, say: Callable[[str], None]) -> None:
    """Write a notebook. One that was edited by hand is not lost: it goes to the place where the edit belongs."""
    nbformat.validate(notebook)
    # Read once more: somebody may have saved it while the cells ran.
    stored = _read(target.path)
    if stored is None:
        by_hand = target.path.exists()
    else:
        by_hand = _edited_by_hand(stored) and fingerprint(stored) != fingerprint(notebook)
    if by_hand:
        word = f"{target.path.parent.name}-by-hand"
        kept = files.set_aside(target.path, word, target.lesson.path.parent)
        say(
            f"{target.shown} was edited by hand. It is kept as {kept.parent.name}/{kept.name}: "
            f"write what you need of it into {target.source}, build again, and delete it."
        )
    target.path.parent.mkdir(exist_ok=True)
    files.write(target.path, nbformat.writes(notebook) + "\n")


class CellFailed(Exception):
    """A cell raised, hung, or took its kernel with it; the message has its code and the error."""

    def __init__(self, cell: nbformat.NotebookNode, error: str):
        code = textwrap.indent(cell.source, "    ")
        super().__init__(f"cell {cell.id}: this code\n{code}\nfailed with\n    {error}")
        self.cell_id = cell.id


def _execute_target(target: _Target, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    try:
        return execute(notebook, target.path.parent)
    except CellFailed as failure:
        lines = {cell.id: cell.line for cell in target.lesson.cells}
        raise LessonError(
            f"{target.lesson.path.name}, line {lines[failure.cell_id]}, {failure}\n"
            f"That was for {target.shown}. Mend it in {target.source}, and build again. Nothing was written."
        ) from failure


def execute(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run every cell of a copy of this notebook in a fresh kernel, in ``folder``.

    Raises:
        CellFailed: at the first cell that does not end well.
    """
    # Slow to import, and not needed where no code changed.
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    folder.mkdir(exist_ok=True)
    notebook = copy.deepcopy(notebook)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=KERNELSPEC["name"],
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        # A warning about local sockets would stand between the progress lines.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        # Unlike execute(), this closes its event loop.
        asyncio.run(client.async_execute())
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise _failure(notebook, error) from error
    notebook.metadata["language_info"] = {"name": "python"}
    _forget_widgets(notebook)
    return notebook


def _forget_widgets(notebook: nbformat.NotebookNode) -> None:
    """Keep the still picture of a widget only.

    The widget itself lives in a kernel that is gone. Its random id would make every build differ, and JupyterLab
    would try to show it, and an error, in place of the picture.
    """
    notebook.metadata.pop("widgets", None)
    for cell in _code(notebook):
        for output in cell.outputs:
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
        cell.outputs = [output for output in cell.outputs if output.get("data") != {}]


def _failure(notebook: nbformat.NotebookNode, error: Exception) -> CellFailed:
    code = _code(notebook)
    for cell in code:
        for output in cell.outputs:
            if output.output_type == "error":
                return CellFailed(cell, f"{output.ename}: {output.evalue}")
    unfinished = next((cell for cell in code if not cell.execution_count), code[-1])
    return CellFailed(unfinished, f"{type(error).__name__}: {error}")


def differences(course: Course, number: str | None = None) -> Iterator[str]:
    """What ``course build --check`` finds: each notebook, cell and table that is not what the lessons make, and its cure.

    Raises:
        LessonError, LookupError, OSError: as ``build``.
    """
    targets = _targets(course, number)
    for target in targets:
        if not target.path.is_file():
            yield f"{target.shown}: is missing. Run: {target.command}"
        elif (stored := _read(target.path)) is None:
            yield f"{target.shown}: is not a notebook. Run: {target.command}  (it keeps what is there)"
        else:
            yield from _compare(target, stored)
    for name in lesson_tables.renewed(course, _outlines(course)):
        yield f"{name}: says something else of the lessons than their front matter. Run: uv run --group dev course build"
    if number is None:
        yield from app_copies.differences(course.snippets)
        expected_files = {target.path for target in targets}
        for folder in (course.notebooks, course.solutions):
            for stray in sorted(set(folder.glob("*.ipynb")) - expected_files):
                yield f"{folder.name}/{stray.name}: no lesson makes this notebook. Delete it, or write its lesson."


def _compare(target: _Target, stored: nbformat.NotebookNode) -> Iterator[str]:
    expected = target.lesson.notebook(target.solved)
    by_hand = _edited_by_hand(stored)
    run = f"Run: {target.command}"
    then_run = f"then run: {target.command}"
    places = {cell.id: _place(target, cell) for cell in target.lesson.cells}
    if _without_fingerprint(stored) != _without_fingerprint(expected):
        yield f"{target.shown}: the metadata of the notebook differ from {target.source}. {run}"
    by_id = {cell.get("id"): cell for cell in stored.cells}
    for cell in expected.cells:
        found = by_id.get(cell.id)
        where, place = f"{target.shown}, cell {cell.id}", places[cell.id]
        if found is None:
            cure = f"Shall it go? Delete it in {place}, {then_run}" if by_hand else run
            yield f"{where}: is missing. {cure}"
        elif any(found.get(key) != cell.get(key) for key in ("cell_type", "source", "metadata")):
            cure = f"Edit {place}, {then_run}" if by_hand else f"That is in {place}. {run}"
            yield f"{where}: differs from the lesson. {cure}"
        elif cell.cell_type == "code" and not found.execution_count:
            yield f"{where}: was never executed, so nothing compares its output. {run}"
    above = f"the top of {target.source}"
    for cell in stored.cells:
        if cell.get("id") in places:
            above = places[cell.id]
        else:
            cure = f"Write it below the cell at {above}, {then_run}" if by_hand else run
            yield f"{target.shown}, cell {cell.get('id')}: is not in the lesson. {cure}"
    wanted = [cell.id for cell in expected.cells if cell.id in by_id]
    if [cell.get("id") for cell in stored.cells if cell.get("id") in wanted] != wanted:
        cure = f"Move them in {target.source}, {then_run}" if by_hand else run
        yield f"{target.shown}: the cells are in another order than in the lesson. {cure}"


def _place(target: _Target, cell: Cell) -> str:
    place = f"{target.source}, line {cell.line}"
    return f"{place} (it shows app_snippets/{cell.snippet})" if cell.snippet else place


def _without_fingerprint(notebook: nbformat.NotebookNode) -> dict:
    """The metadata of a notebook; what the fingerprint tells, the cells tell in detail."""
    course = {
        key: value
        for key, value in notebook.metadata.get("course", {}).items()
        if key != "fingerprint"
    }
    return {**notebook.metadata, "course": course}
