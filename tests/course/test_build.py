"""The build on tiny courses, most of which must fail; and the real one, which must not differ."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course import build as build_module
from course.build import build, differences
from course.lesson import LessonError
from course.paths import ROOT, Course
from tests.course.tiny_course import LESSON, tiny_course, write

README = """\
<!-- lessons: written by course build --><!-- /lessons -->

**Fast track**: <!-- fast track: written by course build --><!-- /fast track -->, in this order.
"""
COMMAND = "uv run --group dev course build 09"
FILES = ("notebooks/09_tiny.ipynb", "solutions/09_tiny.ipynb", "notebooks/common_errors.ipynb")


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Course:
    course = tiny_course(tmp_path_factory.mktemp("built"))
    (course.root / "README.md").write_text(README, encoding="utf-8")
    (course.root / "INSTRUCTORS.md").write_text(README, encoding="utf-8")
    build(course, say=lambda line: None)
    return course


@pytest.fixture
def built(built_once, tmp_path) -> Course:
    """A copy of a built tiny course, to be damaged."""
    shutil.copytree(built_once.root, tmp_path, dirs_exist_ok=True)
    return Course(tmp_path)


@pytest.fixture
def runs(monkeypatch) -> list[str]:
    """The notebooks for which a kernel was asked. None starts: the cells stay without output."""
    asked = []

    def note(target, notebook):
        asked.append(target.shown)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = 1
        return notebook

    monkeypatch.setattr(build_module, "_execute_target", note)
    return asked


def said_by_build(course: Course, **options) -> str:
    said = []
    build(course, say=said.append, **options)
    return "\n".join(said)


def contents(course: Course) -> dict[str, bytes]:
    files = [*course.root.rglob("*.ipynb*"), *course.root.glob("*.md")]
    return {path.relative_to(course.root).as_posix(): path.read_bytes() for path in files}


def test_learner_gets_the_stub_and_the_worked_notebook_the_solution(built_once):
    learner, worked = (
        nbformat.read(folder / "09_tiny.ipynb", 4)
        for folder in (built_once.notebooks, built_once.solutions)
    )
    assert [cell.source for cell in learner.cells if "answer =" in cell.source] == ["answer = ..."]
    assert [cell.source for cell in worked.cells if "answer =" in cell.source] == ["answer = 42"]
    assert "Why not 41?" not in str(learner) and "Why not 41?" in str(worked)
    assert learner.cells[-1].outputs[0].data["text/plain"] == "'not attempted'"
    assert worked.cells[-2].outputs[0].data["text/plain"] == "'correct'"
    assert list(differences(built_once)) == []


def test_page_has_no_worked_form(built_once):
    assert {name for name in contents(built_once) if name.endswith(".ipynb")} == set(FILES)


def test_two_builds_in_a_row_write_the_same_bytes(built):
    before = contents(built)
    build(built, say=lambda line: None, execute_all=True)
    assert contents(built) == before


def test_progress_is_shown(built, runs):
    said = said_by_build(built, execute_all=True).splitlines()
    assert sorted(line[:5] for line in said) == ["[1/3]", "[2/3]", "[3/3]"]


def test_failing_cell_is_reported_and_nothing_is_written(built):
    before = contents(built)
    write(built, LESSON.replace("answer = 42", "answer = 42\nundefined_name"))
    with pytest.raises(LessonError) as caught:
        build(built, say=lambda line: None)
    for part in (
        "09_tiny.md, line 25, cell 09-a-tiny-lesson-3",
        "undefined_name",
        "NameError: name 'undefined_name'",
        "Mend it",
    ):
        assert part in str(caught.value)
    assert contents(built) == before


def test_kernel_that_dies_is_reported(built):
    write(built, LESSON.replace("answer = 42", "import os\nos._exit(1)"))
    with pytest.raises(LessonError, match="DeadKernelError"):
        build(built, say=lambda line: None)


def test_nothing_runs_where_no_code_changed(built, runs):
    write(built, LESSON.replace("Because.", "It is wrong."))
    before = contents(built)
    assert "solutions/09_tiny.ipynb  no code changed, outputs kept" in said_by_build(built)
    assert runs == []
    after = contents(built)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"solutions/09_tiny.ipynb"}  # the sentence stands in the worked one only
    assert b"It is wrong." in after["solutions/09_tiny.ipynb"]
    assert list(differences(built)) == []


def test_kept_outputs_are_those_that_a_run_would_give(built):
    write(built, LESSON.replace("# A tiny lesson", "# A small lesson"))
    build(built, say=lambda line: None)
    kept = contents(built)
    build(built, say=lambda line: None, execute_all=True)
    assert contents(built) == kept


CHECK = LESSON[LESSON.index("```{code-cell}\ndef check") : LESSON.index('+++ {"tags"')]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (LESSON.replace("answer = 42", "answer = 43"), [FILES[1]]),
        (LESSON.replace("answer = ...", "answer = ...  # yours"), [FILES[0]]),
        (LESSON.replace('"correct"\n', '"right"\n'), [FILES[0], FILES[1]]),
        (LESSON + "\n```{code-cell}\n1 + 1\n```\n", [FILES[0], FILES[1]]),
        (
            LESSON.replace("```{code-cell}\ndef", "```{code-cell}\n---\ntags: [skip]\n---\ndef"),
            [FILES[0], FILES[1]],
        ),
        (
            LESSON.replace(CHECK, CHECK + "```{code-cell}\n2\n```\n\n```{code-cell}\n3\n```\n\n"),
            [FILES[0], FILES[1]],
        ),
    ],
    ids=["solution", "stub", "a cell of both", "new cell", "tags", "two new cells"],
)
def test_a_notebook_whose_code_changed_runs(built, runs, change, expected):
    write(built, change)
    build(built, say=lambda line: None)
    assert sorted(runs) == expected


def test_another_order_of_cells_runs(built, runs):
    two = LESSON + "\n```{code-cell}\n2\n```\n\n```{code-cell}\n3\n```\n"
    write(built, two)
    build(built, say=lambda line: None)
    runs.clear()
    write(built, two.replace("2\n```\n\n```{code-cell}\n3", "3\n```\n\n```{code-cell}\n2"))
    build(built, say=lambda line: None)
    assert sorted(runs) == [FILES[0], FILES[1]]


def test_everything_runs_when_asked(built, runs):
    build(built, say=lambda line: None, execute_all=True)
    assert sorted(runs) == sorted(FILES)


@pytest.mark.parametrize("content", [None, "", "<<<<<<< ours", "{}"])
def test_what_is_no_notebook_runs_and_is_not_lost(built, runs, content):
    target = built.notebooks / "09_tiny.ipynb"
    target.unlink()
    if content is not None:
        target.write_text(content, encoding="utf-8")
        (found,) = differences(built)
        assert found.startswith("notebooks/09_tiny.ipynb: is not a notebook. Run: " + COMMAND)
    build(built, say=lambda line: None)
    assert runs == [FILES[0]] and list(differences(built)) == []
    kept = list(built.lessons.glob("*-by-hand-*"))
    assert [path.read_text(encoding="utf-8") for path in kept] == [content] * (content is not None)


def edit(notebook_path: Path, change) -> None:
    notebook = nbformat.read(notebook_path, 4)
    change(notebook)
    nbformat.write(notebook, notebook_path)


EDITED = [
    (
        lambda nb: nb.cells[1].update(source="answer = 43"),
        "cell 09-a-tiny-lesson-2: differs from the lesson. Edit lessons/09_tiny.md, line 17, then run: "
        + COMMAND,
    ),
    (
        lambda nb: nb.cells[0].update(source="# A tiny lessen"),
        "cell 09-a-tiny-lesson-1: differs from the lesson. Edit lessons/09_tiny.md, line 6, then run: "
        + COMMAND,
    ),
    (
        lambda nb: nb.cells.pop(1),
        "cell 09-a-tiny-lesson-2: is missing. Shall it go? Delete it in lessons/09_tiny.md, line 17, ",
    ),
    (lambda nb: nb.cells.reverse(), "in another order than in the lesson. Move them in lessons/09"),
    (
        lambda nb: nb.cells.append(nbformat.v4.new_markdown_cell("more", id="mine")),
        "cell mine: is not in the lesson. Write it below the cell at lessons/09_tiny.md, line 29, ",
    ),
]  # fmt: skip
OTHERWISE_DIFFERENT = [
    (lambda nb: nb.cells[1].metadata.update(tags=["skip"]), "differs from the lesson. That is in"),
    (lambda nb: nb.cells[1].update(execution_count=None), "was never executed"),
    (lambda nb: nb.metadata.kernelspec.update(name="other"), "the metadata of the notebook differ"),
    (lambda nb: nb.metadata.course.update(minutes=6), "the metadata of the notebook differ"),
]


@pytest.mark.parametrize(("change", "words"), EDITED)
def test_notebook_edited_by_hand_leads_to_the_line_of_the_lesson(built, change, words):
    edit(built.notebooks / "09_tiny.ipynb", change)
    found = list(differences(built))
    assert any(line.startswith("notebooks/09_tiny.ipynb") and words in line for line in found), (
        found
    )


@pytest.mark.parametrize(("change", "words"), OTHERWISE_DIFFERENT)
def test_notebook_that_differs_otherwise_is_built_again(built, runs, change, words):
    edit(built.notebooks / "09_tiny.ipynb", change)
    (found,) = differences(built)
    assert found.startswith("notebooks/09_tiny.ipynb") and words in found and COMMAND in found
    build(built, say=lambda line: None)
    assert list(differences(built)) == [] and not list(built.lessons.glob("*-by-hand-*"))


@pytest.mark.parametrize(
    "change", [("answer = 42", "answer = 43"), ("Because.", "It is wrong.")], ids=["code", "text"]
)
def test_notebook_that_is_older_than_its_lesson_is_not_taken_for_an_edited_one(built, runs, change):
    write(built, LESSON.replace(*change))
    (found,) = differences(built)
    assert found.startswith("solutions/09_tiny.ipynb, cell 09-a-tiny-lesson-")
    assert found.endswith(f". Run: {COMMAND}") and "That is in lessons/09_tiny.md, line" in found
    build(built, say=lambda line: None)
    assert not list(built.lessons.glob("*-by-hand-*"))


@pytest.mark.parametrize(("change", "words"), EDITED)
def test_notebook_edited_by_hand_is_kept(built, runs, change, words):
    target = built.notebooks / "09_tiny.ipynb"
    edit(target, change)
    by_hand = target.read_bytes()
    said = said_by_build(built)
    kept = built.lessons / "09_tiny.notebooks-by-hand-1.ipynb"
    assert kept.read_bytes() == by_hand and list(differences(built)) == []
    assert (
        f"notebooks/09_tiny.ipynb was edited by hand. It is kept as lessons/{kept.name}: write what you need of it "
        f"into lessons/09_tiny.md" in said
    )
    edit(target, change)
    build(built, say=lambda line: None)
    assert (built.lessons / "09_tiny.notebooks-by-hand-2.ipynb").exists()


def test_edit_by_hand_that_the_lesson_has_as_well_needs_no_keeping(built, runs):
    target = built.notebooks / "09_tiny.ipynb"
    edit(target, lambda nb: nb.cells[1].update(source="answer = ...  # yours"))
    write(built, LESSON.replace("answer = ...", "answer = ...  # yours"))
    build(built, say=lambda line: None)
    assert list(differences(built)) == [] and not list(built.lessons.glob("*-by-hand-*"))


def test_what_was_kept_is_no_part_of_the_course(built, runs):
    edit(built.notebooks / "09_tiny.ipynb", EDITED[0][0])
    build(built, say=lambda line: None)
    assert [path.name for path in built.sources()] == ["09_tiny.md", "common_errors.md"]
    done = subprocess.run(
        ["git", "check-ignore", "lessons/09_tiny.notebooks-by-hand-1.ipynb"], cwd=ROOT
    )
    assert done.returncode == 0


def test_edited_snippet_leads_to_the_file_that_it_shows(built, runs):
    (built.snippets / "app.py").write_text("def login():\n    return 1\n", encoding="utf-8")
    write(built, LESSON + "\n```{code-cell}\n---\nsnippet: app.py\n---\n# show: login\n```\n")
    build(built, say=lambda line: None)
    edit(
        built.notebooks / "09_tiny.ipynb",
        lambda nb: nb.cells[-1].update(source="def login():\n    return 2"),
    )
    (found,) = differences(built)
    assert "lessons/09_tiny.md, line 44 (it shows app_snippets/app.py), then run" in found


def test_missing_and_stray_notebooks_are_found(built):
    shutil.move(built.solutions / "09_tiny.ipynb", built.solutions / "common_errors.ipynb")
    found = "\n".join(differences(built))
    assert f"solutions/09_tiny.ipynb: is missing. Run: {COMMAND}" in found
    assert "solutions/common_errors.ipynb: no lesson makes this notebook" in found


def test_tables_are_written_from_the_front_matter(built_once):
    readme, instructors = (
        (built_once.root / name).read_text(encoding="utf-8")
        for name in ("README.md", "INSTRUCTORS.md")
    )
    assert "| 09 | [A tiny lesson](notebooks/09_tiny.ipynb) | 5 | an answer |\n" in readme
    assert "build -->09<!-- /fast track -->, in this order." in readme
    assert "| 09 A tiny lesson | 3 | 2 | 9 |\n" in instructors


def test_tables_that_differ_are_found_and_renewed(built, runs):
    path = built.root / "README.md"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("| 5 |", "| 6 |") + "\nMore.\n", encoding="utf-8")
    assert list(differences(built, "9")) == [
        "README.md: says something else of the lessons than their front matter. Run: uv run --group dev course build"
    ]
    assert "README.md: its parts about the lessons are renewed" in said_by_build(built, number="9")
    assert path.read_text(encoding="utf-8") == before + "\nMore.\n"


def test_file_without_a_place_for_its_table_is_named(built):
    (built.root / "INSTRUCTORS.md").write_text("Nothing.\n", encoding="utf-8")
    with pytest.raises(LessonError, match="INSTRUCTORS.md: has no place for the lessons. Write"):
        build(built, say=lambda line: None)


def test_unknown_lesson_names_those_there_are(built):
    with pytest.raises(LookupError, match="There are: 09"):
        build(built, "7")


def course_command(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from course.cli import main; main()", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


def test_the_notebooks_are_what_the_lessons_make():
    done = course_command("build", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_build_without_the_tools_for_authors_says_how_to_get_them():
    code = (
        "import sys; sys.modules['jupytext'] = None\n"
        "from course.cli import main; main(['build', '--check'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "There is no jupytext" in done.stderr and "uv sync --group dev" in done.stderr


def test_author_does_not_wait_for_what_a_build_without_new_code_has_no_use_for():
    code = (
        "import sys; from course.cli import build\n"
        "try: build(['--check', '01'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('nbclient', 'rfc3987_syntax.syntax_helpers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["77"], "Error: No lesson 77"),
        (["--check", "--execute"], "--check executes nothing"),
    ],
)
def test_mistake_on_the_command_line_is_an_error_message(arguments, words):
    done = course_command("build", *arguments)
    assert done.returncode != 0 and words in done.stderr and "Traceback" not in done.stderr


def test_generated_files_are_marked_as_such():
    paths = [*FILES[:2], "uv.lock", "lessons/01_decode_a_jwt.md"]
    done = subprocess.run(
        ["git", "check-attr", "linguist-generated", *paths],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = [line.rpartition(": ")[2] for line in done.stdout.splitlines()]
    assert said == ["true", "true", "true", "unspecified"]
