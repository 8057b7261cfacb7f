"""Which process stands for which target, and how HAProxy finds it: what a load balancer says of target health."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .declared import TargetGroup
from .fleet import RunningTask
from .proxy import Proxy, TargetState
from .proxy_config import SLOTS

#: How HAProxy's results of checks read in a load balancer's words.
_REASONS = {
    "L7STS": ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [{code}]"),
    "L7TOUT": ("Target.Timeout", "Request timed out"),
    "L4TOUT": ("Target.Timeout", "Request timed out"),
}
_FAILED = ("Target.FailedHealthChecks", "Health checks failed")
_INITIAL = {
    "State": "initial",
    "Reason": "Elb.InitialHealthChecking",
    "Description": "Initial health checks in progress",
}
_DRAINING = {
    "State": "draining",
    "Reason": "Target.DeregistrationInProgress",
    "Description": "Target deregistration is in progress",
}


@dataclass(slots=True, kw_only=True)
class Target:
    """A process that is registered with a target group."""

    group: TargetGroup
    slot: int
    place: str
    """Address and port of its task in the account."""
    task: RunningTask
    drains: bool = False
    was_well: bool = False
    health: Mapping[str, str] = field(default_factory=lambda: _INITIAL)


@dataclass(slots=True)
class Targets:
    """All registered targets. Methods may be called from several threads."""

    proxy: Proxy
    _all: list[Target] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def register(self, group: TargetGroup, placed: Mapping[str, RunningTask]) -> list[Target]:
        """Let processes take part in a group, by the places of their tasks."""
        with self._lock:
            taken = {one.slot for one in self._all if one.group.arn == group.arn}
            free = [slot for slot in range(SLOTS) if slot not in taken]
            made = [
                Target(group=group, slot=slot, place=place, task=task)
                for slot, (place, task) in zip(free, placed.items(), strict=False)
            ]
            for one in made:
                self.proxy.register(group.name, one.slot, one.task.port)
            self._all += made
            return made

    def drain(self, targets: Sequence[Target]) -> None:
        """Give targets no new requests."""
        with self._lock:
            for one in targets:
                one.drains = True
                self.proxy.drain(one.group.name, one.slot)

    def count_requests(self, targets: Sequence[Target]) -> int:
        """Return how many requests are under way at targets."""
        states = self.proxy.read_states()
        return sum(states[one.group.name, one.slot].requests for one in targets)

    def deregister(self, targets: Sequence[Target]) -> None:
        """Forget targets."""
        with self._lock:
            for one in targets:
                self.proxy.deregister(one.group.name, one.slot)
                self._all.remove(one)

    def look(self) -> dict[str, dict[str, Mapping[str, str]]]:
        """Return the health of every target by group and place, as HAProxy sees it now."""
        with self._lock:
            states, found = self.proxy.read_states(), dict[str, dict[str, Mapping[str, str]]]()
            for one in self._all:
                one.health = _describe(one, states[one.group.name, one.slot])
                one.was_well = one.was_well or one.health["State"] == "healthy"
                found.setdefault(one.group.arn, {})[one.place] = one.health
            return found


def _describe(target: Target, seen: TargetState) -> Mapping[str, str]:
    if target.drains:
        return _DRAINING
    if seen.state == "UP":
        return {"State": "healthy"}
    if not target.was_well and seen.check not in _REASONS:
        return _INITIAL
    reason, text = _REASONS.get(seen.check, _FAILED)
    return {"State": "unhealthy", "Reason": reason, "Description": text.format(code=seen.code)}


def count_states(looked: Mapping[str, Mapping[str, Mapping[str, Any]]], group: str) -> tuple[int, int]:
    """Return how many targets of a group are healthy, and how many are not."""
    states = [one["State"] for one in looked.get(group, {}).values()]
    return states.count("healthy"), states.count("unhealthy")
