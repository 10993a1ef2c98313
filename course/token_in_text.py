"""The token in what somebody pasted: a header line, a cookie, an answer in JSON, a token that a terminal broke in two.

What stands around it is named truly, so that the reader knows which part to copy. Nothing here is verified.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from course.shown import DRAWN_AS_NOTHING, printable, shorten
from course.token_parts import LONGEST_READ, decode_part

# What never stands in a token, and ends one in a longer text.
SEPARATORS = r"\s\"'`“”„‘’«»;,{}&<>()\[\]|\\"
CHUNK = re.compile(f"[^{SEPARATORS}]+")
# The token goes on behind white space, where a terminal or a letter has broken the line.
CONTINUED = re.compile(rf"((?:\s|\\(?=\s))+)([A-Za-z0-9_.=-]+)(?![^{SEPARATORS}])")
NAMED = re.compile(r"""([\w.-]+)["']?\s*[:=]\s*(?:[bB]?["'])?(?:bearer\s+)?$""", re.IGNORECASE)
# How many characters of base64url the signature of an algorithm takes (RFC 7518 §3, RFC 8037 §3.1); for RSA that depends
# on the key. With it, the end of a token is known where words follow it.
OF_RSA, OF_64_BYTES = {342, 512, 683}, {86}
SIGNATURE_LENGTHS = {
    "none": {0}, "HS256": {43}, "HS384": {64}, "HS512": OF_64_BYTES, "ES256": OF_64_BYTES, "ES384": {128}, "ES512": {176},
    "EdDSA": OF_64_BYTES, **{f"{kind}{bits}": OF_RSA for kind in ("RS", "PS") for bits in (256, 384, 512)},
}  # fmt: skip
# Whoever pastes more than a whole page of requests is looking for something else. In characters.
LONGEST_SEARCHED = 200_000
LONGEST_JOINED = 2 * LONGEST_READ
MOST_LINES_OF_A_HEADER = 16
MOST_LAYERS = 8
DOTS = (2, 4)  # in a signed token, and in an encrypted one
INVISIBLE = {"\ufeff": "a byte order mark", "\u200b": "a zero-width space"}
QUOTES = ('""', "''", "``", "“”", "„“", "‘’", "«»")


@dataclass(frozen=True)
class Pasted:
    """What was pasted: the token in it, or "" if there is none or more than one; and what is wrong, in sentences.

    ``several`` names the tokens, if there is more than one.
    """

    token: str
    problems: tuple[str, ...] = ()
    several: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """A token in a text: its name there, such as "access_token", and where the text had "broken" it, if it had."""

    token: str
    name: str = ""
    broken: str = ""


def find_token(text: str) -> Pasted:
    """The token in ``text``. A text in which there is none is given back, as what should have been one."""
    problems: list[str] = []
    cleaned = DRAWN_AS_NOTHING.sub("", text)
    if text and not cleaned.strip():
        return Pasted("", ("This is not a token: there is nothing to be seen in it.",))
    if len(text) > LONGEST_SEARCHED and not CHUNK.fullmatch(text.strip()):
        many = f"{len(text):,} characters, too many to look for a token in them"
        return Pasted("", (f"This text has {many}. Paste the token alone.",))
    found = list(_tokens_in(cleaned))
    if not found:
        if instead := _what_it_is_instead(text):
            return Pasted("", (instead,))
        return Pasted(_take_off_the_wrapping(text, "", problems), tuple(problems))
    if cleaned != text:
        problems.append(_about_the_invisible(text))
    if len(found) > 1:
        names = tuple(
            printable(shorten(each.name, 40)) or f"number {at}"
            for at, each in enumerate(found, start=1)
        )
        problems.append(f"There are {_how_many(names)}. Paste one of them alone.")
        return Pasted("", tuple(problems), names)
    (only,) = found
    left = _take_off_the_wrapping(cleaned, only.token, problems)
    without_white_space = re.sub(r"[\s\\]", "", left)
    if left != only.token and without_white_space != only.token:
        problems.append(_about_the_rest(left, only.name))
    if only.broken:
        problems.append(
            f"There is {only.broken} inside it, as copying leaves it. It is drawn without: remove it."
        )
    return Pasted(only.token, tuple(problems))


def _how_many(names: tuple[str, ...]) -> str:
    """Such as "2 tokens in it: access_token and refresh_token"."""
    first = list(names[:5])
    if len(names) > len(first):
        first.append(f"{len(names) - len(first):,} more")
    return f"{len(names):,} tokens in it: {', '.join(first[:-1])} and {first[-1]}"


def _about_the_invisible(text: str) -> str:
    characters = sorted({match[0] for match in DRAWN_AS_NOTHING.finditer(text)})
    named = [
        f"{printable(each)} ({INVISIBLE[each]})" if each in INVISIBLE else printable(each)
        for each in characters[:3]
    ]
    return (
        f"There is something invisible in it: {', '.join(named)}. It is drawn without: remove it."
    )


def _about_the_rest(text: str, name: str) -> str:
    at = f" at {printable(shorten(name, 40))!r}" if name else ""
    if _as_json(text) is not None:
        return f"This is JSON. The token is the text{at} in it: paste that alone."
    return f"There is more than a token here. The token{at} is drawn: paste that alone."


def _what_it_is_instead(text: str) -> str:
    """What a text without a token is, where that can be told."""
    if text.lstrip().startswith("-----BEGIN "):
        return "This is a key or a certificate (PEM), and no token."
    content = _as_json(text)
    if isinstance(content, dict) and {"payload", "ciphertext"} & set(content):
        return (
            "This is a token in the form of JSON (RFC 7515 §7.2, RFC 7516 §7.2). "
            "A JWT is always one line with dots (RFC 7519 §1)."
        )
    if content is not None:
        return "This is JSON, and no text in it is a token."
    return ""


# ----------------------------------------------------------------------------------------------------------------------
# Where the tokens are


def _tokens_in(text: str) -> Iterator[_Found]:
    """The tokens of a text, each once, in their order."""
    content = _as_json(text)
    found = _tokens_of_json(content, "") if content is not None else _tokens_of_text(text, "")
    seen = set()
    for each in found:
        if each.token not in seen:
            seen.add(each.token)
            yield each


def _as_json(text: str) -> dict | list | None:
    """The JSON object or list that the text is, or None."""
    if text.strip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _tokens_of_json(content: object, name: str) -> Iterator[_Found]:
    if isinstance(content, str):
        yield from _tokens_of_text(content, name)
    elif isinstance(content, list):
        for each in content:
            yield from _tokens_of_json(each, name)
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _tokens_of_json(value, key)


def _tokens_of_text(text: str, name: str) -> Iterator[_Found]:
    end = 0
    for chunk in CHUNK.finditer(text):
        if chunk.start() < end:
            continue
        offset = _where_a_token_begins(chunk[0])
        if offset is None:
            offset = _where_a_broken_header_begins(text, chunk)
        if offset is None:
            continue
        start = chunk.start() + offset
        token, end = _with_what_follows(text, start, chunk.end())
        if offset or chunk[0] != text.strip():
            token = _without_the_end_of_a_sentence(token)
        before = NAMED.search(text[max(0, start - 120) : start])
        broken = _kind_of_break(re.sub(r"\S", "", text[start:end]))
        yield _Found(token, before[1] if before else name, broken)


def _kind_of_break(white_space: str) -> str:
    if not white_space:
        return ""
    return "a line break" if re.search(r"[\n\r\u2028\u2029]", white_space) else "white space"


def _where_a_token_begins(chunk: str) -> int | None:
    """At which character: at the first, behind a name and an equals sign, or where "eyJ" stands."""
    if "." not in chunk:
        return None
    places = (match.end() for match in re.finditer(r"^|[=:]|(?=eyJ)", chunk))
    for place in islice(places, 20):
        header, dot, _ = chunk[place : place + LONGEST_READ].partition(".")
        content = _header_of(header) if dot else None
        # Further on, a payload looks the same; what makes a header of it is its alg.
        if content is not None and (place == 0 or "alg" in content):
            return place
    return None


def _where_a_broken_header_begins(text: str, chunk: re.Match) -> int | None:
    """The same, if the line was broken before the first dot."""
    place = chunk[0].find("eyJ")
    joined, end = chunk[0][place:], chunk.end()
    if place < 0 or "." in chunk[0]:
        return None
    for _ in range(MOST_LINES_OF_A_HEADER):
        more = CONTINUED.match(text, end)
        if "." in joined or not more:
            break
        joined, end = joined + more[2], more.end()
    header, dot, _ = joined.partition(".")
    return place if dot and "alg" in (_header_of(header) or {}) else None


def _header_of(piece: str) -> dict | None:
    # 'e': how base64 writes a brace.
    if not piece.startswith("e"):
        return None
    try:
        content = json.loads(decode_part(piece).decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _with_what_follows(text: str, start: int, end: int) -> tuple[str, int]:
    """The token that begins at ``start``, across the line breaks in it, and where it ends in the text."""
    token = text[start:end]
    reached = [(token, end)]
    broken_by_lines = True
    while len(token) <= LONGEST_JOINED and not _is_whole(token):
        more = CONTINUED.match(text, end)
        if not more or _is_another_one(more[2], token):
            break
        broken_by_lines = broken_by_lines and _kind_of_break(more[1]) == "a line break"
        token, end = token + more[2], more.end()
        if token.count(".") in DOTS and (broken_by_lines or _is_whole(token)):
            reached.append((token, end))
    if _is_whole(token) or _lengths_of_signature(token) is None:
        return reached[-1]
    # Words may follow. What comes first is a token by its form.
    return next((each for each in reached if each[0].count(".") in DOTS), reached[0])


def _is_another_one(piece: str, before: str) -> bool:
    """Whether a token begins with this piece. Behind a header alone, it is the payload, unless it names an alg."""
    place = _where_a_token_begins(piece)
    if place is None:
        return False
    header = _header_of(piece[place:].partition(".")[0]) or {}
    return "alg" in header or before.count(".") > 1


def _is_whole(token: str) -> bool:
    """Whether the signature is as long as the algorithm makes it: then what follows is something else."""
    lengths = _lengths_of_signature(token)
    return lengths is not None and len(token.rpartition(".")[2]) in lengths


def _lengths_of_signature(token: str) -> set[int] | None:
    if token.count(".") != 2:
        return None
    algorithm = (_header_of(token.partition(".")[0]) or {}).get("alg")
    return SIGNATURE_LENGTHS.get(algorithm) if isinstance(algorithm, str) else None


def _without_the_end_of_a_sentence(token: str) -> str:
    """A full stop or a colon behind a token belongs to the sentence that it stands in."""
    shorter = token.rstrip(".:!?")
    return shorter if shorter.count(".") in DOTS else token


# ----------------------------------------------------------------------------------------------------------------------
# What stands around one


def _take_off_the_wrapping(text: str, token: str, problems: list[str]) -> str:
    """Take off what people copy along with ``token``, layer by layer, and say so; it ends at what has no name."""
    for _ in range(MOST_LAYERS):
        peeled = next((done for layer in _LAYERS if (done := layer(text, token))[1]), None)
        if text == token or not peeled:
            break
        text, said = peeled
        if said not in problems:
            problems.append(said)
    return text


def _white_space(text: str, token: str) -> tuple[str, str]:
    inner = text.strip()
    if inner == text:
        return text, ""
    return inner, "There is white space around it. It is not part of a token: remove it."


def _quotation_marks(text: str, token: str) -> tuple[str, str]:
    if len(text) < 2 or text[0] + text[-1] not in QUOTES:
        return text, ""
    said = "It is wrapped in quotation marks. They are not part of a token: remove them."
    return text[1:-1], said


def _bytes_of_python(text: str, token: str) -> tuple[str, str]:
    if len(text) < 3 or text[0] not in "bB" or text[1:2] + text[-1] not in ('""', "''"):
        return text, ""
    said = "It is wrapped in b'…', as Python shows bytes. Make text of them by .decode()."
    return text[2:-1], said


def _bearer(text: str, token: str) -> tuple[str, str]:
    if not text.lower().startswith("bearer "):
        return text, ""
    said = "It begins with 'Bearer '. That word belongs to the HTTP header, not to the token."
    return text[len("bearer ") :].strip(), said


def _header_line(text: str, token: str) -> tuple[str, str]:
    line = re.match(
        r"(Authorization|Proxy-Authorization|Cookie|Set-Cookie)\s*:\s*", text, re.IGNORECASE
    )
    if not token or not line or "\n" in text[: text.find(token[:10])]:
        return text, ""
    return text[line.end() :], f"It is a whole line of an HTTP header, {line[1]}."


def _cookie(text: str, token: str) -> tuple[str, str]:
    """``access_token_cookie=eyJ…; Path=/; HttpOnly``, or ``a=b; c=eyJ…``."""
    pair = re.compile(r"\s*([^\s;=]+)=([^;]*)")
    pairs = [pair.fullmatch(each) for each in text.split(";")]
    if ";" not in text or not pairs[0] or not token:
        return text, ""
    for each in pairs:
        if each and each[2].strip('" ') == token:
            name = printable(shorten(each[1], 40))
            return token, f"It is a cookie. The token is the value of {name} alone."
    return text, ""


def _name(text: str, token: str) -> tuple[str, str]:
    """``token=eyJ…`` and ``token: eyJ…``."""
    named = re.match(r"[\w.-]+\s*[=:]\s*", text)
    if not token or not named or not text[named.end() :].lstrip("bB\"'").startswith(token[:10]):
        return text, ""
    name = printable(shorten(named[0].strip(), 40))
    return text[named.end() :], f"It begins with '{name}'. That is a name, not part of the token."


_LAYERS = (_white_space, _bearer, _header_line, _cookie, _name, _bytes_of_python, _quotation_marks)
