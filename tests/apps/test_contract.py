"""Every app of ``app_snippets/`` keeps the contract up to its level; on PostgreSQL, too, where it takes one.

On a SQLite file each is judged in ``test_copied_out.py``, as a copy that runs alone.
"""

import pytest
import requests

from course.contract import as_table, hold
from tests.apps.running import PASSWORD, WITH_SQLALCHEMY, running_app


@pytest.mark.parametrize("name", WITH_SQLALCHEMY)
def test_app_keeps_the_contract_on_postgresql(name, tmp_path, empty_database):
    with running_app(name, tmp_path, empty_database) as app:
        app.add_user("ada", PASSWORD)
        if app.app.level == "roles":
            assert app.command("set-role", "ada", "admin") == (0, "ada has the role admin.\n")
        rows = hold(app.url, app.app.level, "ada", PASSWORD, app.app.by_cookie)
        broken = [row for row in rows if not row.kept]
        assert rows and not broken, as_table(broken)
        half_a_character = '{"username": "\\ud800", "password": "x"}'
        headers = {"Content-Type": "application/json"}
        answer = requests.post(
            f"{app.url}/login", data=half_a_character, headers=headers, timeout=20
        )
        assert (answer.status_code, list(answer.json())) == (400, ["message"])
        assert "Traceback" not in app.said
