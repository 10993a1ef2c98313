"""argon2's C library, compiled to WebAssembly by @phi-ag/argon2 (npm, MIT), behind the names of argon2-cffi-bindings.

Only in builds without Pyodide's own cffi, which the real bindings need.
"""

import pathlib
from types import SimpleNamespace

import js
from pyodide.ffi import to_js

_module = js.WebAssembly.Module.new(
    to_js((pathlib.Path(__file__).parent / "argon2.wasm").read_bytes())
)
_c = js.WebAssembly.Instance.new(_module).exports
_c._initialize()


def _put(raw: bytes) -> int:
    place = _c.malloc(max(len(raw), 1))
    js.Uint8Array.new(_c.memory.buffer, place, len(raw)).set(to_js(raw))
    return place


def _get(place: int, length: int) -> bytes:
    return js.Uint8Array.new(_c.memory.buffer, place, length).to_py().tobytes()


def _hash(
    time, memory, lanes, secret, secret_len, salt, salt_len, out, out_len, encoded, encoded_len, kind, version
):  # fmt: skip
    places = [_put(bytes(secret)[:secret_len]), _put(bytes(salt)[:salt_len])]
    raw = _c.malloc(out_len) if out is not None else 0
    text = _c.malloc(encoded_len) if encoded is not None else 0
    try:
        code = _c.argon2_hash(
            time, memory, lanes, places[0], secret_len, places[1], salt_len, raw, out_len, text, encoded_len, kind, version
        )  # fmt: skip
        if out is not None:
            out[:] = _get(raw, out_len)
        if encoded is not None:
            encoded[:] = _get(text, encoded_len)
        return code
    finally:
        for place in (*places, raw, text):
            if place:
                _c.free(place)


def _verify(encoded, secret, secret_len, kind):
    places = [_put(bytes(encoded) + b"\0"), _put(bytes(secret)[:secret_len])]
    try:
        return _c.argon2_verify(places[0], places[1], secret_len, kind)
    finally:
        for place in places:
            _c.free(place)


lib = SimpleNamespace(
    ARGON2_VERSION_NUMBER=0x13,
    Argon2_d=0,
    Argon2_i=1,
    Argon2_id=2,
    ARGON2_OK=0,
    ARGON2_VERIFY_MISMATCH=-35,
    argon2_hash=_hash,
    argon2_verify=_verify,
    argon2_error_message=lambda code: _get(_c.argon2_error_message(code), 200),
    argon2_encodedlen=lambda *sizes: _c.argon2_encodedlen(*sizes),
)


def _memmove(to, what, length):
    to[:length] = bytes(what)[:length]


ffi = SimpleNamespace(
    memmove=_memmove,
    NULL=None,
    new=lambda _, start: bytearray(start),
    string=lambda raw: bytes(raw).split(b"\0", 1)[0],
    buffer=lambda raw, length: bytes(raw)[:length],
)
