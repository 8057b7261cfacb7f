"""Judging what people say: one finding for each criterion that asks for a record, with what to do where it fails."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from ... import faults
from ...criteria import Criterion
from ...facts import Facts
from ...facts.attested.records import Attestation, RecordFolder, SeenDocument
from ...findings import Concluded, Conclusion, Finding, NotObserved, Outcome
from ...judgement import open_judgement
from ...quantities import Quantity
from ...sections.attested import read_terms
from ...sections.criteria_file import CriteriaFile
from ...semantics.json_texts import read_json
from ...semantics.markdown import has_section
from ...semantics.names import names_same_person
from ..layer import LayerContext

#: How long a record of a criterion without a bound may hold.
_LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a record does not count, and what to do."""

    observed: str
    remedy: str
    kind: str = ""
    """What is wrong in words that hold no date, so that they are the same in each run until something else is wrong."""


def find_flaws(fact: Attestation, criterion: Criterion, at: datetime) -> Iterator[Flaw]:
    """Yield what is wrong with a legible record at a time, the weightiest first; its age is compared elsewhere."""
    again = f"Look again and record it: prodgate attest {criterion.id}"
    record = fact.record
    if not fact.counts_here:
        yield Flaw("it was made for rehearsals, and says nothing of a real system", again, "made for rehearsals")
    if record.criterion != criterion.id:
        rename = f"Name the file {record.criterion}.toml, or record what it is named after"
        yield Flaw(
            f"it is about {record.criterion!r}, not about this criterion",
            f"{rename}: {again.partition(': ')[2]}",
            "about another criterion",
        )
    if record.valid_until is not None and at > record.valid_until:
        yield Flaw(f"it expired on {record.valid_until:%Y-%m-%d %H:%M} UTC", again, "expired")
    if criterion.bound is None and record.valid_until is not None and record.valid_until - fact.when > _LONGEST:
        yield Flaw(
            f"it holds for more than {_LONGEST.days} days",
            f"Let it end within {_LONGEST.days} days of when it was made.",
            "holds for too long",
        )
    yield from _find_people_flaws(fact, criterion)
    yield from _find_document_flaws(fact, criterion, again)
    yield from _find_run_flaws(fact, criterion, again)


def _find_people_flaws(fact: Attestation, criterion: Criterion) -> Iterator[Flaw]:
    first, second = fact.record.by, fact.record.second
    if second is None:
        if read_terms(criterion).attested_by > 1:
            yield Flaw(
                "one person stands for it",
                f"Let another person look, too, and name them under [second] in {fact.subject}.",
                "one person",
            )
    elif names_same_person(first.name, second.name):
        yield Flaw(
            f"{first.name!r} and {second.name!r} are the same person",
            f"Name another person under [second] in {fact.subject}.",
            "the same person twice",
        )


def _find_document_flaws(fact: Attestation, criterion: Criterion, again: str) -> Iterator[Flaw]:
    asked = read_terms(criterion)
    required = asked.document
    if required and required not in fact.record.documents:
        yield Flaw(f"{required} was not looked at", again, f"{required} not looked at")
    for seen in fact.documents:
        yield from _find_seen_flaws(seen, fact.record.documents[seen.path], again)
    if required and (document := fact.seen_document(required)) and document.digest:
        lacking = [each for each in asked.sections if not has_section(document.sections, each)]
        if lacking:
            named = ", ".join(map(repr, lacking))
            says = f"{required} says nothing under {named}"
            yield Flaw(says, f"Write that section of {required}. {again}", says)


def _find_seen_flaws(seen: SeenDocument, stated: str, again: str) -> Iterator[Flaw]:
    if seen.wrong:
        says = f"{seen.path}: {seen.wrong}"
        yield Flaw(says, f"Keep {seen.path} as a file of the project. {again}", says)
    elif seen.digest and seen.digest != stated:
        says = f"{seen.path} was changed since: it is {seen.digest[:12]}…, and was {stated[:12]}…"
        yield Flaw(says, again, f"{seen.path} changed to {seen.digest[:12]}")


def _find_run_flaws(fact: Attestation, criterion: Criterion, again: str) -> Iterator[Flaw]:
    for run in fact.runs:
        if run.wrong:
            says = f"run {run.id}: {run.wrong}"
            yield Flaw(says, f"Name a run that ended in GO and is kept. {again}", says)
        elif run.started is not None and run.started > fact.when:
            yield Flaw(says := f"run {run.id} began after it was made", again, says)
    layer = read_terms(criterion).shown_by
    shown = any(run.unread or layer in run.layers for run in fact.runs)
    if layer and fact.cites_runs and not shown:
        cite = f"Run the gate with its {layer} layer, and name the run: prodgate attest {criterion.id} --run ID"
        yield Flaw(says := f"no gate run shows it that judged the {layer} layer", cite, says)


def find_doubts(fact: Attestation) -> Iterator[str]:
    """Yield why nobody can say whether a legible record holds."""
    yield from (seen.unread for seen in fact.documents if seen.unread)
    yield from (seen.unread for seen in fact.runs if seen.unread)


LAYER: Final = "attested"
_EXPECTED: Final = "a record in force"
_AGAIN: Final = "Look, and record what you found: prodgate attest {}"
#: The least part of a day in which ages are stated.
_DAY, _PART = Decimal(86400), Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The finding on one criterion, and when the record that it rests on stops counting."""

    finding: Finding
    until: datetime | None = None
    """None where nothing counts now, or where it counts as long as the rehearsal."""
    rehearsed: bool = False
    """Whether it rests on a record that was made for rehearsals."""


def check_name(criterion: str) -> str:
    """Return the name under which the layer judges a criterion."""
    return f"attested-{criterion}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A criterion, and what was seen that speaks of it."""

    criterion: Criterion
    folder: RecordFolder
    own: Attestation | None
    """The record in the file that is named after the criterion."""
    others: tuple[str, ...]
    """Other files that speak of the criterion."""
    illegible: str
    """Why the record can't be used."""
    at: datetime

    @property
    def only_production(self) -> bool:
        """Whether this is a rehearsal without a record that could speak of production."""
        rehearsed = self.own is None or (not self.illegible and self.own.record.rehearsal)
        return self.criterion.needs_production and not self.folder.answers_for_production and rehearsed


def judge_criterion(criterion: Criterion, facts: Facts, at: datetime) -> Judged:
    """Judge one criterion as of a time on the records that were seen."""
    folder = next(iter(facts.of(RecordFolder)), None)
    if folder is None:
        unknown = criterion.undetermined(facts.why_unreadable(RecordFolder)).conclusion
        return Judged(finding=_make_finding(criterion, unknown, None, "Mend what stops the gate from reading records."))
    case = _make_case(criterion, folder, facts.of(Attestation), at)
    flaws, doubts = _list_flaws(case), _list_doubts(case)
    with open_judgement() as judgement:
        ended = None
        try:
            _judge(case, flaws, doubts)
        except Concluded as concluded:
            ended = concluded.conclusion
    conclusion = faults.conclude(judgement, criterion, ended=ended)
    remedies = [each.remedy for each in flaws or doubts] or [_AGAIN.format(criterion.id)]
    finding = _make_finding(criterion, conclusion, case.own, " ".join(dict.fromkeys(remedies)))
    if case.own is None or conclusion.outcome is not Outcome.SATISFIED:
        return Judged(finding=finding)
    return Judged(finding=finding, until=_find_end(case.own, criterion), rehearsed=case.own.record.rehearsal)


def _make_case(criterion: Criterion, folder: RecordFolder, records: Sequence[Attestation], at: datetime) -> _Case:
    own = next((each for each in records if each.criterion == criterion.id), None)
    others = (each for each in records if each is not own and not describe_illegible(each))
    return _Case(
        criterion=criterion,
        folder=folder,
        own=own,
        others=tuple(each.subject for each in others if each.record.criterion == criterion.id),
        illegible=describe_illegible(own) if own else "",
        at=at,
    )


def describe_illegible(fact: Attestation) -> str:
    """Say why a record can't be used; nothing for one that can."""
    try:
        assert fact.record
    except NotObserved as unread:
        return unread.conclusion.reason
    return ""


def _list_flaws(case: _Case) -> list[Flaw]:
    if case.own is not None:
        return [] if case.illegible else list(find_flaws(case.own, case.criterion, case.at))
    file = f"{case.folder.subject}/{case.criterion.id}.toml"
    if case.others:
        says = f"{', '.join(case.others)}, whose name is another"
        return [Flaw(says, f"Rename {case.others[0]} to {file}.", "under another name")]
    return [Flaw(f"no {file}", _AGAIN.format(case.criterion.id), "no record")]


def _list_doubts(case: _Case) -> list[Flaw]:
    """Return why nobody can say whether the record counts."""
    if case.own is None:
        return []
    if case.illegible:
        return [Flaw(case.illegible, f"Mend {case.own.subject}, or write it anew: prodgate attest {case.criterion.id}")]
    both = ", ".join((case.own.subject, *case.others))
    twice = Flaw(f"{both} speak of the same criterion, and only one can hold", f"Keep one of {both}.")
    unread = [Flaw(each, "Make it readable, or record what is.") for each in find_doubts(case.own)]
    return [*([twice] if case.others else []), *unread]


def _judge(case: _Case, flaws: Sequence[Flaw], doubts: Sequence[Flaw]) -> None:
    """Raise unless the record holds."""
    criterion, own = case.criterion, case.own
    if case.only_production:
        raise criterion.only_production("what is looked at is production's, and this is a rehearsal")
    if flaws:
        signed = f" ({own.signature})" if own else ""
        observed = "; ".join(flaw.observed for flaw in flaws) + signed
        criterion.hold(False, expected=_EXPECTED, observed=observed, aspect="; ".join(flaw.kind for flaw in flaws))
    if own is not None and not case.illegible and criterion.bound is not None:
        criterion.require(state_age(case.at - own.oldest))
    if doubts:
        raise criterion.undetermined(doubts[0].observed)
    if own is not None:
        criterion.hold(True, expected=_EXPECTED, observed="", held=describe(own, case.at))


def state_age(age: timedelta) -> Quantity:
    """Return an age in days, rounded up, so that nothing is called younger than it is."""
    days = Decimal(str(age.total_seconds())) / _DAY
    return Quantity.days(max(Decimal(0), days.quantize(_PART, ROUND_CEILING)))


def describe(fact: Attestation, at: datetime) -> str:
    """Say of a record that holds who stands for it, of when it is, how long it holds, and whether it is signed."""
    record = fact.record
    people = " and ".join(str(each) for each in (record.by, record.second) if each)
    made = "of this rehearsal" if record.when is None else f"{state_age(at - fact.oldest)} old"
    until = "" if record.valid_until is None else f", valid until {record.valid_until:%Y-%m-%d}"
    rehearsed = ", made for rehearsals" if record.rehearsal else ""
    return f"{made}{until}, by {people}, {fact.signature}{rehearsed}"


def _find_end(fact: Attestation, criterion: Criterion) -> datetime | None:
    """Return when a record stops counting: when it says so, or when it grows older than the criterion allows."""
    ends = [fact.record.valid_until] if fact.record.valid_until else []
    if criterion.bound is not None and criterion.bound.limit is not None and fact.record.when is not None:
        ends.append(fact.oldest + timedelta(seconds=float(criterion.bound.limit.base)))
    return min(ends, default=None)


def _make_finding(criterion: Criterion, conclusion: Conclusion, own: Attestation | None, remedy: str) -> Finding:
    made = Finding(
        criterion=criterion.id,
        check=check_name(criterion.id),
        layer=LAYER,
        subject=own.subject if own else f"(record of {criterion.id})",
        outcome=conclusion.outcome,
        expected=conclusion.expected,
        observed=conclusion.observed,
        reason=conclusion.reason,
        needs=conclusion.needs,
        aspect=conclusion.aspect,
        where=(f"{own.subject}:1",) if own else (),
    )
    return made if made.outcome is Outcome.SATISFIED else replace(made, remedy=remedy)


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


# ── What the layer concludes


def list_questions(stated: CriteriaFile) -> Sequence[tuple[str, str]]:
    """Return (check, criterion) of each criterion that asks for a record; it is judged here, whoever states it."""
    return [(check_name(id_), id_) for id_, each in stated.criteria.items() if LAYER in each.layers]


def conclude(facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge each criterion as of the beginning of the run, and say which records are soon due."""
    at = datetime.fromisoformat(read_json((context.run / "run.json").read_text("utf-8"))["started"])
    criteria = context.stated.criteria
    judged = {key: judge_criterion(criteria[key[1]], facts, at) for key in list_questions(context.stated)}
    for text in (*describe_rehearsed(judged.values()), *describe_due(judged.values(), at, context.stated)):
        context.note(LAYER, text)
    return {key: [each.finding] for key, each in judged.items()}
