"""What happens once, at the start: no service without a good key, and tables that several processes may make at once."""

import base64
import os
import re
from contextlib import suppress

import click
from sqlalchemy import Engine, MetaData
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"


def key_from_environment() -> bytes:
    """The signing key: 32 bytes or more (RFC 7518 §3.2). Nothing starts without a good one."""
    key = os.fsencode(os.environ.get("JWT_SECRET_KEY", ""))
    fault = fault_of_key(key)
    if fault:
        raise click.ClickException(
            f"JWT_SECRET_KEY {fault}\n"
            'Make one with: python -c "import secrets; print(secrets.token_hex(32))"\n'
            "and put it into the environment."
        )
    return key


def fault_of_key(key: bytes) -> str | None:
    """What makes this no key for HS256, in words, or None. A public key is no secret (RFC 8725 §2.1)."""
    text = key.decode("utf-8", "replace")
    if len(key) < 32:
        return f"has {len(key)} bytes, and HS256 needs at least 32."
    if text != text.strip("\ufeff \t\r\n\f\v\u00a0"):
        return "has white space at an end, such as the line break of a file."
    if text[0] in QUOTES or text[-1] in QUOTES:
        return "stands in quotation marks, and they would be a part of it."
    if text[0] in "{[":
        return "is JSON, such as a JWK, and HS256 takes the bytes of a secret."
    if is_of_a_pair(key):
        return "is a certificate or a key of a pair, and HS256 needs a secret."
    return None


def is_of_a_pair(key: bytes) -> bool:
    """Whether this is a certificate or a key of RSA, EC or the like: PEM, DER, OpenSSH; in base64; in hexadecimal."""
    digits = re.sub(r"\s|\\[nr]|=", "", key.decode("latin-1")).translate({45: "+", 95: "/"})
    spellings = [key]
    for decode, padding in ((bytes.fromhex, ""), (base64.b64decode, "=" * (-len(digits) % 4))):
        with suppress(ValueError):
            spellings.append(decode(digits + padding))
    return any(
        re.search(rb"BEGIN [A-Z0-9 ]*(KEY|CERTIFICATE)", each, re.IGNORECASE)
        or re.match(rb"\s*(\0\0\0.)?(sk-)?(ssh|ecdsa)-|openssh-key-v1", each, re.DOTALL)
        or is_der(each)
        for each in spellings
    )


def is_der(content: bytes) -> bool:
    """Whether these bytes are one DER sequence, as keys and certificates are (X.690 §8.9)."""
    if len(content) < 40 or content[0] != 0x30:
        return False
    start = 2 + (content[1] & 0x7F if content[1] > 0x7F else 0)
    length = int.from_bytes(content[2:start] or content[1:2], "big")
    return start + length == len(content) and content[start] in (0x02, 0x30)


def database_url(name: str) -> str:
    """What DATABASE_URL says, or a SQLite file of this name in the current folder."""
    return os.environ.get("DATABASE_URL", f"sqlite:///{os.path.abspath(name + '.db')}")


def engine_options(url: str) -> dict:
    """No hashes in the log, and no connection to a database that is gone: a deleted file is noticed at once."""
    pool = {"poolclass": NullPool} if url.startswith("sqlite") else {"pool_pre_ping": True}
    return {"hide_parameters": True, **pool}


def create_tables(metadata: MetaData, engine: Engine) -> None:
    """Make the tables that are missing. create_all looks first and makes them later, and so may others.

    Whoever comes second fails, and finds that table when it looks again: at most once for each table.
    """
    for tables_left in reversed(range(len(metadata.tables) + 1)):
        try:
            metadata.create_all(engine)
            return
        except (IntegrityError, OperationalError, ProgrammingError):
            if not tables_left:
                raise
