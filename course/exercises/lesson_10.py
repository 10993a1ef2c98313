"""Exercises of lesson 10, Decide who may do what. Guards are tried on a real server on 127.0.0.1."""

import json
import secrets
import time
from contextlib import contextmanager

from flask import Flask, abort
from flask_jwt_extended import JWTManager
from jose import jwt

from course.checking import Attempt, NotYet, describe_error, exercise, same, show
from course.trials.challenge import judge_challenge
from course.trials.server import TrialServer, ask, json_of, message_of, trial_server


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
    }, keeps_arguments=True)  # fmt: skip
    many = " ".join(f"Area{number}:Read" for number in range(200))
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
        (True, {"scope": many}, "Area199:Read", "It is the last of many."),
        (False, {"scope": many}, "Area19:Rea", "A scope is a whole word."),
        (True, {"scope": "users:read  users:write "}, "users:write", "More than one space does no harm."),
        (False, {"scope": "users:read-only"}, "users:read", "That is another scope, which begins alike."),
        (False, {"scope": "users:read.all old-users:read"}, "users:read", "Those are two other scopes."),
        (False, {"scope": "users:*"}, "users:read", "A scope is a word, and no pattern."),
        (False, {"scope": "users:read"}, "users.read", "A scope is a word, and no pattern."),
        (False, {"scope": "users:read,users:write"}, "users:read", "Only spaces stand between scopes (RFC 8693 §4.2)."),
        (False, {"scope": ["users:read", "users:write"]}, "users:write", "A list is not what the standard has."),
        (False, {"scope": ["users:write users:read"]}, "users:read", "A list is not what the standard has."),
        (False, {"scope": {"users:read": True}}, "users:read", "An object is not what the standard has."),
        (False, {"scope": 7}, "7", "A number is not what the standard has."),
        (False, {"scope": None}, "None", "There is nothing in it, and `None` is not the name of a scope."),
        (False, {"scope": 7}, "users:read", "A number is not what the standard has."),
        (False, {"scope": 1.5}, "users:read", "A number is not what the standard has."),
        (False, {"scope": True}, "users:read", "`true` is not what the standard has."),
        (False, {"scopes": "users:read", "scp": "users:read"}, "users:read", "The claim is called `scope`."),
        (False, {}, "users:read", "There are no claims at all."),
        (True, {"scope": "users:read"}, "users:read", "The first token, asked once more."),
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
    called: list[str] = []
    with _trial() as (app, sign):
        _add_guarded_views(attempt, app, called)
        with trial_server(app) as server:
            return _judge_guard(server, sign, called)


READ, WRITE = "items:read", "Items:Write"


def _add_guarded_views(attempt: Attempt, app, called: list[str]) -> None:
    """Two views whose calls are written down, each with its own scope."""

    def read_item(number):
        called.append("read_item")
        if number == 404:
            abort(404)
        return {"item": number}

    def write_item(number):
        called.append("write_item")
        return {"written": number}, 201, {"X-Written": "yes"}

    decorators = {scope: attempt.value(scope) for scope in (READ, WRITE)}
    # An error names them, and this function is nobody's business.
    read_item.__qualname__, write_item.__qualname__ = "read_item", "write_item"
    for scope, view, method in ((WRITE, write_item, "PUT"), (READ, read_item, "GET")):
        decorate = decorators[scope]
        if not callable(decorate):
            raise NotYet(
                f"`requires_scope({show(scope)})` returned `{show(decorate)}`. It must return the decorator, "
                "`return decorate`."
            )
        guarded = Attempt(decorate, "decorate").value(view)
        if called:
            raise NotYet(
                "The view was called when it was decorated, and nobody has asked for it. Return the inner function "
                "itself, `return guarded_view`."
            )
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


def _judge_guard(server: TrialServer, sign, called: list[str]) -> str:
    uninvited = (
        "No token was sent, and the guard went on to the scope. Put `@jwt_required()` above the inner function, with "
        "its brackets, and nothing in them."
    )
    answer = server.call("GET", "/items/7", slip=uninvited)
    _judge_calls(called, [], "Without a token", answer)
    if answer.status_code != 401:
        raise NotYet(
            f"Without a token, the guarded view answered {answer.status_code}. Expected: 401, from `@jwt_required()`."
        )
    handed_on = "What the view is called with is handed on: `view(*args, **kwargs)`."
    answer = server.call("GET", "/items/7", sign(scope=f"{READ} other"), handed_on)
    if answer.status_code == 403 and not called:
        raise NotYet(
            "A token with the scope got 403. If the scope is there, call the view and return its answer."
        )
    if answer.status_code != 200 or not same(json_of(answer), {"item": 7}):
        raise NotYet(
            f"With the scope, the view's answer was lost: {answer.status_code} `{show(answer.text.strip())}`. "
            "If the scope is there, call the view and return its answer, what `view(*args, **kwargs)` returns."
        )
    _judge_calls(called, ["read_item"], "With the scope", answer)
    answer = server.call("PUT", "/items/8", sign(scope=f"other {WRITE}"))
    if answer.status_code != 201 or answer.headers.get("X-Written") != "yes":
        raise NotYet(
            f"A view that answers 201 with a header of its own came out with {answer.status_code}. Return its answer "
            "as it is."
        )
    _judge_calls(called, ["write_item"], "With the scope", answer)
    answer = server.call("GET", "/items/404", sign(scope=READ))
    if answer.status_code != 404:
        raise NotYet(
            f"A view that ends in 404 came out with {answer.status_code}. Return its answer as it is."
        )
    called.clear()
    refused = [
        (scope, what, _judge_403(server, method, what, sign(**claims), called))
        for method, scope, what, claims in (
            ("GET", READ, "without any scope", {}),
            ("GET", READ, "whose scope is an empty text", {"scope": ""}),
            (
                "GET",
                READ,
                "with `Items:Write` for a view that needs `items:read`",
                {"scope": WRITE},
            ),
            (
                "GET",
                READ,
                "with `items:readonly`, which is another scope,",
                {"scope": "items:readonly"},
            ),
            (
                "GET",
                READ,
                "with `items:read-only`, which is another scope,",
                {"scope": "items:read-only"},
            ),
            ("GET", READ, "with `ITEMS:READ`, which is another scope,", {"scope": "ITEMS:READ"}),
            ("GET", READ, "with the role `items:read`", {"role": READ}),
            ("PUT", WRITE, "without any scope", {}),
            (
                "PUT",
                WRITE,
                "with `items:read` for a view that needs `Items:Write`",
                {"scope": READ},
            ),
        )
    ]
    for scope, what, answer in refused:
        _judge_reason(answer, scope, what)
    good = {"scope": f"{READ} {WRITE}"}
    header, payload, signature = sign(**good).split(".")
    for what, token in (
        ("a refresh token", sign(type="refresh", **good)),
        ("a token that has expired", sign(exp=int(time.time()) - 60, **good)),
        ("a forged token", f"{header}.{payload}.{signature[::-1]}"),
    ):
        answer = server.call("PUT", "/items/9", token, uninvited)
        guard = "Let `@jwt_required()` refuse it, with nothing in the brackets."
        _judge_calls(called, [], f"With {what}", answer, guard)
        if answer.status_code not in (401, 422):
            raise NotYet(f"With {what} the guarded view answered {answer.status_code}. {guard}")
    return _judge_odd_claims(server, sign, called)


def _judge_calls(called: list[str], expected: list[str], case: str, answer, slip: str = "") -> None:
    """Was the view called as often as it should, and no more? What it writes is written, whatever the answer says."""
    if called != expected:
        slip = slip or "Look at the scope first, and call the view only if it is there."
        if expected:
            slip = "Call it once, and return what it returns."
        elif case == "Without a token":
            slip = "Put `@jwt_required()` above the inner function: it comes first."
        raise NotYet(
            f"{case}, the view was called {_times(len(called))}, expected: {_times(len(expected))}, and the answer was "
            f"{answer.status_code}. What a view writes is written, whatever the answer says. {slip}"
        )
    called.clear()


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _judge_403(server: TrialServer, method: str, what: str, token: str, called: list[str]):
    answer = server.call(method, "/items/7", token)
    if answer.status_code == 403:
        _judge_calls(called, [], f"With a token {what.rstrip(',')}", answer)
    if answer.status_code != 403:
        raise NotYet(f"A token {what} got {answer.status_code}. Expected: 403.")
    return answer


def _judge_reason(answer, scope: str, what: str) -> None:
    judge_challenge(
        answer.headers.get("WWW-Authenticate"),
        {"error": "insufficient_scope", "scope": scope},
        f"In the 403 for a token {what.rstrip(',')}",
    )
    message_of(answer)


def _judge_odd_claims(server: TrialServer, sign, called: list[str]) -> str:
    """A genuine token whose scope is no text must not get in. A 500 is no good answer, and it lets nobody in."""
    crashed = []
    for odd in ([READ], [f"{READ} x"], None, 7, 1.5, True, {READ: True}):
        headers = {"Authorization": f"Bearer {sign(scope=odd)}"}
        status = ask("GET", server.url + "/items/7", headers=headers).status_code
        if called or status < 400:
            raise NotYet(
                f'A token with `"scope": {json.dumps(odd)}` got {status}, and the view was called. Only a text has '
                "scopes, as in 10.1."
            )
        if status >= 500:
            crashed.append(odd)
    if crashed:
        return (
            "401 for strangers, 403 with its reason, and the view for whoever may. One thing to mend: a genuine token "
            f'with `"scope": {json.dumps(crashed[0])}` ends in a 500. `str(…)` around the claim, or your `has_scope` '
            "of 10.1, makes it a 403."
        )
    return "401 for strangers, 403 with its reason, and the view for whoever may."


@exercise(
    "10.3",
    'Inside `add_delete_me`, write a view: `@app.delete("/me")` on top, `@jwt_required(fresh=True)` below it.',
    "`int(get_jwt_identity())` is the key. `users.pop(key, None)` removes the user, and is `None` if there was none.",
    '`return "", 204` if it worked, `return {"message": …}, 404` if not.',
)
def delete_my_account(add_delete_me):
    users = {1: "ada", 2: "bob", 12: "Eve Lovelace", 30: ""}
    with _trial() as (app, sign):
        Attempt(add_delete_me, "add_delete_me").prepare(app, users)
        with trial_server(app) as server:
            _judge_delete_me(server, sign, users)
    return "Fresh tokens only, the right user, and no error for one who is gone."


def _judge_delete_me(server: TrialServer, sign, users: dict) -> None:
    everybody = dict(users)

    def must_refuse(what: str, token: str | None, slip: str, allowed=(401,)) -> None:
        answer = server.call("DELETE", "/me", token, slip)
        if users != everybody:
            raise NotYet(
                f"{what}, `DELETE /me` answered {answer.status_code}, and now the users are `{show(users)}`. {slip}"
            )
        if answer.status_code not in allowed:
            raise NotYet(
                f"{what}, `DELETE /me` answered {answer.status_code}. Expected: 401. {slip}"
            )

    answer = server.call(
        "DELETE",
        "/me",
        slip="No token was sent, and the view was called. Guard it: `@jwt_required(fresh=True)`.",
    )
    if answer.status_code == 404 and json_of(answer) is None:
        raise NotYet(
            'The app has no `DELETE /me`. Write a view inside the function, with `@app.delete("/me")`.'
        )
    if answer.status_code == 405:
        raise NotYet("`/me` does not answer to DELETE. Use `@app.delete(…)`.")
    must_refuse(
        "Without a token",
        None,
        "Guard the view: `@jwt_required(fresh=True)`, with nothing else in the brackets.",
    )
    ask_for_fresh = "Ask for a fresh one: `@jwt_required(fresh=True)`."
    now = int(time.time())
    must_refuse("With a token that is not fresh", sign(fresh=False), ask_for_fresh)
    must_refuse("With a token that was fresh ten minutes ago", sign(fresh=now - 600), ask_for_fresh)
    header, payload, signature = sign(fresh=True).split(".")
    verify = "Let `@jwt_required(fresh=True)` verify it, before anything else happens."
    for what, token in (
        ("With a forged token", f"{header}.{payload}.{signature[::-1]}"),
        ("With an expired token", sign(fresh=True, exp=now - 60)),
        ("With a refresh token", sign(fresh=True, type="refresh")),
    ):
        must_refuse(what, token, verify, (401, 422))

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
    del everybody[1]
    if 2 not in users:
        raise NotYet("User 1 deleted the account, and user 2 is gone as well.")
    if users != everybody:
        raise NotYet(
            f"User 1 deleted the account, and now the users are `{show(users)}`. Expected: `{show(everybody)}`."
        )
    if answer.status_code != 204:
        raise NotYet(
            f'User 1 is gone, and the answer was {answer.status_code}. Expected: 204, `return "", 204`.'
        )
    for _ in range(2):
        answer = server.call("DELETE", "/me", sign(fresh=True))
        if answer.status_code != 404:
            raise NotYet(
                f"User 1, who is gone, sent a fresh token and got {answer.status_code}. Expected: 404."
            )
        message_of(answer)
        if users != everybody:
            raise NotYet(
                f"User 1, who is gone, sent a token once more, and now the users are `{show(users)}`. "
                f"Expected: `{show(everybody)}`."
            )
    answer = server.call("DELETE", "/me", sign(sub="30", fresh=True))
    del everybody[30]
    if answer.status_code != 204 or users != everybody:
        raise NotYet(
            f"User 30, who is there and whose name is an empty text, got {answer.status_code}. Expected: 204. Only "
            "`None` says that nobody was there: ask `is None`."
        )
    # As the app makes them, a token is fresh until a moment.
    somebody_else = {"id": 2, "user_id": 2, "sub": 2, "identity": 2, "user": 2}
    answer = server.call(
        "DELETE", "/me", sign(sub="12", fresh=now + 300), json=somebody_else, params=somebody_else
    )
    del everybody[12]
    if 2 not in users:
        raise NotYet(
            "User 12 sent a request that names user 2 in its body and its address, and now user 2 is gone. So anybody "
            "deletes anybody. The token says who is asking: `get_jwt_identity()`, and nothing else does."
        )
    if answer.status_code != 204 or users != everybody:
        raise NotYet(
            f"User 12 sent a token that is fresh for five more minutes, got {answer.status_code}, and now the users are "
            f"`{show(users)}`. Expected: 204, and `{show(everybody)}`. Leave it to `@jwt_required(fresh=True)` to say "
            "what is fresh."
        )
