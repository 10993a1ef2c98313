"""The memory of what a learner has solved: ``my_work/progress.json``, plain JSON."""

import json
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


def fault_of(course: Course) -> str:
    """Why nothing in the file can be counted, in words; "" if all is well, or if there is no file yet."""
    path = course.my_work / "progress.json"
    try:
        text = files.read_text(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"it cannot be opened ({error.strerror or error})"
    except ValueError:
        return "it is not text in UTF-8"
    if not text.strip():
        return "it is empty"
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        return f"it is not JSON, see line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError):
        return "it is JSON that Python does not read"
    if not isinstance(content, dict) or _entries(content) is None:
        return 'it does not have the form {"solved": {"1.1": "…"}}'
    return ""


def about(fault: str) -> str:
    """``fault_of`` as a sentence, with what to do."""
    return (
        f"my_work/progress.json cannot be used: {fault}. So nothing in it is counted. "
        f"Mend it, or run `uv run course progress` in a terminal: it keeps the file under another name, and a new one begins."
    )


def set_aside_if_broken(course: Course) -> str:
    """Rename a file of which nothing can be counted; returns what the learner must know about it, or "".

    Raises:
        OSError: if it cannot be renamed.
    """
    if not fault_of(course):
        return ""
    with files.locked(course.my_work):
        # Once more: somebody else may have mended it, or put it aside.
        fault = fault_of(course)
        if not fault:
            return ""
        kept = files.set_aside(course.my_work / "progress.json", "broken")
    return (
        f"my_work/progress.json could not be used: {fault}.\n"
        f"It is kept as my_work/{kept.name}, and nothing in it is counted here.\n"
        f"Can you mend it? Then give it its name back. If not, run the checks in your notebooks again: "
        f"each right answer is noted anew."
    )


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
