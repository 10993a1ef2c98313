"""A question, and how an answer to it is judged."""

from dataclasses import dataclass, field

from course.shown import printable, shorten


class Choice:
    """Several answers, of which one is right. Each wrong one has the reason why it is wrong."""

    def __init__(self, right: str, because: str, **options: tuple[str, str]):
        self.right, self.because, self.options = right, because, options

    @property
    def form(self) -> str:
        """What an answer looks like."""
        return f"one of the letters {', '.join(self.options)}"

    def slip(self, answer: str) -> str | None:
        """Why this answer is wrong, or None if it is right."""
        letter = answer.upper().strip(" .:()")
        if letter == self.right:
            return None
        return self.options[letter][1] if letter in self.options else f"Answer by {self.form}."


@dataclass(eq=False)
class Value:
    """A short answer, such as a number. Likely wrong ones have their reason."""

    right: str
    because: str
    slips: dict[str, str] = field(default_factory=dict)
    form = "a number"
    options: dict = field(default_factory=dict)

    def slip(self, answer: str) -> str | None:
        """Why this answer is wrong, or None if it is right."""
        number = answer.strip(" .")
        if number == self.right:
            return None
        if not number.isdecimal():
            return f"Answer by {self.form}."
        return self.slips.get(number, "It is another number.")


@dataclass(frozen=True)
class Question:
    """``id`` such as "R3.1": the first one at the start of lesson 03. ``about`` and ``heading`` say where it was shown."""

    id: str
    text: str
    answer: Choice | Value
    about: str
    heading: str

    @property
    def lesson(self) -> str:
        """The number of the lesson that asks, two digits."""
        return self.id[1:].partition(".")[0].zfill(2)

    def slip(self, answer: object) -> str | None:
        """Why this answer is wrong, or None if it is right. Any object may come."""
        if type(answer) is int:
            answer = str(answer)
        if type(answer) is not str:
            said = (
                f"`{shorten(printable(repr(answer)), 40)}` is no answer."
                if _is_plain(answer)
                else ""
            )
            return f"{said} Answer by {self.answer.form}.".strip()
        return self.answer.slip(answer)

    def markdown(self) -> str:
        """The question for a lesson."""
        lines = [f"**{self.id}** {self.text}"]
        options = [f"- {letter}: {option[0]}" for letter, option in self.answer.options.items()]
        return "\n".join([*lines, *([""] if options else []), *options])

    def plain(self) -> str:
        """The question for a terminal."""
        text = self.text.replace("**", "").replace("`", "")
        options = [
            f"  {letter}: {said[0].replace('`', '')}"
            for letter, said in self.answer.options.items()
        ]
        return "\n".join([text, *options])


def _is_plain(answer: object) -> bool:
    """Whether it may be asked for its text: an object of another kind may do anything then."""
    return type(answer) in (float, bool, type(None), list, tuple, set, dict, bytes)
