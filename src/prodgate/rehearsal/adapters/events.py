"""EventBridge rules and where they send events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags


@creates("aws_cloudwatch_event_rule")
def rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a rule."""
    name, bus = declared["name"], declared["event_bus_name"] or "default"
    on = declared["is_enabled"] is not False
    arn = aws("events").put_rule(
        Name=name,
        EventBusName=bus,
        State=declared["state"] or ("ENABLED" if on else "DISABLED"),
        **omit_empty(
            Description=declared["description"],
            EventPattern=declared["event_pattern"],
            ScheduleExpression=declared["schedule_expression"],
            RoleArn=declared["role_arn"],
            Tags=tags(declared),
        ),
    )["RuleArn"]
    return {"id": name if bus == "default" else f"{bus}/{name}", "arn": arn, "name": name, "event_bus_name": bus}


@creates("aws_cloudwatch_event_target")
def target(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Send the events of a rule somewhere."""
    name = declared["target_id"] or declared["rule"]
    letters, retries = declared["dead_letter_config"] or [], declared["retry_policy"] or []
    refused = aws("events").put_targets(
        Rule=declared["rule"],
        EventBusName=declared["event_bus_name"] or "default",
        Targets=[
            {
                "Id": name,
                "Arn": declared["arn"],
                **omit_empty(
                    RoleArn=declared["role_arn"],
                    Input=declared["input"],
                    InputPath=declared["input_path"],
                    DeadLetterConfig={"Arn": letters[0]["arn"]} if letters else None,
                    RetryPolicy=_retries(retries[0]) if retries else None,
                ),
            }
        ],
    )["FailedEntries"]
    if refused:
        raise ValueError(f"{name}: {refused[0]['ErrorMessage']}")
    return {"id": f"{declared['rule']}-{name}", "target_id": name}


def _retries(block: Mapping[str, Any]) -> Mapping[str, Any]:
    return omit_empty(
        MaximumRetryAttempts=int(block["maximum_retry_attempts"]),
        MaximumEventAgeInSeconds=int(block["maximum_event_age_in_seconds"]),
    )
