"""Drives JupyterLab in a real browser, as a learner does: opens a lesson, runs cells, types into them."""

import nbformat
from playwright.sync_api import Page, expect

from course.paths import ROOT
from tests.learner.running_course import RunningCourse

# Milliseconds. A busy machine is slow, and a broken lesson never gets there.
PATIENCE = 120_000
PICTURES = ROOT / ".browser-pictures"
expect.set_options(timeout=PATIENCE)
# The notebook that is in front: others stay in the page, behind it.
IN_FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"


def open_lesson(page: Page, course: RunningCourse, lesson: str) -> None:
    page.goto(course.address_of(lesson))
    wait_for_kernel(page)


def wait_for_kernel(page: Page) -> None:
    """Wait until the kernel is there: a cell run before that loses its output, and nothing runs."""
    notebook = page.locator(IN_FRONT)
    expect(notebook.locator(".jp-KernelName")).to_have_text("Python 3 (ipykernel)")
    expect(notebook.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")  # fmt: skip


def run_all(page: Page, course: RunningCourse, lesson: str) -> nbformat.NotebookNode:
    """Run all cells, save, and return what was saved once every cell has run."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(f"{IN_FRONT} .jp-CodeCell .jp-InputPrompt").first).to_have_text("[1]:")
    expect(page.locator(".jp-InputPrompt", has_text="[*]")).to_have_count(0)
    wait_for_kernel(page)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    notebook = nbformat.from_dict(course.ask(f"contents/my_work/{lesson}.ipynb")["content"])
    never_ran = [c.id for c in notebook.cells if c.cell_type == "code" and not c.execution_count]
    assert never_ran == []
    return notebook


def code_cell(page: Page, text: str):
    return page.locator(
        f"{IN_FRONT} .jp-CodeCell", has=page.locator(".jp-Cell-inputWrapper", has_text=text)
    ).first


def type_and_run(page: Page, cell, source: str) -> None:
    """Type over a cell, and run it and the next one."""
    wait_for_kernel(page)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
