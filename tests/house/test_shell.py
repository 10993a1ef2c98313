"""Nothing in a learner's shell sends a lesson's requests elsewhere, and ``uv run course`` says what it found there."""

import json
import os
import subprocess
import sys

import pytest

from course import check, checking, environment, serve, shell
from course.contract import hold
from course.paths import ROOT
from course.server import servers
from tests.apps.broken import broken_app

# Nobody listens on port 9 of this machine.
NO_PROXY_THERE = "http://user:secret@127.0.0.1:9"
NETRC = "machine 127.0.0.1 login mallory password secret\ndefault login eve password secret\n"


@pytest.fixture(autouse=True)
def _stop_servers():
    yield
    for server in list(servers.values()):
        server.stop()


@pytest.fixture
def hostile_shell(monkeypatch, tmp_path) -> None:
    """Proxies that are not there, and a .netrc with logins for everything."""
    (tmp_path / "netrc").write_text(NETRC, encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, NO_PROXY_THERE)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_contract_asks_the_service_itself(hostile_shell, fresh_database, tmp_path):
    app = broken_app("smorest_users", [], tmp_path).create_app()
    rows = hold(serve(app).url, "users")
    assert [row for row in rows if not row.kept] == []


ADD_VIEW = """
def add_seconds_left(app):
    from flask_jwt_extended import get_jwt, jwt_required
    @app.get("/seconds-left")
    @jwt_required()
    def seconds_left():
        return {"seconds_left": int(get_jwt()["exp"] - time.time())}
"""


def test_judges_ask_the_app_itself(hostile_shell):
    names = {"time": __import__("time")}
    exec(ADD_VIEW, names)
    result = check("6.2", names["add_seconds_left"])
    assert result.outcome == checking.CORRECT, result.text


PLAIN_REQUESTS = """
import json, os, sys
from course import serve, shell
from flask import Flask, request
import requests

app = Flask("echo")
app.get("/")(lambda: {"sent": request.headers.get("Authorization"), "debug": app.debug})
port = serve(app).port
answers = [
    requests.get(f"http://{host}:{port}/", headers={"Authorization": "Bearer abc"}, timeout=20).json()
    for host in ("127.0.0.1", "localhost")
]
print(json.dumps({"answers": answers, "found": [each.text for each in shell.spoilers], "left": dict(os.environ)}))
"""


def in_a_shell(tmp_path, **variables: str) -> dict:
    """What a notebook's cell would see: the echo of plain requests, what was found, and the environment after that."""
    usual = {
        name: value
        for name, value in os.environ.items()
        if "proxy" not in name.lower() and name not in ("NETRC", "MPLBACKEND", *shell.SPOILING)
    }
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN_REQUESTS],
        env={**usual, **home, **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def home_with_netrc(tmp_path, text: str = NETRC):
    (tmp_path / ".netrc").write_text(text, encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    return tmp_path


WELL = [{"sent": "Bearer abc", "debug": False}] * 2


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"])
def test_plain_requests_go_past_a_proxy(tmp_path, name):
    seen = in_a_shell(tmp_path, **{name: NO_PROXY_THERE, "NO_PROXY": "example.org"})
    assert seen["answers"] == WELL
    assert seen["left"]["NO_PROXY"] == "example.org,127.0.0.1,localhost" == seen["left"]["no_proxy"]
    # The proxy stays for whoever needs the internet, and what it is called is nobody's business.
    assert seen["left"][name] == NO_PROXY_THERE
    (found,) = seen["found"]
    assert found.startswith(name) and "secret" not in found


@pytest.mark.parametrize(
    "more",
    [
        {"http_proxy": NO_PROXY_THERE, "NO_PROXY": "127.0.0.0/8, localhost"},
        {"http_proxy": NO_PROXY_THERE, "no_proxy": "*"},
        {"https_proxy": NO_PROXY_THERE},
        {"http_proxy": ""},
        {"FLASK_DEBUG": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        # These do not spoil the lessons: each sets its own.
        {"FLASK_APP": "x", "FLASK_RUN_PORT": "1", "JWT_SECRET_KEY": "x", "DATABASE_URL": "x"},
    ],
    ids=str,
)
def test_what_spoils_nothing_is_left_alone(tmp_path, more):
    seen = in_a_shell(home_with_netrc(tmp_path, "machine example.org login a password b\n"), **more)
    assert seen["answers"] == WELL and seen["found"] == []
    assert "NETRC" not in seen["left"]
    assert {name: seen["left"].get(name) for name in more if name != "FLASK_DEBUG"} == {
        name: value for name, value in more.items() if name != "FLASK_DEBUG"
    }


@pytest.mark.parametrize(
    "netrc",
    [
        NETRC,
        "machine 127.0.0.1 login a password b\nmachine localhost login a password b\n",
        "default login eve password secret\n",
    ],
)
def test_plain_requests_keep_their_bearer_token(tmp_path, netrc):
    seen = in_a_shell(home_with_netrc(tmp_path, netrc))
    assert seen["answers"] == WELL
    (found,) = seen["found"]
    assert "~/.netrc has a login for 127.0.0.1 and localhost" in found
    assert "secret" not in found and "eve" not in found


def test_without_the_cure_the_token_would_be_lost(hostile_shell):
    """The danger is real: if requests changes its mind, this module can go."""
    import requests

    request = requests.Request("GET", "http://127.0.0.1", headers={"Authorization": "Bearer abc"})
    assert requests.Session().prepare_request(request).headers["Authorization"].startswith("Basic")


def test_debug_mode_and_other_places_for_plots_are_taken_back(tmp_path):
    spoiling = dict.fromkeys(shell.SPOILING, "1")
    seen = in_a_shell(tmp_path, **spoiling, MPLBACKEND="Agg")
    assert seen["answers"] == WELL and not spoiling.keys() & seen["left"].keys()
    assert [text.split(" is ")[0] for text in seen["found"]] == [*spoiling, "MPLBACKEND"]
    assert seen["left"]["MPLBACKEND"].startswith("module://matplotlib_inline")


def test_proxy_of_the_system_is_found_where_systems_have_one(monkeypatch):
    for name in list(os.environ):
        if "proxy" in name.lower():
            monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"http": NO_PROXY_THERE})
    monkeypatch.setattr("requests.utils.should_bypass_proxies", lambda url, no_proxy: False)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    (found,) = shell._proxies()
    assert found.text.startswith("The proxy of the system would take")
    assert os.environ["NO_PROXY"] == "127.0.0.1,localhost"


def test_course_warns_of_what_it_found_and_goes_on(monkeypatch, tmp_path):
    monkeypatch.setattr(shell, "spoilers", [shell.Spoiler("FLASK_DEBUG is set", "Unset it.")])
    *_, last = environment.examine(tmp_path)
    assert str(last) == "[warn] FLASK_DEBUG is set\n       The notebooks go without it. Unset it."
    assert not last.stops
