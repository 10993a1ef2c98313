"""Linters, as tests: the README has one command for everything."""

import subprocess
import sys

import nbformat
import pytest

from course.paths import ROOT, Course

COURSE = Course()


def run(*command: str, text: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, cwd=ROOT, input=text, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


def ruff(*arguments: str) -> subprocess.CompletedProcess:
    return run(sys.executable, "-m", "ruff", *arguments)


def test_code_is_clean():
    done = ruff("check", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_code_is_formatted():
    done = ruff("format", "--check", ".")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", [COURSE.notebooks, COURSE.solutions], ids=lambda path: path.name)
def test_code_in_notebooks_is_clean(folder):
    # E402: a lesson imports where it first needs something. F811: a worked answer takes the place of a stub.
    # I001: one import a cell is a reading order. B018: the last line of a cell is its output.
    # F401: a hint waits behind a #, a stub imports what its answer will need.
    done = ruff(
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "E,F,UP,B",
        "--ignore",
        "E402,F401,F811,I001,B018,E501,B905,UP017",
        str(folder),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_spelling():
    done = run(sys.executable, "-m", "codespell_lib", "--toml", "pyproject.toml", "README.md", "CONTRIBUTING.md", "lessons",
               "course", "forked_kernels", "tests", "app_snippets")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_spelling_of_outputs():
    texts = [
        str(output) for path in COURSE.solutions.glob("*.ipynb") for cell in nbformat.read(path, 4).cells
        for output in cell.get("outputs", []) if output.output_type == "stream"
    ]  # fmt: skip
    done = run(sys.executable, "-m", "codespell_lib", "-", text="\n".join(texts))
    assert done.returncode == 0, done.stdout + done.stderr
