"""The check before the first lesson: is everything here that the course needs?"""

import importlib
import importlib.metadata
import socket
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_PYTHON = (3, 11)
# What a lesson imports, and the distribution that brings it.
PACKAGES = {
    "jupyterlab": "jupyterlab",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "joserfc": "joserfc",
    "flask": "flask",
    "flask_jwt_extended": "flask-jwt-extended",
    "flask_smorest": "flask-smorest",
    "flask_sqlalchemy": "flask-sqlalchemy",
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "sqlalchemy": "sqlalchemy",
    "passlib": "libpass",
    "pwdlib": "pwdlib",
    "requests": "requests",
    "ipywidgets": "ipywidgets",
    "matplotlib": "matplotlib",
    "filelock": "filelock",
    "nbval": "nbval",
}
LOOPBACK = "127.0.0.1"
LINE = 90  # characters
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
    """Check Python, the packages, a port for JupyterLab, and that ``folder`` can be written to."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding(f"Python {version}")
    else:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield Finding(
            f"Python {version} is too old",
            f"The course needs Python {oldest} or newer: uv python install 3.13",
        )
    packages = [_examine_package(module, name) for module, name in PACKAGES.items()]
    well = ", ".join(finding.text.replace(" ", "\0") for finding in packages if not finding.cure)
    for line in textwrap.wrap(well, LINE, break_on_hyphens=False):  # a name stays with its version
        yield Finding(line.replace("\0", " "))
    yield from (finding for finding in packages if finding.cure)
    for impostor, wanted in IMPOSTORS.items():
        if _version_of(impostor):
            yield Finding(
                f"a package named {impostor!r} is installed, which is not {wanted}",
                f"pip uninstall {impostor}, then pip install --force-reinstall {wanted}",
            )
    yield _examine_port()
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


def _examine_port() -> Finding:
    try:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            return Finding(f"a port on {LOOPBACK} is free")
    except OSError as error:
        return Finding(
            f"no port on {LOOPBACK} can be opened: {error}",
            "JupyterLab needs one. Does a firewall, a sandbox or a security program forbid it?",
        )


def _examine_folder(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            f"{folder.name}/ cannot be written to: {error}",
            "Put the course into a folder that is yours.",
        )
    return Finding(f"{folder.name}/ can be written to")
