"""Folders that really cannot be written to: full, read-only, or not a folder."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def can_mount() -> bool:
    """Whether this process may mount, tried by a mount (a container's root often may not)."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(probe, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


MEANS = ["a file in the way", *(["full", "read-only"] if can_mount() else [])]


@contextlib.contextmanager
def unwritable(folder: Path, means: str) -> Iterator[None]:
    """Make ``folder`` (which exists, and holds little) one of MEANS, for the time of the block."""
    if means == "a file in the way":
        own = folder / ".course"
        hidden = folder / ".course-hidden"
        if own.exists():
            own.rename(hidden)
        own.write_text("", encoding="utf-8")
        yield
        own.unlink()
        if hidden.exists():
            hidden.rename(own)
        return
    if means == "full":
        contents = [(path.name, path.read_bytes()) for path in folder.iterdir() if path.is_file()]
        _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))
        for name, content in contents:
            (folder / name).write_bytes(content)
        (folder / ".course").mkdir()
        with contextlib.suppress(OSError), open(folder / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
    else:
        _mount("--bind", str(folder), str(folder))
        _mount("-o", "remount,bind,ro", str(folder))
    try:
        yield
    finally:
        # lazy: the test itself may stand in the folder
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)
