"""Answers to the exercises of lesson 07: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "7.1": [
        """
nobody = passwords.hash("a password that nobody has")
def password_is_right(user, password):
    correct = passwords.verify(password, user.password if user else nobody)
    return correct and user is not None
""",
        """
def password_is_right(user, password):
    if user is None:
        passwords.hash(password)
        return False
    return passwords.verify(password, user.password)
""",
        """
def password_is_right(user, password):
    return passwords.verify(password, user.password if user else None)
""",
        """
def password_is_right(user, password):
    nobody = user is None
    if nobody:
        passwords.verify_and_update(password, password_is_right.dummy())
    return False if nobody else passwords.verify_and_update(password, user.password)[0]
from functools import cache
import secrets
password_is_right.dummy = cache(lambda: passwords.hash(secrets.token_hex()))
""",
    ],
    "7.2": [
        """
def check_and_renew(user, password):
    if not passwords.verify(password, user.password):
        return False
    if passwords.needs_update(user.password):
        user.password = passwords.hash(password)
    return True
""",
        """
def check_and_renew(user, password):
    old = user.password
    correct, better = passwords.verify_and_update(password, old)
    user.password = better or old
    print("renewed:", bool(better))
    return correct
""",
    ],
    "7.3": [
        """
def store(session, user):
    try:
        session.add(user)
        session.flush()
    except IntegrityError:
        session.rollback()
        return False
    session.commit()
    return True
""",
        """
def store(session, user):
    try:
        with session.begin():
            session.add(user)
    except IntegrityError:
        return False
    return True
""",
        """
def store(session, user):
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        return False
    session.commit()
    return True
""",
        """
def store(session, user):
    if session.scalar(select(type(user)).where(type(user).username == user.username)):
        session.rollback()
        return False
    session.add(user)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return False
    else:
        return True
""",
        """
from sqlalchemy.dialects.sqlite import insert
def store(session, user):
    row = {"username": user.username, "password": user.password}
    done = session.execute(insert(type(user)).values(row).on_conflict_do_nothing())
    session.commit()
    return done.rowcount == 1
""",
    ],
}

WRONG = {
    "7.1": [
        (
            "def password_is_right(user, password):\n"
            "    return user is not None and passwords.verify(password, user.password)",
            "do the work of a check",
        ),
        (
            "def password_is_right(user, password):\n    return passwords.verify(password, user.password)",
            "look first",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n        time.sleep(0.15)\n"
            "        return False\n    return passwords.verify(password, user.password)",
            "Waiting is not working",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        return passwords.dummy_verify() or 0\n    return passwords.verify(password, user.password)",
            "Expected: `False`",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        for _ in range(4):\n            passwords.dummy_verify()\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "tells them apart as well",
        ),
        (
            "def password_is_right(user, password):\n    return user.password == passwords.hash(password)",
            "The password is right",
        ),
        (
            "def password_is_right(user, password):\n    return passwords.verify(user.password, password)",
            "the password first",
        ),
        ("password_is_right = True", "the function itself"),
        (
            "import random\ndef password_is_right(user, password):\n    if user is None:\n"
            "        if random.random() < 0.9:\n            passwords.dummy_verify()\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "do the work of a check as well, at every call",
        ),
        (
            "import random\ndef password_is_right(user, password):\n    if user is None:\n"
            "        for _ in range(random.choice([1, 1, 1, 1, 2])):\n            passwords.dummy_verify()\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "of 10 calls",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        passwords.dummy_verify()\n        passwords.dummy_verify()\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "2 hashes with argon2",
        ),
        (
            "nobody = UserModel(username='', password=passwords.hash('dummy'))\n"
            "def password_is_right(user, password):\n"
            "    return passwords.verify(password, (user or nobody).password)",
            "is let in as nobody",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        return passwords.verify(password, passwords.hash('nobody'))\n"
            "    return passwords.verify(password, user.password)",
            "tells them apart as well",
        ),
        (
            "def password_is_right(user, password):\n"
            "    return user and passwords.verify(password, user.password)",
            "Expected: `False`",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        sum(range(1_000_000))\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "do the work of a check",
        ),
        (
            "from time import sleep as rest\ndef password_is_right(user, password):\n    if user is None:\n"
            "        rest(0.02)\n        return False\n    return passwords.verify(password, user.password)",
            "Waiting is not working",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        pbkdf2_sha256.hash(password)\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "That is another amount of work",
        ),
        (
            "from passlib.hash import argon2\ncheap = argon2.using(time_cost=1, memory_cost=1024).hash('x')\n"
            "def password_is_right(user, password):\n"
            "    return passwords.verify(password, user.password if user else cheap) and user is not None",
            "That is another amount of work",
        ),
        (
            "def password_is_right(user, password):\n    if user is None and len(password) < 100:\n"
            "        passwords.dummy_verify()\n    if user is None:\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "no hash at all",
        ),
        (
            "def password_is_right(user, password, seen=set()):\n    if user is None:\n"
            "        if password not in seen:\n            passwords.dummy_verify()\n        seen.add(password)\n"
            "        return False\n    return passwords.verify(password, user.password)",
            "no hash at all",
        ),
        (
            "def password_is_right(user, password):\n"
            "    return passwords.verify(password.strip(), user.password if user else None)",
            "The password is wrong",
        ),
        (
            "def password_is_right(user, password):\n"
            "    return passwords.verify(password, user.password if user else 'nobody')",
            "something that is no hash",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        passwords.dummy_check()\n        return False\n"
            "    return passwords.verify(password, user.password)",
            "There is no such thing",
        ),
        (
            "def password_is_right(user, password):\n"
            "    return passwords.verify(password, user.password_hash)",
            "A user has a `username`",
        ),
        (
            "def password_is_right(user, password):\n    passwords.dummy_verify()\n"
            "    return user is not None and passwords.verify(password, user.password)",
            "do the work of a check",
        ),
        (
            "def password_is_right(user, password):\n    if user is None:\n"
            "        return passwords.dummy_verify()\n"
            "    correct, user.password = passwords.verify_and_update(password, user.password)\n    return correct",
            "The user was changed",
        ),
    ],
    "7.2": [
        (
            "def check_and_renew(user, password):\n    return passwords.verify(password, user.password)",
            "The old hash is still there",
        ),
        (
            "def check_and_renew(user, password):\n    correct = passwords.verify(password, user.password)\n"
            "    user.password = passwords.hash(password)\n    return correct",
            "Whoever tries a password would set it",
        ),
        (
            "def check_and_renew(user, password):\n    correct = passwords.verify(password, user.password)\n"
            "    if correct:\n        user.password = passwords.hash(password)\n    return correct",
            "replaced at every login",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, user.password = passwords.verify_and_update(password, user.password)\n    return correct",
            "Whoever tries a password would set it",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.password = password\n    return correct",
            "which is no hash",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.password = pbkdf2_sha256.hash(password)\n    return correct",
            "of the old kind",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    return passwords.verify_and_update(password, user.password)",
            "Expected: `False`",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.password = better",
            "Did you forget the `return`?",
        ),
        (
            "def check_and_renew(user, password):\n    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.password = better\n        return correct",
            "returned `None`. Expected: `False`",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    return passwords.verify_and_update(password, user.password)[1]",
            "returned `None`. Expected: `False`",
        ),
        (
            "def check_and_renew(user, password):\n    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if correct:\n        user.password = better\n    return correct",
            "replaced at every login by `None`",
        ),
        (
            "def check_and_renew(user, password):\n    correct = passwords.verify(password, user.password)\n"
            "    if correct and user.password.startswith('$pbkdf2'):\n"
            "        user.password = passwords.hash(password)\n    return correct",
            "with less work than `passwords` asks for",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password.strip(), user.password)\n"
            "    user.password = better or user.password\n    return correct",
            "The password is wrong",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.password = passwords.hash(password.lower())\n    return correct",
            "does not belong to the password",
        ),
        (
            "from passlib.hash import argon2\ndef check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.password = argon2.using(salt=b'12345678').hash(password)\n    return correct",
            "a salt of its own",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.username = better\n    return correct",
            "The old hash is still there",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    if better:\n        user.password = better\n        user.username = user.username.upper()\n    return correct",
            "another name",
        ),
        (
            "def check_and_renew(user, password):\n"
            "    correct, better = passwords.verify_and_update(password, user.password)\n"
            "    user.password = better or passwords.hash(password)\n    return correct",
            "Whoever tries a password would set it",
        ),
        (
            "def check_and_renew(user, password):\n    passwords.verify_and_update(password, user.password)",
            "Did you forget the `return`?",
        ),
        ("check_and_renew = check_and_renew(None, None) if False else 3", "the function itself"),
    ],
    "7.3": [
        (
            "def store(session, user):\n    session.add(user)\n    session.commit()\n    return True",
            "catch `IntegrityError`",
        ),
        (
            "def store(session, user):\n    session.add(user)\n    try:\n        session.commit()\n"
            "    except IntegrityError:\n        return False\n    return True",
            "needs `session.rollback()`",
        ),
        (
            "def store(session, user):\n    session.add(user)\n    try:\n        session.commit()\n"
            "    except Exception:\n        session.rollback()\n        return False\n    return True",
            "somebody else's business",
        ),
        (
            "def store(session, user):\n"
            "    if session.scalar(select(type(user)).where(type(user).username == user.username)):\n"
            "        session.rollback()\n        return False\n"
            "    session.add(user)\n    session.commit()\n    return True",
            "Do not ask",
        ),
        ("def store(session, user):\n    session.add(user)\n    return True", "commit"),
        (
            "def store(session, user):\n    session.add(user)\n    session.commit()",
            "Expected `True` or `False`",
        ),
        ("def store(session, user):\n    return False", "for a name that is free"),
        (
            "from sqlalchemy.dialects.sqlite import insert\ndef store(session, user):\n"
            "    row = {'username': user.username, 'password': user.password}\n"
            "    new = session.scalar(select(type(user)).where(type(user).username == user.username)) is None\n"
            "    session.execute(insert(type(user)).values(row).on_conflict_do_update(index_elements=['username'], set_=row))\n"
            "    session.commit()\n    return new",
            "the user who has it was changed",
        ),
        (
            "def store(session, user):\n    try:\n        session.add(user)\n        session.flush()\n"
            "    except IntegrityError:\n        session.rollback()\n        return False\n    return True",
            "commit",
        ),
        (
            "from sqlalchemy.exc import SQLAlchemyError\ndef store(session, user):\n    session.add(user)\n    try:\n        session.commit()\n"
            "    except SQLAlchemyError:\n        session.rollback()\n        return False\n    return True",
            "somebody else's business",
        ),
        (
            "def store(session, user):\n    session.add(user)\n    try:\n        session.commit()\n        return True\n"
            "    except IntegrityError:\n        pass\n    finally:\n        session.rollback()",
            "Expected `True` or `False`",
        ),
        (
            "def store(session, user):\n    user.username = user.username.lower()\n    session.add(user)\n    try:\n"
            "        session.commit()\n    except IntegrityError:\n        session.rollback()\n        return False\n    return True",
            "`Ada`, which is another text",
        ),
        (
            "def store(session, user):\n    user.username = user.username.replace(' ', '')\n    session.add(user)\n    try:\n"
            "        session.commit()\n    except IntegrityError:\n        session.rollback()\n        return False\n    return True",
            "is missing",
        ),
        (
            "def store(session, user):\n    try:\n        session.add(user)\n        session.commit()\n"
            "    except IntegrityError:\n        session.rollback()\n    return True",
            "for a name that is taken",
        ),
        (
            "def store(session, user):\n    session.merge(user)\n    try:\n        session.commit()\n"
            "    except IntegrityError as error:\n        session.rollback()\n        return error\n    return True",
            "Expected `True` or `False`",
        ),
        (
            "def store(session, user, names=set()):\n    if user.username in names:\n        return False\n"
            "    names.add(user.username)\n    session.add(user)\n    session.commit()\n    return True",
            "Do not ask",
        ),
        (
            "def store(session, user):\n    session.add(user)\n    try:\n        session.commit()\n"
            "    except IntegrityError:\n        session.rollback()\n"
            "        other = session.scalar(select(type(user)).where(type(user).username == user.username))\n"
            "        other.password = user.password\n        session.commit()\n        return False\n    return True",
            "the user who has it was changed",
        ),
        ("store = store(None, None) is ... and False", "the function itself"),
    ],
}
