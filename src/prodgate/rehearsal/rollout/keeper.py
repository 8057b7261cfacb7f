"""Keeps the emulated account in step with the proxy: target health, metrics, and the alarms on them."""

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ...aws.answers import Unreadable
from ...semantics.cloudwatch import alarms_in_rule, compute_statistic, evaluate, holds, parse_percentile, query_ids
from ...semantics.unresolved import Unresolved
from ..account import RehearsalAccount
from .declared import Service
from .fleet import LogCopies
from .proxy import Targets, count_states

# ── HAProxy's log by declared minute, as a load balancer reports it to CloudWatch

NAMESPACE: Final = "AWS/ApplicationELB"
#: Bytes that may wait to be read; more would be lost.
_BUFFER: Final = 1 << 23
#: The number of minutes kept.
_KEPT: Final = 240

#: A metric: its name, and its target group, "" for the whole load balancer.
Metric = tuple[str, str]
#: The values of a metric in a minute, each with its count.
Values = Counter[float]


@dataclass(slots=True)
class Traffic:
    """Counts of the requests to readers' listener, by declared minute."""

    speed: float
    began: float = field(default_factory=monotonic)
    minutes: dict[int, dict[Metric, Values]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def minute(self) -> int:
        """Return the current declared minute."""
        return int((monotonic() - self.began) * self.speed / 60)

    def count(self, line: Mapping[str, Any], groups: Mapping[str, str]) -> None:
        """Count a request; ``groups`` holds the ARNs of target groups by their names here."""
        if line["listener"] != "live" or line["ended"].startswith("C"):
            return  # a disconnected client is nobody's error
        group = groups.get(line["group"], "")
        of_target = line["ended"].startswith("-")
        failed = line["status"] in range(500, 600)
        with self._lock:
            for where in {group, ""} if of_target else {""}:
                if of_target:
                    self._add("RequestCount", where, 1.0)
                    self._add("TargetResponseTime", where, line["response"] / 1000)
                if failed and of_target:
                    self._add("HTTPCode_Target_5XX_Count", where, 1.0)
                if not of_target and (failed or line["status"] < 100):
                    self._add("HTTPCode_ELB_5XX_Count", where, 1.0)

    def count_hosts(self, services: tuple[Service, ...], looked: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Count the healthy and unhealthy targets of groups that have any."""
        with self._lock:
            for group in (group for service in services for group in service.groups if looked.get(group.arn)):
                healthy, unhealthy = count_states(looked, group.arn)
                self._add("HealthyHostCount", group.arn, float(healthy))
                self._add("UnHealthyHostCount", group.arn, float(unhealthy))

    def values(self, minute: int) -> Mapping[Metric, Values]:
        """Return the values of a minute."""
        with self._lock:
            return {metric: Counter(found) for metric, found in self.minutes.get(minute, {}).items()}

    def _add(self, name: str, group: str, value: float) -> None:
        now = self.minute()
        self.minutes.setdefault(now, {}).setdefault((name, group), Counter())[value] += 1
        self.minutes.pop(now - _KEPT, None)


@contextmanager
def counting(traffic: Traffic, log: Path, services: tuple[Service, ...]) -> Iterator[None]:
    """Count the lines written to a socket while the context is open."""
    groups = {group.name: group.arn for service in services for group in service.groups}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        heard.bind(str(log))

        def listen() -> None:
            while line := heard.recv(1 << 16):
                with suppress(ValueError, KeyError):  # HAProxy also logs servers that come and go, in plain text
                    traffic.count(json.loads(line), groups)

        thread = threading.Thread(target=listen, name="proxy log", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"", str(log))
            thread.join(5)


# ── CloudWatch's alarms on a load balancer, evaluated by their declared thresholds over the declared time

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
_MINUTE: Final = 60
_COMPARE: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "GreaterThanOrEqualToThreshold": lambda value, bound: value >= bound,
    "GreaterThanThreshold": lambda value, bound: value > bound,
    "LessThanOrEqualToThreshold": lambda value, bound: value <= bound,
    "LessThanThreshold": lambda value, bound: value < bound,
}
#: How many requests a percentile needs, in units of those that lie beyond it.
_BEYOND: Final = 10

#: Returns the values of a minute.
Minutes = Callable[[int], Mapping[Metric, Values]]


class TooFew(Exception):
    """Too few values for a percentile: the alarm keeps its state."""


def evaluate_alarms(alarms: Mapping[str, Mapping[str, Any]], minutes: Minutes, now: int) -> dict[str, str]:
    """Return the state of every alarm once minute ``now`` has begun; the minutes before it are complete.

    ``alarms`` are as CloudWatch describes them, by name. An alarm on another service, or an unknown kind of alarm,
    keeps its state.
    """
    found = {name: alarm["StateValue"] for name, alarm in alarms.items()}
    for name, alarm in alarms.items():
        if "AlarmRule" not in alarm and _is_about_balancer(alarm):
            try:
                found[name] = _evaluate(alarm, minutes, now)
            except (TooFew, Unresolved):
                continue
    for _ in alarms:  # those that name other alarms, to any depth
        for name, alarm in alarms.items():
            if "AlarmRule" in alarm and alarms_in_rule(alarm["AlarmRule"]) <= found.keys():
                found[name] = ALARM if holds(alarm["AlarmRule"], found.__getitem__) else OK
    return found


def _is_about_balancer(alarm: Mapping[str, Any]) -> bool:
    metrics = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one] or [alarm]
    return all(one.get("Namespace") == NAMESPACE for one in metrics)


def _evaluate(alarm: Mapping[str, Any], minutes: Minutes, now: int) -> str:
    periods = alarm["EvaluationPeriods"]
    values = [_value(alarm, minutes, now, number) for number in range(periods)]
    needed = alarm.get("DatapointsToAlarm") or periods
    missing, bound = alarm.get("TreatMissingData", "missing"), Decimal(str(alarm["Threshold"]))
    if missing in ("missing", "ignore") and all(value is None for value in values):
        return NO_DATA if missing == "missing" else str(alarm["StateValue"])
    compare = _COMPARE.get(alarm["ComparisonOperator"])
    if compare is None:
        raise Unresolved(alarm["AlarmName"], f"compares by {alarm['ComparisonOperator']}, which is unknown here")
    breaching = sum(missing == "breaching" if value is None else compare(value, bound) for value in values)
    return ALARM if breaching >= needed else OK


def _value(alarm: Mapping[str, Any], minutes: Minutes, now: int, back: int) -> Decimal | None:
    """Return the value of the period that ended ``back`` periods ago, None if there is none."""
    if "Metrics" not in alarm:
        stat = {
            "Metric": alarm,
            "Period": alarm["Period"],
            "Stat": alarm.get("ExtendedStatistic") or alarm["Statistic"],
        }
        ignores = alarm.get("EvaluateLowSampleCountPercentile") == "ignore"
        return _statistic(stat, minutes, now, back, ignores_few=ignores)
    queries = {one["Id"]: one for one in alarm["Metrics"]}
    stats = {id: one["MetricStat"] for id, one in queries.items() if "MetricStat" in one}
    values = {id: _statistic(stat, minutes, now, back, ignores_few=False) for id, stat in stats.items()}
    outer = next(one for one in alarm["Metrics"] if one.get("ReturnData", True))
    return _compute(outer["Expression"], values) if "Expression" in outer else values[outer["Id"]]


def _compute(expression: str, values: Mapping[str, Decimal | None]) -> Decimal | None:
    filled = set(re.findall(r"FILL\(\s*(\w+)", expression))
    named = query_ids(expression)
    used = {id: value for id, value in values.items() if id in named or "METRICS" in named}
    if any(value is None and id not in filled for id, value in used.items()):
        return None
    return evaluate(expression, {id: value or Decimal(0) for id, value in used.items()})


def _statistic(stat: Mapping[str, Any], minutes: Minutes, now: int, back: int, *, ignores_few: bool) -> Decimal | None:
    width = max(1, ceil(stat["Period"] / _MINUTE))
    last = now - back * width
    metric = stat["Metric"]
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}
    values: Values = Counter()
    for minute in range(last - width, last):
        for (name, group), found in minutes(minute).items():
            if (
                name == metric["MetricName"]
                and group.endswith(dimensions.get("TargetGroup", ""))
                and (bool(group) == ("TargetGroup" in dimensions))
            ):
                values += found
    return _reduce(stat["Stat"], values, ignores_few=ignores_few) if values else None


def _reduce(name: str, values: Values, *, ignores_few: bool) -> Decimal:
    share = parse_percentile(name)
    if share is not None and ignores_few and values.total() < _BEYOND / (1 - float(share) / 100):
        raise TooFew
    return Decimal(str(compute_statistic(name, values.items())))


def read_alarms(client: Any, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the alarms of these names and all alarms that they consist of, by name."""
    found, waiting = dict[str, Mapping[str, Any]](), {*names}
    while asked := sorted(waiting - found.keys()):
        answer = client.describe_alarms(AlarmNames=asked, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        rows = {one["AlarmName"]: one for one in (*answer["MetricAlarms"], *answer["CompositeAlarms"])}
        found |= rows
        waiting = {each for one in rows.values() for each in alarms_in_rule(one.get("AlarmRule", ""))}
    return found


#: Seconds between looks at the proxy.
LOOK: Final = 0.2
_UNITS: Final = {"TargetResponseTime": "Seconds"}
#: Metrics in one call, well below AWS's limit.
_BATCH: Final = 100

Health = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(slots=True, kw_only=True)
class Keeper:
    """The source of copies, and the last copy."""

    account: RehearsalAccount
    services: tuple[Service, ...]
    targets: Targets
    traffic: Traffic
    alarms: dict[str, Mapping[str, Any]]
    """As CloudWatch describes them, by name; their states follow the traffic."""
    logs: LogCopies
    silent: bool = False
    """Whether reporting is off, so that no alarm changes."""
    _told: dict[str, dict[str, Any]] = field(default_factory=dict)
    _minute: int = 0
    _failed: list[Exception] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> Health:
        """Copy the proxy's present state of its servers, and return it. Raises Unreadable if that fails."""
        if self._failed:
            raise Unreadable(f"the rehearsal lost sight of its deployment: {self._failed[0]}") from self._failed[0]
        with self._lock:
            seen = self.targets.look()
            for group in seen.keys() | self._told.keys():
                self._tell(group, seen.get(group, {}))
        return seen

    def find_firing(self, names: Sequence[str]) -> list[str]:
        """Return those of these alarms that are in ALARM, and the unknown ones."""
        return [name for name in names if self.alarms.get(name, {"StateValue": ALARM})["StateValue"] == ALARM]

    def _tell(self, group: str, seen: Mapping[str, Any]) -> None:
        before = self._told.get(group, {})
        changed = {place: health for place, health in seen.items() if before.get(place) != health}
        gone = dict.fromkeys(before.keys() - seen.keys())
        if changed or gone:
            self.account.emulator.conduct("elbv2", self.account.region, health={group: changed | gone})
            self._told[group] = dict(seen)

    def _report(self, minute: int) -> None:
        """Report a finished minute, as a load balancer does: counts only where there was something to count."""
        data = [
            {
                "MetricName": name,
                "Dimensions": _dimensions(self.services, group),
                "Values": [*values],
                "Counts": [float(times) for times in values.values()],
                "Unit": _UNITS.get(name, "Count"),
                "Timestamp": datetime.now(UTC),
            }
            for (name, group), values in self.traffic.values(minute).items()
        ]
        client = self.account.clients("cloudwatch")
        for first in range(0, len(data), _BATCH):
            client.put_metric_data(Namespace=NAMESPACE, MetricData=data[first : first + _BATCH])

    def _judge(self, now: int) -> None:
        client = self.account.clients("cloudwatch")
        for name, state in evaluate_alarms(self.alarms, self.traffic.values, now).items():
            if state != self.alarms[name]["StateValue"]:
                reason = f"rehearsal: evaluated at declared minute {now}"
                client.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)
                self.alarms[name] = {**self.alarms[name], "StateValue": state}

    def step(self) -> None:
        """Copy once: health and logs always, metrics and alarms for each declared minute that is over."""
        seen, now = self.look(), self.traffic.minute()
        self.traffic.count_hosts(self.services, seen)
        for service in self.services:
            self.logs.copy(service)
        if self.silent:
            return
        for minute in range(self._minute, now):
            self._report(minute)
        if now > self._minute:
            self._judge(now)
        self._minute = now

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Copy repeatedly while the context is open."""
        stop = threading.Event()

        def keep() -> None:
            while not stop.wait(LOOK):
                try:
                    self.step()
                except Exception as error:  # noqa: BLE001  whoever looks next is told
                    self._failed.append(error)
                    return

        thread = threading.Thread(target=keep, name="rehearsal keeper", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(10)


def _dimensions(services: Sequence[Service], group: str) -> list[dict[str, str]]:
    groups = {one.arn: one for service in services for one in service.groups}
    balancer = (groups[group] if group else next(iter(groups.values()))).balancer
    named = [{"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]}]
    return [*named, *([{"Name": "TargetGroup", "Value": group.rpartition(":")[2]}] if group else [])]
