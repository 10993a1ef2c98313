"""The hashes that a learner's function computes, counted: how long one takes says nothing that can be relied on."""

import base64
import hashlib
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from argon2 import low_level

_ENCODED = re.compile(
    rb"\$argon2(id|i|d)\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)", re.ASCII
)
_KINDS = {b"d": 0, b"i": 1, b"id": 2}


@dataclass
class Hashes:
    """``computed`` has a description of every hash, with what it costs. With ``any_fits``, every password fits every
    hash of argon2, as if somebody had guessed it.
    """

    computed: list[tuple] = field(default_factory=list)
    pauses: int = 0
    any_fits: bool = False

    def of(self, call: Callable, *args) -> Counter:
        """What this call computes. Its pauses are counted, too."""
        del self.computed[:]
        self.pauses = 0
        kept = sys.getprofile()
        # However the function has imported `sleep`, it is this one that is called.
        sys.setprofile(self._count_pause)
        try:
            call(*args)
        finally:
            sys.setprofile(kept)
        return Counter(self.computed)

    def _count_pause(self, frame, happening: str, function) -> None:
        self.pauses += happening == "c_call" and function is time.sleep


@contextmanager
def counted_hashes() -> Iterator[Hashes]:
    """Count the hashes of argon2, PBKDF2 and scrypt. Those of argon2 cost next to nothing meanwhile, and look as ever:
    a password that fits before the end of the block does not fit afterwards.
    """
    hashes = Hashes()
    kept = low_level.lib, hashlib.pbkdf2_hmac, hashlib.scrypt

    def pbkdf2_hmac(name, password, salt, iterations, *rest, **options):
        hashes.computed.append(("PBKDF2", iterations))
        return kept[1](name, password, salt, iterations, *rest, **options)

    def scrypt(*parts, **options):
        hashes.computed.append(("scrypt", *sorted((k, options.get(k)) for k in "nrp")))
        return kept[2](*parts, **options)

    low_level.lib = _QuickArgon2(kept[0], hashes)
    hashlib.pbkdf2_hmac, hashlib.scrypt = pbkdf2_hmac, scrypt
    try:
        yield hashes
    finally:
        low_level.lib, hashlib.pbkdf2_hmac, hashlib.scrypt = kept


class _QuickArgon2:
    """The library below argon2-cffi. Whatever cost is asked for is written down, and the least is paid."""

    def __init__(self, real, hashes: Hashes):
        self._real, self._hashes = real, hashes

    def __getattr__(self, name: str):
        return getattr(self._real, name)

    def argon2_hash(
        self, passes, memory, lanes, secret, secret_length, salt, salt_length,
        raw, length, encoded, encoded_size, kind, version,
    ):  # fmt: skip
        self._hashes.computed.append(("argon2", passes, memory, lanes))
        least = (1, 8, 1, secret, secret_length, salt, salt_length)
        ffi = low_level.ffi
        if raw != ffi.NULL:
            return self._real.argon2_hash(*least, raw, length, encoded, encoded_size, kind, version)
        value = ffi.new("uint8_t[]", length)
        result = self._real.argon2_hash(*least, value, length, ffi.NULL, 0, kind, version)
        name = next(name for name, number in _KINDS.items() if number == kind).decode()
        parts = [_base64(ffi.buffer(salt, salt_length)), _base64(ffi.buffer(value, length))]
        text = f"$argon2{name}$v={version}$m={memory},t={passes},p={lanes}${'$'.join(parts)}"
        ffi.memmove(encoded, text.encode() + b"\0", len(text) + 1)
        return result

    def argon2_verify(self, encoded, secret, secret_length, kind):
        ffi = low_level.ffi
        parts = _ENCODED.fullmatch(ffi.string(encoded))
        if not parts:
            return self._real.argon2_verify(encoded, secret, secret_length, kind)
        version, memory, passes, lanes = (int(number) for number in parts.groups()[1:5])
        salt, wanted = (
            base64.b64decode(text + b"=" * (-len(text) % 4)) for text in parts.groups()[5:]
        )
        self._hashes.computed.append(("argon2", passes, memory, lanes))
        value = ffi.new("uint8_t[]", len(wanted))
        self._real.argon2_hash(
            1, 8, 1, secret, secret_length, ffi.new("uint8_t[]", salt), len(salt),
            value, len(wanted), ffi.NULL, 0, kind, version,
        )  # fmt: skip
        if self._hashes.any_fits or bytes(ffi.buffer(value, len(wanted))) == wanted:
            return self._real.ARGON2_OK
        return self._real.ARGON2_VERIFY_MISMATCH


def _base64(content) -> str:
    return base64.b64encode(bytes(content)).decode().rstrip("=")
