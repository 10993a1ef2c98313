"""Exercises of lesson 15, Run it for real. Tries are counted in a real database, secrets stand in real files."""

import base64
import contextlib
import io
import logging
import os
import re
import secrets
import sqlite3
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import jwt

from course.checking import (
    UNEXPLAINED,
    Attempt,
    NotYet,
    describe_error,
    exercise,
    is_a,
    plain,
    same,
    show,
    show_text,
    type_of,
)
from course.shown import printable, shorten
from course.token_parts import encode_part

TABLE = "CREATE TABLE tries (who TEXT, minute INTEGER, n INTEGER, PRIMARY KEY (who, minute))"
# What a statement that asks or writes begins with; BEGIN, COMMIT and the like do neither.
ASKS_OR_WRITES = ("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")
AT_ONCE, TIMES = 4, 12
ODD_NAMES = (
    "O'Brien", 'the "admin"', "x', 1, 99); DROP TABLE tries; --", "100%", "_", "?", "zoë\U0001f511", "", " ada ", "ADA",
    "a" * 5_000,
)  # fmt: skip


@exercise(
    "15.1",
    "Begin with the first time: `INSERT INTO tries VALUES (?, ?, 1)`, with `(who, minute)` for the two question marks.",
    "The second time, that pair is there already. `ON CONFLICT (who, minute) DO UPDATE SET …` says what happens then: one "
    "more than the row has.",
    "`RETURNING n` at the end makes the same statement answer: `.fetchone()` is a row with that one number in it. And "
    "`with database:` around it commits.",
)
def count_in_one_statement(count_try):
    with _Tries(count_try) as tries:
        tries.must_count("ada", 29_400_000, 1, "This is the first try.")
        tries.must_count(
            "ada",
            29_400_000,
            2,
            "This is the second try: the number that is there goes up by one, and does not begin anew.",
        )
        tries.must_count(
            "ada", 29_400_000, 3,
            "This is the third. (In the `DO UPDATE`, `n` is what the row has, and `excluded.n` what you wanted to insert.)",
        )  # fmt: skip
        tries.must_count("bob", 29_400_000, 1, "Somebody else's first try: count by name.")
        tries.must_count("ada", 29_400_001, 1, "A new minute has begun: count by minute.")
        tries.must_count("ada", 29_400_000, 4, "A late one belongs to the minute that it is given.")
        tries.must_be_one_statement()
        for who in ODD_NAMES:
            tries.must_count(
                who, 1, 1,
                f"This name is new, and it is {show(who, 40)}, letter by letter: nothing is changed in it or taken off. It goes to "
                "`execute` behind the statement, for a `?`, and not into its text.",
            )  # fmt: skip
        tries.must_count("ada", 0, 1, "Minute 0 is a minute like any other.")
        tries.must_count("ada", 2**40, 1, "A large number is a minute like any other.")
        tries.must_work_inside_a_transaction()
        tries.must_work_with_named_columns()
        tries.must_not_hide_that_the_database_is_busy()
        tries.must_count_all_at_once()
    return f"One statement: of {AT_ONCE * TIMES} tries at the same time, from {AT_ONCE} connections, each got a number of its own."


class _Tries:
    """A database file, the connection that the answer is given, and what must stand in the table."""

    def __init__(self, count_try):
        self.attempt = Attempt(count_try, "count_try", slips={
            "no such column": "The columns are `who`, `minute` and `n`. A value that is written into the text of a statement "
            "looks like a column: put a `?` there.",
            "Incorrect number of bindings": "A tuple has as many values as the statement has `?`. One alone needs a comma: "
            "`(who,)`.",
            "ON CONFLICT clause does not match": "Name what must be unique: `ON CONFLICT (who, minute)`, the primary key.",
            "UNIQUE constraint failed": "That pair is there already. What shall happen then? `ON CONFLICT (who, minute) DO …`",
            "closed database": "The connection is closed. It is the caller's, who goes on with it: leave it open.",
            "within a transaction": "A transaction is open already: the caller's, or one of an earlier call of yours that nobody "
            "has committed. `with database:` copes with the first and leaves none of the second; a `BEGIN` of your own does not.",
            "You can only execute one statement": "One statement is all there is.",
            "database is locked": "Somebody else is writing, and that takes a moment. Is there a transaction of yours that "
            "nobody has committed?",
            "'tuple' object has no attribute": "A row of `sqlite3` is a tuple: its first value is `[0]`.",
            "'NoneType' object is not subscriptable": "`fetchone()` gave `None`: the statement has no row to give. "
            "`RETURNING n` gives the row that was inserted or updated. Was one, the first time and the second?",
            "SQL statements in progress": "A statement whose row nobody has fetched is still at work: `.fetchone()`, before the "
            "block ends.",
            "at most 2 arguments": "The values come in one tuple: `execute(statement, (who, minute))`.",
        })  # fmt: skip
        self.expected: dict[tuple[str, int], int] = {}
        self.statements: list[str] = []

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.path = Path(self._folder.name) / "tries.db"
        with closing(sqlite3.connect(self.path)) as own, own:
            own.execute(TABLE)
        self.database = sqlite3.connect(self.path, timeout=5)
        # A power cut is not tried.
        self.database.execute("PRAGMA synchronous = OFF")
        return self

    def __exit__(self, *_):
        self.database.close()
        self._folder.cleanup()

    def must_count(self, who: str, minute: int, number: int, because: str) -> None:
        shown = f"`count_try(database, {show(who, 40)}, {minute})`"
        before = self._settings()
        self.statements.clear()
        self.database.set_trace_callback(self.statements.append)
        outcome = self.attempt.run(self.database, who, minute)
        self._must_be_open(shown)
        self.database.set_trace_callback(None)
        if outcome.error is not None:
            explained = self.attempt.explain(outcome.error)
            why = because if is_a(outcome.error, sqlite3.Error) and who in ODD_NAMES else explained
            raise NotYet(f"{shown} raised `{describe_error(outcome.error)}`. {why}")
        if outcome.value is None:
            raise NotYet(
                f"{shown} returned `None`. Expected: `{number}`. {self.attempt._why_none(outcome)}"
            )
        if not same(outcome.value, number):
            raise NotYet(
                f"{shown} returned `{show(outcome.value)}`. Expected: `{number}`. {_kind_of_slip(outcome.value, because)}"
            )
        self.expected[who, minute] = number
        self._judge_what_is_stored(shown, (who, minute), because)
        if self._settings() != before:
            raise NotYet(
                f"After {shown} the connection works in another way than before (`row_factory`, `isolation_level` or "
                "`text_factory`). It is the caller's, who goes on with it: leave it as it is."
            )

    def _must_be_open(self, shown: str) -> None:
        try:
            self.database.total_changes  # noqa: B018
        except sqlite3.ProgrammingError:
            raise NotYet(
                f"After {shown} the connection is closed. It is the caller's, who goes on with it: leave it open."
            ) from None

    def _settings(self) -> tuple:
        it = self.database
        return it.row_factory, it.isolation_level, it.text_factory

    def stored(self) -> dict | None:
        """What any other process sees; None if the table is no more what it was."""
        with closing(sqlite3.connect(self.path, timeout=5)) as other:
            try:
                rows = other.execute("SELECT who, minute, n FROM tries").fetchall()
            except sqlite3.Error:
                return None
        return {(who, minute): n for who, minute, n in rows}

    def _judge_what_is_stored(self, shown: str, counted: tuple[str, int], because: str) -> None:
        if self.database.in_transaction:
            raise NotYet(
                f"The number that {shown} returned is right, and no other connection sees it: commit. `with database:` does "
                "so at its end."
            )
        stored = self.stored()
        if stored == self.expected:
            return
        if stored is None:
            raise NotYet(f"After {shown} the table `tries` is not what it was.")
        wrong = [
            pair for pair in stored | self.expected if stored.get(pair) != self.expected.get(pair)
        ]
        who, minute = pair = counted if counted in wrong else wrong[0]
        others = [each for each in stored if each not in self.expected]
        if pair == counted and pair not in stored and others:
            because = f"There is a row for {show(others[0][0], 40)} in minute {show(others[0][1])}. {because}"
        because = (
            because
            if pair == counted
            else "Each call counts one row up, and leaves all others alone."
        )
        raise NotYet(
            f"After {shown} the table says {_told_number(stored.get(pair))} for {show(who, 40)} in minute {show(minute)}. "
            f"Expected: {_told_number(self.expected.get(pair))}. {because}"
        )

    def must_be_one_statement(self) -> None:
        """Look at what the last call has sent: a row that was there was counted up."""
        sent = [
            text
            for text in self.statements
            if text.lstrip(" (\n\t").upper().startswith(ASKS_OR_WRITES)
        ]
        if len(sent) == 1:
            return
        if not sent:
            raise NotYet(
                "The numbers are right, and `database` was not asked for them. What a process remembers by itself, the "
                "others do not know: send a statement by this connection."
            )
        told = ", then ".join(
            f"`{shorten(printable(' '.join(text.split())), 60).replace('`', '')}`"
            for text in sent[:3]
        )
        asks = [text.lstrip().upper().startswith("SELECT") for text in sent]
        between = ""
        alone = any(
            text.upper().split()[:2] in (["BEGIN", "IMMEDIATE"], ["BEGIN", "EXCLUSIVE"])
            for text in self.statements
        )
        if alone:
            between = "Your `BEGIN` keeps others out meanwhile, from the whole file, and for longer than it takes."
        elif asks[0]:
            between = (
                "Between two of them another process does the same: both read 4, and both write 5."
            )
        elif any(asks):
            between = "Between two of them another process may count, and then the number that you read is its own."
        so_far = (
            "The numbers are right."
            if alone or not any(asks)
            else "The numbers are right as long as nobody else counts."
        )
        raise NotYet(
            f"{so_far} This call has sent {len(sent)} statements: {told}. "
            f"{between} Make it one: `RETURNING` lets the statement that writes answer as well."
        )

    def must_work_inside_a_transaction(self) -> None:
        self.database.execute("INSERT INTO tries VALUES ('eve', 7, 999)")
        self.expected["eve", 7] = 999
        self.must_count(
            "eve",
            7,
            1000,
            "The row was written a moment ago by the same connection, and is not committed yet.",
        )

    def must_work_with_named_columns(self) -> None:
        self.database.row_factory = sqlite3.Row
        self.must_count(
            "eve", 7, 1001, "The caller has set `row_factory`, so that columns have names."
        )

    def must_not_hide_that_the_database_is_busy(self) -> None:
        self.database.row_factory = None
        self.database.execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(self.path, timeout=5, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            outcome = self.attempt.run(self.database, "ada", 29_400_000)
            other.execute("ROLLBACK")
        self.database.rollback()
        self.database.execute("PRAGMA busy_timeout = 5000")
        if not is_a(outcome.error, sqlite3.OperationalError):
            raise NotYet(
                f"Somebody else had locked the database, and `count_try` {outcome.said}. Then whoever keeps it busy is never at "
                "the sixth try. Let the error through: the caller answers 503."
            )

    def must_count_all_at_once(self) -> None:
        """From several connections, which begin at the same instant: each number from 1 on comes once."""
        start, numbers, errors = threading.Barrier(AT_ONCE), [], []

        def work() -> None:
            try:
                with closing(sqlite3.connect(self.path, timeout=20)) as own:
                    own.execute("PRAGMA synchronous = OFF")
                    args, kwargs = self.attempt._as_it_takes_them((own, "crowd", 1), {})
                    start.wait(20)
                    for _ in range(TIMES):
                        numbers.append(plain(self.attempt.function(*args, **kwargs)))
            # Whatever an answer raises is told below, in the thread of the check.
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(AT_ONCE)]
        # One for all threads: sys.stdout is the whole process's.
        with contextlib.redirect_stdout(io.StringIO()):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        shown = f"{AT_ONCE} connections at the same time, {TIMES} tries each"
        if errors:
            raise NotYet(
                f"{shown}: `count_try` raised `{describe_error(errors[0])}`. {self.attempt.explain(errors[0])}"
            )
        every = range(1, AT_ONCE * TIMES + 1)
        came = {number for number in numbers if type(number) is int}
        if len(numbers) != len(every) or came != set(every):
            raise NotYet(
                f"{shown}: each number from 1 to {len(every)} must come once, and {len(came)} different ones came. What two "
                "of them ask and write must not get mixed up: let the database do it, in one statement."
            )


def _told_number(number: object) -> str:
    return "nothing" if number is None else show(number, 40)


def _kind_of_slip(value: object, because: str) -> str:
    if is_a(value, (tuple, list, sqlite3.Row)):
        return "This is a row, and the number stands in it: `[0]`."
    if is_a(value, sqlite3.Cursor):
        return "A cursor still has to be asked for its row: `.fetchone()`."
    if is_a(value, bool) or not is_a(value, int):
        return f"Expected a whole number, got {type_of(value)}."
    return because


@exercise(
    "15.2",
    "Without proxies, there is nothing to read: `if proxies == 0`, return the connection's address.",
    '`forwarded.split(",")`, each piece without the spaces around it, and without pieces that are empty. How many are there, '
    "and how many proxies?",
    "Python counts from the right with negative numbers: the last one is `[-1]`, and the one before it `[-2]`.",
)
def the_address_that_counts(client_address):
    attempt = Attempt(client_address, "client_address")
    ada, proxy, inner, eve = "203.0.113.7", "10.0.0.1", "10.0.0.2", "198.51.100.99"
    no_proxies = "There is no proxy of yours, so all of the header is what somebody wrote."
    fewer = (
        "Fewer addresses than proxies: something is wrong, so it is the address of the connection."
    )
    as_it_is = "Some proxies write the port, too. It stays as it is."
    cases = [
        (ada, (ada, "", 0), "No proxies: the address of the connection."),
        (ada, (ada, eve, 0), no_proxies),
        (ada, (ada, f"{eve}, {proxy}", 0), no_proxies),
        (ada, (proxy, ada, 1), "One proxy, which has written whom it saw: one address is enough."),
        (
            ada, (proxy, f"{eve}, {eve}, {inner}, {ada}", 1),
            f"Your one proxy wrote last: {ada}. What stands left of that, anybody may have written.",
        ),
        (ada, (proxy, f"{eve}, {ada}", 1), "One proxy of yours has written one address, the last."),
        (ada, (proxy, f"{eve},{ada}", 1), "There need not be a space after a comma."),
        (ada, (proxy, f"{ada}, {inner}", 2), "Two proxies: the outer one wrote the second address from the right."),
        (
            ada, (proxy, f"{eve}, {ada}, {inner}", 2),
            f"Two proxies wrote the last two. The outer one saw {ada}, and {eve} is what somebody claims.",
        ),
        (ada, (proxy, f"{eve}, 192.0.2.1, {ada}, {inner}, {proxy}", 3), "Three proxies: the third from the right."),
        (proxy, (proxy, ada, 2), fewer),
        (proxy, (proxy, f"{eve}, {ada}", 3), fewer),
        (proxy, (proxy, "", 1), "An empty header has no address in it: the address of the connection."),
        (proxy, (proxy, "  ", 1), "A header of spaces has no address in it: the address of the connection."),
        (proxy, (proxy, " , ", 1), "Between nothing and nothing there is no address (RFC 9110 §5.6.1)."),
        (ada, (proxy, f"{eve} ,  {ada}  ,{inner}", 2), "Spaces stand around addresses, and are no part of them."),
        (ada, (proxy, f"{eve},\t{ada}\t", 1), "A tab is white space, too (RFC 9110 §5.6.3)."),
        ("2001:db8::7", ("::1", f"{eve}, 2001:db8::7", 1), "An address of IPv6 has colons in it."),
        ("2001:DB8::A:0", ("::1", "2001:DB8::A:0, fe80::1", 2), "The address stays as it is written."),
        ("::1", ("::1", "2001:db8::7", 2), fewer),
        (f"{ada}:4711", (proxy, f"{eve}:80, {ada}:4711", 1), as_it_is),
        ("[2001:db8::7]:443", (proxy, f"{eve}, [2001:db8::7]:443", 1), as_it_is),
        (ada, (proxy, f"{eve}, {ada}, {inner}, {inner}", 3), "The same address may stand there twice: each proxy writes one."),
        (
            ada, (proxy, ", ".join([eve] * 2_000 + [ada, inner]), 2),
            "Somebody has sent 2,000 addresses along. Yours are still the last two.",
        ),
        ("10.20.30.40", (proxy, f"{eve}, 10.20.30.40", 1), "A client may be in a private network, too."),
        (ada, (proxy, f"{eve}, {ada}, {inner}, {inner}, {proxy}", 4), "Four proxies: the fourth from the right."),
    ]  # fmt: skip
    # A header that is not there is empty text here: the stub says `forwarded: str`.
    for expected, (connection, forwarded, proxies), because in cases:
        got = attempt._without_error(attempt.run(connection, forwarded, proxies), because)
        if got.value is None:
            raise NotYet(f"`{got.call}` returned `None`. {attempt._why_none(got)}")
        if not same(got.value, expected):
            slip = _slip_of_address(got.value, expected, connection, forwarded, proxies)
            raise NotYet(
                f"`{got.call}` {got.said}. Expected: `{show(expected)}`. {slip or because}"
            )
    return "It counts from the right, as far as your own proxies reach, and no further."


def _slip_of_address(
    got: object, expected: str, connection: str, forwarded: str, proxies: int
) -> str:
    """The slip that gives just this, if it is a known one."""
    if not is_a(got, str):
        return f"Expected text, got {type_of(got)}."
    pieces = forwarded.split(",")
    if got != got.strip() and got.strip() == expected:
        return "White space around an address is no part of it: `.strip()`."
    if not got.strip():
        return "This is no address. " + (
            "There is none in the header: then it is the address of the connection."
            if expected == connection
            else ""
        )
    found = [piece.strip() for piece in pieces if piece.strip()]
    if not proxies or len(found) < proxies or got not in found:
        return ""
    if got == found[0]:
        return (
            "That is the first address, which the client itself may have written. Count from the right: the proxies that "
            "are yours have written last."
        )
    if got == found[-proxies - 1 :][0]:
        return (
            f"That is one too far to the left, where your proxies have written nothing: of {len(found)} addresses, the last "
            f"{'one is' if proxies == 1 else f'{proxies} are'} theirs."
        )
    if got == found[-1]:
        return (
            "That is the last address, the one that your innermost proxy saw: another proxy of yours. Go as far to the left "
            "as there are proxies."
        )
    return ""


@exercise(
    "15.3",
    '`re.sub(pattern, "[token]", line)` replaces each place that fits a pattern, and leaves the rest alone.',
    "A part consists of letters, digits, `-` and `_`: `[\\w-]+`. A dot is `\\.`; without the backslash, it is any character.",
    "The last part may be empty: `*` in place of `+`. In an address, a token may stand right behind a letter or a digit, as in `%3DeyJ…`.",
)
def no_token_in_a_log(blanked):
    attempt = Attempt(blanked, "blanked")
    for what, line, expected, tokens, because in _lines():
        _judge_line(attempt, what, line, expected, tokens, because)
    token = jwt.encode({"sub": "1"}, "no secret at all: this token opens nothing, anywhere")
    in_an_address = attempt.run(f"GET /me%3Ftoken%3D{token} 200")
    if is_a(in_an_address.value, str) and token in in_an_address.value:
        return (
            "It finds tokens, and nothing else. One place is left: in an address, `%3D` stands for `=`, so a letter or a "
            "digit may stand right before a token, and there yours is not seen. Leave out what asks for an edge, such as `\\b`."
        )
    return "It finds tokens wherever they stand, and nothing else."


def _lines() -> Iterator[tuple[str, str, str, list[str], str]]:
    """What a line is, the line, how it must come back, the tokens in it, and what it shows."""
    # Always the same tokens, so that one answer gets one verdict.
    key = "no secret at all: these tokens open nothing, wherever they may be shown"
    plain_one = jwt.encode({"sub": "1"}, key)
    with_kid = jwt.encode({"sub": "ada", "roles": ["a.b", "c"]}, key, headers={"kid": "2026-11"})
    refresh = jwt.encode(
        {"sub": "1", "type": "refresh", "jti": "5b1f-22c0"}, key, algorithm="HS512"
    )
    # Base64url has two special characters, and one of them may come last.
    header, payload = encode_part({"alg": "HS256", "kid": "~~??"}), encode_part({"sub": "~~~???"})
    special = f"{header}.{payload}.-_3q2-7w_-"
    short = f"{encode_part({'alg': 'HS256'})}.e30.AAAA"
    no_signature = f"{encode_part({'alg': 'none'})}.{encode_part({'sub': '1', 'role': 'admin'})}."
    large = jwt.encode({"sub": "1", "groups": [f"group-{number}" for number in range(500)]}, key)

    anywhere = "A token stands in more places than behind `Bearer`, and in the middle of a line."
    any_header = "The members of a header come in any order: of its first part, only `eyJ` is sure."
    typ_first = f"{encode_part({'typ': 'JWT', 'alg': 'HS256'})}.{payload}.{'x' * 43}"
    kid_first = f"{encode_part({'kid': '7', 'alg': 'HS256'})}.{payload}.{'y' * 43}"
    of_rsa = f"{header}.{payload}.{encode_part(bytes(range(256)) * 2)}"
    for what, text in (
        ("in a header", "GET /me Authorization: Bearer {} 200"),
        ("in a header, in small letters", "authorization: bearer {}"),
        ("in an address", "GET /reset?token={}&next=/home HTTP/1.1"),
        ("at the end of an address", "GET /files/{}"),
        ("in a cookie", "Cookie: theme=dark; access_token={}; lang=en"),
        ("in JSON", '200 {{"access_token":"{}","token_type":"Bearer"}}'),
        ("in JSON with spaces", '200 {{ "access_token": "{}" }}'),
        ("at the beginning", "{} was refused"),
        ("at the end", "refused: {}"),
        ("alone", "{}"),
        ("in brackets", "InvalidTokenError('{}')"),
        ("in square brackets", "tokens=[{}] done"),
        ("before a full stop", "Somebody sent {}. It was refused."),
        ("before a comma", "tokens: {}, and no more"),
        ("before a line break", "sent {}\n"),
        ("between tabs and many spaces", "12:00:01\t  401   {}\t\tip=203.0.113.7  "),
    ):
        for token in (plain_one, with_kid):
            yield f"a token {what}", text.format(token), text.format("[token]"), [token], anywhere
    for what, token, because in (
        ("with an empty payload", short, "A part may be short, as the payload `{}`, which is `e30`, and only the first must begin with `eyJ`."),
        ("whose header begins with `typ`", typ_first, any_header), ("whose header begins with `kid`", kid_first, any_header),
        ("of RS512", of_rsa, "A signature may have hundreds of characters."),
        ("with `-` and `_`, also at its end", special, "Base64url has `-` and `_` besides letters and digits."),
        ("of HS512", refresh, "A long signature is a signature."),
        (f"of {len(large):,} characters", large, "It is long."),
        ("without a signature", no_signature, "The last part may be empty (`alg` none), and the dot before it stays a part of the token."),
    ):  # fmt: skip
        for text in ("Bearer {} was refused", '{{"token":"{}"}}', "{}"):
            yield f"a token {what}", text.format(token), text.format("[token]"), [token], because
    several = [plain_one, refresh, with_kid]
    yield (
        "several tokens", 'login {{"access_token":"{}","refresh_token":"{}"}} instead of {}'.format(*several),
        'login {"access_token":"[token]","refresh_token":"[token]"} instead of [token]', several,
        "There may be more than one in a line, and text between them.",
    )  # fmt: skip
    yield (
        "two tokens side by side", f"{plain_one} {with_kid}", "[token] [token]", [plain_one, with_kid],
        "There may be more than one in a line.",
    )  # fmt: skip
    yield (
        "a traceback", f"Traceback:\n  File \"app.py\"\nError: {plain_one}\n  at {with_kid}\n",
        'Traceback:\n  File "app.py"\nError: [token]\n  at [token]\n', [plain_one, with_kid],
        "What is logged may have several lines.",
    )  # fmt: skip
    for what, line in (
        ("three parts that are no token", "a.b.c and x.y.z"),
        ("the word eyJ alone", "A JWT begins with eyJ, and so on."),
        ("a header alone", f"kid in {encode_part({'alg': 'HS256', 'kid': '1'})} is unknown"),
        ("file names", "saved backup.tar.gz and main.2026-11.log, see app.views.login"),
        ("version numbers", "Python 3.11.7, Flask 3.1.0"),
        ("addresses of machines", "127.0.0.1 asked www.example.com and eyjafjalla.south.example"),
        ("an address of a person", "mail to ada.b.lovelace@mail.example.com"),
        ("a name that begins alike", "host eyJafjalla.example asked"),
        ("capital letters", "EYJ.ABC.DEF is no token"),
        ("an empty line", ""),
        ("what a log says already", "Bearer [token] was refused  \n"),
        ("the word Bearer", "WWW-Authenticate: Bearer realm=a.b.c"),
    ):
        yield what, line, line, [], "There is no token in it, so it stays as it is."


def _judge_line(
    attempt: Attempt, what: str, line: str, expected: str, tokens: list[str], because: str
) -> None:
    got = attempt.run(line)
    shown = f"`blanked(…)`, for {what}"
    if got.error is not None:
        raise NotYet(f"{shown}, raised `{describe_error(got.error)}`. {attempt.explain(got.error)}")
    if not is_a(got.value, str):
        why = attempt._why_none(got) if got.value is None else "Expected the line, as text."
        raise NotYet(f"{shown}, returned `{show(got.value)}`. {why}")
    if got.value == expected:
        return
    for token in tokens:
        header, payload, signature = token.split(".")
        whole = "is still there" if token in got.value else "is still there in part"
        if header in got.value or payload in got.value:
            raise NotYet(f"{shown}: it {whole}, `{show_text(got.value, 150)}`. {because}")
        # It is left where a pattern stops at a character that it does not know.
        end = signature[-5:]
        if end and end in got.value and end not in expected:
            raise NotYet(
                f"{shown}: the end of it is still there, `{show_text(got.value, 150)}`. Base64url has `-` and `_` besides "
                "letters and digits."
            )
    told = f"{shown}, returned `{show(got.value, 150)}`. Expected: `{show(expected, 150)}`."
    if not tokens:
        raise NotYet(f"{told} {because}")
    if got.value.count("[token]") > len(tokens):
        raise NotYet(
            f"{told} Something was replaced that is no token: not everything with dots is one."
        )
    raise NotYet(
        f"{told} Replace the token, all of it and nothing else: the rest of the line stays as it is."
    )


FILE_SLIPS = {
    UnicodeDecodeError: "A secret is bytes, and need not be text in UTF-8. Read it as bytes: `Path(path).read_bytes()`.",
    FileNotFoundError: "A missing file must end in a `ValueError` that names it.",
    IsADirectoryError: "A folder cannot be read either: catch `OSError`, of which the other errors of files are kinds.",
    PermissionError: "A file that cannot be read must end in a `ValueError` as well: catch `OSError`.",
    "bytes-like object": 'Bytes and text do not mix: `b"…"` is bytes, and so is what `read_bytes` gives.',
}


@exercise(
    "15.4",
    "`Path(path).read_bytes()` gives bytes, whatever they are, and bytes have a `.strip()`.",
    "All that can go wrong with a file is an `OSError`: `except OSError:`, and `raise ValueError(…) from None` with the path "
    "in the message.",
    "Then one question is left, for an empty one, too: are there at least 32 bytes after the `strip`? Say the path and how many "
    "there are. Not which.",
)
def a_secret_from_a_file(read_secret):
    attempt = Attempt(read_secret, "read_secret", slips=FILE_SLIPS)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        files = _Files(attempt, Path(folder))
        text = secrets.token_hex(32).encode()
        for what, before, secret, after in (
            ("64 characters", b"", text, b""),
            ("a line break at its end", b"", text, b"\n"),
            ("a line break of Windows at its end", b"", text, b"\r\n"),
            ("spaces, tabs and empty lines around the secret", b"\n \t", text, b" \t\r\n\n"),
            ("just 32 bytes", b"", secrets.token_hex(16).encode(), b"\n"),
            ("spaces inside the secret", b"", b"correct horse battery staple, and  twice", b"\n"),
            ("a line break inside the secret", b"", text[:32] + b"\r\n" + text[32:], b"\n"),
            # No white space begins or ends it; in Latin-1 and in Unicode, some of it would be.
            (
                "bytes that are no UTF-8",
                b"",
                b"\xa0\x85\xff\xfe" + secrets.token_bytes(32) + b"\x80\xa0",
                b"\n",
            ),
            (
                "bytes that only text calls white space",
                b"",
                b"\x1c\x85" + text + b"\xc2\xa0\x1f",
                b"",
            ),
            ("32 bytes, which are 16 letters in UTF-8", b"", "éàüöñçøåßðþæœłžš".encode(), b"\n"),
            ("some 10,000 bytes", b"", text * 157, b"\n"),
        ):
            files.must_read(what, before + secret + after, secret)
        for what, content in (
            ("nothing in it", b""),
            ("nothing but white space in it", b" \r\n\t\n" * 20),
            ("a secret of 31 bytes", secrets.token_hex(16).encode()[:31]),
            ("a secret of 31 bytes and a line break", secrets.token_hex(16).encode()[:31] + b"\n"),
            (
                "a secret of 12 bytes with many spaces around",
                b" " * 30 + secrets.token_hex(6).encode() + b" " * 30,
            ),
            (
                "a secret of 20 bytes that are no UTF-8",
                b"\xff\xfe" + secrets.token_bytes(16) + b"\xff\xfe",
            ),
        ):
            files.must_refuse(what, content)
        files.must_refuse_what_cannot_be_read()
        files.must_read_again()
    return "Bytes from a file, and errors that name the file and nothing in it."


@contextmanager
def _what_is_logged() -> Iterator[io.StringIO]:
    """What goes to the log and to stderr meanwhile."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    try:
        with contextlib.redirect_stderr(written):
            yield written
    finally:
        logging.getLogger().removeHandler(handler)


class _Files:
    """Files in a folder of their own, each under a new name, and what an answer makes of them."""

    def __init__(self, attempt: Attempt, folder: Path):
        self.attempt, self.folder, self.number = attempt, folder, 0
        self.before: bytes | None = None  # what stood in a file that has changed

    def new(self, content: bytes | None = None) -> Path:
        self.number += 1
        path = self.folder / f"jwt-key-{self.number:02}"
        if content is not None:
            path.write_bytes(content)
        return path

    def must_read(self, what: str, content: bytes, secret: bytes, path: Path | None = None) -> None:
        path = path or self.new()
        path.write_bytes(content)
        shown = f"`read_secret(path)`, for a file with {what},"
        got = self._run(path, secret)
        if got.error is not None:
            why = self.attempt.explain(got.error)
            if is_a(got.error, ValueError) and why == UNEXPLAINED:
                why = f"The secret in it has {len(secret):,} bytes, and is a good one."
            raise NotYet(f"{shown} raised `{_without_folder(got.error, path)}`. {why}")
        if got.value is None:
            raise NotYet(f"{shown} returned `None`. {self.attempt._why_none(got)}")
        if is_a(got.value, str):
            raise NotYet(f"{shown} returned text. Expected bytes: a key is bytes.")
        if not is_a(got.value, bytes):
            raise NotYet(f"{shown} returned {type_of(got.value)}. Expected bytes.")
        if got.value == self.before:
            raise NotYet(
                f"{shown} returned what stood there before. The file has changed since: read it at each call."
            )
        if not same(got.value, secret):
            raise NotYet(
                f"{shown} returned {len(got.value)} bytes, and the secret has {len(secret)}. {_slip_of_bytes(got.value, secret, content)}"
            )
        if path.read_bytes() != content:
            raise NotYet(f"{shown} changed the file. Only read it: others read it, too.")

    def must_refuse(self, what: str, content: bytes) -> None:
        path = self.new(content)
        self._judge_refusal(f"`read_secret(path)`, for a file with {what},", path, content.strip())

    def must_refuse_what_cannot_be_read(self) -> None:
        secret = secrets.token_hex(32).encode()
        there = self.new(secret)
        folder = self.new()
        folder.mkdir()
        cases = [
            ("a file that is not there", self.new()),
            ("a folder", folder),
            # What stands below a file cannot be opened by anybody.
            ("a path that goes through a file", there / "jwt-key-below"),
        ]
        if os.name == "posix" and os.geteuid() != 0:
            # Root may read everything, so root is not asked this.
            locked = self.new(secret)
            locked.chmod(0)
            cases.append(("a file that you may not read", locked))
        for what, path in cases:
            self._judge_refusal(f"`read_secret(path)`, for {what},", path, secret)

    def must_read_again(self) -> None:
        path = self.new()
        for what in ("a secret", "a new secret, a minute later, under the same name"):
            secret = secrets.token_hex(32).encode()
            self.must_read(what, secret + b"\n", secret, path)
            self.before = secret

    def _run(self, path: Path, secret: bytes):
        there = sorted(self.folder.iterdir())
        with _what_is_logged() as logged:
            got = self.attempt.run(str(path))
        if secret and any(_tells(got.printed + logged.getvalue(), secret)):
            raise NotYet(
                "It prints or logs the secret, or a piece of it. What a service prints stands in its log, and a log has many "
                "readers: leave that out."
            )
        if sorted(self.folder.iterdir()) != there:
            raise NotYet(
                "After `read_secret(path)` the folder has other files than before. Only read."
            )
        return got

    def _judge_refusal(self, shown: str, path: Path, secret: bytes) -> None:
        got = self._run(path, secret)
        if got.error is None:
            said = "bytes" if is_a(got.value, bytes) else f"`{show(got.value)}`"
            raise NotYet(
                f"{shown} returned {said}. It must end with a `ValueError`: a service without a good key must not start. (An "
                "exception ends something when it is raised: `raise ValueError(…)`.)"
            )
        if not is_a(got.error, ValueError):
            raise NotYet(
                f"{shown} raised `{_without_folder(got.error, path)}`. It must be a `ValueError`. "
                f"{self.attempt.explain(got.error).replace(UNEXPLAINED, '')}".rstrip()
            )
        told = _told(got.error).replace(str(path), "").replace(str(self.folder), "")
        if any(_tells(told, secret)):
            raise NotYet(
                f"{shown} raised a `{type(got.error).__name__}`, and with it, what stands in the file (or a piece of it) is told "
                "to whoever reads the log. Name the file, and how many bytes there are. `from None` leaves out the error "
                "before it."
            )
        message = _message(got.error)
        if path.name not in message:
            said = (
                f"with the message `{show_text(message, 120)}`" if message else "without a message"
            )
            slip = (
                " An `f` is missing before its quotation mark."
                if re.search(r"\{\w+\}", message)
                else ""
            )
            raise NotYet(
                f"{shown} raised `{type(got.error).__name__}` {said}. Name the file in it: whoever reads it has several.{slip}"
            )


def _message(error: BaseException) -> str:
    try:
        return str(error)
    # An exception of somebody's own may fail at that.
    except Exception:
        return ""


def _told(error: BaseException) -> str:
    """All that a traceback says of an error: its message and its notes, and the chain before it, unless that is cut off."""
    try:
        return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    # An exception of somebody's own may fail at that.
    except Exception:
        return ""


def _tells(text: str, secret: bytes) -> Iterator[bool]:
    """Whether six bytes of the secret in a row stand in a text, in any of the ways in which they are usually written."""
    # In Base64, whatever comes three bytes later is written alike.
    for at in range(0, max(len(secret) - 8, 0), 3):
        yield base64.b64encode(secret[at : at + 9]).decode() in text
    for at in range(max(len(secret) - 5, 0)):
        piece = secret[at : at + 6]
        for written in (piece.decode("latin-1"), repr(piece)[2:-1], piece.hex()):
            yield written in text


def _without_folder(error: BaseException, path: Path) -> str:
    return describe_error(error).replace(str(path.parent) + os.sep, "…/")


def _slip_of_bytes(got: bytes, secret: bytes, content: bytes) -> str:
    if got == content:
        return (
            "White space around it is no part of a secret: an editor ends a file with a line break."
        )
    if got.strip() == secret:
        return "Some of the white space around it is still there: `.strip()` takes all of it, on both sides."
    if got == secret.replace(b"\r\n", b"\n"):
        return "A file that is read as text gets other line breaks than it has. Read it as bytes."
    if b"".join(got.split()) == b"".join(secret.split()):
        return "White space *inside* a secret is a part of it."
    if got in secret:
        return (
            "Too much was taken away. White space of bytes is space, tab and line break; text has more kinds of it, and cuts "
            "them off, too. Read the file as bytes."
        )
    return "The bytes are others than those in the file. Read it as bytes, and not as text."
