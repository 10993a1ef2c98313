"""Starts what ``uv run course --no-browser`` starts, on a copy of the course, so that nobody's work is touched."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course.lesson import KERNELSPEC
from course.paths import ROOT

NEEDED = ("course", "notebooks", "solutions", "app_snippets")


@dataclass
class RunningCourse:
    """JupyterLab on the learner's copies. ``start_address`` is the page that a browser would open."""

    folder: Path
    start_address: str
    token: str
    said: str

    @property
    def server(self) -> str:
        """The address without path, such as http://localhost:8888."""
        return re.match(r"http://[^/]+", self.start_address)[0]

    def address_of(self, lesson: str) -> str:
        """Where JupyterLab shows the learner's copy of a lesson, in a workspace of its own."""
        return f"{self.server}/lab/workspaces/{lesson}/tree/my_work/{lesson}.ipynb?token={self.token}&reset"

    def ask(self, path: str) -> dict:
        """The answer of Jupyter's own API."""
        with urllib.request.urlopen(
            f"{self.server}/api/{path}?token={self.token}", timeout=10
        ) as answer:
            return json.load(answer)

    def add_notebook(self, name: str, *cells: str) -> None:
        """Put a notebook with these code cells beside the lessons."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": KERNELSPEC},
        )
        nbformat.write(notebook, self.folder / f"my_work/{name}.ipynb")


def copy_course(folder: Path) -> Path:
    """A copy of everything that a learner needs."""
    for name in NEEDED:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.db")
        )
    return folder


@contextlib.contextmanager
def running_course(folder: Path) -> Iterator[RunningCourse]:
    """Start the course on the copy in ``folder`` and stop it with Ctrl-C."""
    log = folder / "log.txt"
    # The current folder comes first on Python's path, so this is the copy's `course`.
    command = [
        sys.executable,
        "-c",
        "from course.cli import main; main()",
        "--no-browser",
        "--port",
        "0",
    ]
    new_group = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {}
    )
    # The kernels, which start in my_work/, must find the copy's `course` as well.
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        # Nobody's own settings: neither read nor changed.
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            **new_group,
        )
        try:
            yield _wait_for_the_address(folder, process, log)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen) -> None:
    """Press Ctrl-C until it ends: JupyterLab asks "are you sure?", and one that comes too early may be ignored.

    Where the tests themselves run in the background, Ctrl-C is ignored for good, and SIGTERM is not.
    """
    ctrl_c = signal.CTRL_BREAK_EVENT if sys.platform == "win32" else signal.SIGINT
    for attempt in range(60):
        process.send_signal(ctrl_c if attempt < 10 else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
            return
    process.kill()
    process.wait()
    raise AssertionError("JupyterLab did not end")


def _wait_for_the_address(folder: Path, process: subprocess.Popen, log: Path) -> RunningCourse:
    said = ""
    for _ in range(600):
        said = log.read_text(encoding="utf-8")
        if match := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+/\S*\?token=(\w+)", said):
            running = RunningCourse(folder, match[0], match[1], said)
            # It prints its address a moment before it listens there.
            with contextlib.suppress(OSError):
                running.ask("status")
                return running
        assert process.poll() is None, said
        time.sleep(0.1)
    raise AssertionError(said)
