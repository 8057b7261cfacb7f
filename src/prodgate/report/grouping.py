"""Findings put together so that ten thousand of them can be read, and the verdict over them in one line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..criteria import LAYERS, rank_severity
from ..findings import Finding, Outcome
from ..verdict import Decision, Verdict
from .catalogue import ENGLISH, Catalogue
from .view import WORST_FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Findings of one check that differ in subject, place, observed value, reason or evidence only."""

    criterion: str
    layer: str
    check: str
    outcome: Outcome
    expected: str
    remedy: str
    findings: tuple[Finding, ...]

    def same(self, name: str) -> object:
        """Return the value of a field that all findings agree on; None when they differ."""
        first = getattr(self.findings[0], name)
        return first if all(getattr(finding, name) == first for finding in self.findings) else None

    def differing(self, *names: str) -> list[str]:
        """Return those of these fields in which the findings differ."""
        return [name for name in names if self.same(name) is None]

    @property
    def subjects(self) -> int:
        """How many different subjects the findings are about."""
        return len({finding.subject for finding in self.findings})


def batches(findings: Iterable[Finding]) -> list[Batch]:
    """Group findings by check and what they have in common, in the order in which they came."""
    found: dict[tuple[str, str, str, Outcome, str, str], list[Finding]] = {}
    for f in findings:
        found.setdefault((f.criterion, f.layer, f.check, f.outcome, f.expected, f.remedy), []).append(f)
    return [
        Batch(
            criterion=key[0], layer=key[1], check=key[2], outcome=key[3], expected=key[4], remedy=key[5],
            findings=tuple(group),
        )
        for key, group in found.items()
    ]  # fmt: skip


def shared_evidence(group: Iterable[Batch]) -> tuple[str, ...]:
    """Return the evidence that all findings of several batches cite; nothing when they differ."""
    cited = {finding.evidence for batch in group for finding in batch.findings}
    return next(iter(cited)) if len(cited) == 1 else ()


def by_criterion(findings: Iterable[Finding]) -> dict[str, list[Batch]]:
    """Return batches by the criterion that they answer."""
    found: dict[str, list[Batch]] = {}
    for batch in batches(findings):
        found.setdefault(batch.criterion, []).append(batch)
    return found


def worst_first(findings: Iterable[Finding], verdict: Verdict) -> list[Finding]:
    """Sort findings by how bad they are; those of one severity stay in their order."""
    criteria = {ruling.criterion.id: ruling.criterion for ruling in verdict.rulings}
    return sorted(findings, key=lambda each: rank_severity(each, criteria))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Undetermined findings with one reason, or with the several reasons that only one criterion has."""

    reason: str
    """Empty when the reasons differ."""
    criteria: tuple[str, ...]
    findings: tuple[Finding, ...]


def gaps(findings: Iterable[Finding]) -> list[Gap]:
    """Group undetermined findings so that few headings say why nothing is known, the widest gap first.

    What the verdict adds about a layer that gave no answer at all says nothing more, and is left out.
    """
    given = tuple(findings)
    silent = {(f.criterion, f.layer) for f in given if f.check == f.layer}
    found = [f for f in given if f.check != "verdict" or (f.criterion, f.layer) not in silent]
    criteria: dict[str, set[str]] = {}
    for f in found:
        criteria.setdefault(f.reason, set()).add(f.criterion)
    own = Counter(next(iter(ids)) for ids in criteria.values() if len(ids) == 1)
    groups: dict[tuple[str, str], list[Finding]] = {}
    for f in found:
        several = len(criteria[f.reason]) == 1 and own[f.criterion] > 1
        groups.setdefault(("", f.criterion) if several else (f.reason, ""), []).append(f)
    made = [
        Gap(reason=reason, criteria=tuple(dict.fromkeys(f.criterion for f in group)), findings=tuple(group))
        for (reason, _), group in groups.items()
    ]
    return sorted(made, key=lambda gap: -len(gap.criteria))


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One line of why the verdict is what it is: a failing criterion, or a reason why criteria have no answer."""

    outcome: Outcome
    criteria: tuple[str, ...]
    first: Finding
    findings: int


def headlines(verdict: Verdict, most: int = 5) -> tuple[list[Headline], list[Headline]]:
    """Return the ``most`` weightiest headlines, and the rest.

    Failing criteria come first: the worst by its stated severity, and of one severity in their stated order.
    """
    failing: dict[str, list[Finding]] = {}
    for finding in worst_first((f for f in verdict.blocking if f.outcome is Outcome.NOT_SATISFIED), verdict):
        failing.setdefault(finding.criterion, []).append(finding)
    bad = [_headline(group) for group in failing.values()]
    unknown = gaps(f for f in verdict.blocking if f.outcome is Outcome.UNDETERMINED)
    open_ = [_headline(gap.findings) for gap in unknown]
    kept = max(most - len(open_), most - 1)
    top = bad[:kept] + open_[: most - len(bad[:kept])]
    return top, [line for line in bad + open_ if line not in top]


def _headline(group: Sequence[Finding]) -> Headline:
    criteria = tuple(dict.fromkeys(finding.criterion for finding in group))
    return Headline(outcome=group[0].outcome, criteria=criteria, first=group[0], findings=len(group))


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerState:
    """The state of one layer: ``judged``, ``silent`` (it gave no answer), ``empty`` (nothing asked), ``left-out``."""

    layer: str
    state: str
    reasons: tuple[str, ...] = ()
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """How its questions were answered, but for those that only production can answer."""
    deferred: int = 0


def layer_states(verdict: Verdict) -> list[LayerState]:
    """Return the state of every layer there is."""
    return [_layer_state(verdict, layer) for layer in LAYERS]


def _layer_state(verdict: Verdict, layer: str) -> LayerState:
    rulings = [ruling for ruling in verdict.rulings if ruling.layer == layer]
    outcomes = Counter(ruling.outcome for ruling in rulings if not ruling.deferred)
    deferred = sum(ruling.deferred for ruling in rulings)
    if layer in verdict.scope.left_out():
        return LayerState(layer=layer, state="left-out")
    if not rulings:
        return LayerState(layer=layer, state="empty")
    findings = [finding for ruling in rulings for finding in ruling.findings]
    if all(f.check in (layer, "verdict") and f.outcome is Outcome.UNDETERMINED for f in findings):
        said = [f.reason for f in findings if f.check == layer]
        reasons = tuple(dict.fromkeys(said or [f.reason for f in findings]))
        return LayerState(layer=layer, state="silent", reasons=reasons, outcomes=outcomes, deferred=deferred)
    return LayerState(layer=layer, state="judged", outcomes=outcomes, deferred=deferred)


def tally(verdict: Verdict) -> Counter[Outcome]:
    """Count the questions (criterion x layer) by outcome; what only production can answer is not among them."""
    return Counter(ruling.outcome for ruling in verdict.rulings if not ruling.deferred)


def name_invented(verdict: Verdict) -> frozenset[str]:
    """Return the criteria that only production can answer, and a rehearsal's account answered from an invented past."""
    answered = {Outcome.SATISFIED, Outcome.NOT_SATISFIED}
    found = (each for each in verdict.rulings if verdict.scope.rehearsal and each.layer == "live")
    return frozenset(r.criterion.id for r in found if r.criterion.needs_production and r.outcome in answered)


# ── The verdict in one line: a GO of a part is never shown as a GO

#: Decision -> what it would be as the answer to one question, where a format knows no verdicts.
OUTCOMES: Final[Mapping[Decision, Outcome]] = {
    Decision.GO: Outcome.SATISFIED,
    Decision.NO_GO: Outcome.NOT_SATISFIED,
    Decision.INSUFFICIENT: Outcome.UNDETERMINED,
}


def is_partial(verdict: Verdict, moment: str) -> bool:
    """Whether a verdict is a GO for only a part of the system; no missing part could improve a NO-GO."""
    return bool(verdict.scope.left_out() or moment) and verdict.decision is Decision.GO


def verdict_text(verdict: Verdict, moment: str = "", words: Catalogue = ENGLISH) -> str:
    """Return a decision with its limits: ``REHEARSAL PARTIAL GO``; ``moment`` is the only one that was judged."""
    stamps = [
        *([words.text("rehearsal")] if verdict.scope.rehearsal else []),
        *([words.text("staging")] if verdict.scope.staging else []),
        *([words.text("partial")] if is_partial(verdict, moment) else []),
    ]
    return " ".join((*stamps, verdict.decision))


def verdict_sentence(verdict: Verdict, about: str, moment: str = "") -> str:
    """Return the verdict about something, the number of questions by outcome, and what it leaves out."""
    counts = tally(verdict)
    parts = [
        *(f"{counts[outcome]:,} {outcome.replace('-', ' ')}" for outcome in WORST_FIRST if counts[outcome]),
        *([f"{verdict.deferred:,} only production can answer"] if verdict.deferred else []),
    ]
    left_out = verdict.scope.left_out()
    said = [
        f"{verdict_text(verdict, moment)} for {about}",
        f"questions: {', '.join(parts) or 'none'}",
        *([f"asked only what must hold {verdict.scope.when or moment} a deployment"] if moment else []),
        *([f"left out: {', '.join(left_out)}"] if left_out else []),
        *([f"layers without criteria: {', '.join(not_asked)}"] if (not_asked := verdict.scope.not_asked()) else []),
        *([] if verdict.promotes else ["not a promotion verdict"]),
    ]
    return "; ".join(said)
