"""The check before the first lesson: is everything here that the course needs?"""

import importlib
import importlib.metadata
import json
import platform
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from course import shell

OLDEST_PYTHON, NEWEST_TESTED_PYTHON = (3, 11), (3, 14)
# (sys.platform, machine) for which cryptography has no wheel, and what to do there. Without a wheel it is built from
# source, which takes a compiler for Rust.
WITHOUT_WHEEL = {
    ("darwin", "x86_64"): (
        "On a Mac with Apple silicon, take its own Python: uv run --python cpython-3.13-macos-aarch64-none course. On a Mac with an "
        "Intel processor, take cryptography from conda-forge (environment.yml), or open the course on Binder."
    ),
    ("win32", "arm64"): (
        "Take the Python for x86-64, which Windows runs as well: uv run --python cpython-3.13-windows-x86_64-none course"
    ),
}
DISTRIBUTION = "jwt-cell-by-cell"
CURE = "Run the course by `uv run course`, or install what it needs by `uv sync`."
# Where the name to import is not the name of the distribution.
IMPORTED_AS = {
    "libpass": "passlib",
    "pyjwt": "jwt",
    "python-jose": "jose",
    "argon2-cffi": "argon2",
    # What is run; its top says little.
    "jupyterlab": "jupyterlab.labapp",
}
# What runs in the process that examines, once all is well.
OF_JUPYTERLAB = {
    "jupyterlab.labapp",
    "nbval",
    "ipykernel",
    "click",
    "packaging",
    "filelock",
    "requests",
}
LOOPBACK = "127.0.0.1"
LINE = 90  # characters
# Distributions of other projects that take the import names of python-jose and PyJWT.
IMPOSTORS = {"jose": "python-jose", "jwt": "PyJWT"}


@dataclass(frozen=True)
class Finding:
    """One line of the check. ``cure`` says what to do, and is empty when all is well.

    A finding that ``stops`` the course is a failure, any other one with a cure a warning.
    """

    text: str
    cure: str = ""
    stops: bool = True

    def __str__(self) -> str:
        if not self.cure:
            return f"[ok]   {self.text}"
        return f"[{'fail' if self.stops else 'warn'}] {self.text}\n       {self.cure}"


def examine(folder: Path) -> Iterator[Finding]:
    """Check Python, the packages, a port for JupyterLab, that ``folder`` can be written to, and the shell."""
    yield _examine_python()
    yield from _examine_packages()
    for impostor, wanted in IMPOSTORS.items():
        if _version_of(impostor):
            yield Finding(
                f"a package named {impostor!r} is installed, which is not {wanted}",
                f"pip uninstall {impostor}, then pip install --force-reinstall {wanted}",
            )
    yield _examine_port()
    yield _examine_folder(folder)
    for spoiler in shell.spoilers:
        cure = f"The notebooks go without it. {spoiler.cure}"
        yield Finding(spoiler.text, cure, stops=False)


def _examine_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    oldest, newest = (".".join(map(str, each)) for each in (OLDEST_PYTHON, NEWEST_TESTED_PYTHON))
    if sys.version_info < OLDEST_PYTHON:
        return Finding(
            f"Python {version} is too old",
            f"The course needs Python {oldest} or newer: uv run --python {newest} course",
        )
    if sys.version_info[:2] > NEWEST_TESTED_PYTHON:
        return Finding(
            f"Python {version} is newer than those that the course is tested with, {oldest} to {newest}",
            f"If something looks odd: uv run --python {newest} course",
            stops=False,
        )
    return Finding(f"Python {version} (the course is tested with {oldest} to {newest})")


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
    required = [*required, *_extras_of(required)]
    imports = _Imports([_module_of(each.name) for each in required if _is_installed(each)])
    # Two packages may bring the same third.
    findings = list(dict.fromkeys(_examine_package(each, imports) for each in required))
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


def _is_installed(required: Requirement) -> bool:
    version = _version_of(required.name)
    return version is not None and required.specifier.contains(version, prereleases=True)


def _examine_package(required: Requirement, imports: "_Imports") -> Finding:
    name = required.name
    version = _version_of(name)
    if version is None:
        return Finding(f"{name} is not installed", _cure_of(name))
    if not _is_installed(required):
        return Finding(f"{name} {version} does not fit: needed is {required.specifier}", CURE)
    if fault := imports.fault_of(_module_of(name)):
        return Finding(f"{name} {version} cannot be imported: {fault}", _cure_of(name))
    return Finding(f"{name} {version}")


def _module_of(name: str) -> str:
    return IMPORTED_AS.get(name, name.replace("-", "_"))


class _Imports:
    """Imports modules to see whether they can be: those that JupyterLab needs here, where it will run, and all others in
    a process of its own at the same time. A first start waits for imports more than for anything else."""

    def __init__(self, modules: list[str]):
        self._elsewhere = [each for each in modules if each not in OF_JUPYTERLAB]
        self._faults: dict[str, str] = {}
        self._process = self._begin()
        try:
            self._faults |= {each: _import(each) for each in modules if each in OF_JUPYTERLAB}
            while self._elsewhere:
                self._take_what_is_told()
        finally:
            # By Ctrl-C.
            self._process.kill()
            self._process.wait()

    def fault_of(self, module: str) -> str:
        """Why it cannot be imported; empty if it can."""
        return self._faults[module]

    def _begin(self) -> subprocess.Popen:
        # What is imported comes from where it comes here.
        command = [sys.executable, "-c", _IMPORT, json.dumps(sys.path), *self._elsewhere]
        return subprocess.Popen(command, stdout=subprocess.PIPE)

    def _take_what_is_told(self) -> None:
        told, _ = self._process.communicate()
        for line in told.decode().splitlines():
            self._faults[self._elsewhere.pop(0)] = json.loads(line)
        if self._elsewhere:
            # A module can end Python, so that nothing more is told.
            code = self._process.returncode
            how = f"with code {code}" if code >= 0 else f"by signal {-code}"
            self._faults[self._elsewhere.pop(0)] = f"Python ends {how}"
            self._process = self._begin()


# Ctrl-C is for the one who waits; and what a module prints is not ours.
_IMPORT = """
import json, os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:] = json.loads(sys.argv[1])
told = open(os.dup(1), "w")
os.dup2(2, 1)
from course import environment
for module in sys.argv[2:]:
    print(json.dumps(environment._import(module)), file=told, flush=True)
"""


def _import(module: str) -> str:
    """Import it, and say why that does not work; empty if it does."""
    try:
        importlib.import_module(module)
    # A broken package may raise anything when it is imported.
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _cure_of(name: str) -> str:
    here = (sys.platform, platform.machine().lower())
    if name == "cryptography" and here in WITHOUT_WHEEL:
        return f"There is no wheel of it for this system. {WITHOUT_WHEEL[here]}"
    return CURE


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
