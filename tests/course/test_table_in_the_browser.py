"""The scoreboard of lesson 05 at the width of half a screen: no word is cut, and nothing has to be scrolled for."""

import pytest
from playwright.sync_api import expect

from tests.conftest import new_page
from tests.lab import PICTURES, open_lesson, run_all
from tests.learner.running_course import RunningCourse

LESSON = "05_refuse_bad_tokens"
# Every word of the table that is drawn on more than one line.
CUT_WORDS = """table => {
  const cut = [];
  const walker = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const word of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) cut.push(word[0]);
    }
  return cut;
}"""


@pytest.fixture(scope="module")
def boards(context, course: RunningCourse):
    with new_page(context) as page:
        open_lesson(page, course, LESSON)
        run_all(page, course, LESSON)
        yield page.locator(".jp-OutputArea-output table")


@pytest.mark.parametrize("width", [1280, 760])
def test_board_keeps_its_words_whole(boards, width):
    boards.page.set_viewport_size({"width": width, "height": 1000})
    expect(boards).to_have_count(2)
    PICTURES.mkdir(exist_ok=True)
    for number, columns in enumerate((4, 3)):
        board = boards.nth(number)
        board.scroll_into_view_if_needed()
        boards.page.screenshot(path=PICTURES / f"scoreboard_{number}_{width}.png")
        expect(board.get_by_role("columnheader")).to_have_count(columns)
        expect(board.get_by_role("row")).to_have_count(33)
        assert board.evaluate(CUT_WORDS) == []
        assert board.evaluate("table => table.parentElement.scrollWidth <= table.parentElement.clientWidth")  # fmt: skip


def test_the_measure_finds_a_cut_word(page):
    page.set_content("<pre style='width:4ch;white-space:pre-wrap;word-break:break-all'>refused no</pre>")  # fmt: skip
    assert page.locator("pre").evaluate(CUT_WORDS) == ["refused"]
