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
        ("store = store(None, None) is ... and False", "the function itself"),
    ],
}
