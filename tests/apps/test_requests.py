"""Each app of ``app_snippets/``, driven over HTTP, kindly and unkindly."""

import base64
import json
import time

import pytest
import requests
from jose import jwt

from course.contract.service import Answer, problems_of
from course.token_parts import encode_part
from tests.apps.running import ADA, NAMES, PASSWORD, RunningApp, running_app

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", params=NAMES)
def app(request, tmp_path_factory):
    with running_app(request.param, tmp_path_factory.mktemp(request.param)) as running:
        running.add_user("ada", PASSWORD)
        yield running
    assert "Traceback" not in running.said


def login(app: RunningApp, **options) -> requests.Response:
    return requests.post(f"{app.url}/login", timeout=20, **options)


def me(app: RunningApp, authorization: str | None) -> requests.Response:
    headers = {"Authorization": authorization} if authorization is not None else {}
    return requests.get(f"{app.url}/me", headers=headers, timeout=20)


def token_of(app: RunningApp) -> str:
    return login(app, json=ADA).json()["access_token"]


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
    names = {"access_token"}
    if app.app.level not in ("login", "users"):
        names.add("refresh_token")
    assert response.status_code == 200 and set(response.json()) == names
    assert response.headers["Cache-Control"] == "no-store"
    answer = me(app, f"Bearer {response.json()['access_token']}")
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


BAD_AUTHORIZATION = {
    "no header": lambda app: None,
    "empty": lambda app: "",
    "no Bearer": lambda app: token_of(app),
    "Bearer alone": lambda app: "Bearer",
    "Bearer and a space": lambda app: "Bearer ",
    "commas": lambda app: ", ,",
    "Bearer and commas": lambda app: "Bearer , ,",
    "two schemes": lambda app: f"Bearer {token_of(app)}, ,x",
    "Basic": lambda app: "Basic " + base64.b64encode(f"ada:{PASSWORD}".encode()).decode(),
    "two tokens": lambda app: f"Bearer {token_of(app)} {token_of(app)}",
    "quoted": lambda app: f'Bearer "{token_of(app)}"',
    "abc": lambda app: "Bearer abc",
    "a.b.c": lambda app: "Bearer a.b.c",
    "two parts": lambda app: "Bearer " + token_of(app).rpartition(".")[0],
    "no signature": lambda app: "Bearer " + token_of(app).rpartition(".")[0] + ".",
    "changed payload": lambda app: "Bearer " + change_payload(app),
    "another key": lambda app: f"Bearer {sign(app, key='x' * 64)}",
    "another algorithm": lambda app: f"Bearer {sign(app, algorithm='HS512')}",
    "expired": lambda app: f"Bearer {sign(app, exp=1666720490)}",
    "alg none": lambda app: "Bearer " + encode_part(b'{"alg":"none"}') + "." + token_of(app).split(".")[1] + ".",
    "alg None": lambda app: "Bearer " + encode_part(b'{"alg":"None"}') + "." + token_of(app).split(".")[1] + ".",
    "no subject": lambda app: f"Bearer {sign(app, sub='left out')}",
    "subject a number": lambda app: f"Bearer {sign(app, sub=1)}",
    "not yet valid": lambda app: f"Bearer {sign(app, nbf=4102444800)}",
    "nested header": lambda app: "Bearer " + encode_part(b'{"alg":"HS256","x":' + b"[" * 20_000) + ".e30.AAAA",
    "nested payload": lambda app: "Bearer " + encode_part(b'{"alg":"HS256"}') + "." + encode_part(b"[" * 20_000) + ".AAAA",
    "header not an object": lambda app: "Bearer " + encode_part(b'["alg"]') + ".e30.AAAA",
    "header null": lambda app: "Bearer " + encode_part(b"null") + ".e30.AAAA",
    "alg a list": lambda app: "Bearer " + encode_part(b'{"alg":["HS256"]}') + ".e30.AAAA",
    "alg an object": lambda app: "Bearer " + encode_part(b'{"alg":{"a":1}}') + ".e30.AAAA",
    "exp null": lambda app: f"Bearer {sign(app, exp=None)}",
    "exp text": lambda app: f"Bearer {sign(app, exp='never')}",
    "exp a list": lambda app: f"Bearer {sign(app, exp=[1])}",
    "not ASCII": lambda app: "Bearer ü.ü.ü".encode().decode("latin-1"),
    "long": lambda app: "Bearer " + "a" * 60_000,
}  # fmt: skip


@pytest.mark.parametrize("mistake", BAD_AUTHORIZATION)
def test_bad_token_is_401_and_never_more(app, mistake):
    response = me(app, BAD_AUTHORIZATION[mistake](app))
    assert_refused(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_scheme_may_be_written_in_any_case(app):
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert me(app, f"{scheme} {token_of(app)}").status_code == 200


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
            response = me(app, f"Bearer {sign(app, **others | {claim: value})}")
            assert response.status_code in (200, 401), (value, response.status_code, response.text)
            assert response.headers["Content-Type"] == "application/json"


def test_the_key_never_shows(app):
    answers = [me(app, make(app)).text for make in BAD_AUTHORIZATION.values()] + [
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
