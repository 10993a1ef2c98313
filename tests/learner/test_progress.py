"""What is solved is remembered, shown, and certified; and nothing that goes wrong there breaks a check."""

import contextlib
import json
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from app_snippets.jose_login import InvalidToken, verify_token
from course import check, checking, progress, solved
from course.certify import certificate, key_file
from course.lesson import read_lesson
from course.lesson_map import read_map
from course.paths import ROOT, Course
from tests.learner.failing_disks import MEANS, unwritable

ALL = [id_ for lesson in read_map(Course()) for id_ in lesson.exercises]


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    """The real lessons, with a ``my_work/`` of the test's own, in which the test works."""
    course = Course()
    course.my_work = tmp_path / "my_work"
    course.my_work.mkdir()
    monkeypatch.setattr(solved, "Course", lambda: course)
    monkeypatch.chdir(course.my_work)
    return course


def saved(course) -> dict:
    return json.loads((course.my_work / "progress.json").read_text(encoding="utf-8"))["solved"]


def solve_all(course) -> None:
    for exercise_id in ALL:
        assert solved.remember(exercise_id, course) == ""


def test_the_map_says_what_the_lessons_say():
    said = [
        (lesson.number, lesson.title, lesson.minutes, lesson.exercises, lesson.fast_track)
        for lesson in read_map(Course())
    ]
    wanted = []
    for path in Course().lesson_files():
        lesson = read_lesson(path, Course().snippets)
        ids = tuple(exercise.id for exercise in lesson.exercises)
        fast = lesson.front_matter.fast_track
        wanted.append((lesson.number, lesson.title, lesson.minutes, ids, fast))
    assert said == wanted
    assert all(checking.find_exercise(id_).id == id_ for id_ in ALL)
    assert "Fast track: 01, 03, 06, 07." in progress(Course()).text


def test_map_imports_no_parser_of_lessons():
    """A learner waits for it at each start."""
    code = (
        "import sys; from course.lesson_map import read_map; from course.paths import Course; read_map(Course())\n"
        "print([name for name in ('jupytext', 'nbformat', 'jsonschema') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    "content", ["{ half", "[]", "{}", '{"metadata": {}}', '{"metadata": {"course": {"title": 1}}}']
)
def test_notebook_that_does_not_say_what_it_teaches_is_named_with_its_cure(tmp_path, content):
    course = Course(tmp_path)
    course.notebooks.mkdir()
    (course.notebooks / "01_x.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="notebooks/01_x.ipynb .*git checkout -- notebooks/01_x"):
        read_map(course)
    assert "Your progress cannot be shown: notebooks/01_x.ipynb" in progress(course).text


def test_right_answer_is_remembered_and_a_later_wrong_one_takes_nothing_back(course):
    assert check("1.1", 2).outcome == checking.NOT_YET
    assert not (course.my_work / "progress.json").exists()
    assert check("1.1", 3).outcome == checking.CORRECT
    before = saved(course)
    assert list(before) == ["1.1"]
    check("1.1", 2)
    check("1.1", 3)
    assert saved(course) == before


@pytest.mark.parametrize("place", ["notebooks", "solutions", "my_work/solutions", "."])
def test_nothing_is_remembered_elsewhere(course, tmp_path, monkeypatch, place):
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / place)
    assert check("1.1", 3).outcome == checking.CORRECT
    assert not (course.my_work / "progress.json").exists()


BROKEN = {
    "": "it is empty",
    "{ half": "it is not JSON, see line 1, column 3",
    "[]": "it does not have the form",
    '{"solved": [1]}': "it does not have the form",
    "[" * 100_000: "it is ",
    "\udcff": "it is not text in UTF-8",
}


@pytest.mark.parametrize("content", BROKEN, ids=["empty", "half", "list", "form", "deep", "bytes"])
def test_broken_file_is_said_and_set_aside(course, content):
    file = course.my_work / "progress.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    shown = progress(course)
    assert f"0 of {len(ALL)} exercises solved" in shown.text
    assert f"my_work/progress.json cannot be used: {BROKEN[content]}" in shown.text
    for drawn in (shown.text, shown.html):
        assert "progress.json cannot be used" in drawn and "uv run course progress" in drawn
    assert "progress.json cannot be used" in certificate("Ada", course).text
    result = check("1.1", 3)
    assert result.outcome == checking.CORRECT and "progress.broken-1.json" in result.text
    kept = (course.my_work / "progress.broken-1.json").read_bytes()
    assert kept == content.encode("utf-8", "surrogateescape")
    assert list(saved(course)) == ["1.1"] and "cannot be used" not in progress(course).text


@pytest.mark.parametrize("content", BROKEN, ids=["empty", "half", "list", "form", "deep", "bytes"])
def test_broken_file_is_kept_under_another_name_once(course, content):
    file = course.my_work / "progress.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    said = solved.set_aside_if_broken(course)
    assert BROKEN[content] in said and "kept as my_work/progress.broken-1.json" in said
    assert solved.set_aside_if_broken(course) == ""
    solved.remember("1.1", course)
    assert solved.set_aside_if_broken(course) == "" and list(saved(course)) == ["1.1"]


def test_what_is_no_file_is_kept_as_well(course):
    (course.my_work / "progress.json").mkdir()
    assert "it cannot be opened (This is a folder and not a file)" in progress(course).text
    assert "progress.broken-1.json" in solved.set_aside_if_broken(course)
    assert (course.my_work / "progress.broken-1.json").is_dir()
    assert check("1.1", 3).outcome == checking.CORRECT and list(saved(course)) == ["1.1"]


@pytest.mark.parametrize("means", MEANS)
def test_broken_file_is_never_lost(course, means):
    file = course.my_work / "progress.json"
    file.write_text("{ half", encoding="utf-8")
    with unwritable(course.my_work, means), contextlib.chdir(course.my_work):
        # A full disk still renames; the other means do not.
        with contextlib.nullcontext() if means == "full" else pytest.raises(OSError):
            assert "progress.broken-1.json" in solved.set_aside_if_broken(course)
        if means == "full":
            file = course.my_work / "progress.broken-1.json"
        else:
            assert "cannot be used: it is not JSON" in progress(course).text
        assert file.read_text(encoding="utf-8") == "{ half"


def test_what_else_is_in_the_file_stays(course):
    content = {"solved": {"99.1": "of an older course"}, "note": "mine"}
    (course.my_work / "progress.json").write_text(json.dumps(content), encoding="utf-8")
    check("1.1", 3)
    now = json.loads((course.my_work / "progress.json").read_text(encoding="utf-8"))
    assert now["note"] == "mine" and set(now["solved"]) == {"99.1", "1.1"}
    assert f"1 of {len(ALL)}" in progress(course).text


@pytest.mark.parametrize("means", MEANS)
def test_check_says_when_it_cannot_remember(course, means):
    solved.remember("1.2", course)
    with unwritable(course.my_work, means), contextlib.chdir(course.my_work):
        result = check("1.1", 3)
        assert result.outcome == checking.CORRECT
        assert "could not be noted in my_work/progress.json" in result.text
    assert list(saved(course)) == ["1.2"]


def test_two_kernels_at_once_lose_nothing(course):
    code = (
        "import sys, pathlib; from course.paths import Course; from course.solved import remember\n"
        "course = Course(); course.my_work = pathlib.Path.cwd()\n"
        "for id_ in sys.argv[1:]: print(remember(id_, course), end='')"
    )

    def kernel(number: int) -> str:
        ids = [f"{number}.{exercise}" for exercise in range(25)]
        command = [sys.executable, "-c", code, *ids]
        return subprocess.run(
            command, cwd=course.my_work, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(kernel, range(3))) == [""] * 3
    assert len(saved(course)) == 75


def test_progress_says_what_comes_next(course):
    assert "Next: open lesson 01" in progress(course).text
    for exercise_id in ("1.1", "1.2"):
        solved.remember(exercise_id, course)
    shown = progress(course)
    assert "##.. 2/4  next: 1.3" in shown.text and "Next: exercise 1.3 in lesson 01" in shown.text
    assert "■■□□ 2 of 4" in shown.html and "href='01_decode_a_jwt.ipynb'" in shown.html
    for exercise_id in ("1.3", "1.4"):
        solved.remember(exercise_id, course)
    text = progress(course).text
    assert "Next: exercise 2.1" in text and "On the fast track: exercise 3.1" in text
    solve_all(course)
    assert "certificate" in progress(course).text and "next:" not in progress(course).text


def test_certificate_is_refused_with_what_is_missing(course):
    solve_all(course)
    entries = saved(course)
    del entries["2.2"], entries["7.1"]
    file = course.my_work / "progress.json"
    file.write_text(json.dumps({"solved": entries}), encoding="utf-8")
    shown = certificate("Ada", course)
    assert shown.text == "Not yet. Still to be solved in my_work/: 2.2, 7.1."
    assert not key_file(course).exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "A\u202eda", "A\nda", None])
def test_certificate_needs_a_name(course, name):
    solve_all(course)
    assert "name" in certificate(name, course).text and not key_file(course).exists()


def test_certificate_verifies_as_it_says_and_with_no_other_key(course):
    solve_all(course)
    shown = certificate("Ada Lovelace", course)
    lines = [line[4:] for line in shown.text.splitlines() if line.startswith("    ")]
    names = {"verify_token": verify_token}
    *preparation, last = lines
    exec("\n".join(preparation), names)  # as printed, in my_work/, where lesson 05 runs
    claims = eval(last, names)
    assert claims["sub"] == "Ada Lovelace" and claims["exercises"] == len(ALL)
    assert claims["lessons"][0] == "01 Decode a JWT"
    for key, issuer in (("x" * 64, "jwt-cell-by-cell"), (names["key"], "somebody else")):
        with pytest.raises(InvalidToken):
            verify_token(names["certificate"], key, issuer=issuer)
    assert "Who could forge it? You." in shown.text and "lesson 13" in shown.text.lower()
    if os.name == "posix":
        assert stat.S_IMODE(key_file(course).stat().st_mode) == 0o600
    key = key_file(course).read_text(encoding="utf-8")
    certificate("Grace", course)
    assert key == key_file(course).read_text(encoding="utf-8") and re.fullmatch("[0-9a-f]{64}", key)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64])
def test_damaged_key_signs_nothing(course, content):
    solve_all(course)
    key_file(course).write_bytes(content)
    text = certificate("Ada", course).text
    assert "eyJ" not in text and ("Delete that file" in text or "no certificate" in text)


@pytest.mark.parametrize("means", MEANS)
def test_certificate_without_room_for_a_key_is_refused(course, means):
    solve_all(course)
    with unwritable(course.my_work, means), contextlib.chdir(course.my_work):
        assert "There is no certificate: " in certificate("Ada", course).text
