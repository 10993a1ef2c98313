"""What there is to learn, as the notebooks themselves say it: titles, minutes, exercises."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from course.paths import Course

FAST_TRACK = ("01", "03", "06", "07")


@dataclass(frozen=True)
class LessonOnMap:
    """One lesson. ``minutes`` is empty where the notebook does not say; ``exercises`` has ids such as "1.2"."""

    path: Path
    title: str
    minutes: str
    exercises: tuple[str, ...]

    @property
    def number(self) -> str:
        return self.path.name[:2]


def read_map(course: Course) -> list[LessonOnMap]:
    """All lessons in order, from ``notebooks/``.

    Raises:
        OSError, ValueError: if a notebook of the course cannot be read.
    """
    return [_read(path) for path in sorted(course.notebooks.glob("[0-9][0-9]_*.ipynb"))]


def find_lesson(course: Course, number: str) -> LessonOnMap:
    """The lesson with this number ("03" or "3").

    Raises:
        LookupError: if there is none, with the numbers there are.
    """
    lessons = read_map(course)
    for lesson in lessons:
        if lesson.number == number.strip().zfill(2):
            return lesson
    there_are = ", ".join(lesson.number for lesson in lessons) or "none"
    raise LookupError(f"There is no lesson {number!r}. The lessons are: {there_are}.")


def _read(path: Path) -> LessonOnMap:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = {"markdown": "", "code": ""}
    for cell in cells:
        if cell["cell_type"] in texts:
            texts[cell["cell_type"]] += "".join(cell["source"]) + "\n"
    title = re.search(r"^# +(.+)$", texts["markdown"], re.M)
    minutes = re.search(r"\*\*Minutes\*\*: *(\d+)", texts["markdown"])
    checked = re.findall(r'^check\("(\d+\.\d+)"', texts["code"], re.M)
    return LessonOnMap(
        path,
        title[1].strip() if title else path.stem,
        minutes[1] if minutes else "",
        tuple(dict.fromkeys(checked)),
    )
