"""A real browser for the tests: the system's Chromium, Chrome or Edge, driven by Playwright."""

import os
import sys

import pytest

from course.browser import HEADLESS_SHELLS, NAMES, WITH_WINDOWS, find_browser

# No start-up traffic of the browser's own: the tests run without internet.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run"]  # fmt: skip


# What differs: a headless shell lacks what Chrome adds to the engine, and is there in a third of the time.
KINDS = {"headless shell": HEADLESS_SHELLS, "with windows": WITH_WINDOWS}


def require_browser(names: tuple[str, ...] = NAMES) -> str:
    """The path of the browser. Without one, the test is skipped loudly, or fails where CI promises one."""
    path = find_browser(names)
    if path is None:
        reason = "NO BROWSER: install chromium (Debian: apt install chromium) or Google Chrome to run the browser tests"
        if os.environ.get("COURSE_REQUIRE_BROWSER"):
            pytest.fail(reason)
        print(reason, file=sys.__stderr__)
        pytest.skip(reason)
    return path
