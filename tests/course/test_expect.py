"""``expect`` fails when nothing is raised, and when something else is."""

import pytest

from course import expect
from course.expected_error import ExpectationFailed


def test_the_error_is_shown_and_swallowed(capsys):
    with expect(ValueError) as seen:
        int("x")
    assert isinstance(seen.error, ValueError)
    assert (
        capsys.readouterr().out
        == "ValueError: invalid literal for int() with base 10: 'x'\n(raised, as it must be)\n"
    )


def test_a_subclass_is_shown_by_its_own_name(capsys):
    with expect(LookupError):
        {}["x"]
    assert capsys.readouterr().out.startswith("KeyError: 'x'")


def test_nothing_raised_fails():
    with (
        pytest.raises(ExpectationFailed, match="must raise ValueError, but nothing was raised"),
        expect(ValueError),
    ):
        pass


def test_something_else_fails_with_its_cause():
    with (
        pytest.raises(
            ExpectationFailed, match="must raise ValueError, but it raised KeyError"
        ) as caught,
        expect(ValueError),
    ):
        {}["x"]
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_interrupt_is_not_an_answer():
    with pytest.raises(KeyboardInterrupt), expect(ValueError):
        raise KeyboardInterrupt


@pytest.mark.parametrize("arguments", [(), ("ValueError",), (ValueError("x"),)])
def test_wrong_use_is_explained(arguments):
    with pytest.raises(TypeError, match="expect\\(\\)"):
        expect(*arguments)
