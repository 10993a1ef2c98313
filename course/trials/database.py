"""An empty database for the judges: a real file of SQLite, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine


@contextmanager
def trial_database() -> Iterator:
    """Yields an engine of SQLAlchemy; its file is ``engine.url.database``."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine = create_engine(f"sqlite:///{Path(folder).as_posix()}/trial.db")
        try:
            yield engine
        finally:
            engine.dispose()
