"""Snippet cells: where a lesson shows code of an app, the build copies it from the app's file.

Such a cell is marked with the file, ``snippet: roles/scopes.py``, a path below ``app_snippets/``. It has ordinary lines
and placeholders, which name functions, classes and variables of that file:

    from functools import wraps

    # show: SCOPES, requires
"""

import ast
import re

PLACEHOLDER = re.compile(r"# show: (\w+(?:, \w+)*)")
# What was probably meant to be one, wherever it stands.
LIKE_A_PLACEHOLDER = re.compile(r"^\s*#\s*show\s*:", re.IGNORECASE | re.MULTILINE)


class SnippetError(Exception):
    """A snippet cell cannot be filled. ``line`` counts from 0 within the cell; the message has the cure."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


def fill(source: str, code: str, file_name: str) -> str:
    """The text of a cell with each placeholder replaced by the code that it names, set as ``ruff format`` sets it.

    Args:
        source: the cell as the author wrote it.
        code: the content of the app's file.
        file_name: how messages call that file.

    Raises:
        SnippetError: for a name that the file has not, no placeholder, a broken one, or code that is typed twice.
    """
    definitions = _definitions(code, file_name)
    _refuse_what_is_typed_twice(source, definitions, file_name)
    filled: list[str] = []
    after_block = False
    for number, line in enumerate(source.splitlines()):
        for text, is_block in _shown(number, line, definitions, file_name):
            if text and (is_block or after_block):
                while filled and not filled[-1]:
                    filled.pop()
                filled += ["", ""] if filled else []
            filled += text.split("\n")
            after_block = is_block or (after_block and not text)
    if not any(map(PLACEHOLDER.fullmatch, source.splitlines())):
        raise SnippetError(
            0,
            f"is marked as a snippet of {file_name} and has no placeholder. Write one, such as "
            f"`# show: {next(iter(definitions), 'name')}`, or take the mark away.",
        )
    return "\n".join(filled)


def _shown(number: int, line: str, definitions: dict, file_name: str) -> list[tuple[str, bool]]:
    """What stands in the place of a line: texts, and whether each is a function or a class of the file."""
    if not LIKE_A_PLACEHOLDER.match(line):
        return [(line, False)]
    placeholder = PLACEHOLDER.fullmatch(line)
    if not placeholder:
        raise SnippetError(
            number, f"a placeholder is a line of its own, `# show: name, name`; this is `{line}`."
        )
    names = placeholder[1].split(", ")
    for name in names:
        if name not in definitions:
            there_are = ", ".join(definitions) or "none"
            raise SnippetError(
                number, f"{file_name} does not define {name}. Names that it does: {there_are}."
            )
    return [definitions[name] for name in names]


def _definitions(code: str, file_name: str) -> dict[str, tuple[str, bool]]:
    """By name: the source of each function, class and variable at the top level, and whether it is one of the first two.

    The source includes decorators, the comment right above, and a comment behind.
    """
    try:
        nodes = ast.parse(code).body
    except SyntaxError as error:
        raise SnippetError(
            0,
            f"{file_name}, line {error.lineno}, is not Python: {error.msg}. Mend that file first.",
        ) from error
    lines = code.splitlines()
    found = {}
    for node in nodes:
        for name in _names(node):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(each.lineno for each in decorators)]) - 1
            while first and lines[first - 1].startswith("#"):
                first -= 1
            found[name] = ("\n".join(lines[first : node.end_lineno]), _is_block(node))
    return found


def _is_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement defines; none for one that is no definition."""
    if _is_block(node):
        return [node.name]
    targets = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _refuse_what_is_typed_twice(source: str, definitions: dict, file_name: str) -> None:
    """A variable may have another value than in the file: a small app of a lesson has a blueprint of its own."""
    try:
        nodes = ast.parse(source).body
    except SyntaxError as error:
        raise SnippetError(
            (error.lineno or 1) - 1, f"is not Python: {error.msg}. Mend it."
        ) from error
    for node in nodes:
        for name in _names(node):
            if name not in definitions:
                continue
            if _is_block(node) or ast.get_source_segment(source, node) in definitions[name][0]:
                raise SnippetError(
                    node.lineno - 1,
                    f"{name} is typed here, and {file_name} defines it. "
                    f"Write `# show: {name}` in its place.",
                )
