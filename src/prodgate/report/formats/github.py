"""Annotations of a GitHub Actions job: lines that the runner reads from the output of a step.

GitHub keeps ten errors, ten warnings and ten notices of a step and drops the rest in silence, so that what is beyond
them is counted here. The page of the job is ``summary.md`` of the run.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ...findings import Outcome
from ...processes.output import inert
from ...verdict import Decision
from ..text import shorten
from .source import Result, Source, list_alerts, plain

#: Annotations of one kind that GitHub keeps of a step.
MOST: Final = 10
#: Longest message; more of it is not shown.
_LONGEST: Final = 1_000

_LEVELS: Final = {Decision.GO: "notice", Decision.NO_GO: "error", Decision.INSUFFICIENT: "warning"}


def render_github(source: Source) -> str:
    """Return the workflow commands, the verdict first. The same run gives the same lines."""
    return "\n".join(_lines(source)) + "\n"


def _lines(source: Source) -> Iterator[str]:
    level = _LEVELS[source.verdict.decision]
    yield _command(level, source.describe(), title=f"prod-gate: {source.verdict.decision}")
    by_level: dict[str, list[Result]] = {"error": [], "warning": [], "notice": []}
    for result in list_alerts(source.verdict):
        by_level[_level(result)].append(result)
    for kind, results in by_level.items():
        yield from _annotate(kind, results, MOST - (kind == level))


def _level(result: Result) -> str:
    if result.deferred or result.finding.outcome is Outcome.WAIVED:
        return "notice"
    return "error" if result.finding.outcome is Outcome.NOT_SATISFIED else "warning"


def _annotate(level: str, results: Sequence[Result], room: int) -> Iterator[str]:
    """Yield one annotation for each result, the last one with how many there was no room for."""
    shown = results if len(results) <= room else results[: room - 1]
    for result in shown:
        remedy = f" Remedy: {plain(result.remedy)}" if result.remedy else ""
        place = result.finding.where[0] if result.finding.where else ""
        yield _command(level, f"{result.describe()}{remedy}", title=result.finding.criterion, place=place)
    if more := len(results) - len(shown):
        yield _command(level, f"and {more:,} more; the report of the run has them all", title="prod-gate")


def _command(level: str, message: str, *, title: str, place: str = "") -> str:
    file, _, line = place.rpartition(":")
    named = {"file": file, "line": line} if file and line.isdigit() else {}
    properties = ",".join(f"{key}={_escape(value, '%:,')}" for key, value in {**named, "title": plain(title)}.items())
    return f"::{level} {properties}::{_escape(shorten(plain(message), _LONGEST), '%')}"


def _escape(text: str, special: str) -> str:
    """Return a text in which nothing ends a property or the line, as the runner reads it, or begins a command."""
    return "".join(f"%{ord(char):02X}" if char in special or char in "\r\n" else char for char in inert(text))
