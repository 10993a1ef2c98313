"""The debugger as a learner meets it: by keyboard alone, in the light and in the dark theme, seen and heard."""

import json
import re
from pathlib import Path

import axe_playwright_python
import jwt
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import new_page
from tests.course.test_contrast import contrast
from tests.lab import PICTURES, open_lesson, wait_for_kernel
from tests.learner.running_course import RunningCourse

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
KEY = "a practice key with more than 32 bytes"
TOKEN = jwt.encode({"sub": "ada", "role": "reader", "exp": 1666720490}, KEY, "HS256")
FORM = ".course-debugger"


@pytest.fixture(scope="module")
def page(context, course: RunningCourse):
    course.add_notebook("play", "from course import debugger\n\ndebugger()")
    with new_page(context) as page:
        open_lesson(page, course, "play")
        yield page


@pytest.fixture(scope="module", params=THEMES)
def theme(request, page: Page) -> str:
    choose_theme(page, THEMES[request.param])
    yield request.param
    choose_theme(page, THEMES["light"])


def choose_theme(page: Page, theme: str) -> None:
    """As a learner does."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text=re.compile("^Theme$")).hover()
    # The theme that is in use is a box with a tick.
    page.locator(".lm-Menu-item", has_text=re.compile(f"^{theme}$")).click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)


@pytest.fixture
def form(page: Page, theme: str):
    """A form that nobody has used: the cell is run again."""
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    form = page.locator(FORM)
    expect(form).to_be_visible()
    expect(form.get_by_role("group", name="A decoded JSON Web Token")).to_be_visible()
    expect(form.locator(".course-verdict")).to_contain_text("○ Not checked.")
    expect(form.get_by_role("textbox", name="Key")).to_have_value("")
    return form


def replace_by_keyboard(page: Page, text: str) -> None:
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def picture(form, theme: str, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    form.scroll_into_view_if_needed()
    form.page.screenshot(path=PICTURES / f"debugger_{theme}_{name}.png")


def colours_with_their_background(form) -> list[dict]:
    """Text, colour and the background behind it, as computed, of every element of the form that shows text itself."""
    return form.evaluate(
        """form => [...form.querySelectorAll('*')].filter(element => element.tagName !== 'STYLE' &&
            element.getClientRects().length && (/TEXTAREA|INPUT/.test(element.tagName) ||
            [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))).map(element => {
          let behind = element;
          while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
          return {text: element.textContent || element.value, colour: getComputedStyle(element).color,
                  background: getComputedStyle(behind).backgroundColor};
        })"""
    )


def channels(rgb: str) -> list[float]:
    """Red, green, blue and opacity of a computed colour."""
    numbers = [float(number) for number in rgb[rgb.index("(") + 1 : -1].split(",")]
    return numbers if len(numbers) == 4 else [*numbers, 1.0]


def measure(each: dict) -> float:
    """The contrast; where the text is a little transparent, its background shines through."""
    *text, opacity = channels(each["colour"])
    *background, opaque = channels(each["background"])
    assert opaque == 1
    text = [opacity * over + (1 - opacity) * under for over, under in zip(text, background)]
    return contrast(
        *("#" + "".join(f"{round(c):02x}" for c in each) for each in (text, background))
    )


def violations(form) -> list[str]:
    form.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = form.page.evaluate(f"axe.run('{FORM}')")["violations"]
    return [
        f"{rule['id']}: {rule['help']}: {node['html']}" for rule in found for node in rule["nodes"]
    ]


def test_a_session_by_keyboard_alone(form, page, theme):
    verdict = form.locator(".course-verdict").get_by_role("alert")
    note = form.locator(".course-note").get_by_role("alert")
    expect(verdict).to_contain_text("○ Not checked.")
    picture(form, theme, "1_start")
    form.get_by_role("textbox", name="Token").focus()
    replace_by_keyboard(page, TOKEN)
    expect(form.get_by_role("textbox", name="Payload")).to_have_value(
        '{\n  "sub": "ada",\n  "role": "reader",\n  "exp": 1666720490\n}'
    )
    page.keyboard.press("Tab")
    expect(form.get_by_role("textbox", name="Key")).to_be_focused()
    page.keyboard.type("not the key", delay=20)
    expect(verdict).to_contain_text("✗ Not verified.")
    replace_by_keyboard(page, KEY)
    expect(verdict).to_contain_text("✓ Verified with HS256.")
    picture(form, theme, "2_verified")

    page.keyboard.press("Tab")
    expect(form.get_by_role("textbox", name="Header")).to_be_focused()
    page.keyboard.press("Tab")
    expect(form.get_by_role("textbox", name="Payload")).to_be_focused()
    replace_by_keyboard(page, '{"sub": "ada", "role": ')
    expect(note).to_contain_text("✗ Payload not used. It is not JSON, see line 1")
    expect(form.get_by_role("textbox", name="Token")).to_have_value(TOKEN)
    picture(form, theme, "3_not_json")
    page.keyboard.type('"admin"}', delay=20)
    expect(verdict).to_contain_text("✗ Not verified.")
    expect(form.get_by_role("textbox", name="Payload")).to_have_value(
        '{"sub": "ada", "role": "admin"}'
    )
    expect(form.get_by_role("group", name="A decoded JSON Web Token")).to_contain_text('"admin"')
    picture(form, theme, "4_tampered")

    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Sign again")).to_be_focused()
    assert "solid" in page.evaluate("getComputedStyle(document.activeElement).outline")
    page.keyboard.press("Enter")
    expect(verdict).to_contain_text("✓ Verified with HS256.")
    expect(note).to_contain_text("✓ Signed again with HS256.")
    signed = form.get_by_role("textbox", name="Token").input_value()
    assert jwt.decode(signed, KEY, ["HS256"]) == {"sub": "ada", "role": "admin"}
    picture(form, theme, "5_signed_again")

    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Start again")).to_be_focused()
    page.keyboard.press("Space")
    expect(verdict).to_contain_text("○ Not checked.")
    expect(form.get_by_role("textbox", name="Key")).to_have_value("")
    expect(form.get_by_role("textbox", name="Payload")).to_have_value(re.compile("your-username"))


def test_it_can_be_read_and_heard(form, page, theme):
    form.get_by_role("textbox", name="Key").fill("short")
    form.get_by_role("textbox", name="Payload").fill("{")
    expect(form.get_by_role("alert")).to_have_count(2)
    drawn = colours_with_their_background(form)
    assert len(drawn) > 20
    for each in drawn:
        assert measure(each) >= 4.5, f"{measure(each):.1f}: {each}"
    assert violations(form) == []


def test_claims_do_not_run_as_html(form, page):
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.message) or dialog.dismiss())
    form.get_by_role("textbox", name="Payload").fill(
        json.dumps({"<img src=x onerror=alert(1)>": "<b>bold</b>"})
    )
    expect(form).to_contain_text("<img src=x onerror=alert(1)>")
    assert asked == [] and form.locator("img").count() == 0


@pytest.fixture(scope="module")
def opened_lesson(context, course: RunningCourse):
    course.add_notebook("asleep", "from course import debugger\n\ndebugger()", "import os\n\nos._exit(1)")  # fmt: skip
    with new_page(context) as page:
        open_lesson(page, course, "asleep")
        yield page


@pytest.fixture
def lesson(opened_lesson: Page) -> Page:
    """A lesson with a form that runs, and a cell that ends its kernel."""
    run_first_cell(opened_lesson)
    return opened_lesson


def run_first_cell(page: Page) -> None:
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".course-verdict")).to_contain_text("○ Not checked.")
    expect(page.locator(".course-still")).to_be_hidden()
    expect(page.locator(".course-gone")).to_be_hidden()


def kernel_menu(page: Page, entry: str) -> None:
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^{entry}")).first.click()


def end_by_a_crash(page: Page) -> None:
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("appears to have died. It will restart automatically.")).to_be_visible()
    page.get_by_role("button", name="Ok", exact=True).click()


def end_by_a_restart(page: Page) -> None:
    kernel_menu(page, "Restart Kernel…")
    page.get_by_role("button", name="Confirm Kernel Restart").click()


def end_by_shutting_down(page: Page) -> None:
    kernel_menu(page, "Shut Down Kernel")


@pytest.mark.parametrize("end", [end_by_a_crash, end_by_a_restart, end_by_shutting_down])
def test_a_form_whose_kernel_is_gone_says_so_and_how_to_get_it_back(lesson, course, end):
    page = lesson
    end(page)
    gone = page.locator(".course-gone").get_by_role("alert")
    expect(gone).to_be_visible()
    expect(gone).to_contain_text("This form no longer answers.")
    expect(gone).to_contain_text("Run the cell again.")
    PICTURES.mkdir(exist_ok=True)
    gone.scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / f"debugger_{end.__name__}.png")
    for each in colours_with_their_background(page.locator(".course-gone")):
        assert measure(each) >= 4.5, each
    if end is end_by_shutting_down:
        open_lesson(page, course, "asleep")
    else:
        wait_for_kernel(page)
    run_first_cell(page)
    page.get_by_role("textbox", name="Key").fill(KEY)
    expect(page.locator(".course-verdict")).to_contain_text("✗ Not verified.")


def test_a_saved_lesson_that_is_opened_again_shows_a_picture_and_how_to_get_the_form(
    lesson, course
):
    page = lesson
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    end_by_shutting_down(page)
    expect(page.get_by_text("No Kernel | Unknown")).to_be_visible()
    open_lesson(page, course, "asleep")
    # JupyterLab's own words, as the page of common errors quotes them.
    expect(page.get_by_text("Error displaying widget: model not found")).to_be_visible()
    still = page.locator(".course-still")
    expect(still).to_be_visible()
    expect(still).to_contain_text(
        "This is a still picture. Run the cell in JupyterLab to type in it"
    )
    expect(still.get_by_role("group", name="A decoded JSON Web Token")).to_be_visible()
    page.screenshot(path=PICTURES / "debugger_opened_again.png")
    run_first_cell(page)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
