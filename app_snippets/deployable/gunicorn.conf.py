"""How gunicorn runs the app. WEB_CONCURRENCY says how many workers (1 on SQLite, about one per core on PostgreSQL)."""

import os
import sys
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

bind = os.environ.get("BIND", "127.0.0.1:8000")
# Workers share nothing but the database. The threads of a worker wait for the database at the same time, and may hash
# passwords at the same time: 64 MiB of memory for each of them.
worker_class = "gthread"
threads = 4
# A worker says that it is alive by touching a file. In memory, a slow disk cannot get it killed.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
# What was begun is finished before a worker goes: at a reload (SIGHUP) and at the end (SIGTERM). An orchestrator must
# wait longer than this before it kills.
graceful_timeout = 20  # seconds
timeout = 30  # seconds; a worker whose threads are all stuck is started anew
# The app is made in each worker and not before the fork: two processes cannot share a connection to the database.
preload_app = False
# Nobody steers it by a socket; it would lie in a home folder that a container does not have.
control_socket_disable = True

# gunicorn's own lines, in JSON like all others. To import it here, once, costs less than once in every worker.
sys.path.insert(0, str(FOLDER.parent))
logconfig_dict = import_module(f"{FOLDER.name}.json_lines").LOGGING | {
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        # Silent: it has whole addresses in it, and a logconfig switches it on. The app writes a line for each request.
        "gunicorn.access": {"handlers": [], "propagate": False},
    }
}
