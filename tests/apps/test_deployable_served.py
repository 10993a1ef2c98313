"""``deployable`` as it runs in production: gunicorn, several processes, a proxy with TLS in front, and bad days.

serving.py says what is real: everything but Docker. The figures of the load are printed (pytest -rP) and never asserted.
"""

import contextlib
import importlib.metadata
import json
import logging
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests
import yaml
from jose import jwt
from packaging.requirements import Requirement

from course.contract import as_table, hold
from course.paths import ROOT
from tests.apps.running import ADA, APPS, PASSWORD, in_a_process_of
from tests.apps.serving import (
    FOLDER,
    NAME,
    PATIENCE,
    Certificate,
    Served,
    a_free_port,
    behind,
    by_gunicorn,
    kill,
    posix_only,
    rows,
    settings_for,
    unpack_image,
)

PROXIES = ["nginx", "caddy"]
WRONG = ADA | {"password": "let me in"}


# --- What the image is made from ---


def linted(*command: str, text: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        input=text, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(os.name == "nt", reason="hadolint has no package for Windows")
def test_dockerfile_passes_hadolint():
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    hadolint = "hadolint", "--no-color", "--failure-threshold", "style", "-"
    assert linted(*hadolint, text=text) == (0, "")
    # It would find a base that may be another one tomorrow, and a shell that keeps the signals.
    for old, new, rule in (
        ("python:3.13-slim-bookworm", "python:latest", "DL3007"),
        ('CMD ["gunicorn", "--config",', "CMD gunicorn --config", "DL3025"),
    ):
        assert text.count(old) == 1
        code, said = linted(*hadolint, text=text.replace(old, new))
        assert code == 1 and rule in said


def test_compose_file_fits_the_schema(tmp_path):
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    assert text.count("    read_only: true\n") == 1
    right, misspelt = tmp_path / "compose.yaml", tmp_path / "misspelt.yaml"
    right.write_text(text, encoding="utf-8")
    misspelt.write_text(text.replace("read_only:", "readonly:"), encoding="utf-8")
    check = (
        "check-jsonschema",
        "-v",
        "--output-format",
        "json",
        "--builtin-schema",
        "vendor.compose-spec",
    )
    code, said = linted(*check, str(right), str(misspelt), text="")
    found = json.loads(said)
    assert found["successes"] == [str(right)] and code == 1
    assert {error["filename"] for error in found["errors"]} == {str(misspelt)}
    assert "readonly" in said


def test_compose_file_has_what_it_names_and_opens_nothing_but_the_proxy():
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    for name, service in services.items():
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        assert set(service.get("depends_on", ())) <= set(services), name
        tag = service["image"].partition(":")[2]
        assert re.match(r"\d", tag) or "build" in service, f"{name} is not pinned"
        # Secrets are files: no variable has one, and every *_FILE is a secret that the service gets.
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert Path(value).name in service["secrets"]
            else:
                assert not re.search("PASSWORD|SECRET|KEY", variable), variable
    assert {name for name, service in services.items() if "ports" in service} == {"caddy"}
    assert {name for name, s in services.items() if "outside" in s["networks"]} == {"caddy"}
    assert compose["networks"]["inside"]["internal"] is True
    # What the app reads, and nothing that it does not know.
    known = set(re.findall(r"[A-Z][A-Z_]{3,}", APPS[NAME].docstring)) | {"WEB_CONCURRENCY"}
    assert set(services["app"]["environment"]) <= known
    # It waits longer than gunicorn for what was begun.
    graceful = re.search(
        r"graceful_timeout = (\d+)", (FOLDER / "gunicorn.conf.py").read_text("utf-8")
    )
    assert int(services["app"]["stop_grace_period"].rstrip("s")) > int(graceful[1])


def test_requirements_of_the_image_are_those_of_the_app_and_fit_what_is_tested():
    lines = (FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    named = {Requirement(each).name for each in APPS[NAME].requirements}
    assert {each.name for each in wanted} == named | {"gunicorn", "psycopg"}
    for each in wanted:
        assert each.specifier.contains(importlib.metadata.version(each.name)), each
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ours = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    # A group may include another one, which is a table.
    named = [Requirement(each) for each in ours if isinstance(each, str)]
    ranges = {each.name: each for each in named}
    for each in wanted:
        if each.name in ranges:
            assert str(each) == str(ranges[each.name])


SECRETS = [
    ".env",
    "secrets/jwt_keys",
    "deployable.db",
    "key.pem",
    "id_rsa",
    "notes.txt",
    ".git/config",
]


def test_no_secret_gets_into_the_image(tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    for path in FOLDER.iterdir():
        if path.is_file():
            (context / path.name).write_bytes(path.read_bytes())
    for name in SECRETS:
        (context / name).parent.mkdir(exist_ok=True)
        (context / name).write_text("secret", encoding="utf-8")
    image = unpack_image(tmp_path / "image", context)
    there = {path.relative_to(image.workdir).as_posix() for path in image.workdir.rglob("*")}
    code = {f"{NAME}/{path.name}" for path in FOLDER.glob("*.py")}
    assert there == code | {NAME, f"{NAME}/requirements.txt"}
    assert image.user.isdigit() and image.user != "0"
    assert not re.search("SECRET|PASSWORD|KEY", " ".join(image.variables))


# --- A proxy in front, with TLS ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Two workers that believe one proxy, on SQLite, with Ada as admin."""
    folder = tmp_path_factory.mktemp("service")
    environment = settings_for(folder, TRUSTED_PROXIES="1", LOGINS_PER_ADDRESS="40")
    with by_gunicorn(environment, folder, 2) as served:
        served.folder = folder
        served.register(ADA)
        assert in_a_process_of(NAME, environment, make_ada_an_admin) == 0
        yield served
    assert "Traceback" not in served.said
    # Every line of it is JSON, gunicorn's own lines as well.
    loggers = {line["logger"] for line in served.lines()}
    assert {"gunicorn.error", f"{NAME}.requests"} <= loggers


def make_ada_an_admin(module) -> int:
    command = ["set-role", "ada", "admin"]
    return module.create_app().test_cli_runner().invoke(args=command).exit_code


@posix_only
@pytest.mark.parametrize("name", PROXIES)
def test_the_contract_is_kept_through_a_proxy(name, service, certificate, tmp_path, monkeypatch):
    with behind(name, service, certificate, tmp_path) as proxied:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.authority))
        rows = hold(proxied.url, "roles", "ada", PASSWORD)
        broken = [row for row in rows if not row.kept]
        assert rows and not broken, as_table(broken)


@posix_only
@pytest.mark.parametrize("name", PROXIES)
def test_what_a_client_says_of_its_address_is_not_believed(name, service, certificate, tmp_path):
    made_up = [
        {"X-Forwarded-For": "192.0.2.1"},
        {"X-Forwarded-For": "192.0.2.1, 192.0.2.2"},
        {"X-Forwarded-For": ""},
        {"X_Forwarded_For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
        {"X-Real-IP": "192.0.2.1"},
        {"X-Forwarded-For": "192.0.2.1", "x_forwarded_for": "192.0.2.2"},
    ]
    with behind(name, service, certificate, tmp_path) as proxied:
        for headers in made_up:
            path = f"/from/{secrets.token_hex(4)}"
            assert proxied.ask("GET", path, headers=headers).status_code == 404
            (line,) = [line for line in service.lines() if line["message"] == f"GET {path}"]
            assert line["address"] in ("127.0.0.1", "::1"), headers
        # And so the limit by address holds, whatever is sent.
        answers = [
            proxied.post(
                "/login",
                json={"username": f"user{number}", "password": PASSWORD},
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
            ).status_code
            for number in range(100)
        ]
        # At most 40 in each of two minutes, if one has ended in between; less, if others have failed before.
        assert set(answers) <= {401, 429} and answers.count(401) <= 80 and 429 in answers
        # Without the proxy, whoever can reach the service believes himself.
        direct = service.ask("GET", "/from/direct", headers={"X-Forwarded-For": "192.0.2.1"})
        assert direct.status_code == 404
        (line,) = [line for line in service.lines() if line["message"] == "GET /from/direct"][-1:]
        assert line["address"] == "192.0.2.1"


@posix_only
@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_keeps_what_is_for_those_inside_and_speaks_tls_only(
    name, service, certificate, tmp_path
):
    with behind(name, service, certificate, tmp_path) as proxied:
        answer = proxied.me("abc")
        assert answer == 401
        plain = proxied.url.replace("https:", "http:")
        # Over the same port in clear: refused, and not redirected.
        assert (
            requests.get(f"{plain}/me", timeout=PATIENCE, allow_redirects=False).status_code == 400
        )
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{proxied.url}/me", timeout=PATIENCE)
        for path in ("/metrics", "/healthz", "/readyz", "//metrics", "/./metrics", "/%6detrics"):
            answer = proxied.ask("GET", path)
            assert (answer.status_code, list(answer.json())) == (404, ["message"]), path
        answer = proxied.ask("GET", "/me")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        # The largest body that the service takes, a little more, and so much that the proxy itself has enough.
        for size, status in ((10_000, 422), (10_001, 413), (60_000, 413), (1_000_000, 413)):
            body = json.dumps({"username": "eve"}).ljust(size)
            refused = proxied.post(
                "/register", data=body, headers={"Content-Type": "application/json"}
            )
            assert (refused.status_code, list(refused.json())) == (status, ["message"]), size
        log = "".join(
            path.read_text(encoding="utf-8")
            for path in tmp_path.rglob("*")
            if path.suffix in (".log", ".txt")
        )
        assert log or name == "caddy"


@posix_only
@pytest.mark.parametrize("name", PROXIES)
def test_without_the_service_a_proxy_answers_in_its_shape(name, certificate, tmp_path):
    nobody = Served("http://127.0.0.1:9", None, tmp_path / "log", {})
    with behind(name, nobody, certificate, tmp_path) as proxied:
        answer = proxied.post("/login", json=ADA)
        assert (answer.status_code, list(answer.json())) == (503, ["message"])
        assert answer.headers["Retry-After"] == "1"


# --- The log ---


def add_views_that_fail(module) -> None:
    """An app whose author has made every mistake: tokens and passwords in exceptions, warnings and lines of the log."""
    made = module.create_app

    def create_app():
        from flask import request

        app = made()

        @app.post("/fail")
        def fail():
            token = request.headers["Authorization"].split()[1]
            app.logger.error("of %s", token)
            app.logger.getChild("below").warning("token: %(token)s", {"token": token})
            logging.getLogger("some.library").error(f"\n{token}\n%20{token}")
            warnings.warn(f"careful with {token}", stacklevel=1)
            try:
                raise ValueError(f"first\n{token}")
            except ValueError as error:
                raise RuntimeError(f"{request.url} {token}") from error

        return app

    module.create_app = create_app


@posix_only
def test_no_token_and_no_password_is_in_the_log(tmp_path):
    password = f"pass-{secrets.token_hex(8)} word"
    user = {"username": "ada", "password": password}
    with by_gunicorn(settings_for(tmp_path), tmp_path, 1, add_views_that_fail) as served:
        answers = [served.post("/register", json=user)]
        tokens = served.log_in(user)
        access, refresh = tokens["access_token"], tokens["refresh_token"]
        new = served.post("/refresh", refresh).json()
        answers += [
            served.post("/login", json=user | {"password": password + "x"}),
            served.post("/login", data=f'{{"username": "ada", "password": "{password}', headers={"Content-Type": "application/json"}),
            served.post("/login", json={"username": password, "password": [password]}),
            served.post("/login", json=password),
            served.ask("GET", f"/me?access_token={access}&password={password}"),
            served.ask("GET", f"/{access}"),
            served.ask("GET", f"/x%20{access}/%0a{access}"),
            served.ask("GET", "/me", access + "x"),
            served.ask("GET", "/me", headers={"Cookie": f"a={access}", "Referer": f"http://x/?t={access}", "User-Agent": access}),
            served.ask("GET", "/me", headers={"Authorization": f"Basic {password}"}),
            served.ask("GET", "/me", headers={"X-Request-ID": access}),
            served.post("/fail", new["access_token"], json=user, params={"password": password}),
            served.post("/refresh", refresh),
        ]  # fmt: skip
        failed = next(answer for answer in answers if answer.status_code == 500)
        assert list(failed.json()) == ["message"]
    said = served.said
    for token in (access, refresh, *new.values()):
        for part in token.split(".")[1:]:
            assert part not in said
        assert token.split(".")[0] + "." not in said
    assert (
        password not in said
        and password.split()[0] not in said
        and served.environment["JWT_SECRET_KEY"] not in said
    )
    # And yet it says what has happened: each request has its line, and each answer says which one.
    lines = served.lines()
    by_id = {line["request_id"]: line for line in lines if line["logger"] == f"{NAME}.requests"}
    for answer in answers:
        assert by_id[answer.headers["X-Request-ID"]]["status"] == answer.status_code
    (fault,) = [line for line in lines if "traceback" in line]
    assert fault["request_id"] == failed.headers["X-Request-ID"] and fault["level"] == "error"
    assert "ValueError: first\n[token]" in fault["traceback"]
    assert "in fail" in fault["traceback"] and "/fail?[query] [token]" in fault["traceback"]
    loggers = {line["logger"] for line in lines if "[token]" in line["message"]}
    assert {NAME, f"{NAME}.below", "some.library", "py.warnings", f"{NAME}.requests"} <= loggers


# --- One process on SQLite, by the letter of the Dockerfile ---


@posix_only
def test_the_command_and_the_health_check_of_the_image_work(tmp_path):
    """In processes of their own, as Docker starts them; only the port is another one."""
    image, port = unpack_image(tmp_path / "image"), a_free_port()
    assert image.variables["BIND"] == "0.0.0.0:8000" and image.port == "8000"
    environment = image.variables | settings_for(tmp_path) | {"BIND": f"127.0.0.1:{port}"}
    assert image.healthcheck[-1].count("127.0.0.1:8000/") == 1
    image.healthcheck[-1] = image.healthcheck[-1].replace(":8000/", f":{port}/")
    tools = Path(sys.executable).parent

    def command(words: list[str]) -> list[str]:
        return [str(tools / words[0]), *words[1:]]

    def healthy() -> bool:
        done = subprocess.run(command(image.healthcheck), capture_output=True, timeout=PATIENCE)
        return done.returncode == 0

    assert not healthy()
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command(image.command), cwd=image.workdir, env=environment, stdout=log, stderr=log
        )
        try:
            for _ in range(PATIENCE * 5):
                if healthy():
                    break
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.2)
            assert healthy()
            # Process 1 of a container gets SIGTERM, and ends as one does that has finished.
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
    assert "Shutting down" in (tmp_path / "log").read_text()


# --- Load, reload, and kill -9 ---


class Person:
    """Somebody who writes down what the service has acknowledged, and so must stand by."""

    def __init__(self, served: Served, http):
        self.served, self.http = served, http
        self.statuses: Counter = Counter()
        self.registered: list[str] = []  # names
        self.kept: list[dict] = []  # tokens: of each session the newest pair
        self.ended: list[dict] = []  # tokens of sessions that were logged out

    def send(self, status: int, method: str, path: str, token: str | None = None, **options):
        """The answer if it has this status. Another one, or none, acknowledges nothing."""
        try:
            answer = self.served.ask(method, path, token, self.http, **options)
        except requests.ConnectionError:
            self.statuses["no answer"] += 1
            return None
        self.statuses[answer.status_code] += 1
        return answer if answer.status_code == status else None

    def live(self) -> None:
        """Register, log in, look, refresh, and every other time log out. Whatever is not answered ends it."""
        user = {"username": f"user-{secrets.token_hex(6)}", "password": PASSWORD}
        if self.send(201, "POST", "/register", json=user) is None:
            return
        self.registered.append(user["username"])
        tokens = self.send(200, "POST", "/login", json=user)
        if tokens is None or not self.send(200, "GET", "/me", tokens.json()["access_token"]):
            return
        tokens = self.send(200, "POST", "/refresh", tokens.json()["refresh_token"])
        if tokens is None:
            return
        if len(self.kept) <= len(self.ended):
            self.kept.append(tokens.json())
        elif self.send(204, "POST", "/logout", tokens.json()["access_token"]) is not None:
            self.ended.append(tokens.json())
            self.send(401, "GET", "/me", tokens.json()["access_token"])

    def assert_nothing_is_lost(self, served: Served) -> None:
        """Everything that was acknowledged is in the database, and a service goes by it."""
        database_url = served.environment["DATABASE_URL"]
        names = {name for (name,) in rows(database_url, "select username from users")}
        current = dict(rows(database_url, "select id, refresh_jti from sessions"))
        assert self.registered and set(self.registered) <= names
        for tokens in self.kept:
            claims = jwt.get_unverified_claims(tokens["refresh_token"])
            assert current.get(claims["sid"]) == claims["jti"]
        for tokens in self.ended:
            assert jwt.get_unverified_claims(tokens["access_token"])["sid"] not in current
        assert self.kept and self.ended
        assert served.me(self.ended[-1]["access_token"]) == 401
        assert served.post("/refresh", self.ended[-1]["refresh_token"]).status_code == 401
        assert served.post("/refresh", self.kept[-1]["refresh_token"]).status_code == 200
        served.log_in({"username": self.registered[-1], "password": PASSWORD})


@contextlib.contextmanager
def crowd(served: Served, people: int) -> Iterator[tuple[list[Person], Callable]]:
    """People who live, each in a thread, until the function is called that comes with them, or the block ends.

    Every other one keeps a connection open: to one worker, as long as there is that worker.
    """
    done = threading.Event()
    persons = [Person(served, requests.Session() if n % 2 else requests) for n in range(people)]

    def go_on(person: Person) -> None:
        while not done.wait(0.05):  # a breath, so that a new worker gets to start
            person.live()

    with ThreadPoolExecutor(people) as pool:
        futures = [pool.submit(go_on, person) for person in persons]

        def stop() -> None:
            done.set()
            for future in futures:
                future.result()

        try:
            yield persons, stop
        finally:
            done.set()
            for person in persons[1::2]:
                person.http.close()


def wait_for(condition, what: str) -> None:
    for _ in range(PATIENCE * 20):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"Not within {PATIENCE} seconds: {what}")


@pytest.fixture
def four_workers(tmp_path, empty_database):
    with by_gunicorn(settings_for(tmp_path, empty_database), tmp_path, 4) as served:
        yield served
    assert "Traceback" not in served.said


@posix_only
def test_load_and_a_reload_with_four_workers_on_postgresql(four_workers, record_property):
    served = four_workers
    with crowd(served, 4) as (persons, stop):
        used = served.cpu_seconds()
        wait_for(lambda: total(persons) >= 200, "200 requests")
        figure = total(persons) / (served.cpu_seconds() - used)
        record_property("requests per CPU second", round(figure))
        print(f"{figure:.0f} requests per CPU second:", dict(statuses_of(persons)))
        # Other workers, while everybody goes on.
        before = pids(served)
        os.kill(served.process.pid, signal.SIGHUP)
        wait_for(
            lambda: len(pids(served) - before) == 4 and not pids(served) & before, "new workers"
        )
        count = total(persons)
        wait_for(lambda: total(persons) > count + 40, "40 requests more")
        stop()
    statuses = statuses_of(persons)
    print("after a reload:", dict(statuses))
    # 401: of a token that was logged out, as it must be. Nothing else is refused, and everything is answered.
    assert set(statuses) == {200, 201, 204, 401}
    assert statuses[401] == statuses[204] >= 4
    # Whichever worker is asked: nobody is in after a logout.
    ended = [person.ended[0]["access_token"] for person in persons]
    assert {served.me(token) for token in ended * 10} == {401}
    for person in persons:
        person.assert_nothing_is_lost(served)
    by_worker = Counter(
        line["process"] for line in served.lines() if line["logger"] == f"{NAME}.requests"
    )
    assert len(by_worker) == 8
    used, count = served.cpu_seconds(), 100
    token = persons[1].kept[0]["access_token"]
    assert {served.me(token) for _ in range(count)} == {200}
    print(f"{count / (served.cpu_seconds() - used):.0f} /me per CPU second, on new connections")


@posix_only
def test_kill_9_loses_nothing_that_was_acknowledged_on_postgresql(four_workers, tmp_path):
    served = four_workers
    with crowd(served, 4) as (persons, stop):
        for _ in range(2):
            count = total(persons)
            wait_for(lambda count=count: total(persons) > count + 30, "30 requests more")
            victim = served.workers()[0].pid
            kill(victim)
            wait_for(
                lambda victim=victim: victim not in pids(served) and len(pids(served)) == 4,
                "another worker",
            )
        count = total(persons)
        wait_for(lambda: total(persons) > count + 30, "30 requests more")
        # The master. Its workers see that, and end; nobody else would stop them.
        workers = served.workers()
        kill(served.process.pid)
        wait_for(lambda: all(map(has_ended, workers)), "the end of the workers")
        stop()
    print("after kill -9:", dict(statuses_of(persons)))
    failed = [status for status in statuses_of(persons) if str(status) > "499"]
    assert failed == ["no answer"], served.said
    with by_gunicorn(served.environment, tmp_path, 1) as again:
        for person in persons:
            person.assert_nothing_is_lost(again)
        assert "Traceback" not in again.said


def total(persons: list[Person]) -> int:
    return sum(sum(person.statuses.values()) for person in persons)


def statuses_of(persons: list[Person]) -> Counter:
    return sum((person.statuses for person in persons), Counter())


def has_ended(process: psutil.Process) -> bool:
    """Also where nobody takes notice of it: a container may have no process 1 that does."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def pids(served: Served) -> set[int]:
    return {worker.pid for worker in served.workers() if not has_ended(worker)}
