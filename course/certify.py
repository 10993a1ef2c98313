"""``certificate``: for whoever has solved every exercise, a JWT that says so.

It is signed with HS256 and a key that lies in the learner's own ``my_work/.course/``. What that is worth, it says itself.
"""

import html
import json
import secrets
import time
from pathlib import Path

from course import files
from course.lesson_map import read_map
from course.paths import Course
from course.progress_view import missing
from course.shown import Shown, box, printable
from course.solved import about, fault_of, read_solved
from course.token_view import show_token

ISSUER = "jwt-cell-by-cell"
YEARS = 10
LONGEST_NAME = 100  # characters
SHORTEST_KEY = 32  # bytes, RFC 7518 §3.2


class NotIssued(Exception):
    """There is no certificate now; the message says why and what to do."""


def certificate(name: str, course: Course | None = None) -> Shown:
    """Your certificate, how to verify it, and who could forge it; or what is still missing. Never raises."""
    course = course or Course()
    try:
        token = issue(name, course)
    except NotIssued as reason:
        return Shown(str(reason), box("waiting", html.escape(str(reason), quote=False)))
    text = explain(token)
    explanation = f"<pre style='margin:0;white-space:pre-wrap;background:transparent;color:inherit'>{html.escape(text)}</pre>"
    return Shown(f"{token}\n\n{text}", show_token(token).html + box("wire", explanation))


def issue(name: str, course: Course) -> str:
    """The signed token.

    Raises:
        NotIssued: if exercises are missing, the name is not one, or the key cannot be read or written.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        raise NotIssued(f"A certificate needs a name of 1 to {LONGEST_NAME} characters.")
    if not name.isprintable():
        raise NotIssued(f"This name has a character that cannot be seen: {printable(name)}")
    if fault := fault_of(course):
        raise NotIssued(f"There is no certificate: {about(fault)}")
    try:
        lessons, solved = read_map(course), read_solved(course)
        open_ids = missing(lessons, solved)
        if open_ids or not any(lesson.exercises for lesson in lessons):
            raise NotIssued(
                f"Not yet. Still to be solved in my_work/: {', '.join(open_ids) or 'everything'}."
            )
        key = _key(course)
    except (OSError, ValueError) as error:
        raise NotIssued(f"There is no certificate: {error}") from error
    from jose import jwt  # most days nobody earns one

    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": name.strip(),
        "iat": now,
        "exp": now + YEARS * 365 * 24 * 3600,
        "lessons": [f"{lesson.number} {lesson.title}" for lesson in lessons],
        "exercises": sum(len(lesson.exercises) for lesson in lessons),
    }
    return jwt.encode(claims, key, algorithm="HS256")


def key_file(course: Course) -> Path:
    return course.my_work / ".course" / "certificate_key"


def _key(course: Course) -> str:
    """The key of this checkout, made at the first use, readable for its owner alone (where the system has that)."""
    path = key_file(course)
    with files.locked(course.my_work):
        if not path.exists():
            files.write_new(path, secrets.token_hex(32), mode=0o600)
        key = files.read_text(path)
    if len(key.encode()) < SHORTEST_KEY:
        raise NotIssued(
            f"The key in my_work/.course/{path.name} has {len(key.encode())} bytes; HS256 needs {SHORTEST_KEY}. "
            f"Delete that file, and a new key is made. Certificates of the old key then no longer verify."
        )
    return key


def explain(token: str) -> str:
    """How to verify a certificate, and what it is worth."""
    return f"""\
This certificate is a JWT. Verify it with what you built: in lesson 05, below the cell that defines verify_token, run

    from pathlib import Path
    key = Path(".course/certificate_key").read_text()
    certificate = {json.dumps(token)}
    verify_token(certificate, key, issuer={json.dumps(ISSUER)})

Who could forge it? You. The key lies on your own disk, in my_work/.course/certificate_key: whoever can read
that file can sign any name. HS256 has one key for both, so whoever can verify can also sign. And the list of
what is solved, my_work/progress.json, is a text file. So this proves something to you, and to nobody else.
Lesson 13 does it with a key pair: one signs and stays secret, the other verifies and may be published."""
