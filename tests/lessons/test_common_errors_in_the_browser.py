"""What the page of common errors says of a browser, said by one; and its list leads where it says."""

import re

from flask import Flask
from playwright.sync_api import expect

from course import serve
from course.paths import Course
from tests.lab import open_lesson


def test_the_list_at_the_top_leads_to_the_group(page, course):
    open_lesson(page, course, "common_errors")
    # JupyterLab draws the cells one by one, and a link leads nowhere before all are there.
    expect(page.get_by_role("heading", name="Error displaying widget")).to_be_attached()
    page.get_by_role("link", name="Databases", exact=True).click()
    expect(page.get_by_role("heading", name="Databases")).to_be_in_viewport()


def test_the_message_about_cors_is_the_browser_s_own(page):
    text = (Course().lessons / "common_errors.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"^### Quoted: `(.*CORS.*)`$", text, re.M)
    api, shop = Flask("api"), Flask("shop")
    api.post("/login")(lambda: {"access_token": "…"})
    shop.get("/")(lambda: "a page of another origin")
    servers = [serve(app, app.name) for app in (api, shop)]
    said = []
    page.on("console", lambda message: said.append(message.text))
    try:
        page.goto(servers[1].url)
        # With JSON, so that the browser asks first.
        failed = page.evaluate(
            """url => fetch(url, {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"})
                      .then(() => "answered", error => error.message)""",
            servers[0].url + "/login",
        )
    finally:
        for server in servers:
            server.stop()
    assert failed == "Failed to fetch"
    assert any(quoted in each and "preflight" in each for each in said), said
