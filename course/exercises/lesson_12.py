"""Exercises of lesson 12, Log in with FastAPI. Apps are tried on a real server on 127.0.0.1."""

import base64
import json
import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import jwt
from fastapi import FastAPI, HTTPException
from fastapi.security import SecurityScopes
from pydantic import BaseModel
from starlette.exceptions import HTTPException as AnyHTTPException

from course.checking import Attempt, NotYet, Outcome, describe_error, exercise, is_a, same, show
from course.token_parts import HEADER, signed
from course.trials.challenge import judge_challenge
from course.trials.server import (
    PATIENCE,
    TrialServer,
    json_of,
    message_of,
    refused,
    trial_server,
)

KEY = secrets.token_hex(32)


def _sign(key: str = KEY, algorithm: str = "HS256", **claims) -> str:
    standard = {"sub": "7", "exp": int(time.time()) + 1000}
    kept = {name: value for name, value in (standard | claims).items() if value is not ...}
    with_checks_off = {"enforce_minimum_key_length": False}
    return jwt.PyJWT(options=with_checks_off).encode(kept, key, algorithm)


@exercise(
    "12.1",
    '`pyjwt.decode(token, key, algorithms=["HS256"], options={"require": ["exp", "sub"]})` gives the claims.',
    "Put it into `try:`, and in `except (InvalidTokenError, ValueError):` raise the `HTTPException`.",
    '`HTTPException(401, "…", {"WWW-Authenticate": \'Bearer error="invalid_token"\'})`',
)
def the_dependency(current_user_id):
    attempt = Attempt(current_user_id, "current_user_id")
    other_key = secrets.token_urlsafe(48)
    for subject, key in ((7, KEY), (12, KEY), (7, other_key), (123_456_789_012, KEY)):
        now = int(time.time())
        real = {"iat": now - 5, "nbf": now - 5, "jti": str(uuid.uuid4()), "type": "access"}
        for claims in ({}, real, {"exp": now + 1000.5}, {"scope": "users:read Users:Write"}):
            token = _sign(key, sub=str(subject), **claims)
            outcome = attempt.run(token, key)
            if is_a(outcome.error, AnyHTTPException):
                raise NotYet(
                    f"A good token with the claims `{show(jwt.decode(token, options={'verify_signature': False}), 150)}` "
                    f"was refused: `{describe_error(outcome.error)}`. Is it verified with the `key` that you are given?"
                )
            attempt.must_return(subject, token, key, because="The token is good.")
    for what, token in _bad_tokens(other_key).items():
        _judge_refusal(attempt, what, token)
    attempt.must_return(7, _sign(), KEY, because="The token is good, and bad ones came before it.")
    return "Good tokens get a number, and all others one and the same refusal."


def _bad_tokens(other_key: str) -> dict[str, str]:
    good, now = _sign(), int(time.time())
    header, payload, signature = good.split(".")
    deep = base64.urlsafe_b64encode(b'{"alg":"HS256","x":' + b"[" * 12_000).decode().rstrip("=")
    bad = {
        "an expired token": _sign(exp=now - 3600),
        "a token that expired a second ago": _sign(exp=now - 1),
        "a token signed with another key": _sign(key=other_key),
        "a token with another payload": f"{header}.{_sign(sub='1').split('.')[1]}.{signature}",
        "an unsigned token": _sign(key="", algorithm="none"),
        "a token signed with HS384": _sign(algorithm="HS384"),
        "a token signed with HS512": _sign(algorithm="HS512"),
        "a token without `exp`": _sign(exp=...),
        "a token without `sub`": _sign(sub=...),
        "`abc`": "abc",
        "an empty text": "",
        'a genuine token with the subject `"ada"`': _sign(sub="ada"),
        "a genuine token whose subject is an empty text": _sign(sub=""),
        'a genuine token with the subject `"7.5"`': _sign(sub="7.5"),
        "a good token in small letters": good.lower(),
        "a good token with a fourth part": f"{good}.abc",
        "a good token with a line break behind it": f"{good}\n",
        "a good token with the word Bearer before it": f"Bearer {good}",
        "a token in letters that no token has": "é.é.é",
        "a token whose header is JSON nested thousands of levels deep": f"{deep}.e30.AAAA",
        "a token whose payload is JSON nested thousands of levels deep": signed(
            HEADER, b"[" * 20_000, KEY
        ),
    }
    for value in (7, 7.5, True, None, ["7"], {"id": "7"}):
        kind = "null" if value is None else f"`{json.dumps(value)}`"
        bad[f"a genuine token whose `sub` is {kind}"] = signed(
            HEADER, {"sub": value, "exp": now + 1000}, KEY
        )
    for value in ("soon", None, True, [now + 1000], {}):
        kind = "null" if value is None else f"`{json.dumps(value)}`"
        bad[f"a genuine token whose `exp` is {kind}"] = signed(
            HEADER, {"sub": "7", "exp": value}, KEY
        )
    for payload in ("[]", "null", '"7"', "{", "7"):
        bad[f"a genuine token whose payload is `{payload}`"] = signed(HEADER, payload.encode(), KEY)
    return bad


def _judge_refusal(attempt: Attempt, what: str, token: str) -> None:
    outcome = attempt.run(token, KEY)
    if is_a(outcome.value, AnyHTTPException):
        raise NotYet(f"With {what}, `current_user_id` returned the exception. Use `raise`.")
    if outcome.error is None:
        raise NotYet(f"{_capital(what)} was accepted: `current_user_id` {outcome.said}.")
    if not is_a(outcome.error, AnyHTTPException):
        raise NotYet(
            f"With {what}, `current_user_id` raised `{describe_error(outcome.error)}`. On the server that "
            "is a 500: raise an `HTTPException` in its place."
        )
    if outcome.error.status_code != 401:
        raise NotYet(f"With {what}, the status is {outcome.error.status_code}. Expected: 401.")
    judge_challenge(_challenge(outcome.error), {"error": "invalid_token"}, f"With {what}")
    if len(token) > 20 and token in str(outcome.error.detail):
        raise NotYet(
            f"With {what}, the `detail` of your refusal contains the token. What an answer says gets into logs and onto "
            "screens: say what is wrong, and leave the token out."
        )


def _challenge(error) -> object:
    """The header WWW-Authenticate of an HTTPException. Names of headers may be written in any case."""
    headers = error.headers if is_a(error.headers, Mapping) else {}
    said = [value for name, value in headers.items() if str(name).lower() == "www-authenticate"]
    return said[0] if said else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@exercise(
    "12.2",
    "`@app.exception_handler(AnyHTTPException)` stands above a function with two arguments, the request and the error.",
    '`return JSONResponse({"message": str(error.detail)}, error.status_code, headers=error.headers)`',
    'For `RequestValidationError`: `error.errors()` is a list. Each has `["loc"][-1]`, the field, and `["msg"]`.',
)
def one_shape_for_every_error(answer_in_one_shape):
    app = _app_that_refuses()
    Attempt(answer_in_one_shape, "answer_in_one_shape").prepare(app)
    with trial_server(app) as server:
        right = {"username": "ada", "password": "x"}
        refused, said = _refusal(server, "POST", "/login", 401, json=right)
        if said != "Invalid credentials.":
            raise NotYet(f"The 401 says `{show(said)}`. Pass on the exception's `detail`.")
        if refused.headers.get("WWW-Authenticate") != "Bearer":
            raise NotYet(
                "The 401 has lost its header `WWW-Authenticate: Bearer`. Pass on `error.headers`."
            )
        _refusal(server, "GET", "/nobody", 404)
        other_method, _ = _refusal(server, "PUT", "/login", 405)
        if "POST" not in other_method.headers.get("Allow", ""):
            raise NotYet("The 405 has lost its header `Allow: POST`. Pass on `error.headers`.")
        busy, said = _refusal(server, "GET", "/busy", 503)
        if said != "Come back in a Minute." or busy.headers.get("Retry-After") != "60":
            raise NotYet(
                f"A 503 with `Retry-After: 60` came out with the headers `{show(dict(busy.headers), 150)}` and the "
                f"message `{show(said)}`. Pass on `error.headers` and the exception's `detail`."
            )
        secret = secrets.token_hex(8)
        _judge_fields(server, secret)
        _judge_malformed(server, secret)
    return "Four kinds of refusal, one shape, and every header is still there."


class _Credentials(BaseModel):
    username: str
    password: str


class _Contact(BaseModel):
    email: str
    phone: int | None = None


class _Profile(BaseModel):
    contact: _Contact
    tags: list[str] = []


def _app_that_refuses() -> FastAPI:
    app = FastAPI()

    @app.post("/login")
    def login(body: _Credentials):
        raise HTTPException(401, "Invalid credentials.", {"WWW-Authenticate": "Bearer"})

    @app.post("/profile")
    def profile(body: _Profile):
        return {}

    @app.get("/users/{number}")
    def users(number: int, limit: int = 10):
        return {}

    @app.get("/busy")
    def busy():
        raise HTTPException(503, "Come back in a Minute.", {"Retry-After": "60"})

    return app


def _judge_fields(server: TrialServer, secret: str) -> None:
    """Which fields does the message of a 422 name?"""
    for body, wrong, right in (
        ({"username": "ada"}, ["password"], ["username"]),
        ({"password": secret}, ["username"], ["password"]),
        ({}, ["username", "password"], []),
        ({"username": ["ada"], "password": secret}, ["username"], ["password"]),
        ({"username": "ada", "password": [secret]}, ["password"], ["username"]),
        ({"username": "ada", "password": {"secret": secret}}, ["password"], ["username"]),
        ({"username": None, "password": True}, ["username", "password"], []),
        ({"username": 7, "password": 1.5}, ["username", "password"], []),
    ):
        _judge_message(server, "POST", "/login", secret, wrong, right, json=body)
    for body, wrong, right in (
        ({"contact": {"email": 7}}, ["email"], ["contact", "tags", "phone"]),
        ({"contact": {}}, ["email"], ["contact", "tags"]),
        ({"contact": {"email": "a", "phone": secret}}, ["phone"], ["email", "contact"]),
        ({"contact": {"email": "a"}, "tags": ["x", 7]}, ["1"], ["email", "contact"]),
    ):
        _judge_message(server, "POST", "/profile", secret, wrong, right, json=body)
    _judge_message(server, "GET", "/users/7?limit=many", secret, ["limit"], ["number"])
    _judge_message(server, "GET", "/users/ada", secret, ["number"], ["limit"])


def _judge_message(
    server: TrialServer, method: str, path: str, secret: str, wrong: list, right: list, **options
) -> None:
    sent = f"The body `{show(options['json'])}`" if options else f"`{method} {path}`"
    place = ""
    if "1" in wrong:
        place = "The last part of `loc` may be a number, the place in a list: make each a text, `str(…)`."
    answer, said = _refusal(server, method, path, 422, slip=place, **options)
    case = f"{sent} gets the message `{show(said)}`"
    _judge_secret(answer, said, secret, case)
    for field in wrong:
        if field not in said:
            raise NotYet(f"{case}. It must name `{field}`, the last part of `loc`.")
    for field in right:
        if field in said:
            raise NotYet(
                f"{case}. Nothing is wrong with `{field}`: take the names from `errors()`, the last part of each `loc`."
            )


def _judge_secret(answer, said: str, secret: str, case: str) -> None:
    if secret in said:
        raise NotYet(f"{case}. It repeats what was sent, which may be a password.")
    if secret in answer.text or secret in str(answer.headers):
        raise NotYet(
            f"{case}, and beside it the answer repeats what was sent, which may be a password: "
            f"`{show(answer.text.strip())}`."
        )


def _judge_malformed(server: TrialServer, secret: str) -> None:
    """Whatever is sent as a body, it is refused in the one shape, and it is no error of the server."""
    for what, body in (
        ("JSON that breaks off", f'{{"username": "ada", "password": "{secret}'),
        ("JSON with a comma too many", f'{{"username": "ada", "password": "{secret}",}}'),
        ("no JSON at all", secret),
        ("an empty body", ""),
        ("a list", f'["{secret}"]'),
        ("a text", f'"{secret}"'),
        ("a number", "7"),
        ("`null`", "null"),
        ("`true`", "true"),
        ("JSON nested thousands of levels deep", "[" * 100_000),
        ("bytes that are no text", b'{"username": "\xff", "password": "x"}'),
    ):
        slip = f"The body was {what}. Then the last part of `loc` may be a number: make each a text, `str(…)`."
        answer = server.call(
            "POST", "/login", None, slip, data=body, headers={"Content-Type": "application/json"}
        )
        if not refused(answer):
            raise NotYet(
                f"`POST /login` answered {answer.status_code} to {what}. Expected: 422, or 400, which FastAPI answers "
                "itself to some bodies."
            )
        said = message_of(answer)
        _judge_secret(answer, said, secret, f"A body of {what} gets the message `{show(said)}`")
    form = {"username": "ada", "password": secret}
    answer, said = _refusal(server, "POST", "/login", 422, data=form)
    _judge_secret(answer, said, secret, f"A form gets the message `{show(said)}`")


def _refusal(server: TrialServer, method: str, path: str, status: int, **options):
    """The answer, which must be a refusal with this status, and its message."""
    answer = server.call(method, path, **options)
    if answer.status_code != status:
        raise NotYet(f"`{method} {path}` answered {answer.status_code}. Expected: {status}.")
    handler = "404 and 405 come from Starlette: register the handler for `AnyHTTPException`."
    if status == 422:
        handler = "Register a handler for `RequestValidationError`."
    return answer, message_of(answer, slips={"detail": handler})


@exercise(
    "12.3",
    "Leave out the word `async`, and FastAPI runs the view in a thread.",
    "Inside an `async def` you may write `await run_in_threadpool(slow_check, body.password)`, from `fastapi.concurrency`.",
)
def free_the_loop(add_check):
    work = _SlowWork()
    app = FastAPI()

    @app.get("/ping")
    async def ping():
        work.loop_thread = threading.get_ident()
        return "pong"

    Attempt(add_check, "add_check").prepare(app, work.check)
    if work.passwords:
        raise NotYet("`slow_check` was called before anybody has asked. Call it inside the view.")
    with trial_server(app) as server:
        # It also tells which thread the event loop runs in.
        server.call("GET", "/ping")
        for password in ("Right Horse", "wrong", "right horse", " Right Horse", "Right Horse"):
            _judge_one_check(server, work, password)
        for body in ({}, {"password": None}, {"password": ["Right Horse"]}, ["Right Horse"], 7):
            answer = server.call(
                "POST",
                "/check",
                slip=f"The body was `{show(body)}`. Let FastAPI look at it first: `body: Secret`.",
                json=body,
            )
            if not refused(answer):
                raise NotYet(
                    f"`POST /check` answered {answer.status_code} to the body `{show(body)}`. Expected: 422. Let FastAPI "
                    "look at it first: `body: Secret`."
                )
        _judge_while_held(server, work)
    return "Whoever logs in takes the time that it takes, and nobody else waits."


class _SlowWork:
    """The function that computes for a while. How long it takes, the judge decides: it holds it at an Event."""

    def __init__(self):
        self.passwords: list[object] = []
        self.loop_thread: int | None = None
        self.on_the_loop = False
        self.held = threading.Semaphore(0)  # counts the calls that are being held
        self.may_go = threading.Event()
        self.may_go.set()

    def check(self, password: str) -> bool:
        self.passwords.append(password)
        self.on_the_loop = self.on_the_loop or threading.get_ident() == self.loop_thread
        if not self.may_go.is_set() and not self.on_the_loop:
            self.held.release()
            self.may_go.wait(PATIENCE)
        return password == "Right Horse"

    def __repr__(self) -> str:
        return "slow_check"


def _judge_one_check(server: TrialServer, work: _SlowWork, password: str) -> None:
    work.passwords.clear()
    answer = server.call("POST", "/check", json={"password": password})
    if answer.status_code in (404, 405):
        raise NotYet(
            'The app has no `POST /check`. Write a view inside the function, with `@app.post("/check")`.'
        )
    expected = password == "Right Horse"
    which = "right" if expected else "wrong"
    if answer.status_code != 200 or not same(json_of(answer), {"right": expected}):
        raise NotYet(
            f"With the {which} password, `POST /check` answered {answer.status_code} "
            f'`{show(answer.text)}`. Expected: 200 `{{"right": {str(expected).lower()}}}`.'
        )
    if not same(work.passwords, [password]):
        calls = ", ".join(f"slow_check({show(each)})" for each in work.passwords) or "nothing"
        raise NotYet(
            f"For the password `{show(password)}` the view called `{calls}`. Expected: `slow_check({show(password)})`, "
            "once."
        )
    if work.on_the_loop:
        raise NotYet(
            "`slow_check` ran in the thread of the event loop, so everybody waits for it. Your view computes on the event "
            "loop: make it a `def`, or hand the work to a thread and `await` it."
        )


def _judge_while_held(server: TrialServer, work: _SlowWork) -> None:
    """Three clients are held in ``slow_check``: does somebody else get an answer meanwhile?"""
    work.may_go.clear()
    pool = ThreadPoolExecutor(4)
    try:
        body = {"password": "Right Horse"}
        clients = [pool.submit(server.call, "POST", "/check", json=body) for _ in range(3)]
        if not work.held.acquire(timeout=PATIENCE / 2):
            raise NotYet(
                "The right password came once more, and `slow_check` was not called. Call it for every request."
            )
        pinging = pool.submit(server.call, "GET", "/ping")
        try:
            pinging.result(timeout=PATIENCE / 2)
        except TimeoutError:
            raise NotYet(
                "While `slow_check` was held at one password, `GET /ping` got no answer. Your view hands the work to a "
                "thread, and then it computes on the event loop no more, but waits there: `await` the thread."
            ) from None
        for _ in clients[1:]:
            if not work.held.acquire(timeout=PATIENCE / 2):
                raise NotYet(
                    "While `slow_check` was held at one password, other clients who sent theirs had to wait: only one "
                    "is checked at a time. Leave out the lock, or take more than one thread."
                )
    finally:
        work.may_go.set()
        pool.shutdown()
    for client in clients:
        if not same(json_of(client.result()), {"right": True}):
            raise NotYet(
                f'Of three clients at once, one got `{show(client.result().text)}`. Expected: `{{"right": true}}`.'
            )


@exercise(
    "12.4",
    '`granted = str(claims.get("scope", "")).split()`. What is in `security_scopes.scopes` and not in `granted` is missing.',
    'If anything is missing, raise `HTTPException(403, …, {"WWW-Authenticate": …})`. `security_scopes.scope_str` is the text of all.',
)
def a_guard_that_is_told(require_scopes):
    attempt = Attempt(require_scopes, "require_scopes", slips={
        KeyError: "A token may have no claim `scope`: use `claims.get(…)`.",
    }, keeps_arguments=True)  # fmt: skip
    read, both, nothing = ["users:read"], ["users:read", "users:write"], []
    many = [f"Area{number}:Read" for number in range(100)]
    allowed = [
        (read, "users:read"), (read, "users:write users:read"), (both, "users:write users:read"),
        (both, "other users:write  users:read "), (nothing, ""), (nothing, ...), (nothing, "users:read"),
        (many, " ".join(reversed(many))), (["Users:Read"], "Users:Read"), (read, "users:read"),
    ]  # fmt: skip
    refused = [
        (read, "users:write"), (read, ""), (read, ...), (read, "users:readonly"), (both, "users:read"),
        (both, "users:write"), (read, "superusers:read"), (read, "USERS:READ"), (["users"], "users:read"),
        (read, "users:read,users:write"), (read, "users:*"), (["users.read"], "users:read"),
        (both, "users:read users:writer"), (many, " ".join(many[1:])), (read, "role:users:read"),
    ]  # fmt: skip
    for wanted, scope in allowed:
        claims = _claims(scope)
        outcome = _told(attempt, wanted, claims)
        if outcome.error is not None:
            raise NotYet(
                f"The view wants `{show(wanted)}`, the token has `{show(claims)}`, and it raised "
                f"`{describe_error(outcome.error)}`. {_why_raised(attempt, outcome.error)}"
            )
        if not same(outcome.value, claims):
            raise NotYet(f"It {outcome.said}. Return the claims, so that the view has them.")
    for wanted, scope in refused:
        claims = _claims(scope)
        _judge_403(attempt, wanted, claims, _told(attempt, wanted, claims))
    return _judge_odd_claims(attempt, read)


def _claims(scope: object) -> dict:
    """Claims as real tokens have them. With ``...`` there is no scope among them."""
    claims = {"sub": "1", "exp": int(time.time()) + 1000, "jti": str(uuid.uuid4())}
    return claims if scope is ... else claims | {"scope": scope}


def _told(attempt: Attempt, wanted: list[str], claims: dict) -> Outcome:
    security_scopes = SecurityScopes(list(wanted))
    outcome = attempt.run(security_scopes, claims)
    left = getattr(security_scopes, "scopes", None)
    if not same(left, wanted):
        raise NotYet(
            f"The view wanted `{show(wanted)}`, and after the call `security_scopes.scopes` is "
            f"`{show(left)}`. Only read it."
        )
    return outcome


def _why_raised(attempt: Attempt, error: BaseException) -> str:
    if is_a(error, AnyHTTPException):
        return "Everything that the view wants is granted: return the claims."
    return attempt.explain(error)


def _judge_403(attempt: Attempt, wanted: list[str], claims: dict, outcome: Outcome) -> None:
    case = (
        f"The view wants `{show(wanted)}`, the token has `{show(claims.get('scope', 'no scope'))}`"
    )
    if is_a(outcome.value, AnyHTTPException):
        raise NotYet(f"{case}: `require_scopes` returned the exception. Use `raise`.")
    if outcome.error is None:
        raise NotYet(
            f"{case}, and it was let through. **Every** scope must be there, as a whole word."
        )
    if not is_a(outcome.error, AnyHTTPException):
        raise NotYet(f"{case}: {outcome.said}. {attempt.explain(outcome.error)}")
    if outcome.error.status_code != 403:
        raise NotYet(
            f"{case}: status {outcome.error.status_code}. Expected: 403, since the token itself is good."
        )
    challenge = {"error": "insufficient_scope", "scope": " ".join(wanted)}
    judge_challenge(_challenge(outcome.error), challenge, case)


def _judge_odd_claims(attempt: Attempt, read: list[str]) -> str:
    """A genuine token whose scope is no text must not get in. An error is no good answer, and lets nobody in."""
    crashed = []
    for odd in ([*read], [f"{read[0]} x"], None, 7, 1.5, True, {read[0]: True}):
        outcome = _told(attempt, read, _claims(odd))
        if outcome.error is None:
            raise NotYet(
                f'The view wants `{show(read)}`, the token has `"scope": {json.dumps(odd)}`, and it was let through. '
                "Only a text has scopes, as in lesson 10."
            )
        if not is_a(outcome.error, AnyHTTPException):
            crashed.append(odd)
    if crashed:
        return (
            "All that the view wants, and 403 with its reason otherwise. One thing to mend: a genuine token with "
            f'`"scope": {json.dumps(crashed[0])}` ends in a 500. `str(…)` around the claim makes it a 403.'
        )
    return "All that the view wants, and 403 with its reason otherwise."
