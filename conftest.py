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
