"""Answers to the exercises of lesson 09: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "9.1": ["still_in = {'A': {'Ada'}, 'B': set(), 'C': set(), 'D': set(['thief'])}"],
    "9.2": [
        """
def use_up(session, model, sid, jti, next_jti):
    rows = session.query(model).filter_by(id=sid, refresh_jti=jti).update({"refresh_jti": next_jti})
    session.commit()
    return bool(rows)
""",
    ],
    "9.3": [
        """
def newer_than(store, used):
    store.lock.acquire()
    try:
        if store.tokens["refresh_token"] == used["refresh_token"]:
            store.tokens = store.refresh()
        return dict(store.tokens)
    finally:
        store.lock.release()
""",
    ],
}

WRONG = {
    "9.1": [
        ("still_in = {'A': {'Ada', 'thief'}, 'B': set(), 'C': set(), 'D': {'thief'}}", "Story A"),
        ("still_in = {'A': {'Ada'}, 'B': {'thief'}, 'C': set(), 'D': {'thief'}}", "Story B"),
        ("still_in = {'A': {'Ada'}, 'B': set(), 'C': {'Ada'}, 'D': {'thief'}}", "Story C"),
        ("still_in = {'A': {'Ada'}, 'B': set(), 'C': set(), 'D': {'Ada'}}", "you say Ada"),
        ("still_in = {'A': {'Ada'}, 'B': {}, 'C': {}, 'D': {'thief'}}", "empty dictionary"),
        ("still_in = {'A': 'Ada', 'B': set(), 'C': set(), 'D': 'thief'}", "Expected a set"),
        ("still_in = {'A': {'Ada'}, 'B': ..., 'C': set(), 'D': set()}", "Story B has no answer"),
        (
            "still_in = {'A': {'ada'}, 'B': set(), 'C': set(), 'D': {'thief'}}",
            "the names Ada and thief",
        ),
        ("still_in = [{'Ada'}, set(), set(), {'thief'}]", "Keep the dictionary"),
    ],
    "9.2": [
        (
            "def use_up(session, model, sid, jti, next_jti):\n    row = session.get(model, sid)\n"
            "    if row is None or row.refresh_jti != jti:\n        return False\n"
            "    row.refresh_jti = next_jti\n    session.commit()\n    return True",
            "at the same instant",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    done = session.execute(update(model).where(model.id == sid, model.refresh_jti == jti)"
            ".values(refresh_jti=next_jti))\n    return done.rowcount == 1",
            "commit",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    done = session.execute(update(model).where(model.id == sid)"
            ".values(refresh_jti=next_jti))\n    session.commit()\n    return done.rowcount == 1",
            "`R1` was used before",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    done = session.execute(update(model).where(model.refresh_jti == jti)"
            ".values(refresh_jti=next_jti))\n    session.commit()\n    return done.rowcount == 1",
            "belongs to another session",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    done = session.execute(update(model).where(model.id == sid, model.refresh_jti == jti)"
            ".values(refresh_jti=next_jti))\n    session.commit()\n    return done.rowcount",
            "Expected `True` or `False`",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    done = update(model).where(model.id == sid, model.refresh_jti == jti)"
            ".values(refresh_jti=next_jti)\n    session.commit()\n    return done.rowcount == 1",
            "keep it in a variable",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    done = session.execute(update(model).where(model.id == sid, model.refresh_jti == jti)"
            ".values(jti=next_jti))\n    session.commit()\n    return done.rowcount == 1",
            "`id` and `refresh_jti`",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    session.execute(update(model).where(model.id == sid, model.refresh_jti == jti)"
            ".values(refresh_jti=next_jti))\n    session.commit()\n    return True",
            "`R1` was used before",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    session.execute(update(model).values(refresh_jti=next_jti))\n"
            "    session.commit()\n    return True",
            "Another session has another token",
        ),
    ],
    "9.3": [
        (
            "def newer_than(store, used):\n    store.tokens = store.refresh()\n    return store.tokens",
            "it refreshed again",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n"
            "        store.tokens = store.refresh()\n        return store.tokens",
            "it refreshed again",
        ),
        (
            "def newer_than(store, used):\n    if store.tokens == used:\n"
            "        store.tokens = store.refresh()\n    return store.tokens",
            "more than one refreshed",
        ),
        (
            "def newer_than(store, used):\n    if store.tokens == used:\n        with store.lock:\n"
            "            store.tokens = store.refresh()\n    return store.tokens",
            "more than one refreshed",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            return store.refresh()\n        return store.tokens",
            "not in `store.tokens`",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        return store.tokens",
            "the pair that was refused",
        ),
        (
            "def newer_than(store, used):\n    store.lock.acquire()\n    if store.tokens == used:\n"
            "        store.tokens = store.refresh()\n    store.lock.release()\n    return store.tokens",
            "the lock is still held",
        ),
        (
            "def newer_than(store, used):\n    store.lock.acquire()\n    if store.tokens == used:\n"
            "        store.tokens = store.refresh()\n    return store.tokens",
            "the next thread waits for ever",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens is used:\n"
            "            store.tokens = store.refresh()\n        return store.tokens",
            "Compare with `==`",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            store.tokens = store.refresh()\n        return store.tokens['access_token']",
            "Expected the pair",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            store.tokens = store.refresh()",
            "forget the `return`",
        ),
    ],
}
