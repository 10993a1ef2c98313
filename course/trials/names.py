"""Names replaced for a while, wherever an answer may have kept what they stand for."""

import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from course.checking import is_a


def functions_behind(function: Callable) -> list[types.FunctionType]:
    """The Python functions that a call of ``function`` begins with: under a partial, a method or a decorator, too."""
    found: list[types.FunctionType] = []
    waiting = [function]
    while waiting:
        each = waiting.pop()
        if is_a(each, functools.partial):
            waiting.append(each.func)
        elif is_a(each, types.MethodType):
            waiting.append(each.__func__)
        elif is_a(each, types.FunctionType):
            if each in found:
                continue
            found.append(each)
            waiting += [value for value in (_wrapped(each), *_closure(each)) if callable(value)]
        else:
            method = inspect.getattr_static(type(each), "__call__", None)
            waiting += [method] if is_a(method, types.FunctionType) else []
    return found


def names_in(function: Callable) -> set[str]:
    """Every name that the code behind ``function`` mentions, and that of its neighbours which it mentions."""
    names: set[str] = set()
    seen: list[types.FunctionType] = []
    waiting = functions_behind(function)
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.append(each)
        codes = [each.__code__]
        while codes:
            code = codes.pop()
            names.update(code.co_names)
            codes += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        for name in each.__code__.co_names:
            neighbour = each.__globals__.get(name)
            if is_a(neighbour, types.FunctionType) and neighbour.__globals__ is each.__globals__:
                waiting.append(neighbour)
    return names


@contextmanager
def replaced_in(
    functions: list[types.FunctionType],
    modules: list[dict],
    stand_in: Callable[[object], object],
    ids: set[int],
) -> Iterator[None]:
    """Put ``stand_in(value)`` in place of values: in modules for those ``ids``, in the functions' reach for any."""
    undo: list[Callable[[], None]] = []
    try:
        for names in modules:
            for name, value in list(names.items()):
                if id(value) in ids:
                    undo.append(functools.partial(names.__setitem__, name, value))
                    names[name] = stand_in(value)
        for names in _namespaces(functions):
            for name, value in list(names.items()):
                other = stand_in(value)
                if other is not value:
                    undo.append(functools.partial(names.__setitem__, name, value))
                    names[name] = other
        for function in _with_neighbours(functions):
            undo += _replace_in_function(function, stand_in)
        yield
    finally:
        for step in reversed(undo):
            step()


def _wrapped(function: types.FunctionType) -> object:
    return function.__dict__.get("__wrapped__")


def _closure(function: types.FunctionType) -> list[object]:
    contents = []
    for cell in function.__closure__ or ():
        # A cell is empty while the function around it is still being defined.
        try:
            contents.append(cell.cell_contents)
        except ValueError:
            continue
    return contents


def _namespaces(functions: list[types.FunctionType]) -> list[dict]:
    found: dict[int, dict] = {id(each.__globals__): each.__globals__ for each in functions}
    main = sys.modules["__main__"].__dict__
    return list((found | {id(main): main}).values())


def _with_neighbours(functions: list[types.FunctionType]) -> list[types.FunctionType]:
    """The functions, and those that were defined beside them: one may be called by another."""
    found = {id(each): each for each in functions}
    for names in _namespaces(functions):
        for value in names.values():
            if is_a(value, types.FunctionType) and value.__globals__ is names:
                found[id(value)] = value
    return list(found.values())


def _replace_in_function(function: types.FunctionType, stand_in: Callable) -> list[Callable]:
    """Replace in defaults and closure; the steps that put everything back."""
    undo: list[Callable[[], None]] = []
    defaults, named = function.__defaults__, function.__kwdefaults__
    if defaults and any(stand_in(value) is not value for value in defaults):
        undo.append(functools.partial(setattr, function, "__defaults__", defaults))
        function.__defaults__ = tuple(stand_in(value) for value in defaults)
    if named and any(stand_in(value) is not value for value in named.values()):
        undo.append(functools.partial(setattr, function, "__kwdefaults__", named))
        function.__kwdefaults__ = {name: stand_in(value) for name, value in named.items()}
    for cell, value in zip(function.__closure__ or (), _closure(function)):
        if stand_in(value) is not value:
            undo.append(functools.partial(setattr, cell, "cell_contents", value))
            cell.cell_contents = stand_in(value)
    return undo
