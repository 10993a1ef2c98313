"""Every app of ``app_snippets/`` keeps the contract up to its level, on a SQLite file."""

import pytest

from course.contract import as_table, hold
from tests.running_app import LEVELS, RunningApp, running_app

PASSWORD = "correct horse battery staple"


def assert_keeps_the_contract(app: RunningApp) -> None:
    app.add_user("ada", PASSWORD)
    if app.name == "roles":
        appointed = app.run_documented("set-role ada admin")
        assert appointed.stdout == "ada has the role admin.\n", appointed.stderr
    rows = hold(app.url, LEVELS[app.name], "ada", PASSWORD)
    broken = [row for row in rows if not row.kept]
    assert rows and not broken, as_table(broken)
    assert "Traceback" not in app.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LEVELS)
def test_app_keeps_the_contract(name, tmp_path):
    with running_app(name, tmp_path) as app:
        assert_keeps_the_contract(app)
