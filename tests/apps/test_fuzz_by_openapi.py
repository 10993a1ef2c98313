"""The apps that publish an OpenAPI document, fuzzed through it by schemathesis: no 5xx, no contradiction.

``FUZZ_EXAMPLES=500 uv run pytest tests/apps/test_fuzz_by_openapi.py`` searches longer.
"""

import os
from http.cookies import SimpleCookie

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.apps.running import ADA, WITH_DOCS_PAGE, RunningApp, running_app

EXAMPLES = int(
    os.environ.get("FUZZ_EXAMPLES", "8")
)  # for each operation, well-formed and malformed
ENDS_A_LOGIN = ("/logout", "/logout-everywhere", "/refresh")
LOGINS = ("/login", "/token")  # no random name and password is right


class Login:
    """A login that is renewed when a request may have ended it."""

    def __init__(self, app: RunningApp):
        self.app = app
        self.tokens: dict = {}

    def headers(self, kind: str, method: str, path: str) -> dict:
        if kind == "no token":
            return {}
        if not self.tokens:
            self.tokens = self.app.log_in()
        return self.app.service.carry(method, path, self.tokens.get(kind, "abc"))


def operations(app: RunningApp) -> list:
    schema = schemathesis.openapi.from_url(f"{app.url}/openapi.json")
    return [each.ok() for each in schema.get_all_operations()]


@pytest.mark.parametrize("name", WITH_DOCS_PAGE)
def test_nothing_that_the_document_allows_or_forbids_surprises_the_app(
    name, tmp_path, record_property
):
    statuses: dict[tuple[str, str, int], int] = {}
    with running_app(name, tmp_path) as app:
        app.add_user(**ADA)
        if app.app.level == "roles":
            assert app.command("set-role", "ada", "admin")[0] == 0
        login = Login(app)
        for operation in operations(app):
            for mode in modes(operation, app.app.by_cookie):
                fuzz(operation, mode, login, statuses)
        assert "Traceback" not in app.said
    record_property("cases", sum(statuses.values()))
    print(name, sum(statuses.values()), "cases:", statuses)

    # The fuzzing reached what it was meant to reach: each operation was refused, and each one succeeded.
    for method, path in {(method, path) for method, path, _ in statuses}:
        seen = {status for m, p, status in statuses if (m, p) == (method, path)}
        assert any(status >= 400 for status in seen), (method, path, seen)
        assert any(status < 300 for status in seen) or path in LOGINS, (method, path, seen)


def modes(operation, by_cookie: bool) -> list[GenerationMode]:
    """Well-formed and malformed; without body and parameters nothing can be malformed.

    FastAPI's document says "OAuth2" of a token, of which schemathesis makes no header, as it does of Flask's
    "bearer". Malformed tokens of all kinds are in test_requests.py. By cookie, a request has its cookie and CSRF token
    from a login and none from schemathesis, so they are never malformed here; the contract tries what happens then.
    """
    parameters = list(operation.path_parameters if by_cookie else operation.iter_parameters())
    takes_something = list(operation.body) or parameters
    return list(GenerationMode) if takes_something else [GenerationMode.POSITIVE]


def fuzz(operation, mode: GenerationMode, login: Login, statuses: dict) -> None:
    tokens = ["access_token", "refresh_token", "no token"]

    @given(case=operation.as_strategy(generation_mode=mode), kind=st.sampled_from(tokens))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def send(case, kind):
        if "user_id" in case.path_parameters and mode is GenerationMode.POSITIVE:
            case.path_parameters["user_id"] = 1  # one that exists
        if (
            mode is GenerationMode.POSITIVE
            and isinstance(case.body, dict)
            and "username" in case.body
        ):
            # Which names are fit (RFC 8265), no JSON schema can say. Unfit ones come in the other mode.
            name = case.body["username"]
            case.body["username"] = "ada" if len(name) % 4 == 0 else f"user-{len(name)}-{kind[:1]}"
        headers = login.headers(kind, case.method, operation.path)
        if login.app.app.by_cookie:
            sent = SimpleCookie(headers.pop("Cookie", ""))
            case.cookies = {name: cookie.value for name, cookie in sent.items()}
            case.headers = headers
        response = case.call(headers=headers, timeout=20)
        # A refusal, too, but schemathesis does not count "too large" as one.
        if response.status_code != 413:
            case.validate_response(response, headers=headers)
        key = (case.method, operation.path, response.status_code)
        statuses[key] = statuses.get(key, 0) + 1
        assert response.status_code < 500
        if response.status_code >= 400:
            assert list(response.json()) == ["message"], response.text
        if operation.path in ENDS_A_LOGIN:
            login.tokens = {}

    send()
