"""What became worse from one verdict to the next, as a verdict on that alone: what stood before is not in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ...findings import Finding, Outcome
from ...quantities import Bound, Quantity, UnitError
from ...verdict import WEIGHT, Decision, Ruling, Verdict
from ..view import all_findings
from .changes import Subject, find_subject

#: What does not block.
_QUIET: Final = (Outcome.SATISFIED, Outcome.NOT_APPLICABLE, Outcome.WAIVED)
#: What needs no waiver.
_UNTOUCHED: Final = (Outcome.SATISFIED, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worsening:
    """What a change made worse, and what became of that which failed before."""

    verdict: Verdict
    """The later verdict without what stood in the way before."""
    standing: int
    """How many findings stand in the way as before."""
    fixed: tuple[Finding, ...]
    """Not satisfied before, and satisfied now or failing in fewer ways; as they were."""
    hidden: tuple[Finding, ...]
    """Not satisfied before, and now waived, not applicable or not known; as they were."""
    gone: tuple[Finding, ...]
    """Not satisfied before, and nothing speaks of the subject any more."""
    admitted: tuple[Finding, ...]
    """What would be worse, and a waiver admits; as they are."""


def find_worse(before: Verdict, after: Verdict, *, since: str) -> Worsening:
    """Return what is worse in a verdict than in another one by the same criteria; ``since`` names the other.

    Two findings of one check on one subject are two. One that fails in another way than before is undetermined, since
    nobody knows whether that is worse, unless both are further or nearer to one bound.
    """
    old, new = _group(all_findings(before)), _group(all_findings(after))
    rows = [_compare(old.get(key, []), found, since) for key, found in new.items()]
    worse = {known: judged for row in rows for known, judged in row.worse.items()}
    blocking = sum(finding.outcome not in _QUIET for finding in all_findings(after))
    return Worsening(
        verdict=_narrow(after, worse),
        standing=blocking - len(worse),
        fixed=tuple(finding for row in rows for finding in row.fixed),
        hidden=tuple(finding for row in rows for finding in row.hidden),
        gone=tuple(f for key, found in old.items() if key not in new for f in _of(found, Outcome.NOT_SATISFIED)),
        admitted=tuple(finding for row in rows for finding in row.admitted),
    )


@dataclass(slots=True)
class _Row:
    """What one check said of one subject: what is worse, by the identity of the finding; what fails no more, or may."""

    worse: dict[int, Finding] = field(default_factory=dict)
    fixed: list[Finding] = field(default_factory=list)
    hidden: list[Finding] = field(default_factory=list)
    admitted: list[Finding] = field(default_factory=list)


def _group(findings: Iterable[Finding]) -> dict[Subject, list[Finding]]:
    found: dict[Subject, list[Finding]] = {}
    for finding in findings:
        found.setdefault(find_subject(finding), []).append(finding)
    return found


def _of(findings: Iterable[Finding], outcome: Outcome) -> list[Finding]:
    return [finding for finding in findings if finding.outcome is outcome]


def _compare(before: Sequence[Finding], after: Sequence[Finding], since: str) -> _Row:
    row, left, fresh = _Row(), _of(before, Outcome.NOT_SATISFIED), []
    for finding in _of(after, Outcome.NOT_SATISFIED):
        same = next((each for each in left if _describe(each) == _describe(finding)), None)
        if same is None:
            fresh.append(finding)
        else:
            left.remove(same)
    for finding in fresh:
        like = next((each for each in left if each.aspect == finding.aspect), None)
        if like is not None:
            left.remove(like)
        judged = finding if like is None else _weigh(finding, like, since)
        row.worse |= {id(finding): judged} if judged else {}
    open_now = _of(after, Outcome.UNDETERMINED)
    known = len(left) + len(_of(before, Outcome.UNDETERMINED))
    row.worse |= {id(finding): finding for finding in open_now[known:]}
    row.admitted += _of(after, Outcome.WAIVED)[sum(finding.outcome not in _UNTOUCHED for finding in before) :]
    mended = {finding.outcome for finding in after} <= {Outcome.SATISFIED, Outcome.NOT_SATISFIED}
    (row.fixed if mended else row.hidden).extend(left)
    return row


def _describe(finding: Finding) -> str:
    return finding.observed or finding.reason


def _weigh(now: Finding, before: Finding, since: str) -> Finding | None:
    """Return what fails otherwise than before, undetermined unless numbers say that it is worse; None for better."""
    try:
        bound, values = Bound.parse(now.expected), [Quantity.parse(each.observed) for each in (before, now)]
    except UnitError:
        bound, values = Bound("=="), []
    if bound.comparator.startswith((">", "<")) and {value.dimension for value in values} == {bound.dimension}:
        rise = values[1].base - values[0].base
        return now if (rise < 0 if bound.comparator.startswith(">") else rise > 0) else None
    reason = f"did not hold at {since} either, with {_describe(before)}; see whether this is worse"
    return replace(now, outcome=Outcome.UNDETERMINED, reason=reason)


def _narrow(verdict: Verdict, worse: Mapping[int, Finding]) -> Verdict:
    """Return a verdict of what is worse and what does not block."""
    narrowed = [(ruling, _keep(ruling.findings, worse)) for ruling in verdict.rulings]
    outcomes = {finding.outcome for finding in worse.values()}
    decision = Decision.GO if all_findings(verdict) else Decision.INSUFFICIENT
    decision = Decision.INSUFFICIENT if Outcome.UNDETERMINED in outcomes else decision
    return Verdict(
        decision=Decision.NO_GO if Outcome.NOT_SATISFIED in outcomes else decision,
        scope=verdict.scope,
        rulings=tuple(_rule(ruling, found) for ruling, found in narrowed if found),
        waivers=_keep(verdict.waivers, worse),
    )


def _keep(findings: Iterable[Finding], worse: Mapping[int, Finding]) -> tuple[Finding, ...]:
    return tuple(worse.get(id(each), each) for each in findings if id(each) in worse or each.outcome in _QUIET)


def _rule(ruling: Ruling, findings: tuple[Finding, ...]) -> Ruling:
    return replace(ruling, findings=findings, outcome=max((f.outcome for f in findings), key=WEIGHT.index))
