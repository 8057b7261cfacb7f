"""Ways to lose a log, or to write into it what must not be there, and the checks that see it."""

import time
from collections.abc import Callable

from .harness import Aws, Sabotage

API = "/ecs/nba-news-prod/api"


def without_access_log(aws: Aws) -> None:
    balancers = aws("elbv2")
    arn = balancers.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    off = [{"Key": "access_logs.s3.enabled", "Value": "false"}]
    balancers.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)


def without_delivery(aws: Aws) -> None:
    logs = aws("logs", "us-east-1")
    for delivery in logs.describe_deliveries()["deliveries"]:
        logs.delete_delivery(id=delivery["id"])


def without_flow_logs(aws: Aws) -> None:
    ec2 = aws("ec2")
    ec2.delete_flow_logs(FlowLogIds=[one["FlowLogId"] for one in ec2.describe_flow_logs()["FlowLogs"]])


def logging_only(kind: str) -> Callable[[Aws], None]:
    def narrow(aws: Aws) -> None:
        ec2 = aws("ec2")
        (flow,) = ec2.describe_flow_logs()["FlowLogs"]
        ec2.delete_flow_logs(FlowLogIds=[flow["FlowLogId"]])
        ec2.create_flow_logs(
            ResourceType="VPC",
            ResourceIds=[flow["ResourceId"]],
            TrafficType=kind,
            LogDestination=flow["LogDestination"],
            DeliverLogsPermissionArn=flow["DeliverLogsPermissionArn"],
        )

    return narrow


def fall_silent(aws: Aws) -> None:
    """Leave one line of two days ago in a log."""
    logs, group = aws("logs"), "airflow-nba-news-prod-Worker"
    logs.delete_log_stream(logGroupName=group, logStreamName="rehearsal")
    logs.create_log_stream(logGroupName=group, logStreamName="old")
    lines = [{"timestamp": int((time.time() - 2 * 86400) * 1000), "message": "a task ended"}]
    logs.put_log_events(logGroupName=group, logStreamName="old", logEvents=lines)


def printing(message: str) -> Callable[[Aws], object]:
    """Return what writes a line into the log of the API."""
    return lambda aws: aws("logs").put_log_events(
        logGroupName=API,
        logStreamName="rehearsal",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": message}],
    )


SABOTAGES = (
    Sabotage(
        "a log group that is deleted",
        breaks={"logs-every-component"},
        by=lambda aws: aws("logs").delete_log_group(logGroupName=API),
    ),
    Sabotage(
        "a database that exports no log",
        breaks={"logs-every-component", "logs-arriving"},
        by=lambda aws: aws("rds").modify_db_cluster(
            DBClusterIdentifier="nba-news-prod",
            CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]},
        ),
    ),
    Sabotage(
        "a log group that keeps a week",
        breaks={"logs-retention"},
        by=lambda aws: aws("logs").put_retention_policy(logGroupName=API, retentionInDays=7),
    ),
    Sabotage(
        "a log group that keeps everything",
        breaks={"logs-retention"},
        by=lambda aws: aws("logs").delete_retention_policy(logGroupName=API),
    ),
    Sabotage("a load balancer without an access log", breaks={"access-logs"}, by=without_access_log),
    Sabotage("a distribution whose log is not delivered", breaks={"access-logs"}, by=without_delivery),
    Sabotage(
        "a log into which nothing comes",
        breaks={"logs-arriving"},
        by=lambda aws: aws("logs").delete_log_stream(
            logGroupName="airflow-nba-news-prod-Worker", logStreamName="rehearsal"
        ),
    ),
    Sabotage("a log whose newest line is two days old", breaks={"logs-arriving"}, by=fall_silent),
    Sabotage("a token in a log", breaks={"secrets-not-in-logs"}, by=printing("calling with ghp_" + "a1B2" * 9)),
    Sabotage(
        "a password in an address in a log",
        breaks={"secrets-not-in-logs"},
        by=printing("postgres://api:correct-horse@db.internal/news is away"),
    ),
    Sabotage(
        "a network without flow logs",
        breaks={"network-flow-logs", "network-flow-logs-accepted", "logs-every-component", "logs-arriving"},
        by=without_flow_logs,
    ),
    Sabotage("flow logs of what was rejected only", breaks={"network-flow-logs-accepted"}, by=logging_only("REJECT")),
    Sabotage("flow logs of what was accepted only", breaks={"network-flow-logs"}, by=logging_only("ACCEPT")),
    Sabotage(
        "flow logs whose log group is gone",
        breaks={"network-flow-logs", "network-flow-logs-accepted", "logs-every-component", "logs-arriving"},
        by=lambda aws: aws("logs").delete_log_group(logGroupName="/aws/vpc/nba-news-prod/flows"),
    ),
)
