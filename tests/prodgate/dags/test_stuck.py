from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from prodgate.airflow.records import Heartbeat, History
from prodgate.dags.stuck import find_stuck

from .histories import DAG, HOUR, NOW, SLOTS, Change, history, id_of, with_run, with_task

ID = id_of(SLOTS[119])
LONG = NOW - 2 * HOUR - timedelta(seconds=1)


def found(change: Change, **fields: Any) -> list[tuple[str, str, str]]:
    return [(flaw.kind, flaw.run_id, flaw.words) for flaw in find_stuck(DAG, history({119: change}, **fields))]


def running(**changes: Any) -> Change:
    def change(run: Any, tasks: list[Any]) -> tuple[Any, list[Any]]:
        return replace(run, state="running", started=NOW - HOUR, ended=None), [replace(tasks[0], **changes), tasks[1]]

    return change


def test_a_good_month_has_nothing_that_hangs() -> None:
    assert find_stuck(DAG, history()) == ()


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (with_run(state="running", started=LONG), "run_stuck", "running since 2026-11-26 11:59:59 UTC; the limit is 7,200 s"),
        (with_run(state="queued", started=None, queued=LONG), "queued", "queued since 2026-11-26 11:59:59 UTC; the limit is"),
        (with_run(state="queued", started=None, queued=None), "queued", "queued since 2026-11-26 09:00:00 UTC"),
        (with_run(state="running", started=None, queued=None, slot=None), "run_stuck", "running since an unknown time"),
        (running(state="queued", queued=LONG), "queued", "fetch queued since 2026-11-26 11:59:59 UTC"),
        (running(state="scheduled", queued=LONG, map_index=2), "queued", "fetch[2] scheduled since 2026-11-26 11:59:59 UTC"),
        (with_task(state="running"), "zombie", "fetch running since 2026-11-26 09:00:03 UTC, in a run that ended as success"),
    ],
)  # fmt: skip
def test_what_hangs(change: Change, kind: str, words: str) -> None:
    ((is_kind, run_id, says),) = found(change)
    assert (is_kind, run_id) == (kind, ID)
    assert says.startswith(words)


@pytest.mark.parametrize(
    "change",
    [
        with_run(state="running", started=NOW - 2 * HOUR),
        with_run(state="queued", started=None, queued=NOW - 2 * HOUR),
        running(state="queued", queued=NOW - 2 * HOUR),
        running(state="running"),
        running(state="", queued=None),
    ],
)
def test_what_only_takes_its_time(change: Change) -> None:
    assert found(change) == []


@pytest.mark.parametrize("beats", [(), (Heartbeat(component="scheduler", healthy=False, at=NOW),)])
def test_without_a_scheduler_nobody_notices_that_a_task_died(beats: tuple[Heartbeat, ...]) -> None:
    ((kind, _, words),) = found(running(state="running"), heartbeats=beats)
    assert kind == "zombie"
    assert words == "fetch running since 2026-11-26 09:00:03 UTC, and no scheduler lives that would notice its end"


def test_runs_of_other_dags_are_theirs() -> None:
    record: History = history({119: with_run(state="running", started=LONG)})
    assert find_stuck(replace(DAG, dag_id="other"), record) == ()
