"""Histories for tests: a DAG that runs every 6 hours in Japan; each slot succeeded unless a test changes it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from prodgate.airflow.records import Event, Heartbeat, History, Run, ServedDag, Task
from prodgate.dags import cron
from prodgate.dags.declared import DeclaredDag, Schedule

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DAG = DeclaredDag(
    dag_id="nba_news_scraper",
    schedule=Schedule(cron="0 */6 * * *", timezone="Asia/Tokyo"),
    window=timedelta(days=30),
    grace=HOUR,
    limit=2 * HOUR,
)
NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)
#: 120 slots: the first at 15:00 UTC on 27 October, the last at 9:00 UTC today.
SLOTS = cron.list_slots(DAG.schedule, NOW - DAG.window, NOW)

Change = Callable[[Run, list[Task]], tuple[Run, list[Task]] | None]


def id_of(slot: datetime, kind: str = "scheduled") -> str:
    return f"{kind}__{slot:%Y-%m-%dT%H:%M:%S}"


def run_of(slot: datetime, /, **changes: Any) -> Run:
    kind = changes.get("kind", "scheduled")
    times = {"queued": slot, "started": slot + timedelta(seconds=1), "ended": slot + 5 * MINUTE}
    fields = {"dag_id": DAG.dag_id, "run_id": id_of(slot, kind), "kind": kind, "state": "success", "slot": slot}
    return Run(**{**fields, **times, **changes})


def tasks_of(run: Run, **changes: Any) -> list[Task]:
    """Two tasks, the second after the first; changes apply to the first."""
    started = run.started
    first = Task(
        dag_id=run.dag_id, run_id=run.run_id, task_id="fetch", state="success", tries=1, queued=run.queued,
        started=started and started + timedelta(seconds=2), ended=started and started + MINUTE, host="worker-1", pid=40,
    )  # fmt: skip
    return [replace(first, **changes), replace(first, task_id="store", started=started and started + 2 * MINUTE)]


def history(changes: Mapping[int, Change] | None = None, **fields: Any) -> History:
    """A month of runs, each as its change by the number of its slot makes it; None leaves a run out."""
    runs: list[Run] = []
    tasks: list[Task] = []
    for number, slot in enumerate(SLOTS):
        run = run_of(slot)
        made = (changes or {}).get(number, lambda run, tasks: (run, tasks))(run, tasks_of(run))
        if made is not None:
            runs.append(made[0])
            tasks.extend(made[1])
    return history_of(runs, tasks, **fields)


def history_of(runs: Iterable[Run], tasks: Iterable[Task] = (), **fields: Any) -> History:
    served = ServedDag(
        dag_id=DAG.dag_id, file="nba_news_scraper.py", paused=False, stale=False, broken=False, schedule="0 */6 * * *",
        next_slot=cron.find_next_slot(DAG.schedule, NOW), parsed=NOW,
    )  # fmt: skip
    beats = (Heartbeat(component=name, healthy=True, at=NOW) for name in ("scheduler", "dag_processor"))
    given = {
        "version": "3.0.6",
        "now": NOW,
        "since": NOW - DAG.window,
        "oldest": {DAG.dag_id: SLOTS[0]},
        "served": (served,),
    }
    rest = {
        "runs": tuple(runs),
        "tasks": tuple(tasks),
        "events": (),
        "log_begins": SLOTS[0],
        "heartbeats": tuple(beats),
        "import_failures": (),
    }
    return History(**{**given, **rest, **fields})


def event(name: str, run_id: str, at: datetime, asked: str = "", **changes: Any) -> Event:
    return Event(**{"at": at, "event": name, "dag_id": DAG.dag_id, "run_id": run_id, "asked": asked, **changes})


def missing(run: Run, tasks: list[Task]) -> None:
    """No run at all."""


def with_run(**changes: Any) -> Change:
    return lambda run, tasks: (replace(run, **changes), tasks)


def with_task(**changes: Any) -> Change:
    return lambda run, tasks: (run, tasks_of(run, **changes))


def failed(run: Run, tasks: list[Task]) -> tuple[Run, list[Task]]:
    broken = [replace(tasks[0], state="failed", tries=3), replace(tasks[1], state="upstream_failed", host="", pid=0)]
    return replace(run, state="failed"), broken


def late(run: Run, tasks: list[Task]) -> tuple[Run, list[Task]]:
    return replace(run, ended=run.slot and run.slot + 3 * HOUR), tasks
