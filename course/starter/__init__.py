"""What a learner's own service begins with: a file that runs, and the contract in words beside it."""

import os
from pathlib import Path

from course import files
from course.paths import Course

FRAMEWORKS = ("flask", "fastapi")
FOLDER = "my_service"


def lay_out(course: Course, framework: str) -> tuple[Path, list[Path]]:
    """Put the starter files into ``my_work/my_service/``. What is there stays as it is.

    Returns:
        The folder, and the files that are new.

    Raises:
        OSError: if the folder cannot be written to.
    """
    folder = course.my_work / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    new = []
    for name in (f"{framework}_service.py", "CONTRACT.md"):
        target = folder / name
        if not os.path.lexists(target):
            files.write_new(target, (Path(__file__).parent / name).read_text(encoding="utf-8"))
            new.append(target)
    return folder, new
