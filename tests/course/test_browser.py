"""``visit``: a real browser opens a page of this machine, reaches nothing else, and leaves nothing behind."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
from flask import Flask, request
from werkzeug.serving import WSGIRequestHandler, make_server

from course import browser
from course.browser import NO_BROWSER, visit
from tests.browser import KINDS, require_browser

needs_a_browser = pytest.mark.usefixtures("a_browser")


@pytest.fixture(
    params=[kind for kind, names in KINDS.items() if any(map(shutil.which, names))] or [None]
)
def a_browser(request, monkeypatch):
    """Each kind that is installed: their flags are not the same."""
    names = KINDS.get(request.param, ())
    require_browser(names)
    monkeypatch.setattr(browser, "find_browser", partial(browser.find_browser, names))


class Quiet(WSGIRequestHandler):
    def log(self, *_) -> None:
        pass


@contextmanager
def serving(app: Flask, host: str = "127.0.0.1", port: int = 0):
    """The app on this address; yields the port."""
    server = make_server(host, port, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()


def page_with(body: str) -> Flask:
    app = Flask("page")
    app.add_url_rule("/", "page", lambda: f"<!doctype html><title>x</title><body>{body}")
    app.add_url_rule("/favicon.ico", "icon", lambda: "")
    return app


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost@evil.example/", "http://localhost:80@evil.example/", "http://localhost.evil.com/",
        "http://127.0.0.1.nip.io/", "http://127.0.0.1@evil.example", "http://localhost\\@evil.example/",
        "http://evil.example/http://localhost/", "http://evil.example/?http://localhost", "http://localhost:http@evil.example",
        "https://evil.example", "//localhost/", "localhost:5000", "file:///etc/passwd", "file://localhost/etc/passwd",
        "javascript:alert(1)", "data:text/html,x", "view-source:http://localhost/", "chrome://settings", "about:blank",
        "http://localhost:5000000/", "http://localhost:\u0665/", "http://\uff4cocalhost/", "http://[::1]/", "http://10.0.0.1/",
        "http://0.0.0.0/", "http://2130706433/", "http://127.0.0.2/", "http://a.localhost/", "http://localhost./",
        "http://localhost/\nhttp://evil.example", "http://localhost/\0", " http://localhost/", "--dump-dom", "", None, 7,
        b"http://localhost/", ["http://localhost/"],
    ],
    ids=repr,
)  # fmt: skip
def test_address_elsewhere_is_refused_before_anything_starts(url, monkeypatch):
    monkeypatch.setattr(browser, "find_browser", lambda: pytest.fail("it looked for a browser"))
    with pytest.raises(ValueError, match="visit\\(\\) opens addresses of this machine only"):
        visit(url)


def test_without_a_browser_it_says_one_line_and_returns_none(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "USUAL_PLACES", ())
    assert visit("http://localhost:9/") is None
    assert capsys.readouterr() == (f"{NO_BROWSER}\n", "")
    assert NO_BROWSER.count("\n") == 0


@needs_a_browser
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_scripts_run_and_what_they_ask_for_is_waited_for(host):
    app = page_with(
        "<p id=said>nothing</p><img src=/picture><script>"
        "fetch('/slow').then(a => a.text()).then(a => fetch('/' + a)).then(a => a.text())"
        ".then(a => { document.getElementById('said').textContent = a; });</script>"
    )
    asked = []

    @app.get("/slow")
    def slow():
        time.sleep(1)
        return "next"

    @app.get("/next")
    def next_one():
        return "done"

    @app.get("/picture")
    def picture():
        time.sleep(1)
        asked.append(request.path)
        return "", 404

    with serving(app) as port:
        html = visit(f"http://{host}:{port}/")
    assert '<p id="said">done</p>' in html and asked == ["/picture"]


@needs_a_browser
def test_every_visit_has_an_empty_profile():
    app = Flask("counter")

    @app.get("/")
    def count():
        visits = int(request.cookies.get("visits", 0)) + 1
        return f"visit {visits}", 200, {"Set-Cookie": f"visits={visits}; Max-Age=1000"}

    with serving(app) as port:
        assert "visit 1" in visit(f"http://localhost:{port}/")
        assert "visit 1" in visit(f"http://localhost:{port}/")


def own_addresses() -> list[str]:
    """Addresses of this machine other than 127.0.0.1, as they stand in a URL. The browser must take them for elsewhere."""
    found = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    return [*found, "[::1]", *(["127.0.0.2"] if sys.platform == "linux" else [])]


def ask_everywhere(port: int, udp_port: int) -> str:
    """A page that asks for the same at every address of this machine that is not ours, in every way that scripts have."""
    hosts = [
        *own_addresses(),
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "a.localhost",
        "localhost.",
        socket.gethostname(),
    ]
    return "".join(
        f"<img src='http://{host}:{port}/image'><link rel=stylesheet href='http://{host}:{port}/style'>"
        f"<iframe src='http://{host}:{port}/frame'></iframe><script>fetch('http://{host}:{port}/fetch').catch(() => 0);"
        f"navigator.sendBeacon('http://{host}:{port}/beacon', 'x'); new WebSocket('ws://{host}:{port}/socket');</script>"
        for host in hosts
    ) + "<script>" + "".join(
        f"new RTCPeerConnection({{iceServers: [{{urls: 'stun:{host}:{udp_port}'}}]}})"
        ".createOffer({offerToReceiveAudio: true}).then(function (offer) { this.setLocalDescription(offer) });"
        f"peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:{host}:{udp_port}'}}]}}); peer.createDataChannel('x');"
        "peer.setLocalDescription();"
        for host in hosts
    ) + "</script><img src='/slow'>"  # fmt: skip


def asking_everywhere(port: int, udp_port: int) -> Flask:
    """The page, with a picture that takes a second: a visit waits for what is asked for, and not for WebRTC."""
    app = page_with(ask_everywhere(port, udp_port))

    @app.get("/slow")
    def slow():
        time.sleep(1)
        return "", 404

    return app


@contextmanager
def listening_everywhere():
    """Yields a port on every address of this machine, by TCP and UDP, and the list of those to which something came."""
    reached: list[str] = []
    app = Flask("elsewhere")

    @app.before_request
    def note():
        reached.append(request.host.rpartition(":")[0])
        return "", 200, {"Access-Control-Allow-Origin": "*"}

    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", 0))

    def receive() -> None:
        with suppress(OSError):
            while True:
                udp.recvfrom(2_000)
                reached.append("by UDP")

    threading.Thread(target=receive, daemon=True).start()
    with serving(app, "0.0.0.0") as port, serving(app, "::1", port):
        yield port, udp.getsockname()[1], reached
    udp.close()


def has_a_way_out() -> bool:
    """Whether any network is there besides this machine itself: without one, WebRTC sends nothing. Nor does this."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return False
    return True


@needs_a_browser
def test_nothing_else_is_reached_by_name_or_by_address(monkeypatch):
    with listening_everywhere() as (port, udp_port, reached):
        with serving(asking_everywhere(port, udp_port)) as page_port:
            assert visit(f"http://localhost:{page_port}/")
            assert reached == []
            # What is asserted is the flags' doing: without them, everything is reached.
            guards = ("--host-resolver-rules", "--proxy", "--webrtc", "--force-webrtc")
            monkeypatch.setattr(
                browser, "FLAGS", [flag for flag in browser.FLAGS if not flag.startswith(guards)]
            )
            for _ in range(5):
                # On a busy machine, the browser may leave before WebRTC has begun.
                assert visit(f"http://localhost:{page_port}/")
                if "by UDP" in reached:
                    break
    assert set(own_addresses()) | {"a.localhost"} <= set(reached)
    assert "by UDP" in reached or not has_a_way_out()


@needs_a_browser
def test_two_guards_stand_before_every_other_address_and_each_is_enough(monkeypatch):
    flags = browser.FLAGS
    for guard in ("--host-resolver-rules", "--proxy"):
        monkeypatch.setattr(
            browser, "FLAGS", [flag for flag in flags if not flag.startswith(guard)]
        )
        with listening_everywhere() as (port, udp_port, reached):
            with serving(asking_everywhere(port, udp_port)) as page_port:
                assert visit(f"http://127.0.0.1:{page_port}/")
        assert reached == [], guard


@needs_a_browser
def test_a_page_cannot_lead_elsewhere():
    """A script that leads elsewhere leads to the browser's page of errors, and a redirect to ours."""
    with listening_everywhere() as (port, _, reached):
        elsewhere = f"http://{own_addresses()[0]}:{port}/"
        app = page_with(f"<script>location = '{elsewhere}'</script>")
        app.add_url_rule("/redirect", "redirect", lambda: ("", 302, {"Location": elsewhere}))
        with serving(app) as page_port:
            assert visit(f"http://localhost:{page_port}/")
            with pytest.raises(RuntimeError, match=r"redirect did not load: net::ERR_.* elsewhere"):
                visit(f"http://localhost:{page_port}/redirect")
    assert reached == []


@needs_a_browser
def test_page_that_nobody_serves_is_reported():
    with serving(page_with("")) as port:
        url = f"http://localhost:{port}/"
    said = f"{url} did not load: net::ERR_CONNECTION_REFUSED. Is it served there?"
    with pytest.raises(RuntimeError, match=re.escape(said)):
        visit(url)


@needs_a_browser
def test_localhost_is_ours_also_where_another_service_has_the_port_on_ipv6():
    with serving(page_with("ours")) as port, serving(page_with("not ours"), "::1", port):
        assert "<body>ours" in visit(f"http://localhost:{port}/")


@pytest.fixture
def own_folder(monkeypatch, tmp_path) -> Path:
    """Where profiles go. At the end, nothing is there, and no process knows of it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []
    assert browsers_of(tmp_path) == []


def browsers_of(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and str(folder) in " ".join(
                process.cmdline()
            ):
                found.append(process)
    return found


@needs_a_browser
def test_no_profile_and_no_process_is_left(own_folder):
    seen = []
    app = page_with("<p>hello")
    app.before_request(lambda: seen.append((len(browsers_of(own_folder)), os.listdir(own_folder))))
    with serving(app) as port:
        assert "<p>hello" in visit(f"http://localhost:{port}/")
    # While it was there, it was seen.
    assert seen[0][0] >= 1 and len(seen[0][1]) == 1


@needs_a_browser
def test_page_that_never_comes_is_reported_and_the_browser_is_ended(own_folder, monkeypatch):
    monkeypatch.setattr(browser, "PATIENCE", 5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://localhost:{listener.getsockname()[1]}/"
        with pytest.raises(RuntimeError, match="still busy after 5 seconds, and was ended") as said:
            visit(url)
    assert url in str(said.value) and "Does the page come to an end?" in str(said.value)


@needs_a_browser
@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_browser_that_crashes_is_reported(own_folder):
    app = page_with("never")

    @app.before_request
    def crash():
        for process in browsers_of(own_folder):
            if not any(word.startswith("--type=") for word in process.cmdline()):
                process.send_signal(signal.SIGKILL)

    with serving(app) as port:
        with pytest.raises(RuntimeError, match="ended by signal 9, without a page"):
            visit(f"http://localhost:{port}/")


@needs_a_browser
def test_interrupted_visit_leaves_nothing(own_folder):
    """As by *Interrupt the kernel*."""
    app, asked = page_with("never"), []

    @app.before_request
    def interrupt():
        asked.append(request.path)
        if len(asked) == 1:
            signal.raise_signal(signal.SIGINT)
        time.sleep(2)

    with serving(app) as port, pytest.raises(KeyboardInterrupt):
        visit(f"http://localhost:{port}/")


@pytest.mark.skipif(os.name == "nt", reason="Windows tells programs by their names")
@pytest.mark.parametrize(
    ("program", "said"),
    [
        # What Ubuntu has in place of a browser, where there is no snap.
        ("#!/bin/sh\necho 'Please install it: snap install chromium' >&2; exit 10", "ended with code 10, without a page. "
         "Its last words: Please install it: snap install chromium"),
        ("#!/bin/sh\nprintf '\\033]0;owned\\007' >&2; kill -SEGV $$", r"ended by signal 11, without a page. Its last words: \x1b]0;owned\x07"),
        ("#!/bin/sh\nexit 0", "ended with code 0, without a page. Does it start by hand?"),
        ("\0", "does not start: Exec format error"),
    ],
    ids=["stub", "crash", "nothing", "no program"],
)  # fmt: skip
def test_what_is_no_browser_says_so(program, said, own_folder, tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("bin")
    path = folder / browser.NAMES[0]
    path.write_text(program, encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RuntimeError) as refusal:
        visit("http://localhost:9/")
    assert said in str(refusal.value) and str(path) in str(refusal.value)


AS_SOMEBODY = """
import os, sys
from course.browser import visit
user = int(sys.argv[1])
if user != os.geteuid():
    os.setgroups([]); os.setgid(user); os.setuid(user)
print(visit(sys.argv[2]))
"""


@needs_a_browser
@pytest.mark.skipif(os.name == "nt", reason="Windows has no root")
def test_works_as_root_and_as_anybody_else():
    me, nobody = os.geteuid(), 65534
    folder = Path(tempfile.mkdtemp(prefix="visitor"))
    folder.chmod(0o777)
    environment = os.environ | {"HOME": str(folder), "TMPDIR": str(folder)}
    with serving(page_with("<p>hello")) as port:
        # Only root can become somebody else.
        for user in (me, nobody) if me == 0 else (me,):
            done = subprocess.run(
                [sys.executable, "-c", AS_SOMEBODY, str(user), f"http://localhost:{port}/"],
                capture_output=True, text=True, timeout=120, env=environment,
            )  # fmt: skip
            assert "<p>hello" in done.stdout, (user, done.stderr)
    assert not any(path.name.startswith("visit-") for path in folder.iterdir())
    shutil.rmtree(folder, ignore_errors=True)
