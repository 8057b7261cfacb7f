"""Three-valued truth: what holds, what does not, and what can't be known, which keeps its reasons.

A doubt counts only where it decides: what is denied stays denied, whatever a condition that nobody understands says.
"""

from __future__ import annotations

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
    """Return false when one is false, else the doubts there are, else true."""
    return negate(any_of(map(negate, values)))


def any_of(values: Iterable[Truth]) -> Truth:
    """Return true when one is true, else the doubts there are, else false."""
    reasons: set[str] = set()
    for value in values:
        if value is True:
            return True
        if isinstance(value, Doubt):
            reasons |= value.reasons
    return Doubt(frozenset(reasons)) if reasons else False


def negate(value: Truth) -> Truth:
    """Return the opposite; of a doubt, the same doubt."""
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
        """Return what is known, or can't be, for every request."""
