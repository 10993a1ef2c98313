"""What there is to learn, as the metadata of the notebooks say it: titles, minutes, exercises, the fast track.

``course build`` writes them. This is read at each start of a learner, so it parses no lesson and imports little.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from course.paths import Course


@dataclass(frozen=True)
class LessonOnMap:
    """One lesson, and its notebook for learners. ``exercises`` has ids such as "1.2"."""

    path: Path
    title: str
    minutes: int
    exercises: tuple[str, ...]
    fast_track: bool

    @property
    def number(self) -> str:
        return self.path.name[:2]


def read_map(course: Course) -> list[LessonOnMap]:
    """All lessons in order, from ``notebooks/``.

    Raises:
        OSError: if a notebook of the course cannot be read.
        ValueError: if one does not say what it teaches, with the cure.
    """
    return [_read(path) for path in sorted(course.notebooks.glob("[0-9][0-9]_*.ipynb"))]


def find_lesson(course: Course, number: str) -> LessonOnMap:
    """The lesson with this number ("03" or "3").

    Raises:
        LookupError: if there is none, with the numbers there are.
        OSError, ValueError: as ``read_map``.
    """
    lessons = read_map(course)
    for lesson in lessons:
        if lesson.number == number.strip().zfill(2):
            return lesson
    there_are = ", ".join(lesson.number for lesson in lessons) or "none"
    raise LookupError(f"There is no lesson {number!r}. The lessons are: {there_are}.")


def find_notebook(course: Course, name: str) -> Path:
    """The notebook for learners of a lesson ("03", "3", "03_create_a_jwt") or of a page ("common_errors").

    Raises:
        LookupError: if there is none, with what there is.
        OSError, ValueError: as ``read_map``.
    """
    for path in course.notebooks.glob("*.ipynb"):
        if name.strip() in (path.stem, path.name):
            return path
    try:
        return find_lesson(course, name).path
    except LookupError as error:
        raise LookupError(f"{error.args[0]} And there is: {', '.join(pages(course))}.") from None


def pages(course: Course) -> list[str]:
    """The notebooks that are no lessons, such as "common_errors"."""
    return sorted(path.stem for path in course.notebooks.glob("[!0-9]*.ipynb"))


def _read(path: Path) -> LessonOnMap:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["metadata"]["course"]
        exercises = tuple(said["exercises"])
        return LessonOnMap(path, said["title"], said["minutes"], exercises, said["fast_track"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.parent.name}/{path.name} does not say what it teaches ({type(error).__name__}: {error}). "
            f"Bring it back by `git checkout -- {path.parent.name}/{path.name}`."
        ) from error
