"""The form of everything the course draws: HTML for the eye, plain text for a terminal, nbval and a screen reader.

Colours are set in pairs (background and text), so that they read the same in JupyterLab's light and dark
themes; ``tests/course/test_contrast.py`` measures every pair. Whatever the HTML says, the plain text says too.
"""

import builtins
import re
from dataclasses import dataclass

# name: (background, text)
COLOURS = {
    "header": ("#fbdfe3", "#7a0c22"),
    "payload": ("#e5defb", "#3c1a8c"),
    "signature": ("#d3eef8", "#0a4658"),
    "good": ("#dcf3df", "#14501f"),
    "bad": ("#fde3d6", "#7c2408"),
    "waiting": ("#ececef", "#3a3a44"),
    "wire": ("#f4f4f6", "#23232b"),
}


# JupyterLab (MathJax 3) and nbviewer (MathJax 2) read TeX in whatever HTML is shown: of "was $5, is $6" the middle would
# be a formula, and a claim could make itself a link. They pass over an element of this class, and over <pre> and <code>.
NO_TEX = 'class="mathjax_ignore tex2jax_ignore"'


@dataclass(frozen=True)
class Shown:
    """Something drawn twice: ``text`` (plain) and ``html`` (already escaped)."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def style(colour: str, extra: str = "") -> str:
    """The ``style`` attribute for a colour pair of ``COLOURS``."""
    background, text = COLOURS[colour]
    return f'style="background:{background};color:{text};{extra}"'


def box(colour: str, inner_html: str) -> str:
    """A block in one colour pair, for inner HTML that is escaped already. TeX in it stays text."""
    padding = "padding:0.5em 0.8em;margin:0.2em 0;border-radius:4px;line-height:1.5"
    return f"<div {NO_TEX} {style(colour, padding)}>{inner_html}</div>"


def display(shown: Shown) -> None:
    """Show at once: as rich output in a notebook, as text anywhere else."""
    if hasattr(builtins, "__IPYTHON__"):
        from IPython.display import display as display_in_notebook

        display_in_notebook(shown)
    else:
        print(shown.text)


# What takes part in a text and is drawn as nothing: Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt,
# and the blank of Braille. Python calls some of them printable, so that "admin" and a look-alike would be drawn alike.
DRAWN_AS_NOTHING = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    """``text`` with invisible and direction-changing characters spelled out, so that nothing hides in a picture."""
    return "".join(
        character
        if character.isprintable() and not DRAWN_AS_NOTHING.match(character)
        else character.encode("unicode_escape").decode()
        for character in text
    )


def shorten(text: str, limit: int = 160) -> str:
    """At most ``limit`` characters of ``text``; what is left out is counted."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def code_spans(escaped_html: str) -> str:
    """Turn `backticks` in escaped text into ``<code>``; the plain form keeps the backticks."""
    return re.sub(
        r"`([^`\n]+)`",
        r"<code style='background:transparent;color:inherit'>\1</code>",
        escaped_html,
    )
