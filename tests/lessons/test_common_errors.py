"""The page of common errors can be searched by eye: its list names every message, and says which are only quoted."""

import re

import nbformat
import pytest

from course.paths import Course
from tests.lessons.test_lessons import headings, prose

NOTEBOOK = nbformat.read(Course().notebooks / "common_errors.ipynb", 4)
TOP = NOTEBOOK.cells[0].source
HEADINGS = headings(prose(NOTEBOOK))
# What people search for, each in the words in which it comes. The page may say more of it, and never less.
SEARCHED = [
    "Token has expired",
    "'str' object has no attribute 'decode'",
    "The token is not yet valid (iat)",
    "The browser (or proxy) sent a request that this server could not understand",
    "blocked by CORS policy",
    "cannot be longer than 72 bytes",
    "module 'bcrypt' has no attribute '__about__'",
    "jwt_refresh_token_required", "get_raw_jwt", "jwt_optional", "fresh_jwt_required", "get_jwt_claims", "user_claims",
    "Missing CSRF token",
    "python-multipart",
    "asyncio.run() cannot be called from a running event loop",
    "HMAC secret",
    "InsecureKeyLengthWarning",
    "database is locked",
    "Can't load plugin: sqlalchemy.dialects:postgres",
    "Could not locate a Flask application",
    "takes 1 positional argument but 2 were given",
    "can't compare offset-naive and offset-aware datetimes",
    "No module named 'jwt'",
    "MissingBackendError",
    "NO_PROXY",
    "Error displaying widget",
]  # fmt: skip


def messages_below(group: str) -> list[str]:
    at = HEADINGS.index((2, group))
    below = HEADINGS[at + 1 :]
    end = next((index for index, (level, _) in enumerate(below) if level == 2), len(below))
    return [title.removeprefix("Quoted: ").strip("`") for _, title in below[:end]]


def test_the_list_at_the_top_is_what_the_page_has():
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\): (.+)$", TOP, re.M)
    groups = [title for level, title in HEADINGS if level == 2]
    assert [group for group, _, _ in listed] == groups and len(groups) >= 8
    for group, anchor, messages in listed:
        assert anchor == group.replace(" ", "-")
        assert re.findall(r"`(.+?)`", messages) == messages_below(group)


@pytest.mark.parametrize("words", SEARCHED)
def test_what_people_search_for_is_there(words):
    assert words in prose(NOTEBOOK)


def test_what_is_quoted_says_from_where_and_nothing_else_goes_unprovoked():
    """That the others are provoked by their cells, test_lessons.py holds."""
    quoted = 0
    for cell in NOTEBOOK.cells:
        title = re.match(r"### (.+)", cell.source)
        if cell.cell_type != "markdown" or not title:
            continue
        assert re.fullmatch(r"(Quoted: )?`[^`]+`", title[1]), title[1]
        assert title[1].startswith("Quoted: ") == bool(re.search(r"^\*Quoted from .+\*$", cell.source, re.M))  # fmt: skip
        assert "**It means**: " in cell.source and "**What to do**: " in cell.source
        quoted += title[1].startswith("Quoted: ")
    assert 0 < quoted <= 4


def test_no_message_stands_twice():
    titles = [title for level, title in HEADINGS if level == 3]
    assert len(set(titles)) == len(titles) >= 50
