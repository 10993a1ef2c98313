"""Exercises of lesson 03, Create a JWT with python-jose."""

import random
import re
import secrets
import time

from jose import JWTError, jwt

from course.checking import Attempt, NotYet, exercise, same, show, type_of
from course.trials.time_zone import time_zone
from course.trials.tokens import read_token

ARTICLE_KEY = "9b73f2a1bdd7ae163444473d29a6885ffa22ab26117068f72a5a56a74d12d1fc"  # public and burnt
UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE
)
YEAR_2100 = 4102444800  # seconds since 1970
JOSE_HINT = 'python-jose\'s `jwt.encode(claims, key, algorithm="HS256")` makes the token.'


@exercise(
    "3.1",
    "The module `secrets` is the one for keys. Which of its functions gives text?",
    "32 bytes are 256 bits: `secrets.token_hex(32)` or `secrets.token_urlsafe(32)`.",
)
def make_a_key(new_key):
    attempt = Attempt(new_key, "new_key")
    first = attempt.answer()
    if type(first.value) is not str:
        raise NotYet(
            f"`new_key()` returned {type_of(first.value)}. Expected text (`str`), which you can put into a setting."
        )
    if first.value == ARTICLE_KEY:
        raise NotYet("This is the key from the blog post. It is public: anyone can sign with it.")
    state = random.getstate()
    random.seed(7519)
    predicted = attempt.value()
    random.seed(7519)
    repeated = attempt.value()
    random.setstate(state)
    keys = [attempt.value() for _ in range(200)]
    if odd := [key for key in [predicted, repeated, *keys] if type(key) is not str]:
        raise NotYet(f"`new_key()` returned text, and later `{show(odd[0])}`, {type_of(odd[0])}.")
    if len(set(keys)) == 1:
        raise NotYet(
            "Every call returned the same key. Make it inside the function, anew at each call."
        )
    if predicted == repeated:
        raise NotYet(
            "Your keys come from the module `random`, which is predictable: the same seed gave the same key. Use `secrets`."
        )
    if all(UUID.fullmatch(key) for key in keys):
        raise NotYet(
            f"`{show(keys[0])}` is a UUID: 122 random bits, and HS256 wants 256 (RFC 7518 §3.2)."
        )
    bits = _bits_worth(keys)
    if bits < 250:
        raise NotYet(
            f"A key like `{show(keys[0], 45)}` is worth about {bits} bits, and HS256 wants 256 (RFC 7518 §3.2). "
            f"What counts is how many keys are possible."
        )
    return "Worth 256 bits or more, and another one at each call."


def _bits_worth(keys: list[str]) -> int:
    """An upper estimate of the bits in such keys, from the alphabet they are seen to use and their length."""
    longest = max(len(key) for key in keys)
    if all(key.isdecimal() for key in keys):
        # Python refuses to read a number of more than 4,300 digits.
        return max(int(key[:4_000] or 0).bit_length() for key in keys)
    alphabet = set("".join(keys).rstrip("="))
    bits_a_character = max(len(alphabet) - 1, 1).bit_length()
    return longest * bits_a_character


@exercise(
    "3.2",
    'Put `jwt.decode(token, key, algorithms=["HS256"])` into a `try`, and return `"valid"` if nothing is raised.',
    "There are three `except` lines: `ExpiredSignatureError`, `JWTClaimsError`, `JWTError`. The first two are kinds of the third.",
    "Python takes the first `except` that fits. So the most general one stands last.",
)
def say_why(verdict):
    attempt = Attempt(verdict, "verdict")
    key, other_key = secrets.token_hex(32), secrets.token_hex(32)
    now = int(time.time())
    good = jwt.encode({"sub": "ada", "exp": now + 1800}, key)
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
    ]
    for what, token, expected in cases:
        outcome = attempt.run(token, key)
        if outcome.error is not None:
            raise NotYet(
                f"For {what}, `verdict` {outcome.said}. Expected: `{show(expected)}`. Catch the error and return a text."
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
    got = got if type(got) is str else None
    if expected in ("expired", "claims") and got == "forged":
        return "Is `except JWTError` above the special ones? Python takes the first that fits."
    if expected == "forged" and got == "valid":
        if "HS512" in what:
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
    attempt = Attempt(create_access_token, "create_access_token")
    key = secrets.token_hex(32)
    for zone in ("America/New_York", "UTC", "Asia/Kolkata"):
        with time_zone(zone):
            for user_id, minutes in (("ada", 30), (7, 5), ("8", 0.5)):
                called = f"create_access_token({user_id!r}, key, {minutes})"
                before = time.time()
                token = attempt.value(user_id, key, minutes)
                header, claims = read_token(token, called, JOSE_HINT)
                if header.get("alg") != "HS256":
                    raise NotYet(
                        f"`{called}` signed with `{show(header.get('alg'))}`. Expected `'HS256'`."
                    )
                _judge_claims(called, claims, user_id, minutes, before, zone)
                try:
                    jwt.decode(token, key, algorithms=["HS256"])
                except JWTError as error:
                    raise NotYet(
                        f"The token of `{called}` does not verify with that key: `{error}` "
                        f"Sign with the `key` that the function is given."
                    ) from error
    called = 'create_access_token("ada", key)'
    serials = set()
    for _ in range(20):
        before = time.time()
        _, usual = read_token(attempt.value("ada", key), called, JOSE_HINT)
        if abs((_seconds(usual.get("exp")) or 0) - before - 1800) > 3:
            raise NotYet(
                "Without the third argument a token must live for 30 minutes: keep `minutes=30` in the first line."
            )
        _judge_claims(called, usual, "ada", 30, before, "of this machine")
        serials.add(usual["jti"])
    if len(serials) < 20:
        raise NotYet(
            "Two tokens have the same `jti`. Make it inside the function: `str(uuid.uuid4())`."
        )
    return "The right lifetime in any time zone, text as subject, and a serial number of its own."


def _judge_claims(
    called: str, claims: dict, user_id: object, minutes: float, before: float, zone: str
) -> None:
    missing = [name for name in ("sub", "iat", "exp", "jti") if name not in claims]
    if missing:
        raise NotYet(
            f"The token of `{called}` has the claims {', '.join(claims) or 'none'}. Missing: {', '.join(missing)}."
        )
    if not isinstance(claims["sub"], str):
        raise NotYet(
            f"`{called}` made `sub` {show(claims['sub'])}, {type_of(claims['sub'])}. python-jose will not verify it: use `str(user_id)`."
        )
    if claims["sub"] != str(user_id):
        raise NotYet(
            f"`{called}` made `sub` `{show(claims['sub'])}`. Expected `{show(str(user_id))}`."
        )
    if not isinstance(claims["jti"], str):
        raise NotYet(f"`jti` must be text, got {type_of(claims['jti'])}: `str(uuid.uuid4())`.")
    for name, wanted in (("iat", before), ("exp", before + 60 * minutes)):
        seconds = _seconds(claims[name])
        if seconds is None:
            raise NotYet(
                f"`{name}` must be a number of seconds or a `datetime`, got {type_of(claims[name])}."
            )
        off = seconds - wanted
        if seconds > 1000 * before / 2:
            raise NotYet(f"`{name}` is in milliseconds. JWTs count seconds.")
        if abs(off) > 1000:
            raise NotYet(
                f"On a server in the time zone {zone}, `{name}` is off by {off / 60:+.0f} minutes. "
                f"A `datetime` without a time zone is taken for UTC: use `datetime.now(timezone.utc)`."
            )
        if abs(off) > 3:
            raise NotYet(
                f"For `{called}`, `{name}` is off by {off:+.0f} seconds. `exp` is now plus {minutes} minutes, `iat` is now."
            )


def _seconds(value: object) -> float | None:
    """A date of a token as a number that can be reckoned with; None if it is none."""
    if type(value) not in (int, float):
        return None
    # JSON may have an int that no float can hold.
    return max(min(value, 1e15), -1e15)
