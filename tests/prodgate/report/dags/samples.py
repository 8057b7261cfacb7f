"""Runs made by hand whose DAGs have a history: read from a small Airflow, so that the evidence is as the layer keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prodgate.airflow.observing import observe_history
from prodgate.criteria import Criterion
from prodgate.dags import cron
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.evidence.artifacts import store_json
from prodgate.evidence.runs import Run
from prodgate.layers.dags.facts import dag_to_json
from prodgate.layers.dags.kinds import DECLARED, HISTORY
from prodgate.quantities import Quantity

from ...airflow.fake import NOW, Fake, a_dag, a_run, a_task, an_event, components, written
from ...airflow.wrong_answers import Asking
from ..samples import criterion, fact, finding, run

Row = dict[str, Any]

#: What a slot's run and its task become; None for a slot without a run.
Change = Callable[[Row, Row], tuple[Row, Row] | None]

SIX_HOURS, DAILY, SECONDS = "0 */6 * * *", "0 2 * * *", "* * * * * */15"


def dag(name: str = "news", cron: str = SIX_HOURS, *, zone: str = "Asia/Tokyo", **durations: timedelta) -> DeclaredDag:
    """Return a declared DAG."""
    given = {"window": timedelta(days=30), "grace": timedelta(minutes=30), "limit": timedelta(hours=2), **durations}
    return DeclaredDag(dag_id=name, schedule=Schedule(cron=cron, timezone=zone), **given)


def as_it_is(run: Row, task: Row) -> tuple[Row, Row]:
    """On time."""
    return run, task


def missed(_run: Row, _task: Row) -> None:
    """No run."""


def failed(run: Row, task: Row) -> tuple[Row, Row]:
    return run | {"state": "failed"}, task | {"state": "failed", "try_number": 3}


def late(run: Row, task: Row) -> tuple[Row, Row]:
    return run | {"end_date": written(datetime.fromisoformat(run["run_after"]) + timedelta(hours=1))}, task


def retried(run: Row, task: Row) -> tuple[Row, Row]:
    return run, task | {"try_number": 2}


def open_(run: Row, task: Row) -> tuple[Row, Row]:
    """Still running; stuck when it began long ago."""
    return run | {"state": "running", "end_date": None}, task | {"state": "running", "end_date": None}


def backfilled(run: Row, task: Row) -> tuple[Row, Row]:
    return run | {"run_type": "backfill", "dag_run_id": f"backfill__{run['run_after']}"}, task


def taken_over(run: Row, task: Row) -> tuple[Row, Row]:
    """Run again by a backfill that keeps the scheduled run's id, so that nobody knows how it had ended."""
    return run | {"run_type": "backfill"}, task


def by_hand(run: Row, task: Row) -> tuple[Row, Row]:
    return run | {"run_type": "manual", "dag_run_id": f"manual__{run['run_after']}"}, task


def off_schedule(run: Row, task: Row) -> tuple[Row, Row]:
    """For seven minutes after the hour, which is no slot."""
    return run | {"run_after": run["run_after"].replace(":00:00", ":07:00")}, task


def named(run_id: str, change: Change = as_it_is) -> Change:
    """Return the change with another id for the run."""

    def changed(run: Row, task: Row) -> tuple[Row, Row] | None:
        found = change(run, task)
        return found and ({**found[0], "dag_run_id": run_id}, found[1])

    return changed


def airflow(dags: Mapping[DeclaredDag, Mapping[int, Change]]) -> Fake:
    """Return an Airflow that ran each DAG in each of its slots, but for changes by the number of the slot."""
    runs, tasks = [], []
    for each, changes in dags.items():
        for number, slot in enumerate(cron.list_slots(each.schedule, NOW - each.window, NOW)):
            made = a_run(each.dag_id, f"scheduled__{slot.isoformat()}", slot, ended=slot + timedelta(seconds=9))
            found = changes.get(number, as_it_is)(made, a_task(made, "collect"))
            if found is not None:
                runs.append(found[0])
                tasks.append(found[1] | {"dag_run_id": found[0]["dag_run_id"]})
    served = {each.dag_id: a_dag(each.dag_id, timetable_summary=each.schedule.cron) for each in dags}
    began = [an_event(1, "cli_scheduler", NOW - timedelta(days=90), None)]
    return Fake(dags=served, runs=runs, tasks=tasks, events=began, health=components())


def declared(dags: Iterable[DeclaredDag]) -> dict[str, Any]:
    """Return what the layer keeps of what is declared."""
    tables = {each.dag_id: dag_to_json(each) for each in dags}
    return {
        "place": "Airflow", "version": "3.0.6", "dags": tables, "files": {}, "collecting": [], "acknowledged": [],
    }  # fmt: skip


def success_rate(id_: str = "dag-success-rate", **fields: Any) -> Criterion:
    """Return the criterion that judges slots."""
    given = {"layers": ("dags",), "needs_production": id_ == "dag-success-rate", "window": Quantity.parse("30 d")}
    return criterion(id_, require="> 99 %", **{**given, **fields})


def scheduled(
    directory: Path,
    dags: Mapping[DeclaredDag, Mapping[int, Change]],
    *,
    criteria: Iterable[Criterion] = (success_rate(), success_rate("dag-success-rate-rehearsed")),
    fake: Fake | None = None,
    **about: Any,
) -> Run:
    """Return a run whose evidence holds the history of these DAGs."""
    since = NOW - max((each.window for each in dags), default=timedelta(days=1))
    answers = observe_history(Asking(fake or airflow(dags)), [each.dag_id for each in dags], since=since, now=NOW)
    kept = {DECLARED: declared(dags), HISTORY: {"place": "Airflow", **answers}}
    facts = [fact(kind, "Airflow", store_json(directory, value), "dags") for kind, value in kept.items()]
    stated = list(criteria)
    found = [finding(each.id, "satisfied", "news", layer="dags", check="slots", evidence=()) for each in stated]
    return replace(run(stated, found, facts=tuple(facts), layers=("dags",), **about), path=directory)


def troubled() -> dict[DeclaredDag, dict[int, Change]]:
    """Return DAGs of each kind of calendar, with a slot in every state."""
    states: dict[int, Change] = {
        3: failed, 20: missed, 21: missed, 40: late, 41: retried, 60: backfilled, 61: by_hand, 80: open_, 119: open_,
    }  # fmt: skip
    return {
        dag(): {**states, 100: named("scheduled by another name", failed)},
        dag("cleanup", DAILY): {5: failed, 9: retried},
        dag("eight", "0 */3 * * *", window=timedelta(days=3)): {5: late},
        dag("hourly", "0 * * * *", window=timedelta(days=4)): {50: failed, 52: retried},
        dag("fast", SECONDS, window=timedelta(seconds=200), grace=timedelta(seconds=40)): {4: missed, 12: missed},
        dag("minutes", "*/5 * * * *", window=timedelta(hours=5)): {7: late},
    }


def rarer(directory: Path) -> tuple[Run, ...]:
    """Return runs with what DAGs that go their way never show."""
    few = dag(window=timedelta(days=1))
    return (
        scheduled(directory, {dag(): dict.fromkeys(range(60), failed)}, criteria=()),
        scheduled(directory, {few: {1: off_schedule}}, criteria=[success_rate(decides="bound")]),
        scheduled(directory, {few: {1: taken_over}}),
        scheduled(directory, {}),
        replace(scheduled(directory, {}), facts=(), unreadable=({"layer": "dags", "kind": HISTORY, "reason": "403"},)),
    )
