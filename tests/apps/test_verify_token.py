"""The ``verify_token`` of lesson 05 and ``jose_login.py``: every good token passes, and nothing else, ever."""

import copy
import importlib.util
import json
import math
import secrets
import string
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jose import jwt

from course import token_parts
from course.paths import Course
from course.token_parts import decode_part, encode_part

KEY = secrets.token_hex(32)
NOW = 1_800_000_000  # seconds since 1970
ALPHABET = string.ascii_letters + string.digits + "-_"

spec = importlib.util.spec_from_file_location("jose_login", Course().snippets / "jose_login.py")
jose_login = importlib.util.module_from_spec(spec)
spec.loader.exec_module(jose_login)
InvalidToken, verify_token = jose_login.InvalidToken, jose_login.verify_token


def signed(header: bytes, payload: bytes, key: str = KEY) -> str:
    """A token with a genuine signature over these very bytes."""
    return token_parts.signed(header, payload, key)


def token_with(header: dict | None = None, **claims) -> str:
    claims = {"sub": "ada", "exp": NOW + 600, **claims}
    claims = {name: value for name, value in claims.items() if value != "left out"}
    return signed(
        json.dumps({"alg": "HS256"} | (header or {})).encode(), json.dumps(claims).encode()
    )


GOOD = {
    "the usual": (token_with({"typ": "JWT"}, iat=NOW, nbf=NOW, jti="1"), {}),
    "no typ": (token_with(), {}),
    "typ of an access token": (token_with({"typ": "at+jwt", "kid": "7"}), {}),
    "more claims": (token_with(roles=["a"], nested={"a": [1, None, True]}, name="Zoë"), {}),
    "a fraction of a second": (token_with(exp=NOW + 0.5, iat=NOW - 0.5), {}),
    "one second left": (token_with(exp=NOW + 1), {}),
    "expired within the leeway": (token_with(exp=NOW - 29), {"leeway": 30}),
    "early within the leeway": (token_with(nbf=NOW + 30, iat=NOW + 30), {"leeway": 30}),
    "its audience": (token_with(aud="shop"), {"audience": "shop"}),
    "one of its audiences": (token_with(aud=["bank", "shop"]), {"audience": "shop"}),
    "its issuer": (token_with(iss="https://login.example"), {"issuer": "https://login.example"}),
    "an issuer nobody asked for": (token_with(iss="x"), {}),
    "at_hash": (token_with(at_hash="x"), {}),
    "spaces and line breaks in the JSON": (signed(b'{ "typ":"JWT",\r\n "alg":"HS256" }', b'{ "sub" : "ada", "exp": %d }' % (NOW + 9)), {}),
    "escapes in the JSON": (signed(b'{"\\u0061lg":"HS256"}', b'{"s\\u0075b":"ada","exp":%d}' % (NOW + 9)), {}),
    "made by python-jose": (jwt.encode({"sub": "ada", "exp": NOW + 9}, KEY), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_token_is_accepted_with_its_claims(name):
    token, options = GOOD[name]
    payload = token.split(".")[1]
    expected = json.loads(decode_part(payload))
    assert verify_token(token, KEY, now=NOW, **options) == expected
    assert verify_token(token, KEY.encode(), now=NOW, **options) == expected


def test_the_clock_is_asked_when_no_time_is_given():
    assert verify_token(token_with(exp=int(time.time()) + 60), KEY)["sub"] == "ada"
    with pytest.raises(InvalidToken, match="expired"):
        verify_token(token_with(exp=int(time.time())), KEY)


usual = token_with()
head, body, mac = usual.split(".")
other_spelling = usual[:-1] + ALPHABET[0]
nothing = encode_part(b'{"alg":"none"}')
BAD = {
    "expired": token_with(exp=NOW - 1), "this second": token_with(exp=NOW), "not yet": token_with(nbf=NOW + 1),
    "issued in the future": token_with(iat=NOW + 1), "milliseconds": token_with(exp=NOW * 1000), "no exp": token_with(exp="left out"),
    "no sub": token_with(sub="left out"), "sub int": token_with(sub=1), "sub null": token_with(sub=None), "sub list": token_with(sub=["a"]),
    "jti int": token_with(jti=1), "iss int": token_with(iss=1), "aud unasked": token_with(aud="shop"), "aud int": token_with(aud=1),
    "aud empty": token_with(aud=[]), "alg none": f"{nothing}.{body}.", "none, signed": token_with({"alg": "none"}),
    "alg HS512": token_with({"alg": "HS512"}), "alg hs256": token_with({"alg": "hs256"}), "alg list": token_with({"alg": ["HS256"]}),
    "alg null": token_with({"alg": None}), "no alg": signed(b"{}", b'{"sub":"a","exp":%d}' % (NOW + 9)),
    "crit": token_with({"crit": ["x"], "x": 1}), "crit empty": token_with({"crit": []}), "b64": token_with({"crit": ["b64"], "b64": False}),
    "two parts": f"{head}.{body}", "four parts": f"{usual}.{mac}", "five parts": f"{usual}.a.b", "empty": "", "dots": "..",
    "no signature": f"{head}.{body}.", "short signature": usual[:-8], "long signature": usual + "AAAA", "padding": usual + "=",
    "space": " " + usual, "line break": usual + "\n", "inside": f"{head}.{body[:4]}\n{body[4:]}.{mac}", "quoted": f'"{usual}"',
    "bearer": f"Bearer {usual}", "plus": usual.replace(mac[0], "+", 1), "not ASCII": usual[:-1] + "é", "null byte": usual + "\0",
    "nested header": encode_part(b'{"alg":"HS256","x":' + b"[" * 7_000) + ".e30.AAAA",
    "nested payload": signed(b'{"alg":"HS256"}', b'{"sub":"a","x":' + b"[" * 7_000),
    "payload list": signed(b'{"alg":"HS256"}', b"[]"), "payload text": signed(b'{"alg":"HS256"}', b'"x"'), "payload null": signed(b'{"alg":"HS256"}', b"null"),
    "payload empty": signed(b'{"alg":"HS256"}', b""), "header list": signed(b'["HS256"]', b'{"sub":"a","exp":%d}' % (NOW + 9)),
    "claim twice": signed(b'{"alg":"HS256"}', b'{"sub":"a","sub":"b","exp":%d}' % (NOW + 9)),
    "inner name twice": signed(b'{"alg":"HS256"}', b'{"sub":"a","exp":%d,"x":{"y":1,"y":2}}' % (NOW + 9)),
    "header twice": signed(b'{"alg":"none","alg":"HS256"}', b'{"sub":"a","exp":%d}' % (NOW + 9)),
    "same name, escaped": signed(b'{"alg":"HS256"}', b'{"sub":"a","s\\u0075b":"b","exp":%d}' % (NOW + 9)),
    "NaN": signed(b'{"alg":"HS256"}', b'{"sub":"a","exp":NaN}'), "Infinity": signed(b'{"alg":"HS256"}', b'{"sub":"a","exp":Infinity}'),
    "1e999": signed(b'{"alg":"HS256"}', b'{"sub":"a","exp":1e999}'), "many digits": signed(b'{"alg":"HS256"}', b'{"sub":"a","exp":%s}' % (b"9" * 5_000)),
    "NaN elsewhere": signed(b'{"alg":"HS256"}', b'{"sub":"a","exp":%d,"x":NaN}' % (NOW + 9)),
    "negative": token_with(exp=-1), "UTF-16": signed(b'{"alg":"HS256"}', json.dumps({"sub": "a", "exp": NOW + 9}).encode("utf-16")),
    "byte order mark": signed(b'{"alg":"HS256"}', b"\xef\xbb\xbf" + json.dumps({"sub": "a", "exp": NOW + 9}).encode()),
    "not UTF-8": signed(b'{"alg":"HS256"}', b'{"sub":"\xff","exp":%d}' % (NOW + 9)), "one megabyte": token_with(x="x" * 1_000_000),
}  # fmt: skip
for wrong in (None, True, "1900000000", "never", [NOW + 9], {"a": 1}):
    for claim in ("exp", "nbf", "iat"):
        BAD[f"{claim} {wrong!r}"] = token_with(**{claim: wrong})


@pytest.mark.parametrize("name", BAD)
def test_bad_token_is_invalid_and_nothing_else(name):
    with pytest.raises(InvalidToken):
        verify_token(BAD[name], KEY, now=NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": "bank"},
        {"aud": "workshop"},
        {"aud": ["bank"]},
        {"aud": None},
        {"aud": [["shop"]]},
        {"aud": "SHOP"},
    ],
    ids=str,
)
def test_missing_or_other_audience_is_refused(claims):
    with pytest.raises(InvalidToken):
        verify_token(token_with(**claims), KEY, audience="shop", now=NOW)


@pytest.mark.parametrize("claims", [{}, {"iss": "x"}, {"iss": None}, {"iss": ["me"]}], ids=str)
def test_missing_or_other_issuer_is_refused(claims):
    with pytest.raises(InvalidToken):
        verify_token(token_with(**claims), KEY, issuer="me", now=NOW)


def test_three_of_the_four_spellings_are_refused():
    start = ALPHABET_IN_ORDER.index(usual[-1]) // 4 * 4
    spellings = [usual[:-1] + character for character in ALPHABET_IN_ORDER[start : start + 4]]
    assert usual in spellings
    for spelling in spellings:
        if spelling != usual:
            with pytest.raises(InvalidToken):
                verify_token(spelling, KEY, now=NOW)


ALPHABET_IN_ORDER = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


@pytest.mark.parametrize(
    "key", ["", "x" * 31, b"", None, 7, "-----BEGIN PUBLIC KEY-----" + "x" * 32, "é" * 32], ids=repr
)
@pytest.mark.parametrize(
    "token", [usual, None, 7, b"bytes", [], usual.encode()], ids=lambda value: type(value).__name__
)
def test_wrong_kinds_of_key_and_token_are_refused(key, token):
    with pytest.raises(InvalidToken):
        verify_token(token, key, now=NOW)


often = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


# What python-jose reads as JSON when it verifies: the text "a" is then the letter a, and an object is a JWK.
READ_AS_JSON = {
    "one byte in quotation marks": ('"a"' + " " * 40, "a"),
    "a number": ("7" * 40, str(int("7" * 40))),
    "a number with a point": ("1.50" + "0" * 40, "1.5"),
    "a JWK of an empty secret": ('{"kty": "oct", "k": "", "alg": "HS256"}', ""),
    "a JWK of one byte": ('{"kty": "oct", "k": "YQ", "alg": "HS256"}', "a"),
    "a list of keys": ('["a", "b"]' + " " * 40, "a"),
    "a set of keys": ('{"keys": [{"kty": "oct", "k": "YQ", "alg": "HS256"}]}', "a"),
    "null": ("null" + " " * 40, ""),
    "escapes": ('"\\u0061"' + " " * 40, "a"),
}


@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "bytes"])
@pytest.mark.parametrize("kind", READ_AS_JSON)
def test_the_key_is_exactly_the_bytes_that_were_given(kind, as_bytes):
    key, other = READ_AS_JSON[kind]
    given = key.encode() if as_bytes else key
    claims = b'{"sub":"ada","exp":%d}' % (NOW + 9)
    for wrong in (other, key.strip(), f"{other}\0", other * 40):
        # HMAC fills a key up with zeros (RFC 2104 §2): that is no other key.
        if wrong.rstrip("\0") != key:
            with pytest.raises(InvalidToken):
                verify_token(signed(b'{"alg":"HS256"}', claims, key=wrong), given, now=NOW)
    assert verify_token(signed(b'{"alg":"HS256"}', claims, key=key), given, now=NOW)["sub"] == "ada"


@often
@given(key=st.text(min_size=32, max_size=80), other=st.text(max_size=80))
def test_whatever_the_key_looks_like_it_verifies_what_it_signed_and_nothing_else(key, other):
    try:
        key.encode()
        other.encode()
    except UnicodeEncodeError:
        return
    claims = b'{"sub":"ada","exp":%d}' % (NOW + 9)
    assert verify_token(signed(b'{"alg":"HS256"}', claims, key=key), key, now=NOW)["sub"] == "ada"
    # HMAC fills a key up with zeros (RFC 2104 §2).
    if other.rstrip("\0") != key.rstrip("\0"):
        with pytest.raises(InvalidToken):
            verify_token(signed(b'{"alg":"HS256"}', claims, key=other), key, now=NOW)


# --- properties: whatever is done to a good token, it is refused, or says what was signed ---

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
claim_sets = st.dictionaries(
    st.sampled_from(["sub", "exp", "nbf", "iat", "iss", "aud", "jti", "crit", "x"])
    | st.text(max_size=4),
    json_values,
    max_size=6,
)


def verdict(token: str, **options) -> dict | None:
    """The claims, or None for InvalidToken; any other exception fails the test."""
    try:
        return verify_token(token, KEY, now=NOW, **options)
    except InvalidToken:
        return None


@often
@given(st.data())
def test_changed_text_is_never_accepted(data):
    token = data.draw(st.sampled_from([entry for entry, options in GOOD.values() if not options]))
    changed = list(token)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed)))
        kind = data.draw(st.sampled_from(["replace", "insert", "delete", "double", "cut"]))
        piece = data.draw(
            st.sampled_from([*ALPHABET, ".", "=", "+", "/", " ", "\n", "\0", "é", '"'])
        )
        if kind == "replace":
            changed[place : place + 1] = [piece]
        elif kind == "insert":
            changed[place:place] = [piece]
        elif kind == "delete":
            del changed[place : place + 1]
        elif kind == "double":
            changed[place:place] = changed[place : place + 20]
        else:
            del changed[place:]
    text = "".join(changed)
    assert verdict(text) is None or text == token


@often
@given(header=claim_sets, claims=claim_sets, kept=st.sampled_from(["header", "payload", "neither"]))
def test_other_claims_with_an_old_signature_are_never_accepted(header, claims, kept):
    new_head = (
        head if kept == "header" else encode_part(json.dumps({"alg": "HS256"} | header).encode())
    )
    new_body = (
        body
        if kept == "payload"
        else encode_part(json.dumps({"sub": "eve", "exp": NOW + 9} | claims).encode())
    )
    token = f"{new_head}.{new_body}.{mac}"
    assert verdict(token) is None or token == usual


@often
@given(header=claim_sets, claims=claim_sets)
def test_signed_nonsense_is_refused_or_says_what_was_signed(header, claims):
    claims = {"sub": "ada", "exp": NOW + 600} | claims
    token = signed(json.dumps({"alg": "HS256"} | header).encode(), json.dumps(claims).encode())
    before = copy.deepcopy(claims)
    read = verdict(token)
    if read is not None:
        assert read == before
        assert isinstance(read["sub"], str) and NOW < read["exp"] and "crit" not in header
        assert not any(
            isinstance(read.get(name, 0), bool) or math.isnan(read.get(name, 0))
            for name in ("exp", "nbf", "iat")
        )


@often
@given(parts=st.lists(st.binary(max_size=40), min_size=3, max_size=3), raw=st.text(max_size=60))
def test_noise_is_refused(parts, raw):
    assert verdict(raw) is None
    assert verdict(".".join(encode_part(part) for part in parts)) is None
    header, payload, _ = parts
    assert verdict(signed(header, payload)) is None
