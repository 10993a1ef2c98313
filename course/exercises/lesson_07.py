"""Exercises of lesson 07, Store users and passwords. Hashes, time and databases are real ones."""

import secrets
from collections import Counter
from dataclasses import dataclass

from passlib.context import CryptContext
from passlib.hash import argon2, pbkdf2_sha256
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from course.checking import Attempt, NotYet, describe_error, exercise, is_a, same, show
from course.trials.database import somebody_faster, trial_database, trial_session
from course.trials.hashing import Hashes, counted_hashes

RIGHT, WRONG = "Correct horse  battery staple", "let me in"
# What a function makes of a password before it looks: one of them would let somebody in who does not know it.
NEARLY_RIGHT = (RIGHT.lower(), RIGHT.replace("  ", " "), f" {RIGHT} ", RIGHT[:-1], RIGHT + "x", "")


@dataclass
class _User:
    """Stands in for the lesson's UserModel: what counts is the hash."""

    username: str
    password: str
    id: int = 1

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
    with counted_hashes() as hashes:
        _judge_work(password_is_right, hashes)
    return "Nobody takes as long as somebody."


def _judge_work(password_is_right, hashes: Hashes) -> None:
    somebody = Attempt(password_is_right, "password_is_right", slips={
        AttributeError: "A user has a `username` and the hash `password`; `passwords` has `verify` and `dummy_verify`.",
        TypeError: "`verify` takes two texts: the password, then the hash that is stored.",
        ValueError: "`verify` takes the password first, then the hash that is stored.",
    })  # fmt: skip
    nobody = Attempt(password_is_right, "password_is_right", slips={
        AttributeError: "If there is no such user, you get `None`, which has no password: look first.",
        TypeError: "If there is no such user, you get `None`. `verify` takes two texts, the password and a hash.",
        ValueError: "For nobody you verify against something that is no hash: make one by `passwords.hash(…)`, or call `passwords.dummy_verify()`.",
    })  # fmt: skip
    ada = _User("ada", _passwords().hash(RIGHT))
    kept = ada.password
    somebody.must_return(True, ada, RIGHT, because="The password is right.")
    for wrong in (WRONG, *NEARLY_RIGHT):
        somebody.must_return(False, ada, wrong, because="The password is wrong.")
    # The first call for nobody may prepare something: it does not count.
    for password in (RIGHT, WRONG):
        error = nobody.run(None, password).error
        if is_a(error, AttributeError) and "NoneType" not in describe_error(error):
            raise NotYet(
                f"`password_is_right(None, …)` raised `{describe_error(error)}`. There is no such thing: `passwords` has "
                "`verify`, `hash` and `dummy_verify`."
            )
        nobody.must_return(False, None, password, because="There is no such user.")
    for _ in range(50):
        for password in (WRONG, RIGHT, "", "a password of nobody's " * 20):
            known = hashes.of(somebody.run, ada, password)
            unknown = hashes.of(nobody.must_return, False, None, password)
            if unknown != known:
                raise NotYet(_uneven(nobody, hashes, password, known, unknown))
    hashes.any_fits = True
    if somebody.run(ada, WRONG).value is True and nobody.run(None, WRONG).value is not False:
        raise NotYet(
            "`password_is_right(None, …)` does not return `False` for a password that fits the hash of your dummy. "
            "Whoever knows that password is let in as nobody: for nobody the answer is `False`, whatever `verify` says."
        )
    if not same(ada.password, kept) or not same(ada.username, "ada"):
        raise NotYet("The user was changed. Only look: the stored hash stays as it is.")


def _uneven(
    nobody: Attempt, hashes: Hashes, password: str, known: Counter, unknown: Counter
) -> str:
    """Why the work for nobody is not the work for somebody, in words."""
    paused, more = hashes.pauses, unknown.total() > known.total()
    again = [hashes.of(nobody.run, None, password) for _ in range(9)]
    different = 1 + sum(each != known for each in again)
    often = "" if different == 10 else f" in {different} of 10 calls"
    said = f"For a known name, `password_is_right` computes {_in_words(known)}; for nobody{often}, {_in_words(unknown)}."
    if not unknown and paused:
        slip = "Waiting is not working: under load, the real check gets slower and your pause does not."
    elif different < 10:
        slip = "For nobody, do the work of a check as well, at every call."
    elif more:
        slip = "It tells them apart as well. Do the work of one check."
    elif unknown.total() == known.total():
        slip = "That is another amount of work: do the work of a check with `passwords`, which made the stored hash."
    else:
        slip = "For nobody, do the work of a check as well."
    return f"{said} {slip}"


def _in_words(work: Counter) -> str:
    if not work:
        return "no hash at all"
    return " and ".join(
        f"{count} hash{'es' * (count > 1)} with {name} (cost {', '.join(map(str, cost))})"
        for (name, *cost), count in sorted(work.items())
    )


@exercise(
    "7.2",
    "`correct, better_hash = passwords.verify_and_update(password, user.password)`",
    "`better_hash` is `None` if there is nothing to renew. Otherwise it belongs into `user.password`.",
    "Return `correct`.",
)
def move_old_hashes_over(check_and_renew):
    with counted_hashes():
        _judge_renewal(check_and_renew)
    return "Old hashes move over, good ones stay, wrong passwords change nothing."


def _judge_renewal(check_and_renew) -> None:
    attempt = Attempt(check_and_renew, "check_and_renew", slips={
        TypeError: "`verify_and_update` takes two texts: the password, then the hash that is stored.",
        ValueError: "`verify_and_update` takes the password first, then the hash, and answers with two values.",
    })  # fmt: skip
    weak = argon2.using(time_cost=1, memory_cost=1024, parallelism=1)
    renewed = [
        _judge_old_hash(attempt, _User("ada", pbkdf2_sha256.hash(RIGHT)), "old"),
        _judge_old_hash(attempt, _User("bob", pbkdf2_sha256.hash(RIGHT), 2), "old"),
        _judge_old_hash(
            attempt, _User("eve", weak.hash(RIGHT), 3), "of argon2, with less work than `passwords` asks for"
        ),
    ]  # fmt: skip
    if len(set(renewed)) < len(renewed):
        raise NotYet(
            "Two users with one password got one and the same hash: it needs a salt of its own. Store what "
            "`verify_and_update` gives you."
        )


def _judge_old_hash(attempt: Attempt, user: _User, age: str) -> str:
    """Let this user log in, wrongly and rightly. What becomes of the hash is returned."""
    passwords = _passwords()
    old_hash, name = user.password, user.username
    for wrong in (WRONG, *NEARLY_RIGHT):
        _judge_wrong_password(attempt, user, wrong)
    attempt.must_return(True, user, RIGHT, because=f"The password is right, and its hash is {age}.")
    if same(user.password, old_hash):
        raise NotYet(
            f"The old hash is still there: it is {age}. Put the better one into `user.password`."
        )
    if type(user.password) is not str or passwords.identify(user.password) is None:
        raise NotYet(
            f"`user.password` is now `{show(user.password, 30)}`, which is no hash. Store what "
            "`verify_and_update` gives you."
        )
    if not passwords.verify(RIGHT, user.password):
        raise NotYet("The new hash does not belong to the password.")
    if passwords.needs_update(user.password):
        raise NotYet("The new hash is of the old kind. Use `passwords`, which prefers argon2.")
    new_hash = user.password
    for _ in range(2):
        attempt.must_return(
            True, user, RIGHT, because="The hash was renewed, the password is the same."
        )
        if not same(user.password, new_hash):
            raise NotYet(
                "A hash that was good enough is replaced at every login"
                f"{' by `None`' if user.password is None else ''}. Renew it only if `verify_and_update` gives you "
                "another one."
            )
    _judge_wrong_password(attempt, user, WRONG)
    if not same(user.username, name):
        raise NotYet("The user has another name now. Only the hash is to be renewed.")
    return user.password


def _judge_wrong_password(attempt: Attempt, user: _User, wrong: str) -> None:
    kept = user.password
    attempt.must_return(False, user, wrong, because="The password is wrong.")
    if not same(user.password, kept):
        became = "is `None`" if user.password is None else "is another one"
        raise NotYet(
            f"After a wrong password, the stored hash {became}. Whoever tries a password would set it: "
            "renew only what was right."
        )


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


def _roll_back(session: Session) -> None:
    try:
        session.rollback()
    except Exception as error:
        raise NotYet(
            f"After `store` has run, the session cannot be used: `{describe_error(error)}`. Only use it: add, commit, "
            "roll back."
        ) from None


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
        InvalidRequestError: "The session is in a transaction already, or was closed: add the user to it and commit, no more.",
        AttributeError: "The session has `add`, `commit` and `rollback`; the user has `username` and `password`.",
        IntegrityError: "That is the database's no: catch `IntegrityError` and return `False`.",
    })  # fmt: skip
    Base.metadata.create_all(engine)

    def stored() -> dict[str, str]:
        with Session(engine) as other:
            return dict(other.execute(select(User.username, User.password)).all())

    def call(session, name: str, password: str):
        outcome = attempt.run(session, User(username=name, password=password))
        if outcome.error is not None:
            raise NotYet(
                f"`store(session, {name})` raised `{describe_error(outcome.error).splitlines()[0]}`. "
                f"{attempt.explain(outcome.error)}"
            )
        if type(outcome.value) is not bool:
            raise NotYet(f"`store(session, {name})` {outcome.said}. Expected `True` or `False`.")
        return outcome.value

    expected: dict[str, str] = {}

    def must_store(session, name: str, otherwise: str) -> None:
        expected[name] = f"hash-{secrets.token_urlsafe(60)}"
        if not call(session, name, expected[name]):
            raise NotYet(otherwise)
        # What was not committed is lost, here and in another session.
        _roll_back(session)
        if name not in (now := stored()):
            raise NotYet(
                f"It returned `True`, but the user is not in the database: commit. There are {show(sorted(now))}, "
                f"and {name} is missing."
            )
        if now != expected:
            raise NotYet(
                f"After storing {name}, the database has {show(now)}. Expected: {show(expected)}. Store the user as it is."
            )

    def must_refuse(session, name: str) -> None:
        if call(session, name, "another hash"):
            raise NotYet(
                "`store` returned `True` for a name that is taken."
                + (" The one who had it was overwritten." if stored() != expected else "")
            )
        try:
            session.scalar(select(func.count()).select_from(User))
        except SQLAlchemyError as error:
            raise NotYet(
                f"After the name was refused, the session cannot be used: `{type(error).__name__}`. "
                "It needs `session.rollback()`."
            ) from None
        # The look has begun a transaction, and an answer may want to begin its own.
        _roll_back(session)
        if stored() != expected:
            raise NotYet(
                f"`store` returned `False` for the name {name}, which is taken, and the user who has it was changed. "
                "Leave what is stored as it is."
            )

    with trial_session(engine) as session:
        must_store(session, "ada", "`store` returned `False` for a name that is free.")
        must_refuse(session, "ada")
        must_store(session, "bob", "After one refusal, a free name is refused, too.")
        must_store(
            session, "Ada", "`store` returned `False` for `Ada`, which is another text than `ada`."
        )
        must_refuse(session, "bob")
    with trial_session(engine) as session:
        must_refuse(session, "ada")
        must_store(session, "Eve Lovelace", "A name with a space in it is free, and was refused.")

    # Somebody else takes the name after `store` has looked around and before it writes.
    theirs = "INSERT OR IGNORE INTO users (username, password) VALUES ('carol', 'theirs')"
    with somebody_faster(engine, theirs), trial_session(engine) as session:
        outcome = attempt.run(session, User(username="carol", password="mine"))
    if is_a(outcome.error, IntegrityError):
        raise NotYet(
            "Two stored one name at the same instant: both were told that it is free, and one got an "
            "`IntegrityError`. Do not ask: store, and catch the error."
        )
    if outcome.error is not None:
        raise NotYet(
            f"Two stored one name at the same instant, and `store` {outcome.said.splitlines()[0]}. Do not ask: store, "
            "and catch `IntegrityError`."
        )
    if outcome.value is not False or stored().get("carol") != "theirs":
        raise NotYet(f"Of two at the same instant, both got the name: `store` {outcome.said}.")

    def unplug(session):
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    with trial_session(engine) as session:
        event.listen(session, "before_commit", unplug)
        outcome = attempt.run(session, User(username="dora", password="hash"))
    if outcome.error is None:
        raise NotYet(
            f"The disk was full, and `store` {outcome.said}. Catch `IntegrityError` alone: every other "
            "error is somebody else's business."
        )
