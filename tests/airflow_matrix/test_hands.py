"""Each door by which people change results, used on a real Airflow, is seen; which has which is in docs/dags.md.

On 3.1 nothing shows what goes through the doors that are new there, and the rate is undetermined.
"""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.airflow.direct import HttpTransport
from prodgate.airflow.records import History
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.flaws import explain_unseen
from prodgate.dags.traces import list_manual_actions, list_silent_actions
from prodgate.engines.environments import ensure_python
from prodgate.rehearsal.airflow.process import Airflow

from .stage import seen, until

pytestmark = [pytest.mark.matrix, pytest.mark.once]

TASK = "group.last"
RUNS = "/dags/handled/dagRuns"
ENDED = ("success", "failed")
DAG = DeclaredDag(
    dag_id="handled", schedule=Schedule(cron="* * * * *", timezone="UTC"), window=timedelta(hours=1),
    grace=timedelta(hours=1), limit=timedelta(hours=1),
)  # fmt: skip


@dataclass(frozen=True)
class Door:
    """A way to change the result of the run of its name."""

    act: str
    since: str
    method: str = "PATCH"
    path: str = ""
    body: Mapping[str, Any] | None = None
    old: tuple[str, Mapping[str, Any]] | None = None
    """Path and body in Airflow 2, if they differ."""
    again: bool = False
    """Whether the run then ends once more."""
    until: str = "3.9"
    """The last version in which it changes anything."""


def several(action: str, **entity: Any) -> dict[str, Any]:
    stated = {"new_state": "success"} if action == "update" and "state" not in entity else {}
    return {"actions": [{"action": action, "entities": [{**stated, **entity}]}]}


def one(name: str, **more: Any) -> dict[str, Any]:
    return {"dry_run": False, "dag_run_id": name, "only_failed": True, **more}


SET = {"new_state": "success", "dry_run": False}
DOORS = {
    "untouched": Door("", "2"),
    "set_run": Door("marked", "2", path=f"{RUNS}/set_run", body={"state": "success"}),
    "set_task": Door("marked", "2", path=f"{RUNS}/set_task/taskInstances/{TASK}", body={"new_state": "success"},
                     old=(f"{RUNS}/set_task/taskInstances/{TASK}", SET)),
    "clear_run": Door("cleared", "2", "POST", f"{RUNS}/clear_run/clear", {"dry_run": False}, again=True),
    "clear_task": Door("cleared", "2", "POST", "/dags/handled/clearTaskInstances", one("clear_task"), again=True,
                       old=("/dags/handled/clearTaskInstances", one("clear_task", reset_dag_runs=True))),
    "delete_run": Door("deleted", "2", "DELETE", f"{RUNS}/delete_run"),
    "command": Door("cleared", "2", again=True),
    "mark_command": Door("deleted", "2", until="2.11"),  # a try that had ended begins anew
    "trigger_again": Door("cleared", "2", again=True),
    "marker": Door("cleared", "2", again=True, until="3.0"),
    "set_tasks": Door("marked", "3.1", path=f"{RUNS}/set_tasks/taskInstances", body=several("update", task_id=TASK)),
    "set_tasks_anywhere": Door(
        "marked", "3.2", path="/dags/~/dagRuns/~/taskInstances",
        body=several("update", task_id=TASK, dag_id="handled", dag_run_id="set_tasks_anywhere")),
    "delete_task": Door("deleted", "3.1", "DELETE", f"{RUNS}/delete_task/taskInstances/{TASK}"),
    "delete_tasks": Door("deleted", "3.1", path=f"{RUNS}/delete_tasks/taskInstances",
                         body=several("delete", task_id=TASK)),
    "set_group": Door("marked", "3.3", path=f"{RUNS}/set_group/taskGroupInstances/group",
                      body={"new_state": "success"}),
    "set_runs": Door("marked", "3.3", path=RUNS, body=several("update", dag_run_id="set_runs", state="success")),
    "set_runs_anywhere": Door(
        "unsound", "3.3", path="/dags/~/dagRuns",
        body=several("update", dag_id="handled", dag_run_id="set_runs_anywhere", state="success")),
    "clear_runs": Door("cleared", "3.3", "POST", "/dags/handled/clearDagRuns",
                       {"dry_run": False, "dag_runs": [{"dag_run_id": "clear_runs"}]}, again=True),
    "clear_runs_anywhere": Door(
        "cleared", "3.3", "POST", "/dags/~/clearDagRuns", again=True,
        body={"dry_run": False, "dag_runs": [{"dag_id": "handled", "dag_run_id": "clear_runs_anywhere"}]}),
    "clear_partition": Door("cleared", "3.3", "POST", "/dags/handled/clearPartitions", again=True,
                            body={"dry_run": False, "run_id": "clear_partition", "clear_task_instances": True}),
}  # fmt: skip


def has(version: str, door: Door) -> bool:
    return as_numbers(door.since) <= as_numbers(version)


def leads(version: str, door: Door) -> bool:
    return has(version, door) and as_numbers(version) <= as_numbers(door.until)


def as_numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, f"{version}.0".split(".")[:2]))


@pytest.fixture(scope="module")
def handled(airflow: Airflow, admin: HttpTransport) -> History:
    """The record after somebody used each door, one after the other."""
    there = {name: door for name, door in DOORS.items() if has(airflow.version, door)}
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
    dates = {name: (begin + timedelta(minutes=number)).isoformat() for number, name in enumerate(DOORS)}
    for name in there:
        change(airflow, admin, "POST", RUNS, {"dag_run_id": name, "logical_date": dates[name]})
    states(airflow, admin, lambda found: all(found.get(name) in ENDED for name in there), "the runs")
    for door in there.values():
        if door.path:
            go_through(airflow, admin, door)
    run_command(airflow, "tasks", "clear", "-y", "handled", "-s", dates["command"], "-e", dates["command"])
    if leads(airflow.version, DOORS["mark_command"]):
        run_command(airflow, "tasks", "run", "-lfm", "handled", TASK, "mark_command")
    start(airflow, admin, "again", dates["trigger_again"])
    start(airflow, admin, "upstream", dates["marker"])
    until(airflow, lambda: any(run.state == "success" for run in seen(admin, "upstream").runs), "the run of the marker")
    recursively = {"include_subdags": True, "reset_dag_runs": True} if airflow.version.startswith("2.") else {}
    marked = {"dry_run": False, "dag_run_id": "a", "only_failed": False, "task_ids": ["marker"], **recursively}
    change(airflow, admin, "POST", "/dags/upstream/clearTaskInstances", marked)
    anew = [name for name, door in there.items() if door.again and leads(airflow.version, door)]
    states(airflow, admin, lambda found: all(found.get(name) == "success" for name in anew), f"{anew} again")
    return seen(admin, "handled")


def start(airflow: Airflow, admin: HttpTransport, dag_id: str, date: str) -> None:
    """Run a DAG that does something to the run of another, of that date."""
    own = {"dag_run_id": "a", "logical_date": datetime.now(UTC).isoformat(), "conf": {"date": date}}
    change(airflow, admin, "POST", f"/dags/{dag_id}/dagRuns", own)


def states(airflow: Airflow, admin: HttpTransport, true: Callable[[dict[str, str]], bool], what: str) -> None:
    until(airflow, lambda: true({run.run_id: run.state for run in seen(admin, "handled").runs}), what)


def go_through(airflow: Airflow, admin: HttpTransport, door: Door) -> None:
    path, body = door.old if door.old and airflow.version.startswith("2.") else (door.path, door.body)
    change(airflow, admin, door.method, path, body)
    airflow.wait(1)


def change(airflow: Airflow, admin: HttpTransport, method: str, path: str, body: Mapping[str, Any] | None) -> None:
    """Change something, and once more as long as its database is busy: a file with one writer at a time."""

    def is_through() -> bool:
        reply = admin.send_request(method, f"{airflow.api.removeprefix(airflow.url)}{path}", body)
        assert reply.status in (200, 204, 409, 500), f"{path}: {reply.status} {reply.body.decode()[:300]}"
        return reply.status != 500

    until(airflow, is_through, path)


def run_command(airflow: Airflow, *words: str) -> None:
    """Run a command of Airflow on its database."""
    program = ensure_python(f"airflow-{airflow.version}", print).with_name("airflow")
    settings = {
        "CORE__DAGS_FOLDER": airflow.dags, "CORE__LOAD_EXAMPLES": "False",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow.home}/airflow.sqlite",
        "DATABASE__SQL_ALCHEMY_CONNECT_ARGS": "airflow_local_settings.PATIENT",
    }  # fmt: skip
    known = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(airflow.home)}
    stated = known | {f"AIRFLOW__{name}": str(value) for name, value in settings.items()}
    subprocess.run([str(program), *words], env=stated, check=True, capture_output=True, timeout=240)


def seen_acts(found: History, name: str) -> set[str]:
    """The acts on a run that were detected."""
    hands = (*list_manual_actions("handled", found), *list_silent_actions("handled", found))
    acts = {hand.act.value for hand in hands if hand.run_id == name}
    green = {run.run_id for run in found.runs if run.state == "success"}
    failed = any(task.state == "failed" for task in found.tasks if task.run_id == name)
    return acts or ({"unsound"} if name in green and failed else set())


def test_what_somebody_did_by_each_door_of_this_version_is_seen(airflow: Airflow, handled: History) -> None:
    unseen = {name for name, door in DOORS.items() if door.since == "3.1" and airflow.version.startswith("3.1.")}
    there = {name: door for name, door in DOORS.items() if has(airflow.version, door)}
    shut = {name for name, door in there.items() if not leads(airflow.version, door)}
    expected = {name: {door.act} - {""} if name not in unseen | shut else set() for name, door in there.items()}
    told = json.dumps([str(each) for each in handled.events])
    assert {name: seen_acts(handled, name) for name in there} == expected, told
    assert {run.state for run in handled.runs if run.run_id in shut} <= {"failed"}
    unnamed = "the log doesn't say in which runs" in explain_unseen(DAG, handled)
    assert unnamed == leads(airflow.version, DOORS["mark_command"])
    if unseen:
        scheduled = tuple(replace(run, kind="scheduled", state="success") for run in handled.runs)
        assert "doesn't log that a person sets several tasks" in explain_unseen(DAG, replace(handled, runs=scheduled))


def test_the_log_is_as_old_as_airflow(handled: History) -> None:
    assert handled.log_begins is not None
    assert all(handled.log_begins < run.queued for run in handled.runs if run.queued)
    assert not any(event.dag_id == "~" for event in handled.events)
