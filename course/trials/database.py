"""An empty database for the judges: a real file of SQLite, gone afterwards."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from course.checking import NotYet, describe_error


@contextmanager
def trial_database() -> Iterator:
    """Yields an engine of SQLAlchemy; its file is ``engine.url.database``."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine = create_engine(f"sqlite:///{Path(folder).as_posix()}/trial.db")
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def trial_session(engine) -> Iterator[Session]:
    """A session for a learner's function, closed afterwards, whatever has become of it."""
    session = Session(engine)
    try:
        yield session
    finally:
        try:
            session.close()
        except Exception as error:
            raise NotYet(
                f"After your function has run, the session cannot be closed: `{describe_error(error)}`. Only use it: "
                "execute, commit, roll back."
            ) from None


@contextmanager
def somebody_faster(engine, statement: str) -> Iterator[None]:
    """Until the block ends, another connection sends ``statement`` at the last moment: right before the first
    statement that writes, or that locks the file.
    """
    waiting = [statement]

    def be_faster(connection, cursor, own_statement, *_):
        reads = (
            own_statement.lstrip()
            .upper()
            .startswith(("SELECT", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK"))
        )
        if waiting and not reads:
            with closing(sqlite3.connect(engine.url.database, timeout=5)) as other, other:
                other.execute(waiting.pop())

    event.listen(engine, "before_cursor_execute", be_faster)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", be_faster)
