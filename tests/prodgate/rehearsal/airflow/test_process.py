"""A real Airflow runs the rehearsal: on time, by its given clock, and without leftovers."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from prodgate.engines.environments import ensure_python
from prodgate.rehearsal.airflow.home import Place, prepare, release_of, variables
from prodgate.rehearsal.airflow.process import authorization, request_json
from tests.prodgate.rehearsal.airflow.lab import EVERY, LIMIT, Lab, lab

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
    pytest.mark.slow,
    pytest.mark.once,
    pytest.mark.xdist_group("airflow"),
]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """An Airflow whose starter is killed in the end."""
    with lab(tmp_path_factory.mktemp("airflow"), "3.0.6") as running:
        yield running
        until(lambda: len(running.processes()) > 4)  # supervisor, server, scheduler, processor, and workers
        started = [os.pidfd_open(pid) for pid in running.processes()]
        running.process.send_signal(signal.SIGKILL)
        assert all(select.select([each], [], [], 30)[0] for each in started), "something outlives its starter"
        assert not running.processes()
        for each in started:
            os.close(each)


def until(condition: Callable[[], Any]) -> Any:
    """Ask until the answer is one."""
    end = monotonic() + LIMIT
    while not (found := condition()):
        assert monotonic() < end, "it did not come to pass"
        select.select([], [], [], 0.3)
    return found


def succeeded(airflow: Lab) -> list[dict[str, Any]]:
    return [run for run in airflow.runs() if (run["run_type"], run["state"]) == ("scheduled", "success")]


def test_a_dag_runs_by_its_fast_schedule(airflow: Lab) -> None:
    assert airflow.get("/dags/demo/details")["timetable_summary"] == f"* * * * * */{EVERY}"
    runs = until(lambda: len(found := succeeded(airflow)) >= 3 and found)
    slots = [datetime.fromisoformat(run["run_after"]) for run in runs]
    assert {(slot.second % EVERY, slot.microsecond) for slot in slots} == {(0, 0)}
    assert all(datetime.fromisoformat(run["start_date"]) >= slot for run, slot in zip(runs, slots, strict=True))
    begin = datetime.fromisoformat(airflow.get("/dags/demo/details")["start_date"])
    assert begin.isoformat() == "2025-12-31T15:00:00+00:00", "midnight in Tokyo, as the file says"


def test_nobody_waits_five_minutes_for_a_retry(airflow: Lab) -> None:
    run = until(lambda: succeeded(airflow))[0]
    (task,) = airflow.get(f"/dags/demo/dagRuns/{run['dag_run_id']}/taskInstances")["task_instances"]
    assert (task["state"], task["try_number"]) == ("success", 2)


def test_a_viewer_can_look_and_change_nothing(airflow: Lab) -> None:
    told = {"logical_date": None}
    with pytest.raises(ValueError, match="answered 403"):
        request_json(f"{airflow.api}/dags/demo/dagRuns", airflow.looking, told)
    made = request_json(
        f"{airflow.api}/dags/demo/dagRuns", {"Authorization": authorization(airflow.api, airflow.admin)}, told
    )
    assert made["run_type"] == "manual"


def test_without_its_scheduler_nothing_runs_until_it_is_back(airflow: Lab) -> None:
    before = json.loads(airflow.tell("pids"))
    airflow.tell("send_command stop scheduler")
    assert set(json.loads(airflow.tell("pids"))) == {"api-server", "dag-processor"}
    assert json.loads(airflow.tell("exit_codes")).keys() == {"scheduler"}
    stopped = [run["dag_run_id"] for run in airflow.runs()]
    select.select([], [], [], EVERY + 1)  # a slot passes
    assert [run["dag_run_id"] for run in airflow.runs()] == stopped
    airflow.tell("start scheduler")
    until(lambda: len(airflow.runs()) > len(stopped))
    assert json.loads(airflow.tell("pids"))["scheduler"] != before["scheduler"]


def test_a_file_that_is_broken_later_is_known(airflow: Lab) -> None:
    place = airflow.home / "dags" / "broken.py"
    place.write_text("from airflow.decorators import dag\nraise ValueError('cheese')\n")
    failures = until(lambda: airflow.get("/importErrors")["import_errors"])
    assert "cheese" in failures[0]["stack_trace"]
    place.unlink()
    until(lambda: not airflow.get("/importErrors")["import_errors"])


def test_it_works_in_its_own_folder(airflow: Lab) -> None:
    assert Path(airflow.home, "logs").is_dir()
    assert Path(airflow.home, "airflow.sqlite").exists()


#: Queues a task as the scheduler does before it commits; says whether a worker could take it then, and after a heartbeat.
QUEUE = """
from uuid import uuid4
from airflow.executors.executor_loader import ExecutorLoader
from airflow.executors.workloads import ExecuteTask, TaskInstance

executor = ExecutorLoader.get_default_executor()
executor.start()
executor._check_workers = lambda: None
instance = TaskInstance(
    id=uuid4(), task_id="collect", dag_id="demo", run_id="a run", try_number=1, map_index=-1, pool_slots=1,
    queue="default", priority_weight=1,
)
task = ExecuteTask(token="", ti=instance, dag_rel_path="demo.py", bundle_info={"name": "dags"}, log_path=None)
executor.queue_workload(task, session=None)
print("before the commit:", not executor.activity_queue.empty())
executor.heartbeat()
print("after it:", not executor.activity_queue.empty())
"""


def test_no_worker_gets_a_task_before_the_scheduler_has_committed(tmp_path: Path) -> None:
    place = Place(home=tmp_path / "home", port=8080, secret="s" * 32)
    prepare(place, {})
    python = ensure_python("airflow-3.0.6", print)
    done = subprocess.run(
        [python, "-c", QUEUE],
        env=variables(place, release_of("3.0.6")),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert done.stdout.splitlines()[-2:] == ["before the commit: False", "after it: True"], done.stderr
