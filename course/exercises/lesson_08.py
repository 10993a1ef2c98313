"""Exercises of lesson 08, Refresh and log out. Clients meet a real server, rows a real database."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from flask import Flask, request
from flask_jwt_extended import JWTManager, jwt_required
from jose import jwt
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from course.checking import Attempt, NotYet, describe_error, exercise, is_a, same, show
from course.trials.database import trial_database
from course.trials.server import TrialServer, trial_server


@dataclass
class _LoginService:
    """A service with /me and /refresh that writes down what it is asked, and can be in a bad mood."""

    key: str = field(default_factory=lambda: secrets.token_hex(32))
    asked: list[str] = field(default_factory=list)
    broken: bool = False  # /me answers 503
    cursed: bool = False  # /refresh gives tokens that are refused

    def token(self, kind: str, lifetime: int = 1000) -> str:
        claims = {"sub": "1", "type": kind, "jti": secrets.token_hex(8), "fresh": False}
        return jwt.encode(claims | {"exp": int(time.time()) + lifetime}, self.key)

    def app(self):
        app = Flask("login_service")
        app.config["JWT_SECRET_KEY"] = self.key
        JWTManager(app)

        @app.before_request
        def remember():
            self.asked.append(f"{request.method} {request.path}")

        @app.get("/me")
        @jwt_required()
        def me():
            return ({"message": "Come back later."}, 503) if self.broken else {"id": "1"}

        @app.post("/refresh")
        @jwt_required(refresh=True)
        def refresh():
            return {"access_token": self.token("access", -60 if self.cursed else 1000)}

        return app


@exercise(
    "8.1",
    'First the plain call: `response = call("GET", url + "/me", tokens["access_token"])`. If its status is not 401, return it.',
    'Then `call("POST", url + "/refresh", tokens["refresh_token"])`. If that is not 200, return the first response.',
    'Put `.json()["access_token"]` into `tokens`, and return one more call of `/me`. No loop.',
)
def a_client_that_helps_itself(get_me):
    attempt = Attempt(get_me, "get_me", slips={
        KeyError: "A refresh that fails has no `access_token` in its answer: look at its status first.",
        RecursionError: "It tries again and again. Refresh once, and return what you get then.",
    })  # fmt: skip
    service = _LoginService()
    with trial_server(service.app()) as server:
        good = {"access_token": service.token("access"), "refresh_token": service.token("refresh")}
        old = good | {"access_token": service.token("access", -60)}
        _judge_client(attempt, service, server, good, 200, ["GET /me"], "The access token is good.")
        renewed = _judge_client(
            attempt, service, server, old, 200, ["GET /me", "POST /refresh", "GET /me"],
            "The access token has expired, and the refresh token is good.",
        )  # fmt: skip
        if same(renewed.get("access_token"), old["access_token"]):
            raise NotYet(
                'The new access token is not in `tokens`: put it under `tokens["access_token"]`, '
                "or the next call needs another refresh."
            )
        if not same(renewed.get("refresh_token"), old["refresh_token"]):
            raise NotYet("The refresh token in `tokens` is gone. It is still needed.")
        dead = old | {"refresh_token": service.token("access")}  # gets a 422 there
        _judge_client(
            attempt, service, server, dead, 401, ["GET /me", "POST /refresh"],
            "The access token has expired, and /refresh refuses what it gets: the 401 of /me is the answer.",
        )  # fmt: skip
        service.broken = True
        _judge_client(
            attempt, service, server, good, 503, ["GET /me"],
            "The server is in trouble, and a new token would not help: refresh on 401 alone.",
        )  # fmt: skip
        service.broken, service.cursed = False, True
        _judge_client(
            attempt, service, server, old, 401, ["GET /me", "POST /refresh", "GET /me"],
            "The new token is refused as well. Refresh once, not for ever.",
        )  # fmt: skip
    return "One refresh where it helps, and none where it does not."


def _judge_client(attempt, service, server: TrialServer, tokens, status, wanted, because) -> dict:
    """Let the client work with these tokens, and return what it made of them."""
    service.asked.clear()
    in_hand = dict(tokens)
    outcome = attempt.run(server.url, in_hand)
    call = "`get_me(url, tokens)`"
    if outcome.error is not None:
        error = describe_error(outcome.error)
        raise NotYet(f"{because} {call} raised `{error}`. {attempt.explain(outcome.error)}")
    if len(service.asked) > len(wanted) + 3:
        raise NotYet(f"{because} {call} sent {len(service.asked)} requests.")
    if service.asked != wanted:
        raise NotYet(
            f"{because} {call} sent {', '.join(service.asked) or 'nothing'}. "
            f"Expected: {', '.join(wanted)}."
        )
    if not is_a(outcome.value, requests.Response):
        raise NotYet(f"{call} {outcome.said}. Return the response itself.")
    if outcome.value.status_code != status:
        raise NotYet(
            f"{because} {call} returned a response with status {outcome.value.status_code}. "
            f"Expected: {status}."
        )
    return in_hand


@exercise(
    "8.2",
    "Is there a claim `refresh_jti`? Then that is the name. A refresh token has none, and its own `jti` is the name.",
    '`claims.get("refresh_jti", claims["jti"])`.',
)
def what_is_the_login_called(refresh_jti_of):
    attempt = Attempt(refresh_jti_of, "refresh_jti_of", slips={
        KeyError: "Not every token has this claim: use `claims.get(…)`.",
    })  # fmt: skip
    cases = [
        ("r-1", {"type": "refresh", "jti": "r-1"}, "A refresh token is what the login is called after."),
        ("r-1", {"type": "access", "jti": "a-7", "refresh_jti": "r-1"}, "This access token came from `r-1`. If `a-7` is blocked, `r-1` makes new ones."),
        ("r-2", {"type": "access", "jti": "a-8", "refresh_jti": "r-2"}, "Another login has another name."),
        ("a-9", {"type": "access", "jti": "a-9"}, "This access token came from no refresh token: it stands for itself."),
    ]  # fmt: skip
    for expected, claims, because in cases:
        attempt.must_return(expected, claims, because=because)
    return "Either token leads to its login."


@exercise(
    "8.3",
    'Inside `add_logout`, write a view: `@app.post("/logout")` on top, `@jwt_required(verify_type=False)` below it.',
    '`claims = get_jwt()`, then `block(refresh_jti_of(claims))`, or `claims.get("refresh_jti", claims["jti"])` in its place.',
    '`return "", 204` is an answer without a body.',
)
def a_logout_for_either_token(add_logout):
    with _logout_app(add_logout) as (service, server, blocked):
        access, refresh = service.token("access"), service.token("refresh")
        if server.call("POST", "/logout", refresh).status_code == 404:
            raise NotYet(
                'The app has no `POST /logout`. Write a view inside the function, with `@app.post("/logout")`.'
            )
        blocked.clear()
        response = server.call("POST", "/logout")
        if response.status_code == 405:
            raise NotYet("`/logout` does not answer to POST. Use `@app.post(…)`.")
        if response.status_code != 401 or blocked:
            raise NotYet(
                f"Without a token, `POST /logout` answered {response.status_code}. Expected: 401. Put "
                "`@jwt_required(verify_type=False)` between `@app.post(…)` and the function."
            )

        own = jwt.get_unverified_claims(access)
        linked = jwt.encode(own | {"refresh_jti": "login-1"}, service.key)
        for what, token, name in (
            ("an access token", linked, "login-1"),
            ("a refresh token", refresh, jwt.get_unverified_claims(refresh)["jti"]),
            ("an access token without `refresh_jti`", access, own["jti"]),
        ):
            blocked.clear()
            response = server.call("POST", "/logout", token)
            if response.status_code in (401, 422):
                raise NotYet(
                    f"With {what}, `POST /logout` answered {response.status_code}: "
                    f"`{show(response.text.strip())}`. Let either type in: `@jwt_required(verify_type=False)`."
                )
            if same(blocked, [own["jti"]]) and name != own["jti"]:
                raise NotYet(
                    f"With {what}, you called `block` with its own `jti`. The refresh token lives on: "
                    "block the name of the login, its `refresh_jti`."
                )
            if len(blocked) == 1 and blocked[0] is ...:
                raise NotYet(
                    "You called `block(...)`: your `refresh_jti_of` is still the stub. Answer 8.2 first, or take the "
                    "claim here."
                )
            if not same(blocked, [name]):
                calls = ", ".join(f"block({show(each)})" for each in blocked) or "no call of block"
                raise NotYet(f"With {what}: `{calls}`. Expected: `block({show(name)})`.")
            if response.status_code != 204:
                raise NotYet(
                    f"With {what}, `POST /logout` answered {response.status_code}. Expected: 204, "
                    'which says that there is nothing to read: `return "", 204`.'
                )
        forged = refresh[:-4] + ("AAAA" if not refresh.endswith("AAAA") else "BBBB")
        if server.call("POST", "/logout", forged).status_code == 204:
            raise NotYet("A forged token logged somebody out. Let `@jwt_required` verify it.")
    return "Whichever token is left, it ends the login."


@contextmanager
def _logout_app(add_logout) -> Iterator[tuple[_LoginService, TrialServer, list]]:
    service, blocked = _LoginService(), []
    app = service.app()
    Attempt(add_logout, "add_logout").prepare(app, blocked.append)
    with trial_server(app) as server:
        yield service, server, blocked


@exercise(
    "8.4",
    "`delete(model).where(…)` makes the statement, `session.execute(…)` sends it.",
    "A token has expired when `expires_at <= now`.",
    "Without `session.commit()` the database takes it all back.",
)
def throw_away_what_is_no_longer_needed(prune):
    with trial_database() as engine:
        _judge_prune(prune, engine)
    return "What has expired is gone, and what still protects somebody stays."


def _judge_prune(prune, engine) -> None:
    class Base(DeclarativeBase):
        pass

    class Blocked(Base):
        __tablename__ = "blocked_tokens"
        jti: Mapped[str] = mapped_column(primary_key=True)
        expires_at: Mapped[int]

    attempt = Attempt(prune, "prune", slips={
        TypeError: "Compare the column with the number: `model.expires_at <= now`.",
    })  # fmt: skip
    now = 2_000_000_000  # not today: the present is an argument
    Base.metadata.create_all(engine)
    rows = {
        "long ago": now - 86_400,
        "this second": now,
        "next second": now + 1,
        "next month": now + 2_592_000,
    }
    with Session(engine) as session:
        session.add_all(Blocked(jti=jti, expires_at=at) for jti, at in rows.items())
        session.commit()
    with Session(engine) as session:
        outcome = attempt.run(session, Blocked, now)
    if outcome.error is not None:
        raise NotYet(
            f"`prune(session, model, {now})` raised `{describe_error(outcome.error).splitlines()[0]}`. "
            f"{attempt.explain(outcome.error)}"
        )
    with Session(engine) as session:
        left = set(session.scalars(select(Blocked.jti)))
    if left == set(rows):
        raise NotYet(
            "Every row is still there. Send the statement by `session.execute(…)`, compare with the `now` that you "
            "are given, and then commit: `session.commit()`."
        )
    if lost := {"next second", "next month"} - left:
        raise NotYet(
            f"The row that expires {' and '.join(sorted(lost))} is gone. Its token is valid again from now on: "
            "delete only what has expired, by the `now` that you are given."
        )
    if "long ago" in left:
        raise NotYet("The row that expired long ago is still there.")
    if "this second" in left:
        raise NotYet(
            "The row with `expires_at == now` is still there. At that second the token is dead already: use `<=`."
        )
