"""The content of the report, in the order of its tables."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import Any, Final

from ..criteria import Criterion
from ..estimates import CONFIDENCE
from ..evidence.artifacts import FOLDER
from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..quantities import Quantity
from ..verdict import WEIGHT, Decision, Ruling, Verdict
from ..waivers import Waiver

#: Outcomes as the report orders them, the worst first.
WORST_FIRST = WEIGHT[::-1]

#: Inputs of a run whose digests are in run.json.
GIVEN = ("criteria", "waivers")

#: Keys of run.json that have rows of their own, so that the rest can be listed as it is.
_NAMED = (
    "system", "target", "rehearsal", "layers", "started", "actor", "commit", "versions", "utc_offset", "included",
    "judged_again", "inputs", "judges", "uncommitted", "folder", "compared", *GIVEN,
)  # fmt: skip


#: Name of a file of evidence.
_STORED: Final = re.compile(r"([0-9a-f]{64})(?:\.[0-9a-z]+)*")

#: Places in a finding's chain from an argument to the line that set it; more are the lines of a document.
LONGEST_CHAIN: Final = 5


def find_worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of some outcomes. Raises ValueError for none."""
    return min(outcomes, key=WORST_FIRST.index)


def all_findings(verdict: Verdict) -> list[Finding]:
    """Return every finding that the verdict rests on, waivers applied, those about waivers last."""
    return [*verdict.findings, *verdict.waivers]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRow:
    """A waiver, the finding about its state, and the findings that it covers."""

    waiver: Waiver
    state: Finding
    covered: tuple[Finding, ...]
    days_left: int


def waiver_rows(run: Run, verdict: Verdict) -> list[WaiverRow]:
    """Return every waiver with its state at the time of the run."""
    covered: dict[str, list[Finding]] = {}
    for finding in all_findings(verdict):
        covered.setdefault(finding.waiver, []).append(finding)
    states = {finding.subject: finding for finding in verdict.waivers}
    return [
        WaiverRow(
            waiver=waiver,
            state=states[waiver.id],
            covered=tuple(covered.get(waiver.id, ())),
            days_left=(waiver.expires - run.started.date()).days,
        )
        for waiver in run.waivers
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """A file of the evidence folder and what it holds."""

    digest: str
    kind: str
    subject: str
    source: str
    at: str
    file: str = ""
    """Its name in the folder; empty when it is not there."""
    anchor: str = ""
    """Id to link to."""
    team: str = ""
    """A team's code that measured it, and what counts the same without that."""


def evidence_rows(run: Run, verdict: Verdict) -> list[EvidenceRow]:
    """Return every digest of the run: criteria and waivers, facts, and what a finding cites without a fact."""
    rows = [
        EvidenceRow(digest=str(run.about[kind]), kind=kind, subject="", source=f"{kind}.toml", at="")
        for kind in GIVEN
        if kind in run.about
    ]
    rows[1:1] = [
        EvidenceRow(digest=str(digest), kind=GIVEN[0], subject="", source=str(name), at="")
        for name, digest in run.about.get("included", {}).items()
    ]
    for fact in run.facts:
        fields = {key: str(fact.get(key, "")) for key in ("digest", "kind", "subject", "source", "at", "team")}
        rows.append(EvidenceRow(**fields))
    known = {row.digest for row in rows}
    cited = dict.fromkeys(digest for finding in all_findings(verdict) for digest in finding.evidence)
    rows += [EvidenceRow(digest=d, kind="", subject="", source="", at="") for d in cited if d not in known]
    files = list_files(run)
    return [
        replace(row, anchor=f"e{number}", file=files.get(row.digest, "")) for number, row in enumerate(rows, start=1)
    ]


def list_files(run: Run) -> dict[str, str]:
    """Return the names of the files in the evidence folder of a run by digest."""
    names = (path.name for path in sorted((run.path / FOLDER).glob("*")))
    return {found[1]: name for name in names if (found := _STORED.fullmatch(name))}


def observed_account(run: Run) -> str:
    """Return which account the live layer looked at, and in which region; empty when it looked at none."""
    return next((str(fact.get("subject", "")) for fact in run.facts if fact.get("kind") == "account"), "")


def judged_again(run: Run) -> tuple[str, str]:
    """Return which run's facts were judged again, and when they were observed; empty texts for a run of its own."""
    if "judged_again" not in run.about:
        return "", ""
    times = dict.fromkeys(moment(at, str(run.about.get("utc_offset", ""))) for at in run.observed() or ())
    return str(run.about["judged_again"]), " – ".join(times) or "-"


def is_alone(run: Run) -> bool:
    """Whether there was nothing to hold criteria against; for a rehearsal, on which no promotion rests, no matter."""
    return run.about.get("compared") == [] and not run.about["rehearsal"]


def notes(run: Run) -> dict[str, list[str]]:
    """Return what each layer noted about how it observed, each note once."""
    found: dict[str, dict[str, None]] = {}
    for note in run.notes:
        found.setdefault(str(note.get("layer", "")), {})[str(note.get("text", ""))] = None
    return {layer: list(texts) for layer, texts in found.items()}


#: How a satisfied finding of a load says how far it holds -> the words for all of them.
_REACHES: Final = {
    "reach": re.compile(r"holds for disturbances up to (\d+(?:\.\d+)? m?s)\b"),
    "reach-single": re.compile(r"holds for single slow or failed requests\b"),
    "reach-chance": re.compile(r"the value alone decides, which chance may have moved"),
    "reach-rare": re.compile(r"what comes less often than every (\d+(?:\.\d+)? m?s) can hide"),
}


def list_reach(verdict: Verdict) -> list[tuple[str, str]]:
    """Return, for a GO, (the words for it, how far its load reaches by criterion, the shortest or rarest of each)."""
    found: dict[str, dict[str, list[Quantity]]] = {key: {} for key in _REACHES}
    satisfied = verdict.of(Outcome.SATISFIED)
    for each in (f for ruling in satisfied for f in ruling.findings if f.layer == "load"):
        for key, pattern in _REACHES.items():
            if said := pattern.search(each.observed):
                found[key].setdefault(each.criterion, []).extend(map(Quantity.parse, said.groups()))
    bounded = [
        one.criterion.confidence or CONFIDENCE
        for one in satisfied
        if one.criterion.id in {*found["reach"], *found["reach-single"]}
    ]
    for id_ in found["reach-single"]:
        found["reach"].pop(id_, None)
    told = {
        key: ", ".join(_describe_reach(id_, far, key) for id_, far in sorted(each.items()))
        for key, each in found.items()
    }
    told["reach-together"] = f"{100 - min(sure.magnitude for sure in bounded)} %" if bounded else ""
    return [(key, said) for key, said in told.items() if said and verdict.decision is Decision.GO]


def _describe_reach(id_: str, far: list[Quantity], key: str) -> str:
    if not far:
        return id_
    return f"{(max if key == 'reach-rare' else min)(far, key=lambda one: one.base)} ({id_})"


def moment(at: datetime | None, offset: str) -> str:
    """Return a time in UTC, and in the offset ``+09:00`` of the place where the gate ran when it is known."""
    if at is None:
        return ""
    text = f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"  # noqa: UP017  the alias prints the same
    zone = find_zone(offset)
    return f"{text} ({at.astimezone(zone):%Y-%m-%d %H:%M:%S} {offset})" if zone else text


def find_zone(offset: str) -> timezone | None:
    """Return the zone of an offset such as ``+09:00``; None for that of UTC, and for what is none."""
    try:
        shift = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").utcoffset()
    except ValueError:
        return None
    return timezone(shift) if shift is not None and shift != timedelta(0) else None


def other_facts(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what run.json says beyond the named rows, versions first."""
    versions = about.get("versions", {})
    found = list(versions.items()) if isinstance(versions, Mapping) else [("versions", versions)]
    found += [(key, value) for key, value in about.items() if key not in _NAMED]
    return [
        (str(key), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))
        for key, value in found
    ]


def value_origin(finding: Finding) -> str:
    """Return where the deciding value was written, when that is not where the finding is placed.

    A chain leads from an argument through module calls to a variable's value; a longer list is the lines of a document.
    """
    return finding.where[-1] if 1 < len(finding.where) <= LONGEST_CHAIN else ""


# ── Uncommitted inputs

#: How many uncommitted inputs the first screen names.
NAMED_INPUTS: Final = 5


def name_uncommitted(about: Mapping[str, Any]) -> str:
    """Return the names of inputs that the commit does not hold, and how many more; empty when there is none."""
    found = [str(each) for each in about.get("uncommitted") or ()]
    more = f", … ({len(found)})" if len(found) > NAMED_INPUTS else ""
    return ", ".join(found[:NAMED_INPUTS]) + more


# ── The matrix: requirements, criteria, checks, findings, evidence

#: The check named in findings that the verdict adds by itself.
_ADDED: Final = "verdict"
#: Observed values, digests and reasons that one cell shows.
_SHOWN: Final = 3
_JUDGED: Final = {Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.WAIVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The subjects of the checks of one criterion."""

    returned: int
    """Different subjects that were observed, and so handed to its checks."""
    judged: int
    """Those about which a check concluded that the criterion holds, or does not."""
    left_out: tuple[tuple[int, str], ...]
    """How many were not judged, and why; the widest reasons alone."""
    more: int
    """How many were not judged for other reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One layer's answer to one criterion."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """A control of a framework and the criteria that name it."""

    id: str
    outcome: Outcome
    """The worst of what was asked; undetermined if a layer of a criterion was left out and nothing is worse."""
    rows: tuple[CriterionRow, ...]


def list_controls(rows: Iterable[CriterionRow]) -> dict[str, list[ControlRow]]:
    """Return the controls that criteria name by framework (empty if none is named), in the order of their numbers."""
    named: dict[str, dict[str, list[CriterionRow]]] = {}
    for row in rows:
        for control in row.criterion.controls:
            framework, _, id_ = (control if ":" in control else f":{control}").partition(":")
            named.setdefault(framework, {}).setdefault(id_, []).append(row)
    return {
        framework: [
            ControlRow(id=id_, outcome=_find_outcome(found), rows=tuple(found))
            for id_, found in sorted(controls.items(), key=lambda each: _in_numbers(each[0]))
        ]
        for framework, controls in sorted(named.items())
    }


def _find_outcome(rows: Sequence[CriterionRow]) -> Outcome:
    unknown = [Outcome.UNDETERMINED for row in rows if row.left_out or not row.answers]
    return find_worst((*unknown, *(answer.ruling.outcome for row in rows for answer in row.answers)))


def _in_numbers(control: str) -> list[tuple[str, int]]:
    """Return what sorts a control among others.

    >>> sorted(["EC2.10", "EC2.9"], key=_in_numbers)
    ['EC2.9', 'EC2.10']
    """
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", control)]


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
    """Return the worst outcome of each check; additions of the verdict count only without a check."""
    worst: dict[str, Outcome] = {}
    for finding in [f for f in ruling.findings if f.check != _ADDED] or ruling.findings:
        worst[finding.check] = find_worst((worst.get(finding.check, finding.outcome), finding.outcome))
    return worst


def _count_population(findings: Sequence[Finding]) -> Population:
    """Count subjects; one in brackets, such as ``(Queue)``, is a kind of which there is none."""
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
    """Requirements, criteria and checks that lead nowhere."""

    requirements: tuple[tuple[str, tuple[str, ...]], ...]
    """Each with its layers that no criterion answers."""
    criteria: tuple[tuple[str, tuple[str, ...]], ...]
    """Each with its layers in which no check answered."""
    evidence: tuple[EvidenceRow, ...]
    """Evidence that was stored, and that no finding cites."""


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
    yield from ((name, tuple(layer for _, layer in group)) for name, group in groupby(pairs, key=lambda pair: pair[0]))


def citations(verdict: Verdict) -> dict[str, tuple[str, ...]]:
    """Return the criteria whose findings cite each digest."""
    found: dict[str, dict[str, None]] = {}
    for finding in all_findings(verdict):
        for digest in finding.evidence:
            found.setdefault(digest, {})[finding.criterion] = None
    return {digest: tuple(ids) for digest, ids in found.items()}


# ── A verdict and its findings as JSON values, for machines


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict and its findings as JSON values, each with policy, address, file, line, outcome."""
    return {
        "verdict": str(verdict.decision),
        "exit_code": verdict.decision.exit_code,
        "promotes": verdict.promotes,
        "left_out": list(verdict.scope.left_out()),
        "layers_without_criteria": list(verdict.scope.not_asked()),
        "findings": [_row(f, ruling.criterion.rate(f)) for ruling in verdict.rulings for f in ruling.findings],
        "waivers": [_row(finding) for finding in verdict.waivers],
    }


def _row(finding: Finding, severity: str = "") -> dict[str, Any]:
    file, _, line = (finding.where[0] if finding.where else "").rpartition(":")
    return {
        "policy": finding.check,
        "criterion": finding.criterion,
        "layer": finding.layer,
        "address": finding.subject,
        "aspect": finding.aspect or None,
        "file": file or None,
        "line": int(line) if line.isdigit() else None,
        "outcome": str(finding.outcome),
        "severity": severity or None,
        "expected": finding.expected or None,
        "observed": finding.observed or None,
        "reason": finding.reason or None,
        "remedy": finding.remedy or None,
        "where": list(finding.where),
        "waiver": finding.waiver or None,
    }
