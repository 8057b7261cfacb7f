"""Facts: observations of the system, one module per kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from ..aws.answers import Unread
from ..findings import Conclusion, NotObserved, Outcome

__all__ = ["Fact"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fact:
    """An observation about one subject; a check requests a kind of fact by annotating a parameter with it.

    A field that could not be observed is undetermined for its readers, and only for them. The same thing at another
    moment of a release is a kind of its own, which adds nothing: ``JourneyAfterDeploy(Journey)``.
    """

    subject: str
    """The thing that it is about, as a person would look it up: an address, an ARN, a file."""

    @classmethod
    def unread(cls, subject: str, reason: str, **observed: Any) -> Self:
        """Return a fact of which nothing could be observed but the given fields."""
        return cls(**{each.name: Unread(reason) for each in fields(cls)} | observed | {"subject": subject})

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        unread = (
            next((each for each in value.values() if isinstance(each, Unread)), None) if name == "__dict__" else value
        )
        if isinstance(unread, Unread):
            raise NotObserved(Conclusion(outcome=Outcome.UNDETERMINED, reason=unread.reason))
        return value

    def peek(self, name: str) -> Any:
        """Return a field as it is stored: an Unread if it was not observed. Observers may look so, checks must not."""
        return object.__getattribute__(self, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.subject!r})"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a layer, and the reason for each kind that could not be observed."""

    known: Sequence[Any] = ()
    unreadable: Mapping[type, str] = field(default_factory=dict)
    made_of: Mapping[type | str, frozenset[str]] = field(default_factory=dict)
    """Kind of fact, or name of a layer's own conclusion -> kinds or subjects of the evidence behind it.

    An asterisk at the end of a name stands for any ending.
    """
    unrehearsed: Mapping[type, str] = field(default_factory=dict)
    """Kind -> the parts that a rehearsal account lacks, and why; the kind is also among ``unreadable``."""

    def of(self, kind: type) -> tuple[Any, ...]:
        """Return the facts of one kind."""
        # isinstance would also read the ``__class__`` of each other fact, through ``Fact.__getattribute__``
        return tuple(fact for fact in self.known if issubclass(type(fact), kind))

    def sources(self, judged: type | str) -> frozenset[str]:
        """Return the kinds or subjects of the evidence behind facts of a kind and of its subkinds."""
        return frozenset().union(*(of for key, of in self.made_of.items() if _is_kind(key, judged)))

    def why_unreadable(self, kind: type) -> str:
        """Return why facts of one kind, or of a subkind, could not be observed; empty if all were."""
        reasons = {other: reason for other, reason in self.unreadable.items() if issubclass(other, kind)}
        parts = [reasons.pop(kind, ""), *(f"{other.__name__}: {reason}" for other, reason in reasons.items())]
        return "; ".join(dict.fromkeys(filter(None, parts)))


def _is_kind(key: type | str, judged: type | str) -> bool:
    if isinstance(key, str) and isinstance(judged, str) and key.endswith("*"):
        return judged.startswith(key[:-1])
    return key == judged or (isinstance(key, type) and isinstance(judged, type) and issubclass(key, judged))
