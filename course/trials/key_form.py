"""What a key looks like that is no secret for HMAC: quoted, padded with white space, or one of a pair."""

import base64
import binascii
import json
import re
from collections.abc import Iterator

QUOTES = "\"'`´\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"


def is_quoted(key: str) -> bool:
    """Whether there is a quotation mark at an end."""
    return key[:1] in tuple(QUOTES) or key[-1:] in tuple(QUOTES)


def is_json_object(key: str) -> bool:
    """Whether this is a JSON object, such as a JWK."""
    try:
        return isinstance(json.loads(key), dict)
    except (ValueError, RecursionError):
        return False


def is_of_a_pair(key: str) -> bool:
    """Whether this is a certificate or a key of RSA, EC or the like: PEM, DER or SSH, also in base64 or hexadecimal."""
    return any(
        re.search(rb"BEGIN[A-Z0-9 ]*(KEY|CERTIFICATE)", each, re.IGNORECASE)
        or re.match(rb"\s*(\0\0\0.)?(sk-)?(ssh|ecdsa)-", each, re.DOTALL | re.IGNORECASE)
        or b"openssh-key-v1" in each
        or _is_der(each)
        for each in _spellings(key.encode("utf-8", "replace"))
    )


def _spellings(content: bytes, depth: int = 3) -> Iterator[bytes]:
    """The bytes, and what they stand for if they are base64, base32 or hexadecimal, line breaks written or not."""
    yield content
    if not depth:
        return
    text = re.sub(r"\\+[nrt]|[\s=]", "", content.decode("latin-1"))
    digits = re.sub(r"^0x|\\x|:", "", text, flags=re.IGNORECASE)
    standard = text.translate({ord("-"): "+", ord("_"): "/"})
    for decode, written in (
        (bytes.fromhex, digits),
        (base64.b32decode, text.upper() + "=" * (-len(text) % 8)),
        (_strictly_base64, standard + "=" * (-len(standard) % 4)),
    ):
        try:
            decoded = decode(written)
        except (ValueError, binascii.Error):
            continue
        yield from _spellings(decoded, depth - 1)


def _strictly_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _is_der(content: bytes) -> bool:
    """Whether these bytes are one DER sequence, as keys and certificates are (X.690 §8.9)."""
    if len(content) < 40 or content[0] != 0x30:
        return False
    start = 2 + (content[1] & 0x7F if content[1] > 0x7F else 0)
    length = int.from_bytes(content[2:start] or content[1:2], "big")
    return start + length == len(content) and content[start] in (0x02, 0x30)
