"""A real browser for the tests: the system's Chromium, or Google Chrome, driven by Playwright."""

import os
import shutil
import sys
from pathlib import Path

import pytest

# No start-up traffic of the browser's own: the tests run without internet.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run"]  # fmt: skip
USUAL_PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
]


def find_browser() -> str | None:
    """The path of an installed Chromium or Chrome, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"):
        if path := shutil.which(name):
            return path
    return next((path for path in USUAL_PLACES if Path(path).exists()), None)


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
