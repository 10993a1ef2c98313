"""The dates in a token that an answer makes: do they follow the clock, and hold in any time zone?"""

import time
from collections.abc import Callable

from course.checking import NotYet, show
from course.trials.clock import Clock
from course.trials.time_zone import time_zone


def judge_the_moment(clock: Clock, ask: Callable[[], dict]) -> None:
    """The dates in a token must follow the clock, in any time zone: ``iat`` is now, ``exp`` lies ahead."""
    start = clock.now
    claims = ask()
    clock.now = start + 7200
    later = ask()
    clock.now = start
    for name in ("iat", "exp"):
        if claims[name] > 100 * start:
            raise NotYet(f"`{name}` is in milliseconds. JWTs count seconds.")
        if name == "exp" and claims[name] < start / 10:
            raise NotYet(
                f"`exp` is {show(claims['exp'])}, which is a duration. It must be a moment, in seconds since 1970: now plus "
                f"that duration."
            )
        if abs(claims[name]) < start / 10:
            raise NotYet(
                f"`{name}` is {show(claims[name])}. It must be the moment now, in seconds since 1970."
            )
        if abs(claims[name] - later[name]) < 2:
            raise NotYet(
                f"Two hours later by the clock, `{name}` was still the same: {show(later[name])}. Is the time taken once, "
                f"when the function is defined (a default argument, or a line outside)? Ask for it inside the function, "
                f"at each call."
            )
    _judge_the_zone(start, ask)
    off = claims["iat"] - start
    if abs(off) > 1:
        raise NotYet(f"`iat` is off by {off:+.0f} seconds. It is the moment now, and nothing else.")


def _judge_the_zone(start: float, ask: Callable[[], dict]) -> None:
    """A token made in another time zone must say the same."""
    in_zone, ahead = {}, {}
    for zone in ("UTC0", "EST5", "IST-5:30"):
        with time_zone(zone):
            in_zone[zone] = ask()
            ahead[zone] = time.localtime(start).tm_gmtoff
    for zone, claims in in_zone.items():
        for name in ("iat", "exp"):
            off = claims[name] - in_zone["UTC0"][name]
            # Windows cannot switch: there it is the machine's own zone each time, and only iat tells.
            if ahead["UTC0"]:
                off = claims["iat"] - start
            if ahead[zone] and abs(abs(off) - abs(ahead[zone])) <= 1:
                raise NotYet(
                    f"On a server with the time zone {zone}, `{name}` is off by {off / 60:+.0f} minutes. "
                    f"A `datetime` without a time zone is a guess: use `datetime.now(timezone.utc)`, or `time.time()`."
                )
