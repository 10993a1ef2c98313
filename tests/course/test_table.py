"""A table says the same as text and as HTML, in order, and runs nothing."""

from bs4 import BeautifulSoup

from course import show_table

HEADS = ["bad token", "python-jose", "PyJWT"]
ROWS = [
    ["alg none", "refused", "refused"],
    ["payload not an object", "ACCEPTED", "CRASH RecursionError"],
    ["refused, of 2", 1, 1],
]


def test_text_is_aligned():
    assert show_table(HEADS, ROWS).text.splitlines() == [
        "bad token              python-jose  PyJWT",
        "alg none               refused      refused",
        "payload not an object  ACCEPTED     CRASH RecursionError",
        "refused, of 2          1            1",
    ]


def test_html_has_the_same_cells_with_heads_for_rows_and_columns():
    soup = BeautifulSoup(show_table(HEADS, ROWS).html, "html.parser")
    cells = [[cell.text for cell in row.find_all(["th", "td"])] for row in soup.find_all("tr")]
    assert cells == [HEADS, *[[str(cell) for cell in row] for row in ROWS]]
    assert [head.text for head in soup.find_all("th", scope="col")] == HEADS
    assert [head.text for head in soup.find_all("th", scope="row")] == [row[0] for row in ROWS]


def test_cells_do_not_run_as_html():
    assert "<script" not in show_table(["a", "<script>"], [["<script>", "<script>"]]).html
