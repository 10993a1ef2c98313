"""Apps with a fault on purpose, for those who judge apps."""

import importlib
import shutil
import sys
import types
from pathlib import Path

from flask import Flask

from tests.apps.running import APPS, PASSWORD, hash_cheaply

# How many rows the contract has up to a level: for every service, so that the total never moves.
ROWS = {"login": 26, "users": 43, "refresh": 62, "rotate": 77, "roles": 94}
ROWS_BY_COOKIE = {"login": 37, "users": 54, "refresh": 85, "rotate": 103, "roles": 120}


def broken_app(name: str, replacements: list[tuple[str, str]], folder: Path) -> types.ModuleType:
    """A copy of the app in this folder, under a name of its own, with these replacements in its sources."""
    app = APPS[name]
    copy = folder / f"broken_{folder.name}{app.path.suffix}"
    (shutil.copytree if app.path.is_dir() else shutil.copy)(app.path, copy)
    sources = sorted(copy.glob("*.py")) if copy.is_dir() else [copy]
    for old, new in replacements:
        texts = {path: path.read_text(encoding="utf-8") for path in sources}
        (path,) = [path for path, text in texts.items() if text.count(old) == 1]
        path.write_text(texts[path].replace(old, new), encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        # What is judged here is not the strength of the hash.
        return hash_cheaply(importlib.import_module(copy.stem))
    finally:
        sys.path.remove(str(folder))


def add_ada(module: types.ModuleType, app: Flask) -> None:
    if hasattr(module, "add_user"):
        module.add_user("ada", PASSWORD)
        return
    body = {"username": "ada", "password": PASSWORD}
    assert app.test_client().post("/register", json=body).status_code == 201
    if "set-role" in app.cli.commands:
        done = app.test_cli_runner().invoke(args=["set-role", "ada", "admin"])
        assert done.exit_code == 0, done.output
