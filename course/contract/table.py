"""The verdict of the contract as text: the table, what is broken by its cause, and the count."""

from collections.abc import Sequence
from itertools import groupby

from course.contract.service import BROKEN, NOT_REACHED, Row

_TITLES = ("level", "request", "expected", "got", "verdict")


def as_table(rows: Sequence[Row]) -> str:
    """The rows as lines of text. Neighbours that were not reached for one reason share a line."""
    lines = [_TITLES]
    for key, group in groupby(rows, _why_not_reached):
        together = list(group)
        if key and len(together) > 1:
            level, got = key
            lines.append((level, f"{len(together)} requests", "", got, NOT_REACHED))
        else:
            lines += [(r.level, r.request, r.expected, r.got, r.verdict) for r in together]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines
    )


def _why_not_reached(row: Row) -> tuple[str, str] | None:
    return (row.level, row.got) if row.verdict == NOT_REACHED else None


def as_causes(rows: Sequence[Row]) -> str:
    """What is broken, each cause once: how many rows it broke, and the first of them as a command to repeat it."""
    by_cause: dict[str, list[Row]] = {}
    for row in rows:
        for cause in row.causes:
            by_cause.setdefault(cause, []).append(row)
    lines = []
    for cause, broken in sorted(by_cause.items(), key=lambda item: -len(item[1])):
        noun = "row" if len(broken) == 1 else "rows"
        lines += [f"{len(broken)} {noun}: {cause}", f"    first: {broken[0].request}"]
        if broken[0].curl:
            lines.append(f"    {broken[0].curl}")
        if cause.startswith("500 "):
            lines.append(
                "    A 500 is an exception in your code: its traceback is where your service runs."
            )
    return "\n".join(lines)


def as_count(rows: Sequence[Row]) -> str:
    """How many rows are kept, of how many in all."""
    kept = sum(row.kept for row in rows)
    count = f"{kept} of {len(rows)} kept"
    if kept == len(rows):
        return f"{count}."
    broken = sum(row.verdict == BROKEN for row in rows)
    return f"{count}, {broken} broken, {len(rows) - kept - broken} not reached."
