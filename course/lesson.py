"""A lesson, read from its file in ``lessons/``. Whoever asks what a lesson is, asks here.

A lesson is MyST Markdown. Its front matter says how long it takes and what one gets:

    course:
      reading: 15
      exercises: 10
      discussion: 40
      gives: the three parts, base64url, claims, four broken tokens
      track: fast

Times are in minutes: reading along and exercises, whose sum takes the place of ``{{ minutes }}`` in the first cell, and
the whole with discussion in a class. The questions on earlier lessons take the place of ``{{ recall }}``. ``track`` stands only where the lesson is on the fast track.

Three kinds of cells are marked:

* tag ``exercise`` with ``exercise: "1.2"``: the stub, for ``notebooks/`` only
* tag ``solution``: the worked answer (code, with the same id) or its explanation (Markdown), for ``solutions/`` only
* ``snippet: roles/scopes.py``: lines of the cell are filled from that file of ``app_snippets/``, see ``course.snippets``

A file without a number, such as ``common_errors.md``, is a page: no front matter of the course, no worked form.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from jupytext.myst import myst_to_notebook

from course import snippets
from course.fingerprint import fingerprint
from course.questions import as_markdown

# The display name that JupyterLab gives this kernel; another one would mark a lesson as changed when it is opened.
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
MINUTES = "{{ minutes }}"
# The questions that a lesson asks on earlier ones.
RECALL = "{{ recall }}"
# Lessons have a number. A page has none, and stands in notebooks/ only.
LINK_TO_A_PAGE = re.compile(r"\]\((?!\d\d_)([\w-]+\.ipynb)")


class LessonError(Exception):
    """A lesson cannot be built; each line of the message names lesson, cell and cure."""


@dataclass(frozen=True)
class FrontMatter:
    """What a lesson says of itself: ``reading``, ``exercises`` and ``discussion`` in minutes, and what it ``gives``."""

    reading: int
    exercises: int
    discussion: int
    gives: str
    fast_track: bool


@dataclass(frozen=True)
class Cell:
    """A cell of the source. ``line`` is the line of the file (from 1) on which its text begins."""

    id: str
    cell_type: str
    source: str
    line: int
    tags: tuple[str, ...] = ()
    exercise: str | None = None
    snippet: str | None = None


@dataclass(frozen=True)
class Exercise:
    """An exercise, such as "1.2", with its three cells of code."""

    id: str
    stub: Cell
    solution: Cell
    check: Cell


@dataclass(frozen=True)
class Lesson:
    """A lesson or a page. A page has no front matter, minutes or exercises.

    ``recall`` has the id "R3" in lesson 03: the questions on earlier lessons.
    """

    path: Path
    title: str
    front_matter: FrontMatter | None
    cells: list[Cell]
    exercises: list[Exercise] = field(default_factory=list)
    recall: Exercise | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def number(self) -> str | None:
        """Two digits, or None for a page."""
        return self.name[:2] if self.front_matter else None

    @property
    def minutes(self) -> int | None:
        """How long the lesson takes one reader with its exercises, or None for a page."""
        front = self.front_matter
        return front.reading + front.exercises if front else None

    @property
    def gives(self) -> str | None:
        """What you get, or None for a page."""
        return self.front_matter.gives if self.front_matter else None

    def notebook(self, solved: bool) -> nbformat.NotebookNode:
        """The cells of ``solutions/`` (solved) or of ``notebooks/``, without outputs.

        Its metadata have under ``course`` what the map of the lessons needs, and a fingerprint of these cells.
        """
        left_out = "exercise" if solved else "solution"
        cells = [_notebook_cell(cell) for cell in self.cells if left_out not in cell.tags]
        if solved:
            for cell in cells:
                if cell.cell_type == "markdown":
                    cell.source = LINK_TO_A_PAGE.sub(r"](../notebooks/\1", cell.source)
        notebook = nbformat.v4.new_notebook(
            cells=cells, metadata={"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
        )
        notebook.metadata["course"] = {"fingerprint": fingerprint(notebook), "title": self.title}
        if self.front_matter:
            notebook.metadata["course"] |= {
                "minutes": self.minutes,
                "exercises": [exercise.id for exercise in self.exercises],
                "fast_track": self.front_matter.fast_track,
            }
        return notebook


def _notebook_cell(cell: Cell) -> nbformat.NotebookNode:
    metadata = {"tags": list(cell.tags)} if cell.tags else {}
    make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
    return make(cell.source, id=cell.id, metadata=metadata)


def read_lesson(path: Path, app_snippets: Path) -> Lesson:
    """Parse a lesson file, fill its snippet cells from the folder ``app_snippets``, and find its exercises.

    Raises:
        LessonError: naming everything that is wrong with it.
    """
    lesson = read_outline(path)
    problems = []
    cells = []
    for cell in lesson.cells:
        try:
            cells.append(_filled(cell, app_snippets))
        except snippets.SnippetError as error:
            problems.append((cell, error.line, str(error)))
    if not problems:
        problems = [(cell, 0, problem) for cell, problem in _exercise_problems(cells)]
    if problems:
        raise LessonError(
            "\n".join(
                f"{path.name}, line {cell.line + line}, cell {cell.id}: {problem}"
                for cell, line, problem in problems
            )
        )
    found = _exercises(cells)
    exercises = [exercise for exercise in found if not exercise.id.startswith("R")]
    recall = next((exercise for exercise in found if exercise.id.startswith("R")), None)
    return replace(lesson, cells=cells, exercises=exercises, recall=recall)


def read_outline(path: Path) -> Lesson:
    """Parse a lesson file for its title, front matter and cells: snippet cells are not filled, exercises not looked for.

    Raises:
        LessonError: if it is not MyST Markdown, or its front matter or its first cell lack something.
    """
    text = path.read_text(encoding="utf-8")
    try:
        source = myst_to_notebook(text, add_source_map=True)
    except Exception as error:  # jupytext passes on whatever its parsers raise
        raise LessonError(
            f"{path.name} is not MyST Markdown that jupytext can read: {error}\nMend that place."
        ) from error
    starts = source.metadata.pop("source_map")
    lines = text.splitlines()
    found = [pair for pair in zip(source.cells, starts, strict=True) if pair[0].source.strip()]
    ids = _cell_ids(path.stem.partition("_")[0], [cell for cell, _ in found])
    cells = [
        _cell(cell, cell_id, _first_line(cell, start, lines))
        for (cell, start), cell_id in zip(found, ids, strict=True)
    ]
    title = re.match(r"# +(.+)", cells[0].source) if cells else None
    if not title:
        raise LessonError(f"{path.name}: begins with no title. Begin it with a line  # Title")
    if not path.name[0].isdigit():
        return Lesson(path, title[1].strip(), None, cells)
    front_matter = _front_matter(path, source.metadata.get("course"))
    if cells[0].source.count(MINUTES) != 1:
        raise LessonError(
            f"{path.name}, line {cells[0].line}, cell {cells[0].id}: says in no line, or in several, how long the "
            f"lesson takes. Write one line  - **Minutes**: {MINUTES}  and the build puts the number in."
        )
    minutes = str(front_matter.reading + front_matter.exercises)
    cells[0] = replace(cells[0], source=cells[0].source.replace(MINUTES, minutes))
    cells = [
        replace(cell, source=cell.source.replace(RECALL, as_markdown(path.name[:2])))
        if cell.cell_type == "markdown"
        else cell
        for cell in cells
    ]
    return Lesson(path, title[1].strip(), front_matter, cells)


def _cell(cell: nbformat.NotebookNode, cell_id: str, line: int) -> Cell:
    marks = cell.metadata
    tags = tuple(marks.get("tags", []))
    exercise = marks.get("exercise")
    exercise = None if exercise is None else str(exercise)
    return Cell(cell_id, cell.cell_type, cell.source, line, tags, exercise, marks.get("snippet"))


def _first_line(cell: nbformat.NotebookNode, start: int, lines: list[str]) -> int:
    """The line (from 1) on which the text of a cell begins: behind its marks and empty lines."""
    text = cell.source.split("\n")[0].rstrip()
    return next(
        (number + 1 for number in range(start, len(lines)) if lines[number].rstrip() == text),
        start + 1,
    )


def _cell_ids(prefix: str, cells: list[nbformat.NotebookNode]) -> Iterator[str]:
    """Ids from the nearest heading, so that a new cell renames few others: "01-padding-2"."""
    heading = "top"
    counts: Counter = Counter()
    for cell in cells:
        if cell.cell_type == "markdown" and (match := re.search(r"^#+ +(.+)$", cell.source, re.M)):
            heading = re.sub(r"[^a-z0-9]+", "-", match[1].lower()).strip("-")[:48].strip("-")
        counts[heading] += 1
        yield f"{prefix}-{heading}-{counts[heading]}"


def _front_matter(path: Path, said: object) -> FrontMatter:
    form = (
        "It begins with\n---\ncourse:\n  reading: 15\n  exercises: 10\n  discussion: 40\n"
        "  gives: what you get\n  track: fast\n---\nTimes are in minutes; leave out the track where it is not fast."
    )
    if not isinstance(said, dict):
        raise LessonError(f"{path.name}: its front matter has no block `course:`. {form}")
    wrong = [
        name
        for name in ("reading", "exercises", "discussion")
        if type(said.get(name)) is not int or said[name] <= 0
    ]
    if not isinstance(said.get("gives"), str) or not said["gives"].strip():
        wrong.append("gives")
    if said.get("track", "fast") != "fast":
        wrong.append("track")
    wrong += set(said) - {"reading", "exercises", "discussion", "gives", "track"}
    if wrong:
        raise LessonError(
            f"{path.name}: in its front matter, `course:` has these missing, unknown or of another kind: "
            f"{', '.join(wrong)}. {form}"
        )
    times = (said["reading"], said["exercises"], said["discussion"])
    return FrontMatter(*times, said["gives"].strip(), "track" in said)


def _filled(cell: Cell, app_snippets: Path) -> Cell:
    if cell.snippet is None:
        if cell.cell_type == "code" and (match := snippets.LIKE_A_PLACEHOLDER.search(cell.source)):
            raise snippets.SnippetError(
                cell.source.count("\n", 0, match.start()),
                f"`{match[0].strip()}` stands in a cell that is not marked as a snippet. "
                f"Mark the cell with its file, such as  snippet: roles/scopes.py",
            )
        return cell
    file = app_snippets / str(cell.snippet)
    shown = f"{app_snippets.name}/{cell.snippet}"
    if not file.is_file():
        there_are = ", ".join(
            found.relative_to(app_snippets).as_posix()
            for found in sorted(app_snippets.rglob("*.py"))
        )
        raise snippets.SnippetError(
            0, f"{shown} does not exist. Mark the cell with a file that does: {there_are}."
        )
    code = file.read_text(encoding="utf-8")
    return replace(cell, source=snippets.fill(cell.source, code, shown))


def _is_plain_code(cell: Cell) -> bool:
    return cell.cell_type == "code" and "solution" not in cell.tags


def _exercises(cells: list[Cell]) -> list[Exercise]:
    """The exercises of a lesson in which ``_exercise_problems`` finds none."""
    solutions = {
        cell.exercise: cell
        for cell in cells
        if cell.cell_type == "code" and "solution" in cell.tags
    }
    return [
        Exercise(
            cell.exercise,
            stub=cell,
            solution=solutions[cell.exercise],
            check=next(filter(_is_plain_code, cells[index + 1 :])),
        )
        for index, cell in enumerate(cells)
        if "exercise" in cell.tags
    ]


def _exercise_problems(cells: list[Cell]) -> Iterator[tuple[Cell, str]]:
    """What is wrong with the exercises, and the cell where it is."""
    stubs: dict[str | None, Cell] = {}
    solutions: Counter = Counter()
    for index, cell in enumerate(cells):
        if "exercise" in cell.tags and "solution" in cell.tags:
            yield cell, "is tagged both exercise and solution. Leave the tag that is right."
        elif "exercise" in cell.tags:
            if not cell.exercise:
                yield cell, 'an exercise needs its id. Add a mark such as  exercise: "1.2"'
                continue
            if cell.exercise in stubs:
                yield (
                    cell,
                    f"exercise {cell.exercise} stands here a second time. Give it a free id.",
                )
            stubs[cell.exercise] = cell
            yield from _problems_of_the_check(cell, cells[index + 1 :])
        elif cell.cell_type != "code":
            continue
        elif "solution" in cell.tags:
            if cell.exercise not in stubs:
                yield (
                    cell,
                    f"a solution of exercise {cell.exercise}, which has no stub above it. "
                    f"Write the stub, or mend the id.",
                )
            solutions[cell.exercise] += 1
        else:
            for unknown in sorted(_checked_ids(cell) - set(stubs)):
                yield (
                    cell,
                    f"checks exercise {unknown}, which has no stub above it. "
                    f"Write the stub, or mend the id.",
                )
    for exercise_id, stub in stubs.items():
        if solutions[exercise_id] != 1:
            yield (
                stub,
                f"exercise {exercise_id} has {solutions[exercise_id] or 'no'} solution cells; "
                f"it needs exactly one, with the tag solution and the same id.",
            )


def _problems_of_the_check(stub: Cell, below: list[Cell]) -> Iterator[tuple[Cell, str]]:
    """The first code below a stub, its solution apart, must check it."""
    code = list(filter(_is_plain_code, below))
    ours = [cell for cell in code if stub.exercise in _checked_ids(cell)]
    if not ours or any("exercise" in cell.tags for cell in code[: code.index(ours[0])]):
        yield (
            stub,
            f'exercise {stub.exercise} has no cell with check("{stub.exercise}", …). '
            f"Write one below its solution.",
        )
    else:
        for cell in code[: code.index(ours[0])]:
            yield (
                cell,
                f"stands between exercise {stub.exercise} and its check. Is it a solution that lost its tag? "
                f"If not, move it.",
            )


def _checked_ids(cell: Cell) -> set[str]:
    """The ids in the calls of ``check`` in a cell; none in a stub, or in what is not Python and will fail when it runs."""
    if "exercise" in cell.tags:
        return set()
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return set()
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check"
        and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
