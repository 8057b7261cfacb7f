"""Creates resources through a creator, where one is given: what AWS decides is unknown until AWS has answered.

Whoever runs the provider supplies the creator; where it creates resources is none of this package's business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .decisions import decide
from .planning import replace_unknown
from .schema import Block
from .settings import Settings
from .synthesis import MADE_UP, Identity, invent
from .utility_providers import draw_values, name_resource
from .values import empty_block

#: How a diagnostic begins that says that a resource was taken for created although nothing was.
NOT_CREATED = "Nothing was created for this resource"

UNCHANGEABLE = "it exists, and is neither changed nor removed here; start again with an empty account"


class CreationError(Exception):
    """What kept a resource from being created, as a person would want to read it."""


class Creator(Protocol):
    """Creates declared resources somewhere, and reads what is there."""

    def create(self, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Create a resource; return the attributes that were decided, or None for a type that it can't create.

        Raises CreationError.
        """
        ...

    def read(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Return what is known of a data source, or None when nothing is. Raises CreationError."""
        ...


@dataclass(frozen=True, slots=True)
class Creation:
    """One resource that core wants: its type, its planned value, and its configuration, in which nothing is open."""

    kind: str
    block: Block
    planned: Mapping[str, Any]
    config: Mapping[str, Any]
    settings: Settings
    identity: Identity

    def create_with(self, creator: Creator) -> tuple[dict[str, Any], bool]:
        """Create it; return its state, and whether there really is one. Raises CreationError.

        A type that the creator does not know gets an identity that is made up, so that what depends on it goes on.
        """
        declared = _set_names(self.block, replace_unknown(self.block, self.planned), self.identity)
        write_only = (name for name, each in self.block["attributes"].items() if each.get("write_only"))
        decided = creator.create(self.kind, declared | {name: self.config[name] for name in write_only}, self.settings)
        if decided is None:
            invent(self.identity, self.block, declared)
            decide(self.kind, declared, self.identity)
            return replace_unknown(self.block, declared), False
        found = {name: _conform(self.kind, name, self.block, value) for name, value in decided.items()}
        return replace_unknown(
            self.block, declared | {name: found[name] for name in found if self._is_open(name)}
        ), True

    def _is_open(self, name: str) -> bool:
        """Whether an attribute is left to AWS: else it stays as declared, or the next plan would want to change it."""
        attribute = self.block["attributes"].get(name)
        return attribute is None or (bool(attribute.get("computed")) and self.config.get(name) is None)

    def create_locally(self) -> dict[str, Any]:
        """Return the state of a resource of a utility provider, which follows from its arguments and from chance."""
        state: dict[str, Any] = replace_unknown(self.block, self.planned)
        uid = self.identity.fields["uid"]
        name_resource(self.kind, state, uid)
        draw_values(self.kind, state, uid)
        return state


def _set_names(block: Block, values: dict[str, Any], identity: Identity) -> dict[str, Any]:
    """Give a name to what was left without one, as the real provider does before it asks AWS."""
    for name, attribute in block["attributes"].items():
        settable = attribute.get("optional") and attribute.get("computed")
        if name in MADE_UP - {"id"} and settable and values.get(name) is None:
            values[name] = identity.fields["made_up"]
    return values


def _conform(kind: str, name: str, block: Block, value: Any) -> Any:
    """Return what a creator said in the form of the schema. Raises CreationError for what the schema has not."""
    if name in block["attributes"]:
        return _convert(block["attributes"][name]["type"], value)
    if name not in block["block_types"]:
        raise CreationError(f"the adapter of {kind} returned {name!r}, which is not an attribute of the type")
    nested = block["block_types"][name]
    block = nested["block"]
    return [
        empty_block(block) | {inner: _conform(kind, inner, block, given) for inner, given in each.items()}
        for each in value
    ]


def _convert(type_: Any, value: Any) -> Any:
    """Return a value in the form that its type has on the wire."""
    if value is None:
        return None
    if isinstance(type_, list) and type_[0] == "object":
        return {name: _convert(inner, value.get(name)) for name, inner in type_[1].items()}
    if isinstance(type_, list) and type_[0] == "map":
        return {name: _convert(type_[1], each) for name, each in value.items()}
    if isinstance(type_, list):
        return [_convert(type_[1], each) for each in value]
    return json.dumps(value) if type_ == "string" and not isinstance(value, str) else value
