"""The learner's own copies of the lessons, in ``my_work/``."""

from pathlib import Path

import nbformat

from course.paths import Course


def prepare_my_work(course: Course) -> list[Path]:
    """Copy each lesson that is not in ``my_work/`` yet, with its outputs cleared; never overwrite one.

    Returns the copies that are new.
    """
    course.my_work.mkdir(exist_ok=True)
    new = []
    for lesson in sorted(course.notebooks.glob("*.ipynb")):
        copy = course.my_work / lesson.name
        if copy.exists():
            continue
        notebook = nbformat.read(lesson, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
                cell.execution_count = None
        notebook.metadata["language_info"] = _language_of_this_kernel()
        # "x" refuses to overwrite, also when a second start writes the same file at this moment.
        with open(copy, "x", encoding="utf-8", newline="\n") as file:
            file.write(nbformat.writes(notebook) + "\n")
        new.append(copy)
    return new


def _language_of_this_kernel() -> dict:
    """What the kernel will say of itself; a copy without it counts as changed as soon as JupyterLab opens it."""
    from ipykernel.ipkernel import IPythonKernel

    return dict(IPythonKernel.language_info)
