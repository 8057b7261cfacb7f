"""All evidence of a rollout, for whoever makes facts of more than one kind of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.answers import Unreadable
from ...facts import Fact
from ..layer import NOT_OBSERVED
from ..observing_layer import StoredEvidence


@dataclass(frozen=True, slots=True)
class Stored:
    """All evidence of a run, for facts that are made of more than one kind of it."""

    evidence: tuple[StoredEvidence, ...]
    unreadable: Mapping[str, str]
    """Why a kind is missing."""

    def of(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """Return the evidence of one kind, in the order in which it was seen; empty when there is none."""
        return tuple(value for each, value in self.evidence if each == kind)

    def require(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """Return the evidence of one kind. Raises Unreadable when there is none."""
        if found := self.of(kind):
            return found
        raise Unreadable(self.unreadable.get(kind, NOT_OBSERVED))


FactMaker = Callable[[Mapping[str, Any], Stored], Iterator[Fact]]
