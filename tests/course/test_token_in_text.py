"""Whatever stands around a token, it is found; what was pasted is said truly; nothing is made up where there is none."""

import json

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import debugger, show_token
from course.token_in_text import LONGEST_SEARCHED, find_token
from course.token_parts import encode_part, signed, unsigned

KEY = "k" * 64
TOKEN = jwt.encode({"sub": "ada", "exp": 1666720490}, KEY)
OTHER = jwt.encode({"sub": "grace"}, KEY)
HALF = len(TOKEN) // 2
INSIDE = [12, HALF, len(TOKEN) - 9]  # in the header, in the payload, in the signature

AROUND = {
    "white space": (f"  {TOKEN}\r\n", "white space around it"),
    "Bearer": (f"Bearer {TOKEN}", "It begins with 'Bearer '."),
    "header line": (f"Authorization: Bearer {TOKEN}", "a whole line of an HTTP header, Authorization."),
    "header line, small": (f"authorization:bearer {TOKEN}\n", "a whole line of an HTTP header, authorization."),
    "name": (f"token={TOKEN}", "It begins with 'token='."),
    "name and colon": (f"access_token: {TOKEN}", "It begins with 'access_token:'."),
    "cookie": (f"access_token_cookie={TOKEN}; Path=/; HttpOnly", "a cookie. The token is the value of access_token_cookie alone."),
    "Set-Cookie": (f"Set-Cookie: access_token_cookie={TOKEN}; Path=/", "a whole line of an HTTP header, Set-Cookie."),
    "Cookie": (f"Cookie: a=b; c={TOKEN}", "The token is the value of c alone."),
    "cookie signed elsewhere": (f"session=s%3A{TOKEN}", "more than a token here"),
    "JSON": (json.dumps({"access_token": TOKEN, "token_type": "bearer"}), "This is JSON. The token is the text at 'access_token'"),
    "JSON, deeper": (json.dumps({"data": [{"jwt": TOKEN}]}, indent=2), "This is JSON. The token is the text at 'jwt'"),
    "JSON of a request": (json.dumps({"headers": {"Authorization": f"Bearer {TOKEN}"}}), "at 'Authorization'"),
    "a dict of Python": (str({"access_token": TOKEN}), "more than a token here. The token at 'access_token'"),
    "bytes of Python": (repr(TOKEN.encode()), "wrapped in b'…', as Python shows bytes"),
    "quotes": (f"'{TOKEN}'", "wrapped in quotation marks"),
    "quotes of a letter": (f"“{TOKEN}”", "wrapped in quotation marks"),
    "curl": (f'curl -H "Authorization: Bearer {TOKEN}" http://localhost/me', "more than a token here. The token at 'Authorization'"),
    "address": (f"https://shop.example/back#access_token={TOKEN}&token_type=bearer", "at 'access_token'"),
    "shell": (f"export TOKEN={TOKEN}", "at 'TOKEN'"),
    "sentence": (f"My token is {TOKEN}. Why is it refused?", "more than a token here"),
    "a whole request": (f"GET /me HTTP/1.1\nAuthorization: Bearer {TOKEN}\nHost: localhost\n", "at 'Authorization'"),
    "twice": (f"{TOKEN}\n{TOKEN}", "more than a token here"),
    "byte order mark": ("\ufeff" + TOKEN, r"something invisible in it: \ufeff (a byte order mark)"),
}  # fmt: skip
INTO = {
    "zero-width space": ("\u200b", r"something invisible in it: \u200b (a zero-width space)"),
    "soft hyphen": ("\u00ad", r"something invisible in it: \xad"),
    "line break": ("\n", "There is a line break inside it"),
    "line break of Windows, indented": ("\r\n   ", "There is a line break inside it"),
    "line break of a shell": ("\\\n", "There is a line break inside it"),
    "blank": (" ", "There is white space inside it"),
}


def problems(text) -> str:
    return show_token(text).text.partition("PROBLEMS")[2]


@pytest.mark.parametrize("case", AROUND)
def test_the_token_in_a_text_is_drawn_and_the_text_is_named(case):
    text, said = AROUND[case]
    assert find_token(text).token == TOKEN
    assert said in problems(text)
    assert '"ada"' in show_token(text).text and "base64url" not in problems(text)


@pytest.mark.parametrize("case", INTO)
@pytest.mark.parametrize("at", INSIDE, ids=["header", "payload", "signature"])
def test_what_copying_puts_into_a_token_is_taken_out_and_said(case, at):
    inside, said = INTO[case]
    for before, after in (("", ""), ("Authorization: Bearer ", "\nHost: localhost"), ('"', '"')):
        # By a blank, a signature and the word behind it look alike: there the text is not taken for a broken token.
        if case == "blank" and at == INSIDE[2] and not after:
            continue
        text = before + TOKEN[:at] + inside + TOKEN[at:] + after
        assert find_token(text).token == TOKEN, text
        assert said in problems(text)


@given(st.lists(st.integers(len("eyJ"), len(TOKEN) - 1), max_size=4), st.sampled_from(["\n", "\r\n\t", "\u2028"]))  # fmt: skip
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_token_broken_anywhere_is_found_whole(places, line_break):
    text = TOKEN
    for place in sorted(set(places), reverse=True):
        text = text[:place] + line_break + text[place:]
    assert find_token(f"Bearer {text}\nsays the log").token == TOKEN


@pytest.mark.parametrize(("text", "names"), [
    (json.dumps({"access_token": TOKEN, "refresh_token": OTHER}), "2 tokens in it: access_token and refresh_token."),
    (str({"access_token": TOKEN, "refresh_token": OTHER}), "2 tokens in it: access_token and refresh_token."),
    (f"Cookie: a={TOKEN}; b={OTHER}", "2 tokens in it: a and b."),
    (f"{TOKEN}\n{OTHER}\n", "2 tokens in it: number 1 and number 2."),
    (f"Authorization: Bearer {TOKEN}\nCookie: session={OTHER}", "2 tokens in it: Authorization and session."),
    (" ".join(jwt.encode({"n": n}, KEY) for n in range(9)), "number 5 and 4 more."),
], ids=["JSON", "dict", "cookie", "lines", "request", "nine"])  # fmt: skip
def test_several_tokens_are_named_and_none_is_chosen(text, names):
    shown = show_token(text)
    assert names in shown.text and "Paste one of them alone." in shown.text
    assert "HEADER" not in shown.text and "eyJ" not in shown.text
    form = debugger(text, KEY)
    assert names in form.verdict.value and form.payload.value == ""


@pytest.mark.parametrize(("text", "said"), [
    ('{"error": "invalid_grant"}', "This is JSON, and no text in it is a token."),
    ('{"payload": "e30", "signatures": []}', "a token in the form of JSON (RFC 7515 §7.2"),
    ("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----", "a key or a certificate (PEM)"),
    ("   \n", "there is nothing to be seen in it"),
    ("\u200b\ufeff", "there is nothing to be seen in it"),
    (f"{TOKEN} " * 2000, "too many to look for a token in them"),
    ("eyJhbGciOiJIUzI1NiJ9", "It has 1 part."),
    ("www.example.com", "The header is base64url, but what it holds is not"),
], ids=lambda value: value[:30])  # fmt: skip
def test_what_holds_no_token_is_called_what_it_is(text, said):
    assert said in problems(text)


def test_a_damaged_token_is_not_taken_for_another_one():
    """A payload without its header, or with a damaged one, looks like a token of its own."""
    head, payload, signature = signed({"alg": "HS256"}, {"sub": "ada"}, KEY).split(".")
    for text in (f"!{head}.{payload}.{signature}", f"abc.{payload}.{signature}", f"x.{payload}."):
        assert find_token(text).token in (text, text[1:])
        assert "more than a token" not in problems(text) or text[0] == "!"


def test_a_part_that_is_no_base64url_is_still_told_in_a_longer_text():
    broken = TOKEN.replace(".ey", ".+y")
    assert "'+' is not in the base64url alphabet" in problems(json.dumps({"access_token": broken}))
    assert "leaves the padding out" in problems(f"Bearer {TOKEN}=")


def test_words_behind_a_token_are_not_part_of_it():
    for algorithm in ("HS256", "HS384", "HS512"):
        token = jwt.encode({"sub": "ada"}, KEY, algorithm)
        for words in ("thanks", "Best regards\nAda", "a.b.c"):
            assert find_token(f"{token}\n{words}").token == token


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=40))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_around_a_token_raises(before, after):
    for text in (before + TOKEN + after, before + after, json.dumps([before, TOKEN, after])):
        found = find_token(text)
        assert isinstance(found.token, str)
        assert len(show_token(text).text) < 30_000


@pytest.mark.parametrize("unit", ["eyJ\n", "eyJ.", '"', "b'", "{", "a=b; ", f"{unsigned({})} ", "a.", "\\", "=", encode_part({"alg": "X"}) + ".\n"])  # fmt: skip
def test_no_text_takes_long(unit):
    """Each is as long as it may be and one longer; the time limit of a test is the judge of a loop that explodes."""
    text = unit * (LONGEST_SEARCHED // len(unit))
    assert isinstance(find_token(text).token, str)
    assert isinstance(find_token(text + unit).token, str)
