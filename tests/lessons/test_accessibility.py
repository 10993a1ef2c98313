"""axe-core on every notebook as it is stored, in the light and in the dark theme: nothing of ours is at fault.

Looked at is what the course writes: outputs and Markdown. Not looked at, because others make it: the frame of the page,
the prompts and the colours of source code (nbconvert, JupyterLab, Pygments).
"""

from pathlib import Path

import axe_playwright_python
import nbformat
import pytest
from nbconvert import HTMLExporter

from course.paths import ROOT, Course

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
COURSE = Course()
NOTEBOOKS = sorted(COURSE.notebooks.glob("*.ipynb"))
OURS = [".jp-OutputArea-output", ".jp-RenderedMarkdown"]
NOT_OURS = [
    ".highlight",  # source code in Pygments' colours
    ".anchor-link",  # the ¶ that nbconvert puts behind a heading
]

# Rules that find what JupyterLab decides for every notebook.
RULES_NOT_OURS = [
    "link-in-text-block",  # its themes underline a link only under the pointer
]


def in_both_forms(path: Path) -> nbformat.NotebookNode:
    """The learner's notebook, and below it what is different in the worked one: each thing is looked at once."""
    notebook = nbformat.read(path, 4)
    worked = COURSE.solutions / path.name
    if worked.is_file():
        known = [(cell.source, cell.get("outputs")) for cell in notebook.cells]
        for cell in nbformat.read(worked, 4).cells:
            if (cell.source, cell.get("outputs")) not in known:
                cell.id = f"worked-{cell.id}"[:64]
                notebook.cells.append(cell)
    return notebook


@pytest.fixture(scope="module")
def page(browser):
    """One page for all: a new one is a new process of the browser."""
    page = browser.new_page()
    # nbconvert's page asks others for MathJax and Mermaid; they have no part in this.
    page.route("http*://**", lambda route: route.abort())
    yield page
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[str(p.relative_to(ROOT)) for p in NOTEBOOKS])
def test_what_the_course_writes_is_accessible(page, path, theme, tmp_path):
    # The source code of cells is Pygments' work, see NOT_OURS; without it the page is half as large.
    exporter = HTMLExporter(template_name="lab", theme=theme, exclude_input=True)
    rendered, _ = exporter.from_notebook_node(in_both_forms(path))
    (tmp_path / "page.html").write_text(rendered, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
    page.evaluate(AXE)
    rules = {rule: {"enabled": False} for rule in RULES_NOT_OURS}
    # What a theme changes is colours. All else is looked at once, in the light one.
    options = {"rules": rules} if theme == "light" else {"runOnly": ["color-contrast"]}
    # Of what passes, one place a rule is enough to be told of.
    options |= {"resultTypes": ["violations"]}
    found = page.evaluate(
        "([include, exclude, options]) => axe.run({include, exclude}, options)",
        [OURS, NOT_OURS, options],
    )
    looked_at = {rule["id"] for rule in found["passes"]}
    assert "color-contrast" in looked_at, "axe found nothing to look at"
    faults = [
        f"{rule['id']}: {rule['help']}: {node['html'][:300]}: {node['any'] and node['any'][0]['message']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    assert faults == []
