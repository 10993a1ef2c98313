"""A connection to the database that is lost at an odd moment, and the first hashes of a new process."""

import subprocess
import sys

import pytest
import sqlalchemy

from course.paths import Course
from tests.apps.running import ADA
from tests.apps.serving import rows
from tests.apps.snippets import load

FLASK_APPS = sorted(path.parent.name for path in Course().snippets.glob("*/house.py"))
END_ALL = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = :name"


@pytest.mark.parametrize("name", FLASK_APPS)
def test_an_answer_stands_though_its_connection_is_lost_on_postgresql(
    name, fresh_database, empty_database, postgresql, monkeypatch
):
    """The view has ended, and PostgreSQL is started anew, or kill -9 meets one of its processes."""
    monkeypatch.setenv("DATABASE_URL", empty_database)
    module = load(name)
    app, ended = module.create_app(), []

    def lose_all_connections(response):
        database = sqlalchemy.make_url(empty_database).database
        ((count,),) = rows(postgresql.get_uri(driver="psycopg"), END_ALL, name=database)
        ended.append(count)
        return response

    # The first in this list is called last.
    app.after_request_funcs.setdefault(None, []).insert(0, lose_all_connections)
    http = app.test_client()
    assert http.post("/register", json=ADA).status_code == 201
    for _ in range(5):
        assert http.post("/login", json=ADA).status_code == 200
    assert len(ended) == 6 and all(ended)
    # What could not roll back is kept nowhere.
    assert len(module.house.db.session.registry.registry) == 0


@pytest.mark.parametrize("name", FLASK_APPS)
def test_argon2_is_loaded_before_the_first_hash(name):
    """Threads that load it at the same instant are not safe in libpass: one in many new processes would answer 500."""
    code = (
        f"import {name}.users\nfrom passlib.hash import argon2\n"
        "print(argon2._BackendMixin__backend, argon2.get_backend())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=Course().snippets, capture_output=True, text=True
    )
    assert said.stdout.split() == ["argon2_cffi", "argon2_cffi"], said.stderr
