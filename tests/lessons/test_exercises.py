"""Every exercise, tried as learners try it: not at all, rightly in more than one way, and wrongly in several."""

import importlib
import re

import pytest

from course import checking
from course.paths import Course
from tests.lessons.exercise_harness import judge, situations

# From Python 3.12 on, utcnow() warns. A learner who writes it reads the warning, and gets a verdict all the same.
pytestmark = pytest.mark.filterwarnings(r"ignore:datetime\.datetime\.utc:DeprecationWarning")

NUMBERS = [path.name[:2] for path in Course().lesson_files()]


def answers(number: str):
    return importlib.import_module(f"tests.lessons.exercise_answers.lesson_{number}")


EXERCISES = [(number, exercise_id) for number in NUMBERS for exercise_id in answers(number).RIGHT]
RIGHT = [(*pair, source) for pair in EXERCISES for source in answers(pair[0]).RIGHT[pair[1]]]
WRONG = [(*pair, *wrong) for pair in EXERCISES for wrong in answers(pair[0]).WRONG[pair[1]]]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_exercise_of_the_lesson_is_tried(number):
    # The questions on earlier lessons have tests of their own.
    ids = {id_ for id_ in situations(number) if checking.find_exercise(id_).counts}
    assert 3 <= len(ids)
    assert ids == set(answers(number).RIGHT) == set(answers(number).WRONG)
    for exercise_id in ids:
        assert len(answers(number).RIGHT[exercise_id]) >= 1
        assert len(answers(number).WRONG[exercise_id]) >= 3
        assert len(checking.find_exercise(exercise_id).hints) >= 2


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
def test_stub_is_not_attempted(number, exercise_id):
    situation = situations(number)[exercise_id]
    result = judge(situation, situation.stub)
    assert result.outcome == checking.NOT_ATTEMPTED
    assert result.text.startswith("○ Not attempted.")


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
def test_worked_solution_is_correct(number, exercise_id):
    situation = situations(number)[exercise_id]
    result = judge(situation, situation.solution)
    assert result.outcome == checking.CORRECT, result.text


@pytest.mark.parametrize(("number", "exercise_id", "source"), RIGHT)
def test_other_right_answer_is_correct(number, exercise_id, source):
    result = judge(situations(number)[exercise_id], source, answers(number).PRELUDE)
    assert result.outcome == checking.CORRECT, result.text


@pytest.mark.parametrize(("number", "exercise_id", "source", "words"), WRONG)
def test_wrong_answer_is_refused_with_its_reason(number, exercise_id, source, words):
    result = judge(situations(number)[exercise_id], source, answers(number).PRELUDE)
    assert result.outcome == checking.NOT_YET, result.text
    assert words in result.text
    assert f'hint("{exercise_id}")' in result.text


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
def test_hints_come_one_at_a_time_and_end_at_the_solution(number, exercise_id):
    hints = checking.find_exercise(exercise_id).hints
    checking._hints_given.pop(exercise_id, None)
    said = [checking.hint(exercise_id).text for _ in range(len(hints) + 1)]
    for step, text in enumerate(hints, start=1):
        assert f"Hint {step} of {len(hints)}. {text}" in said[step - 1]
    assert "solutions/" in said[-1] and said[-1] == said[-2]


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
def test_learner_finds_the_hint_in_the_check_cell(number, exercise_id):
    assert re.search(rf'^# hint\("{exercise_id}"\)$', situations(number)[exercise_id].check, re.M)
