"""DAGs that are newer than the window, and runs of which nothing shows how they had ended: not known, and neither bad nor good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.airflow.records import History
from prodgate.dags.declared import DeclaredDag
from prodgate.dags.ledger import SlotState, build_ledger
from prodgate.dags.rates import compute_rates
from prodgate.dags.record_flaws import find_record_flaws
from prodgate.estimates import Estimate
from prodgate.facts.dags.slots import SlotHistory, count_attempts, slot_facts
from prodgate.layers.dags.facts import dag_from_json, dag_to_json
from prodgate.quantities import Bound, Quantity
from prodgate.sections.dags import airflow_mistakes, parse_airflow_section

from .histories import DAG, MINUTE, NOW, SLOTS, event, failed, history, id_of, missing, with_run, with_task

#: A DAG that came with its slot 100 of 120.
YOUNG = dict.fromkeys(range(100), missing)
BEGIN = {DAG.dag_id: SLOTS[100]}
BOUND, SURE = Bound.parse("> 99 %"), Quantity.parse("95 %")


def slots_of(record: History, dag: DeclaredDag = DAG) -> SlotHistory:
    return next(fact for fact in slot_facts((dag,), frozenset(), record) if isinstance(fact, SlotHistory))


def rate(record: History, dag: DeclaredDag = DAG, bound: str = "> 99 %") -> Estimate:
    return compute_rates(dag, record, build_ledger(dag, record)).slot.estimate(Bound.parse(bound), SURE)


def test_what_was_before_a_new_dag_is_not_known() -> None:
    record = history(YOUNG, oldest=BEGIN)
    account = build_ledger(DAG, record)
    assert (account.counts[SlotState.UNKNOWN], account.counts[SlotState.MISSED]) == (100, 0)
    assert (
        account.rows[0].words == "Airflow has no run of this DAG from so long ago: it is new, or its record was cleaned"
    )
    found = rate(record)
    assert not found.is_outside(BOUND)
    assert found.unfinished == "nothing shows what became of 100 slots"
    assert slots_of(record).settled == 20
    missed = slots_of(record).missed
    assert isinstance(missed, Estimate)
    assert 'write since = "YYYY-MM-DD" in [dags.nba_news_scraper]' in missed.unfinished


def test_a_renamed_dag_has_no_slots_before_its_name() -> None:
    renamed = replace(DAG, dag_id="renamed")
    assert build_ledger(renamed, history()).counts[SlotState.UNKNOWN] == 120


@pytest.mark.parametrize("since", [SLOTS[100], SLOTS[99] + MINUTE])
def test_since_a_stated_day_each_slot_counts_and_none_before(since: datetime) -> None:
    record, dag = history(YOUNG | {110: missing}, oldest=BEGIN), replace(DAG, since=since)
    account = build_ledger(dag, record)
    assert (len(account.rows), account.since, account.counts[SlotState.MISSED]) == (20, since, 1)
    assert rate(record, dag).detail == f"since {since:%Y-%m-%d %H:%M} UTC, as is declared"
    assert slots_of(record, dag).missed == Quantity.of(1)
    assert find_record_flaws(dag, record) == ()


def test_a_day_that_is_stated_too_early_shows_what_was_missed() -> None:
    record, dag = history(YOUNG, oldest=BEGIN), replace(DAG, since=SLOTS[90])
    assert build_ledger(dag, record).counts[SlotState.MISSED] == 10
    assert [flaw.kind for flaw in find_record_flaws(dag, record)] == ["cut_off"]


@pytest.mark.parametrize("since", [NOW - timedelta(days=400), NOW + timedelta(days=1)])
def test_a_day_outside_of_the_window_moves_no_end_beyond_the_other(since: datetime) -> None:
    account = build_ledger(replace(DAG, since=since), history())
    assert len(account.rows) == (120 if since < NOW else 0)


def test_a_slot_that_an_old_dag_missed_first_is_missed() -> None:
    record = history({0: missing, 1: missing}, oldest={DAG.dag_id: SLOTS[0] - timedelta(days=90)})
    assert build_ledger(DAG, record).counts[SlotState.MISSED] == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", datetime(2026, 11, 19, 15, tzinfo=UTC)),  # midnight in Tokyo
        ("2026-11-20 09:30", datetime(2026, 11, 20, 0, 30, tzinfo=UTC)),
        ("2026-11-20T09:30:00+00:00", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
    ],
)
def test_since_is_stated_as_a_day_or_a_time_in_the_zone_of_the_dag(text: str, expected: datetime) -> None:
    table = {"cron": "0 */6 * * *", "timezone": "Asia/Tokyo", "since": text}
    dag = parse_airflow_section({"version": "3.0.6", "url": "http://x"}, {"news": table}).dags["news"].declared
    assert dag.since == expected
    assert dag_from_json("news", dag_to_json(dag)) == dag


@pytest.mark.parametrize("stated", ["yesterday", "", 20261120, "2026-13-01", ["2026-11-20"]])
def test_what_is_no_day_is_refused(stated: Any) -> None:
    table = {"cron": "0 */6 * * *", "timezone": "Asia/Tokyo", "since": stated}
    (told,) = airflow_mistakes({"airflow": {"version": "3.0.6", "url": "http://x"}, "dags": {"news": table}})
    assert told.startswith("dags.news.since: is ")
    assert "'2026-11-20'" in told


SLOT, ID = SLOTS[50], id_of(SLOTS[50])
#: A backfill of Airflow 3 keeps the id of the scheduled run that it runs again.
AGAIN = with_run(kind="backfill", run_id=ID, queued=NOW - 90 * MINUTE, started=NOW - 89 * MINUTE, ended=NOW)
ENDS = tuple(
    event("success", ID, SLOT + n * MINUTE, task_id=task) for n, task in enumerate(("fetch", "store"), start=3)
)


@pytest.mark.parametrize("state", ["success", "failed", "running", "queued"])
def test_a_backfill_that_runs_a_scheduled_run_again_leaves_no_missed_slot(state: str) -> None:
    record = history({50: lambda run, tasks: AGAIN(replace(run, state=state), tasks)})
    row = build_ledger(DAG, record).rows[50]
    assert (row.state, row.words.partition(" again")[0]) == (SlotState.UNKNOWN, "a backfill ran the scheduled run")
    assert find_record_flaws(DAG, record) == ()
    assert slots_of(record).missed == Quantity.of(0)


def test_where_the_log_shows_how_it_had_ended_that_decides() -> None:
    row = build_ledger(DAG, history({50: AGAIN}, events=ENDS)).rows[50]
    assert (row.state, row.ended) == (SlotState.ON_TIME, SLOT + 4 * MINUTE)


@pytest.mark.parametrize(
    ("bad", "bound", "state"),
    [
        (0, "> 99 %", "open"),
        (0, "> 90 %", "kept"),
        (3, "> 99 %", "open"),
        (40, "> 99 %", "broken"),
        (40, "> 50 %", "kept"),
    ],
)
def test_what_is_not_known_decides_nothing_that_it_could_change(bad: int, bound: str, state: str) -> None:
    """Of 120 slots two were cleared, and Airflow 3.0 does not log how they had ended."""
    clears = tuple(event("clear_dag_run", id_of(SLOTS[n]), NOW - MINUTE) for n in (50, 60))
    record = history(dict.fromkeys(range(bad), failed), events=clears)
    found = rate(record, bound=bound)
    assert [found.is_within(Bound.parse(bound)), found.is_outside(Bound.parse(bound))] == [
        state == "kept",
        state == "broken",
    ]
    assert found.detail == "nothing shows what became of 2 slots"


@pytest.mark.parametrize(
    ("events", "ended", "bad", "unknown"),
    [
        ((), 241, 1, 0),  # nobody cleared it: a retry
        ((event("clear_dag_run", ID, NOW - MINUTE),), 241, 0, 1),
        ((event("clear_dag_run", ID, NOW - MINUTE), *ENDS, replace(ENDS[0], at=NOW)), 241, 0, 0),
        ((event("clear_dag_run", ID, NOW - MINUTE), event("failed", ID, SLOT, task_id="fetch")), 241, 1, 0),
    ],
)
def test_a_good_task_that_was_cleared_had_no_failed_try(events: Any, ended: int, bad: int, unknown: int) -> None:
    found = count_attempts("here", (DAG,), history({50: with_task(tries=2)}, events=events))
    assert (found.ended, found.failed, found.unknown) == (ended, bad, unknown)
