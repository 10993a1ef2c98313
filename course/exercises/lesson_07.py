"""Exercises of lesson 07, Store users and passwords. Hashes, time and databases are real ones."""

import time
from dataclasses import dataclass

from passlib.context import CryptContext
from passlib.hash import pbkdf2_sha256
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from course.checking import Attempt, NotYet, describe_error, exercise, is_a, same, show
from course.trials.database import trial_database

RIGHT, WRONG = "correct horse battery staple", "let me in"


@dataclass
class _User:
    """Stands in for the lesson's UserModel: what counts is the hash."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"<{self.username}>"


def _passwords():
    return CryptContext(schemes=["argon2", "pbkdf2_sha256"], deprecated=["pbkdf2_sha256"])


@exercise(
    "7.1",
    "Two cases: `user is None`, and all others. The second one is `passwords.verify(password, user.password)`.",
    "In the first case the answer is `False`, after the work is done: call `passwords.dummy_verify()` and throw its result away.",
)
def take_as_long_for_nobody(password_is_right):
    attempt = Attempt(password_is_right, "password_is_right", slips={
        AttributeError: "If there is no such user, you get `None`, which has no password: look first.",
        TypeError: "`verify` takes two texts: the password, then the hash that is stored.",
        ValueError: "`verify` takes the password first, then the hash that is stored.",
    })  # fmt: skip
    ada = _User("ada", _passwords().hash(RIGHT))
    attempt.must_return(True, ada, RIGHT, because="The password is right.")
    attempt.must_return(False, ada, WRONG, because="The password is wrong.")
    attempt.must_return(False, None, RIGHT, because="There is no such user.")
    # The first call for nobody, above, may have prepared something: it does not count.
    known = min(_work(attempt, ada) for _ in range(4))
    unknown = min(_work(attempt, None) for _ in range(4))
    if unknown < known / 2:
        slept = _seconds(attempt, None) > 0.03 + 3 * unknown  # more time than work
        slip = "For nobody, do the work of a check as well."
        if slept:
            slip = "Waiting is not working: under load, the real check gets slower and your pause does not."
        raise NotYet(
            f"`password_is_right(None, …)` does {unknown / known:.0%} of the work that a known name takes. {slip}"
        )
    if unknown > known * 2:
        raise NotYet(
            f"`password_is_right(None, …)` does {unknown / known:.1f} times the work that a known name takes: "
            "that tells them apart as well. Do the work of one check."
        )
    return "Nobody takes as long as somebody."


def _work(attempt: Attempt, user: _User | None) -> float:
    """Seconds of the processor, of all threads: a pause is no work, and other programs do not count."""
    started = time.process_time()
    attempt.run(user, WRONG)
    return time.process_time() - started


def _seconds(attempt: Attempt, user: _User | None) -> float:
    started = time.perf_counter()
    attempt.run(user, WRONG)
    return time.perf_counter() - started


@exercise(
    "7.2",
    "`correct, better_hash = passwords.verify_and_update(password, user.password)`",
    "`better_hash` is `None` if there is nothing to renew. Otherwise it belongs into `user.password`.",
    "Return `correct`.",
)
def move_old_hashes_over(check_and_renew):
    attempt = Attempt(check_and_renew, "check_and_renew", slips={
        TypeError: "`verify_and_update` takes two texts: the password, then the hash that is stored.",
        ValueError: "`verify_and_update` takes the password first, then the hash, and answers with two values.",
    })  # fmt: skip
    passwords = _passwords()
    old_hash = pbkdf2_sha256.hash(RIGHT)
    ada = _User("ada", old_hash)

    attempt.must_return(False, ada, WRONG, because="The password is wrong.")
    if not same(ada.password, old_hash):
        raise NotYet(
            "After a wrong password, the stored hash is another one. Whoever tries a password would set it: "
            "renew only what was right."
        )
    attempt.must_return(True, ada, RIGHT, because="The password is right, and its hash is old.")
    if same(ada.password, old_hash):
        raise NotYet("The old hash is still there. Put the better one into `user.password`.")
    if type(ada.password) is not str or passwords.identify(ada.password) is None:
        raise NotYet(
            f"`user.password` is now `{show(ada.password, 30)}`, which is no hash. Store what "
            "`verify_and_update` gives you."
        )
    if not passwords.verify(RIGHT, ada.password):
        raise NotYet("The new hash does not belong to the password.")
    if passwords.needs_update(ada.password):
        raise NotYet("The new hash is of the old kind. Use `passwords`, which prefers argon2.")
    new_hash = ada.password
    attempt.must_return(True, ada, RIGHT, because="The hash was renewed, the password is the same.")
    if not same(ada.password, new_hash):
        raise NotYet(
            "A hash that was good enough is replaced at every login. Renew it only if `verify_and_update` "
            "gives you another one."
        )
    return "Old hashes move over, good ones stay, wrong passwords change nothing."


@exercise(
    "7.3",
    "`session.add(user)`, then `session.commit()`. The commit is where the database says no.",
    "Put the commit into `try:`, and answer `False` in `except IntegrityError:`.",
    "Before the `return False`: `session.rollback()`.",
)
def let_the_database_decide(store):
    with trial_database() as engine:
        _judge_store(store, engine)
    return "The database decides, also between two at once, and the session lives on."


def _judge_store(store, engine) -> None:
    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        username: Mapped[str] = mapped_column(unique=True)
        password: Mapped[str]

        def __repr__(self) -> str:
            return "<user>"

    attempt = Attempt(store, "store", slips={
        IntegrityError: "That is the database's no: catch `IntegrityError` and return `False`.",
    })  # fmt: skip
    Base.metadata.create_all(engine)

    def stored() -> int:
        with Session(engine) as other:
            return other.scalar(select(func.count()).select_from(User))

    def call(session, name: str):
        outcome = attempt.run(session, User(username=name, password="hash"))
        if outcome.error is not None:
            raise NotYet(
                f"`store(session, {name})` raised `{describe_error(outcome.error).splitlines()[0]}`. "
                f"{attempt.explain(outcome.error)}"
            )
        if type(outcome.value) is not bool:
            raise NotYet(f"`store(session, {name})` {outcome.said}. Expected `True` or `False`.")
        return outcome.value

    with Session(engine) as session:
        if not call(session, "ada"):
            raise NotYet("`store` returned `False` for a name that is free.")
        session.rollback()
        if stored() != 1:
            raise NotYet("It returned `True`, but the user is not in the database: commit.")
        if call(session, "ada"):
            raise NotYet("`store` returned `True` for a name that is taken.")
        try:
            session.scalar(select(func.count()).select_from(User))
        except SQLAlchemyError as error:
            raise NotYet(
                f"After the name was refused, the session cannot be used: `{type(error).__name__}`. "
                "It needs `session.rollback()`."
            ) from None
        if not call(session, "bob"):
            raise NotYet("After one refusal, a free name is refused, too.")

    # Somebody else takes the name after `store` has looked around and before it writes.
    with Session(engine) as session:

        @event.listens_for(session, "before_flush")
        def be_faster(*_):
            with Session(engine) as faster:
                if not faster.scalar(select(User).where(User.username == "carol")):
                    faster.add(User(username="carol", password="hash"))
                    faster.commit()

        outcome = attempt.run(session, User(username="carol", password="hash"))
        if is_a(outcome.error, IntegrityError):
            raise NotYet(
                "Two stored one name at the same instant: both were told that it is free, and one got an "
                "`IntegrityError`. Do not ask: store, and catch the error."
            )
        if outcome.value is not False:
            raise NotYet(f"Of two at the same instant, both got the name: `store` {outcome.said}.")

    class Unplugged(Session):
        def commit(self) -> None:
            raise OperationalError("COMMIT", {}, Exception("disk full"))

    with Unplugged(engine) as session:
        outcome = attempt.run(session, User(username="dora", password="hash"))
        if outcome.error is None:
            raise NotYet(
                f"The disk was full, and `store` {outcome.said}. Catch `IntegrityError` alone: every other "
                "error is somebody else's business."
            )
