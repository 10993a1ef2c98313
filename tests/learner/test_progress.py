"""What is solved is remembered, shown, and certified; and nothing that goes wrong there breaks a check."""

import contextlib
import json
import os
import secrets
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey, OKPKey

from app_snippets.jose_login import InvalidToken, verify_token
from course import check, checking, files, progress, solved
from course.certify import certificate, old_key_file, private_key_file, public_key_file
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
    assert not private_key_file(course).exists() and not public_key_file(course).exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "A\u202eda", "A\nda", None])
def test_certificate_needs_a_name(course, name):
    solve_all(course)
    assert "name" in certificate(name, course).text and not private_key_file(course).exists()


def printed_lines(text: str) -> list[str]:
    """The lines that whoever gets a certificate is told to run."""
    return [line[4:] for line in text.splitlines() if line.startswith("    ")]


def test_certificate_verifies_elsewhere_with_the_three_lines_that_it_prints(course, tmp_path):
    solve_all(course)
    shown = certificate("Ada Lovelace", course)
    lines = printed_lines(shown.text)
    assert len(lines) == 3
    code = "\n".join(["import json", *lines[:2], f"print(json.dumps({lines[2]}))"])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    claims = json.loads(done.stdout)
    assert claims["sub"] == "Ada Lovelace" and claims["exercises"] == len(ALL)
    assert claims["iss"] == "jwt-cell-by-cell" and claims["lessons"][0] == "01 Decode a JWT"
    token = shown.text.split()[0]
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "JWT"}
    for public_key, issuer in (
        (public_key_file(course).read_text(encoding="utf-8"), "somebody else"),
        (OKPKey.generate_key("Ed25519").as_pem(private=False).decode(), "jwt-cell-by-cell"),
    ):
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(token, public_key, algorithms=["EdDSA"], issuer=issuer)


def test_certificate_says_what_it_proves_and_who_could_forge_it(course):
    solve_all(course)
    text = certificate("Ada", course).text
    assert "Who could forge it? Whoever can read the private key" in text
    assert "What does it prove? That the holder of this private key says so." in text
    assert "lesson 13" in text.lower() and "HS256" not in text
    public_pem = public_key_file(course).read_text(encoding="utf-8")
    assert public_pem in text and "PRIVATE KEY-----" not in text
    assert "PRIVATE KEY-----" not in certificate("Ada", course).html


def test_key_pair_is_made_once_and_its_private_half_is_for_its_owner(course):
    solve_all(course)
    certificate("Ada", course)
    private_file, public_file = private_key_file(course), public_key_file(course)
    private_pem, public_pem = private_file.read_bytes(), public_file.read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE(private_file.stat().st_mode) == 0o600
    pair = serialization.load_pem_private_key(private_pem, password=None)
    of_the_private_one = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert of_the_private_one == public_pem
    certificate("Grace", course)
    assert (private_file.read_bytes(), public_file.read_bytes()) == (private_pem, public_pem)
    # It follows from the private one, also after a power cut between the two.
    public_file.unlink()
    assert certificate("Ada", course).text.startswith("eyJ")
    assert public_file.read_bytes() == public_pem


@pytest.mark.parametrize("newlines", ["\n", "\r\n"])
def test_public_key_may_have_passed_through_an_editor(course, newlines):
    solve_all(course)
    certificate("Ada", course)
    pem = public_key_file(course).read_text(encoding="utf-8")
    public_key_file(course).write_bytes(f"{pem.strip()}{newlines}".replace("\n", newlines).encode())
    assert certificate("Ada", course).text.startswith("eyJ")


def test_certificate_of_before_verifies_as_before_and_its_key_stays(course):
    """As the course issued them before lesson 13: HS256, with the key in .course/certificate_key."""
    solve_all(course)
    key = secrets.token_hex(32)
    old_key_file(course).write_text(key, encoding="utf-8")
    old = jwt.encode(
        {"iss": "jwt-cell-by-cell", "sub": "Ada", "exp": int(time.time()) + 1000}, key, "HS256"
    )
    text = certificate("Ada", course).text
    assert "certificates of before are signed with HS256. They verify as before" in text
    assert "my_work/.course/certificate_key, which stays" in text
    assert old_key_file(course).read_text(encoding="utf-8") == key
    assert verify_token(old, key, issuer="jwt-cell-by-cell")["sub"] == "Ada"
    with pytest.raises(InvalidToken):
        verify_token(old, secrets.token_hex(32), issuer="jwt-cell-by-cell")
    # Whoever verifies the new ones as they say takes no old one, whatever it is signed with.
    names = {}
    import_line, key_line, last = printed_lines(text)
    exec(f"{import_line}\n{key_line}", names)
    assert eval(last, names)["sub"] == "Ada"
    with pytest.raises(jwt.InvalidTokenError):
        eval(last.replace(text.split()[0], old), names)


DAMAGED = {
    "empty": b"",
    "no text": b"\xff" * 64,
    "half": OKPKey.generate_key("Ed25519").as_pem(private=True)[:60],
    "public": OKPKey.generate_key("Ed25519").as_pem(private=False),
    "another kind": ECKey.generate_key("P-256").as_pem(private=True),
    "with a password": OKPKey.generate_key("Ed25519").as_pem(private=True, password="secret"),
    "of HS256": secrets.token_hex(32).encode(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_private_key_signs_nothing_and_is_left_as_it_is(course, content):
    solve_all(course)
    certificate("Ada", course)
    public_pem = public_key_file(course).read_bytes()
    private_key_file(course).write_bytes(content)
    text = certificate("Ada", course).text
    assert (
        "eyJ" not in text and "certificate_private_key.pem is damaged, or of another kind" in text
    )
    assert "Nothing was changed" in text and "rename both files" in text
    assert private_key_file(course).read_bytes() == content
    assert public_key_file(course).read_bytes() == public_pem


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_public_key_is_told_and_left_as_it_is(course, content):
    solve_all(course)
    certificate("Ada", course)
    private_pem = private_key_file(course).read_bytes()
    public_key_file(course).write_bytes(content)
    text = certificate("Ada", course).text
    assert "eyJ" not in text and "certificate_public_key.pem is damaged, or belongs to" in text
    assert public_key_file(course).read_bytes() == content
    assert private_key_file(course).read_bytes() == private_pem
    # As it says.
    public_key_file(course).rename(course.my_work / "kept.pem")
    assert certificate("Ada", course).text.startswith("eyJ")


def test_lost_private_key_is_told_and_no_new_pair_is_made_over_the_old_one(course):
    solve_all(course)
    certificate("Ada", course)
    public_pem = public_key_file(course).read_bytes()
    private_key_file(course).unlink()
    text = certificate("Ada", course).text
    assert "eyJ" not in text and "its private half, certificate_private_key.pem, is not" in text
    assert not private_key_file(course).exists()
    assert public_key_file(course).read_bytes() == public_pem
    # As it says.
    public_key_file(course).rename(course.my_work / "kept.pem")
    assert certificate("Ada", course).text.startswith("eyJ")
    assert public_key_file(course).read_bytes() != public_pem


@pytest.mark.parametrize("which", [private_key_file, public_key_file])
def test_folder_in_the_place_of_a_key_is_said(course, which):
    solve_all(course)
    certificate("Ada", course)
    which(course).unlink()
    which(course).mkdir()
    assert "This is a folder and not a file" in certificate("Ada", course).text
    assert files.kind_of(which(course)) == "a folder"


@pytest.mark.parametrize("means", MEANS)
def test_certificate_without_room_for_a_key_is_refused(course, means):
    solve_all(course)
    with unwritable(course.my_work, means), contextlib.chdir(course.my_work):
        assert "There is no certificate: " in certificate("Ada", course).text
