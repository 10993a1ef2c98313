"""JupyterLab reads TeX in the HTML of an output. Nothing that a token, an error or an answer says is read so."""

from playwright.sync_api import expect

from tests.lab import PATIENCE, open_lesson

PRICES = "was $5, is $6"
# What each of the ways to begin TeX looks like in the page, if it is left alone.
TEX = (
    PRICES
    + r" $\href{https://evil.example}{free}$ \(x^2\) \[y^2\] $$z^2$$ \begin{equation}w\end{equation}"
)
CELLS = {
    "control": "from IPython.display import HTML\nHTML('<div>' + TEX + '</div>')",
    "show_token": "course.show_token(unsigned({'price': TEX, TEX: 1}))",
    "show_token, a part": "course.show_token(f'{TEX}.{TEX}.{TEX}')",
    "show_token, text": "course.show_token(f'e30.{encode_part(TEX.encode())}.AAAA')",
    "expect": "with course.expect(ValueError):\n    raise ValueError(TEX)",
    "check": "course.check('1.1', TEX)",
    "check, of a function": "course.check('1.2', lambda part: print(TEX))",
    "show_exchange": "course.show_exchange(requests.post(server.url + '/', data=TEX, headers={'Cookie': TEX}))",
    "log": "requests.get(server.url + '/log').status_code",
    "exception": "requests.get(server.url + '/fail').status_code",
    "debugger": "course.debugger(unsigned({'price': TEX, TEX: 1}), TEX)",
}
PRELUDE = rf"""
import course, requests
from course.token_parts import encode_part, unsigned
from flask import Flask, request

TEX = {TEX!r}
app = Flask("echo")

@app.post("/")
def echo():
    return request.get_data()

@app.get("/log")
def log():
    app.logger.warning(TEX)
    return TEX

@app.get("/fail")
def fail():
    raise ValueError(TEX)

server = course.serve(app)
"""


def test_what_others_wrote_is_never_read_as_tex(page, course):
    course.add_notebook("tex", PRELUDE, *CELLS.values())
    open_lesson(page, course, "tex")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    outputs = page.locator(".jp-CodeCell .jp-Cell-outputArea")
    form = page.locator(".course-debugger")
    expect(form.get_by_role("group", name="A decoded JSON Web Token")).to_be_visible(
        timeout=PATIENCE
    )
    # The control: JupyterLab does read TeX, and makes a link of it.
    control = outputs.nth(1)
    expect(control.locator("mjx-container")).to_have_count(6, timeout=PATIENCE)
    expect(control.locator("a[href='https://evil.example']")).to_have_count(1)
    # A note and a verdict of the debugger come later than its drawing.
    form.get_by_role("textbox", name="Header").fill('{"alg": "' + TEX.replace("\\", "\\\\") + '"}')
    expect(form.locator(".course-verdict")).to_contain_text("Cannot be checked: alg is")
    form.get_by_role("textbox", name="Payload").fill('{"' + PRICES + '": 1, "' + PRICES + '": 2}')
    expect(form.locator(".course-note")).to_contain_text(PRICES)
    page.wait_for_function("() => document.querySelectorAll('mjx-container').length === 6")
    for index, name in enumerate(CELLS, start=1):
        if name != "control":
            expect(outputs.nth(index), name).to_contain_text(PRICES)
            expect(outputs.nth(index).locator("mjx-container, a"), name).to_have_count(0)
