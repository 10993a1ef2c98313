"""One request to a service that nobody vouches for: its time, its size and its text are not taken on trust."""

import json
import os
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests
import urllib3

from course.paths import IN_A_TAB

SECONDS = 20  # that an answer may take, from the first byte sent to the last one received
LARGEST_ANSWER = 1_000_000  # bytes of a body
DEEPEST_JSON = 100  # lists and objects in one another


@dataclass(frozen=True)
class Answer:
    """What came back. ``status`` is 0 if nothing did, and ``body`` is the JSON, or None if it is none.

    ``problem`` says in words what keeps the answer from being read, if something does. ``set_cookies`` are the header
    lines of that name, one by one; ``no_token`` says in words what a token was looked for in, if not in the body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    problem: str = ""
    set_cookies: tuple[str, ...] = ()
    no_token: str = ""

    @classmethod
    def of(cls, response: requests.Response, content: bytes | None = None) -> "Answer":
        """The answer in a response whose body is ``content``, or still to be asked for."""
        content = response.content if content is None else content
        body, problem = None, ""
        coding = response.headers.get("Content-Encoding", "identity")
        if len(content) > LARGEST_ANSWER:
            problem = f"a body of more than {LARGEST_ANSWER:,} bytes"
        elif content and coding.lower() != "identity":
            problem = f"compressed ({coding}), which the request does not accept"
        else:
            try:
                body = json.loads(content) if content else None
                if _nested_deeper_than(DEEPEST_JSON, body):
                    raise RecursionError
            except RecursionError:
                body, problem = None, f"JSON nested more than {DEEPEST_JSON} deep"
            except ValueError:
                body = None
        # In response.headers they are one line, and a comma may also stand in a date.
        set_cookies = tuple(response.raw.headers.getlist("Set-Cookie"))
        return cls(response.status_code, response.headers, body, problem, set_cookies)


class Late(Exception):
    """The answer did not come within SECONDS."""


@dataclass
class Patience:
    """How long all requests together may take, if that is not for ever: a service may be slow, and never late.

    ``asked`` counts them.
    """

    seconds: float | None = None
    asked: int = 0
    begun: float = field(default_factory=time.monotonic)

    def one_more(self) -> str:
        """Why one more request takes too long; empty, if it does not. Asked before each."""
        if self.seconds is not None and time.monotonic() - self.begun > self.seconds:
            requests = "request" if self.asked == 1 else "requests"
            return f"{self.asked} {requests} took more than {self.seconds:g} seconds: the others were not asked"
        self.asked += 1
        return ""


def ask(method: str, url: str, headers: dict[str, str], content: bytes | None) -> Answer:
    """Send one request on a connection of its own; redirects are not followed.

    Neither the proxies nor the ``.netrc`` of this machine have a say, so that the request is the one that was meant.

    Raises:
        Late: if the answer takes longer than SECONDS, however it dawdles.
    """
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def work() -> None:
        answers.put(_ask(method, url, headers, content))

    # There, the app is called in this thread: it cannot be late without stopping everything.
    if IN_A_TAB:
        work()
        return answers.get()
    # The time limit of a socket begins anew with every byte. A thread can be left alone.
    threading.Thread(target=work, daemon=True).start()
    try:
        return answers.get(timeout=SECONDS)
    except queue.Empty:
        raise Late(f"no answer within {SECONDS} seconds") from None


class _DirectSession(requests.Session):
    """Asks the server that was named, and nobody else: no proxy, no ``.netrc``, no redirect."""

    def __init__(self):
        super().__init__()
        self.trust_env = False
        self.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: to offer the next request, requests would read the whole body of a redirect, however large."""


def _ask(method: str, url: str, headers: dict[str, str], content: bytes | None) -> Answer:
    try:
        with _DirectSession() as session:
            response = session.request(
                method,
                url,
                headers={"Accept-Encoding": "identity", **headers},
                data=content,
                # The deadline is the caller's; this only ends a thread that was left alone.
                timeout=2 * SECONDS,
                allow_redirects=False,
                stream=True,
            )
            # As it came over the wire: what is compressed is never unpacked.
            body = b""
            for piece in response.raw.stream(16_384, decode_content=False):
                body += piece
                if len(body) > LARGEST_ANSWER:
                    break
            return Answer.of(response, body)
    # Everything that libraries raise on what a server sends; UnicodeError, for an address that cannot be written.
    except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
        return Answer(0, problem=f"no answer: {_reason(error)}")


def _reason(error: Exception) -> str:
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "its certificate is not trusted here"
    if isinstance(error, requests.exceptions.SSLError):
        return "it does not speak TLS. Is it http:// and not https://?"
    if isinstance(error, requests.exceptions.InvalidURL) or isinstance(error, UnicodeError):
        return "this is not an address"
    if "refused" in said or "NewConnectionError" in said or "NameResolutionError" in said:
        return "nothing listens there"
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.ProtocolError):
        return "the connection broke off before the answer was whole, or what came is not HTTP"
    return type(error).__name__


def _nested_deeper_than(limit: int, value: object) -> bool:
    level = [value]
    for _ in range(limit + 1):
        children = []
        for each in level:
            if isinstance(each, dict):
                children += each.values()
            elif isinstance(each, list):
                children += each
        if not children:
            return False
        level = children
    return True
