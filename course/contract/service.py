"""The vocabulary of the contract: a service, the requests that it is sent, and what is wrong with an answer."""

import json
import re
import secrets
import shlex
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from course.contract.wire import Answer, Late, Patience, ask
from course.paths import IN_A_TAB
from course.shown import printable, shorten

JSON = "application/json"
KEPT, BROKEN, NOT_REACHED = "kept", "BROKEN", "not reached"
LATE_ANSWERS = 3  # after which the judgement ends: each costs 20 seconds
# RFC 6750 §2.1: the characters that a token may have in the header Authorization.
BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
# Characters of a body that a command spells out. A longer one is made by a command of its own.
LONGEST_BODY = 200
# Servers take about 8,000 bytes of one header line.
LONGEST_TOKEN = 7_000
# In which a page shows that it can read what another site cannot.
CSRF_HEADER = "X-CSRF-TOKEN"


class Problem(NamedTuple):
    """What is wrong with an answer: ``got`` for its row, ``cause`` in words that other rows may share."""

    got: str
    cause: str


@dataclass(frozen=True)
class Row:
    """One line of the table; every text in it is printable. ``got`` says what is wrong, if something is.

    ``causes`` are those of its problems, and ``curl`` is the request as a command for a shell.
    """

    level: str
    request: str
    expected: str
    got: str = ""
    verdict: str = NOT_REACHED
    causes: tuple[str, ...] = ()
    curl: str = ""

    @property
    def kept(self) -> bool:
        return self.verdict == KEPT


class Broken(Exception):
    """A request of this chapter failed, so that the ones after it have nothing to go on; says which."""


class Stopped(Exception):
    """To go on would show nothing more; says why."""


@dataclass
class Service:
    """The service under judgement, and the table so far.

    ``username`` and ``password`` are of an existing user, for services that have no ``/register``; for the
    level *roles* this user must be an admin. ``level`` is that of the rows to come.
    """

    url: str
    username: str | None = None
    password: str | None = None
    has_register: bool = False
    level: str = "login"
    rows: list[Row] = field(default_factory=list)
    late: int = 0
    patience: Patience = field(default_factory=Patience)

    def send(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: object = None,
        content_type: str = JSON,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """Send one request. ``body`` is written as JSON, and text is sent as it is.

        ``headers`` have the last word; a None among them takes away what a token would bring along.

        Returns:
            The answer, with its tokens in the JSON; if none came, its status is 0 and its ``problem`` says why.

        Raises:
            Stopped: if too many answers were late, or all together take too long.
        """
        return self.take_tokens(
            self.exchange(method, path, token, body, content_type, headers or {})
        )

    def carry(self, method: str, path: str, token: str) -> dict[str, str]:
        """The headers by which a token travels with a request."""
        return {"Authorization": f"Bearer {token}"}

    def take_tokens(self, answer: Answer) -> Answer:
        """The answer, with the tokens that it brings in the JSON, whatever they travelled in."""
        return answer

    def exchange(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: object = None,
        content_type: str = JSON,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """As ``send``, and the answer as it came."""
        headers, content = self._headers_and_content(
            method, path, token, body, content_type, headers
        )
        if too_long := self.patience.one_more():
            raise Stopped(too_long)
        try:
            return ask(method, self.url + path, headers, content)
        except Late as late:
            self.late += 1
            if self.late >= LATE_ANSWERS:
                raise Stopped(
                    f"{LATE_ANSWERS} times there was {late}: the others were not asked"
                ) from None
            return Answer(0, problem=str(late))

    def expect(
        self,
        what: str,
        method: str,
        path: str,
        status: int | tuple[int, ...],
        *,
        texts: tuple[str, ...] = (),
        message: str | None = None,
        error: str | None = None,
        shown: str | None = None,
        twins: Sequence[tuple[str, dict]] = (),
        **request,
    ) -> dict:
        """Send a request and write down whether the answer is the expected one.

        Args:
            what: tells the row from the others with this method and path.
            status: the only right one, or those of which each is right.
            texts: the names that the JSON answer must have, each with a text that is not empty.
            message: the exact message of a refusal.
            error: the code that ``WWW-Authenticate`` must carry (RFC 6750 §3.1); "" if it may carry none.
            shown: the path as the table names it.
            twins: requests of the same kind, which must be answered alike: in words, and what of ``request`` is another.
            request: as of ``send``.

        Returns:
            The JSON object of the answer.

        Raises:
            Broken: if the answer is another one.
        """
        answer = self.send(method, path, **request)
        problems = list(problems_of(answer, status, texts, message, error))
        name = f"{method} {shown or path}  {what}"
        got = " ".join([str(answer.status), *texts])
        curl = self._curl(method, path, **request)
        for words, others in twins:
            if problems:
                break
            twin = request | others
            found = problems_of(self.send(method, path, **twin), status, texts, message, error)
            problems = [Problem(f"{problem.got}, with {words}", problem.cause) for problem in found]
            curl = self._curl(method, path, **twin)
        self._write_down(name, _expected(status, texts), got, problems, curl)
        return answer.body if isinstance(answer.body, dict) else {}

    def also(self, *arguments, **options) -> None:
        """As ``expect``, for a request on which nothing else depends: a wrong answer does not end the chapter."""
        with suppress(Broken):
            self.expect(*arguments, **options)

    def twice_at_once(self, what: str, path: str, first: int, second: int, **request) -> None:
        """POST a request twice at the same instant: one must get the status ``first``, the other ``second``."""
        if IN_A_TAB:
            # One thread has no two at the same instant: the second comes as soon as the first is answered.
            both = [self.send("POST", path, **request) for _ in range(2)]
        else:
            with ThreadPoolExecutor(2) as pool:
                waiting = [pool.submit(self.send, "POST", path, **request) for _ in range(2)]
                both = [each.result() for each in waiting]
        one, other = sorted(each.status for each in both)
        self.note(
            f"POST {path}  {what}",
            f"{first} once, {second} once",
            f"{one} and {other}",
            kept=(one, other) == (first, second),
            cause=f"two that come at the same instant get {one} and {other}, in place of {first} and {second}",
        )

    def note(self, name: str, expected: str, got: str, kept: bool, cause: str = "") -> None:
        """Write down the verdict on several answers together, or on one more trait of an answer.

        ``cause`` is what is wrong if it is not kept, where that is more than ``got``.

        Raises:
            Broken: if it is not kept.
        """
        cause = cause or f"{got} in place of {expected}"
        self._write_down(name, expected, got, [] if kept else [Problem(got, cause)], "")

    def _write_down(
        self, name: str, expected: str, got: str, problems: list[Problem], curl: str
    ) -> None:
        got = "; ".join(problem.got for problem in problems) or got
        causes = tuple(_plain(problem.cause, 200) for problem in problems if problem.cause)
        verdict = BROKEN if problems else KEPT
        self.rows.append(
            Row(self.level, name, expected, _plain(got, 100), verdict, causes, _plain(curl, 600))
        )
        if problems:
            raise Broken(f"it needs: {name}")

    def new_user(self) -> tuple[str, str]:
        """Name and password of somebody who can log in: the given user, or a newly registered one.

        Raises:
            Broken: if the service does not register one.
        """
        if not self.has_register:
            return self.username, self.password
        name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
        answer = self.send("POST", "/register", body=credentials(name, password))
        if problems := list(problems_of(answer, 201)):
            raise Broken(_plain(f"it needs a new user, and POST /register: {problems[0].got}", 100))
        return name, password

    def log_in(self, name: str, password: str, *wanted: str) -> dict:
        """The tokens of a new login.

        Raises:
            Broken: if the service does not give them.
        """
        answer = self.send("POST", "/login", body=credentials(name, password))
        if problems := list(problems_of(answer, 200, wanted or ("access_token",))):
            raise Broken(_plain(f"it needs a login, and POST /login: {problems[0].got}", 100))
        return answer.body

    def _headers_and_content(
        self, method, path, token=None, body=None, content_type=JSON, headers=None
    ) -> tuple[dict[str, str], bytes | None]:
        wanted = {} if token is None else self.carry(method, path, token)
        content = None
        if body is not None:
            wanted["Content-Type"] = content_type
            text = body if isinstance(body, (str, bytes)) else json.dumps(body)
            content = text if isinstance(text, bytes) else text.encode()
        wanted |= headers or {}
        return {name: value for name, value in wanted.items() if value is not None}, content

    def _curl(self, method, path, *request, **options) -> str:
        """The request as a command for a shell. A token is $TOKEN there, and the given password stays a secret."""
        headers, content = self._headers_and_content(method, path, *request, **options)
        words = ["curl", "-i"] + (["-X", method] if method != "GET" else [])
        words.append(shlex.quote(self.url + path))
        for name, value in headers.items():
            words.append(f'-H "{name}: {without_secrets(name, value)}"')
        if content is not None:
            text = content.decode("utf-8", "backslashreplace")
            if self.password:
                text = text.replace(json.dumps(self.password)[1:-1], "PASSWORD")
            if len(text) > LONGEST_BODY:
                return f"{_printed(text)} | {' '.join(words)} -d @-"
            words.append(f"-d {shlex.quote(text)}")
        return " ".join(words)


class Rehearsal(Service):
    """Plays a chapter without a service, to learn which rows it has: nothing is sent and everything goes well."""

    class _AnyText(dict):
        """Has every name, and each is a text that passes for a token."""

        def __missing__(self, name: str) -> str:
            return "e30.e30.AAAA"

    def exchange(self, *request, **options) -> Answer:
        return Answer(0)

    def _write_down(self, name, expected, got, problems, curl) -> None:
        self.rows.append(Row(self.level, name, expected))

    def expect(self, *arguments, **options) -> dict:
        super().expect(*arguments, **options)
        return self._AnyText()

    def new_user(self) -> tuple[str, str]:
        return "somebody", "a password"

    def log_in(self, *arguments) -> dict:
        return self._AnyText()


def credentials(name: str, password: str) -> dict:
    return {"username": name, "password": password}


def without_secrets(name: str, value: str) -> str:
    """The value of a header, with $TOKEN or $CSRF_TOKEN for what nobody else may read."""
    if name == "Authorization" and value not in ("Bearer", "Bearer abc"):
        scheme, space, _ = value.rpartition(" ")
        return f"{scheme}{space}$TOKEN"
    if name == "Cookie":
        cookie, _, text = value.partition("=")
        return (
            value
            if text in ("", "abc")
            else f"{cookie}=$TOKEN" + ("; $CSRF_COOKIE" if "; " in text else "")
        )
    return "$CSRF_TOKEN" if name == CSRF_HEADER else value


def _printed(text: str) -> str:
    """A command that prints ``text``, in which one character is repeated very often."""
    run = max(re.finditer(r"(.)\1*", text, re.DOTALL), key=lambda match: len(match[0]))
    parts = [json.dumps(part) for part in (text[: run.start()], run[1], text[run.end() :])]
    parts[1] += f" * {len(run[0])}"
    program = " + ".join(part for part in parts if part != '""')
    return f"uv run python -c {shlex.quote(f'print({program})')}"


def _expected(status: int | tuple[int, ...], texts: tuple[str, ...]) -> str:
    statuses = status if isinstance(status, tuple) else (status,)
    return " ".join([" or ".join(map(str, statuses)), *texts])


def _plain(text: str, limit: int) -> str:
    """A text of the service for a terminal: on one line, without anything that a terminal would obey."""
    return shorten(printable(text), limit)


def problems_of(
    answer: Answer,
    status: int | tuple[int, ...],
    texts: tuple[str, ...] = (),
    message: str | None = None,
    error: str | None = None,
) -> Iterator[Problem]:
    """What is wrong with an answer, if something is: its status, its shape, its headers; arguments as of ``expect``."""
    came = answer.status
    if not came:
        yield Problem(answer.problem, answer.problem)
        return
    if came not in (status if isinstance(status, tuple) else (status,)):
        cause = f"{came} in place of {_expected(status, ())}"
        if 300 <= came < 400 and "Location" in answer.headers:
            cause = (
                f"an address sends on to another ({came}{_said(answer)}): those of the contract answer by themselves, "
                "and have no slash at the end"
            )
        yield Problem(f"{came}{_said(answer)}", cause)
        return
    if answer.problem:
        yield Problem(f"{came}, {answer.problem}", f"the answer is {answer.problem}")
        return
    if came == 204:
        return
    if came >= 400:
        yield from _problems_of_a_refusal(answer, message)
    else:
        yield from _problems_of_a_success(answer, texts)
    if came in (401, 403):
        yield from _problems_of_the_challenge(answer, error)


def _problems_of_a_refusal(answer: Answer, message: str | None) -> Iterator[Problem]:
    said = answer.body.get("message") if isinstance(answer.body, dict) else None
    if _content_type(answer) != JSON or not isinstance(said, str) or not said:
        there = _what_is_there(answer)
        yield Problem(
            f"{answer.status} without `message` ({there})",
            f"errors are not JSON with `message` ({there})",
        )
    elif message is not None and said != message:
        got = f"{answer.status} {said[:40]!r}, where another name gets {message[:40]!r}"
        yield Problem(got, "the message tells whether a name exists")
    if answer.status == 405 and "Allow" not in answer.headers:
        yield Problem(
            "405 without Allow",
            "a 405 does not say what is allowed: header Allow (RFC 9110 §15.5.6)",
        )


def _problems_of_a_success(answer: Answer, texts: tuple[str, ...]) -> Iterator[Problem]:
    if _content_type(answer) != JSON:
        there = _what_is_there(answer)
        yield Problem(f"{answer.status}, but {there}", f"answers are not JSON ({there})")
        return
    body = answer.body if isinstance(answer.body, dict) else {}
    for name in texts:
        value = body.get(name)
        if name not in body:
            there = name.endswith("_token") and answer.no_token or _what_is_there(answer)
            yield Problem(
                f"{answer.status}, {name} is missing ({there})", f"{name} is missing ({there})"
            )
        elif not isinstance(value, str) or not value:
            kind = "empty" if value == "" else f"{type(value).__name__} and not text"
            yield Problem(f"{answer.status}, {name} is {kind}", f"{name} is {kind}")
        elif name.endswith("_token") and not BEARER_TOKEN.fullmatch(value):
            yield Problem(
                f"{answer.status}, {name} has characters that no Bearer token has",
                f"{name} cannot be sent as Authorization: Bearer (RFC 6750 §2.1)",
            )
        elif name.endswith("_token") and len(value) > LONGEST_TOKEN:
            too_long = f"{name} has {len(value):,} characters, too many for a header"
            yield Problem(f"{answer.status}, {too_long}", too_long)
    if any(name.endswith("_token") for name in texts):
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            yield Problem(
                f"{answer.status} with a token, without Cache-Control: no-store",
                "answers with a token may be cached (RFC 6749 §5.1)",
            )


def _problems_of_the_challenge(answer: Answer, error: str | None) -> Iterator[Problem]:
    """RFC 9110 §11.6.1: a 401 names the ways to authenticate. Names of schemes may be written in any case."""
    header = answer.headers.get("WWW-Authenticate")
    if header is None:
        if answer.status == 401:
            yield Problem("401 without WWW-Authenticate", "a 401 has no WWW-Authenticate")
        return
    got = f"{answer.status} with WWW-Authenticate: {header[:60]}"
    if not re.search(r"(^|,)\s*bearer\b", header, re.IGNORECASE):
        yield Problem(got, "WWW-Authenticate does not name the scheme Bearer")
    code = re.search(r'\berror\s*=\s*"?([^",\s]*)', header, re.IGNORECASE)
    if error and (code is None or code[1] != error):
        yield Problem(got, f'WWW-Authenticate lacks error="{error}"')
    if error == "" and code:
        yield Problem(
            got, "a 401 speaks of a bad token, and none was sent: no `error` there (RFC 6750 §3.1)"
        )


def _content_type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _what_is_there(answer: Answer) -> str:
    """What came in place of the expected JSON."""
    kind = _content_type(answer)
    if kind != JSON:
        return kind or "no Content-Type"
    if isinstance(answer.body, dict):
        keys = ", ".join(shorten(key, 30) for key in list(answer.body)[:8])
        return f"there are: {keys}" if keys else "an empty object"
    return "no JSON" if answer.body is None else f"a JSON {type(answer.body).__name__}"


def _said(answer: Answer) -> str:
    """What an answer with the wrong status says of itself."""
    if "Location" in answer.headers:
        return f", Location: {answer.headers['Location'][:60]}"
    if isinstance(answer.body, dict) and isinstance(answer.body.get("message"), str):
        return f" {answer.body['message'][:60]!r}"
    return "" if _content_type(answer) == JSON or answer.problem else f" ({_what_is_there(answer)})"
