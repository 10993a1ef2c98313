"""A clock that can be set, so that an answer can be asked at any moment without waiting for it."""

import datetime
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from course.checking import is_a
from course.trials.names import functions_behind, replaced_in

_BoundMethod = type(datetime.datetime.now)
_RealDatetime, _RealDate = datetime.datetime, datetime.date


class Clock:
    """What the time is, in seconds since 1970. It stands still until somebody sets ``now``."""

    def __init__(self, now: float):
        self.now = now


@contextmanager
def clock_at(moment: float, function: Callable) -> Iterator[Clock]:
    """Let ``time`` and ``datetime`` tell ``moment`` to everybody, and to ``function`` however it has imported them."""
    clock = Clock(moment)
    stand_ins = _stand_ins(clock)

    def stand_in(value: object) -> object:
        if id(value) in stand_ins:
            return stand_ins[id(value)][1]
        # `now = datetime.now` has kept the method.
        owner = stand_ins.get(id(value.__self__)) if is_a(value, _BoundMethod) else None
        return getattr(owner[1], value.__name__) if owner else value

    modules = [
        each.__dict__ for each in list(sys.modules.values()) if type(each) is types.ModuleType
    ]
    with replaced_in(functions_behind(function), modules, stand_in, set(stand_ins)):
        yield clock


def _stand_ins(clock: Clock) -> dict[int, tuple[object, object]]:
    """By the id of each way to ask for the time: that way itself, and the one that asks ``clock``."""

    class AnyDate(type):
        """What was made before the clock was set is a date, too."""

        def __instancecheck__(cls, value):
            return isinstance(value, cls.__mro__[1])

        def __subclasscheck__(cls, other):
            return issubclass(other, cls.__mro__[1])

    class SetDatetime(_RealDatetime, metaclass=AnyDate):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(clock.now, tz)

        @classmethod
        def utcnow(cls):
            return cls.fromtimestamp(clock.now, datetime.timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls):
            return cls.fromtimestamp(clock.now)

    class SetDate(_RealDate, metaclass=AnyDate):
        @classmethod
        def today(cls):
            return cls.fromtimestamp(clock.now)

    def of_the_clock(function):
        return lambda seconds=None: function(clock.now if seconds is None else seconds)

    local, text = of_the_clock(time.localtime), time.strftime
    pairs = [
        (_RealDatetime, SetDatetime),
        (_RealDate, SetDate),
        (time.time, lambda: clock.now),
        (time.time_ns, lambda: int(clock.now * 10**9)),
        (time.gmtime, of_the_clock(time.gmtime)),
        (time.localtime, local),
        (time.ctime, of_the_clock(time.ctime)),
        (time.strftime, lambda form, when=None: text(form, local() if when is None else when)),
    ]
    # Windows has no clock_gettime.
    if hasattr(time, "clock_gettime"):
        pairs += _numbered_clocks(clock)
    return {id(real): (real, stand_in) for real, stand_in in pairs}


def _numbered_clocks(clock: Clock) -> list[tuple[Callable, Callable]]:
    seconds, nanoseconds = time.clock_gettime, time.clock_gettime_ns

    def set_seconds(number):
        return clock.now if number == time.CLOCK_REALTIME else seconds(number)

    def set_nanoseconds(number):
        return int(clock.now * 10**9) if number == time.CLOCK_REALTIME else nanoseconds(number)

    return [(seconds, set_seconds), (nanoseconds, set_nanoseconds)]
