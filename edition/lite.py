"""JupyterLite: every lesson in a browser tab, with all that its cells import."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from course.paths import Course
from edition import cells, tools, wheels
from edition.pages import Page

FIRST_CELL = {
    "cell_type": "code",
    "id": "in-a-browser-tab",
    "metadata": {},
    "execution_count": None,
    "outputs": [],
    "source": "import course  # a browser tab has no sockets, threads and processes: this puts function calls in their place",
}
KERNELSPEC = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
KERNEL_PACKAGES = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"]
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
APPS = ["lab", "notebooks"]


def for_the_tab(notebook: dict, lacking: set[str], first_cell: bool = True) -> dict:
    """A notebook as it runs in a tab of a build that lacks these packages."""
    reasons = cells.prose_cells(lacking)
    made = [FIRST_CELL] if first_cell else []
    for cell in notebook["cells"]:
        if cell["id"] in reasons:
            made.append(cells.as_prose(cell, reasons[cell["id"]]))
            made += cells.what_still_runs(cell)
        else:
            made.append(cell)
    return {
        **notebook,
        "cells": made,
        "metadata": {**notebook["metadata"], "kernelspec": KERNELSPEC},
    }


def write_files(course: Course, pages: list[Page], lacking: set[str], folder: Path) -> None:
    """What a learner finds in the tab: ``my_work/`` with the lessons, and the apps."""
    my_work = folder / "my_work"
    my_work.mkdir(parents=True)
    for page in pages:
        made = for_the_tab(page.notebook, lacking)
        (my_work / f"{page.name}.ipynb").write_text(json.dumps(made), encoding="utf-8")
    shutil.copytree(
        course.snippets, folder / "app_snippets", ignore=shutil.ignore_patterns("__pycache__")
    )


def build(
    course: Course,
    pages: list[Page],
    work: Path,
    target: Path,
    distribution: bool = False,
    byte_code: bool = True,
) -> set[str]:
    """Make ``target``, in the folder ``work``; the names of the packages that it lacks.

    Raises:
        CannotBuild: if something cannot be fetched or built.
    """
    found, lacking = wheels.collect(course, distribution)
    write_files(course, pages, lacking, work / "files")
    _write_settings(work, target)
    command = [sys.executable, "-m", "jupyterlite_core.app", "build"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=600)
    if done.returncode or not (target / "lab" / "index.html").is_file():
        raise tools.CannotBuild(f"JupyterLite says:\n{(done.stdout + done.stderr)[-3000:]}")
    by_name = {wheel.name: wheel for wheel in found}
    for wheel in wheels.kernel_wheels():
        by_name[wheel.name] = wheel
    every = list(by_name.values())
    files = wheels.with_byte_code(every) if byte_code else [wheel.path for wheel in every]
    wheels.write_lock(every, files, target / "static" / "pyodide")
    return lacking


def _write_settings(work: Path, target: Path) -> None:
    kernel = {
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {
            "packages": KERNEL_PACKAGES,
            "lockFileURL": "./static/pyodide/pyodide-lock.json",
        },
    }
    site = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "JWT, cell by cell",
            "exposeAppInBrowser": True,
            "litePluginSettings": {KERNEL: kernel},
        },
    }
    building = {
        "LiteBuildConfig": {
            "contents": ["files"],
            "output_dir": str(target),
            "apps": APPS,
            "cache_dir": str(tools.cache_folder("lite")),
            "no_sourcemaps": True,
        }
    }
    (work / "jupyter-lite.json").write_text(json.dumps(site), encoding="utf-8")
    (work / "jupyter_lite_config.json").write_text(json.dumps(building), encoding="utf-8")
