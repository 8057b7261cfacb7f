"""Which credentials an argument is handed: attributes that it names, and that their provider marks as sensitive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from .addresses import split_module
from .provider.schema import Schemas, aws_schemas
from .provider.utility_providers import TYPES, utility_schemas


def find_credentials(named: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return what arguments name that is marked as sensitive; ``named`` is as from `attributes_of`."""
    found = {argument: tuple(_pick(names)) for argument, names in named.items()}
    return {argument: names for argument, names in found.items() if names}


def _pick(names: tuple[str, ...]) -> Iterator[str]:
    """Yield the attributes of names that are sensitive. One without an attribute, of a whole resource, stands for all.

    A plan lists a resource beside each of its attributes that an expression names; then it stands for nothing more.
    """
    picked = dict.fromkeys(
        ".".join((address, attribute))
        for address, attributes in map(_split, names)
        for attribute in sorted(_list_sensitive(address))
        if attributes[:1] == [attribute]
        or (not attributes and not any(other.startswith(f"{address}.") for other in names))
    )
    yield from picked


def _split(name: str) -> tuple[str, list[str]]:
    """Split a name into the address of a resource or data and what of it is named."""
    module, rest = split_module(name)
    parts = rest.split(".")
    width = 3 if parts[0] in ("data", "ephemeral") else 2
    return ".".join(filter(None, (module, *parts[:width]))), parts[width:]


def _list_sensitive(address: str) -> frozenset[str]:
    kind, *rest = split_module(address)[1].split(".")
    return _read_sensitive(kind, rest[0]) if kind in ("data", "ephemeral") else _read_sensitive("resource", kind)


@cache
def _read_sensitive(kind: str, type_: str) -> frozenset[str]:
    """The sensitive attributes of a type; none of one that nobody here knows."""
    schemas = _schemas(type_.partition("_")[0])
    if schemas is None or type_ not in schemas.names(kind):
        return frozenset()
    attributes = schemas.block(kind, type_)["attributes"]
    return frozenset(name for name, attribute in attributes.items() if attribute.get("sensitive"))


@cache
def _schemas(provider: str) -> Schemas | None:
    return aws_schemas() if provider == "aws" else utility_schemas(provider) if provider in TYPES else None
