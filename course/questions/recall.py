"""``recall``: five questions on what you have done, those that were asked longest ago."""

from collections.abc import Callable
from datetime import datetime, timezone

from course.lesson_map import read_map
from course.paths import Course
from course.questions import QUESTIONS, place_of
from course.questions.memory import longest_ago, note
from course.questions.question import Question
from course.solved import read_solved

AT_ONCE = 5


def due(course: Course, everything: bool = False) -> list[Question]:
    """The questions to ask now, on lessons in which something is solved; with ``everything``, on any.

    Raises:
        OSError, ValueError: if the map, the solved exercises or the memory cannot be read.
    """
    begun = {id_.partition(".")[0].zfill(2) for id_ in read_solved(course)}
    asked = [question for question in QUESTIONS if everything or question.about in begun]
    return longest_ago(course, asked)[:AT_ONCE]


def ask(
    course: Course,
    questions: list[Question],
    say: Callable[[str], object],
    read: Callable[[str], str],
) -> int:
    """Ask these questions one after the other, and note the answers. An end of the input ends it.

    Returns:
        How many were answered rightly.
    """
    lessons = read_map(course)
    right = 0
    for number, question in enumerate(questions, start=1):
        say(f"\n{number} of {len(questions)}. {question.plain()}")
        try:
            answer = read(f"Your answer ({question.answer.form}): ")
        except (EOFError, KeyboardInterrupt):
            say("\nStopped. What you have answered is noted.")
            return right
        slip = question.slip(answer)
        right += slip is None
        if slip is None:
            say(f"✓ Right. {_plain(question.answer.because)}")
        else:
            place, _ = place_of(question, lessons)
            say(
                f"✗ Not this. {_plain(slip)}\nThe answer is {question.answer.right}. "
                f"{_plain(question.answer.because)}\nIt was shown in {place}."
            )
        if said := note(
            course, question, slip is None, datetime.now(timezone.utc).replace(tzinfo=None)
        ):
            say(said)
    say(f"\n{right} of {len(questions)}. What was wrong comes back sooner.")
    return right


def recall() -> None:
    """Ask five questions on what you have done, in the cell or the terminal. Enter leaves one out, as a wrong one."""
    course = Course()
    try:
        questions = due(course)
    except (OSError, ValueError) as error:
        print(f"Your questions cannot be found: {error}.")
        return
    if not questions:
        print(NOTHING_YET)
        return
    ask(course, questions, print, input)


NOTHING_YET = (
    "Nothing to ask yet: these questions are about lessons in which you have solved an exercise. "
    "Begin with lesson 01, and come back next week."
)


def _plain(text: str) -> str:
    return text.replace("`", "")
