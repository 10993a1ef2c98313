"""What the header WWW-Authenticate says of bearer tokens, read as a client reads it (RFC 9110 §11.6.1)."""

import re

from course.checking import NotYet, show, show_text

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = rf'({_WORD})[ \t]*=[ \t]*({_WORD}|"(?:[^"\\]|\\.)*")'


def judge_challenge(header: object, wanted: dict[str, str], case: str = "") -> None:
    """Require a challenge of the scheme Bearer with at least these parameters; anything else is *not yet*.

    More parameters, such as ``realm``, are welcome, in any order. The words of a ``scope`` have no order either.
    ``case`` begins the message, such as "With an expired token".
    """
    said = f"the header is `WWW-Authenticate: {_shown(header)}`."
    said = f"{case}, {said}" if case else f"T{said[1:]}"
    expected = ", ".join(f'{name}="{value}"' for name, value in wanted.items())
    expected = f"`WWW-Authenticate: Bearer {expected}`"
    if type(header) is not str or not header.strip():
        raise NotYet(f"{said} It must name the scheme `Bearer`: {expected}.")
    parameters = _parameters(header, f"{said} Expected: {expected}.")
    if parameters is None:
        raise NotYet(f"{said} It must name the scheme `Bearer`: {expected}.")
    for name, value in wanted.items():
        got = parameters.get(name)
        if got is None and name == "error":
            raise NotYet(
                f'{said} RFC 6750 also wants `error="{value}"` in it. Expected: {expected}.'
            )
        if got is None or (
            set(got.split()) != set(value.split()) if name == "scope" else got != value
        ):
            raise NotYet(f"{said} Expected: {expected}.")


def _shown(header: object) -> str:
    if header is None or header == "":
        return "none"
    return show_text(header, 150) if type(header) is str else show(header)


def _parameters(header: str, said: str) -> dict[str, str] | None:
    """The parameters of the challenge for Bearer, or None if there is none for this scheme."""
    challenges: list[tuple[str, dict[str, str]]] = []
    for element in re.findall(r'(?:[^",]|"(?:[^"\\]|\\.)*"|")+', header):
        element = element.strip(" \t")
        if not element:
            continue
        parameter = re.fullmatch(_PARAMETER, element)
        if parameter and not challenges:
            slip = ""
            if parameter[1].lower().startswith("bearer"):
                slip = " Between the scheme `Bearer` and its parameters stands a space."
            raise NotYet(f"{said} It begins with a parameter, and no scheme is named.{slip}")
        if not parameter:
            start = re.fullmatch(rf"({_WORD})(?: +(.*))?", element)
            if not start:
                raise NotYet(
                    f'{said} The scheme `Bearer`, one space, then the parameters, each as `name="value"`: '
                    f"`{show_text(element)}` cannot be read."
                )
            challenges.append((start[1].lower(), {}))
            if not start[2]:
                continue
            parameter = re.fullmatch(_PARAMETER, start[2])
            if not parameter:
                # The credentials of other schemes may be one word (token68).
                if start[1].lower() != "bearer":
                    continue
                raise NotYet(
                    f'{said} Behind the scheme stand parameters, each as `name="value"`, with commas between them: '
                    f"`{show_text(start[2])}` cannot be read."
                )
        elif not challenges[-1][1]:
            raise NotYet(
                f"{said} Between the scheme and its first parameter stands a space, and no comma."
            )
        name, value = parameter[1].lower(), parameter[2]
        if name in challenges[-1][1]:
            raise NotYet(f"{said} It says `{name}` twice.")
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        challenges[-1][1][name] = value
    return next((each for scheme, each in challenges if scheme == "bearer"), None)
