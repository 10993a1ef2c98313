"""Exercises of lesson 04, Make a token expire."""

import math
import secrets
import time
from datetime import timedelta

from course.checking import Attempt, NotYet, exercise, is_a, show, type_of
from course.trials.clock import clock_at
from course.trials.dates import judge_the_moment
from course.trials.tokens import claims_signed_with

MOMENT = 1666720490  # 2022-10-25 17:54:50 UTC
FRACTIONS = "Compare without rounding."
LAST_DATE = 253402300799  # the last second of the year 9999


@exercise(
    "4.1",
    "`time.time()` needs no time zone: it counts seconds since 1970 in UTC, wherever the server stands.",
    "`now` may be 0: ask `now is None`, not whether it is true. `int(…)` makes whole seconds.",
    "`lifetime.total_seconds()` is the whole duration in seconds. `exp` is `iat` plus that.",
)
def right_everywhere(create_access_token):
    attempt = Attempt(
        create_access_token,
        "create_access_token",
        parameters=("user_id", "key", "lifetime", "now"),
        slips={
            "timedelta is not JSON serializable": (
                "`timedelta` is a duration. `exp` is a moment in seconds: `iat` plus `lifetime.total_seconds()`."
            ),
            "has no attribute 'decode'": "python-jose's `jwt.encode` returns text. Leave out `.decode()`.",
            "for +: 'datetime.datetime' and 'int": "A `datetime` and a number cannot be added: take one or the other.",
            "can't compare offset-naive": "One of your dates has a time zone and the other has none.",
        },
    )
    key = secrets.token_hex(32)

    def claims_for(user_id: object, *arguments: object) -> dict:
        call = f"create_access_token({', '.join([repr(user_id), 'key', *map(show, arguments)])})"
        token = attempt.value(user_id, key, *arguments)
        claims = claims_signed_with(
            token, key, call, "python-jose's `jwt.encode(claims, key)` makes the token."
        )
        for name in ("sub", "iat", "exp"):
            if name not in claims:
                raise NotYet(f"The token has no `{name}`. Expected `sub`, `iat` and `exp`.")
        for name in ("iat", "exp"):
            if type(claims[name]) is not int:
                raise NotYet(
                    f"With `{call}`, `{name}` is `{show(claims[name])}`, {type_of(claims[name])}. Expected whole seconds: `int(…)`."
                )
        return claims

    for user_id in (7, 0, "ada", "Zoë Østergård"):
        subject = claims_for(user_id)["sub"]
        if subject != str(user_id):
            raise NotYet(
                f"For the user id `{user_id!r}`, `sub` is `{show(subject)}`, {type_of(subject)}. It must be the text "
                f"`{str(user_id)!r}`: use `str(user_id)`."
            )
    for now in (MOMENT, MOMENT + 0.75, MOMENT * 2, 1):
        claims = claims_for("ada", timedelta(minutes=5), now)
        if abs(claims["iat"] - now) > 1:
            raise NotYet(
                f"With `now={now}`, `iat` is {claims['iat']}. Expected: {int(now)}. "
                f"Use the `now` that the function is given, and only then the clock."
            )
        if claims["iat"] > now:
            raise NotYet(
                f"With `now={now}`, `iat` is {claims['iat']}: rounded up, into the future, and PyJWT refuses such a token. "
                "Cut the fraction off: `int(…)`."
            )
    for lifetime in (
        timedelta(minutes=5), timedelta(days=1), timedelta(days=2, hours=1), timedelta(seconds=90),
        timedelta(weeks=60, minutes=7), timedelta(0),
    ):  # fmt: skip
        claims = claims_for("ada", lifetime, MOMENT)
        lived = claims["exp"] - claims["iat"]
        if abs(lived - lifetime.total_seconds()) > (1 if lifetime else 0):
            slip = ""
            if lived == lifetime.seconds:
                slip = " `.seconds` is only the part below a day: use `.total_seconds()`."
            elif not lifetime:
                slip = " A duration of 0 counts as false: do not ask whether `lifetime` is true."
            elif lived == 1800:
                slip = " That is the default: use the `lifetime` that the function is given."
            elif lived == lifetime.total_seconds() // 60:
                slip = " You counted minutes, and a token counts seconds."
            elif lived == 1000 * lifetime.total_seconds():
                slip = " You counted milliseconds, and a token counts seconds."
            elif lived == lifetime.total_seconds() // 60 * 60:
                slip = " The seconds of the lifetime are lost."
            raise NotYet(
                f"With a lifetime of {lifetime}, the token lives for {lived:,} seconds. Expected: {lifetime.total_seconds():,.0f}.{slip}"
            )
    beginning = claims_for("ada", timedelta(minutes=5), 0)
    if beginning["iat"] != 0:
        raise NotYet(
            "With `now=0`, the beginning of 1970, `iat` must be 0. Ask `now is None`: `0` counts as false."
        )
    with clock_at(int(time.time()) + 0.25, create_access_token) as clock:
        judge_the_moment(clock, lambda: claims_for("ada"))
        usual = claims_for("ada")
    if abs(usual["exp"] - usual["iat"] - 1800) > 1:
        raise NotYet(
            f"Without a lifetime the token lives for {usual['exp'] - usual['iat']:,} seconds. Expected: 1,800, which is "
            f"`timedelta(minutes=30)`, as the first line of the stub has it."
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
        keeps_arguments=True,
        parameters=("claims", "now", "leeway"),
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
        ({"nbf": 0}, MOMENT, 0, True, "`nbf` is 0 here: it has begun long ago."),
        ({"exp": 0}, 0, 5, True, "The leeway helps at 0, too: `0` counts as false, and is a date."),
        ({"exp": 0}, 4, 5, True, "The leeway helps at 0, too: `0` counts as false, and is a date."),
        (both, MOMENT - 0.5, 0, False, f"It is half a second before `nbf`. {FRACTIONS}"),
        (both, MOMENT + 99.5, 0, True, f"Half a second is left. {FRACTIONS}"),
        (both, MOMENT + 100.25, 0, False, f"It is after `exp`. {FRACTIONS}"),
        (both, MOMENT - 0.5, 0.5, True, f"The leeway is half a second. {FRACTIONS}"),
        (both, MOMENT - 0.75, 0.5, False, f"The leeway is half a second. {FRACTIONS}"),
        (both, MOMENT + 100.25, 0.5, True, f"The leeway is half a second. {FRACTIONS}"),
        (both, MOMENT + 100.5, 0.5, False, f"The leeway is half a second. {FRACTIONS}"),
        ({"exp": MOMENT + 0.5}, MOMENT + 0.25, 0, True, f"It has not ended. {FRACTIONS}"),
        ({"nbf": MOMENT + 0.5}, MOMENT + 0.25, 0, False, f"It has not begun. {FRACTIONS}"),
        ({"nbf": MOMENT}, MOMENT - 10, 10, True, "There is only `nbf`, and the leeway helps."),
        (
            {"nbf": MOMENT},
            MOMENT - 11,
            10,
            False,
            "There is only `nbf`, and the leeway is too short.",
        ),
        ({"exp": MOMENT}, MOMENT + 9, 10, True, "There is only `exp`, and the leeway helps."),
        (
            {"exp": MOMENT},
            MOMENT + 10,
            10,
            False,
            "There is only `exp`, and the leeway is too short.",
        ),
        (
            {"iat": MOMENT + 900, "Exp": 0, "NBF": LAST_DATE},
            MOMENT,
            0,
            True,
            "Only `nbf` and `exp` count, and neither is there.",
        ),
        (
            {"nbf": MOMENT + 100, "exp": MOMENT},
            MOMENT + 50,
            0,
            False,
            "It ends before it begins: no moment is both.",
        ),
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
    attempt = Attempt(check_dates, "check_dates", keeps_arguments=True, parameters=("claims",), slips={
        KeyError: "Each of the three claims may be missing.",
        OverflowError: "A whole number may be too large for a `float`: compare it as it is.",
        TypeError: "Ask for the type before you compare.",
    })  # fmt: skip
    for claims in (
        {}, {"sub": "ada"}, {"exp": MOMENT}, {"exp": MOMENT + 0.5, "iat": MOMENT}, {"nbf": 0},
        {"exp": LAST_DATE}, {"exp": MOMENT, "nbf": MOMENT, "iat": MOMENT, "text": "1"},
        {"nbf": float(LAST_DATE), "iat": 0.0}, {"sub": None, "admin": True, "roles": ["a b"]},
        {"auth_time": MOMENT * 1000, "Exp": "soon", "updated_at": math.nan},
    ):  # fmt: skip
        outcome = attempt.run(claims)
        if outcome.error is not None:
            raise NotYet(
                f"`{outcome.call}` {outcome.said}. These dates are in order: nothing must be raised. "
                f"(Only `exp`, `nbf` and `iat` are asked for.)"
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
            (10**400, "it is an absurdly large number."),
            (float(MOMENT * 1000), "it is in milliseconds."),
            (1e300, "it is an absurdly large number."),
            (False, "`False` is no date, though Python counts `bool` among the numbers."),
            ("", "it is an empty text."),
            ("soon", "it is text."),
            ("nan", "it is text."),
            ([], "it is a list."),
            ({}, "it is an object."),
            ({"seconds": MOMENT}, "it is an object."),
        ):
            others = {other: MOMENT for other in ("exp", "nbf", "iat") if other != name}
            for claims, place in (
                ({"sub": "ada", name: value}, ""),
                ({**others, name: value}, " The other dates are in order, so look at each."),
                ({name: value, **others}, " The other dates are in order, so look at each."),
            ):
                _must_raise(attempt, claims, f"`{name}`: {because}{place}")
    return "Whatever is left is a date."


def _must_raise(attempt: Attempt, claims: dict, because: str) -> None:
    outcome = attempt.run(claims)
    slip = ""
    if outcome.error is not None and not is_a(outcome.error, ValueError):
        slip = f" {attempt.explain(outcome.error)}"
    if not is_a(outcome.error, ValueError):
        raise NotYet(
            f"`{outcome.call}` {outcome.said}. It must raise `ValueError`: {because}{slip}"
        )
