"""The build that serves before a release, on the schema after its migrations: what readers met until traffic moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.answers import Unreadable
from ...quantities import Quantity
from .. import Fact
from .migration_runs import MigrationRuns
from .requests import find_first_move, why_unsound
from .watched import require_format


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OldBuildOnNewSchema(Fact):
    """Requests that were due after the migrations had ended and before traffic moved; ``subject`` says to where."""

    requests: int
    failed: Quantity
    told: str
    """What failed, by kind, and how many."""


def judge_old_build(record: Mapping[str, Any], runs: MigrationRuns) -> OldBuildOnNewSchema:
    """Return what the record of a watch shows of the build before. Raises Unreadable when it shows nothing."""
    require_format(record)
    stream = record["stream"]
    why = (record["silent"] or "no requests were sent") if stream is None else why_unsound(stream)
    if why:
        raise Unreadable(why)
    first, end = _find_span(record, runs)
    failed = Counter(one["class"] for one in stream["failures"] if first <= one["at"] < end)
    lines = [f"{number:,} {kind}" for kind, number in failed.items()]
    return OldBuildOnNewSchema(
        subject=f"{stream['plan']['url']} from the migration to the shift",
        requests=int((end - first) * stream["plan"]["rate"]),
        failed=Quantity.of(failed.total()),
        told=", ".join(lines),
    )


def _find_span(record: Mapping[str, Any], runs: MigrationRuns) -> tuple[float, float]:
    """Return the seconds of the stream from the end of the migrations to the last look before traffic moved."""
    began, moved = record["stream"]["began"], find_first_move(record)
    if moved is None:
        raise Unreadable("traffic was never seen to move; watch the deployment from its beginning")
    if runs.ended is None:
        raise Unreadable("a migration runs still")
    first, end = max(0.0, runs.ended.timestamp() - began), moved - began
    if end <= first:
        raise Unreadable(
            "traffic had moved when the migrations had ended, so that the build before never had their schema"
        )
    return first, end
