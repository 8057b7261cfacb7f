"""Tells whether what a finding observes is still what somebody accepted."""

from __future__ import annotations

from .findings import Finding
from .quantities import Bound, Quantity, UnitError


def describe_change(finding: Finding, *, observed: str, aspect: str) -> str:
    """Say why what a finding observed is not what was accepted, and what to write; nothing when it is no worse.

    ``observed`` and ``aspect`` are those of its waiver, empty where that states none.
    """
    compared = _read_comparison(finding)
    if finding.aspect and not aspect and (compared or not observed):
        return f'says not which fault of {finding.subject} was accepted; write aspect = "{finding.aspect}"'
    if compared is None:
        same = not observed or observed.strip() == finding.observed.strip()
        return "" if same else f"{finding.subject} is {finding.observed!r} now, not {observed!r}"
    bound, seen = compared
    if not observed:
        return f'says not what was accepted of {finding.subject}; write observed = "{seen}"'
    try:
        accepted = Quantity.parse(observed)
        bound.admits(accepted)
    except UnitError as error:
        return f'observed: {error}; write observed = "{seen}"'
    worse = _is_worse(bound, seen, accepted)
    return f"{finding.subject} is {seen} now, worse than the {accepted} that was accepted" if worse else ""


def _read_comparison(finding: Finding) -> tuple[Bound, Quantity] | None:
    """Return the bound that a finding broke and the quantity that broke it; None for what is not measured."""
    try:
        bound = Bound.parse(finding.expected)
        seen = Quantity.parse(finding.observed.partition(" (")[0].replace(",", ""))
    except UnitError:
        return None
    return (bound, seen) if bound.dimension == seen.dimension else None


def _is_worse(bound: Bound, seen: Quantity, accepted: Quantity) -> bool:
    if bound.limit is None or bound.comparator in ("<", "<="):
        return seen.base > accepted.base
    if bound.comparator in (">", ">="):
        return seen.base < accepted.base
    return abs(seen.base - bound.limit.base) > abs(accepted.base - bound.limit.base)
