"""What the files of ``app_snippets/`` owe whoever reads or copies them."""

import ast
import importlib.metadata
import re
import sys
from collections import defaultdict

import pytest

from course.contract import LEVELS
from course.paths import Course
from tests.apps.running import APPS, KEEPING, KEEPING_NONE, NAMES

SOURCES = [source for app in APPS.values() for source in app.sources()]
FILES = [path for app in APPS.values() for path in app.files()]
# What a distribution is imported as, where that is not its name.
IMPORTED_AS = {
    "pyjwt": "jwt",
    "python-jose": "jose",
    "libpass": "passlib",
    "python-multipart": None,
}


def ids(path) -> str:
    return f"{path.parent.name}/{path.name}"


def imports_of(path) -> set[str]:
    """The packages that a file imports; its own folder and the standard library left out."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def test_every_file_belongs_to_an_app_that_names_its_level_or_says_why_it_keeps_none():
    there = {path for path in Course().snippets.rglob("*") if path.is_file()}
    stray = {path for path in there if "__pycache__" not in path.parts} - set(FILES)
    assert stray == set()
    for app in APPS.values():
        assert (app.level is None) != (app.reason is None), f"{app.name}: a level, or a reason"
        assert app.level is None or app.level in LEVELS, (app.name, app.level)
    assert sorted(KEEPING + KEEPING_NONE) == sorted(NAMES)


def test_files_of_one_name_have_the_same_bytes_in_every_folder():
    by_name = defaultdict(set)
    for path in SOURCES:
        if path.name != "__init__.py":
            by_name[path.name].add(path.read_bytes())
    assert {name: len(contents) for name, contents in by_name.items() if len(contents) > 1} == {}


def definitions_of(path) -> dict[str, str]:
    source = path.read_text(encoding="utf-8")
    return {
        node.name: ast.get_source_segment(source, node)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


# What has one name and is meant to differ, with the reason.
DIFFERENT = {
    "create_app": "each app has its own",
    **dict.fromkeys(
        [
            "by_algorithm",
            "by_file",
            "by_database",
            "by_embedded_key",
            "by_kind",
            "by_secret",
            "signing_secret",
        ],
        "weak_api and fixed_api are laid side by side in lesson 14",
    ),
    **dict.fromkeys(
        ["UserLogin", "Refresh", "Logout"], "what each of lessons 07, 08, 09 and 11 makes new"
    ),
    "LogoutEverywhere": "lesson 11 takes the cookies back, too",
    "TokenPairSchema": "lesson 08 renews an access token alone, lesson 09 both",
    "read_the_body_first": "the household of the folders raises what Flask-Smorest draws",
    "answer_503_without_a_database": "Flask and FastAPI",
    "accept_only_our_kind_of_token": "a single file has no claims of a session",
    "furnish": "Flask and FastAPI",
    "bearer_token": "Flask and FastAPI",
    "find_user": "sqlite3 and SQLAlchemy",
    "create_token_pair": "a token of lesson 08 names its refresh token, one of lesson 09 its session",
}


def test_what_has_one_name_is_the_same_wherever_it_stands():
    texts = defaultdict(set)
    for path in SOURCES:
        for name, text in definitions_of(path).items():
            texts[name].add(text)
    assert {name for name, found in texts.items() if len(found) > 1} == set(DIFFERENT)


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_nothing_is_imported_from_the_course(path):
    assert "course" not in imports_of(path)


@pytest.mark.parametrize("name", NAMES)
def test_install_line_names_what_is_imported_and_nothing_else(name):
    app = APPS[name]
    imported = set().union(*map(imports_of, app.sources())) - {name}
    named = set()
    for requirement in app.requirements:
        distribution = re.match(r"[\w.-]+", requirement)[0]
        named.add(IMPORTED_AS.get(distribution, distribution.replace("-", "_")))
    # FastAPI reads forms with it, without an import.
    assert (None in named) == ("python-multipart" in app.requirements) == ("fastapi" in imported)
    assert "uvicorn" in named if "fastapi" in imported else "uvicorn" not in named
    assert named - {None, "uvicorn"} == imported
    text = "".join(path.read_text(encoding="utf-8") for path in app.sources())
    if "argon2" in text:
        assert {"libpass[argon2]", "pwdlib[argon2]"} & set(app.requirements)
    if "jose" in imported:
        assert "python-jose[cryptography]" in app.requirements


@pytest.mark.parametrize("name", NAMES)
def test_no_app_has_the_name_of_a_package(name):
    """In the folder of such a file, ``import flask_login`` would bring the app and not Flask-Login."""
    assert name not in importlib.metadata.packages_distributions()
    assert name not in (
        "flask_login",
        "flask_security",
        "flask_jwt",
        "flask_users",
        "fastapi_users",
    )
