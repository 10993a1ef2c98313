"""Exercises of lesson 02, Sign a JWT by hand."""

import hashlib
import hmac
import json
import secrets

from course.checking import Attempt, NotYet, exercise, is_a, same, show, type_of
from course.token_parts import HEADER, compact, encode_part, signed


@exercise(
    "2.1",
    "Three steps: the signing input as text, the HMAC of its bytes, and the two joined by a dot.",
    'The signing input is `encode_part(header as JSON bytes) + "." + encode_part(claims as JSON bytes)`.',
    "`hmac.digest(key.encode(), signing_input.encode(), hashlib.sha256)` gives 32 raw bytes. They go through `encode_part`.",
)
def sign_by_hand(sign):
    attempt = Attempt(
        sign,
        "sign",
        slips={
            TypeError: "HMAC works on bytes: `.encode()` turns text into bytes. Is something text where bytes must be?"
        },
    )
    for claims in ({"sub": "ada"}, {"sub": "ada", "exp": 1666720490, "roles": ["a", "b"]}, {}):
        key = secrets.token_hex(32)
        got = attempt.answer(claims, key)
        expected = signed(HEADER, claims, key)
        if not same(got.value, expected):
            raise NotYet(_what_is_wrong(got.value, claims, key, expected))
    return "The same as any library would make."


def _what_is_wrong(token: object, claims: dict, key: str, expected: str) -> str:
    if type(token) is not str:
        return f"`sign` returned {type_of(token)}. Expected text (`str`)."
    parts, wanted = token.split("."), expected.split(".")
    if len(parts) != 3:
        return f"`sign` returned a text with {len(parts)} part(s): `{show(token)}`. A token has 3: header, payload, signature."
    if "=" in token:
        return "Your token contains `=`. A JWT leaves the padding out: use `encode_part` for all three parts."
    for name, part, right, content in zip(
        ("header", "payload"), parts, wanted, (HEADER, claims), strict=False
    ):
        if part == right:
            continue
        if part == encode_part(json.dumps(content).encode()):
            return (
                f'Your {name} has spaces in its JSON. Write it compactly: `separators=(",", ":")`.'
            )
        return f"Your {name} is `{show(part)}`. Expected: `{show(right)}`, which is the base64url of `{show(compact(content))}`."
    signing_input = f"{wanted[0]}.{wanted[1]}".encode()
    if len(parts[2]) == 86:
        return "Your signature has 86 characters: it encodes hexadecimal digits. Encode the raw 32 bytes, from `.digest()`."
    if parts[2] == encode_part(hmac.digest(key.encode(), signing_input + b".", "sha256")):
        return "You signed a dot too many: the signing input ends with the payload."
    if parts[2] == encode_part(
        hmac.digest(key.encode(), compact(HEADER) + b"." + compact(claims), "sha256")
    ):
        return "You signed the JSON itself. The signing input is the two *encoded* parts, with the dot between them."
    if parts[2] == encode_part(hashlib.sha256(signing_input).digest()):
        return "Your signature is a plain SHA-256, made without the key: anyone can compute it. Use `hmac.digest(key, …)`."
    return "Your signature differs. Is the signing input `header.payload`, and the key the `key` that the function is given?"


@exercise(
    "2.2",
    'Take exactly three parts apart. Compute the signature of `f"{header}.{payload}"` yourself.',
    "If `hmac.compare_digest` says no, `raise ValueError(…)`. Only then decode header and payload.",
    'After that ask two more things: is the header\'s `alg` equal to `"HS256"`, and are header and payload dictionaries?',
)
def verify_by_hand(verify):
    attempt = Attempt(
        verify, "verify", slips={ValueError: "This token is genuine, and must be accepted."}
    )
    key, other_key = secrets.token_hex(32), secrets.token_hex(32)
    for claims in ({"sub": "ada"}, {"sub": "zoë", "n": 1}, {}, {"sub": "a" * 50}):
        attempt.must_return(claims, signed(HEADER, claims, key), key)
    spaced = b'{ "typ": "JWT",\r\n "alg": "HS256" }'
    attempt.must_return(
        {"sub": "joe"},
        signed(spaced, b'{ "sub": "joe" }', key),
        key,
        because="Other libraries put spaces into their JSON.",
    )

    good = signed(HEADER, {"sub": "ada"}, key)
    head, payload, signature = good.split(".")
    none = encode_part({"alg": "none"})
    admin = encode_part({"sub": "admin"})
    sha256_alone = encode_part(hashlib.sha256(f"{head}.{admin}".encode()).digest())
    forgeries = {
        "a changed payload": f"{head}.{admin}.{signature}",
        "another key": signed(HEADER, {"sub": "ada"}, other_key),
        "an empty key": signed(HEADER, {"sub": "ada"}, ""),
        "an empty signature": f"{head}.{payload}.",
        "a hash that needs no key": f"{head}.{admin}.{sha256_alone}",
        "half a signature": f"{head}.{payload}.{signature[:20]}",
        "`alg` none and no signature": f"{none}.{admin}.",
        "`alg` none and the old signature": f"{none}.{payload}.{signature}",
        "`alg` HS512, signed with SHA-512": signed({"alg": "HS512"}, {"sub": "ada"}, key, "sha512"),
        "two parts": f"{head}.{payload}",
        "four parts": f"{good}.{signature}",
        "the empty text": "",
        "no JSON in it, though it is signed": signed(HEADER, b"hello", key),
        "a list for claims, though it is signed": signed(HEADER, b'["sub","ada"]', key),
        "`alg` none in the header, though it is signed": signed(
            {"alg": "none"}, {"sub": "ada"}, key
        ),
        "`alg` HS512 in the header, though signed with SHA-256": signed(
            {"alg": "HS512"}, {"sub": "ada"}, key
        ),
        "no `alg` in the header, though it is signed": signed(b"{}", {"sub": "ada"}, key),
        "letters that are not ASCII in the signature": f"{head}.{payload}.{signature[:-1]}é",
    }
    for what, token in forgeries.items():
        outcome = attempt.run(token, key)
        if outcome.error is None:
            slip = (
                "Check `alg` in the header: it must be `HS256`."
                if "alg" in what
                else "Raise ValueError when the signature does not fit."
            )
            if "list" in what:
                slip = "Claims are a JSON object: ask `isinstance(…, dict)`."
            raise NotYet(f"`verify` accepted a token with {what}, and {outcome.said}. {slip}")
        if not is_a(outcome.error, ValueError):
            slip = (
                " `compare_digest` takes ASCII text or bytes: compare bytes."
                if "ASCII" in what
                else ""
            )
            raise NotYet(
                f"For a token with {what}, `verify` {outcome.said}. It must raise `ValueError`.{slip}"
            )
    return f"Genuine tokens pass, and {len(forgeries)} forgeries do not."


@exercise(
    "2.3",
    "Decode the part, encode the bytes again, and compare with what you were given.",
    "`binascii.Error` is a kind of `ValueError`: `except ValueError: return False`. So is the error for text that is not ASCII.",
)
def the_one_right_spelling(is_canonical):
    attempt = Attempt(
        is_canonical,
        "is_canonical",
        slips={
            ValueError: "What cannot be decoded is not canonical: catch the error and return `False`."
        },
    )
    right = [b"", b"a", b"ab", b"abc", b"\xfb\xff\xbe", bytes(32), b'{"sub":"who?"}']
    for content in right:
        attempt.must_return(
            True, encode_part(content), because="This is what encoding some bytes gives."
        )
    wrong = {
        "Zh": "its last character has an unused bit set: `Zg` is the right spelling of the same byte.",
        "Zm9": "its last character has an unused bit set: `Zm8` is the right spelling of the same bytes.",
        "Zg==": "it has padding.",
        "Zm8=": "it has padding.",
        "+/++": "`+` and `/` belong to the other base64.",
        "Zm 9v": "it contains a space, which the decoder skips.",
        "Zm9v\n": "it ends in a line break, which the decoder skips.",
        "Zm9v!": "it contains a character that the decoder skips.",
        "Z": "one character cannot be base64url.",
        "Zm9vY": "five characters cannot be base64url.",
        "é": "it is not ASCII.",
    }
    for part, because in wrong.items():
        attempt.must_return(False, part, because=because[0].upper() + because[1:])
    return "Decode, encode, compare."
