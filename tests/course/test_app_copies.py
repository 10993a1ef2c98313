"""A file that several apps share is written once, and a change is never lost."""

import os

import pytest

from course import app_copies
from course.paths import Course

FIRST, SECOND = (
    '"""First (lesson 07)."""\nfrom .house import door\n',
    '"""Second (lesson 08)."""\nfrom .idea import new\n',
)


@pytest.fixture
def snippets(tmp_path):
    """Two apps, of which the second one imports the household of the first by way of its idea."""
    for name, init in (("zebra", FIRST), ("ant", SECOND)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(init, encoding="utf-8")
    (tmp_path / "zebra/house.py").write_text("from .start import key\ndoor = 1\n", encoding="utf-8")
    (tmp_path / "zebra/start.py").write_text("key = 2\n", encoding="utf-8")
    (tmp_path / "ant/idea.py").write_text("from .house import door\nnew = 3\n", encoding="utf-8")
    return tmp_path


def test_what_an_app_imports_is_put_beside_it(snippets):
    assert len(list(app_copies.differences(snippets))) == 2
    written = app_copies.write(snippets)
    assert {path.name for path in written} == {"house.py", "start.py"}
    for name in ("house.py", "start.py"):
        assert (snippets / "ant" / name).read_bytes() == (snippets / "zebra" / name).read_bytes()
    assert list(app_copies.differences(snippets)) == [] == app_copies.write(snippets)


def test_the_app_of_the_earliest_lesson_has_the_file_to_edit(snippets):
    app_copies.write(snippets)
    source = snippets / "zebra/house.py"
    source.write_text("from .start import key\ndoor = 7\n", encoding="utf-8")
    os.utime(source, (2_000_000_000, 2_000_000_000))
    (line,) = app_copies.differences(snippets)
    assert "ant/house.py: is not what" in line and "zebra/house.py says" in line
    app_copies.write(snippets)
    assert "door = 7" in (snippets / "ant/house.py").read_text(encoding="utf-8")


def test_a_copy_that_was_edited_is_not_thrown_away(snippets):
    app_copies.write(snippets)
    copy = snippets / "ant/house.py"
    copy.write_text("mine\n", encoding="utf-8")
    os.utime(copy, (2_000_000_000, 2_000_000_000))
    with pytest.raises(app_copies.CopyError, match="ant/house.py was changed.*zebra/house.py"):
        app_copies.write(snippets)
    assert copy.read_text(encoding="utf-8") == "mine\n"
    copy.unlink()
    assert app_copies.write(snippets) == [copy]


def test_the_apps_of_the_course_are_what_their_sources_say():
    assert list(app_copies.differences(Course().snippets)) == []
    assert app_copies.sources(Course().snippets)["users.py"].parent.name == "smorest_users"
    assert app_copies.sources(Course().snippets)["sessions.py"].parent.name == "rotate_refresh"
