"""Exercises of lesson 04, Make a token expire."""

import math
import secrets
import time
from datetime import timedelta

from jose import JWTError, jwt

from course.checking import Attempt, NotYet, exercise, show, type_of
from course.trials.time_zone import time_zone
from course.trials.tokens import read_token

MOMENT = 1666720490  # 2022-10-25 17:54:50 UTC
LAST_DATE = 253402300799  # the last second of the year 9999


@exercise(
    "4.1",
    "`time.time()` needs no time zone: it counts seconds since 1970 in UTC, wherever the server stands.",
    "`now` may be 0: ask `now is None`, not whether it is true. `int(…)` makes whole seconds.",
    "`lifetime.total_seconds()` is the whole duration in seconds. `exp` is `iat` plus that.",
)
def right_everywhere(create_access_token):
    attempt = Attempt(create_access_token, "create_access_token")
    key = secrets.token_hex(32)

    def claims_for(*arguments, **named) -> dict:
        token = attempt.value(*arguments, **named)
        _, claims = read_token(token, "create_access_token(…)")
        try:
            jwt.decode(
                token, key, algorithms=["HS256"], options={"verify_exp": False, "verify_sub": False}
            )
        except JWTError as error:
            raise NotYet(
                f"The token does not verify with the key that was given: `{error}`"
            ) from error
        for name in ("sub", "iat", "exp"):
            if name not in claims:
                raise NotYet(f"The token has no `{name}`. Expected `sub`, `iat` and `exp`.")
        for name in ("iat", "exp"):
            if type(claims[name]) is not int:
                raise NotYet(
                    f"`{name}` is `{show(claims[name])}`, {type_of(claims[name])}. Expected whole seconds: `int(…)`."
                )
        return claims

    if claims_for(7, key)["sub"] != "7":
        raise NotYet("For the user id `7`, `sub` must be the text `'7'`: use `str(user_id)`.")
    for lifetime in (timedelta(minutes=5), timedelta(days=1), timedelta(days=2, hours=1)):
        claims = claims_for("ada", key, lifetime, MOMENT)
        if claims["iat"] != MOMENT:
            raise NotYet(
                f"With `now={MOMENT}`, `iat` is {claims['iat']}. Expected: {MOMENT}. "
                f"Use the `now` that the function is given, and only then the clock."
            )
        lived = claims["exp"] - claims["iat"]
        if lived != lifetime.total_seconds():
            slip = ""
            if lived == lifetime.seconds:
                slip = " `.seconds` is only the part below a day: use `.total_seconds()`."
            elif lived == 1800:
                slip = " That is the default: use the `lifetime` that the function is given."
            raise NotYet(
                f"With a lifetime of {lifetime}, the token lives for {lived} seconds. Expected: {lifetime.total_seconds():.0f}.{slip}"
            )
    beginning = claims_for("ada", key, timedelta(minutes=5), 0)
    if beginning["iat"] != 0:
        raise NotYet(
            "With `now=0`, the beginning of 1970, `iat` must be 0. Ask `now is None`: `0` counts as false."
        )
    for zone in ("EST5", "UTC0", "IST-5:30"):
        with time_zone(zone):
            claims = claims_for("ada", key)
        now = int(time.time())
        for name, wanted in (("iat", now), ("exp", now + 1800)):
            off = claims[name] - wanted
            if abs(off) > 3:
                raise NotYet(
                    f"On a server with the time zone {zone}, `{name}` is off by {round(off, -1) // 60:+} minutes. "
                    f"`time.time()` is right everywhere, and so is `datetime.now(timezone.utc)`."
                )
    return "Right in New York, in Kolkata, and in 1970."


@exercise(
    "4.2",
    "Leeway lets a token begin earlier (`nbf - leeway`) and end later (`exp + leeway`).",
    "Write it as two questions: has it begun? has it ended? Each is answered by itself when the claim is missing.",
)
def within_the_leeway(is_current):
    attempt = Attempt(
        is_current,
        "is_current",
        slips={KeyError: "Each of the two claims may be missing. Then it forbids nothing."},
    )
    both = {"nbf": MOMENT, "exp": MOMENT + 100}
    cases = [
        (both, MOMENT + 50, 0, True, "It is between the two."),
        (both, MOMENT - 1, 0, False, "It is one second before `nbf`."),
        (both, MOMENT, 0, True, "`nbf` itself is allowed: *not before* it."),
        (both, MOMENT + 99, 0, True, "One second is left."),
        (both, MOMENT + 100, 0, False, "*On or after* `exp` is too late (RFC 7519 §4.1.4)."),
        (both, MOMENT + 101, 0, False, "It is after `exp`."),
        (both, MOMENT - 10, 10, True, "The leeway lets it begin 10 seconds earlier."),
        (both, MOMENT - 11, 10, False, "That is one second more than the leeway."),
        (both, MOMENT + 109, 10, True, "The leeway lets it end 10 seconds later."),
        (both, MOMENT + 110, 10, False, "With leeway too, the last second does not count."),
        ({"nbf": MOMENT}, MOMENT + 10**9, 0, True, "There is no `exp`, so it does not end."),
        ({"exp": MOMENT}, 0, 0, True, "There is no `nbf`, so it has always begun."),
        ({}, MOMENT, 0, True, "Neither claim is there, so nothing forbids it."),
        ({"exp": 0}, MOMENT, 0, False, "`exp` is 0 here, a date in 1970, and not a missing claim."),
        ({"nbf": MOMENT}, -5, 0, False, "`nbf` is there, and it has not begun."),
    ]
    for claims, now, leeway, expected, because in cases:
        attempt.must_return(expected, claims, now, leeway, because=because)
    attempt.must_return(
        False, both, MOMENT + 100, because="Without the third argument there is no leeway."
    )
    return "To the second at both ends, and the leeway in the token's favour."


@exercise(
    "4.3",
    "Ask for what is right, and refuse everything else: `if not (… 0 <= value <= 253402300799): raise ValueError`.",
    "`isinstance(True, int)` is true in Python. Shut `bool` out by name.",
    "`None` as a value is not the same as a missing claim: `claims.get(name, 0)` treats the two differently.",
)
def dates_that_cannot_be(check_dates):
    attempt = Attempt(check_dates, "check_dates")
    for claims in (
        {}, {"sub": "ada"}, {"exp": MOMENT}, {"exp": MOMENT + 0.5, "iat": MOMENT}, {"nbf": 0},
        {"exp": LAST_DATE}, {"exp": MOMENT, "nbf": MOMENT, "iat": MOMENT, "text": "1"},
    ):  # fmt: skip
        outcome = attempt.run(claims)
        if outcome.error is not None:
            raise NotYet(
                f"`{outcome.call}` {outcome.said}. These dates are in order: nothing must be raised."
            )
    for name in ("exp", "nbf", "iat"):
        for value, because in (
            (MOMENT * 1000, "it is in milliseconds."),
            (LAST_DATE + 1, "it lies beyond the year 9999."),
            ("1666720490", "it is text."),
            (None, "`None` is no date. The claim is there, it only says nothing."),
            (True, "`True` is no date, though Python counts `bool` among the numbers."),
            ([MOMENT], "it is a list."),
            (math.inf, "infinity is no date."),
            (
                math.nan,
                "`nan` is no date. Every comparison with it is false, so ask for what is right.",
            ),
            (-1, "it lies before 1970."),
            (10**400, "it is an absurdly large number."),
        ):
            attempt.must_raise(
                ValueError, {"sub": "ada", name: value}, because=f"`{name}`: {because}"
            )
    return "Whatever is left is a date."
