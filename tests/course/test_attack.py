"""``attack`` and ``course attack``: each fault is found by its name, nothing else is, and a refusal is believed only
where it says something."""

import http.server
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import flask_jwt_extended
import jwt
import pytest
import requests
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from flask import Flask, Response, request

from course import attack, serve
from course.attack import BROKEN, CANNOT_TELL, SAFE, checks
from course.attack.checks import CHECKS
from course.cli import main
from course.contract import wire
from course.server import Server
from tests.apps.snippets import ADA, add_ada, docstrings, guarded_paths, load, login_services
from tests.course import attacked as a

pytestmark = pytest.mark.usefixtures("fresh_database")

ALL = {check.name for check in CHECKS}
PKCS1 = a.RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.PKCS1
)
LONG_AGO = {"exp": 1_700_000_000}


@pytest.fixture(autouse=True)
def few_guesses(request, monkeypatch):
    """Half a million guesses, where guessing is the subject; elsewhere those of the list."""
    if not re.search("guess|weak_api", request.node.name):
        monkeypatch.setattr(checks, "LONGEST_GUESS", 1)


def verdicts(report) -> dict[str, str]:
    return {line.name: line.verdict for line in report.lines}


def why(report) -> dict[str, str]:
    return {line.name: line.why for line in report.lines}


def replay(line) -> int:
    """The status that the line's own command gets."""
    words = shlex.split(line.curl.replace("$TOKEN", line.token))
    assert words[:2] == ["curl", "-i"]
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    return requests.get(words[-1], headers=headers, timeout=20).status_code


def with_kid(kid: str = "2026", **changes) -> str:
    return a.hs256(headers={"kid": kid}, **changes)


# --- Each fault is found, by its name ---

NOT_VERIFIED, NONE, CONFUSED = "signature not verified", "alg none", "public key as secret"
GUESSED, EMPTY, OWN_KEY = "guessable secret", "empty key", "key in the header"
ADDRESS, PATH, QUERY = "address in the header", "kid as a path", "kid in a query"
KIND, EXPIRED, IN_ADDRESS = "another kind of token", "expired token", "token in the address"
CRASH = "crash on odd input"

# What is broken: how it verifies, a good token, the lines that must be broken (and no others), words of the first.
BROKEN_SERVICES = {
    **{
        f"obeys alg {spelling!r}": (a.obeys(spelling), a.hs256, [NONE], "let in by `alg`")
        for spelling in ("none", "None", "NONE", "nOnE", "", None)
    },
    "obeys no alg": (a.obeys(...), a.hs256, [NONE], "let in by no `alg`"),
    "obeys alg none, where a kid is kept": (
        lambda token: a.obeys("none")(token) if "kid" in a.header_of(token) else a.strict(""),
        with_kid, [NONE], "let in by `alg` none",
    ),
    "obeys alg none, where something is signed": (
        lambda token: a.obeys("none")(token) if token.rpartition(".")[2] else a.strict(token),
        a.hs256, [NONE], "with the old signature",
    ),
    "ignores the signature": (a.never_looks, a.hs256, [NOT_VERIFIED], "one letter of its signature changed"),
    "ignores the signature, and knows its claims": (
        a.never_looks_and_knows_its_claims, a.hs256, [NOT_VERIFIED], "one letter of its signature changed",
    ),
    "takes an empty signature": (a.takes_no_signature, a.hs256, [NOT_VERIFIED], "without its signature"),
    "compares as far as it goes": (a.compares_as_far_as_it_goes, a.hs256, [NOT_VERIFIED], "without its signature"),
    "guesses: a short word": (lambda token: a.python_jose(token, "jose"), lambda: a.hs256("jose"), [GUESSED], "jose"),
    "guesses: of a list": (lambda token: a.python_jose(token, "secret"), lambda: a.hs256("secret"), [GUESSED], "secret"),
    "guesses: of a list, with an ending": (
        lambda token: a.python_jose(token, "Changeme123"), lambda: a.hs256("Changeme123"), [GUESSED], "Changeme123",
    ),
    "guesses: with the line break of a file": (
        lambda token: a.python_jose(token, "PASSWORD\n"), lambda: a.hs256("PASSWORD\n"), [GUESSED], "PASSWORD",
    ),
    "guesses: HS512": (
        lambda token: a.python_jose(token, "qzxj", "HS512"), lambda: a.hs256("qzxj", "HS512"), [GUESSED], "qzxj",
    ),
    "an unknown kid has an empty key": (a.default_key_is_empty, with_kid, [EMPTY], "HS256 with an empty key"),
    "the key is empty": (a.key_is_empty, lambda: a.hs256(""), [GUESSED, EMPTY], "nothing at all"),
    "trusts jwk": (a.trusts_jwk, a.es256, [OWN_KEY], "ES256 with the attacker's key in `jwk`"),
    "trusts a secret in jwk": (a.trusts_a_secret_in_jwk, a.hs256, [OWN_KEY], "the attacker's secret in `jwk`"),
    "trusts x5c": (a.trusts_x5c, a.es256, [OWN_KEY], "the attacker's key in `x5c`"),
    "trusts jku": (a.trusts_jku, a.es256, [ADDRESS], "let in by ES256 with an address of the attacker's in `jku`"),
    "looks for its kid at jku": (
        a.looks_for_its_kid_at_jku, lambda: a.es256({"kid": "2026"}), [ADDRESS], "let in by ES256 with an address",
    ),
    "fetches jku and refuses": (
        a.fetches_jku_and_refuses, a.es256, [ADDRESS], "asks an address of the attacker's that the token names in `jku`",
    ),
    "trusts x5u": (a.trusts_x5u, a.es256, [ADDRESS], "in `x5u`"),
}  # fmt: skip
CONFUSED_BY = {
    "as it is": (a.pem_of(), a.EC, "ES256"),
    "without the last line break": (a.pem_of().rstrip(), a.EC, "ES256"),
    "with the line breaks of Windows": (a.pem_of().replace(b"\n", b"\r\n"), a.EC, "ES256"),
    "the text inside": (b"".join(a.pem_of().splitlines()[1:-1]), a.EC, "ES256"),
    "as DER": (a.der_of(), a.EC, "ES256"),
    "as PKCS #1": (PKCS1, a.RSA, "RS256"),
}


@pytest.mark.parametrize("fault", BROKEN_SERVICES)
def test_broken_service_is_found_out(fault):
    verify, good, named, words = BROKEN_SERVICES[fault]
    url = serve(a.service(verify), "attacked").url
    report = attack(f"{url}/me", good())
    assert_broken(report, named, words)


def assert_broken(report, named: list[str], words: str) -> None:
    assert list(report.broken) == sorted(named, key=[check.name for check in CHECKS].index), report
    assert words in why(report)[named[0]], report
    for line in report.lines:
        if line.verdict != BROKEN:
            assert not line.token and not line.curl
        elif line.name not in (CRASH, GUESSED) and line.why.startswith("let in"):
            assert line.token == report.broken[line.name]
            # The attacker's server and files are gone.
            if line.name != ADDRESS and "of the attacker's" not in line.why:
                assert replay(line) == 200


@pytest.mark.parametrize("spelling", CONFUSED_BY)
def test_public_key_as_secret(spelling):
    secret, key, algorithm = CONFUSED_BY[spelling]
    url = serve(a.service(a.confused_by(secret, key, algorithm)), "attacked").url
    good = a.es256(key=key, algorithm=algorithm)
    report = attack(f"{url}/me", good, public_key=a.pem_of(key))
    assert_broken(report, [CONFUSED], f"HS256 with the public key as secret ({spelling})")
    # As text it is the same key.
    assert list(attack(f"{url}/me", good, public_key=a.pem_of(key).decode()).broken) == [CONFUSED]


def test_certificate_is_a_public_key_too():
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, a.EC.public_key(), 7)
    today = jwt.api_jwt.datetime.now()
    certificate = builder.not_valid_before(today).not_valid_after(today).sign(a.EC, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    for secret, spelling in ((pem, "as it is"), (a.pem_of(), "out of the certificate")):
        url = serve(a.service(a.confused_by(secret)), "attacked").url
        report = attack(f"{url}/me", a.es256(), public_key=pem)
        assert_broken(report, [CONFUSED], f"({spelling})")


def test_address_that_only_begins_well():
    own: list[str] = []
    url = serve(a.service(a.trusts_jku_that_begins_well(own)), "attacked").url
    own.append(url)
    report = attack(f"{url}/me", a.es256())
    assert_broken(report, [ADDRESS], "which begins like the service's own, in `jku`")


def test_kid_as_a_path(tmp_path):
    keys, static = tmp_path / "app" / "keys", tmp_path / "app" / "static"
    keys.mkdir(parents=True)
    static.mkdir()
    (static / "site.css").write_text("body { font-family: sans-serif }\n")
    inside = (tmp_path / "app").resolve()

    def within(kid):
        """A container, so to speak."""
        if not (keys / kid).resolve().is_relative_to(inside):
            raise ValueError(kid)
        return kid

    def spoiled(kid):
        return kid.replace("../", "")

    for verify, options, words in (
        (a.reads_a_file(keys, a.python_jose), {}, "dev/null, an empty file"),
        (a.reads_a_file(keys, clean=within), {"file": "/static/site.css"}, "`kid` ../static/site.css, a file that"),
        (a.reads_a_file(keys), {}, "the path of a file of the attacker's"),
        (a.reads_a_file(keys, suffix=".key"), {}, "the path of a file of the attacker's"),
        (a.reads_a_file(keys, clean=spoiled), {}, "the path of a file of the attacker's"),
        (
            a.reads_a_file(keys, lambda token, key: a.strict(token, bytes.fromhex(key.decode()))),
            {}, "read as hexadecimal",
        ),
    ):  # fmt: skip
        url = serve(a.service(verify), "attacked").url
        good = with_kid()
        if "hexadecimal" in words:
            good = a.hs256(bytes.fromhex(a.SECRET), headers={"kid": "2026"})
        assert_broken(attack(f"{url}/me", good, **options), [PATH], words)
    # The container is safe as far as anybody can tell who has no file of it.
    url = serve(a.service(a.reads_a_file(keys, clean=within)), "attacked").url
    assert attack(f"{url}/me", with_kid()).broken == {}
    report = attack(f"{url}/me", with_kid(), file="/there/is/none.css")
    assert why(report)[PATH] == "/there/is/none.css cannot be had, or is empty"


def test_kid_as_the_path_of_a_public_key(tmp_path):
    verify = a.reads_a_file(
        tmp_path, lambda token, key: a.strict(token, key, ["ES256"]), suffix=".pem"
    )
    (tmp_path / "2026.pem").write_bytes(a.pem_of())
    url = serve(a.service(verify), "attacked").url
    report = attack(f"{url}/me", a.es256({"kid": "2026"}))
    assert_broken(report, [PATH], "the path of a public key of the attacker's")


def test_kid_in_a_query(tmp_path):
    pem = a.pem_of().decode()
    for number, (columns, condition, words) in enumerate((
        ("secret", "kid = 'KID'", "x' UNION SELECT 'KEY' -- "),
        ("valid, secret", "kid = 'KID'", "x' UNION SELECT 'KEY', 'KEY' -- "),
        ("kid, valid, secret", "(kid = 'KID')", None),
        ("secret", 'kid = "KID"', "x\" UNION SELECT 'KEY' -- "),
        ("secret", "valid = 1 AND kid = 'KID' AND 1 = 1", "x' UNION SELECT 'KEY' -- "),
        ("secret", "rowid = KID", None),
    )):  # fmt: skip
        path = tmp_path / f"{number}.db"
        url = serve(a.service(a.asks_a_table(path, columns, condition)), "attacked").url
        good = with_kid("1" if "rowid" in condition else "2026")
        report = attack(f"{url}/me", good)
        if words is None:
            continue
        assert_broken(report, [QUERY], words)
    path = tmp_path / "without comments.db"
    ask = a.asks_a_table(path, "secret", "kid = 'KID'")

    def without_comments(token):
        if "--" in a.header_of(token).get("kid", ""):
            raise ValueError("--")
        return ask(token)

    url = serve(a.service(without_comments), "attacked").url
    assert_broken(attack(f"{url}/me", with_kid()), [QUERY], "x' UNION SELECT 'KEY")
    path = tmp_path / "public.db"
    pair = a.asks_a_table(
        path, "secret", "kid = 'KID'", pem, lambda token, key: a.strict(token, key, ["ES256"])
    )
    url = serve(a.service(pair), "attacked").url
    report = attack(f"{url}/me", a.es256({"kid": "2026"}))
    assert_broken(report, [QUERY], "a public key")


def test_another_kind_of_token():
    url = serve(a.service(a.takes_any_audience), "attacked").url
    report = attack(f"{url}/me", a.es256(), other_token=a.es256(aud="page"))
    assert_broken(report, [KIND], "meant for something else")


def test_expired_token():
    url = serve(a.service(a.never_expires), "attacked").url
    report = attack(f"{url}/me", a.hs256(), expired_token=a.hs256(**LONG_AGO))
    assert_broken(report, [EXPIRED], "a token that has expired")


@pytest.mark.parametrize("name", ["access_token", "token", "jwt"])
def test_token_in_the_address(name):
    app = a.service(a.strict)

    @app.before_request
    def look_into_the_address():
        if name in request.args:
            return {"id": a.strict(request.args[name])["sub"]}

    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256())
    assert_broken(report, [IN_ADDRESS], f"as `{name}`: it stands in every log")
    # Beside what stands there already.
    report = attack(f"{serve(app, 'attacked').url}/me?page=2", a.hs256())
    assert_broken(report, [IN_ADDRESS], f"as `{name}`")


def without_catching_much(verify) -> Flask:
    return a.service(verify, (jwt.PyJWTError, a.jose.JOSEError))


def kid_of_a_dictionary(token):
    key = {"2026": a.SECRET}.get(jwt.get_unverified_header(token).get("kid"))
    return a.strict(token, key or "x" * 32)


def kid_in_a_set(token):
    header = json.loads(a.decode_part(token.split(".")[0])) if token.count(".") == 2 else {}
    if header.get("kid") in {"revoked"}:
        raise jwt.InvalidKeyError
    return a.strict(token)


def alg_of_a_family(token):
    if jwt.get_unverified_header(token)["alg"].startswith("RS"):
        raise jwt.InvalidAlgorithmError
    return a.strict(token)


def python_jose_as_everybody_calls_it(token):
    return a.jose.jwt.decode(token, a.SECRET, ["HS256"], audience="shop")


@pytest.mark.parametrize(("verify", "words"), [
    (kid_in_a_set, "answers 500 to `kid` []"),
    (alg_of_a_family, "answers 500 to `alg` null"),
    (python_jose_as_everybody_calls_it, "answers 500 to a header nested"),
])  # fmt: skip
def test_crash_on_an_odd_token(verify, words):
    url = serve(without_catching_much(verify), "attacked").url
    assert_broken(attack(f"{url}/me", a.hs256()), [CRASH], words)


def test_crash_on_an_odd_header():
    # Flask-JWT-Extended as it comes.
    app = Flask("as it comes")
    app.config["JWT_SECRET_KEY"] = a.SECRET
    flask_jwt_extended.JWTManager(app)
    app.add_url_rule(
        "/me", view_func=flask_jwt_extended.jwt_required()(lambda: {"id": "1"}), endpoint="me"
    )
    with app.app_context():
        good = flask_jwt_extended.create_access_token("1")
    report = attack(f"{serve(app, 'attacked').url}/me", good)
    assert_broken(report, [CRASH], "answers 500 to the header Authorization: ', ,'")
    line = report.lines[-1]
    assert line.token == "" and replay(line) == 500
    # By hand, as in many a tutorial.
    app = Flask("by hand")
    app.get("/me")(lambda: {"id": a.strict(request.headers["Authorization"].split()[1])["sub"]})
    app.register_error_handler(jwt.PyJWTError, lambda error: ({}, 401))
    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256())
    assert_broken(report, [CRASH], "answers 500 to a request without the header Authorization")
    assert replay(report.lines[-1]) == 500
    app = Flask("by hand, with a default")
    app.get("/me")(
        lambda: {"id": a.strict(request.headers.get("Authorization", "Bearer x").split()[1])["sub"]}
    )
    app.register_error_handler(jwt.PyJWTError, lambda error: ({}, 401))
    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256())
    assert_broken(report, [CRASH], "answers 500 to the header Authorization: ''")


def test_crash_on_the_way_is_told_at_its_own_line():
    """A 500 lets nobody in: the attack itself has failed."""

    def verify(token):
        if jwt.get_unverified_header(token).get("alg") == "HS256":
            raise ZeroDivisionError
        return a.strict_pair(token)

    url = serve(without_catching_much(verify), "attacked").url
    report = attack(f"{url}/me", a.es256(), public_key=a.pem_of())
    assert_broken(report, [CRASH], "answers 500 to HS256 with the public key as secret")
    assert verdicts(report)[CONFUSED] == SAFE
    assert replay(report.lines[-1]) == 500


def test_several_faults_at_once():
    def verify(token):
        if a.header_of(token)["alg"] == "none":
            return a.unverified(token)
        return a.jose.jwt.decode(token, "secret", ["HS256"], {"verify_exp": False}, audience="shop")

    url = serve(a.service(verify), "attacked").url
    report = attack(f"{url}/me", a.hs256("secret"), expired_token=a.hs256("secret", **LONG_AGO))
    assert list(report.broken) == [NONE, GUESSED, EXPIRED]
    said = report.text.splitlines()
    assert (
        said[-1] == f"3 broken, of {report.told} that could be told, by {report.requests} requests."
    )


# --- Nothing is found where nothing is ---


def test_every_app_is_attacked_or_said_why_not():
    """Each app is a login service, or has a test of its own below, or a reason."""
    own_tests = {"api", "issuer", "fixed_api", "weak_api"}
    # It logs in whoever asks, on purpose: lesson 15 is about what it forgets.
    own_tests.add("many_workers")
    by_cookie = {
        name
        for name, said in docstrings().items()
        if re.search(r"contract: \w+, by cookie\.", said)
    }
    left = set(docstrings()) - set(login_services()) - own_tests - by_cookie
    assert left == set(), "How does one get a token of these? Attack them here."


@pytest.mark.parametrize("name", login_services())
def test_app_of_the_course_stands(name, monkeypatch):
    key = a.SECRET
    monkeypatch.setenv("JWT_SECRET_KEY", key)
    module = load(name)
    app = module.create_app()
    url = serve(app, "attacked").url
    add_ada(module, app, url)
    tokens = requests.post(f"{url}/login", json=ADA, timeout=20).json()
    claims = a.unverified(tokens["access_token"])
    expired = jwt.encode(
        claims | LONG_AGO | {"iat": 1_690_000_000, "nbf": 1_690_000_000}, key, headers=None
    )
    paths = guarded_paths(app, url)
    assert "/me" in paths
    for path in paths:
        report = attack(
            url + path, tokens["access_token"], other_token=tokens.get("refresh_token"), expired_token=expired,
        )  # fmt: skip
        assert report.broken == {}, report
        unknown = {GUESSED, CONFUSED} | (set() if "refresh_token" in tokens else {KIND})
        assert {
            name for name, told in verdicts(report).items() if told == CANNOT_TELL
        } == unknown, report


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def test_api_that_trusts_an_issuer_stands(monkeypatch, tmp_path):
    address = f"http://127.0.0.1:{free_port()}"
    for name, value in {
        "ISSUER": address, "AUDIENCE": "shop", "ISSUER_KEYS": str(tmp_path / "keys.json"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    issuer, api = load("issuer"), load("api")
    sign = issuer.create_app()
    server = Server(sign, "issuer", int(address.rpartition(":")[2]))
    try:
        add_ada_to_issuer(issuer)
        tokens = requests.post(f"{address}/login", json=ADA, timeout=20).json()
        (key,) = requests.get(f"{address}/jwks.json", timeout=20).json()["keys"]
        pem = a.pem_of(PublicHalf(jwt.PyJWK(key).key))
        expired = sign.key_ring.sign(a.unverified(tokens["access_token"]), "at+jwt", -3_600)
        app = api.create_app()
        report = attack(
            f"{serve(app, 'attacked').url}/me", tokens["access_token"], public_key=pem,
            other_token=tokens["id_token"], expired_token=expired,
        )  # fmt: skip
        assert report.broken == {}, report
        assert [name for name, told in verdicts(report).items() if told != SAFE] == [GUESSED], (
            report
        )
        # Made-up kids have not made it ask the issuer again and again.
        assert app.issuer_keys.fetches <= 3
    finally:
        server.stop()


class PublicHalf:
    def __init__(self, key):
        self.public_key = lambda: key


def add_ada_to_issuer(issuer) -> None:
    sys.modules[f"{issuer.__name__}.plain_house"].add_user(**ADA)


def house(name: str):
    """A running weak_api or fixed_api, its address, and the options that a tester has."""
    app = load(name).create_app()
    url = serve(app, "attacked").url
    tokens = requests.post(f"{url}/login", timeout=20).json()
    keys = app.order_keys

    def by_secret(kid, secret, **changes):
        return jwt.encode(a.claims_of(aud="orders", **changes), secret, "HS256", {"kid": kid})

    table = keys.secret_in_table("SELECT secret FROM keys")
    good = {
        "by-algorithm": tokens["access_token"],
        "by-file": by_secret("2026", keys.secret_of["2026"]),
        "by-database": by_secret("2026", table),
        "by-embedded-key": tokens["access_token"],
        "by-kind": tokens["access_token"],
        "by-secret": tokens["session_token"],
    }
    options = {
        "public_key": requests.get(f"{url}/public-key", timeout=20).content,
        "other_token": tokens["id_token"],
        "file": "/static/site.css",
    }
    return url, good, options, keys


WEAK_WAYS = {
    "by-algorithm": [NONE, CONFUSED, CRASH],
    "by-file": [PATH],
    "by-database": [QUERY],
    "by-embedded-key": [OWN_KEY, CRASH],
    "by-kind": [KIND],
    "by-secret": [GUESSED],
}


def test_weak_api_is_broken_way_by_way():
    url, good, options, _ = house("weak_api")
    assert set(good) == set(WEAK_WAYS)
    for way, named in WEAK_WAYS.items():
        report = attack(f"{url}/orders/{way}", good[way], **options)
        assert list(report.broken) == named, (way, report)


def test_fixed_api_stands_in_every_way():
    url, good, options, keys = house("fixed_api")
    for way, token in good.items():
        header, claims = a.header_of(token), a.unverified(token)
        key = {
            "by-file": keys.secret_of["2026"], "by-database": keys.secret_in_table("SELECT secret FROM keys"),
            "by-secret": keys.long_secret,
        }.get(way, keys.private_key)  # fmt: skip
        expired = jwt.encode(claims | LONG_AGO, key, header["alg"], header)
        report = attack(f"{url}/orders/{way}", token, expired_token=expired, **options)
        assert report.broken == {}, (way, report)
        unknown = GUESSED if header["alg"] == "ES256" else CONFUSED
        others = {GUESSED, unknown}
        assert {name for name, told in verdicts(report).items() if told == CANNOT_TELL} == others


# --- A refusal is believed only where it says something ---


class Tired:
    """A service that behaves well for some requests, and then does something else to everybody."""

    def __init__(self, after: int, then):
        self.seen, self.after = 0, after
        self.app = a.service(a.strict)

        @self.app.before_request
        def look_at_the_clock():
            self.seen += 1
            if self.seen > self.after:
                return then()

        self.url = f"{serve(self.app, 'attacked').url}/me"


@pytest.mark.parametrize(("then", "words"), [
    (lambda: ({}, 429), "answers 429 to the good token"),
    (lambda: ({}, 503), "answers 503 to the good token"),
    (lambda: ({}, 500), "answers 500 to the good token"),
    (lambda: ({}, 401), "answers 401 to the good token"),
    (lambda: ({}, 403), "answers 403 to the good token"),
    (lambda: Response(status=302, headers={"Location": "/login"}), "answers 302 to the good token"),
    (lambda: ({"id": "1"}, 200), "answers 200 without a token as well: it guards nothing"),
])  # fmt: skip
@pytest.mark.parametrize("after", [0, 2, 3, 40])
def test_service_that_gives_up_on_everybody(then, words, after):
    tired = Tired(after, then)
    report = attack(tired.url, a.hs256())
    assert report.broken == {}, report
    # What was told before stays; from there on nothing is.
    reason = report.lines[-1].why
    stopped = [line for line in report.lines if line.why == reason]
    assert stopped == list(report.lines[-len(stopped) :])
    assert {line.verdict for line in stopped} == {CANNOT_TELL}
    if after >= 3:
        assert words in reason, report
    # It ends with the line.
    assert tired.seen == report.requests < after + 70


@contextmanager
def raw_server(answer) -> str:
    """Whatever listens: ``answer(connection, number)`` for each connection, in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def run():
        number = 0
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=answer, args=(connection, number), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/me"
    finally:
        ended.set()
        listening.close()


def well_behaved(connection, verify=a.strict) -> None:
    with connection:
        text = b""
        while b"\r\n\r\n" not in text:
            text += connection.recv(65_536)
        found = re.search(rb"Authorization: Bearer (\S+)", text)
        try:
            verify(found[1].decode())
            status = b"200 OK"
        except ZeroDivisionError:
            return
        except Exception:
            status = b"401 No"
        connection.sendall(
            b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )


def close(connection):
    connection.close()


def dawdle(connection):
    """A byte now and then: no time limit between two of them helps."""
    with connection:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"X")
                time.sleep(0.05)
        except OSError:
            return


def say_nothing(connection):
    with connection:
        time.sleep(5)


@pytest.mark.parametrize(("then", "words"), [
    (close, "gives no answer to the good token (the connection broke off"),
    (dawdle, "times there was no answer within"),
    (say_nothing, "times there was no answer within"),
])  # fmt: skip
@pytest.mark.parametrize("after", [0, 3, 20])
def test_service_that_goes_away_or_falls_asleep(then, words, after, monkeypatch):
    if then is not close:
        monkeypatch.setattr(wire, "SECONDS", 0.4)

    def answer(connection, number):
        (well_behaved if number <= after else then)(connection)

    with raw_server(answer) as url:
        report = attack(url, a.hs256())
    assert report.broken == {} and report.lines[-1].verdict == CANNOT_TELL, report
    if after:
        assert (
            words in report.lines[-1].why
            or "gives no answer to the good token" in report.lines[-1].why
        )
    assert report.requests < after + 8


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"])
def test_file_that_never_ends_holds_nobody_up(head, monkeypatch):
    monkeypatch.setattr(wire, "SECONDS", 0.4)

    def answer(connection, number):
        connection.sendall(head)
        dawdle(connection)

    with raw_server(answer) as url:
        report = attack(url, a.hs256(), file="/static/site.css")
    assert report.told == 0 and report.requests < 8


def test_file_that_is_too_large_is_no_key():
    app = a.service(a.strict)
    app.get("/large.css")(lambda: "x" * 200_000)
    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256(), file="/large.css")
    assert why(report)[PATH] == "/large.css cannot be had, or is empty"


def test_request_that_is_never_answered_is_an_accident_of_its_own():
    """Everybody else is answered, before and after."""

    def answer(connection, number):
        def verify(token):
            if a.header_of(token)["alg"] == "none":
                raise ZeroDivisionError
            return a.strict(token)

        well_behaved(connection, verify)

    with raw_server(answer) as url:
        report = attack(url, a.hs256())
    assert list(report.broken) == [CRASH]
    assert "gives no answer to `alg` none, without a signature" in why(report)[CRASH]
    # Whether it would have been let in, nobody knows.
    assert verdicts(report)[NONE] == CANNOT_TELL
    assert verdicts(report)[CONFUSED] == CANNOT_TELL and verdicts(report)[PATH] == SAFE


@pytest.mark.parametrize("status", [429, 503])
def test_refusal_that_looks_at_no_token_is_none(status):
    """A limit for those whose token was bad: the good one is let in all the time."""
    app = a.service(a.strict)
    bad = []

    @app.after_request
    def count(response):
        if response.status_code == 401:
            bad.append(1)
            if len(bad) > 20:
                response.status_code = status
        return response

    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256())
    assert report.broken == {}, report
    told = verdicts(report)
    assert told[NOT_VERIFIED] == SAFE and told[PATH] == told[QUERY] == told[CRASH] == CANNOT_TELL, (
        report
    )
    assert f"it answers {status} to" in why(report)[PATH]


def test_service_that_stumbles_now_and_then_is_asked_again():
    app, seen = a.service(a.strict), []

    @app.before_request
    def stumble():
        seen.append(1)
        if len(seen) % 7 == 0 and request.headers.get("Authorization") != f"Bearer {good}":
            return {}, 503

    good = a.hs256()
    report = attack(f"{serve(app, 'attacked').url}/me", good)
    assert report.broken == {} and set(verdicts(report).values()) == {SAFE, CANNOT_TELL}
    assert verdicts(report)[PATH] == SAFE, report


def test_token_that_is_good_once():
    app, used = a.service(a.strict), set()

    @app.before_request
    def once():
        token = request.headers.get("Authorization")
        if token in used:
            return {}, 401
        used.add(token)

    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256())
    assert set(verdicts(report).values()) == {CANNOT_TELL}
    assert "answers 401 to the good token, after" in report.lines[0].why


@pytest.mark.parametrize(("answer", "words"), [
    (({"id": "1"}, 200), "answers 200 without a token as well: it guards nothing"),
    (({}, 204), "answers 204 without a token as well: it guards nothing"),
    (({}, 404), "the good token is answered by 404. Has it expired, or does the address need another method?"),
    (({}, 405), "the good token is answered by 405"),
    (({}, 401), "the good token is answered by 401. Has it expired"),
    (({}, 500), "the good token is answered by 500"),
    (("", 302, {"Location": "/elsewhere"}), "the good token is answered by 302, to /elsewhere"),
])  # fmt: skip
def test_service_that_always_says_the_same_is_told_nothing_of(answer, words):
    app = Flask("parrot")
    app.before_request(lambda: answer)
    report = attack(f"{serve(app, 'parrot').url}/me", a.hs256())
    assert {line.verdict for line in report.lines} == {CANNOT_TELL} and report.told == 0
    assert report.lines[0].why.startswith(words) or words in report.lines[0].why
    assert report.requests <= 3
    # One reason, one row.
    assert len(report.text.splitlines()) == 3 and report.text.endswith("Nothing could be told.")


def test_service_that_is_not_there():
    report = attack("http://127.0.0.1:9/me", a.hs256())
    said = "nothing listens there, at http://127.0.0.1:9/me: does the service run?"
    assert {line.why for line in report.lines} == {said}


@pytest.mark.parametrize(("options", "name", "words"), [
    (lambda: {"expired_token": a.hs256()}, EXPIRED, "has not expired"),
    (lambda: {"expired_token": a.hs256(exp=int(time.time()) - 5)}, EXPIRED, "less than 5 minutes after its end"),
    (lambda: {"expired_token": a.hs256(aud="page", **LONG_AGO)}, EXPIRED, "differs from the good token in `aud` too"),
    (lambda: {"expired_token": a.hs256(headers={"kid": "old"}, **LONG_AGO)}, EXPIRED, "in `kid` too"),
    (lambda: {"other_token": a.hs256(aud="page", **LONG_AGO)}, KIND, "the other token has expired"),
    (lambda: {"public_key": a.pem_of()}, CONFUSED, "signed with HS256: there is no public key"),
    (lambda: {"file": "/nothing-here.css"}, PATH, "cannot be had"),
])  # fmt: skip
def test_what_a_tester_gives_may_be_of_no_use(options, name, words):
    """With leeway, as services have it. The tokens are made when the test runs: one that is good then is asked for."""
    verify = a.never_expires if "after its end" in words else a.strict
    report = attack(f"{serve(a.service(verify), 'attacked').url}/me", a.hs256(), **options())
    assert verdicts(report)[name] == CANNOT_TELL and words in why(report)[name], report


def test_public_key_of_somebody_else_proves_nothing():
    url = serve(a.service(a.confused_by(a.pem_of())), "attacked").url
    report = attack(
        f"{url}/me", a.es256(), public_key=a.pem_of(a.RSA), other_token=a.es256(aud="page"),
        expired_token=a.es256(**LONG_AGO),
    )  # fmt: skip
    told = why(report)
    assert told[CONFUSED] == "the public key that was given is not the one of the good token"
    assert "not signed with the public key" in told[KIND] and "not signed" in told[EXPIRED]


def test_each_request_is_counted_and_is_a_get():
    app, seen = a.service(a.strict), []
    app.before_request(lambda: seen.append((request.method, request.path)))
    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256(), file="/static/site.css")
    assert len(seen) == report.requests and {method for method, _ in seen} == {"GET"}
    assert [path for _, path in seen].count("/static/site.css") == 1
    assert f"by {report.requests} requests." in report.text


# --- This machine, and no other ---

ELSEWHERE = [
    "http://example.com/me", "http://10.0.0.1/me", "http://192.168.1.1:5000/me", "http://169.254.169.254/latest",
    "http://0.0.0.0:5000/me", "http://0/me", "http://[::]/me", "http://[::ffff:127.0.0.1]/me", "http://[::ffff:10.0.0.1]/me",
    "http://[fe80::1%25lo]/me", "http://[::1%lo]/me",
    # Decimal, octal, hexadecimal, short: some programs read them as 127.0.0.1, some do not.
    "http://2130706433/me", "http://0177.0.0.1/me", "http://0x7f.0.0.1/me", "http://0x7f000001/me", "http://127.1/me",
    "http://127.0.0.01/me",
    # Names that resolve to this machine today.
    "http://localhost.example.com/me", "http://127.0.0.1.nip.io/me", "http://localtest.me/me", "http://a.localhost/me",
    "http://localhost./me",
    # The host is what comes behind the @, or what a program takes for it.
    "http://127.0.0.1@example.com/me", "http://127.0.0.1:80@example.com/", "http://example.com@127.0.0.1/me",
    "http://127.0.0.1\\@example.com/", "http://127.0.0.1%2f@example.com/", "http://127.0.0.1#@example.com/",
    "http://127.0.0.1:5000.example.com/", "http://127.0.0.1\t.example.com/", "http://127.0.0.1\n/me",
    "http://127.0.0.1/me#part", "http://１２７.0.0.1/me", "http://127。0。0。1/me", "http://127.0.0.1:99999/me",
    "http://127.0.0.1:/me", "http:///me", "http://", "//127.0.0.1/me", "127.0.0.1:5000/me", "localhost/me", "", " ",
    " http://127.0.0.1/me", "file:///etc/passwd", "ftp://127.0.0.1/me", "javascript:alert(1)", None, 7, b"http://127.0.0.1/",
]  # fmt: skip


@pytest.fixture
def nobody_is_asked(monkeypatch):
    """No connection, and no question to a name server."""

    def refuse(*arguments, **options):
        raise AssertionError(f"asked: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("url", ELSEWHERE, ids=repr)
def test_address_elsewhere_is_refused_before_anything_is_sent(url, nobody_is_asked):
    with pytest.raises(ValueError, match="this machine only"):
        attack(url, a.hs256())


def test_localhost_that_is_elsewhere_is_refused(monkeypatch, nobody_is_asked):
    for found in (["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::1", "2001:db8::1"]):
        answers = [(0, 0, 0, "", (each, 0)) for each in found]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, answers=answers, **__: answers)
        with pytest.raises(ValueError, match="this machine only"):
            attack("http://localhost:5000/me", a.hs256())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_spellings_of_this_machine_are_taken(host):
    server = serve(a.service(a.strict), "attacked")
    report = attack(f"HTTP://{host}:{server.port}/me?a=1&b=%20x", a.hs256())
    assert report.broken == {} and report.told > 8, report


@pytest.mark.parametrize(
    "url", ["http://[::1]:9/me", "http://127.8.9.1:9/me", "https://127.0.0.1:9"]
)
def test_other_loopback_addresses_are_taken(url):
    report = attack(url, a.hs256())
    assert "does the service run?" in report.lines[0].why


@contextmanager
def trap():
    """A server that must not be asked; yields its address and who came."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            came.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_CONNECT = do_GET

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()


def test_redirects_are_not_followed_and_no_proxy_is_asked(monkeypatch):
    with trap() as (address, came):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, address)
        app = a.service(a.strict)

        @app.after_request
        def send_elsewhere(response):
            if response.status_code in (401, 404):
                response.status_code, response.headers["Location"] = 302, address
            return response

        url = serve(app, "attacked").url
        report = attack(f"{url}/me", a.hs256(), file="/elsewhere.css")
        # To be sent to the login page is a refusal.
        assert report.broken == {} and verdicts(report)[QUERY] == SAFE, report
        assert came == []


@pytest.mark.parametrize(
    "file", ["@example.com/", ".example.com/", "site.css", "/a b", "/a\\b", "", 7]
)
def test_file_is_a_path_of_the_same_service(file, nobody_is_asked):
    with pytest.raises(ValueError, match="`file` is a path of the same service"):
        attack("http://127.0.0.1:9/me", a.hs256(), file=file)


@pytest.mark.parametrize(("options", "words"), [
    ({"token": "abc"}, "with three parts. It has 1."),
    ({"token": "a.b.c"}, "The good token must be a signed JWT. This one is not"),
    ({"token": "e30.e30.AAAA"}, "The good token must be a signed JWT. This one is not"),
    ({"token": "eyJhbGciOjd9.e30.AAAA"}, "is no text"),
    ({"token": "W10.e30.AAAA"}, "not an object"),
    ({"token": "a.b.c.d.e"}, "is encrypted: it has five parts"),
    ({"token": None}, "The good token must be text, not NoneType."),
    ({"token": b"a.b.c"}, "The good token must be text, not bytes."),
    ({"other_token": "x"}, "The other token must be a signed JWT"),
    ({"expired_token": "x"}, "The expired token must be a signed JWT"),
    ({"other_token": "the good one"}, "The other token is the good one"),
    ({"public_key": "x"}, 'which begins with "-----BEGIN PUBLIC KEY-----"'),
    ({"public_key": 7}, "The public key must be PEM, not int."),
    ({"public_key": b"-----BEGIN PRIVATE KEY-----\n"}, "This is a private key"),
    ({"public_key": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "The public key must be PEM"),
])  # fmt: skip
def test_what_is_of_another_kind_is_told(options, words, nobody_is_asked):
    good = a.hs256()
    options = {name: good if value == "the good one" else value for name, value in options.items()}
    with pytest.raises(ValueError) as error:
        attack("http://127.0.0.1:9/me", **({"token": good} | options))
    assert words in str(error.value)


def test_token_may_be_pasted_with_its_scheme_and_line_break():
    url = serve(a.service(a.strict), "attacked").url
    assert attack(f"{url}/me", f" Bearer {a.hs256()}\n").told > 8


# --- What is shown ---

# The titles of RFC 8725 §3, and of the others, for who reads a line here.
SECTIONS = {
    NOT_VERIFIED: "8725 §3.3",  # Validate All Cryptographic Operations
    NONE: "8725 §3.2",  # Use Appropriate Algorithms, which speaks of "none"
    CONFUSED: "8725 §3.1",  # Perform Algorithm Verification: each key with exactly one algorithm
    GUESSED: "8725 §3.5",  # Ensure Cryptographic Keys Have Sufficient Entropy
    EMPTY: "8725 §3.5",
    OWN_KEY: "8725 §3.8",  # Validate Issuer and Subject: the keys must belong to the issuer
    ADDRESS: "8725 §3.10",  # Do Not Trust Received Claims: jku and x5u, SSRF
    PATH: "8725 §3.10",  # ... and kid
    QUERY: "8725 §3.10",
    KIND: "8725 §3.12",  # Use Mutually Exclusive Validation Rules for Different Kinds of JWTs
    EXPIRED: "7519 §4.1.4",  # "exp" (Expiration Time) Claim
    IN_ADDRESS: "6750 §2.3",  # URI Query Parameter
    CRASH: "9110 §15.6",  # Server Error 5xx
}


def test_each_line_names_the_section_that_ends_it():
    assert {check.name: check.section for check in CHECKS} == SECTIONS


def test_report_says_the_same_to_eye_and_ear():
    app = a.service(a.obeys("none"))
    report = attack(f"{serve(app, 'attacked').url}/me", a.hs256())
    for line in report.lines:
        assert f"RFC {line.section}" in report.text and line.section in report.html
        assert line.verdict in report.html and line.name in report.html
    assert "let in by `alg` none" in report.text and "<code" in report.html
    assert repr(report) == report.text and report._repr_html_() == report.html


def test_odd_words_of_a_service_stay_words():
    """A redirect may name any address."""
    app = Flask("odd")
    app.before_request(lambda: Response(status=302, headers={"Location": "/<script>\u00ad`x`$y$"}))
    report = attack(f"{serve(app, 'odd').url}/me", a.hs256())
    assert "<script>" not in report.html and "\u00ad" not in report.text


# --- The command ---


def course_attack(*arguments: str, token: str | None = None) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name != "ATTACK_TOKEN"}
    environment |= {"PYTHONIOENCODING": "utf-8"} | ({"ATTACK_TOKEN": token} if token else {})
    code = "from course.cli import main; main(prog_name='course')"
    command = [sys.executable, "-c", code, "attack", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


def test_command_prints_the_table_what_got_in_and_ends_with_0_1_or_2(tmp_path):
    (tmp_path / "public.pem").write_bytes(a.pem_of())
    url = serve(a.service(a.confused_by(a.pem_of())), "attacked").url + "/me"
    options = [
        "--public-key", str(tmp_path / "public.pem"), "--other-token", a.es256(aud="page"),
        "--expired-token", a.es256(**LONG_AGO), "--file", "/static/site.css",
    ]  # fmt: skip
    bad = course_attack(url, "--token", a.es256(), *options)
    assert bad.returncode == 1 and not bad.stderr, bad.stderr
    table, found = bad.stdout.split("\n\n", 1)
    assert len(table.splitlines()) == len(CHECKS)
    first, _, what, token, curl = found.splitlines()
    assert re.fullmatch(r"1 broken, of 12 that could be told, by \d+ requests\.", first)
    assert what == "public key as secret: let in by HS256 with the public key as secret (as it is)"
    (token,) = shlex.split(token.strip().removeprefix("TOKEN="))
    assert curl == f'    curl -i -H "Authorization: Bearer $TOKEN" {url}'
    assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=20).ok
    url = serve(a.service(a.strict), "attacked").url + "/me"
    # The token may come from the environment, and then it is in no history and no list of processes.
    good = course_attack(url, token=a.hs256())
    assert good.returncode == 0 and not good.stderr and "0 broken, of" in good.stdout
    away = course_attack("http://127.0.0.1:9/me", token=a.hs256())
    assert away.returncode == 2 and "nothing listens there" in away.stdout and not away.stderr
    assert len(away.stdout.splitlines()) == 3


@pytest.mark.parametrize(("arguments", "said"), [
    (["http://127.0.0.1:9/me"], "--token, or ATTACK_TOKEN in the environment"),
    (["http://example.com/me", "--token", "x"], "this machine only"),
    (["http://127.0.0.1@example.com/", "--token", "x"], "this machine only"),
    (["http://127.0.0.1:9/me", "--token", "abc"], "must be a signed JWT, with three parts. It has 1."),
    (["http://127.0.0.1:9/me", "--token", a.hs256(), "--public-key", "no-such.pem"], "No such file"),
    (["http://127.0.0.1:9/me", "--token", a.hs256(), "--public-key", "pyproject.toml"], "The public key must be PEM"),
    (["http://127.0.0.1:9/me", "--token", a.hs256(), "--file", "site.css"], "such as /static/site.css"),
    ([], "Missing argument 'URL'"),
])  # fmt: skip
def test_wrong_use_of_the_command_is_explained(arguments, said):
    # In this process, since each start costs a second.
    done = CliRunner().invoke(main, ["attack", *arguments], prog_name="course")
    assert done.exit_code == 2 and done.stdout == ""
    assert "Traceback" not in done.stderr and said in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "it's",
        '$HOME `id` "x"',
        "\x01\x7f",
        "é\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_command_line_survives_any_text(text):
    """As a shell reads it: what is quoted comes out as it went in."""
    from course.attack.target import quoted

    done = subprocess.run(
        ["bash", "-c", f"printf %s {quoted(text)}"], capture_output=True, timeout=20
    )
    assert done.stdout == text.encode() and not done.stderr
