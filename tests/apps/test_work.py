"""How much work a refused login is: counted in password hashes of full strength. Time tells nothing on a busy machine.

A stranger may not learn who has an account, neither from the answer nor from the time that it takes. So every refusal
computes one such hash, whether the name is known or not, and however old the stored hash is.
"""

import sqlite3
from contextlib import closing

import argon2
import argon2.low_level
import pytest
import requests
import werkzeug.security
from passlib.hash import pbkdf2_sha256

from course import serve
from tests.apps.running import KEEPING, PASSWORD, environment_for, in_a_process_of

STRONG_ARGON2 = 65_536  # KiB of memory, as RFC 9106 §4 recommends where memory is scarce
OLD_HASHES = {
    "argon2": {
        "weaker parameters": argon2.PasswordHasher(1, 64, 1).hash(PASSWORD),
        "another scheme": pbkdf2_sha256.using(rounds=1_000).hash(PASSWORD),
    },
    "scrypt": {
        "another scheme": werkzeug.security.generate_password_hash(PASSWORD, "pbkdf2:sha256:1000"),
        "the hash of another library": pbkdf2_sha256.using(rounds=1_000).hash(PASSWORD),
        "no hash at all": "x",
    },
}


def count_strong_hashes(counted: list) -> None:
    """Note every computation of a hash at full strength, in this process, whoever asks for it."""

    def note(function, is_strong):
        def noting(*args, **kwargs):
            if is_strong(*args, **kwargs):
                counted.append(function.__name__)
            return function(*args, **kwargs)

        return noting

    def verified(hash, *_, **__) -> bool:
        return f"m={STRONG_ARGON2}".encode() in hash

    def computed(*args, **kwargs) -> bool:
        return kwargs.get("memory_cost", args[3] if len(args) > 3 else 0) == STRONG_ARGON2

    low, high = argon2.low_level, argon2._password_hasher
    low.verify_secret = high.verify_secret = note(low.verify_secret, verified)
    low.hash_secret = high.hash_secret = note(low.hash_secret, computed)
    werkzeug.security._hash_internal = note(
        werkzeug.security._hash_internal, lambda method, *_: method.startswith("scrypt:32768:")
    )


def work_of_refusals(module, database: str) -> dict[str, int]:
    """For each kind of user: how many strong hashes the app computes for a wrong password."""
    counted: list[str] = []
    count_strong_hashes(counted)
    by_scrypt = hasattr(module, "users_database")
    app = module.create_app()
    if by_scrypt:
        module.add_user("today", PASSWORD)
        olds = OLD_HASHES["scrypt"]
        add = "INSERT INTO users (username, password_hash) VALUES (?, ?)"
    else:
        olds = dict(OLD_HASHES["argon2"])
        if not hasattr(module, "users"):
            # pwdlib reads no other scheme.
            del olds["another scheme"]
        add = "INSERT INTO users (username, password) VALUES (?, ?)"
        if hasattr(module, "scopes"):
            add = "INSERT INTO users (username, password, role) VALUES (?, ?, 'member')"
    url = serve(app).url
    if not by_scrypt:
        body = {"username": "today", "password": PASSWORD}
        assert requests.post(f"{url}/register", json=body, timeout=60).status_code == 201
    names = {"today": "today", "unknown": "nobody"}
    with closing(sqlite3.connect(database)) as users, users:
        for number, (kind, stored) in enumerate(olds.items()):
            names[kind] = f"old{number}"
            users.execute(add, (names[kind], stored))

    def refuse(name: str) -> int:
        counted.clear()
        body = {"username": name, "password": "let me in"}
        assert requests.post(f"{url}/login", json=body, timeout=60).status_code == 401
        return len(counted)

    # The first refusal of an unknown name may prepare the hash that belongs to nobody.
    refuse("nobody")
    return {kind: refuse(name) for kind, name in names.items()}


@pytest.mark.parametrize("name", KEEPING)
def test_every_refusal_is_one_strong_hash(name, tmp_path):
    database = str(tmp_path / "app.db")
    environment = environment_for(tmp_path, "a secret of more than thirty-two bytes")
    environment["USERS_DATABASE"] = database
    work = in_a_process_of(name, environment, work_of_refusals, database, cheap=False)
    assert len(work) >= 3 and set(work.values()) == {1}, work
