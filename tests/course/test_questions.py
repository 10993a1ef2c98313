"""Questions on earlier lessons: what they ask, how they are judged, when they come again."""

import itertools
import json
import re
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from course import check, cli, hint
from course.checking import CORRECT, NOT_ATTEMPTED, NOT_YET
from course.lesson import read_outline
from course.lesson_map import read_map
from course.paths import Course
from course.questions import QUESTIONS, judge, place_of, questions_of
from course.questions.memory import longest_ago, note
from course.questions.question import Choice
from course.questions.recall import AT_ONCE, ask, due
from course.solved import read_solved, remember
from tests.learner.running_course import copy_course

COURSE = Course()
LESSONS = read_map(COURSE)
NOW = datetime(2026, 11, 26, 12, 0, 0)
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Course:
    """A course with a learner's folder, in which we are."""
    course = Course(copy_course(tmp_path / "course"))
    course.my_work.mkdir()
    monkeypatch.chdir(course.my_work)
    return course


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=lambda lesson: lesson.number)
def test_a_lesson_asks_two_questions_on_lessons_that_its_reader_has_read(lesson):
    questions = questions_of(lesson.number)
    assert [q.id for q in questions] == [f"R{int(lesson.number)}.{n}" for n in (1, 2)]
    (path,) = COURSE.lesson_files(lesson.number)
    assert "{{ recall }}" in path.read_text("utf-8").split("\n## ")[1]
    fast = {each.number for each in LESSONS if each.fast_track}
    for question in questions:
        assert question.about < lesson.number
        assert not lesson.fast_track or question.about in fast


def test_only_lessons_ask():
    assert {q.lesson for q in QUESTIONS} == {lesson.number for lesson in LESSONS[1:]}


@each_question
def test_a_question_leads_to_the_heading_that_showed_it(question):
    (path,) = COURSE.lesson_files(question.about)
    headings = [
        line.lstrip("# ")
        for cell in read_outline(path).cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("#")
    ]
    assert question.heading in headings
    place, target = place_of(question, LESSONS)
    assert question.about in place
    assert target == f"{path.stem}.ipynb#{question.heading.replace(' ', '-')}"


@each_question
def test_each_wrong_answer_has_its_reason(question):
    answer = question.answer
    assert question.slip(answer.right) is None and answer.because.endswith(".")
    if isinstance(answer, Choice):
        assert len(answer.options) >= 3
        for letter, (said, reason) in answer.options.items():
            assert said and said in question.markdown()
            assert question.slip(letter.lower()) == question.slip(f" {letter}: ")
            assert (letter == answer.right) == (reason == "")
            assert question.slip(letter) == (reason or None)
    else:
        assert question.slip(int(answer.right)) is None and len(answer.slips) >= 3
        assert all(question.slip(wrong) == reason for wrong, reason in answer.slips.items())
        assert question.slip("999") == "It is another number."


class Nasty:
    def __repr__(self):
        raise RuntimeError("do not ask")

    __str__ = __hash__ = __eq__ = __bool__ = __repr__


ODD = [
    None,
    True,
    3.0,
    10**30,
    [],
    ["B"],
    {"B"},
    b"B",
    "",
    " ",
    "BC",
    "\x00",
    "x" * 10_000,
    Nasty(),
    NotImplemented,
]


@each_question
def test_odd_answers_are_told_the_form(question):
    for odd in ODD:
        said = question.slip(odd)
        assert said and len(said) < 200
        assert "Answer by" in said or "another number" in said


def test_a_check_judges_both_and_says_where_it_was_shown():
    result = check("R2", {"R2.1": 3, "R2.2": "C"})
    assert result.outcome == CORRECT and "R2.1: right." in result.text
    assert "Shown in: lesson 01, Open it without a key" in result.text
    assert "href='01_decode_a_jwt.ipynb#Open-it-without-a-key'" in result.html
    result = check("R2", {"R2.1": 3, "R2.2": "B"})
    assert result.outcome == NOT_YET and "R2.2: not this. The new payload" in result.text
    assert "The answer is" not in result.text
    result = check("R2", {"R2.1": 3, "R2.2": ...})
    assert result.outcome == NOT_YET and "R2.2: not answered yet." in result.text
    assert check("R2", {"R2.1": ..., "R2.2": ...}).outcome == NOT_ATTEMPTED
    assert check("R2").outcome == NOT_ATTEMPTED
    for odd in (*ODD, "3", {}, {"R2.1": Nasty(), "R2.2": Nasty()}):
        assert check("R2", odd).outcome in (NOT_YET, NOT_ATTEMPTED)
    assert "lesson 01" in hint("R2").text and "uv run course solution 02" in hint("R2").text
    assert "no exercise" in check("R1", {}).text and "no exercise" in check("R99", {}).text


def test_an_answer_is_remembered_and_no_exercise_is_solved(mine, monkeypatch):
    monkeypatch.setattr(judge, "Course", lambda: mine)
    check("R2", {"R2.1": 3, "R2.2": "B"})
    noted = json.loads((mine.my_work / "recall.json").read_text("utf-8"))
    assert {id_: entry["right"] for id_, entry in noted.items()} == {"R2.1": True, "R2.2": False}
    check("R2", {"R2.1": 3, "R2.2": "C"})
    assert read_solved(mine) == set()


def test_what_was_asked_longest_ago_comes_first_and_what_was_wrong_sooner(mine):
    never, old, wrong, fresh, *_ = QUESTIONS
    assert note(mine, old, True, NOW - timedelta(days=5)) == ""
    assert note(mine, wrong, False, NOW - timedelta(days=1)) == ""
    assert note(mine, fresh, True, NOW) == ""
    assert longest_ago(mine, [fresh, old, wrong, never]) == [never, wrong, old, fresh]


def test_a_memory_that_cannot_be_read_is_kept_and_hides_nothing(mine):
    path = mine.my_work / "recall.json"
    path.write_text("{ not JSON", "utf-8")
    assert longest_ago(mine, list(QUESTIONS)) == list(QUESTIONS)
    said = note(mine, QUESTIONS[0], True, NOW)
    assert "could not be read; it is kept as" in said
    assert [p.read_text("utf-8") for p in mine.my_work.glob("*broken*")] == ["{ not JSON"]
    for odd in (
        "[]",
        '{"R2.1": 7}',
        '{"R2.1": {"asked": "yesterday", "right": true}}',
        '{"R2.1": {"asked": 1}}',
    ):
        path.write_text(odd, "utf-8")
        assert longest_ago(mine, list(QUESTIONS))[0] == QUESTIONS[0]


def test_nothing_is_noted_outside_the_learners_folder(mine, monkeypatch):
    monkeypatch.chdir(mine.root)
    assert note(mine, QUESTIONS[0], True, NOW) == ""
    (mine.my_work / "solutions").mkdir()
    monkeypatch.chdir(mine.my_work / "solutions")
    assert note(mine, QUESTIONS[0], True, NOW) == ""
    assert not list(mine.my_work.glob("recall*"))


def scripted(mine: Course, questions, answers) -> tuple[int, str]:
    said = []
    waiting = iter(answers)

    def read(prompt: str) -> str:
        said.append(prompt)
        for answer in waiting:
            return answer
        raise EOFError

    return ask(mine, questions, said.append, read), "\n".join(map(str, said))


def test_five_are_asked_on_what_was_begun_and_the_next_five_are_others(mine):
    assert due(mine) == []
    remember("1.1", mine)
    about_01 = [q for q in QUESTIONS if q.about == "01"]
    assert due(mine) == about_01[:AT_ONCE]
    first = due(mine, everything=True)
    assert len(first) == AT_ONCE
    right, said = scripted(mine, first, [q.answer.right for q in first])
    assert right == AT_ONCE and f"{AT_ONCE} of {AT_ONCE}." in said
    assert not set(due(mine, everything=True)) & set(first)


def test_a_wrong_answer_is_told_the_right_one_its_reason_and_the_place(mine):
    question = QUESTIONS[0]
    right, said = scripted(mine, [question], ["2"])
    assert right == 0
    for words in (
        "✗ Not this.",
        "The answer is 3.",
        "Base64url is an alphabet",
        "lesson 01, Open it",
    ):
        assert words in said
    assert json.loads((mine.my_work / "recall.json").read_text("utf-8"))["R2.1"]["right"] is False


def test_an_end_of_the_input_keeps_what_was_answered(mine):
    right, said = scripted(mine, QUESTIONS[:5], ["3"])
    assert right == 1 and "Stopped." in said
    assert list(json.loads((mine.my_work / "recall.json").read_text("utf-8"))) == ["R2.1"]


def test_the_command_asks_at_the_terminal(mine, monkeypatch):
    monkeypatch.setattr(cli, "Course", lambda: mine)
    nothing = CliRunner().invoke(cli.main, ["recall"])
    assert nothing.exit_code == 0 and "Begin with lesson 01" in nothing.output
    monkeypatch.chdir(mine.my_work)
    remember("1.1", mine)
    asked = CliRunner().invoke(cli.main, ["recall"], input="3\nC\nC\nA\n")
    assert asked.exit_code == 0 and "4 of 4. What was wrong" in asked.output


def test_the_questions_are_not_all_answered_by_one_letter():
    letters = [q.answer.right for q in QUESTIONS if isinstance(q.answer, Choice)]
    longest_run = max(len(list(group)) for _, group in itertools.groupby(letters))
    assert set(letters) == set("ABC") and longest_run <= 3


def test_a_question_is_short_enough_for_twenty_seconds():
    for question in QUESTIONS:
        assert len(re.findall(r"\S+", question.plain())) <= 75, question.id
