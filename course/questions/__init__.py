"""Questions on earlier lessons: two at the start of each lesson, and five at a time by ``recall``."""

from course.lesson_map import LessonOnMap
from course.questions.bank import QUESTIONS
from course.questions.question import Question


def questions_of(lesson: str) -> list[Question]:
    """What the lesson with this number, such as "03", asks at its start."""
    return [question for question in QUESTIONS if question.lesson == lesson]


def as_markdown(lesson: str) -> str:
    """The same as text of a lesson."""
    return "\n\n".join(question.markdown() for question in questions_of(lesson))


def place_of(question: Question, lessons: list[LessonOnMap]) -> tuple[str, str]:
    """Where it was shown: in words, and as the target of a link from a lesson.

    Raises:
        LookupError: if there is no such lesson.
    """
    for lesson in lessons:
        if lesson.number == question.about:
            anchor = question.heading.replace(" ", "-")
            return f"lesson {lesson.number}, {question.heading}", f"{lesson.path.name}#{anchor}"
    raise LookupError(
        f"Question {question.id} is about lesson {question.about}, which is not there."
    )
