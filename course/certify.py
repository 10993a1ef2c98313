"""``certificate``: for whoever has solved every exercise, a JWT that says so.

It is signed with EdDSA, by a private key that lies in the learner's own ``my_work/.course/``; its public half lies beside it
and goes with the certificate. What that is worth, it says itself. Until lesson 13 came along, certificates were signed with
HS256: the key of those stays where it is, and they verify as ever.
"""

import html
import json
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
ALGORITHM = "EdDSA"
YEARS = 10
LONGEST_NAME = 100  # characters


class NotIssued(Exception):
    """There is no certificate now; the message says why and what to do."""


def certificate(name: str, course: Course | None = None) -> Shown:
    """Your certificate, how to verify it, and who could forge it; or what is still missing. Never raises."""
    course = course or Course()
    try:
        token, text = issue(name, course)
    except NotIssued as reason:
        return Shown(str(reason), box("waiting", html.escape(str(reason), quote=False)))
    explanation = f"<pre style='margin:0;white-space:pre-wrap;background:transparent;color:inherit'>{html.escape(text)}</pre>"
    return Shown(f"{token}\n\n{text}", show_token(token).html + box("wire", explanation))


def issue(name: str, course: Course) -> tuple[str, str]:
    """The signed token, and what is to be known of it.

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
        private_key, public_pem = _key_pair(course)
    except (OSError, ValueError) as error:
        raise NotIssued(f"There is no certificate: {error}") from error
    import jwt  # most days nobody earns one

    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": name.strip(),
        "iat": now,
        "exp": now + YEARS * 365 * 24 * 3600,
        "lessons": [f"{lesson.number} {lesson.title}" for lesson in lessons],
        "exercises": sum(len(lesson.exercises) for lesson in lessons),
    }
    token = jwt.encode(claims, private_key, algorithm=ALGORITHM)
    return token, _explain(token, public_pem, old_key_file(course).exists())


def private_key_file(course: Course) -> Path:
    return course.my_work / ".course" / "certificate_private_key.pem"


def public_key_file(course: Course) -> Path:
    return course.my_work / ".course" / "certificate_public_key.pem"


def old_key_file(course: Course) -> Path:
    """The key of certificates of before, for HS256. It only verifies; nothing makes or changes it."""
    return course.my_work / ".course" / "certificate_key"


def _key_pair(course: Course):
    """The private key of this checkout, and the public one as PEM.

    The pair is made at the first use; the private half is readable for its owner alone (where the system has that). What
    is damaged is never written over: somebody's certificates hang on it.

    Raises:
        NotIssued: if a file is there and is not what it should be.
        OSError: if one cannot be read or written.
    """
    private_path, public_path = private_key_file(course), public_key_file(course)
    with files.locked(course.my_work):
        if not private_path.exists():
            if public_path.exists():
                raise NotIssued(
                    f"{_shown(public_path)} is there, and its private half, {private_path.name}, is not. "
                    "Certificates of this pair verify as before, and a new one cannot be signed. Put the private key "
                    "back from a copy, or rename the public one, and a new pair is made."
                )
            files.write_new(private_path, _new_private_pem(), mode=0o600)
        private_key = _read_private(private_path)
        public_pem = _public_pem(private_key)
        if not public_path.exists():
            files.write_new(public_path, public_pem)
        elif _read(public_path).split() != public_pem.encode().split():
            raise NotIssued(
                f"{_shown(public_path)} is damaged, or belongs to another private key than {private_path.name}. "
                "Nothing was changed. Rename it, and it is written anew, from the private key."
            )
    return private_key, public_pem


def _shown(path: Path) -> str:
    return f"my_work/.course/{path.name}"


def _read(path: Path) -> bytes:
    """What is in a file, whatever it is.

    Raises:
        OSError: if it cannot be read, or is no file.
    """
    try:
        return files.read_text(path).encode()
    except ValueError:
        return b"not text"


def _new_private_pem() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _public_pem(private_key) -> str:
    from cryptography.hazmat.primitives import serialization

    return (
        private_key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _read_private(path: Path):
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(path), password=None)
    # TypeError: it is encrypted, and there is no password.
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise NotIssued(
            f"{_shown(path)} is damaged, or of another kind: it is no private key for Ed25519, in PEM, without a "
            "password. Nothing was changed. Put it back from a copy; or rename both files of the pair, and a new one "
            "is made. Certificates of the old pair then verify with the old public key."
        )
    return key


def _explain(token: str, public_pem: str, has_old_key: bool) -> str:
    """How to verify a certificate, and what it is worth."""
    old = """

Your certificates of before are signed with HS256. They verify as before: with verify_token of lesson 05, and with the
key in my_work/.course/certificate_key, which stays where it is. There, whoever can verify can also sign."""
    return f"""\
This certificate is a JWT, signed with EdDSA. Anybody can verify it, with this public key and no secret. It also lies in
my_work/.course/certificate_public_key.pem:

{public_pem}
In Python, with pip install "pyjwt[crypto]", these are three lines:

    import jwt
    public_key = {json.dumps(public_pem)}
    jwt.decode({json.dumps(token)}, public_key, algorithms=["{ALGORITHM}"], issuer={json.dumps(ISSUER)})

Who could forge it? Whoever can read the private key, my_work/.course/certificate_private_key.pem: it signs any name.
That is you, as long as this file stays where it is. Whoever has the public key can verify, and sign nothing.

What does it prove? That the holder of this private key says so. Who that is, and what they have checked, a signature
cannot tell: the list of what is solved, my_work/progress.json, is a text file. You hold the key, so this proves
something to you. Lesson 13 shows how a key pair works.{old if has_old_key else ""}"""
