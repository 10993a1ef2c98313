"""Exercises of lesson 10, Decide who may do what. Guards are tried on a real server on 127.0.0.1."""

import secrets
import time
from contextlib import contextmanager

from flask import Flask
from flask_jwt_extended import JWTManager
from jose import jwt

from course.checking import Attempt, NotYet, describe_error, exercise, show
from course.trials.server import TrialServer, json_of, message_of, trial_server


@exercise(
    "10.1",
    '`claims.get("scope", "")` is the text, or an empty one.',
    "`scope in text` looks for a piece of text. `scope in text.split()` looks for a whole word.",
    "`isinstance(granted, str)` is `False` for a list and for `None`.",
)
def is_the_scope_in_there(has_scope):
    attempt = Attempt(has_scope, "has_scope", slips={
        KeyError: "A token may have no claim `scope`: use `claims.get(…)`.",
        AttributeError: "The claim may be something else than a text: look with `isinstance` first.",
        TypeError: "The claim may be something else than a text: look with `isinstance` first.",
    })  # fmt: skip
    cases = [
        (True, {"scope": "users:read"}, "users:read", "It is the only scope."),
        (True, {"scope": "users:read users:write"}, "users:write", "It is the second of two."),
        (False, {"scope": "users:write"}, "users:read", "The token has another one."),
        (False, {"scope": "users:readonly"}, "users:read", "That is another scope, which begins alike."),
        (False, {"scope": "superusers:read"}, "users:read", "That is another scope, which ends alike."),
        (False, {"scope": "users:read users:write"}, "users", "A scope is a whole word."),
        (False, {"scope": "users:read users:write"}, "users:read users:write", "A scope is one word."),
        (False, {"scope": "USERS:READ"}, "users:read", "Scopes are case-sensitive (RFC 6749 §3.3)."),
        (False, {"scope": ""}, "users:read", "The token has no scope."),
        (False, {"sub": "1"}, "users:read", "The token has no claim `scope`."),
        (False, {"scope": ["users:read"]}, "users:read", "A list is not what the standard has."),
        (False, {"scope": None}, "users:read", "There is nothing in it."),
        (False, {"role": "users:read"}, "users:read", "A role is not a scope."),
    ]  # fmt: skip
    for expected, claims, scope, because in cases:
        attempt.must_return(expected, claims, scope, because=because)
    return "Whole words, in the right claim, and nothing else."


@contextmanager
def _trial():
    """A Flask app with tokens. Yields the app, and a function that signs access tokens for it."""
    app = Flask("trial")
    app.config["JWT_SECRET_KEY"] = key = secrets.token_hex(32)
    JWTManager(app)

    def sign(**claims) -> str:
        standard = {"sub": "1", "type": "access", "fresh": False, "jti": secrets.token_hex(8)}
        return jwt.encode(standard | {"exp": int(time.time()) + 1000} | claims, key)

    yield app, sign


@exercise(
    "10.2",
    '`str(get_jwt().get("scope", "")).split()` is the list of scopes that the token has.',
    "If the scope is among them: `return view(*args, **kwargs)`.",
    'If not: `return {"message": …}, 403, {"WWW-Authenticate": f\'Bearer error="insufficient_scope", scope="{scope}"\'}`.',
)
def one_decorator_for_every_view(requires_scope):
    attempt = Attempt(requires_scope, "requires_scope")
    with _trial() as (app, sign):
        _add_guarded_views(attempt, app)
        with trial_server(app) as server:
            _judge_guard(server, sign)
    return "401 for strangers, 403 with its reason, and the view for whoever may."


def _add_guarded_views(attempt: Attempt, app) -> None:
    def read_item(number):
        return {"item": number}

    def write_item(number):
        return {"written": number}, 201

    for scope, view, method in (
        ("items:read", read_item, "GET"),
        ("items:write", write_item, "PUT"),
    ):
        decorate = attempt.value(scope)
        if not callable(decorate):
            raise NotYet(
                f"`requires_scope({show(scope)})` returned `{show(decorate)}`. It must return the decorator, "
                "`return decorate`."
            )
        guarded = Attempt(decorate, "decorate").value(view)
        if not callable(guarded):
            raise NotYet(
                f"The decorator returned `{show(guarded)}`. It must return a view, `return guarded_view`."
            )
        try:
            app.route("/items/<int:number>", methods=[method])(guarded)
        except AssertionError as error:
            raise NotYet(
                f"The second guarded view was refused by Flask: `{describe_error(error)}`. Both have one name: keep "
                "`@wraps(view)` above the inner function."
            ) from None
        # Flask asks a view for its name, and an odd one may answer anything.
        except Exception as error:
            raise NotYet(
                f"The decorator returned `{show(guarded)}`, which Flask cannot take: `{describe_error(error)}`. "
                "It must return a function, `return guarded_view`."
            ) from None


def _judge_guard(server: TrialServer, sign) -> None:
    answer = server.call("GET", "/items/7")
    if answer.status_code != 401:
        raise NotYet(
            f"Without a token, the guarded view answered {answer.status_code}. Expected: 401, from `@jwt_required()`."
        )
    answer = server.call("GET", "/items/7", sign(scope="items:read other"))
    if answer.status_code == 403:
        raise NotYet(
            "A token with the scope got 403. If the scope is there, call the view and return its answer."
        )
    if answer.status_code != 200 or json_of(answer) != {"item": 7}:
        raise NotYet(
            f"With the scope, the view's answer was lost: {answer.status_code} `{show(answer.text.strip())}`. "
            "Return what `view(*args, **kwargs)` returns."
        )
    if server.call("PUT", "/items/7", sign(scope="items:write")).status_code != 201:
        raise NotYet(
            "A view that answers 201 came out with another status. Return its answer as it is."
        )
    for what, claims in (
        ("without any scope", {}),
        ("with `items:write` for a view that needs `items:read`", {"scope": "items:write"}),
        ("with `items:readonly`, which is another scope,", {"scope": "items:readonly"}),
        ("with the role `items:read`", {"role": "items:read"}),
    ):
        answer = server.call("GET", "/items/7", sign(**claims))
        if answer.status_code != 403:
            raise NotYet(f"A token {what} got {answer.status_code}. Expected: 403.")
    _judge_refusal(answer)


def _judge_refusal(answer) -> None:
    challenge = answer.headers.get("WWW-Authenticate", "")
    expected = 'Bearer error="insufficient_scope", scope="items:read"'
    parts = ("Bearer ", 'error="insufficient_scope"', 'scope="items:read"')
    if not all(part in challenge for part in parts):
        raise NotYet(
            f"The 403 has the header `WWW-Authenticate: {challenge or 'none'}`. Expected: `{expected}`."
        )
    message_of(answer)


@exercise(
    "10.3",
    'Inside `add_delete_me`, write a view: `@app.delete("/me")` on top, `@jwt_required(fresh=True)` below it.',
    "`int(get_jwt_identity())` is the key. `users.pop(key, None)` removes the user, and is `None` if there was none.",
    '`return "", 204` if it worked, `return {"message": …}, 404` if not.',
)
def delete_my_account(add_delete_me):
    users = {1: "ada", 2: "bob"}
    with _trial() as (app, sign):
        Attempt(add_delete_me, "add_delete_me").prepare(app, users)
        with trial_server(app) as server:
            _judge_delete_me(server, sign, users)
    return "Fresh tokens only, the right user, and no error for one who is gone."


def _judge_delete_me(server: TrialServer, sign, users: dict) -> None:
    answer = server.call("DELETE", "/me")
    if answer.status_code == 404:
        raise NotYet(
            'The app has no `DELETE /me`. Write a view inside the function, with `@app.delete("/me")`.'
        )
    if answer.status_code == 405:
        raise NotYet("`/me` does not answer to DELETE. Use `@app.delete(…)`.")
    if answer.status_code != 401:
        raise NotYet(f"Without a token, `DELETE /me` answered {answer.status_code}. Expected: 401.")
    old = int(time.time()) - 600
    for what, fresh in (("that is not fresh", False), ("that was fresh ten minutes ago", old)):
        answer = server.call("DELETE", "/me", sign(fresh=fresh))
        if answer.status_code != 401 or users != {1: "ada", 2: "bob"}:
            raise NotYet(
                f"With a token {what}, `DELETE /me` answered {answer.status_code}. Expected: 401. "
                "Ask for a fresh one: `@jwt_required(fresh=True)`."
            )
    answer = server.call("DELETE", "/me", sign(fresh=True))
    if 1 in users:
        slip = (
            " The subject is text, and the keys are numbers: `int(…)`."
            if answer.status_code == 404
            else ""
        )
        raise NotYet(
            f"User 1 sent a fresh token, got {answer.status_code}, and is still there.{slip}"
        )
    if 2 not in users:
        raise NotYet("User 1 deleted the account, and user 2 is gone as well.")
    if answer.status_code != 204:
        raise NotYet(
            f'User 1 is gone, and the answer was {answer.status_code}. Expected: 204, `return "", 204`.'
        )
    answer = server.call("DELETE", "/me", sign(fresh=True))
    if answer.status_code != 404:
        raise NotYet(
            f"User 1, who is gone, sent a fresh token and got {answer.status_code}. Expected: 404."
        )
    message_of(answer)
