"""What must be live as it is declared: alarms, logs, topics, rules, trails, budgets."""

from __future__ import annotations

from typing import Final

from ...observers import reads
from ..alarm_settings import EVERY_TYPE
from ..distributions import GLOBAL
from .counterpart import Counterpart, Place, Thing

reads("budgets", "DescribeBudgets")
reads("cloudtrail", "DescribeTrails")
reads("cloudwatch", "DescribeAlarms")
reads("events", "ListRules")
reads("logs", "DescribeLogGroups")
reads("sns", "GetTopicAttributes")


def _topic(here: Place, declared: Thing) -> Thing | None:
    arn = f"arn:aws:sns:{here.region}:{here.account.id}:{declared['name']}"
    return here.find("sns", "GetTopicAttributes", "Attributes", TopicArn=arn)


def _trail(here: Place, declared: Thing) -> Thing | None:
    answer = here.find("cloudtrail", "DescribeTrails", includeShadowTrails=False) or {}
    trails = answer.get("trailList") or ()
    return next((trail for trail in trails if trail.get("Name") == declared["name"]), None)


TABLE: Final = (
    Counterpart(
        type="aws_cloudwatch_metric_alarm",
        find=lambda here, d: here.one(
            "cloudwatch", "DescribeAlarms", "MetricAlarms", asked=EVERY_TYPE, AlarmName=d["alarm_name"]
        ),
        kind="cloudwatch:alarm",
        identity=("arn", "AlarmArn"),
        same={
            "actions_enabled": ("ActionsEnabled", True),
            "alarm_actions": ("AlarmActions", ()),
            "comparison_operator": "ComparisonOperator",
            "datapoints_to_alarm": "DatapointsToAlarm",
            "dimensions": ("Dimensions{Name=Value}", {}),
            "evaluation_periods": "EvaluationPeriods",
            "extended_statistic": ("ExtendedStatistic", ""),
            "insufficient_data_actions": ("InsufficientDataActions", ()),
            "metric_name": ("MetricName", ""),
            "metric_query[].expression": ("Metrics[].Expression", ()),
            "namespace": ("Namespace", ""),
            "ok_actions": ("OKActions", ()),
            "period": "Period",
            "statistic": ("Statistic", ""),
            "threshold": "Threshold",
            "treat_missing_data": ("TreatMissingData", "missing"),
        },
    ),
    Counterpart(
        type="aws_cloudwatch_composite_alarm",
        find=lambda here, d: here.one(
            "cloudwatch", "DescribeAlarms", "CompositeAlarms", asked=EVERY_TYPE, AlarmName=d["alarm_name"]
        ),
        kind="cloudwatch:alarm",
        identity=("arn", "AlarmArn"),
        same={
            "actions_enabled": ("ActionsEnabled", True),
            "alarm_actions": ("AlarmActions", ()),
            "alarm_rule": "AlarmRule",
            "ok_actions": ("OKActions", ()),
        },
    ),
    Counterpart(
        type="aws_cloudwatch_log_group",
        find=lambda here, d: here.one("logs", "DescribeLogGroups", "logGroups", logGroupName=d["name"]),
        kind="logs:log-group",
        identity=("arn", "arn"),
        same={"kms_key_id": ("kmsKeyId", ""), "retention_in_days": ("retentionInDays", "")},
    ),
    Counterpart(
        type="aws_sns_topic",
        find=_topic,
        kind="sns",
        identity=("arn", "TopicArn"),
        same={"kms_master_key_id": ("KmsMasterKeyId", "")},
    ),
    Counterpart(
        type="aws_cloudwatch_event_rule",
        find=lambda here, d: here.one("events", "ListRules", "Rules", Name=d["name"]),
        kind="events:rule",
        identity=("arn", "Arn"),
        same={
            "event_pattern": ("EventPattern", ""),
            "schedule_expression": ("ScheduleExpression", ""),
            "state": ("State", "ENABLED"),
        },
    ),
    Counterpart(
        type="aws_cloudtrail",
        find=_trail,
        kind="cloudtrail:trail",
        identity=("arn", "TrailARN"),
        same={
            "enable_log_file_validation": ("LogFileValidationEnabled", False),
            "include_global_service_events": ("IncludeGlobalServiceEvents", True),
            "is_multi_region_trail": ("IsMultiRegionTrail", False),
            "kms_key_id": ("KmsKeyId", ""),
            "s3_bucket_name": "S3BucketName",
        },
    ),
    Counterpart(
        type="aws_budgets_budget",
        find=lambda here, d: Place(here.account, GLOBAL).one(
            "budgets", "DescribeBudgets", "Budgets", asked={"AccountId": here.account.id}, BudgetName=d["name"]
        ),
        same={
            "budget_type": "BudgetType",
            "limit_amount": "BudgetLimit.Amount",
            "limit_unit": "BudgetLimit.Unit",
            "time_unit": "TimeUnit",
        },
    ),
)
