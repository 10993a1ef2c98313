"""Answers of odd kinds: whatever a learner hands over, the check explains, and never says that the course is at fault."""

import functools
import importlib
import random
import threading
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy
import pytest

from course import checking
from tests.lessons.exercise_harness import situations

EXERCISES = [
    (number, exercise_id)
    for number in ("06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16")
    for exercise_id in importlib.import_module(
        f"tests.lessons.exercise_answers.lesson_{number}"
    ).RIGHT
]


class Hostile:
    """Fails whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("equal?")

    def __repr__(self):
        raise RuntimeError("repr")

    def __bool__(self):
        raise RuntimeError("bool")

    def __call__(self, *args, **kwargs):
        return self


class Agreeable(str):
    """Is equal to everything."""

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


def raising(error: BaseException):
    def fail(*args, **kwargs):
        raise error

    return fail


def returning(value):
    return lambda *args, **kwargs: value


def generating(*args):
    yield from args


def spoil_app(*args):
    """Whatever an app or a manager is given, take its parts away."""
    for each in args:
        for name in ("view_functions", "wsgi_app", "router", "config", "user_middleware"):
            if hasattr(each, name):
                setattr(each, name, None)


VALUES = [
    None, True, 3, 1.5, float("nan"), numpy.int64(3), numpy.bool_(True), numpy.array([1, 2]), "a.b.c", "", b"a.b.c",
    bytearray(b"x"), [], ["a"], (), {}, {"url": "http://127.0.0.1:9"}, {1: 2}, {numpy.int64(1): 2}, set(), frozenset(),
    object(), SimpleNamespace(url=1), Hostile(), Agreeable("Ada"), MagicMock(), range(3), Exception("x"),
]  # fmt: skip
FUNCTIONS = [
    *(returning(value) for value in VALUES),
    print, len, int, dict, str, type, object, Hostile, random.random, generating, spoil_app, functools.partial(print, 1),
    lambda: 1, lambda *, key: key, lambda first: first, lambda first, second: second, lambda *args: args[-1],
    lambda *args: list(args), lambda *args: vars(args[0]).clear(),
    raising(ValueError()), raising(KeyboardInterrupt()), raising(SystemExit(1)), raising(GeneratorExit()),
    raising(BaseExceptionGroup("several", [ValueError("x")])), raising(StopIteration()), raising(checking.NotAttempted()),
    raising(RecursionError()), raising(AssertionError(Hostile())), MagicMock(return_value=True), MagicMock(side_effect=OSError),
]  # fmt: skip


@pytest.mark.parametrize(("number", "exercise_id"), EXERCISES)
def test_odd_answers_are_never_a_fault_of_the_course(number, exercise_id):
    situations(number)
    for answer in (*VALUES, *FUNCTIONS):
        result = checking.check(exercise_id, answer)
        assert result.outcome in (checking.NOT_YET, checking.NOT_ATTEMPTED), result.text
        assert result.text.isprintable(), result.text


@pytest.mark.parametrize("number", ["09"])
def test_odd_stories_are_never_a_fault_of_the_course(number):
    url = situations(number)["9.1"].names["ending"].url
    stories = {
        "A": ["Ada", "Ada"], "B": ["thief", "thief", "Ada"], "C": ["Ada", "thief"], "D": ["thief"],
    }  # fmt: skip
    for odd in VALUES:
        for answer in (
            {"url": url, "stories": stories, "still_in": {"A": {"Ada"}, "B": odd}},
            {
                "url": url,
                "stories": stories,
                "still_in": {"A": {odd} if type(odd) is str else [odd]},
            },
            {"url": url, "stories": stories, "still_in": odd},
            {"url": url, "stories": odd, "still_in": {"A": {"Ada"}}},
            {"url": odd, "stories": stories, "still_in": {"A": {"Ada"}}},
        ):
            result = checking.check("9.1", answer)
            assert result.outcome == checking.NOT_YET, result.text


@pytest.mark.parametrize("number", ["09"])
def test_thread_that_waits_for_ever_is_not_asked_about_loops(number, monkeypatch):
    situations(number)
    monkeypatch.setattr(checking, "TIME_LIMIT", 0.5)
    own = threading.Lock()

    def newer_than(store, used):
        with own, own:
            return store.refresh()

    said = checking.check("9.3", newer_than).text
    assert "waits for something that never comes" in said and "loop" not in said
