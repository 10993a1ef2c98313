"""How the apps start: with which keys they refuse to, and several processes at once on an empty database."""

import base64
import os
import secrets
import subprocess
import sys

import click
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import event

from course.paths import Course
from tests.apps.running import (
    APPS,
    BY_COOKIE,
    BY_HEADER,
    KEEPING,
    NAMES,
    WITH_SECRET,
    _processes,
    _serve,
    environment_for,
    find_apps,
    in_a_process_of,
    running_app,
)

SHORT, PAIR, QUOTED = "has {} bytes, and HS256", "a key of a pair", "stands in quotation marks"
SPACE, JSON = "white space at an end", "is JSON"


def keys_of_pairs() -> list[bytes]:
    """Public and private keys of three kinds in the spellings in which people pass them on, without NUL bytes."""
    spelled = []
    for private in (
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ):
        public = private.public_key()
        pem = [
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        ]
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ssh = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        spelled += [der.hex().encode(), der.hex().upper().encode(), base64.b64encode(der), ssh]
        spelled += [base64.urlsafe_b64encode(der).rstrip(b"="), ssh.split()[1]]
        for each in (text.strip() for text in pem):
            spelled += [each, each.lower(), each.replace(b"\n", b"\\n"), base64.b64encode(each)]
            spelled += [each.replace(b"\n", b""), b"\n".join(each.splitlines()[1:-1])]
    return spelled


SECRET = secrets.token_hex(32).encode()
BAD_KEYS = [
    (b"", SHORT.format(0)),
    (b"x" * 31, SHORT.format(31)),
    ("é".encode() * 15, SHORT.format(30)),
    (b'"' + SECRET + b'"', QUOTED),
    (b"'" + SECRET + b"'", QUOTED),
    ("“".encode() + SECRET + "”".encode(), QUOTED),
    (SECRET + b"\n", SPACE),
    (b" " + SECRET, SPACE),
    ("\ufeff".encode() + SECRET, SPACE),
    (b'"a"' + b" " * 40, SPACE),
    (b'{"kty": "oct", "k": "' + SECRET + b'"}', JSON),
    (b'["' + SECRET + b'"]', JSON),
    *[(key, PAIR) for key in keys_of_pairs()],
]
GOOD_KEYS = [
    SECRET,
    base64.b64encode(os.urandom(32)).replace(b"\0", b"x"),
    base64.urlsafe_b64encode(os.urandom(48)).rstrip(b"="),
    b"7" * 64,
    b"\xff" + b"x" * 40,
    "ключ".encode() * 5,
]


def refusals(module, keys: list[bytes]) -> list[str | None]:
    """What the app says when it is to start with each of these keys; None where it starts."""
    said = []
    for key in keys:
        os.environb[b"JWT_SECRET_KEY"] = key
        try:
            module.create_app()
            said.append(None)
        except click.ClickException as refusal:
            said.append(refusal.message)
    return said


@pytest.mark.parametrize("name", WITH_SECRET)
def test_refuses_to_start_without_a_good_key_and_says_why_and_how_to_make_one(name, tmp_path):
    environment = environment_for(tmp_path, None)
    said = in_a_process_of(name, environment, refusals, [key for key, _ in BAD_KEYS])
    for (key, reason), message in zip(BAD_KEYS, said, strict=True):
        assert message and message.startswith("JWT_SECRET_KEY ") and reason in message, key
        assert 'python -c "import secrets; print(secrets.token_hex(32))"' in message
        assert not key or key.decode("latin-1").strip() not in message


@pytest.mark.parametrize("name", WITH_SECRET)
def test_starts_with_every_good_key(name, tmp_path):
    environment = environment_for(tmp_path, None)
    assert in_a_process_of(name, environment, refusals, GOOD_KEYS) == [None] * len(GOOD_KEYS)


def test_importing_an_app_does_nothing(tmp_path):
    code = "".join(f"import {name}\nassert callable({name}.create_app)\n" for name in NAMES)
    environment = environment_for(tmp_path, None) | {
        "PYTHONPATH": str(Course().snippets),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


STARTING_AT_ONCE = 3
# start.py and house.py are the same in all of them; these differ in their tables.
DIFFERENT_TABLES = ["refresh_logout", "roles", "fastapi_login"]


def start_after_all_have_looked(module, barrier) -> None:
    """Start, but wait between the look at the tables and making them until every other process has looked."""
    metadata = (
        module.house.db.metadata if hasattr(module, "house") else module.accounts.Base.metadata
    )

    @event.listens_for(metadata, "before_create", once=True)
    def wait(*_, **__):
        barrier.wait(timeout=60)

    module.create_app()


def start_at_once(name: str, environment: dict) -> list[int]:
    """The exit codes of processes that start on one empty database at the same instant."""
    from tests.apps.running import _call

    barrier = _processes.Barrier(STARTING_AT_ONCE)
    started = []
    for _ in range(STARTING_AT_ONCE):
        here, there = _processes.Pipe(duplex=False)
        arguments = (name, environment, start_after_all_have_looked, (barrier,), there)
        process = _processes.Process(target=_call, args=arguments, daemon=True)
        process.start()
        there.close()
        started.append((process, here))
    codes = []
    for process, here in started:
        process.join(timeout=120)
        codes.append(process.exitcode)
        here.close()
        process.close()
    return codes


@pytest.mark.parametrize("name", DIFFERENT_TABLES)
def test_processes_that_start_at_once_on_an_empty_file_all_start(name, tmp_path):
    environment = environment_for(tmp_path, SECRET.decode())
    assert start_at_once(name, environment) == [0] * STARTING_AT_ONCE


@pytest.mark.parametrize("name", DIFFERENT_TABLES)
def test_processes_that_start_at_once_on_postgresql_all_start(name, tmp_path, empty_database):
    environment = environment_for(tmp_path, SECRET.decode(), empty_database)
    assert start_at_once(name, environment) == [0] * STARTING_AT_ONCE


def test_a_database_that_is_not_there_is_still_an_error(tmp_path):
    nowhere = f"sqlite:///{(tmp_path / 'no' / 'folder' / 'app.db').as_posix()}"
    log = tmp_path / "log"
    here, there = _processes.Pipe(duplex=False)
    environment = environment_for(tmp_path, SECRET.decode(), nowhere)
    process = _processes.Process(target=_serve, args=("smorest_users", environment, log, there))
    process.start()
    there.close()
    process.join(timeout=60)
    assert process.exitcode == 1 and "unable to open database file" in log.read_text("utf-8")
    here.close()
    process.close()


@pytest.mark.parametrize("name", NAMES)
def test_app_says_how_to_install_and_start_it_and_what_it_answers(name):
    app = APPS[name]
    assert app.commands[0].startswith("pip install ") and app.requirements
    assert app.start in app.commands
    assert app.routes
    # Whoever keeps the contract signs with a secret of its own.
    assert app.level is None or list(app.needs) == ["JWT_SECRET_KEY"]
    # test_copied_out.py shows that it starts with what it names, and with nothing less.
    assert all(text for text in app.needs.values())


def test_there_are_apps_of_each_kind(tmp_path):
    assert len(BY_HEADER) >= 7 and len(BY_COOKIE) >= 1
    with running_app(KEEPING[0], tmp_path) as app:
        assert app.url.startswith("http://127.0.0.1:")


MADE_UP = '''"""{title} (lesson 99).

{keeps}

    pip install click flask
    export NEEDED=$(printf 7)
    flask --app made_up run

In the course: cd app_snippets, and uv run flask --app made_up run

GET  /      answers  something
{route}
"""
'''


@pytest.mark.parametrize(
    ("keeps", "level", "by_cookie", "reason"),
    [
        ("Keeps the contract: users. A copy runs.", "users", False, None),
        ("Keeps the contract: rotate, by cookie. A copy runs.", "rotate", True, None),
        (
            "Keeps no level of the contract: it logs nobody in,\nand has no users. A copy runs.",
            None, False, "it logs nobody in,\nand has no users",
        ),
        ("Keeps no level of the contract: it is weak.", None, False, "it is weak"),
        ("Keeps no level of the contract.", None, False, None),
        ("Keeps no level of the contract: . A copy runs.", None, False, None),
        ("A copy runs.", None, False, None),
    ],
)  # fmt: skip
def test_app_is_found_with_what_its_docstring_says(keeps, level, by_cookie, reason, tmp_path):
    """Whatever an app is about, its docstring is all that tests know of it: there is no list of apps."""
    folder = tmp_path / "made_up"
    (folder / "page").mkdir(parents=True)
    (folder / "page" / "index.html").write_text("<!doctype html>", encoding="utf-8")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"")
    text = MADE_UP.format(title="Something", keeps=keeps, route="POST /register  {...}")
    (folder / "__init__.py").write_text(text, encoding="utf-8")
    (app,) = find_apps(tmp_path).values()
    assert (app.name, app.level, app.by_cookie, app.reason) == ("made_up", level, by_cookie, reason)
    assert app.needs == {"NEEDED": "$(printf 7)"} and app.start == "flask --app made_up run"
    assert app.routes == [("GET", "/"), ("POST", "/register")] and app.has_register
    assert [path.name for path in app.files()] == ["__init__.py", "index.html"]
    assert [path.name for path in app.sources()] == ["__init__.py"]
