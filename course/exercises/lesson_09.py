"""Exercises of lesson 09, Rotate refresh tokens. Stories happen on a real server, races on a real database."""

import sqlite3
import threading
import time
from contextlib import closing

from sqlalchemy import event, select
from sqlalchemy.exc import CompileError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from course.checking import (
    Attempt,
    NotAttempted,
    NotYet,
    describe_error,
    exercise,
    is_a,
    same,
    show,
    type_of,
)
from course.trials.database import trial_database
from course.trials.server import ask

WHO = ("Ada", "thief")


@exercise(
    "9.1",
    "Write down for each step who has which token: both begin with R1. Whoever refreshes turns the newest one into the next.",
    "A token that was used before, sent again by anybody, ends the family: then nobody is in.",
    "In A, Ada turns R1 into R2, and R2 into R3. The thief has R1, and does not send it.",
)
def who_is_still_in(answer):
    if type(answer) is not dict or not {"url", "stories", "still_in"} <= answer.keys():
        raise NotYet("Run the cell with this check as it stands: it hands over the stories, too.")
    still_in = answer["still_in"]
    if type(still_in) is not dict:
        raise NotYet(f"`still_in` is {type_of(still_in)}. Keep the dictionary of the stub.")
    if still_in and all(said is ... for said in still_in.values()):
        raise NotAttempted
    for name, steps in answer["stories"].items():
        said = still_in.get(name, ...)
        if said is ...:
            raise NotYet(f"Story {name} has no answer yet.")
        if same(said, {}):
            raise NotYet(f"Story {name}: `{{}}` is an empty dictionary. The empty set is `set()`.")
        if type(said) is not set or not all(same(who, "Ada") or same(who, "thief") for who in said):
            raise NotYet(
                f"Story {name}: your answer is `{show(said)}`. Expected a set of the names Ada and thief, "
                'e.g. `{"Ada"}`, or `set()` for nobody.'
            )
        happened = {who for who in WHO if _can_refresh_at_the_end(answer["url"], steps, who)}
        if said != happened:
            raise NotYet(
                f"Story {name}, {', '.join(steps)}: you say {_names(said)}, and on the server it is not so. "
                "Which token does each of them have after each step, and does anybody send one a second time?"
            )
    return "All four stories went as you said."


def _names(people: set) -> str:
    return " and ".join(sorted(people)) or "nobody"


def _can_refresh_at_the_end(url: str, steps: list[str], who: str) -> bool:
    """Let the story happen, and then this person refresh. Asking changes things, so each is asked in a new story."""

    def refresh(token: str):
        headers = {"Authorization": f"Bearer {token}"}
        return ask("POST", url + "/refresh", headers=headers)

    first = ask("POST", url + "/login").json()["refresh_token"]
    tokens = dict.fromkeys(WHO, first)
    for person in steps:
        answer = refresh(tokens[person])
        if answer.status_code == 200:
            tokens[person] = answer.json()["refresh_token"]
    return refresh(tokens[who]).status_code == 200


@exercise(
    "9.2",
    "The condition has two parts: `.where(model.id == sid, model.refresh_jti == jti)`.",
    "`changed = session.execute(update(model).where(…).values(refresh_jti=next_jti))`, then `session.commit()`.",
    "`changed.rowcount` is 1 if there was such a row, and 0 if not.",
)
def one_step(use_up):
    with trial_database() as engine:
        _judge_use_up(use_up, engine)
    return "One statement asks and writes, so of two at once one wins."


def _judge_use_up(use_up, engine) -> None:
    class Base(DeclarativeBase):
        pass

    class Login(Base):
        __tablename__ = "sessions"
        id: Mapped[str] = mapped_column(primary_key=True)
        refresh_jti: Mapped[str]

        def __repr__(self) -> str:
            return f"<session {self.id}>"

    attempt = Attempt(use_up, "use_up", slips={
        AttributeError: "What `session.execute(…)` returns has a `rowcount`: keep it in a variable. The columns of the model are `id` and `refresh_jti`.",
        CompileError: "The columns of the model are `id` and `refresh_jti`.",
    })  # fmt: skip
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Login(id="s-1", refresh_jti="R1"), Login(id="s-2", refresh_jti="Q1")])
        session.commit()

    def call(sid: str, jti: str, next_jti: str):
        shown = f"`use_up(session, model, {sid!r}, {jti!r}, {next_jti!r})`"
        with Session(engine) as session:
            outcome = attempt.run(session, Login, sid, jti, next_jti)
        if outcome.error is not None:
            error = describe_error(outcome.error).splitlines()[0]
            raise NotYet(f"{shown} raised `{error}`. {attempt.explain(outcome.error)}")
        if type(outcome.value) is not bool:
            raise NotYet(f"{shown} {outcome.said}. Expected `True` or `False`.")
        return shown, outcome.value

    def current() -> dict:
        with Session(engine) as session:
            return {login.id: login.refresh_jti for login in session.scalars(select(Login))}

    shown, used = call("s-1", "R1", "R2")
    if not used:
        raise NotYet(f"{shown} returned `False`, and `R1` was the current token of this session.")
    if current()["s-1"] != "R2":
        raise NotYet("It returned `True`, and the database still has the old token: commit.")
    if current()["s-2"] != "Q1":
        raise NotYet("Another session has another token now. Name the session in the condition.")
    for sid, jti, why in (
        ("s-1", "R1", "`R1` was used before"),
        ("s-2", "R2", "`R2` belongs to another session"),
        ("s-9", "R2", "there is no such session"),
    ):
        before = current()
        shown, used = call(sid, jti, "R9")
        if used or current() != before:
            raise NotYet(f"{shown} was let through, and {why}.")

    def be_faster(connection, cursor, statement, *_):
        if statement.lstrip().upper().startswith("UPDATE"):
            with closing(sqlite3.connect(engine.url.database, timeout=5)) as other, other:
                other.execute(
                    "UPDATE sessions SET refresh_jti = 'theirs' WHERE id = 's-1' AND refresh_jti = 'R2'"
                )

    event.listen(engine, "before_cursor_execute", be_faster)
    shown, used = call("s-1", "R2", "mine")
    if used or current()["s-1"] != "theirs":
        raise NotYet(
            "Two came with the same token at the same instant, and both got a new one: after you had looked and "
            "before you wrote, the other one wrote. Put the condition into the `UPDATE` itself."
        )


class _UsedTwice(Exception):
    """The server has seen this refresh token before."""


class _Store:
    """What the threads of a client share. The service behind it takes each refresh token once, and takes its time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tokens = self.pair(1)
        self.used: list[str] = []
        self.offline = False

    def refresh(self) -> dict:
        token = self.tokens["refresh_token"]
        if self.offline:
            raise ConnectionError("the service does not answer")
        if token in self.used:
            raise _UsedTwice(f"{token} was used before: the session ends")
        self.used.append(token)
        time.sleep(0.05)
        return self.pair(len(self.used) + 1)

    @staticmethod
    def pair(number: int) -> dict:
        return {"access_token": f"A{number}", "refresh_token": f"R{number}"}

    def __repr__(self) -> str:
        return "store"


@exercise(
    "9.3",
    "Everything happens inside `with store.lock:`, the question and the refresh.",
    "If `store.tokens == used`, nobody has refreshed yet: `store.tokens = store.refresh()`.",
    "Either way, `return store.tokens`.",
)
def one_refresh_for_all(newer_than):
    attempt = Attempt(newer_than, "newer_than", slips={
        _UsedTwice: "That pair was refreshed already. Compare `store.tokens` with `used` first.",
        TypeError: "`store.refresh()` takes nothing: it knows the newest refresh token.",
    })  # fmt: skip
    store = _Store()
    first = dict(store.tokens)
    second = attempt.value(store, first)
    if store.lock.locked():
        raise NotYet(
            "`newer_than` has returned and the lock is still held, so the next thread waits for ever. "
            "`with store.lock:` gives it back."
        )
    _judge_pair(second, store, first)
    outcome = attempt.run(store, first)  # somebody who comes late, with the first pair
    if outcome.error is not None or not same(outcome.value, store.pair(2)) or len(store.used) != 1:
        raise NotYet(
            "A thread that still had the first pair came after the refresh, and it refreshed again. The pair in "
            "`store.tokens` is newer than its own: return that."
        )
    for _ in range(3):
        _judge_many_threads(attempt)
    store.offline = True
    if attempt.run(store, second).error is None:
        raise NotYet(
            "`store.refresh()` failed, and `newer_than` says nothing. Let the error through."
        )
    if store.lock.locked():
        raise NotYet(
            "`store.refresh()` failed, and the lock is still held: everybody waits for ever. "
            "`with store.lock:` gives it back whatever happens."
        )
    return "Five threads at once, one refresh, and everybody has the new pair."


def _judge_pair(pair: object, store: _Store, used: dict) -> None:
    if same(pair, used):
        raise NotYet(
            "It returned the pair that was refused. Refresh if nobody has yet. (Compare with `==`: `used` may be a copy.)"
        )
    if not same(pair, store.pair(2)):
        raise NotYet(
            f"It returned `{show(pair)}`. Expected the pair that `store.refresh()` fetched."
        )
    if not same(store.tokens, pair):
        raise NotYet(
            "The new pair is not in `store.tokens`, so the next thread refreshes with the used one."
        )


def _judge_many_threads(attempt: Attempt) -> None:
    store = _Store()
    used, got, start = dict(store.tokens), [], threading.Barrier(5)

    def come_at_once():
        start.wait(timeout=10)
        try:
            got.append(attempt.function(store, used))
        # Whatever it is, the learner is told below.
        except BaseException as error:
            got.append(error)

    threads = [threading.Thread(target=come_at_once, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)
    if any(thread.is_alive() for thread in threads):
        raise NotYet("Five threads came at once, and they wait for each other without end.")
    if any(is_a(each, _UsedTwice) for each in got) or len(store.used) > 1:
        raise NotYet(
            "Five threads came at once with the same pair, and more than one refreshed: the session is over. "
            "Compare and refresh inside `with store.lock:`."
        )
    if problems := [each for each in got if is_a(each, BaseException)]:
        raise NotYet(f"With five threads at once, one raised `{describe_error(problems[0])}`.")
    if not all(same(each, store.pair(2)) for each in got):
        raise NotYet("Of five threads at once, some got another pair than `store.tokens`.")
