"""What ``deployable`` adds to the app ``roles``: a limit on failed logins, a ring of keys, grace, numbers, health.

How it holds under gunicorn and behind proxies is in test_deployable_served.py. The contract and all that every app owes,
it is held to with the others.
"""

import importlib
import itertools
import os
import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import click
import pytest
import requests
import sqlalchemy
from jose import jwt
from prometheus_client.parser import text_string_to_metric_families

from course.contract import hold
from tests.apps.running import ADA, PASSWORD, in_a_process_of, running_app
from tests.apps.serving import NAME, Served, by_flask, rows, settings_for

ON = ["sqlite", "postgresql"]
WRONG = ADA | {"password": "let me in"}


@pytest.fixture
def database_url(on, tmp_path, request) -> str:
    """An empty database: a SQLite file or one of PostgreSQL."""
    if on == "postgresql":
        return request.getfixturevalue("empty_database")
    return f"sqlite:///{(tmp_path / 'app.db').as_posix()}"


# --- The limit on failed logins ---


def let_through(answers: list[requests.Response]) -> int:
    """How many of these wrong logins were looked at. What was not has the one shape, and says when to come again."""
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {401, 429}, statuses
    for answer in answers:
        if answer.status_code == 429:
            assert list(answer.json()) == ["message"]
            assert 1 <= int(answer.headers["Retry-After"]) <= 61
    return statuses[401]


def allowed(database_url: str, who: str, limit: int, tries: int) -> int:
    """How many of the tries may get through: so many in each minute in which there were any. Usually it was one minute."""
    counted = [n for (n,) in rows(database_url, "select n from attempts where who = :who", who=who)]
    assert sum(counted) == tries
    return sum(min(n, limit) for n in counted)


@pytest.mark.parametrize("on", ON)
def test_four_processes_together_let_ten_wrong_passwords_through(on, tmp_path, database_url):
    tries = 60
    environment = settings_for(tmp_path, database_url)
    with ExitStack() as stack:
        served = [stack.enter_context(by_flask(environment, tmp_path)) for _ in range(4)]
        pool = stack.enter_context(ThreadPoolExecutor(8))
        served[0].register(ADA)
        in_turn = [next_one for _, next_one in zip(range(tries), itertools.cycle(served))]
        answers = list(pool.map(lambda each: each.post("/login", json=WRONG), in_turn))
        # A minute may have ended in between; the rows say so.
        assert let_through(answers) == allowed(database_url, "account ada", 10, tries) >= 10
        for each in served:
            # Nor is the right one looked at: a guesser would learn which one it is.
            if each.post("/login", json=WRONG).status_code == 429:
                assert each.post("/login", json=ADA).status_code in (429, 200)
        assert "Traceback" not in "".join(each.said for each in served)


def test_the_right_password_is_refused_like_the_others_when_too_many_have_failed(tmp_path):
    environment = settings_for(tmp_path, LOGINS_PER_ACCOUNT="3")
    with by_flask(environment, tmp_path) as served:
        served.register(ADA)
        database_url = environment["DATABASE_URL"]
        minute = int(time.time()) // 60
        # In this minute and the next: whatever the clock does, three have failed.
        for each in (minute, minute + 1):
            rows(database_url, "insert into attempts values (:m, 'account ada', 3)", m=each)
        answer = served.post("/login", json=ADA)
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1
        # The others are not concerned, and who is in stays in.
        served.register(ADA | {"username": "eve"})
        served.log_in(ADA | {"username": "eve"})


def test_logins_that_succeed_are_not_counted(tmp_path):
    environment = settings_for(tmp_path, LOGINS_PER_ACCOUNT="3", LOGINS_PER_ADDRESS="3")
    with by_flask(environment, tmp_path) as served:
        served.register(ADA)
        for _ in range(8):
            served.log_in(ADA)
        counted = rows(environment["DATABASE_URL"], "select who, n from attempts")
        assert {who for who, n in counted if n} == {"thrown away"}
        assert {who for who, _ in counted} == {"thrown away", "account ada", "address 127.0.0.1"}


def test_a_login_that_succeeds_takes_back_itself_and_not_the_guesses_of_others(tmp_path):
    environment = settings_for(tmp_path, LOGINS_PER_ACCOUNT="10")
    with by_flask(environment, tmp_path) as served:
        served.register(ADA)
        answers = []
        for _ in range(30):
            answers.append(served.post("/login", json=WRONG))
            if len(answers) < 8:
                served.log_in(ADA)
        last = rows(environment["DATABASE_URL"], "select n from attempts where who = 'account ada'")
        assert sum(n for (n,) in last) == 30
        assert let_through(answers) == allowed(
            environment["DATABASE_URL"], "account ada", 10, len(answers)
        )


def test_who_has_no_account_is_limited_like_who_has_one(tmp_path):
    environment = settings_for(tmp_path, LOGINS_PER_ACCOUNT="4")
    with by_flask(environment, tmp_path) as served:
        served.register(ADA)
        for name in ("ada", "nobody"):
            answers = [served.post("/login", json=WRONG | {"username": name}) for _ in range(12)]
            expected = allowed(environment["DATABASE_URL"], f"account {name}", 4, 12)
            assert let_through(answers) == expected < 12
            # One name, however it is written.
            again = served.post("/login", json=WRONG | {"username": name.upper()})
            if again.status_code == 429:
                assert again.json() == answers[-1].json()


@pytest.mark.parametrize(
    ("variables", "limited"),
    [
        # By account alone, one password can be tried on every account.
        ({"LOGINS_PER_ADDRESS": "10000"}, False),
        ({"LOGINS_PER_ADDRESS": "20"}, True),
        # An address that the client made up is not believed ...
        ({"LOGINS_PER_ADDRESS": "20", "headers": "yes"}, True),
        # ... unless the service believes in a proxy that is not there.
        ({"LOGINS_PER_ADDRESS": "20", "headers": "yes", "TRUSTED_PROXIES": "1"}, False),
    ],
    ids=["by account", "by address", "made up", "made up and believed"],
)
def test_many_accounts_from_one_address(variables, limited, tmp_path):
    tries, made_up = 60, variables.pop("headers", None) if "headers" in variables else None
    environment = settings_for(tmp_path, **variables)
    with by_flask(environment, tmp_path) as served:
        answers = [
            served.post(
                "/login",
                json={"username": f"user{number}", "password": PASSWORD},
                headers={"X-Forwarded-For": f"192.0.2.{number}"} if made_up else {},
            )
            for number in range(tries)
        ]
        expected = tries
        if limited:
            expected = allowed(environment["DATABASE_URL"], "address 127.0.0.1", 20, tries)
            assert expected < tries
        assert let_through(answers) == expected


def counted_as(module, addresses: list[str | None]) -> list[str]:
    """Under which name the limit counts these addresses."""
    app = module.create_app()
    names = []
    for address in addresses:
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            names.append(module.limits.counted_address())
    return names


def test_a_household_is_one_address(tmp_path):
    wanted = {
        "192.0.2.7": "192.0.2.7",
        "::ffff:192.0.2.7": "192.0.2.7",
        "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
        "2001:db8:1:2::1": "2001:db8:1:2::/64",
        "2001:db8:1:3::1": "2001:db8:1:3::/64",
        "not an address": "None",
        "": "None",
        None: "None",
    }
    names = in_a_process_of(NAME, settings_for(tmp_path), counted_as, list(wanted))
    assert names == list(wanted.values())


@pytest.mark.parametrize("on", ON)
def test_counts_of_before_are_thrown_away(on, tmp_path, database_url):
    with by_flask(settings_for(tmp_path, database_url), tmp_path) as served:
        now = int(time.time()) // 60
        for minute in (1, now - 5, now - 2):
            rows(database_url, "insert into attempts values (:m, 'account eve', 7)", m=minute)
        # Of the minute before this one, a login may still be under way.
        rows(database_url, "insert into attempts values (:m, 'account eve', 7)", m=now - 1)
        rows(database_url, "insert into attempts values (:m, 'account eve', 7)", m=now)
        assert served.post("/login", json=WRONG).status_code == 401
        left = rows(database_url, "select minute from attempts where who = 'account eve'")
        minutes = {minute for (minute,) in left}
        # If the minute has ended in between, one row more.
        assert minutes in ({now - 1, now}, {now})


def refusals(module, environments: list[dict]) -> list[str | None]:
    """What the app says when it is to start with each of these variables besides; None where it starts."""
    said, usual = [], dict(os.environ)
    for variables in environments:
        os.environ.clear()
        os.environ.update({k: v for k, v in (usual | variables).items() if v is not None})
        try:
            module.create_app()
            said.append(None)
        except click.ClickException as refusal:
            said.append(refusal.message)
    return said


def test_a_setting_that_is_no_number_is_refused_in_words(tmp_path):
    names = ["LOGINS_PER_ACCOUNT", "LOGINS_PER_ADDRESS", "TRUSTED_PROXIES", "REFRESH_GRACE"]
    bad = ["many", "-1", "1.5", "99999999999", "\u0663", "0x1"]
    cases = [{name: value} for name in names for value in bad]
    said = in_a_process_of(NAME, settings_for(tmp_path), refusals, cases)
    for ((name, _),), message in zip(map(dict.items, cases), said, strict=True):
        assert message.startswith(f"{name} must be a whole number from 0 to "), (name, message)
    good = [{name: value} for name in names[:1] for value in ("", "0", " 1 ", "2")]
    assert set(in_a_process_of(NAME, settings_for(tmp_path), refusals, good)) == {None}


# --- The ring of keys ---


def new_key() -> str:
    return secrets.token_hex(32)


class Client:
    """Somebody with a login, who uses both kinds of token at every process in turn."""

    def __init__(self, served: list[Served], user: dict = ADA):
        self.served = served
        self.tokens = served[0].log_in(user)

    def use(self) -> list[int]:
        """The statuses of: the access token everywhere, a refresh, the new one everywhere."""
        everywhere = [each.me(self.tokens["access_token"]) for each in self.served]
        renewed = self.served[-1].post("/refresh", self.tokens["refresh_token"])
        if renewed.status_code != 200:
            return [*everywhere, renewed.status_code]
        self.tokens = renewed.json()
        self.served = self.served[1:] + self.served[:1]
        return [*everywhere, 200, *(each.me(self.tokens["access_token"]) for each in self.served)]


def test_a_key_is_changed_and_nobody_is_logged_out(tmp_path):
    """From a time without kids to the second key, with two processes that are never started anew."""
    first, second, third = new_key(), new_key(), new_key()
    file = tmp_path / "keys"
    file.write_text(f"{first}\n", encoding="utf-8")
    environment = settings_for(tmp_path, JWT_SECRET_KEY_FILE=str(file))
    steps = [
        # What the file says, and the kid that signs after that.
        (f"{first}\n2026 {second}\n", None),
        (f"2026 {second}\n{first}\n", "2026"),
        (f"2026 {second}\n", "2026"),
        (f"2026 {second}\n2027 {third}\n", "2026"),
        (f"2027 {third}\n2026 {second}\n", "2027"),
        (f"2027 {third}\n", "2027"),
    ]
    with by_flask(environment, tmp_path) as one, by_flask(environment, tmp_path) as other:
        served = [one, other]
        one.register(ADA)
        client, idle = Client(served), Client(served)
        in_between = Counter()
        for number, (text, kid) in enumerate(steps):
            stop = threading.Event()

            def go_on(stop=stop) -> None:
                while not stop.is_set():
                    in_between.update(client.use())

            busy = threading.Thread(target=go_on)
            busy.start()
            time.sleep(0.2)
            # Both ways in which files change: written anew, and another one put in their place.
            if number % 2:
                file.write_text(text, encoding="utf-8")
            else:
                (tmp_path / "new").write_text(text, encoding="utf-8")
                (tmp_path / "new").replace(file)
            time.sleep(0.2)
            stop.set()
            busy.join()
            assert set(client.use()) == {200}
            headers = jwt.get_unverified_header(one.log_in(ADA)["access_token"])
            assert headers.get("kid") == kid
        # Every request in between, whatever the file was at the moment.
        assert set(in_between) == {200} and in_between[200] > 50
        # Whoever has not come in all that time has a token of the first key, which is out.
        assert idle.use() == [401, 401, 401]
        assert "Traceback" not in one.said + other.said
    assert first not in one.said and second not in one.said


def test_a_key_that_was_lost_is_out_at_once(tmp_path):
    file, lost = tmp_path / "keys", new_key()
    file.write_text(f"a {lost}", encoding="utf-8")
    with by_flask(settings_for(tmp_path, JWT_SECRET_KEY_FILE=str(file)), tmp_path) as served:
        served.register(ADA)
        tokens = served.log_in(ADA)
        forged = jwt.encode(
            jwt.get_unverified_claims(tokens["access_token"]), lost, headers={"kid": "a"}
        )
        assert served.me(forged) == 200
        file.write_text(f"b {new_key()}", encoding="utf-8")
        assert [served.me(forged), served.me(tokens["access_token"])] == [401, 401]
        assert served.post("/refresh", tokens["refresh_token"]).status_code == 401
        # Nor by saying that it is the other one.
        for kid in ("b", None):
            claims = jwt.get_unverified_claims(forged)
            assert served.me(jwt.encode(claims, lost, headers={"kid": kid} if kid else {})) == 401


AROUND = [("", "\n"), ("", "\r\n"), ("\n", "\n\n"), (" ", " "), ("", "\t\n"), ("", "")]


def signing_keys(module, files: list[str]) -> list[bytes]:
    """The key of each file, as the ring of an app that starts with it has it."""
    del os.environ["JWT_SECRET_KEY"]
    keys = []
    for file in files:
        os.environ["JWT_SECRET_KEY_FILE"] = file
        keys.append(module.create_app().config["JWT_SECRET_KEY"])
    return keys


def test_what_an_editor_puts_around_a_key_is_no_part_of_it(tmp_path):
    key, files = new_key().encode(), []
    for number, (before, after) in enumerate(AROUND):
        for kid in (b"", b"2026-01 "):
            file = tmp_path / f"key{number}{kid[:1].decode()}"
            file.write_bytes(before.encode() + kid + key + after.encode())
            files.append(str(file))
    found = in_a_process_of(NAME, settings_for(tmp_path), signing_keys, files)
    assert found == [key] * len(files)


BAD_FILES = {
    "": "there is no key in it.",
    "\n\n": "there is no key in it.",
    "short": "the key in line 1 has 5 bytes",
    "a short\n": "the key in line 1 has 5 bytes",
    "a {0}\na {1}\n": "line 2 has the kid of another line",
    "{0}\n{1}\n": "line 2 has the kid of another line, or both have none.",
    "a {0} x\n": "line 1 must be a kid, a space and a key, or a key alone.",
    "a/b {0}": "line 1 must be a kid",
    "\ufeffa {0}": "line 1 must be a kid",
    "\ufeff{0}": "the key in line 1 has white space at an end",
    '"{0}"': "the key in line 1 stands in quotation marks",
    "-----BEGIN PUBLIC KEY-----\n{0}\n": "line 1 must be",
    "ok {0}\n\nb short": "the key in line 3 has 5 bytes",
}


def test_a_bad_file_of_keys_is_refused_in_words_and_never_repeated(tmp_path):
    keys, cases = (new_key(), new_key()), []
    for number, text in enumerate(BAD_FILES):
        file = tmp_path / f"keys{number}"
        file.write_text(text.format(*keys), encoding="utf-8")
        cases.append({"JWT_SECRET_KEY": None, "JWT_SECRET_KEY_FILE": str(file)})
    said = in_a_process_of(NAME, settings_for(tmp_path), refusals, cases)
    for case, wanted, message in zip(cases, BAD_FILES.values(), said, strict=True):
        assert message.startswith(f"JWT_SECRET_KEY_FILE: {case['JWT_SECRET_KEY_FILE']}: ")
        assert wanted in message and not any(key[:8] in message for key in keys), message


def test_a_missing_file_and_two_sources_are_refused_in_words(tmp_path):
    nowhere = {"JWT_SECRET_KEY": None, "JWT_SECRET_KEY_FILE": str(tmp_path / "nowhere")}
    both = {"JWT_SECRET_KEY_FILE": str(tmp_path / "nowhere")}
    missing, ambiguous = in_a_process_of(NAME, settings_for(tmp_path), refusals, [nowhere, both])
    assert "No such file" in missing and "not both" in ambiguous


def test_a_file_that_goes_bad_changes_nothing_and_the_log_says_so_once(tmp_path):
    key, file = new_key(), tmp_path / "keys"
    file.write_text(f"a {key}\n", encoding="utf-8")
    with by_flask(settings_for(tmp_path, JWT_SECRET_KEY_FILE=str(file)), tmp_path) as served:
        served.register(ADA)
        token = served.log_in(ADA)["access_token"]
        for number, spoil in enumerate(
            [lambda: file.write_text("half of a li"), lambda: file.write_text(""), file.unlink], 1
        ):
            spoil()
            assert [served.me(token) for _ in range(3)] == [200] * 3
            assert served.said.count("The keys of before stay.") == number
        file.write_text(f"b {new_key()}\na {key}\n", encoding="utf-8")
        assert served.me(token) == 200
        assert jwt.get_unverified_header(served.log_in(ADA)["access_token"])["kid"] == "b"
        assert key not in served.said


@pytest.mark.parametrize(
    "kid", ["none", "", "A", "a ", "../a", "a' OR 1=1", "\0", "x" * 2000, 7, None, ["a"], {"a": 1}],
    ids=lambda kid: repr(kid)[:20],
)  # fmt: skip
def test_a_token_that_names_another_key_is_refused(kid, ringed):
    served, key = ringed
    claims = {
        "sub": "1",
        "jti": "1",
        "exp": int(time.time()) + 600,
        "type": "access",
        "fresh": False,
    }
    answer = served.ask("GET", "/me", jwt.encode(claims, key, headers={"kid": kid}))
    assert answer.status_code == 401, answer.text
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.fixture(scope="module")
def ringed(tmp_path_factory):
    """An app with one key, whose kid is a."""
    folder, key = tmp_path_factory.mktemp("ringed"), new_key()
    (folder / "keys").write_text(f"a {key}\n", encoding="utf-8")
    with by_flask(settings_for(folder, JWT_SECRET_KEY_FILE=str(folder / "keys")), folder) as served:
        yield served, key
    assert "Traceback" not in served.said


def url_with_password(module) -> str:
    return module.settings.database_url_with_password()


@pytest.mark.parametrize("after", ["", "\n", "\r\n"], ids=ascii)
def test_the_password_of_the_database_comes_from_a_file(after, tmp_path):
    file = tmp_path / "password"
    file.write_bytes(f"p@ss/w:rd{after}".encode())
    url = "postgresql+psycopg://app@database/app?connect_timeout=5"
    environment = settings_for(tmp_path, url, DATABASE_PASSWORD_FILE=str(file))
    made = sqlalchemy.make_url(in_a_process_of(NAME, environment, url_with_password))
    assert (made.password, made.host, made.query) == (
        "p@ss/w:rd", "database", {"connect_timeout": "5"},
    )  # fmt: skip


def test_a_bad_file_with_the_password_is_refused_in_words(tmp_path):
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    (tmp_path / "good").write_bytes(b"abc")
    cases = [
        {"DATABASE_PASSWORD_FILE": str(tmp_path / name)} for name in ("nowhere", "empty", "odd")
    ]
    cases.append({"DATABASE_PASSWORD_FILE": str(tmp_path / "good"), "DATABASE_URL": None})
    for message in in_a_process_of(NAME, settings_for(tmp_path), refusals, cases):
        assert message.startswith("DATABASE_PASSWORD_FILE"), message


# --- Grace ---


@pytest.fixture(scope="module")
def graceful(tmp_path_factory):
    """An app with ten seconds of grace, and Ada."""
    folder = tmp_path_factory.mktemp("graceful")
    environment = settings_for(folder, REFRESH_GRACE="10")
    with by_flask(environment, folder) as served:
        served.register(ADA)
        yield served
    assert "Traceback" not in served.said


def refresh(served: Served, token: str) -> dict | int:
    """The next tokens, or the status of a refusal."""
    answer = served.post("/refresh", token)
    return answer.json() if answer.status_code == 200 else answer.status_code


def test_an_answer_that_got_lost_costs_nothing(graceful):
    first = graceful.log_in(ADA)["refresh_token"]
    refresh(graceful, first)  # the answer is lost
    third = refresh(graceful, first)
    assert graceful.me(third["access_token"]) == 200
    assert graceful.me(refresh(graceful, third["refresh_token"])["access_token"]) == 200


def test_a_thief_within_the_grace_is_found_out_when_the_owner_comes_again(graceful):
    first = graceful.log_in(ADA)["refresh_token"]
    second = refresh(graceful, first)
    stolen = refresh(graceful, first)  # the thief, three seconds later
    assert graceful.me(stolen["access_token"]) == 200
    assert refresh(graceful, second["refresh_token"]) == 401
    assert refresh(graceful, stolen["refresh_token"]) == 401
    assert graceful.me(stolen["access_token"]) == 401


def test_nobody_is_forgiven_twice(graceful):
    first = graceful.log_in(ADA)["refresh_token"]
    refresh(graceful, first)
    third = refresh(graceful, first)
    assert refresh(graceful, first) == 401
    assert refresh(graceful, third["refresh_token"]) == 401
    assert graceful.me(third["access_token"]) == 401


def test_the_token_before_the_last_one_is_not_forgiven(graceful):
    first = graceful.log_in(ADA)["refresh_token"]
    second = refresh(graceful, first)
    third = refresh(graceful, second["refresh_token"])
    assert refresh(graceful, first) == 401
    assert refresh(graceful, third["refresh_token"]) == 401


@pytest.mark.parametrize(("seconds", "forgiven"), [(5, True), (10, False), (11, False)])
def test_grace_ends(seconds, forgiven, graceful):
    first = graceful.log_in(ADA)["refresh_token"]
    second = refresh(graceful, first)
    session = jwt.get_unverified_claims(first)["sid"]
    rows(
        graceful.environment["DATABASE_URL"],
        "update sessions set used_at = used_at - :seconds where id = :session",
        seconds=seconds, session=session,
    )  # fmt: skip
    assert (refresh(graceful, first) != 401) == forgiven
    # Either way the other one is worth nothing now.
    assert refresh(graceful, second["refresh_token"]) == 401


def test_a_logout_forgives_nobody(graceful):
    tokens = graceful.log_in(ADA)
    second = refresh(graceful, tokens["refresh_token"])
    assert graceful.post("/logout", second["access_token"]).status_code == 204
    assert refresh(graceful, tokens["refresh_token"]) == 401
    assert refresh(graceful, second["refresh_token"]) == 401


ROUNDS = 20


@pytest.mark.parametrize("on", ON)
def test_of_many_at_once_one_is_first_and_one_is_forgiven(on, tmp_path, database_url):
    environment = settings_for(tmp_path, database_url, REFRESH_GRACE="30")
    with (
        by_flask(environment, tmp_path) as here,
        by_flask(environment, tmp_path) as there,
        ThreadPoolExecutor(4) as pool,
    ):
        here.register(ADA)
        outcomes = Counter()
        for many in itertools.islice(itertools.cycle([2, 3, 4]), ROUNDS):
            token, start = here.log_in(ADA)["refresh_token"], threading.Barrier(many)

            def send(served: Served, token=token, start=start) -> dict | int:
                start.wait(timeout=20)
                return refresh(served, token)

            answers = list(pool.map(send, [here, there, here, there][:many]))
            pairs = [answer for answer in answers if answer != 401]
            outcomes[many, len(pairs)] += 1
            assert len({pair["refresh_token"] for pair in pairs}) == len(pairs)
            # Of the two pairs one is current; a third one who came has ended it all.
            alive = [here.me(pair["access_token"]) for pair in pairs]
            assert alive == ([200, 200] if many == 2 else [401, 401])
        assert set(outcomes) == {(2, 2), (3, 2), (4, 2)}, outcomes
        assert "Traceback" not in here.said + there.said


def test_with_grace_the_contract_misses_one_row(tmp_path, monkeypatch):
    """So it is off by default, and kept as a whole: test_contract.py and test_copied_out.py show that."""
    monkeypatch.setenv("REFRESH_GRACE", "10")
    with running_app(NAME, tmp_path) as app:
        app.add_user("ada", PASSWORD)
        assert app.command("set-role", "ada", "admin")[0] == 0
        missed = [row for row in hold(app.url, "roles", "ada", PASSWORD) if not row.kept]
        assert [(row.request, row.got) for row in missed] == [
            ("POST /refresh  one token, twice at once", "200 and 200")
        ]


# --- What operators see ---


def numbers(served: Served) -> dict[tuple, float]:
    """What /metrics says, read by Prometheus' own client: by name and labels, without the process."""
    answer = served.ask("GET", "/metrics")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith(
        "text/plain; version=0.0.4"
    )
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.type in ("counter", "histogram") and len(family.documentation) > 20
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("process") == str(served.process.pid)
            key = (sample.name, *sorted(labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def test_numbers_tell_what_has_happened(tmp_path):
    environment = settings_for(tmp_path, REFRESH_GRACE="10", LOGINS_PER_ACCOUNT="3")
    with by_flask(environment, tmp_path) as served:
        before = numbers(served)
        assert before["logins_total", ("result", "refused")] == 0
        assert before["refresh_reused_total",] == before["refresh_forgiven_total",] == 0
        served.register(ADA)
        token = served.log_in(ADA)["refresh_token"]
        served.log_in(ADA)
        assert [served.post("/refresh", token).status_code for _ in range(3)] == [200, 200, 401]
        statuses = Counter(served.post("/login", json=WRONG).status_code for _ in range(8))
        assert served.me("abc") == 401
        assert served.ask("GET", "/users").status_code == 401
        after = numbers(served)

    logins = {
        result: after["logins_total", ("result", result)]
        for result in ("accepted", "refused", "limited")
    }
    assert logins == {"accepted": 2, "refused": statuses[401], "limited": statuses[429]}
    assert after["refresh_forgiven_total",] == 1 and after["refresh_reused_total",] == 1
    refused = {key[1:]: value for key, value in after.items() if key[0] == "refusals_total"}
    assert refused == {
        (("reason", "invalid_token"), ("route", "/me")): 1,
        (("reason", "invalid_token"), ("route", "/refresh")): 1,
        (("reason", "not_logged_in"), ("route", "/login")): statuses[401],
        (("reason", "not_logged_in"), ("route", "/users")): 1,
        **({(("reason", "too_many_failures"), ("route", "/login")): statuses[429]} if statuses[429] else {}),
    }  # fmt: skip
    buckets = [
        value for key, value in after.items()
        if key[0] == "request_seconds_bucket" and ("route", "/refresh") in key and ("status", "200") in key
    ]  # fmt: skip
    assert len(buckets) == 7 and sorted(buckets)[-1] == 2
    labels = ("route", "/refresh"), ("status", "200")
    assert after["request_seconds_bucket", ("le", "+Inf"), *labels] == 2
    assert after["request_seconds_count", *labels] == 2
    assert 0 < after["request_seconds_sum", *labels] < 120


def test_a_client_cannot_make_numbers_up(ringed):
    """Each series costs memory for as long as the process lives."""
    served, _ = ringed
    for path in ("/", "/x", "/users/1/role"):
        served.ask("GET", path)
    known = set(numbers(served))
    for number in range(10):
        served.ask(f"METHOD{number}", f"/path-{number}")
        served.ask("GET", f"/users/{number}/role")
        served.ask("GET", '/x"}\n1')
        served.ask("GET", "/me", headers={"Authorization": f'Bearer error="e{number}"'})
    new = {dict(key[1:]).get("route") for key in set(numbers(served)) - known}
    assert new <= {"none", "/me", "/metrics", "/users/<int(max=2147483647):user_id>/role"}
    count = len(numbers(served))
    for number in range(100, 110):
        served.ask(f"METHOD{number}", f"/path-{number}")
        served.ask("GET", f"/users/{number}/role")
    assert len(numbers(served)) == count


INSIDE = [
    ("127.0.0.1", {}, 200),
    ("10.1.2.3", {}, 200),
    ("::1", {}, 200),
    ("::ffff:10.1.2.3", {}, 200),
    ("8.8.8.8", {}, 404),
    ("::ffff:8.8.8.8", {}, 404),
    ("2a00::1", {}, 404),
    (None, {}, 404),
    ("10.1.2.3", {"X-Forwarded-For": "10.1.2.4"}, 404),
    ("127.0.0.1", {"X-Forwarded-For": ""}, 404),
]


def statuses_of_metrics(module) -> list[int]:
    client = module.create_app().test_client()
    return [
        client.get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers).status_code
        for address, headers, _ in INSIDE
    ]


def test_numbers_are_for_those_inside(tmp_path):
    got = in_a_process_of(NAME, settings_for(tmp_path), statuses_of_metrics)
    assert got == [status for _, _, status in INSIDE]


def test_alive_and_ready_are_two_things_on_sqlite(tmp_path):
    with by_flask(settings_for(tmp_path), tmp_path) as served:
        healthy = {"status": "ok"}
        assert [served.ask("GET", path).json() for path in ("/healthz", "/readyz")] == [healthy] * 2
        (tmp_path / "app.db").unlink()
        assert served.ask("GET", "/healthz").json() == healthy
        assert_not_ready(served)
        assert "Traceback" not in served.said


def test_alive_and_ready_are_two_things_on_postgresql(tmp_path, empty_database, postgresql):
    name = sqlalchemy.make_url(empty_database).database
    with by_flask(settings_for(tmp_path, empty_database), tmp_path) as served:
        served.register(ADA)
        token = served.log_in(ADA)["access_token"]
        postgresql.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false;")
        postgresql.psql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';"
        )
        assert served.ask("GET", "/healthz").status_code == 200
        assert_not_ready(served)
        # Nobody gets in because the database cannot say no.
        assert served.me(token) == 503
        postgresql.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true;")
        assert served.ask("GET", "/readyz").status_code == 200
        assert served.me(token) == 200
        assert "Traceback" not in served.said


def assert_not_ready(served: Served) -> None:
    answer = served.ask("GET", "/readyz")
    assert (answer.status_code, list(answer.json())) == (503, ["message"])
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_command_makes_the_tables(tmp_path):
    with running_app(NAME, tmp_path) as app:
        assert app.command("create-tables") == (0, "Tables: attempts, sessions, users.\n")


def blanked(module, texts: list[str]) -> list[str]:
    json_lines = importlib.import_module(f"{module.__name__}.json_lines")
    return [json_lines.blank(text) for text in texts]


def test_what_is_blanked(tmp_path):
    token = jwt.encode({"sub": "1"}, new_key())
    texts = {
        token: "[token]",
        f"Bearer {token}, and so on": "Bearer [token], and so on",
        f"line\n{token}\n": "line\n[token]\n",
        f"%20{token}": "%20[token]",
        f"token_{token}": "token_[token]",
        token.rpartition(".")[0] + ".": "[token]",
        "GET /me?access_token=abc HTTP/1.1": "GET /me?[query] HTTP/1.1",
        "/x?a=1&password=b%20c d": "/x?[query] d",
        "Is it running? a = b": "Is it running? a = b",
        "What? No.": "What? No.",
    }
    assert in_a_process_of(NAME, settings_for(tmp_path), blanked, list(texts)) == list(
        texts.values()
    )
