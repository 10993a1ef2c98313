"""What a lesson's file says, and that whatever is wrong with it is told with its place and its cure."""

import pytest

from course.lesson import LessonError, read_lesson
from course.paths import Course
from tests.course.tiny_course import LESSON, tiny_course, write


@pytest.fixture
def tiny(tmp_path) -> Course:
    return tiny_course(tmp_path)


def problem_of(course: Course, text: str) -> str:
    with pytest.raises(LessonError) as caught:
        read_lesson(write(course, text), course.snippets)
    return str(caught.value)


def test_lesson_says_what_it_is(tiny):
    lesson = read_lesson(tiny.lessons / "09_tiny.md", tiny.snippets)
    assert (lesson.number, lesson.title, lesson.minutes) == ("09", "A tiny lesson", 5)
    assert lesson.gives == "an answer" and lesson.front_matter.fast_track
    assert "- **Minutes**: 5\n" in lesson.cells[0].source
    (exercise,) = lesson.exercises
    assert (exercise.id, exercise.stub.source, exercise.solution.source) == (
        "9.1", "answer = ...", "answer = 42"
    )  # fmt: skip
    assert exercise.check.source.endswith('check("9.1", answer)')
    lines = LESSON.splitlines()
    for cell in lesson.cells[1:]:
        assert lines[cell.line - 1] == cell.source.splitlines()[0]


def test_notebook_says_what_the_map_needs(tiny):
    lesson = read_lesson(tiny.lessons / "09_tiny.md", tiny.snippets)
    said = dict(lesson.notebook(solved=False).metadata["course"])
    assert len(said.pop("fingerprint")) == 64
    assert said == {
        "title": "A tiny lesson",
        "minutes": 5,
        "exercises": ["9.1"],
        "fast_track": True,
    }


def test_page_is_no_lesson(tiny):
    page = read_lesson(tiny.lessons / "common_errors.md", tiny.snippets)
    assert page.title == "Common errors"
    assert (page.number, page.minutes, page.gives, page.exercises) == (None, None, None, [])


def test_link_to_a_page_leads_to_notebooks_from_a_worked_lesson(tiny):
    lesson = read_lesson(tiny.lessons / "09_tiny.md", tiny.snippets)
    assert "](common_errors.ipynb#lost)" in lesson.notebook(solved=False).cells[0].source
    assert (
        "](../notebooks/common_errors.ipynb#lost)" in lesson.notebook(solved=True).cells[0].source
    )


def test_solution_that_lost_its_tag_is_refused(tiny):
    text = LESSON.replace('tags: [solution]\nexercise: "9.1"\n---\nanswer', "tags: []\n---\nanswer")
    problem = problem_of(tiny, text)
    assert "09_tiny.md, line 24, cell 09-a-tiny-lesson-3: stands between exercise 9.1" in problem


def test_missing_solution_is_refused(tiny):
    start = LESSON.index("```{code-cell}\n---\ntags: [solution]")
    text = LESSON[:start] + LESSON[LESSON.index("```{code-cell}\ndef check") :]
    assert "exercise 9.1 has no solution cells" in problem_of(tiny, text)


STUB = LESSON[LESSON.index("```{code-cell}\n---\ntags: [exercise]") :]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LESSON.replace('check("9.1", answer)', "answer"), 'has no cell with check("9.1", …)'),
        (
            LESSON.replace('tags: [exercise]\nexercise: "9.1"', "tags: [exercise]"),
            "an exercise needs its id",
        ),
        (LESSON + "\n" + STUB, "stands here a second time"),
        (
            LESSON.replace('check("9.1", answer)', 'check("9.1", answer)\ncheck("9.2", answer)'),
            "checks exercise 9.2, which has no stub",
        ),
        (
            LESSON.replace('tags: [solution]\nexercise: "9.1"', 'tags: [solution]\nexercise: "9.7"'),
            "a solution of exercise 9.7, which has no stub",
        ),
        (LESSON.replace("[exercise]", "[exercise, solution]"), "both exercise and solution"),
        (
            LESSON.replace("answer = ...\n```", "answer = ...\n```\n\n" + STUB.split("\n\n")[0].replace("9.1", "9.2")),
            "exercise 9.1 has no cell with check",
        ),
    ],
)  # fmt: skip
def test_exercise_in_disorder_is_refused(tiny, text, words):
    problem = problem_of(tiny, text)
    assert words in problem
    assert all(line.startswith("09_tiny.md, line ") and ", cell 09-" in line for line in problem.splitlines())  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("course: {", "other: {", "has no block `course:`"),
        ("reading: 3", "reading: three", "of another kind: reading."),
        ("reading: 3", "reading: true", "of another kind: reading."),
        ("exercises: 2, ", "", "of another kind: exercises."),
        ("discussion: 9", "discussion: 0", "of another kind: discussion."),
        ("gives: an answer", "gives: 3", "of another kind: gives."),
        ("track: fast", "track: slow", "of another kind: track."),
        ("track: fast", "minutes: 5", "of another kind: minutes."),
        ("{{ minutes }}", "5", "Write one line  - **Minutes**: {{ minutes }}"),
        ("# A tiny lesson", "A tiny lesson", "begins with no title"),
        ("tags: [exercise]", "tags: [exercise", "is not MyST Markdown"),
    ],
)
def test_lesson_without_its_frame_is_refused(tiny, before, after, words):
    problem = problem_of(tiny, LESSON.replace(before, after, 1))
    assert words in problem and problem.startswith("09_tiny.md")


def test_code_that_is_not_python_is_left_to_fail_where_it_runs(tiny):
    text = LESSON.replace("answer = 42", "answer = (42")
    assert read_lesson(write(tiny, text), tiny.snippets).exercises
