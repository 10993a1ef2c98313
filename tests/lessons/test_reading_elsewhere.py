"""A lesson is also read on GitHub, which strips styles and draws no diagram, and on paper: the words must carry."""

import re
from html.parser import HTMLParser

import nbformat
import pytest

from course.paths import Course

NOTEBOOKS = sorted([*Course().notebooks.glob("*.ipynb"), *Course().solutions.glob("*.ipynb")])
ids = [f"{path.parent.name}/{path.name}" for path in NOTEBOOKS]


class WithoutMarkup(HTMLParser):
    """What is left of HTML when tags and their attributes are gone."""

    def __init__(self, html: str):
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag in ("br", "div", "li", "pre", "ul"):  # a browser breaks the line there
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_what_is_drawn_says_the_same_without_any_style(path):
    for cell in nbformat.read(path, 4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" not in data:
                continue
            assert "text/plain" in data, cell.id
            left = WithoutMarkup(data["text/html"]).text
            assert words(data["text/plain"]) <= words(left), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_every_diagram_is_also_told_in_words(path):
    for cell in nbformat.read(path, 4).cells:
        for diagram in cell.source.split("```mermaid")[1:]:
            assert "\nIn words: " in diagram.partition("```")[2], cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_every_picture_stands_beside_its_numbers_or_words(path):
    """A plot has no alt text in a notebook, so the cell prints something as well, or the next one explains it."""
    cells = nbformat.read(path, 4).cells
    for cell, after in zip(cells, cells[1:]):
        outputs = cell.get("outputs", [])
        if any("image/png" in output.get("data", {}) for output in outputs):
            printed = any(output.output_type == "stream" for output in outputs)
            assert printed or (after.cell_type == "markdown" and len(after.source) > 80), cell.id
