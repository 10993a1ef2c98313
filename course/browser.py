"""``visit``: the learner's own browser opens a page of this machine, without a window, and goes away again."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = (
    "google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge",
    "microsoft-edge-stable", "chrome", "msedge",
)  # fmt: skip
USUAL_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
)
# No traffic of the browser's own, and no way out of this machine, whatever a page asks for.
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)  # fmt: skip
# Milliseconds of the page's own clock. Without it the browser leaves before what a script sends has arrived.
PAGE_TIME = 3_000
PATIENCE = 120  # seconds
NO_BROWSER = (
    "There is no Chrome, Chromium or Edge on this computer. What the cell does in a browser does not happen; "
    "its stored output is in the lesson as you got it."
)
OURS = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d{1,5})?(/.*)?")


def find_browser() -> str | None:
    """The path of an installed Chrome, Chromium or Edge, or None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return next((path for path in USUAL_PLACES if Path(path).exists()), None)


def visit(url: str) -> str | None:
    """Open a page of this machine in a real browser with an empty profile, and let its scripts run.

    Returns:
        The page as it is in the end, as HTML; None, and a line that says so, where there is no browser.

    Raises:
        ValueError: for an address that is not on this machine: these experiments stay here.
        RuntimeError: if the browser does not come back.
    """
    if not isinstance(url, str) or not OURS.fullmatch(url):
        raise ValueError(
            "visit() opens addresses of this machine only: http://localhost… or http://127.0.0.1…"
        )
    browser = find_browser()
    if browser is None:
        print(NO_BROWSER)
        return None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}"]
        command += [f"--virtual-time-budget={PAGE_TIME}", "--dump-dom", url]
        # A browser that root starts has no sandbox, as in the containers of CI.
        if sys.platform != "win32" and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired as late:
            raise RuntimeError(
                f"The browser was still busy after {PATIENCE} seconds: {browser}"
            ) from late
    if done.returncode:
        raise RuntimeError(f"{browser} ended with code {done.returncode}. Does it start by hand?")
    return done.stdout.decode("utf-8", "replace")
