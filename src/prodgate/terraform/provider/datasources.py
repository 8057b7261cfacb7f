"""Answers data sources: from what is known, and otherwise with recognisable inventions that are written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import MARK
from .known_data import find_known_values, find_unstated
from .schema import Block
from .settings import Settings, partition
from .values import drop_unset, empty_block


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of a data source, which attributes nobody could know, and whether it was not read at all."""

    values: dict[str, Any]
    invented: tuple[str, ...]
    unread: bool


def answer_data_source(
    kind: str, block: Block, config: Mapping[str, Any], settings: Settings, seen: Mapping[str, Any] | None = None
) -> Answer:
    """Answer a data source, with what was seen where something was. Raises PolicyError for a policy document that AWS
    would refuse.
    """
    invention = _Invention(kind, _digest(kind, config), config.get("region") or settings.region, settings.account)
    known = (find_known_values(kind, config, settings) if seen is None else dict(seen)) | {"region": invention.region}
    values = {**empty_block(block), **config}
    for name in known.keys() & block["attributes"].keys():
        values[name] = known[name] if values[name] is None else values[name]
    unstated = find_unstated(kind, known, config, settings) if seen is None else set()
    invented = sorted(unstated & block["attributes"].keys())
    for name, attribute in block["attributes"].items():
        if attribute.get("computed") and values[name] is None:
            values[name] = invention.value(name, attribute["type"])
            invented.append(name)
    for name, nested in block["block_types"].items():
        invented += [f"{name}.{path}" for path in _fill(nested, values, name, invention)]
    return Answer(values, tuple(invented), unread=len(known) == 1 and bool(invented))


def _digest(kind: str, config: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([kind, drop_unset(config)], sort_keys=True).encode()).hexdigest()[:12]


def _fill(nested: Mapping[str, Any], values: dict[str, Any], name: str, invention: _Invention) -> Iterator[str]:
    """Fill computed attributes inside blocks that are given; yield their names."""
    found = values[name] if isinstance(values[name], list) else [values[name]] if values[name] else []
    for block in found:
        for inner, attribute in nested["block"]["attributes"].items():
            if attribute.get("computed") and not attribute.get("optional") and block.get(inner) is None:
                block[inner] = invention.value(inner, attribute["type"])
                yield inner


@dataclass(frozen=True, slots=True)
class _Invention:
    """Makes up the values of one data source."""

    kind: str
    digest: str
    region: str
    account: str

    def value(self, name: str, type_: Any) -> Any:
        """Return text with a mark for text, exactly one element for lists of text, a number for numbers.

        A number and a bool carry no mark: what they come from says that they were made up. With null for them, a
        configuration that computes with one could not be planned.
        """
        if type_ == "string":
            return self._text(name)
        if type_ in ("number", "bool"):
            return 1 if type_ == "number" else False
        if isinstance(type_, list) and type_[0] in ("list", "set"):
            return [self._text(name)] if type_[1] == "string" else self._objects(type_[1])
        return {} if isinstance(type_, list) and type_[0] == "map" else None

    def _objects(self, element: Any) -> list[Any]:
        """One element for a list of objects, so that `[0]` and for_each over it find something."""
        if not isinstance(element, list) or element[0] != "object":
            return []
        return [{name: self.value(name, inner) for name, inner in element[1].items()}]

    def _text(self, name: str) -> str:
        if name == "arn" or name.endswith(("_arn", "arns")):
            service = self.kind.removeprefix("aws_").partition("_")[0]
            return f"arn:{partition(self.region)}:{service}:{self.region}:{self.account}:{MARK}/{self.digest}"
        if name in ("account_id", "owner_id"):
            return self.account
        if name in ("json", "policy", "assume_role_policy", "minified_json") or name.endswith("_json"):
            return json.dumps({"Version": "2012-10-17", "Statement": [], "Id": f"{MARK}-{self.digest}"})
        if name.endswith("cidr_block"):
            return "10.255.255.0/24"
        return f"{MARK}-{self.digest}-{name}".replace("_", "-")
