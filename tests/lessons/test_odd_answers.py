"""Whatever an answer is or returns, a judge finds the fault with it: never with the course, and never none."""

import enum
import fractions
import itertools
import math
import random

import numpy
import pytest

from course import checking
from tests.lessons.exercise_harness import situations


class EqualToEverything:
    __hash__ = object.__hash__

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


class EqualText(EqualToEverything, str):
    __hash__ = str.__hash__


class EqualNumber(EqualToEverything, int):
    __hash__ = int.__hash__


class EqualDictionary(EqualToEverything, dict):
    __hash__ = None


class Unfriendly:
    def _fail(self, *arguments):
        raise RuntimeError("no")

    __eq__ = __repr__ = __str__ = __bool__ = __len__ = __iter__ = __hash__ = _fail


class Colour(enum.Enum):
    RED = 1


def in_itself() -> list:
    outer: list = []
    outer.append(outer)
    return outer


HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"  # {"alg":"HS256","typ":"JWT"}
ODD = {
    "numpy integer": numpy.int64(7),
    "numpy float": numpy.float64("nan"),
    "numpy bool": numpy.bool_(True),
    "numpy text": numpy.str_("x"),
    "numpy array": numpy.array([1, 2, 3]),
    "numpy array of nothing": numpy.array([]),
    "numpy array without dimensions": numpy.array(5),
    "numpy date": numpy.datetime64("2026-01-01"),
    "text": "text",
    "empty text": "",
    "dots": "a.b.c",
    "only dots": "..",
    "token with a list for a header": "W10.e30.AAAA",
    "token with bad claims": f"{HEADER}.bnVsbA.AAAA",
    "token of deep JSON": f"{HEADER}.{'W1tb' * 20_000}.AAAA",
    "token of foreign letters": "é.é.é",
    "half a character": "\ud800",
    "half characters": "\ud800.\ud800.\ud800",
    "bytes": b"a.b.c",
    "bytearray": bytearray(b"x"),
    "zero byte": "\0",
    "huge text": "x" * 1_000_000,
    "huge number": 10**5000,
    "minus": -1,
    "float": 3.5,
    "nan": math.nan,
    "infinity": math.inf,
    "complex": 1j,
    "fraction": fractions.Fraction(1, 3),
    "true": True,
    "dictionary": {"a": {1: [2, {3}]}},
    "dictionary with odd keys": {None: 1, (1,): 2, EqualToEverything(): 3},
    "list": [1, "a", None],
    "set": {1, 2},
    "list in itself": in_itself(),
    "generator": (each for each in "abc"),
    "function": len,
    "class": str,
    "enumeration": Colour.RED,
    "exception": ValueError("x"),
    "module": math,
    "equal to everything": EqualToEverything(),
    "equal text": EqualText("a.b.c"),
    "equal number": EqualNumber(42),
    "equal dictionary": EqualDictionary(),
    "unfriendly": Unfriendly(),
    "unfriendly class": type("", (), {}),
    "unfriendly inside": {"sub": Unfriendly(), "iat": EqualNumber(1), "exp": in_itself()},
    "random": random.Random(),
}
EXERCISES = [
    (number, exercise_id)
    for number in ("01", "02", "03", "04", "05")
    for exercise_id in situations(number)
]


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
def test_odd_value_is_not_yet(number, exercise_id, odd):
    def answer(*arguments, **named):
        return odd

    for tried in (odd, answer):
        result = checking.check(exercise_id, tried)
        assert result.outcome == checking.NOT_YET, result.text


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError,
        KeyError,
        SystemExit,
        RecursionError,
        UnicodeError,
        type("Odd", (BaseException,), {}),
    ],
)
def test_raised_error_is_not_yet(number, exercise_id, error):
    def answer(*arguments, **named):
        raise error

    result = checking.check(exercise_id, answer)
    assert result.outcome == checking.NOT_YET, result.text


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
def test_answer_that_changes_between_calls_is_not_yet(number, exercise_id):
    values = itertools.cycle(ODD.values())

    def answer(*arguments, **named):
        return next(values)

    result = checking.check(exercise_id, answer)
    assert result.outcome == checking.NOT_YET, result.text
