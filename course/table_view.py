"""``show_table``: what was tried, in rows and columns that keep their words whole at any width."""

import html
from collections.abc import Sequence

from course.shown import NO_TEX, Shown, style

# The first word of a cell tells how it is coloured.
COLOUR_OF_A_WORD = {"refused": "good", "ACCEPTED": "bad", "CRASH": "bad"}


def show_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Shown:
    """Draw a table; the first column names the rows.

    A printed table is broken in the middle of a word as soon as its window is narrow: JupyterLab cuts every line that is
    too long for it.
    """
    lines = [[str(cell) for cell in row] for row in (heads, *rows)]
    return Shown(_as_text(lines), _as_html(lines))


def _as_text(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )


def _as_html(lines: list[list[str]]) -> str:
    # Against JupyterLab's own, which aligns to the right and leaves much room; a space between two cells keeps their words
    # apart where tags are stripped.
    looks = "text-align:left;padding:1px 0.35em;white-space:normal;word-break:keep-all;overflow-wrap:normal;"
    heads, *rows = [[html.escape(cell) for cell in line] for line in lines]
    head = " ".join(f'<th scope="col" style="{looks}">{cell}</th>' for cell in heads)
    body = []
    for name, *cells in rows:
        drawn = [f'<th scope="row" style="{looks}font-weight:normal">{name}</th>']
        for cell in cells:
            colour = COLOUR_OF_A_WORD.get(cell.partition(" ")[0])
            drawn.append(
                f"<td {style(colour, looks) if colour else f'style={looks!r}'}>{cell}</td>"
            )
        body.append(f"<tr>{' '.join(drawn)}</tr>")
    return (
        f'<div {NO_TEX} style="overflow-x:auto"><table style="margin:0;border-collapse:collapse">'
        f"<thead><tr>{head}</tr></thead> <tbody>{' '.join(body)}</tbody></table></div>"
    )
