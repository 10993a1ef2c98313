"""Answers to the exercises of lesson 09: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "9.1": [
        "still_in = {'A': {'Ada'}, 'B': set(), 'C': set(), 'D': set(['thief'])}",
        "still_in = {'A': frozenset({'Ada'}), 'B': frozenset(), 'C': frozenset(), 'D': frozenset({'thief'})}",
        "still_in = dict(D={'thief'}, C=set(), B=frozenset(), A={'Ada'})",
        "still_in['A'] = still_in['D'] = set()\nstill_in |= {'A': {'Ada'}, 'B': set(), 'C': set()}\n"
        "still_in['D'] = {'thief'} - {'Ada'}",
    ],
    "9.2": [
        """
def use_up(session, model, sid, jti, next_jti):
    rows = session.query(model).filter_by(id=sid, refresh_jti=jti).update({"refresh_jti": next_jti})
    session.commit()
    return bool(rows)
""",
        """
def use_up(session, model, sid, jti, next_jti):
    with session.begin():
        mine = (model.id == sid) & (model.refresh_jti == jti)
        changed = session.execute(update(model).where(mine).values(refresh_jti=next_jti))
        return changed.rowcount > 0
""",
        """
def use_up(session, model, sid, jti, next_jti):
    statement = update(model).where(model.id == sid).where(model.refresh_jti == jti)
    found = session.scalar(statement.values({"refresh_jti": next_jti}).returning(model.id))
    session.commit()
    return found is not None
""",
        """
from sqlalchemy import text
def use_up(session, model, sid, jti, next_jti):
    sql = f"update {model.__tablename__} set refresh_jti = :next where id = :sid and refresh_jti = :jti"
    changed = session.execute(text(sql), {"next": next_jti, "sid": sid, "jti": jti})
    session.commit()
    return changed.rowcount == 1
""",
        """
from sqlalchemy import text
def use_up(session, model, sid, jti, next_jti):
    session.execute(text("BEGIN IMMEDIATE"))
    row = session.get(model, sid)
    right = row is not None and row.refresh_jti == jti
    if right:
        row.refresh_jti = next_jti
    session.commit()
    return right
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
        """
def newer_than(store, used):
    if store.tokens != used:
        return store.tokens
    with store.lock:
        if store.tokens == used:
            store.tokens = store.refresh()
        return store.tokens
""",
        """
def newer_than(store, used):
    while not store.lock.acquire(timeout=1):
        pass
    try:
        if store.tokens["access_token"] != used["access_token"]:
            return store.tokens
        new = store.refresh()
        store.tokens = {**new}
        return new
    finally:
        store.lock.release()
""",
        """
import threading
def newer_than(store, used):
    with threading.Condition(store.lock):
        if store.tokens == used:
            store.tokens = store.refresh()
    return store.tokens
""",
    ],
}

_UPDATE = """
from sqlalchemy import func, or_
def use_up(session, model, sid, jti, next_jti):
    done = session.execute(update(model).where({where}).values(refresh_jti=next_jti))
    session.commit()
    return done.rowcount == 1
"""

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
        ("stories = {}\nstill_in['A'] = {'Ada'}", "Keep `stories` as it is"),
        (
            "stories = dict.fromkeys('ABCD', ['Ada'])\nstill_in = dict.fromkeys('ABCD', {'Ada'})",
            "Keep `stories` as it is",
        ),
        (
            "from types import SimpleNamespace\nending = SimpleNamespace(url='http://127.0.0.1:9')\n"
            "still_in = {'A': {'Ada'}, 'B': set(), 'C': set(), 'D': {'thief'}}",
            "Run the cell that serves it once more",
        ),
        (
            "from types import SimpleNamespace\nending = SimpleNamespace(url=None)\n"
            "still_in = {'A': {'Ada'}, 'B': set(), 'C': set(), 'D': {'thief'}}",
            "Run the cell that serves it once more",
        ),
        (
            "ending = long_lived\nstill_in = {'A': {'Ada'}, 'B': set(), 'C': set(), 'D': {'thief'}}",
            "Run the cell that serves it once more",
        ),
        (
            "ending = refusing\nstill_in = {'A': {'Ada'}, 'B': set(), 'C': set(), 'D': {'thief'}}",
            "on the server it is not so",
        ),
        ("still_in = {'A': ['Ada'], 'B': [], 'C': [], 'D': ['thief']}", "Expected a set"),
        ("still_in = {'A': {'Ada'}, 'B': None, 'C': None, 'D': {'thief'}}", "Expected a set"),
        ("still_in = {'A': {'Ada'}, 'B': {''}, 'C': set(), 'D': {'thief'}}", "Expected a set"),
        (
            "still_in = {'a': {'Ada'}, 'b': set(), 'c': set(), 'd': {'thief'}}",
            "Story A has no answer",
        ),
        ("still_in = {'A': {'Ada, thief'}, 'B': set(), 'C': set(), 'D': set()}", "Expected a set"),
        ("still_in = {'A': {'Ada'}, 'B': set(), 'C': {'thief'}, 'D': {'thief'}}", "you say thief"),
    ],
    "9.2": [
        (
            """
def use_up(session, model, sid, jti, next_jti):
    changed = session.execute(update(model).where(model.id == sid and model.refresh_jti == jti).values(refresh_jti=next_jti))
    session.commit()
    return changed.rowcount == 1
""",
            "with a comma between them",
        ),
        (
            """
def use_up(session, model, sid, jti, next_jti):
    changed = session.execute(update(model).where(model.id == sid, model.refresh_jti == jti).values(refresh_jti=jti))
    session.commit()
    return changed.rowcount == 1
""",
            "Write `next_jti` there",
        ),
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
            "Commit.",
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
        (
            _UPDATE.format(where="model.id == sid, func.lower(model.refresh_jti) == jti.lower()"),
            "a token is kept letter by letter",
        ),
        (
            _UPDATE.format(where="func.upper(model.id) == sid.upper(), model.refresh_jti == jti"),
            "`S-1` is not `s-1`",
        ),
        (
            _UPDATE.format(where="model.id == sid, model.refresh_jti.like(jti)"),
            "was let through",
        ),
        (
            _UPDATE.format(where="model.id == sid, model.refresh_jti.startswith(jti)"),
            "was let through",
        ),
        (
            _UPDATE.format(where="model.id == sid, model.refresh_jti == jti.strip()"),
            "only the very token that is current",
        ),
        (
            _UPDATE.format(where="or_(model.id == sid, model.refresh_jti == jti)"),
            "was used before",
        ),
        (
            _UPDATE.format(where="model.id == sid and model.refresh_jti == jti"),
            "was used before",
        ),
        (
            _UPDATE.format(where="model.id == sid, model.refresh_jti == jti").replace(
                ".values(", ".values(user_id=1, "
            ),
            "and nothing else",
        ),
        (
            _UPDATE.format(where="model.id == sid, model.refresh_jti == jti").replace(
                "refresh_jti=next_jti", "refresh_jti=next_jti.lower()"
            ),
            "Replace the current token by the next one",
        ),
        (
            "from sqlalchemy import text\ndef use_up(session, model, sid, jti, next_jti):\n"
            "    done = session.execute(text(f\"UPDATE sessions SET refresh_jti = '{next_jti}' "
            "WHERE id = '{sid}' AND refresh_jti = '{jti}'\"))\n"
            "    session.commit()\n    return done.rowcount >= 1",
            "it is SQL that somebody sent",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    row = session.query(model).filter_by(id=sid, refresh_jti=jti).with_for_update().one_or_none()\n"
            "    if row:\n        row.refresh_jti = next_jti\n    session.commit()\n    return row is not None",
            "at the same instant",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    if not session.query(model).filter_by(id=sid, refresh_jti=jti).count():\n        return False\n"
            "    session.execute(update(model).where(model.id == sid).values(refresh_jti=next_jti))\n"
            "    session.commit()\n    return True",
            "at the same instant",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    session.execute(update(model).where(model.id == sid, model.refresh_jti == jti)"
            ".values(refresh_jti=next_jti))\n    session.commit()\n"
            "    return session.get(model, sid) is not None",
            "was let through",
        ),
        (
            "def use_up(session, model, sid, jti, next_jti):\n"
            "    with session.begin():\n        done = session.execute(update(model).where(model.id == sid, "
            "model.refresh_jti == jti).values(refresh_jti=next_jti))\n    session.rollback()\n"
            "    return done.rowcount",
            "Expected `True` or `False`",
        ),
    ],
    "9.3": [
        (
            """
def newer_than(store, used):
    with store.lock:
        if store.tokens == used:
            store.refresh()
        return store.tokens
""",
            "the new pair that it returned is nowhere",
        ),
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
        (
            "def newer_than(store, used):\n    with store.lock:\n        with store.lock:\n"
            "            if store.tokens == used:\n                store.tokens = store.refresh()\n"
            "        return store.tokens",
            "waits for itself",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens != used:\n"
            "            return store.tokens\n        store.lock.acquire()\n        store.tokens = store.refresh()\n"
            "        store.lock.release()\n        return store.tokens",
            "waits for itself",
        ),
        (
            "def newer_than(store, used):\n    try:\n        with store.lock:\n            return fetch(store, used)\n"
            "    except Exception:\n        return store.tokens\n"
            "def fetch(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            store.tokens = store.refresh()\n        return store.tokens",
            "waits for itself",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            store.tokens.update(store.refresh())\n        return store.tokens",
            "you have changed it in place",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            used.update(store.refresh())\n            store.tokens = dict(used)\n        return store.tokens",
            "The pair `used` was changed",
        ),
        (
            "def newer_than(store, used):\n    if not store.lock.acquire(blocking=False):\n"
            "        return store.tokens\n    try:\n        if store.tokens == used:\n"
            "            store.tokens = store.refresh()\n        return store.tokens\n"
            "    finally:\n        store.lock.release()",
            "Whoever comes second waits for the lock",
        ),
        (
            "import threading\ndef newer_than(store, used):\n    with threading.Lock():\n"
            "        if store.tokens == used:\n            store.tokens = store.refresh()\n        return store.tokens",
            "more than one refreshed",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        stale = store.tokens == used\n"
            "    if stale:\n        store.tokens = store.refresh()\n    return store.tokens",
            "more than one refreshed",
        ),
        (
            "def newer_than(store, used, once=[]):\n    with store.lock:\n        if not once:\n"
            "            once.append(1)\n            store.tokens = store.refresh()\n        return store.tokens",
            "The second pair was refused, too",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        try:\n            if store.tokens == used:\n"
            "                store.tokens = store.refresh()\n        except ConnectionError:\n            pass\n"
            "        return store.tokens",
            "Let the error through",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            store.tokens = store.refresh(used)\n        return store.tokens",
            "takes nothing",
        ),
        (
            "def newer_than(store, used):\n    store.lock.acquire()\n    try:\n        if store.tokens == used:\n"
            "            store.tokens = store.refresh()\n        return store.tokens\n    finally:\n"
            "        store.lock.release()\n        store.lock.release()",
            "given back once",
        ),
        (
            "def newer_than(store, used):\n    with store.lock:\n        if store.tokens == used:\n"
            "            store.tokens = store.refresh()\n        return used",
            "the pair that was refused",
        ),
    ],
}
