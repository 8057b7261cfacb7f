"""Declaring an adapter: the resource type, and the function that creates one in the rehearsal account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar


class Clients(Protocol):
    """Clients of the rehearsal account: ``aws("sns")``, in the resource's region unless another is named."""

    account: str
    """The account, 12 digits."""
    region: str

    def __call__(self, service: str, region: str = "") -> Any:
        """Return a boto3 client."""
        ...


#: Creates one declared resource and returns the attributes that AWS decides (``id``, ``arn``, ...). ``declared``
#: holds every argument and block of the type, blocks as lists of dicts, with None for what is left to AWS.
Adapter = Callable[[Mapping[str, Any], Clients], Mapping[str, Any]]
A = TypeVar("A", bound=Adapter)

ADAPTERS: dict[str, Adapter] = {}


def creates(*types: str) -> Callable[[A], A]:
    """Register a function as the adapter of one or more resource types."""

    def register(adapter: A) -> A:
        ADAPTERS.update(dict.fromkeys(types, adapter))
        return adapter

    return register


def omit_empty(**arguments: Any) -> dict[str, Any]:
    """Return the arguments that say something: AWS's API wants what is not stated to be left out."""
    return {name: value for name, value in arguments.items() if value not in (None, "", [], {}, ())}


def tags(declared: Mapping[str, Any], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return a resource's tags, with the provider's default ones, as the list that most services want."""
    return [{key: name, value: text} for name, text in (declared.get("tags_all") or {}).items()]


def integer(value: Any) -> int | None:
    """Return a number of Terraform, which may be a text, as AWS's API wants it; None where nothing is stated."""
    return None if value in (None, "") else int(value)


def first(blocks: Any) -> Mapping[str, Any]:
    """Return the only block of a kind; an empty one when it is not there."""
    found: Mapping[str, Any] = next(iter(blocks or ()), {})
    return found
