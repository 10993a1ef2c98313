"""Exercises of lesson 01, Decode a JWT."""

import binascii

from course.checking import Attempt, NotYet, exercise, is_a, same, show, type_of
from course.token_parts import ARTICLE_TOKEN, HEADER, encode_part, unsigned


@exercise(
    "1.1",
    'A dot stands between two parts. Count the dots first: `TOKEN.count(".")`.',
    '`TOKEN.split(".")` gives a list of the parts. How long is that list?',
)
def count_the_parts(answer):
    if same(answer, ARTICLE_TOKEN.split(".")):
        raise NotYet(
            "You have the parts themselves. The question is how many there are: `len(…)` of that list."
        )
    if type(answer) is str and answer.strip().isdigit():
        raise NotYet(f"`{show(answer)}` is text. Write the number without quotation marks.")
    if type(answer) is not int:
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
    binascii.Error: (
        "Base64 wants a length that is a multiple of 4, and a JWT leaves the `=` out. Put back as many as are "
        "missing for this length: none, one or two."
    ),
    AttributeError: "A part is text (`str`). Which step made something else of it?",
}


@exercise(
    "1.2",
    "Work out how many `=` are missing. For a length of 10 it is 2, because 12 is the next multiple of 4.",
    "`-len(part) % 4` is that number: Python's `%` never gives a negative result.",
    'Multiply text by a number to repeat it: `"=" * 2` is `"=="`. Then decode with the urlsafe function.',
)
def decode_any_part(decode_part):
    attempt = Attempt(decode_part, "decode_part", slips=PADDING_SLIPS)
    samples = [
        b'{"alg":"HS256","typ":"JWT"}',
        b'{"sub":"zo\xc3\xab"}',
        b"four",
        b"hello",
        b"\x00",
        b'{"sub":"who?"}',
        b"\xfb\xef\xbe\xff",
    ]
    for sample in samples:
        got = attempt.answer(encode_part(sample))
        if is_a(got.value, str):
            raise NotYet(
                f"`{got.call}` returned text (`str`). Expected bytes: leave out the `.decode()`, the signature is not text."
            )
        if is_a(got.value, (dict, list)):
            raise NotYet(
                f"`{got.call}` returned {type_of(got.value)}. Expected bytes: parsing the JSON comes later."
            )
        if not same(got.value, sample) and any(
            character in "-_" for character in encode_part(sample)
        ):
            raise NotYet(
                f"`{got.call}` {got.said}. Expected: `{show(sample)}`. This part contains `-` or `_`, which "
                f"`b64decode` skips without a word. Use `urlsafe_b64decode`."
            )
        attempt.must_return(sample, encode_part(sample))
    impossible = attempt.run("eyJzd")
    if impossible.error is None:
        raise NotYet(
            f"`{impossible.call}` {impossible.said}. Five characters cannot be base64url: something is missing. "
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
        ValueError: "This token is a good one. Which step cannot cope with it?",
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
    for claims in (
        {"sub": "your-username", "exp": 1666720490},
        {"sub": "zoë", "city": "København"},
        {"sub": "who?", "roles": ["reader", "editor"], "n": 0},
        {"sub": "a"}, {"sub": "ab"}, {"sub": "abc"}, {},
    ):  # fmt: skip
        because = (
            "The payload is UTF-8 text (RFC 7519 §7.2)."
            if "city" in claims
            else "Every claim, with its own type."
        )
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
        unsigned(["sub", "ada"]),
        because="its payload is a JSON list. Claims are a JSON object (RFC 7519 §7.2).",
    )
    attempt.must_raise(ValueError, "", because="an empty text is not a token.")
    return "Remember what it does not do: it verifies nothing."


@exercise(
    "1.4",
    'Compare `now` with `claims["exp"]`. On or after: which comparison includes the moment itself?',
    'A token without `exp` must not raise a KeyError: ask `"exp" in claims` first, or use `claims.get(…)`.',
)
def has_it_expired(is_expired):
    attempt = Attempt(is_expired, "is_expired", slips={
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
    attempt.must_return(True, claims, moment + 0.5, because="Times may have fractions of a second.")
    attempt.must_return(
        False, {"sub": "ada"}, moment, because="A token without `exp` does not expire."
    )
    attempt.must_return(
        True,
        {"exp": 0},
        moment,
        because="`exp` is 0 here: a date in 1970, and not a missing claim.",
    )
    return "Whether to accept a token that never expires is another question: lesson 05 answers it."
