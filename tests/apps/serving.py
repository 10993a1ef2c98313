"""Runs the app ``deployable`` with settings of its own: by Flask's server, or as in production.

In production means: what the Dockerfile puts into its image, the command that it starts, gunicorn with the app's own
settings, and nginx or Caddy in front with the app's own file for it. All of them are real ones. Only Docker is not here:
``unpack_image`` does what the Dockerfile says.
"""

import contextlib
import fnmatch
import importlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import requests
import sqlalchemy
import trustme

from tests.apps.running import APPS, _processes, _serve, environment_for, hash_cheaply

NAME = "deployable"
FOLDER = APPS[NAME].path
PATIENCE = 60  # seconds that a start or an end may take on a busy machine
posix_only = pytest.mark.skipif(os.name == "nt", reason="gunicorn runs on POSIX systems only")


def settings_for(folder: Path, database_url: str | None = None, **variables: str) -> dict:
    """The environment of an app that has these variables, a key if they give it none, and a database."""
    environment = environment_for(folder, None, database_url)
    if not {"JWT_SECRET_KEY", "JWT_SECRET_KEY_FILE"} & set(variables):
        environment["JWT_SECRET_KEY"] = secrets.token_hex(32)
    return environment | variables


def rows(database_url: str, query: str, **values) -> list:
    """What the database answers; a change is committed."""
    engine = sqlalchemy.create_engine(database_url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        result = connection.execute(sqlalchemy.text(query), values)
        return list(result) if result.returns_rows else []


@dataclass
class Served:
    """A running app: its address, and what it prints."""

    url: str
    process: object = field(repr=False)
    log: Path = field(repr=False)
    environment: dict = field(repr=False)
    verify: str | bool = True

    def ask(
        self, method: str, path: str, token: str | None = None, http=requests, **options
    ) -> requests.Response:
        """One request, on a connection of its own; or on one that a session keeps open (``http``)."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        return http.request(
            method,
            self.url + path,
            headers=headers,
            timeout=PATIENCE,
            verify=self.verify,
            **options,
        )

    def post(self, path: str, token: str | None = None, **options) -> requests.Response:
        return self.ask("POST", path, token, **options)

    def me(self, token: str) -> int:
        return self.ask("GET", "/me", token).status_code

    def log_in(self, user: dict) -> dict:
        answer = self.post("/login", json=user)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def register(self, user: dict) -> None:
        answer = self.post("/register", json=user)
        assert answer.status_code == 201, answer.text

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def lines(self) -> list[dict]:
        """What it has logged, when every line is JSON."""
        return [json.loads(line) for line in self.said.splitlines()]

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def cpu_seconds(self) -> float:
        """That its processes have used until now."""
        master = psutil.Process(self.process.pid)
        return sum(sum(each.cpu_times()[:2]) for each in [master, *master.children()])


@contextlib.contextmanager
def by_flask(environment: dict, folder: Path) -> Iterator[Served]:
    """One process with Flask's server, in this environment."""
    log = folder / f"{NAME}-{secrets.token_hex(4)}.log"
    here, there = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_serve, args=(NAME, environment, log, there), daemon=True)
    process.start()
    there.close()
    try:
        port = here.recv()
    except EOFError:
        raise AssertionError(log.read_text(encoding="utf-8")) from None
    finally:
        here.close()
    try:
        yield Served(f"http://127.0.0.1:{port}", process, log, environment)
    finally:
        process.terminate()
        process.join(timeout=PATIENCE)
        process.close()


# --- The image ---


@dataclass
class Image:
    """What a Dockerfile makes: a folder that is the root of its files, variables, and commands."""

    root: Path
    workdir: Path
    variables: dict[str, str]
    command: list[str]
    healthcheck: list[str]
    user: str
    port: str


def unpack_image(root: Path, context: Path = FOLDER) -> Image:
    """Do what the Dockerfile says, as far as files are concerned. An instruction that is not known here is an error."""
    image = Image(root, root, {}, [], [], "root", "")
    text = re.sub(r"\\\n", " ", (context / "Dockerfile").read_text(encoding="utf-8"))
    for line in text.splitlines():
        instruction, _, rest = line.partition(" ")
        match instruction:
            case "" | "#" | "FROM" | "RUN":
                pass
            case "WORKDIR":
                image.workdir = root / rest.lstrip("/")
                image.workdir.mkdir(parents=True)
            case "COPY":
                source, target = rest.split()
                _copy(context, source, image.workdir / target)
            case "ENV":
                image.variables |= dict(each.split("=", 1) for each in shlex.split(rest))
            case "EXPOSE":
                image.port = rest
            case "USER":
                image.user = rest
            case "CMD":
                image.command = json.loads(rest)
            case "HEALTHCHECK":
                image.healthcheck = json.loads(rest.partition("CMD ")[2])
            case _:
                raise ValueError(f"unknown here: {line}")
    return image


def _copy(context: Path, source: str, target: Path) -> None:
    rules = (context / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    target.mkdir(exist_ok=True)
    for path in context.iterdir():
        ignored = False
        for rule in rules:
            if fnmatch.fnmatch(path.name, rule.removeprefix("!")):
                ignored = not rule.startswith("!")
        if not ignored and source in (".", path.name):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, target / path.name)


# --- gunicorn ---


@contextlib.contextmanager
def by_gunicorn(
    environment: dict, folder: Path, workers: int, prepare: Callable | None = None
) -> Iterator[Served]:
    """The command of the Dockerfile, in its folder, with so many workers, until the block ends.

    In a process that has the libraries already. ``prepare`` gets the app's module, before anything is started.
    """
    root = folder / f"image-{secrets.token_hex(4)}"
    image = unpack_image(root)
    log = folder / f"{root.name}.log"
    environment = image.variables | environment
    environment |= {"WEB_CONCURRENCY": str(workers), "BIND": "127.0.0.1:0"}
    process = _processes.Process(
        target=_run_gunicorn, args=(image, environment, log, prepare), daemon=True
    )
    process.start()
    try:
        yield Served(_address_in(log, process), process, log, environment)
    finally:
        process.terminate()
        process.join(timeout=PATIENCE)
        process.close()


def _run_gunicorn(image: Image, environment: dict, log: Path, prepare: Callable | None) -> None:
    with log.open("a", encoding="utf-8") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(image.workdir)
    sys.path.insert(0, str(image.workdir))
    module = hash_cheaply(importlib.import_module(NAME))
    if prepare:
        prepare(module)
    from gunicorn.app.wsgiapp import run

    assert image.command[0] == "gunicorn"
    sys.argv = image.command
    # What the command gunicorn calls.
    run()


def _address_in(log: Path, process) -> str:
    """Where it listens, when it has said so and a worker answers."""
    for _ in range(PATIENCE * 20):
        said = log.read_text(encoding="utf-8") if log.exists() else ""
        if found := re.search(r"Listening at: (http://[\d.:]+)", said):
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{found[1]}/readyz", timeout=PATIENCE).status_code == 200:
                    return found[1]
        assert process.is_alive(), said
        time.sleep(0.05)
    raise AssertionError(f"No worker answers.\n{said}")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


# --- Proxies ---


def require_proxy(name: str) -> str:
    """The path of nginx or caddy. Without it, the test is skipped loudly, or fails where CI promises one."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        reason = f"NO PROXY: install {name} (Debian: apt install nginx-light caddy) to run the tests with one in front"
        if os.environ.get("COURSE_REQUIRE_PROXIES"):
            pytest.fail(reason)
        print(reason, file=sys.__stderr__)
        pytest.skip(reason)
    return path


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Certificate:
    """Of an authority of our own, for localhost; each a path."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> "Certificate":
        made = cls(*(folder / name for name in ("authority.pem", "certificate.pem", "key.pem")))
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        authority.cert_pem.write_to_path(made.authority)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(made.certificate, append=True)
        issued.private_key_pem.write_to_path(made.key)
        return made


@contextlib.contextmanager
def behind(name: str, served: Served, certificate: Certificate, folder: Path) -> Iterator[Served]:
    """The app with this proxy in front, which speaks TLS, by the file that the app has for it."""
    path, port = require_proxy(name), a_free_port()
    folder = folder / f"{name}-{secrets.token_hex(4)}"
    folder.mkdir()
    upstream = served.url.removeprefix("http://")
    start = {"nginx": _nginx, "caddy": _caddy}[name]
    command, environment = start(path, folder, port, upstream, certificate)
    log = folder / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        )
        try:
            _wait_for(port, process, log)
            url = f"https://localhost:{port}"
            yield Served(url, served.process, served.log, environment, str(certificate.authority))
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def _nginx(path: str, folder: Path, port: int, upstream: str, certificate: Certificate):
    scratch = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )  # fmt: skip
    text = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "http {": f"http {{ {scratch}",
        "server app:8000;": f"server {upstream};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/run/secrets/certificate.pem": str(certificate.certificate),
        "/run/secrets/certificate_key.pem": str(certificate.key),
        "/dev/stdout": f"{folder}/access.log",
        "/dev/stderr": f"{folder}/error.log",
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = folder / "nginx.conf"
    file.write_text(text, encoding="utf-8")
    words = [path, "-p", str(folder), "-c", str(file), "-e", f"{folder}/error.log"]
    subprocess.run([*words, "-t", "-q", "-g", f"pid {folder}/pid;"], check=True, timeout=PATIENCE)
    return [*words, "-g", f"daemon off; pid {folder}/pid;"], dict(os.environ)


def _caddy(path: str, folder: Path, port: int, upstream: str, certificate: Certificate):
    environment = os.environ | {
        "SITE": f"https://localhost:{port}",
        "TLS": f"tls {certificate.certificate} {certificate.key}",
        "UPSTREAM": upstream,
        **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder)),
    }
    words = ["--config", str(FOLDER / "Caddyfile"), "--adapter", "caddyfile"]
    subprocess.run(
        [path, "validate", *words], env=environment, check=True, timeout=PATIENCE, capture_output=True
    )  # fmt: skip
    return [path, "run", *words], environment


def _wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    for _ in range(PATIENCE * 20):
        assert process.poll() is None, log.read_text(encoding="utf-8")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))
