"""browser_login in a real browser: what people see, what scripts and other pages cannot do, and what every answer says."""

import json
import re
import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import axe_playwright_python
import pytest
import requests
import trustme
from flask import Flask, request
from jose import jwt
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from course.browser import WITH_WINDOWS
from course.paths import ROOT
from tests.apps.running import PASSWORD, RunningApp, running_app
from tests.apps.test_requests import raw_answer
from tests.browser import FLAGS, require_browser
from tests.conftest import new_page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PICTURES = ROOT / ".browser-pictures"
ACCESS, REFRESH = "__Host-access", "__Secure-refresh"
CSRF_ACCESS, CSRF_REFRESH = "__Host-csrf-access", "__Host-csrf-refresh"


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Iterator[RunningApp]:
    with running_app("browser_login", tmp_path_factory.mktemp("browser_login")) as running:
        yield running
    assert "Traceback" not in running.said


@pytest.fixture(scope="module")
def home(app) -> str:
    """The address that people type."""
    return app.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """A profile of its own for each test: nobody is logged in yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    # Which requests are made, by any tab of it.
    context.asked = []
    context.on("request", lambda sent: context.asked.append((sent.method, path_of(sent.url))))
    yield context
    context.close()


@pytest.fixture
def page(context) -> Iterator[Page]:
    """A tab whose scripts never fail; the console has the 401s, which the browser writes there, and what a test allows."""
    complaints = []
    with new_page(context) as page:
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: line.type in ("error", "warning") and complaints.append(line.text),
        )
        yield page
    allowed = f"{refusals(401)}|{getattr(page, 'allowed', 'nothing else')}"
    assert [text for text in complaints if not re.fullmatch(allowed, text, re.S)] == []


def refusals(*statuses: int) -> str:
    """What the console says of answers with these, as a pattern."""
    listed = "|".join(map(str, statuses))
    return rf"Failed to load resource: the server responded with a status of ({listed}) \(.*\)"


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def new_user(app: RunningApp) -> dict:
    user = {"username": f"user-{secrets.token_hex(4)}", "password": PASSWORD}
    app.add_user(**user)
    return user


def log_in(page: Page, home: str, user: dict) -> None:
    page.goto(home)
    fill_in(page, user)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(logged_in(page)).to_be_visible()


def fill_in(page: Page, user: dict) -> None:
    page.get_by_label("Name").fill(user["username"])
    page.get_by_label("Password").fill(user["password"])


def logged_in(page: Page):
    return page.get_by_role("heading", name="You are logged in")


def form(page: Page):
    return page.get_by_role("heading", name="Log in", exact=True)


def cookies_of(context: BrowserContext) -> dict[str, dict]:
    return {cookie["name"]: cookie for cookie in context.cookies()}


def me_with(app: RunningApp, access_token: str) -> int:
    """The status of GET /me for whoever has a copy of the cookie."""
    headers = {"Cookie": f"{ACCESS}={access_token}"}
    return requests.get(f"{app.url}/me", headers=headers, timeout=20).status_code


def forget(context: BrowserContext, name: str) -> None:
    context.clear_cookies(name=name)
    assert name not in cookies_of(context)


# --- What people see ---


def test_wrong_password_is_said_and_the_password_has_the_focus(app, home, page):
    page.goto(home)
    fill_in(page, new_user(app) | {"password": "let me in"})
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Invalid credentials.")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(form(page)).to_be_visible()
    assert page.context.cookies() == []


def test_new_account_is_made_and_logged_in(app, home, page):
    page.goto(home)
    name = f"new-{secrets.token_hex(4)}"
    fill_in(page, {"username": name, "password": "too short"})
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("alert")).to_contain_text("password: Length must be between 15 and")
    page.allowed = refusals(422)
    fill_in(page, {"username": name, "password": PASSWORD})
    page.get_by_role("button", name="Create an account").click()
    expect(logged_in(page)).to_be_visible()
    expect(logged_in(page)).to_be_focused()
    expect(page).to_have_title("You are logged in")
    tokens = app.log_in({"username": name, "password": PASSWORD})
    expect(page.locator("#user-id")).to_have_text(tokens["id"])
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "browser_login.png")


def test_name_that_is_taken_is_said(app, home, page):
    page.goto(home)
    fill_in(page, new_user(app))
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("alert")).to_have_text("There is a user with this name already.")
    page.allowed = refusals(409)


def test_scripts_see_the_csrf_tokens_and_nothing_else(app, home, page):
    log_in(page, home, new_user(app))
    seen = page.evaluate("document.cookie")
    assert {pair.partition("=")[0] for pair in seen.split("; ")} == {CSRF_ACCESS, CSRF_REFRESH}
    everything = page.evaluate(
        "[document.cookie, document.documentElement.outerHTML, JSON.stringify(localStorage), "
        "JSON.stringify(sessionStorage), JSON.stringify(history.state), name].join()"
    )
    assert "eyJ" not in everything
    held = cookies_of(page.context)
    assert set(held) == {ACCESS, REFRESH, CSRF_ACCESS, CSRF_REFRESH}
    for name, cookie in held.items():
        assert cookie["httpOnly"] == (name in (ACCESS, REFRESH))
        assert cookie["secure"] and cookie["sameSite"] == "Strict"
        assert cookie["path"] == ("/refresh" if name == REFRESH else "/")
    for name in (ACCESS, REFRESH):
        # A cookie lives as long as its token.
        claims = jwt.get_unverified_claims(held[name]["value"])
        assert abs(held[name]["expires"] - claims["exp"]) <= 2


def test_reload_stays_logged_in_and_needs_no_refresh(app, home, page):
    log_in(page, home, new_user(app))
    page.reload()
    expect(logged_in(page)).to_be_visible()
    assert ("POST", "/refresh") not in page.context.asked


def test_page_whose_access_token_is_gone_refreshes_by_itself_once(app, home, page):
    log_in(page, home, new_user(app))
    before = cookies_of(page.context)
    forget(page.context, ACCESS)
    page.context.asked.clear()
    page.reload()
    expect(logged_in(page)).to_be_visible()
    asked = [each for each in page.context.asked if each[1] in ("/me", "/refresh")]
    assert asked == [("GET", "/me"), ("POST", "/refresh"), ("GET", "/me")]
    after = cookies_of(page.context)
    assert after[REFRESH]["value"] != before[REFRESH]["value"]
    # The refresh token goes to that one address.
    assert REFRESH not in page.evaluate("fetch('me').then(a => a.text())")


def test_two_tabs_at_once_refresh_once_and_both_stay_logged_in(app, home, page):
    log_in(page, home, new_user(app))
    with new_page(page.context) as other:
        other.goto(home)
        expect(logged_in(other)).to_be_visible()
        forget(page.context, ACCESS)
        page.context.asked.clear()
        # Both are refused before either of them refreshes: no answer to the first two reaches a page before both are sent.
        waiting = []

        def hold_the_first_two(route) -> None:
            waiting.append(route)
            if len(waiting) == 2:
                for each in waiting:
                    each.continue_()
            elif len(waiting) > 2:
                route.continue_()

        page.context.route("**/me", hold_the_first_two)
        for tab in (page, other):
            tab.evaluate("void location.reload()")
        for tab in (page, other):
            expect(tab.locator("#user-id")).to_have_text(re.compile(r"\d+"))
            expect(logged_in(tab)).to_be_visible()
        page.context.unroute("**/me")
    refreshes = [each for each in page.context.asked if each == ("POST", "/refresh")]
    assert len(waiting) >= 2 and len(refreshes) == 1


def test_logging_out_ends_it_also_for_who_has_a_copy_of_the_cookies(app, home, page):
    log_in(page, home, new_user(app))
    copied = {name: cookie["value"] for name, cookie in cookies_of(page.context).items()}
    assert me_with(app, copied[ACCESS]) == 200
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are logged out.")
    expect(page.get_by_label("Name")).to_be_focused()
    assert page.context.cookies() == [] and page.evaluate("document.cookie") == ""
    assert me_with(app, copied[ACCESS]) == 401
    answer = requests.post(
        f"{app.url}/refresh", timeout=20,
        headers={"Cookie": f"{REFRESH}={copied[REFRESH]}", "X-CSRF-TOKEN": copied[CSRF_REFRESH]},
    )  # fmt: skip
    assert (answer.status_code, answer.json()) == (401, {"message": "Token has been revoked"})


def test_logging_out_everywhere_ends_the_other_browser_too(app, home, page, browser):
    user = new_user(app)
    log_in(page, home, user)
    elsewhere = browser.new_context()
    with new_page(elsewhere) as other:
        log_in(other, home, user)
        page.get_by_role("button", name="Log out everywhere").click()
        expect(page.get_by_role("status")).to_have_text("You are logged out.")
        # The other page does not know yet. It finds out when it asks for something.
        other.get_by_role("button", name="Log out", exact=True).click()
        expect(other.get_by_role("status")).to_have_text("You are logged out.")
        other.reload()
        expect(form(other)).to_be_visible()
    elsewhere.close()


def test_page_that_the_browser_has_kept_asks_again(app, home, browser):
    """Logged out in another tab, and then back to a page that was left while logged in."""
    keeping = browser.browser_type.launch(
        # A headless shell keeps no pages, nor does Playwright by its own flag.
        executable_path=require_browser(WITH_WINDOWS), args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )  # fmt: skip
    with new_page(keeping.new_context()) as page:
        log_in(page, home, new_user(app))
        page.evaluate("window.kept = true")
        page.goto(f"{home}/openapi.json")
        with new_page(page.context) as other:
            other.goto(home)
            other.get_by_role("button", name="Log out", exact=True).click()
            expect(other.get_by_role("status")).to_have_text("You are logged out.")
        page.go_back(wait_until="commit")
        expect(form(page)).to_be_visible()
        expect(page).to_have_title("Log in")
        assert page.evaluate("window.kept") is True
    keeping.close()


def test_server_that_is_gone_is_said(tmp_path, page):
    with running_app("browser_login", tmp_path) as app:
        home = app.url.replace("127.0.0.1", "localhost")
        user = new_user(app)
        log_in(page, home, user)
        with new_page(page.context) as other:
            other.goto(home)
            expect(logged_in(other)).to_be_visible()
            app.kill()
            other.get_by_role("button", name="Log out", exact=True).click()
            said = "You are still logged in. The server does not answer. Try again."
            expect(other.get_by_role("status")).to_have_text(said)
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        expect(page.get_by_role("alert")).to_have_text("The server does not answer. Try again.")
        fill_in(page, user)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_role("alert")).to_have_text("The server does not answer. Try again.")
        expect(page.get_by_role("button", name="Log in", exact=True)).to_be_enabled()
    page.allowed = "Failed to load resource: net::ERR_(CONNECTION_REFUSED|EMPTY_RESPONSE)"


def test_answer_that_is_no_json_is_said(app, home, page):
    """Such as that of a server in front, when the app behind it is away."""
    page.goto(home)
    page.route("**/login", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    fill_in(page, new_user(app))
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("The server answers 502. Try again.")
    page.allowed = refusals(502)


def test_browser_that_keeps_no_cookies_is_said(app, home, page):
    """As Safari by http, or any browser by http at another address than localhost."""
    page.goto(home)

    def without_cookies(route) -> None:
        answer = route.fetch()
        # Playwright's fetch has kept them for the profile.
        page.context.clear_cookies()
        headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        route.fulfill(response=answer, headers=headers)

    page.route("**/login", without_cookies)
    fill_in(page, new_user(app))
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Your browser kept no cookies.")
    expect(form(page)).to_be_visible()


def test_keyboard_alone_is_enough(app, home, page):
    user = new_user(app)
    page.goto(home)
    expect(form(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(user["username"])
    page.keyboard.press("Tab")
    page.keyboard.type("let me in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    # The password has the focus still.
    page.keyboard.press("Control+a")
    page.keyboard.type(user["password"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_focused()
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert ring == "3px"
    page.keyboard.press("Space")
    expect(logged_in(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log out", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()


@pytest.mark.parametrize("width", [390, 320])
def test_nothing_scrolls_sideways_on_a_phone(width, app, home, page):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(home)
    expect(form(page)).to_be_visible()
    fill_in(page, new_user(app) | {"password": "x"})
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    log_in(page, home, new_user(app))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme, app, home, page):
    page.emulate_media(color_scheme=scheme)
    page.goto(home)
    expect(form(page)).to_be_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(244, 244, 246)", "dark": "rgb(23, 23, 28)"}[scheme]
    assert faults(page) == []
    fill_in(page, new_user(app) | {"password": "x"})
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page) == []
    log_in(page, home, new_user(app))
    assert faults(page) == []
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    assert faults(page) == []


def faults(page: Page) -> list:
    """What axe-core finds. It is put there by the tool that drives the browser; the page's own policy would refuse it."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]


# --- What scripts and other pages cannot do ---


def test_script_that_gets_into_the_page_does_not_run(app, home, page):
    log_in(page, home, new_user(app))
    page.evaluate(
        """() => {
            window.broken = [];
            addEventListener("securitypolicyviolation", (event) => broken.push(event.effectiveDirective));
            document.querySelector("main").insertAdjacentHTML("beforeend", "<img src=/no-such-picture onerror='ran = 1'>");
            const script = document.createElement("script");
            script.textContent = "ran = 2";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<a id=trap href='javascript:ran = 3'>trap</a><base href='http://evil.example'>");
            fetch("http://127.0.0.1:9/loot").catch(() => 0);
            document.getElementById("trap").click();
            setTimeout("ran = 4");
        }"""
    )
    wanted = ["script-src-attr", "script-src-elem", "base-uri", "connect-src"]
    page.wait_for_function(f"{json.dumps(wanted)}.every((each) => broken.includes(each))")
    assert page.evaluate("typeof ran") == "undefined"
    page.allowed = f"{refusals(404)}|.*Content Security Policy.*| Note that 'script-src' was not explicitly set.*"


class Quiet(WSGIRequestHandler):
    def log(self, *_) -> None:
        pass


@contextmanager
def another_server(answer) -> Iterator[str]:
    """Something else on this machine, which answers every request with what ``answer()`` gives; yields its port."""
    server = Flask("another")

    @server.before_request
    def always():
        return answer()

    running = make_server("127.0.0.1", 0, server, threaded=True, request_handler=Quiet)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield running.port
    finally:
        running.shutdown()
        running.server_close()


ATTACKS = """<!doctype html><title>attack</title><body><script>
const results = [], seen = {access: "x", refresh: "x"};
for (const [, kind, value] of document.cookie.matchAll(/__Host-csrf-(\\w+)=([^;]*)/g)) seen[kind] = value;
const note = (name, promise) => results.push(promise.then(
    (answer) => [name, answer.type === "opaque" ? "opaque" : answer.status], () => [name, "refused"]));
const everywhere = ["/logout", "/logout-everywhere", "/refresh", "/login", "/register"];
const mine = JSON.stringify({username: "mallory", password: "%(password)s"});
for (const path of everywhere) {
  const url = "%(home)s" + path, all = {method: "POST", credentials: "include"};
  note("simple " + path, fetch(url, {...all, mode: "no-cors", body: "x=1", headers: {"Content-Type": "application/x-www-form-urlencoded"}}));
  note("text " + path, fetch(url, {...all, mode: "no-cors", body: mine, headers: {"Content-Type": "text/plain"}}));
  note("json " + path, fetch(url, {...all, body: mine, headers: {"Content-Type": "application/json"}}));
  note("header " + path, fetch(url, {...all, headers: {"X-CSRF-TOKEN": seen[path === "/refresh" ? "refresh" : "access"]}}));
  note("no type " + path, fetch(url, {...all, mode: "no-cors", body: new Blob([mine])}));
  navigator.sendBeacon(url, mine);
}
note("read", fetch("%(home)s/me", {credentials: "include"}));
note("read blindly", fetch("%(home)s/me", {credentials: "include", mode: "no-cors"}));
const done = Promise.all(results);
</script>"""
FORMS = """<!doctype html><title>attack</title><body><script>
const form = document.createElement("form");
form.method = "POST"; form.action = "%(home)s%(path)s";
const field = document.createElement("input");
field.name = '{"username": "mallory", "password": "%(password)s", "x": "'; field.value = '"}';
form.append(field); document.body.append(form);
</script>"""


@pytest.fixture(params=["localhost", "127.0.0.1"], ids=["another port", "another host"])
def attacker(request) -> str:
    """The host of another server on this machine. Of localhost, every port is the same site; 127.0.0.1 is another one."""
    return request.param


def state_of(context: BrowserContext, app: RunningApp) -> tuple:
    """All that an attack could change: the cookies, and what the server said yes to."""
    held = {
        (c["name"], c["value"], c["path"]) for c in context.cookies() if "localhost" in c["domain"]
    }
    yes = re.findall(r'"POST /\S+ HTTP/1.1" 2\d\d', app.said)
    return held, len(yes)


def test_scripts_of_other_pages_change_nothing_and_read_nothing(attacker, app, home, context, page):
    log_in(page, home, new_user(app))
    before = state_of(context, app)
    attack = ATTACKS % {"home": home, "password": PASSWORD}
    with another_server(lambda: attack) as port:
        other = context.new_page()
        other.goto(f"http://{attacker}:{port}/")
        results = dict(other.evaluate("done"))
        # Another port of the host reads the CSRF tokens. What it cannot do is send them along.
        seen = {token == "x" for token in other.evaluate("Object.values(seen)")}
        assert seen == {attacker != "localhost"}
        other.close()
    assert len(results) == 27
    for name, result in results.items():
        # Of a blind request nothing can be read; one that asks first is not sent.
        blind = name.startswith(("simple", "text", "no type", "read blindly"))
        assert result == "refused" or (blind and result == "opaque"), (name, result)
    assert state_of(context, app) == before
    context.asked.clear()
    page.reload()
    expect(logged_in(page)).to_be_visible()
    assert ("POST", "/refresh") not in context.asked


@pytest.mark.parametrize(
    "path", ["/logout", "/logout-everywhere", "/refresh", "/login", "/register"]
)
def test_forms_of_other_pages_change_nothing(attacker, path, app, home, context, page):
    """A form takes the whole tab along, so the browser sends what it sends to a page that somebody opens."""
    log_in(page, home, new_user(app))
    before = state_of(context, app)
    attack = FORMS % {"home": home, "path": path, "password": PASSWORD}
    with another_server(lambda: attack) as port:
        other = context.new_page()
        for enctype in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            other.goto(f"http://{attacker}:{port}/")
            with other.expect_navigation() as navigation:
                other.evaluate(f"form.enctype = '{enctype}'; form.submit()")
            answer = navigation.value
            said = answer.json()["message"]
            assert (answer.status, said) == (403, "This request comes from a page of another site.")
        other.close()
    assert state_of(context, app) == before


def test_no_other_page_frames_it(attacker, app, home, context, page):
    log_in(page, home, new_user(app))
    frame = f"<!doctype html><iframe src='{home}/' width=600 height=400></iframe>"
    said = []
    with another_server(lambda: frame) as port:
        other = context.new_page()
        other.on("console", lambda line: said.append(line.text))
        other.goto(f"http://{attacker}:{port}/")
        other.wait_for_function("document.readyState === 'complete'")
        (inner,) = other.frames[1:]
        assert "You are logged in" not in inner.content() and inner.url.startswith("chrome-error:")
        other.close()
    assert any("frame-ancestors 'none'" in text for text in said), said


def test_link_of_another_site_shows_the_page_and_sends_no_cookie(app, home, context, page):
    """Strict: the first request that another site begins has no cookie. The page asks for the rest itself."""
    log_in(page, home, new_user(app))
    with another_server(lambda: f"<a href='{home}/'>to the bank</a>") as port:
        other = context.new_page()
        other.goto(f"http://127.0.0.1:{port}/")
        with other.expect_request(f"{home}/") as sent:
            other.get_by_text("to the bank").click()
        assert "cookie" not in sent.value.all_headers()
        expect(logged_in(other)).to_be_visible()
        other.close()


# --- Cookies that somebody else has planted ---


def test_login_that_was_planted_before_is_gone_after_logging_in(app, home, page):
    """Session fixation: whoever plants tokens has none that is good for what comes after the login."""
    planted = app.log_in(new_user(app))
    plant(page.context, home, planted)
    user = new_user(app)
    # The page says whose login it is.
    page.goto(home)
    expect(page.locator("#user-id")).to_have_text(planted["id"])
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are logged out.")
    plant(page.context, home, app.log_in(new_user(app)))
    page.context.clear_cookies(name=ACCESS)
    page.context.clear_cookies(name=CSRF_REFRESH)
    log_in(page, home, user)
    held = cookies_of(page.context)
    mine = app.log_in(user)
    for name in (ACCESS, REFRESH):
        claims = jwt.get_unverified_claims(held[name]["value"])
        assert claims["sub"] == mine["id"]
        assert claims["sid"] != jwt.get_unverified_claims(planted["access_token"])["sid"]
    assert me_with(app, planted["access_token"]) == 401


def plant(context: BrowserContext, home: str, tokens: dict) -> None:
    """Put a whole login into the browser, as a server on another port of this host can."""
    csrf = {
        kind: jwt.get_unverified_claims(tokens[f"{kind}_token"])["csrf"]
        for kind in ("access", "refresh")
    }
    values = {ACCESS: tokens["access_token"], REFRESH: tokens["refresh_token"], CSRF_ACCESS: csrf["access"],
              CSRF_REFRESH: csrf["refresh"]}  # fmt: skip
    context.add_cookies([
        {"name": name, "value": value, "domain": "localhost", "path": "/refresh" if name == REFRESH else "/",
         "secure": True, "httpOnly": name in (ACCESS, REFRESH), "sameSite": "Strict"}
        for name, value in values.items()
    ])  # fmt: skip


def toss(context: BrowserContext, address: str, *lines: str) -> None:
    """Open a page that sets these cookies, and say which the browser took."""
    with another_server(lambda: ("x", 200, [("Set-Cookie", line) for line in lines])) as port:
        page = context.new_page()
        page.goto(address.format(port=port))
        page.close()


def test_csrf_cookies_that_another_port_overwrites_open_nothing_and_the_page_does_not_lie(
    app, home, context, page
):
    """It cannot log out then, and says so. The next refresh, or login, sets them right."""
    log_in(page, home, new_user(app))
    toss(
        context, "http://localhost:{port}/", f"{CSRF_ACCESS}=mine; Path=/; Secure", f"{CSRF_REFRESH}=mine; Path=/; Secure",
    )  # fmt: skip
    assert cookies_of(context)[CSRF_ACCESS]["value"] == "mine"
    page.get_by_role("button", name="Log out", exact=True).click()
    said = "You are still logged in. CSRF double submit tokens do not match"
    expect(page.get_by_role("status")).to_have_text(said)
    page.reload()
    expect(logged_in(page)).to_be_visible()


def test_one_csrf_cookie_that_another_port_overwrites_heals_by_a_refresh(app, home, context, page):
    log_in(page, home, new_user(app))
    toss(context, "http://localhost:{port}/", f"{CSRF_ACCESS}=mine; Path=/; Secure")
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are logged out.")
    assert context.asked.count(("POST", "/refresh")) == 1 and context.cookies() == []


@pytest.mark.parametrize("path", ["/refresh", "/"])
def test_refresh_cookie_that_another_port_plants_logs_nobody_in_as_somebody_else(
    path, app, home, context, page
):
    user, mallory = new_user(app), app.log_in(new_user(app))
    log_in(page, home, user)
    planted = f"{REFRESH}={mallory['refresh_token']}; Path={path}; Secure; HttpOnly"
    toss(context, "http://localhost:{port}/", planted)
    forget(context, ACCESS)
    page.reload()
    if path == "/":  # that of the more exact path comes first (RFC 6265 §5.4)
        expect(page.locator("#user-id")).to_have_text(app.log_in(user)["id"])
    else:
        expect(form(page)).to_be_visible()
        assert ACCESS not in cookies_of(context)
    assert ("POST", "/refresh") in context.asked


def test_no_cookie_of_another_host_of_the_domain_logs_anybody_in_as_somebody_else(app, context):
    """evil.shop.localhost can set cookies for all of shop.localhost, and also none that begins with __Host-."""
    mallory, ada = app.log_in(new_user(app)), new_user(app)
    port = app.url.rpartition(":")[2]
    home = f"http://app.shop.localhost:{port}"
    csrf = jwt.get_unverified_claims(mallory["refresh_token"])["csrf"]
    everywhere = "Domain=shop.localhost; Secure"
    lines = [
        f"{REFRESH}={mallory['refresh_token']}; Path=/refresh; {everywhere}; HttpOnly",
        f"{ACCESS}={mallory['access_token']}; Path=/; {everywhere}",
        f"{CSRF_REFRESH}={csrf}; Path=/; {everywhere}",
        # What the names of the extension would be.
        f"csrf_refresh_token={csrf}; Path=/; {everywhere}",
    ]
    page = context.new_page()
    toss(context, "http://evil.shop.localhost:{port}/", *lines)
    # It is there, and goes to /refresh.
    assert {c["name"] for c in context.cookies(f"{home}/refresh")} == {
        REFRESH,
        "csrf_refresh_token",
    }
    page.goto(home)
    expect(form(page)).to_be_visible()
    assert ("POST", "/refresh") not in context.asked
    log_in(page, home, ada)
    forget(context, ACCESS)
    page.reload()
    # The planted one is older, so it comes first. It is refused, and whoever it belongs to is not logged in here.
    expect(form(page)).to_be_visible()
    assert ("POST", "/refresh") in context.asked and ACCESS not in cookies_of(context)


def test_what_no_cookie_can_do_another_port_of_the_host_gets_them_all(app, home, context, page):
    """RFC 6265 §8.5: cookies know no ports. Nothing that is not trusted may be served on the same host."""
    log_in(page, home, new_user(app))
    got = []
    with another_server(lambda: got.append(request.headers.get("Cookie", "")) or "x") as port:
        other = context.new_page()
        other.goto(f"http://localhost:{port}/")
        other.goto(f"http://localhost:{port}/refresh")
        other.close()
    assert f"{ACCESS}=eyJ" in got[0] and any(f"{REFRESH}=eyJ" in line for line in got)


# --- What every answer says, and odd requests ---

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def assert_hardened(answer: requests.Response) -> None:
    for name, value in EVERYWHERE.items():
        assert answer.headers[name] == value, (answer.url, name)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    policy = answer.headers["Content-Security-Policy"]
    for needed in (
        "default-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "form-action 'self'",
    ):
        assert needed in policy
    assert ("unsafe-inline" in policy) == answer.url.endswith("/docs")
    assert "Access-Control-Allow-Origin" not in answer.headers
    if answer.headers.get("Content-Type") == "application/json":
        assert answer.headers["Cache-Control"] == "no-store"


def requests_by_status(app: RunningApp) -> list[tuple[int, str, str, dict]]:
    user = new_user(app)
    tokens = app.log_in(user)
    json_type = {"Content-Type": "application/json"}
    carried = app.service.carry("POST", "/logout", tokens["access_token"])
    return [
        (200, "GET", "/", {}), (200, "GET", "/page/login.js", {}), (200, "GET", "/docs", {}), (200, "GET", "/openapi.json", {}),
        (200, "GET", "/docs/assets/swagger-ui.css", {}), (200, "POST", "/login", {"json": user}),
        (201, "POST", "/register", {"json": user | {"username": f"{user['username']}-2"}}), (204, "POST", "/logout", {"headers": carried}),
        (206, "GET", "/page/login.js", {"headers": {"Range": "bytes=0-9"}}), (400, "POST", "/login", {"data": "{", "headers": json_type}),
        (401, "GET", "/me", {}), (401, "POST", "/login", {"json": user | {"password": "x"}}), (401, "POST", "/refresh", {}),
        (403, "POST", "/login", {"json": user, "headers": {"Sec-Fetch-Site": "cross-site"}}), (404, "GET", "/nothing", {}),
        (404, "GET", "/page/nothing.js", {}), (404, "GET", "/page/../cookies.py", {}), (404, "GET", "/page/%2e%2e/cookies.py", {}),
        (405, "GET", "/login", {}), (405, "DELETE", "/me", {}), (405, "TRACE", "/", {}), (409, "POST", "/register", {"json": user}),
        (413, "POST", "/login", {"json": user | {"password": "x" * 10_000}}), (415, "POST", "/login", {"data": "x"}),
        (416, "GET", "/page/login.js", {"headers": {"Range": "bytes=99999999-"}}), (422, "POST", "/login", {"json": {}}),
        (200, "OPTIONS", "/login", {}), (200, "HEAD", "/", {}),
    ]  # fmt: skip


def test_every_answer_has_the_headers_also_refusals(app):
    for status, method, path, options in requests_by_status(app):
        answer = requests.request(method, app.url + path, timeout=20, **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        assert_hardened(answer)
        if status >= 400:
            assert list(answer.json()) == ["message"]
    etag = requests.get(app.url, timeout=20).headers["ETag"]
    answer = requests.get(app.url, headers={"If-None-Match": etag}, timeout=20)
    assert answer.status_code == 304
    assert_hardened(answer)


def test_a_service_without_its_database_answers_with_the_headers_too(tmp_path):
    with running_app("browser_login", tmp_path) as app:
        user = new_user(app)
        (tmp_path / "app.db").unlink()
        answer = app.post("/login", json=user)
        assert (answer.status_code, list(answer.json())) == (503, ["message"])
        assert_hardened(answer)


def test_a_view_that_fails_answers_with_the_headers_too(fresh_database, tmp_path):
    from tests.apps.broken import broken_app

    app = broken_app("browser_login", [], tmp_path).create_app()
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    app.logger.disabled = True
    with another_app(app) as url:
        answer = requests.get(f"{url}/broken", timeout=20)
    assert (answer.status_code, list(answer.json())) == (500, ["message"])
    assert_hardened(answer)


@contextmanager
def another_app(app: Flask) -> Iterator[str]:
    running = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.port}"
    finally:
        running.shutdown()
        running.server_close()


# What a request says of the page that it comes from, and whether that is refused. {host} stands for the Host that it names.
ORIGINS = [
    ([], 200),  # a program
    (["Origin: http://{host}"], 200), (["Origin: https://{host}"], 200), (["Sec-Fetch-Site: same-origin"], 200),
    (["Sec-Fetch-Site: none"], 200), (["Sec-Fetch-Site: same-origin", "Origin: http://{host}"], 200),
    # Behind a proxy that names itself to the app, what a browser of today says is enough.
    (["Sec-Fetch-Site: same-origin", "Origin: https://shop.example"], 200),
    (["Origin: null"], 403), (["Origin: "], 403), (["Origin: {host}"], 403), (["Origin: http://"], 403), (["Origin: http://["], 403),
    (["Origin: http://[::1"], 403), (["Origin: http://{host}.evil"], 403), (["Origin: http://localhost.evil"], 403),
    (["Origin: http://evil@{host}"], 403), (["Origin: http://{host}@evil"], 403), (["Origin: http://{host}/"], 403),
    (["Origin: http://{host}:1"], 403), (["Origin: http://localhost:1"], 403), (["Origin: HTTP://LOCALHOST:1"], 403),
    (["Origin: http://{host} http://evil"], 403), (["Origin: http://evil, http://{host}"], 403), (["Origin: http://\xff"], 403),
    (["Origin: http://{host}", "Origin: http://evil"], 403), (["Origin: http://evil", "Origin: http://{host}"], 403),
    (["Sec-Fetch-Site: same-site"], 403), (["Sec-Fetch-Site: cross-site"], 403), (["Sec-Fetch-Site: "], 403),
    (["Sec-Fetch-Site: SAME-ORIGIN"], 403), (["Sec-Fetch-Site: same-origin, cross-site"], 403), (["Sec-Fetch-Site: nonsense"], 403),
    (["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"], 403), (["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin"], 403),
    (["Sec-Fetch-Site: cross-site", "Origin: http://{host}"], 403), (["Sec-Fetch-Site: same-site", "Origin: http://{host}"], 403),
]  # fmt: skip


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "shop.example",
        "shop.example:8443",
        "[::1]",
        "xn--bcher-kva.example",
    ],
)
def test_where_a_request_comes_from_is_judged_by_what_browsers_say(host, app):
    """Also where a proxy ends TLS and passes Host on: the Origin is https then, and the app is asked by http."""
    user = new_user(app)
    for lines, status in ORIGINS:
        got = post_login(app, host, [line.format(host=host.lower()) for line in lines], user)
        assert got == status, (lines, got)


def post_login(app: RunningApp, host: str, lines: list[str], user: dict) -> int:
    body = json.dumps(user)
    head = ["POST /login HTTP/1.1", f"Host: {host}", "Connection: close", "Content-Type: application/json",
            f"Content-Length: {len(body)}", *lines, "", body]  # fmt: skip
    return raw_answer(app, "\r\n".join(head).encode("latin-1"))[0]


@pytest.mark.parametrize("site", ["https://shop.example", "https://evil.example"])
def test_proxy_that_names_itself_locks_older_browsers_out_and_lets_nobody_in(site, app):
    for host in ([], [f"X-Forwarded-Host: {site.partition('//')[2]}"], [f"Forwarded: host={site}"]):
        lines = [f"Origin: {site}", *host]
        assert post_login(app, "127.0.0.1:5000", lines, new_user(app)) == 403


@contextmanager
def ending_tls(app: RunningApp, host: str | None) -> Iterator[str]:
    """A server in front of the app that speaks TLS; yields its address. It passes Host on, or names another one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))
    app_address = ("127.0.0.1", int(app.url.rpartition(":")[2]))

    def pass_on(outside: socket.socket) -> None:
        # A browser opens connections that it may not need, and closes them.
        with suppress(OSError), context.wrap_socket(outside, server_side=True) as client:
            request = b""
            while b"\r\n\r\n" not in request:
                if not (more := client.recv(65_536)):
                    return
                request += more
            head, _, body = request.partition(b"\r\n\r\n")
            length = re.search(rb"(?im)^content-length: *(\d+)", head)
            while len(body) < int(length[1] if length else 0):
                body += client.recv(65_536)
            if host is not None:
                head = re.sub(rb"(?im)^host:[^\r]*", f"Host: {host}".encode(), head)
            head = re.sub(rb"(?im)^connection:[^\r]*", b"Connection: close", head)
            with socket.create_connection(app_address, timeout=20) as inside:
                inside.sendall(head + b"\r\n\r\n" + body)
                while answer := inside.recv(65_536):
                    client.sendall(answer)

    def accept() -> None:
        with suppress(OSError):
            while True:
                outside, _ = listener.accept()
                threading.Thread(target=pass_on, args=(outside,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"https://localhost:{listener.getsockname()[1]}"
    finally:
        listener.close()


@pytest.mark.parametrize("host", [None, "app.internal:5000"], ids=["passed on", "replaced"])
def test_behind_a_server_that_ends_tls_people_log_in_and_out(host, app, browser):
    """To the app it is http, and another host perhaps; the browser says that the page is its own."""
    context = browser.new_context(ignore_https_errors=True)
    with ending_tls(app, host) as address, new_page(context) as page:
        log_in(page, address, new_user(app))
        forget(context, ACCESS)
        page.reload()
        expect(logged_in(page)).to_be_visible()
        assert all(cookie["secure"] for cookie in context.cookies())
        page.get_by_role("button", name="Log out", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("You are logged out.")
        assert context.cookies() == []
    context.close()


@pytest.mark.parametrize("path", [
    "//evil.example", "//evil.example/", "//evil.example/..", "/\\evil.example", "///evil.example/%2e%2e", "//me", "//docs//",
    "/docs/", "/me/", "/page//evil.example", "/page//login.js", "/?next=http://evil.example", "/login?next=//evil.example",
    "/docs//assets//swagger-ui.css", "/%0d%0aLocation:%20http://evil.example", "/docs?url=http://evil.example",
])  # fmt: skip
def test_no_address_leads_elsewhere(path, app):
    status, answer = raw_answer(
        app, f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n".encode()
    )
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    assert status < 500
    for location in re.findall(r"(?im)^location: *(\S*)", head):
        assert re.match(r"http://shop\.example/(?!/)|/(?![/\\])", location), location


COOKIES = {
    "two, the good one last": "{name}=abc; {name}={token}",
    "quoted, with an escape": '{name}="\\145yJ"',
    "no value": "{name}",
    "no name": "={token}",
    "empty": "",
    "separators alone": ";;; ; =",
    "a comma for a semicolon": "x=1, {name}={token}",
    "not ASCII": "{name}=\xff\xfe; \xff=1",
    "the name in capitals": "__HOST-ACCESS={token}",
    "without the prefix": "access={token}",
    "a NUL": "{name}=a\0b",
    "60,000 characters": "x=" + "a" * 60_000,
    "3,000 cookies": "; ".join(f"a{number}=1" for number in range(3_000)),
}


@pytest.mark.parametrize("cookies", COOKIES)
def test_odd_cookies_are_401_and_never_more(cookies, app):
    token = app.log_in(new_user(app))["access_token"]
    line = COOKIES[cookies].format(name=ACCESS, token=token)
    request = f"GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {line}\r\n\r\n"
    status, answer = raw_answer(app, request.encode("latin-1"))
    assert status == 401 and b'"message"' in answer, answer[:300]


def test_the_header_authorization_is_no_way_in(app):
    """Else a request without CSRF token could bring a token that a script has read somewhere."""
    tokens = app.log_in(new_user(app))
    for name in ("access_token", "refresh_token"):
        headers = {"Authorization": f"Bearer {tokens[name]}"}
        for method, path in (("GET", "/me"), ("POST", "/refresh"), ("POST", "/logout")):
            answer = requests.request(method, app.url + path, headers=headers, timeout=20)
            assert answer.status_code == 401
