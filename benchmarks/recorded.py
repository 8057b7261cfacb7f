"""Runs every live observer on responses that AWS gave to others, and prints the results as a page.

Run from the root: PYTHONPATH=. python benchmarks/recorded.py RUN FOLDER… > build/recorded.md

A FOLDER holds responses as placebo records them, such as ``tests/data/placebo`` of Cloud Custodian's repository; the
documented examples that botocore contains are used as well. RUN is a run of the gate with a live layer, whose account
provides all other responses: one recorded response at a time replaces all responses to its operation, and each observer
of the operation runs. If that leads to a request that RUN never made, another recorded response answers it. Exit code
1: something was not understood, or a response about some resources made a whole kind of fact unreadable.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from recorded_answers import Answered, read_examples, read_folder
from recorded_page import Oddity, Outcome, render_page

from prodgate.aws.answers import Absent, Unread, Unreadable
from prodgate.aws.failures import Kind, classify_error
from prodgate.aws.recording import Record, recall, revive, to_plain
from prodgate.evidence import journal
from prodgate.evidence.artifacts import load_json
from prodgate.facts.observers import OBSERVERS, Observer, observe_all
from prodgate.layers.live.observing import ACCOUNT, ANSWERS, make_account
from prodgate.layers.static.repository import ProjectView

Called = tuple[str, str]
#: The gate's messages where it met something unforeseen.
NOT_THOUGHT_OF = ("was not understood", " failed: ")
#: Responses that refer to the request by ids of the caller, and so answer nobody else's request.
NAMED_BY_WHO_ASKS = frozenset({("cloudwatch", "GetMetricData")})
#: The gate's message on requests that neither RUN nor any recording answers.
NO_ANSWER = "no answer is known"


@dataclass
class Mixed:
    """Answers one operation as recorded, others as in a run, and requests that the run never made as recorded."""

    usual: Mapping[Called, Sequence[Record]]
    recorded: Mapping[Called, Sequence[Answered]]
    instead: Answered | None = None
    turn: int = 0
    asked: set[Called] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    """Sources of the recorded responses that were given."""
    _revived: dict[int, Sequence[Any]] = field(default_factory=dict)
    _plain: dict[str, Any] = field(default_factory=dict)

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        """Answer, every page at once. Raises Absent and Unreadable."""
        del whole
        call = service, operation
        self.asked.add(call)
        if self.instead and self.instead.call == call:
            return self._give(self.instead, region)
        known = [one for one in self.usual.get(call, ()) if one.pages]
        same = (one for one in known if one.call.region == region and one.call.parameters == parameters)
        if found := next(same, None) or next(iter(known), None):
            return self._revive(found)
        if others := self.recorded.get(call):
            return self._give(others[self.turn % len(others)], region)
        raise Unreadable(f"{service} {operation} in {region}: {NO_ANSWER}")

    def _revive(self, record: Record) -> Sequence[Any]:
        if id(record) not in self._revived:
            self._revived[id(record)] = record.value()
        return self._revived[id(record)]

    def _give(self, one: Answered, region: str) -> Sequence[Any]:
        self.met.add(one.source)
        if not one.error:
            if one.source not in self._plain:
                self._plain[one.source] = to_plain(one.members)
            return [revive(self._plain[one.source])]
        failure = classify_error(ClientError({"Error": dict(one.error)}, one.operation))
        if failure.kind is Kind.ABSENT:
            raise Absent(failure.code)
        raise Unreadable(failure.reason(one.service, one.operation, region))


@dataclass
class Witness:
    """Runs observers on responses, one after another, and keeps the results."""

    about: Mapping[str, Any]
    project: ProjectView
    mixed: Mixed
    outcome: Outcome = field(default_factory=Outcome)

    def ask_all(self, answers: Sequence[Answered]) -> None:
        """Run the observers of each response's operation."""
        asking, usual = self._find_asking()
        for turn, one in enumerate(answers):
            self.mixed.instead, self.mixed.turn = one, turn
            if asking[one.call]:
                self._note(one, self._observe(asking[one.call]), usual)
        self.outcome.never_met = [one for one in answers if one.source not in self.mixed.met]

    def _find_asking(self) -> tuple[Mapping[Called, list[Observer]], set[type]]:
        """Return the observers that call an operation, and the kinds that the run itself leaves unread."""
        asking: dict[Called, list[Observer]] = defaultdict(list)
        usual: set[type] = set()
        for observer in OBSERVERS:
            self.mixed.asked = set()
            usual |= self._observe([observer]).unreadable.keys()
            for call in self.mixed.asked:
                asking[call].append(observer)
        return asking, usual

    def _observe(self, observers: Iterable[Observer]) -> Any:
        with ThreadPoolExecutor(1, thread_name_prefix="calls") as pool, redirect_stderr(StringIO()):
            account = make_account(self.mixed, self.about, self.project, pool)
            return observe_all(account, {one: OBSERVERS[one] for one in observers})

    def _note(self, one: Answered, facts: Any, usual: set[type]) -> None:
        self.outcome.facts += len(facts.known)
        for fact in facts.known:
            reasons = [each.reason for each in _fields(fact) if isinstance(each, Unread)]
            self.outcome.unread += bool(reasons)
            self._note_reasons(one, type(fact), dict.fromkeys(reasons))
        for kind, reason in facts.unreadable.items():
            expected = one.error or one.call in NAMED_BY_WHO_ASKS or kind in usual
            if not self._note_reasons(one, kind, [reason]) and not expected:
                self.outcome.lost.extend([Oddity(one.source, kind.__name__, reason)] if NO_ANSWER not in reason else [])

    def _note_reasons(self, one: Answered, kind: type, reasons: Iterable[str]) -> bool:
        odd = [reason for reason in reasons if any(words in reason for words in NOT_THOUGHT_OF)]
        self.outcome.crashed.extend(Oddity(one.source, kind.__name__, reason) for reason in odd)
        return bool(odd)


def _fields(fact: Any) -> Iterator[Any]:
    for name in type(fact).__dataclass_fields__:
        yield fact.peek(name)


def open_witness(run: Path, answers: Iterable[Answered]) -> Witness:
    """Return a witness for a run's account that knows these responses."""
    events = journal.read(run / "journal.jsonl")
    live = [event for event in events if event["event"] == "fact" and event["layer"] == "live"]
    stored = [(event["kind"], load_json(run, event["digest"])) for event in live]
    about = next(value for kind, value in stored if kind == ACCOUNT)
    usual: dict[Called, list[Record]] = defaultdict(list)
    for record in recall(value for kind, value in stored if kind == ANSWERS).records.values():
        usual[record.call.service, record.call.operation].append(record)
    recorded: dict[Called, list[Answered]] = defaultdict(list)
    for one in answers:
        recorded[one.call].append(one)
    return Witness(about, ProjectView.from_evidence(about, run), Mixed(usual, recorded))


def main() -> int:
    """Run the observers, and print the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, metavar="RUN", help="a run of the gate with a live layer")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="answers as placebo records them")
    given = parser.parse_args()
    answers = [*read_examples(), *(one for folder in given.folders for one in read_folder(folder))]
    distinct = list({repr((one.call, one.members, one.error)): one for one in answers}.values())
    witness = open_witness(given.run, distinct)
    witness.ask_all(distinct)
    print("\n".join(render_page(witness.outcome, answers, distinct)))
    return 1 if witness.outcome.crashed or witness.outcome.lost else 0


if __name__ == "__main__":
    sys.exit(main())
