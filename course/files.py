"""Writing files so that whoever reads them finds all of the old or all of the new, and nothing of anybody's is lost.

A file is written under another name in its own folder first and then put into place in one step, so that
Ctrl-C, a full disk or a power cut leave no half of one.
"""

import contextlib
import errno
import json
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from course.paths import IN_A_TAB

PART = ".course-{}.part"  # the name of a file that is being written
PATIENCE = 30  # seconds to wait for somebody else who is writing


def write(path: Path, text: str) -> None:
    """Put ``text`` at ``path``, over what is there.

    Raises:
        OSError: if it cannot be written; what was there is then still there.
    """
    with _part(path.parent, text) as part:
        os.replace(part, path)


def write_new(path: Path, text: str, mode: int = 0o666) -> None:
    """Put ``text`` at ``path``, where nothing may be yet.

    Raises:
        FileExistsError: if there is something.
        OSError: if it cannot be written.
    """
    with _part(path.parent, text, mode) as part:
        move_to_new(part, path)


def move_to_new(source: Path, target: Path) -> None:
    """Rename, but never over something.

    Raises:
        FileExistsError: if ``target`` exists.
        OSError: if it cannot be renamed.
    """
    if os.name == "nt":
        os.rename(source, target)  # refuses by itself
        return
    try:
        os.link(source, target)  # unlike a rename, it refuses to overwrite
    except FileExistsError:
        raise
    except OSError:  # a file system without links, or a folder
        if os.path.lexists(target):
            raise FileExistsError(f"{target} exists") from None
        os.rename(source, target)
    else:
        os.unlink(source)


def set_aside(path: Path, word: str, folder: Path | None = None) -> Path:
    """Rename ``path`` to the first free of ``name.word-1.ext``, ``name.word-2.ext`` ...; returns that.

    It stays in its own folder, or goes into ``folder``, on the same disk.

    Raises:
        OSError: if it cannot be renamed.
    """
    number = 1
    while True:
        target = (folder or path.parent) / f"{path.stem}.{word}-{number}{path.suffix}"
        try:
            move_to_new(path, target)
            return target
        except FileExistsError:
            number += 1


@contextlib.contextmanager
def _part(folder: Path, text: str, mode: int = 0o666) -> Iterator[Path]:
    part = folder / PART.format(secrets.token_hex(8))
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # or a power cut may leave an empty file under the final name
        yield part
    finally:
        part.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what a killed process left half written. Only for the one who holds the lock."""
    for part in folder.glob(PART.format("*")):
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one of the course's processes who writes into ``folder``. A dead process holds nothing.

    Raises:
        OSError: if the lock cannot be made, or is not free within PATIENCE (a ``TimeoutError``).
    """
    # One Python, no threads; and a lock that a closed tab leaves behind would be waited for.
    if IN_A_TAB:
        yield
        return
    from filelock import FileLock  # not needed by those who only draw tokens

    own_folder = folder / ".course"
    own_folder.mkdir(parents=True, exist_ok=True)
    with FileLock(own_folder / "lock", timeout=PATIENCE):
        yield


def kind_of(path: Path) -> str:
    """What stands under this name, in words: "a file", "a folder", "a pipe" ..."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        if not path.exists():
            return "a link to nothing"
        mode = path.stat().st_mode
    kinds = {
        stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    }  # fmt: skip
    return kinds.get(stat.S_IFMT(mode), "a device")


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        FileNotFoundError: if there is nothing.
        OSError: if it cannot be read, or is no file: to open a pipe is to wait until somebody writes into it.
        ValueError: if it is not UTF-8.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, f"This is {kind_of(path)} and not a file", str(path))
    return path.read_text(encoding="utf-8")


def read_json(path: Path) -> dict | None:
    """The JSON object in a file: {} if there is no file, None if it holds anything but an object.

    Raises:
        OSError: if it is there and cannot be read.
    """
    try:
        found = json.loads(read_text(path))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def as_json(content: dict) -> str:
    """As JupyterLab writes a notebook: indented by one, in a fixed order."""
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
