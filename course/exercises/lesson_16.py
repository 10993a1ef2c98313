"""Exercises of lesson 16, Capstone."""

import secrets

import requests

from course.attack import attack
from course.checking import NotYet, exercise, is_a, plain, show, type_of
from course.contract import as_count, hold
from course.contract.service import BROKEN, credentials

# A service hashes passwords for real, and is asked some sixty times.
SECONDS = 180.0
PATIENCE = 20  # seconds


def _address(url) -> str:
    url = plain(url)
    if not is_a(url, str):
        hint = " Of a server that `serve` started, it is `.url`." if hasattr(url, "url") else ""
        raise NotYet(f"Expected the address of your service as text, got {type_of(url)}.{hint}")
    url = url.strip().rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise NotYet(
            f"`{show(url)}` is no address. It begins with `http://`, such as `http://127.0.0.1:5000`."
        )
    return url


@exercise(
    "16.1",
    "Start small: `uv run course contract URL --level users` in a terminal prints each row of the contract, and what is "
    "broken by its cause. Mend the cause with the most rows first.",
    "Errors in one shape come first: one handler for all of them. Then read the body in one function that answers 415, "
    "413, 400 and 422, and use it in both views.",
    "Then the token: exactly `Bearer`, a space, a token; verified by an algorithm that you name; every failure a 401.",
    "`app_snippets/smorest_users` keeps this level. Lay your file beside its `house.py`.",
    seconds=SECONDS,
)
def keep_the_contract(url):
    url = _address(url)
    rows = hold(url, "users")
    kept = sum(row.kept for row in rows)
    if kept == len(rows):
        return (
            f"{as_count(rows)} The levels refresh, rotate and roles wait for you: "
            f"`uv run course contract` with your address and `--level refresh`."
        )
    broken = [row for row in rows if row.verdict == BROKEN]
    if not broken:
        raise NotYet(f"{as_count(rows)} {rows[0].got}")
    causes = [cause for row in broken for cause in row.causes]
    most = max(causes, key=causes.count)
    first = next(row for row in broken if most in row.causes)
    raise NotYet(
        f"{as_count(rows)} Most rows ({causes.count(most)}) have one cause: {most}. The first of them: {first.request}. "
        f"To see it: `{first.curl or f'uv run course contract {url} --level users'}`"
    )


@exercise(
    "16.2",
    "The message names what got in. Lesson 14 has the same attack, and the line that ends it.",
    "Name the algorithm in the call that verifies, take the key from your configuration, and turn whatever the library "
    "raises into a 401.",
    seconds=SECONDS,
)
def withstand_the_attack(url):
    url = _address(url)
    body = credentials(f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18))
    with requests.Session() as session:
        # No proxy and no .netrc of this machine has a say.
        session.trust_env = False
        try:
            for path in ("/register", "/login"):
                answer = session.post(url + path, json=body, timeout=PATIENCE)
            token = answer.json()["access_token"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise NotYet(
                f"Nobody could register and log in at `{show(url)}` ({type(error).__name__}). Solve 16.1 first, and let "
                "the service run."
            ) from error
    try:
        report = attack(f"{url}/me", token)
    except ValueError as error:
        raise NotYet(str(error)) from error
    for line in report.lines:
        if line.name in report.broken:
            raise NotYet(f"*{line.name}* (RFC {line.section}): the service {line.why}.")
    told = [line for line in report.lines if line.verdict == "safe"]
    if not told:
        raise NotYet(f"Nothing could be told: {report.lines[0].why}.")
    return f"{len(told)} kinds of attacks, and none got in. What cannot be seen from outside is yours to think about."


DESIGNS = ("opaque ID", "looked up at refresh", "looked up always")
REASONS = {
    "A": {
        "looked up at refresh": "One server, one database, one kind of client. The look-up that a token saves costs less "
        "than verifying it (lesson 09), and whoever logs out stays in for its last minutes.",
        "looked up always": "Nobody but your own server reads this token. You pay for signing, and look up all the same.",
    },
    "B": {
        "opaque ID": "Forty services would ask one database, from other networks, at every call. If it is down, so are all.",
        "looked up always": "Every service would have to reach the database of the logins. Minutes after a logout are "
        "acceptable here, so nobody has to.",
    },
    "C": {
        "opaque ID": "The partners verify by themselves, without asking you. An opaque ID says nothing to them.",
        "looked up at refresh": "Whoever is dismissed would stay in your own service for the last minutes of a token, and "
        "the text says: at once.",
    },
}


@exercise(
    "16.3",
    "Lesson 09 has the table of the three designs, with what each costs.",
    "Two questions decide: must somebody read the token who cannot ask your database? And how long may somebody stay "
    "in who is out?",
)
def choose_a_design(designs):
    designs = plain(designs)
    if not is_a(designs, dict) or set(designs) != set(REASONS):
        raise NotYet("Keep the dictionary, with the keys A, B and C.")
    for system, design in designs.items():
        if design is ...:
            raise NotYet(f"System {system} has no design yet.")
        if not is_a(design, str) or design.strip() not in DESIGNS:
            raise NotYet(
                f"`{show(design)}` is none of the designs. They are: {', '.join(DESIGNS)}."
            )
        if wrong := REASONS[system].get(design.strip()):
            raise NotYet(f"System {system}, {design.strip()}: {wrong}")
    return "And now the price of each, below."
