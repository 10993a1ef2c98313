"""What the build needs besides Python: Node, five packages from npm, a browser that draws; and a cache of what it fetched."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
OLDEST_NODE = 20
NODE_NEEDED = (
    f"The published edition is built with Node {OLDEST_NODE} or newer and npm. "
    f"Get it from https://nodejs.org, then build again. Learning and testing the course never need it."
)


class CannotBuild(Exception):
    """The site cannot be built; the message says what is missing and what to do."""


@cache
def node() -> str:
    """The path of a Node that is new enough.

    Raises:
        CannotBuild: if there is none, or no npm.
    """
    found = shutil.which("node")
    if found is None:
        raise CannotBuild(f"There is no Node here. {NODE_NEEDED}")
    said = subprocess.run([found, "--version"], capture_output=True, text=True).stdout.strip()
    version = re.match(r"v(\d+)", said)
    if version is None or int(version[1]) < OLDEST_NODE:
        raise CannotBuild(f"The Node here is {said or 'broken'}. {NODE_NEEDED}")
    if shutil.which("npm") is None:
        raise CannotBuild(f"There is a Node here, and no npm. {NODE_NEEDED}")
    return found


def cache_folder(name: str) -> Path:
    """A folder for what was fetched or computed, outside the checkout. COURSE_SITE_CACHE names another place for it."""
    from platformdirs import user_cache_path

    root = os.environ.get("COURSE_SITE_CACHE") or user_cache_path("jwt-cell-by-cell", False)
    folder = Path(root) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def npm_packages() -> dict[str, Path]:
    """The folder of each package that ``package.json`` names, as ``package-lock.json`` locks it.

    Only these are fetched, and not what they would need in other programs: mermaid's is a file that has all of it.

    Raises:
        CannotBuild: if one cannot be fetched, or is not the one that the lock file names.
    """
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    names = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    locked = {name: lock[f"node_modules/{name}"] for name in names}
    keys = {
        name: hashlib.sha256(found["integrity"].encode()).hexdigest()[:16]
        for name, found in locked.items()
    }
    store = cache_folder("npm")
    missing = {name: locked[name] for name, key in keys.items() if not (store / key).is_dir()}
    if missing:
        _fetch_from_npm(missing, {name: store / keys[name] for name in missing})
    return {name: store / key for name, key in keys.items()}


def _fetch_from_npm(locked: dict[str, dict], places: dict[str, Path]) -> None:
    node()
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"{name}@{found['version']}" for name, found in locked.items()]
        command = [shutil.which("npm"), "pack", "--loglevel=error", *wanted]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise CannotBuild(
                f"npm could not fetch {', '.join(wanted)}. It says:\n{done.stderr.strip()}\n"
                f"Is the registry of npm reachable from here?"
            )
        for name, found in locked.items():
            file = f"{name.removeprefix('@').replace('/', '-')}-{found['version']}.tgz"
            raw = (Path(folder) / file).read_bytes()
            if found["integrity"] != "sha512-" + base64.b64encode(
                hashlib.sha512(raw).digest()
            ).decode("ascii"):
                raise CannotBuild(
                    f"{file} is not the package that package-lock.json names. Nothing was built: "
                    f"somebody may have changed it on its way."
                )
            part = Path(tempfile.mkdtemp(dir=places[name].parent))
            with tarfile.open(Path(folder) / file) as archive:
                archive.extractall(part, filter="data")
            put(part / "package", places[name])
            shutil.rmtree(part)


def put(part: Path, place: Path) -> None:
    """Move what is complete to its place in a cache; another build may have been faster."""
    try:
        part.rename(place)
    except OSError:
        if not place.exists():
            raise


def find_browser() -> str:
    """The path of a Chromium, Chrome or Edge.

    Raises:
        CannotBuild: if there is none.
    """
    from course.browser import find_browser as find

    found = find()
    if found is None:
        raise CannotBuild(
            "There is no Chromium, Chrome or Edge here. The build lets one draw the diagrams: install one "
            "(Debian: apt install chromium), then build again."
        )
    return found


# No traffic of the browser's own.
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
