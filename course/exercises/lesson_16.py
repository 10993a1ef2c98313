"""Exercises of lesson 16, Capstone. A service is judged by requests: what it is made of, nobody asks."""

import re
from collections import Counter
from collections.abc import Sequence

from course.attack import BROKEN as LET_IN
from course.attack import CANNOT_TELL, attack
from course.attack.target import Target, is_this_machine
from course.checking import NotAttempted, NotYet, exercise, is_a, plain, show, show_text, type_of
from course.contract import Row, as_count, hold
from course.contract.service import BROKEN, NOT_REACHED, Broken, Service, Stopped
from course.contract.wire import Patience
from course.server import Server
from course.token_parts import decode_part, read_object

# A service hashes passwords for real, and is asked some sixty times. The check ends by itself before its time is up: then it
# can say what took so long.
SECONDS = 180.0
ENOUGH = 150.0
EXAMPLE = "http://127.0.0.1:5000"
# What people copy along from the address line of a browser.
PAGES = ("register", "login", "me", "docs", "redoc", "openapi.json", "no-such-page")
# Of these, the attack can tell nothing by itself, or not for every service.
NEEDS_MORE = ("public key as secret", "guessable secret", "another kind of token", "expired token")
# What is behind a cause, for whoever meets it for the first time: the first that fits.
ADVICE = (
    ("no answer: the connection broke", "It has hung up in the middle. What did it say last in its terminal?"),
    ("text/html", "Your framework makes this page by itself: one handler for all errors gives it the contract's shape. (Or is this another program's address?)"),
    ("sends on to another", "The addresses of the contract answer by themselves, and have no slash at the end."),
    ("^500 in place", "A 500 is an exception in your code: its traceback is where your service runs, and its last line says what nobody had looked at."),
    ("^501 in place", "This is not written yet."),
    ("^413 in place", "Up to 10,000 bytes, a body is looked at."),
    ("in place of 413", "Look at the length of a body before you look at what is in it: 10,000 bytes are the most."),
    ("in place of 415", "Look at `Content-Type` before you look at the body: anything but `application/json` is 415."),
    ("in place of 400 or 422", "Read JSON in one place, and catch what its parser raises: `ValueError`, and `RecursionError` for lists in lists."),
    ("in place of 422", "Look at each value before you use it: is it there, is it text, how long is it, what is in it?"),
    ("in place of 409|at the same instant", "Whether a name is taken, the database knows best: let it be unique there, in one spelling (Unicode NFC), and catch its error."),
    ("^200 in place of 401", "Somebody was let in who must not be: with another password, or with something that is no good token."),
    ("in place of 401", "Whatever is wrong with a token or a password, the answer is 401."),
    ("errors are not JSON", "One handler for all errors gives them that shape, also those that your framework makes by itself: 404, 405, 413."),
    ("WWW-Authenticate|of a bad token", "Give every 401 this header in one place: the scheme `Bearer`, and an `error` only where a token was sent."),
    ("is missing|and not text|is empty", "`CONTRACT.md` has the names, letter by letter, and all of them are text."),
    ("may be cached", "An answer with a token in it says `Cache-Control: no-store`."),
)  # fmt: skip


def _address(url) -> str:
    """The address of the service, without a slash at its end."""
    if is_a(url, Server):
        url = url.url
    url = plain(url)
    if not is_a(url, str):
        raise NotYet(
            f"Expected the address of your service as text, such as `{EXAMPLE}`, got {type_of(url)}. Let your service run, and "
            "give the address where it listens."
        )
    url = url.strip()
    match = re.fullmatch(r"(https?)://([^/?#\s]+)(/[^?#\s]*)?([?#]\S*)?", url, re.IGNORECASE)
    if not match:
        raise NotYet(f"`{show(url)}` is no address. It begins with `http://`, such as `{EXAMPLE}`.")
    scheme, place, path, rest = (each or "" for each in match.groups())
    home, path = f"{scheme.lower()}://{place}", path.rstrip("/")
    prefix, _, page = path.rpartition("/")
    if rest or page in PAGES:
        alone = home + (prefix if page in PAGES else path)
        raise NotYet(
            f"`{show_text(url)}` is the address of a page. Give that of the service alone: `{show_text(alone)}`."
        )
    host = re.sub(r":\d*$", "", place)
    if host in ("0.0.0.0", "[::]"):
        reachable = f"{scheme.lower()}://127.0.0.1{place.removeprefix(host)}"
        raise NotYet(
            f"`{host}` says where a service listens: everywhere. It is no address to ask; this one is: `{show_text(reachable)}`."
        )
    return home + path


def _why_nothing_came(problem: str, url: str) -> str:
    """In a sentence, why a service could not even be asked, and what to do."""
    at = f"`{show_text(url)}`"
    for sign, sentence in (
        ("nothing listens", f"Nothing listens at {at}: start your service, let it run, and run this cell once more."),
        ("does not speak TLS", f"What listens at {at} does not speak TLS: write `http://` in place of `https://`."),
        ("certificate", f"The certificate of {at} is not trusted here: for this exercise, serve by plain `http://`."),
        ("no answer within", f"What listens at {at} gives no answer, however long one waits: does it wait for itself?"),
        ("broke off", f"What listens at {at} hangs up, or does not speak HTTP: is it another program, or `https://`?"),
        ("not an address", f"{at} is not an address: is its port a number up to 65535?"),
    ):  # fmt: skip
        if sign in problem:
            return sentence
    return f"{at}: {problem}."


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
    host = re.sub(r":\d*$", "", url.split("/")[2])
    if not is_this_machine(host):
        raise NotYet(
            f"`{show_text(url)}` is not on this computer. The check registers users and sends hundreds of requests, so it asks "
            f"nobody else. Let your service run here, and give its address: `{EXAMPLE}`."
        )
    rows = hold(url, "users", seconds=ENOUGH)
    if all(row.kept for row in rows):
        return (
            f"{as_count(rows)} The levels refresh, rotate and roles wait for you: "
            f"`uv run course contract` with your address and `--level refresh`."
        )
    slow = any("took more than" in row.got for row in rows)
    if all(row.verdict == NOT_REACHED for row in rows) and not slow:
        raise NotYet(_why_nothing_came(rows[0].got, url))
    raise NotYet(f"{as_count(rows)} {_next_step(rows, url)}")


def _next_step(rows: Sequence[Row], url: str) -> str:
    """What to mend first: what most rows wait for, or the cause that breaks most rows."""
    broken = [row for row in rows if row.verdict == BROKEN]
    waiting = [row for row in rows if row.verdict == NOT_REACHED]
    for sign, sentence in (
        ("nothing listens", "Your service has ended: from {request} on, nothing listens. Look at what it said last in its terminal, and start it again."),
        ("took more than", "It is slow: {got}. An answer should take far less than a second, and a login some tenths of one, for the hash. What does your service do meanwhile?"),
        ("no answer within", "It keeps one waiting, first at this request: {request}. Does something in your service wait for itself?"),
    ):  # fmt: skip
        if found := next((row for row in rows if sign in row.got), None):
            return sentence.format(request=_named(found), got=found.got)
    causes = Counter(cause for row in broken for cause in row.causes)
    most, times = causes.most_common(1)[0]
    first = next(row for row in broken if most in row.causes)
    told = f"{_named(first)}: expected {first.expected}, got {first.got}."
    begin = f"The most frequent cause, of {times} of {len(broken)} broken rows: {most}. The first of them is {told}"
    if times == 1:
        begin = f"What is broken first is {told}"
    for path in ("POST /register", "POST /login"):
        held_up = sum(path in row.got for row in waiting)
        at_fault = [row for row in broken if row.request.startswith(f"{path} ")]
        if at_fault and held_up > times:
            first, most = at_fault[0], at_fault[0].causes[0]
            begin = f"Begin with `{path}`, which {held_up} rows wait for: expected {first.expected}, got {first.got}."
            break
    advice = next((words for sign, words in ADVICE if re.search(sign, f"{most} ({first.got})")), "")
    curl = first.curl or f"uv run course contract {url} --level users"
    see = f"To see it: `{curl}`" + ", with the token of this row for `$TOKEN`" * ("$TOKEN" in curl)
    return " ".join(part for part in (begin, advice, see) if part)


def _named(row: Row) -> str:
    """The request of a row, for a sentence."""
    request, _, what = row.request.partition("  ")
    return f"`{request}` ({what})" if what else f"`{request}`"


@exercise(
    "16.2",
    "The message names what got in. Lesson 14 has the same attack, and the line that ends it.",
    "Name the algorithm in the call that verifies, take the key from your configuration, and turn whatever the library "
    "raises into a 401.",
    seconds=SECONDS,
)
def withstand_the_attack(url):
    url = _address(url)
    service = Service(url, has_register=True, patience=Patience(ENOUGH))
    try:
        # Whoever is not on this machine is not even asked to register somebody.
        Target(f"{url}/me")
        answer = service.send("GET", "/me")
        if not answer.status:
            raise NotYet(_why_nothing_came(answer.problem, url))
        tokens = service.log_in(*service.new_user())
        report = attack(
            f"{url}/me", tokens["access_token"], other_token=_other_token(tokens), seconds=ENOUGH
        )
    except (Broken, Stopped) as reason:
        raise NotYet(f"The attack cannot begin: {reason}. Solve 16.1 first.") from None
    except ValueError as error:
        if "There is no port" in str(error):
            raise NotYet(_why_nothing_came("not an address", url)) from None
        if "must be a signed JWT" in str(error):
            raise NotYet(
                "The access token of your service is no JWT. The contract leaves that open, and there is nothing to forge then: "
                "whoever guesses is all there is. This exercise attacks JWTs, so let a service that signs some stand trial."
            ) from None
        raise NotYet(f"The attack cannot begin: {error}") from None
    again = f"With a token of yours, `uv run course attack {url}/me --token …` shows every line."
    for line in report.lines:
        if line.verdict == LET_IN:
            raise NotYet(f"*{line.name}* (RFC {line.section}): {line.why}. {again}")
    for line in report.lines:
        if line.verdict == CANNOT_TELL and line.name not in NEEDS_MORE:
            raise NotYet(
                f"Of *{line.name}* (RFC {line.section}) nothing can be told: {line.why}. {again}"
            )
    _judge_lifetime(tokens["access_token"])
    unseen = [line.name for line in report.lines if line.verdict == CANNOT_TELL]
    return f"{report.told} kinds of attacks, and none got in. Tried, or not to be tried from outside, and so without a verdict: {', '.join(unseen) or 'nothing'}."


def _judge_lifetime(token: str) -> None:
    """Whoever finds a token that never ends, has found a password."""
    claims = read_object(decode_part(token.split(".")[1]).decode("utf-8"))
    if not is_a(claims.get("exp"), (int, float)):
        raise NotYet(
            "Nothing that was forged got in. But your access token has no `exp`: whoever finds one may use it for ever. Sign one "
            "that ends, and refuse those that do not."
        )


def _other_token(tokens: dict) -> str | None:
    """A refresh token, if the login gave one that is a JWT: it must not open ``/me``."""
    token = tokens.get("refresh_token")
    return token if is_a(token, str) and token.startswith("eyJ") and token.count(".") == 2 else None


DESIGNS = ("opaque ID", "looked up at refresh", "looked up always")
# In whatever letters somebody writes them.
_NAMES = {name.lower(): name for name in DESIGNS}
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
    if type(designs) is not dict or {plain(name) for name in designs} != set(REASONS):
        raise NotYet("Keep the dictionary of the stub, with the keys A, B and C.")
    if all(design is ... for design in designs.values()):
        raise NotAttempted
    for system in REASONS:
        design = plain(designs[system])
        if design is ...:
            raise NotYet(f"System {system} has no design yet.")
        name = _NAMES.get(" ".join(design.split()).lower()) if is_a(design, str) else None
        if name is None:
            raise NotYet(
                f"System {system}: `{show(design)}` is none of the designs. They are: {', '.join(DESIGNS)}."
            )
        if wrong := REASONS[system].get(name):
            raise NotYet(f"System {system}, {name}: {wrong}")
    return (
        "And the prices: A pays for a look-up at each request, in B people stay in for some minutes, and C pays for "
        "both. Whichever you take, somebody should have said so."
    )
