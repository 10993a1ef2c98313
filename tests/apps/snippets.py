"""The apps of ``app_snippets/`` in this process, found by path, and a login at each that has one."""

import ast
import importlib
import re
import sys
import types
from pathlib import Path

import requests

from course.paths import Course
from course.server_log import is_flask

PASSWORD = "correct horse battery staple"
ADA = {"username": "ada", "password": PASSWORD}


def docstrings() -> dict[str, str]:
    """What each app says of itself, by its name."""
    folder = Course().snippets
    sources = {path.stem: path for path in folder.glob("*.py")} | {
        path.parent.name: path for path in folder.glob("*/__init__.py")
    }
    return {name: _docstring(path) for name, path in sorted(sources.items())}


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def login_services() -> list[str]:
    """The apps that keep a level of the contract, with tokens in the header Authorization."""
    kept = re.compile(r"Keeps the contract: \w+\.")
    return [name for name, said in docstrings().items() if kept.search(said)]


def load(name: str) -> types.ModuleType:
    """The app's module."""
    folder = str(Course().snippets)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


def add_ada(module: types.ModuleType, app, url: str) -> None:
    """A user, by the app's own way; an admin, where there are roles."""
    if hasattr(module, "add_user"):
        module.add_user(**ADA)
        return
    answer = requests.post(f"{url}/register", json=ADA, timeout=20)
    assert answer.status_code == 201, answer.text
    if is_flask(app) and "set-role" in app.cli.commands:
        done = app.test_cli_runner().invoke(args=["set-role", "ada", "admin"])
        assert done.exit_code == 0, done.output


def guarded_paths(app, url: str) -> list[str]:
    """What answers 401 to a GET without a token."""
    if is_flask(app):
        paths = [rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    else:
        paths = [path for path, methods in app.openapi()["paths"].items() if "get" in methods]
    plain = [path for path in paths if not set("<{") & set(path)]
    return [path for path in plain if requests.get(url + path, timeout=20).status_code == 401]
