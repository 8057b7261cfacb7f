"""How to find the live resource of a declared one, and which attributes of both must be the same.

The table in ``counterparts_*.py`` is explicit: only attributes that are named there, and that the source states, are
compared. What AWS computes is not, so that the comparison says nothing where nothing was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from ....aws.account import Account
from ....aws.answers import Missing, Unread, Unreadable
from ....semantics.json_texts import read_json

Thing = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: an account, in the region that a resource is declared in."""

    account: Account
    region: str

    def one(
        self, service: str, operation: str, key: str, /, *, asked: Thing | None = None, **named: Any
    ) -> Thing | None:
        """Return the only item of a list with these values, or None; ``asked`` are parameters of the call.

        Raises Unnamed when a value is not known, and Unreadable when several items have it.
        """
        require_known(named)
        listed = self.account.list(service, operation, key, region=self.region, **(asked or {}))
        found = [item for item in listed if all(_read(item, name) == value for name, value in named.items())]
        if len(found) > 1:
            raise Unreadable(f"{service} {operation} lists {len(found)} things with {named}: which is meant?")
        return found[0] if found else None

    def find(self, service: str, operation: str, part: str = "", /, **asked: Any) -> Thing | None:
        """Return the answer to one call, or a part of it; None if AWS has no such thing. Raises as ``one`` does."""
        require_known(asked)
        answer = self.account.find(service, operation, region=self.region, **asked)
        return answer and (answer[part] if part else answer)


#: Finds the live resource for declared arguments; None if AWS has none. Raises Unreadable, also as Unnamed.
Find = Callable[[Place, Thing], Thing | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """How resources of one type are found, and what must be the same of them."""

    type: str
    find: Find
    same: Mapping[str, str | tuple[str, Any]] = field(default_factory=dict)
    """Declared path -> live path, or both with the default that holds if the source or AWS's answer states no value.

    ``a.b`` enters the first of several blocks, ``a[].b`` all of them; ``A{Name=Value}`` makes a map of a list.
    """
    identity: tuple[str, str] = ("arn", "Arn")
    """Declared and live path of the id that others refer to; with ``kind``, the live path of the ARN."""
    kind: str = ""
    """How the ARNs of such things begin after ``arn:aws:``, account and region left out: ``rds:cluster``.

    Empty for what has no ARN of its own."""


class Unnamed(Unreadable):
    """A declared resource can't be looked up: only an apply decides its name."""


def require_known(values: Mapping[str, Any]) -> None:
    """Raise Unnamed if a value is not known before an apply, and Unreadable if AWS leaves it out of an answer."""
    for value in values.values():
        if (unread := find_unread(value)) is not None:
            raise (Unreadable if isinstance(unread, Missing) else Unnamed)(unread.reason)


def find_unread(value: Any) -> Unread | None:
    """Return the first thing in a declared value that is not known, or None."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return value if isinstance(value, Unread) else next((u for one in inner if (u := find_unread(one))), None)


def read_path(value: Any, path: str) -> Any:
    """Return the value at a path, as ``Counterpart.same`` writes it; None if there is none."""
    part, _, rest = path.partition(".")
    while isinstance(value, list | tuple):
        value = value[0] if value else None
    if not isinstance(value, Mapping):
        return value if isinstance(value, Unread) else None
    if part.endswith("[]"):
        items = value.get(part.removesuffix("[]")) or ()
        return items if isinstance(items, Unread) else [read_path(item, rest) if rest else item for item in items]
    name, _, pair = part.partition("{")
    if pair:
        key, _, held = pair.removesuffix("}").partition("=")
        return {item[key]: item[held] for item in value.get(name) or ()}
    return read_path(value.get(part), rest) if rest else value.get(part)


def _read(item: Any, path: str) -> Any:
    """Do as ``read_path`` does, at once where the path is a name: lists have thousands of items."""
    return item.get(path) if path.isidentifier() and isinstance(item, dict) else read_path(item, path)


def normalise(value: Any) -> Any:
    """Return a value in a form in which Terraform's and AWS's compare equal: numbers as text, lists as sets."""
    if value is None or value in ("", [], {}, ()):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return tuple(sorted((str(key), normalise(item)) for key, item in value.items()))
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(map(normalise, value), key=repr)
        return items[0] if len(items) == 1 else tuple(items)
    return _document(str(value)) or _number(str(value)) or str(value)


def _document(text: str) -> Any:
    """Return a JSON document in this form, or an empty string."""
    if not text.startswith("{"):
        return ""
    try:
        return normalise(read_json(text))
    except ValueError:
        return ""


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    return f"{number.normalize():f}" if number.is_finite() else ""
