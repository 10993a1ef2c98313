"""Killed in the middle, or asked twice at the same instant by way of two servers: what the apps promise holds."""

import hmac
import json
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
import requests
from jose import jwt

from course.token_parts import encode_part
from tests.apps.running import ADA, KEEPING, WITH_SQLALCHEMY, RunningApp, names_at, running_app

ROUNDS = 100


@pytest.mark.parametrize("name", names_at("refresh", "rotate", "roles"))
def test_logging_out_survives_kill_9(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        ended, kept = (app.log_in() for _ in range(2))
        assert app.post("/logout", ended["access_token"]).status_code == 204
        app.kill()
    with running_app(name, tmp_path, key=app.key) as again:
        assert again.me(ended["access_token"]) == 401
        assert again.post("/refresh", ended["refresh_token"]).status_code == 401
        assert again.me(kept["access_token"]) == 200
        assert again.post("/login", json=ADA).status_code == 200


def test_registering_survives_kill_9(tmp_path):
    with running_app("smorest_users", tmp_path) as app:
        app.add_user(**ADA)
        app.kill()
    with running_app("smorest_users", tmp_path, key=app.key) as again:
        assert again.post("/login", json=ADA).status_code == 200
        assert again.post("/register", json=ADA).status_code == 409


@pytest.mark.parametrize("name", names_at("rotate"))
def test_rotation_survives_kill_9(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        first = app.log_in()["refresh_token"]
        second = app.renew(first)["refresh_token"]
        app.kill()
    with running_app(name, tmp_path, key=app.key) as again:
        third = again.renew(second)["refresh_token"]
        assert again.post("/refresh", first).status_code == 401
        assert again.post("/refresh", third).status_code == 401


def test_every_race_has_one_winner_on_sqlite(tmp_path):
    race_on_two_servers(tmp_path, None)


def test_every_race_has_one_winner_on_postgresql(tmp_path, empty_database):
    race_on_two_servers(tmp_path, empty_database)


def race_on_two_servers(folder, database_url: str | None) -> None:
    """One refresh token, sent to two processes with one database at the same instant, again and again."""
    with ExitStack() as stack:
        here = stack.enter_context(running_app("rotate_refresh", folder, database_url))
        there = stack.enter_context(running_app("rotate_refresh", folder, database_url, here.key))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        here.add_user(**ADA)
        results = [race(here, there, pool) for _ in range(ROUNDS)]
        assert "Traceback" not in here.said
    assert results == [[200, 401]] * ROUNDS


def race(here: RunningApp, there: RunningApp, pool: ThreadPoolExecutor) -> list[int]:
    token = here.log_in()["refresh_token"]
    start = threading.Barrier(2)

    def refresh(app: RunningApp) -> int:
        start.wait(timeout=20)
        return app.post("/refresh", token).status_code

    return sorted(pool.map(refresh, [here, there]))


@pytest.mark.parametrize("name", names_at("refresh"))
def test_one_login_may_be_ended_twice_at_once_on_postgresql(name, tmp_path, empty_database):
    with (
        running_app(name, tmp_path, empty_database) as app,
        ThreadPoolExecutor(4) as pool,
    ):
        app.add_user(**ADA)
        for _ in range(20):
            token = app.log_in()["refresh_token"]
            answers = pool.map(app.post, ["/logout"] * 4, [token] * 4)
            assert {answer.status_code for answer in answers} <= {204, 401}
        assert "Traceback" not in app.said


@pytest.mark.parametrize("name", names_at("refresh", "rotate", "roles"))
def test_tokens_of_a_deleted_user_are_nobody_s_and_no_id_is_given_twice(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        tokens = app.log_in()
        with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
            database.execute("DELETE FROM users")
        assert app.post("/refresh", tokens["refresh_token"]).status_code == 401
        bob = {"username": "bob", "password": ADA["password"]}
        assert app.post("/register", json=bob).json()["id"] == "2"
        assert app.post("/refresh", tokens["refresh_token"]).status_code == 401
        # The others believe an access token until it expires.
        if app.app.level in ("rotate", "roles"):
            assert app.me(tokens["access_token"]) == 401


@pytest.mark.parametrize("name", names_at("rotate", "roles"))
def test_a_session_ends_when_it_says_whatever_happens_to_its_row(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        tokens = app.log_in()
        with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
            database.execute("UPDATE sessions SET expires_at = 1")
        assert app.me(tokens["access_token"]) == 401
        assert app.post("/refresh", tokens["refresh_token"]).status_code == 401


@pytest.mark.parametrize("name", names_at("rotate", "roles"))
def test_a_refresh_never_outlives_its_session(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        first = app.log_in()["refresh_token"]
        last_second = int(time.time()) + 1
        with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
            database.execute("UPDATE sessions SET expires_at = ?", (last_second,))
        answer = app.post("/refresh", first)
        if answer.status_code == 200:  # the second may be over already
            claims = jwt.get_unverified_claims(app.tokens_in(answer)["refresh_token"])
            assert claims["exp"] == last_second


def test_a_body_that_comes_late_does_not_outlive_a_demotion(tmp_path):
    """Headers and a byte while still an admin, the rest when it is over."""
    eve = {"username": "eve", "password": ADA["password"]}
    with running_app("roles", tmp_path) as app:
        for user in (ADA, eve):
            app.add_user(**user)
            assert app.command("set-role", user["username"], "admin")[0] == 0
        ada, late = (app.log_in(user)["access_token"] for user in (ADA, eve))
        body = b'{"role": "admin"}'
        head = (
            f"PUT /users/2/role HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {late}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        host, port = app.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as slow:
            slow.sendall(head.encode() + body[:1])
            time.sleep(0.3)
            assert put_role(app, ada, 2, "member") == 200
            slow.sendall(body[1:])
            assert b" 403 " in slow.recv(1000).splitlines()[0]


def appoint(app: RunningApp, *users: dict) -> None:
    for user in users:
        app.add_user(**user)
        assert app.command("set-role", user["username"], "admin")[0] == 0


EVE = {"username": "eve", "password": ADA["password"]}


@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
def test_a_demoted_admin_cannot_undo_it_by_being_quick(on, tmp_path, request):
    """Ada demotes Eve by one process; at the same instant Eve promotes herself by another one."""
    database_url = request.getfixturevalue("empty_database") if on == "postgresql" else None
    with ExitStack() as stack:
        here = stack.enter_context(running_app("roles", tmp_path, database_url))
        there = stack.enter_context(running_app("roles", tmp_path, database_url, here.key))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        appoint(here, ADA, EVE)
        ada, eve = (here.log_in(user)["access_token"] for user in (ADA, EVE))
        for _ in range(ROUNDS):
            start = threading.Barrier(2)

            def change(app: RunningApp, token: str, role: str, start=start) -> int:
                start.wait(timeout=20)
                return put_role(app, token, 2, role)

            demoted = pool.submit(change, here, ada, "member")
            promoted = pool.submit(change, there, eve, "admin")
            assert demoted.result() == 200
            # Whether Eve was first or too late: in the end she is no admin.
            assert promoted.result() in (200, 403)
            assert put_role(there, eve, 2, "admin") == 403
            assert put_role(here, ada, 2, "admin") == 200
        assert "Traceback" not in here.said + there.said


def put_role(app: RunningApp, token: str, user_id: int, role: str) -> int:
    return app.ask("PUT", f"/users/{user_id}/role", token, json={"role": role}).status_code


@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
def test_somebody_stays_admin_whatever_admins_do_at_the_same_instant(on, tmp_path, request):
    database_url = request.getfixturevalue("empty_database") if on == "postgresql" else None
    with ExitStack() as stack:
        here = stack.enter_context(running_app("roles", tmp_path, database_url))
        there = stack.enter_context(running_app("roles", tmp_path, database_url, here.key))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        appoint(here, ADA, EVE)
        tokens = [here.log_in(user)["access_token"] for user in (ADA, EVE)]
        for round in range(ROUNDS // 4):
            start = threading.Barrier(2)
            # In turn: each resigns; each demotes the other.
            targets = (1, 2) if round % 2 else (2, 1)

            def demote(app: RunningApp, token: str, target: int, start=start) -> int:
                start.wait(timeout=20)
                return put_role(app, token, target, "member")

            answers = sorted(pool.map(demote, (here, there), tokens, targets))
            assert answers in ([200, 403], [200, 409]), answers
            # Whoever is an admin still appoints both.
            appointed = [
                [put_role(here, token, user_id, "admin") for user_id in (1, 2)] for token in tokens
            ]
            assert [200, 200] in appointed
        assert "Traceback" not in here.said + there.said


@pytest.mark.parametrize("name", names_at("refresh"))
def test_who_has_logged_out_stays_out_when_the_clock_jumps_ahead_and_back(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        out = app.log_in()
        assert app.post("/logout", out["access_token"]).status_code == 204
    with running_app(name, tmp_path, key=app.key, clock_ahead=60 * 24 * 3600) as later:
        other = later.log_in()
        assert later.post("/logout", other["access_token"]).status_code == 204
    with running_app(name, tmp_path, key=app.key) as again:
        assert again.me(out["access_token"]) == 401
        assert again.post("/refresh", out["refresh_token"]).status_code == 401


@pytest.mark.parametrize("name", KEEPING)
def test_a_locked_database_is_503_and_the_next_request_is_served(name, tmp_path):
    with running_app(name, tmp_path, patience=0.2) as app:
        app.add_user(**ADA)
        database = tmp_path / ("app.db" if app.app.has_register else "users.db")
        with closing(sqlite3.connect(database)) as other:
            other.execute("BEGIN EXCLUSIVE")
            answer = app.post("/login", json=ADA)
            other.rollback()
        assert (answer.status_code, list(answer.json())) == (503, ["message"])
        assert int(answer.headers["Retry-After"]) >= 1
        assert app.post("/login", json=ADA).status_code == 200
        assert "Traceback" not in app.said


@pytest.mark.parametrize("name", WITH_SQLALCHEMY)
def test_a_database_that_was_deleted_is_503_and_no_write_is_acknowledged(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        assert app.post("/login", json=ADA).status_code == 200
        (tmp_path / "app.db").unlink()
        for path, body in (("/login", ADA), ("/register", EVE)):
            answer = app.post(path, json=body)
            assert (answer.status_code, list(answer.json())) == (503, ["message"])
        assert "Traceback" not in app.said


# What a genuine token may say, as long as nobody changes the apps: none of it may reach the database, or end in a 500.
ODD = ["", "a\0b", "\ud800", "x" * 70, "1 OR 1=1", "-1", "99999999999", "\u0661", None, True, 7, 1.5, [], ["1"], {}, {"a": 1}]  # fmt: skip


@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", WITH_SQLALCHEMY)
def test_no_claim_of_a_genuine_token_is_a_server_error(name, on, tmp_path, request):
    database_url = request.getfixturevalue("empty_database") if on == "postgresql" else None
    with ExitStack() as stack:
        app = stack.enter_context(running_app(name, tmp_path, database_url))
        app.add_user(**ADA)
        tokens = app.log_in()
        paths = [("GET", "/me", "access_token")]
        if app.app.level != "users":
            paths += [("POST", "/logout", "access_token"), ("POST", "/refresh", "refresh_token")]
        if app.app.level in ("rotate", "roles"):
            paths += [("POST", "/logout-everywhere", "access_token")]
        if app.app.level == "roles":
            paths += [("GET", "/users", "access_token"), ("PUT", "/users/1/role", "access_token")]
        # One session for thousands of requests: to make one takes as long as to send a request.
        client = stack.enter_context(requests.Session())
        client.trust_env = False
        for method, path, kind in paths:
            claims = jwt.get_unverified_claims(tokens[kind])
            for claim in ("sub", "jti", "sid", "refresh_jti", "fresh", "type", "scope", "role"):
                for value in ODD:
                    odd = odd_token(claims | {claim: value}, app.key)
                    role = {"role": "member"} if method == "PUT" else None
                    answer = app.ask(method, path, odd, client, json=role)
                    assert answer.status_code < 500, (path, claim, value, answer.text)
                    # A login that nobody knows may be logged out, too (RFC 7009 section 2.2).
                    if claim in ("sub", "sid") and claim in claims and path != "/logout":
                        assert answer.status_code == 401, (path, claim, value, answer.text)
        assert "Traceback" not in app.said


def odd_token(claims: dict, key: str) -> str:
    """Signed as a token of the app is; JSON may say what Python's UTF-8 cannot."""
    header = encode_part(b'{"alg":"HS256","typ":"JWT"}')
    signing_input = f"{header}.{encode_part(json.dumps(claims).encode())}"
    signature = hmac.digest(key.encode(), signing_input.encode(), "sha256")
    return f"{signing_input}.{encode_part(signature)}"
