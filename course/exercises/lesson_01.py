"""Exercises of lesson 01, Decode a JWT."""

import binascii

from course.checking import Attempt, NotYet, exercise, is_a, plain, same, show, type_of
from course.token_parts import ARTICLE_TOKEN, HEADER, encode_part, unsigned


@exercise(
    "1.1",
    'A dot stands between two parts. Count the dots first: `TOKEN.count(".")`.',
    '`TOKEN.split(".")` gives a list of the parts. How long is that list?',
)
def count_the_parts(answer):
    answer = plain(answer)
    if is_a(answer, (list, tuple)) and same(list(answer), ARTICLE_TOKEN.split(".")):
        raise NotYet(
            "You have the parts themselves. The question is how many there are: `len(…)` of that list."
        )
    if is_a(answer, str) and answer.strip().isdigit():
        raise NotYet(f"`{show(answer)}` is text. Write the number without quotation marks.")
    if is_a(answer, bool) or not is_a(answer, int):
        raise NotYet(f"Expected a whole number, got `{show(answer)}`, {type_of(answer)}.")
    if answer == 2:
        raise NotYet(
            "You counted the dots: there are 2. A dot stands between two parts, so there is one part more."
        )
    if answer == len(ARTICLE_TOKEN):
        raise NotYet(f"{answer} is the number of characters. Count what the dots separate.")
    if answer != 3:
        raise NotYet(
            f"Got {show(answer)}. Look for the dots in the token: each separates two parts."
        )
    return "Three parts, separated by two dots."


PADDING_SLIPS = {
    "Incorrect padding": (
        "Base64 wants a length that is a multiple of 4, and a JWT leaves the `=` out. Put back as many as are "
        "missing for this length: none, one or two."
    ),
    "Excess data after padding": "There are too many `=`. Put back as many as are missing: none, one or two.",
    binascii.Error: "This part is good base64url. Look at what your code hands to the decoder.",
    AttributeError: "A part is text (`str`). Which step made something else of it?",
}
WRONG_ALPHABET = "This part contains `-` or `_`, which `b64decode` skips without a word. Use `urlsafe_b64decode`."


@exercise(
    "1.2",
    "Work out how many `=` are missing. For a length of 10 it is 2, because 12 is the next multiple of 4.",
    "`-len(part) % 4` is that number: Python's `%` never gives a negative result.",
    'Multiply text by a number to repeat it: `"=" * 2` is `"=="`. Then decode with the urlsafe function.',
)
def decode_any_part(decode_part):
    attempt = Attempt(decode_part, "decode_part", slips=PADDING_SLIPS)
    # Those without `-` and `_` come first: what fails only afterwards is the alphabet, and not the padding.
    samples = [
        b'{"alg":"HS256","typ":"JWT"}',
        b'{"sub":"zo\xc3\xab"}',
        b"four",
        b"hello",
        b" \n ",
        b"\x00",
        b'{"sub":"Ada Lovelace"}' * 40,
        b'{"sub":"who?"}',
        b"\xfb\xef\xbe\xff",
        b"\xfb\xef\xbe\xff\xff",
        bytes(range(256)),
    ]
    for sample in samples:
        part = encode_part(sample)
        got = attempt.run(part)
        is_special = "-" in part or "_" in part
        if is_special and is_a(got.error, binascii.Error):
            raise NotYet(f"`{got.call}` {got.said}. {WRONG_ALPHABET}")
        got = attempt.answer(part)
        if is_a(got.value, str):
            raise NotYet(
                f"`{got.call}` returned text (`str`). Expected bytes: leave out the `.decode()`, the signature is not text."
            )
        if is_a(got.value, (dict, list)):
            raise NotYet(
                f"`{got.call}` returned {type_of(got.value)}. Expected bytes: parsing the JSON comes later."
            )
        if is_special and not same(got.value, sample):
            raise NotYet(f"`{got.call}` {got.said}. Expected: `{show(sample)}`. {WRONG_ALPHABET}")
        attempt.must_return(sample, part)
    for part in ("eyJzd", "e", "eyJzdWIiO", "A" * 4001):
        impossible = attempt.run(part)
        if is_a(impossible.error, NameError):
            raise NotYet(
                f"`{impossible.call}` {impossible.said}. {attempt.explain(impossible.error)}"
            )
        if impossible.error is None:
            raise NotYet(
                f"`{impossible.call}` {impossible.said}. A part of {len(part):,} character{'s' if len(part) > 1 else ''} "
                f"cannot be base64url: something is missing. "
                f"Let the error happen; a caller who gets an empty or wrong result goes on with it."
            )
    return (
        "It works for every length, for both special characters, and refuses an impossible length."
    )


@exercise(
    "1.3",
    "The steps are: take the three parts apart, decode the middle one, parse it as JSON.",
    '`header, payload, signature = token.split(".")` raises a ValueError of itself when there are not three parts.',
    "`json.loads` also accepts `[1, 2]` or `7`. Ask `isinstance(claims, dict)`, and `raise ValueError(…)` if it is not one.",
)
def read_the_claims(claims_of):
    attempt = Attempt(claims_of, "claims_of", slips={
        **PADDING_SLIPS,
        TypeError: "Does your function call `decode_part` before exercise 1.2 is solved?",
    })  # fmt: skip
    first = attempt.answer(ARTICLE_TOKEN)
    if is_a(first.value, (str, bytes)):
        raise NotYet(
            f"`{first.call}` returned {type_of(first.value)}. Expected a dictionary: `json.loads` makes one of the JSON text."
        )
    if same(first.value, HEADER):
        raise NotYet(
            f"`{first.call}` returned the header. The claims are the second part, the payload."
        )
    if is_a(first.value, tuple):
        raise NotYet(
            f"`{first.call}` returned a tuple. Expected the claims alone, as a dictionary."
        )
    for claims, because in (
        ({"sub": "your-username", "exp": 1666720490}, "Every claim, with its own type."),
        ({"sub": "zoë", "city": "København"}, "The payload is UTF-8 text (RFC 7519 §7.2)."),
        ({"sub": "who?", "roles": ["reader", "editor"], "n": 0}, "Every claim, with its own type."),
        ({"sub": "a"}, ""), ({"sub": "ab"}, ""), ({"sub": "abc"}, ""), ({}, "It has no claims."),
        (
            {"admin": True, "email": None, "exp": 1666720490.5, "address": {"city": "Rome"}, "n": -1},
            "JSON writes `true`, `false` and `null`, fractions and objects, and `json.loads` reads them all.",
        ),
        (
            {"Name": "Ada Lovelace", "note": "true, false and null. A dot. 1 < 2 'quoted'"},
            "What stands inside a text stays as it is.",
        ),
        ({"sub": "A1-b_2 " * 300}, "It is long."),
    ):  # fmt: skip
        attempt.must_return(claims, unsigned(claims), because=because)
    attempt.must_return(
        {"sub": "joe"},
        unsigned(b'{ "sub": "joe" }'),
        because="Other libraries put spaces into their JSON.",
    )

    good = unsigned({"sub": "ada"})
    header, payload, signature = good.split(".")
    attempt.must_raise(
        ValueError,
        f"{header}.{payload}",
        because="it has two parts. Take exactly three parts apart.",
    )
    attempt.must_raise(
        ValueError,
        f"{good}.{signature}",
        because="it has four parts. Take exactly three parts apart.",
    )
    attempt.must_raise(
        ValueError,
        unsigned(b"hello"),
        because="its payload is not JSON. Let the error of json.loads happen.",
    )
    attempt.must_raise(ValueError, unsigned(b"\xff\xfe{}"), because="its payload is not UTF-8.")
    attempt.must_raise(
        ValueError,
        unsigned(b'{"sub":"zo\xeb"}'),
        because=(
            "its payload is not UTF-8. With `errors=` the decoder replaces or drops what it cannot read; let its error happen."
        ),
    )
    attempt.must_raise(ValueError, f"{header}.eyJzd.{signature}", because=(
        "five characters cannot be base64url. Let the error of the decoder happen."
    ))  # fmt: skip
    for payload, what in (
        (["sub", "ada"], "a JSON list"),
        (["ab"], "a JSON list, of which `dict` makes `{'a': 'b'}`"),
        ([["sub", "ada"]], "a JSON list of pairs, of which `dict` makes claims"),
        ([], "an empty JSON list"),
        (b'"sub"', "a JSON text"),
        (b'""', "an empty JSON text"),
        (b"7", "a JSON number"),
        (b"null", "JSON's `null`"),
        (b"false", "JSON's `false`"),
    ):
        attempt.must_raise(
            ValueError,
            unsigned(payload),
            because=f"its payload is {what}. Claims are a JSON object (RFC 7519 §7.2): ask `isinstance(…, dict)`.",
        )
    attempt.must_raise(ValueError, "", because="an empty text is not a token.")
    attempt.must_raise(
        ValueError,
        unsigned('{"sub":"ada"}'.encode("utf-16")),
        because=(
            "its payload is UTF-16, and not UTF-8. `json.loads` guesses the encoding of bytes: hand it text, "
            '`….decode("utf-8")`.'
        ),
    )
    return "Remember what it does not do: it verifies nothing."


@exercise(
    "1.4",
    'Compare `now` with `claims["exp"]`. On or after: which comparison includes the moment itself?',
    'A token without `exp` must not raise a KeyError: ask `"exp" in claims` first, or use `claims.get(…)`.',
)
def has_it_expired(is_expired):
    attempt = Attempt(is_expired, "is_expired", keeps_arguments=True, parameters=("claims", "now"), slips={
        KeyError: "A token without `exp` does not expire: expected `False`.",
        TypeError: "`now` and `exp` are both plain numbers of seconds. Compare them as they are.",
    })  # fmt: skip
    moment = 1666720490
    claims = {"sub": "your-username", "exp": moment}
    early, late = (attempt.answer(claims, now) for now in (moment - 1800, moment + 1))
    if early.value is True and late.value is False:
        raise NotYet(
            f"`{early.call}` {early.said}, but half an hour is left at that time. Your comparison is the wrong way round."
        )
    if early.value is True and late.value is True:
        raise NotYet(
            f"`{early.call}` {early.said}, but half an hour is left at that time. Use the `now` that the function is "
            f"given, not the clock of your machine; and both are in seconds."
        )
    attempt.must_return(False, claims, moment - 1800)
    attempt.must_return(True, claims, moment + 1, because="The token died one second before.")
    attempt.must_return(
        True,
        claims,
        moment,
        because="This is the very second of `exp`. *On or after* includes it (RFC 7519 §4.1.4).",
    )
    for exp, now, expected in (
        (moment, moment + 0.5, True),
        (moment, moment - 0.25, False),
        (moment, moment - 0.75, False),
        (moment + 0.5, moment + 0.25, False),
        (moment + 0.5, moment + 0.75, True),
        (moment + 0.5, moment + 0.5, True),
    ):
        attempt.must_return(
            expected,
            {"exp": exp},
            now,
            because="Times may have fractions of a second: compare them as they are, without rounding.",
        )
    attempt.must_return(
        False, {"sub": "ada"}, moment, because="A token without `exp` does not expire."
    )
    attempt.must_return(
        True,
        {"exp": 0},
        moment,
        because="`exp` is 0 here: a date in 1970, and not a missing claim.",
    )
    attempt.must_return(
        False, {"exp": 253402300799}, moment, because="A far date has not come, whatever it means."
    )
    attempt.must_return(False, {"iat": 0, "Exp": 0, "nbf": 0}, moment, because=(
        "Only the claim `exp` says when a token expires, and it is not there."
    ))  # fmt: skip
    return "Whether to accept a token that never expires is another question: lesson 05 answers it."
