"""Files that several apps of ``app_snippets/`` share: the author writes one, ``course build`` writes the others.

An app is a folder that runs alone, so it has a copy of everything that it imports. Files of one name have the same
bytes in every folder. The one to edit lies in the app of the earliest lesson; the others are made from it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from course import files


class CopyError(Exception):
    """The copies cannot be made; the message says which file to edit."""


def sources(snippets: Path) -> dict[str, Path]:
    """For each file name that an app may share: the one file that is written by hand."""
    found: dict[str, Path] = {}
    for folder in sorted(snippets.glob("*/__init__.py"), key=_lesson_of):
        for path in sorted(folder.parent.glob("*.py")):
            if path.name != "__init__.py":
                found.setdefault(path.name, path)
    return found


def _lesson_of(init: Path) -> tuple[str, str]:
    """The number of the lesson that an app belongs to, from its docstring, and its name."""
    named = re.search(r"\(lesson (\d\d)\)", init.read_text(encoding="utf-8"))
    return (named[1] if named else "99", init.parent.name)


def copies(snippets: Path) -> Iterator[tuple[Path, Path]]:
    """Each source with each place where an app needs its copy: where the file lies, or where it is imported."""
    by_name = sources(snippets)
    for init in sorted(snippets.glob("*/__init__.py")):
        wanted, seen = [init], set()
        while wanted:
            path = wanted.pop()
            for name in _imported_beside(path) - seen:
                seen.add(name)
                target = init.parent / name
                source = by_name.get(name, target)
                wanted.append(source)
                if source != target:
                    yield source, target
        for path in init.parent.glob("*.py"):
            if path.name in by_name and path.name not in seen and by_name[path.name] != path:
                yield by_name[path.name], path


def _imported_beside(path: Path) -> set[str]:
    """The files of its own folder that this one imports: ``from .house import db``."""
    if not path.is_file():
        return set()
    return {
        f"{node.module.split('.')[0]}.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module
    }


def differences(snippets: Path) -> Iterator[str]:
    """A line for each copy that is missing or differs."""
    for source, target in copies(snippets):
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            yield (
                f"{shown(target)}: is not what {shown(source)} says, of which it is a copy. "
                "Edit that one, then run: uv run --group dev course build"
            )


def write(snippets: Path) -> list[Path]:
    """Make every copy what its source says; return those that were written.

    Raises:
        CopyError: for a copy that was changed after its source: the change is not thrown away.
    """
    outdated = [
        (source, target)
        for source, target in copies(snippets)
        if not target.is_file() or target.read_bytes() != source.read_bytes()
    ]
    for source, target in outdated:
        if target.is_file() and target.stat().st_mtime > source.stat().st_mtime:
            raise CopyError(
                f"{shown(target)} was changed, and it is a copy of {shown(source)}. "
                f"Make the change there, and delete the copy: the next build makes it anew."
            )
    for source, target in outdated:
        files.write(target, source.read_text(encoding="utf-8"))
    return [target for _, target in outdated]


def shown(path: Path) -> str:
    """The path as people know it: app_snippets/roles/users.py."""
    return "/".join(path.parts[-3:])
