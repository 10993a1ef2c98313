"""``expect``: an error that is shown on purpose, in a cell that fails if the error stops happening."""

import html

from course.shown import Shown, box, code_spans, display, printable, shorten


class ExpectationFailed(AssertionError):
    """The cell did not fail in the way it must."""


class expect:
    """Context manager: the block must raise ``error_type`` (or a subclass); the error is shown, not propagated.

    Raises:
        ExpectationFailed: if the block raises nothing, or raises something else (which becomes its cause).
        TypeError: if an argument is not an exception class.
    """

    def __init__(self, *error_types: type[BaseException]):
        for error_type in error_types:
            if not (isinstance(error_type, type) and issubclass(error_type, BaseException)):
                raise TypeError(
                    f"expect() takes exception classes such as ValueError, not {error_type!r}"
                )
        if not error_types:
            raise TypeError(
                "expect() needs the error that must happen: with expect(ValueError): ..."
            )
        self.error_types = error_types
        self.error: BaseException | None = None

    def __enter__(self) -> "expect":
        return self

    def __exit__(self, error_type, error, traceback) -> bool:
        wanted = " or ".join(each.__name__ for each in self.error_types)
        if error is None:
            raise ExpectationFailed(f"This cell must raise {wanted}, but nothing was raised.")
        if not isinstance(error, self.error_types):
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                return False
            raise ExpectationFailed(
                f"This cell must raise {wanted}, but it raised {type(error).__name__}: {error}"
            ) from error
        self.error = error
        message = shorten(printable(str(error)), 400)
        name = _name_of(type(error))
        said = f"{name}: {message}" if message else name
        drawn = code_spans(html.escape(f"`{name}`" + (f": {message}" if message else "")))
        display(
            Shown(
                f"{said}\n(raised, as it must be)",
                box("bad", f"<b>Raised, as it must be.</b> {drawn}"),
            )
        )
        return True


def _name_of(error_type: type[BaseException]) -> str:
    """The class name; with its module where the name alone ("Error") says nothing."""
    name = error_type.__name__
    return f"{error_type.__module__}.{name}" if name == "Error" else name
