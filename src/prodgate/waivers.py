"""Waivers: dated, named acceptances of findings that are known not to be satisfied.

A waiver turns exactly the stated number of not-satisfied findings into waived ones. They must be the accepted fault,
and no worse than what was accepted. A waiver that is expired, matches nothing, or matches more or fewer findings than
it states is a finding of its own, under the criterion ``waivers``.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from .findings import Finding, Outcome
from .quantities import Bound, Quantity, UnitError
from .semantics.names import fold, matches_pattern, mixes_scripts, names_same_person, says_nothing

#: What a subject may hold without naming anything: wildcards, and what every address is made of.
_NOTHING: Final = re.compile(r"\bmodule\b|\b(?:data\.)?aws_|[\W_]+")
#: Letters and digits in a row that a pattern must hold at least.
_LEAST_NAMED: Final = 3
#: Letters and digits of the shortest reason.
_LEAST_SAID: Final = 3

#: Longest life of a waiver.
LONGEST: Final = timedelta(days=90)
#: The greatest number of findings that one waiver may cover.
CEILING: Final = 25
#: How far a clock may be behind the one that made a commit.
_SKEW: Final = timedelta(hours=1)

#: The id of a check of Checkov's. One criterion has many of these, and one that passes leaves no finding of a subject.
SCANNED: Final = re.compile(r"CKV2?_[A-Z]+_[0-9]{1,4}")

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
    """The number of findings that it covers: no more, and no fewer."""
    observed: str = ""
    """What was accepted: a quantity such as ``0.5 s``, the worst of several, or a text that must still be the same."""
    aspect: str = ""
    """Which of the faults of the subject was accepted, as findings name it, with ``*`` and ``?``; empty for any."""

    def names(self, finding: Finding) -> bool:
        """Whether the waiver speaks of this finding, whatever its outcome."""
        return (
            self.covers in (finding.criterion, finding.check)
            and matches_pattern(finding.subject, self.subject)
            and (not self.aspect or matches_pattern(finding.aspect, self.aspect))
        )

    def faults(self) -> tuple[str, ...]:
        """The faults of the waiver itself, at any time."""
        return tuple(fault for key in self.find_faults().values() for fault in key)

    def find_faults(self) -> Mapping[str, tuple[str, ...]]:
        """Return what is wrong, by key."""
        silent = says_nothing(self.reason) or len(set(fold(self.reason))) < _LEAST_SAID
        same = names_same_person(self.owner, self.approver) and not says_nothing(self.owner)
        unlike = "mixes letters of several scripts that look alike; write the name in one"
        found = (
            ("reason", silent, "gives no reason; write why the risk is accepted"),
            ("owner", says_nothing(self.owner), "has no owner; name who mends it"),
            ("owner", mixes_scripts(self.owner), unlike),
            ("approver", says_nothing(self.approver), "has no approver; name who accepted the risk"),
            ("approver", same, "is approved by its own owner; name another approver"),
            ("approver", mixes_scripts(self.approver), unlike),
            ("expires", self.expires - self.opened > LONGEST, "lives longer than 90 days; choose a nearer expiry"),
            ("expires", self.expires <= self.opened, "expires before it opens; correct the dates"),
            ("subject", self._is_too_wide(), "covers every subject; name the subjects it is meant for"),
            ("most", self.most > CEILING, f"covers more than {CEILING}; write several, each for what it names"),
        )
        faults: dict[str, tuple[str, ...]] = {}
        for key, wrong, text in found:
            if wrong:
                faults[key] = (*faults.get(key, ()), text)
        return faults

    def _is_too_wide(self) -> bool:
        """Whether the subject names nothing: between its wildcards stand only parts of words, or of every address."""
        words = [word for part in re.split(r"[*?]", self.subject) for word in _NOTHING.split(part)]
        longest = max(len(fold(word)) for word in words)
        return not longest or (longest < _LEAST_NAMED and not {"*", "?"}.isdisjoint(self.subject))

    def in_force(self, now: datetime) -> bool:
        """Whether the waiver may cover anything at ``now``; its last day counts in full, in UTC."""
        return not self.faults() and self.opened <= now.date() <= self.expires


def apply_waivers(
    findings: Iterable[Finding],
    waivers: Sequence[Waiver],
    now: datetime,
    *,
    whole: bool = True,
    partly: Collection[str] = (),
    not_before: datetime | None = None,
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings with waivers applied, and findings about the waivers themselves. Pure.

    ``whole`` says that every layer was judged, so that a waiver without a finding to cover is stale; if not, ``partly``
    names the criteria that a layer was left out of. ``not_before`` is a time that is past, whatever the clock says.
    """
    seen = tuple(findings)
    open_ = [finding for finding in seen if finding.outcome is Outcome.NOT_SATISFIED]
    behind = _describe_clock(waivers, now, not_before)
    alike = {finding.check for finding in seen if finding.check == finding.criterion}
    # a waiver that covers the check with the name of its criterion means no other check of that criterion
    named = {
        w.id: [each for each in open_ if w.names(each) and (w.covers not in alike or w.covers == each.check)]
        for w in waivers
    }
    wide = {waiver.id: named[waiver.id] and _describe_width(waiver, seen) for waiver in waivers}
    sound = [w for w in waivers if not behind and not wide[w.id] and w.in_force(now)]
    usable = [w for w in sound if 0 < len(named[w.id]) <= w.most]
    applied = tuple(_waive(finding, [w for w in usable if finding in named[w.id]]) for finding in seen)
    states = []
    for waiver in waivers:
        asked = {finding.criterion for finding in seen if waiver.covers in (finding.criterion, finding.check)}
        complete = whole or bool(asked and not asked & set(partly))
        states.append(_judge_waiver(waiver, named[waiver.id], now, complete, behind or wide[waiver.id] or ""))
    return applied, tuple(states)


def _describe_width(waiver: Waiver, seen: Iterable[Finding]) -> str:
    """Say that several checks judge the accepted subject, so that a fault of one could replace that of another."""
    checks = {f.check for f in seen if f.criterion == waiver.covers and matches_pattern(f.subject, waiver.subject)}
    if waiver.covers in checks:
        return ""
    if len(checks) == 1 and SCANNED.fullmatch(only := next(iter(checks))):
        return f'says not which of the checks of Checkov found what was accepted; write covers = "{only}"'
    if len(checks) < 2:
        return ""
    names = ", ".join(sorted(checks))
    return f"says not which of {names} found what was accepted; write covers = its name, in a waiver for each"


def _describe_clock(waivers: Sequence[Waiver], now: datetime, not_before: datetime | None) -> str:
    """Say that the clock is behind a time that is past: it was set back, and expired waivers would hold again."""
    past = max((waiver.opened for waiver in waivers), default=date.min)
    if not_before is not None and now < not_before - _SKEW:
        return f"the clock says {now:%Y-%m-%d %H:%M}, before the commit of {not_before:%Y-%m-%d %H:%M}; set the clock"
    if past - now.date() > timedelta(days=1):
        return f"the clock says {now:%Y-%m-%d}, before the waiver that was opened on {past}; set the clock"
    return ""


def _waive(finding: Finding, usable: Sequence[Waiver]) -> Finding:
    """Return a finding with the first of those waivers applied that speak of it."""
    waiver = next((w for w in usable if not describe_change(w, finding)), None)
    return replace(finding, outcome=Outcome.WAIVED, waiver=waiver.id) if waiver else finding


def describe_change(waiver: Waiver, finding: Finding) -> str:
    """Say why what a finding observed is not what was accepted, and what to write; nothing when it is no worse."""
    compared = _read_comparison(finding)
    if finding.aspect and not waiver.aspect and (compared or not waiver.observed):
        return f'says not which fault of {finding.subject} was accepted; write aspect = "{finding.aspect}"'
    if compared is None:
        same = not waiver.observed or waiver.observed.strip() == finding.observed.strip()
        return "" if same else f"{finding.subject} is {finding.observed!r} now, not {waiver.observed!r}"
    bound, seen = compared
    if not waiver.observed:
        return f'says not what was accepted of {finding.subject}; write observed = "{seen}"'
    try:
        accepted = Quantity.parse(waiver.observed)
        bound.admits(accepted)
    except UnitError as error:
        return f'observed: {error}; write observed = "{seen}"'
    worse = bound.is_worse(seen, accepted)
    return f"{finding.subject} is {seen} now, worse than the {accepted} that was accepted" if worse else ""


def _read_comparison(finding: Finding) -> tuple[Bound, Quantity] | None:
    """Return the bound that a finding broke and the quantity that broke it; None for what is not measured."""
    try:
        bound = Bound.parse(finding.expected)
        seen = Quantity.parse(finding.observed.partition(" (")[0].replace(",", ""))
    except UnitError:
        return None
    return (bound, seen) if bound.dimension == seen.dimension else None


def _judge_waiver(waiver: Waiver, named: Sequence[Finding], now: datetime, whole: bool, behind: str) -> Finding:
    faults = [*waiver.faults(), *_faults_now(waiver, len(named), now)]
    outcome, reason = (Outcome.NOT_SATISFIED, "") if faults else _describe_state(waiver, named, whole, behind)
    return Finding(
        criterion=WAIVERS_CRITERION,
        check="waivers",
        layer="",
        subject=waiver.id,
        outcome=outcome,
        expected="a reason, an owner, another approver, at most 90 days, and as many findings to cover as it says",
        observed="; ".join(faults),
        reason=reason,
        remedy="" if outcome is Outcome.SATISFIED else "Correct the waiver, or remove it when the finding is mended.",
    )


def _describe_state(waiver: Waiver, named: Sequence[Finding], whole: bool, behind: str) -> tuple[Outcome, str]:
    """Return the state of a waiver without a fault.

    Too few findings are undetermined, not not-satisfied: one more would otherwise turn NO-GO into GO.
    """
    if behind:
        return Outcome.UNDETERMINED, behind
    if changed := next(filter(None, (describe_change(waiver, finding) for finding in named)), ""):
        return Outcome.UNDETERMINED, changed
    if len(named) == waiver.most:
        return Outcome.SATISFIED, ""
    if not whole:
        return Outcome.NOT_APPLICABLE, f"covers {len(named) or 'nothing'} of {waiver.most} in the layers judged"
    if not named:
        return Outcome.UNDETERMINED, "covers no finding: mended, renamed or not looked at"
    return Outcome.UNDETERMINED, (
        f"covers {len(named)} of the {waiver.most} findings it says: the rest was mended, renamed or not looked at; "
        f"write most = {len(named)}"
    )


def _faults_now(waiver: Waiver, matched: int, now: datetime) -> list[str]:
    faults = []
    if now.date() > waiver.expires:
        faults.append(f"expired on {waiver.expires}; mend the finding or have the risk accepted again")
    if now.date() < waiver.opened:
        faults.append(f"opens only on {waiver.opened}; correct the date")
    if matched > waiver.most:
        faults.append(f"matches {matched} findings, not {waiver.most}; narrow the subject, or write most = {matched}")
    return faults
