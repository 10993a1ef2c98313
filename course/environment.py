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
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
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


# Ctrl-C is for the one who waits. What is imported comes from where it comes there.
_TELL_PACKAGES = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:] = json.loads(sys.argv[1])
from course import environment, without_iri_grammar
environment.tell_packages()
"""


class PackagesElsewhere:
    """``examine_packages`` in a process of its own, begun when this is made: a first start waits for imports more than
    for anything else, and most computers can do two things at once."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TELL_PACKAGES, json.dumps(sys.path)], stdout=subprocess.PIPE
        )

    def findings(self) -> list[Finding]:
        """Wait for what it has found."""
        try:
            said, _ = self._process.communicate()
        except KeyboardInterrupt:
            self._process.kill()
            raise
        if code := self._process.returncode:
            how = f"with code {code}" if code > 0 else f"by signal {-code}"
            return [Finding(f"the packages cannot be imported: Python ended {how}", CURE)]
        # What a package prints when it is imported comes before.
        return [Finding(**each) for each in json.loads(said.splitlines()[-1])]


def tell_packages() -> None:
    """What ``examine_packages`` finds, as one line of JSON, for whoever started this process."""
    found = [asdict(each) for each in examine_packages()]
    print(f"\n{json.dumps(found)}")


def examine(folder: Path, packages: Iterable[Finding] | None = None) -> Iterator[Finding]:
    """Check Python, the packages, a port for JupyterLab, that ``folder`` can be written to, and the shell.

    ``packages``: what was found of them already.
    """
    yield _examine_python()
    yield from examine_packages() if packages is None else packages
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


def examine_packages() -> Iterator[Finding]:
    """What pyproject.toml asks for: installed, in a version that fits, and whole enough to be imported."""
    try:
        required = [Requirement(line) for line in importlib.metadata.requires(DISTRIBUTION) or ()]
    except importlib.metadata.PackageNotFoundError:
        required = []
    if not required:
        yield Finding(f"{DISTRIBUTION}, the course itself, is not installed", CURE)
        return
    # The last ones first: JupyterLab and what it needs, whoever waits imports meanwhile.
    examined = [_examine_package(each) for each in reversed([*required, *_extras_of(required)])]
    # Two packages may bring the same third.
    findings = list(dict.fromkeys(reversed(examined)))
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
        return Finding(f"{name} is not installed", _cure_of(name))
    if not required.specifier.contains(version, prereleases=True):
        return Finding(f"{name} {version} does not fit: needed is {required.specifier}", CURE)
    try:
        importlib.import_module(IMPORTED_AS.get(name, name.replace("-", "_")))
    # A broken package may raise anything when it is imported.
    except Exception as error:
        return Finding(
            f"{name} {version} cannot be imported: {type(error).__name__}: {error}",
            _cure_of(name),
        )
    return Finding(f"{name} {version}")


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
