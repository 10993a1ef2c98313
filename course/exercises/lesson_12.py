"""Exercises of lesson 12, Log in with FastAPI. Apps are tried on a real server on 127.0.0.1."""

import re
import secrets
import threading
import time

import jwt
from fastapi import FastAPI, HTTPException
from fastapi.security import SecurityScopes
from pydantic import BaseModel

from course.checking import Attempt, NotYet, describe_error, exercise, is_a, same, show
from course.trials.server import TrialServer, json_of, message_of, trial_server

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
    for subject in (7, 12):
        attempt.must_return(subject, _sign(sub=str(subject)), KEY, because="The token is good.")
    good = _sign()
    header, payload, signature = good.split(".")
    bad = {
        "an expired token": _sign(exp=int(time.time()) - 60),
        "a token signed with another key": _sign(key=secrets.token_hex(32)),
        "a token with another payload": f"{header}.{_sign(sub='1').split('.')[1]}.{signature}",
        "an unsigned token": _sign(key="", algorithm="none"),
        "a token signed with HS384": _sign(algorithm="HS384"),
        "a token signed with HS512": _sign(algorithm="HS512"),
        "a token without `exp`": _sign(exp=...),
        "a token without `sub`": _sign(sub=...),
        "a token whose `sub` is a number": _sign(sub=7),
        "`abc`": "abc",
        "an empty text": "",
        'a genuine token with the subject `"ada"`': _sign(sub="ada"),
    }
    for what, token in bad.items():
        _judge_refusal(attempt, what, token)
    return "Good tokens get a number, and all others one and the same refusal."


def _judge_refusal(attempt: Attempt, what: str, token: str) -> None:
    outcome = attempt.run(token, KEY)
    if is_a(outcome.value, HTTPException):
        raise NotYet(f"With {what}, `current_user_id` returned the exception. Use `raise`.")
    if outcome.error is None:
        raise NotYet(f"{_capital(what)} was accepted: `current_user_id` {outcome.said}.")
    if not is_a(outcome.error, HTTPException):
        raise NotYet(
            f"With {what}, `current_user_id` raised `{describe_error(outcome.error)}`. On the server that "
            "is a 500: raise an `HTTPException` in its place."
        )
    if outcome.error.status_code != 401:
        raise NotYet(f"With {what}, the status is {outcome.error.status_code}. Expected: 401.")
    challenge = _challenge(outcome.error)
    if not challenge.startswith("Bearer ") or 'error="invalid_token"' not in challenge:
        raise NotYet(
            f"With {what}, the header is `WWW-Authenticate: {challenge}`. "
            'Expected: `Bearer error="invalid_token"`.'
        )


def _challenge(error) -> str:
    """The header WWW-Authenticate of an HTTPException. Names of headers may be written in any case."""
    headers = error.headers if type(error.headers) is dict else {}
    said = [value for name, value in headers.items() if str(name).lower() == "www-authenticate"]
    return said[0] if said and type(said[0]) is str else "none"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@exercise(
    "12.2",
    "`@app.exception_handler(AnyHTTPException)` stands above a function with two arguments, the request and the error.",
    '`return JSONResponse({"message": str(error.detail)}, error.status_code, headers=error.headers)`',
    'For `RequestValidationError`: `error.errors()` is a list. Each has `["loc"][-1]`, the field, and `["msg"]`.',
)
def one_shape_for_every_error(answer_in_one_shape):
    class Credentials(BaseModel):
        username: str
        password: str

    app = FastAPI()

    @app.post("/login")
    def login(body: Credentials):
        raise HTTPException(401, "Invalid credentials.", {"WWW-Authenticate": "Bearer"})

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
        secret = secrets.token_hex(8)
        for body, wrong, right in (
            ({"username": "ada"}, ["password"], ["username"]),
            ({"password": secret}, ["username"], ["password"]),
            ({}, ["username", "password"], []),
        ):
            _, said = _refusal(server, "POST", "/login", 422, json=body)
            case = f"The body `{show(body)}` gets the message `{show(said)}`"
            if secret in said:
                raise NotYet(f"{case}. It repeats what was sent, which may be a password.")
            for field in wrong:
                if field not in said:
                    raise NotYet(f"{case}. It must name `{field}`.")
            for field in right:
                if field in said:
                    raise NotYet(
                        f"{case}. Nothing is wrong with `{field}`: take the names from `errors()`."
                    )
    return "Four kinds of refusal, one shape, and every header is still there."


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
    def work(password: str) -> bool:
        """Takes 0.4 seconds and lets go of nothing: what a hash does to a loop, whatever the machine."""
        end = time.perf_counter() + 0.4
        while time.perf_counter() < end:
            time.sleep(0.005)
        return password == "right"

    app = FastAPI()

    @app.get("/ping")
    async def ping():
        return "pong"

    Attempt(add_check, "add_check").prepare(app, work)
    with trial_server(app) as server:
        for password, expected in (("right", True), ("wrong", False)):
            answer = server.call("POST", "/check", json={"password": password})
            if answer.status_code in (404, 405):
                raise NotYet(
                    'The app has no `POST /check`. Write a view inside the function, with `@app.post("/check")`.'
                )
            if answer.status_code != 200 or json_of(answer) != {"right": expected}:
                raise NotYet(
                    f"With the {password} password, `POST /check` answered {answer.status_code} "
                    f'`{show(answer.text)}`. Expected: 200 `{{"right": {str(expected).lower()}}}`.'
                )
        seconds = _ping_while_checking(server)
    if seconds > 0.3:
        raise NotYet(
            "While one password was checked, `GET /ping` had to wait for it. Your view computes on the event "
            "loop: make it a `def`, or hand the work to a thread and `await` it."
        )
    return "Whoever logs in takes the time that it takes, and nobody else waits."


def _ping_while_checking(server: TrialServer) -> float:
    """Seconds that the slowest of some pings takes while a password is checked."""
    checking = threading.Thread(
        target=server.call, args=("POST", "/check"), kwargs={"json": {"password": "right"}}
    )
    checking.start()
    slowest = 0.0
    while checking.is_alive():
        started = time.perf_counter()
        server.call("GET", "/ping")
        slowest = max(slowest, time.perf_counter() - started)
    return slowest


@exercise(
    "12.4",
    '`granted = claims.get("scope", "").split()`. What is in `security_scopes.scopes` and not in `granted` is missing.',
    'If anything is missing, raise `HTTPException(403, …, {"WWW-Authenticate": …})`. `security_scopes.scope_str` is the text of all.',
)
def a_guard_that_is_told(require_scopes):
    attempt = Attempt(require_scopes, "require_scopes", slips={
        KeyError: "A token may have no claim `scope`: use `claims.get(…)`.",
    })  # fmt: skip
    read, both, nothing = ["users:read"], ["users:read", "users:write"], []
    allowed = [
        (read, "users:read"), (read, "users:write users:read"), (both, "users:write users:read"),
        (nothing, ""), (nothing, ...),
    ]  # fmt: skip
    refused = [
        (read, "users:write"), (read, ""), (read, ...), (read, "users:readonly"), (both, "users:read"),
        (both, "users:write"),
    ]  # fmt: skip
    for wanted, scope in allowed:
        claims = {"sub": "1"} if scope is ... else {"sub": "1", "scope": scope}
        outcome = attempt.run(SecurityScopes(list(wanted)), claims)
        if outcome.error is not None:
            raise NotYet(
                f"The view wants `{show(wanted)}`, the token has `{show(claims)}`, and it raised "
                f"`{describe_error(outcome.error)}`. {attempt.explain(outcome.error)}"
            )
        if not same(outcome.value, claims):
            raise NotYet(f"It {outcome.said}. Return the claims, so that the view has them.")
    for wanted, scope in refused:
        claims = {"sub": "1"} if scope is ... else {"sub": "1", "scope": scope}
        outcome = attempt.run(SecurityScopes(list(wanted)), claims)
        case = f"The view wants `{show(wanted)}`, the token has `{show(claims)}`"
        if outcome.error is None:
            raise NotYet(
                f"{case}, and it was let through. **Every** scope must be there, as a whole word."
            )
        if not is_a(outcome.error, HTTPException):
            raise NotYet(f"{case}: {outcome.said}. {attempt.explain(outcome.error)}")
        if outcome.error.status_code != 403:
            raise NotYet(
                f"{case}: status {outcome.error.status_code}. Expected: 403, since the token itself is good."
            )
        expected = f'Bearer error="insufficient_scope", scope="{" ".join(wanted)}"'
        challenge = _challenge(outcome.error)
        if set(re.findall(r'[^\s",]+', challenge)) != set(re.findall(r'[^\s",]+', expected)):
            raise NotYet(
                f"{case}: the header is `WWW-Authenticate: {challenge}`. Expected: `{expected}`."
            )
    return "All that the view wants, and 403 with its reason otherwise."
