"""CloudWatch alarms: kept as they were put, with their states, and telling their topics when a state changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ...semantics.cloudwatch import alarms_in_rule
from ...semantics.topics import key_refusal, publish_refusal
from .alarm_silence import aware, find_suppression, is_muted
from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, answers, corrects

METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"
#: Arguments of PutMetricAlarm and PutCompositeAlarm that an alarm does not show.
_UNSHOWN: Final = ("Tags",)
_ACTIONS: Final = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


@corrects("cloudwatch", "PutMetricAlarm", upstream=UNREPORTED)
def put_metric_alarm(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Keep an alarm on a metric or on an expression."""
    if not {"MetricName", "Metrics", "EvaluationCriteria"} & params.keys():
        raise Refused("ValidationError", "an alarm needs a metric")
    return _put_alarm(ledger, METRIC, params)


@answers("cloudwatch", "PutCompositeAlarm")
def put_composite_alarm(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Keep an alarm on other alarms, which must exist."""
    unknown = alarms_in_rule(params["AlarmRule"]) - ledger.of("alarm").keys()
    if unknown:
        raise Refused("ValidationError", f"the rule names alarms that do not exist: {', '.join(sorted(unknown))}")
    return _put_alarm(ledger, COMPOSITE, params)


@corrects("cloudwatch", "DescribeAlarms", upstream=FOLLOWS)
def describe_alarms(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return alarms; only those on metrics unless types are asked for, as AWS does."""
    types = params.get("AlarmTypes") or [METRIC]
    found = {METRIC: [], COMPOSITE: []}  # type: dict[str, list[dict[str, Any]]]
    for kind, alarm in ledger.of("alarm").values():
        if kind in types and _matches(alarm, params):
            found[kind].append(alarm | find_suppression(ledger, alarm))
    return {"MetricAlarms": found[METRIC], "CompositeAlarms": found[COMPOSITE]}


@corrects("cloudwatch", "DeleteAlarms", upstream=FOLLOWS)
def delete_alarms(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Forget alarms."""
    for name in params["AlarmNames"]:
        ledger.of("alarm").pop(name, None)
    return {}


@corrects("cloudwatch", "EnableAlarmActions", upstream=FOLLOWS)
def enable_alarm_actions(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Let alarms act."""
    return _switch(ledger, params, on=True)


@corrects("cloudwatch", "DisableAlarmActions", upstream=FOLLOWS)
def disable_alarm_actions(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Keep alarms from acting."""
    return _switch(ledger, params, on=False)


@corrects("cloudwatch", "SetAlarmState", upstream="since getmoto/moto#1313")
def set_alarm_state(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Change the state of an alarm, with all that follows from it."""
    name = params["AlarmName"]
    kind, alarm = ledger.find("alarm", name, "ResourceNotFound", f"no alarm {name!r}")
    before, alarm["StateReason"] = alarm["StateValue"], params["StateReason"]
    alarm["StateValue"] = params["StateValue"]
    alarm["StateUpdatedTimestamp"] = datetime.now(UTC)
    if before == alarm["StateValue"]:
        return {}
    summary = f"Alarm updated from {before} to {alarm['StateValue']}"
    data = json.dumps({"newState": {"stateValue": alarm["StateValue"], "stateReason": alarm["StateReason"]}})
    _record_history(ledger, kind, name, HistoryItemType="StateUpdate", HistorySummary=summary, HistoryData=data)
    if alarm["ActionsEnabled"] and not is_muted(ledger, name) and not find_suppression(ledger, alarm):
        for action in alarm.get(_ACTIONS[alarm["StateValue"]], ()):
            _act(ledger, kind, alarm, action, before)
    return {}


@answers("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what happened to alarms, newest first."""
    start, end = params.get("StartDate"), params.get("EndDate")
    items = [
        item
        for item in reversed(ledger.of("history").get("items", []))
        if item["AlarmType"] in (params.get("AlarmTypes") or [METRIC])
        and params.get("AlarmName") in (None, item["AlarmName"])
        and params.get("HistoryItemType") in (None, item["HistoryItemType"])
        and (start is None or aware(start) <= item["Timestamp"])
        and (end is None or item["Timestamp"] <= aware(end))
    ]
    return {"AlarmHistoryItems": items}


def _put_alarm(ledger: Ledger, kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    name, now = params["AlarmName"], datetime.now(UTC)
    arn = f"arn:aws:cloudwatch:{ledger.region}:{ledger.account}:alarm:{name}"
    _, known = ledger.of("alarm").get(name, (kind, {}))
    state = {
        "StateValue": known.get("StateValue", "INSUFFICIENT_DATA"),
        "StateReason": known.get("StateReason", "Unchecked: Initial alarm creation"),
        "StateUpdatedTimestamp": known.get("StateUpdatedTimestamp", now),
        "AlarmConfigurationUpdatedTimestamp": now,
    }
    actions = {stated: list(params.get(stated) or ()) for stated in _ACTIONS.values()}
    stated = {name: value for name, value in params.items() if name not in _UNSHOWN}
    alarm = {"ActionsEnabled": True, "AlarmArn": arn, **stated, **actions, **state}
    if kind == METRIC and "Metrics" not in alarm:
        alarm.setdefault("Dimensions", [])
    ledger.of("alarm")[name] = (kind, alarm)
    if params.get("Tags"):
        ledger.backend.tagger.tag_resource(arn, params["Tags"])
    return {}


def _matches(alarm: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix") or ""
    states, action = params.get("StateValue"), params.get("ActionPrefix") or ""
    actions = [one for name in _ACTIONS.values() for one in alarm[name]]
    return (
        (not names or alarm["AlarmName"] in names)
        and alarm["AlarmName"].startswith(prefix)
        and states in (None, "", alarm["StateValue"])
        and (not action or any(one.startswith(action) for one in actions))
    )


def _switch(ledger: Ledger, params: Mapping[str, Any], *, on: bool) -> dict[str, Any]:
    for name in params["AlarmNames"]:
        if name in ledger.of("alarm"):
            ledger.of("alarm")[name][1]["ActionsEnabled"] = on
    return {}


def _act(ledger: Ledger, kind: str, alarm: Mapping[str, Any], action: str, before: str) -> None:
    """Do what an alarm does on a change: tell a topic. Other actions are noted and not done."""
    refusals = list(_refusals(ledger, alarm, action)) if ":sns:" in action else []
    if ":sns:" in action and not refusals:
        said, subject = json.dumps(_message(ledger, alarm, before)), f'{alarm["StateValue"]}: "{alarm["AlarmName"]}"'
        ledger.ask("sns", "Publish", TopicArn=action, Message=said, Subject=subject[:99])
    done = "Failed to execute" if refusals else "Successfully executed"
    data = {
        "actionState": "Failed" if refusals else "Succeeded",
        "notificationResource": action,
        "error": "; ".join(refusals) or None,
    }
    told = {"HistorySummary": f"{done} action {action}", "HistoryData": json.dumps(data)}
    _record_history(ledger, kind, alarm["AlarmName"], HistoryItemType="Action", **told)


def _refusals(ledger: Ledger, alarm: Mapping[str, Any], topic: str) -> Iterator[str]:
    """Say why CloudWatch may not publish to a topic."""
    try:
        attributes = ledger.ask("sns", "GetTopicAttributes", TopicArn=topic)["Attributes"]
    except Refused as refused:
        yield refused.message
        return
    yield from filter(None, [publish_refusal(attributes.get("Policy") or "", topic, (alarm["AlarmArn"],))])
    if key := attributes.get("KmsMasterKeyId"):
        yield from filter(None, [_key_refusal(ledger, key)])


def _key_refusal(ledger: Ledger, key: str) -> str:
    try:
        known = ledger.ask("kms", "DescribeKey", KeyId=key)["KeyMetadata"]
        policy = ledger.ask("kms", "GetKeyPolicy", KeyId=known["Arn"], PolicyName="default")["Policy"]
    except Refused as refused:
        return refused.message
    return key_refusal(known, policy, ledger.account)


def _message(ledger: Ledger, alarm: Mapping[str, Any], before: str) -> dict[str, Any]:
    """Return what AWS tells a topic, as far as people and programs read it."""
    shown = ("AlarmName", "AlarmDescription", "AlarmArn", "OKActions", "AlarmActions", "InsufficientDataActions")
    return {name: alarm.get(name) for name in shown} | {
        "AWSAccountId": ledger.account,
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "OldStateValue": before,
        "StateChangeTime": alarm["StateUpdatedTimestamp"].isoformat(),
        "Region": ledger.region,
    }


def _record_history(ledger: Ledger, kind: str, name: str, **told: Any) -> None:
    """Keep what happened to an alarm, as long as AWS does."""
    now = datetime.now(UTC)
    items = ledger.of("history").setdefault("items", [])
    items.append({"AlarmName": name, "AlarmType": kind, "Timestamp": now, **told})
    oldest = now - timedelta(days=30)
    items[:] = [item for item in items if item["Timestamp"] >= oldest]
