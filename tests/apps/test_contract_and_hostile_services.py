"""No service ends the contract with a traceback, holds it up for ever, fills the memory, or speaks to the terminal."""

import gzip
import json
import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress

import pytest

from course.contract import as_causes, as_count, as_table, hold, wire
from course.contract.service import BROKEN, LATE_ANSWERS, Service
from course.token_parts import encode_part
from tests.apps.broken import ROWS, ROWS_BY_COOKIE
from tests.apps.test_contract_breaks import course_contract

ESCAPE = "\x1b]0;owned\x07\x1b[2J\u202e\u009b31m"


@contextmanager
def raw_service(answer: Callable[[socket.socket, bytes], None]):
    """A server that reads a request and lets ``answer`` write whatever it likes; yields its address and what was asked."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one(connection: socket.socket) -> None:
        # A client that has had enough closes the connection.
        with connection, suppress(OSError):
            request = connection.recv(65_536)
            asked.append(request)
            answer(connection, request)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.close()


def response(body: bytes | dict, status: str = "200 OK", *headers: str) -> bytes:
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    if not any(header.startswith("Content-Type") for header in headers):
        lines.append("Content-Type: application/json")
    head = "\r\n".join([*lines, "Cache-Control: no-store", "", ""])
    return head.encode("latin-1", "replace") + body


def everything(token: object, **more) -> dict:
    return {"access_token": token, "refresh_token": token, "id": "1", "username": "x", "role": "y",
            "message": "z", **more}  # fmt: skip


def nested(depth: int) -> bytes:
    return b'{"access_token":' + b"[" * depth + b"]" * depth + b"}"


def cookie(payload: bytes, name: str = "a", attributes: str = "HttpOnly") -> str:
    token = f"e30.{encode_part(payload)}.AAAA"
    return f"Set-Cookie: {name}={token}; {attributes}"


def in_cookies(*lines: str) -> bytes:
    return response({"id": "1", "username": "x", "message": "z"}, "200 OK", *lines)


ACCESS, REFRESH = b'{"type":"access"}', b'{"type":"refresh"}'
# What comes in cookies, where tokens are looked for in them.
COOKIES = {
    "the same two for everybody": in_cookies(cookie(ACCESS), cookie(REFRESH, "b")),
    "a name that a shell would obey": in_cookies(cookie(ACCESS, "$(reboot)`reboot`")),
    "a name with an escape": in_cookies(cookie(ACCESS, ESCAPE)),
    "a name with quotes": in_cookies(cookie(ACCESS, "a'\"b")),
    "no name": in_cookies(cookie(ACCESS, "")),
    "no value": in_cookies("Set-Cookie: a", "Set-Cookie: =", "Set-Cookie:", "Set-Cookie: ;;;"),
    "attributes with escapes": in_cookies(cookie(ACCESS, attributes=f"Path={ESCAPE}; {ESCAPE}={ESCAPE}; SameSite={ESCAPE}")),
    "a CSRF token with a line break": in_cookies(cookie(b'{"type":"access","csrf":"a\\r\\nX: y"}')),
    "a CSRF token that is not ASCII": in_cookies(cookie(b'{"type":"access","csrf":"\\u20ac"}')),
    "a CSRF token that is a list": in_cookies(cookie(b'{"type":"access","csrf":["a"]}')),
    "a CSRF cookie with an escape": in_cookies(cookie(ACCESS), f"Set-Cookie: csrf={ESCAPE}"),
    "a type that is a list": in_cookies(cookie(b'{"type":["access"]}')),
    "a payload that is a list": in_cookies(cookie(b'["type"]')),
    "a nested payload": in_cookies(cookie(b"[" * 30_000)),
    "a number of 9,000 digits": in_cookies(cookie(b'{"type":' + b"9" * 9_000 + b"}")),
    "a payload that is not UTF-8": in_cookies(cookie(b'{"type":"\xff\xfe"}')),
    "a token that is not base64url": in_cookies("Set-Cookie: a=e30.\xff.AAAA", "Set-Cookie: a=e30.%.AAAA"),
    "a token of 50,000 characters": in_cookies(cookie(b'{"type":"access","x":"' + b"x" * 40_000 + b'"}')),
    "90 cookies": in_cookies(*[cookie(ACCESS, f"a{number}") for number in range(90)]),
    "an odd end": in_cookies(*[f"Set-Cookie: {name}=; Max-Age={name}; Expires={name}" for name in ("-1", "x", "9" * 40, ESCAPE)]),
}  # fmt: skip
ANSWERS = {
    "an escape in a message": response({"message": ESCAPE}, "500 Oops"),
    "an escape in a name": response({ESCAPE: 1}),
    "an escape in the challenge": response({"message": "x"}, "401 No", f"WWW-Authenticate: {ESCAPE}"),
    "an escape in a Location": response({}, "308 There", f"Location: {ESCAPE}"),
    "an escape in the type": response({}, "200 OK", f"Content-Type: {ESCAPE}"),
    "an escape in the status": b"HTTP/1.1 \x1b[2J \x1b[2J\r\n\r\n",
    "a token of one part": response(everything("opaque")),
    "a token of nine parts": response(everything("a.b.c.d.e.f.g.h.i")),
    "a token with a line break": response(everything("a.b.c\r\nX-Admin: yes")),
    "a token that is not ASCII": response(everything("a.é.\u20ac")),
    "a token with half a character": response(everything("a.\ud800.c")),
    "a token with a NUL": response(everything("a.\0.c")),
    "a token of dots": response(everything("....")),
    "a token of base64url that is no JSON": response(everything("AAAA.AAAA.AAAA")),
    "a token whose payload is nested": response(everything("e30." + "W1tb" * 1_500 + ".AAAA")),
    "a token of 500,000 characters": response(everything("a" * 500_000)),
    "a token of 10 MB": response(everything("a" * 10_000_000)),
    "an id that is a path": response(everything("a.b.c", id="../../x?y#z\r\n")),
    "an id with half a character": response(everything("a.b.c", id="\ud800")),
    "deep JSON": response(nested(400_000)),
    "JSON a little too deep": response(nested(102)),
    "deep objects": response(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "a number of 100,000 digits": response(b'{"id": ' + b"9" * 100_000 + b"}"),
    "JSON that is not UTF-8": response(b'{"id": "\xff\xfe"}'),
    "NaN": response(b'{"access_token": NaN}'),
    "JSON in UTF-16": response(json.dumps(everything("a.b.c")).encode("utf-16")),
    "a bomb in gzip": response(gzip.compress(bytes(50_000_000)), "200 OK", "Content-Encoding: gzip"),
    "an unknown coding": response(b"x", "200 OK", "Content-Encoding: cake"),
    "no HTTP": b"220 mail.example ESMTP ready\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "less than promised": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nConnection: close\r\n\r\nabc",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "a header line of 1 MB": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "10,000 headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "headers that are none": b"HTTP/1.1 200 OK\r\n\x00\xff\x1b[2J\r\n: x\r\nno colon\r\n\r\n{}",
    "odd cookies": response({}, "200 OK", "Set-Cookie: a=b; expires=\x1b; domain=.; max-age=x", "Set-Cookie: ;;=="),
    "a Location that is not UTF-8": response({}, "302 There", "Location: \xff\xfe"),
    "a redirect to a strange place": response({}, "302 There", "Location: gopher://[::"),
    "status 999": response({}, "999 Whatever"),
    "status 204 with a body": response(b"abc", "204 No Content"),
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x1b[2J",
    "an error without end of line": b"HTTP/1.1 401",
}  # fmt: skip


@pytest.mark.parametrize("level", ["login", "roles"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_every_answer_is_a_row_and_every_row_is_printable(answer, level, capfd):
    every_row_is_printable(ANSWERS[answer], level, False, capfd)


@pytest.mark.parametrize("answer", ANSWERS | COOKIES)
def test_by_cookie_too(answer, capfd):
    every_row_is_printable((ANSWERS | COOKIES)[answer], "roles", True, capfd)


def every_row_is_printable(answer: bytes, level: str, by_cookie: bool, capfd) -> None:
    with raw_service(lambda connection, _: connection.sendall(answer)) as (url, _):
        rows = hold(url, level, "ada", "a password", by_cookie)
    assert len(rows) == (ROWS_BY_COOKIE if by_cookie else ROWS)[level]
    assert any(not row.kept for row in rows)
    # Whoever repeats a request repeats the request, and nothing that the service has put into it.
    assert not any(sign in row.curl for row in rows for sign in ("$(", "`", ESCAPE))
    printed = "\n".join([as_table(rows), as_causes(rows), as_count(rows)])
    assert all(line.isprintable() for line in printed.split("\n"))
    assert max(map(len, printed.split("\n"))) < 1_000
    assert capfd.readouterr() == ("", "")


def endless(connection: socket.socket, head: bytes, piece: bytes, sent: list[int]) -> None:
    connection.sendall(head)
    while True:
        connection.sendall(piece)
        sent.append(len(piece))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n",
        # requests reads the body of a redirect to its end, also of one that is not followed.
        b"HTTP/1.1 302 There\r\nLocation: /login/\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 999999999999\r\n\r\n",
    ],
    ids=["200", "gzip", "302", "500"],
)
def test_endless_body_is_read_to_the_limit_and_no_further(head):
    sent: list[int] = []
    with raw_service(lambda it, _: endless(it, head, bytes(10_000), sent)) as (url, asked):
        rows = hold(url, "login", "ada", "a password")
    assert len(rows) == ROWS["login"] and len(asked) > 1
    # What waits in the buffers of two sockets was sent, too.
    assert sum(sent) / len(asked) < 8 * wire.LARGEST_ANSWER


# Seconds. Shorter, and a busy machine would be late where the service is not.
PATIENCE = 2

SLOW = {
    "a drip of the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n", b"x"),
    "a drip of the head": (b"HTTP/1.1 200 OK\r\n", b"X"),
    "lines of a head": (b"HTTP/1.1 200 OK\r\n", b"\r\nX: y"),
    "continue, continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "silence": (b"", b""),
}


@pytest.mark.parametrize("answer", SLOW)
def test_slow_answers_end_the_judgement_after_three(monkeypatch, answer):
    monkeypatch.setattr(wire, "SECONDS", PATIENCE)
    over = threading.Event()
    head, drip = SLOW[answer]

    def dawdle(connection: socket.socket, request: bytes) -> None:
        # The first answer, to the knock at the door, is quick.
        if len(asked) == 1:
            connection.sendall(response({}))
            return
        connection.sendall(head)
        while not over.wait(0.02):
            connection.sendall(drip)

    with raw_service(dawdle) as (url, asked):
        try:
            rows = hold(url, "login", "ada", "a password")
        finally:
            over.set()
    assert len(rows) == ROWS["login"] and len(asked) == 1 + LATE_ANSWERS
    assert sum(row.verdict == BROKEN for row in rows) <= LATE_ANSWERS
    assert f"{LATE_ANSWERS} times there was no answer within" in rows[-1].got


def test_first_answer_that_is_late_ends_it_at_once(monkeypatch):
    monkeypatch.setattr(wire, "SECONDS", PATIENCE)
    over = threading.Event()
    with raw_service(lambda connection, _: over.wait(30)) as (url, asked):
        rows = hold(url, "users")
        over.set()
    assert len(asked) == 1
    assert {row.got for row in rows} == {
        f"no answer within {PATIENCE} seconds. Is it running at {url}?"
    }


def test_request_asks_for_a_body_that_is_not_compressed():
    with raw_service(lambda connection, _: connection.sendall(response({}))) as (url, asked):
        Service(url).send("GET", "/me")
    assert b"Accept-Encoding: identity\r\n" in asked[0]


def test_command_survives_a_hostile_service_and_ends_with_1():
    hostile = response({"message": ESCAPE}, "500 Oops")
    with raw_service(lambda connection, _: connection.sendall(hostile)) as (url, _):
        done = course_contract(url, "--level", "users")
    assert done.returncode == 1 and done.stderr == ""
    assert all(line.isprintable() for line in done.stdout.splitlines()) and "\\x1b" in done.stdout
