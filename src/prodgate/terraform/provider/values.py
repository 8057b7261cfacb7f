"""Terraform values as they travel: MessagePack, with an extension for what is not known yet."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgpack

from .schema import Block

#: A value that is decided later, without any refinement.
UNKNOWN: Final = msgpack.ExtType(0, b"\x00")


def is_unknown(value: Any) -> bool:
    """Return whether the value itself is decided later (with or without a refinement of what it may be)."""
    return isinstance(value, msgpack.ExtType)


def holds_unknown(value: Any) -> bool:
    """Return whether the value or anything inside it is decided later."""
    if isinstance(value, Mapping):
        return any(map(holds_unknown, value.values()))
    return any(map(holds_unknown, value)) if isinstance(value, list) else is_unknown(value)


def decode(value: Any) -> Any:
    """Return what a DynamicValue message holds."""
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def encode(value: Any) -> Any:
    """Return the DynamicValue message that holds a value."""
    from .wire import CLASSES  # noqa: PLC0415  the provider's own process alone speaks the protocol

    return CLASSES["DynamicValue"](msgpack=msgpack.packb(value))


def drop_unset(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a configuration states, without the arguments and blocks that are not in it."""
    return {name: value for name, value in config.items() if value not in (None, [], {})}


def empty_block(block: Block) -> dict[str, Any]:
    """Return the value of a block in which nothing is set."""
    nested = block["block_types"].items()
    return dict.fromkeys(block["attributes"]) | {
        name: None if each["nesting_mode"] == "single" else [] for name, each in nested
    }


def pairs(nested: Mapping[str, Any], *values: Any) -> Iterator[tuple[Any, ...]]:
    """Go through the nested blocks of several values side by side; None where one has fewer.

    The first value decides how many there are; nothing comes for one that is null or unknown.
    """
    if nested["nesting_mode"] == "single":
        values = tuple([value] if isinstance(value, dict) else value for value in values)
    first = values[0]
    if isinstance(first, list):
        for index, item in enumerate(first):
            others = (value[index] if isinstance(value, list) and index < len(value) else None for value in values[1:])
            yield (item, *others)
