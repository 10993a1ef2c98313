"""The HTTP contract of the course's login services, as requests with expected answers.

It talks HTTP to a URL and knows nothing of what runs there: the tests hold every app of ``app_snippets/``
to it, ``course contract URL`` judges any other, and so does the last lesson with the learner's own.

The levels build on each other: *login* (lesson 06), *users* (07), *refresh* (08), *rotate* (09), *roles* (10).
What holds for every answer: an error is JSON ``{"message": "..."}``, a 401 names the scheme ``Bearer`` in
``WWW-Authenticate`` (RFC 6750 §3), and an answer with a token has ``Cache-Control: no-store`` (RFC 6749 §5.1).
"""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from course.token_parts import decode_part, encode_part

LEVELS = ("login", "users", "refresh", "rotate", "roles")
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
    level *roles* this user must be an admin. ``last_level`` is the level that the service claims to keep.
    """

    url: str
    username: str | None = None
    password: str | None = None
    last_level: str = "login"
    rows: list[Row] = field(default_factory=list)
    level: str = "login"

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
        return self.judge(what, method, path, status, answer, texts, message, challenge)

    def judge(
        self, what, method, path, status, answer, texts=(), message=None, challenge="Bearer"
    ) -> dict:
        """Write down whether this answer is the expected one; as ``expect``."""
        expected = " ".join([str(status), *texts])
        problems = list(_problems(answer, status, texts, message, challenge))
        got = "; ".join(problems) or expected
        self.rows.append(
            Row(self.level, f"{method} {path}  {what}", expected, got, kept=not problems)
        )
        if problems:
            raise Broken(got)
        return answer.body if isinstance(answer.body, dict) else {}

    def note(self, what: str, expected: str, got: str, kept: bool) -> None:
        """Write down the verdict on several answers together."""
        self.rows.append(Row(self.level, what, expected, got, kept))
        if not kept:
            raise Broken(got)

    def new_user(self) -> tuple[str, str]:
        """Name and password of somebody who can log in: the given user, or a newly registered one."""
        if LEVELS.index(self.last_level) < LEVELS.index("users"):
            return self.username, self.password
        name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
        answer = self.send("POST", "/register", json=credentials(name, password))
        if answer.status != 201:
            self.judge("a new user", "POST", "/register", 201, answer)
        return name, password

    def log_in(self, name: str, password: str, *wanted: str) -> dict:
        """The tokens of a new login; on failure a line of the table."""
        answer = self.send("POST", "/login", json=credentials(name, password))
        names = wanted or ("access_token",)
        if list(_problems(answer, 200, names, None, "")):
            self.judge("right name and password", "POST", "/login", 200, answer, names)
        return answer.body


def credentials(name: str, password: str) -> dict:
    return {"username": name, "password": password}


def _problems(
    answer: Answer, status: int, texts: tuple[str, ...], message: str | None, challenge: str
) -> Iterator[str]:
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


# --- The chapters: each one a story that stands alone. A broken one does not stop the others. ---

_chapters: dict[str, list[Callable[[Service], None]]] = {level: [] for level in LEVELS}


def chapter(level: str):
    """Add the decorated story to a level."""

    def add(story):
        _chapters[level].append(story)
        return story

    return add


@chapter("login")
def who_logs_in_gets_a_token(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.expect(
        "right name and password", "POST", "/login", 200,
        texts=("access_token",), json=credentials(name, password),
    )  # fmt: skip
    service.expect(
        "with the access token", "GET", "/me", 200, texts=("id",), token=tokens["access_token"]
    )


@chapter("login")
def wrong_credentials_look_alike(service: Service) -> None:
    name, password = service.new_user()
    refusal = service.expect(
        "wrong password", "POST", "/login", 401, json=credentials(name, "x" + password)
    )
    service.expect(
        "unknown user", "POST", "/login", 401, message=refusal["message"],
        json=credentials("nobody-" + secrets.token_hex(6), password),
    )  # fmt: skip


@chapter("login")
def bad_bodies_are_refused(service: Service) -> None:
    name, password = service.new_user()
    as_json = {"Content-Type": JSON}
    whole = json.dumps(credentials(name, password))
    bodies = [
        ("no password", 422, {"json": {"username": name}}),
        ("password is a number", 422, {"json": {"username": name, "password": 1}}),
        ("name is a list", 422, {"json": {"username": [name], "password": password}}),
        ("a list", 422, {"json": [name, password]}),
        ("half of the JSON", 400, {"data": whole[:-5], "headers": as_json}),
        ("no JSON at all", 400, {"data": "hello", "headers": as_json}),
        ("JSON nested 4,000 deep", 400, {"data": "[" * 4_000, "headers": as_json}),
        ("sent as text/plain", 415, {"data": whole, "headers": {"Content-Type": "text/plain"}}),
        ("12,000 bytes", 413, {"json": credentials(name, password * 600)}),
    ]  # fmt: skip
    for what, status, options in bodies:
        _one(service, what, "POST", "/login", status, **options)


@chapter("login")
def other_addresses_answer_in_the_same_shape(service: Service) -> None:
    _one(service, "there is no such page", "GET", "/no-such-page", 404)
    _one(service, "another method", "GET", "/login", 405)


@chapter("login")
def bad_tokens_are_refused(service: Service) -> None:
    name, password = service.new_user()
    token = service.log_in(name, password)["access_token"]
    header, payload, signature = (token.split(".") + ["", ""])[:3]
    other = "A" if signature[:1] != "A" else "B"
    nested = encode_part(b'{"alg":"HS256","x":' + b"[" * 9_000)
    unsigned = encode_part(b'{"alg":"none"}')
    basic = base64.b64encode(f"{name}:{password}".encode()).decode()
    cases = [
        ("no Authorization header", {}),
        ("Basic in place of Bearer", {"Authorization": f"Basic {basic}"}),
        ("the token without Bearer", {"Authorization": token}),
        ("Bearer without a token", {"Authorization": "Bearer"}),
        ("abc", {"Authorization": "Bearer abc"}),
        ("payload changed", {"Authorization": f"Bearer {header}.{_another_subject(payload)}.{signature}"}),
        ("signature changed", {"Authorization": f"Bearer {header}.{payload}.{other}{signature[1:]}"}),
        ("signature left out", {"Authorization": f"Bearer {header}.{payload}."}),
        ("alg none", {"Authorization": f"Bearer {unsigned}.{payload}."}),
        ("header nested 9,000 deep", {"Authorization": f"Bearer {nested}.e30.AAAA"}),
    ]  # fmt: skip
    for what, headers in cases:
        _one(service, what, "GET", "/me", 401, headers=headers)


@chapter("users")
def who_registers_can_log_in(service: Service) -> None:
    name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    user = service.expect(
        "a new name", "POST", "/register", 201,
        texts=("id", "username"), json=credentials(name, password),
    )  # fmt: skip
    told = password in json.dumps(user) or any("password" in key for key in user)
    service.note(
        "POST /register  does not repeat the password",
        "no password",
        str(sorted(user)),
        kept=not told,
    )
    token = service.log_in(name, password)["access_token"]
    me = service.expect("after registering", "GET", "/me", 200, texts=("id",), token=token)
    service.note(
        "GET /me  is the user who registered",
        "the same id",
        "the same id" if me["id"] == user["id"] else "another id",
        kept=me["id"] == user["id"],
    )
    service.expect(
        "a name that is taken", "POST", "/register", 409, json=credentials(name, password + "!")
    )
    service.expect(
        "the password is still the first one", "POST", "/login", 401,
        json=credentials(name, password + "!"),
    )  # fmt: skip


@chapter("users")
def odd_registrations_are_refused(service: Service) -> None:
    name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    cases = [
        ("a password of 3 characters", 422, credentials(name, "abc")),
        ("no name", 422, {"password": password}),
        ("an empty name", 422, credentials("", password)),
        ("a name with a NUL in it", 422, credentials(name + "\0", password)),
        ("a name of 1,000 characters", 422, credentials("x" * 1_000, password)),
        ("a password of 5,000 characters", 422, credentials(name, "x" * 5_000)),
        ("a password of 1 MB", 413, credentials(name, "x" * 1_000_000)),
    ]
    for what, status, body in cases:
        _one(service, what, "POST", "/register", status, json=body)


@chapter("users")
def one_name_is_one_user_however_it_is_encoded(service: Service) -> None:
    suffix, password = secrets.token_hex(6), "\u00e9" + secrets.token_urlsafe(18)
    service.expect(
        "a name with \u00e9 as one character", "POST", "/register", 201,
        texts=("id",), json=credentials(f"rene\u00e9{suffix}", password),
    )  # fmt: skip
    service.expect(
        "the same with \u00e9 as two", "POST", "/register", 409,
        json=credentials(f"renee\u0301{suffix}", password),
    )  # fmt: skip
    service.expect(
        "name and password with \u00e9 as two", "POST", "/login", 200, texts=("access_token",),
        json=credentials(f"renee\u0301{suffix}", password.replace("\u00e9", "e\u0301")),
    )  # fmt: skip


@chapter("users")
def of_two_who_register_one_name_at_once_one_wins(service: Service) -> None:
    body = credentials(f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18))
    _one_of_two(
        service, "POST /register  one name, twice at once", (201, 409), "/register", json=body
    )


@chapter("refresh")
def a_refresh_token_gives_access_tokens_and_nothing_else(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.expect(
        "right name and password", "POST", "/login", 200,
        texts=("access_token", "refresh_token"), json=credentials(name, password),
    )  # fmt: skip
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    service.expect("with the refresh token", "GET", "/me", 401, token=refresh)
    service.expect("with an access token", "POST", "/refresh", 401, token=access)
    service.expect("no token", "POST", "/refresh", 401)
    new = service.expect(
        "with the refresh token", "POST", "/refresh", 200, texts=("access_token",), token=refresh
    )
    service.expect(
        "with the new access token", "GET", "/me", 200, texts=("id",), token=new["access_token"]
    )


@chapter("refresh")
def logging_out_ends_every_token_of_this_login(service: Service) -> None:
    name, password = service.new_user()
    first = service.log_in(name, password, "access_token", "refresh_token")
    other = service.log_in(name, password, "access_token", "refresh_token")
    new = service.expect(
        "before logging out", "POST", "/refresh", 200,
        texts=("access_token",), token=first["refresh_token"],
    )  # fmt: skip
    refresh = new.get("refresh_token", first["refresh_token"])
    service.expect("no token", "POST", "/logout", 401)
    service.expect("with the access token", "POST", "/logout", 204, token=new["access_token"])
    dead = [
        ("logged out", "GET", "/me", new["access_token"]),
        ("logged out, the older access token", "GET", "/me", first["access_token"]),
        ("logged out, = appended", "GET", "/me", new["access_token"] + "="),
        ("logged out", "POST", "/refresh", refresh),
        ("logged out, = appended", "POST", "/refresh", refresh + "="),
        ("logged out already", "POST", "/logout", new["access_token"]),
    ]
    for what, method, path, token in dead:
        _one(service, what, method, path, 401, token=token)
    service.expect(
        "logged out elsewhere", "GET", "/me", 200, texts=("id",), token=other["access_token"]
    )


@chapter("refresh")
def logging_out_works_with_the_refresh_token_too(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.log_in(name, password, "access_token", "refresh_token")
    service.expect("with the refresh token", "POST", "/logout", 204, token=tokens["refresh_token"])
    service.expect(
        "logged out by the refresh token", "GET", "/me", 401, token=tokens["access_token"]
    )
    service.expect(
        "logged out by the refresh token", "POST", "/refresh", 401, token=tokens["refresh_token"]
    )


@chapter("rotate")
def a_refresh_token_works_once(service: Service) -> None:
    name, password = service.new_user()
    first = service.log_in(name, password, "access_token", "refresh_token")
    other = service.log_in(name, password, "access_token", "refresh_token")
    second = service.expect(
        "the first time", "POST", "/refresh", 200,
        texts=("access_token", "refresh_token"), token=first["refresh_token"],
    )  # fmt: skip
    third = service.expect(
        "the next one", "POST", "/refresh", 200,
        texts=("access_token", "refresh_token"), token=second["refresh_token"],
    )  # fmt: skip
    service.expect(
        "one that was used before", "POST", "/refresh", 401, token=first["refresh_token"]
    )
    for what, method, path, token in [
        ("the newest, after a replay", "POST", "/refresh", third["refresh_token"]),
        ("after a replay", "GET", "/me", third["access_token"]),
    ]:
        _one(service, what, method, path, 401, token=token)
    service.expect(
        "another login, after the replay", "GET", "/me", 200,
        texts=("id",), token=other["access_token"],
    )  # fmt: skip


@chapter("rotate")
def of_two_refreshes_at_once_one_wins(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.log_in(name, password, "access_token", "refresh_token")
    _one_of_two(
        service, "POST /refresh  one token, twice at once", (200, 401),
        "/refresh", token=tokens["refresh_token"],
    )  # fmt: skip


@chapter("rotate")
def logging_out_everywhere_ends_every_login(service: Service) -> None:
    name, password = service.new_user()
    here = service.log_in(name, password, "access_token", "refresh_token")
    there = service.log_in(name, password, "access_token", "refresh_token")
    stranger = service.log_in(*service.new_user(), "access_token", "refresh_token")
    service.expect("no token", "POST", "/logout-everywhere", 401)
    service.expect(
        "with the access token", "POST", "/logout-everywhere", 204, token=here["access_token"]
    )
    for what, tokens in (("here", here), ("elsewhere", there)):
        what = f"logged out everywhere: {what}"
        _one(service, what, "GET", "/me", 401, token=tokens["access_token"])
        _one(service, what, "POST", "/refresh", 401, token=tokens["refresh_token"])
    service.expect(
        "another user, meanwhile", "GET", "/me", 200, texts=("id",), token=stranger["access_token"]
    )
    service.expect(
        "after logging out everywhere", "POST", "/login", 200,
        texts=("access_token", "refresh_token"), json=credentials(name, password),
    )  # fmt: skip


@chapter("roles")
def members_may_not_what_admins_may(service: Service) -> None:
    member = service.log_in(*service.new_user())["access_token"]
    admin = service.log_in(service.username, service.password)["access_token"]
    own_id = service.expect("a member", "GET", "/me", 200, texts=("id",), token=member)["id"]
    _one(service, "no token", "GET", "/users", 401)
    _one(
        service, "a member", "GET", "/users", 403,
        token=member, challenge='Bearer error="insufficient_scope"',
    )  # fmt: skip
    answer = service.send("GET", "/users", token=admin)
    users = answer.body if isinstance(answer.body, list) else []
    listed = [
        set(user) >= {"id", "username", "role"} and "password" not in user
        for user in users
        if isinstance(user, dict)
    ]
    service.note(
        "GET /users  an admin",
        "200 [{id, username, role}, ...]",
        f"{answer.status}, {len(users)} users",
        kept=answer.status == 200 and bool(listed) and all(listed),
    )
    role = f"/users/{own_id}/role"
    _one(service, "no token, odd body", "PUT", role, 401, json={"role": 1}, shown="/users/ID/role")
    _one(
        service, "a member, for itself", "PUT", role, 403,
        token=member, json={"role": "admin"}, shown="/users/ID/role",
    )  # fmt: skip
    _one(
        service, "no such role", "PUT", role, 422,
        token=admin, json={"role": "emperor"}, shown="/users/ID/role",
    )  # fmt: skip
    _one(
        service, "no such user", "PUT", "/users/2000000000/role", 404,
        token=admin, json={"role": "admin"},
    )  # fmt: skip


@chapter("roles")
def nobody_makes_himself_an_admin_by_registering(service: Service) -> None:
    name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    wish = credentials(name, password) | {"role": "admin", "scope": "users:read users:write"}
    service.send("POST", "/register", json=wish)
    service.send("POST", "/register", json=credentials(name, password))
    token = service.log_in(name, password)["access_token"]
    service.expect("registered with role=admin", "GET", "/users", 403, token=token)


@chapter("roles")
def roles_come_and_go(service: Service) -> None:
    name, password = service.new_user()
    old = service.log_in(name, password, "access_token", "refresh_token")
    user_id = service.expect("a member", "GET", "/me", 200, token=old["access_token"])["id"]
    admin = service.log_in(service.username, service.password, "access_token", "refresh_token")
    role = {"path": f"/users/{user_id}/role", "shown": "/users/ID/role"}

    renewed = service.expect(
        "an admin", "POST", "/refresh", 200,
        texts=("access_token", "refresh_token"), token=admin["refresh_token"],
    )  # fmt: skip
    _one(
        service, "an admin whose login is not fresh", "PUT", status=401, **role,
        token=renewed["access_token"], json={"role": "admin"},
        challenge='Bearer error="insufficient_user_authentication"',
    )  # fmt: skip
    promotion = service.send(
        "PUT", role["path"], token=admin["access_token"], json={"role": "admin"}
    )
    service.judge("promote a member", "PUT", role["shown"], 200, promotion, ("id", "role"))
    new = service.log_in(name, password, "access_token", "refresh_token")
    service.note(
        "GET /users  promoted, after a new login",
        "200",
        status := str(service.send("GET", "/users", token=new["access_token"]).status),
        kept=status == "200",
    )
    service.send("PUT", role["path"], token=admin["access_token"], json={"role": "member"})
    _one(
        service, "demoted, with the token of before", "PUT", status=403, **role,
        token=new["access_token"], json={"role": "admin"},
    )  # fmt: skip
    refreshed = service.expect(
        "demoted", "POST", "/refresh", 200, texts=("access_token",), token=new["refresh_token"]
    )
    service.expect(
        "demoted, after a refresh", "GET", "/users", 403, token=refreshed["access_token"]
    )


def _one(service, what, method, path, status, shown=None, challenge="Bearer", **options) -> None:
    """A request on which nothing else depends: a wrong answer does not end the chapter."""
    answer = service.send(method, path, **options)
    try:
        service.judge(what, method, shown or path, status, answer, challenge=challenge)
    except Broken:
        return


def _one_of_two(service: Service, what: str, wanted: tuple[int, int], path: str, **options) -> None:
    """Send a request twice at the same instant: the first status must come once, and so the second."""
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(service.send, "POST", path, **options) for _ in range(2)]
        got = sorted(each.result().status for each in both)
    expected = f"{wanted[0]} once, {wanted[1]} once"
    service.note(what, expected, f"{got[0]} and {got[1]}", kept=tuple(got) == wanted)


def _another_subject(payload: str) -> str:
    """The payload with another sub; of what is no JSON object, another payload."""
    try:
        claims = json.loads(decode_part(payload))
        return encode_part(claims | {"sub": "424242"})
    except (ValueError, TypeError):
        return "e30"


def judge(
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
    service = Service(url.rstrip("/"), username, password, level)
    for service.level in LEVELS[: LEVELS.index(level) + 1]:
        for story in _chapters[service.level]:
            begun_at = len(service.rows)
            try:
                story(service)
            except Broken:
                assert any(not row.kept for row in service.rows[begun_at:])
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
