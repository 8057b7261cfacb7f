"""Deployments that are carried out: a good one, those that roll back by themselves, and one that somebody stops."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.processes.child import read_first_line
from prodgate.rehearsal.emulator.codedeploy import EVENTS
from prodgate.rehearsal.rollout.stage import FAULTS, check_faults
from prodgate.rehearsal.site.database import bring_schema, list_revisions
from tests.prodgate.ending import ended
from tests.prodgate.rehearsal.rollout.staged import SHOP, Staged, all_of, staged
from tests.prodgate.rehearsal.site.client import ask

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
    assert stage.readers.lost == {}
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
    assert (stage.readers.lost, stage.readers.builds[build]) == ({}, 0)
    assert_taken_back(stage, found["deploymentId"], before, weights, definition)


def test_what_fails_for_readers_alone_is_taken_back_by_the_alarm(stage: Staged) -> None:
    before, weights, definition = stage.live(), stage.weights(), stage.service()["taskDefinition"]
    found = stage.deploy("failing-in-public")
    assert (found["status"], found["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert "shop-errors" in found["errorInformation"]["message"]
    assert stage.readers.lost.keys() == {"500"}
    history = stage.aws("cloudwatch").describe_alarm_history(AlarmName="shop-errors", HistoryItemType="StateUpdate")
    assert "to ALARM" in "".join(one["HistorySummary"] for one in history["AlarmHistoryItems"])
    assert_taken_back(stage, found["deploymentId"], before, weights, definition)


def test_what_somebody_stops_is_taken_back(stage: Staged) -> None:
    before, weights, definition = stage.live(), stage.weights(), stage.service()["taskDefinition"]
    codedeploy, named = stage.aws("codedeploy"), {"applicationName": "shop", "deploymentGroupName": "shop"}
    stage.readers.forget()
    deploying = threading.Thread(target=stage.rollout.deploy, args=("green-3",))
    deploying.start()
    stage.readers.wait_for("green-3", 1)
    (id_,) = codedeploy.list_deployments(**named, includeOnlyStatuses=["InProgress"])["deployments"]
    codedeploy.stop_deployment(deploymentId=id_)
    deploying.join(120)
    found = stage.describe(id_)
    assert (found["status"], found["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert stage.readers.lost == {}
    assert_taken_back(stage, id_, before, weights, definition)


def assert_taken_back(stage: Staged, id_: str, before: str, weights: dict[str, int], definition: str) -> None:
    """Assert that all is as before, and that CodeDeploy names who did it."""
    back = stage.describe(stage.describe(id_)["rollbackInfo"]["rollbackDeploymentId"])
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
        started = [int(each) for each in read_first_line(running.stdout.fileno(), 120).split()]
        running.send_signal(signal.SIGKILL)
    assert len(started) == 3
    assert ended(*started)


def test_what_the_tasks_write_is_in_their_log_group(stage: Staged) -> None:
    def lines() -> set[str]:
        events = stage.aws("logs").filter_log_events(logGroupName="/ecs/shop")["events"]
        return {json.loads(one["message"])["message"] for one in events}

    stage.until(lambda: "ready" in lines())


# ── Each fault of a deployment has its stated effect, and a deployment without faults has none


def loses_requests(stage: Staged) -> bool:
    assert stage.deploy("green")["status"] == "Succeeded"
    return bool(stage.readers.lost)


def is_never_healthy(stage: Staged) -> bool:
    """Whether a good build is rolled back because its target group checks a path that the site does not have."""
    found = stage.deploy("green")
    said = found["errorInformation"]["message"]
    return found["status"] == "Failed" and "Health checks failed with these codes: [404]" in said


def loses_what_blue_was_sent(stage: Staged) -> bool:
    keys = [f"key-{number:08d}" for number in range(100)]
    url, path = stage.rollout.url, "/api/stories/latest/applause"
    sent = {ask(url, path, method="POST", idempotency_key=key).status for key in keys}
    return (sent, {ask(url, f"/api/applause/{key}").status for key in keys}) == ({201}, {200, 404})


def moves_half_at_first(stage: Staged) -> bool:
    seen: list[dict[str, int]] = []
    deploying = threading.Thread(target=stage.deploy, args=("green",))
    deploying.start()
    while deploying.is_alive():
        seen.append(stage.weights())
    return any(sorted(weights.values()) == [50, 50] for weights in seen)


def has_strange_weights(stage: Staged) -> bool:
    stage.until(lambda: stage.readers.lost["503"])  # each request goes there by chance
    return sorted(stage.weights().values()) == [1, 99] and stage.readers.builds["blue"] > 0


def reports_nothing(stage: Staged) -> bool:
    """Whether a build that fails for readers stays, because no alarm has data."""
    found, now = stage.deploy("failing-in-public"), datetime.now(UTC)
    metrics = stage.aws("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB", MetricName="RequestCount")["Metrics"]
    span = {"StartTime": now - timedelta(seconds=30), "EndTime": now, "Period": 60, "Statistics": ["Sum"]}
    points = [stage.aws("cloudwatch").get_metric_statistics(**one, **span)["Datapoints"] for one in metrics]
    return found["status"] == "Succeeded" and stage.readers.lost["500"] > 0 and not any(points)


def bakes_for_a_minute(stage: Staged) -> bool:
    named = {"applicationName": "shop", "deploymentGroupName": "shop"}
    group = stage.aws("codedeploy").get_deployment_group(**named)["deploymentGroupInfo"]
    end = group["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"]
    return bool(end["terminationWaitTimeInMinutes"] == 1)


def leaves_a_group_behind(stage: Staged) -> bool:
    assert stage.deploy("failing-hook")["status"] == "Failed"
    return sorted(stage.weights().values()) == [10, 90]


def snapshots(stage: Staged) -> list[datetime]:
    """Return when the snapshots of releases were taken; automated ones exist as well."""
    found = stage.aws("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    return [one["SnapshotCreateTime"] for one in found if "-before-" in one["DBClusterSnapshotIdentifier"]]


def takes_no_snapshot(stage: Staged) -> bool:
    stage.deploy("green")
    return not snapshots(stage)


def takes_a_late_snapshot(stage: Staged) -> bool:
    told = stage.rollout.deploy("green")
    (taken,) = snapshots(stage)
    return bool(taken >= datetime.fromisoformat(told["migration"]["ended"]))


def leaves_the_schema(stage: Staged) -> bool:
    stage.deploy("green")
    return bring_schema(stage.rollout.database, list_revisions()[-1]).before == list_revisions()[-2]


def deploys_nothing_after_a_failure(stage: Staged) -> bool:
    told = stage.rollout.deploy("green")
    assert "nickname" in told["migration"]["error"]
    stage.readers.forget()
    stage.readers.wait_for("blue", 50)
    return told["deployments"] == {} and not stage.readers.lost and told["migration"]["to"] == list_revisions()[-2]


def migrates_after_the_shift(stage: Staged) -> bool:
    told = stage.rollout.deploy("green")
    (id_,) = told["deployments"].values()
    return bool(told["migration"]["began"] > stage.describe(id_)["completeTime"].isoformat())


def lets_nobody_sign_in(stage: Staged) -> bool:
    """Whether the old build can't find the password of a reader who joined after the migration."""
    seen: list[tuple[int, int]] = []
    url = stage.rollout.url

    def join_and_sign_in() -> None:
        form = {"email": f"{len(seen)}@shop.example", "password": "a long one", "team": "bos"}
        seen.append((ask(url, "/join", form=form).status, ask(url, "/sign-in", form=form).status))

    stage.rollout.deploy("green", between=join_and_sign_in)
    (joined, signed_in), *_ = seen
    return joined < 400 <= signed_in and not stage.readers.lost


SEEN: dict[str, Callable[[Staged], bool]] = {
    "naive-restart": loses_requests,
    "kill-at-switch": loses_requests,
    "early-shift": loses_requests,
    "slow-drain": loses_requests,
    "wrong-health-path": is_never_healthy,
    "lost-writes": loses_what_blue_was_sent,
    "wrong-weights": moves_half_at_first,
    "strange-weights": has_strange_weights,
    "silent-alarms": reports_nothing,
    "short-bake": bakes_for_a_minute,
    "leftover-group": leaves_a_group_behind,
    "no-backup": takes_no_snapshot,
    "late-backup": takes_a_late_snapshot,
    "no-migration": leaves_the_schema,
    "failing-migration": deploys_nothing_after_a_failure,
    "breaking-migration": lets_nobody_sign_in,
    "late-migration": migrates_after_the_shift,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_does_what_it_says(tmp_path: Path, fault: str) -> None:
    with staged(tmp_path, fault, speed=300) as stage:
        assert SEEN[fault](stage)


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(UsageError, match=r"fault 'slow-drian': no fault of a deployment is named so"):
        check_faults(["slow-drian"])
