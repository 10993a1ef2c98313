"""What can be known of a key by looking at it: too few bytes, a pattern, words. Never that it is good.

Whoever looks cannot tell a random key from one that somebody else knows. So a key of random bytes is not doubted beyond
its length, and a doubt is said only where it is true of the key at hand.
"""

import math
import re

# 2 to the power of this is what a hired machine tries in days: a card for games tries about 2**31 keys for HS256 a second.
BITS_FOUND_BY_TRYING = 56
KINDS = ((r"[a-z]", 26), (r"[A-Z]", 26), (r"[0-9]", 10), (r"[^a-zA-Z0-9]", 33))
# What examples and answers on the web have for a key, alone or as a piece of one.
USUAL = re.compile(
    r"secret|passw|change.?me|example|your.?\d*.?(bit|key|secret)|super|default|testing|admin|qwerty|letmein"
    r"|jwt.?(key|token)|(my|the|private|shared|practice).?key",
    re.IGNORECASE,
)
ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiopasdfghjklzxcvbnm", "0123456789abcdef")  # fmt: skip
# The commonest pairs of letters in English words: which letters follow which.
FOLLOWERS = {
    "a": "cdilnrsty", "b": "e", "c": "aehot", "d": "eio", "e": "acdelmnrst", "f": "o", "g": "e",
    "h": "aeio", "i": "cdlmnost", "k": "e", "l": "adeiloy", "m": "aeo", "n": "acdegost",
    "o": "fmnrtuw", "p": "eor", "r": "aeios", "s": "aeiost", "t": "aehiors", "u": "lnrst",
    "v": "e", "w": "ehi",
}  # fmt: skip
PAIRS = frozenset(one + other for one, others in FOLLOWERS.items() for other in others)


def doubts_about(key: str, wanted: int) -> str:
    """What speaks against an HMAC key that should have ``wanted`` bytes, as text behind a verdict; "" for nothing."""
    length = len(key.encode())
    said = []
    if length < wanted:
        said.append(f"the key is short: {length} of at least {wanted} bytes (RFC 7518 §3.2).")
    if pattern := _pattern_of(key):
        said.append(f"{'it' if said else 'the key'} {pattern}: such keys are tried first.")
    elif _bits_at_most(key) < BITS_FOUND_BY_TRYING:
        said.append("One so short can be found by trying them all.")
    return f" ⚠ But {' '.join(_as_sentences(said))}" if said else ""


def _as_sentences(said: list[str]) -> list[str]:
    return [said[0], *[each[0].upper() + each[1:] for each in said[1:]]]


def _bits_at_most(key: str) -> float:
    """As if every character were drawn from all of its kinds: a key that people think up has fewer."""
    alphabet = sum(size for kind, size in KINDS if re.search(kind, key))
    return len(key) * math.log2(alphabet) if key else 0.0


def _pattern_of(key: str) -> str:
    """What a key is made of, if anybody can see it."""
    if len(key) > 1 and len(set(key)) == 1:
        return "is one character, again and again"
    if re.fullmatch(r"(.{1,16}?)\1+", key, re.DOTALL) and len(key) >= 4:
        return "is one piece, again and again"
    lower = key.lower()
    if len(key) >= 4 and any(lower in row * 8 or lower in row[::-1] * 8 for row in ROWS):
        return "is a row of the alphabet, of numbers or of the keyboard"
    if 4 * sum(len(each[0]) for each in USUAL.finditer(key)) >= len(key):
        return "has words of examples in it"
    if _reads_like_words(key):
        return "reads like words"
    return ""


def _reads_like_words(key: str) -> bool:
    """Whether its letters follow each other as in English, so much more often than by chance that chance is out.

    By chance a pair of letters is one of ``PAIRS`` once in seven times. How far a key lies above that is measured in
    standard deviations, and six of them are asked for.
    """
    if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", key):
        return False
    runs = [each.lower() for each in re.findall(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}", key)]
    if sum(map(len, runs)) < 0.75 * len(re.sub(r"[\s_.,:;-]", "", key)):
        return False
    pairs = [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
    usual = sum(pair in PAIRS for pair in pairs)
    by_chance = len(PAIRS) / 26**2
    deviation = math.sqrt(len(pairs) * by_chance * (1 - by_chance))
    return bool(pairs) and usual - len(pairs) * by_chance > 6 * deviation
