"""``show_token``: a JWT in three colours, decoded, with what is wrong about it said in words."""

import html
import json
import math
from datetime import datetime, timezone

from course.shown import NO_TEX, Shown, box, printable, shorten, style
from course.token_parts import decode_part

PARTS = ("header", "payload", "signature")
# The claims that RFC 7519 §4.1 (and OpenID Connect, for auth_time) defines as a NumericDate, in seconds.
DATE_CLAIMS = ("exp", "nbf", "iat", "auth_time")
LARGEST_DRAWN = 4_000  # characters; beyond that a browser suffers and a reader learns nothing


def show_token(token: str | bytes) -> Shown:
    """Draw a JWT: its parts in colour, its header and claims, its dates in UTC. Nothing leaves this machine.

    Never raises: a malformed token is drawn as far as it can be read, with its problems named.
    No key is involved, so nothing here is verified.
    """
    return draw_token(token, ", not checked here: that takes a key")


def draw_token(token: str | bytes, about_the_signature: str = "") -> Shown:
    """``show_token``, with these words after the length of the signature."""
    text, problems = as_text(token)
    text = unwrap(text, problems)
    drawn = shorten(text, LARGEST_DRAWN)
    pieces = drawn.split(".") if text else []
    if len(text) > LARGEST_DRAWN:
        problems.append(f"The token has {len(text):,} characters. Only the beginning is drawn.")
    elif text and len(pieces) != len(PARTS):
        noun = "part" if len(pieces) == 1 else "parts"
        problems.append(f"It has {len(pieces)} {noun}. A signed JWT has 3, separated by 2 dots.")

    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for name, piece in zip(PARTS, pieces):
        if name == "signature":
            sections.append((name, _describe_signature(piece, problems, about_the_signature)))
        else:
            sections.append((name, _describe_json(name, piece, problems)))

    names = [
        PARTS[index] if index < len(PARTS) else f"part {index + 1}" for index in range(len(pieces))
    ]
    return Shown(
        _as_plain_text(pieces, names, sections, problems),
        _as_html(pieces, names, sections, problems),
    )


def as_text(token: object) -> tuple[str, list[str]]:
    if isinstance(token, bytes):
        try:
            return token.decode("ascii"), []
        except UnicodeDecodeError:
            return token.decode("utf-8", "backslashreplace"), [
                "The token has bytes that are not ASCII."
            ]
    if not isinstance(token, str):
        return "", [f"This is not a token: expected text (str), got {type(token).__name__}."]
    return token, [] if token else ["This is not a token: the text is empty."]


def unwrap(text: str, problems: list[str]) -> str:
    """Take off what people copy along with a token, and say so: the token inside is still worth drawing."""
    if text.strip() != text:
        problems.append("There is white space around it. It is not part of a token: remove it.")
        text = text.strip()
    if text.lower().startswith("bearer "):
        problems.append(
            "It begins with 'Bearer '. That word belongs to the HTTP header, not to the token."
        )
        text = text[len("bearer ") :].strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        problems.append(
            "It is wrapped in quotation marks. They are not part of a token: remove them."
        )
        text = text[1:-1]
    return text


def _describe_json(name: str, piece: str, problems: list[str]) -> list[tuple[str, str]]:
    repeated: list[str] = []

    def collect(pairs: list[tuple[str, object]]) -> dict:
        names = [key for key, _ in pairs]
        repeated.extend(sorted({key for key in names if names.count(key) > 1}))
        return dict(pairs)

    try:
        raw = decode_part(piece)
    except ValueError as error:
        problems.append(f"The {name} is not base64url: {error}.")
        return []
    try:
        content = json.loads(raw.decode("utf-8"), object_pairs_hook=collect)
    except UnicodeDecodeError:
        problems.append(f"The {name} is base64url, but what it holds is not UTF-8 text.")
        return [("bytes", repr(shorten(repr(raw))))]
    except RecursionError:
        problems.append(
            f"The {name} is JSON nested too deeply to read. No honest issuer makes that."
        )
        return []
    except ValueError:
        problems.append(f"The {name} is base64url, but what it holds is not JSON.")
        return [("text", shorten(printable(raw.decode("utf-8"))))]
    for key in repeated:
        problems.append(
            f"The {name} names {printable(key)!r} twice. Libraries disagree about which one counts."
        )
    if not isinstance(content, dict):
        problems.append(f"The {name} is JSON, but not an object {{…}}.")
        return [("value", _as_json(content))]
    return [
        (printable(str(key)), _as_json(value) + _date_note(key, value, problems))
        for key, value in content.items()
    ] or [("{}", "(empty)")]


def _as_json(value: object) -> str:
    try:
        return shorten(printable(json.dumps(value, ensure_ascii=False)))
    except RecursionError:
        return "(nested too deeply to show)"


def _date_note(key: str, value: object, problems: list[str]) -> str:
    """The claim's date in UTC. 'expired' is said only of the past, which never becomes untrue."""
    if key not in DATE_CLAIMS:
        return ""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value in (math.inf, -math.inf)
    ):
        problems.append(f"The claim {key!r} is not a number of seconds since 1970.")
        return ""
    try:
        moment = datetime.fromtimestamp(value, timezone.utc)
    except (ValueError, OverflowError, OSError):
        problems.append(f"The claim {key!r} lies thousands of years away. Is it in milliseconds?")
        return ""
    note = f"   {moment:%Y-%m-%d %H:%M:%S} UTC"
    return f"{note}, expired" if key == "exp" and moment <= datetime.now(timezone.utc) else note


def _describe_signature(piece: str, problems: list[str], about: str) -> list[tuple[str, str]]:
    if not piece:
        problems.append("The signature is empty: nobody vouches for this token.")
        return [("bytes", "0")]
    try:
        raw = decode_part(piece)
    except ValueError as error:
        problems.append(f"The signature is not base64url: {error}.")
        return []
    return [("bytes", f"{len(raw)}{about}")]


def _as_plain_text(pieces, names, sections, problems) -> str:
    lines = []
    for index, (piece, name) in enumerate(zip(pieces, names)):
        lines.append(f"{'.' if index else ''}{printable(piece)}   <- {name}")
    for name, rows in sections:
        lines += ["", name.upper()]
        width = max((len(key) for key, _ in rows), default=0)
        lines += [f"  {key.ljust(width)}  {value}" for key, value in rows] or ["  (cannot be read)"]
    if problems:
        lines += ["", "PROBLEMS"] if lines else ["PROBLEMS"]
        lines += [f"  - {problem}" for problem in problems]
    return "\n".join(lines)


def _as_html(pieces, names, sections, problems) -> str:
    coloured = []
    for piece, name in zip(pieces, names):
        colour = name if name in PARTS else "bad"
        coloured.append(
            f'<span {style(colour, "padding:1px 2px")} title="{name}">{html.escape(printable(piece))}</span>'
        )
    out = [
        f'<div {NO_TEX} role="group" aria-label="A decoded JSON Web Token" style="font-family:monospace">'
    ]
    if coloured:
        out.append(
            f'<div style="overflow-wrap:anywhere;line-height:1.7;max-width:60em">{".".join(coloured)}</div>'
        )
    for name, rows in sections:
        lines = "".join(
            f"<div><b>{html.escape(key)}</b>&nbsp; <span style='white-space:pre-wrap;overflow-wrap:anywhere'>"
            f"{html.escape(value)}</span></div>"
            for key, value in rows
        )
        out.append(
            box(
                name,
                f"<div><b>{name.capitalize()}</b></div>{lines or '<div>(cannot be read)</div>'}",
            )
        )
    if problems:
        items = "".join(f"<li>{html.escape(problem)}</li>" for problem in problems)
        out.append(
            box("bad", f"<b>Problems</b><ul style='margin:0.2em 0 0 1.2em;padding:0'>{items}</ul>")
        )
    out.append("</div>")
    return "".join(out)
