"""Exercises of lesson 14, Attack your own API. What is forged knocks at the real services, weak and mended."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import tempfile
import time
import types
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from course.checking import (
    Attempt,
    NotYet,
    Outcome,
    describe_error,
    exercise,
    has_return,
    is_a,
    same,
    show,
    show_text,
    type_of,
)  # fmt: skip
from course.token_parts import decode_part, encode_part, signed
from course.trials.houses import House, house
from course.trials.tokens import read_token

BY_HAND = (
    "The library does not sign with a public key as secret. An attacker needs no library: HMAC is one line, "
    '`hmac.digest(public_pem, signing_input.encode(), "sha256")`.'
)
UNREAD = (
    "Only read the claims, whatever they say: nobody has to verify the token that he copies. "
    '`jwt.decode(token, options={"verify_signature": False})` looks at nothing else.'
)


@exercise(
    "14.1",
    "Three steps: read the claims of the genuine token without verifying, write a header and new claims, sign both by hand.",
    'The header says `{"alg": "HS256"}`. `forge` above shows how a signing input becomes a token.',
    'The secret is `public_pem` as it is, byte for byte. `claims | {"sub": "admin"}` keeps all other claims.',
)
def confuse_it_yourself(confused):
    attempt = Attempt(confused, "confused", parameters=("token", "public_pem"), slips={
        "asymmetric key": BY_HAND, "should not be used as an HMAC secret": BY_HAND, "must not be used as oct keys": BY_HAND,
        jwt.InvalidAudienceError: UNREAD, jwt.ExpiredSignatureError: UNREAD, jwt.MissingRequiredClaimError: UNREAD,
        "not JSON serializable": "Of bytes, `json.dumps` makes no JSON. The PEM is the secret, and no part of the token.",
        TypeError: "HMAC works on bytes, a token is text: `.encode()` and `encode_part` lead from one to the other. The PEM "
        "is bytes already.",
        AttributeError: "The PEM is bytes already, and the token is text.",
        "Not enough segments": "That is not the token. `confused` is given the token first, and then the PEM.",
        KeyError: "A genuine token may have any claims: do not ask for one. `claims | {\"sub\": \"admin\"}` needs none.",
        jwt.InvalidTokenError: UNREAD,
    })  # fmt: skip
    loose = False
    with house("weak_api") as weak, house("fixed_api") as fixed:
        for place in (weak, fixed):
            for claims in _claims_of_genuine_tokens():
                forged, header = _forged(
                    attempt, claims, place.keys.private_key, place.keys.public_pem
                )
                loose = loose or header.get("typ") != "at+jwt"
                # What has expired, or is for somebody else, both refuse, whoever signed it.
                if claims.get("aud") == "orders" and claims["exp"] > time.time():
                    _judge_at_the_door(place is weak, place.knock("by-algorithm", forged))
        _judge_other_keys(attempt, weak)
    said = "The weak server takes it for its own, and the mended one does not."
    if loose:
        said += (
            " One thing more: a genuine token says `at+jwt` in its header, and yours does not. A server that looks at `typ` "
            "would notice."
        )
    return said


def _claims_of_genuine_tokens() -> list[dict]:
    usual = {"sub": "1", "exp": int(time.time()) + 600, "aud": "orders"}
    return [
        usual,
        usual | {"sub": "27", "scope": "orders:read orders:write", "jti": secrets.token_hex(8)},
        usual | {"name": "Zoë O'Hara", "Role": ["Member", None, True], "act": {"sub": "1"}},
        usual | {"note": '"sub":"1"', "long": "Mixed Case, and long. " * 30, "n": 1.5},
        usual | {"aud": ["Shop", "orders"], "sub": "27"},
        usual | {"email": None, "n": 0, "admin": False, "note": "", "roles": [], "act": {}},
        usual | {"exp": 1_666_720_490},
        {"aud": "orders", "exp": usual["exp"]},
    ]


def _forged(attempt: Attempt, claims: dict, private_key, public_pem: bytes) -> tuple[str, dict]:
    """The answer's token, which must be right in each of its parts, and its header."""
    algorithm = "RS256" if isinstance(private_key, rsa.RSAPrivateKey) else "ES256"
    # Other signers do not write "\\u00eb" for a letter of UTF-8.
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    genuine = jwt.PyJWS().encode(payload, private_key, algorithm, {"typ": "at+jwt"})
    token = attempt.value(genuine, public_pem)
    if is_a(token, bytes):
        raise NotYet("`confused` returned bytes. A token is text: `.decode()`.")
    if is_a(token, str) and "=" in token:
        raise NotYet(
            "There is `=` in the token. A JWT leaves the padding out: use `encode_part` for each part."
        )
    if is_a(token, str) and set("+/") & set(token):
        raise NotYet(
            "There is `+` or `/` in the token. They belong to the other base64: use `encode_part` for each part."
        )
    slip = "Header, claims and signature, each through `encode_part`, with dots between them."
    header, got = read_token(token, "confused(token, public_pem)", slip)
    _judge_header(header, algorithm)
    _judge_claims(got, claims)
    _judge_signature(token, genuine, public_pem)
    return token, header


def _judge_header(header: dict, algorithm: str) -> None:
    named = header.get("alg")
    if named == "HS256":
        return
    said = f"The header of your token says `alg` `{show(named)}`."
    if named == algorithm:
        raise NotYet(
            f"{said} That is how the genuine one is signed, and for that you would need the private key. The header must say "
            "`HS256`: then this server takes the public key for a secret."
        )
    if is_a(named, str) and named.lower() == "none":
        raise NotYet(
            f"{said} That is another attack, the one without a signature. Here something is signed, by `HS256`."
        )
    if is_a(named, str) and named in ("HS384", "HS512"):
        raise NotYet(
            f"{said} The server above computes SHA-256, whatever stands there. Expected: `HS256`."
        )
    raise NotYet(f"{said} Expected: `HS256`, exactly like that.")


def _judge_claims(got: dict, genuine: dict) -> None:
    wanted = genuine | {"sub": "admin"}
    if same(got, wanted):
        return
    if "sub" not in got or not same(got["sub"], "admin"):
        raise NotYet(
            f"Your token says `sub` `{show(got.get('sub'))}`. Expected: `'admin'`, whoever the genuine one is for."
        )
    lost = [name for name in wanted if name not in got]
    if lost:
        raise NotYet(
            f"The genuine token has the claim{'s' * (len(lost) > 1)} `{'`, `'.join(lost)}`, and yours has lost "
            f"{'them' if len(lost) > 1 else 'it'}. Take all claims of the genuine one, and change `sub` alone."
        )
    added = [name for name in got if name not in wanted]
    if added:
        raise NotYet(
            f"Your token has `{show_text(added[0])}` among its claims, and the genuine one does not."
        )
    name = next(name for name in wanted if not same(got[name], wanted[name]))
    inside = ", and none that is inside another claim" if is_a(wanted[name], dict) else ""
    raise NotYet(
        f"In the genuine token, `{name}` is `{show(wanted[name])}`, and in yours `{show(got[name])}`. Take the claims of the "
        f"token that the function is given, and change `sub` alone{inside}."
    )


def _judge_signature(token: str, genuine: str, public_pem: bytes) -> None:
    signing_input, _, signature = token.rpartition(".")

    def is_signed_with(secret: bytes, digest: str = "sha256", text: str = signing_input) -> bool:
        return signature == encode_part(hmac.digest(secret, text.encode(), digest))

    if is_signed_with(public_pem):
        return
    if not signature:
        raise NotYet("Your token has no signature. Sign it by HMAC, with the public key as secret.")
    if signature == genuine.rpartition(".")[2]:
        raise NotYet(
            "Your token has the signature of the genuine one, which does not fit its new parts. Sign them."
        )
    inside = b"".join(public_pem.splitlines()[1:-1])
    for secret, what in (
        (public_pem.strip(), "the PEM without the line break at its end"),
        (public_pem.rstrip(b"\r\n") + b"\n", "the PEM with another line break at its end"),
        (public_pem + b"\n", "the PEM and one line break more"),
        (public_pem.replace(b"\r\n", b"\n"), "the PEM with other line breaks"),
        (public_pem.replace(b"\n", b""), "the PEM without its line breaks"),
        (inside, "the text inside the PEM"),
        (base64.b64decode(inside), "the bytes that the PEM stands for (DER)"),
        (public_pem.hex().encode(), "the PEM in hexadecimal"),
        (repr(public_pem).encode(), "what Python writes for bytes, `b'…'`: decode it by `.decode()`, or leave it bytes"),
        (b"", "an empty secret"),
    ):  # fmt: skip
        if is_signed_with(secret):
            raise NotYet(
                f"Your secret is {what}. The server uses `public_pem` as it is, and each byte counts."
            )
    if any(is_signed_with(public_pem, digest) for digest in ("sha384", "sha512")):
        raise NotYet("Your signature is made with another hash. `HS256` means SHA-256.")
    if is_signed_with(public_pem, text=signing_input + "."):
        raise NotYet("You signed a dot too many: the signing input ends with the claims.")
    in_digits = hmac.digest(public_pem, signing_input.encode(), "sha256").hex()
    if signature in (in_digits, encode_part(in_digits.encode())):
        raise NotYet(
            "Your signature is made of hexadecimal digits. Encode the raw 32 bytes, from `hmac.digest`, with `encode_part`."
        )
    if signature == encode_part(hmac.digest(signing_input.encode(), public_pem, "sha256")):
        raise NotYet(
            "You have the two the wrong way round: first comes the secret, and then what is signed."
        )
    if signature in (
        encode_part(hashlib.sha256(one + other).digest())
        for one, other in ((public_pem, signing_input.encode()), (signing_input.encode(), public_pem))
    ):  # fmt: skip
        raise NotYet("Your signature is a plain SHA-256. `HS256` is an HMAC: `hmac.digest(…)`.")
    if is_signed_with(public_pem, text=signing_input.partition(".")[2]):
        raise NotYet("You signed the claims alone. The signing input is `header.claims`.")
    raise NotYet(
        "Your signature does not fit `public_pem` as secret. Is the signing input `header.claims`, as the token has them, "
        "and the secret the `public_pem` that the function is given, and no key of your own?"
    )


def _judge_at_the_door(is_weak: bool, status: int) -> None:
    expected = 200 if is_weak else 401
    if status != expected:
        raise NotYet(
            f"The {'weak' if is_weak else 'mended'} server answered {status} to your token. Expected: {expected}."
        )


def _judge_other_keys(attempt: Attempt, weak: House) -> None:
    """Keys of other servers, and other spellings of a key: the function that is attacked takes what it is given."""
    usual = _claims_of_genuine_tokens()[0]
    for private_key in (
        ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65_537, 2_048),
    ):  # fmt: skip
        plain = private_key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        for pem in (plain, plain.rstrip(), plain.replace(b"\n", b"\r\n")):
            forged, _ = _forged(attempt, usual, private_key, pem)
            keys = types.SimpleNamespace(public_pem=pem)
            try:
                weak.verifier.by_algorithm(forged, keys)
            except (jwt.PyJWTError, ValueError) as error:
                raise NotYet(
                    f"`by_algorithm` of the weak server refuses your token: `{describe_error(error)}`."
                ) from None


NO_TEXT = "JSON can say anything: a `kid` that is no text names no key. Ask `isinstance(kid, str)` before you look it up."


# What some programs take for the name "2026", as soon as they change what they were sent.
REWRITTEN = (
    "../2026", "./2026", "/2026", "2026/", "x/2026", "x/../2026", "2026.pem", "'2026'", "2026'", '"2026"', "%32026", "2026%00",
    "2026\0x", "02026", "2026#x", "2026?x", "2026;x", "\\2026", "[2026]", "+2026",
)  # fmt: skip
CODE = (
    "'] if None else keys['2026",
    "keys['2026']",
    "{0}",
    "{nobody}",
    "%s",
    "202?",
    "20*",
    "2.26",
    "__class__",
)


@exercise(
    "14.2",
    '`header.get("kid")` gives `None` where there is no `kid`. Then ask what it is, before you look it up.',
    "`keys.get(kid)` is `None` for an unknown one. A list cannot be looked up at all: it has no hash.",
    "`isinstance(kid, str)` tells text from everything else.",
)
def look_it_up(secret_for):
    attempt = Attempt(secret_for, "secret_for", keeps_arguments=True, parameters=("header", "keys"), slips={
        UnicodeError: "JSON can say half a character. It need not be encoded: look the text up as it is.",
        "unhashable": "A list or an object has no hash, so it cannot be looked up in a dictionary. That would be a 500 which "
        "anybody can order. Ask `isinstance(kid, str)` first.",
        KeyError: "Whoever made the header may have left out what you ask for, or have made it up: `.get(…)` gives `None` then.",
        "'dict' object has no attribute": "`header` and `keys` are dictionaries: `.get(…)` looks something up.",
        TypeError: NO_TEXT, AttributeError: NO_TEXT, ValueError: NO_TEXT, StopIteration: "There may be no key at all.",
        IndexError: "There may be no key at all.",
    })  # fmt: skip
    keys = {
        "2026": b"s" * 32,
        "Old": secrets.token_bytes(32),
        "key of Zoë": b"z" * 40,
        "7": b"seven" * 8,
    }
    only = {"the one key": secrets.token_bytes(64)}
    rest = {"alg": "HS256", "typ": "JWT"}
    unknown = "No key has this name: `None`, and no default."
    case = "Capital letters count."
    whole = "Compare the whole name, as it is."
    brought = "The secrets are in `keys`. What the header brings along, its maker has chosen."
    for header, known, expected, because in (
        (rest | {"kid": "2026"}, keys, keys["2026"], "This is the name of a key: return what `keys` has for it."),
        ({"kid": "Old"}, keys, keys["Old"], "This is the name of a key."),
        ({"kid": "key of Zoë", "x": ["y"]}, keys, keys["key of Zoë"], "This is the name of a key."),
        (rest | {"kid": "7"}, keys, keys["7"], "This is the name of a key: the text, with a digit in it."),
        (rest | {"kid": "the one key"}, only, only["the one key"], "This is the name of a key."),
        ({"kid": ""}, {"": b"e" * 32}, b"e" * 32, "An empty text is a text, and here it names a key."),
        (rest | {"kid": "2025"}, keys, None, unknown),
        (rest | {"kid": "2026"}, only, None, "Another service's key. With a default, it would be tried with yours."),
        (rest, keys, None, "Without a `kid`, no key is named: `None`, and no default."),
        (rest, only, None, "Without a `kid`, no key is named, also where there is only one."),
        ({}, keys, None, "Without a `kid`, no key is named."),
        (rest | {"kid": ""}, keys, None, "An empty `kid` is the name of no key here."),
        (rest | {"kid": "2026"}, {}, None, "There is no key at all."),
        ({}, {}, None, "There is no key at all."),
        (rest | {"KID": "2026", "key": "2026", "Kid": "2026"}, keys, None, "The member is called `kid`, in small letters."),
        (rest | {"kid": "old"}, keys, None, case), (rest | {"kid": "OLD"}, keys, None, case),
        (rest | {"kid": " 2026"}, keys, None, whole), (rest | {"kid": "2026\n"}, keys, None, whole),
        (rest | {"kid": "202"}, keys, None, whole), (rest | {"kid": "20266"}, keys, None, whole),
        (rest | {"kid": "２０２６"}, keys, None, "These digits only look like the others."),
        (rest | {"kid": "key of Zoe\u0308"}, keys, None, "This ë is two characters, and the other is one."),
        (rest | {"kid": "../static/site.css"}, keys, None, unknown),
        *((rest | {"kid": kid}, keys, None, f"{whole} Do not mend what somebody sends.") for kid in REWRITTEN),
        *((rest | {"kid": kid}, keys, None, "The name of a key is no piece of code, and no pattern.") for kid in CODE),
        (rest | {"k": "2026", "jwk": {"kty": "oct", "k": "MjAyNg"}, "x5t": "2026", "jku": "2026"}, keys, None, brought),
        (rest | {"kid": "2026", "k": "x" * 32, "jwk": {"k": "MjAyNg"}, "key": "x"}, keys, keys["2026"], brought),
        (rest | {"kid": "' UNION SELECT 'mine"}, keys, None, unknown),
        (rest | {"kid": "\ud800"}, keys, None, "JSON can say half a character. It names no key."),
        (rest | {"kid": "x" * 100_000}, keys, None, unknown),
        (rest | {"kid": "2026,Old"}, keys, None, whole), (rest | {"kid": "None"}, keys, None, unknown),
    ):  # fmt: skip
        attempt.must_return(expected, header, known, because=because)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "everybody.css"
        path.write_text("a file that everybody can read, with many letters", encoding="utf-8")
        attempt.must_return(
            None, rest | {"kid": str(path)}, keys,
            because="This is the name of a file, and of no key: the attack from above. Look into `keys`, and nowhere else.",
        )  # fmt: skip
    # Whether it changes what it is given, was seen above; these names are no text.
    careless = Attempt(secret_for, "secret_for", slips=attempt.slips, parameters=("header", "keys"))
    odd = {7: b"i" * 32, None: b"n" * 32, True: b"t" * 32, 1.5: b"f" * 32, (): b"u" * 32}
    for value in (
        [], ["2026"], [["2026"]], {}, {"2026": 1}, {"kid": "2026"}, 7, 2026, 1, 0, True, False, None, 1.5, 2026.0, -1,
        10**400,
    ):  # fmt: skip
        attempt.must_return(None, rest | {"kid": value}, keys, because=NO_TEXT)
        careless.must_return(None, rest | {"kid": value}, keys | odd, because=NO_TEXT)
    _judge_at_the_file_house(attempt)
    return "A header may say what it likes: it gets a key of yours, or none."


def _judge_at_the_file_house(attempt: Attempt) -> None:
    """The same by the header of a token that is let in, and of one that got in at the weak service."""
    with house("fixed_api") as fixed:
        keys = dict(fixed.keys.secret_of)
        claims = {"sub": "1", "aud": "orders", "exp": int(time.time()) + 600}
        for kid, because in (("2026", "A genuine token."), ("../static/site.css", "A forged one.")):
            token = jwt.encode(claims, keys["2026"], "HS256", {"kid": kid})
            expected = keys["2026"] if fixed.knock("by-file", token) == 200 else None
            attempt.must_return(expected, jwt.get_unverified_header(token), keys, because=because)


VALUE = 'Put a `?` where the value belongs, and give the value as a second argument: `execute("… WHERE kid = ?", (kid,))`.'
INJECTED = "a key of the attacker, which is long enough"
CALLER = "The connection belongs to the caller, who goes on with it: only read from it."


@exercise(
    "14.3",
    "The query is the same text for every `kid`. Where the value belongs, it has a `?`.",
    '`database.execute("SELECT secret FROM keys WHERE kid = ?", (kid,))` takes the value by itself, in a tuple.',
    "`.fetchone()` gives a row, which is a tuple, or `None`. The secret is the first of it.",
)
def ask_the_database_properly(secret_from):
    attempt = Attempt(secret_from, "secret_from", parameters=("database", "kid"), slips={
        "uses 0": "No `?` of your query counts: between quotation marks, it is text with a question mark in it. Write "
        "`WHERE kid = ?`, without any.",
        "Incorrect number of bindings": "The values come in a tuple. `(kid)` is a text, of which each letter counts as a value: "
        "write `(kid,)`.",
        "builtin_function_or_method": "A method without brackets is not called: `.fetchone()`.",
        "object is not subscriptable": "Where no key has this `kid`, `fetchone()` is `None`: ask before you take the first of it.",
        "no such column": "The `kid` has become a part of the query. " + VALUE,
        "unrecognized token": "The `kid` has become a part of the query. " + VALUE,
        "syntax error": "The `kid` has become a part of the query, or the query is no SQL. " + VALUE,
        "null character": "The `kid` has become a part of the query. " + VALUE,
        "one statement at a time": "The `kid` has become a part of the query. " + VALUE,
        "parameters are of unsupported type": "The values come in a tuple: `(kid,)`.",
        "no such table": "The table is called `keys`, and it is in the `database` that the function is given.",
        "PathLike": "`database` is a connection already: ask it, by `database.execute(…)`.",
        "tuple index": "A row of this query has one value: `row[0]`.",
        "closed": "Somebody has closed the connection. " + CALLER,
        IndexError: "Where no key has this `kid`, there is no row: ask before you take the first of it.",
        "cannot unpack": "Where no key has this `kid`, `fetchone()` is `None`: ask before you take it apart.",
    })  # fmt: skip
    with _key_table() as table:
        _judge_answer(attempt, table, "2026", ROWS["2026"], THERE)
        _judge_answer(attempt, table, "2025", None, "No key has this name.")
        _judge_injections(attempt, table)
        _judge_look_ups(attempt, table)
        # Whoever escapes what he puts in, may have done it well. It is a part of the query all the same.
        nobody = (f"k{secrets.token_hex(8)}{mark}" for mark in ("'", "", "-plain"))
        for kid in (*nobody, *MARKED):
            asked = _judge_answer(attempt, table, kid, ROWS.get(kid), "The whole name counts.")
            if _is_in(kid, asked):
                raise NotYet(
                    f"For the kid `{show(kid)}` your query was `{show_text(asked[-1], 120)}`. The value has become a part of "
                    f"the text, escaped or not. {VALUE}"
                )
        asked = _judge_answer(attempt, table, "Old", ROWS["Old"], THERE)
    if not any("where" in query.lower() for query in asked):
        return "No `kid` becomes a part of a query. But every secret is fetched for each token: `WHERE kid = ?` fetches one."
    return "Whatever the `kid` is, it is a value."


class _Listening:
    """Writes down the text of each query in ``asked``, before its values are put in."""

    def execute(self, query, *values):
        self._note(query)
        return super().execute(query, *values)

    def executemany(self, query, *values):
        self._note(query)
        return super().executemany(query, *values)

    def executescript(self, script):
        self._note(script)
        return super().executescript(script)

    def _note(self, query: object) -> None:
        if is_a(query, str):
            self.asked.append(str.__str__(query))


class _Cursor(_Listening, sqlite3.Cursor):
    @property
    def asked(self) -> list[str]:
        return self.connection.asked


class _Table(_Listening, sqlite3.Connection):
    """A database with the table of the exercise."""

    asked: list[str]

    def cursor(self, factory=_Cursor):
        return super().cursor(factory)


ROWS = {
    "2026": secrets.token_hex(32), "Old": "Secret of the Old key, with 'quotes' and 100 % more", "O'Brien": "secret-of-o-brien",
    'the "new" one': "secret-of-the-new-one", "key of Zoë": "geheimnis-für-zoë", "a_b": "secret-of-a_b", "100%": "secret-of-100",
    "padded": "  a secret with spaces around it ", "?": "secret-of-the-question-mark", "back\\slash": "secret-of-the-backslash", ":kid": "secret-of-the-colon",
}  # fmt: skip


# Whoever looks first whether there is such a key, and then writes it into a query, is found by these.
MARKED = tuple(f"K{secrets.token_hex(8)}{mark}" for mark in ("'", "", " of Zoë"))
ROWS |= {kid: secrets.token_hex(16) for kid in MARKED}
THERE = "This is the kid of a key, and the value is given as it is: no quotation marks around it, nothing taken out of it."


@contextmanager
def _key_table() -> Iterator[_Table]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "keys.db"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE keys (kid TEXT, secret TEXT)")
            database.executemany("INSERT INTO keys VALUES (?, ?)", list(ROWS.items()))
            database.execute("CREATE TABLE users (name TEXT, password_hash TEXT)")
            database.execute(
                "INSERT INTO users VALUES ('ada', 'a hash that is nobody''s business')"
            )
        # Of the class: what is on the object itself, an odd answer may take away.
        listening = type("Table", (_Table,), {"asked": []})
        table = sqlite3.connect(path, factory=listening)
        try:
            yield table
        finally:
            # A cursor that was left open does not matter any more.
            table.close()


def _judge_look_ups(attempt: Attempt, table: _Table) -> None:
    for kid, secret in ROWS.items():
        _judge_answer(attempt, table, kid, secret, THERE)
    like = "The whole name must be the same: compare with `=` and not with `LIKE`."
    for kid, because in (
        ("2025", "No key has this name."), ("", "No key has this name."), ("old", "Capital letters count. " + like),
        ("OLD", "Capital letters count. " + like), ("%", like), ("20%", like), ("____", like), ("axb", like), ("2_26", like),
        ("20*", "The whole name must be the same."), ("202", "The whole name must be the same."),
        ("2026 ", "A space counts."), (" 2026", "A space counts."), ("2026\n", "A line break counts."),
        ("2026\0", "What stands behind a zero byte counts, too."), ("02026", "It is text, and no number."),
        ("2026.0", "It is text, and no number."), ("2026; SELECT 1", "No key has this name."), ("x" * 50_000, "No key has this name."),
    ):  # fmt: skip
        _judge_answer(attempt, table, kid, None, because)
    for kid in REWRITTEN:
        _judge_answer(
            attempt,
            table,
            kid,
            None,
            "The whole name must be the same. Do not mend what somebody sends.",
        )


def _judge_injections(attempt: Attempt, table: _Table) -> None:
    """Texts that ask for something else, as soon as they are a part of the query."""
    for quote in ("'", '"', ""):
        for end in (
            f"{quote} UNION SELECT {quote or chr(39)}{INJECTED}{'' if quote else chr(39)}",
            f"{quote} UNION SELECT '{INJECTED}' -- ", f"x{quote} OR {quote}1{quote}={quote}1", f"{quote} OR 1=1 -- ",
            f"{quote} UNION SELECT password_hash FROM users -- ", f"x{quote}; DROP TABLE keys; -- ",
            f"x{quote}; UPDATE keys SET secret = {quote or chr(39)}{INJECTED}{quote or chr(39)}; -- ", f"0{quote}) OR (1=1) -- ",
        ):  # fmt: skip
            _judge_answer(attempt, table, end, None, "The whole name must be the same.")
    # Text that is escaped in one way of two.
    for kid in ("\\' UNION SELECT 'x", "'' OR 1=1 -- ", "x''", "'", '"', "`", "]", "--", "/*", ";"):
        _judge_answer(attempt, table, kid, None, "The whole name must be the same.")


def _judge_answer(
    attempt: Attempt, table: _Table, kid: str, expected: str | None, because: str
) -> list[str]:
    """Require this secret, and that all is left as it was. Returns the queries as they were written."""
    # What the caller has begun, is neither finished nor thrown away by whoever reads.
    mine = f"begun by the caller {secrets.token_hex(4)}"
    sqlite3.Connection.execute(table, "INSERT INTO users VALUES (?, 'x')", (mine,))
    table.asked.clear()
    outcome = attempt.run(table, kid)
    asked = list(table.asked)
    call = f"secret_from(database, {show(kid)})"
    _judge_what_is_left(table, mine, call, _is_in(kid, asked))
    if outcome.error is not None:
        why = attempt.explain(outcome.error)
        if "a part of the query" in why and asked and not _is_in(kid, asked):
            why = "The query itself is not right. The table is `keys`, its columns are `kid` and `secret`, and where the value belongs stands `?`."
        raise NotYet(f"`{call}` {outcome.said}. {why}")
    got = outcome.value
    if same(got, expected):
        return asked
    if got is None and not has_return(attempt.function):
        raise NotYet(
            f"`{call}` returned `None`. {_printed(outcome) or 'Did you forget the `return`?'}"
        )
    if same(got, kid):
        raise NotYet(f"`{call}` returned the kid itself. Ask for its secret: `SELECT secret`.")
    if is_a(got, list):
        raise NotYet(
            f"`{call}` returned a list of rows, `{show(got)}`. `.fetchone()` gives one row, and `[0]` of it is the secret."
        )
    if is_a(got, (tuple, list, sqlite3.Row)):
        raise NotYet(
            f"`{call}` returned the row `{show(got)}`. The secret is the first of it: `row[0]`."
        )
    if is_a(got, sqlite3.Cursor):
        raise NotYet(f"`{call}` returned a cursor. Fetch the row: `.fetchone()`.")
    if same(got, INJECTED):
        raise NotYet(
            f"`{call}` returned `{show(got)}`, which the attacker wrote there himself: he is in. {VALUE}"
        )
    if _is_in(kid, asked):
        raise NotYet(
            f"`{call}` returned `{show(got)}`. Expected: `{show(expected)}`. The kid has become a part of the query: "
            f"`{show_text(asked[-1], 120)}`. {VALUE}"
        )
    raise NotYet(
        f"`{call}` returned `{show(got)}`. Expected: `{show(expected)}`. {because} {_printed(outcome)}".rstrip()
    )


def _is_in(kid: str, queries: list[str]) -> bool:
    """Whether the kid stands in the text of a query, also where something in it was escaped."""
    core = max(re.findall(r"[\w ]+", kid), key=len, default="")
    in_digits = kid.encode("utf-8", "surrogatepass").hex()
    return len(core) > 3 and any(core in query or in_digits in query.lower() for query in queries)


def _judge_what_is_left(table: _Table, mine: str, call: str, is_in: bool) -> None:
    """The connection, its transaction and the tables must be as they were. ``is_in``: whether the kid was in a query."""
    slip = (
        f"the kid has become a part of the query. {VALUE}" if is_in else f"`SELECT` reads. {CALLER}"
    )
    try:
        if table.row_factory is not None or table.text_factory is not str:
            raise NotYet(
                f"After `{call}` the connection has another `row_factory` or `text_factory`. {CALLER}"
            )
        begun = table.in_transaction
        read = sqlite3.Connection.execute
        rows = dict(read(table, "SELECT kid, secret FROM keys"))
        there = read(table, "SELECT 1 FROM users WHERE name = ?", (mine,)).fetchone()
        table.rollback()
    except sqlite3.Error as error:
        said = describe_error(error)
        if "no such table" in said or "no such column" in said:
            raise NotYet(f"After `{call}` the table is gone: {slip}") from None
        raise NotYet(
            f"After `{call}` the connection cannot be used any more: `{said}`. {CALLER}"
        ) from None
    if not same(rows, ROWS):
        raise NotYet(f"After `{call}` the table has other rows: {slip}")
    if not begun:
        end = "committed (`with database:` does that at its end)" if there else "thrown away"
        raise NotYet(
            f"The caller had begun a transaction, and after `{call}` it was {end}. {CALLER}"
        )


@exercise(
    "14.4",
    "What is signed, is everything in front of the last dot. What it must give, is behind it, in base64url.",
    'Three loops in one another: the words, `(word, word.capitalize())`, and `("", "1", "123", "!")`.',
    "Compare `hmac.digest(secret.encode(), signing_input.encode(), \"sha256\")` with the decoded signature. `return None` stands "
    "behind the loops, and not inside.",
)  # fmt: skip
def try_what_people_choose(guessed):
    attempt = Attempt(guessed, "guessed", keeps_arguments=True, parameters=("token", "words"), slips={
        jwt.ExpiredSignatureError: "The signature fits, so the secret is found: when the token expires, does not matter.",
        jwt.InvalidAudienceError: "The signature fits, so the secret is found: whom the token is for, does not matter.",
        jwt.ImmatureSignatureError: "The signature fits, so the secret is found: from when it is good, does not matter.",
        jwt.InvalidSignatureError: "This word is not the secret. Go on with the next.",
        jwt.InvalidTokenError: "Whether the claims are good does not matter. Compare the signature alone.",
        "not in list": "Not every word is there: look whether it is, or go through them.",
        UnicodeError: "Words may have any letters: `.encode()` writes them in UTF-8.",
        IndexError: "The list may be empty. Then there is nothing to try: `None`.",
        "Incorrect padding": "A JWT leaves the padding out: put `==` behind the signature before you decode it, or encode yours "
        "by `encode_part` and compare the texts.",
        "base64-encoded": "It is base64url, without padding: `base64.urlsafe_b64decode(signature + \"==\")`.",
        "digestmod": "`hmac.new` must be told the hash. `hmac.digest(secret, text, \"sha256\")` is shorter.",
        TypeError: "HMAC works on bytes: `.encode()` turns text into bytes.",
        StopIteration: "`next(…)` needs a default for the end: `next(…, None)`.",
    })  # fmt: skip
    with house("weak_api") as weak, warnings.catch_warnings():
        # Of PyJWT, that a secret is too short. That is what this is about.
        warnings.simplefilter("ignore")
        words = [
            "dragon",
            "letmein",
            "qwerty",
            "sunshine",
            "correct horse",
            "élan",
            "ночь",
            "trustno1",
            "CamelCase",
        ]
        # First those that no word leads to: whoever compares a part of the signature would find some of the others by chance.
        for _ in range(30):
            no_word = secrets.token_hex(32)
            _judge_guess(attempt, weak, no_word, words, None, "No word of the list leads to it.")
        for word in words:
            starts = [word] + ([word.capitalize()] if word != "CamelCase" else [])
            for secret in dict.fromkeys(
                start + end for start in starts for end in ("", "1", "123", "!")
            ):
                _judge_guess(attempt, weak, secret, words, secret, _how(word, secret))
        _judge_hits(attempt, weak)
        _judge_misses(attempt, weak)
        other = _other_spelling(weak.keys.tokens("qwerty")["session_token"])
        spelled = attempt.run(other, ["qwerty"])
    if not same(spelled.value, "qwerty"):
        return (
            "Every one is found. One thing more: with its last character changed, the same signature is spelled in another way "
            "(lesson 02). Who compares bytes, and not text, finds that secret too."
        )
    return "Every one is found, and nobody was asked."


def _how(word: str, secret: str) -> str:
    capital = secret[0] != word[0]
    end = secret[len(word) :]
    ways = ["with a capital at its start"] * capital + [f"with `{end}` at its end"] * bool(end)
    return f"It is `{word}` {' and '.join(ways) or 'as it is'}."


def _judge_guess(
    attempt: Attempt, weak: House, secret: str, words: list[str], expected: str | None, because: str,
    token: str | None = None,
) -> None:  # fmt: skip
    """``token``: another one than this service would make with this secret."""
    token = token or weak.keys.tokens(secret)["session_token"]
    outcome = attempt.run(token, list(words))
    said = f"For a token with the secret `{show(secret)}` and the words `{show(words)}`, `guessed`"
    if outcome.error is not None:
        raise NotYet(
            f"{said} raised `{describe_error(outcome.error)}`. {attempt.explain(outcome.error)}"
        )
    got = outcome.value
    if same(got, expected):
        return
    if is_a(got, (types.GeneratorType, filter, map)):
        raise NotYet(
            f"{said} returned {type_of(got)}. Return the secret itself: with `return` and not `yield`."
        )
    if is_a(got, bytes):
        raise NotYet(f"{said} returned bytes. Return the secret as text, as the words are.")
    if got is None and not has_return(attempt.function):
        raise NotYet(
            f"{said} returned `None`. {_printed(outcome) or 'Did you forget the `return`?'}"
        )
    if got is None:
        alone = any(same(attempt.run(token, [word]).value, expected) for word in words)
        slip = (
            "With that word alone it is found: does a `return` inside a loop end the search?"
            if alone
            else NONE_IS_FOUND * (secret == words[0])
        )
        raise NotYet(f"{said} returned `None`. {because} {_printed(outcome) or slip}".rstrip())
    if expected is not None and is_a(got, str) and got in words:
        raise NotYet(
            f"{said} returned `{show(got)}`. {because} Return what was the secret, and not the word that it came from."
        )
    if is_a(got, bool):
        raise NotYet(f"{said} returned `{got}`. Return the secret itself, or `None`.")
    raise NotYet(f"{said} returned `{show(got)}`. Expected: `{show(expected)}`. {because}")


NONE_IS_FOUND = (
    "If no word is ever found: what is signed, is everything in front of the last dot, dots included; and `hmac.digest` gives "
    "bytes, where the token has their base64url."
)


def _printed(outcome: Outcome) -> str:
    """What to say to somebody who prints in place of returning."""
    if outcome.value is None and outcome.printed:
        return "It printed something: to print is not to return. Use `return`."
    return ""


def _judge_hits(attempt: Attempt, weak: House) -> None:
    many = [f"word{number}" for number in range(2_000)]
    for secret, words, because in (
        ("Last!", [*many, "last"], "It is the last of many."), ("First1", ["first", *many], "It is the first of many."),
        ("secret", ["sec", "secre", "secret", "secrets"], "Others begin like it, or are the beginning of it."),
        ("secret1", ["secret", "secret1"], "It is a word with an ending, and a word as well."),
        ("pass1231", ["pass", "pass123"], "`pass123` is a word of the list, and `1` stands at its end."),
        ("1", ["x", "1"], "A word may be short."), ("x!", ["x"], "A word may be short."),
        ("long" * 50, ["long" * 50], "A word may be long."), ("same", ["same", "same"], "A word may come twice."),
    ):  # fmt: skip
        _judge_guess(attempt, weak, secret, words, secret, because)
    key = "Monkey123"
    now = int(time.time())
    for header, claims, because in (
        ({"alg": "HS256"}, {"sub": "ada"}, "A token may have any claims."),
        ({"alg": "HS256", "kid": "2026", "typ": "at+jwt"}, {"sub": "Zoë", "n": [1.5, None]}, "A token may have any claims."),
        ({"typ": "JWT", "alg": "HS256"}, {"sub": "1", "exp": now - 60}, "It has expired, and its signature fits all the same."),
        ({"alg": "HS256"}, {"sub": "1", "aud": ["Shop"]}, "It is for somebody, and its signature fits all the same."),
        ({"alg": "HS256"}, {"nbf": now + 600}, "It is not good yet, and its signature fits all the same."),
        ({"alg": "HS256"}, {"sub": "1", "note": "long " * 500}, "A token may be long."),
    ):  # fmt: skip
        token = signed(header, claims, key)
        _judge_guess(attempt, weak, key, ["dragon", "monkey", "qwerty"], key, because, token)


def _judge_misses(attempt: Attempt, weak: House) -> None:
    strong = f"{secrets.token_hex(32)} of nobody"
    for secret, words in (
        (strong, ["secret", "dragon"]), (strong, []), ("secret", []), ("secret", ["dragon"]), ("secret", ["secre", "ecret"]),
        (strong, [strong[:-1], strong[1:]]), ("dragon-of-mine", ["dragon", "mine"]),
    ):  # fmt: skip
        _judge_guess(attempt, weak, secret, words, None, "No word of the list leads to it.")
    near = weak.keys.tokens("dragon")["session_token"]
    for place in (-1 - 42, -1 - 33, -1 - 20, -1 - 5, -1 - 2):
        other = "A" if near[place] != "A" else "B"
        _judge_guess(
            attempt, weak, "dragon", ["letmein", "dragon"], None,
            "In this token, one character of the signature is another one, so it does not fit. Compare all of it.",
            near[:place] + other + near[place + 1 :],
        )  # fmt: skip
    # Nothing of the token but its signature tells.
    token = signed({"alg": "HS256"}, {"sub": "secret"}, strong)
    _judge_guess(
        attempt,
        weak,
        strong,
        ["secret"],
        None,
        "The word stands in its claims, and did not sign it.",
        token,
    )
    token = token.rpartition(".")[0] + "."
    _judge_guess(
        attempt,
        weak,
        strong,
        ["secret"],
        None,
        "A signature is missing, so no word can fit.",
        token,
    )


def _other_spelling(token: str) -> str:
    """The same bytes of signature, with one of the unused bits of its last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    same_bytes = decode_part(other.rpartition(".")[2]) == decode_part(token.rpartition(".")[2])
    if not same_bytes:
        raise RuntimeError("The last character of a signature of 32 bytes has two unused bits.")
    return other
