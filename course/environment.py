"""The check before the first lesson: is everything here that the course needs?"""

import importlib
import importlib.metadata
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_PYTHON = (3, 11)
# What a lesson imports, and the distribution that brings it.
PACKAGES = {
    "jupyterlab": "jupyterlab",
    "jose": "python-jose",
    "flask": "flask",
    "flask_jwt_extended": "flask-jwt-extended",
    "requests": "requests",
    "nbval": "nbval",
}
# Distributions of other projects that take the import names of python-jose and PyJWT.
IMPOSTORS = {"jose": "python-jose", "jwt": "PyJWT"}


@dataclass(frozen=True)
class Finding:
    """One line of the check. ``cure`` says what to do, and is empty when all is well."""

    text: str
    cure: str = ""

    def __str__(self) -> str:
        if not self.cure:
            return f"[ok]   {self.text}"
        return f"[fail] {self.text}\n       {self.cure}"


def examine(folder: Path) -> Iterator[Finding]:
    """Check Python, the packages, and that ``folder`` can be written to."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding(f"Python {version}")
    else:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield Finding(
            f"Python {version} is too old",
            f"The course needs Python {oldest} or newer: uv python install 3.13",
        )
    for module, distribution in PACKAGES.items():
        yield _examine_package(module, distribution)
    for impostor, wanted in IMPOSTORS.items():
        if _version_of(impostor):
            yield Finding(
                f"a package named {impostor!r} is installed, which is not {wanted}",
                f"pip uninstall {impostor}, then pip install --force-reinstall {wanted}",
            )
    yield _examine_folder(folder)


def _version_of(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _examine_package(module: str, distribution: str) -> Finding:
    cure = "Run the course by `uv run course`, or install its packages by `uv sync`."
    version = _version_of(distribution)
    if version is None:
        return Finding(f"{distribution} is not installed", cure)
    try:
        importlib.import_module(module)
    except Exception as error:  # a broken package may raise anything when it is imported
        return Finding(
            f"{distribution} {version} cannot be imported: {type(error).__name__}: {error}", cure
        )
    return Finding(f"{distribution} {version}")


def _examine_folder(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-test"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        return Finding(
            f"{folder.name}/ cannot be written to: {error}",
            "Put the course into a folder that is yours.",
        )
    return Finding(f"{folder.name}/ can be written to")
