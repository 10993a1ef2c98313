"""The learner's copies: what is renewed, kept, offered; and that nothing of a learner is ever lost."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import nbformat
import pytest

from course import files
from course.learner import START_PAGE, prepare_my_work, reset, solution
from course.lesson_map import read_map
from course.paths import Course
from course.progress_view import progress
from tests.learner.failing_disks import MEANS, unwritable
from tests.lessons.test_lessons import links, prose

LESSON = "03_create_a_jwt.ipynb"
PREPARE = """
import sys, pathlib
from course.learner import prepare_my_work, _language_of_this_kernel
from course.paths import Course
_language_of_this_kernel()  # its import is slow; what is tried is the writing
course = Course(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(prepare_my_work(course))
"""


@pytest.fixture
def course(tmp_path) -> Course:
    course = Course(tmp_path)
    for name in ("notebooks", "solutions"):
        (tmp_path / name).mkdir()
        for source in sorted((Course().root / name).glob("*.ipynb")):
            (tmp_path / name / source.name).write_bytes(source.read_bytes())
    return course


def edit(path, text: str) -> None:
    """Append to the source of the first cell."""
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source += f"\n{text}"
    nbformat.write(notebook, path)


def execute(path) -> None:
    """Leave what running and saving leaves: outputs, counts, the version of the kernel."""
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = 7
            cell.outputs = [nbformat.v4.new_output("stream", text="an output of mine")]
    notebook.metadata.language_info.version = "3.99"
    nbformat.write(notebook, path)


def names(course) -> set[str]:
    return {path.name for path in course.my_work.iterdir() if path.suffix == ".ipynb"}


def lessons(course) -> set[str]:
    return {path.name for path in course.notebooks.glob("*.ipynb")}


def text_of(path) -> str:
    return path.read_text(encoding="utf-8")


def test_copies_have_the_cells_and_no_outputs(course):
    done = prepare_my_work(course)
    assert {copy.name for copy in done.new} == lessons(course)
    for copy in done.new:
        notebook = nbformat.read(copy, 4)
        nbformat.validate(notebook)
        original = nbformat.read(course.notebooks / copy.name, 4)
        assert [cell.source for cell in notebook.cells] == [cell.source for cell in original.cells]
        assert not any(
            cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells
        )
    nbformat.validate(nbformat.read(course.my_work / START_PAGE, 4))


def test_second_start_writes_no_lesson(course):
    copy = prepare_my_work(course).new[0]
    before = copy.stat().st_mtime_ns, names(course)
    done = prepare_my_work(course)
    assert not done.new and not done.renewed and not done.offered and not done.earlier
    assert before == (copy.stat().st_mtime_ns, names(course))


def test_untouched_lesson_is_renewed(course):
    prepare_my_work(course)
    edit(course.notebooks / LESSON, "newer")
    done = prepare_my_work(course)
    assert [path.name for path in done.renewed] == [LESSON] and not done.earlier
    assert "newer" in text_of(course.my_work / LESSON)
    assert names(course) == lessons(course) | {START_PAGE}


def test_lesson_that_was_only_run_is_renewed_and_its_outputs_stay(course):
    prepare_my_work(course)
    execute(course.my_work / LESSON)
    assert not prepare_my_work(course).earlier  # nothing newer: nothing happens
    edit(course.notebooks / LESSON, "newer")
    (earlier,) = prepare_my_work(course).earlier.values()
    assert "an output of mine" in text_of(earlier) and "newer" not in text_of(earlier)
    assert "newer" in text_of(course.my_work / LESSON)


def test_touched_lesson_is_kept_and_the_newer_one_offered_once(course):
    prepare_my_work(course)
    copy, offer = course.my_work / LESSON, course.my_work / "03_create_a_jwt.new.ipynb"
    edit(copy, "mine")
    assert not prepare_my_work(course).offered and not offer.exists()

    edit(course.notebooks / LESSON, "second edition")
    done = prepare_my_work(course)
    assert done.offered == {copy: offer} and offer.name in str(done)
    assert "mine" in text_of(copy) and "second edition" in text_of(offer)
    assert not prepare_my_work(course).offered  # the third start

    edit(course.notebooks / LESSON, "third edition")  # the offer was not touched: renewed
    assert prepare_my_work(course).offered == {copy: offer}
    assert "third edition" in text_of(offer)

    edit(offer, "mine, too")  # the learner went on in the offer
    edit(course.notebooks / LESSON, "fourth edition")
    (second,) = prepare_my_work(course).offered.values()
    assert second.name == "03_create_a_jwt.new-2.ipynb" and "fourth edition" in text_of(second)
    assert "mine, too" in text_of(offer) and "mine" in text_of(copy)

    second.unlink()  # no, thanks
    assert not prepare_my_work(course).offered and not second.exists()


def test_offer_that_takes_the_place_of_the_lesson_is_the_lesson(course):
    prepare_my_work(course)
    copy = course.my_work / LESSON
    edit(copy, "mine")
    edit(course.notebooks / LESSON, "newer")
    (offer,) = prepare_my_work(course).offered.values()
    os.replace(offer, copy)
    edit(course.notebooks / LESSON, "newest")
    assert [path.name for path in prepare_my_work(course).renewed] == [LESSON]


@pytest.mark.parametrize("memory", [None, "{ half", "[]", '{"given": 3}', ""])
def test_without_its_memory_every_lesson_that_differs_is_kept(course, memory):
    prepare_my_work(course)
    file = course.my_work / ".course" / "given.json"
    if memory is None:
        file.unlink()
    else:
        file.write_text(memory, encoding="utf-8")
    edit(course.notebooks / LESSON, "newer")
    before = text_of(course.my_work / LESSON)
    done = prepare_my_work(course)
    assert [path.name for path in done.offered] == [LESSON] and not done.renewed
    assert text_of(course.my_work / LESSON) == before
    assert not prepare_my_work(course).offered


@pytest.mark.parametrize("content", ["mine", "", "{}", "[[[", '{"cells": [{"source": 3}]}'])
def test_what_is_no_notebook_is_kept(course, content):
    course.my_work.mkdir()
    (course.my_work / LESSON).write_text(content, encoding="utf-8")
    assert prepare_my_work(course).offered
    assert text_of(course.my_work / LESSON) == content


def a_folder(path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("mine", encoding="utf-8")


def a_socket(path) -> None:
    # The name of a socket may not be long.
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


IN_THE_WAY = {
    "a folder": a_folder,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
}
if sys.platform != "win32":
    IN_THE_WAY |= {
        "a pipe": lambda path: os.mkfifo(path),
        "a socket": a_socket,
        "a device": lambda path: path.symlink_to("/dev/zero"),
    }


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_what_is_no_file_is_kept_and_said_and_never_waited_for(course, kind):
    course.my_work.mkdir()
    IN_THE_WAY[kind](course.my_work / LESSON)
    done = prepare_my_work(course)
    assert f"{LESSON} is {kind} and not a notebook: rename it" in str(done)
    assert done.offered and files.kind_of(course.my_work / LESSON) == kind
    assert f"{LESSON} is {kind}" in str(prepare_my_work(course))
    copy, earlier = reset(course, LESSON[:2])
    assert copy.is_file() and files.kind_of(earlier) == kind
    (course.my_work / "solutions").mkdir()
    IN_THE_WAY[kind](course.my_work / "solutions" / LESSON)
    assert solution(course, LESSON[:2]).name == LESSON.replace(".ipynb", "-2.ipynb")
    if kind == "a folder":
        assert text_of(earlier / "notes.txt") == "mine"


@pytest.mark.parametrize("kind", [kind for kind in IN_THE_WAY if kind != "a link to nothing"])
@pytest.mark.parametrize("name", ["progress.json", ".course/given.json", ".course/certificate_private_key.pem", "START_HERE.ipynb"])  # fmt: skip
def test_what_stands_in_the_place_of_the_course_s_own_files_is_said(course, name, kind):
    prepare_my_work(course)
    (course.my_work / name).unlink(missing_ok=True)
    IN_THE_WAY[kind](course.my_work / name)
    said = str(prepare_my_work(course)) if name != ".course/given.json" else ""
    if name == "START_HERE.ipynb":
        assert "START_HERE.earlier-1.ipynb is your START_HERE.ipynb as it was" in said
        return
    with pytest.raises(OSError, match=f"This is {kind} and not a file"):
        files.read_json(course.my_work / name)
    if name == "progress.json":
        assert f"This is {kind} and not a file" in progress(course).text
    if name == ".course/given.json":
        with pytest.raises(OSError, match=f"This is {kind} and not a file"):
            prepare_my_work(course)


def test_deleted_lesson_comes_back_and_a_renamed_one_stays(course):
    prepare_my_work(course)
    (course.my_work / LESSON).unlink()
    renamed = (course.my_work / "01_decode_a_jwt.ipynb").rename(course.my_work / "my_tokens.ipynb")
    edit(renamed, "mine")
    done = prepare_my_work(course)
    assert {path.name for path in done.new} == {LESSON, "01_decode_a_jwt.ipynb"}
    assert "mine" in text_of(renamed)


def test_edited_start_page_is_kept_under_another_name(course):
    prepare_my_work(course)
    execute(course.my_work / START_PAGE)  # run again by the reader: not an edition
    assert not prepare_my_work(course).earlier
    edit(course.my_work / START_PAGE, "mine")
    (earlier,) = prepare_my_work(course).earlier.values()
    assert earlier.name == "START_HERE.earlier-1.ipynb" and "mine" in text_of(earlier)
    assert "mine" not in text_of(course.my_work / START_PAGE)
    edit(course.my_work / START_PAGE, "mine again")
    prepare_my_work(course)
    assert "mine again" in text_of(course.my_work / "START_HERE.earlier-2.ipynb")


def test_reset_gives_a_fresh_copy_and_keeps_the_old(course):
    prepare_my_work(course)
    for number in (1, 2):
        edit(course.my_work / LESSON, f"mine {number}")
        copy, earlier = reset(course, "3")
        assert earlier.name == f"03_create_a_jwt.earlier-{number}.ipynb"
        assert f"mine {number}" in text_of(earlier) and "mine" not in text_of(copy)
    copy.unlink()
    assert reset(course, "03") == (copy, None) and copy.exists()


PAGE = "common_errors.ipynb"


@pytest.mark.parametrize(
    "name", ["3", "03", " 03 ", "03_create_a_jwt", LESSON, "common_errors", PAGE]
)
def test_reset_of_an_untouched_copy_leaves_nothing_behind(course, name):
    prepare_my_work(course)
    before = names(course)
    copy, earlier = reset(course, name)
    assert copy.name in (LESSON, PAGE) and earlier is None and names(course) == before
    edit(course.notebooks / copy.name, "newer")
    assert reset(course, name) == (copy, None) and names(course) == before
    assert "newer" in text_of(copy)
    assert not prepare_my_work(course).renewed


@pytest.mark.parametrize("touch", [lambda path: edit(path, "mine"), execute], ids=["edited", "run"])
@pytest.mark.parametrize("name", [LESSON, PAGE])
def test_reset_keeps_whatever_is_the_learner_s(course, name, touch):
    prepare_my_work(course)
    touch(course.my_work / name)
    was = text_of(course.my_work / name)
    copy, earlier = reset(course, name)
    assert text_of(earlier) == was and earlier.name == name.replace(".ipynb", ".earlier-1.ipynb")
    assert "mine" not in text_of(copy)
    (course.my_work / ".course/given.json").unlink()
    assert reset(course, name) == (copy, None)


def test_solution_is_put_at_hand_and_never_over_something(course):
    copy = solution(course, "03")
    assert copy == course.my_work / "solutions" / LESSON == solution(course, "3")
    edit(copy, "mine")
    second = solution(course, "03")
    assert second.name == "03_create_a_jwt-2.ipynb" and "mine" in text_of(copy)
    worked = nbformat.read(course.solutions / LESSON, 4)
    given = nbformat.read(second, 4)
    assert [cell.get("outputs") for cell in given.cells] == [
        cell.get("outputs") for cell in worked.cells
    ]


def test_links_lead_somewhere_from_everything_that_learners_get(course):
    prepare_my_work(course)
    for lesson in read_map(course):
        solution(course, lesson.number)
    got = sorted(course.my_work.rglob("*.ipynb"))
    assert len(got) == 2 * len(read_map(course)) + 2
    for path in got:
        for target in links(prose(nbformat.read(path, 4))):
            assert (path.parent / target.partition("#")[0]).exists(), (path, target)


def test_paths_of_the_code_lead_somewhere_from_everything_that_learners_get(course):
    shutil.copytree(Course().snippets, course.snippets)
    prepare_my_work(course)
    copies = [solution(course, lesson.number) for lesson in read_map(course)]
    found = 0
    for path in [*copies, *course.my_work.glob("*.ipynb")]:
        code = "\n".join(
            cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"
        )
        for target in re.findall(r'"(\.\./[^"]*)"', code):
            assert (path.parent / target).exists(), (path, target)
            found += 1
    assert found


def test_copies_do_not_repeat_what_the_lesson_says_of_itself(course):
    """It would be wrong as soon as the learner writes something."""
    for copy in prepare_my_work(course).new:
        assert "course" not in nbformat.read(copy, 4).metadata


@pytest.mark.parametrize("number", ["99", "x", "", "../3"])
def test_unknown_lesson_names_those_there_are(course, number):
    for command in (reset, solution):
        with pytest.raises(LookupError, match="01, 02, 03"):
            command(course, number)


@pytest.mark.parametrize("means", MEANS)
def test_folder_that_cannot_be_written_loses_nothing(course, means):
    course.my_work.mkdir()
    mine = course.my_work / LESSON
    mine.write_text("mine", encoding="utf-8")
    with unwritable(course.my_work, means):
        for attempt in (prepare_my_work, lambda course: reset(course, "03")):
            with pytest.raises(OSError):
                attempt(course)
        in_view = {p.name: p.read_bytes() for p in course.my_work.iterdir() if p.is_file()}
        assert b"mine" in in_view.values() and not [n for n in in_view if n.endswith(".part")]
    assert text_of(mine) == "mine"
    assert len(prepare_my_work(course).new) == len(lessons(course)) - 1


def test_file_that_grows_too_large_leaves_the_old_one(tmp_path):
    """What a quota does, as far as each system has one: the writing itself fails half-way."""
    target = tmp_path / "target.json"
    target.write_text("old", encoding="utf-8")
    with pytest.raises((OSError, UnicodeError)):
        if sys.platform == "win32":
            files.write(target, "x" * 100_000 + "\ud800")  # cannot be encoded
        else:
            import resource

            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
            try:
                files.write(target, "x" * 100_000)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert text_of(target) == "old" and list(tmp_path.iterdir()) == [target]


def start(course) -> subprocess.Popen:
    """A second process that is about to prepare ``my_work/``."""
    process = subprocess.Popen(
        [sys.executable, "-c", PREPARE, str(course.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_starts_at_once_give_each_lesson_once(course):
    processes = [start(course) for _ in range(2)]
    for process in processes:
        go(process)
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    count = len(lessons(course))
    assert sorted(out.splitlines()[0] for out, _ in said) == [
        f"0 lessons new, 0 renewed, {count} kept, 0 offered beside yours",
        f"{count} lessons new, 0 renewed, 0 kept, 0 offered beside yours",
    ]
    assert names(course) == lessons(course) | {START_PAGE}


def test_stopped_at_any_moment_the_next_start_makes_everything_whole(course):
    signals = [signal.SIGTERM] if sys.platform == "win32" else [signal.SIGINT, signal.SIGKILL]
    chance = random.Random(7)
    started = time.monotonic()
    prepare_my_work(course)
    usual = time.monotonic() - started
    edit(course.my_work / "02_sign_a_jwt.ipynb", "MINE")
    execute(course.my_work / LESSON)
    stopped = 0
    for number in range(12):
        edit(course.notebooks / LESSON, f"edition {number}")
        edit(course.notebooks / "02_sign_a_jwt.ipynb", f"edition {number}")
        (course.my_work / "05_refuse_bad_tokens.ipynb").unlink()
        process = start(course)
        go(process)
        time.sleep(chance.uniform(0, usual))
        process.send_signal(signals[number % len(signals)])
        process.communicate(timeout=60)
        stopped += process.returncode != 0
        prepare_my_work(course)
        for path in course.my_work.glob("*.ipynb"):
            nbformat.validate(nbformat.read(path, 4))
        assert f"edition {number}" in text_of(course.my_work / LESSON)
        assert "MINE" in text_of(course.my_work / "02_sign_a_jwt.ipynb")
        assert any(
            f"edition {number}" in text_of(offer) for offer in course.my_work.glob("02*.new*.ipynb")
        )
        assert any("an output of mine" in text_of(path) for path in course.my_work.glob("03*"))
        json.loads(text_of(course.my_work / ".course" / "given.json"))
        assert not list(course.my_work.rglob("*.part"))
    assert stopped > 0
