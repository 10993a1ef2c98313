"""How jupyter_client gets a forked kernel: the entry point ``forked-kernels``."""

import json
import os
import select
import signal
import socket
import subprocess
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

from forked_kernels import ADDRESS

# What the nursery can give a kernel. Asked for anything else, the kernel starts the ordinary way.
KNOWN = {"cwd", "env", "stdout", "stderr", "stdin", "kernel_id", "extra_arguments"}
PATIENCE = 60  # seconds to wait for the nursery, which imports everything at the first kernel
LARGEST_ANSWER = 10_000  # bytes


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel as a fork of the nursery, or the ordinary way where that is not the same, or not possible."""

    async def launch_kernel(self, cmd: list[str], **kwargs):
        """As ``LocalProvisioner``."""
        process = fork(cmd, **kwargs)
        if process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = process
        # The nursery gives each kernel a session, and so a group, of its own.
        self.pid = self.pgid = process.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info


class ForkedProcess:
    """A kernel that is a child of the nursery, as far as jupyter_client needs a ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, connection: socket.socket):
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection

    def poll(self) -> int | None:
        """The exit code, or None while it runs. A signal that ended it is a negative number."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._take_exit_code()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, at most ``timeout`` seconds.

        Raises:
            subprocess.TimeoutExpired: if it still runs then.
        """
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked kernel", timeout)
            self._take_exit_code()
        return self.returncode

    def _take_exit_code(self) -> None:
        packet = self._connection.recv(LARGEST_ANSWER)
        self._connection.close()
        # Without a word the nursery itself has ended, and its kernels end with it.
        self.returncode = json.loads(packet)["exit_code"] if packet else -signal.SIGKILL

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def fork(command: list[str], **kwargs) -> ForkedProcess | None:
    """Ask the nursery for a kernel. None if there is no nursery, or the kernel must start the ordinary way.

    ``kwargs`` are those of ``subprocess.Popen``.
    """
    address = os.environ.get(ADDRESS)
    outputs = [_file_number(kwargs.get(name), number) for name, number in (("stdout", 1), ("stderr", 2))]  # fmt: skip
    if not address or set(kwargs) - KNOWN or kwargs.get("stdin") or None in outputs:
        return None
    environment = kwargs.get("env")
    order = {
        "command": command,
        "folder": str(kwargs.get("cwd") or Path.cwd()),
        "environment": dict(os.environ if environment is None else environment),
    }
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(address)
        socket.send_fds(connection, [json.dumps(order).encode()], outputs)
        answer = json.loads(connection.recv(LARGEST_ANSWER) or "{}")
    except OSError:
        # The nursery has gone, or is stuck; an ordinary kernel takes longer to start, and is as good.
        answer = {}
    if "pid" not in answer:
        connection.close()
        return None
    connection.settimeout(None)
    return ForkedProcess(answer["pid"], connection)


def _file_number(file: object, ours: int) -> int | None:
    """The file descriptor of what Popen would take; None for what must be made first, such as a pipe."""
    if file is None:
        return ours
    number = file if isinstance(file, int) else file.fileno()
    return number if number >= 0 else None
