"""Killed in the middle, or asked twice at the same instant by way of two servers: what the apps promise holds."""

import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
import requests
from jose import jwt

from tests.apps.running import ADA, RunningApp, names_at, running_app

ROUNDS = 100


def post(app: RunningApp, path: str, token: str | None = None, **options) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(app.url + path, headers=headers, timeout=20, **options)


def me(app: RunningApp, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(app.url + "/me", headers=headers, timeout=20).status_code


@pytest.mark.parametrize("name", names_at("refresh", "rotate", "roles"))
def test_logging_out_survives_kill_9(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        ended, kept = (post(app, "/login", json=ADA).json() for _ in range(2))
        assert post(app, "/logout", ended["access_token"]).status_code == 204
        app.kill()
    with running_app(name, tmp_path, key=app.key) as again:
        assert me(again, ended["access_token"]) == 401
        assert post(again, "/refresh", ended["refresh_token"]).status_code == 401
        assert me(again, kept["access_token"]) == 200
        assert post(again, "/login", json=ADA).status_code == 200


def test_registering_survives_kill_9(tmp_path):
    with running_app("smorest_users", tmp_path) as app:
        app.add_user(**ADA)
        app.kill()
    with running_app("smorest_users", tmp_path, key=app.key) as again:
        assert post(again, "/login", json=ADA).status_code == 200
        assert post(again, "/register", json=ADA).status_code == 409


def test_rotation_survives_kill_9(tmp_path):
    with running_app("rotate_refresh", tmp_path) as app:
        app.add_user(**ADA)
        first = post(app, "/login", json=ADA).json()["refresh_token"]
        second = post(app, "/refresh", first).json()["refresh_token"]
        app.kill()
    with running_app("rotate_refresh", tmp_path, key=app.key) as again:
        third = post(again, "/refresh", second)
        assert third.status_code == 200
        assert post(again, "/refresh", first).status_code == 401
        assert post(again, "/refresh", third.json()["refresh_token"]).status_code == 401


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
    token = post(here, "/login", json=ADA).json()["refresh_token"]
    start = threading.Barrier(2)

    def refresh(app: RunningApp) -> int:
        start.wait(timeout=20)
        return post(app, "/refresh", token).status_code

    return sorted(pool.map(refresh, [here, there]))


@pytest.mark.parametrize("name", names_at("refresh"))
def test_one_login_may_be_ended_twice_at_once_on_postgresql(name, tmp_path, empty_database):
    with (
        running_app(name, tmp_path, empty_database) as app,
        ThreadPoolExecutor(4) as pool,
    ):
        app.add_user(**ADA)
        for _ in range(20):
            token = post(app, "/login", json=ADA).json()["refresh_token"]
            answers = pool.map(post, [app] * 4, ["/logout"] * 4, [token] * 4)
            assert {answer.status_code for answer in answers} <= {204, 401}
        assert "Traceback" not in app.said


@pytest.mark.parametrize("name", names_at("refresh", "rotate", "roles"))
def test_tokens_of_a_deleted_user_are_nobody_s_and_no_id_is_given_twice(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        tokens = post(app, "/login", json=ADA).json()
        with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
            database.execute("DELETE FROM users")
        assert post(app, "/refresh", tokens["refresh_token"]).status_code == 401
        bob = {"username": "bob", "password": ADA["password"]}
        assert post(app, "/register", json=bob).json()["id"] == "2"
        assert post(app, "/refresh", tokens["refresh_token"]).status_code == 401
        # The others believe an access token until it expires.
        if app.app.level in ("rotate", "roles"):
            assert me(app, tokens["access_token"]) == 401


@pytest.mark.parametrize("name", names_at("rotate", "roles"))
def test_a_session_ends_when_it_says_whatever_happens_to_its_row(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        tokens = post(app, "/login", json=ADA).json()
        with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
            database.execute("UPDATE sessions SET expires_at = 1")
        assert me(app, tokens["access_token"]) == 401
        assert post(app, "/refresh", tokens["refresh_token"]).status_code == 401


@pytest.mark.parametrize("name", names_at("rotate", "roles"))
def test_a_refresh_never_outlives_its_session(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        first = post(app, "/login", json=ADA).json()["refresh_token"]
        last_second = int(time.time()) + 1
        with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
            database.execute("UPDATE sessions SET expires_at = ?", (last_second,))
        answer = post(app, "/refresh", first)
        if answer.status_code == 200:  # the second may be over already
            claims = jwt.get_unverified_claims(answer.json()["refresh_token"])
            assert claims["exp"] == last_second


def test_a_body_that_comes_late_does_not_outlive_a_demotion(tmp_path):
    """Headers and a byte while still an admin, the rest when it is over."""
    eve = {"username": "eve", "password": ADA["password"]}
    with running_app("roles", tmp_path) as app:
        for user in (ADA, eve):
            app.add_user(**user)
            assert app.command("set-role", user["username"], "admin")[0] == 0
        ada, late = (post(app, "/login", json=user).json()["access_token"] for user in (ADA, eve))
        body = b'{"role": "admin"}'
        head = (
            f"PUT /users/2/role HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {late}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        host, port = app.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as slow:
            slow.sendall(head.encode() + body[:1])
            time.sleep(0.3)
            headers = {"Authorization": f"Bearer {ada}"}
            demoted = requests.put(
                f"{app.url}/users/2/role", json={"role": "member"}, headers=headers, timeout=20
            )
            assert demoted.status_code == 200
            slow.sendall(body[1:])
            assert b" 403 " in slow.recv(1000).splitlines()[0]
