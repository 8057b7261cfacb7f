"""``prodgate attest``: record what people say of a criterion, and list what is due."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ..aws.answers import Unreadable
from ..criteria import Criterion, UsageError, suggest
from ..facts import Facts
from ..facts.attested.records import Attestation
from ..findings import Outcome
from ..layers.attested.due import list_due
from ..layers.attested.facts import facts_of
from ..layers.attested.judging import Judged, describe_illegible, judge_criterion
from ..layers.attested.kinds import RECORD
from ..layers.attested.observing import Place, look_at_record, observe_records
from ..layers.attested.writing import render_record, write_record
from ..quantities import Quantity
from ..report.text import visible
from ..run.commits import ask_or_nothing
from ..sections.attestations_file import Person, Record, parse_attestation
from ..sections.project import open_project
from ..sections.targets import parse_target
from ..sections.validation import parse_quantity
from .attest_questions import Ask, Interview, describe_question, make_record


def attest(args: argparse.Namespace) -> int:
    """Write a record, or list what is due: 0 when nothing is, else 1."""
    target = parse_target(args.target)
    project = open_project(args.criteria)
    place = Place(
        project=project.root,
        stated=project.stated,
        rehearsal=target.rehearsal if args.due else args.rehearsal,
        runs=args.runs,
        now=datetime.now(UTC),
    )
    if args.due:
        return _show_due(place, args.within, named=args.criterion)
    criterion = _find_criterion(place, args.criterion)
    file = place.project / place.file_of(criterion.id)
    ask = _ask if sys.stdin.isatty() else None
    overwrite = args.overwrite or _may_overwrite(file, ask)
    if ask is not None:
        _say(*describe_question(criterion, place))
    asking = Interview(given=args, ask=ask, user=_name_user(place.project), known=_list_known(place), tell=_tell)
    record = make_record(asking, criterion, place)
    text = render_record(record)
    judged = _judge(place, criterion, text, parse_attestation(text, file.name, place.now))
    write_record(file, text, overwrite=overwrite)
    _say(f"{place.file_of(criterion.id)}: written: {judged.finding.observed}")
    return 0


def _find_criterion(place: Place, id_: str | None) -> Criterion:
    """Return the criterion that is named. Raises UsageError for one that asks for no record."""
    asking = [each for each, criterion in place.stated.criteria.items() if "attested" in criterion.layers]
    if id_ is None:
        raise UsageError(
            f"no criterion is named; write --due, or one of {', '.join(asking) or '(none asks for a record)'}"
        )
    if id_ not in asking:
        raise UsageError(
            f"{id_!r} is no criterion that asks for a record{suggest(id_, asking)}; see prodgate attest --due"
        )
    return place.stated.criteria[id_]


def _may_overwrite(file: Path, ask: Ask | None) -> bool:
    """Whether somebody says that an earlier record may go. Raises UsageError when nobody does."""
    if not file.exists():
        return False
    if ask is not None and ask(f"{file} is there already. Replace it? [y/N] ").strip().casefold() in ("y", "yes"):
        return True
    raise UsageError(f"{file}: is there already; write --overwrite to put another record in its place")


def _judge(place: Place, criterion: Criterion, text: str, record: Record) -> Judged:
    """Return what the gate says of a record that is not written yet. Raises UsageError when it would not count."""
    folder = next(iter(observe_records(place)))
    at = {"rehearsal": place.rehearsal, "asked": place.now.isoformat()}
    named = {"file": place.file_of(criterion.id), "criterion": criterion.id}
    facts = facts_of([folder, (RECORD, {**named, **at, **look_at_record(place, text, record)})], {})
    judged = judge_criterion(criterion, facts, place.now)
    if (found := judged.finding).outcome is not Outcome.SATISFIED:
        said = f"{found.observed or found.reason}{f', expected {found.expected}' if found.expected else ''}"
        raise UsageError(f"{criterion.id}: would not count, and nothing is written: {said}; {found.remedy}")
    return judged


def _show_due(place: Place, within: str | None, *, named: str | None) -> int:
    if named is not None:
        raise UsageError(f"{named!r}: --due lists every criterion; leave it out")
    soon = _parse_within(within) if within else place.stated.attested.due
    judged = _judge_all(place)
    due = list(list_due(judged, place.now, soon))
    for each in due:
        _say(f"{each.criterion}: {each.why}", f"  {each.remedy}")
    if not due:
        held = sum(each.finding.outcome is Outcome.SATISFIED for each in judged)
        rehearsed = sum(each.rehearsed for each in judged)
        _say(f"nothing is due within {soon}: {held} records hold, {rehearsed} of them made for rehearsals")
    return 1 if due else 0


def _parse_within(text: str) -> Quantity:
    quantity, mistakes = parse_quantity("--within", text, "time", "30d")
    if quantity is None or quantity.base < 0:
        raise UsageError("; ".join(mistakes) or f"--within: is {text!r}; write a time to come, e.g. 30d")
    return quantity


def _judge_all(place: Place) -> list[Judged]:
    """Judge every criterion that asks for a record. Raises UsageError when the folder can't be read."""
    facts = _read_facts(place)
    asking: Iterable[Criterion] = (each for each in place.stated.criteria.values() if "attested" in each.layers)
    return [judge_criterion(each, facts, place.now) for each in asking]


def _read_facts(place: Place) -> Facts:
    try:
        return facts_of(list(observe_records(place)), {})
    except Unreadable as error:
        raise UsageError(error.reason) from error


def _name_user(root: Path) -> str:
    """Return whom git takes for the user of a project, with the address."""
    name, address = (ask_or_nothing(root, "config", key) for key in ("user.name", "user.email"))
    return f"{name} <{address}>" if name and address else name or address


def _list_known(place: Place) -> tuple[Person, ...]:
    """Return who stands for the records that are there. Raises UsageError when the folder can't be read."""
    records = _read_facts(place).of(Attestation)
    legible = [fact.record for fact in records if not describe_illegible(fact)]
    return tuple(each for record in legible for each in (record.by, record.second) if each)


def _tell(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")


def _ask(question: str) -> str:
    sys.stderr.write(visible(question))
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise UsageError("the answers ended before the questions; nothing is written")
    return line


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))
