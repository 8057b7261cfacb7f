"""An account's information on a release, over HTTP: logs, security findings, images, DAG files."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.facts.rollout.windows import (
    AlertsSinceDeploy,
    LogsDuringDeploy,
    Window,
    alert_facts,
    log_facts,
    observe_alerts,
    observe_logs,
)
from prodgate.findings import NotObserved
from tests.prodgate.facts.live.stated_account import see
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account as Emulated

from .answers import looking

pytestmark = pytest.mark.xdist_group("emulator")

GROUP, BESIDE = "/ecs/api", "/ecs/collector"


def began(minutes: float = 10) -> Window:
    now = datetime.now(UTC)
    return Window(began=now - timedelta(minutes=minutes), ended=now - timedelta(minutes=minutes - 6))


def alerts(account: Emulated, window: Window) -> dict[str, AlertsSinceDeploy]:
    with looking(account.endpoint) as look:
        found = [fact for value in observe_alerts(look(), window) for fact in alert_facts(value)]
    return {fact.subject.partition(" in ")[0]: fact for fact in found}


def test_services_that_are_off_know_nothing(account: Emulated) -> None:
    found = alerts(account, began())
    for fact, why in ((found["GuardDuty"], "GuardDuty is off"), (found["Security Hub"], "Security Hub is off")):
        with pytest.raises(NotObserved, match=why):
            fact.raised  # noqa: B018  a field that raises


@pytest.fixture
def watched(account: Emulated) -> Emulated:
    """An account in which both services are on."""
    account("guardduty").create_detector(Enable=True)
    account("securityhub").enable_security_hub()
    standard = f"arn:aws:securityhub:{REGION}::standards/aws-foundational-security-best-practices/v/1.0.0"
    account("securityhub").batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": standard}])
    return account


def hub_finding(name: str, created: datetime, **more: Any) -> dict[str, Any]:
    at = created.isoformat().replace("+00:00", "Z")
    return {
        "SchemaVersion": "2018-10-08", "Id": name, "ProductArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/x/y",
        "GeneratorId": "g", "AwsAccountId": ACCOUNT, "Types": ["t"], "CreatedAt": at, "UpdatedAt": at,
        "Severity": {"Label": "LOW"}, "Title": name, "Description": "d", "Resources": [{"Type": "t", "Id": "i"}], **more,
    }  # fmt: skip


def test_nothing_is_found(watched: Emulated) -> None:
    assert {fact.raised.value.magnitude for fact in alerts(watched, began()).values()} == {0}


def test_guardduty_counts_what_it_first_saw_since_the_deployment_began(watched: Emulated) -> None:
    (detector,) = watched("guardduty").list_detectors()["DetectorIds"]
    watched("guardduty").create_sample_findings(DetectorId=detector, FindingTypes=["Recon:EC2/Portscan"])
    assert alerts(watched, began())["GuardDuty"].raised.detail == "Recon:EC2/Portscan"
    later = Window(began=datetime.now(UTC) + timedelta(seconds=1), ended=None)
    assert alerts(watched, later)["GuardDuty"].raised.value.magnitude == 0
    (finding,) = watched("guardduty").list_findings(DetectorId=detector)["FindingIds"]
    watched("guardduty").archive_findings(DetectorId=detector, FindingIds=[finding])
    assert alerts(watched, began())["GuardDuty"].raised.value.magnitude == 0


@pytest.mark.parametrize(
    ("minutes", "more", "count"),
    [
        (1, {}, 1),
        (60, {}, 0),
        (1, {"Compliance": {"Status": "PASSED"}}, 0),
        (1, {"Workflow": {"Status": "RESOLVED"}}, 0),
        (1, {"RecordState": "ARCHIVED"}, 0),
    ],
    ids=["new", "older than the deployment", "passed", "resolved", "archived"],
)
def test_security_hub_counts_what_is_new_and_open(
    watched: Emulated, minutes: float, more: Mapping[str, Any], count: int
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    watched("securityhub").batch_import_findings(Findings=[hub_finding("a", at, **more)])
    assert alerts(watched, began())["Security Hub"].raised.value.magnitude == count


@pytest.mark.parametrize(
    ("field", "old", "count"),
    [
        ("Compliance.Status", {"OldValue": "PASSED"}, 1),
        ("Compliance", {"OldValue": '{"Status":"PASSED"}'}, 1),
        ("RecordState", {"OldValue": "ARCHIVED"}, 1),
        ("Workflow/Status", {}, 1),
        ("Workflow/Status", {"OldValue": "NEW"}, 0),
        ("Note", {"OldValue": "PASSED"}, 0),
    ],
)
def test_an_old_finding_that_was_raised_again_counts(field: str, old: Mapping[str, str], count: int) -> None:
    asked: list[Any] = []
    at = datetime(2025, 10, 1, tzinfo=UTC)
    answers: dict[str, Any] = {
        "DescribeHub": {"HubArn": "arn:hub"},
        "GetEnabledStandards": {"StandardsSubscriptions": [{"StandardsStatus": "READY"}]},
        "GetFindings": lambda filters: asked.append(filters["Filters"]) or {"Findings": [hub_finding("a", at)]},
        "GetFindingHistory": {"Records": [{"Updates": [{"UpdatedField": field, "NewValue": "x", **old}]}]},
    }
    (_, hub) = see(observe_alerts, answers, Window(began=datetime(2025, 12, 31, tzinfo=UTC), ended=None))
    assert hub["raised"] == count
    assert asked[0]["AwsAccountId"] == [{"Value": ACCOUNT, "Comparison": "EQUALS"}]
    assert "UpdatedAt" in asked[0]


@pytest.fixture
def serving(account: Emulated) -> Emulated:
    """An account with a service of two containers, one of which takes traffic."""
    ecs = account("ecs")
    ecs.create_cluster(clusterName="shop")
    containers = [
        {
            "name": name,
            "image": "x",
            "memory": 128,
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": REGION}},
        }
        for name, group in (("api", GROUP), ("collector", BESIDE))
    ]
    ecs.register_task_definition(family="api", containerDefinitions=containers)
    balancer = {"targetGroupArn": "arn", "containerName": "api", "containerPort": 80}
    ecs.create_service(
        cluster="shop", serviceName="api", taskDefinition="api", desiredCount=0, loadBalancers=[balancer]
    )
    for group in (GROUP, BESIDE):
        account("logs").create_log_group(logGroupName=group)
        account("logs").create_log_stream(logGroupName=group, logStreamName="s")
    return account


def write(account: Emulated, minutes: float, *lines: str, group: str = GROUP) -> None:
    """Let a group receive lines so many minutes after the deployment of ``began()`` began."""
    at = int((datetime.now(UTC) - timedelta(minutes=10) + timedelta(minutes=minutes)).timestamp() * 1000)
    events = [{"timestamp": at, "message": line} for line in lines]
    account("logs").put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def logs(account: Emulated) -> dict[str, LogsDuringDeploy]:
    with looking(account.endpoint) as look:
        values = list(observe_logs(look(), began()))
    assert "Ada" not in json.dumps(values), "a line is never kept"
    return {fact.subject: fact for value in values for fact in log_facts(value)}


INFO = '{"level": "info", "message": "a request of Ada"}'
ERROR = '{"level": "error", "message": "no row for \'Ada\'"}'
OTHER = '{"level": "error", "message": "no such column"}'


def test_a_new_kind_of_error_is_seen(serving: Emulated) -> None:
    write(serving, -2, INFO, ERROR)
    write(serving, 2, INFO, ERROR, OTHER, OTHER)
    assert logs(serving)[GROUP].new_kinds.detail == "no such column (2 times)"


def test_an_error_that_was_there_before_is_not_new(serving: Emulated) -> None:
    write(serving, -5, ERROR)
    write(serving, 5, ERROR)
    assert logs(serving)[GROUP].new_kinds.value.magnitude == 0


@pytest.mark.parametrize(("minutes", "why"), [(-2, "while it was deployed"), (2, "before it was deployed")])
def test_silence_shows_nothing(serving: Emulated, minutes: float, why: str) -> None:
    write(serving, minutes, INFO)
    with pytest.raises(NotObserved, match=f"no line was written {why}"):
        logs(serving)[GROUP].new_kinds  # noqa: B018  a field that raises


def test_what_stands_beside_may_be_silent_and_its_errors_count(serving: Emulated) -> None:
    write(serving, -2, INFO)
    write(serving, 2, INFO)
    assert logs(serving)[BESIDE].new_kinds.value.magnitude == 0
    write(serving, 2, "ERROR exporting failed", group=BESIDE)
    assert logs(serving)[BESIDE].new_kinds.value.magnitude == 1


def test_a_group_that_is_gone_says_so(serving: Emulated) -> None:
    serving("logs").delete_log_group(logGroupName=GROUP)
    with pytest.raises(NotObserved, match="ResourceNotFound"):
        logs(serving)[GROUP].new_kinds  # noqa: B018  a field that raises
