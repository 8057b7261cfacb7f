"""Reading real Airflows: a run that ends well, one that fails, a hand on one of them, and what nobody may see."""

import json
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest

from prodgate.airflow.direct import HttpTransport, HttpWriter
from prodgate.airflow.history import observe_history
from prodgate.airflow.records import Run
from prodgate.aws.answers import Absent, Unreadable
from prodgate.canaries.drill import AirflowCanaries
from prodgate.rehearsal.airflow.process import Airflow

from .stage import opened, seen, until

pytestmark = [pytest.mark.matrix, pytest.mark.once]


def triggered(airflow: Airflow, admin: HttpTransport) -> Run:
    """A run that was triggered and has failed."""
    run_id, canaries = f"gate-{token_hex(6)}", AirflowCanaries(HttpWriter(admin))
    canaries.trigger("by_hand", run_id, {"secret": "swordfish"})
    found: list[Run] = []

    def ended() -> bool:
        found[:] = [run for run in canaries.runs("by_hand") if run.run_id == run_id and run.ended]
        return bool(found)

    until(airflow, ended, run_id)
    return found[0]


@pytest.fixture(scope="module")
def failed(airflow: Airflow, admin: HttpTransport) -> Run:
    """A failed run that nobody touches."""
    return triggered(airflow, admin)


def test_runs_of_the_clock_are_read_with_their_tasks(airflow: Airflow, admin: HttpTransport) -> None:
    def succeeded() -> int:
        return sum(run.state == "success" for run in seen(admin, "often").runs)

    until(airflow, lambda: succeeded() >= 3, "three runs of a DAG that runs every 10 s")
    found = seen(admin)
    assert found.version == airflow.version
    done = [run for run in found.runs if run.dag_id == "often" and run.state == "success"]
    assert {run.kind for run in done} == {"scheduled"}
    assert all(run.slot and run.slot.second % 10 == 0 and run.slot.microsecond == 0 for run in done)
    assert found.oldest["often"] == min(run.slot for run in found.runs if run.dag_id == "often" and run.slot)
    for run in done:
        tasks = sorted((task for task in found.tasks if task.run_id == run.run_id), key=lambda task: task.map_index)
        assert [(task.task_id, task.map_index, task.state, task.tries) for task in tasks] == [
            ("collect", 0, "success", 1), ("collect", 1, "success", 1)
        ]  # fmt: skip
        assert all(task.host and task.pid and task.started and run.slot and task.started >= run.slot for task in tasks)


def test_a_run_of_ours_is_seen_to_fail(admin: HttpTransport, failed: Run) -> None:
    assert (failed.kind, failed.state) == ("manual", "failed")
    tasks = {task.task_id: task.state for task in AirflowCanaries(HttpWriter(admin)).tasks("by_hand", [failed])}
    assert tasks == {"first": "success", "last": "failed"}
    assert failed.run_id in [run.run_id for run in seen(admin).runs]


def test_a_hand_on_a_run_leaves_its_trace(airflow: Airflow, admin: HttpTransport) -> None:
    touched = triggered(airflow, admin)
    url = f"/dags/by_hand/dagRuns/{touched.run_id}"
    reply = admin.send_request("PATCH", f"{airflow.api.removeprefix(airflow.url)}{url}", {"state": "success"})
    assert reply.status == 200
    found = seen(admin, "by_hand")
    assert [run.state for run in found.runs if run.run_id == touched.run_id] == ["success"]
    assert ('{"state":"success"}', touched.run_id) in [(event.asked, event.run_id) for event in found.events]


def test_what_is_served_is_told(airflow: Airflow, admin: HttpTransport) -> None:
    found = seen(admin)
    assert sorted(dag.dag_id for dag in found.served) == ["by_hand", "often"]
    schedules = {dag.dag_id: dag.schedule for dag in found.served}
    assert schedules == {"by_hand": "", "often": "* * * * * */10"}
    assert not any(dag.paused or dag.stale or dag.broken for dag in found.served)
    assert "scheduler" in [beat.component for beat in found.heartbeats if beat.healthy]
    until(airflow, lambda: bool(seen(admin).import_failures), "the file that can't be imported")
    assert "nothing_of_the_kind" in seen(admin).import_failures[0].text


def test_evidence_holds_no_configuration(admin: HttpTransport, failed: Run) -> None:
    now = datetime.now(UTC)
    evidence = observe_history(admin, ["by_hand"], since=now - timedelta(hours=1), now=now)
    assert failed.run_id in json.dumps(evidence)
    assert "swordfish" not in json.dumps(evidence)


def test_a_viewer_reads_the_same_and_can_change_nothing(airflow: Airflow, admin: HttpTransport, failed: Run) -> None:
    with opened(airflow, airflow.viewer.name, airflow.viewer.password) as viewer:
        assert {run.run_id for run in seen(viewer, "by_hand").runs} == {
            run.run_id for run in seen(admin, "by_hand").runs
        }
        with pytest.raises(Unreadable, match=r"this is forbidden \(403\)"):
            AirflowCanaries(HttpWriter(viewer)).trigger("by_hand", "gate-refused", {})


def test_what_is_not_there_is_absent_and_who_is_nobody_reads_nothing(airflow: Airflow, admin: HttpTransport) -> None:
    with pytest.raises(Absent):
        admin.get("/dags/renamed", {})
    with HttpTransport(airflow.url, limit=60.0) as nobody, pytest.raises(Unreadable, match="401"):
        nobody.get("/dags/often", {})
    with (
        opened(airflow, airflow.admin.name, "wrong") as wrong,
        pytest.raises(Unreadable, match="is not accepted"),
    ):
        wrong.get("/dags/often", {})
