"""Exercises of lesson 08, Refresh and log out. Clients meet a real server, rows a real database."""

import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from flask import Flask, request
from flask_jwt_extended import JWTManager, jwt_required
from jose import jwt
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from course.checking import Attempt, NotYet, describe_error, exercise, is_a, same, show
from course.token_parts import encode_part
from course.trials.database import trial_database, trial_session
from course.trials.server import TrialServer, ask, refused, trial_server


@dataclass
class _LoginService:
    """A service with /me and /refresh that writes down what it is asked, and can be in a bad mood.

    ``me_answers`` and ``refresh_answers`` are a body and a status in place of the usual answer.
    """

    key: str = field(default_factory=lambda: secrets.token_hex(32))
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # the token of each request
    me_answers: tuple | None = None
    refresh_answers: tuple | None = None
    cursed: bool = False  # /refresh gives tokens that are refused

    def token(self, kind: str, lifetime: int = 1000, **claims) -> str:
        usual = {"sub": "1", "type": kind, "jti": str(uuid.uuid4()), "fresh": False}
        return jwt.encode(usual | {"exp": int(time.time()) + lifetime} | claims, self.key)

    def app(self):
        app = Flask("login_service")
        app.config["JWT_SECRET_KEY"] = self.key
        JWTManager(app)

        @app.before_request
        def remember():
            self.asked.append(f"{request.method} {request.path}")
            self.sent.append(request.headers.get("Authorization", "").partition(" ")[2])

        @app.get("/me")
        @jwt_required()
        def me():
            return self.me_answers or {"id": "1"}

        @app.post("/refresh")
        @jwt_required(refresh=True)
        def refresh():
            if self.refresh_answers:
                return self.refresh_answers
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
        ValueError: "A refresh that fails may have no JSON in its answer: look at its status first.",
        RecursionError: "It tries again and again. Refresh once, and return what you get then.",
    })  # fmt: skip
    service = _LoginService()
    with trial_server(service.app()) as server:
        client = _Client(attempt, service, server)
        good = {"access_token": service.token("access"), "refresh_token": service.token("refresh")}
        good["kept_since"] = "Yesterday"
        old = good | {"access_token": service.token("access", -60)}
        client.must_leave(good, 200, ["GET /me"], "The access token is good.")
        client.must_renew(old, "The access token has expired, and the refresh token is good.")
        helpless = ["GET /me", "POST /refresh"]
        refused = "The access token has expired, and /refresh refuses what it gets: the 401 of /me is the answer."
        client.must_leave(old | {"refresh_token": service.token("access")}, 401, helpless, refused)
        client.must_leave(
            old | {"refresh_token": service.token("refresh", -60)}, 401, helpless,
            "Both tokens have expired: the 401 of /me is the answer.",
        )  # fmt: skip
        for body, status in (
            ({"message": "Come back later.", "access_token": None}, 503),
            ("<h1>Bad Gateway</h1>", 502),
            ({"access_token": "You are too fast."}, 429),
        ):
            service.refresh_answers = (body, status)
            client.must_leave(
                old, 401, helpless,
                f"The access token has expired, and /refresh answers {status}: the 401 of /me is the answer.",
            )  # fmt: skip
        service.refresh_answers = None
        for body, status in (
            ({"message": "Come back later."}, 503), ({"message": "You may not."}, 403),
            ({"message": "Malformed."}, 422), ("<h1>Internal Server Error</h1>", 500),
        ):  # fmt: skip
            service.me_answers = (body, status)
            client.must_leave(
                good, status, ["GET /me"],
                f"/me answers {status}, and a new token would not help: refresh on 401 alone.",
            )  # fmt: skip
        service.me_answers = None
        service.cursed = True
        client.run(
            old, 401, ["GET /me", "POST /refresh", "GET /me"],
            "The new token is refused as well. Refresh once, not for ever.",
        )  # fmt: skip
        service.cursed = False
        client.must_renew(old, "Another access token has expired, an hour later.")
    return "One refresh where it helps, and none where it does not."


@dataclass
class _Client:
    """The learner's client, and the service that it calls."""

    attempt: Attempt
    service: _LoginService
    server: TrialServer

    def run(self, tokens: dict, status: int, wanted: list[str], because: str) -> dict:
        """Let the client work with these tokens, and return what it made of them."""
        service, call = self.service, "`get_me(url, tokens)`"
        service.asked.clear()
        service.sent.clear()
        in_hand = dict(tokens)
        outcome = self.attempt.run(self.server.url, in_hand)
        asked, sent = list(service.asked), list(service.sent)
        if outcome.error is not None:
            error = describe_error(outcome.error)
            raise NotYet(
                f"{because} {call} raised `{error}`. {self.attempt.explain(outcome.error)}"
            )
        if len(asked) > len(wanted) + 3:
            raise NotYet(f"{because} {call} sent {len(asked)} requests.")
        if slip := _slip_in_tokens(tokens, asked, sent):
            raise NotYet(f"{because} {slip}")
        if asked != wanted:
            raise NotYet(
                f"{because} {call} sent {', '.join(asked) or 'nothing'}. Expected: {', '.join(wanted)}."
            )
        if not is_a(outcome.value, requests.Response):
            raise NotYet(f"{call} {outcome.said}. Return the response itself.")
        if outcome.value.status_code != status or not outcome.value.url.endswith("/me"):
            raise NotYet(
                f"{because} {call} returned a response with status {outcome.value.status_code}, of "
                f"{outcome.value.url.removeprefix(self.server.url)}. Expected: {status}, of /me."
            )
        for name in tokens.keys() - {"access_token"}:
            if not same(in_hand.get(name), tokens[name]):
                what = (
                    "The refresh token" if name == "refresh_token" else f"What stood under `{name}`"
                )
                raise NotYet(f"{what} in `tokens` is gone. It is still needed.")
        return in_hand

    def must_leave(self, tokens: dict, status: int, wanted: list[str], because: str) -> None:
        """The same, and the tokens must be what they were: there is no new one."""
        left = self.run(tokens, status, wanted, because)
        if not same(left, tokens):
            raise NotYet(
                f'{because} `tokens["access_token"]` is now `{show(left.get("access_token"), 40)}`. There is no new '
                "token: look at the status of the answer before you put anything into `tokens`."
            )

    def must_renew(self, tokens: dict, because: str) -> None:
        """It must refresh, keep the new token, and use that from now on."""
        renewed = self.run(tokens, 200, ["GET /me", "POST /refresh", "GET /me"], because)
        if not same(renewed.get("access_token"), self.service.sent[-1]):
            raise NotYet(
                'The new access token is not in `tokens`: put it under `tokens["access_token"]`, '
                "or the next call needs another refresh."
            )
        self.must_leave(renewed, 200, ["GET /me"], "The access token was renewed a moment ago.")


def _slip_in_tokens(tokens: dict, asked: list[str], sent: list[str]) -> str:
    """What the tokens that were sent show, or an empty text."""
    for what, token in zip(asked, sent):
        if what == "POST /refresh" and token != tokens["refresh_token"]:
            kind = "the access token" if token == tokens["access_token"] else "something else"
            return f"You sent {kind} to /refresh. It wants the refresh token."
        if what == "GET /me" and token == tokens["refresh_token"]:
            return "You sent the refresh token to /me. It wants the access token."
    if asked[:3] == ["GET /me", "POST /refresh", "GET /me"] and sent[2] == tokens["access_token"]:
        return "After the refresh you sent the old access token again. Send the new one."
    return ""


@exercise(
    "8.2",
    "Is there a claim `refresh_jti`? Then that is the name. A refresh token has none, and its own `jti` is the name.",
    '`claims.get("refresh_jti", claims["jti"])`.',
)
def what_is_the_login_called(refresh_jti_of):
    attempt = Attempt(
        refresh_jti_of,
        "refresh_jti_of",
        slips={
            "'type'": "Not every token says its type, and you need not ask for it: is there a `refresh_jti`?",
            KeyError: "Not every token has this claim: use `claims.get(…)`.",
        },
        keeps_arguments=True,
    )
    # The names are those of real tokens, so nothing can be read off them.
    login, other, own = (str(uuid.uuid4()) for _ in range(3))
    capital = secrets.token_urlsafe(40).swapcase()
    cases = [
        (login, {"type": "refresh", "jti": login}, "A refresh token is what the login is called after: its own `jti`."),
        (login, {"type": "access", "jti": own, "refresh_jti": login}, "This access token came from another token, its `refresh_jti`. If its own `jti` is blocked, that one makes new ones."),
        (other, {"refresh_jti": other, "jti": own, "type": "access", "sub": "1", "fresh": True}, "Another login has another name, and the claims have no order."),
        (own, {"type": "access", "jti": own}, "This access token came from no refresh token: it stands for itself."),
        (other, {"jti": other, "sub": login}, "This token does not say its type. It came from no refresh token: it stands for itself."),
        (capital, {"type": "access", "jti": own, "refresh_jti": capital}, "A name is kept letter by letter."),
        (f"{own} {login}", {"type": "refresh", "jti": f"{own} {login}"}, "A name is kept as it is, with spaces, too."),
        (login, {"type": "refresh", "jti": login}, "The first token, asked once more."),
    ]  # fmt: skip
    for expected, claims, because in cases:
        attempt.must_return(expected, claims, because=because)
    return "Either token leads to its login."


class _Blocked(list):
    """The names that were given to ``block``, which can be out of order."""

    out_of_order = False

    def block(self, name: object) -> None:
        if self.out_of_order:
            raise ConnectionError("the database does not answer")
        self.append(name)


@exercise(
    "8.3",
    'Inside `add_logout`, write a view: `@app.post("/logout")` on top, `@jwt_required(verify_type=False)` below it.',
    '`claims = get_jwt()`, then `block(refresh_jti_of(claims))`, or `claims.get("refresh_jti", claims["jti"])` in its place.',
    '`return "", 204` is an answer without a body.',
)
def a_logout_for_either_token(add_logout):
    with _logout_app(add_logout) as (service, server, blocked):
        access, refresh = service.token("access"), service.token("refresh")
        if blocked:
            raise NotYet(
                "`block` was called before anybody has logged out. Call it inside the view."
            )
        if server.call("POST", "/logout", refresh).status_code == 404:
            raise NotYet(
                'The app has no `POST /logout`. Write a view inside the function, with `@app.post("/logout")`.'
            )
        blocked.clear()
        response = server.call(
            "POST",
            "/logout",
            slip="No token was sent, and the view was called. Put `@jwt_required(verify_type=False)` between "
            "`@app.post(…)` and the function, with nothing else in the brackets.",
        )
        if response.status_code == 405:
            raise NotYet("`/logout` does not answer to POST. Use `@app.post(…)`.")
        if response.status_code != 401 or blocked:
            raise NotYet(
                f"Without a token, `POST /logout` answered {response.status_code}. Expected: 401. Put "
                "`@jwt_required(verify_type=False)` between `@app.post(…)` and the function."
            )

        own = jwt.get_unverified_claims(access)
        login = f"Login-{uuid.uuid4()}"
        linked = service.token("access", refresh_jti=login)
        for what, token, name in (
            ("an access token", linked, login),
            ("a refresh token", refresh, jwt.get_unverified_claims(refresh)["jti"]),
            ("an access token without `refresh_jti`", access, own["jti"]),
            (
                "the access token of another login",
                service.token("access", refresh_jti="R 2"),
                "R 2",
            ),
        ):
            blocked.clear()
            response = server.call("POST", "/logout", token)
            if response.status_code in (401, 422):
                raise NotYet(
                    f"With {what}, `POST /logout` answered {response.status_code}: "
                    f"`{show(response.text.strip())}`. Let either type in: `@jwt_required(verify_type=False)`."
                )
            its_own = jwt.get_unverified_claims(token)["jti"]
            if same(list(blocked), [its_own]) and name != its_own:
                raise NotYet(
                    f"With {what}, you called `block` with its own `jti`. The refresh token lives on: "
                    "block the name of the login, its `refresh_jti`."
                )
            if len(blocked) == 1 and blocked[0] is ...:
                raise NotYet(
                    "You called `block(...)`: your `refresh_jti_of` is still the stub. Answer 8.2 first, or take the "
                    "claim here."
                )
            if not same(list(blocked), [name]):
                calls = ", ".join(f"block({show(each)})" for each in blocked) or "no call of block"
                raise NotYet(f"With {what}: `{calls}`. Expected: `block({show(name)})`, once.")
            if response.status_code != 204:
                raise NotYet(
                    f"With {what}, `POST /logout` answered {response.status_code}. Expected: 204, "
                    'which says that there is nothing to read: `return "", 204`.'
                )
        blocked.clear()
        response = server.call("GET", "/logout", access)
        if blocked or not refused(response):
            raise NotYet(
                f"`GET /logout` answered {response.status_code}, and it logs out as well. Whoever follows a link, or "
                "looks at a picture, sends a GET: it must change nothing (RFC 9110 §9.2.1). Use `@app.post(…)`."
            )
        _judge_strangers(service, server, blocked)
        _judge_block_that_fails(service, server, blocked)
    return "Whichever token is left, it ends the login."


def _judge_strangers(service: _LoginService, server: TrialServer, blocked: list) -> None:
    """Nobody is logged out by a token that does not count."""
    refresh = service.token("refresh")
    header, payload, signature = refresh.split(".")
    for what, token in (
        ("A forged token", f"{header}.{payload}.{signature[::-1]}"),
        ("An unsigned token", f"{encode_part({'alg': 'none'})}.{payload}."),
        ("A token signed with another key", _LoginService().token("refresh")),
        ("A token that has expired", service.token("refresh", -60)),
        ("A text that is no token", "abc"),
    ):
        blocked.clear()
        response = server.call(
            "POST", "/logout", token, f"{what} was let in. Let `@jwt_required` verify it."
        )
        if blocked:
            raise NotYet(
                f"{what} logged somebody out: `block` was called, and the answer was {response.status_code}. Let "
                "`@jwt_required` verify it, before anything else happens."
            )
        if not refused(response):
            raise NotYet(
                f"{what} got {response.status_code}. Expected: 401 or 422. Let `@jwt_required` verify it."
            )


def _judge_block_that_fails(service: _LoginService, server: TrialServer, blocked: _Blocked) -> None:
    blocked.out_of_order = True
    headers = {"Authorization": f"Bearer {service.token('refresh')}"}
    response = ask("POST", server.url + "/logout", headers=headers)
    if response.ok:
        raise NotYet(
            f"`block` failed, nobody was logged out, and the answer was {response.status_code}. Let the error through, "
            "and call `block` before you answer."
        )


@contextmanager
def _logout_app(add_logout) -> Iterator[tuple[_LoginService, TrialServer, _Blocked]]:
    service, blocked = _LoginService(), _Blocked()
    app = service.app()
    Attempt(add_logout, "add_logout").prepare(app, blocked.block)
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
        __tablename__ = "tokens_on_trial"
        jti: Mapped[str] = mapped_column(primary_key=True)
        expires_at: Mapped[int]

    attempt = Attempt(prune, "prune", slips={
        TypeError: "Compare the column with the number: `model.expires_at <= now`.",
        OperationalError: "The table has another name here. Use the `model` that you are given.",
        InvalidRequestError: "The session is in a transaction already, or was closed: execute and commit, no more.",
    })  # fmt: skip
    Base.metadata.create_all(engine)
    # Neither is today: the present is an argument.
    _judge_rows(attempt, engine, Blocked, 2_000_000_000)
    _judge_rows(attempt, engine, Blocked, 1_000_000)


def _judge_rows(attempt: Attempt, engine, model, now: int) -> None:
    rows = {
        "long ago": now - 86_400,
        "one second ago": now - 1,
        "this second": now,
        "next second": now + 1,
        "next month": now + 2_592_000,
        "in many years": now + 3_000_000_000,
    }
    with Session(engine) as session:
        session.query(model).delete()
        session.add_all(model(jti=jti, expires_at=at) for jti, at in rows.items())
        session.commit()
    with trial_session(engine) as session:
        outcome = attempt.run(session, model, now)
    if outcome.error is not None:
        raise NotYet(
            f"`prune(session, model, {now})` raised `{describe_error(outcome.error).splitlines()[0]}`. "
            f"{attempt.explain(outcome.error)}"
        )
    with Session(engine) as session:
        left = dict(session.execute(select(model.jti, model.expires_at)).all())
    if left == rows:
        raise NotYet(
            "Every row is still there. Send the statement by `session.execute(…)`, compare with the `now` that you "
            "are given, and then commit: `session.commit()`."
        )
    if lost := [when for when, at in rows.items() if at > now and when not in left]:
        raise NotYet(
            f"The row that expires {' and '.join(lost)} is gone. Its token is valid again from now on: "
            "delete only what has expired, by the `now` that you are given."
        )
    if changed := [when for when, at in left.items() if rows.get(when) != at]:
        raise NotYet(
            f"The row that expires {changed[0]} has another `expires_at` now. Only delete."
        )
    if kept := {"long ago", "one second ago"} & left.keys():
        raise NotYet(f"The row that expired {' and '.join(sorted(kept))} is still there.")
    if "this second" in left:
        raise NotYet(
            "The row with `expires_at == now` is still there. At that second the token is dead already: use `<=`."
        )
