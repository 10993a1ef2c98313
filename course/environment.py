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

from packaging.requirements import Requirement

OLDEST_PYTHON = (3, 11)
DISTRIBUTION = "jwt-cell-by-cell"
CURE = "Run the course by `uv run course`, or install what it needs by `uv sync`."
# Where the name to import is not the name of the distribution.
IMPORTED_AS = {
    "libpass": "passlib",
    "pyjwt": "jwt",
    "python-jose": "jose",
    "argon2-cffi": "argon2",
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
    yield from _examine_packages()
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


def _examine_packages() -> Iterator[Finding]:
    """What pyproject.toml asks for: installed, in a version that fits, and whole enough to be imported."""
    try:
        required = [Requirement(line) for line in importlib.metadata.requires(DISTRIBUTION) or ()]
    except importlib.metadata.PackageNotFoundError:
        required = []
    if not required:
        yield Finding(f"{DISTRIBUTION}, the course itself, is not installed", CURE)
        return
    examined = map(_examine_package, [*required, *_extras_of(required)])
    # Two packages may bring the same third.
    findings = list(dict.fromkeys(examined))
    well = [finding.text.replace(" ", "\0") for finding in findings if not finding.cure]
    # A name stays on one line with its version.
    for line in textwrap.wrap(", ".join(well), LINE, break_on_hyphens=False):
        yield Finding(line.replace("\0", " "))
    yield from (finding for finding in findings if finding.cure)


def _extras_of(required: list[Requirement]) -> Iterator[Requirement]:
    """What comes with an extra, such as cryptography with ``python-jose[cryptography]``."""
    for parent in required:
        if parent.extras and _version_of(parent.name):
            for line in importlib.metadata.requires(parent.name) or ():
                child = Requirement(line)
                if child.marker and any(child.marker.evaluate({"extra": e}) for e in parent.extras):
                    if not child.marker.evaluate({"extra": ""}):
                        yield child


def _examine_package(required: Requirement) -> Finding:
    name = required.name
    version = _version_of(name)
    if version is None:
        return Finding(f"{name} is not installed", CURE)
    if not required.specifier.contains(version, prereleases=True):
        return Finding(f"{name} {version} does not fit: needed is {required.specifier}", CURE)
    try:
        importlib.import_module(IMPORTED_AS.get(name, name.replace("-", "_")))
    # A broken package may raise anything when it is imported.
    except Exception as error:
        return Finding(
            f"{name} {version} cannot be imported: {type(error).__name__}: {error}", CURE
        )
    return Finding(f"{name} {version}")


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
