"""Exercises of lesson 09, Rotate refresh tokens. Stories happen on a real server, races on a real database."""

import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
from sqlalchemy import event, select
from sqlalchemy.exc import CompileError, InvalidRequestError
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
from course.trials.database import somebody_faster, trial_database, trial_session
from course.trials.server import ask

WHO = ("Ada", "thief")
STORIES = {
    "A": ["Ada", "Ada"],
    "B": ["thief", "thief", "Ada"],
    "C": ["Ada", "thief"],
    "D": ["thief"],
}


@exercise(
    "9.1",
    "Write down for each step who has which token: both begin with R1. Whoever refreshes turns the newest one into the next.",
    "A token that was used before, sent again by anybody, ends the family: then nobody is in.",
    "In A, Ada turns R1 into R2, and R2 into R3. The thief has R1, and does not send it.",
)
def who_is_still_in(answer):
    if type(answer) is not dict or not {"url", "stories", "still_in"} <= {
        name for name in answer if type(name) is str
    }:
        raise NotYet("Run the cell with this check as it stands: it hands over the stories, too.")
    still_in = answer["still_in"]
    if type(still_in) is not dict:
        raise NotYet(f"`still_in` is {type_of(still_in)}. Keep the dictionary of the stub.")
    if still_in and all(said is ... for said in still_in.values()):
        raise NotAttempted
    if not same(answer["stories"], STORIES):
        raise NotYet(
            "The stories are others than those of the exercise. Keep `stories` as it is in the stub, and change "
            "`still_in` alone."
        )
    for name, steps in STORIES.items():
        said = still_in.get(name, ...)
        if said is ...:
            raise NotYet(f"Story {name} has no answer yet.")
        if same(said, {}):
            raise NotYet(f"Story {name}: `{{}}` is an empty dictionary. The empty set is `set()`.")
        if type(said) not in (set, frozenset) or not all(
            same(who, "Ada") or same(who, "thief") for who in said
        ):
            raise NotYet(
                f"Story {name}: your answer is `{show(said)}`. Expected a set of the names Ada and thief, "
                'e.g. `{"Ada"}`, or `set()` for nobody.'
            )
        happened = {who for who in WHO if _can_refresh_at_the_end(answer["url"], steps, who)}
        if set(said) != happened:
            raise NotYet(
                f"Story {name}, {', '.join(steps)}: you say {_names(said)}, and on the server it is not so. "
                "Which token does each of them have after each step, and does anybody send one a second time?"
            )
    return "All four stories went as you said."


def _names(people: set | frozenset) -> str:
    return " and ".join(sorted(people)) or "nobody"


def _can_refresh_at_the_end(url: object, steps: list[str], who: str) -> bool:
    """Let the story happen, and then this person refresh. Asking changes things, so each is asked in a new story."""
    try:
        if type(url) is not str:
            raise TypeError(f"its address is {type_of(url)}")
        return _tell(url, steps, who)
    # The server is gone, or is another one, which has no such tokens.
    except (requests.RequestException, ValueError, TypeError, KeyError) as error:
        raise NotYet(
            f"The stories need the server `ending`, and it does not answer as it should: `{describe_error(error)}`. Run "
            "the cell that serves it once more, and then this one."
        ) from None


def _tell(url: str, steps: list[str], who: str) -> bool:

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
        user_id: Mapped[int]
        expires_at: Mapped[int]

        def __repr__(self) -> str:
            return f"<session {self.id}>"

    attempt = Attempt(use_up, "use_up", slips={
        AttributeError: "What `session.execute(…)` returns has a `rowcount`: keep it in a variable. The columns of the model are `id` and `refresh_jti`.",
        CompileError: "The columns of the model are `id` and `refresh_jti`.",
        InvalidRequestError: "The session is in a transaction already, or was closed: execute and commit, no more.",
    })  # fmt: skip
    Base.metadata.create_all(engine)
    expected = {"s-1": ("R1", 1, 1_900_000_001), "s-2": ("Q1", 2, 1_900_000_002)}
    with Session(engine) as session:
        for sid, (jti, user_id, at) in expected.items():
            session.add(Login(id=sid, refresh_jti=jti, user_id=user_id, expires_at=at))
        session.commit()

    commits = []
    event.listen(engine, "commit", lambda connection: commits.append(1))

    def call(sid: str, jti: str, next_jti: str):
        commits.clear()
        shown = f"`use_up(session, model, {sid!r}, {jti!r}, {next_jti!r})`"
        with trial_session(engine) as session:
            outcome = attempt.run(session, Login, sid, jti, next_jti)
        if outcome.error is not None:
            error = describe_error(outcome.error).splitlines()[0]
            raise NotYet(f"{shown} raised `{error}`. {attempt.explain(outcome.error)}")
        if type(outcome.value) is not bool:
            raise NotYet(f"{shown} {outcome.said}. Expected `True` or `False`.")
        return shown, outcome.value

    def stored() -> dict[str, tuple]:
        with Session(engine) as session:
            query = select(Login.id, Login.refresh_jti, Login.user_id, Login.expires_at)
            return {sid: (jti, *rest) for sid, jti, *rest in session.execute(query)}

    def must_use_up(sid: str, next_jti: str) -> None:
        jti, *rest = expected[sid]
        shown, used = call(sid, jti, next_jti)
        if not used:
            raise NotYet(
                f"{shown} returned `False`, and `{jti}` was the current token of this session."
            )
        now = stored()
        expected[sid] = (next_jti, *rest)
        if sid in now and now[sid][0] == jti:
            cure = "Write `next_jti` there" if commits else "Commit"
            raise NotYet(f"{shown} returned `True`, and the database still has `{jti}`. {cure}.")
        if any(now.get(other) != expected[other] for other in expected if other != sid):
            raise NotYet(
                "Another session has another token now. Name the session in the condition."
            )
        if now != expected:
            raise NotYet(
                f"After {shown} the row is `{show(now.get(sid))}`. Expected: `{show(expected[sid])}`. Replace the "
                "current token by the next one, and nothing else."
            )

    def must_refuse(sid: str, jti: str, why: str, slip: str = "") -> None:
        shown, used = call(sid, jti, "R9")
        if used or stored() != expected:
            raise NotYet(f"{shown} was let through, and {why}.{slip}")

    must_use_up("s-1", "R2")
    both = (
        " The condition has two parts, with a comma between them: `.where(…, …)`. (Of two with Python's `and` between "
        "them, only one gets into the statement.)"
    )
    must_refuse("s-1", "R1", "`R1` was used before", both)
    must_refuse("s-2", "R2", "`R2` belongs to another session", both)
    must_refuse("s-9", "R2", "there is no such session")
    must_refuse("s-1", "r2", "`r2` is not `R2`: a token is kept letter by letter")
    must_refuse("S-1", "R2", "`S-1` is not `s-1`")
    for odd in ("", "R", "R2 ", "%", "_2", "R2%", "*"):
        must_refuse("s-1", odd, "only the very token that is current may pass")
    for odd in ("%", "s-_", ""):
        must_refuse(odd, "R2", "there is no such session")
    for odd in ("x' OR '1'='1", 'x" OR "1"="1', "R2' --"):
        must_refuse(
            "s-1",
            odd,
            "it is SQL that somebody sent: give the values to `where`, and do not write them into the text",
        )
    # Real names, and one that ends a text of SQL.
    for next_jti in (str(uuid.uuid4()), secrets.token_urlsafe(40).swapcase(), "it's R5", "R2"):
        must_use_up("s-1", next_jti)
    must_use_up("s-2", "Q2")

    theirs = "UPDATE sessions SET refresh_jti = 'theirs' WHERE id = 's-1' AND refresh_jti = 'R2'"
    with somebody_faster(engine, theirs):
        shown, used = call("s-1", "R2", "mine")
    if used or stored()["s-1"][0] != "theirs":
        raise NotYet(
            "Two came with the same token at the same instant, and both got a new one: after you had looked and "
            "before you wrote, the other one wrote. Put the condition into the `UPDATE` itself."
        )


class _UsedTwice(Exception):
    """The server has seen this refresh token before."""


class _Lock:
    """A ``threading.Lock`` that knows who holds it and how many wait, and says so where a thread waits for itself."""

    def __init__(self):
        self._lock, self._owner = threading.Lock(), None
        self.waiting = 0
        self.waited_for_itself = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._lock.acquire(blocking=False):
            self._owner = threading.get_ident()
            return True
        if not blocking:
            return False
        if self.held_by_me():
            if timeout >= 0:
                return False
            self.waited_for_itself = True
            raise Deadlock("this thread has the lock already")
        self.waiting += 1
        got = self._lock.acquire(timeout=timeout)
        self.waiting -= 1
        if got:
            self._owner = threading.get_ident()
        return got

    def release(self) -> None:
        self._owner = None
        self._lock.release()

    def locked(self) -> bool:
        return self._lock.locked()

    def held_by_me(self) -> bool:
        return self._owner == threading.get_ident()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_) -> None:
        self.release()


class Deadlock(BaseException):
    """No ``except Exception`` of an answer may hide it: without it, the thread would wait for ever."""


SELF_WAITING = (
    "The thread that holds `store.lock` asks for it once more, and so it waits for itself, for ever. Take the lock "
    "once, and do everything inside: `with store.lock:`."
)


class _Store:
    """What the threads of a client share. The service behind it takes each refresh token once.

    Of ``threads`` threads at once, a refresh waits until all others have done what they can meanwhile.
    """

    def __init__(self, threads: int = 1):
        self.lock = _Lock()
        self.tokens = self.pair(1)
        self.used: list[str] = []
        self.offline = False
        self.threads, self.done, self.refreshing = threads, 0, 0
        self.unguarded = False

    def refresh(self) -> dict:
        token = self.tokens["refresh_token"]
        self.unguarded = self.unguarded or not self.lock.locked()
        if self.offline:
            raise ConnectionError("the service does not answer")
        self.refreshing += 1
        self._let_the_others_go_on()
        self.refreshing -= 1
        if token in self.used:
            raise _UsedTwice(f"{token} was used before: the session ends")
        self.used.append(token)
        return self.pair(len(self.used) + 1)

    def _let_the_others_go_on(self) -> None:
        # Whoever waits elsewhere, such as for a lock of the answer's own, is not waited for without end.
        for _ in range(200):
            if self.done + self.lock.waiting + self.refreshing >= self.threads:
                return
            time.sleep(0.005)

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
        Deadlock: SELF_WAITING,
        TypeError: "`store.refresh()` takes nothing: it knows the newest refresh token.",
        RuntimeError: "A lock is given back once, by the thread that has taken it. `with store.lock:` does both.",
    })  # fmt: skip
    store = _Store()
    with _naming_what_it_waits_for(store):
        _judge_one_thread(attempt, store)
    # Their own pair may be a copy of the newest one, or the very object.
    for used in (dict, lambda tokens: tokens):
        _judge_many_threads(attempt, used)
    return "Five threads at once, one refresh, and everybody has the new pair."


@contextmanager
def _naming_what_it_waits_for(store: _Store) -> Iterator[None]:
    """Say that a thread waits which was stopped and has not computed meanwhile: that was no loop."""
    worked = time.thread_time()
    try:
        yield
    except KeyboardInterrupt:
        # Seconds of work choose the words here; the verdict stands.
        if time.thread_time() - worked > 1:
            raise
        held = ", and `store.lock` is held" if store.lock.locked() else ""
        raise NotYet(
            f"`newer_than` did not come back{held}: it waits for something that never comes. `with store.lock:` takes "
            "the lock once and gives it back, and no other lock is needed."
        ) from None
    if store.lock.waited_for_itself:
        raise NotYet(SELF_WAITING)


def _judge_one_thread(attempt: Attempt, store: _Store) -> None:
    first = dict(store.tokens)
    second = attempt.value(store, first)
    if not same(first, store.pair(1)):
        raise NotYet(
            "The pair `used` was changed. It belongs to the thread that came with it: return the new pair, and leave "
            "that one as it is."
        )
    if store.lock.locked():
        raise NotYet(
            "`newer_than` has returned and the lock is still held, so the next thread waits for ever. "
            "`with store.lock:` gives it back."
        )
    _judge_pair(second, store, first)
    _judge_late(attempt, store, first)
    third = attempt.value(store, dict(store.tokens))
    if not same(third, store.pair(3)) or not same(store.tokens, store.pair(3)):
        raise NotYet(
            f"The second pair was refused, too, some time later, and it returned `{show(third)}`. Refresh whenever the "
            "newest pair is refused."
        )
    _judge_late(attempt, store, first)
    store.offline = True
    if attempt.run(store, dict(store.tokens)).error is None:
        raise NotYet(
            "`store.refresh()` failed, and `newer_than` says nothing. Let the error through."
        )
    if store.lock.locked():
        raise NotYet(
            "`store.refresh()` failed, and the lock is still held: everybody waits for ever. "
            "`with store.lock:` gives it back whatever happens."
        )
    store.offline = False
    if not same(attempt.value(store, store.pair(3)), store.pair(4)):
        raise NotYet(
            "`store.refresh()` failed once, and when it works again, the newest pair is not refreshed."
        )


def _judge_late(attempt: Attempt, store: _Store, first: dict) -> None:
    """Somebody comes late, with the first pair."""
    newest, refreshes = dict(store.tokens), len(store.used)
    outcome = attempt.run(store, dict(first))
    if outcome.error is not None or not same(outcome.value, newest) or len(store.used) > refreshes:
        raise NotYet(
            "A thread that still had the first pair came after the refresh, and it refreshed again. The pair in "
            "`store.tokens` is newer than its own: return that."
            if outcome.error is not None or len(store.used) > refreshes
            else f"A thread that still had the first pair came after the refresh, and it {outcome.said}. Expected: "
            f"`{show(newest)}`, the pair in `store.tokens`."
        )


def _judge_pair(pair: object, store: _Store, used: dict) -> None:
    if same(pair, used) and store.used and same(store.tokens, used):
        raise NotYet(
            "You called `store.refresh()`, and the new pair that it returned is nowhere: `store.tokens = store.refresh()` "
            "keeps it."
        )
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


def _judge_many_threads(attempt: Attempt, own_pair: Callable[[dict], dict]) -> None:
    store = _Store(threads=5)
    got, start = [], threading.Barrier(5)
    pairs = [own_pair(store.tokens) for _ in range(5)]

    def come_at_once(used: dict):
        start.wait(timeout=10)
        try:
            got.append(attempt.function(store, used))
        # Whatever it is, the learner is told below.
        except BaseException as error:
            got.append(error)
        store.done += 1

    threads = [threading.Thread(target=come_at_once, args=[used], daemon=True) for used in pairs]
    for thread in threads:
        thread.start()
    patience = time.monotonic() + 5
    for thread in threads:
        thread.join(timeout=max(0.0, patience - time.monotonic()))
    if any(is_a(each, Deadlock) for each in got):
        raise NotYet(SELF_WAITING)
    if any(is_a(each, _UsedTwice) for each in got) or len(store.used) > 1:
        slip = "Compare and refresh inside `with store.lock:`."
        if not store.unguarded and pairs[0] is not pairs[1]:
            slip += " The comparison stands outside."
        if pairs[0] is pairs[1]:
            slip = (
                "Here `used` is the very pair in `store.tokens`, and you have changed it in place: it is never older. "
                "Put a new one there: `store.tokens = store.refresh()`."
            )
        raise NotYet(
            "Five threads came at once with the same pair, and more than one refreshed: the session is over. "
            + slip
        )
    if any(thread.is_alive() for thread in threads):
        raise NotYet("Five threads came at once, and they wait for each other without end.")
    if problems := [each for each in got if is_a(each, BaseException)]:
        raise NotYet(f"With five threads at once, one raised `{describe_error(problems[0])}`.")
    if odd := [each for each in got if not same(each, store.pair(2))]:
        raise NotYet(
            f"Of five threads at once, one got `{show(odd[0])}`. Expected: `{show(store.pair(2))}`, the pair that one "
            "of them fetched. Whoever comes second waits for the lock."
        )
