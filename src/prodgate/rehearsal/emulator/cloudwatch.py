"""CloudWatch: metrics with their times, summed up as GetMetricData does, and alarms that notify their topics."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...semantics.cloudwatch import alarms_in_rule, compute_statistic, evaluate, query_ids
from ...semantics.topics import key_refusal, publish_refusal
from ...semantics.unresolved import Unresolved
from .corrections import QUEUES, measure_queues
from .extension import FOLLOWS, UNREPORTED, Kind, Ledger, Refused, answers, aware, corrects

# ── Metrics

Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Point:
    """Values of one metric at one time, each with its count."""

    time: float
    unit: str
    values: tuple[tuple[float, float], ...]


@corrects("cloudwatch", "PutMetricData", upstream=UNREPORTED)
def _put_metric_data(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    for datum in params.get("MetricData", ()):
        key = _key({"Namespace": params["Namespace"], **datum})
        time = datum.get("Timestamp") or datetime.now(UTC)
        point = Point(_epoch(time), datum.get("Unit") or "None", tuple(_values(datum)))
        _series(ledger).setdefault(key, []).append(point)
    return {}


@corrects("cloudwatch", "ListMetrics", upstream=FOLLOWS)
def _list_metrics(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    since = datetime.now(UTC).timestamp() - (3 * 3600 if params.get("RecentlyActive") else 14 * 86400)
    found = [
        {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions]}
        for (namespace, name, dimensions), points in _series(ledger).items()
        if params.get("Namespace") in (None, "", namespace)
        and params.get("MetricName") in (None, "", name)
        and all(_has_dimension(dict(dimensions), wanted) for wanted in params.get("Dimensions") or ())
        and any(point.time >= since for point in points)
    ]
    return {"Metrics": found}


@corrects("cloudwatch", "GetMetricData", upstream="since getmoto/moto#2848")
def get_metric_data(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return statistics of metrics over periods, and expressions over them."""
    start, end = _epoch(params["StartTime"]), _epoch(params["EndTime"])
    if start >= end:
        raise Refused("ValidationError", "the parameter StartTime must be less than EndTime")
    queries = params["MetricDataQueries"]
    if any(query.get("MetricStat", {}).get("Metric", {}).get("Namespace") == QUEUES for query in queries):
        _put_metric_data(ledger, {"Namespace": QUEUES, "MetricData": measure_queues(ledger.account, ledger.region)})
    series = {
        query["Id"]: _statistics(ledger, query["MetricStat"], start, end) for query in queries if "MetricStat" in query
    }
    for query in queries:
        if "Expression" in query:
            series[query["Id"]] = _evaluate(query["Expression"], series)
    ascending = params.get("ScanBy") == "TimestampAscending"
    results = [
        _result(query, series[query["Id"]], ascending) for query in queries if query.get("ReturnData") is not False
    ]
    return {"MetricDataResults": results, "Messages": []}


@corrects("cloudwatch", "GetMetricStatistics", upstream=FOLLOWS)
def _get_metric_statistics(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    wanted = [*params.get("Statistics", ()), *params.get("ExtendedStatistics", ())]
    asked = {"Metric": params, "Period": params["Period"], "Unit": params.get("Unit")}
    found: dict[float, dict[str, Any]] = {}
    for name in wanted:
        period = _statistics(ledger, asked | {"Stat": name}, _epoch(params["StartTime"]), _epoch(params["EndTime"]))
        for time, value in period.items():
            point = found.setdefault(time, {"Timestamp": datetime.fromtimestamp(time, UTC)})
            if name in params.get("Statistics", ()):
                point[name] = value
            else:
                point.setdefault("ExtendedStatistics", {})[name] = value
    return {"Label": params["MetricName"], "Datapoints": list(found.values())}


def _series(ledger: Ledger) -> dict[Key, list[Point]]:
    known: dict[Key, list[Point]] = ledger.of("series").setdefault("points", {})
    return known


def _key(metric: Mapping[str, Any]) -> Key:
    dimensions = tuple(sorted((one["Name"], one["Value"]) for one in metric.get("Dimensions") or ()))
    return metric["Namespace"], metric["MetricName"], dimensions


def _values(datum: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    if summed := datum.get("StatisticValues"):
        count, total = float(summed["SampleCount"]), float(summed["Sum"])
        yield from ((float(summed["Minimum"]), 1.0), (float(summed["Maximum"]), 1.0)) if count > 1 else ()
        rest = count - 2 if count > 1 else count
        if rest > 0:
            yield (total - float(summed["Minimum"]) - float(summed["Maximum"])) / rest if count > 1 else total, rest
    elif "Values" in datum:
        counts = datum.get("Counts") or [1.0] * len(datum["Values"])
        yield from zip(map(float, datum["Values"]), map(float, counts), strict=True)
    else:
        yield float(datum["Value"]), 1.0


def _has_dimension(dimensions: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return wanted["Name"] in dimensions and wanted.get("Value") in (None, dimensions[wanted["Name"]])


def _statistics(ledger: Ledger, asked: Mapping[str, Any], start: float, end: float) -> dict[float, float]:
    """Return a statistic by the start of each period that has values; periods count from ``start``."""
    period, unit = int(asked["Period"]), asked.get("Unit")
    parts: dict[float, list[tuple[float, float]]] = {}
    for point in _series(ledger).get(_key(asked["Metric"]), ()):
        if start <= point.time < end and unit in (None, "", point.unit):
            begin = start + (point.time - start) // period * period
            parts.setdefault(begin, []).extend(point.values)
    try:
        return {begin: compute_statistic(asked["Stat"], values) for begin, values in parts.items()}
    except Unresolved as error:
        raise Refused("ValidationError", str(error)) from None


def _evaluate(text: str, series: Mapping[str, Mapping[float, float]]) -> dict[float, float]:
    if not (named := [series[name] for name in query_ids(text) if name in series]):
        raise Refused("ValidationError", f"the expression {text!r} names no metric of the request")
    found: dict[float, float] = {}
    for time in sorted(set().union(*named)):
        values = {id_: Decimal(str(known.get(time, 0))) for id_, known in series.items()}
        try:
            found[time] = float(evaluate(text, values))
        except Unresolved as error:
            raise Refused("ValidationError", str(error)) from None
    return found


def _result(query: Mapping[str, Any], series: Mapping[float, float], ascending: bool) -> dict[str, Any]:
    times = sorted(series, reverse=not ascending)
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["Id"],
        "Timestamps": [datetime.fromtimestamp(time, UTC) for time in times],
        "Values": [series[time] for time in times],
        "StatusCode": "Complete",
    }


def _epoch(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


# ── Reasons that keep a CloudWatch alarm from acting: mute rules, and a suppressor alarm


_MUTE: Final = Kind(
    "cloudwatch", "mute", ("AlarmMuteRuleName",), "ResourceNotFoundException", "no mute rule {AlarmMuteRuleName!r}"
)
_MUTE.show("GetAlarmMuteRule", "")
_MUTE.list(
    "ListAlarmMuteRules", "AlarmMuteRuleSummaries", shown=("AlarmMuteRuleArn", "ExpireDate", "Status"),
    Statuses="Status",
)  # fmt: skip


@answers("cloudwatch", "PutAlarmMuteRule")
def _put_alarm_mute_rule(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    arn = f"arn:aws:cloudwatch:{ledger.region}:{ledger.account}:alarm-mute-rule:{params['Name']}"
    start, end = params.get("StartDate"), params.get("ExpireDate")
    status = "EXPIRED" if end and aware(end) < datetime.now(UTC) else "ACTIVE"
    if start and aware(start) > datetime.now(UTC):
        status = "SCHEDULED"
    kept = {name: value for name, value in params.items() if name != "Tags"}
    ledger.of("mute")[params["Name"]] = kept | {"AlarmMuteRuleArn": arn, "Status": status}
    return {}


@answers("cloudwatch", "DeleteAlarmMuteRule")
def _delete_alarm_mute_rule(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    ledger.of("mute").pop(params["AlarmMuteRuleName"], None)
    return {}


def find_suppression(ledger: Ledger, alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Describe why a composite alarm does not act while its suppressor fires; waiting periods have ended here.

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


METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"
_ACTIONS: Final = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


@corrects("cloudwatch", "PutMetricAlarm", upstream=UNREPORTED)
def _put_metric_alarm(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    if not {"MetricName", "Metrics", "EvaluationCriteria"} & params.keys():
        raise Refused("ValidationError", "an alarm needs a metric")
    return _put_alarm(ledger, METRIC, params)


@answers("cloudwatch", "PutCompositeAlarm")
def put_composite_alarm(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Store an alarm on other alarms, which must exist."""
    if unknown := alarms_in_rule(params["AlarmRule"]) - ledger.of("alarm").keys():
        raise Refused("ValidationError", f"the rule names alarms that do not exist: {', '.join(sorted(unknown))}")
    return _put_alarm(ledger, COMPOSITE, params)


@corrects("cloudwatch", "DescribeAlarms", upstream=FOLLOWS)
def describe_alarms(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return alarms; like AWS, only those on metrics unless the request names types."""
    types = params.get("AlarmTypes") or [METRIC]
    found = {METRIC: [], COMPOSITE: []}  # type: dict[str, list[dict[str, Any]]]
    for kind, alarm in ledger.of("alarm").values():
        if kind in types and _matches(alarm, params):
            found[kind].append(alarm | find_suppression(ledger, alarm))
    return {"MetricAlarms": found[METRIC], "CompositeAlarms": found[COMPOSITE]}


@corrects("cloudwatch", "DeleteAlarms", upstream=FOLLOWS)
def _delete_alarms(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    for name in params["AlarmNames"]:
        ledger.of("alarm").pop(name, None)
    return {}


def _switch_actions(on: bool, ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    for name in params["AlarmNames"]:
        if name in ledger.of("alarm"):
            ledger.of("alarm")[name][1]["ActionsEnabled"] = on
    return {}


for _operation, _on in (("EnableAlarmActions", True), ("DisableAlarmActions", False)):
    corrects("cloudwatch", _operation, upstream=FOLLOWS)(partial(_switch_actions, _on))


@corrects("cloudwatch", "SetAlarmState", upstream="since getmoto/moto#1313")
def set_alarm_state(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Change the state of an alarm, with all consequences."""
    name = params["AlarmName"]
    kind, alarm = ledger.find("alarm", name, "ResourceNotFound", f"no alarm {name!r}")
    before, old, alarm["StateReason"] = alarm["StateValue"], alarm["StateReason"], params["StateReason"]
    alarm["StateValue"] = params["StateValue"]
    alarm["StateUpdatedTimestamp"] = datetime.now(UTC)
    if before == alarm["StateValue"]:
        return {}
    summary = f"Alarm updated from {before} to {alarm['StateValue']}"
    states = {"oldState": (before, old), "newState": (alarm["StateValue"], alarm["StateReason"])}
    data = json.dumps({name: {"stateValue": state, "stateReason": why} for name, (state, why) in states.items()})
    _record_history(ledger, kind, name, HistoryItemType="StateUpdate", HistorySummary=summary, HistoryData=data)
    if alarm["ActionsEnabled"] and not is_muted(ledger, name) and not find_suppression(ledger, alarm):
        for action in alarm.get(_ACTIONS[alarm["StateValue"]], ()):
            _act(ledger, kind, alarm, action, before)
    return {}


@answers("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the history of alarms, newest first."""
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
    stated = {name: value for name, value in params.items() if name != "Tags"}  # which an alarm does not show
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


def _act(ledger: Ledger, kind: str, alarm: Mapping[str, Any], action: str, before: str) -> None:
    """Perform an alarm's action on a change: publish to a topic. Other actions are only recorded."""
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
    """Return AWS's message to a topic, with the fields that people and programs read."""
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
    """Add an event to an alarm's history, which lasts as long as AWS's."""
    now = datetime.now(UTC)
    items = ledger.of("history").setdefault("items", [])
    items.append({"AlarmName": name, "AlarmType": kind, "Timestamp": now, **told})
    oldest = now - timedelta(days=30)
    items[:] = [item for item in items if item["Timestamp"] >= oldest]
