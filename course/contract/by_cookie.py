"""Tokens that travel in cookies: how the contract sends them, as a browser does, and where it finds those that come.

The names of the cookies are nobody's business but the service's. They are found by what is in them: a JWT whose claim
``type`` is *access* or *refresh*. Beside it, a page reads the CSRF token, and sends it in the header ``X-CSRF-TOKEN``.
"""

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from course.contract.service import CSRF_HEADER, Service
from course.contract.wire import Answer
from course.shown import printable, shorten
from course.token_parts import decode_part

KINDS = ("access", "refresh")
READS_ONLY = ("GET", "HEAD", "OPTIONS")
REFRESH = "/refresh"  # the one address to which the refresh cookie goes
# Other names are legal (RFC 6265 §4.1.1), but they would speak to the shell that repeats a request.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
CSRF_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,500}")
# Bytes of name and value; browsers drop a larger cookie, and say nothing (RFC 6265 §6.1).
LARGEST_COOKIE = 4_096


@dataclass(frozen=True)
class Cookie:
    """One Set-Cookie line, read as browsers read it (RFC 6265 §5.2). Names of attributes are in small letters."""

    name: str
    value: str
    attributes: dict[str, str]

    @classmethod
    def of(cls, line: str) -> "Cookie":
        pair, *others = line.split(";")
        name, _, value = pair.partition("=")
        attributes = {}
        for other in others:
            key, _, text = other.partition("=")
            attributes[key.strip().lower()] = text.strip()
        return cls(name.strip(), value.strip(), attributes)

    @property
    def http_only(self) -> bool:
        return "httponly" in self.attributes

    @property
    def kind(self) -> str | None:
        """*access* or *refresh*, if it carries such a token."""
        kind = claims_of(self.value).get("type")
        return kind if kind in KINDS and NAME.fullmatch(self.name) else None

    @property
    def is_taken_back(self) -> bool:
        """Whether a browser throws it away at once. Max-Age goes before Expires (RFC 6265 §5.3)."""
        age = self.attributes.get("max-age", "")
        if re.fullmatch(r"-?\d{1,9}", age):
            return int(age) <= 0
        try:
            end = parsedate_to_datetime(self.attributes.get("expires", ""))
        except (ValueError, OverflowError):
            return False
        return end.replace(tzinfo=timezone.utc) < datetime.now(timezone.utc)


def claims_of(token: str) -> dict:
    """What the payload of a token claims, unverified; nothing, if it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(decode_part(parts[1]))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def cookies_in(answer: Answer) -> list[Cookie]:
    return [Cookie.of(line) for line in answer.set_cookies]


def token_cookie(answer: Answer, kind: str) -> Cookie | None:
    """The cookie with the token of this kind; of several, the last one, as browsers have it."""
    return next((each for each in reversed(cookies_in(answer)) if each.kind == kind), None)


def csrf_cookie_for(token: Cookie, cookies: list[Cookie]) -> Cookie | None:
    """Where a page would read the CSRF token that it sends beside this cookie; of two, the one of this kind."""
    readable = [
        each
        for each in sorted(cookies, key=lambda each: token.kind not in each.name.lower())
        if NAME.fullmatch(each.name)
        and CSRF_TOKEN.fullmatch(each.value)
        and re.search("csrf|xsrf", each.name, re.IGNORECASE)
        and not each.http_only
    ]
    return readable[0] if readable else None


@dataclass
class ByCookie(Service):
    """A service whose tokens travel in cookies.

    ``names``: of the cookies, by kind. ``csrf_cookies``: by the token that each came with.
    """

    names: dict[str, str] = field(default_factory=dict)
    csrf_cookies: dict[str, Cookie | None] = field(default_factory=dict)

    def carry(self, method: str, path: str, token: str) -> dict[str, str]:
        """The one cookie that this address reads, with whatever token, and what a page of the service adds to it."""
        kind = "refresh" if path == REFRESH else "access"
        cookie = f"{self.names.get(kind, kind)}={token}"
        if method in READS_ONLY:
            return {"Cookie": cookie}
        # The same, with a copy of the token that has = at its end.
        if csrf_cookie := self.csrf_cookies.get(token.rstrip("=")):
            cookie += f"; {csrf_cookie.name}={csrf_cookie.value}"
            return {"Cookie": cookie, CSRF_HEADER: csrf_cookie.value}
        # Where there is no such cookie, the page has it from elsewhere, and the token says what it must be.
        claimed = claims_of(token).get("csrf")
        fit = isinstance(claimed, str) and CSRF_TOKEN.fullmatch(claimed)
        return {"Cookie": cookie} | ({CSRF_HEADER: claimed} if fit else {})

    def take_tokens(self, answer: Answer) -> Answer:
        """The answer, with the tokens of its cookies in its JSON, as ``access_token`` and ``refresh_token``."""
        cookies = cookies_in(answer)
        tokens = {}
        for cookie in cookies:
            if cookie.kind:
                self.names[cookie.kind] = cookie.name
                self.csrf_cookies[cookie.value.rstrip("=")] = csrf_cookie_for(cookie, cookies)
                tokens[f"{cookie.kind}_token"] = cookie.value
        if not isinstance(answer.body, dict):
            return answer
        # A token in the body is none: whatever reads the body reads it.
        rest = {name: value for name, value in answer.body.items() if not name.endswith("_token")}
        names = ", ".join(shorten(printable(cookie.name), 30) for cookie in cookies[:8])
        no_token = f"no cookie is a JWT whose claim type says so; cookies: {names or 'none'}"
        return replace(answer, body=rest | tokens, no_token=no_token)
