"""Keeps the emulated account in step with the proxy: target health, metrics, and the alarms that rest on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ...aws.answers import Unreadable
from ..account import RehearsalAccount
from .alarms import ALARM, evaluate_alarms
from .declared import Service
from .service_logs import LogCopies
from .targets import Targets
from .traffic import NAMESPACE, Traffic

#: Seconds between looks at the proxy.
LOOK: Final = 0.2
_UNITS: Final = {"TargetResponseTime": "Seconds"}
#: Metrics that one call takes, well below what AWS allows.
_BATCH: Final = 100

Health = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(slots=True, kw_only=True)
class Keeper:
    """What is copied, and what was copied last."""

    account: RehearsalAccount
    services: tuple[Service, ...]
    targets: Targets
    traffic: Traffic
    alarms: dict[str, Mapping[str, Any]]
    """As CloudWatch describes them, by name; their states follow the traffic."""
    logs: LogCopies
    silent: bool = False
    """Whether no metrics are reported, and so no alarm changes."""
    _told: dict[str, dict[str, Any]] = field(default_factory=dict)
    _minute: int = 0
    _failed: list[Exception] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> Health:
        """Copy what the proxy says of its servers now, and return it. Raises Unreadable when that is not possible."""
        if self._failed:
            raise Unreadable(f"the rehearsal lost sight of its deployment: {self._failed[0]}") from self._failed[0]
        with self._lock:
            seen = self.targets.look()
            for group in seen.keys() | self._told.keys():
                self._tell(group, seen.get(group, {}))
        return seen

    def find_firing(self, names: Sequence[str]) -> list[str]:
        """Return those of these alarms that are in ALARM, and those that nobody knows."""
        return [name for name in names if self.alarms.get(name, {"StateValue": ALARM})["StateValue"] == ALARM]

    def _tell(self, group: str, seen: Mapping[str, Any]) -> None:
        before = self._told.get(group, {})
        changed = {place: health for place, health in seen.items() if before.get(place) != health}
        gone = dict.fromkeys(before.keys() - seen.keys())
        if changed or gone:
            self.account.emulator.conduct("elbv2", self.account.region, health={group: changed | gone})
            self._told[group] = dict(seen)

    def _report(self, minute: int) -> None:
        """Report a minute that is over, as a load balancer does: counts only where there was something to count."""
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
        """Copy again and again while the context is open."""
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
