"""The learner's own copies of the lessons, in ``my_work/``. Nothing of a learner is ever lost.

What was given is remembered in ``my_work/.course/given.json``, as a hash of the sources of its cells. From it follows
whether a copy is *touched*: its cells differ from those that were given, in number, kind, order or text. To run cells
or to save in JupyterLab does not touch a copy. Where nothing is remembered, every copy that differs counts as touched.

* A lesson that is not there is laid out, also one that was deleted or renamed: that is how one gets a fresh copy.
* An untouched copy is renewed when the course has a newer lesson. If it has outputs (or a cell has other
  metadata), it is renamed to ``….earlier-1.ipynb`` first, so that even those stay.
* A touched copy is kept. The newer lesson is offered beside it, once, as ``….new.ipynb``; if that name is taken by
  something touched, as ``….new-2.ipynb``. Whoever deletes an offer is not offered the same lesson again;
  whoever puts it in the place of the lesson has an untouched copy again.
"""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from course import files
from course.fingerprint import fingerprint
from course.lesson_map import find_lesson, find_notebook, pages
from course.paths import Course
from course.progress_view import progress

START_PAGE = "START_HERE.ipynb"
# In a worked lesson: to another one beside it, or to a page in notebooks/. From my_work/solutions/, the learner's own
# copies of both are one folder up.
LINK_TO_A_NOTEBOOK = re.compile(r"\]\((?:\.\./notebooks/)?([\w-]+\.ipynb)")
START_TEXT = """\
# JWT, cell by cell

The lessons below are your own copies: change them, break them, nothing of yours is overwritten. \
Click a lesson to open it, then run its cells one by one with **Shift + Enter**.

- **Little time?** Take the fast track.
- **Stuck?** Each exercise has hints: run `hint("1.1")`. In a terminal, `uv run course solution 01` \
puts the worked lesson beside yours, and `uv run course reset 01` gives you a fresh one and keeps the old.
- **An error that you do not know?** [Common errors](common_errors.ipynb) has the message, and what to do.

Run the next cell to see how far you are now. This page is made anew at each start."""
START_CODE = "from course import progress\n\nprogress()"
RECALL_TEXT = """\
**What has stayed?** Run the next cell once in a while. It asks you five questions on lessons that you have begun, in a \
box below the cell; what you answer wrongly comes back sooner. In a terminal: `uv run course recall`."""
RECALL_CODE = "from course import recall\n\nrecall()"


@dataclass
class Preparation:
    """What ``prepare_my_work`` did. ``offered`` maps a kept lesson to the newer one beside it, ``earlier`` a
    renewed file to what it was before. ``in_the_way`` has the names that are no files, such as folders."""

    new: list[Path] = field(default_factory=list)
    renewed: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    offered: dict[Path, Path] = field(default_factory=dict)
    earlier: dict[Path, Path] = field(default_factory=dict)
    in_the_way: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        counts = (len(self.new), len(self.renewed), len(self.kept), len(self.offered))
        lines = ["{} lessons new, {} renewed, {} kept, {} offered beside yours".format(*counts)]
        lines += [
            f"{new.name} is newer than your {lesson.name}" for lesson, new in self.offered.items()
        ]
        lines += [f"{old.name} is your {name.name} as it was" for name, old in self.earlier.items()]
        lines += [
            f"{path.name} is {files.kind_of(path)} and not a notebook: rename it, and the next start lays out the lesson"
            for path in self.in_the_way
        ]
        return "\n       ".join(lines)


def prepare_my_work(course: Course) -> Preparation:
    """Lay out, renew, keep or offer each lesson, and make the start page. It may be stopped and repeated at any time.

    Raises:
        OSError: if ``my_work/`` cannot be written to; what is there is whole.
    """
    done = Preparation()
    with files.locked(course.my_work):
        files.remove_parts(course.my_work)
        files.remove_parts(course.my_work / ".course")
        desk = _Desk(course, done)
        try:
            for lesson in sorted(course.notebooks.glob("*.ipynb")):
                desk.lay_out(lesson)
            desk.lay_out_start_page()
        finally:
            desk.remember()
    return done


def reset(course: Course, name: str) -> tuple[Path, Path | None]:
    """Give a fresh copy of a lesson or a page. The old one stays under the second name returned, if it has anything of the
    learner's: an untouched one without outputs does not.

    Raises:
        LookupError: if there is no such lesson or page.
        OSError: if ``my_work/`` cannot be written to.
    """
    notebook = find_notebook(course, name)
    copy = course.my_work / notebook.name
    with files.locked(course.my_work):
        desk = _Desk(course, Preparation())
        desk.give_anew(copy, _copy_of(notebook))
        desk.remember()
    return copy, desk.done.earlier.get(copy)


def solution(course: Course, number: str) -> Path:
    """Put the worked lesson into ``my_work/solutions/``, under a free name if a changed one is there; return its path.

    That is one folder deeper than ``solutions/``, so its links and paths are changed to lead to the same things.

    Raises:
        LookupError: if there is no such lesson, or no worked one.
        OSError: if ``my_work/`` cannot be written to.
    """
    if number.removesuffix(".ipynb") in pages(course):
        raise LookupError(
            f"{number} is a page and no lesson: it has no exercises, and so no worked copy."
        )
    worked = course.solutions / find_lesson(course, number).path.name
    if not worked.is_file():
        raise LookupError(f"solutions/{worked.name} is missing. Is this a complete checkout?")
    content = json.loads(worked.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cell["source"] = LINK_TO_A_NOTEBOOK.sub(r"](../\1", source)
        else:
            cell["source"] = source.replace('"../app_snippets', '"../../app_snippets')
    folder = course.my_work / "solutions"
    with files.locked(course.my_work):
        folder.mkdir(exist_ok=True)
        for copy in _names(folder / worked.name):
            if not os.path.lexists(copy):
                files.write_new(copy, files.as_json(content))
                return copy
            if fingerprint(_read(copy)) == fingerprint(content):
                return copy


def _names(path: Path):
    """path, then name-2.ipynb, name-3.ipynb, ..."""
    yield path
    number = 2
    while True:
        yield path.with_stem(f"{path.stem}-{number}")
        number += 1


class _Desk:
    """``my_work/`` while the lock is held, with the memory of what was given."""

    def __init__(self, course: Course, done: Preparation):
        self.folder = course.my_work
        self.course = course
        self.done = done
        self.memory_file = self.folder / ".course" / "given.json"
        memory = files.read_json(self.memory_file) or {}
        self.given, self.offered = (
            part if isinstance(part := memory.get(name), dict) else {}
            for name in ("given", "offered")
        )

    def remember(self) -> None:
        memory = files.as_json({"given": self.given, "offered": self.offered})
        files.write(self.memory_file, memory)

    def lay_out(self, lesson: Path) -> None:
        fresh = _copy_of(lesson)
        copy = self.folder / lesson.name
        began_with = self.given.get(copy.name)
        outcome = self.give(copy, fresh)
        if outcome != "touched":
            {"new": self.done.new, "renewed": self.done.renewed, "same": self.done.kept}[
                outcome
            ].append(copy)
            return
        self.done.kept.append(copy)
        if not copy.is_file():
            self.done.in_the_way.append(copy)
        newest = fingerprint(fresh)
        if newest in (began_with, self.offered.get(copy.name)):
            return
        for offer in _names(copy.with_stem(f"{copy.stem}.new")):
            if self.give(offer, fresh) != "touched":
                break
        self.offered[copy.name] = newest
        self.done.offered[copy] = offer

    def give(self, path: Path, fresh: dict) -> str:
        """Put a fresh notebook at ``path`` if nothing of the learner's is there: new, renewed, same or touched."""
        newest = fingerprint(fresh)
        is_there = os.path.lexists(path)  # a link to nowhere is somebody's, too
        there = fingerprint(_read(path)) if is_there else None
        if not is_there:
            files.write_new(path, files.as_json(fresh))
            outcome = "new"
        elif there == newest:
            outcome = "same"
        elif there and there in (self.given.get(path.name), self.offered.get(path.name)):
            self._renew(path, {there}, fresh)
            outcome = "renewed"
        else:
            return "touched"
        self.given[path.name] = newest
        return outcome

    def give_anew(self, path: Path, fresh: dict) -> None:
        """Put a fresh notebook at ``path``, whatever is there."""
        newest = fingerprint(fresh)
        if os.path.lexists(path):
            given = self.given.get(path.name), self.offered.get(path.name)
            self._renew(path, {newest, *given} - {None}, fresh)
        else:
            files.write_new(path, files.as_json(fresh))
        self.given[path.name] = newest

    def _renew(self, path: Path, untouched: set[str], fresh: dict) -> None:
        # Out of the way first, then a second look: JupyterLab may have saved since the first.
        earlier = files.set_aside(path, "earlier")
        files.write_new(path, files.as_json(fresh))
        old = _read(earlier)
        if fingerprint(old) in untouched and not _has_traces(old):
            earlier.unlink()
        else:
            self.done.earlier[path] = earlier

    def lay_out_start_page(self) -> None:
        """Make it anew, with the progress of now. Its output is the course's own, so only other cells are kept."""
        path = self.folder / START_PAGE
        fresh = _start_page(self.course)
        earlier = files.set_aside(path, "earlier") if os.path.lexists(path) else None
        files.write_new(path, files.as_json(fresh))
        if earlier:
            sources = fingerprint(_read(earlier))
            if sources and sources in (self.given.get(path.name), fingerprint(fresh)):
                earlier.unlink()
            else:
                self.done.earlier[path] = earlier
        self.given[path.name] = fingerprint(fresh)


def _copy_of(lesson: Path) -> dict:
    """The lesson without outputs, as JupyterLab will save it, and without what it says of itself to the course."""
    notebook = json.loads(lesson.read_text(encoding="utf-8"))
    notebook["metadata"].pop("course", None)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
    notebook["metadata"]["language_info"] = _language_of_this_kernel()
    return notebook


def _start_page(course: Course) -> dict:
    drawn = progress(course)
    data = {"text/html": drawn.html, "text/plain": drawn.text}
    output = {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}}
    code = {
        "cell_type": "code", "id": "progress", "metadata": {}, "source": START_CODE,
        "execution_count": 1, "outputs": [output],
    }  # fmt: skip
    text = {"cell_type": "markdown", "id": "start", "metadata": {}, "source": START_TEXT}
    recall_text = {
        "cell_type": "markdown", "id": "recall-text", "metadata": {}, "source": RECALL_TEXT
    }  # fmt: skip
    recall_code = {
        "cell_type": "code", "id": "recall", "metadata": {}, "source": RECALL_CODE,
        "execution_count": None, "outputs": [],
    }  # fmt: skip
    return {
        "cells": [text, code, recall_text, recall_code],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": _language_of_this_kernel(),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _read(path: Path) -> dict | None:
    """The notebook at ``path``, or None if it is none, or cannot be read."""
    try:
        return files.read_json(path)
    except OSError:
        return None


def _has_traces(notebook: dict) -> bool:
    """Did a learner leave anything beside the sources: outputs, a picture, metadata of a cell?"""
    return any(
        cell.get("outputs") or cell.get("attachments") or set(cell.get("metadata", {})) - {"tags"}
        for cell in notebook["cells"]
    )


def _language_of_this_kernel() -> dict:
    """What the kernel will say of itself; a copy without it counts as changed as soon as JupyterLab opens it."""
    from ipykernel.ipkernel import IPythonKernel

    return dict(IPythonKernel.language_info)
