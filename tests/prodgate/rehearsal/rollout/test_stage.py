"""Deployments that are carried out: a good one, those that roll back by themselves, and one that somebody stops."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.processes.child import read_first_line
from prodgate.rehearsal.emulator.codedeploy_deployments import EVENTS
from prodgate.rehearsal.site.database import list_revisions
from prodgate.rehearsal.site.migrating import bring_schema
from tests.prodgate.ending import ended
from tests.prodgate.rehearsal.rollout.staged import SHOP, Staged, all_of, staged

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rollout")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    with staged(tmp_path_factory.mktemp("rollout")) as running:
        yield running


def test_a_good_build_takes_the_place_of_the_old_one_and_no_request_fails(stage: Staged) -> None:
    before, tasks = stage.live(), stage.service()["taskDefinition"]
    other = {"blue": "green", "green": "blue"}[before]
    found = stage.deploy("green-1")
    assert found["status"] == "Succeeded"
    assert stage.events(found["deploymentId"]) == all_of(EVENTS, "Succeeded")
    assert stage.readers.failed == 0
    assert stage.readers.builds["green-1"] > 0
    assert stage.weights() == {before: 0, other: 100}
    stage.until(lambda: stage.health() == {before: [], other: ["healthy", "healthy"]})
    assert stage.service()["taskDefinition"] != tasks
    assert [one["status"] for one in stage.service()["taskSets"]] == ["PRIMARY"]
    assert {"RequestCount", "TargetResponseTime", "HealthyHostCount", "UnHealthyHostCount"} <= stage.metrics()


def test_snapshot_and_migration_come_first(stage: Staged) -> None:
    found = stage.deploy("green-2")
    snapshots = stage.aws("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert any(
        "-before-green-2-" in one["DBClusterSnapshotIdentifier"] and one["SnapshotCreateTime"] < found["createTime"]
        for one in snapshots
    )
    ecs = stage.aws("ecs")
    arns = ecs.list_tasks(cluster="shop", family="shop-migration", desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"]
    assert {container["exitCode"] for task in tasks for container in task["containers"]} == {0}
    assert max(task["stoppedAt"] for task in tasks) < found["startTime"]
    newest = list_revisions()[-1]
    assert bring_schema(stage.rollout.database, newest).before == newest


@pytest.mark.parametrize(
    ("build", "at", "code"),
    [("never-healthy", "Install", "TIMEOUT"), ("failing-hook", "AfterAllowTestTraffic", "HOOK_EXECUTION_FAILURE")],
)
def test_what_fails_before_readers_reach_it_is_taken_back_unseen(stage: Staged, build: str, at: str, code: str) -> None:
    before, weights, definition = stage.live(), stage.weights(), stage.service()["taskDefinition"]
    found = stage.deploy(build)
    assert (found["status"], found["errorInformation"]["code"]) == ("Failed", code)
    assert stage.events(found["deploymentId"])[at] == "Failed"
    assert stage.readers.failed == stage.readers.builds[build] == 0
    assert_taken_back(stage, found["deploymentId"], before, weights, definition)


def test_what_fails_for_readers_alone_is_taken_back_by_the_alarm(stage: Staged) -> None:
    before, weights, definition = stage.live(), stage.weights(), stage.service()["taskDefinition"]
    found = stage.deploy("failing-in-public")
    assert (found["status"], found["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert "shop-errors" in found["errorInformation"]["message"]
    assert stage.readers.statuses[500] == stage.readers.failed > 0
    history = stage.aws("cloudwatch").describe_alarm_history(AlarmName="shop-errors", HistoryItemType="StateUpdate")
    assert "to ALARM" in "".join(one["HistorySummary"] for one in history["AlarmHistoryItems"])
    assert_taken_back(stage, found["deploymentId"], before, weights, definition)


def test_what_somebody_stops_is_taken_back(stage: Staged) -> None:
    before, weights, definition = stage.live(), stage.weights(), stage.service()["taskDefinition"]
    codedeploy, named = stage.aws("codedeploy"), {"applicationName": "shop", "deploymentGroupName": "shop"}
    stage.readers.forget()
    deploying = threading.Thread(target=stage.rollout.deploy, args=("green-3",))
    deploying.start()
    stage.until(lambda: stage.readers.builds["green-3"] > 0)
    (id_,) = codedeploy.list_deployments(**named, includeOnlyStatuses=["InProgress"])["deployments"]
    codedeploy.stop_deployment(deploymentId=id_)
    deploying.join(120)
    found = stage.describe(id_)
    assert (found["status"], found["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert stage.readers.failed == 0
    assert_taken_back(stage, id_, before, weights, definition)


def assert_taken_back(stage: Staged, id_: str, before: str, weights: dict[str, int], definition: str) -> None:
    """Assert that all is as it was, and that CodeDeploy says who did it."""
    failed = stage.describe(id_)
    back = stage.describe(failed["rollbackInfo"]["rollbackDeploymentId"])
    assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
    assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == id_
    assert stage.weights()[before] == weights[before] == 100
    assert stage.service()["taskDefinition"] == definition
    assert [one["status"] for one in stage.service()["taskSets"]] == ["PRIMARY"]
    stage.until(lambda: sorted(stage.health().values()) == [[], ["healthy", "healthy"]])


def test_a_name_that_looks_like_a_slip_is_refused(stage: Staged) -> None:
    with pytest.raises(UsageError, match="build 'never-helthy': none is named so"):
        stage.rollout.deploy("never-helthy")


RUNS = """
import sys
from pathlib import Path
from prodgate.rehearsal.account import provision
from prodgate.rehearsal.rollout.stage import running_rollout
account, logs = provision(Path(sys.argv[1])), Path(sys.argv[2])
with running_rollout(account, logs, speed=100, progress=lambda _: None) as rollout:
    tasks = [one.process.pid for one in rollout._stage.fleet._running]
    pid = [line.split()[1] for line in rollout._stage.proxy.ask("show info").splitlines() if line.startswith("Pid:")]
    print(*tasks, *pid, flush=True)
    sys.stdin.read()
"""


def test_nothing_outlives_whoever_started_it(tmp_path: Path) -> None:
    command = (sys.executable, "-c", RUNS, str(SHOP), str(tmp_path))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as running:
        assert running.stdout is not None
        started = [int(each) for each in read_first_line(running.stdout.fileno(), 120).split()]
        running.send_signal(signal.SIGKILL)
    assert len(started) == 3
    assert ended(*started)


def test_what_the_tasks_write_is_in_their_log_group(stage: Staged) -> None:
    def lines() -> set[str]:
        events = stage.aws("logs").filter_log_events(logGroupName="/ecs/shop")["events"]
        return {json.loads(one["message"])["message"] for one in events}

    stage.until(lambda: "ready" in lines())
