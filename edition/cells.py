"""Cells that cannot run in a browser tab, each with its reason. The build makes prose of them, with their stored output.

``course site --check`` holds the list both ways: a cell that does not give its stored output must be listed, and a listed
one must fail.
"""

from course.in_tab import INSTALL

THREADS = "threads"
PROCESSES = "a process of its own"
SOCKETS = "a real socket"
BROWSER = "another browser, which this one cannot start"
TIME_ZONE = "a process with another time zone"
# Where a build lacks the wheel. A published site has them all.
CRYPTOGRAPHY = "the package cryptography"
MATPLOTLIB = "the package matplotlib"
ABOVE = "a name from a cell above that cannot run here"

NEVER: dict[str, str] = {}
# By package: what these cells need, or what they need of cells that need it.
WITHOUT: dict[str, dict[str, str]] = {"cryptography": {}, "matplotlib": {}}


def prose_cells(lacking: set[str]) -> dict[str, str]:
    """The reason for each cell that stays prose in a build that lacks these packages."""
    found = {}
    for package, cells in WITHOUT.items():
        if package in lacking:
            found |= cells
    return found | NEVER


def as_prose(cell: dict, reason: str) -> dict:
    """A Markdown cell in the place of one that cannot run: why, its code, and what it gave elsewhere."""
    code = "".join(cell["source"])
    parts = [
        f"**This cell does not run in a browser tab**: it needs {reason}. {INSTALL}",
        f"```python\n{code}\n```",
    ]
    for output in cell["outputs"]:
        parts.append(_as_markdown(output))
    if len(parts) > 2:
        parts.insert(2, "Elsewhere it gives:")
    return {
        "cell_type": "markdown",
        "id": cell["id"],
        "metadata": cell["metadata"],
        "source": "\n\n".join(parts),
    }


def _as_markdown(output: dict) -> str:
    if output["output_type"] == "stream":
        return _fenced("".join(output["text"]))
    if output["output_type"] == "error":
        return _fenced(f"{output['ename']}: {output['evalue']}")
    data = output["data"]
    if "image/png" in data:
        picture = "".join(data["image/png"]).replace("\n", "")
        return f"![The picture that the cell draws](data:image/png;base64,{picture})"
    # JupyterLab shows no colours of HTML in Markdown, and the plain text says the same.
    return _fenced("".join(data["text/plain"]))


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"
