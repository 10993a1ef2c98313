"""Code of an app in a lesson: it is filled in from the app's file, and whatever stands in the way has a message."""

import subprocess
import sys

import pytest

from course.lesson import LessonError, read_lesson, read_outline
from course.paths import ROOT, Course
from course.snippets import fill
from tests.course.tiny_course import LESSON, snippet_cell, tiny_course, write

COURSE = Course()
APP = '''\
"""An app."""

from functools import wraps

SCOPES = {"admin": "all"}  # by role
LIMIT: int = 3

# Seen from outside,
# it is a key.
KEYS = [
    "a",
]


def requires(scope):
    def decorate(view):
        return view

    return decorate


@requires("all")
@wraps(print)
def users():
    """All of them."""
    return []


class User:
    name = "ada"


async def wait():
    pass
'''


@pytest.mark.parametrize(
    ("cell", "filled"),
    [
        ("# show: SCOPES", 'SCOPES = {"admin": "all"}  # by role'),
        (
            "# show: SCOPES, LIMIT\nprint(LIMIT)",
            'SCOPES = {"admin": "all"}  # by role\nLIMIT: int = 3\nprint(LIMIT)',
        ),
        ("# show: KEYS", '# Seen from outside,\n# it is a key.\nKEYS = [\n    "a",\n]'),
        (
            "import time\n\n# show: User, wait\n\nwait()\n\ntime.sleep(1)",
            'import time\n\n\nclass User:\n    name = "ada"\n\n\nasync def wait():\n    pass\n\n\nwait()\n\n'
            "time.sleep(1)",
        ),
        (
            "# show: users\n# show: User",
            '@requires("all")\n@wraps(print)\ndef users():\n    """All of them."""\n    return []\n\n\n'
            'class User:\n    name = "ada"',
        ),
        (
            "def mine():\n    return 1\n\n# show: User",
            'def mine():\n    return 1\n\n\nclass User:\n    name = "ada"',
        ),
        ("SCOPES = {}\n# show: LIMIT", "SCOPES = {}\nLIMIT: int = 3"),
    ],
)
def test_placeholder_is_filled(cell, filled):
    assert fill(cell, APP, "app.py") == filled


@pytest.fixture
def tiny(tmp_path) -> Course:
    course = tiny_course(tmp_path)
    (course.snippets / "roles").mkdir()
    (course.snippets / "roles" / "scopes.py").write_text(APP, encoding="utf-8")
    return course


PLACE = "09_tiny.md, line {}, cell 09-a-tiny-lesson-6: "
FIRST = LESSON.count("\n") + 7  # the line on which the text of the cell begins


@pytest.mark.parametrize(
    ("cell", "line", "words"),
    [
        ("x = 1\n# show: users, Users", 1, "app_snippets/roles/scopes.py does not define Users. "
         "Names that it does: SCOPES, LIMIT, KEYS, requires, users, User, wait."),
        ("x = 1", 0, "has no placeholder. Write one, such as `# show: SCOPES`"),
        ("# show users", 0, "has no placeholder"),
        ("#show: users", 0, "a placeholder is a line of its own, `# show: name, name`; this is `#show: users`"),
        ("# show: users,User", 0, "a placeholder is a line of its own"),
        ("if True:\n    # show: users\n    pass", 1, "a placeholder is a line of its own"),
        ("# show: users\n\ndef requires(scope):\n    return 3", 2,
         "requires is typed here, and app_snippets/roles/scopes.py defines it. Write `# show: requires` in its place"),
        ("LIMIT: int = 3\n# show: users", 0, "LIMIT is typed here"),
        ("# show: users\nx = (", 1, "is not Python"),
    ],
)  # fmt: skip
def test_snippet_that_cannot_be_filled_is_refused_with_its_place(tiny, cell, line, words):
    path = write(tiny, LESSON + snippet_cell(cell, "roles/scopes.py"))
    with pytest.raises(LessonError) as caught:
        read_lesson(path, tiny.snippets)
    assert str(caught.value).startswith(PLACE.format(FIRST + line)) and words in str(caught.value)


def test_missing_file_is_named_with_those_there_are(tiny):
    path = write(tiny, LESSON + snippet_cell("# show: users", "scopes.py"))
    with pytest.raises(LessonError, match=r"scopes.py does not exist.*that does: roles/scopes.py"):
        read_lesson(path, tiny.snippets)


def test_file_that_is_not_python_is_named(tiny):
    (tiny.snippets / "app.py").write_text("x = 1\ndef (", encoding="utf-8")
    path = write(tiny, LESSON + snippet_cell("# show: x"))
    with pytest.raises(LessonError, match=r"app_snippets/app.py, line 2, is not Python"):
        read_lesson(path, tiny.snippets)


def test_placeholder_outside_a_snippet_is_refused(tiny):
    path = write(tiny, LESSON.replace("def check(", "# show: users\ndef check("))
    with pytest.raises(LessonError, match=r"line 29, .*is not marked as a snippet. Mark the cell"):
        read_lesson(path, tiny.snippets)


def test_all_snippets_of_the_lessons_are_formatted_as_ruff_would():
    marked = filled = 0
    for path in COURSE.lesson_files():
        marked += sum(cell.snippet is not None for cell in read_outline(path).cells)
        for cell in read_lesson(path, COURSE.snippets).cells:
            if cell.snippet is None:
                continue
            filled += 1
            done = subprocess.run(
                [sys.executable, "-m", "ruff", "format", "-"],
                input=cell.source, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60,
            )  # fmt: skip
            # Imports keep the form in which a lesson reads best; only blank lines are the build's.
            expected = done.stdout.rstrip("\n")
            assert _blank_lines(cell.source) == _blank_lines(expected), cell.id
    assert marked == filled > 0


def _blank_lines(source: str) -> list[tuple[int, str]]:
    """The count of blank lines above each definition and each first line at the left edge, with that line."""
    counts, blank = [], 0
    for line in source.splitlines():
        if line and not line[0].isspace() and line[0] not in ")]}":
            counts.append((blank, line.partition("(")[0]))
        blank = 0 if line.strip() else blank + 1
    return counts
