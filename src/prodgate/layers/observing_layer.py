"""What layers have in common that keep what they see, kind by kind, and whose checks answer everything."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..aws.answers import Unreadable
from ..evidence.artifacts import load_json
from ..facts import Facts
from ..findings import Finding
from ..sections.criteria_file import CriteriaFile
from .layer import LayerContext

#: Kind of evidence, and the evidence.
StoredEvidence = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something to keep as evidence."""

    kind: str
    value: Mapping[str, Any]
    subject: str
    """What it is about, in few words."""
    source: str
    """What saw it."""


class ObservingLayer(ABC):
    """Looks at one thing after the other; what could not be seen leaves the others."""

    name: str
    folders: tuple[str, ...]
    judges_policies: bool = False
    about: str
    """What no criterion asks about when this layer has nothing to do."""

    def observe(self, context: LayerContext) -> Facts:
        """Look, keep what was seen, and return the facts that it makes."""
        if not any(self.name in criterion.layers for criterion in context.stated.criteria.values()):
            context.progress(f"{self.name}: no criterion asks about {self.about}")
            return Facts()
        stored: list[StoredEvidence] = []
        unreadable: dict[str, str] = {}
        try:
            for seen in self.observe_evidence(context, unreadable):
                context.store_fact(self.name, seen.kind, seen.subject, seen.value, seen.source)
                stored.append((seen.kind, seen.value))
        except Unreadable as error:
            unreadable = {**dict.fromkeys(self.missing_kinds(stored), error.reason), **unreadable}
        for kind, reason in unreadable.items():
            context.journal.write("unreadable", layer=self.name, kind=kind, reason=reason)
        return self.facts_of(stored, unreadable)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Make the facts of what was kept; what was not observed then is unreadable."""
        known = list(events)
        unreadable = {one["kind"]: one["reason"] for one in known if one["event"] == "unreadable"}
        stored = [(one["kind"], load_json(run, one["digest"])) for one in known if one["event"] == "fact"]
        return self.facts_of(stored, unreadable)

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:  # noqa: ARG002  as every layer is asked
        """Checks answer everything."""
        return ()

    def conclude(
        self,
        facts: Facts,  # noqa: ARG002
        context: LayerContext,  # noqa: ARG002
    ) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Checks answer everything."""
        return {}

    @abstractmethod
    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
        """Yield what is seen, and note why something could not be. Raises Unreadable when nothing more can be."""

    @abstractmethod
    def missing_kinds(self, stored: Iterable[StoredEvidence]) -> Iterable[str]:
        """Return what is needed and was not seen, as ``facts_of`` takes it with a reason."""

    @abstractmethod
    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return what is known of stored evidence; ``unreadable`` says why there is none of something."""
