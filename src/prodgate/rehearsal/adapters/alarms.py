"""CloudWatch alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, first, integer, omit_empty, tags


@creates("aws_cloudwatch_metric_alarm")
def metric_alarm(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an alarm on a metric or on an expression."""
    return _put_alarm(
        declared,
        aws,
        "put_metric_alarm",
        **_metric_arguments(declared),
        **omit_empty(
            ComparisonOperator=declared["comparison_operator"],
            EvaluationPeriods=integer(declared["evaluation_periods"]),
            DatapointsToAlarm=integer(declared["datapoints_to_alarm"]),
            ThresholdMetricId=declared["threshold_metric_id"],
            TreatMissingData=declared["treat_missing_data"] or "missing",
            EvaluateLowSampleCountPercentile=declared["evaluate_low_sample_count_percentiles"],
            Metrics=[_query(block) for block in declared["metric_query"] or ()],
        ),
        **({} if declared["threshold"] is None else {"Threshold": float(declared["threshold"])}),
    )


@creates("aws_cloudwatch_composite_alarm")
def composite_alarm(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an alarm on other alarms."""
    suppressor = first(declared["actions_suppressor"])
    return _put_alarm(
        declared,
        aws,
        "put_composite_alarm",
        AlarmRule=declared["alarm_rule"],
        **omit_empty(
            ActionsSuppressor=suppressor.get("alarm"),
            ActionsSuppressorWaitPeriod=integer(suppressor.get("wait_period")),
            ActionsSuppressorExtensionPeriod=integer(suppressor.get("extension_period")),
        ),
    )


def _put_alarm(declared: Mapping[str, Any], aws: Clients, operation: str, **arguments: Any) -> Mapping[str, Any]:
    name = declared["alarm_name"]
    getattr(aws("cloudwatch"), operation)(
        AlarmName=name,
        ActionsEnabled=declared["actions_enabled"] is not False,
        **arguments,
        **omit_empty(
            AlarmDescription=declared["alarm_description"],
            AlarmActions=list(declared["alarm_actions"] or ()),
            OKActions=list(declared["ok_actions"] or ()),
            InsufficientDataActions=list(declared["insufficient_data_actions"] or ()),
            Tags=tags(declared),
        ),
    )
    return {"id": name, "arn": f"arn:aws:cloudwatch:{aws.region}:{aws.account}:alarm:{name}"}


def _metric_arguments(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an alarm on a single metric reads."""
    return omit_empty(
        Namespace=block["namespace"],
        MetricName=block["metric_name"],
        Dimensions=_dimensions(block),
        Statistic=block["statistic"],
        ExtendedStatistic=block["extended_statistic"],
        Period=integer(block["period"]),
        Unit=block["unit"],
    )


def _query(block: Mapping[str, Any]) -> dict[str, Any]:
    metrics = [
        {
            "Metric": omit_empty(
                Namespace=one["namespace"], MetricName=one["metric_name"], Dimensions=_dimensions(one)
            ),
            **omit_empty(Period=integer(one["period"]), Stat=one["stat"], Unit=one["unit"]),
        }
        for one in block["metric"] or ()
    ]
    return {
        "Id": block["id"],
        "ReturnData": block["return_data"] is True,
        **omit_empty(
            Expression=block["expression"],
            Label=block["label"],
            Period=integer(block["period"]),
            AccountId=block["account_id"],
            MetricStat=first(metrics),
        ),
    }


def _dimensions(block: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in (block["dimensions"] or {}).items()]
