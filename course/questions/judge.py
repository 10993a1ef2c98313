"""``check("R3", remembered)``: the two questions at the start of lesson 03, judged like an exercise."""

from collections.abc import Callable
from datetime import datetime, timezone

from course.checking import NotAttempted, NotYet, Remark, exercise
from course.lesson_map import read_map
from course.paths import Course
from course.questions import place_of, questions_of
from course.questions.bank import QUESTIONS
from course.questions.memory import note


def judge_of(lesson: str) -> Callable[[object], Remark]:
    """The judge of the questions that this lesson asks. It gets a dictionary with the ids and the answers."""
    questions = questions_of(lesson)
    ids = " and ".join(f"`{question.id}`" for question in questions)

    def judge(remembered: object) -> Remark:
        if type(remembered) is not dict:
            raise NotYet(f"Keep the dictionary of the cell above, with the keys {ids}.")
        answers = {question: remembered.get(question.id, ...) for question in questions}
        if all(answer is ... for answer in answers.values()):
            raise NotAttempted
        course, lines = Course(), []
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        all_right = True
        for question, answer in answers.items():
            if answer is ...:
                all_right = False
                lines.append(f"{question.id}: not answered yet.")
                continue
            slip = question.slip(answer)
            all_right = all_right and slip is None
            lines.append(
                f"{question.id}: {'right' if slip is None else 'not this'}. {slip or question.answer.because} "
                f"{note(course, question, slip is None, now)}".rstrip()
            )
        lessons = read_map(course)
        see = tuple(place_of(question, lessons) for question in questions)
        if not all_right:
            raise NotYet("\n".join(["", *lines]), see)
        return Remark("\n".join(["", *lines]), see)

    return judge


for number in sorted({question.lesson for question in QUESTIONS}):
    headings = " and ".join(f"lesson {q.about}, *{q.heading}*" for q in questions_of(number))
    exercise(f"R{int(number)}", f"The cells are still there: {headings}.", counts=False)(
        judge_of(number)
    )
