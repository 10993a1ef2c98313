"""The memory of what a learner has solved: ``my_work/progress.json``, plain JSON."""

from datetime import datetime, timezone
from pathlib import Path

from course import files
from course.paths import Course


def read_solved(course: Course) -> set[str]:
    """The ids of the solved exercises. A file that is missing or broken counts as an empty one.

    Raises:
        OSError: if the file is there and cannot be read.
    """
    return set(_entries(files.read_json(course.my_work / "progress.json")) or {})


def _entries(content: dict | None) -> dict | None:
    """The part of the file with the ids, or None if the file has another form."""
    entries = (content or {}).get("solved", {})
    return entries if content is not None and isinstance(entries, dict) else None


def remember(exercise_id: str, course: Course | None = None) -> str:
    """Note that an exercise is solved; a solved one stays so. Returns what the learner must know about it, or "".

    Nothing is noted outside ``my_work/``, nor for the worked copies in ``my_work/solutions/``.
    """
    course = course or Course()
    try:
        here = Path.cwd()
        inside = here.is_relative_to(course.my_work.resolve())
        if not inside or here.is_relative_to(course.my_work.resolve() / "solutions"):
            return ""
        with files.locked(course.my_work):
            return _remember(exercise_id, course.my_work / "progress.json")
    except OSError as error:
        return f"This could not be noted in my_work/progress.json: {error}. Run the check again when that is mended."


def _remember(exercise_id: str, path: Path) -> str:
    content = files.read_json(path)
    said = ""
    if _entries(content) is None:
        kept = files.set_aside(path, "broken")
        said = f"Your {path.name} could not be read; it is kept as {kept.name}, and a new one begins here."
        content = {}
    solved = content.setdefault("solved", {})
    if exercise_id not in solved:
        solved[exercise_id] = datetime.now(timezone.utc).isoformat(timespec="seconds")
        files.write(path, files.as_json(content))
    return said
