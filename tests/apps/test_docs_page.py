"""The page /docs in a real browser: it needs no internet, and its button *Authorize* logs in."""

import re

import pytest
from playwright.sync_api import Page, expect

from course.paths import ROOT
from tests.apps.running import PASSWORD, WITH_DOCS_PAGE, RunningApp, running_app

PATIENCE = 30_000  # milliseconds
PICTURES = ROOT / ".browser-pictures"


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE)
    outside, failed = [], []
    local = re.compile(r"http://127\.0\.0\.1:|data:|blob:")
    page.on("request", lambda request: local.match(request.url) or outside.append(request.url))
    page.on("response", lambda answer: answer.ok or failed.append((answer.status, answer.url)))
    page.on("pageerror", lambda error: failed.append(str(error)))
    yield page
    page.close()
    assert outside == [], "the page asked for something outside this machine"
    assert failed == [], "the page asked for something that is not there, or a script of it failed"


def open_docs(page: Page, app: RunningApp) -> None:
    page.goto(f"{app.url}/docs")
    expect(page.locator(".opblock-summary-path", has_text="/me")).to_be_visible()


def save_picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize("name", WITH_DOCS_PAGE)
def test_page_shows_the_operations(name, tmp_path, page):
    with running_app(name, tmp_path) as app:
        open_docs(page, app)
        save_picture(page, f"docs_{name}")


def try_me(page: Page) -> None:
    """Open GET /me, *Try it out*, *Execute*, wait for an answer."""
    page.locator("#operations-default-me_me_get .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()


def test_authorize_logs_in_and_the_next_request_carries_the_token(tmp_path, page):
    with running_app("fastapi_login", tmp_path) as app:
        app.add_user("ada", PASSWORD)
        open_docs(page, app)
        page.locator(".auth-wrapper .authorize").first.click()
        page.get_by_label("username:").fill("ada")
        page.get_by_label("password:").fill(PASSWORD)
        page.locator(".auth-btn-wrapper").get_by_role("button", name="Authorize").click()
        expect(page.locator(".auth-container")).to_contain_text("Authorized")
        page.locator(".auth-btn-wrapper").get_by_role("button", name="Close").click()
        try_me(page)
        answer = page.locator(".live-responses-table .response").first
        expect(answer.locator(".response-col_status")).to_contain_text("200")
        expect(answer).to_contain_text('"id": "1"')
        save_picture(page, "docs_fastapi_login_authorized")
