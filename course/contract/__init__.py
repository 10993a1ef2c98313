"""The HTTP contract of the course's login services, as requests with expected answers.

It talks HTTP to a URL and knows nothing of what runs there: the tests hold every app of ``app_snippets/``
to it, ``course contract URL`` judges any other, and so does the last lesson with the learner's own.

The levels build on each other: *login* (lesson 06), *users* (07), *refresh* (08), *rotate* (09), *roles* (10).
The numbers: a body has at most 10,000 bytes, a password 15 to 1,000 characters, a name 1 to 64.
What holds for every answer: an error is JSON ``{"message": "..."}``, a 401 names the scheme ``Bearer`` in
``WWW-Authenticate`` (RFC 6750 §3), and an answer with a token has ``Cache-Control: no-store`` (RFC 6749 §5.1).

Tokens travel in the header Authorization, or *by cookie* (lesson 11): then the chapters are the same, a few that speak of
that header have another in their place, and what cookies need comes on top.
"""

from collections.abc import Callable
from dataclasses import replace

from course.contract import cookies, login, refresh, roles, rotate, users
from course.contract.by_cookie import ByCookie
from course.contract.service import (
    Broken,
    Rehearsal,
    Row,
    Service,
    Stopped,
    credentials,
)
from course.contract.table import as_causes, as_count, as_table
from course.contract.wire import Patience

__all__ = ["LEVELS", "Row", "as_causes", "as_count", "as_table", "hold"]

# Each level: the chapters that it adds, every one a story that stands alone. A broken one does not stop the others.
LEVELS = {
    "login": login.CHAPTERS,
    "users": users.CHAPTERS,
    "refresh": refresh.CHAPTERS,
    "rotate": rotate.CHAPTERS,
    "roles": roles.CHAPTERS,
}

NEEDS_A_LOGIN = ("login", "roles")


def hold(
    url: str,
    level: str,
    username: str | None = None,
    password: str | None = None,
    by_cookie: bool = False,
    seconds: float | None = None,
) -> list[Row]:
    """Hold the service at ``url`` to the contract, up to and including ``level``.

    Whatever the service does is a row of the table and never an exception.

    Args:
        url: without a closing slash, e.g. ``http://127.0.0.1:5000``.
        level: one of ``LEVELS``.
        username, password: an existing user; needed for the level *login*, and an admin for *roles*.
        by_cookie: whether the tokens travel in cookies.
        seconds: after which no more is asked; for ever, if there are none.

    Returns:
        The table, one row a request: as many for every service, with those that were not reached.

    Raises:
        ValueError: if the level is unknown, or needs a user and none is given.
    """
    if level not in LEVELS:
        raise ValueError(f"There is no level {level!r}, only {', '.join(LEVELS)}.")
    if level in NEEDS_A_LOGIN and not (username and password):
        whom = "an admin" if level == "roles" else "a user who can log in"
        raise ValueError(f"The level {level} needs the name and password of {whom}.")
    kind = ByCookie if by_cookie else Service
    service = kind(
        url.rstrip("/"),
        username,
        password,
        has_register=level != "login",
        patience=Patience(seconds),
    )
    rows: list[Row] = []
    stopped = _knock(service, with_login=level in NEEDS_A_LOGIN)
    for service.level, chapter in _chapters_up_to(level, by_cookie):
        begun_at, reason = len(service.rows), stopped
        if not stopped:
            try:
                chapter(service)
            except Broken as broken:
                reason = str(broken)
            except Stopped as stop:
                reason = stopped = str(stop)
        written = service.rows[begun_at:]
        reached = {row.request for row in written}
        rows += written
        rows += [
            replace(row, got=reason)
            for row in _rehearse(chapter, service.level)
            if row.request not in reached
        ]
    return rows


def _knock(service: Service, with_login: bool) -> str:
    """Why there is no use in asking: nothing answers, or the login that was given is refused. Else empty."""
    if with_login:
        given = credentials(service.username, service.password)
        answer = service.send("POST", "/login", body=given)
    else:
        answer = service.send("GET", "/me")
    if not answer.status:
        if answer.problem.endswith("?"):
            return answer.problem
        # A server that waits for TLS hears no HTTP, and hangs up.
        tls = " Or is it https:// there?" if "broke off" in answer.problem else ""
        return f"{answer.problem}. Is it running at {service.url}?{tls}"
    if with_login and answer.status == 401:
        return "POST /login refuses the name and password that were given. Are they right?"
    return ""


def _chapters_up_to(level: str, by_cookie: bool) -> list[tuple[str, Callable[[Service], None]]]:
    levels = list(LEVELS)
    chapters = []
    for name in levels[: levels.index(level) + 1]:
        chapters += [(name, chapter) for chapter in LEVELS[name]]
        if by_cookie:
            chapters += [(name, chapter) for chapter in cookies.MORE.get(name, ())]
    if by_cookie:
        return [(name, cookies.IN_PLACE.get(chapter, chapter)) for name, chapter in chapters]
    return chapters


def _rehearse(chapter: Callable[[Service], None], level: str) -> list[Row]:
    """The rows that the chapter has, as long as none is broken."""
    rehearsal = Rehearsal("", level=level)
    chapter(rehearsal)
    return rehearsal.rows
