"""``show_token`` never raises, names what is wrong, hides nothing, and lets no token run as HTML."""

import re
import time

import pytest
from joserfc import jwe
from joserfc.jwk import OctKey

from course import show_token
from course.token_parts import ARTICLE_TOKEN, HEADER, LONGEST_READ, encode_part, signed, unsigned


def test_a_good_token_is_decoded_with_its_dates():
    shown = show_token(ARTICLE_TOKEN)
    for words in ("<- header", "<- payload", "<- signature", 'alg  "HS256"', 'sub  "your-username"',
                  "1666720490   2022-10-25 17:54:50 UTC, expired", "bytes  32, not checked"):  # fmt: skip
        assert words in shown.text
    assert "PROBLEMS" not in shown.text and "Problems" not in shown.html


def test_html_and_text_say_the_same():
    shown = show_token(ARTICLE_TOKEN + "\n")
    bare = re.sub(r"<[^>]+>|&nbsp;", " ", shown.html).replace("&quot;", '"')
    for words in (
        "Header",
        "Payload",
        "Signature",
        '"HS256"',
        "2022-10-25 17:54:50 UTC, expired",
        "white space around it",
    ):
        assert words in bare and words.lower() in shown.text.lower()


def test_a_date_to_come_is_shown_without_words_that_age():
    soon = show_token(unsigned({"exp": int(time.time()) + 60})).text
    assert "expired" not in soon and "UTC" in soon


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("", "the text is empty"),
        (None, "expected text (str), got NoneType"),
        (7, "expected text (str), got int"),
        (b"\xff\xfe", "not ASCII"),
        ("abc", "It has 1 part."),
        (ARTICLE_TOKEN.rpartition(".")[0], "It has 2 parts"),
        (ARTICLE_TOKEN + ".x", "It has 4 parts"),
        (f'"{ARTICLE_TOKEN}"', "wrapped in quotation marks"),
        (f"Bearer {ARTICLE_TOKEN}", "begins with 'Bearer '"),
        (ARTICLE_TOKEN.replace("Iiwi", "Ii\nwi"), "line break"),
        (ARTICLE_TOKEN + "=", "leaves the padding out"),
        (ARTICLE_TOKEN.replace(".ey", ".+y"), "'+' is not in the base64url alphabet"),
        (ARTICLE_TOKEN[:-2], "impossible"),
        (ARTICLE_TOKEN.rpartition(".")[0] + ".", "The signature is empty"),
        (unsigned(b"hello"), "not JSON"),
        (unsigned(b"\xff\xfe"), "not UTF-8"),
        (unsigned(["sub"]), "not an object"),
        (unsigned(b'{"sub":"a","sub":"b"}'), "names 'sub' twice"),
        (unsigned({"exp": 1666720490000}), "milliseconds"),
        (unsigned({"exp": "tomorrow"}), "not a number of seconds"),
        (unsigned({"exp": True}), "not a number of seconds"),
        (unsigned(b'{"exp": 1e999}'), "not a number of seconds"),
        (unsigned(b'{"exp": ' + b"9" * 400 + b"}"), "milliseconds"),
        (unsigned(b'{"n": ' + b"9" * 5000 + b"}"), "The payload"),
        (unsigned(b"[" * 100_000), "Only the beginning is drawn"),
        (encode_part(b"[" * 2_900) + ".e30.AAAA", "The header"),
        ("x" * 1_000_000, "1,000,000 characters"),
        (unsigned(b'{"n": ' + b"9" * 5000 + b"}"), "a number of more digits than Python reads"),
        (
            unsigned(b'{"n": NaN}'),
            "The payload says NaN. Python's json writes and reads that; JSON has no such number (RFC 8259",
        ),
        (unsigned(b'{"n": Infinity, "m": [-Infinity]}'), "says Infinity and -Infinity."),
        (unsigned(b'{"exp": NaN}'), "'exp' is not a number of seconds"),
        (unsigned(b'{"n": 1e999}'), "a number too large for Python: of 1e999 it makes Infinity"),
        (f"{encode_part(HEADER)}..AAAA", "The payload is empty."),
        (
            ARTICLE_TOKEN + ".x.y",
            "It has 5 parts, as an encrypted token has (JWE, RFC 7516), but no header that names enc.",
        ),
        (ARTICLE_TOKEN.encode("utf-16"), "These bytes are UTF-16, not ASCII"),
        (unsigned({"x": "y" * 12_100}), "A part of more than 16,000 is not read."),
        ("." * 100_000, "It has 100,001 parts."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_said(token, problem):
    shown = show_token(token)
    assert problem in shown.text.split("PROBLEMS")[1]
    assert len(shown.text) < 30_000 and len(shown.html) < 60_000


def test_a_token_is_attackers_input():
    script = "<script>alert(1)</script>"
    token = unsigned({script: script, "sub": "ad\u202ea\u0000"})
    shown = show_token(token)
    assert "<script" not in shown.html
    assert "\u202e" not in shown.html + shown.text and "\\u202e" in shown.text
    assert "<script" not in show_token(script).html


def test_parts_that_cannot_be_read_do_not_hide_those_that_can():
    header = encode_part({"alg": "HS256"})
    assert 'alg  "HS256"' in show_token(f"{header}.!.!").text


@pytest.mark.parametrize("hidden", [
    "\u3164", "\u00ad", "\ufe0f", "\u2800", "\U000e0041", "\u115f", "\u17b4", "\u180e", "\u034f", "\uffa0", "\u2064", "\U0001d173",
], ids=ascii)  # fmt: skip
def test_nothing_in_a_claim_is_drawn_as_nothing(hidden):
    shown = show_token(unsigned({"sub": f"adm{hidden}in", f"ro{hidden}le": "x"}))
    for drawn in (shown.text, shown.html):
        assert hidden not in drawn
        assert drawn.count(ascii(hidden)[1:-1]) >= 2


@pytest.mark.parametrize("length", [4_001, 8_000, 15_900])
def test_a_long_token_is_read_to_its_end_and_has_no_problem(length):
    room = (length - len(signed(HEADER, {"exp": 1666720490, "note": ""}, "k"))) * 3 // 4
    token = signed(HEADER, {"exp": 1666720490, "note": "x" * room, "sub": "ada"}, "k")
    assert length <= len(token) <= LONGEST_READ
    shown = show_token(token)
    assert "PROBLEMS" not in shown.text and "Problems" not in shown.html
    for words in ('"ada"', "2022-10-25 17:54:50 UTC, expired", "bytes  32", f"The token has {len(token):,} characters. All of it was read"):  # fmt: skip
        assert words in shown.text
    assert len(shown.text) < 30_000 and len(shown.html) < 60_000


def test_many_claims_are_counted_and_the_last_is_still_judged():
    shown = show_token(unsigned({**{f"c{n}": n for n in range(900)}, "exp": "tomorrow"}))
    assert "(841 more)" in shown.text and "'exp' is not a number of seconds" in shown.text
    assert len(shown.html) < 60_000
    repeated = b"{" + b",".join(b'"%d":1,"%d":2' % (n, n) for n in range(500)) + b"}"
    assert "And 480 more." in show_token(unsigned(repeated)).text


@pytest.mark.parametrize("encrypted_key", [b"", b"k" * 256], ids=["dir", "RSA-OAEP"])
def test_an_encrypted_token_is_called_so_and_its_header_is_shown(encrypted_key):
    """The parts of RFC 7516, appendix A.1, with their lengths."""
    header = {"alg": "RSA-OAEP", "enc": "A256GCM"}
    parts = [header, encrypted_key, b"i" * 12, b"c" * 63, b"t" * 16]
    shown = show_token(".".join(encode_part(part) for part in parts))
    assert "PROBLEMS" not in shown.text
    for words in ("NOTES", "This token is encrypted (JWE, RFC 7516).", 'enc  "A256GCM"', "<- initialization vector",
                  f"ENCRYPTED KEY\n  bytes  {len(encrypted_key)}\n", "CIPHERTEXT\n  bytes  63\n", "AUTHENTICATION TAG\n  bytes  16"):  # fmt: skip
        assert words in shown.text
    assert "PAYLOAD" not in shown.text and "vouches" not in shown.text


def test_an_encrypted_token_made_by_a_library_is_read():
    key = OctKey.import_key("k" * 32)
    token = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, b'{"sub":"ada"}', key)
    shown = show_token(f"Bearer {token}")
    assert "encrypted (JWE" in shown.text and "begins with 'Bearer '" in shown.text
    assert "parts" not in shown.text.split("PROBLEMS")[1]
