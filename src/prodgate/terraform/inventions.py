"""What the stand-in provider invented for data sources, and what in a configuration depends on it.

Core can't plan with data that it has not read, so the provider answers every data source with something. Such an answer
must never decide a verdict: values that come from it are unknown, and where it decides how many instances there are,
that is a gap.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..semantics.unresolved import Unknown
from .addresses import split_call, split_module
from .block_uses import Path as Part
from .flow import Flow
from .positions import Position
from .provider import MARK
from .provider.synthesis import NAMES
from .reading import find_unknown
from .references import ConfiguredReferences
from .resources import Gap
from .sources import Tree

#: Data sources whose answers may stand in a text: which account, region or zones it is must only not decide anything.
PLAUSIBLE: Final = frozenset(
    {
        "aws_availability_zones", "aws_caller_identity", "aws_elb_service_account", "aws_partition", "aws_region",
        "aws_service_principal",
    }
)  # fmt: skip


Decided = Callable[[Part, Any], str | None]
#: Data sources that core reads itself, from where nobody looks.
READ_BY_CORE: Final = frozenset({"terraform_remote_state"})


@dataclass(frozen=True, slots=True)
class Inventions:
    """The types of data sources that were answered with inventions, and the mark in every invented text.

    ``stand_ins`` are types of which the answer is one that could be, by the attributes that nobody stated.
    """

    types: frozenset[str]
    mark: str
    stand_ins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    """What the settings of a provider leave open: ``account``, ``region``."""
    unset: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """Arguments that are null, by the type of the resource and its invented id or ARN: their dotted paths."""

    def find_invented(self, references: tuple[str, ...]) -> str | None:
        """Return the first address of such a data source, or None."""
        return next((each for each in references if self._is_invented(split_module(each)[1])), None)

    def _is_invented(self, resource: str) -> bool:
        kind, _, rest = resource.partition(".")
        return kind == "data" and rest.partition(".")[0] in self.types

    def hide(
        self,
        values: Mapping[str, Any],
        references: Mapping[str, tuple[str, ...]],
        decided: Decided = lambda _, __: None,
    ) -> dict[str, Any]:
        """Return the values of a resource, with unknown for what was invented or is computed from inventions.

        ``decided`` says by which stand-in the value at a path is decided: nothing when only a part of it is, None when
        none is.
        """
        hidden = {name: self._hide_marked(value) for name, value in values.items()}
        for name, named in references.items():
            source = self.find_invented(named)
            if source and name in hidden and find_unknown(hidden[name]) is None:
                hidden[name] = _unread_value(source)
        return {name: _hide_decided(value, (name,), decided) for name, value in hidden.items()}

    def hide_answers(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a data source, with unknown for those for which something stands in."""
        doubtful = self.stand_ins.get(kind, frozenset())
        return {name: _decided_value("AWS") if name in doubtful else value for name, value in values.items()}

    def _hide_marked(self, value: Any) -> Any:
        if isinstance(value, str):
            return _unread_value("a data source") if self.mark in value else value
        if isinstance(value, list):
            return [self._hide_marked(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self._hide_marked(item) for key, item in value.items()}
        return value


def read_inventions(sidecar: Path) -> Inventions:
    """Return what the provider wrote down."""
    lines = sidecar.read_text(encoding="utf-8").splitlines() if sidecar.exists() else []
    unstated: dict[str, frozenset[str]] = {}
    assumed: set[str] = set()
    unset: dict[tuple[str, str], frozenset[str]] = {}
    for said in map(json.loads, lines):
        assumed |= set(said.get("assumed", ()))
        if "planned" in said:
            key = said["planned"], said["id"]  # where two are called the same, what is null in both is not set
            unset[key] = frozenset(said["unset"]) & unset.get(key, frozenset(said["unset"]))
        if "type" not in said:
            continue
        unstated[said["type"]] = unstated.get(said["type"], frozenset()) | frozenset(said["invented"])
    types = (frozenset(unstated) | READ_BY_CORE) - PLAUSIBLE
    stand_ins = {kind: names for kind, names in unstated.items() if kind in PLAUSIBLE}
    return Inventions(types, MARK, stand_ins, frozenset(assumed), unset)


def find_invented_repetitions(inventions: Inventions, references: ConfiguredReferences, tree: Tree) -> Iterator[Gap]:
    """Yield a gap for each resource or module call whose ``count`` or ``for_each`` reads invented data."""
    for address, named in references.repetitions():
        source = inventions.find_invented(named)
        if source:
            reason = f"how many there are depends on {source}, which can't be read offline"
            yield Gap(address, reason, _find_position(address, tree))


def find_decided_repetitions(flow: Flow, tree: Tree) -> Iterator[Gap]:
    """Yield a gap for each resource or module call of which a stand-in decides how many there are."""
    for address, origin in flow.of_repetitions():
        if origin.decides_number:
            reason = f"how many there are is decided by {origin.source}, for which there is only a stand-in offline"
            yield Gap(address, reason, _find_position(address, tree))


def _find_position(address: str, tree: Tree) -> Position | None:
    module, resource = split_module(address)
    caller, name = (module, resource) if resource else split_call(module)
    stated = name if resource else f"module.{name}"
    return tree.modules[caller].find_position(stated) if caller in tree.modules else None


def _hide_decided(value: Any, path: Part, decided: Decided) -> Any:
    """Return a value with unknown for what a stand-in decides, the whole of it or a part."""
    if value is None or isinstance(value, Unknown):
        return value
    whole = decided(path, value) if len(path) == 1 or not isinstance(value, list | Mapping) else ""
    if whole:
        return _decided_value(whole)
    if whole is None or not isinstance(value, list | Mapping):
        return value
    if isinstance(value, Mapping):
        return {name: _hide_decided(each, (*path, name), decided) for name, each in value.items()}
    return [_hide_decided(each, (*path, index), decided) for index, each in enumerate(value)]


def _decided_value(source: str) -> Unknown:
    return Unknown(f"is decided by {source}, for which there is only a stand-in offline")


def hide_derived(address: str, values: Mapping[str, Any], hidden: Mapping[str, Any], flow: Flow) -> dict[str, Any]:
    """Return the values of a resource, with unknown for what AWS makes of a name or of tags that were hidden."""
    names = [name for name in NAMES if isinstance(hidden.get(name), Unknown) and isinstance(values.get(name), str)]
    found = dict(hidden)
    for name in names:
        for other, value in hidden.items():
            if isinstance(value, str) and values[name] in value and not flow.states(address, other):
                found[other] = hidden[name]
    tags, all_tags = hidden.get("tags"), hidden.get("tags_all")
    if isinstance(all_tags, Mapping) and not flow.states(address, "tags_all"):
        unknown = (
            {name: each for name, each in tags.items() if isinstance(each, Unknown)}
            if isinstance(tags, Mapping)
            else {}
        )
        found["tags_all"] = tags if isinstance(tags, Unknown) else {**all_tags, **unknown}
    return found


def _unread_value(source: str) -> Unknown:
    return Unknown(f"comes from {source}, which can't be read offline")
