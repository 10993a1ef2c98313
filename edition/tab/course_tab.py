"""scrypt and PBKDF2 for a Python without OpenSSL: @noble/hashes (npm, MIT) does the work."""

import hashlib
import pathlib

from js import Object
from pyodide.code import run_js
from pyodide.ffi import to_js

_hashes = run_js(pathlib.Path(__file__).with_name("course_tab.js").read_text(encoding="utf-8"))


def _options(**named):
    return to_js(named, dict_converter=Object.fromEntries)


def scrypt(password, *, salt, n, r, p, maxmem=0, dklen=64):
    options = _options(N=n, r=r, p=p, dkLen=dklen)
    return _hashes.scrypt(to_js(bytes(password)), to_js(bytes(salt)), options).to_bytes()


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    name = hash_name.lower().replace("-", "")
    options = _options(c=iterations, dkLen=dklen or hashlib.new(name).digest_size)
    made = _hashes.pbkdf2(
        getattr(_hashes, name), to_js(bytes(password)), to_js(bytes(salt)), options
    )
    return made.to_bytes()
