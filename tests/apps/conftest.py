"""For tests that run an app in their own process."""

import secrets

import pytest

from course.server import servers


@pytest.fixture
def fresh_database(tmp_path, monkeypatch):
    monkeypatch.setenv("JWT_SECRET_KEY", secrets.token_hex(32))
    monkeypatch.setenv("USERS_DATABASE", str(tmp_path / "users.db"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{(tmp_path / 'app.db').as_posix()}")
    yield
    for server in list(servers.values()):
        server.stop()
