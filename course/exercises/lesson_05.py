"""Exercises of lesson 05, Refuse a bad token."""

import secrets
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import jwt as pyjwt

from course.checking import Attempt, NotYet, describe_error, exercise, is_a, same, show, show_text
from course.token_parts import HEADER, decode_part, encode_part, read_object, signed
from course.trials.clock import clock_at


@exercise(
    "5.1",
    "Take the token apart at its dots, and keep the payload as it stands: it need not even be decoded.",
    'The new header is `encode_part` of the JSON bytes of `{"alg": "none"}`. Behind the payload come a dot and nothing.',
)
def strip_a_signature(strip_signature):
    attempt = Attempt(strip_signature, "strip_signature", parameters=("token",), slips={
        KeyError: "The token may have any header and any claims: do not ask for one.",
        "has no attribute 'decode'": "It is text already: leave out `.decode()`.",
        ValueError: "Any token will do: its payload need not be decoded, and its third part may be empty.",
        TypeError: "`encode_part` takes bytes, and a token is text: `json.dumps(…).encode()`.",
    })  # fmt: skip
    key = secrets.token_hex(32)
    for token in (
        signed(HEADER, {"sub": "ada"}, key),
        signed(HEADER, {"sub": "zoë", "exp": 1666720490}, key),
        # What is decoded and written again is spelled in another way.
        signed(
            {"typ": "JWT", "kid": "7", "alg": "HS256"}, b'{ "sub" : "Ada \\u004covelace" }', key
        ),
        signed(HEADER, {"note": "Mixed Case. " * 300}, key),
        signed(HEADER, b"\x00 no JSON at all \xff", key),
        signed({"alg": "HS512"}, {"sub": "who?>"}, key, "sha512"),
        f"{encode_part({'alg': 'none'})}.{encode_part({'sub': 'ada'})}.",
    ):
        got = attempt.answer(token).value
        if not is_a(got, str):
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
            read = read_object(decode_part(header).decode("utf-8"))
        except ValueError:
            raise NotYet(
                f"The header `{show(header, 40)}` is not base64url of JSON. Use `encode_part` and `json.dumps`."
            ) from None
        if not same(read, {"alg": "none"}):
            raise NotYet(f"The header says `{show(read)}`. Expected exactly `{{'alg': 'none'}}`.")
    return "Any library that obeys the header would accept this. Yours will not."


WHOLE = "Compare the whole text."


@exercise(
    "5.2",
    "There are three cases: `aud` is a text, `aud` is a list, `aud` is missing or something else.",
    "For a text compare with `==`. `in` asks a text for a piece, and a list for an element.",
)
def the_right_audience(is_meant_for):
    attempt = Attempt(
        is_meant_for,
        "is_meant_for",
        keeps_arguments=True,
        parameters=("claims", "audience"),
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
        ({"aud": 1.5}, False, "A number is neither a text nor a list."),
        ({"aud": True}, False, "`true` names nobody."),
        ({"aud": {"name": "shop"}}, False, "An object is neither a text nor a list."),
        ({"aud": "shopping"}, False, f"It only begins like it. {WHOLE}"),
        ({"aud": "shop.example.com"}, False, f"It only begins like it. {WHOLE}"),
        ({"aud": "my-shop"}, False, f"It only ends like it. {WHOLE}"),
        ({"aud": "my shop is here"}, False, f"It only contains it. {WHOLE}"),
        ({"aud": "sho"}, False, f"It is only a piece of it. {WHOLE}"),
        ({"aud": "s"}, False, f"It is only a piece of it. {WHOLE}"),
        ({"aud": "shop "}, False, "A space counts."),
        ({"aud": " shop"}, False, "A space counts."),
        ({"aud": "shop\n"}, False, "A line break counts."),
        ({"aud": "SHOP"}, False, "Capital letters count."),
        ({"aud": "bank,shop"}, False, "This is one text, with a comma in it, and no list."),
        ({"aud": "bank shop"}, False, "This is one text, with a space in it, and no list."),
        ({"aud": "['shop']"}, False, "This is a text that looks like a list."),
        ({"aud": "*"}, False, "A star has no meaning here."),
        ({"aud": ["Shop"]}, False, "Capital letters count, in a list too."),
        ({"aud": ["shopping"]}, False, "Compare whole texts, in a list too."),
        ({"aud": ["s", "h", "o", "p"]}, False, "These are four audiences, and none is yours."),
        ({"aud": ["bank, shop"]}, False, "Compare whole texts, in a list too."),
        ({"aud": [["shop"]]}, False, "The list is in a list, and no text is in the outer one."),
        ({"aud": [None, 7, True, {}]}, False, "None of these is your name."),
        ({"aud": ["bank"] * 500 + ["shop"]}, True, "It is the last of a long list."),
        ({"aud": ["shop", "bank"]}, True, "It is the first of the list."),
        ({"Aud": "shop", "audience": "shop", "iss": "shop"}, False, "Only the claim `aud` counts."),
    ]
    for claims, expected, because in cases:
        attempt.must_return(expected, claims, "shop", because=because)
    for aud, audience, expected, because in (
        ("bank", "bank", True, "Use the audience that is given."),
        ("shop", "bank", False, "Use the audience that is given."),
        (["bank", "shop"], "post", False, "Use the audience that is given."),
        ("Shop", "Shop", True, "It is this very audience, capital letter and all."),
        ("shop", "Shop", False, "Capital letters count."),
        ("the shop", "the shop", True, "It is this very audience."),
        ("https://api.example.com/", "https://api.example.com/", True, "It is this very audience."),
        ("https://api.example.com", "https://api.example.com/", False, "A slash counts."),
        ("https://api-example.com", "https://api.example.com", False, "A dot is a dot, and no pattern."),
        (["https://api.example.com"], "https://api.example.com", True, "It is this very audience."),
    ):  # fmt: skip
        attempt.must_return(expected, {"aud": aud}, audience, because=because)
    return "Whole texts only, and nobody is not everybody."


@exercise(
    "5.3",
    "`pyjwt.decode(token, key, algorithms=[…], audience=…, options={…})` is the whole function.",
    '`options={"require": [...]}` takes the names of the claims that must be there.',
)
def a_strict_call(strict_pyjwt):
    attempt = Attempt(strict_pyjwt, "strict_pyjwt", parameters=("token", "key", "audience"))
    key = secrets.token_hex(32)
    now = int(time.time())
    claims = {"sub": "ada", "aud": "shop", "exp": now + 600}
    asked = _Asked()

    def without(name: str) -> dict:
        return {key: value for key, value in claims.items() if key != name}

    def verdict(token: str, audience: str = "shop"):
        with warnings.catch_warnings(), asked.listening():
            warnings.simplefilter("ignore")
            return attempt.run(token, key, audience)

    for audience, more in (
        ("shop", {}),
        ("bank", {}),
        ("The Shop", {"sub": "Ada Lovelace", "name": "Zoë", "admin": True, "n": 1.5, "x": None}),
        ("shop", {"iat": now - 60, "nbf": now - 60, "jti": "A1", "note": "long " * 400}),
        ("shop", {"exp": now + 600.5}),
    ):
        wanted = claims | more | {"aud": audience}
        good = verdict(pyjwt.encode(wanted, key), audience)
        if good.error is not None:
            slip = asked.slip_with_algorithms() or _slip_of_a_refusal(good.error)
            raise NotYet(
                f"A good token for the audience {audience!r} was refused: it {good.said}. {slip}"
            )
        if not same(good.value, wanted):
            raise NotYet(
                f"For a good token `strict_pyjwt` {good.said}. Expected its claims, as a dictionary: return what `decode` returns."
            )
    only_hs256 = (
        'Say which algorithm you accept: `algorithms=["HS256"]`, and nothing from the header.'
    )
    cases = [
        (
            "a token with another key",
            pyjwt.encode(claims, secrets.token_hex(32)),
            "Let PyJWT verify the signature.",
        ),
        (
            "a token with a changed payload",
            _with_payload(pyjwt.encode(claims, key), claims | {"sub": "admin"}),
            "Let PyJWT verify the signature.",
        ),
        (
            "a token that has expired",
            pyjwt.encode(claims | {"exp": now - 60}, key),
            "Let PyJWT look at the time.",
        ),
        (
            "a token that expired a second ago",
            pyjwt.encode(claims | {"exp": now - 1}, key),
            "Let PyJWT look at the time, without any leeway.",
        ),
        (
            "a token that is not valid before tomorrow",
            pyjwt.encode(claims | {"nbf": now + 86400}, key),
            "Let PyJWT look at `nbf`, too: switch nothing off.",
        ),
        (
            "a token that was issued tomorrow",
            pyjwt.encode(claims | {"iat": now + 86400}, key),
            "Let PyJWT look at `iat`, too: switch nothing off.",
        ),
        (
            "a token for another audience",
            pyjwt.encode(claims | {"aud": "bank"}, key),
            "Pass the audience on.",
        ),
        (
            "a token for an audience that only begins like yours",
            pyjwt.encode(claims | {"aud": "shopping"}, key),
            "Pass the audience on.",
        ),
        (
            "a token for the audience 'Shop', with a capital letter",
            pyjwt.encode(claims | {"aud": "Shop"}, key),
            "Pass the audience on as it is.",
        ),
        ("a token signed with HS384", signed({"alg": "HS384"}, claims, key, "sha384"), only_hs256),
        ("a token signed with HS512", signed({"alg": "HS512"}, claims, key, "sha512"), only_hs256),
        (
            "a token with `alg` none",
            pyjwt.encode(claims, None, algorithm="none"),
            'Say which algorithm you accept: `algorithms=["HS256"]`.',
        ),
        *(
            (what, pyjwt.encode(content, key), slip)
            for name, why in (
                ("aud", ""), ("exp", "It would live for ever. "), ("sub", "It is about nobody. "),
            )
            for slip in [f"{why}Require `{name}`."]
            for what, content in (
                (f"a token without `{name}`", without(name)),
                (f"a token whose `{name}` is `null`", claims | {name: None}),
            )
        ),
        (
            "a token whose `sub` is a number",
            signed(HEADER, claims | {"sub": 7}, key),
            "A subject is text: leave PyJWT's checks switched on.",
        ),
        (
            "a token whose `aud` is a number",
            signed(HEADER, claims | {"aud": 7}, key),
            "Pass the audience on.",
        ),
        ("a token of two parts", pyjwt.encode(claims, key).rpartition(".")[0], "Let PyJWT decode it."),
        ("the text 'a.b.c'", "a.b.c", "Let PyJWT decode it."),
    ]  # fmt: skip
    outcomes = [(what, verdict(token), slip, asked.options) for what, token, slip in cases]
    with clock_at(now + 86400, strict_pyjwt):
        late = verdict(pyjwt.encode(claims, key))
    what = "a token that was good yesterday and has expired (the clock was set a day ahead)"
    outcomes.append((what, late, "Let PyJWT look at the time, at each call.", asked.options))
    # What is accepted is worse than what is refused by the wrong exception, so it is told first.
    for what, outcome, slip, options in outcomes:
        if outcome.error is not None:
            continue
        if outcome.value is None or outcome.value is False:
            raise NotYet(
                f"For {what}, `strict_pyjwt` {outcome.said} and raised nothing. Let PyJWT's own exception pass."
            )
        slip = _slip_of_options(options, what, slip)
        raise NotYet(f"`strict_pyjwt` accepted {what}, and {outcome.said}. {slip}")
    for what, outcome, _, _ in outcomes:
        if not is_a(outcome.error, pyjwt.PyJWTError):
            raise NotYet(
                f"For {what}, `strict_pyjwt` {outcome.said}. Let PyJWT's own exception pass."
            )
    others = asked.algorithms - {"HS256"}
    if others:
        raise NotYet(
            f"Your list of algorithms has {' and '.join(sorted(map(show, others)))} in it. This service signs with HS256 and "
            f"nothing else, so nothing else belongs there."
        )
    return "One call, and most of the policy is in it."


class _Asked:
    """What PyJWT was asked for, where the answer calls it by the module's name."""

    def __init__(self):
        self.options: dict = {}
        self.named: dict = {}
        self.algorithms: set[str] = set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        decode = pyjwt.decode
        self.options, self.named, self.algorithms = {}, {}, set()

        def heard(*arguments, **named):
            options = arguments[3] if len(arguments) > 3 else named.get("options")
            self.options = options if isinstance(options, dict) else {}
            self.named = named
            accepted = arguments[2] if len(arguments) > 2 else named.get("algorithms")
            if isinstance(accepted, (list, tuple, set, frozenset)):
                self.algorithms = {each for each in accepted if isinstance(each, str)}
            return decode(*arguments, **named)

        pyjwt.decode = heard
        try:
            yield
        finally:
            pyjwt.decode = decode

    def slip_with_algorithms(self) -> str | None:
        if "algorithm" in self.named:
            return (
                'The argument is `algorithms`, with an s, and a list: `algorithms=["HS256"]`. PyJWT knows no `algorithm` '
                "when it decodes (`encode` has one)."
            )
        return None


def _with_payload(token: str, claims: dict) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{encode_part(claims)}.{signature}"


def _slip_of_a_refusal(error: BaseException) -> str:
    said = describe_error(error)
    if '"algorithms"' in said or is_a(error, pyjwt.InvalidAlgorithmError):
        return 'PyJWT must be told what you accept: `algorithms=["HS256"]`, a list.'
    if is_a(error, pyjwt.MissingRequiredClaimError):
        return "Require `exp`, `sub` and `aud`, and no other claim."
    if "unexpected keyword argument" in said:
        return "`pyjwt.decode` has no argument of that name. See the hints."
    if is_a(error, (TypeError, AttributeError, NameError)):
        return '`options` is a dictionary, and `"require"` in it a list of names. See the hints.'
    return "Use the key and the audience that are given."


def _slip_of_options(options: dict, what: str, slip: str) -> str:
    """The option that was meant to help and does not, or the usual ``slip``."""
    is_missing = "without" in what or "null" in what
    unknown = [name for name in map(str, options) if name.startswith("require_")]
    off = [str(name) for name, on in options.items() if str(name).startswith("verify_") and not on]
    if is_missing and unknown:
        return (
            f"PyJWT does not know the option `{show_text(unknown[0])}` and ignores it without a word (it is python-jose's "
            f'way). Its own is a list: `options={{"require": [...]}}`.'
        )
    if is_missing and ("required" in options or "requires" in options):
        return 'The option is called `"require"`. PyJWT ignores a name that it does not know, without a word.'
    if off and not is_missing:
        return f"{slip} Your options switch a check off: `{show_text(off[0])}`."
    return slip
