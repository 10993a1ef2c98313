"""Another time zone, as a server elsewhere has it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def time_zone(name: str) -> Iterator[None]:
    """Run in another time zone, where the system can switch (Windows cannot: there the machine's own is tried)."""
    if not hasattr(time, "tzset"):
        yield
        return
    kept = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if kept is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = kept
        time.tzset()
