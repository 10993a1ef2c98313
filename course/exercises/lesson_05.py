"""Exercises of lesson 05, Refuse a bad token."""

import secrets
import time
import warnings

import jwt as pyjwt

from course.checking import Attempt, NotYet, exercise, is_a, same, show
from course.token_parts import HEADER, decode_part, read_object, signed


@exercise(
    "5.1",
    "Take the token apart at its dots, and keep the payload as it stands: it need not even be decoded.",
    'The new header is `encode_part` of the JSON bytes of `{"alg": "none"}`. Behind the payload come a dot and nothing.',
)
def strip_a_signature(strip_signature):
    attempt = Attempt(strip_signature, "strip_signature")
    for claims in ({"sub": "ada"}, {"sub": "zoë", "exp": 1666720490}):
        token = signed(HEADER, claims, secrets.token_hex(32))
        got = attempt.answer(token).value
        if type(got) is not str:
            raise NotYet(f"`strip_signature` returned `{show(got)}`. Expected a token, as text.")
        parts = got.split(".")
        if len(parts) == 2:
            raise NotYet(
                "The token has two parts. A dot still follows the payload: the third part is there, and empty."
            )
        if len(parts) != 3:
            raise NotYet(
                f"The token has {len(parts)} part(s), and needs three: header, payload, and an empty signature."
            )
        header, payload, signature = parts
        if signature:
            raise NotYet(
                f"The third part is `{show(signature, 20)}`. It must be empty: that is the point of the attack."
            )
        if "=" in got:
            raise NotYet(
                "There is `=` in the token. A JWT leaves the padding out: use `encode_part`."
            )
        if payload != token.split(".")[1]:
            raise NotYet("The payload has changed. Keep it as it stands.")
        try:
            read = read_object(decode_part(header).decode())
        except ValueError:
            raise NotYet(
                f"The header `{show(header, 40)}` is not base64url of JSON. Use `encode_part` and `json.dumps`."
            ) from None
        if not same(read, {"alg": "none"}):
            raise NotYet(f"The header says `{show(read)}`. Expected exactly `{{'alg': 'none'}}`.")
    return "Any library that obeys the header would accept this. Yours will not."


@exercise(
    "5.2",
    "There are three cases: `aud` is a text, `aud` is a list, `aud` is missing or something else.",
    "For a text compare with `==`. `in` asks a text for a piece, and a list for an element.",
)
def the_right_audience(is_meant_for):
    attempt = Attempt(
        is_meant_for,
        "is_meant_for",
        slips={
            KeyError: "A token without `aud` is meant for nobody: answer `False`.",
            TypeError: "`aud` may be anything that JSON can say, also a number or `null`: answer `False`.",
            AttributeError: "`aud` may be anything that JSON can say: ask for its type first.",
        },
    )
    cases = [
        ({"aud": "shop"}, True, "It is this very audience."),
        ({"aud": ["bank", "shop"]}, True, "It is one of the list."),
        ({"aud": ["shop"]}, True, "It is the only one of the list."),
        ({"aud": "bank"}, False, "It is another audience."),
        ({"aud": ["bank"]}, False, "It is not in the list."),
        (
            {"aud": "workshop"},
            False,
            '`"shop" in "workshop"` is true for texts: `in` finds a piece. Compare the whole text.',
        ),
        ({"aud": ["workshop"]}, False, "Compare whole texts, in a list too."),
        ({"aud": "Shop"}, False, "Capital letters count."),
        ({"aud": ""}, False, "An empty text names nobody."),
        ({"aud": []}, False, "An empty list names nobody."),
        ({"sub": "ada"}, False, "Without `aud` it is meant for nobody."),
        ({"aud": None}, False, "`null` names nobody."),
        ({"aud": {"shop": True}}, False, "An object is neither a text nor a list."),
        ({"aud": 7}, False, "A number is neither a text nor a list."),
    ]
    for claims, expected, because in cases:
        attempt.must_return(expected, claims, "shop", because=because)
    return "Whole texts only, and nobody is not everybody."


@exercise(
    "5.3",
    "`pyjwt.decode(token, key, algorithms=[…], audience=…, options={…})` is the whole function.",
    '`options={"require": [...]}` takes the names of the claims that must be there.',
)
def a_strict_call(strict_pyjwt):
    attempt = Attempt(strict_pyjwt, "strict_pyjwt")
    key = secrets.token_hex(32)
    now = int(time.time())
    claims = {"sub": "ada", "aud": "shop", "exp": now + 600}

    def without(name: str) -> dict:
        return {key: value for key, value in claims.items() if key != name}

    def verdict(token: str, audience: str = "shop"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return attempt.run(token, key, audience)

    for audience in ("shop", "bank"):
        good = verdict(pyjwt.encode(claims | {"aud": audience}, key), audience)
        if good.error is not None:
            raise NotYet(
                f"A good token for the audience {audience!r} was refused: it {good.said}. Use the key and the audience that are given."
            )
        if not same(good.value, claims | {"aud": audience}):
            raise NotYet(
                f"For a good token `strict_pyjwt` {good.said}. Expected its claims, as a dictionary: return what `decode` returns."
            )
    cases = [
        (
            "a token with another key",
            pyjwt.encode(claims, secrets.token_hex(32)),
            "Let PyJWT verify the signature.",
        ),
        (
            "a token that has expired",
            pyjwt.encode(claims | {"exp": now - 60}, key),
            "Let PyJWT look at the time.",
        ),
        (
            "a token for another audience",
            pyjwt.encode(claims | {"aud": "bank"}, key),
            "Pass the audience on.",
        ),
        (
            "a token signed with HS384",
            signed({"alg": "HS384"}, claims, key, "sha384"),
            'Say which algorithm you accept: `algorithms=["HS256"]`, and nothing from the header.',
        ),
        (
            "a token with `alg` none",
            pyjwt.encode(claims, None, algorithm="none"),
            'Say which algorithm you accept: `algorithms=["HS256"]`.',
        ),
        ("a token without `aud`", pyjwt.encode(without("aud"), key), "Require `aud`."),
        (
            "a token without `exp`",
            pyjwt.encode(without("exp"), key),
            "It would live for ever. Require `exp`.",
        ),
        (
            "a token without `sub`",
            pyjwt.encode(without("sub"), key),
            "It is about nobody. Require `sub`.",
        ),
    ]
    for what, token, slip in cases:
        outcome = verdict(token)
        if outcome.error is None:
            raise NotYet(f"`strict_pyjwt` accepted {what}, and {outcome.said}. {slip}")
        if not is_a(outcome.error, pyjwt.PyJWTError):
            raise NotYet(
                f"For {what}, `strict_pyjwt` {outcome.said}. Let PyJWT's own exception pass."
            )
    return "One call, and most of the policy is in it."
