"""Which IAM actions a call of boto3, or a command of `aws`, needs: by the descriptions of botocore and boto3."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ..iam.known_actions import find_action

#: Of a collection of a resource, what asks for the same once more.
_SAME: Final = ("[]", "all", "filter", "limit", "page_size", "pages")

#: How verbs begin that make something, which may be given tags.
_MAKING: Final = ("Allocate", "Copy", "Create", "Import", "Publish", "Put", "Register", "Restore", "Run", "Start")

Shape = Mapping[str, Any]


def find_actions(kind: str, service: str, method: str) -> tuple[str, ...] | str:
    """Return the IAM actions of a call, or why they are not known.

    ``kind`` is ``client``, ``paginator``, ``waiter``, ``resource``, whose method is as ``Bucket.objects.all``, or
    ``command``.
    """
    told = f"aws {service} {method}" if kind == "command" else f"{service}.{method}"
    table, name = _table(), service
    if kind == "command":
        name = table["commands"].get(service, service)
        if (stated := table["methods"].get(f"aws {service}", {}).get(method)) is not None:
            return tuple(stated)
    if (stated := table["methods"].get(name, {}).get(method)) is not None:
        return tuple(stated)
    model = _read("botocore", name, "service-2")
    if model is None:
        return f"{told}: botocore knows no service of that name"
    operations = _find_operations(kind, name, method, model)
    if operations is None:
        return f"{told}: is no operation that botocore knows"
    found: list[str] = []
    for operation in operations:
        stated = table["operations"].get(name, {}).get(operation)
        action = find_action(_prefixes(name, model), operation)
        if stated is None and not action:
            return f"{told}: which action {operation} needs is not known here"
        found += stated if stated is not None else [action]
    return tuple(dict.fromkeys(found))


def guess_actions(method: str) -> tuple[str, ...]:
    """Return patterns, in lower case, of the actions that a method of this name may need, of whatever client it is."""
    table, plain = _table(), _plain(method)
    rows = (each for kind in ("operations", "methods") for each in table[kind].values())
    stated = (
        action.lower() for row in rows for name, actions in row.items() if _plain(name) == plain for action in actions
    )
    return (f"*:{plain}", *dict.fromkeys(stated))


def list_besides(action: str) -> Iterator[str]:
    """Yield patterns, in lower case, of what a call that needs an action may need besides, as its arguments say."""
    yield from _table()["beside"].get(action, ())
    service, _, verb = action.partition(":")
    if verb.startswith(_MAKING):
        yield from (f"{service.lower()}:{one}" for one in ("addtags*", "createtags", "tag*"))


def _find_operations(kind: str, service: str, method: str, model: Shape) -> tuple[str, ...] | None:
    """Return the operations that a call sends; None where there is no such call."""
    if kind == "resource":
        return _follow(service, method.split("."))
    if kind == "waiter":
        waiters = (_read("botocore", service, "waiters-2") or {"waiters": {}})["waiters"]
        found = tuple(one["operation"] for name, one in waiters.items() if _plain(name) == _plain(method))
    else:
        found = tuple(name for name in model["operations"] if _plain(name) == _plain(method))
    return found or None


def _follow(service: str, steps: list[str]) -> tuple[str, ...] | None:
    """Return the operation of the last step of a resource, as ``Bucket.objects.all``; None where that is no step."""
    model = _read("boto3", service, "resources-1")
    if model is None:
        return None
    each = {name: {"resource": {"type": name}} for name in model["resources"]}  # a service has all that there is
    shape: Shape | None = {**model["service"], "has": {**each, **model["service"].get("has", {})}}
    found: tuple[str, ...] | None = ()
    for step in steps:
        if found is None or shape is None:
            return None if found is None else ()  # what an answer holds
        found, shape = _take_step(service, step, shape, model["resources"])
    return found


def _take_step(
    service: str, step: str, shape: Shape, shapes: Mapping[str, Shape]
) -> tuple[tuple[str, ...] | None, Shape | None]:
    """Return the operation of one step, and the shape that it leads to."""
    for kind in ("actions", "hasMany", "batchActions"):
        if one := _named(shape.get(kind, {}), step):
            return (one["request"]["operation"],), shapes.get(one.get("resource", {}).get("type", ""))
    if one := _named(shape.get("has", {}), step):
        return (), shapes[one["resource"]["type"]]
    if one := _named(shape.get("waiters", {}), step.removeprefix("wait_until_")):
        return _find_operations("waiter", service, one["waiterName"], {}), shape
    if step in _SAME:
        return (), shape
    return _read_attribute(step, shape), None


def _named(table: Mapping[str, Any], step: str) -> Any:
    return next((one for name, one in table.items() if _plain(name) == _plain(step)), None)


def _read_attribute(step: str, shape: Shape) -> tuple[str, ...] | None:
    """Return what reading an attribute asks: nothing of what identifies a thing, and once for all of the others."""
    if any(_plain(one["name"]) == _plain(step) for one in shape.get("identifiers", ())):
        return ()
    return (shape["load"]["request"]["operation"],) if "load" in shape else None


def _prefixes(service: str, model: Mapping[str, Any]) -> tuple[str, ...]:
    about = model["metadata"]
    stated = _table()["prefixes"].get(service)
    return (stated,) if stated else (about.get("signingName", ""), about.get("endpointPrefix", ""), service)


def _plain(name: str) -> str:
    """Return a name without what differs between an operation and its method or command."""
    return name.replace("_", "").replace("-", "").lower()


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("called.toml").read_text("utf-8"))


@cache
def _read(package: str, service: str, kind: str) -> dict[str, Any] | None:
    """Return a description that a package brings of a service, the newest; None where it has none.

    The files are read as they are: importing botocore takes as long as all of this.
    """
    spec = find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec and re.fullmatch(r"[a-z0-9-]+", service) else ():
        for file in sorted(Path(root, "data", service).glob(f"*/{kind}.json*"), reverse=True):
            text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            found: dict[str, Any] = json.loads(text)
            return found
    return None
