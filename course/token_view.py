"""``show_token``: a JWT in three colours, decoded, with what is wrong about it said in words."""

import html
import json
import math
from datetime import datetime, timezone

from course.shown import COLOURS, NO_TEX, Shown, box, printable, shorten, style
from course.token_in_text import find_token
from course.token_parts import LONGEST_READ, decode_part

PARTS = ("header", "payload", "signature")
# RFC 7516 §3.1, with what each of them wears.
PARTS_IF_ENCRYPTED = {
    "header": "header",
    "encrypted key": "wire",
    "initialization vector": "waiting",
    "ciphertext": "payload",
    "authentication tag": "signature",
}
# The claims that RFC 7519 §4.1 (and OpenID Connect, for auth_time) defines as a NumericDate, in seconds.
DATE_CLAIMS = ("exp", "nbf", "iat", "auth_time")
LARGEST_DRAWN = 4_000  # characters; beyond that a browser suffers and a reader learns nothing
MOST_CLAIMS_DRAWN = 60
MOST_PARTS_DRAWN = 8
MOST_PROBLEMS_SAID = 20


def show_token(token: str | bytes) -> Shown:
    """Draw a JWT: its parts in colour, its header and claims, its dates in UTC. Nothing leaves this machine.

    Never raises: a malformed token is drawn as far as it can be read, with its problems named. Of a longer text, such as
    a header line or an answer in JSON, it draws the token in it. No key is involved, so nothing here is verified.
    """
    return draw_token(token, ", not checked here: that takes a key")


def draw_token(token: str | bytes, about_the_signature: str = "") -> Shown:
    """``show_token``, with these words after the length of the signature."""
    text, problems = as_text(token)
    pasted = find_token(text)
    problems += pasted.problems
    text, notes = pasted.token, []
    pieces = text.split(".", MOST_PARTS_DRAWN - 1) if text else []
    encrypted = is_encrypted(pieces)
    names = _names_of(pieces, encrypted)
    if encrypted:
        notes.append(
            "This token is encrypted (JWE, RFC 7516). Anybody can read its header; its claims are in the ciphertext, "
            "for whoever has the key."
        )
    elif text and len(pieces) != len(PARTS):
        problems.append(_about_the_number_of_parts(text))
    if len(text) > LONGEST_READ:
        problems.append(
            f"The token has {len(text):,} characters. Only the beginning is drawn. "
            f"A part of more than {LONGEST_READ:,} is not read."
        )
    elif len(text) > LARGEST_DRAWN:
        notes.append(
            f"The token has {len(text):,} characters. All of it was read; it is drawn shortened."
        )

    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for name, piece in zip(names, pieces):
        if len(piece) > LONGEST_READ:
            sections.append((name, [("characters", f"{len(piece):,}, not read")]))
        elif name == "signature":
            sections.append((name, _describe_signature(piece, problems, about_the_signature)))
        elif name in ("header", "payload"):
            sections.append((name, _describe_json(name, piece, problems)))
        elif encrypted:
            sections.append((name, _describe_bytes(name, piece, problems)))

    longest = LARGEST_DRAWN if len(text) <= LARGEST_DRAWN else LARGEST_DRAWN // len(pieces)
    drawn = [printable(shorten(piece, longest)) for piece in pieces]
    if len(problems) > MOST_PROBLEMS_SAID:
        problems[MOST_PROBLEMS_SAID:] = [f"And {len(problems) - MOST_PROBLEMS_SAID:,} more."]
    remarks = {"notes": notes, "problems": problems}
    return Shown(
        _as_plain_text(drawn, names, sections, remarks),
        _as_html(drawn, names, sections, remarks),
    )


def is_encrypted(pieces: list[str]) -> bool:
    """Whether these are the parts of a JWE: five, and a header with ``enc`` (RFC 7516 §4.1.2, §9)."""
    if len(pieces) != len(PARTS_IF_ENCRYPTED) or len(pieces[0]) > LONGEST_READ:
        return False
    try:
        header = json.loads(decode_part(pieces[0]).decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "enc" in header


def _names_of(pieces: list[str], encrypted: bool) -> list[str]:
    if encrypted:
        return list(PARTS_IF_ENCRYPTED)
    return [*PARTS, *[f"part {number}" for number in range(4, len(pieces) + 1)]][: len(pieces)]


def _about_the_number_of_parts(text: str) -> str:
    number = text.count(".") + 1
    if number == len(PARTS_IF_ENCRYPTED):
        return (
            "It has 5 parts, as an encrypted token has (JWE, RFC 7516), but no header that names enc. "
            "A signed JWT has 3, separated by 2 dots."
        )
    noun = "part" if number == 1 else "parts"
    return f"It has {number:,} {noun}. A signed JWT has 3, separated by 2 dots."


def as_text(token: object) -> tuple[str, list[str]]:
    """What was given, as text, and what is wrong with it already."""
    if isinstance(token, bytes):
        try:
            return token.decode("ascii"), []
        except UnicodeDecodeError:
            return _as_text_of_some_kind(token)
    if not isinstance(token, str):
        return "", [f"This is not a token: expected text (str), got {type(token).__name__}."]
    return token, [] if token else ["This is not a token: the text is empty."]


def _as_text_of_some_kind(token: bytes) -> tuple[str, list[str]]:
    if token[:2] in (b"\xff\xfe", b"\xfe\xff") and len(token) > 2:
        return token.decode("utf-16", "replace"), [
            "These bytes are UTF-16, not ASCII: an older PowerShell writes files so. Save it as UTF-8."
        ]
    return token.decode("utf-8", "backslashreplace"), ["The token has bytes that are not ASCII."]


def _describe_json(name: str, piece: str, problems: list[str]) -> list[tuple[str, str]]:
    if not piece:
        problems.append(f"The {name} is empty.")
        return []
    try:
        raw = decode_part(piece)
    except ValueError as error:
        problems.append(f"The {name} is not base64url: {error}.")
        return []
    odd: list[str] = []
    try:
        content = _read(raw.decode("utf-8"), odd)
    except UnicodeDecodeError:
        problems.append(f"The {name} is base64url, but what it holds is not UTF-8 text.")
        return [("bytes", repr(shorten(repr(raw))))]
    except RecursionError:
        problems.append(
            f"The {name} is JSON nested too deeply to read. No honest issuer makes that."
        )
        return []
    except json.JSONDecodeError:
        problems.append(f"The {name} is base64url, but what it holds is not JSON.")
        return [("text", shorten(printable(raw.decode("utf-8"))))]
    except ValueError:
        problems.append(f"The {name} has a number of more digits than Python reads.")
        return [("text", shorten(printable(raw.decode("utf-8"))))]
    problems += [f"The {name} {each}" for each in dict.fromkeys(odd)]
    if not isinstance(content, dict):
        problems.append(f"The {name} is JSON, but not an object {{…}}.")
        return [("value", _as_json(content))]
    rows = [
        (shorten(printable(str(key))), _as_json(value) + _date_note(key, value, problems))
        for key, value in content.items()
    ]
    if len(rows) > MOST_CLAIMS_DRAWN:
        left_out = len(rows) - MOST_CLAIMS_DRAWN
        rows[MOST_CLAIMS_DRAWN:] = [("…", f"({left_out:,} more)")]
    return rows or [("{}", "(empty)")]


def _read(text: str, odd: list[str]) -> object:
    """What Python's json makes of the text; what others make something else of is added to ``odd``.

    Raises:
        json.JSONDecodeError: if it is not JSON.
        RecursionError, ValueError: if Python does not read it.
    """

    def without_repetition(pairs: list[tuple[str, object]]) -> dict:
        names = [key for key, _ in pairs]
        repeated = sorted({key for key in names if names.count(key) > 1})
        odd.extend(
            f"names {shorten(printable(key))!r} twice. Libraries disagree about which one counts."
            for key in repeated
        )
        return dict(pairs)

    def not_json(constant: str) -> float:
        constants.append(constant)
        return float(constant)

    def number(digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            odd.append(
                f"has a number too large for Python: of {shorten(digits, 40)} it makes {_as_json(value)}."
            )
        return value

    constants: list[str] = []
    content = json.loads(
        text, object_pairs_hook=without_repetition, parse_constant=not_json, parse_float=number
    )
    if constants:
        odd.append(
            f"says {' and '.join(dict.fromkeys(constants))}. Python's json writes and reads that; "
            "JSON has no such number (RFC 8259 §6), and other languages refuse the token."
        )
    return content


def _as_json(value: object) -> str:
    try:
        return shorten(printable(json.dumps(value, ensure_ascii=False)))
    except RecursionError:
        return "(nested too deeply to show)"


def _date_note(key: str, value: object, problems: list[str]) -> str:
    """The claim's date in UTC. 'expired' is said only of the past, which never becomes untrue."""
    if key not in DATE_CLAIMS:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float) or _is_no_moment(value):
        problems.append(f"The claim {key!r} is not a number of seconds since 1970.")
        return ""
    try:
        moment = datetime.fromtimestamp(value, timezone.utc)
    except (ValueError, OverflowError, OSError):
        problems.append(f"The claim {key!r} lies thousands of years away. Is it in milliseconds?")
        return ""
    note = f"   {moment:%Y-%m-%d %H:%M:%S} UTC"
    return f"{note}, expired" if key == "exp" and moment <= datetime.now(timezone.utc) else note


def _is_no_moment(value: int | float) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _describe_signature(piece: str, problems: list[str], about: str) -> list[tuple[str, str]]:
    if not piece:
        problems.append("The signature is empty: nobody vouches for this token.")
        return [("bytes", "0")]
    return [(key, value + about) for key, value in _describe_bytes("signature", piece, problems)]


def _describe_bytes(name: str, piece: str, problems: list[str]) -> list[tuple[str, str]]:
    try:
        return [("bytes", str(len(decode_part(piece))))]
    except ValueError as error:
        problems.append(f"The {name} is not base64url: {error}.")
        return []


def _colour_of(name: str) -> str:
    return PARTS_IF_ENCRYPTED.get(name, name if name in COLOURS else "bad")


def _as_plain_text(drawn, names, sections, remarks) -> str:
    lines = []
    for index, (piece, name) in enumerate(zip(drawn, names)):
        lines.append(f"{'.' if index else ''}{piece}   <- {name}")
    for name, rows in sections:
        lines += ["", name.upper()]
        width = max((len(key) for key, _ in rows), default=0)
        lines += [f"  {key.ljust(width)}  {value}" for key, value in rows] or ["  (cannot be read)"]
    for title, remarked in remarks.items():
        if remarked:
            lines += ["", title.upper()] if lines else [title.upper()]
            lines += [f"  - {each}" for each in remarked]
    return "\n".join(lines)


def _as_html(drawn, names, sections, remarks) -> str:
    coloured = [
        f'<span {style(_colour_of(name), "padding:1px 2px")} title="{name}">{html.escape(piece)}</span>'
        for piece, name in zip(drawn, names)
    ]
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
                _colour_of(name),
                f"<div><b>{name.capitalize()}</b></div>{lines or '<div>(cannot be read)</div>'}",
            )
        )
    for title, remarked in remarks.items():
        if remarked:
            items = "".join(f"<li>{html.escape(each)}</li>" for each in remarked)
            out.append(
                box(
                    "bad" if title == "problems" else "waiting",
                    f"<b>{title.capitalize()}</b><ul style='margin:0.2em 0 0 1.2em;padding:0'>{items}</ul>",
                )
            )
    out.append("</div>")
    return "".join(out)
