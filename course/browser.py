"""``visit``: the learner's own browser opens a page of this machine, without a window, and goes away again."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from course.shown import printable, shorten

# First the browser that has no window at all: the same engine, there in a third of the time.
HEADLESS_SHELLS = ("chrome-headless-shell", "chromium-headless-shell")
WITH_WINDOWS = (
    "google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge",
    "microsoft-edge-stable", "chrome", "msedge",
)  # fmt: skip
NAMES = (*HEADLESS_SHELLS, *WITH_WINDOWS)
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
    "--disable-breakpad", "--no-default-browser-check",
    # serve() listens on 127.0.0.1. A browser tries [::1] first, where something else may have the same port.
    "--host-resolver-rules=MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # What gets past these rules meets a proxy that is nowhere: Chrome's own list of what needs none is switched off.
    "--proxy-server=http://nowhere.invalid:9", "--proxy-bypass-list=<-loopback>;localhost;127.0.0.1",
    # WebRTC asks no resolver and no proxy: it sends UDP to any address. A headless shell has another name for the flag.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)  # fmt: skip
# Milliseconds of the page's own clock. Without it the browser leaves before what a script sends has arrived.
PAGE_TIME = 3_000
PATIENCE = 120  # seconds
NO_BROWSER = (
    "There is no Chrome, Chromium or Edge on this computer. What the cell does in a browser does not happen; "
    "its stored output is in the lesson as you got it."
)
OURS = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?([/?#][^\x00-\x1f\x7f]*)?")


def find_browser(names: tuple[str, ...] = NAMES) -> str | None:
    """The path of an installed Chrome, Chromium or Edge, or None. ``names``: of programs, the first found is taken."""
    for name in names:
        if path := shutil.which(name):
            return path
    return next((path for path in USUAL_PLACES if Path(path).exists()), None)


def visit(url: str) -> str | None:
    """Open a page of this machine in a real browser with an empty profile, and let its scripts run.

    Returns:
        The page as it is in the end, as HTML; None, and a line that says so, where there is no browser.

    Raises:
        ValueError: for an address that is not on this machine: these experiments stay here.
        RuntimeError: if the page does not load, or the browser does not start, does not come back, or ends in an accident.
    """
    if not isinstance(url, str) or not OURS.fullmatch(url):
        raise ValueError(
            "visit() opens addresses of this machine only: http://localhost… or http://127.0.0.1…"
        )
    browser = find_browser()
    if browser is None:
        print(NO_BROWSER)
        return None
    folder = Path(tempfile.mkdtemp(prefix="visit-"))
    try:
        code = _run(_command(browser, url, folder), folder)
        page = (folder / "page.html").read_bytes().decode("utf-8", "replace")
        said = (folder / "said.txt").read_bytes().decode("utf-8", "replace")
    finally:
        _remove(folder)
    if code or not page:
        raise RuntimeError(_why_no_page(browser, url, code, said))
    return page


def _why_no_page(browser: str, url: str, code: int, said: str) -> str:
    if failure := re.search(r"Page load failed: (net::[A-Z0-9_]+)", said):
        refused = failure[1] == "net::ERR_CONNECTION_REFUSED"
        question = (
            "Is it served there?" if refused else "Does it lead elsewhere, where no visit goes?"
        )
        return f"{url} did not load: {failure[1]}. {question}"
    how = f"with code {code}" if code >= 0 else f"by signal {-code}"
    last = f" Its last words: {shorten(printable(said.splitlines()[-1]), 200)}" if said else ""
    return f"{browser} ended {how}, without a page.{last} Does it start by hand?"


def _command(browser: str, url: str, folder: Path) -> list[str]:
    command = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}"]
    # A browser that root starts has no sandbox, as in the containers of CI.
    if sys.platform != "win32" and os.geteuid() == 0:
        command.append("--no-sandbox")
    return [*command, f"--virtual-time-budget={PAGE_TIME}", "--dump-dom", url]


def _run(command: list[str], folder: Path) -> int:
    """Run the browser to its end, or to the end of our patience; return its exit code. None of its processes is left."""
    # Files and not pipes: a process that is left over would hold a pipe open.
    with (folder / "page.html").open("wb") as page, (folder / "said.txt").open("wb") as said:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=page, stderr=said, start_new_session=True
            )
        except OSError as error:
            raise RuntimeError(f"{command[0]} does not start: {error.strerror}.") from error
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise RuntimeError(
                f"The browser was still busy after {PATIENCE} seconds, and was ended. "
                f"Does the page come to an end? It was {command[-1]} in {command[0]}. "
                "(With a form whose answer is a 204, it does not: there is no next page.)"
            ) from None
        finally:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    """End the browser with all of its processes, which have outlived it for a moment, or have a hanging one to wait for."""
    if sys.platform == "win32":
        taskkill = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(taskkill, capture_output=True, check=False)
    else:
        # PermissionError is what macOS says of those that have ended already.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _remove(folder: Path) -> None:
    """Remove the profile. A process that is being ended may still write into it, and on Windows holds its files."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
