"""``prodgate attest``: record what people say of a criterion, question by question, and list what is due."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from ..aws.answers import Unreadable
from ..criteria import Criterion, UsageError, suggest
from ..facts import Facts
from ..facts.attested.records import Attestation
from ..findings import Outcome
from ..layers.attested.facts import RECORD, facts_of
from ..layers.attested.judging import Judged, describe_illegible, judge_criterion, list_due
from ..layers.attested.observing import Place, look_at_document, look_at_record, observe_records
from ..processes.output import visible
from ..quantities import Quantity
from ..run.revisions import ask_or_nothing
from ..sections.attested import REHEARSAL, Person, Record, is_inside, parse_attestation, read_terms
from ..sections.fields import parse_quantity
from ..sections.project import open_project
from ..sections.targets import parse_target
from ..sections.toml_text import write_string
from ..semantics.names import names_same_person, says_nothing
from .output import say

# ── The text of a record, and its file, which is there whole or not at all

_HEADER: Final = "# What people say of this criterion, and what they looked at. Write it anew: prodgate attest {}\n"
_REHEARSED: Final = """#
# Made for rehearsals: nobody looked at a real system, and it never counts on a real account. It is as old as the
# rehearsal that reads it, and holds as long as its documents are unchanged.
"""


def render_record(record: Record) -> str:
    """Return a record as TOML."""
    return "".join(_render(record))


def _render(record: Record) -> Iterator[str]:
    yield from (
        _HEADER.format(record.criterion),
        f"{_REHEARSED}\n{REHEARSAL} = true\n" if record.rehearsal else "\n",
        f"criterion = {write_string(record.criterion)}\nstatement = {write_string(record.statement)}\n",
        f"when = {_moment(record.when)}\nvalid_until = {_moment(record.valid_until)}\n",
    )
    for key, values in (("runs", record.runs), ("links", record.links)):
        if values:
            yield f"{key} = [{', '.join(map(write_string, values))}]\n"
    yield from _render_person("by", record.by)
    yield from _render_person("second", record.second) if record.second else ()
    for path, digest in record.documents.items():
        yield f"\n[[documents]]\npath = {write_string(path)}\nsha256 = {write_string(digest)}\n"


def _render_person(key: str, person: Person) -> Iterator[str]:
    yield f"\n[{key}]\nname = {write_string(person.name)}\nrole = {write_string(person.role)}\n"


def _moment(at: datetime | None) -> str:
    return write_string(REHEARSAL) if at is None else at.isoformat()


def write_record(file: Path, text: str, *, overwrite: bool) -> None:
    """Write a record's file in one step. Raises UsageError when there is one and it may not be overwritten."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with partial.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if overwrite:
            partial.replace(file)
        else:
            os.link(partial, file)
    except FileExistsError:
        raise UsageError(f"{file}: is there already; write --overwrite to put another record in its place") from None
    finally:
        partial.unlink(missing_ok=True)


# ── Questions and answers

#: How long a record of a criterion without a bound holds.
_LONGEST: Final = timedelta(days=365)

T = TypeVar("T")
Ask = Callable[[str], str]
"""Shows a question and returns the answer; empty for the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """Where answers come from."""

    given: argparse.Namespace
    ask: Ask | None
    """None where nobody can be asked."""
    user: str
    """Whom git takes for the user; empty where it knows none."""

    known: tuple[Person, ...] = ()
    """The people who signed other records."""
    tell: Callable[[str], None]
    """Shows why an answer can't be used, before it is asked for again."""

    def answer(self, key: str, question: str, default: str = "") -> str:
        """Return what the command line states, or what a person answers. Raises UsageError when there is nothing."""
        return self.parse(key, question, default, _parse_text)

    def parse(self, key: str, question: str, default: str, parse: Callable[[str, str], T]) -> T:
        """Return the meaning of an answer; ask again if that is possible. Raises UsageError."""
        option = f"--{key.replace('_', '-')}"
        stated: str | None = getattr(self.given, key)
        if stated is not None or self.ask is None:
            return parse(option, stated or default)
        while True:
            said = self.ask(f"{question}{f' [{default}]' if default else ''}: ").strip()
            try:
                return parse(option, said or default)
            except UsageError as error:
                self.tell(str(error))


def _parse_text(option: str, text: str) -> str:
    if says_nothing(text):
        raise UsageError(f"{option}: is missing; write it, or answer in a terminal")
    return text


def make_record(interview: Interview, criterion: Criterion, place: Place) -> Record:
    """Ask for everything that a record states. Raises UsageError for an answer that can't be used."""
    given = interview.given
    statement = interview.answer("statement", "What did you look at, and what did you find?")
    by = _ask_person(interview, "", ("Your name", "Your role"), interview.user)
    second = _ask_second(interview, criterion)
    when, until = (None, None) if given.rehearsal else _ask_times(interview, criterion, place.now)
    named = [*filter(None, (read_terms(criterion).document,)), *given.document]
    if interview.ask is not None and not named:
        named = [
            each for each in [interview.ask("Document that you looked at, by its path (empty: none): ").strip()] if each
        ]
    return Record(
        criterion=criterion.id,
        statement=statement,
        by=by,
        second=second,
        when=when,
        valid_until=until,
        documents=dict(_digest(named, place)),
        runs=tuple(dict.fromkeys(given.run)) or _ask_run(interview, criterion),
        links=tuple(dict.fromkeys(given.link)),
        rehearsal=given.rehearsal,
    )


def _ask_second(interview: Interview, criterion: Criterion) -> Person | None:
    given = interview.given
    if read_terms(criterion).attested_by < 2 and given.second_name is None and given.second_role is None:
        return None
    return _ask_person(interview, "second_", ("Name of the other person who looked", "Their role"), "")


def _ask_person(interview: Interview, prefix: str, questions: tuple[str, str], user: str) -> Person:
    """Ask for a name, then for a role: by default the one that the person had in an earlier record."""
    name = interview.answer(f"{prefix}name", questions[0], user)
    role = next((each.role for each in interview.known if names_same_person(each.name, name)), "")
    return Person(name=name, role=interview.answer(f"{prefix}role", questions[1], role))


def _ask_run(interview: Interview, criterion: Criterion) -> tuple[str, ...]:
    layer = read_terms(criterion).shown_by
    if not layer or interview.given.rehearsal or interview.ask is None:
        return ()
    said = interview.ask(f"Run of the gate that judged the {layer} layer, by its id: ").strip()
    return (said,) if said else ()


def _ask_times(interview: Interview, criterion: Criterion, now: datetime) -> tuple[datetime, datetime]:
    when = interview.parse("when", "When", now.astimezone().replace(microsecond=0).isoformat(), _parse_moment)
    bound = criterion.bound.limit if criterion.bound else None
    longest = when + (timedelta(seconds=float(bound.base)) if bound else _LONGEST)
    return when, interview.parse("valid_until", "Valid until", longest.isoformat(), _parse_moment)


def _parse_moment(option: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UsageError(f"{option}: {text!r} is no time with a zone; write e.g. 2026-11-27T09:30+09:00")
    return at


def _digest(paths: list[str], place: Place) -> Iterator[tuple[str, str]]:
    for path in dict.fromkeys(paths):
        if not is_inside(path):
            raise UsageError(f"{path}: is no path of a file inside {place.project}; write it from there, without ..")
        seen = look_at_document(place.project, path)
        if not seen.digest:
            raise UsageError(f"{path}: {seen.wrong or seen.unread}; name a file of {place.project}")
        yield path, seen.digest


def describe_question(criterion: Criterion, place: Place) -> Iterator[str]:
    """Describe the criterion of a record, before the first question."""
    yield f"{criterion.id}: {criterion.statement}"
    yield f"  why:  {criterion.why}"
    asked = read_terms(criterion)
    if asked.document:
        seen = look_at_document(place.project, asked.document)
        state = f"sha256 {seen.digest[:12]}…" if seen.digest else seen.wrong or seen.unread
        yield f"  read: {asked.document} ({state})"
    if asked.attested_by > 1:
        yield "  two people must stand for it"


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
        say(*describe_question(criterion, place))
    asking = Interview(given=args, ask=ask, user=_name_user(place.project), known=_list_known(place), tell=_tell)
    text = render_record(make_record(asking, criterion, place))
    judged = _judge(place, criterion, text, parse_attestation(text, file.name, place.now))
    write_record(file, text, overwrite=overwrite)
    say(f"{place.file_of(criterion.id)}: written: {judged.finding.observed}")
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
        say(f"{each.criterion}: {each.why}", f"  {each.remedy}")
    if not due:
        held = sum(each.finding.outcome is Outcome.SATISFIED for each in judged)
        rehearsed = sum(each.rehearsed for each in judged)
        say(f"nothing is due within {soon}: {held} records hold, {rehearsed} of them made for rehearsals")
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
    legible = [fact.record for fact in _read_facts(place).of(Attestation) if not describe_illegible(fact)]
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
