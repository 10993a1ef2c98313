"""Lessons where people open notebooks: in Colab, which has a Python of its own, and other machines that nobody set up.

It needs the standard library alone: ``python -m edition.elsewhere FOLDER`` writes the notebooks for Colab into FOLDER.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from edition.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
CLONE = "/content/jwt-cell-by-cell"
# The machine has a notebook server of its own. To replace parts of it breaks it.
THEIRS = {"jupyterlab", "ipykernel", "ipywidgets", "nbval"}
FIRST_CELL = """\
# Outside a checkout: fetch the course, and the packages that are missing here. Nothing that is here is replaced.
import os, sys
if not os.path.isdir("../app_snippets"):
    if not os.path.isdir("{clone}"):
        !git clone -q --depth 1 {repository} {clone}
    %cd -q {clone}/notebooks
    sys.path.insert(0, os.path.abspath(".."))
    from edition.elsewhere import install_missing; install_missing()"""


def missing() -> list[str]:
    """The requirements of the course whose package is not here at all, whatever its version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = []
    for requirement in project["dependencies"]:
        name = re.match(r"[\w.-]+", requirement)[0]
        if name not in THEIRS and not _is_here(name):
            found.append(requirement)
    return found


def _is_here(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def constraints() -> str:
    """Every package that is here, at its version, in the words of pip: so none is replaced."""
    lines = {
        f"{each.name}=={each.version.partition('+')[0]}"
        for each in importlib.metadata.distributions()
        if each.name
    }
    return "\n".join(sorted(lines)) + "\n"


def install_missing() -> None:
    """Install what is missing, beside what is here.

    Raises:
        RuntimeError: if pip refuses, with what it says.
    """
    wanted = missing()
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text(constraints(), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(kept)]
        done = subprocess.run([*command, *wanted], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            f"pip could not install {', '.join(wanted)} beside what is here:\n{done.stderr}\n"
            f"Install the course on your own machine: pip install uv && uv run course"
        )


def first_cell() -> dict:
    source = FIRST_CELL.format(clone=CLONE, repository=read_settings().repository)
    return {
        "cell_type": "code",
        "id": "outside-a-checkout",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def write_for_colab(folder: Path, notebooks: Path = ROOT / "notebooks") -> None:
    """Each notebook, with that cell at its top."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(notebooks.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"].insert(0, first_cell())
        (folder / path.name).write_text(json.dumps(notebook, indent=1), encoding="utf-8")


if __name__ == "__main__":
    write_for_colab(Path(sys.argv[1]))
