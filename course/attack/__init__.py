"""``attack``: RFC 8725's checklist against a service of your own, as requests that must be refused.

It talks to this machine only. It knows nothing of what runs there: it has an address that asks for a token, a good token,
and what else a tester may have. What it forges has the claims of the good token, so that only its signature is wrong.
"""

import html
from dataclasses import dataclass, field

from course.attack.checks import CHECKS, Knowledge
from course.attack.target import Target
from course.shown import Shown, box, code_spans, printable, style

SAFE, BROKEN, CANNOT_TELL = "safe", "BROKEN", "cannot tell"


@dataclass(frozen=True)
class Line:
    """One line of the checklist. ``token`` is what got in, ``why`` says by what, or why nothing can be said."""

    section: str
    name: str
    verdict: str
    why: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, repr=False)
class Report(Shown):
    """What an attack came to. ``broken`` maps the name of each broken line to the token that got in."""

    lines: tuple[Line, ...] = ()

    @property
    def broken(self) -> dict[str, str]:
        return {line.name: line.token for line in self.lines if line.verdict == BROKEN}


def attack(
    url: str,
    token: str,
    public_key: bytes | str | None = None,
    other_token: str | None = None,
    expired_token: str | None = None,
    file: str | None = None,
) -> Report:
    """Attack the service at ``url`` on this machine, and say for each line of RFC 8725 how it did.

    Args:
        url: an address that asks for a bearer token, such as ``http://127.0.0.1:5000/me``.
        token: a good one, that the service accepts.
        public_key: as PEM, if tokens are signed with a key pair. Everybody has it.
        other_token: a genuine token of the same issuer for something else, such as an ID token.
        expired_token: a genuine one that has expired.
        file: the path of a file that the service shows to everybody, such as ``/static/site.css``.

    Raises:
        ValueError: for an address that is not on this machine, or an argument of another kind.
    """
    target = Target(url)
    knowledge = Knowledge(target, token, public_key, other_token, expired_token, file)
    stop = _no_use(target, knowledge)
    lines = []
    for section, name, check in CHECKS:
        lines.append(
            Line(section, name, CANNOT_TELL, stop)
            if stop
            else _line(section, name, check(knowledge), target)
        )
    return _draw(tuple(lines))


def _no_use(target: Target, knowledge: Knowledge) -> str:
    """Why there is no use in attacking: nothing answers, the good token is refused, or none is needed. Else empty."""
    good = target.ask(knowledge.token)
    if not good:
        return f"nothing answers at {target.shown}. Does the service run?"
    if not 200 <= good < 300:
        return f"the good token is answered by {good}. Has it expired, or does the address need another method?"
    if 200 <= target.ask(None) < 300:
        return f"{target.shown} answers without a token as well: it guards nothing"
    return ""


def _line(section: str, name: str, tries, target: Target) -> Line:
    """Try until something gets in. A text among the tries says why nothing more can be told."""
    unknown = ""
    asked = 0
    for each in tries:
        if isinstance(each, str):
            unknown = each
            continue
        asked += 1
        status = each.status if each.status is not None else target.ask(each.token, each.header)
        if 200 <= status < 300:
            return Line(section, name, BROKEN, f"let in by {each.label}", each.token)
        if status >= 500 or not status:
            how = f"answers {status} to" if status else "goes away at"
            return Line(section, name, BROKEN, f"{how} {each.label}", each.token)
    return Line(section, name, SAFE) if asked else Line(section, name, CANNOT_TELL, unknown)


def _draw(lines: tuple[Line, ...]) -> Report:
    width = max(len(line.name) for line in lines)
    text = [
        f"{line.verdict:11}  RFC {line.section:10}  {line.name:{width}}  {printable(line.why)}".rstrip()
        for line in lines
    ]
    broken = sum(line.verdict == BROKEN for line in lines)
    told = sum(line.verdict != CANNOT_TELL for line in lines)
    count = f"{broken} broken, of {told} that could be told."
    colours = {SAFE: "good", BROKEN: "bad", CANNOT_TELL: "waiting"}
    left = "text-align:left;padding:0.2em 0.6em"
    rows = "".join(
        f"<tr><td {style(colours[line.verdict], left)}>{line.verdict}</td><td style='{left}'>RFC {line.section}</td>"
        f"<td style='{left}'>{html.escape(line.name)}</td>"
        f"<td style='{left}'>{code_spans(html.escape(printable(line.why), quote=False))}</td></tr>"
        for line in lines
    )
    heads = "".join(f"<th style='{left}'>{head}</th>" for head in ("", "Section", "Attack", ""))
    table = f"<table class='mathjax_ignore tex2jax_ignore'><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return Report(
        "\n".join([*text, "", count]), table + box("bad" if broken else "good", count), lines
    )
