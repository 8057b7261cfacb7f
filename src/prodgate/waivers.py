"""Waivers: dated, named acceptances of findings that are known not to be satisfied.

A waiver turns a not-satisfied finding into a waived one and does nothing else. Waivers that are expired, match
nothing, or match more than they say are findings of their own, under the criterion ``waivers``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from .findings import Finding, Outcome

#: What a subject may hold without naming anything: wildcards, and what every address is made of.
_NOTHING: Final = re.compile(r"\bmodule\b|\b(?:data\.)?aws_|[\W_]")

#: Longest life of a waiver.
LONGEST: Final = timedelta(days=90)

#: Criterion under which the state of the waivers themselves is judged.
WAIVERS_CRITERION: Final = "waivers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One accepted risk. ``covers`` is a criterion, policy or check; ``subject`` a pattern with ``*`` and ``?``."""

    id: str
    covers: str
    subject: str
    reason: str
    owner: str
    approver: str
    opened: date
    expires: date
    most: int = 1
    """Largest number of findings that it may cover; more is over-broad."""

    def names(self, finding: Finding) -> bool:
        """Whether the waiver speaks of this finding, whatever its outcome."""
        return self.covers in (finding.criterion, finding.check) and fnmatchcase(
            finding.subject, self.subject.replace("[", "[[]")
        )

    def faults(self) -> tuple[str, ...]:
        """What is wrong with the waiver itself, whenever it is looked at."""
        self_approved = self.owner.strip().casefold() == self.approver.strip().casefold() != ""
        too_long = self.expires - self.opened > LONGEST
        found = (
            (not self.reason.strip(), "gives no reason; write why the risk is accepted"),
            (not self.owner.strip(), "has no owner; name who mends it"),
            (not self.approver.strip(), "has no approver; name who accepted the risk"),
            (self_approved, "is approved by its own owner; name another approver"),
            (too_long, f"lives longer than {LONGEST.days} days; choose a nearer expiry"),
            (self.expires <= self.opened, "expires before it opens; correct the dates"),
            (not _NOTHING.sub("", self.subject), "covers every subject; name the subjects it is meant for"),
        )
        return tuple(text for wrong, text in found if wrong)

    def in_force(self, now: datetime) -> bool:
        """Whether the waiver may cover anything at ``now``; its last day counts in full, in UTC."""
        return not self.faults() and self.opened <= now.date() <= self.expires


def apply_waivers(
    findings: Iterable[Finding], waivers: Sequence[Waiver], now: datetime, *, whole: bool = True
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings with waivers applied, and findings about the waivers themselves. Pure.

    ``whole`` says that every layer was judged, so that a waiver without a finding to cover is stale.
    """
    seen = tuple(findings)
    open_ = [finding for finding in seen if finding.outcome is Outcome.NOT_SATISFIED]
    named = {waiver.id: sum(waiver.names(finding) for finding in open_) for waiver in waivers}
    usable = [w for w in waivers if w.in_force(now) and 0 < named[w.id] <= w.most]
    applied = tuple(_waive(finding, usable) for finding in seen)
    return applied, tuple(_judge_waiver(waiver, named[waiver.id], now, whole) for waiver in waivers)


def _waive(finding: Finding, usable: Sequence[Waiver]) -> Finding:
    if finding.outcome is not Outcome.NOT_SATISFIED:
        return finding
    waiver = next((w for w in usable if w.names(finding)), None)
    return replace(finding, outcome=Outcome.WAIVED, waiver=waiver.id) if waiver else finding


def _judge_waiver(waiver: Waiver, matched: int, now: datetime, whole: bool) -> Finding:
    faults = [*waiver.faults(), *_faults_now(waiver, matched, now)]
    outcome = Outcome.NOT_SATISFIED if faults else Outcome.SATISFIED
    reason = ""
    if not faults and not matched:
        # Stale is undetermined, not not-satisfied: a finding that it covers would otherwise turn NO-GO into GO.
        outcome = Outcome.UNDETERMINED if whole else Outcome.NOT_APPLICABLE
        reason = (
            "covers no finding: mended, renamed or not looked at" if whole else "covers nothing in the layers judged"
        )
    return Finding(
        criterion=WAIVERS_CRITERION,
        check="waivers",
        layer="",
        subject=waiver.id,
        outcome=outcome,
        expected="a reason, an owner, another approver, at most 90 days, and findings to cover",
        observed="; ".join(faults),
        reason=reason,
        remedy="" if outcome is Outcome.SATISFIED else "Correct the waiver, or remove it when the finding is mended.",
    )


def _faults_now(waiver: Waiver, matched: int, now: datetime) -> list[str]:
    faults = []
    if now.date() > waiver.expires:
        faults.append(f"expired on {waiver.expires}; mend the finding or have the risk accepted again")
    if now.date() < waiver.opened:
        faults.append(f"opens only on {waiver.opened}; correct the date")
    if matched > waiver.most:
        faults.append(f"matches {matched} findings, not {waiver.most} at most; narrow the subject or raise most")
    return faults
