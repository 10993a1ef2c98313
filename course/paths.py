"""Where things stand in a checkout of the course."""

import sys
from pathlib import Path

# A browser tab, where Python is Pyodide.
IN_A_TAB = sys.platform == "emscripten"
# There the course comes as a wheel, and the files of the site lie in /drive.
ROOT = Path("/drive") if IN_A_TAB else Path(__file__).resolve().parent.parent


class Course:
    """The folders of one course; tests point it at a tiny course of their own."""

    def __init__(self, root: Path = ROOT):
        self.root = root
        self.lessons = root / "lessons"
        self.notebooks = root / "notebooks"
        self.solutions = root / "solutions"
        self.snippets = root / "app_snippets"
        self.my_work = root / "my_work"
        if IN_A_TAB:
            # There is one copy of each lesson: the learner's.
            self.notebooks = self.my_work

    def sources(self, name: str | None = None) -> list[Path]:
        """What notebooks are made from: the lessons, and pages such as ``common_errors.md``; with ``name``, that one.

        Raises:
            LookupError: as ``lesson_files``.
        """
        pages = sorted(path for path in self.lessons.glob("*.md") if not path.name[0].isdigit())
        if name is not None:
            return [path for path in pages if path.stem == name] or self.lesson_files(name)
        return self.lesson_files() + pages

    def lesson_files(self, number: str | None = None) -> list[Path]:
        """The lessons in order; with ``number`` ("03" or "3"), that one alone.

        Raises:
            LookupError: if no lesson has that number, or the folder has no lesson at all.
        """
        files = sorted(self.lessons.glob("[0-9][0-9]_*.md"))
        if number is not None:
            files = [path for path in files if path.name[:2] == number.zfill(2)]
        if not files:
            there_are = (
                ", ".join(path.name[:2] for path in sorted(self.lessons.glob("[0-9][0-9]_*.md")))
                or "none"
            )
            raise LookupError(
                f"No lesson {number or ''} in {self.lessons.name}/. There are: {there_are}."
            )
        return files
