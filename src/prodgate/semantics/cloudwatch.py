"""What CloudWatch's metrics and alarms mean, wherever an alarm is met: declared or in an account."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Set
from decimal import Decimal
from typing import Final

from .metric_math import evaluate, query_ids

__all__ = [
    "BALANCER_ERRORS", "HEARTBEATS", "TARGET_ERRORS", "UTILIZATION", "alarms_in_rule", "error_percent",
    "evaluate_nested", "find_deciding_queries", "fires_above", "fires_below", "is_error_share", "parse_percentile",
]  # fmt: skip

#: What a load balancer answered with 5xx by itself, without a target.
BALANCER_ERRORS: Final = "HTTPCode_ELB_5XX_Count"
#: What the targets behind it answered with 5xx.
TARGET_ERRORS: Final = "HTTPCode_Target_5XX_Count"
#: Percentages from 0 to 100 of which more is worse.
UTILIZATION: Final = {
    ("AWS/ECS", "CPUUtilization"), ("AWS/ECS", "MemoryUtilization"), ("AWS/RDS", "CPUUtilization"),
    ("AWS/MWAA", "CPUUtilization"), ("AWS/MWAA", "MemoryUtilization"), ("AWS/ElastiCache", "CPUUtilization"),
}  # fmt: skip
#: Metrics that are published as long as the thing is alive, so that their absence is the fault itself.
HEARTBEATS: Final = {
    "SchedulerHeartbeat", "TriggerHeartbeat", "TriggererHeartbeat", "HealthyHostCount", "SuccessPercent"
}  # fmt: skip
#: Metrics that AWS publishes only when there is something to count: missing data is no fault.
SPARSE: Final = {
    ("AWS/ApplicationELB", BALANCER_ERRORS), ("AWS/ApplicationELB", TARGET_ERRORS),
    ("AWS/ApplicationELB", "TargetResponseTime"), ("AWS/ApplicationELB", "UnHealthyHostCount"),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    # they are reported when there is a value other than zero
    ("AWS/ApplicationELB", "HTTPCode_ELB_4XX_Count"), ("AWS/ApplicationELB", "HTTPCode_Target_4XX_Count"),
    ("AWS/ApplicationELB", "HTTPCode_ELB_500_Count"), ("AWS/ApplicationELB", "HTTPCode_ELB_502_Count"),
    ("AWS/ApplicationELB", "HTTPCode_ELB_503_Count"), ("AWS/ApplicationELB", "HTTPCode_ELB_504_Count"),
    ("AWS/ApplicationELB", "RejectedConnectionCount"), ("AWS/ApplicationELB", "TargetConnectionErrorCount"),
    ("AWS/Events", "FailedInvocations"), ("AWS/Lambda", "Errors"), ("AWS/SNS", "NumberOfNotificationsFailed"),
    ("AWS/MWAA", "ApproximateAgeOfOldestTask"),
    ("AWS/Route53", "DNSSECInternalFailure"), ("AWS/Route53", "DNSSECKeySigningKeysNeedingAction"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"), ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    ("AWS/WAFV2", "BlockedRequests"),
    ("AmazonMWAA", "DAGDurationFailed"), ("AmazonMWAA", "DAGDurationSuccess"), ("AmazonMWAA", "DAGScheduleDelay"),
    ("AmazonMWAA", "ImportErrors"), ("AmazonMWAA", "TaskInstanceFailures"), ("AmazonMWAA", "TaskInstanceSuccesses"),
}  # fmt: skip

#: Metrics of containers of MWAA, silent only of those that come and go: the base worker always reports, and a cluster
#: of another name never does. https://docs.aws.amazon.com/mwaa/latest/userguide/accessing-metrics-cw-container-queue-db.html
_CONTAINERS: Final = {("AWS/MWAA", "CPUUtilization"), ("AWS/MWAA", "MemoryUtilization")}


def is_sparse(namespace: str, metric: str, dimensions: Mapping[str, str]) -> bool:
    """Whether a metric of AWS is silent while all is well; AWS publishes none of them for all things at once."""
    if (namespace, metric) in _CONTAINERS:
        return dimensions.get("Cluster") == "AdditionalWorker"
    return (namespace, metric) in SPARSE and bool(dimensions)


#: Computes what an alarm compares with its threshold, given a number for each metric by its name.
Compute = Callable[[Mapping[str, Decimal]], Decimal]


def parse_percentile(statistic: str) -> Decimal | None:
    """Return 95 for ``p95``, None for any other statistic."""
    number = statistic[1:]
    return Decimal(number) if statistic[:1] == "p" and number.replace(".", "", 1).isdigit() else None


def alarms_in_rule(rule: str) -> frozenset[str]:
    """Return the names of the alarms that a composite alarm's rule is made of."""
    names = re.findall(r'(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"?([^")]+?)"?\s*\)', rule)
    return frozenset(name.rpartition(":alarm:")[2] for name in names)


def find_deciding_queries(outer: str, inner: Mapping[str, str], queries: Collection[str]) -> frozenset[str]:
    """Return the ids of the queries that an expression uses, directly or through another one. Raises Unresolved."""
    waiting, seen = [outer], set[str]()
    while waiting:
        named = query_ids(waiting.pop())
        found = (set(queries) if "METRICS" in named else named & set(queries)) - seen
        seen |= found
        waiting += [inner[id_] for id_ in found if inner.get(id_)]
    return frozenset(seen)


def fires_above(comparison: str) -> bool:
    """Whether an alarm with this operator fires when its value is high."""
    return "Greater" in comparison


def fires_below(comparison: str) -> bool:
    """Whether an alarm with this operator fires when its value is low."""
    return "LessThan" in comparison


def evaluate_nested(outer: str, inner: Mapping[str, str], values: Mapping[str, Decimal]) -> Decimal:
    """Compute an expression that may name others. Raises Unresolved for what is not understood.

    ``inner`` holds the expressions by their ids, ``values`` a number for each metric by its id.
    """
    known = dict(values)
    for _ in inner:
        for id_, text in inner.items():
            if text != outer and {name for name in query_ids(text) if not name.isupper()} <= known.keys():
                known[id_] = evaluate(text, known)
    return evaluate(outer, known)


def is_error_share(metrics: Set[str], compute: Compute) -> bool:
    """Whether an alarm on these metrics of a load balancer compares a share of its requests.

    It does when twice the traffic with the same errors halves the value. Raises Unresolved.
    """
    if metrics - {BALANCER_ERRORS, TARGET_ERRORS, "RequestCount"}:
        return False
    busy, busier = compute(_traffic(metrics, requests=1000)), compute(_traffic(metrics, requests=2000))
    return busy > busier > 0


def error_percent(threshold: Decimal, metrics: Set[str], compute: Compute) -> Decimal:
    """Return an error rate's threshold in percent, whether its expression counts in percent or in shares of one."""
    return threshold / compute(_traffic(metrics, requests=1000))


def _traffic(metrics: Set[str], requests: int) -> dict[str, Decimal]:
    """Return the numbers of a minute in which ten requests failed, all with one of the errors that the alarm reads.

    What a load balancer answers itself because no target was there is not in its RequestCount.
    """
    failed = TARGET_ERRORS if TARGET_ERRORS in metrics else BALANCER_ERRORS
    reached = requests if failed == TARGET_ERRORS else requests - 10
    counts = {TARGET_ERRORS: 0, BALANCER_ERRORS: 0, failed: 10, "RequestCount": reached}
    return {name: Decimal(count) for name, count in counts.items()}
