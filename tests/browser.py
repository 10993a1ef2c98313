"""A real browser for the tests: the system's Chromium, Chrome or Edge, driven by Playwright."""

import os
import sys

import pytest

from course.browser import find_browser

# No start-up traffic of the browser's own: the tests run without internet.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run"]  # fmt: skip


def require_browser() -> str:
    """The path of the browser. Without one, the test is skipped loudly, or fails where CI promises one."""
    path = find_browser()
    if path is None:
        reason = "NO BROWSER: install chromium (Debian: apt install chromium) or Google Chrome to run the browser tests"
        if os.environ.get("COURSE_REQUIRE_BROWSER"):
            pytest.fail(reason)
        print(reason, file=sys.__stderr__)
        pytest.skip(reason)
    return path
