"""How many things a judge compares, read from its code: what it compares differs by subject, its code does not."""

import dis
import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

#: Names of the comparisons of a criterion.
_COMPARISONS: Final = frozenset({"hold", "exclude", "require"})
#: Where the names of the gate itself begin, which compare nothing for a judge but what it asks them to.
_OWN: Final = "prodgate"


@lru_cache(maxsize=1024)
def compares_several(function: Callable[..., Any]) -> bool:
    """Whether a judge may compare more than one thing, itself or in functions of its modules that it calls.

    The first failing comparison ends it, so that the next fault shows only once the first is mended. If its code shows
    no comparison, nobody knows how many it makes.
    """
    told: bool | None = getattr(function, "several", None)  # of a function of another process
    return told if told is not None else sum(1 for _ in _find_comparisons(function, ())) != 1


def runs_later(function: object) -> bool:
    """Whether a call of the function runs nothing of it: a coroutine or a generator, which would hold by accident."""
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    return any(of_kind(function) for of_kind in kinds)


def _find_comparisons(function: Any, within: tuple[CodeType, ...]) -> Iterator[str]:
    """Yield the comparisons of a function; those of one that it calls twice are yielded twice."""
    code = getattr(function, "__code__", None)
    if code is None or code in within:
        return
    known = getattr(function, "__globals__", {})
    for each in _list_codes(code):
        modules = [vars(known[name]) for name in each.co_names if isinstance(known.get(name), ModuleType)]
        for kind, name in _list_loads(each):
            if kind != "LOAD_GLOBAL" and name in _COMPARISONS:
                yield name
            for names in [known] if kind == "LOAD_GLOBAL" else modules:
                if _is_of_team(called := names.get(name)):
                    yield from _find_comparisons(called, (*within, code))


def _list_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _list_codes(each)


def _list_loads(code: CodeType) -> Iterator[tuple[str, str]]:
    """Yield how each name is loaded, once for each place: a compiler writes some steps down twice."""
    loads = {
        (step.positions, step.argval): step.opname
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD")
    }
    yield from ((kind, name) for (_, name), kind in loads.items())


def _is_of_team(called: object) -> bool:
    return isinstance(called, FunctionType) and called.__module__.partition(".")[0] != _OWN
