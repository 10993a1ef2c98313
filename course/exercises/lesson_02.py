"""Exercises of lesson 02, Sign a JWT by hand."""

import contextlib
import hashlib
import hmac
import json
import secrets
import string

from course.checking import Attempt, NotYet, exercise, is_a, same, show, type_of
from course.token_parts import HEADER, compact, decode_part, encode_part, read_object, signed


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
        keeps_arguments=True,
        parameters=("claims", "key"),
        slips={
            TypeError: "HMAC works on bytes: `.encode()` turns text into bytes. Is something text where bytes must be?"
        },
    )
    random_key = secrets.token_hex(32)
    for claims, key in (
        ({"sub": "ada"}, random_key),
        ({"sub": "ada", "exp": 1666720490, "roles": ["a", "b"]}, secrets.token_hex(32)),
        ({}, random_key),
        ({"name": "Ada Lovelace", "motto": "a: b, c", "Role": ["Site Admin"]}, random_key),
        (
            {"admin": True, "email": None, "exp": 1666720490.5, "address": {"city": "Rome"}},
            random_key,
        ),
        ({"quoted": 'say "hi" to \\', "link": "a/b?c=d&e"}, random_key),
        ({"sub": "zoë", "city": "København", "smile": "\U0001f600"}, random_key),
        ({"note": "Mixed Case, and long. " * 200}, random_key),
        ({"sub": "ada"}, ' a Key with spaces, "quoted", and an ë at its end '),
        ({"sub": "ada"}, "Longer than one block of the hash. " * 10),
        ({"sub": "ada"}, "short"),
    ):
        got = attempt.answer(claims, key)
        expected = signed(HEADER, claims, key)
        if not same(got.value, expected) and not _is_another_spelling(got.value, claims, key):
            raise NotYet(_what_is_wrong(got.value, claims, key, expected))
    return "The same as any library would make."


def _is_another_spelling(token: object, claims: dict, key: str) -> bool:
    """Whether this is a token as asked for whose JSON escapes letters, or has the claims in another order."""
    if not is_a(token, str) or token.count(".") != 2:
        return False
    header, payload, _ = token.split(".")
    try:
        text = decode_part(payload).decode("utf-8")
        read = read_object(text)
    except ValueError:
        return False
    spellings = [
        json.dumps(read, separators=(",", ":"), ensure_ascii=escaped) for escaped in (True, False)
    ]
    return (
        same(read, claims)
        and text in spellings
        and header == encode_part(HEADER)
        and token == signed(HEADER, text.encode(), key)
    )


def _what_is_wrong(token: object, claims: dict, key: str, expected: str) -> str:
    if not is_a(token, str):
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
        lost = _what_is_lost(part, content)
        if lost:
            return f"Your {name} {lost}"
        return f"Your {name} is `{show(part)}`. Expected: `{show(right)}`, which is the base64url of `{show(compact(content))}`."
    signing_input = f"{wanted[0]}.{wanted[1]}".encode()
    if len(parts[2]) == 64 and set(parts[2]) <= set(string.hexdigits):
        return "Your signature is written in hexadecimal digits. Take the raw 32 bytes, from `.digest()`, and encode them with `encode_part`."
    if len(parts[2]) == 86:
        return "Your signature has 86 characters: it encodes hexadecimal digits. Encode the raw 32 bytes, from `.digest()`."
    if parts[2] == encode_part(hmac.digest(key.encode(), signing_input + b".", "sha256")):
        return "You signed a dot too many: the signing input ends with the payload."
    if parts[2] == encode_part(
        hmac.digest(key.encode(), compact(HEADER) + b"." + compact(claims), "sha256")
    ):
        return "You signed the JSON itself. The signing input is the two *encoded* parts, with the dot between them."
    for spelled, what in (
        (key.strip(), "without the white space at its ends"),
        (key.strip("\"' "), "without its quotation marks"),
        (key.lower(), "in small letters"),
    ):
        if spelled != key and parts[2] == encode_part(
            hmac.digest(spelled.encode(), signing_input, "sha256")
        ):
            return f"You used the key {what}. A key is used as it is: each of its bytes counts."
    with contextlib.suppress(ValueError):
        if parts[2] == encode_part(hmac.digest(bytes.fromhex(key), signing_input, "sha256")):
            return "You decoded the key from hexadecimal first. A key is used as it is, each of its characters: `key.encode()`."
    if parts[2] == encode_part(hashlib.sha256(signing_input).digest()):
        return "Your signature is a plain SHA-256, made without the key: anyone can compute it. Use `hmac.digest(key, …)`."
    return "Your signature differs. Is the signing input `header.payload`, and the key the `key` that the function is given?"


def _what_is_lost(part: str, content: dict) -> str | None:
    """How a part differs from JSON of its content, if that can be said of what it decodes to."""
    try:
        text = decode_part(part).decode("utf-8")
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if same(read, content):
        return f'is not compact: `{show(text)}`. Write it with `separators=(",", ":")` and nothing else.'
    without_spaces = json.loads(compact(content).decode().replace(" ", ""))
    if same(read, without_spaces):
        return (
            f"has lost spaces inside its values: it says `{show(text)}`. Take out the spaces of the JSON and not those "
            f'of the texts: `json.dumps(…, separators=(",", ":"))` writes none of its own.'
        )
    return f"says `{show(text)}`. Expected: `{show(compact(content).decode())}`."


@exercise(
    "2.2",
    'Take exactly three parts apart. Compute the signature of `f"{header}.{payload}"` yourself.',
    "If `hmac.compare_digest` says no, `raise ValueError(…)`. Only then decode header and payload.",
    'After that ask two more things: is the header\'s `alg` equal to `"HS256"`, and are header and payload dictionaries?',
)
def verify_by_hand(verify):
    attempt = Attempt(
        verify,
        "verify",
        slips={
            ValueError: "This token is genuine, and must be accepted.",
            TypeError: 'Is something a list, or text where bytes must be? `header, payload, signature = token.split(".")` '
            "gives three texts.",
        },
        parameters=("token", "key"),
    )
    key, other_key = secrets.token_hex(32), secrets.token_hex(32)
    odd_key = ' a Key with spaces, "quoted", and an ë '
    for claims, its_key in (
        ({"sub": "ada"}, key), ({"sub": "zoë", "n": 1}, key), ({}, key), ({"sub": "Ada L. " * 500}, key),
        ({"admin": False, "email": None, "pi": 3.14, "roles": ["a"], "Sub": {"a": "b c"}}, key),
        ({"sub": "ada"}, odd_key), ({"sub": "ada"}, "Longer than one block of the hash. " * 10),
    ):  # fmt: skip
        attempt.must_return(claims, signed(HEADER, claims, its_key), its_key)
    attempt.must_return(
        {"sub": "ada"},
        signed({"kid": "1", "alg": "HS256"}, {"sub": "ada"}, key),
        key,
        because="A header may say more than `alg`.",
    )
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
        "one character of the signature missing": good[:-1],
        "a longer signature": f"{good}AAAA",
        "something in front of the signature": f"{head}.{payload}.AAAA{signature}",
        "the signature's first character changed": (
            f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
        ),
        "the signature's last characters changed": (
            f"{good[:-4]}{'AAAA' if good[-4:-1] != 'AAA' else 'BBBA'}"
        ),
        "capital and small letters of the signature swapped": (
            f"{head}.{payload}.{signature.swapcase()}"
        ),
        "a signature of nothing": f"{head}.{admin}.{encode_part(hmac.digest(key.encode(), b'', 'sha256'))}",
        "a signature of the payload alone": (
            f"{head}.{admin}.{encode_part(hmac.digest(key.encode(), admin.encode(), 'sha256'))}"
        ),
        "a signature of another header": signed(HEADER, {"sub": "ada"}, key).replace(
            head, encode_part(HEADER | {"kid": "x"})
        ),
        "`alg` none and no signature": f"{none}.{admin}.",
        "`alg` none and the old signature": f"{none}.{payload}.{signature}",
        "`alg` HS512, signed with SHA-512": signed({"alg": "HS512"}, {"sub": "ada"}, key, "sha512"),
        "two parts": f"{head}.{payload}",
        "four parts": f"{good}.{signature}",
        "the empty text": "",
        "no JSON in it, though it is signed": signed(HEADER, b"hello", key),
        "a list for claims, though it is signed": signed(HEADER, b'["sub","ada"]', key),
        "a list of pairs for claims, though it is signed": signed(HEADER, b'[["sub","ada"]]', key),
        "a list of one text for claims, though it is signed": signed(HEADER, b'["ab"]', key),
        "an empty list for claims, though it is signed": signed(HEADER, b"[]", key),
        "`null` for claims (no list, no object), though it is signed": signed(HEADER, b"null", key),
        "a number for claims (no list, no object), though it is signed": signed(HEADER, b"7", key),
        "`alg` none in the header, though it is signed": signed(
            {"alg": "none"}, {"sub": "ada"}, key
        ),
        "`alg` HS512 in the header, though signed with SHA-256": signed(
            {"alg": "HS512"}, {"sub": "ada"}, key
        ),
        "no `alg` in the header, though it is signed": signed(b"{}", {"sub": "ada"}, key),
        **{
            f"`alg` {json.dumps(value)} in the header, though it is signed": signed(
                {"alg": value}, {"sub": "ada"}, key
            )
            for value in (
                "hs256",
                "Hs256",
                "HS256 ",
                " HS256",
                "HS2567",
                "HS",
                "S256",
                "",
                None,
                256,
                True,
                ["HS256"],
                {"HS256": 1},
            )
        },
        "`Alg` in the header, though it is signed": signed({"Alg": "HS256"}, {"sub": "ada"}, key),
        "a list for a header, `alg` in it, though it is signed": signed(
            b'["alg","HS256"]', {"sub": "ada"}, key
        ),
        "the text `alg` for a header, though it is signed": signed(b'"alg"', {"sub": "ada"}, key),
        "letters that are not ASCII in the signature": f"{head}.{payload}.{signature[:-1]}é",
    }
    outcomes = {what: attempt.run(token, key) for what, token in forgeries.items()}
    # What is accepted is worse than what is refused by the wrong exception, so it is told first.
    for what, outcome in outcomes.items():
        if outcome.error is None:
            slip = (
                "Check `alg` in the header: it must be exactly `HS256`, and capital letters count."
                if "alg" in what.casefold()
                else "Raise ValueError when the signature does not fit."
            )
            if "parts" in what:
                slip = (
                    "A token has exactly three: with any other number, "
                    '`header, payload, signature = token.split(".")` raises ValueError by itself.'
                )
            if "for claims" in what:
                slip = "Claims are a JSON object: ask `isinstance(…, dict)`."
            raise NotYet(f"`verify` accepted a token with {what}, and {outcome.said}. {slip}")
    for what, outcome in outcomes.items():
        if not is_a(outcome.error, ValueError):
            slip = (
                " `compare_digest` takes ASCII text or bytes: compare bytes."
                if "ASCII" in what
                else ""
            )
            if "no `alg`" in what:
                slip = ' A header may lack it: `header.get("alg")` gives `None` then.'
            if "for a header" in what:
                slip = " A header is a JSON object: ask `isinstance(…, dict)` before you ask for `alg`."
            raise NotYet(
                f"For a token with {what}, `verify` {outcome.said}. It must raise `ValueError`.{slip}"
            )
    for nearly in (key + " ", " " + key, key.upper(), f'"{key}"', key[:-1]):
        outcome = attempt.run(good, nearly)
        if outcome.error is None:
            raise NotYet(
                f"`verify` accepted a token with the key `{show(key, 12)}`, and it was given `{show(nearly, 12)}`, with "
                f"{len(nearly)} characters. A key is used as it is: white space, quotation marks and capitals count."
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
    right = [
        b"", b"a", b"ab", b"abc", b"\xfb\xff\xbe", bytes(32), b'{"sub":"who?"}', bytes(range(256)),
        b"Mixed Case, and long. " * 300,
    ]  # fmt: skip
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
        "Zg\n": "it ends in a line break, which the decoder skips.",
        " Zg": "it begins with a space, which the decoder skips.",
        "Zm8\n": "it ends in a line break, which the decoder skips.",
        "Zm9é": "it contains a letter that is not ASCII.",
        "Zm9\u0663": "it contains a digit that is not ASCII.",
        "=": "it is nothing but padding.",
        "====": "it is nothing but padding.",
        "Zm9v====": "it has padding.",
        "Zg==Zg==": "there is padding inside.",
        "Zg.": "it contains a dot, which the decoder skips.",
        "eyJzdWIiOiJ3aG8/In0": "`/` belongs to the other base64.",
    }
    for part, because in wrong.items():
        attempt.must_return(False, part, because=because[0].upper() + because[1:])
    # Every last character, behind one and behind two others: 4 and 16 of the 64 leave the unused bits alone.
    for beginning in ("A", "zZ"):
        for last in string.ascii_letters + string.digits + "-_":
            part = beginning + last
            is_right = encode_part(decode_part(part)) == part
            because = (
                "Its unused bits are zero."
                if is_right
                else "Its last character has an unused bit set."
            )
            attempt.must_return(is_right, part, because=because)
    return "Decode, encode, compare."
