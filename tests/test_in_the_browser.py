"""A learner's session in a real browser: start the course, open lesson 06, run all, practise."""

import json
import re

import nbformat
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from course.lesson_map import read_map
from course.paths import ROOT, Course
from course.shown import COLOURS
from tests.browser import FLAGS, require_browser
from tests.exercise_harness import situations
from tests.running_course import RunningCourse, copy_course, running_course

LESSON = "06_log_in_with_flask"
PATIENCE = 60_000  # milliseconds; a busy machine is slow, a broken lesson never gets there
expect.set_options(timeout=PATIENCE)
PICTURES = ROOT / ".browser-pictures"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    require_browser()
    with running_course(copy_course(tmp_path_factory.mktemp("course"))) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=require_browser(), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, course):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE)
    outside = []
    local = re.compile(r"(https?|wss?)://(localhost|127\.0\.0\.1)[:/]|data:|blob:")
    page.on("request", lambda request: local.match(request.url) or outside.append(request.url))
    yield page
    page.close()
    assert outside == [], "the page asked for something outside this machine"


def open_lesson(page: Page, course: RunningCourse, lesson: str) -> None:
    page.goto(course.address_of(lesson))
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=PATIENCE)


def run_all(page: Page, course: RunningCourse, lesson: str) -> nbformat.NotebookNode:
    """Run all cells, save, and return what was saved once every cell has run."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").first).to_have_text(
        "[1]:", timeout=PATIENCE
    )
    expect(page.locator(".jp-InputPrompt", has_text="[*]")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=PATIENCE)
    notebook = nbformat.from_dict(course.ask(f"contents/my_work/{lesson}.ipynb")["content"])
    never_ran = [c.id for c in notebook.cells if c.cell_type == "code" and not c.execution_count]
    assert never_ran == []
    return notebook


def code_cell(page: Page, text: str):
    return page.locator(
        ".jp-CodeCell", has=page.locator(".jp-Cell-inputWrapper", has_text=text)
    ).first


def type_and_run(page: Page, cell, source: str) -> None:
    """Type over a cell, and run it and the next one."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")


def answer(page: Page, exercise_id: str, source: str) -> None:
    """Type an answer over the stub, as a learner does, and run it and the check below it."""
    name = re.search(r"def (\w+)", source)[1]
    type_and_run(page, code_cell(page, f"def {name}("), source)
    expect(code_cell(page, f'check("{exercise_id}"')).not_to_contain_text("[*]")


def verdict(page: Page, exercise_id: str):
    return code_cell(page, f'check("{exercise_id}"').locator(".jp-OutputArea-output").first


def colours_on_the_page(page: Page) -> set[tuple[str, str]]:
    """Background and text colour of everything the course has drawn, as the browser computed them."""
    pairs = page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output [style*=background]')].map(element => {
            const style = getComputedStyle(element); return [style.backgroundColor, style.color]; })"""
    )
    return {tuple(pair) for pair in pairs}


def as_rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5))})"


def test_lesson_06_runs_to_the_bottom_and_turns_with_the_answers(page, course):
    open_lesson(page, course, LESSON)
    notebook = run_all(page, course, LESSON)

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs and not [output for output in outputs if output.output_type == "error"]

    # The three parts of a token, each in its colour.
    drawn = colours_on_the_page(page)
    for part in ("header", "payload", "signature"):
        assert tuple(map(as_rgb, COLOURS[part])) in drawn

    # The diagram is a picture, not its source.
    diagram = page.locator(".jp-RenderedMermaid img, .jp-RenderedMermaid svg").first
    diagram.scroll_into_view_if_needed()
    expect(diagram).to_be_visible()
    assert diagram.bounding_box()["width"] > 200 and diagram.bounding_box()["height"] > 200
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "lesson_06_diagram.png")

    # The three outcomes: nothing attempted yet, one answered wrongly, one answered rightly.
    exercises = situations("06")
    for exercise_id in exercises:
        expect(verdict(page, exercise_id)).to_contain_text("○ Not attempted.")
    answer(page, "6.1", "def bearer_token(authorization):\n    return authorization[7:]")
    expect(verdict(page, "6.1")).to_contain_text("✗ Not yet.")
    answer(page, "6.1", exercises["6.1"].solution)
    expect(verdict(page, "6.1")).to_contain_text("✓ Correct.")
    answer(page, "6.3", "def refuse_bad_tokens_with_401(jwt):\n    pass")
    expect(verdict(page, "6.3")).to_contain_text("✗ Not yet.")
    expect(verdict(page, "6.2")).to_contain_text("○ Not attempted.")
    verdict(page, "6.1").scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / "lesson_06_answers.png")


def test_lesson_01_shows_the_token_in_colour(page, course):
    open_lesson(page, course, "01_decode_a_jwt")
    run_all(page, course, "01_decode_a_jwt")
    token = page.get_by_role("group", name="A decoded JSON Web Token").first
    token.scroll_into_view_if_needed()
    expect(token).to_contain_text("2022-10-25 17:54:50 UTC")
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "lesson_01_token.png")


def test_the_copy_opens_unchanged_and_without_a_pop_up(page, course):
    page.goto(course.start_address)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(2_000)  # a pop-up or a change would come after the start
    assert page.locator(".jp-Dialog, .jp-toast, .Toastify__toast").count() == 0
    assert json.loads((course.folder / "my_work/01_decode_a_jwt.ipynb").read_text("utf-8"))["cells"]


def test_start_page_shows_what_was_solved_after_a_restart(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path / "workspaces"))
    folder = copy_course(tmp_path / "course")
    lesson = "01_decode_a_jwt"
    exercises = sum(len(each.exercises) for each in read_map(Course()))
    PICTURES.mkdir(exist_ok=True)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    with running_course(folder) as running:
        page.goto(running.start_address)
        expect(page.get_by_role("heading", name="JWT, cell by cell")).to_be_visible()
        expect(page.get_by_text("Next: open lesson 01")).to_be_visible()
        page.screenshot(path=PICTURES / "start_page_first.png")
        page.get_by_role("link", name="01 Decode a JWT").click()  # a relative link, in an output
        expect(page.get_by_role("heading", name="Decode a JWT")).to_be_visible()

        open_lesson(page, running, lesson)
        run_all(page, running, lesson)
        check_cell = code_cell(page, 'check("1.1"')
        stub = check_cell.locator("xpath=preceding-sibling::*[contains(@class,'jp-CodeCell')][1]")
        for source, said in (
            ("number_of_parts = 2", "✗ Not yet."),
            ("number_of_parts = 3", "✓ Correct."),
        ):
            type_and_run(page, stub, source)
            expect(verdict(page, "1.1")).to_contain_text(said)
        page.keyboard.press("Control+s")
        expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    assert list(json.loads((folder / "my_work/progress.json").read_text("utf-8"))["solved"]) == [
        "1.1"
    ]
    with running_course(folder) as running:
        assert "Next: exercise 1.2 in lesson 01" in running.said
        page.goto(running.start_address)
        expect(page.get_by_text(f"1 of {exercises} exercises solved.")).to_be_visible()
        expect(page.get_by_role("row", name="01 Decode a JWT")).to_contain_text("1 of 4")
        page.screenshot(path=PICTURES / "start_page_second.png")
        # The reader refreshes it: the kernel draws the same.
        type_and_run(
            page, code_cell(page, "progress()"), "from course import progress\n\nprogress()"
        )
        expect(page.get_by_role("row", name="01 Decode a JWT")).to_contain_text("1 of 4")
    page.close()
