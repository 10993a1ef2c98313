"""What the contract says of a service helps: causes are named once, where two answers are right both pass, nothing repeats."""

import contextlib
import io
import json
import shlex
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask, request
from werkzeug.serving import make_server

from course import serve
from course.contract import Row, as_causes, as_count, as_table, hold
from course.contract.login import bad_bodies_are_refused
from course.contract.service import BROKEN, NOT_REACHED, Service
from tests.apps.broken import ROWS, broken_app
from tests.apps.running import PASSWORD

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture
def sound_app(tmp_path) -> Callable[..., Flask]:
    """Makes an app without a fault."""

    def make(name: str = "smorest_users") -> Flask:
        module = broken_app(name, [], tmp_path)
        app = module.create_app()
        if hasattr(module, "add_user"):
            module.add_user("ada", PASSWORD)
        return app

    return make


def hold_app(app, level: str = "users") -> dict[str, Row]:
    rows = hold(serve(app, "tried").url, level, "ada", PASSWORD)
    assert len(rows) == ROWS[level]
    return {row.request: row for row in rows}


def broken(rows: dict[str, Row]) -> dict[str, str]:
    return {row.request: row.got for row in rows.values() if row.verdict == BROKEN}


def change_answers(app, change) -> None:
    """Let ``change(response, body)`` work on every answer of the app that has a JSON object."""

    @app.after_request
    def changed(response):
        if isinstance(response.get_json(silent=True), dict):
            body = change(response, response.get_json())
            response.set_data(json.dumps(body))
        return response


def test_one_cause_is_named_once_with_what_came_and_a_command_to_repeat_it(sound_app):
    app = sound_app()
    change_answers(
        app,
        lambda response, body: (
            {"detail": body["message"], "status_code": response.status_code}
            if "message" in body
            else body
        ),
    )
    rows = hold_app(app)
    said = as_causes(list(rows.values()))
    cause = "errors are not JSON with `message` (there are: detail, status_code)"
    assert said.count(cause) == 1
    count = sum(cause in row.causes for row in rows.values())
    assert count > 20 and said.startswith(f"{count} rows: {cause}\n    first: POST /login  wrong")
    command = shlex.split(said.splitlines()[2].strip())
    assert command[:4] == ["curl", "-i", "-X", "POST"] and command[4].endswith("/login")
    assert set(json.loads(command[-1])) == {"username", "password"}
    row = rows["POST /login  wrong password"]
    assert row.got == "401 without `message` (there are: detail, status_code)"


def test_name_that_is_missing_is_told_from_those_that_are_there(sound_app):
    app = sound_app()
    change_answers(
        app,
        lambda response, body: {name.replace("access_token", "accessToken"): body[name] for name in body},
    )  # fmt: skip
    rows = hold_app(app)
    got = "200, access_token is missing (there are: accessToken)"
    assert broken(rows)["POST /login  right name and password"] == got
    # What cannot begin without a login is not called broken.
    row = rows["GET /me  alg none"]
    assert row.verdict == NOT_REACHED and row.got == f"it needs a login, and POST /login: {got}"


def test_redirect_names_its_target(sound_app):
    app = sound_app()

    @app.before_request
    def to_the_slash():
        if request.path == "/login":
            return "", 308, {"Location": "/login/"}

    rows = hold_app(app)
    assert broken(rows)["POST /login  right name and password"] == "308, Location: /login/"
    # One cause, whatever was expected.
    said = as_causes(list(rows.values()))
    assert said.count("308") == 1 and "have no slash at the end" in said.splitlines()[0]


def test_command_for_a_long_body_makes_the_very_body(sound_app):
    app = sound_app()
    app.config["MAX_CONTENT_LENGTH"] = None
    sent = {}

    @app.before_request
    def refuse_what_is_long():
        sent[request.path] = sent.get(request.path, []) + [request.get_data()]
        if request.content_length and request.content_length > 2_000:
            return {"message": "x"}, 418

    rows = hold_app(app)
    tried = 0
    for row in rows.values():
        if row.verdict == BROKEN and row.got.startswith("418"):
            program, _, curl = row.curl.partition(" | ")
            words = shlex.split(program)
            assert words[:4] == ["uv", "run", "python", "-c"] and curl.endswith(" -d @-"), row
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(words[4])
            # curl's -d leaves out line breaks.
            body = printed.getvalue().rstrip("\n").encode()
            assert body in sent[row.request.split()[1]]
            tried += 1
    assert tried == 4


def test_exception_points_to_the_log_once(sound_app):
    app = sound_app()

    @app.before_request
    def fail():
        if request.path == "/me":
            return {"message": "Internal Server Error"}, 500

    causes = as_causes(list(hold_app(app).values())).splitlines()
    assert [line for line in causes if "traceback" in line] == [
        "    A 500 is an exception in your code: its traceback is where your service runs."
    ] * sum("500 in place of" in line for line in causes)


def test_405_names_what_is_allowed(sound_app):
    app = sound_app()

    @app.after_request
    def without_allow(response):
        response.headers.pop("Allow", None)
        return response

    rows = hold_app(app)
    assert broken(rows) == {"GET /login  another method": "405 without Allow"}
    assert "header Allow" in as_causes(list(rows.values()))


def test_what_several_answers_show_has_a_cause_as_well(sound_app):
    app = sound_app()
    change_answers(
        app,
        lambda response, body: body | ({"password": "x"} if response.status_code == 201 else {}),
    )
    rows = hold_app(app)
    cause = "the answer to POST /register has the password in it"
    assert rows["POST /register  does not repeat the password"].causes == (cause,)
    assert as_causes(list(rows.values())).startswith(f"1 row: {cause}\n")


def test_every_broken_row_has_a_cause(sound_app):
    app = sound_app()
    racing = []

    @app.before_request
    def forget_that_names_are_one():
        if request.path == "/register":
            racing.append(request.get_data())
            if racing.count(racing[-1]) > 1:
                return {"id": "1", "username": "x"}, 201

    @app.after_request
    def another_id(response):
        if request.path == "/me" and response.status_code == 200:
            response.set_data('{"id": "another"}')
        return response

    rows = hold_app(app)
    assert {row.request for row in rows.values() if row.verdict == BROKEN} == {
        "GET /me  is the user who registered",
        "POST /register  one name, twice at once",
    }
    assert all(row.causes for row in rows.values() if row.verdict == BROKEN)
    said = as_causes(list(rows.values()))
    assert "get 201 and 201, in place of 201 and 409" in said
    assert "GET /me gives another id than POST /register did" in said


@pytest.mark.parametrize("refusal", [("Too long", 431), ("<h1>Bad Request</h1>", 400)])
def test_server_that_refuses_long_headers_itself_is_sound(sound_app, refusal):
    app = sound_app()

    @app.before_request
    def in_front():
        if len(request.headers.get("Authorization", "")) > 8_000:
            return refusal

    assert broken(hold_app(app)) == {}


def test_unreadable_json_may_be_400_or_422(sound_app):
    app = sound_app()

    @app.after_request
    def with_422(response):
        response.status_code = 422 if response.status_code == 400 else response.status_code
        return response

    rows = hold_app(app)
    assert broken(rows) == {}
    assert rows["POST /login  half of the JSON"].got == "422"


@pytest.mark.parametrize(
    ("challenge", "sound"),
    [
        ("Bearer", True),
        ('bearer realm="shop"', True),
        ('Basic realm="shop", Bearer realm="shop"', True),
        ('Bearer error="invalid_token"', False),
        ('Bearer realm="shop", error="invalid_token"', False),
        ("Basic", False),
        ("NotBearer", False),
    ],
)
def test_wrong_password_is_answered_by_any_challenge_that_speaks_of_no_token(
    sound_app, challenge, sound
):
    app = sound_app()

    @app.after_request
    def challenged(response):
        if request.path == "/login" and response.status_code == 401:
            response.headers["WWW-Authenticate"] = challenge
        return response

    names = {
        "POST /login  wrong password",
        "POST /login  the password is still the first one",
    }
    assert set(broken(hold_app(app))) == (set() if sound else names)


def test_wrong_login_ends_the_judgement_after_the_first_request(sound_app):
    app = sound_app("extended_login")
    asked = []
    app.before_request(lambda: asked.append(request.path))
    rows = hold(serve(app, "tried").url, "login", "ada", "another password")
    assert asked == ["/login"] and {row.verdict for row in rows} == {NOT_REACHED}
    assert len(as_table(rows).splitlines()) == 3
    assert "refuses the name and password that were given" in as_table(rows)
    assert as_count(rows) == f"0 of {ROWS['login']} kept, 0 broken, {ROWS['login']} not reached."


def test_https_on_a_port_without_tls_says_so(sound_app):
    url = serve(sound_app(), "tried").url.replace("http:", "https:")
    (reason,) = {row.got for row in hold(url, "users")}
    assert reason == "no answer: it does not speak TLS. Is it http:// and not https://?"


def test_http_on_a_port_with_tls_says_so(sound_app):
    server = make_server("127.0.0.1", 0, sound_app(), threaded=True, ssl_context="adhoc")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        (reason,) = {row.got for row in hold(f"http://127.0.0.1:{server.port}", "users")}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert reason.startswith("no answer: the connection broke off")
    assert reason.endswith("Or is it https:// there?")


def test_given_password_and_tokens_are_in_no_row(sound_app):
    app = sound_app("extended_login")

    @app.after_request
    def teapot(response):
        response.status_code = 418 if request.method == "GET" else response.status_code
        return response

    rows = hold(serve(app, "tried").url, "login", "ada", PASSWORD)
    said = repr(rows)
    assert '-H "Authorization: Bearer $TOKEN"' in said and "Basic $TOKEN" in said
    assert PASSWORD not in said and "eyJ" not in said
    assert '-H "Authorization: Bearer abc"' in said and '-H "Authorization: $TOKEN"' in said


def test_by_cookie_tokens_and_csrf_tokens_are_in_no_row(sound_app):
    app = sound_app("browser_login")

    @app.after_request
    def teapot(response):
        response.status_code = 418 if request.path in ("/me", "/logout") else response.status_code
        return response

    rows = hold(serve(app, "tried").url, "rotate", by_cookie=True)
    said = repr(rows)
    assert "eyJ" not in said
    assert '-H "Cookie: __Host-access=$TOKEN"' in said
    assert '-H "Cookie: __Host-access=abc"' in said and '-H "Cookie: __Host-access="' in said
    sent = '-H "Cookie: __Host-access=$TOKEN; $CSRF_COOKIE" -H "X-CSRF-TOKEN: $CSRF_TOKEN"'
    assert sent in said


def test_large_body_is_large_whoever_logs_in(sound_app):
    """The limit is tried with a short password, too."""
    app = sound_app("extended_login")
    lengths = []
    # Before the app's own look at the body, which refuses a large one.
    app.before_request_funcs[None].insert(0, lambda: lengths.append(request.content_length))
    hold(serve(app, "tried").url, "login", "ada", "pw")
    assert lengths == [len('{"username": "ada", "password": "pw"}')]
    service = Service(serve(app, "tried").url, "ada", "pw")
    bad_bodies_are_refused(service)
    assert max(filter(None, lengths)) == 12_000


def test_rows_after_a_broken_one_are_counted_as_not_reached(sound_app):
    app = sound_app("refresh_logout")

    @app.before_request
    def no_refresh():
        if request.path == "/refresh" and request.headers.get("Authorization"):
            return {"message": "later"}, 503

    rows = hold_app(app, "refresh")
    counts = Counter(row.verdict for row in rows.values())
    count = as_count(list(rows.values()))
    assert (
        count
        == f"{counts['kept']} of 62 kept, {counts[BROKEN]} broken, {counts[NOT_REACHED]} not reached."
    )
    row = rows["POST /logout  with the access token"]
    assert (row.verdict, row.got) == (NOT_REACHED, "it needs: POST /refresh  before logging out")
    table = as_table(list(rows.values()))
    assert "it needs: POST /refresh  before logging out" in table
    assert as_causes(list(rows.values())).startswith("2 rows: 503 in place of 401\n")
