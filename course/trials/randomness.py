"""What random text is worth: how much chance went into it, and how much is seen to come out."""

import math
import os
import random
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from course.trials.names import functions_behind, names_in, replaced_in

# Whoever calls one of these may get chance from where it cannot be counted, such as `openssl rand`.
ELSEWHERE = {
    "Popen", "check_output", "generate", "generate_key", "generate_private_key", "getoutput", "open", "popen", "run",
    "read_bytes",
}  # fmt: skip


@dataclass
class Drawn:
    """What one call took."""

    bits: int = 0
    # From Mersenne's twister, whose next numbers can be computed from those before.
    predictable: bool = False


def comes_from_elsewhere(function: Callable) -> bool:
    """Whether the function may get its chance from a place where ``counted_randomness`` cannot see it."""
    return bool(names_in(function) & ELSEWHERE)


@contextmanager
def counted_randomness(function: Callable) -> Iterator[Drawn]:
    """Count the random bits that the operating system is asked for; an upper bound of the chance in the result."""
    drawn = Drawn()

    def counted(source):
        def draw(size, *more):
            drawn.bits += 8 * size
            return source(size, *more)

        return draw

    def noticed(source):
        def draw(*arguments):
            drawn.predictable = True
            return source(*arguments)

        return draw

    # `random` keeps os.urandom under a name of its own, and `secrets` draws by way of `random`.
    sources = [os.urandom, ssl.RAND_bytes]
    sources += [os.getrandom] if hasattr(os, "getrandom") else []
    stand_ins = {id(source): counted(source) for source in sources}
    modules = [os.__dict__, random.__dict__, ssl.__dict__]
    # SystemRandom has methods of its own with these names.
    twister = {name: getattr(random.Random, name) for name in ("random", "getrandbits")}
    try:
        for name, method in twister.items():
            setattr(random.Random, name, noticed(method))
        with replaced_in(
            functions_behind(function),
            modules,
            lambda value: stand_ins.get(id(value), value),
            set(stand_ins),
        ):
            yield drawn
    finally:
        for name in twister:
            delattr(random.Random, name)


def bits_worth(texts: list[str]) -> float:
    """An upper estimate of the random bits in texts of one kind, from some hundred of them.

    Each position counts by what is seen to vary there, and not at all if another position tells it already.
    """
    longest = max(map(len, texts))
    # Numbers grow to the left, so texts of different lengths are compared from the right.
    columns = [column for column in zip(*(text.rjust(longest, "\0") for text in texts))]
    columns = [column for column in columns if len(set(column)) > 1]
    alphabet = set().union(*columns) - {"\0"}
    kept: list[tuple[str, ...]] = []
    for column in columns:
        if any(_tells(other, column) for other in kept):
            continue
        kept = [other for other in kept if not _tells(column, other)] + [column]
    return sum(_bits_at(column, len(alphabet)) for column in kept)


def _tells(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the characters in one position determine those in the other."""
    # Where hardly a character came twice, nothing can be said.
    if len(one) - len(set(one)) < 20:
        return False
    seen: dict[str, str] = {}
    return all(seen.setdefault(first, second) == second for first, second in zip(one, other))


def _bits_at(column: tuple[str, ...], alphabet: int) -> float:
    """The entropy of one position: estimated (Miller and Madow), and full if the estimate comes near to that."""
    counts = Counter(column).values()
    total = len(column)
    seen = sum(count / total * math.log2(total / count) for count in counts)
    estimate = seen + (len(counts) - 1) / (2 * total * math.log(2))
    full = math.log2(max(alphabet, 2))
    return full if estimate > full - 0.35 else estimate
