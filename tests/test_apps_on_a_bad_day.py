"""Killed in the middle, or asked twice at the same instant by way of two servers: what the apps promise holds."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import requests

from tests.postgresql import empty_database, postgresql  # noqa: F401 (fixtures)
from tests.running_app import RunningApp, running_app

ADA = {"username": "ada", "password": "correct horse battery staple"}
ROUNDS = 100


def post(app: RunningApp, path: str, token: str | None = None, **options) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(app.url + path, headers=headers, timeout=20, **options)


def me(app: RunningApp, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(app.url + "/me", headers=headers, timeout=20).status_code


@pytest.mark.parametrize("name", ["refresh_logout", "rotate_refresh", "roles"])
def test_logging_out_survives_kill_9(name, tmp_path):
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        ended, kept = (post(app, "/login", json=ADA).json() for _ in range(2))
        assert post(app, "/logout", ended["access_token"]).status_code == 204
        app.kill()
    with running_app(name, tmp_path, key=app.key) as again:
        assert again.url != app.url or again.process.pid != app.process.pid
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


def test_every_race_has_one_winner_on_postgresql(tmp_path, empty_database):  # noqa: F811
    race_on_two_servers(tmp_path, empty_database)


def race_on_two_servers(folder, database_url: str | None) -> None:
    """One refresh token, sent to two processes with one database at the same instant, again and again."""
    with ExitStack() as stack:
        here = stack.enter_context(running_app("rotate_refresh", folder, database_url))
        there = stack.enter_context(running_app("rotate_refresh", folder, database_url, here.key))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        here.add_user(**ADA)
        results = [race(here, there, pool) for _ in range(ROUNDS)]
        assert "Traceback" not in here.log.read_text(encoding="utf-8")
    assert results == [[200, 401]] * ROUNDS


def race(here: RunningApp, there: RunningApp, pool: ThreadPoolExecutor) -> list[int]:
    token = post(here, "/login", json=ADA).json()["refresh_token"]
    start = threading.Barrier(2)

    def refresh(app: RunningApp) -> int:
        start.wait(timeout=20)
        return post(app, "/refresh", token).status_code

    return sorted(pool.map(refresh, [here, there]))
