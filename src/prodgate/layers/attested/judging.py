"""Judging what people say: one finding for each criterion that asks for a record, with what to do where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from ...criteria import Criterion
from ...facts import Facts
from ...facts.attested.records import Attestation, RecordFolder
from ...faults import conclude
from ...findings import Concluded, Conclusion, Finding, NotObserved, Outcome
from ...judgement import open_judgement
from ...quantities import Quantity
from .flaws import Flaw, find_doubts, find_flaws

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
        reason = facts.why_unreadable(RecordFolder)
        unknown = criterion.undetermined(reason).conclusion
        return Judged(finding=_make_finding(criterion, unknown, None, "Mend what stops the gate from reading records."))
    case = _make_case(criterion, folder, facts.of(Attestation), at)
    flaws, doubts = _list_flaws(case), _list_doubts(case)
    with open_judgement(criterion) as judgement:
        ended = None
        try:
            _judge(case, flaws, doubts)
        except Concluded as concluded:
            ended = concluded.conclusion
    conclusion = conclude(judgement, criterion, ended=ended)
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
    """Return why the record does not count."""
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
