"""What is used of a principal's rights, and by what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """That an action is used, and by what."""

    action: str
    """With wildcards only where it is none that must be granted."""
    by: str
    resources: tuple[str, ...] = ("*",)
    must: bool = True
    """Whether whatever uses it does not work without."""


@dataclass(frozen=True, slots=True)
class Needs:
    """All that is used of a principal's rights, and why there may be more."""

    used: tuple[Need, ...] = ()
    unread: tuple[str, ...] = ()
    perhaps: tuple[Need, ...] = ()
    """What may be used, by what could not be followed: patterns of actions in lower case."""
