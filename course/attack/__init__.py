"""``attack``: RFC 8725's checklist against a service of your own, as requests that must be refused.

It talks to this machine only. It knows nothing of what runs there: it has an address that asks for a token, a good token,
and what else a tester may have. What it forges has the claims of the good token, so that only its signature is wrong.
"""

import html
import itertools
from dataclasses import dataclass, field

from course.shown import Shown, box, code_spans, printable, style

SAFE, BROKEN, CANNOT_TELL = "safe", "BROKEN", "cannot tell"


@dataclass(frozen=True)
class Line:
    """One line of the checklist.

    *Safe* means that each request was refused, while the good token went on being let in. ``why`` says what got in, or
    why nothing can be said; ``token`` is what got in, and ``curl`` the request as a command for a shell, with $TOKEN.
    """

    section: str
    name: str
    verdict: str
    why: str = ""
    token: str = field(default="", repr=False)
    curl: str = field(default="", repr=False)


@dataclass(frozen=True, repr=False)
class Report(Shown):
    """What an attack came to, and how many requests it took."""

    lines: tuple[Line, ...] = ()
    requests: int = 0

    @property
    def broken(self) -> dict[str, str]:
        """The token that got in, by the name of the line that it broke."""
        return {line.name: line.token for line in self.lines if line.verdict == BROKEN}

    @property
    def told(self) -> int:
        """Of how many lines something could be told."""
        return sum(line.verdict != CANNOT_TELL for line in self.lines)


def attack(
    url: str,
    token: str,
    public_key: bytes | str | None = None,
    other_token: str | None = None,
    expired_token: str | None = None,
    file: str | None = None,
    seconds: float | None = None,
) -> Report:
    """Attack the service at ``url`` on this machine, and say for each line of RFC 8725 how it did.

    Args:
        url: an address that asks for a bearer token, such as ``http://127.0.0.1:5000/me``.
        token: a good one, that the service accepts.
        public_key: as PEM, if tokens are signed with a key pair. Everybody has it.
        other_token: a genuine token of the same issuer for something else, such as an ID token.
        expired_token: a genuine one that has expired.
        file: the path of a file that the service shows to everybody, such as ``/static/site.css``.
        seconds: after which no more is asked; for ever, if there are none.

    Raises:
        ValueError: for an address that is not on this machine, or an argument of another kind.
    """
    # Only who attacks waits for these.
    from course.attack.knowledge import Knowledge
    from course.attack.siege import lay_siege
    from course.attack.target import Target

    target = Target(url, seconds)
    known = Knowledge(target, token, public_key, other_token, expired_token, file)
    return _draw(tuple(lay_siege(known)), target.requests)


def _draw(lines: tuple[Line, ...], requests: int) -> Report:
    broken = sum(line.verdict == BROKEN for line in lines)
    told = sum(line.verdict != CANNOT_TELL for line in lines)
    count = f"{broken} broken, of {told} that could be told, by {requests} requests."
    if not told:
        count = "Nothing could be told."
    rows = list(_together(lines))
    width = max(len(name) for _, _, name, _ in rows)
    text = [
        f"{verdict:11}  {section:16}  {name:{width}}  {why}".rstrip()
        for verdict, section, name, why in rows
    ]
    colour = "bad" if broken else "good" if told else "waiting"
    return Report("\n".join([*text, "", count]), _table(rows) + box(colour, count), lines, requests)


def _together(lines: tuple[Line, ...]):
    """The rows of the table. Neighbours of which nothing can be said for one reason share a row."""
    for (verdict, why), group in itertools.groupby(lines, lambda line: (line.verdict, line.why)):
        group = list(group)
        if verdict == CANNOT_TELL and len(group) > 1:
            yield verdict, "", f"{len(group)} attacks", printable(why)
        else:
            yield from (
                (verdict, f"RFC {line.section}", line.name, printable(why)) for line in group
            )


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    colours = {SAFE: "good", BROKEN: "bad", CANNOT_TELL: "waiting"}
    left = "text-align:left;padding:0.2em 0.6em"
    body = "\n".join(
        f"<tr><td {style(colours[verdict], left)}>{verdict}</td> <td style='{left}'>{section}</td> "
        f"<td style='{left}'>{html.escape(name)}</td> "
        f"<td style='{left}'>{code_spans(html.escape(why, quote=False))}</td></tr>"
        for verdict, section, name, why in rows
    )
    heads = " ".join(
        f"<th style='{left}'>{head}</th>"
        for head in ("Verdict", "Section", "Attack", "What happened")
    )
    head = f"<thead><tr>{heads}</tr></thead>"
    return f"<table class='mathjax_ignore tex2jax_ignore'>{head}<tbody>{body}</tbody></table>"
