"""Each app of ``app_snippets/``, driven over HTTP, kindly and unkindly."""

import base64
import json
import re
import socket
import time

import pytest
import requests
from jose import jwt

from course.contract.service import Answer, problems_of
from course.token_parts import encode_part
from tests.apps.running import ADA, BY_HEADER, KEEPING, PASSWORD, RunningApp, running_app

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", params=KEEPING)
def app(request, tmp_path_factory):
    with running_app(request.param, tmp_path_factory.mktemp(request.param)) as running:
        running.add_user("ada", PASSWORD)
        yield running
    assert "Traceback" not in running.said


def login(app: RunningApp, **options) -> requests.Response:
    return requests.post(f"{app.url}/login", timeout=20, **options)


def me(app: RunningApp, token: str | None) -> requests.Response:
    return app.ask("GET", "/me", token)


def me_by_header(app: RunningApp, authorization: str) -> requests.Response:
    return requests.get(f"{app.url}/me", headers={"Authorization": authorization}, timeout=20)


def token_of(app: RunningApp) -> str:
    return app.log_in()["access_token"]


# For what is about the header Authorization, next to the function, so that the app is the first of its parameters.
# What is about cookies is in the contract and in test_browser_login.py.
by_header = pytest.mark.parametrize("app", BY_HEADER, indirect=True)


def sign(app: RunningApp, key: str | None = None, algorithm: str = "HS256", **claims) -> str:
    claims = {"sub": "1", "exp": int(time.time()) + 600, "jti": "1", **claims}
    return jwt.encode(
        {name: value for name, value in claims.items() if value != "left out"},
        key or app.key,
        algorithm,
    )


def assert_refused(response: requests.Response, status: int) -> None:
    """The contract's shape of a refusal, and nothing beside the message."""
    assert list(problems_of(Answer.of(response), status)) == [], response.text
    assert response.headers["Content-Type"] == "application/json"
    assert set(response.json()) == {"message"}
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_right_password_gives_a_token_that_opens_me(app):
    response = login(app, json=ADA)
    names = {"id", "access_token"} if app.app.by_cookie else {"access_token"}
    if app.app.level not in ("login", "users"):
        names.add("refresh_token")
    tokens = app.tokens_in(response)
    assert response.status_code == 200 and set(tokens) == names
    assert response.headers["Cache-Control"] == "no-store"
    answer = me(app, tokens["access_token"])
    assert (answer.status_code, answer.json()) == (200, {"id": "1"})


def test_token_says_what_the_lesson_says(app):
    claims = jwt.decode(token_of(app), app.key, algorithms=["HS256"])
    minutes = 30 if app.app.level in ("login", "users") else 15
    assert claims["sub"] == "1" and claims["exp"] - claims["iat"] == minutes * 60 and claims["jti"]


def test_two_logins_give_two_tokens(app):
    assert token_of(app) != token_of(app)


@pytest.mark.parametrize(
    "credentials",
    [
        {"username": "ada", "password": "let me in"},
        {"username": "ada", "password": ""},
        {"username": "bob", "password": PASSWORD},
        {"username": "adas", "password": PASSWORD},
        {"username": "ada'OR'1'='1", "password": PASSWORD},
    ],
)
def test_wrong_credentials_are_one_and_the_same_401(app, credentials):
    response = login(app, json=credentials)
    assert_refused(response, 401)
    assert response.json() == {"message": "Invalid credentials."}


@pytest.mark.parametrize("name", ["", "ada\x00", "ada\n", " ada", "\u202eada"], ids=repr)
def test_name_that_nobody_can_have_is_nobody(app, name):
    response = login(app, json={"username": name, "password": PASSWORD})
    assert_refused(response, 422 if app.app.has_register else 401)


@pytest.mark.parametrize("text", ["\\ud800", "\\udfff", "ada\\ud800"])
@pytest.mark.parametrize("field", ["username", "password"])
def test_half_a_character_is_refused(app, field, text):
    body = json.dumps(ADA | {field: "TEXT"}).replace("TEXT", text)
    response = login(app, data=body, headers=JSON)
    assert_refused(response, 400)


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, 7, "ada", True, [ADA], {"username": "ada"}, {"password": "x"}, {"username": 1, "password": "x"},
        {"username": "ada", "password": None}, {"username": ["ada"], "password": "x"}, {"username": "ada", "password": {}},
        {"user": "ada", "pass": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_missing_or_odd_fields_are_422(app, body):
    assert_refused(login(app, data=json.dumps(body), headers=JSON), 422)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"ada", b"{", b'{"username": "ada", }', b"\xff\xfe", b'{"username": "\xff", "password": "x"}',
        b"[" * 9_000, b'{"username":' * 700, b'{"username": ' + b"9" * 5_000 + b', "password": "x"}',
    ],
    ids=lambda body: repr(body)[:40],
)  # fmt: skip
def test_what_is_not_json_is_400(app, body):
    assert_refused(login(app, data=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "application/xml",
    ],
)
def test_other_content_type_is_415(app, content_type):
    assert_refused(login(app, data=json.dumps(ADA), headers={"Content-Type": content_type}), 415)


@pytest.mark.parametrize("size", [10_001, 1_000_000])
def test_oversized_body_is_413(app, size):
    body = json.dumps(ADA | {"password": "x" * size})
    try:
        response = login(app, data=body, headers=JSON)
    except requests.ConnectionError:  # the server may hang up on a body that it will not read
        response = login(app, data=body[:10_500], headers=JSON)
    assert_refused(response, 413)


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing", 404), ("GET", "/login", 405), ("POST", "/me", 405), ("DELETE", "/login", 405), ("GET", "/%ff", 404),
    ("GET", "/static/../jose_login.py", 404), ("GET", "/static/%2e%2e/jose_login.py", 404),
])  # fmt: skip
def test_other_addresses_are_json_too(app, method, path, status):
    response = requests.request(method, app.url + path, timeout=20)
    assert_refused(response, status)
    assert status != 405 or response.headers["Allow"]


def change_payload(app: RunningApp) -> str:
    header, _, signature = sign(app).split(".")
    return f"{header}.{sign(app, sub='2').split('.')[1]}.{signature}"


BAD_HEADERS = {
    "empty": lambda token: "",
    "no Bearer": lambda token: token,
    "Bearer alone": lambda token: "Bearer",
    "Bearer and a space": lambda token: "Bearer ",
    "commas": lambda token: ", ,",
    "Bearer and commas": lambda token: "Bearer , ,",
    "two schemes": lambda token: f"Bearer {token}, ,x",
    "Basic": lambda token: "Basic " + base64.b64encode(f"ada:{PASSWORD}".encode()).decode(),
    "two tokens": lambda token: f"Bearer {token} {token}",
    "quoted": lambda token: f'Bearer "{token}"',
}  # fmt: skip
BAD_TOKENS = {
    "no token": lambda app: None,
    "abc": lambda app: "abc",
    "a.b.c": lambda app: "a.b.c",
    "two parts": lambda app: token_of(app).rpartition(".")[0],
    "no signature": lambda app: token_of(app).rpartition(".")[0] + ".",
    "changed payload": lambda app: change_payload(app),
    "another key": lambda app: sign(app, key="x" * 64),
    "another algorithm": lambda app: sign(app, algorithm="HS512"),
    "expired": lambda app: sign(app, exp=1666720490),
    "alg none": lambda app: encode_part(b'{"alg":"none"}') + "." + token_of(app).split(".")[1] + ".",
    "alg None": lambda app: encode_part(b'{"alg":"None"}') + "." + token_of(app).split(".")[1] + ".",
    "no subject": lambda app: sign(app, sub="left out"),
    "subject a number": lambda app: sign(app, sub=1),
    "not yet valid": lambda app: sign(app, nbf=4102444800),
    "nested header": lambda app: encode_part(b'{"alg":"HS256","x":' + b"[" * 20_000) + ".e30.AAAA",
    "nested payload": lambda app: encode_part(b'{"alg":"HS256"}') + "." + encode_part(b"[" * 20_000) + ".AAAA",
    "header not an object": lambda app: encode_part(b'["alg"]') + ".e30.AAAA",
    "header null": lambda app: encode_part(b"null") + ".e30.AAAA",
    "alg a list": lambda app: encode_part(b'{"alg":["HS256"]}') + ".e30.AAAA",
    "alg an object": lambda app: encode_part(b'{"alg":{"a":1}}') + ".e30.AAAA",
    "exp null": lambda app: sign(app, exp=None),
    "exp text": lambda app: sign(app, exp="never"),
    "exp a list": lambda app: sign(app, exp=[1]),
    "not ASCII": lambda app: "ü.ü.ü".encode().decode("latin-1"),
    "long": lambda app: "a" * 60_000,
}  # fmt: skip


@pytest.mark.parametrize("mistake", BAD_TOKENS)
def test_bad_token_is_401_and_never_more(app, mistake):
    response = me(app, BAD_TOKENS[mistake](app))
    assert_refused(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("mistake", BAD_HEADERS)
@by_header
def test_bad_header_is_401_and_never_more(app, mistake):
    response = me_by_header(app, BAD_HEADERS[mistake](token_of(app)))
    assert_refused(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@by_header
def test_the_scheme_may_be_written_in_any_case(app):
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert me_by_header(app, f"{scheme} {token_of(app)}").status_code == 200


def test_half_a_character_in_the_password_does_not_tell_who_is_a_user(app):
    answers = {
        (response.status_code, response.text)
        for name in ("ada", "nobody")
        for response in [
            login(app, data=f'{{"username": "{name}", "password": "\\ud800"}}', headers=JSON)
        ]
    }
    assert len(answers) == 1 and answers.pop()[0] < 500


ODD_VALUES = [
    None,
    True,
    -1,
    1e308,
    10**30,
    float("inf"),
    float("nan"),
    "x",
    "",
    "\0",
    [],
    ["x"],
    {},
    {"a": 1},
]


@pytest.mark.parametrize(
    "claim",
    ["sub", "exp", "nbf", "iat", "jti", "type", "fresh", "aud", "iss", "csrf", "refresh_jti"],
)
def test_even_genuine_tokens_with_odd_claims_are_no_server_error(app, claim):
    genuine = jwt.decode(token_of(app), app.key, algorithms=["HS256"])
    for others in ({}, genuine):  # an app may refuse what lacks claims before it looks at this one
        for value in ODD_VALUES:
            response = me(app, sign(app, **others | {claim: value}))
            assert response.status_code in (200, 401), (value, response.status_code, response.text)
            assert response.headers["Content-Type"] == "application/json"


def test_the_key_never_shows(app):
    answers = [me(app, make(app)).text for make in BAD_TOKENS.values()] + [
        login(app, json=ADA).text
    ]
    assert not any(app.key in answer or app.key[:16] in answer for answer in answers)
    assert app.key not in app.said


def test_name_that_is_taken_is_an_error_message(app):
    if app.app.has_register:
        again = requests.post(f"{app.url}/register", json=ADA, timeout=20)
        assert_refused(again, 409)
    else:
        again = app.command("add-user", "ada", "--password", "other")
        assert again == (1, "Error: There is a user ada already.\n")


@pytest.mark.parametrize("authorization", [
    lambda token: token, lambda token: f"JWT {token}", lambda token: f"Token {token}", lambda token: f"Bearer{token}",
    lambda token: f"Bearer: {token}", lambda token: f"Bearer {token}, Bearer {token}", lambda token: f"Basic {token}",
])  # fmt: skip
@by_header
def test_a_header_that_was_sent_is_not_called_missing(app, authorization):
    answer = me_by_header(app, authorization(token_of(app)))
    assert_refused(answer, 401)
    assert "Bearer" in answer.json()["message"]
    assert "issing" not in answer.json()["message"]
    # Another way to log in, or none, is no invalid token (RFC 6750 §3.1).
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_no_header_at_all_is_called_missing(app):
    answer = me(app, None)
    assert answer.headers["WWW-Authenticate"] == "Bearer" and answer.json()["message"]


def test_wrong_password_beside_a_stale_token_is_no_invalid_token(app):
    headers = app.service.carry("POST", "/login", sign(app, exp=1666720490))
    answer = login(app, json=ADA | {"password": "let me in"}, headers=headers)
    assert_refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("claims", [{"exp": 1666720490}, {"sub": "left out"}, {"sub": 1}], ids=str)
def test_bad_token_is_called_invalid(app, claims):
    answer = me(app, sign(app, **claims))
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return length is not None and len(body) >= int(length[1])


def raw_answer(app: RunningApp, request: bytes) -> tuple[int, bytes]:
    """Status and whole answer to bytes on the wire."""
    host, port = app.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        # Not to the end of the connection: a server may keep it open for what it has not read.
        while not is_whole(answer):
            answer += connection.recv(65_536)
    return int(answer.split()[1]), answer


@by_header
def test_two_authorization_headers_are_refused_whichever_comes_first(app):
    good, other = token_of(app), "abc"
    for one, two in ((good, other), (other, good), (good, good)):
        status, answer = raw_answer(
            app,
            b"GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + f"Authorization: Bearer {one}\r\nAuthorization: Bearer {two}\r\n\r\n".encode(),
        )
        assert status == 401 and b"one Authorization header" in answer


def in_chunks(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [100, 4_096, 100_000])
@pytest.mark.parametrize(
    ("length", "status"), [(9_000, 401), (10_000, 401), (10_001, 413), (70_000, 413)]
)
def test_a_body_in_chunks_is_cut_by_nobody(app, size, length, status):
    start = b'{"username": "ada", "password": "x"'
    body = start + b" " * (length - len(start) - 1) + b"}"
    got, answer = raw_answer(
        app,
        b"POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body, size),
    )
    assert got == status, answer
    assert b'"message"' in answer


@pytest.mark.parametrize(
    "claims", [{"exp": "left out"}, {"aud": "shop"}, {"aud": ["shop"]}, {"aud": None}], ids=str
)
def test_genuine_token_without_an_end_or_for_somebody_else_is_refused(app, claims):
    mine = jwt.decode(token_of(app), app.key, algorithms=["HS256"])
    assert_refused(me(app, sign(app, **mine | claims)), 401)


def test_every_range_of_a_page_is_answered_whole_or_in_json(app):
    if not app.app.has_register:
        return
    for wanted in ("bytes=x", "bytes=9999999999-", "lines=1-2", "bytes=0-0,1-1", "bytes=-"):
        answer = requests.get(
            f"{app.url}/docs/assets/swagger-ui.css", headers={"Range": wanted}, timeout=20
        )
        ok = (
            answer.status_code in (200, 206) or answer.headers["Content-Type"] == "application/json"
        )
        assert ok, (wanted, answer.status_code, answer.text[:80])


FITTING = {
    "ada-lovelace": "ada-lovelace", "Ren\u00e9e1": "ren\u00e9e1", "rene\u0301e2": "ren\u00e9e2", "\uff21\uff22": "ab",
    "o'neil": "o'neil", "a.b+c@d.example": "a.b+c@d.example", "\u0434\u043e\u043c": "\u0434\u043e\u043c", "x" * 64: "x" * 64,
    "e\u0301" * 64: "\u00e9" * 64,
}  # fmt: skip
UNFIT = [
    "", " ", "ada b", "ada\u3164", "ad\u00ada", "ada\ufe0f", "ada\u2800", "ada\U000e0041", "ada\u200b", "ada\u2060",
    "\u202eada", "ada\u115f", "ada\u17b4", "ada\u180e", "ada\uffa0", "ada\U0001f600", "ada\x7f", "ada\ufeff", "x" * 65,
    "\u00e9" * 65, "ada\n", "\u2126\u0301\u2028",
]  # fmt: skip


@pytest.mark.parametrize("name", FITTING, ids=ascii)
def test_one_name_has_one_form(app, name):
    if not app.app.has_register:
        return
    answer = requests.post(f"{app.url}/register", json=ADA | {"username": name}, timeout=20)
    assert answer.status_code == 201, answer.text
    assert answer.json()["username"] == FITTING[name]
    for same in (name.upper(), FITTING[name]):
        again = requests.post(f"{app.url}/register", json=ADA | {"username": same}, timeout=20)
        assert_refused(again, 409)
        assert login(app, json=ADA | {"username": same}).status_code == 200


@pytest.mark.parametrize("name", UNFIT, ids=ascii)
def test_name_with_something_invisible_in_it_is_refused(app, name):
    if not app.app.has_register:
        return
    answer = requests.post(f"{app.url}/register", json=ADA | {"username": name}, timeout=20)
    assert_refused(answer, 422)
    assert answer.json()["message"].startswith("username: Use letters")


@pytest.mark.parametrize(("length", "status"), [(14, 422), (15, 201), (1000, 201), (1001, 422)])
def test_passwords_are_measured_as_people_count(app, length, status):
    """An e with an accent is one character, whether a keyboard sends one or two."""
    if not app.app.has_register:
        return
    name = f"measured-{length}"
    body = {"username": name, "password": "e\u0301" * length}
    assert requests.post(f"{app.url}/register", json=body, timeout=20).status_code == status
    if status == 201:
        assert login(app, json={"username": name, "password": "\u00e9" * length}).status_code == 200
