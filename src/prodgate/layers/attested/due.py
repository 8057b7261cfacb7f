"""What is due: records that end soon, that are missing, or that no longer count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...findings import Finding, Outcome
from ...quantities import Quantity
from ...sections.criteria_file import CriteriaFile
from .judging import Judged, state_age


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A criterion for which somebody must act, and why."""

    criterion: str
    why: str
    remedy: str
    left: Quantity | None = None
    """Time until the record stops counting; None where it does not count now."""


def list_due(judged: Iterable[Judged], at: datetime, within: Quantity) -> Iterator[Due]:
    """Yield what is due at a time: what does not count, then what stops counting within some time, the next first."""
    kept = list(judged)
    for each in kept:
        if each.finding.outcome is not Outcome.SATISFIED and not each.finding.needs:
            found = each.finding
            yield Due(criterion=found.criterion, why=_describe(found), remedy=found.remedy)
    ending = [(each.until, each) for each in kept if each.until is not None]
    for until, each in sorted(ending, key=lambda pair: pair[0]):
        if until - at <= timedelta(seconds=float(within.base)):
            left = state_age(until - at)
            why = f"its record stops counting on {until:%Y-%m-%d %H:%M} UTC, in {left}"
            remedy = f"Look again and record it: prodgate attest {each.finding.criterion}"
            yield Due(criterion=each.finding.criterion, why=why, remedy=remedy, left=left)


def _describe(found: Finding) -> str:
    expected = f", expected {found.expected}" if found.expected and found.observed else ""
    return f"{found.observed or found.reason}{expected}"


def describe_due(judged: Iterable[Judged], at: datetime, stated: CriteriaFile) -> Iterator[str]:
    """Say which records stop counting soon; what does not count now is a finding already."""
    for due in list_due(judged, at, stated.attested.due):
        if due.left is not None:
            yield f"due: {due.criterion}: {due.why}; prodgate attest {due.criterion}"


def describe_rehearsed(judged: Iterable[Judged]) -> Iterator[str]:
    """Say which answers rest on records that were made for rehearsals."""
    if named := [each.finding.criterion for each in judged if each.rehearsed]:
        yield f"made for rehearsals, and never counts on a real account: {', '.join(named)}"
