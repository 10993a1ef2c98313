"""A learner's session in a real browser: start the course, open a lesson, run all, practise."""

import json
import re

from playwright.sync_api import Page, expect

from course.lesson import read_lesson
from course.lesson_map import read_map
from course.paths import Course
from course.shown import COLOURS
from tests.lab import PICTURES, code_cell, open_lesson, run_all, type_and_run, wait_for_kernel
from tests.learner.running_course import copy_course, running_course

LESSON = "06_log_in_with_flask"


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
    lesson = read_lesson(Course().lessons / f"{LESSON}.md", Course().snippets)
    exercises = [*lesson.exercises, lesson.recall]
    solutions = {exercise.id: exercise.solution.source for exercise in exercises}
    for exercise_id in solutions:
        expect(verdict(page, exercise_id)).to_contain_text("○ Not attempted.")
    answer(page, "6.1", "def bearer_token(authorization):\n    return authorization[7:]")
    expect(verdict(page, "6.1")).to_contain_text("✗ Not yet.")
    answer(page, "6.1", solutions["6.1"])
    expect(verdict(page, "6.1")).to_contain_text("✓ Correct.")
    answer(page, "6.3", "def refuse_bad_tokens_with_401(jwt):\n    pass")
    expect(verdict(page, "6.3")).to_contain_text("✗ Not yet.")
    expect(verdict(page, "6.2")).to_contain_text("○ Not attempted.")
    verdict(page, "6.1").scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / "lesson_06_answers.png")


def shows_the_token(page: Page) -> None:
    token = page.get_by_role("group", name="A decoded JSON Web Token").first
    token.scroll_into_view_if_needed()
    expect(token).to_contain_text("2022-10-25 17:54:50 UTC")
    page.screenshot(path=PICTURES / "lesson_01_token.png")


def test_start_page_leads_to_a_lesson_and_shows_what_was_solved_after_a_restart(page, tmp_path):
    folder = copy_course(tmp_path / "course")
    lesson = "01_decode_a_jwt"
    exercises = sum(len(each.exercises) for each in read_map(Course()))
    PICTURES.mkdir(exist_ok=True)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with running_course(folder) as running:
        page.goto(running.start_address)
        expect(page.get_by_role("heading", name="JWT, cell by cell")).to_be_visible()
        expect(page.get_by_text("Next: open lesson 01")).to_be_visible()
        wait_for_kernel(page)
        page.wait_for_timeout(2_000)  # a pop-up or a change would come after the start
        assert page.locator(".jp-Dialog, .jp-toast, .Toastify__toast").count() == 0
        assert json.loads((folder / f"my_work/{lesson}.ipynb").read_text("utf-8"))["cells"]
        assert any("/lab/api/" in url for url in asked)
        assert [url for url in asked if "/lab/api/build" in url] == []
        page.screenshot(path=PICTURES / "start_page_first.png")
        page.get_by_role("link", name="01 Decode a JWT").click()  # a relative link, in an output
        expect(page.get_by_role("heading", name="Decode a JWT")).to_be_visible()

        wait_for_kernel(page)
        run_all(page, running, lesson)
        shows_the_token(page)
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
