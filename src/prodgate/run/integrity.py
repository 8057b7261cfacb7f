"""Whether the gate's own code is in a process what it was before code of a team came in.

This notices a team's module that replaces a module of the gate, or replaces or rewrites a function of one that judges,
and leaves it so. It is no wall: code in the same process can do anything, also put back what it changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any, Final

#: Modules that judge, compare and write down what was found.
_JUDGING: Final = (
    "checks", "comparing", "criteria", "estimates", "evidence.chain", "evidence.counting", "evidence.journal", "facts",
    "findings", "judgement", "layers.attested.flaws", "layers.attested.judging", "layers.goals", "layers.live.goals",
    "layers.live.policies",
    "layers.observing_layer", "layers.static.checkov", "layers.static.goals", "layers.static.judging", "quantities",
    "run.integrity", "run.judging", "run.layer_process", "run.pytest_plugin", "run.watching", "sections.judges",
    "statistics", "terraform.policy", "terraform.reading", "terraform.resources",
)  # fmt: skip

#: Said of a layer whose criteria are others at its end.
CHANGED_CRITERIA: Final = "the criteria were changed by a module of the project while it judged; leave them as they are"

#: Where the modules of the gate are.
_PACKAGE: Final = Path(__file__).parents[1]

#: What something is, by the name under which it is reached.
Fingerprint = Mapping[str, tuple[object, ...]]


def take_fingerprint() -> Fingerprint:
    """Return which modules of the gate there are, and what the functions and classes of those that judge are now."""
    found: dict[str, tuple[object, ...]] = {name: (module,) for name, module in _list_modules()}
    for short in _JUDGING:
        module = sys.modules.get(f"prodgate.{short}")
        if isinstance(module, ModuleType):
            found.update(_describe_members(f"prodgate.{short}", vars(module)))
    return MappingProxyType(found)


def find_changes(before: Fingerprint) -> tuple[str, ...]:
    """Return the names of what is not what it was."""
    now = take_fingerprint()
    changed = {name for name, parts in before.items() if not _is_same(parts, now.get(name, ()))}
    changed |= {name for name, module in _list_modules() if not _is_of_package(name, module)}
    inner = {name for name in changed if name.rpartition(".")[0] in changed}  # all of it went with what it is in
    return tuple(sorted(changed - inner))


def describe_criteria(criteria: Mapping[str, object]) -> str:
    """Return all that is stated, down to each limit, to see whether code of a team makes it something else."""
    return repr(sorted(criteria.items()))


def _list_modules() -> Iterator[tuple[str, object]]:
    yield from ((name, module) for name, module in list(sys.modules.items()) if name.startswith("prodgate."))


def _is_of_package(name: str, module: object) -> bool:
    """Whether a module is the file of its name in the package; it may have been imported after code of a team was."""
    path = _PACKAGE.joinpath(*name.split(".")[1:])
    return getattr(module, "__file__", None) in (f"{path}.py", f"{path / '__init__'}.py")


def _is_same(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    return len(before) == len(now) and all(one is other for one, other in zip(before, now, strict=True))


def _describe_members(where: str, members: Mapping[str, Any]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for name, member in list(members.items()):
        if isinstance(member, type) and member.__module__ == where:
            yield f"{where}.{name}", (member,)
            yield from _describe_members_of_class(f"{where}.{name}", member)
        elif isinstance(member, FunctionType | type | ModuleType):
            yield f"{where}.{name}", (member, *_describe_function(member))


def _describe_members_of_class(where: str, owner: type) -> Iterator[tuple[str, tuple[object, ...]]]:
    for name, member in list(vars(owner).items()):
        if name.startswith("__") and not callable(member):
            continue
        inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        yield f"{where}.{name}", (member, *_describe_function(inner))


def _describe_function(function: object) -> tuple[object, ...]:
    if not isinstance(function, FunctionType):
        return ()
    return function.__code__, function.__defaults__, function.__kwdefaults__
