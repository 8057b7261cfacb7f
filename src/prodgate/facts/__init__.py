"""What was observed of the system: one module per kind of fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something observed about one subject; a check asks for a kind of fact by annotating a parameter with it."""

    subject: str
    """Which thing this is about, as a person would look it up: an address, an ARN, a file."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a layer knows: facts of any kind, and for each kind that could not be observed, why."""

    known: Sequence[Any] = ()
    unreadable: Mapping[type, str] = field(default_factory=dict)

    def of(self, kind: type) -> tuple[Any, ...]:
        """Return the facts of one kind."""
        return tuple(fact for fact in self.known if isinstance(fact, kind))
