"""Resource addresses: ``module.alarm["p95"].aws_cloudwatch_metric_alarm.this[0]`` and their parts."""

import re
from typing import Final

_INDEX: Final = re.compile(r'\[(?:"((?:[^"\\]|\\.)*)"|(\d+|\*))\]')


def without_indices(address: str) -> str:
    """Return the address as the configuration states it."""
    return _INDEX.sub("", address)


def split_module(address: str) -> tuple[str, str]:
    """Split an address without indices into the module's path and the resource's address in it."""
    parts, modules = address.split("."), 0
    while parts[modules : modules + 1] == ["module"]:
        modules += 2
    return ".".join(parts[:modules]), ".".join(parts[modules:])


def split_attribute(name: str) -> tuple[str, list[str]]:
    """Split a name without indices into the address of a resource or data source, and the path in it."""
    module, rest = split_module(name)
    parts = rest.split(".")
    width = 3 if parts[0] in ("data", "ephemeral") else 2
    return ".".join(filter(None, (module, *parts[:width]))), parts[width:]


def split_call(module: str) -> tuple[str, str]:
    """Split the path of a module into the caller's path and the name of the call; both are empty for the root."""
    caller, _, name = module.rpartition(".")
    return caller.removesuffix("module").rstrip("."), name


def keys(address: str) -> tuple[str | None, ...]:
    """Return the index of each module call and, last, of the resource; None without one."""
    found: list[str | None] = []
    rest = address
    while rest:
        name = re.match(r"module\.[^.\[]+|(?:data\.)?[^.\[]+\.[^.\[]+", rest)
        if not name:
            break
        rest = rest[name.end() :]
        index = _INDEX.match(rest)
        found.append((index[1] if index[1] is not None else index[2]) if index else None)
        rest = (rest[index.end() :] if index else rest).lstrip(".")
    return tuple(found)
