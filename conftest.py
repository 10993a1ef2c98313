"""Holds for every run of pytest, whichever folder is tested."""

import pytest

from forked_kernels import open_nursery

nursery = pytest.StashKey()


def pytest_configure(config):
    """Prepare for kernels, once for all workers, before they start.

    Let matplotlib look for fonts before the kernels do: on a new machine it says so, in a cell's output. And let kernels
    be forked, where the system can.
    """
    if not hasattr(config, "workerinput"):
        import matplotlib.font_manager  # noqa: F401

        config.stash[nursery] = open_nursery()


def pytest_unconfigure(config):
    if opened := config.stash.get(nursery, None):
        opened.close()


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


# The longest first, or one worker is still busy with them when the others have nothing left.
LONG = (
    "tests/lessons/test_exercises.py", "tests/lessons/test_run_again.py", "tests/learner/test_in_the_browser.py",
    "tests/course/test_debugger_in_the_browser.py", "postgresql", "tests/apps/test_copied_out.py",
    "notebooks/07", "solutions/07", "notebooks/12", "solutions/12", "tests/apps/test_bad_days.py",
    "tests/apps/test_contract_breaks.py",
)  # fmt: skip
# Files whose tests have nothing in common: each parameter may go to another worker.
SPLIT = (
    "test_run_again.py",
    "test_accessibility.py",
    "test_requests.py",
    "test_exercises.py",
    "test_bad_days.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Say which tests stay together: the cells of a notebook, in their order; and whatever shares something costly."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    # Stable: within a group the order stays.
    items.sort(key=lambda item: _rank(item.get_closest_marker("xdist_group").args[0]))


def _group(item) -> str:
    path = item.location[0].replace("\\", "/")
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if (
        "empty_database" in getattr(item, "fixturenames", ())
        or parameters.get("on") == "postgresql"
    ):
        # One server for all of them.
        return "postgresql"
    if path.endswith(SPLIT):
        for name in ("app", "number", "path", "name"):
            if name in parameters:
                return f"{path} {parameters[name]}"
    return path


def _rank(group: str) -> int:
    return next((at for at, name in enumerate(LONG) if group.startswith(name)), len(LONG))
