"""The two APIs of lesson 14, running: the judges let a forged token knock at both."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from course.paths import Course
from course.trials.server import TrialServer, trial_server


class House:
    """``weak_api`` or ``fixed_api`` on a real server. ``keys`` are its keys, ``verifier`` is what tells the two apart."""

    def __init__(self, name: str, app, server: TrialServer):
        self.keys, self.server = app.order_keys, server
        self.verifier = sys.modules[f"{name}.{name.removesuffix('_api')}_verifier"]

    def knock(self, way: str, token: str) -> int:
        """The status that GET /orders/<way> answers to this token."""
        return self.server.call("GET", f"/orders/{way}", token).status_code


@contextmanager
def house(name: str) -> Iterator[House]:
    """One of the two, until the block ends."""
    folder = str(Course().snippets)
    sys.path.insert(0, folder)
    try:
        app = importlib.import_module(name).create_app()
    finally:
        sys.path.remove(folder)
    with trial_server(app) as server:
        yield House(name, app, server)
