"""Holds for every run of pytest, whichever folder is tested."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from forked_kernels import open_nursery

nursery, bytecode = pytest.StashKey(), pytest.StashKey()


def pytest_configure(config):
    """Prepare for other processes, once for all workers, before they start.

    Let matplotlib look for fonts before the kernels do: on a new machine it says so, in a cell's output. And let kernels
    be forked, where the system can.
    """
    if not hasattr(config, "workerinput"):
        config.stash[bytecode] = keep_bytecode(config.rootpath / ".pytest_cache/bytecode")
        import matplotlib.font_manager  # noqa: F401

        config.stash[nursery] = open_nursery()


def pytest_unconfigure(config):
    if opened := config.stash.get(nursery, None):
        opened.close()
    if folder := config.stash.get(bytecode, None):
        # Of copies of the course, which no other run will have.
        for copies in folder.joinpath(*Path(tempfile.gettempdir()).parts[1:]).glob("pytest-of-*"):
            shutil.rmtree(copies, ignore_errors=True)


def keep_bytecode(folder: Path) -> Path | None:
    """Where Python must not write bytecode beside the sources, as in many containers, let it write into this folder.

    The tests start hundreds of processes, and each of them would compile all that it imports. Returns the folder if it
    is used.
    """
    if not sys.dont_write_bytecode or sys.pycache_prefix:
        return None
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    return folder


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Fail on xfailed and xpassed: nbval hides a cell that ran out of time behind them, with exit code 0."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput"):
        return
    hidden = [
        report.nodeid for kind in ("xfailed", "xpassed") for report in reporter.stats.get(kind, [])
    ]
    if hidden:
        reporter.write_sep("=", "cells that did not finish (xfailed or xpassed)", red=True)
        for nodeid in hidden:
            reporter.write_line(nodeid)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a third of the time is spent waiting for servers, browsers and kernels."""
    return (os.cpu_count() or 1) + 1


# The longest first, or one worker is still busy with them when the others have nothing left.
LONG = (
    "lab", "postgresql", "tests/site/test_site.py", "tests/lessons/test_run_again.py", "tests/apps/test_copied_out.py",
    "tests/lessons/test_exercises.py", "notebooks/07", "solutions/07", "notebooks/12", "solutions/12",
    "tests/apps/test_contract_breaks.py", "tests/house/test_forked_kernels.py",
)  # fmt: skip
# Files whose tests share nothing but the first of their parameters: an app, a lesson, a notebook.
SPLIT = (
    "test_run_again.py", "test_accessibility.py", "test_requests.py", "test_exercises.py", "test_odd_answers.py",
)  # fmt: skip


def group_of(nodeid: str) -> str:
    """What stays together on one worker: the cells of a notebook, in order; whatever shares something costly."""
    path, _, name = nodeid.partition("::")
    if path.endswith("_in_the_browser.py"):
        # One JupyterLab for all of them.
        return "lab"
    if "postgresql" in name:
        # One server for all of them.
        return "postgresql"
    if path.endswith(SPLIT) and "[" in name:
        # Both run a lesson up to its exercises, which is most of what they cost.
        path = path.replace("test_odd_answers.py", "test_exercises.py")
        return f"{path} {name.partition('[')[2].partition('-')[0].removesuffix(']')}"
    return path


def pytest_collection_modifyitems(items):
    """The long groups first. Within a group the order stays."""

    def rank(item) -> int:
        group = group_of(item.nodeid)
        return next((at for at, name in enumerate(LONG) if group.startswith(name)), len(LONG))

    items.sort(key=rank)


class _Groups(LoadScopeScheduling):
    """xdist's scheduler, with the groups from above as its scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return _Groups(config, log)
