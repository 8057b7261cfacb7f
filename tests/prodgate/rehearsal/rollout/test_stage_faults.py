"""Each fault of a deployment does what it says, and a deployment without one does none of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.rehearsal.rollout.faults import FAULTS, check_faults
from prodgate.rehearsal.site.database import list_revisions
from prodgate.rehearsal.site.migrating import bring_schema
from tests.prodgate.rehearsal.rollout.staged import Staged, staged

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rollout")]


def loses_requests(stage: Staged) -> bool:
    assert stage.deploy("green")["status"] == "Succeeded"
    return stage.readers.failed > 0


def is_never_healthy(stage: Staged) -> bool:
    """Whether a good build is taken back, because its target group asks for what the site does not have."""
    found = stage.deploy("green")
    said = found["errorInformation"]["message"]
    return found["status"] == "Failed" and "Health checks failed with these codes: [404]" in said


def loses_what_blue_was_sent(stage: Staged) -> bool:
    keys = [f"key-{number:08d}" for number in range(100)]
    sent = [stage.ask("/api/stories/latest/applause", "POST", key) for key in keys]
    found = [stage.ask(f"/api/applause/{key}", "GET") for key in keys]
    return set(sent) == {201} and set(found) == {200, 404}


def moves_half_at_first(stage: Staged) -> bool:
    seen: list[dict[str, int]] = []
    deploying = threading.Thread(target=stage.deploy, args=("green",))
    deploying.start()
    while deploying.is_alive():
        seen.append(stage.weights())
    return any(sorted(weights.values()) == [50, 50] for weights in seen)


def has_strange_weights(stage: Staged) -> bool:
    stage.until(lambda: stage.readers.statuses.total() > 300)
    return sorted(stage.weights().values()) == [1, 99] and stage.readers.statuses[503] > 0


def reports_nothing(stage: Staged) -> bool:
    """Whether a build that fails for readers stays, because no alarm has data."""
    found, now = stage.deploy("failing-in-public"), datetime.now(UTC)
    metrics = stage.aws("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB", MetricName="RequestCount")["Metrics"]
    span = {"StartTime": now - timedelta(seconds=30), "EndTime": now, "Period": 60, "Statistics": ["Sum"]}
    points = [stage.aws("cloudwatch").get_metric_statistics(**one, **span)["Datapoints"] for one in metrics]
    return found["status"] == "Succeeded" and stage.readers.statuses[500] > 0 and not any(points)


def bakes_for_a_minute(stage: Staged) -> bool:
    named = {"applicationName": "shop", "deploymentGroupName": "shop"}
    group = stage.aws("codedeploy").get_deployment_group(**named)["deploymentGroupInfo"]
    end = group["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"]
    return bool(end["terminationWaitTimeInMinutes"] == 1)


def leaves_a_group_behind(stage: Staged) -> bool:
    assert stage.deploy("failing-hook")["status"] == "Failed"
    return sorted(stage.weights().values()) == [10, 90]


def snapshots(stage: Staged) -> list[datetime]:
    """Return when the snapshots of releases were taken; there are automated ones, too."""
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
    stage.until(lambda: stage.readers.builds["blue"] > 50)
    return told["deployments"] == {} and stage.readers.failed == 0 and told["migration"]["to"] == list_revisions()[-2]


def migrates_after_the_shift(stage: Staged) -> bool:
    told = stage.rollout.deploy("green")
    (id_,) = told["deployments"].values()
    return bool(told["migration"]["began"] > stage.describe(id_)["completeTime"].isoformat())


def lets_nobody_sign_in(stage: Staged) -> bool:
    """Whether the old build can't find the password of a reader who joined after the migration."""
    seen: list[tuple[int, int]] = []

    def join_and_sign_in() -> None:
        form = {"email": f"{len(seen)}@shop.example", "password": "a long one", "team": "bos"}
        seen.append((stage.post("/join", form), stage.post("/sign-in", form)))

    stage.rollout.deploy("green", between=join_and_sign_in)
    (joined, signed_in), *_ = seen
    return joined < 400 <= signed_in and stage.readers.failed == 0


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
