"""Jupyter kernels that start in a fraction of the time, for the tests and for ``course build``. Linux only.

A kernel spends most of its start on imports. Here one process, the *nursery*, imports once what the notebooks import, and
each kernel is a fork of it. Everything else is as ever: a kernel has its own folder, environment, output, exit code, and
its own random numbers. Where a fork would not be the same as a start, ``provisioner`` starts a kernel the ordinary way.

The nursery idles until the first kernel is wanted, and ends with the process that made it, however that ends.
"""

import importlib.metadata
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

# The name of the entry point in pyproject.toml.
PROVISIONER = "forked-kernels"
CHOICE = "JUPYTER_DEFAULT_PROVISIONER_NAME"
# The socket of the nursery, for whoever wants a kernel: this process and those that it starts.
ADDRESS = "FORKED_KERNELS_ADDRESS"


class Nursery:
    """A nursery process of our own. ``close`` it; its kernels end with it."""

    def __init__(self, with_libraries: bool):
        self._folder = tempfile.mkdtemp(prefix="kernels-")
        self._before = {name: os.environ.get(name) for name in (CHOICE, ADDRESS)}
        address = str(Path(self._folder) / "socket")
        script = Path(__file__).with_name("nursery.py")
        what = ["--with-libraries"] if with_libraries else []
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(address)
            listener.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, script, str(listener.fileno()), self._folder, *what],
                # It reads nothing there but the end of this process.
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
                # Ctrl-C is for us, and we end it in order.
                start_new_session=True,
            )
        self.pid = self._process.pid
        os.environ.update({CHOICE: PROVISIONER, ADDRESS: address})

    def close(self) -> None:
        """End the nursery and what is left of its kernels, and choose kernels as before. May be called again."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._process.stdin.close()
        self._process.wait()


def open_nursery(with_libraries: bool = True) -> Nursery | None:
    """Choose forked kernels for this process and those that it starts from now on.

    Args:
        with_libraries: whether to import the libraries of the lessons once, for many kernels; else only what every
            kernel needs.

    Returns:
        The nursery to close, or None where kernels start as ever: not on Linux, where somebody has chosen, or where
        this project is not installed.
    """
    if sys.platform != "linux" or CHOICE in os.environ or not _is_registered():
        return None
    return Nursery(with_libraries)


def _is_registered() -> bool:
    group = "jupyter_client.kernel_provisioners"
    return bool(importlib.metadata.entry_points(group=group, name=PROVISIONER))


@contextmanager
def forked_kernels(with_libraries: bool = True):
    """As ``open_nursery``, and closed at the end of the block."""
    nursery = open_nursery(with_libraries)
    try:
        yield
    finally:
        if nursery:
            nursery.close()
