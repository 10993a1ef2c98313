"""Exercises of lesson 06, Log in with Flask. Apps are tried on a real server on 127.0.0.1."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from jose import jwt

from course.checking import Attempt, NotYet, exercise, same, show, type_of
from course.trials.server import TrialServer, json_of, message_of, trial_server


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
        (None, None, "The client sent no header."),
        ("", None, "The header is empty."),
        ("Bearer", None, "The token is missing."),
        ("Bearer ", None, "The token is missing."),
        ("abc.def.ghi", None, "The word `Bearer` is missing."),
        (
            "Basic YWRhOnB3",
            None,
            "This is another way to log in, with a password: not a bearer token.",
        ),
        ("Bearer abc def", None, "Exactly one token must follow, here there are two words."),
        ("Bearerabc.def.ghi extra", None, "The first word only begins like `Bearer`."),
    ]
    for header, expected, because in cases:
        outcome = attempt.run(header)
        if outcome.error is not None:
            raise NotYet(f"`{outcome.call}` {outcome.said}. {attempt.explain(outcome.error)}")
        if not same(outcome.value, expected):
            if outcome.value is None and outcome.printed:
                because = "It printed the token: to print is not to return. Use `return`."
            raise NotYet(
                f"`{outcome.call}` {outcome.said}. Expected: `{show(expected)}`. {because}"
            )
    return "It takes a good header apart and leaves every other one alone."


@dataclass
class _Trial:
    """A Flask app with Flask-JWT-Extended on a real server, prepared by the learner's function."""

    server: TrialServer
    key: str

    def token(self, lifetime: int = 1000, **claims) -> str:
        """A signed access token that is valid for so many seconds."""
        return jwt.encode(
            {"sub": "1", "exp": int(time.time()) + lifetime, "jti": "1", **claims}, self.key
        )

    def get(self, path: str, token: str | None = None):
        """The answer to GET; an exception in a view is *not yet*."""
        return self.server.call("GET", path, token)


@contextmanager
def _trial(answer: object, name: str, argument: Callable) -> Iterator[_Trial]:
    app = Flask("trial")
    app.config["JWT_SECRET_KEY"] = secrets.token_hex(32)
    manager = JWTManager(app)

    @app.get("/me")
    @jwt_required()
    def me():
        return {"id": get_jwt_identity()}

    Attempt(answer, name).prepare(argument(app, manager))
    with trial_server(app) as server:
        yield _Trial(server, app.config["JWT_SECRET_KEY"])


@exercise(
    "6.2",
    'Inside `add_seconds_left`, write a view as in the lesson: `@app.get("/seconds-left")` on top, `@jwt_required()` below it.',
    '`get_jwt()["exp"]` is the second at which the token dies, `time.time()` is now. Take the difference.',
    "JSON has whole numbers and others: `int(…)` makes a whole one.",
)
def how_long_have_i_got(add_seconds_left):
    with _trial(add_seconds_left, "add_seconds_left", lambda app, manager: app) as trial:
        response = trial.get("/seconds-left", trial.token())
        if response.status_code == 404:
            raise NotYet(
                'The app has no `GET /seconds-left`. Write a view inside the function, with `@app.get("/seconds-left")`.'
            )
        if response.status_code == 405:
            raise NotYet("`/seconds-left` does not answer to GET. Use `@app.get(…)`.")
        if trial.get("/seconds-left").status_code == 200:
            raise NotYet(
                "Without a token, `GET /seconds-left` answered 200. The view is not guarded: put `@jwt_required()` "
                "between `@app.get(…)` and the function."
            )
        for lifetime in (1000, 60):
            response = trial.get("/seconds-left", trial.token(lifetime))
            if response.status_code != 200:
                raise NotYet(
                    f"With a good token, `GET /seconds-left` answered {response.status_code}. Expected: 200."
                )
            _judge_seconds(response, lifetime)
        for what, token in (
            ("an expired token", trial.token(-60)),
            ("a forged token", trial.token()[:-4] + "AAAA"),
        ):
            if trial.get("/seconds-left", token).status_code == 200:
                raise NotYet(
                    f"`GET /seconds-left` answered 200 to {what}. Let `@jwt_required()` verify it."
                )
    return "Guarded, in whole seconds, and for the very token that was sent."


def _judge_seconds(response, lifetime: int) -> None:
    body = json_of(response)
    if body is None:
        raise NotYet(f"The answer is `{show(response.text)}`. Expected JSON: return a dictionary.")
    if not isinstance(body, dict) or "seconds_left" not in body:
        raise NotYet(
            f"The answer is `{show(body)}`. Expected a dictionary with the name `seconds_left`."
        )
    seconds = body["seconds_left"]
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise NotYet(f"`seconds_left` is `{show(seconds)}`, {type_of(seconds)}. Expected a number.")
    if seconds > 1_000_000_000:
        raise NotYet(
            f"`seconds_left` is {seconds}: that is the moment at which the token dies. Subtract the present, `time.time()`."
        )
    if seconds < 0:
        raise NotYet(
            f"`seconds_left` is {seconds}. The difference is the wrong way round: `exp` lies in the future."
        )
    if abs(seconds - lifetime) > 5:
        raise NotYet(
            f"For a token with {lifetime} seconds to live, `seconds_left` is {seconds}. Use the claims of the token that was sent."
        )
    if not isinstance(seconds, int):
        raise NotYet(f"`seconds_left` is {seconds}. Expected whole seconds: `int(…)`.")


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
        good = trial.token()
        header, payload, signature = good.split(".")
        bad = {
            "a forged token": f"{header}.{payload}.{signature[::-1]}",
            "a token of one part": "abc",
            "a token without subject": trial.token(sub=None),
        }
        reasons = set()
        for what, token in bad.items():
            response = trial.get("/me", token)
            if response.status_code != 401:
                slip = "Return the status along with the body: `return {…}, 401, {…}`."
                if response.status_code == 422:
                    slip = "The extension still answers itself: register your function with `@jwt.invalid_token_loader`."
                raise NotYet(
                    f"`GET /me` with {what} answered {response.status_code}. Expected: 401. {slip}"
                )
            challenge = response.headers.get("WWW-Authenticate", "")
            if not challenge.lower().startswith("bearer"):
                raise NotYet(
                    f"The 401 for {what} has the header `WWW-Authenticate: {challenge}`. It must name the scheme `Bearer`."
                )
            if 'error="invalid_token"' not in challenge:
                raise NotYet(
                    f'The header is `WWW-Authenticate: {challenge}`. RFC 6750 also wants `error="invalid_token"` in it.'
                )
            reasons.add(message_of(response))
        if len(reasons) < len(bad):
            raise NotYet(
                "Every bad token gets the same message. Pass on the reason that your function is given."
            )
        if trial.get("/me", good).status_code != 200:
            raise NotYet(
                "A good token is refused as well. Only the loader for invalid tokens must change."
            )
        if trial.get("/me", trial.token(-60)).status_code != 401:
            raise NotYet("An expired token no longer gets a 401. Leave its loader alone.")
    return "One code for every bad token, and the way to log in beside it."
