"""The vocabulary of the contract: a service, the requests that it is sent, and what is wrong with an answer."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import requests

TIMEOUT = 20  # seconds that an answer may take
JSON = "application/json"


@dataclass(frozen=True)
class Row:
    """One line of the table. ``got`` says what is wrong, if something is."""

    level: str
    request: str
    expected: str
    got: str
    kept: bool


class Broken(Exception):
    """A request of this chapter failed, so that the ones after it have nothing to go on."""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict = field(default_factory=dict)
    body: object = None  # the JSON, or None if it is none
    problem: str = ""

    @classmethod
    def of(cls, response: requests.Response) -> "Answer":
        try:
            body = response.json() if response.content else None
        except requests.JSONDecodeError:
            body = None
        return cls(response.status_code, response.headers, body)


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

    def send(self, method: str, path: str, token: str | None = None, **options) -> Answer:
        """Send one request. A service that does not answer has status 0."""
        headers = options.pop("headers", {})
        if token is not None:
            headers = {"Authorization": f"Bearer {token}", **headers}
        try:
            return Answer.of(
                requests.request(
                    method,
                    self.url + path,
                    headers=headers,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    **options,
                )
            )
        except requests.RequestException as error:
            return Answer(0, problem=f"no answer ({type(error).__name__})")

    def expect(
        self,
        what: str,
        method: str,
        path: str,
        status: int,
        *,
        texts: tuple[str, ...] = (),
        message: str | None = None,
        challenge: str = "Bearer",
        **options,
    ) -> dict:
        """Send a request and write down whether the answer is the expected one.

        ``texts`` are the names that the JSON answer must have, each with a text that is not empty;
        ``message`` is the exact message of a refusal. ``challenge`` is how ``WWW-Authenticate`` begins.

        Returns:
            The JSON object of the answer.

        Raises:
            Broken: if the answer is another one.
        """
        answer = self.send(method, path, **options)
        return self.write_down(what, method, path, status, answer, texts, message, challenge)

    def write_down(
        self, what, method, path, status, answer, texts=(), message=None, challenge="Bearer"
    ) -> dict:
        """Write down whether this answer is the expected one; as ``expect``."""
        expected = " ".join([str(status), *texts])
        problems = list(problems_of(answer, status, texts, message, challenge))
        got = "; ".join(problems) or expected
        self.rows.append(
            Row(self.level, f"{method} {path}  {what}", expected, got, kept=not problems)
        )
        if problems:
            raise Broken(got)
        return answer.body if isinstance(answer.body, dict) else {}

    def also(self, what, method, path, status, shown=None, challenge="Bearer", **options) -> None:
        """As ``expect``, for a request on which nothing else depends: a wrong answer does not end the chapter.

        ``shown`` is the path as the table names it.
        """
        answer = self.send(method, path, **options)
        with suppress(Broken):
            self.write_down(what, method, shown or path, status, answer, challenge=challenge)

    def twice_at_once(self, what: str, wanted: tuple[int, int], path: str, **options) -> None:
        """Send a request twice at the same instant: the first status must come once, and so the second."""
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(self.send, "POST", path, **options) for _ in range(2)]
            got = sorted(each.result().status for each in both)
        expected = f"{wanted[0]} once, {wanted[1]} once"
        self.note(what, expected, f"{got[0]} and {got[1]}", kept=tuple(got) == wanted)

    def note(self, what: str, expected: str, got: str, kept: bool) -> None:
        """Write down the verdict on several answers together."""
        self.rows.append(Row(self.level, what, expected, got, kept))
        if not kept:
            raise Broken(got)

    def new_user(self) -> tuple[str, str]:
        """Name and password of somebody who can log in: the given user, or a newly registered one."""
        if not self.has_register:
            return self.username, self.password
        name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
        answer = self.send("POST", "/register", json=credentials(name, password))
        if answer.status != 201:
            self.write_down("a new user", "POST", "/register", 201, answer)
        return name, password

    def log_in(self, name: str, password: str, *wanted: str) -> dict:
        """The tokens of a new login; on failure a line of the table."""
        answer = self.send("POST", "/login", json=credentials(name, password))
        names = wanted or ("access_token",)
        if list(problems_of(answer, 200, names, None, "")):
            self.write_down("right name and password", "POST", "/login", 200, answer, names)
        return answer.body


def credentials(name: str, password: str) -> dict:
    return {"username": name, "password": password}


def problems_of(
    answer: Answer,
    status: int,
    texts: tuple[str, ...] = (),
    message: str | None = None,
    challenge: str = "Bearer",
) -> Iterator[str]:
    """What is wrong with an answer, if something is: its status, its shape, its headers; arguments as of ``expect``."""
    if answer.problem:
        yield answer.problem
        return
    if answer.status != status:
        yield f"{answer.status}{_shown(answer)}"
        return
    if status == 204:
        return
    kind = answer.headers.get("Content-Type", "none").split(";")[0]
    if kind != JSON:
        yield f"{status} with content type {kind}"
        return
    if status >= 400:
        said = answer.body.get("message") if isinstance(answer.body, dict) else None
        if not isinstance(said, str) or not said:
            yield f'{status} without {{"message": "..."}}'
        elif message is not None and said != message:
            yield f"{status} with the message {said[:60]!r}, not {message[:60]!r}"
    if status in (401, 403) and challenge:
        header = answer.headers.get("WWW-Authenticate")
        if status == 401 and header is None:
            yield f"{status} without WWW-Authenticate"
        elif header is not None and not header.startswith(challenge):
            yield f"{status} with WWW-Authenticate: {header[:60]}"
    for name in texts:
        value = answer.body.get(name) if isinstance(answer.body, dict) else None
        if not isinstance(value, str) or not value:
            yield f"{status} in which {name} is {json.dumps(value)[:40]} and not text"
    if any(name.endswith("_token") for name in texts):
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            yield f"{status} with a token, without Cache-Control: no-store"


def _shown(answer: Answer) -> str:
    if isinstance(answer.body, dict) and isinstance(answer.body.get("message"), str):
        return f" {answer.body['message'][:60]!r}"
    return ""
