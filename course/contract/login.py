"""Level *login* (lesson 06): who has the password gets a token, and the token opens ``/me``; nothing else does."""

import base64
import json
import secrets

from course.contract.service import Service, credentials, problems_of
from course.token_parts import decode_part, encode_part


def who_logs_in_gets_a_token(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.expect(
        "right name and password", "POST", "/login", 200,
        texts=("access_token",), body=credentials(name, password),
        twins=[
            ("application/json; charset=utf-8", {"content_type": "application/json; charset=utf-8"}),
        ],
    )  # fmt: skip
    service.expect(
        "with the access token", "GET", "/me", 200, texts=("id",), token=tokens["access_token"]
    )


def wrong_credentials_look_alike(service: Service) -> None:
    name, password = service.new_user()
    refusal = service.expect(
        "wrong password", "POST", "/login", 401, error="", body=credentials(name, "x" + password)
    )
    service.expect(
        "unknown user", "POST", "/login", 401, message=refusal["message"], error="",
        body=credentials("nobody-" + secrets.token_hex(6), password),
    )  # fmt: skip


def bad_bodies_are_refused(service: Service) -> None:
    name, password = service.new_user()
    whole = json.dumps(credentials(name, password))
    padding = "x" * (12_000 - len(json.dumps(credentials(name, ""))))
    unreadable = [
        ("half a character", {"body": credentials(name, password + "\ud800")}),
        ("bytes that are no UTF-8", {"body": whole.encode().replace(b'", "', b'\xff", "', 1)}),
    ]
    bodies = [
        ("no password", 422, {"username": name}),
        ("password is a number", 422, {"username": name, "password": 1}),
        ("name is a list", 422, {"username": [name], "password": password}),
        ("a list", 422, [name, password]),
        ("half of the JSON", (400, 422), whole[:-5], *unreadable),
        ("no JSON at all", (400, 422), "hello"),
        ("JSON nested 4,000 deep", (400, 422), "[" * 4_000),
        ("12,000 bytes, where 10,000 are the most", 413, credentials(name, padding)),
    ]
    for what, status, body, *twins in bodies:
        service.also(what, "POST", "/login", status, body=body, twins=twins)
    # Without asking the server first, a page of another site can send text/plain, but not JSON (CSRF).
    service.also(
        "as text/plain, which a form of another site can send", "POST", "/login", 415,
        body=whole, content_type="text/plain", twins=[("text/plain; x=json", {"content_type": "text/plain; x=json"})],
    )  # fmt: skip


def other_addresses_answer_in_the_same_shape(service: Service) -> None:
    service.also("there is no such page", "GET", "/no-such-page", 404)
    service.also("another method", "GET", "/login", 405)


def odd_authorization_headers_are_refused(service: Service) -> None:
    name, password = service.new_user()
    token = service.log_in(name, password)["access_token"]
    basic = base64.b64encode(f"{name}:{password}".encode()).decode()
    others = [
        (f"the word {word}", {"headers": {"Authorization": f"{word} {token}"}})
        for word in ("Token", "Basic")
    ]
    cases = [
        ("no Authorization header", {}),
        ("Basic in place of Bearer", {"Authorization": f"Basic {basic}"}),
        ("the token without Bearer", {"Authorization": token}, *others),
        ("Bearer without a token", {"Authorization": "Bearer"}),
    ]
    for what, headers, *twins in cases:
        service.also(what, "GET", "/me", 401, headers=headers, twins=twins)


def bad_tokens_are_refused(service: Service) -> None:
    name, password = service.new_user()
    token = service.log_in(name, password)["access_token"]
    header, payload, signature = (token.split(".") + ["", ""])[:3]
    other = "A" if signature[:1] != "A" else "B"
    unsigned = encode_part(b'{"alg":"none"}')
    cases = [
        ("abc", "abc"),
        ("payload changed", f"{header}.{_another_subject(payload)}.{signature}"),
        ("signature changed", f"{header}.{payload}.{other}{signature[1:]}"),
        ("signature left out", f"{header}.{payload}."),
        ("alg none", f"{unsigned}.{payload}."),
        ("header nested 3,000 deep", f"{_nested(3_000)}.e30.AAAA"),
    ]
    for what, bad in cases:
        service.also(what, "GET", "/me", 401, token=bad)
    # So long a header line may never reach the service: the server in front refuses it, in its own words.
    answer = service.send("GET", "/me", f"{_nested(9_000)}.e30.AAAA")
    problems = [] if answer.status in (400, 431) else list(problems_of(answer, 401))
    service.note(
        "GET /me  header nested 9,000 deep",
        "401, or 400 or 431",
        problems[0].got if problems else str(answer.status),
        kept=not problems,
        cause=problems[0].cause if problems else "",
    )


def _nested(depth: int) -> str:
    """The header of a token whose JSON is an array in an array in an array ..."""
    return encode_part(b'{"alg":"HS256","x":' + b"[" * depth)


def _another_subject(payload: str) -> str:
    """The payload with another sub; of what is no JSON object, another payload."""
    try:
        claims = json.loads(decode_part(payload))
        return encode_part(claims | {"sub": "424242"})
    except (ValueError, TypeError, RecursionError):
        return "e30"


CHAPTERS = (
    who_logs_in_gets_a_token,
    wrong_credentials_look_alike,
    bad_bodies_are_refused,
    other_addresses_answer_in_the_same_shape,
    odd_authorization_headers_are_refused,
    bad_tokens_are_refused,
)
