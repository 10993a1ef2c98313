"""The parts of a token: written, read, and put together by hand (RFC 7515 §3.1, compact serialisation).

The judges make their trial tokens here, and the drawings read with it. What a learner should understand of it stands
in the lessons, and ``app_snippets/`` have their own.
"""

import base64
import hmac
import json

from course.shown import printable

# The token of the blog post that the lessons take apart. Its key is public and burnt.
ARTICLE_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ5b3VyLXVzZXJuYW1lIiwiZXhwIjoxNjY2NzIwNDkwfQ."
    "K62wERMzH28I5g8IygVB0y-JuYdA0-7wuZkll2AyCNs"
)
HEADER = {"alg": "HS256", "typ": "JWT"}
LONGEST_READ = 16_000  # characters; no server takes a header that long


def compact(content: object) -> bytes:
    """JSON without spaces, in UTF-8, as most libraries write it.

    Raises:
        ValueError: for what JSON or UTF-8 cannot write, such as half a character.
    """
    try:
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            "text with half a character (a lone surrogate), which UTF-8 cannot write"
        ) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def encode_part(content: bytes | dict | list) -> str:
    """One part of a token: base64url without padding (RFC 7515 §2), of bytes or of compact JSON.

    Raises:
        ValueError: as ``compact``.
    """
    raw = content if isinstance(content, bytes) else compact(content)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_part(part: str) -> bytes:
    """The bytes that a part stands for (RFC 7515 §2).

    Raises:
        ValueError: with what is wrong, in words for people.
    """
    if "=" in part:
        raise ValueError("it ends in '=': a JWT leaves the padding out (RFC 7515 §2)")
    if any(character.isspace() for character in part):
        raise ValueError("there is white space in it (was a line break copied along?)")
    for character in part:
        if not (character.isascii() and (character.isalnum() or character in "-_")):
            raise ValueError(f"{printable(character)!r} is not in the base64url alphabet")
    if len(part) % 4 == 1:
        raise ValueError(
            f"its length, {len(part)}, is impossible: a character is missing or too many"
        )
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read_object(text: str) -> dict:
    """The JSON object in ``text``.

    Raises:
        ValueError: in words for people, also for what is JSON to Python only (``NaN``) and for a name that comes twice.
    """

    def without_repetition(pairs: list[tuple[str, object]]) -> dict:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"an object in which {json.dumps(name)[:60]} stands twice")
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise ValueError(f"not JSON: {constant} is Python")

    try:
        content = json.loads(text, object_pairs_hook=without_repetition, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"not JSON, see line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("JSON, but not an object {…}")
    return content


def signed(
    header: bytes | dict, payload: bytes | dict | list, key: str, hash_name: str = "sha256"
) -> str:
    """A token with a genuine HMAC over exactly this header and payload (RFC 7515 §5.1), whatever they say."""
    signing_input = f"{encode_part(header)}.{encode_part(payload)}"
    mac = hmac.digest(key.encode(), signing_input.encode(), hash_name)
    return f"{signing_input}.{encode_part(mac)}"


def unsigned(claims: bytes | dict | list) -> str:
    """A token with these claims and a signature of 32 bytes that nobody made."""
    return f"{encode_part(HEADER)}.{encode_part(claims)}.{encode_part(bytes(range(32)))}"
