"""Results of tests, as JUnit XML states them: complete, of one commit, and none of them failed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ...processes.regular_files import open_regular
from ...quantities import Quantity
from ...semantics.junit import MOST_BYTES, JUnitError, JUnitResults, read_junit
from .. import Fact
from .observations import CHANGED, shorten

#: The file beside results that says of which commit they are, where their properties don't.
NEIGHBOUR: Final = "commit"
#: Characters that identify a commit at least.
_SHORTEST: Final = 7
#: Bytes of a neighbour that can be the name of a commit.
_MOST_SAID: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SuiteResults(Fact):
    """The results of one run of tests; ``subject`` is the file."""

    passed: int
    """Tests that ran and did not fail."""
    failed: tuple[str, ...]
    """Names of tests that failed or broke."""
    skipped: int
    age: Quantity
    """Time from the tests to the moment in which they were read."""


def observe_results(file: Path, name: str, *, now: datetime, commit: str = "") -> dict[str, Any]:
    """Read a file and what it says of its commit; ``commit`` is known already of tests that the gate has run."""
    told: dict[str, Any] = {"file": name, "asked": now.isoformat(), "marks": [commit] if commit else []}
    try:
        with open_regular(file) as opened:
            written = os.fstat(opened.fileno()).st_mtime
            found = read_junit(opened.read(MOST_BYTES + 1))
    except OSError as error:
        return {**told, "unread": f"{name}: {error.strerror}; keep the results of the tests there"}
    except JUnitError as error:
        return {**told, "unread": f"{name}: {error}; write the results again"}
    at = found.at or datetime.fromtimestamp(written, now.tzinfo)
    marks = [*told["marks"], *found.commits, *_read_neighbour(file)]
    return {**told, "marks": marks, "at": at.isoformat(), **_to_json(found)}


def _to_json(found: JUnitResults) -> Mapping[str, Any]:
    return {
        "tests": found.tests,
        "failures": found.failures,
        "failed": list(found.failed),
        "skipped": found.skipped,
        "flaws": list(found.flaws),
    }


def _read_neighbour(file: Path) -> Iterator[str]:
    said = b""
    with suppress(OSError), open_regular(file.with_name(NEIGHBOUR)) as opened:
        said = opened.read(_MOST_SAID + 1)
    if said and len(said) <= _MOST_SAID:
        yield said.decode("utf-8", "replace").strip()


def result_facts(value: Mapping[str, Any], commit: str, before: datetime | None) -> Iterator[SuiteResults]:
    """Yield what is known of stored results, for the release of a commit whose deployment began at ``before``.

    A failure of that commit counts whatever else is missing.
    """
    for one in value["results"]:
        reason = one.get("unread", "") or _find_other_commit(one, commit)
        if not reason and not one["failures"]:
            reason = _find_gap(one, before)
        yield SuiteResults.unread(one["file"], reason) if reason else _make_results(one)


def _make_results(one: Mapping[str, Any]) -> SuiteResults:
    more = one["failures"] - len(one["failed"])
    return SuiteResults(
        subject=one["file"],
        passed=one["tests"] - one["failures"] - one["skipped"],
        failed=(*one["failed"], *([f"and {more:,} more"] if more > 0 else [])),
        skipped=one["skipped"],
        age=_read_age(one),
    )


def _read_age(one: Mapping[str, Any]) -> Quantity:
    took = datetime.fromisoformat(one["asked"]) - datetime.fromisoformat(one["at"])
    return Quantity.seconds(max(0, int(took.total_seconds())))


def _find_other_commit(one: Mapping[str, Any], commit: str) -> str:
    """Say why results are not known to be of a commit; empty when they are."""
    file = one["file"]
    if not commit or commit.endswith(CHANGED):
        return f"{file}: what is to be released is no commit, or differs from it; commit it and test again"
    if not one["marks"]:
        return (
            f"{file}: says not of which commit it is; write <property name={NEIGHBOUR!r} value='…'/> into it, or a "
            f"file {NEIGHBOUR} beside it"
        )
    if strange := [mark for mark in one["marks"] if not _is_same(mark, commit)]:
        return f"{file}: is of {strange[0]!r}, and {shorten(commit)} is to be released; test that"
    return ""


def _find_gap(one: Mapping[str, Any], before: datetime | None) -> str:
    """Say what keeps results without a failure from showing that all tests passed before a time."""
    file, at = one["file"], datetime.fromisoformat(one["at"])
    if one["flaws"]:
        return f"{file}: is not complete: {one['flaws'][0]}"
    if before is not None and at >= before:
        return f"{file}: was written at {at:%H:%M:%S}, after the deployment had begun at {before:%Y-%m-%d %H:%M:%S} UTC"
    if not one["tests"]:
        return f"{file}: holds no test; name the file of the whole suite"
    if one["tests"] == one["skipped"]:
        return f"{file}: all {one['tests']:,} tests were skipped, so that nothing was tested"
    return ""


def _is_same(mark: str, commit: str) -> bool:
    return len(mark) >= _SHORTEST and commit.startswith(mark)
