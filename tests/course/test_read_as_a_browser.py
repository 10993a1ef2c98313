"""What judges read in a Content Security Policy and in Set-Cookie is what a real browser makes of it."""

import json
import re

import pytest
from flask import Flask, request

from course import visit
from course.server import Server
from course.trials.cookies import Jar
from course.trials.policy import read_policies
from tests.browser import require_browser

REST = "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
POLICIES = [
    f"default-src 'self'; {REST}",
    f"default-src 'self' 'unsafe-inline'; {REST}",
    f"default-src 'self'; script-src 'self' 'unsafe-inline' 'nonce-R4nd0m'; {REST}",
    f"default-src 'self'; script-src 'self' 'unsafe-inline' 'nonce-'; {REST}",
    f"default-src 'self'; script-src-attr 'unsafe-inline'; {REST}",
    f"default-src 'self'; script-src-elem 'unsafe-inline'; {REST}",
    f"default-src 'self'; script-src 'self' 'unsafe-eval'; {REST}",
    f"default-src 'self'; script-src 'strict-dynamic' 'self'; {REST}",
    f"default-src 'self'; script-src 'strict-dynamic' 'unsafe-inline'; {REST}",
    f"default-src 'none'; {REST}",
    f"default-src self; {REST}",
    f"script-src 'SELF'; {REST}",
    f"script-src 'self'; script-src 'unsafe-inline'; {REST}",
    f"SCRIPT-SRC 'none' 'self'; {REST}",
    f"script-src 'self'; {REST}, script-src 'unsafe-inline'",
    f"script-src 'unsafe-inline' 'self', {REST}",
    f"script-src 'self' http:; img-src http:; {REST}",
    "default-src 'self'",
    "default-src 'self'; base-uri 'self'; form-action 'none'",
    "default-src 'self'; frame-ancestors 'none'",
    "default-src 'self'; frame-ancestors",
    "default-src 'self'; base-uri",
    "default-src \"self\"",
    "content-security-policy: default-src 'none'",
]  # fmt: skip


def bank(elsewhere: str) -> Flask:
    """Frames, each under a policy of its own. What happens in them, they tell the page around them."""
    app = Flask("policies")

    @app.get("/")
    def page():
        frames = "".join(f'<iframe src="/frame/{n}"></iframe>' for n in range(len(POLICIES)))
        return f"""<script>window.seen = {{}}; window.saw = (n, what) => {{
            (seen[n] ??= []).push(what); }};</script>{frames}<pre></pre><script>
            setTimeout(() => {{
                document.querySelectorAll("iframe").forEach((frame, n) => {{
                    let inner = null;
                    try {{ inner = frame.contentDocument; }} catch (error) {{ }}
                    if (inner && inner.querySelector("#whole")) {{
                        saw(n, "framed");
                        if (inner.baseURI.endsWith("/moved/")) saw(n, "base");
                    }}
                }});
                document.querySelector("pre").textContent = JSON.stringify(seen);
            }}, 1500)</script>"""

    @app.get("/frame/<int:n>")
    def frame(n):
        told = f"parent.saw({n}, '%s')"
        html = f"""<script>{told % "inline"}</script>
            <script src="/own.js?n={n}"></script><script src="{elsewhere}/own.js?n={n}&by=foreign">
            </script><img src="/icon.svg?n={n}" onload="{told % "attribute"}">
            <base href="/moved/"><p id="whole">whole</p>"""
        return html, 200, {"Content-Security-Policy": POLICIES[n]}

    @app.get("/own.js")
    def own():
        n, by = request.args["n"], request.args.get("by", "own")
        code = f"parent.saw({n}, '{by}');"
        if by == "own":
            code += f"try {{ eval(\"parent.saw({n}, 'eval')\"); }} catch (error) {{ }}"
        return code, 200, {"Content-Type": "text/javascript"}

    @app.get("/icon.svg")
    def icon():
        return "<svg xmlns='http://www.w3.org/2000/svg'/>", 200, {"Content-Type": "image/svg+xml"}

    return app


def as_read(header: str) -> set[str]:
    """What happens in the frame, by what the judges' reader says."""
    policies = read_policies(header)

    def all_allow(name: str, allow) -> bool:
        found = [policy.sources(name) for policy in policies]
        return all(limits is None or allow(limits) for limits in found)

    happens = set()
    if not all_allow("frame-ancestors", lambda limits: limits.has("'self'") or limits.addresses):
        return happens
    happens.add("framed")
    elements = "script-src-elem"
    own = all_allow(elements, lambda it: it.allow_own_scripts or "http:" in it.foreign_scripts)
    if own:
        happens.add("own")
    if own and all_allow("script-src", lambda limits: limits.has("'unsafe-eval'")):
        happens.add("eval")
    if all_allow(elements, lambda limits: limits.allow_inline):
        happens.add("inline")
    if all_allow(elements, lambda limits: "http:" in limits.foreign_scripts):
        happens.add("foreign")
    pictures = all_allow("img-src", lambda it: it.has("'self'") or "http:" in it.addresses)
    if pictures and all_allow("script-src-attr", lambda limits: limits.allow_inline):
        happens.add("attribute")
    if all_allow("base-uri", lambda limits: limits.has("'self'")):
        happens.add("base")
    return happens


@pytest.fixture(scope="module")
def happened() -> dict[int, set[str]]:
    require_browser()
    foreign = Server(bank(""), "foreign", 0)
    server = Server(bank(foreign.url), "policies", 0)
    try:
        page = visit(server.url.replace("127.0.0.1", "localhost"))
    finally:
        server.stop()
        foreign.stop()
    seen = json.loads(re.search("<pre>(.*)</pre>", page, re.DOTALL)[1].replace("&quot;", '"'))
    return {int(n): set(what) for n, what in seen.items()}


@pytest.mark.parametrize("n", range(len(POLICIES)), ids=POLICIES)
def test_policy_is_read_as_a_browser_does(happened, n):
    assert happened.get(n, set()) == as_read(POLICIES[n])


GOOD = "Max-Age=900; Path=/; Secure; HttpOnly; SameSite=Strict"
LATER, LONG_AGO = "Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"
LINES = [
    f"__Host-good=1; {GOOD}",
    "__Host-bare=1",
    "__Host-unsafe=1; Max-Age=900; Path=/; HttpOnly",
    f"__Host-named=1; Domain=localhost; {GOOD}",
    "__Host-no-path=1; Secure",
    '__Host-quoted-path=1; Secure; Path="/"',
    f"__HOST-CAPITALS=1; {GOOD}",
    "__HOST-CAPITALS-UNSAFE=1; Path=/",
    "__Secure-good=1; secure",
    "__Secure-unsafe=1; Path=/",
    'quoted="1"; path=/; HTTPONLY',
    " spaces = 1 ;Path = / ; Secure",
    "last-wins=1; Path=/elsewhere; Path=/",
    "elsewhere=1; Path=/elsewhere",
    "over=1; Max-Age=0",
    "over-already=1; Max-Age=-5",
    f"age-wins=1; Max-Age=900; Expires={LONG_AGO}",
    f"age-wins-too=1; Max-Age=0; Expires={LATER}",
    f"fraction=1; Max-Age=0.0; Expires={LATER}",
    f"expired=1; Expires={LONG_AGO}",
    f"cleared=1; {GOOD}",
    f"cleared=; Expires={LONG_AGO}; Path=/",
    f"__Host-kept=1; {GOOD}",
    f"__Host-kept=; Expires={LONG_AGO}; Path=/",
    f"__Host-cleared=1; {GOOD}",
    f"__Host-cleared=; Expires={LONG_AGO}; Path=/; Secure",
    "other-path=1; Path=/; Secure",
    "other-path=; Max-Age=0; Path=/elsewhere",
    f"emptied=1; {GOOD}",
    "emptied=; Path=/",
]


def test_cookies_are_kept_as_a_browser_keeps_them():
    require_browser()
    app, got = Flask("cookies"), []

    @app.get("/")
    def give():
        headers = [("Set-Cookie", line) for line in LINES]
        return "<script>location = '/take'</script>", 200, headers

    @app.get("/take")
    def take():
        got.append(request.headers.get("Cookie", ""))
        return ""

    server = Server(app, "cookies", 0)
    try:
        visit(server.url.replace("127.0.0.1", "localhost"))
    finally:
        server.stop()
    jar = Jar()
    jar.take(LINES)
    assert sorted(got[0].split("; ")) == sorted(jar.header("/take")["Cookie"].split("; "))
    assert "__Host-good=1" in got[0] and "__Host-kept=1" in got[0]
