"""What is said against a key is true of it; and of random bytes, whatever their spelling, only their number is said."""

import base64
import random
import string

import pytest

from course.key_strength import doubts_about

SHORT = "the key is short: "
BY_TRYING = "found by trying"
TRIED_FIRST = "tried first"


def text_of(alphabet: str, length: int):
    return lambda chance: "".join(chance.choices(alphabet, k=length))


RANDOM = {
    "token_hex(16)": lambda chance: chance.randbytes(16).hex(),
    "token_hex(32)": lambda chance: chance.randbytes(32).hex(),
    "token_urlsafe(32)": lambda chance: base64.urlsafe_b64encode(chance.randbytes(32)).decode().rstrip("="),
    "openssl rand -base64 64": lambda chance: base64.b64encode(chance.randbytes(64)).decode(),
    "base32": lambda chance: base64.b32encode(chance.randbytes(40)).decode(),
    "38 printable characters": text_of(string.printable[:94], 38),
    "24 letters and digits": text_of(string.ascii_letters + string.digits, 24),
    "50 small letters": text_of(string.ascii_lowercase, 50),
    "39 digits": lambda chance: str(chance.getrandbits(128)),
    "256 bits as 0 and 1": text_of("01", 256),
}  # fmt: skip


@pytest.mark.parametrize("kind", RANDOM)
@pytest.mark.parametrize("wanted", [32, 64])
def test_of_a_random_key_nothing_but_its_length_is_said(kind, wanted):
    chance = random.Random(kind)
    for _ in range(2_000):
        key = RANDOM[kind](chance)
        short = len(key) < wanted
        said = (
            f" ⚠ But {SHORT}{len(key)} of at least {wanted} bytes (RFC 7518 §3.2)." if short else ""
        )
        assert doubts_about(key, wanted) == said, key


@pytest.mark.parametrize(("key", "why"), [
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "is one character, again and again"),
    ("abcabcabcabc", "is one piece, again and again"),
    ("12345678901234567890123456789012", "is a row of the alphabet, of numbers or of the keyboard"),
    ("zyxwvutsrqponmlkjihgfedcba", "is a row of the alphabet"),
    ("qwertyuiopasdfgh", "is a row of the alphabet, of numbers or of the keyboard"),
    ("secret", "has words of examples in it"),
    ("your-256-bit-secret", "has words of examples in it"),
    ("ChangeMe", "has words of examples in it"),
    ("a-string-secret-at-least-256-bits-long", "reads like words"),
    ("correct horse battery staple", "reads like words"),
    ("this is the signing material of our shop", "reads like words"),
])  # fmt: skip
def test_what_anybody_can_see_in_a_key_is_said_at_any_length(key, why):
    for wanted in (8, 32, 64):
        said = doubts_about(key, wanted)
        assert f"{why}" in said and TRIED_FIRST in said
        assert (SHORT in said) == (len(key) < wanted)


@pytest.mark.parametrize(("key", "can_be_found"), [
    ("x9", True), ("k3Y!p", True), ("09715532", True), ("qzjxkvbw", True),
    ("k3Y!pQ9z$w", False), ("4f1d9b27c6a830e5", False), ("é" * 3 + "kZ7§ßµ", False),
])  # fmt: skip
def test_by_trying_is_said_where_all_can_be_tried(key, can_be_found):
    said = doubts_about(key, 32)
    assert SHORT in said and (BY_TRYING in said) == can_be_found


def test_bytes_are_counted_and_not_characters():
    assert f"{SHORT}30 of at least 32 bytes" in doubts_about("éàüöß" * 3, 32)
    assert doubts_about("éàüößçñøåîôêâûïÿ", 32) == ""
