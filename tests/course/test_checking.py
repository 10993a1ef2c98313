"""``check`` never raises at a learner, whatever the answer does."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from course import check, checking, hint


def answer_that(action):
    def decode_part(part):
        return action()

    return decode_part


def _raise(error):
    raise error


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answer_that(lambda: _raise(RuntimeError("boom"))), "raised `RuntimeError: boom`"),
        (answer_that(lambda: _raise(SystemExit)), "ends the program"),
        (answer_that(lambda: _raise(GeneratorExit())), "raised `GeneratorExit`"),
        (answer_that(lambda: print("noise")), "It printed `noise`"),
        (lambda: b"", "takes 0 positional arguments"),
        (42, "It got an int"),
        ("text", "It got a str"),
        (object(), "It got an object"),
    ],
)
def test_whatever_the_answer_does_is_reported(answer, words, capsys):
    result = check("1.2", answer)
    assert result.outcome == checking.NOT_YET and words in result.text
    assert capsys.readouterr().out == ""


def busy(part):
    while True:
        pass


def asleep(part):
    time.sleep(60)


@pytest.mark.parametrize("answer", [busy, asleep])
@pytest.mark.parametrize(
    "ctrl_c", [signal.default_int_handler, signal.SIG_IGN, signal.SIG_DFL], ids=str
)
def test_answer_without_end_is_stopped_and_reported(monkeypatch, answer, ctrl_c):
    monkeypatch.setattr(checking, "TIME_LIMIT", 0.3)
    before = signal.signal(signal.SIGINT, ctrl_c)
    try:
        started = time.monotonic()
        result = check("1.2", answer)
        assert signal.getsignal(signal.SIGINT) == ctrl_c
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.outcome == checking.NOT_YET and "Does a loop never end?" in result.text
    # Windows cannot wake a sleeper; it reports him when he wakes.
    assert time.monotonic() - started < 20 or sys.platform == "win32"


def test_endless_loop_is_stopped_in_a_notebook():
    code = (
        "import nbformat, nbclient\n"
        "cell = nbformat.v4.new_code_cell('''import course.checking\ncourse.checking.TIME_LIMIT = 1\n"
        "def decode_part(part):\n    while True: pass\nresult = course.check(\"1.2\", decode_part)\nprint(result)''')\n"
        "notebook = nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell('print(result.outcome)')])\n"
        "nbclient.NotebookClient(notebook, kernel_name='python3', timeout=30).execute()\n"
        "print(notebook.cells[0].outputs[0].text, notebook.cells[1].outputs[0].text)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert "Does a loop never end?" in done.stdout and done.stdout.rstrip().endswith("not yet"), (
        done.stdout + done.stderr
    )


def test_check_works_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(check("1.1", 3)))
    thread.start()
    thread.join()
    assert results[0].outcome == checking.CORRECT


def test_fault_of_a_judge_is_not_blamed_on_the_learner(monkeypatch):
    broken = checking.Exercise("1.1", lambda answer: _raise(ZeroDivisionError("judge")), ("a", "b"))
    checking.find_exercise("1.1")
    monkeypatch.setitem(checking._exercises, "1.1", broken)
    result = check("1.1", 3)
    assert result.outcome == checking.FAULT and "not yours" in result.text


@pytest.mark.parametrize("wrong_id", ["1.9", "9", "", 1.2, None, "../x"])
def test_unknown_id_names_those_there_are(wrong_id):
    for result in (check(wrong_id, 3), hint(wrong_id)):
        if wrong_id == 1.2:  # a number in place of text is understood
            continue
        assert result.outcome == checking.NOT_YET and "There is no exercise" in result.text


def test_three_outcomes_differ_in_sign_and_words():
    signs = {check("1.1", answer).text[:4] for answer in (3, 2, ...)}
    assert len(signs) == 3 and {sign[0] for sign in signs} == {"✓", "✗", "○"}


def test_html_of_a_message_is_escaped():
    result = check("1.1", "<script>alert(1)</script>")
    assert "<script>" not in result.html and "&lt;script&gt;" in result.html


def test_hint_below_a_check_in_one_cell_shows_the_verdict_too(monkeypatch):
    runs = iter([7, 7, 8])
    monkeypatch.setattr(checking, "_run_of_the_cell", lambda: next(runs))
    verdict = check("1.1", 2)
    both, alone = hint("1.1"), hint("1.1")
    assert both.text.startswith(f"{verdict.text}\n→ Hint") and verdict.html in both.html
    assert alone.text.startswith("→ Hint")
