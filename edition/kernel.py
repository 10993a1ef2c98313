"""Lessons in the kernel of the tab under Node: what each cell gives, beside what is stored."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edition import wheels

# A stored picture is of another machine, and a widget of a kernel that is gone.
NOT_COMPARED = ("image/png", "application/vnd.jupyter.widget-view+json")


@dataclass(frozen=True)
class Difference:
    """A cell that does not give what is stored."""

    notebook: str
    cell: str
    got: dict
    stored: dict
    code: str = ""

    def __str__(self) -> str:
        for key in sorted(self.got.keys() | self.stored.keys()):
            if self.got.get(key) != self.stored.get(key):
                got, stored = str(self.got.get(key))[-300:], str(self.stored.get(key))[-300:]
                return f"{self.notebook}, cell {self.cell}: {key} is {got!r}, stored is {stored!r}"
        return f"{self.notebook}, cell {self.cell}: as stored"


def compared(outputs: list[dict]) -> dict:
    """What is compared of a cell's outputs, as nbval does: text of a stream joined, each kind of data in order."""
    said: dict = {}
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            said[output["name"]] = said.get(output["name"], "") + "".join(output["text"])
        elif kind == "error":
            # The kernel of the tab writes <class 'ValueError'>.
            name = output["ename"].removeprefix("<class '").removesuffix("'>")
            said["error"] = (name.rsplit(".", 1)[-1], output["evalue"])
        else:
            for media, value in output["data"].items():
                if media not in NOT_COMPARED:
                    said.setdefault(media, []).append("".join(value))
    return said


def run(pyodide: Path, files: Path, notebooks: dict[str, dict]) -> dict[str, list[list[dict]]]:
    """The outputs of each code cell of each notebook, in kernels under Node that see ``files`` as /drive."""
    jobs = [
        [
            name,
            ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"],
        ]
        for name, notebook in notebooks.items()
    ]
    said = wheels.run_node("run_cells.mjs", str(pyodide), str(files), input_text=json.dumps(jobs))
    return json.loads(said)


def differences(notebooks: dict[str, dict], outputs: dict[str, list]) -> Iterator[Difference]:
    """Each cell whose outputs are not those that its notebook stores; the first cell, which the build adds, gives none."""
    for name, notebook in notebooks.items():
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for index, cell in enumerate(code):
            # A kernel that died gives nothing any more.
            got = outputs[name][index] if index < len(outputs[name]) else []
            got, stored = compared(got), compared(cell["outputs"])
            if got != stored:
                yield Difference(name, cell["id"], got, stored, "".join(cell["source"]))
