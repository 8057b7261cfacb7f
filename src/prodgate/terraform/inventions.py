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
from .flow import Flow
from .positions import Position
from .provider import MARK
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
        decided: Callable[[str, bool], str | None] = lambda _, __: None,
    ) -> dict[str, Any]:
        """Return the values of a resource, with unknown for what was invented or is computed from inventions.

        ``decided`` says by which stand-in an argument is decided, if by any; a value that is no text can't merely hold
        one, so that whatever comes from a stand-in is decided by it.
        """
        hidden = {name: self._hide_marked(value) for name, value in values.items()}
        for name, named in references.items():
            source = self.find_invented(named)
            if source and name in hidden and find_unknown(hidden[name]) is None:
                hidden[name] = _unread_value(source)
        for name, value in hidden.items():
            if value is None or isinstance(value, Unknown):
                continue
            if source := decided(name, isinstance(value, int | float)):
                hidden[name] = Unknown(f"is decided by {source}, for which there is only a stand-in offline")
        return hidden

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
    for said in map(json.loads, lines):
        unstated[said["type"]] = unstated.get(said["type"], frozenset()) | frozenset(said["invented"])
    types = (frozenset(unstated) | READ_BY_CORE) - PLAUSIBLE
    return Inventions(types, MARK, {kind: names for kind, names in unstated.items() if kind in PLAUSIBLE})


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
    if resource:
        blocks = tree.modules[module].resources.get(resource, ()) if module in tree.modules else ()
        return Position(blocks[0].file, blocks[0].line) if blocks else None
    caller, name = split_call(module)
    call = tree.modules[caller].calls.get(name) if caller in tree.modules else None
    return call.position if call else None


def _unread_value(source: str) -> Unknown:
    return Unknown(f"comes from {source}, which can't be read offline")
