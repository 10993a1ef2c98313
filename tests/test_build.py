"""The build on tiny courses, most of which must fail; and the real one, which must not differ."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course.build import LessonError, build, differences, read_lesson
from course.paths import ROOT, Course

EXERCISE = """\
---
kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
---

# A tiny lesson

```{code-cell}
---
tags: [exercise]
exercise: "9.1"
---
answer = ...
```

```{code-cell}
---
tags: [solution]
exercise: "9.1"
---
answer = 42
```

```{code-cell}
def check(exercise_id, answer):
    return "not attempted" if answer is ... else "correct"


check("9.1", answer)
```

+++ {"tags": ["solution"]}

Why not 41? Because.
"""


@pytest.fixture
def tiny(tmp_path) -> Course:
    course = Course(tmp_path)
    course.lessons.mkdir()
    course.snippets.mkdir()
    (course.lessons / "09_tiny.md").write_text(EXERCISE, encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Course:
    course = Course(tmp_path_factory.mktemp("built"))
    course.lessons.mkdir()
    write(course, EXERCISE)
    build(course, say=lambda line: None)
    return course


@pytest.fixture
def built(built_once, tmp_path) -> Course:
    """A copy of a built tiny course, to be damaged."""
    shutil.copytree(built_once.root, tmp_path, dirs_exist_ok=True)
    return Course(tmp_path)


def write(course: Course, text: str) -> Path:
    path = course.lessons / "09_tiny.md"
    path.write_text(text, encoding="utf-8")
    return path


def problem_of(course: Course, text: str) -> str:
    with pytest.raises(LessonError) as caught:
        read_lesson(write(course, text), course.snippets)
    return str(caught.value)


def test_learner_gets_the_stub_and_the_worked_notebook_the_solution(tiny):
    build(tiny, say=lambda line: None)
    learner, worked = (
        nbformat.read(folder / "09_tiny.ipynb", 4) for folder in (tiny.notebooks, tiny.solutions)
    )
    assert [cell.source for cell in learner.cells if "answer =" in cell.source] == ["answer = ..."]
    assert [cell.source for cell in worked.cells if "answer =" in cell.source] == ["answer = 42"]
    assert "Why not 41?" not in str(learner) and "Why not 41?" in str(worked)
    assert learner.cells[-1].outputs[0].data["text/plain"] == "'not attempted'"
    assert worked.cells[-2].outputs[0].data["text/plain"] == "'correct'"
    assert list(differences(tiny)) == []


def test_two_builds_in_a_row_write_the_same_bytes(tiny):
    written = []
    for _ in range(2):
        build(tiny, say=lambda line: None)
        written.append([path.read_bytes() for path in sorted(tiny.root.rglob("*.ipynb"))])
    assert len(written[0]) == 2 and written[0] == written[1]


def test_progress_is_shown(tiny):
    said = []
    build(tiny, say=said.append)
    assert sorted(line[:5] for line in said) == ["[1/2]", "[2/2]"]


def test_solution_that_lost_its_tag_is_refused(tiny):
    text = EXERCISE.replace(
        'tags: [solution]\nexercise: "9.1"\n---\nanswer', "tags: []\n---\nanswer"
    )
    problem = problem_of(tiny, text)
    assert (
        "stands between exercise 9.1 and its check" in problem and "09-a-tiny-lesson-3" in problem
    )


def test_missing_solution_is_refused(tiny):
    start = EXERCISE.index("```{code-cell}\n---\ntags: [solution]")
    text = EXERCISE[:start] + EXERCISE[EXERCISE.index("```{code-cell}\ndef check") :]
    assert "exercise 9.1 has no solution cells" in problem_of(tiny, text)


def test_exercise_without_check_is_refused(tiny):
    text = EXERCISE.replace('check("9.1", answer)', "answer")
    assert 'has no cell with check("9.1", …)' in problem_of(tiny, text)


def test_exercise_without_id_is_refused(tiny):
    text = EXERCISE.replace('tags: [exercise]\nexercise: "9.1"', "tags: [exercise]")
    assert "an exercise needs its id" in problem_of(tiny, text)


def test_same_exercise_twice_is_refused(tiny):
    body = EXERCISE[EXERCISE.index("```{code-cell}\n---\ntags: [exercise]") :]
    assert "stands here a second time" in problem_of(tiny, EXERCISE + "\n" + body)


def test_check_of_an_unknown_exercise_is_refused(tiny):
    text = EXERCISE.replace('check("9.1", answer)', 'check("9.1", answer)\ncheck("9.2", answer)')
    assert "checks exercise 9.2, which has no stub" in problem_of(tiny, text)


def test_snippet_in_another_form_is_refused(tiny):
    (tiny.snippets / "app.py").write_text("def login():\n    return 1\n", encoding="utf-8")
    cell = "\n\n```{code-cell}\n---\nsnippet: app.py\n---\ndef login():\n    return %d\n\n\nlogin()\n```\n"
    read_lesson(write(tiny, EXERCISE + cell % 1), tiny.snippets)
    assert "app.py has this in another form: def login():" in problem_of(tiny, EXERCISE + cell % 2)
    assert "does not exist" in problem_of(tiny, EXERCISE + (cell % 1).replace("app.py", "gone.py"))


def test_failing_cell_is_reported_and_nothing_is_written(built):
    tiny = built
    before = {path: path.read_bytes() for path in tiny.root.rglob("*.ipynb")}
    write(tiny, EXERCISE.replace("answer = 42", "answer = 42\nundefined_name"))
    with pytest.raises(LessonError) as caught:
        build(tiny, say=lambda line: None)
    for part in (
        "09_tiny.md",
        "cell 09-a-tiny-lesson-3",
        "undefined_name",
        "NameError: name 'undefined_name'",
    ):
        assert part in str(caught.value)
    assert {path: path.read_bytes() for path in tiny.root.rglob("*.ipynb*")} == before


def test_kernel_that_dies_is_reported(tiny):
    write(tiny, EXERCISE.replace("answer = 42", "import os\nos._exit(1)"))
    with pytest.raises(LessonError, match="DeadKernelError"):
        build(tiny, say=lambda line: None)


def edit(notebook_path: Path, change) -> None:
    notebook = nbformat.read(notebook_path, 4)
    change(notebook)
    nbformat.write(notebook, notebook_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda nb: nb.cells[1].update(source="answer = 43"),
            "cell 09-a-tiny-lesson-2: differs from the lesson",
        ),
        (
            lambda nb: nb.cells[1].metadata.update(tags=["skip"]),
            "cell 09-a-tiny-lesson-2: differs from the lesson",
        ),
        (lambda nb: nb.cells.pop(1), "cell 09-a-tiny-lesson-2: is missing"),
        (lambda nb: nb.cells.reverse(), "in another order"),
        (
            lambda nb: nb.cells.append(nbformat.v4.new_markdown_cell("more", id="mine")),
            "cell mine: is not in the lesson",
        ),
        (lambda nb: nb.cells[1].update(execution_count=None), "was never executed"),
        (
            lambda nb: nb.metadata.kernelspec.update(name="other"),
            "the metadata of the notebook differ",
        ),
    ],
)
def test_edited_notebook_is_found(built, change, words):
    edit(built.notebooks / "09_tiny.ipynb", change)
    found = list(differences(built))
    assert any(line.startswith("notebooks/09_tiny.ipynb") and words in line for line in found), (
        found
    )


def test_missing_and_stray_notebooks_are_found(built):
    shutil.move(built.solutions / "09_tiny.ipynb", built.solutions / "08_stray.ipynb")
    found = "\n".join(differences(built))
    assert (
        "solutions/09_tiny.ipynb: is missing" in found
        and "solutions/08_stray.ipynb: no lesson" in found
    )


def test_unknown_lesson_names_those_there_are(tiny):
    with pytest.raises(LookupError, match="There are: 09"):
        build(tiny, "7")


def course_command(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from course.cli import main; main()", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


def test_the_notebooks_are_what_the_lessons_make():
    done = course_command("build", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_unknown_lesson_on_the_command_line_is_an_error_message():
    done = course_command("build", "77")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No lesson 77") and "Traceback" not in done.stderr
