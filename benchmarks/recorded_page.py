"""The page about the results of recorded responses."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from recorded_answers import Answered

from prodgate.aws.actions import READS

HEADER = """# What AWS answered to others

Written by `benchmarks/recorded.py`; do not edit. The emulated account and the observers have the same authors, so a
mistake about AWS that both make shows in no rehearsal. Here each observer of the live layer is asked through answers
that are not ours: those that [Cloud Custodian](https://github.com/cloud-custodian/cloud-custodian) recorded on real
accounts (`tests/data/placebo`, and some that its authors wrote by hand), and the examples of AWS's documentation that
botocore brings with it. One of them at a time takes the place of all answers to its operation, in an account that is
our own otherwise. What one resource is odd in may cost that resource alone, with a sentence why.
"""

FOOTER = """
Answers to `GetMetricData` name queries by ids of whoever asked, so those of others answer none of ours: that they take
figures away is not counted.
"""


@dataclass(frozen=True, slots=True)
class Oddity:
    """An unwanted message of the gate that a recorded response led to."""

    source: str
    kind: str
    reason: str


@dataclass
class Outcome:
    """The results of the responses."""

    facts: int = 0
    unread: int = 0
    """Facts of which at least one field is undetermined."""
    crashed: list[Oddity] = field(default_factory=list)
    lost: list[Oddity] = field(default_factory=list)
    """Kinds of fact that a response made unreadable."""
    never_met: list[Answered] = field(default_factory=list)
    """Responses that no observer requested."""


def render_page(seen: Outcome, answers: Sequence[Answered], distinct: Sequence[Answered]) -> Iterator[str]:
    """Yield the lines of the page."""
    called = {(service, operation) for service, names in READS.items() for operation in names}
    known = {one.call for one in distinct}
    yield from (HEADER, "| | |", "| --- | ---: |")
    yield _row("recorded answers of operations that observers call", len(answers))
    yield _row("different ones among them, each of which was given", len(distinct))
    yield _row("errors among these", sum(bool(one.error) for one in distinct))
    yield _row("facts made of them", seen.facts)
    yield _row("facts of which something is undetermined", seen.unread)
    yield _row("times that something was not understood, or an observer raised", len(seen.crashed))
    yield _row("times that an answer took a whole kind of fact away", len(seen.lost))
    yield _row("answers that no observer came to ask for", len(seen.never_met))
    yield _row("operations that observers call", len(called))
    yield _row("of these, met by an answer that is not ours", len(called & known))
    yield from _render_oddities("Not understood", seen.crashed)
    yield from _render_oddities("Kinds that were taken away", seen.lost)
    yield from ("", "## Operations without an answer of others", "")
    yield "Of these our emulator has only AWS's documentation and botocore's models to follow."
    yield ""
    yield from _render_operations(called - known)
    yield FOOTER.rstrip()


def _row(what: str, count: int) -> str:
    return f"| {what} | {count:,} |"


def _render_oddities(title: str, found: Sequence[Oddity]) -> Iterator[str]:
    if not found:
        return
    first: Mapping[tuple[str, str], str] = {(each.kind, each.reason): each.source for each in reversed(found)}
    yield from ("", f"## {title}", "", "| times | kind of fact | what the gate says | of the answer, for one |")
    yield "| ---: | --- | --- | --- |"
    for (kind, reason), count in Counter((each.kind, each.reason) for each in found).most_common():
        yield f"| {count} | {kind} | {reason} | `{first[kind, reason]}` |"


def _render_operations(calls: Iterable[tuple[str, str]]) -> Iterator[str]:
    by_service: dict[str, list[str]] = {}
    for service, operation in sorted(calls):
        by_service.setdefault(service, []).append(operation)
    for service, names in by_service.items():
        yield f"- {service}: {', '.join(names)}"
