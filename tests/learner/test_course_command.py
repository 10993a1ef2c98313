"""The ``course`` command as a learner types it, in a copy of the course."""

import subprocess
import sys
import time

import pytest

from course import check, hint
from course.lesson_map import read_map
from course.paths import Course
from tests.learner.running_course import RunningCourse, copy_course, running_course


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy_course(tmp_path_factory.mktemp("checkout"))


def course(folder, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from course.cli import main; main()", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_one_command_starts_jupyterlab_on_the_start_page(checkout):
    with running_course(checkout) as running:
        assert "/lab/tree/my_work/START_HERE.ipynb" in running.start_address
        names = {entry["name"] for entry in running.ask("contents/my_work")["content"]}
        assert {path.name for path in Course().notebooks.glob("*.ipynb")} <= names
        # Its kernel starts before a browser asks for one.
        assert [each["path"] for each in sessions(running)] == ["my_work/START_HERE.ipynb"]
    own = running.said.split("Starting JupyterLab")[0].splitlines()
    assert len(own) <= 18 and all(len(line) <= 100 for line in own), running.said
    assert "python-jose" in running.said and "[fail]" not in running.said
    assert f"{len(names) - 1} lessons new, 0 renewed, 0 kept" in running.said
    assert "Next: open lesson 01" in running.said


def sessions(running: RunningCourse) -> list[dict]:
    """Those of JupyterLab, as soon as there is one."""
    for _ in range(600):
        if found := running.ask("sessions"):
            return found
        time.sleep(0.1)
    return []


def test_damaged_environment_stops_the_start_with_its_cure(tmp_path):
    copy_course(tmp_path)
    (tmp_path / "jose.py").write_text(
        "raise ImportError('a file of the learner, named like a package')", encoding="utf-8"
    )
    done = course(tmp_path, "--no-browser")
    assert done.returncode == 1
    assert "[fail] python-jose" in done.stdout and "uv sync" in done.stdout


def test_file_where_a_folder_should_be_stops_the_start_with_its_cure(tmp_path):
    copy_course(tmp_path)
    (tmp_path / "my_work").mkdir()
    (tmp_path / "my_work" / ".course").write_text("in the way", encoding="utf-8")
    for arguments in (["--no-browser"], ["reset", "03"], ["solution", "03"]):
        done = course(tmp_path, *arguments)
        assert done.returncode == 1 and "could not be read or written" in done.stderr
        assert ".course" in done.stderr and "then run this again" in done.stderr


def test_progress_is_a_table(checkout):
    done = course(checkout, "progress")
    assert done.returncode == 0
    for lesson in read_map(Course()):
        assert f"{lesson.number}  {lesson.title}" in done.stdout


def test_reset_and_solution_say_where_things_are(checkout):
    course(checkout, "reset", "03")
    copy = checkout / "my_work/03_create_a_jwt.ipynb"
    copy.write_text(copy.read_text("utf-8").replace("# Create a JWT", "# Mine"), encoding="utf-8")
    done = course(checkout, "reset", "3")
    assert "03_create_a_jwt.ipynb is fresh" in done.stdout
    assert "old one is my_work/03_create_a_jwt.earlier-" in done.stdout
    done = course(checkout, "reset", "3")
    assert "03_create_a_jwt.ipynb is fresh" in done.stdout and "old one" not in done.stdout
    done = course(checkout, "reset", "common_errors")
    assert done.returncode == 0 and "my_work/common_errors.ipynb is fresh" in done.stdout
    assert (checkout / "my_work/common_errors.ipynb").is_file()
    done = course(checkout, "solution", "03")
    assert str(checkout / "my_work" / "solutions" / "03_create_a_jwt.ipynb") in done.stdout


@pytest.mark.parametrize("command", ["reset", "solution"])
def test_unknown_lesson_is_answered_with_those_there_are(checkout, command):
    done = course(checkout, command, "99")
    assert done.returncode == 1 and done.stdout == ""
    assert "There is no lesson '99'. The lessons are: 01, 02" in done.stderr
    assert ("And there is: common_errors." in done.stderr) == (command == "reset")


def test_a_page_has_no_worked_copy(checkout):
    done = course(checkout, "solution", "common_errors")
    assert done.returncode == 1
    assert "common_errors is a page and no lesson: it has no exercises" in done.stderr


def test_damaged_progress_is_said_and_kept_with_what_to_do(tmp_path):
    copy_course(tmp_path)
    file = tmp_path / "my_work" / "progress.json"
    file.parent.mkdir()
    file.write_text('{"solved": {"1.1": "2026', encoding="utf-8")
    done = course(tmp_path, "certificate", "--name", "Ada")
    assert done.returncode == 1 and "There is no certificate: my_work/progress.json" in done.stderr
    done = course(tmp_path, "progress")
    said, _, table = done.stdout.partition("\n\n")
    assert "my_work/progress.json could not be used: it is not JSON, see line 1, column 20" in said
    assert "It is kept as my_work/progress.broken-1.json" in said
    assert "give it its name back" in said and "run the checks in your notebooks again" in said
    assert "0 of " in table and not file.exists()
    assert '"1.1": "2026' in (file.parent / "progress.broken-1.json").read_text("utf-8")
    done = course(tmp_path, "progress")
    assert "could not be used" not in done.stdout and len(list(file.parent.glob("*.json"))) == 1


def test_start_says_that_the_progress_cannot_be_used(tmp_path):
    copy_course(tmp_path)
    (tmp_path / "my_work" / "progress.json").mkdir(parents=True)
    with running_course(tmp_path) as running:
        pass
    assert "[warn] my_work/progress.json cannot be used: it cannot be opened" in running.said
    assert "run `uv run course progress`" in running.said


def test_certificate_is_refused_politely(checkout):
    done = course(checkout, "certificate", "--name", "Ada")
    assert done.returncode == 1 and "Still to be solved in my_work/: 1.1, 1.2" in done.stderr


def test_last_hint_names_the_command_for_the_solution():
    said = ""
    for _ in range(10):
        said = hint("3.1").text
    assert "uv run course solution 03" in said and check("3.1").outcome == "not attempted"
