"""Findings in, decision out. Pure: the same findings always give the same verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .criteria import Criterion, Scope
from .findings import Finding, Outcome
from .waivers import Waiver, apply_waivers

#: Outcomes by weight: the heaviest outcome among the findings of a question is the question's outcome.
WEIGHT = (Outcome.NOT_APPLICABLE, Outcome.SATISFIED, Outcome.WAIVED, Outcome.UNDETERMINED, Outcome.NOT_SATISFIED)

#: Subject of a finding that stands for a question nobody answered.
NO_FINDING = "(no finding)"


class Decision(StrEnum):
    """The decision of the gate."""

    GO = "GO"
    NO_GO = "NO-GO"
    INSUFFICIENT = "INSUFFICIENT EVIDENCE"

    @property
    def exit_code(self) -> int:
        """The process exit code that stands for the decision."""
        return {Decision.GO: 0, Decision.NO_GO: 1, Decision.INSUFFICIENT: 2}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One layer's answer to one criterion."""

    criterion: Criterion
    layer: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    deferred: bool = False
    """Only production can answer, and this was a rehearsal: named, but does not block the rehearsal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision and everything it rests on."""

    decision: Decision
    scope: Scope
    rulings: tuple[Ruling, ...]
    waivers: tuple[Finding, ...]
    """State of each waiver."""

    @property
    def promotes(self) -> bool:
        """Whether this verdict allows a promotion: GO of all that it needs, and not in a rehearsal or on staging."""
        scope = self.scope
        return self.decision is Decision.GO and not (scope.rehearsal or scope.staging) and scope.promotable

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings about the system, waivers applied; those about the waivers themselves are not among them."""
        return tuple(finding for ruling in self.rulings for finding in ruling.findings)

    @property
    def deferred(self) -> int:
        """How many questions only production can answer, and so do not block this rehearsal."""
        return sum(ruling.deferred for ruling in self.rulings)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stand in the way, not-satisfied first."""
        found = [f for ruling in self.rulings if not ruling.deferred for f in ruling.findings]
        found += self.waivers
        order = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)
        return tuple(finding for outcome in order for finding in found if finding.outcome is outcome)

    def of(self, outcome: Outcome) -> tuple[Ruling, ...]:
        """Return the rulings with that outcome."""
        return tuple(ruling for ruling in self.rulings if ruling.outcome is outcome)


def decide(
    criteria: Mapping[str, Criterion],
    findings: Iterable[Finding],
    waivers: Sequence[Waiver],
    now: datetime,
    scope: Scope = Scope(),  # noqa: B008  immutable
    *,
    not_before: datetime | None = None,
) -> Verdict:
    """Judge every question of the scope on the findings; a question without an answer is undetermined.

    ``not_before`` is a time that has certainly passed, such as the commit's: a clock that is behind it was set back.
    """
    left = set(scope.left_out())
    partly = {id_ for id_, criterion in criteria.items() if scope.cell or left & set(criterion.layers)}
    applied, state = apply_waivers(findings, waivers, now, whole=scope.whole, partly=partly, not_before=not_before)
    answers: dict[tuple[str, str], list[Finding]] = {}
    for finding in applied:
        answers.setdefault((finding.criterion, finding.layer), []).append(finding)
    asked = [(c, layer) for c in criteria.values() for layer in c.layers if layer in scope.layers]
    rulings = [_rule(c, layer, answers.pop((c.id, layer), []), scope) for c, layer in asked]
    rulings += [_rule_on_stray(found, criteria, scope) for found in answers.values() if found[0].layer in scope.layers]
    blocking = {ruling.outcome for ruling in rulings if not ruling.deferred} | {finding.outcome for finding in state}
    return Verdict(decision=_decision(blocking, rulings), scope=scope, rulings=tuple(rulings), waivers=state)


def _decision(outcomes: set[Outcome], rulings: Sequence[Ruling]) -> Decision:
    if Outcome.NOT_SATISFIED in outcomes:
        return Decision.NO_GO
    answered = any(ruling.outcome in (Outcome.SATISFIED, Outcome.WAIVED) for ruling in rulings)
    return Decision.GO if answered and Outcome.UNDETERMINED not in outcomes else Decision.INSUFFICIENT


def _rule(criterion: Criterion, layer: str, found: Sequence[Finding], scope: Scope) -> Ruling:
    findings = tuple(found)
    judged = len({f.subject for f in findings if f.outcome is not Outcome.NOT_APPLICABLE})
    if not findings:
        findings = (_gap(criterion, layer, "no check answered"),)
    elif not judged and not criterion.where_present:
        findings += (_gap(criterion, layer, "every answer is not-applicable, and the criterion does not allow that"),)
    elif 0 < judged < criterion.population and not any(f.outcome is Outcome.UNDETERMINED for f in findings):
        findings += (_gap(criterion, layer, f"{judged} judged, at least {criterion.population} expected"),)
    outcome = max((f.outcome for f in findings), key=WEIGHT.index)
    may_defer = scope.rehearsal and criterion.needs_production and layer != "static"
    deferred = may_defer and outcome is Outcome.UNDETERMINED and _only_production(findings)
    return Ruling(criterion=criterion, layer=layer, outcome=outcome, findings=findings, deferred=deferred)


def _only_production(findings: Iterable[Finding]) -> bool:
    """Whether each check without an answer said that only production has it; a crash or a gap does not say so."""
    return all(f.needs == "production" for f in findings if f.outcome is Outcome.UNDETERMINED)


def _gap(criterion: Criterion, layer: str, reason: str) -> Finding:
    return Finding(
        criterion=criterion.id,
        check="verdict",
        layer=layer,
        subject=NO_FINDING,
        outcome=Outcome.UNDETERMINED,
        expected=str(criterion.bound) if criterion.bound else "",
        reason=reason,
    )


def _rule_on_stray(found: Sequence[Finding], criteria: Mapping[str, Criterion], scope: Scope) -> Ruling:
    """Rule on findings that answer a question nobody asked: they count, so that nothing is lost."""
    first = found[0]
    criterion = criteria.get(first.criterion) or Criterion(
        id=first.criterion,
        wording=f"(criterion {first.criterion!r} is not stated)",
        wording_ja=f"（基準 {first.criterion!r} は定められていない）",
        why="",
        source="",
        layers=(first.layer,),
    )
    return _rule(criterion, first.layer, found, scope)
