"""Ways to stop seeing how the system is, and the checks that see it."""

import json
from collections.abc import Callable
from typing import Any

from .harness import Aws, Sabotage
from .releasing import API, CLUSTER, list_containers, register

NAME = "nba-news-prod"


def redrawn(change: Callable[[list[Any]], list[Any]]) -> Callable[[Aws], None]:
    """Return what puts the dashboard anew, with a change of its widgets."""

    def redraw(aws: Aws) -> None:
        watch = aws("cloudwatch")
        body = json.loads(watch.get_dashboard(DashboardName=NAME)["DashboardBody"])
        body["widgets"] = change(body["widgets"])
        watch.put_dashboard(DashboardName=NAME, DashboardBody=json.dumps(body))

    return redraw


def without_airflow(widgets: list[Any]) -> list[Any]:
    return [one for one in widgets if "MWAA" not in json.dumps(one)]


def with_lost_queue(widgets: list[Any]) -> list[Any]:
    metric = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "gone"]
    return [*widgets, {"type": "metric", "properties": {"metrics": [metric]}}]


def with_mistyped_metric(widgets: list[Any]) -> list[Any]:
    metric = ["AWS/SQS", "ApproximateNumberOfMessageVisible", "QueueName", "nba-news-prod-dead-letters"]
    return [*widgets, {"type": "metric", "properties": {"metrics": [metric]}}]


def untraced(aws: Aws) -> None:
    """Take the right to send traces from the role of the API's tasks."""
    iam, name = aws("iam"), "nba-news-prod-api-task"
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        kept = [one for one in document["Statement"] if "xray:" not in json.dumps(one)]
        text = json.dumps({**document, "Statement": kept})
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text)


def renamed(aws: Aws) -> None:
    """Let the API report its traces under another name, of which none has arrived."""
    containers = list_containers(aws, API)
    for one in (one for container in containers for one in container.get("environment", ())):
        one["value"] = "backend" if one["name"] == "OTEL_SERVICE_NAME" else one["value"]
    made = register(aws, API, containerDefinitions=containers)
    aws("ecs").update_service(cluster=CLUSTER, service=API, taskDefinition=made)


SABOTAGES = (
    Sabotage("traces under a name that nobody sends", breaks={"traces-arrive"}, by=renamed),
    Sabotage("a role that may not send traces", breaks={"tracing"}, by=untraced),
    Sabotage(
        "an empty dashboard",
        breaks={"dashboard", "dashboard-covers-components"},
        by=redrawn(lambda _widgets: []),
    ),
    Sabotage("a dashboard without Airflow", breaks={"dashboard-covers-components"}, by=redrawn(without_airflow)),
    Sabotage(
        "a graph of a queue that is gone",
        breaks={"dashboard-covers-components"},
        by=redrawn(with_lost_queue),
    ),
    Sabotage("a graph of a mistyped metric", breaks={"metrics-published"}, by=redrawn(with_mistyped_metric)),
    Sabotage(
        "no dashboard",
        breaks={"dashboard-covers-components"},
        unsettles={"dashboard"},
        by=lambda aws: aws("cloudwatch").delete_dashboards(DashboardNames=[NAME]),
    ),
    Sabotage(
        "a canary that is stopped",
        breaks={"canary"},
        by=lambda aws: aws("synthetics").stop_canary(Name="nba-news-prod-visitor"),
    ),
    Sabotage(
        "a canary that nobody hears",
        breaks={"canary"},
        by=lambda aws: aws("cloudwatch").delete_alarms(AlarmNames=["nba-news-prod-canary"]),
    ),
)
