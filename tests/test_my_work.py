"""The learner's copies, and the start of the course."""

import subprocess
import sys

import nbformat
import pytest

from course.learner import prepare_my_work
from course.paths import Course
from tests.running_course import copy_course, running_course


@pytest.fixture
def course(tmp_path) -> Course:
    course = Course(tmp_path)
    course.notebooks.mkdir()
    for source in sorted(Course().notebooks.glob("*.ipynb")):
        (course.notebooks / source.name).write_bytes(source.read_bytes())
    return course


def test_copies_have_the_cells_and_no_outputs(course):
    copies = prepare_my_work(course)
    assert [copy.name for copy in copies] == sorted(
        path.name for path in course.notebooks.glob("*.ipynb")
    )
    for copy in copies:
        notebook = nbformat.read(copy, 4)
        nbformat.validate(notebook)
        original = nbformat.read(course.notebooks / copy.name, 4)
        assert [cell.source for cell in notebook.cells] == [cell.source for cell in original.cells]
        assert not any(
            cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells
        )


def test_what_a_learner_changed_is_kept(course):
    copy = prepare_my_work(course)[0]
    copy.write_text("mine", encoding="utf-8")
    assert prepare_my_work(course) == []
    assert copy.read_text(encoding="utf-8") == "mine"


def test_one_command_starts_jupyterlab_on_the_first_lesson(tmp_path):
    with running_course(copy_course(tmp_path)) as running:
        assert "/lab/tree/my_work/01_decode_a_jwt.ipynb" in running.start_address
        names = {entry["name"] for entry in running.ask("contents/my_work")["content"]}
        assert {path.name for path in Course().notebooks.glob("*.ipynb")} <= names
        assert "[ok]   python-jose" in running.said and "[fail]" not in running.said


def test_damaged_environment_stops_the_start_with_its_cure(tmp_path):
    copy_course(tmp_path)
    (tmp_path / "jose.py").write_text(
        "raise ImportError('a file of the learner, named like a package')", encoding="utf-8"
    )
    command = [sys.executable, "-c", "from course.cli import main; main()", "--no-browser"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "[fail] python-jose" in done.stdout and "uv sync" in done.stdout
