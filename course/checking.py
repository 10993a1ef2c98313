"""``check`` and ``hint``: the exercises' side of the course, with errors meant for people.

An exercise is a judge in ``course/exercises/lesson_NN.py``: a function that takes the learner's answer,
raises ``NotYet`` or ``NotAttempted``, and returns (perhaps with a remark) when the answer is right.
"""

import _thread
import ast
import contextlib
import copy
import html
import importlib
import inspect
import io
import math
import os
import re
import signal
import sys
import textwrap
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass, field

from course.paths import IN_A_TAB
from course.shown import Shown, box, code_spans, printable, shorten
from course.solved import remember

TIME_LIMIT = 20.0  # seconds that one check may take, all its calls together

UNEXPLAINED = "It must not fail for this input."

CORRECT = "correct"
NOT_YET = "not yet"
NOT_ATTEMPTED = "not attempted"
FAULT = "fault in the course"
NOT_HERE = "not here"


# Where something was shown: in words, and as the target of a link from a lesson.
Place = tuple[str, str]


class NotYet(Exception):
    """The answer is wrong; the message says what came, what was expected and the likely slip."""

    def __init__(self, message: object = "", see: tuple[Place, ...] = ()):
        super().__init__(message)
        self.see = see


class Remark(str):
    """What a judge says of a right answer, with the places where it was shown."""

    def __new__(cls, text: str, see: tuple[Place, ...] = ()):
        remark = super().__new__(cls, text)
        remark.see = see
        return remark


class NotAttempted(Exception):
    """The learner has not replaced the `...` of the stub."""


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """What ``check`` and ``hint`` answer. ``outcome`` is one of the constants of this module."""

    outcome: str


@dataclass(frozen=True)
class Exercise:
    id: str
    judge: Callable[[object], str | None]
    hints: tuple[str, ...]
    counts: bool = True
    seconds: float | None = None


_exercises: dict[str, Exercise] = {}
_hints_given: dict[str, int] = {}
# The last verdict on each exercise, and the run of a cell in which it was asked for.
_verdicts: dict[str, tuple[int | None, Result]] = {}


def exercise(
    exercise_id: str, *hints: str, counts: bool = True, seconds: float | None = None
) -> Callable:
    """Register the decorated judge under ``exercise_id``, e.g. "1.2" (second exercise of lesson 01), with its hints.

    ``counts`` says whether it is one of those that must be solved for the certificate; ``seconds`` is what a check of it
    may take, if that is not TIME_LIMIT.
    """

    def register(judge):
        _exercises[exercise_id] = Exercise(exercise_id, judge, hints, counts, seconds)
        return judge

    return register


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise with this id.

    Raises:
        LookupError: if there is none, with the ids there are; or if a package that its lesson needs is missing.
    """
    exercise_id = exercise_id if type(exercise_id) is str else show(exercise_id)
    if re.fullmatch(r"R\d{1,2}", exercise_id):
        importlib.import_module("course.questions.judge")
    elif match := re.fullmatch(r"(\d{1,2})\.\d{1,2}", exercise_id):
        module = f"course.exercises.lesson_{int(match[1]):02}"
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as missing:
            # An id that names a lesson without exercises is answered below, with the ids there are.
            if missing.name != module:
                raise LookupError(
                    f"Exercise {exercise_id} needs the package {missing.name}, which is not installed here. "
                    "Start the course by `uv run course`."
                ) from missing
    if exercise_id not in _exercises:
        counted = [id_ for id_, known in _exercises.items() if known.counts]
        known = ", ".join(sorted(counted, key=lambda id_: [int(n) for n in id_.split(".")]))
        raise LookupError(
            f'There is no exercise "{shorten(printable(exercise_id), 30)}". An id is text, such as "1.2". Known here: {known or "none"}.'
        )
    return _exercises[exercise_id]


def check(exercise_id: str, answer: object = ...) -> Result:
    """Judge an answer: *correct*, *not yet, because …*, or *not attempted*. Never raises."""
    result = _judged(exercise_id, answer)
    # An id of another kind may do anything when it is asked for its text.
    if type(exercise_id) is str:
        _verdicts[exercise_id] = (_run_of_the_cell(), result)
    return result


def _run_of_the_cell() -> int | None:
    """The number of this run of a cell; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.execution_count if shell else None


def _judged(exercise_id: str, answer: object) -> Result:
    try:
        judged = find_exercise(exercise_id)
    except LookupError as problem:
        return _result(NOT_YET, "✗", "Not found.", str(problem))
    next_step = f'Run `hint("{judged.id}")` for the next step.'
    try:
        if IN_A_TAB and (lacking := _lacking_in_a_tab(judged.id)):
            return _result(NOT_HERE, "○", "Not in a browser tab.", lacking)
        if answer is ...:
            raise NotAttempted
        with _time_limit(judged.seconds or TIME_LIMIT), _same_folder():
            remark = judged.judge(answer)
    except NotAttempted:
        return _result(
            NOT_ATTEMPTED, "○", "Not attempted.",
            f"Replace the `...` in the exercise, run that cell, then run this one again. {next_step}",
        )  # fmt: skip
    except NotYet as reason:
        return _result(NOT_YET, "✗", "Not yet.", f"{reason} {next_step}", reason.see)
    except KeyboardInterrupt:
        return _result(
            NOT_YET,
            "✗",
            "Not yet.",
            f"The check was stopped before your code had finished. {next_step}",
        )
    # A judge must not fail. If one does, the learner is not to blame.
    except BaseException as error:
        return _result(
            FAULT, "!", "The check itself failed.",
            f"That is a fault of the course, not yours: {describe_error(error)}. Please report it.",
        )  # fmt: skip
    noted = remember(judged.id) if judged.counts else ""
    see = getattr(remark, "see", ())
    return _result(CORRECT, "✓", "Correct.", f"{remark or ''} {noted}".strip(" "), see)


def _lacking_in_a_tab(exercise_id: str) -> str:
    """Why this exercise cannot be judged here, or ""."""
    from course.in_tab import INSTALL, NOT_IN_A_TAB

    needed = NOT_IN_A_TAB.get(exercise_id)
    return f"To judge it takes {needed}, which a browser tab has not. {INSTALL}" if needed else ""


def _where_the_answer_is(lesson: str) -> str:
    if IN_A_TAB:
        return "The worked answer stands on the page of this lesson, folded, below the exercise."
    return (
        f"For the worked answer, run `uv run course solution {lesson}` in a terminal: it puts a copy into "
        f"`my_work/solutions/`."
    )


def hint(exercise_id: str) -> Result:
    """The next hint for an exercise; each call goes one step further. Never raises."""
    try:
        found = find_exercise(exercise_id)
    except LookupError as problem:
        return _result(NOT_YET, "✗", "Not found.", str(problem))
    hints = found.hints
    given = min(_hints_given.get(found.id, 0) + 1, len(hints))
    _hints_given[found.id] = given
    more = f'Run `hint("{found.id}")` again for the next one.'
    if given == len(hints):
        lesson = found.id.removeprefix("R").split(".")[0].zfill(2)
        more = f"This was the last hint. {_where_the_answer_is(lesson)}"
    result = _result("hint", "→", f"Hint {given} of {len(hints)}.", f"{hints[given - 1]} {more}")
    # A cell shows its last line only. The verdict of a check above the hint must not disappear.
    run, verdict = _verdicts.get(found.id, (None, None))
    if run is None or run != _run_of_the_cell():
        return result
    return Result(f"{verdict.text}\n{result.text}", verdict.html + result.html, result.outcome)


def _result(
    outcome: str, sign: str, title: str, message: str, see: tuple[Place, ...] = ()
) -> Result:
    colour = {CORRECT: "good", NOT_YET: "bad", FAULT: "bad"}.get(outcome, "waiting")
    text = f"{sign} {title} {message}".rstrip()
    body = code_spans(html.escape(message, quote=False)).replace("\n", "<br>")
    if see:
        text += f"\nShown in: {'; '.join(place for place, _ in see)}."
        links = [
            f"<a style='color:inherit' href='{html.escape(target)}'>{html.escape(place)}</a>"
            for place, target in see
        ]
        body += f"<br>Shown in: {'; '.join(links)}."
    return Result(text, box(colour, f"<b>{sign} {title}</b> {body}"), outcome)


@contextlib.contextmanager
def _time_limit(seconds: float):
    """Interrupt the main thread after so many seconds, so that an endless loop is reported and not endured."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if IN_A_TAB:
        with _time_limit_in_a_tab(seconds):
            yield
        return
    out_of_time = threading.Event()

    def interrupt():
        out_of_time.set()
        if hasattr(signal, "pthread_kill"):  # ends a long sleep, too
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        else:
            _thread.interrupt_main()

    # A process that was started in the background may ignore Ctrl-C, and then an interrupt as well.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if not out_of_time.is_set():
            raise
        raise _still_running(seconds) from None
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)


def _still_running(seconds: float) -> NotYet:
    return NotYet(
        f"Your code was still running after {seconds:.0f} seconds, so it was stopped. "
        f"Does a loop never end?"
    )


@contextlib.contextmanager
def _time_limit_in_a_tab(seconds: float):
    from course.in_tab import time_limit

    with time_limit(seconds) as is_over:
        try:
            yield
        except KeyboardInterrupt:
            if not is_over():
                raise
            raise _still_running(seconds) from None


@contextlib.contextmanager
def _same_folder():
    """Come back to the current folder, wherever a learner's function has gone."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        yield
        return
    try:
        yield
    finally:
        # If it is gone, there is nothing to come back to.
        with contextlib.suppress(FileNotFoundError):
            os.chdir(folder)


@dataclass
class Outcome:
    """What one call of a learner's function came to."""

    call: str
    value: object = None
    error: BaseException | None = None
    printed: str = ""

    @property
    def said(self) -> str:
        """'returned `…`' or 'raised `…`', for messages."""
        if self.error is not None:
            return f"raised `{describe_error(self.error)}`"
        return f"returned `{show(self.value)}`"


@dataclass
class Attempt:
    """A learner's function under test: calls it safely and reports kindly.

    ``slips`` maps an exception type, or a piece of an exception's message, to the sentence that explains how one comes
    to raise it here. ``parameters`` are the stub's: an answer may take some of them by keyword only. With
    ``keeps_arguments`` it must leave the dictionaries and lists that it is given as they are.
    """

    function: Callable
    name: str
    slips: dict[type[BaseException] | str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    keeps_arguments: bool = False

    def __post_init__(self):
        if self.function is ...:
            raise NotAttempted
        if not callable(self.function):
            raise NotYet(
                f"The check needs the function itself, not its result: `check(…, {self.name})`, without brackets "
                f"after the name. It got {type_of(self.function)}."
            )

    def run(self, *args, **kwargs) -> Outcome:
        """Call it; whatever happens is in the outcome. A stub that returns `...` ends the check."""
        shown = [show(arg) for arg in args] + [
            f"{key}={show(value)}" for key, value in kwargs.items()
        ]
        outcome = Outcome(f"{self.name}({', '.join(shown)})")
        printed = io.StringIO()
        before = copy.deepcopy((args, kwargs)) if self.keeps_arguments else None
        args_, kwargs_ = self._as_it_takes_them(args, kwargs)
        try:
            with contextlib.redirect_stdout(printed), _same_folder():
                outcome.value = plain(self.function(*args_, **kwargs_))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            outcome.error = error
        outcome.printed = printed.getvalue().strip()
        if outcome.value is ...:
            raise NotAttempted
        if is_a(outcome.value, types.CoroutineType):
            outcome.value.close()
            raise NotYet(
                f"`{outcome.call}` returned a coroutine: `{self.name}` is `async`. Leave that word out."
            )
        if before is not None:
            self._judge_arguments(outcome.call, before, (args, kwargs))
        return outcome

    def _as_it_takes_them(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The arguments, by name where the function takes them by name only."""
        try:
            taken = inspect.signature(self.function).parameters.values()
        # An object has none, or attributes of its own that fail.
        except Exception:
            return args, kwargs
        kinds = [each.kind for each in taken]
        by_name = [each.name for each in taken if each.kind is each.KEYWORD_ONLY]
        by_place = sum(kind in (0, 1) for kind in kinds)
        if inspect.Parameter.VAR_POSITIONAL in kinds or len(args) <= by_place:
            return args, kwargs
        named, rest = dict(kwargs), []
        for place, value in list(enumerate(args))[by_place:]:
            name = self.parameters[place] if place < len(self.parameters) else None
            if name in by_name:
                by_name.remove(name)
                named[name] = value
            else:
                rest.append(value)
        # Other names than the stub's are taken in their order.
        named |= dict(zip(by_name, rest))
        return args[:by_place] + tuple(rest[len(by_name) :]), named

    def _judge_arguments(self, call: str, before: tuple, after: tuple) -> None:
        values = [*after[0], *after[1].values()]
        for was, now in zip([*before[0], *before[1].values()], values):
            if type(now) in (dict, list) and not same(was, now):
                raise NotYet(
                    f"`{call}` changed the {type(now).__name__} that it was given: it was `{show(was)}`, now it is "
                    f"`{show(now)}`. The caller goes on with it. Read from it, or change a copy: `{type(now).__name__}(…)`."
                )

    def answer(self, *args, **kwargs) -> Outcome:
        """What it returns, and for which call; an exception, or a forgotten ``return``, is *not yet*."""
        outcome = self._without_error(self.run(*args, **kwargs))
        if outcome.value is None:
            raise NotYet(f"`{outcome.call}` returned `None`. {self._why_none(outcome)}")
        return outcome

    def _without_error(self, outcome: Outcome, because: str = "") -> Outcome:
        if outcome.error is not None:
            why = self.explain(outcome.error)
            # What is known of the input helps where nothing is known of the error.
            if why == UNEXPLAINED:
                why = f"{why} {because}".rstrip()
            raise NotYet(f"`{outcome.call}` {outcome.said}. {why}")
        return outcome

    def _why_none(self, outcome: Outcome) -> str:
        if outcome.printed:
            return f"It printed `{shorten(outcome.printed, 60)}`: to print is not to return. Use `return`."
        if has_return(self.function):
            return "It has a `return`: does every way through it reach one, and is there a value at each?"
        return "Did you forget the `return`?"

    def prepare(self, *args) -> object:
        """Call a function that prepares something, such as an app: it need not return, and must not fail."""
        outcome = self.run(*args)
        if outcome.error is not None:
            raise NotYet(f"`{self.name}(…)` {outcome.said}. {self.explain(outcome.error)}")
        return outcome.value

    def value(self, *args, **kwargs) -> object:
        """The value alone, of ``answer``."""
        return self.answer(*args, **kwargs).value

    def must_return(self, expected: object, *args, because: str = "", **kwargs) -> None:
        """Require this value (and this type) for these arguments."""
        got = self._without_error(self.run(*args, **kwargs), because)
        if got.value is None and (got.printed or not has_return(self.function)):
            raise NotYet(f"`{got.call}` returned `None`. {self._why_none(got)}")
        if not same(got.value, expected):
            raise NotYet(
                f"`{got.call}` {got.said}. Expected: `{show(expected)}`. {because}".rstrip()
            )

    def must_raise(self, wanted: type[BaseException], *args, because: str) -> None:
        """Require an exception of this type (or a subclass) for these arguments."""
        outcome = self.run(*args)
        if not is_a(outcome.error, wanted):
            raise NotYet(
                f"`{outcome.call}` {outcome.said}. It must raise `{wanted.__name__}`: {because}"
            )

    def _does_not_take_these(self, error: BaseException) -> bool:
        """Whether the call itself has failed, before a line of the answer ran."""
        trace = error.__traceback__
        return (
            is_a(error, TypeError)
            and is_a(self.function, types.FunctionType)
            and trace is not None
            and trace.tb_next is None
        )

    def explain(self, error: BaseException) -> str:
        """The sentence that tells a learner how one comes to raise this here."""
        if self.parameters and self._does_not_take_these(error):
            names = ", ".join(self.parameters)
            return f"`{self.name}` is called with ({names}), one behind the other: keep the parameters of the stub."
        said = describe_error(error)
        for slip, sentence in self.slips.items():
            if slip in said if isinstance(slip, str) else is_a(error, slip):
                return sentence
        if is_a(error, RecursionError):
            return "The function calls itself without end."
        if is_a(error, NameError):
            return "A name in your code has no value yet: is it spelled right, and have you run the cells above?"
        if is_a(error, SystemExit):
            return "A function that ends the program cannot give an answer: use `return`."
        if is_a(error, NotImplementedError):
            return "Replace that line with your answer."
        return UNEXPLAINED


def plain(value: object) -> object:
    """A text or number in Python's own type: of a numpy scalar, of an enumeration, of any subclass.

    So its ``==`` is Python's, and not one that finds everything equal.
    """
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()
    if type(value) is bool:
        return value
    for kind, exactly in (
        (str, str.__str__),
        (int, int.__int__),
        (float, float.__float__),
        (bytes, lambda content: bytes.join(b"", [content, b""])),
    ):
        if is_a(value, kind) and type(value) is not kind:
            return exactly(value)
    return value


def same(value: object, expected: object) -> bool:
    """Is it this value, and of this kind, all the way down? ``True`` is not ``1``, and ``1.0`` is not ``1``.

    A learner's own ``__eq__`` is never asked: it may say yes to everything, or fail. ``expected`` is made of Python's
    own types.
    """
    value = plain(value)
    if type(expected) is dict:
        if not is_a(value, dict):
            return False
        found = {plain(name): each for name, each in dict.items(value) if is_a(name, str)}
        if dict.__len__(value) != len(expected) or found.keys() != expected.keys():
            return False
        return all(same(found[name], expected[name]) for name in expected)
    if type(expected) in (list, tuple):
        kind = type(expected)
        if not is_a(value, kind) or kind.__len__(value) != len(expected):
            return False
        return all(map(same, kind.__iter__(value), expected))
    if type(value) is not type(expected):
        return False
    if type(expected) is set and {type(each) for each in value} - {str}:
        return False
    # nan is not equal to itself.
    if type(expected) is float and math.isnan(expected):
        return math.isnan(value)
    return value == expected


def is_a(value: object, kind: type | tuple[type, ...]) -> bool:
    """``isinstance``, which asks the type alone: an object may say of itself that it is of another class."""
    return issubclass(type(value), kind)


def show(value: object, limit: int = 70) -> str:
    """A value as Python writes it, on one line, without anything invisible, and not too long. Never raises."""
    return shorten(printable(_written(repr, value)), limit).replace("`", "'")


def show_text(text: str, limit: int = 70) -> str:
    """The same of a text, without the quotation marks."""
    if type(text) is not str:
        return show(text, limit)
    return shorten(printable(text), limit).replace("`", "'")


def _written(write: Callable[[object], str], value: object) -> str:
    """``repr`` or ``str`` of a value, or its type where that fails."""
    try:
        return write(value)
    except KeyboardInterrupt:
        raise
    # Somebody's own __repr__ may raise anything.
    except BaseException:
        return f"<{type_of(value)} that cannot be shown>"


def describe_error(error: BaseException) -> str:
    """'module.Type: message', as a traceback's last line has it."""
    kind = type(error)
    name = (
        kind.__name__
        if kind.__module__ in ("builtins", "__main__")
        else f"{kind.__module__}.{kind.__name__}"
    )
    message = shorten(printable(_written(str, error)), 120).replace("`", "'")
    return f"{name}: {message}" if message else name


def type_of(value: object) -> str:
    """'a dict', 'an int': for messages."""
    name = type(value).__name__
    return f"an {name}" if name.startswith(tuple("aeiou")) else f"a {name}"


def has_return(function: Callable) -> bool:
    """Whether there is a ``return`` with a value in the function's own text. A lambda always returns."""
    if not is_a(function, types.FunctionType):
        return False
    if function.__name__ == "<lambda>":
        return True
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    waiting = [inner for node in tree.body for inner in ast.iter_child_nodes(node)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            return True
        # A function inside has returns of its own.
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return False
