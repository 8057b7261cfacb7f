"""What keeps an alarm of CloudWatch from acting: rules that mute it, and an alarm that suppresses it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .extension import Ledger, answers


@answers("cloudwatch", "PutAlarmMuteRule")
def put_alarm_mute_rule(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a rule that silences alarms."""
    arn = f"arn:aws:cloudwatch:{ledger.region}:{ledger.account}:alarm-mute-rule:{params['Name']}"
    start, end = params.get("StartDate"), params.get("ExpireDate")
    status = "EXPIRED" if end and aware(end) < datetime.now(UTC) else "ACTIVE"
    if start and aware(start) > datetime.now(UTC):
        status = "SCHEDULED"
    kept = {name: value for name, value in params.items() if name != "Tags"}
    ledger.of("mute")[params["Name"]] = kept | {"AlarmMuteRuleArn": arn, "Status": status}
    return {}


@answers("cloudwatch", "ListAlarmMuteRules")
def list_alarm_mute_rules(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules that silence alarms."""
    statuses = params.get("Statuses") or ["SCHEDULED", "ACTIVE", "EXPIRED"]
    shown = ("AlarmMuteRuleArn", "ExpireDate", "Status")
    found = [rule for rule in ledger.of("mute").values() if rule["Status"] in statuses]
    return {"AlarmMuteRuleSummaries": [{name: rule[name] for name in shown if name in rule} for rule in found]}


@answers("cloudwatch", "GetAlarmMuteRule")
def get_alarm_mute_rule(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule that silences alarms, with its targets."""
    name = params["AlarmMuteRuleName"]
    return dict(ledger.find("mute", name, "ResourceNotFoundException", f"no mute rule {name!r}"))


@answers("cloudwatch", "DeleteAlarmMuteRule")
def delete_alarm_mute_rule(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Forget a rule that silences alarms."""
    ledger.of("mute").pop(params["AlarmMuteRuleName"], None)
    return {}


def find_suppression(ledger: Ledger, alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Say that a composite alarm does not act while its suppressor fires; waiting periods have ended here.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-suppression.html
    """
    name = alarm.get("ActionsSuppressor", "").rpartition(":alarm:")[2]
    _, suppressor = ledger.of("alarm").get(name, ("", {}))
    if suppressor.get("StateValue") != "ALARM":
        return {}
    return {"ActionsSuppressedBy": "Alarm", "ActionsSuppressedReason": f"the suppressor {name} is in ALARM"}


def is_muted(ledger: Ledger, name: str) -> bool:
    """Whether an active rule silences an alarm."""
    rules = ledger.of("mute").values()
    return any(
        rule["Status"] == "ACTIVE" and name in rule.get("MuteTargets", {}).get("AlarmNames", ()) for rule in rules
    )


def aware(moment: datetime) -> datetime:
    """Return a time with its zone, UTC where none is stated."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
