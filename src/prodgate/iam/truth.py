"""Three-valued truth: true, false, and unknown, which keeps its reasons.

A doubt counts only if it decides: a denied request stays denied, whatever an unknown condition says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Doubt:
    """Neither true nor false: why it can't be known."""

    reasons: frozenset[str]

    def __bool__(self) -> bool:
        raise TypeError("a doubt has no truth value: ask with `is True` or `is False`")

    def __str__(self) -> str:
        return "; ".join(sorted(self.reasons))


Truth = bool | Doubt


def doubt(reason: str) -> Doubt:
    """Return a doubt for one reason."""
    return Doubt(frozenset({reason}))


def all_of(values: Iterable[Truth]) -> Truth:
    """Return false if one is false, else the doubts if there are any, else true."""
    return negate(any_of(map(negate, values)))


def any_of(values: Iterable[Truth]) -> Truth:
    """Return true if one is true, else the doubts if there are any, else false."""
    reasons: set[str] = set()
    for value in values:
        if value is True:
            return True
        if isinstance(value, Doubt):
            reasons |= value.reasons
    return Doubt(frozenset(reasons)) if reasons else False


def negate(value: Truth) -> Truth:
    """Return the opposite; for a doubt, the same doubt."""
    return value if isinstance(value, Doubt) else not value


T = TypeVar("T")


class Logic(Protocol[T]):
    """How truths are combined, so that one description of IAM's decision serves a request and a proof."""

    def all_of(self, values: Iterable[T]) -> T:
        """Return whether all hold."""

    def any_of(self, values: Iterable[T]) -> T:
        """Return whether one holds."""

    def negate(self, value: T) -> T:
        """Return the opposite."""

    def constant(self, value: Truth) -> T:
        """Return a known value or a doubt for every request."""
