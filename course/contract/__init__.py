"""The HTTP contract of the course's login services, as requests with expected answers.

It talks HTTP to a URL and knows nothing of what runs there: the tests hold every app of ``app_snippets/``
to it, ``course contract URL`` judges any other, and so does the last lesson with the learner's own.

The levels build on each other: *login* (lesson 06), *users* (07), *refresh* (08), *rotate* (09), *roles* (10).
What holds for every answer: an error is JSON ``{"message": "..."}``, a 401 names the scheme ``Bearer`` in
``WWW-Authenticate`` (RFC 6750 §3), and an answer with a token has ``Cache-Control: no-store`` (RFC 6749 §5.1).
"""

from course.contract import login, refresh, roles, rotate, users
from course.contract.service import Broken, Row, Service

__all__ = ["LEVELS", "Row", "as_table", "hold"]

# Each level: the chapters that it adds, every one a story that stands alone. A broken one does not stop the others.
LEVELS = {
    "login": login.CHAPTERS,
    "users": users.CHAPTERS,
    "refresh": refresh.CHAPTERS,
    "rotate": rotate.CHAPTERS,
    "roles": roles.CHAPTERS,
}


def hold(
    url: str, level: str, username: str | None = None, password: str | None = None
) -> list[Row]:
    """Hold the service at ``url`` to the contract, up to and including ``level``.

    Args:
        url: without a closing slash, e.g. ``http://127.0.0.1:5000``.
        level: one of ``LEVELS``.
        username, password: an existing user; needed for the level *login*, and an admin for *roles*.

    Returns:
        The table, one row a request.

    Raises:
        ValueError: if the level is unknown, or needs a user and none is given.
    """
    if level not in LEVELS:
        raise ValueError(f"There is no level {level!r}, only {', '.join(LEVELS)}.")
    if level in ("login", "roles") and not (username and password):
        whom = "an admin" if level == "roles" else "a user who can log in"
        raise ValueError(f"The level {level} needs the name and password of {whom}.")
    service = Service(url.rstrip("/"), username, password, has_register=level != "login")
    for chapter_level, chapters in LEVELS.items():
        service.level = chapter_level
        for chapter in chapters:
            begun_at = len(service.rows)
            try:
                chapter(service)
            except Broken:
                assert any(not row.kept for row in service.rows[begun_at:])
        if chapter_level == level:
            break
    return service.rows


def as_table(rows: list[Row]) -> str:
    """The rows as lines of text."""
    widths = [max(len(text) for text in column) for column in zip(*map(_cells, rows), _TITLES)]
    lines = ["  ".join(t.ljust(w) for t, w in zip(_TITLES, widths)).rstrip()]
    lines.append("  ".join("-" * w for w in widths))
    lines += ["  ".join(t.ljust(w) for t, w in zip(_cells(r), widths)).rstrip() for r in rows]
    return "\n".join(lines)


_TITLES = ("level", "request", "expected", "got", "verdict")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.level,
        row.request,
        row.expected,
        row.got,
        "kept" if row.kept else "BROKEN",
    )
