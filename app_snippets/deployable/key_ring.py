"""A ring of keys: one signs, all of them verify, and they change while the service runs (lesson 15)."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import click
from flask import current_app, g
from flask_jwt_extended import JWTManager
from jwt import InvalidTokenError

from .start import fault_of_key, key_from_environment


class HmacRing:
    """Keys by their kid. The first one signs, and all of them verify."""

    def __init__(self, keys: dict[str | None, bytes]):
        self.keys = keys
        self.signing_kid = next(iter(keys))

    def signing_key(self) -> bytes:
        return self.keys[self.signing_kid]

    def signing_header(self) -> dict:
        return {"kid": self.signing_kid} if self.signing_kid else {}

    def key_for(self, kid: str | None) -> bytes:
        """The key that a token names: not verified yet, it may only choose among ours."""
        if kid not in self.keys:
            raise InvalidTokenError("This token was signed with a key that is not in use.")
        return self.keys[kid]


def parse_keys(text: bytes) -> HmacRing:
    """The ring that a file describes: each line is a kid and a key, with a space between.

    A key that stands alone on its line has no kid: it is the one for tokens that name none, such as those from before
    there were kids.

    Raises:
        ValueError: if a line is none of that, or a key is no good one; says which, and does not repeat it.
    """
    keys: dict[str | None, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        # Without the line break, that of Windows too: it is no part of the key.
        words = line.split()
        if not words:
            continue
        kid = words[0].decode("utf-8", "replace") if len(words) > 1 else None
        if len(words) > 2 or not re.fullmatch(r"[\w.-]{1,64}", kid or "none", re.ASCII):
            raise ValueError(f"line {number} must be a kid, a space and a key, or a key alone.")
        if kid in keys:
            raise ValueError(f"line {number} has the kid of another line, or both have none.")
        if fault := fault_of_key(words[-1]):
            raise ValueError(f"the key in line {number} {fault}")
        keys[kid] = words[-1]
    if not keys:
        raise ValueError("there is no key in it.")
    return HmacRing(keys)


class KeyFile:
    """The ring in a file. It is read for every request, so a change reaches all processes, and none restarts."""

    def __init__(self, path: Path):
        self.path, self._trouble = path, ""
        self._text = path.read_bytes()
        self._ring = parse_keys(self._text)

    def ring(self) -> HmacRing:
        """The keys as they are now. A file that has gone bad changes nothing, and the log says so."""
        trouble = ""
        try:
            # Its text, not its time of change: two changes may have the same one.
            text = self.path.read_bytes()
            if text != self._text:
                self._ring, self._text = parse_keys(text), text
        except (OSError, ValueError) as error:
            trouble = f"JWT_SECRET_KEY_FILE: {self.path}: {error}"
            if trouble != self._trouble:  # once, and not for every request
                current_app.logger.error("%s The keys of before stay.", trouble)
        self._trouble = trouble
        return self._ring


def keys_from_environment() -> Callable[[], HmacRing]:
    """What returns the keys of the moment: those of JWT_SECRET_KEY_FILE, or the one in JWT_SECRET_KEY."""
    path = os.environ.get("JWT_SECRET_KEY_FILE")
    if not path:
        ring = HmacRing({None: key_from_environment()})
        return lambda: ring
    if os.environ.get("JWT_SECRET_KEY"):
        raise click.ClickException("Set JWT_SECRET_KEY or JWT_SECRET_KEY_FILE, not both.")
    try:
        return KeyFile(Path(path)).ring
    except (OSError, ValueError) as error:
        raise click.ClickException(f"JWT_SECRET_KEY_FILE: {path}: {error}") from None


class RingedJWTManager(JWTManager):
    """Signs with the first key of the ring and names it; verifies with the one that a token names."""

    def __init__(self, keys_now: Callable[[], HmacRing]):
        super().__init__()
        self.keys_now = keys_now
        self.encode_key_loader(lambda identity: self.ring().signing_key())
        self.additional_headers_loader(lambda identity: self.ring().signing_header())

    def ring(self) -> HmacRing:
        """The keys for this request. Asked for twice, it must not be others: the kid and the key belong together."""
        if "key_ring" not in g:
            g.key_ring = self.keys_now()
        return g.key_ring

    def decode_key_loader(self, refuse_strange_claims):
        """What the household refuses is refused; for everything else, the ring has the key."""

        def key_for(header, claims):
            refuse_strange_claims(header, claims)
            return self.ring().key_for(header.get("kid"))

        return super().decode_key_loader(key_for)
