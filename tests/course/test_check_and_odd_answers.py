"""No answer, however odd, is called right, and none makes the check itself fail: values, functions, and their own methods."""

import collections
import datetime
import decimal
import fractions
import itertools
import json
import math
import os
import pathlib
import re
import threading
import unittest.mock
import uuid
from importlib import import_module

import jwt
import numpy
import pytest
import requests
from fastapi import HTTPException

from course import check, checking, hint
from course.paths import Course
from course.trials import server


def _fail(*arguments, **named):
    raise RuntimeError("an answer's own method")


def _yes(*arguments):
    return True


def _no(*arguments):
    return False


def _hash(value):
    return hash("Ada")


def _exit(*arguments):
    raise SystemExit


class Always:
    """Equal to everything, and contains everything."""

    __eq__ = __le__ = __ge__ = __contains__ = _yes
    __ne__ = _no
    __hash__ = _hash


class Never:
    __eq__ = __le__ = __ge__ = __contains__ = _no
    __ne__ = _yes
    __hash__ = _hash


class Failing:
    """Every method of its own fails, and so does every attribute."""

    __eq__ = __ne__ = __hash__ = __repr__ = __str__ = __bool__ = __len__ = __iter__ = _fail
    __lt__ = __le__ = __contains__ = __getitem__ = __call__ = __format__ = __getattr__ = _fail


class Exiting:
    """Would end the program as soon as it is looked at."""

    __repr__ = __eq__ = __hash__ = __str__ = __len__ = _exit


class Pretender(Always):
    """Says of itself that it is text."""

    __class__ = str
    __hash__ = _hash


class Unaskable:
    @property
    def __class__(self):
        raise RuntimeError("no class")


def equal_kind(kind: type) -> type:
    return type(
        f"Equal{kind.__name__}", (kind,), {"__eq__": _yes, "__ne__": _no, "__hash__": _hash}
    )


Text, Bytes, Number, Dictionary, List, Set = map(equal_kind, (str, bytes, int, dict, list, set))
itself: list = []
itself.append(itself)
deep: object = None
for _ in range(5_000):
    deep = [deep]

ODD = {
    "None": None, "True": True, "False": False, "0": 0, "-1": -1, "3.0": 3.0, "nan": math.nan, "inf": math.inf,
    "a huge int": 10**5_000, "3j": 3j, "empty text": "", "text": "abc", "a.b.c": "a.b.c", "dots": "..",
    "e30.e30.e30": "e30.e30.e30", "nested token": "W1tb" * 3_000 + ".W1tb.AAAA", "half a character": "\ud800.\ud800.\ud800",
    "NUL": "a.\0.c", "long text": "x" * 100_000, "digits": "9" * 50_000, "not ASCII": "é.é.é",
    "bytes": b"", "token in bytes": b"a.b.c", "bytearray": bytearray(b"a.b.c"), "memoryview": memoryview(b"abc"),
    "list": [], "list of text": ["Ada"], "tuple": (), "dict": {}, "dict of int": {1: 1}, "set": {1}, "frozenset": frozenset(),
    "range": range(3), "object": object(), "type": int, "builtin": len, "lambda": lambda: 1, "generator": (x for x in ()),
    "NotImplemented": NotImplemented, "exception": ValueError("x"), "exception class": ValueError, "module": json,
    "datetime": datetime.datetime.now(), "timedelta": datetime.timedelta(1), "Decimal": decimal.Decimal(3),
    "Fraction": fractions.Fraction(3), "UUID": uuid.UUID(int=3), "Path": pathlib.Path("a.b.c"), "pattern": re.compile("a"),
    "OrderedDict": collections.OrderedDict(sub="ada"), "defaultdict": collections.defaultdict(list),
    "numpy int": numpy.int64(3), "numpy float": numpy.float64(3), "numpy text": numpy.str_("a.b.c"),
    "numpy array": numpy.array([1, 2]), "numpy bool": numpy.bool_(True), "response": requests.Response(),
    "mock": unittest.mock.MagicMock(), "always": Always(), "never": Never(), "failing": Failing(), "exiting": Exiting(),
    "pretender": Pretender(), "unaskable": Unaskable(), "equal text": Text("a.b.c"), "equal bytes": Bytes(b"abc"),
    "equal number": Number(7), "equal dict": Dictionary(sub="ada"), "equal list": List("abc"), "equal set": Set({"Ada"}),
    "dict of always": {"sub": Always(), "exp": Always(), "iat": Always()}, "always as a name": {Always(): 1},
    "list of always": [Always()] * 3, "set of always": {Always()}, "itself": itself, "deep": deep,
}  # fmt: skip
assert len(ODD) >= 40

EXERCISES = [
    exercise_id
    for path in Course().lesson_files()
    for exercise_id in import_module(f"tests.lessons.exercise_answers.lesson_{path.name[:2]}").RIGHT
]
# Their functions are given an app and need not return anything: what they return is not looked at.
WITH_AN_APP = {"6.2", "6.3", "8.3", "10.3", "12.2", "12.3"}
# Each try of theirs costs a server, a database or a password's hash.
DEAR = {"7.1", "7.2", "7.3", "8.1", "8.4", "9.2"}
# Their answers are no functions.
VALUES = {"1.1", "9.1"}
FEW = (
    "None",
    "always",
    "failing",
    "exiting",
    "pretender",
    "unaskable",
    "mock",
    "numpy bool",
    "bytes",
)


def assert_refused(result: checking.Result) -> None:
    assert result.outcome == checking.NOT_YET, result.text
    assert result.text.isprintable() or "\n" in result.text
    assert len(result.text) < 3_000


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_odd_value_is_not_yet_right(exercise_id):
    for name, odd in ODD.items():
        # A whole number is a whole number.
        if (exercise_id, name) == ("1.1", "numpy int"):
            assert check(exercise_id, odd).outcome == checking.CORRECT
            continue
        assert_refused(check(exercise_id, odd))


def returning(value: object):
    return lambda *arguments, **named: value


def raising(error: BaseException):
    def function(*arguments, **named):
        raise error

    return function


class Unspeakable(Exception):
    """An error whose own text fails."""

    __str__ = __repr__ = _fail


ODD_FUNCTIONS = {
    **{f"returns {name}": returning(value) for name, value in ODD.items()},
    **{f"raises {error!r}"[:40]: raising(error) for error in (
        ValueError("x" * 10_000), KeyError(1), TypeError(), RecursionError(), MemoryError(), SystemExit(3), GeneratorExit(),
        StopIteration(), AssertionError(), OSError(2, "no such file"), UnicodeDecodeError("utf-8", b"x", 0, 1, "y"),
        requests.ConnectionError("x"), ExceptionGroup("x", [ValueError(1)]), BaseException("x"),
    )},
    "raises an unspeakable error": raising(Unspeakable()),
    "takes nothing": lambda: None,
    "gives back what it is given": lambda *arguments, **_: arguments[0] if arguments else None,
    "gives back everything": lambda *arguments, **_: arguments,
    "prints": lambda *arguments, **_: print(*arguments),
    "leaves": lambda *_, **__: os.chdir(os.path.abspath(os.sep)),
}  # fmt: skip


@pytest.mark.parametrize("exercise_id", [each for each in EXERCISES if each not in VALUES])
def test_odd_function_is_not_yet_right(exercise_id):
    folder = os.getcwd()
    names = ODD_FUNCTIONS
    if exercise_id in WITH_AN_APP | DEAR:
        names = ("raises SystemExit(3)", "raises an unspeakable error", "leaves", "takes nothing")
    if exercise_id in DEAR:
        names += tuple(f"returns {name}" for name in ODD if "equal" in name or name in FEW)
    for name in names:
        assert_refused(check(exercise_id, ODD_FUNCTIONS[name]))
        assert os.getcwd() == folder, name


@pytest.mark.parametrize(
    "exercise_id", [each for each in EXERCISES if each not in VALUES | DEAR | WITH_AN_APP]
)
def test_function_that_returns_something_else_each_time_is_not_yet_right(exercise_id):
    values = itertools.cycle(ODD.values())
    assert_refused(check(exercise_id, lambda *arguments, **named: next(values)))


def test_who_is_still_in_is_asked_with_odd_answers():
    names = {"A": ..., "B": ...}
    for odd in ODD.values():
        answer = {"url": "http://127.0.0.1:9", "stories": {"A": []}, "still_in": names | {"A": odd}}
        assert_refused(check("9.1", answer))
        assert_refused(check("9.1", answer | {"still_in": odd}))


APPS = {
    "6.2": ("get", "/seconds-left"),
    "8.3": ("post", "/logout"),
    "10.3": ("delete", "/me"),
    "12.3": ("post", "/check"),
}


@pytest.mark.parametrize("exercise_id", APPS)
def test_view_that_answers_oddly_is_not_yet_right(exercise_id):
    method, path = APPS[exercise_id]
    for name, odd in ODD.items():
        # Werkzeug and Starlette would wait for what never ends.
        if name in ("generator", "mock") or (exercise_id == "12.3" and name not in FEW):
            continue

        def add_view(app, *_, odd=odd):
            def view():
                return odd

            getattr(app, method)(path)(view)
            return app

        assert_refused(check(exercise_id, add_view))


def test_view_that_never_answers_is_not_yet_right(monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.3)
    over = threading.Event()

    def add_delete_me(app, users):
        @app.delete("/me")
        def view():
            over.wait(60)
            return "", 204

    result = check("10.3", add_delete_me)
    over.set()
    assert_refused(result)
    assert "`DELETE /me` did not answer within 0.3 seconds" in result.text


GUARDED = {
    "nothing around it": lambda view: view,
    "not a function": lambda view: Always(),
    "a class": lambda view: dict,
    "a mock": lambda view: unittest.mock.MagicMock(),
    "a builtin": lambda view: print,
    "odd answer": lambda view: lambda **_: Always(),
    "text": lambda view: lambda **_: "abc",
}


@pytest.mark.parametrize("name", GUARDED)
def test_decorator_that_gives_something_odd_is_not_yet_right(name):
    assert_refused(check("10.2", lambda scope: GUARDED[name]))


HEADERS = [None, [], "x", {1: 2}, {"WWW-Authenticate": 7}, {"WWW-Authenticate": None}, Always(), b"x", ODD["equal dict"]]  # fmt: skip


def current_user_id(headers):
    def function(token, key):
        try:
            claims = jwt.decode(token, key, ["HS256"], options={"require": ["exp", "sub"]})
            return int(claims["sub"])
        except (jwt.InvalidTokenError, ValueError):
            raise HTTPException(401, headers=headers) from None

    return function


def require_scopes(headers):
    def function(security_scopes, claims):
        if set(security_scopes.scopes) - set(claims.get("scope", "").split()):
            raise HTTPException(403, headers=headers)
        return claims

    return function


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: type(headers).__name__)
@pytest.mark.parametrize(("exercise_id", "answer"), [("12.1", current_user_id), ("12.4", require_scopes)])  # fmt: skip
def test_refusal_with_odd_headers_is_not_yet_right(exercise_id, answer, headers):
    result = check(exercise_id, answer(headers))
    assert_refused(result)
    assert "WWW-Authenticate" in result.text


def test_right_answer_that_goes_elsewhere_leaves_the_reader_where_he_was(tmp_path):
    before = os.getcwd()
    gone = tmp_path / "gone"

    def is_expired(claims, now):
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()
        return "exp" in claims and claims["exp"] <= now

    assert check("1.4", is_expired).outcome == checking.CORRECT and os.getcwd() == before


@pytest.mark.parametrize("odd_id", [None, 1, 1.2, [], {}, Always(), Failing(), Exiting(), "1.2\x1b", b"1.2"], ids=lambda each: type(each).__name__)  # fmt: skip
def test_odd_id_is_no_traceback(odd_id):
    for said in (check(odd_id, 3), hint(odd_id)):
        assert said.outcome in (checking.NOT_YET, "hint") and said.text.isprintable()


def test_odd_answer_is_no_traceback_where_it_is_shown():
    for name, value in ODD.items():
        assert isinstance(checking.show(value), str) and checking.show(value).isprintable()
        # It is compared by what it holds, and not by its own ==.
        holds_this = name in ("OrderedDict", "equal dict")
        assert checking.same(value, {"sub": "ada"}) is holds_this
