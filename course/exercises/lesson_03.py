"""Exercises of lesson 03, Create a JWT with python-jose."""

import random
import re
import secrets
import sys
import time

from jose import jwt

from course.checking import Attempt, NotYet, exercise, is_a, same, show, type_of
from course.token_parts import HEADER, signed
from course.trials.clock import clock_at
from course.trials.dates import judge_the_moment
from course.trials.key_form import is_json_object, is_of_a_pair, is_quoted
from course.trials.randomness import bits_worth, comes_from_elsewhere, counted_randomness
from course.trials.tokens import claims_signed_with

ARTICLE_KEY = "9b73f2a1bdd7ae163444473d29a6885ffa22ab26117068f72a5a56a74d12d1fc"  # public and burnt
UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE
)
# Made to be unique, of the time and a counter (RFC 9562): hardly a digit of it seems to vary.
UNIQUE_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[167][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}"
)
YEAR_2100 = 4102444800  # seconds since 1970
JOSE_HINT = 'python-jose\'s `jwt.encode(claims, key, algorithm="HS256")` makes the token.'
MANY = 300  # enough to see which characters a position has


@exercise(
    "3.1",
    "The module `secrets` is the one for keys. Which of its functions gives text?",
    "32 bytes are 256 bits: `secrets.token_hex(32)` or `secrets.token_urlsafe(32)`.",
)
def make_a_key(new_key):
    attempt = Attempt(new_key, "new_key", slips={
        "has no attribute 'decode'": "It is text already: leave out `.decode()`.",
    })  # fmt: skip
    first = attempt.answer()
    if not is_a(first.value, str):
        raise NotYet(
            f"`new_key()` returned {type_of(first.value)}. Expected text (`str`), which you can put into a setting."
        )
    if first.value.strip().lower() == ARTICLE_KEY:
        raise NotYet("This is the key from the blog post. It is public: anyone can sign with it.")

    def another_key() -> str:
        key = attempt.value()
        if not is_a(key, str):
            raise NotYet(f"`new_key()` returned {type_of(key)} this time. Expected text (`str`).")
        return key

    # A few are enough for this, and whoever makes pairs of keys needs long for each.
    _judge_that_it_is_no_pair([first.value, another_key(), another_key()])
    with clock_at(time.time(), new_key) as clock:
        at_once = {another_key(), another_key()}
        clock.now += 86400.5
        later = another_key()
    if len(at_once | {later}) == 1:
        raise NotYet(
            "Every call returned the same key. Make it inside the function, anew at each call."
        )
    if len(at_once) == 1:
        raise NotYet(
            f"Two calls at the same moment returned the same key, `{show(later, 45)}`: it is made of the time. Who knows "
            f"when your key was made can make it again. Use `secrets`."
        )
    with counted_randomness(new_key) as drawn:
        another_key()
    if _depends_on_the_seed(another_key):
        raise NotYet(
            "Your keys come from the module `random`, which is predictable: the same seed gave the same key. Use `secrets`."
        )
    keys = [another_key() for _ in range(MANY)]
    if all(UUID.fullmatch(key) for key in keys):
        raise NotYet(
            f"`{show(keys[0])}` is a UUID: 122 random bits, and HS256 wants 256 (RFC 7518 §3.2)."
        )
    _judge_form(keys)
    bits = round(bits_worth(keys))
    if bits < 256:
        raise NotYet(
            f"A key like `{show(keys[0], 45)}` is worth about {bits} bits, and HS256 wants 256 (RFC 7518 §3.2). "
            f"What counts is how many keys are possible: what is the same in every key, or repeats another part of it, "
            f"does not."
        )
    if not comes_from_elsewhere(new_key):
        _judge_chance(drawn, keys[0])
    return "Worth 256 bits or more, and another one at each call."


def _judge_that_it_is_no_pair(keys: list[str]) -> None:
    if all(map(is_of_a_pair, keys)):
        raise NotYet(
            f"A key like `{show(keys[0], 45)}` is a certificate or a key of a pair (PEM, DER or SSH). A public key is no secret: anybody could sign "
            f"with it. HS256 needs random text."
        )


def _judge_form(keys: list[str]) -> None:
    """A key that no setting can hold, or that is no secret, whatever it is worth."""
    shown = f"A key like `{show(keys[0], 45)}`"
    for key in keys:
        if not key.isascii():
            try:
                key.encode()
            except UnicodeEncodeError as error:
                raise NotYet(
                    f"`{show(key, 45)}` contains half a character, which UTF-8 cannot write: `.encode()` will fail."
                ) from error
        if key != key.strip("\ufeff \t\r\n\f\v\u00a0\0") or key != key.strip():
            raise NotYet(
                f"`{show(key, 45)}` has white space at an end. It gets lost in a setting or a file, and then the key is "
                f"another one."
            )
    if all(map(is_json_object, keys)):
        raise NotYet(
            f"{shown} is a JSON object, such as a JWK. HS256 takes the bytes of a secret: return the secret alone, as text."
        )
    if all(map(is_quoted, keys)):
        raise NotYet(
            f"{shown} has a quotation mark at an end, as a part of the key. One program takes it off and the other does "
            f"not, and then they have two keys. Return the text without quotation marks."
        )


def _depends_on_the_seed(another_key) -> bool:
    """Whether the same seed gives the same key: of the module random, or numpy's."""
    numpy = sys.modules.get("numpy")
    state = random.getstate()
    numpy_state = numpy.random.get_state() if numpy else None
    made = []
    for _ in range(2):
        random.seed(7519)
        if numpy:
            numpy.random.seed(7519)
        made.append(another_key())
    random.setstate(state)
    if numpy:
        numpy.random.set_state(numpy_state)
    return made[0] == made[1]


def _judge_chance(drawn, key: str) -> None:
    """However long and wild a key looks, it is worth no more than the chance that went into it."""
    if drawn.bits >= 256:
        return
    if drawn.bits:
        raise NotYet(
            f"`{show(key, 45)}` looks long, and it was made of {drawn.bits} random bits. Hashing, repeating or stretching "
            f"adds none: HS256 wants 256 (RFC 7518 §3.2)."
        )
    if drawn.predictable:
        raise NotYet(
            "Your keys come from the module `random`, which is predictable: who sees enough of its numbers can compute "
            "the next. Use `secrets`."
        )
    raise NotYet(
        f"Nothing in `{show(key, 45)}` is left to chance: your function never asks for random bytes. Who knows how you "
        f"compute it can compute it, too. Use `secrets`."
    )


@exercise(
    "3.2",
    'Put `jwt.decode(token, key, algorithms=["HS256"])` into a `try`, and return `"valid"` if nothing is raised.',
    "There are three `except` lines: `ExpiredSignatureError`, `JWTClaimsError`, `JWTError`. The first two are kinds of the third.",
    "Python takes the first `except` that fits. So the most general one stands last.",
)
def say_why(verdict):
    attempt = Attempt(verdict, "verdict", parameters=("token", "key"))
    key, other_key = secrets.token_hex(32), secrets.token_hex(32)
    now = int(time.time())
    good = jwt.encode({"sub": "ada", "exp": now + 1800}, key)
    long_lived = {
        "sub": "Ada Lovelace",
        "exp": now + 7 * 86400,
        "Note": "Mixed Case. " * 200,
        "n": 1.5,
    }
    header, payload, signature = good.split(".")
    cases = [
        ("an honest token", good, "valid"),
        ("a token without `exp`", jwt.encode({"sub": "ada"}, key), "valid"),
        (
            "a token that expired an hour ago",
            jwt.encode({"sub": "ada", "exp": now - 3600}, key),
            "expired",
        ),
        (
            "a token that is not valid before the year 2100",
            jwt.encode({"sub": "ada", "nbf": YEAR_2100}, key),
            "claims",
        ),
        ("a token whose subject is a number", jwt.encode({"sub": 7}, key), "claims"),
        ("a token signed with another key", jwt.encode({"sub": "ada"}, other_key), "forged"),
        (
            "an expired token signed with another key",
            jwt.encode({"sub": "ada", "exp": now - 3600}, other_key),
            "forged",
        ),
        ("a token signed with HS512", jwt.encode({"sub": "ada"}, key, algorithm="HS512"), "forged"),
        ("a token with a changed payload", f"{header}.{payload[:-2]}AA.{signature}", "forged"),
        ("a token of two parts", f"{header}.{payload}", "forged"),
        ("the text 'hello'", "hello", "forged"),
        ("the text 'a.b.c'", "a.b.c", "forged"),
        ("an empty text", "", "forged"),
        ("a token without a signature", f"{header}.{payload}.", "forged"),
        ("a token with half a signature", f"{header}.{payload}.{signature[:20]}", "forged"),
        ("a long token with claims of many types", jwt.encode(long_lived, key), "valid"),
        (
            "a token with an `exp` that has a fraction",
            jwt.encode({"exp": now + 900.5}, key),
            "valid",
        ),
        ("a token that expired in 1970", jwt.encode({"exp": 0}, key), "expired"),
        (
            "an expired token with much in it",
            jwt.encode(long_lived | {"exp": now - 60}, key),
            "expired",
        ),
        ("a token whose `exp` is a text", jwt.encode({"exp": "soon"}, key), "claims"),
        ("a token whose `nbf` is a text", jwt.encode({"nbf": "soon"}, key), "claims"),
        ("a token whose `jti` is a number", jwt.encode({"jti": 7}, key), "claims"),
        ("a token for the audience 'shop'", jwt.encode({"aud": "shop"}, key), "claims"),
        (
            "a token of another server whose subject is a number",
            jwt.encode({"sub": 7}, other_key),
            "forged",
        ),
        ("a token signed with HS384", jwt.encode({"sub": "ada"}, key, algorithm="HS384"), "forged"),
        (
            "an expired token signed with HS512",
            jwt.encode({"exp": now - 3600}, key, algorithm="HS512"),
            "forged",
        ),
        ("a list for claims, though it is signed", signed(HEADER, ["sub", "ada"], key), "forged"),
    ]
    outcomes = [(what, expected, attempt.run(token, key)) for what, token, expected in cases]
    with clock_at(now + 86400, verdict):
        late = attempt.run(good, key)
    outcomes.append(("a token that was good yesterday and expired then", "expired", late))
    for what, expected, outcome in outcomes:
        if outcome.error is not None:
            raise NotYet(
                f"For {what}, `verdict` {outcome.said}. Expected: `{show(expected)}`. Catch the error and return a text."
            )
        if outcome.printed and outcome.value is None:
            raise NotYet(
                f"For {what}, `verdict` printed `{show(outcome.printed)}`: to print is not to return. Use `return`."
            )
        if outcome.value is None:
            raise NotYet(
                f"For {what}, `verdict` returned `None`. Does every way through your function end in a `return`?"
            )
        if not same(outcome.value, expected):
            raise NotYet(
                f"For {what}, `verdict` {outcome.said}. Expected: `{show(expected)}`. {_slip(outcome.value, expected, what)}"
            )
    return "Each kind by its name, and nothing slips through."


def _slip(got: object, expected: str, what: str) -> str:
    if is_a(got, str) and got.strip().lower() == expected:
        return "Write the four texts as they stand in the exercise, in small letters."
    if "yesterday" in what:
        return "It was tried with the clock a day later: is the time asked once, when the function is defined?"
    if expected in ("expired", "claims") and got == "forged":
        return "Is `except JWTError` above the special ones? Python takes the first that fits."
    if expected == "forged" and got == "valid":
        if "HS512" in what or "HS384" in what:
            return 'Say which algorithms you accept: `algorithms=["HS256"]`.'
        return "Reading the claims is not verifying: `jwt.decode` checks the signature, `get_unverified_claims` does not."
    if expected == "forged" and got == "expired":
        return "Its signature is wrong, so its claims mean nothing: verify first, then look at the time."
    if expected == "valid":
        return "This token is in order."
    return "Which exception does `jwt.decode` raise for it?"


@exercise(
    "3.3",
    "Start with `now = datetime.now(timezone.utc)`. `iat` is that moment, `exp` is that moment plus `timedelta(minutes=minutes)`.",
    "`str(user_id)` makes text of a number and leaves text alone. `str(uuid.uuid4())` is a serial number.",
    'Return `jwt.encode(claims, key, algorithm="HS256")`, with the `key` that the function is given.',
)
def access_token_for_real_use(create_access_token):
    attempt = Attempt(
        create_access_token,
        "create_access_token",
        parameters=("user_id", "key", "minutes"),
        slips={
            "UUID is not JSON serializable": "`uuid.uuid4()` is no text, and JSON has no UUIDs: use `str(uuid.uuid4())`.",
            "timedelta is not JSON serializable": (
                "`timedelta` is a duration. `exp` is a moment: now plus the duration."
            ),
            "bytes is not JSON serializable": "JSON has no bytes. A claim is text or a number.",
            "has no attribute 'decode'": (
                "python-jose's `jwt.encode` returns text. Leave out `.decode()`: it is from old versions of other libraries."
            ),
            "can't compare offset-naive": "One of your dates has a time zone and the other has none.",
        },
    )
    key = secrets.token_hex(32)
    right_now = int(time.time()) + 0.25

    def claims_for(user_id: object, *minutes: float) -> dict:
        call = f"create_access_token({', '.join([repr(user_id), 'key', *map(str, minutes)])})"
        claims = claims_signed_with(attempt.value(user_id, key, *minutes), key, call, JOSE_HINT)
        _judge_names_and_types(call, claims, user_id)
        return claims

    with clock_at(right_now, create_access_token) as clock:
        judge_the_moment(clock, lambda: claims_for("ada", 30))
        _judge_the_lifetime(
            {minutes: claims_for(user_id, minutes) for user_id, minutes in LIFETIMES},
            claims_for("ada"),
        )
        same_instant = {claims_for("ada")["jti"] for _ in range(3)}
        serials = []
        for _ in range(MANY):
            clock.now += 61.803
            serials.append(claims_for("ada")["jti"])
        _judge_serials(same_instant, serials)
    return "The right lifetime in any time zone, text as subject, and a serial number of its own."


# Of no two the one is the other in another unit.
LIFETIMES = (("ada", 30), (7, 5), ("8", 0.5), ("Zoë Østergård", 1441), (0, 7.25))


def _judge_names_and_types(call: str, claims: dict, user_id: object) -> None:
    missing = [name for name in ("sub", "iat", "exp", "jti") if name not in claims]
    if missing:
        raise NotYet(
            f"The token of `{call}` has the claims {', '.join(claims) or 'none'}. Missing: {', '.join(missing)}."
        )
    if not isinstance(claims["sub"], str):
        raise NotYet(
            f"`{call}` made `sub` {show(claims['sub'])}, {type_of(claims['sub'])}. python-jose will not verify it: use `str(user_id)`."
        )
    if claims["sub"] != str(user_id):
        raise NotYet(
            f"`{call}` made `sub` `{show(claims['sub'])}`. Expected `{show(str(user_id))}`."
        )
    if not isinstance(claims["jti"], str):
        raise NotYet(f"`jti` must be text, got {type_of(claims['jti'])}: `str(uuid.uuid4())`.")
    for name in ("iat", "exp"):
        if isinstance(claims[name], bool) or not isinstance(claims[name], (int, float)):
            raise NotYet(
                f"`{name}` must be a number of seconds or a `datetime`, got {type_of(claims[name])}."
            )


def _judge_the_lifetime(by_minutes: dict[float, dict], usual: dict) -> None:
    """``exp`` must be ``iat`` and the minutes that were asked for."""
    lived = {minutes: claims["exp"] - claims["iat"] for minutes, claims in by_minutes.items()}
    asked, got = next(
        ((each, lived[each]) for each in lived if abs(lived[each] - 60 * each) > 1), (None, None)
    )
    if asked is not None:

        def fits(seconds_each: float) -> bool:
            return all(abs(lived[each] - seconds_each * each) <= 1 for each in lived)

        slip = "`exp` is now plus that many minutes."
        if len({round(each) for each in lived.values()}) == 1:
            slip = "The lifetime is the same for every value of `minutes`: `minutes` is not used."
        elif fits(1):
            slip = "`minutes` was taken for seconds: 60 seconds are one minute."
        elif fits(3600):
            slip = "`minutes` was taken for hours: `timedelta(minutes=minutes)`."
        elif fits(86400):
            slip = "`minutes` was taken for days: the first argument of `timedelta` is days. Name it: `minutes=minutes`."
        elif fits(0.001):
            slip = "`minutes` was taken for milliseconds: `timedelta(minutes=minutes)`."
        elif fits(-60):
            slip = "It died before it was made: add the minutes."
        elif all(abs(lived[each] - 60 * int(each)) <= 1 for each in lived):
            slip = "`minutes` may have a fraction: half a minute is 30 seconds."
        elif all(abs(lived[each] - 60 * each % 86400) <= 1 for each in lived):
            slip = "More than a day must do, too: `.seconds` of a `timedelta` is only the part below a day."
        raise NotYet(
            f"With `minutes={asked}` the token lives for {got:,.0f} seconds. Expected: {60 * asked:,.0f}. {slip}"
        )
    if abs(usual["exp"] - usual["iat"] - 1800) > 1:
        raise NotYet(
            "Without the third argument a token must live for 30 minutes: keep `minutes=30` in the first line."
        )


def _judge_serials(same_instant: set[str], serials: list[str]) -> None:
    if len(same_instant) < 3 or len(set(serials)) < len(serials):
        slip = "Make it inside the function: `str(uuid.uuid4())`."
        if len(same_instant) == 1 and len(set(serials)) > 1:
            slip = "It is made of the time, and two users may log in at the same moment. " + slip
        elif len(set(serials)) > 1:
            slip = f"One like `{show(serials[0])}` comes again soon: too few are possible. " + slip
        raise NotYet(f"Two tokens have the same `jti`. {slip}")
    if all(UNIQUE_UUID.fullmatch(serial) for serial in serials):
        return
    numbers = [re.search(r"\d+$", serial) for serial in serials]
    steps = {
        int(after[0]) - int(before[0])
        for before, after in zip(numbers, numbers[1:])
        if before and after
    }
    bits = bits_worth(serials)
    if bits < 50 and len(steps) == 1:
        raise NotYet(
            f"Your `jti` counts: `{show(serials[0])}`, `{show(serials[1])}`. When the server starts again, or runs twice, the "
            f"count begins again, and two tokens have the same. `str(uuid.uuid4())` needs no memory."
        )
    if bits < 50:
        raise NotYet(
            f"A `jti` like `{show(serials[0])}` is one of about {2 ** round(bits):,}: after some {2 ** round(bits / 2):,} tokens two "
            f"have the same. "
            f"`str(uuid.uuid4())` has 122 random bits."
        )
