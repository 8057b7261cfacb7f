"""CloudWatch alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, stated, tags


@creates("aws_cloudwatch_metric_alarm")
def metric_alarm(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an alarm on a metric or on an expression."""
    return _made(
        declared,
        aws,
        "put_metric_alarm",
        **_watched(declared),
        **stated(
            ComparisonOperator=declared["comparison_operator"],
            EvaluationPeriods=_whole(declared["evaluation_periods"]),
            DatapointsToAlarm=_whole(declared["datapoints_to_alarm"]),
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
    suppressor = (declared["actions_suppressor"] or [{}])[0]
    return _made(
        declared,
        aws,
        "put_composite_alarm",
        AlarmRule=declared["alarm_rule"],
        **stated(
            ActionsSuppressor=suppressor.get("alarm"),
            ActionsSuppressorWaitPeriod=_whole(suppressor.get("wait_period")),
            ActionsSuppressorExtensionPeriod=_whole(suppressor.get("extension_period")),
        ),
    )


def _made(declared: Mapping[str, Any], aws: Clients, operation: str, **arguments: Any) -> Mapping[str, Any]:
    name = declared["alarm_name"]
    getattr(aws("cloudwatch"), operation)(
        AlarmName=name,
        ActionsEnabled=declared["actions_enabled"] is not False,
        **arguments,
        **stated(
            AlarmDescription=declared["alarm_description"],
            AlarmActions=list(declared["alarm_actions"] or ()),
            OKActions=list(declared["ok_actions"] or ()),
            InsufficientDataActions=list(declared["insufficient_data_actions"] or ()),
            Tags=tags(declared),
        ),
    )
    return {"id": name, "arn": f"arn:aws:cloudwatch:{aws.region}:{aws.account}:alarm:{name}"}


def _watched(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an alarm on a single metric reads."""
    return stated(
        Namespace=block["namespace"],
        MetricName=block["metric_name"],
        Dimensions=_dimensions(block),
        Statistic=block["statistic"],
        ExtendedStatistic=block["extended_statistic"],
        Period=_whole(block["period"]),
        Unit=block["unit"],
    )


def _query(block: Mapping[str, Any]) -> dict[str, Any]:
    metrics = [
        {
            "Metric": stated(Namespace=one["namespace"], MetricName=one["metric_name"], Dimensions=_dimensions(one)),
            **stated(Period=_whole(one["period"]), Stat=one["stat"], Unit=one["unit"]),
        }
        for one in block["metric"] or ()
    ]
    return {
        "Id": block["id"],
        "ReturnData": block["return_data"] is True,
        **stated(
            Expression=block["expression"],
            Label=block["label"],
            Period=_whole(block["period"]),
            AccountId=block["account_id"],
            MetricStat=metrics[0] if metrics else None,
        ),
    }


def _dimensions(block: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in (block["dimensions"] or {}).items()]


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)
