"""Every app that takes ``DATABASE_URL`` keeps the contract on a real PostgreSQL, too."""

import pytest
import requests

from tests.postgresql import empty_database, postgresql  # noqa: F401 (fixtures)
from tests.running_app import LEVELS, WITHOUT_REGISTER, running_app
from tests.test_contract_of_the_apps import assert_keeps_the_contract


@pytest.mark.parametrize("name", [name for name in LEVELS if name not in WITHOUT_REGISTER])
def test_app_keeps_the_contract(name, tmp_path, empty_database):  # noqa: F811
    with running_app(name, tmp_path, empty_database) as app:
        assert_keeps_the_contract(app)
        half_a_character = '{"username": "\\ud800", "password": "x"}'
        headers = {"Content-Type": "application/json"}
        answer = requests.post(
            f"{app.url}/login", data=half_a_character, headers=headers, timeout=20
        )
        assert (answer.status_code, list(answer.json())) == (400, ["message"])
