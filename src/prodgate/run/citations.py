"""Which evidence a judgement rests on: the digests of that of which the facts were made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..evidence import journal
from ..facts import Facts


@dataclass(frozen=True, slots=True)
class Citations:
    """The evidence of one layer, to be cited by what is judged of it."""

    facts: Facts
    stored: Sequence[Mapping[str, Any]]
    """``fact`` events of the layer."""

    @classmethod
    def of(cls, layer: str, facts: Facts, kept: journal.Journal) -> Citations:
        """Return the citations of what a layer has observed by now."""
        events = journal.load(kept.path).events
        return cls(facts, [event for event in events if event["event"] == "fact" and event.get("layer") == layer])

    def find(self, judged: type | str) -> tuple[str, ...]:
        """Return the digests of which facts of a kind are made, or what the layer concludes under a name."""
        sources = self.facts.sources(judged)
        return self._digests(event for event in self.stored if sources & {event["kind"], event["subject"]})

    def find_about(self, subjects: Collection[str]) -> tuple[str, ...]:
        """Return the digests of evidence about some subjects."""
        return self._digests(event for event in self.stored if event["subject"] in subjects)

    def _digests(self, events: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event["digest"] for event in events))
