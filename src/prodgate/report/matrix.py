"""Requirement, criterion, checks, findings and evidence, joined both ways, and what of them leads nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ..criteria import Criterion
from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..verdict import Ruling, Verdict
from .view import GIVEN, WORST_FIRST, EvidenceRow, all_findings, find_worst

#: What the verdict adds by itself is told by this name of a check.
_ADDED: Final = "verdict"
#: Observed values, digests and reasons that one cell shows.
_SHOWN: Final = 3
_JUDGED: Final = {Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.WAIVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Of what the checks of one criterion spoke."""

    returned: int
    """Different subjects that were observed, and so handed to its checks."""
    judged: int
    """Those of which a check said that the criterion holds, or not."""
    left_out: tuple[tuple[int, str], ...]
    """How many were not judged, and why; the widest reasons alone."""
    more: int
    """How many were not judged for other reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one layer said to one criterion."""

    ruling: Ruling
    observed: tuple[str, ...]
    """Different observed values, at most three."""
    more: int
    """How many further observed values there are."""
    checks: tuple[tuple[str, Outcome], ...]
    """Each check with the worst that it found."""
    population: Population
    evidence: tuple[str, ...]
    """Digests that its findings cite, at most three."""
    more_evidence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRow:
    """A criterion with an answer per judged layer, and the layers that it needs but this run left out."""

    criterion: Criterion
    answers: tuple[Answer, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A line of the requirements and what stands for it."""

    source: str
    asks: str
    """Empty for one that the criteria name and do not state."""
    rows: tuple[CriterionRow, ...]
    """The criteria that this run asked about."""
    unasked: tuple[CriterionRow, ...]
    """Those all of whose layers were left out."""


def criterion_rows(run: Run, verdict: Verdict) -> list[CriterionRow]:
    """Return every criterion in its stated order, then what answered a question that nobody stated."""
    rulings: dict[str, list[Ruling]] = {id_: [] for id_ in run.criteria.criteria}
    stated = {**run.criteria.criteria}
    for ruling in verdict.rulings:
        stated.setdefault(ruling.criterion.id, ruling.criterion)
        rulings.setdefault(ruling.criterion.id, []).append(ruling)
    return [
        CriterionRow(
            criterion=stated[id_],
            answers=tuple(_answer(ruling) for ruling in found),
            left_out=tuple(layer for layer in stated[id_].layers if layer not in verdict.scope.layers),
        )
        for id_, found in rulings.items()
    ]


def requirements(run: Run, rows: Iterable[CriterionRow]) -> list[Requirement]:
    """Return the lines of the requirements in the order in which criteria name them, then those without a criterion."""
    by_source: dict[str, list[CriterionRow]] = {}
    for row in rows:
        by_source.setdefault(row.criterion.source, []).append(row)
    asks = {each.id: each.asks for each in run.criteria.requirements}
    return [
        Requirement(
            source=source,
            asks=asks.get(source, ""),
            rows=tuple(row for row in by_source.get(source, ()) if row.answers or not row.left_out),
            unasked=tuple(row for row in by_source.get(source, ()) if row.left_out and not row.answers),
        )
        for source in dict.fromkeys((*by_source, *asks))
    ]


def _answer(ruling: Ruling) -> Answer:
    observed = tuple(dict.fromkeys(f.observed for f in ruling.findings if f.observed))
    cited = tuple(dict.fromkeys(digest for f in ruling.findings for digest in f.evidence))
    return Answer(
        ruling=ruling,
        observed=observed[:_SHOWN],
        more=max(0, len(observed) - _SHOWN),
        checks=tuple(_worst_outcomes(ruling).items()),
        population=_count_population(ruling.findings),
        evidence=cited[:_SHOWN],
        more_evidence=max(0, len(cited) - _SHOWN),
    )


def _worst_outcomes(ruling: Ruling) -> dict[str, Outcome]:
    """Return the worst of each check; what the verdict added is told only where no check spoke."""
    worst: dict[str, Outcome] = {}
    for finding in [f for f in ruling.findings if f.check != _ADDED] or ruling.findings:
        worst[finding.check] = find_worst((worst.get(finding.check, finding.outcome), finding.outcome))
    return worst


def _count_population(findings: Sequence[Finding]) -> Population:
    """Count subjects; what stands in brackets, such as ``(Queue)``, is the kind of which there is none."""
    subjects: dict[str, dict[Outcome, str]] = {}
    for finding in findings:
        if not finding.subject.startswith("("):
            subjects.setdefault(finding.subject, {}).setdefault(finding.outcome, finding.reason)
    judged = sum(not _JUDGED.isdisjoint(said) for said in subjects.values())
    open_ = (said for said in subjects.values() if _JUDGED.isdisjoint(said))
    reasons = Counter(min(said.items(), key=lambda each: WORST_FIRST.index(each[0]))[1] for said in open_)
    widest = [(n, reason) for reason, n in reasons.most_common(_SHOWN)]
    more = reasons.total() - sum(n for n, _ in widest)
    return Population(returned=len(subjects), judged=judged, left_out=tuple(widest), more=more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """What leads nowhere."""

    requirements: tuple[tuple[str, tuple[str, ...]], ...]
    """Each with its layers that no criterion answers."""
    criteria: tuple[tuple[str, tuple[str, ...]], ...]
    """Each with its layers in which no check answered."""
    evidence: tuple[EvidenceRow, ...]
    """What was stored, and no finding cites."""


def find_orphans(run: Run, verdict: Verdict, evidence: Iterable[EvidenceRow]) -> Orphans:
    """Return the requirements without criterion, criteria without check, and evidence that nothing cites."""
    unasked = ((requirement.id, layer) for requirement, layer in run.criteria.list_unasked())
    unjudged = ((r.criterion.id, r.layer) for r in verdict.rulings if all(f.check == _ADDED for f in r.findings))
    cited = {digest for finding in all_findings(verdict) for digest in finding.evidence}
    return Orphans(
        requirements=tuple(_gather(unasked)),
        criteria=tuple(_gather(unjudged)),
        evidence=tuple(row for row in evidence if row.digest not in cited and row.kind not in GIVEN),
    )


def _gather(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, group in groupby(pairs, key=lambda pair: pair[0]):
        yield name, tuple(layer for _, layer in group)


def citations(verdict: Verdict) -> dict[str, tuple[str, ...]]:
    """Return the criteria whose findings cite each digest."""
    found: dict[str, dict[str, None]] = {}
    for finding in all_findings(verdict):
        for digest in finding.evidence:
            found.setdefault(digest, {})[finding.criterion] = None
    return {digest: tuple(ids) for digest, ids in found.items()}
