"""``serve`` on a real socket, and the picture of what went over it."""

import socket
import subprocess
import sys
import time

import pytest
import requests
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from flask import Flask, redirect, request

from course import serve, show_exchange
from course.server import servers

FIXED_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


def make_app(answer: str = "hello") -> Flask:
    app = Flask("tiny")
    app.get("/")(lambda: answer)
    app.post("/echo", endpoint="echo")(lambda: {"token": FIXED_TOKEN, "got": request.get_json()})
    app.get("/old", endpoint="old")(lambda: redirect("/"))
    app.get("/broken", endpoint="broken")(lambda: 1 / 0)
    return app


def make_fastapi(answer: str = "hello") -> FastAPI:
    app = FastAPI()
    app.get("/", response_class=PlainTextResponse)(lambda: answer)
    app.get("/broken")(lambda: 1 / 0)
    return app


either_kind = pytest.mark.parametrize("make", [make_app, make_fastapi])


@pytest.fixture(autouse=True)
def _stop_servers():
    yield
    for server in list(servers.values()):
        server.stop()


@either_kind
def test_serves_on_loopback_only(make):
    server = serve(make())
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert requests.get(server.url, timeout=5).text == "hello"
    # Linux answers all of 127.0.0.0/8; an app bound to every interface would answer here as well.
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.2", server.port), timeout=1).close()


@either_kind
def test_serving_again_replaces_the_app_and_keeps_the_address(make):
    first = serve(make("one"), "shop")
    second = serve(make("two"), "shop")
    assert second.url == first.url and requests.get(first.url, timeout=5).text == "two"


@either_kind
def test_two_names_are_two_servers(make):
    one, two = serve(make("one"), "one"), serve(make("two"), "two")
    assert [requests.get(each.url, timeout=5).text for each in (one, two)] == ["one", "two"]


@either_kind
def test_another_server_on_the_usual_ports_does_not_matter(make):
    sockets = []
    for port in (5000, 8000, 8888):
        taken = socket.socket()
        try:
            taken.bind(("127.0.0.1", port))
            taken.listen()
        except OSError:  # somebody else has it already: just as good
            pass
        sockets.append(taken)
    try:
        assert requests.get(serve(make()).url, timeout=5).text == "hello"
    finally:
        for taken in sockets:
            taken.close()


@either_kind
def test_stopped_server_is_gone_and_may_be_stopped_again(make):
    server = serve(make())
    server.stop()
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=5)


@either_kind
def test_repr_does_not_change_from_run_to_run(make):
    assert (
        repr(serve(make(), "shop"))
        == "Server 'shop' is running on 127.0.0.1. Its address is in .url"
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (make_app, "serve(make_app())"),
        (make_fastapi, "serve(make_fastapi())"),
        ("app", "takes a Flask or FastAPI app, not str"),
        (7, "takes a Flask or FastAPI app, not int"),
    ],
)
def test_what_is_not_an_app_is_explained(wrong, words):
    with pytest.raises(TypeError) as caught:
        serve(wrong)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"), [(make_app, make_fastapi), (make_fastapi, make_app)], ids=["to ASGI", "to WSGI"]
)
def test_another_kind_of_app_takes_over_the_address(old, new):
    first = serve(old("one"), "shop")
    requests.get(first.url, timeout=5)
    second = serve(new("two"), "shop")
    assert second.url == first.url and requests.get(first.url, timeout=5).text == "two"


@either_kind
def test_port_that_was_taken_in_between_is_replaced(make):
    first = serve(make("one"), "shop")
    first.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first.port))
        taken.listen()
        servers["shop"] = first  # as it is while serve() replaces a server
        second = serve(make("two"), "shop")
    assert second.port != first.port and requests.get(second.url, timeout=5).text == "two"


@either_kind
def test_stopping_is_quick_even_while_a_client_holds_its_connection(make):
    server = serve(make())
    with requests.Session() as session:
        session.get(server.url, timeout=5)
        started = time.monotonic()
        server.stop()
    assert time.monotonic() - started < 0.5


def test_app_that_fails_at_its_start_is_no_endless_wait():
    async def fail(app):
        raise ValueError("no database")
        yield

    with pytest.raises(RuntimeError, match="cannot start") as caught:
        serve(FastAPI(lifespan=fail))
    assert str(caught.value.__cause__) == "no database"


def run_in_notebook(source: str) -> str:
    """What a cell shows, in a real kernel."""
    code = (
        "import nbformat, nbclient\n"
        f"cells = [nbformat.v4.new_code_cell(source) for source in {[source]!r}]\n"
        "notebook = nbformat.v4.new_notebook(cells=cells)\n"
        "nbclient.NotebookClient(notebook, kernel_name='python3').execute()\n"
        "print([output.get('text') or output['data']['text/plain'] for output in notebook.cells[0].outputs])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_exception_in_a_view_shows_below_the_cell_that_called_it():
    shown = run_in_notebook(
        "import requests\nfrom flask import Flask\nfrom course import serve\n\napp = Flask('tiny')\n"
        "@app.get('/broken')\ndef broken():\n    return 1 / 0\n\n"
        "server = serve(app)\nrequests.get(server.url + '/broken').status_code"
    )
    assert "500" in shown
    assert "Exception on /broken [GET]" in shown and "in broken(): return 1 / 0" in shown
    assert "ZeroDivisionError: division by zero" in shown and "site-packages" not in shown


def test_exception_in_a_fastapi_view_shows_below_the_cell_that_called_it():
    shown = run_in_notebook(
        "import asyncio, requests\nfrom fastapi import FastAPI\nfrom course import serve\n\napp = FastAPI()\n"
        "@app.get('/broken')\ndef broken():\n    return 1 / 0\n\n"
        "assert asyncio.get_running_loop().is_running()\n"
        "first = serve(app)\nserver = serve(app)\nassert server.url == first.url\n"
        "requests.get(server.url + '/broken').status_code"
    )
    assert "500" in shown and shown.count("ZeroDivisionError: division by zero") == 1
    assert "Exception on /broken [GET]" in shown and "in broken(): return 1 / 0" in shown
    assert "site-packages" not in shown and "Started server" not in shown and "INFO" not in shown


def test_exchange_shows_request_and_answer():
    server = serve(make_app())
    response = requests.post(
        server.url + "/echo",
        json={"name": "<ada>"},
        headers={"Authorization": f"Bearer {FIXED_TOKEN}"},
        timeout=5,
    )
    shown = show_exchange(response)
    for line in ("> POST /echo HTTP/1.1", '> {"name": "<ada>"}', "< HTTP/1.1 200 OK", "< Content-Type: application/json",
                 "> Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.[payload: 18 characters].[signature: 12 characters]"):  # fmt: skip
        assert line in shown.text.splitlines()
    assert (
        "Host:" not in shown.text
        and "Date:" not in shown.text
        and "eyJzdWIi" not in shown.text + shown.html
    )
    assert "<ada>" not in shown.html and "&lt;ada&gt;" in shown.html


def test_full_exchange_hides_nothing():
    server = serve(make_app())
    shown = show_exchange(requests.post(server.url + "/echo", json={}, timeout=5), full=True)
    assert "< Date: " in shown.text and FIXED_TOKEN in shown.text


def test_redirect_is_shown_as_two_exchanges():
    server = serve(make_app())
    shown = show_exchange(requests.get(server.url + "/old", timeout=5))
    assert shown.text.count("REQUEST") == 2 and "< Location: /" in shown.text


def test_what_is_not_a_response_is_explained():
    with pytest.raises(TypeError, match="the response that requests.get"):
        show_exchange("http://127.0.0.1")
