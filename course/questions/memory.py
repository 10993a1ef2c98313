"""When each question was asked last, and how it was answered: ``my_work/recall.json``, plain JSON."""

from datetime import datetime, timedelta
from pathlib import Path

from course import files
from course.paths import Course
from course.questions.question import Question

# What was answered wrongly comes back as if it had been asked that much earlier.
SOONER = timedelta(days=7)
NEVER = datetime.min.replace(tzinfo=None)


def note(course: Course, question: Question, right: bool, now: datetime) -> str:
    """Remember an answer. ``now`` is UTC. Returns what the learner must know about the file, or "".

    Nothing is noted outside ``my_work/``, nor for the worked copies in ``my_work/solutions/``.
    """
    try:
        here = Path.cwd()
        my_work = course.my_work.resolve()
        if not here.is_relative_to(my_work) or here.is_relative_to(my_work / "solutions"):
            return ""
        with files.locked(course.my_work):
            return _note(course.my_work / "recall.json", question, right, now)
    except OSError as error:
        return f"This could not be noted in my_work/recall.json: {error}."


def _note(path: Path, question: Question, right: bool, now: datetime) -> str:
    content = files.read_json(path)
    said = ""
    if content is None and path.exists():
        kept = files.set_aside(path, "broken")
        said = f"Your {path.name} could not be read; it is kept as {kept.name}, and a new one begins here."
    content = content or {}
    content[question.id] = {"asked": now.isoformat(timespec="seconds"), "right": right}
    files.write(path, files.as_json(content))
    return said


def longest_ago(course: Course, questions: list[Question]) -> list[Question]:
    """The questions in the order in which they are due: never asked, asked long ago, answered wrongly a while ago.

    Raises:
        OSError: if the memory is there and cannot be read.
    """
    content = files.read_json(course.my_work / "recall.json") or {}
    return sorted(questions, key=lambda question: _due(content.get(question.id)))


def _due(entry: object) -> datetime:
    # Somebody may have edited the file. What cannot be read was never asked.
    try:
        asked = datetime.fromisoformat(entry["asked"]).replace(tzinfo=None)
        return asked if entry["right"] is True else asked - SOONER
    except (TypeError, KeyError, ValueError, OverflowError):
        return NEVER
