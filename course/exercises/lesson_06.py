"""Exercises of lesson 06, Log in with Flask. Apps are tried on a real server on 127.0.0.1."""

import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from jose import jwt

from course.checking import Attempt, NotYet, Outcome, exercise, is_a, same, show, show_text, type_of
from course.token_parts import HEADER, encode_part, signed
from course.trials.challenge import judge_challenge
from course.trials.server import TrialServer, json_of, message_of, trial_server
from course.trials.time_zone import time_zone


@exercise(
    "6.1",
    '`(authorization or "").split()` gives a list of words, also when the client sent no header.',
    'There must be exactly two words. Compare the first in lower case: `words[0].lower() == "bearer"`.',
)
def find_the_token(bearer_token):
    attempt = Attempt(bearer_token, "bearer_token", slips={
        AttributeError: "A client that sends no header gives you `None`, which has no text methods: answer `None`.",
        TypeError: "A client that sends no header gives you `None`: answer `None`.",
        IndexError: "This header has fewer words than you expect: answer `None`.",
        ValueError: "This header has another number of words than you expect: answer `None`.",
    })  # fmt: skip
    real, other = (signed(HEADER, _real_claims(), secrets.token_hex(32)) for _ in range(2))
    same_token = "This is a real token, and it must come back letter by letter."
    cases = [
        ("Bearer abc.def.ghi", "abc.def.ghi", "Return what follows the word `Bearer`."),
        (
            "bearer abc.def.ghi",
            "abc.def.ghi",
            "The scheme may be written in any case (RFC 9110 §11.1).",
        ),
        (
            "BEARER   abc.def.ghi ",
            "abc.def.ghi",
            "More than one space is allowed, and it is not part of the token.",
        ),
        (f"Bearer {real}", real, same_token),
        (f"bEaReR {other}", other, same_token),
        (f"Bearer {real * 20}", real * 20, "A token may be long."),
        (
            "Bearer aBearerb.bearer.BEARER",
            "aBearerb.bearer.BEARER",
            "Those letters may stand in the token, too: only the first word is the scheme.",
        ),
        (None, None, "The client sent no header."),
        ("", None, "The header is empty."),
        ("   ", None, "There is nothing but spaces in the header."),
        ("Bearer", None, "The token is missing."),
        ("Bearer ", None, "The token is missing."),
        ("abc.def.ghi", None, "The word `Bearer` is missing."),
        (real, None, "The word `Bearer` is missing."),
        (
            "Basic YWRhOnB3",
            None,
            "This is another way to log in, with a password: not a bearer token.",
        ),
        ("Bearer abc def", None, "Exactly one token must follow, here there are two words."),
        (f"Bearer {real} {other}", None, "Exactly one token must follow, here there are two."),
        (f"Bearer Bearer {real}", None, "Exactly one token must follow, here there are two words."),
        ("Bearerabc.def.ghi extra", None, "The first word only begins like `Bearer`."),
        (f"Bearers {real}", None, "The first word only begins like `Bearer`."),
        (f"xBearer {real}", None, "The first word only ends like `Bearer`."),
        (f"Bear {real}", None, "The first word is not `Bearer`."),
        (f"Basic bearer {real}", None, "The first word names the scheme, and it is another one."),
        (f"{real} Bearer", None, "The order is the wrong way round."),
        ("bearer abc.def.ghi", "abc.def.ghi", "The same header, asked once more."),
    ]
    for header, expected, because in cases:
        outcome = attempt.run(header)
        if outcome.error is not None:
            slip = attempt.explain(outcome.error)
            if header is not None and is_a(outcome.error, (AttributeError, TypeError)):
                slip = "This header is text, and your code must not fail for it."
            raise NotYet(f"`{outcome.call}` {outcome.said}. {slip}")
        if not same(outcome.value, expected):
            raise NotYet(
                f"`{outcome.call}` {outcome.said}. Expected: `{show(expected)}`. "
                f"{_slip_in_token(outcome, expected) or because}"
            )
    return "It takes a good header apart and leaves every other one alone."


def _slip_in_token(outcome: Outcome, expected: str | None) -> str:
    """What the answer itself shows of its slip, or an empty text."""
    got = outcome.value
    if expected is None:
        return (
            "An empty text is not `None`: a header without a token has none." if got == "" else ""
        )
    if got is None:
        if expected in outcome.printed:
            return "It printed the token: to print is not to return. Use `return`."
        return ""
    if type(got) is bytes:
        return "The token is text: leave out the `.encode()`."
    if type(got) in (list, tuple):
        return "Return the token alone, and not a list of words."
    if type(got) is str and got != expected and got.lower() == expected.lower():
        return "Only the word `Bearer` may be written in any case. A token in other letters is another token: leave it as it is."
    return ""


def _real_claims() -> dict:
    """The claims of an access token, as Flask-JWT-Extended writes them."""
    now = int(time.time())
    return {
        "fresh": False, "iat": now, "jti": str(uuid.uuid4()), "type": "access", "sub": "1",
        "nbf": now, "csrf": str(uuid.uuid4()), "exp": now + 1000,
    }  # fmt: skip


@dataclass
class _Trial:
    """A Flask app with Flask-JWT-Extended on a real server, prepared by the learner's function."""

    server: TrialServer
    key: str

    def token(self, lifetime: int = 1000, **claims) -> str:
        """A signed access token that is valid for so many seconds. It was made ten minutes ago."""
        exp = int(time.time()) + lifetime
        made = {"iat": exp - lifetime - 600, "nbf": exp - lifetime - 600, "exp": exp}
        return jwt.encode(_real_claims() | made | claims, self.key)

    def get(self, path: str, token: str | None = None, slip: str = ""):
        """The answer to GET; an exception in a view is *not yet*."""
        return self.server.call("GET", path, token, slip)

    def bad_tokens(self) -> dict[str, str]:
        """Tokens that are malformed, forged or of the wrong kind, by their description."""
        header, payload, signature = self.token().split(".")
        return {
            "a forged token": f"{header}.{payload}.{signature[::-1]}",
            "a token with another payload": f"{header}.{encode_part(_real_claims() | {'sub': '2'})}.{signature}",
            "a token signed with another key": jwt.encode(_real_claims(), secrets.token_hex(32)),
            "an unsigned token": f"{encode_part({'alg': 'none'})}.{payload}.",
            "a token of one part": "abc",
            "a token of four parts": f"{self.token()}.abc",
            "a token in small letters": self.token().lower(),
            "a token without subject": self.token(sub=None),
            "a token whose subject is a number": self.token(sub=1),
            "a token whose subject is a list": self.token(sub=["1"]),
            "a refresh token": self.token(type="refresh"),
        }


def _app() -> tuple[Flask, JWTManager]:
    app = Flask("trial")
    app.config["JWT_SECRET_KEY"] = secrets.token_hex(32)
    manager = JWTManager(app)

    @manager.token_in_blocklist_loader
    def is_revoked(header, claims):
        return claims["jti"] == "revoked"

    @app.get("/me")
    @jwt_required()
    def me():
        return {"id": get_jwt_identity()}

    return app, manager


@contextmanager
def _trial(answer: object, name: str, argument: Callable) -> Iterator[_Trial]:
    app, manager = _app()
    key = app.config["JWT_SECRET_KEY"]
    Attempt(answer, name).prepare(argument(app, manager))
    with trial_server(app) as server:
        yield _Trial(server, key)


@exercise(
    "6.2",
    'Inside `add_seconds_left`, write a view as in the lesson: `@app.get("/seconds-left")` on top, `@jwt_required()` below it.',
    '`get_jwt()["exp"]` is the second at which the token dies, `time.time()` is now. Take the difference.',
    "JSON has whole numbers and others: `int(…)` makes a whole one.",
)
def how_long_have_i_got(add_seconds_left):
    # Where local time is not UTC, a date without a zone shows.
    with (
        time_zone("IST-5:30"),
        _trial(add_seconds_left, "add_seconds_left", lambda app, manager: app) as trial,
    ):
        prepared = time.time()
        response = trial.get("/seconds-left", trial.token())
        if response.status_code == 404:
            raise NotYet(
                'The app has no `GET /seconds-left`. Write a view inside the function, with `@app.get("/seconds-left")`.'
            )
        if response.status_code == 405:
            raise NotYet("`/seconds-left` does not answer to GET. Use `@app.get(…)`.")
        uninvited = (
            "No token was sent, and the view was called. Guard it by `@jwt_required()`, with nothing in the brackets: "
            "`optional=True` lets everybody in."
        )
        if (status := trial.get("/seconds-left", slip=uninvited).status_code) != 401:
            raise NotYet(
                f"Without a token, `GET /seconds-left` answered {status}. The view is not guarded: put `@jwt_required()` "
                "between `@app.get(…)` and the function, with nothing in the brackets."
            )
        for lifetime in (1000, 60, 300_000, 1000):
            _judge_seconds(trial, lifetime)
        strangers = trial.bad_tokens() | {
            "an expired token": trial.token(-60),
            "a token that was revoked": trial.token(jti="revoked"),
        }
        for what, token in strangers.items():
            _judge_stranger(trial, what, token)
        if (
            trial.get("/me", trial.token()).status_code != 200
            or trial.get("/me").status_code != 401
        ):
            raise NotYet(
                "`GET /me`, which was there before, answers otherwise now. Only add a view."
            )
        # An answer may round up or down: only beyond two whole seconds a clock that stands still shows for sure.
        time.sleep(max(0.0, prepared + 2.05 - time.time()))
        _judge_seconds(
            trial,
            1000,
            "Two seconds later it counts from the same moment: ask for the time inside the view.",
        )
    return "Guarded, in whole seconds, and for the very token that was sent."


def _judge_stranger(trial: _Trial, what: str, token: str) -> None:
    refusing = f"`GET /seconds-left` was called with {what}. Let `@jwt_required()` refuse it."
    status = trial.get("/seconds-left", token, refusing).status_code
    if status in (401, 422):
        return
    slip = "Let `@jwt_required()` verify it, with nothing in the brackets."
    if what == "a refresh token":
        slip = (
            "It lives for weeks and is for one thing only, a new access token. Write `@jwt_required()`, with nothing in "
            "the brackets: `verify_type=False` lets either type in."
        )
    raise NotYet(f"`GET /seconds-left` answered {status} to {what}. {slip}")


def _judge_seconds(trial: _Trial, lifetime: int, slip: str = "") -> None:
    token = trial.token(lifetime)
    claims = jwt.get_unverified_claims(token)
    earliest = time.time()
    response = trial.get("/seconds-left", token)
    latest = time.time()
    if response.status_code != 200:
        raise NotYet(
            f"With a good access token, `GET /seconds-left` answered {response.status_code} "
            f"`{show(response.text.strip())}`. Expected: 200. Write `@jwt_required()`, with nothing in the brackets."
        )
    body = json_of(response)
    if body is None:
        raise NotYet(f"The answer is `{show(response.text)}`. Expected JSON: return a dictionary.")
    if not isinstance(body, dict) or "seconds_left" not in body:
        raise NotYet(
            f"The answer is `{show(body)}`. Expected a dictionary with the name `seconds_left`."
        )
    kind = response.headers.get("Content-Type", "")
    if not kind.startswith("application/json"):
        raise NotYet(
            f"The answer is sent as `{kind}`, which a client does not read as JSON. Return the dictionary itself."
        )
    seconds = body["seconds_left"]
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise NotYet(f"`seconds_left` is `{show(seconds)}`, {type_of(seconds)}. Expected a number.")
    if claims["exp"] - latest - 1 <= seconds <= claims["exp"] - earliest + 1:
        if not isinstance(seconds, int):
            raise NotYet(f"`seconds_left` is {seconds}. Expected whole seconds: `int(…)`.")
        return
    raise NotYet(_slip_in_seconds(seconds, lifetime, claims, slip))


def _slip_in_seconds(seconds: float, lifetime: int, claims: dict, slip: str) -> str:
    hours = round((seconds - lifetime) / 1800) / 2
    if seconds > 1_000_000_000:
        return f"`seconds_left` is {seconds}: that is the moment at which the token dies. Subtract the present, `time.time()`."
    if seconds == claims["exp"] - claims["iat"]:
        return (
            f"`seconds_left` is {seconds}, the whole life of the token, from `iat` to `exp`. It was made ten minutes "
            "ago: subtract the present, `time.time()`."
        )
    if abs(seconds + lifetime) <= 5:
        return f"`seconds_left` is {seconds}. The difference is the wrong way round: `exp` lies in the future."
    said = f"For a token with {lifetime} seconds to live, `seconds_left` is {seconds}."
    if slip:
        return f"{said} {slip}"
    if lifetime > 86_400 and abs(seconds - lifetime % 86_400) <= 5:
        return f"{said} Of a `timedelta`, `.seconds` leaves out the days: use `.total_seconds()`."
    if abs(hours) in (5.5, 11) and abs(seconds - lifetime - 3600 * hours) <= 5:
        return (
            f"{said} It is off by {abs(hours):g} hours, which is how far the clock on the wall is from UTC here. Name the "
            "zone of both dates, or take `time.time()`."
        )
    if seconds < 0:
        return f"{said} It is negative, and the token is alive."
    return f"{said} Use the claims of the token that was sent, and the present."


@exercise(
    "6.3",
    "`@jwt.invalid_token_loader` is a decorator for a function with one argument, the reason.",
    "A view or a loader may return three things at once: body, status, headers.",
    'The headers are a dictionary: `{"WWW-Authenticate": \'Bearer error="invalid_token"\'}`.',
)
def answer_401(refuse_bad_tokens_with_401):
    with _trial(
        refuse_bad_tokens_with_401, "refuse_bad_tokens_with_401", lambda app, manager: manager
    ) as trial:
        plain_app, _ = _app()
        plain_app.config["JWT_SECRET_KEY"] = trial.key
        plain = plain_app.test_client()
        for what, token in trial.bad_tokens().items():
            reason = plain.get("/me", headers={"Authorization": f"Bearer {token}"}).json["msg"]
            _judge_401(what, trial.get("/me", token), reason)
        if trial.get("/me", trial.token()).status_code != 200:
            raise NotYet(
                "A good token is refused as well. Only the loader for invalid tokens must change."
            )
        for what, token in (
            ("An expired token", trial.token(-60)),
            ("A client without a token", None),
        ):
            if trial.get("/me", token).status_code != 401:
                raise NotYet(f"{what} no longer gets a 401. Leave that loader alone.")
    return "One code for every bad token, and the way to log in beside it."


def _judge_401(what: str, response, reason: str) -> None:
    if response.status_code != 401:
        slip = "Return the status along with the body: `return {…}, 401, {…}`."
        if response.status_code == 422:
            slip = "The extension still answers itself: register your function with `@jwt.invalid_token_loader`."
        raise NotYet(
            f"`GET /me` with {what} answered {response.status_code}. Expected: 401. {slip}"
        )
    judge_challenge(
        response.headers.get("WWW-Authenticate"),
        {"error": "invalid_token"},
        f"In the 401 for {what}",
    )
    message = message_of(response)
    if reason not in message:
        raise NotYet(
            f"With {what}, your function is given the reason `{show_text(reason)}`, and the message is "
            f"`{show_text(message)}`. Pass on the reason that your function is given."
        )
