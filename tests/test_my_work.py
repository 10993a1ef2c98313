"""The learner's copies, and the start of the course."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from course.learner import prepare_my_work
from course.paths import ROOT, Course


@pytest.fixture
def course(tmp_path) -> Course:
    course = Course(tmp_path)
    course.notebooks.mkdir()
    for source in sorted(Course().notebooks.glob("*.ipynb")):
        (course.notebooks / source.name).write_bytes(source.read_bytes())
    return course


def test_copies_have_the_cells_and_no_outputs(course):
    copies = prepare_my_work(course)
    assert [copy.name for copy in copies] == sorted(path.name for path in course.notebooks.glob("*.ipynb"))
    for copy in copies:
        notebook = nbformat.read(copy, 4)
        nbformat.validate(notebook)
        original = nbformat.read(course.notebooks / copy.name, 4)
        assert [cell.source for cell in notebook.cells] == [cell.source for cell in original.cells]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_what_a_learner_changed_is_kept(course):
    copy = prepare_my_work(course)[0]
    copy.write_text("mine", encoding="utf-8")
    assert prepare_my_work(course) == []
    assert copy.read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(
    sys.platform == "win32", reason="sends SIGINT, which Windows has not; the start itself is the same there"
)
def test_one_command_starts_jupyterlab_on_the_first_lesson(tmp_path):
    log = (tmp_path / "log").open("w+", encoding="utf-8")
    command = [sys.executable, "-c", "from course.cli import main; main()", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            said = (tmp_path / "log").read_text(encoding="utf-8")
            if match := re.search(r"(http://(?:localhost|127\.0\.0\.1):\d+)(/lab/tree/\S*)\?token=(\w+)", said):
                break
            assert process.poll() is None, said
            time.sleep(0.1)
        assert match, said
        assert match[2] == "/lab/tree/my_work/01_decode_a_jwt.ipynb"
        with urllib.request.urlopen(f"{match[1]}/api/contents/my_work?token={match[3]}", timeout=10) as answer:
            names = [entry["name"] for entry in json.load(answer)["content"]]
        assert {path.name for path in Course().notebooks.glob("*.ipynb")} <= set(names)
        assert "[ok]   python-jose" in said and "[fail]" not in said
    finally:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        log.close()
