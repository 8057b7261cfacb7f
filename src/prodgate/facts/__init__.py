"""What was observed of the system: one module per kind of fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from ..aws.answers import Unread
from ..findings import Conclusion, NotObserved, Outcome

__all__ = ["Fact"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fact:
    """Something observed about one subject; a check asks for a kind of fact by annotating a parameter with it.

    A field that could not be observed is undetermined for whoever reads it, and only for them.
    """

    subject: str
    """Which thing this is about, as a person would look it up: an address, an ARN, a file."""

    @classmethod
    def unread(cls, subject: str, reason: str, **observed: Any) -> Self:
        """Return a fact of which nothing could be observed but what is given."""
        return cls(**{each.name: Unread(reason) for each in fields(cls)} | observed | {"subject": subject})

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        unread = (
            next((each for each in value.values() if isinstance(each, Unread)), None) if name == "__dict__" else value
        )
        if isinstance(unread, Unread):
            raise NotObserved(Conclusion(outcome=Outcome.UNDETERMINED, reason=unread.reason))
        return value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.subject!r})"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a layer knows: facts of any kind, and for each kind that could not be observed, why."""

    known: Sequence[Any] = ()
    unreadable: Mapping[type, str] = field(default_factory=dict)
    made_of: Mapping[type | str, frozenset[str]] = field(default_factory=dict)
    """Kind of fact, or name of what the layer concludes itself -> kinds or subjects of the evidence it is made of. An
    asterisk at the end of a name stands for any end."""
    unrehearsed: Mapping[type, str] = field(default_factory=dict)
    """Kind of which a rehearsal account lacks something -> what, and why; it is among ``unreadable``, too."""

    def of(self, kind: type) -> tuple[Any, ...]:
        """Return the facts of one kind."""
        return tuple(fact for fact in self.known if isinstance(fact, kind))

    def sources(self, judged: type | str) -> frozenset[str]:
        """Return of which evidence, by kind or subject, facts of a kind and of kinds that are one of it are made."""
        return frozenset().union(*(of for key, of in self.made_of.items() if _is_kind(key, judged)))

    def why_unreadable(self, kind: type) -> str:
        """Return why facts of one kind, or of a kind that is one of it, could not be observed; empty when all were."""
        reasons = {other: reason for other, reason in self.unreadable.items() if issubclass(other, kind)}
        own = reasons.pop(kind, "")
        parts = [own, *(f"{other.__name__}: {reason}" for other, reason in reasons.items())]
        return "; ".join(dict.fromkeys(filter(None, parts)))


def _is_kind(key: type | str, judged: type | str) -> bool:
    if isinstance(key, str) and isinstance(judged, str) and key.endswith("*"):
        return judged.startswith(key[:-1])
    return key == judged or (isinstance(key, type) and isinstance(judged, type) and issubclass(key, judged))
