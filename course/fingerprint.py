"""Tells whether somebody changed the cells of a notebook."""

import hashlib
import json
from collections.abc import Mapping


def fingerprint(notebook: Mapping | None) -> str | None:
    """A SHA-256 (hexadecimal) of the cells' kinds and texts, in their order; None if this is not a notebook.

    Outputs, metadata and ids have no part in it: to run a cell, or to save in JupyterLab, changes nothing.
    """
    try:
        cells = [[cell["cell_type"], "".join(cell["source"])] for cell in notebook["cells"]]
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()
    except (TypeError, KeyError):
        return None
