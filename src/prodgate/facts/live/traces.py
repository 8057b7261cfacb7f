"""Traces: whether the services can send them to X-Ray, and whether X-Ray has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .permissions import read_rights
from .running_tasks import RunningTask, list_running_tasks

reads("xray", "GetServiceGraph")

#: How far back X-Ray is queried; it answers for six hours at most.
LOOKED_BACK: Final = timedelta(hours=6)
#: Parts of the names of images that collect traces.
_COLLECTORS: Final = ("xray", "x-ray", "otel", "opentelemetry", "collector")
#: Managed policies of AWS that let a role send traces.
_BY_AWS: Final = {"AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess", "AWSXrayFullAccess"}
#: Variables that tell instrumentation the name to report under.
_NAMES: Final = ("OTEL_SERVICE_NAME", "AWS_XRAY_TRACING_NAME")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TracedService(Fact):
    """An ECS service; ``subject`` is its ARN."""

    collectors: tuple[str, ...]
    """Containers of its task that collect traces."""
    may_send: bool
    """Whether the role of its task may send traces to X-Ray."""
    names: tuple[str, ...]
    """Names of its traces: those that its containers are told, else the service's own."""
    newest: Quantity | None
    """Time since its newest trace; None if X-Ray has none of the last six hours."""


@observes(TracedService)
def observe_traced_services(account: Account) -> Iterator[TracedService]:
    """Look at every service."""
    yield from map(apart(TracedService, partial(_traced, account), "arn"), list_running_tasks(account))


def _traced(account: Account, task: RunningTask) -> TracedService:
    names = _names(task)
    return TracedService(
        subject=task.arn,
        collectors=tuple(one["name"] for one in task.containers if _collects(one)),
        may_send=account.attempt(_may_send, account, task.role),
        names=names,
        newest=account.attempt(_newest_trace_age, account, names),
    )


def _collects(container: Mapping[str, Any]) -> bool:
    return any(word in container["image"] for word in _COLLECTORS)


def _may_send(account: Account, role: str) -> bool:
    if not role:
        return False
    found = read_rights(account, role)
    return bool(found.by_aws & _BY_AWS) or found.may("xray:PutTraceSegments", "*")


def _names(task: RunningTask) -> tuple[str, ...]:
    variables = [one for container in task.containers for one in container.get("environment") or ()]
    told = tuple(one["value"] for one in variables if one["name"] in _NAMES)
    return told or (task.name,)


def _newest_trace_age(account: Account, names: tuple[str, ...]) -> Quantity | None:
    since = account.now - LOOKED_BACK
    services = account.list("xray", "GetServiceGraph", "Services", StartTime=since, EndTime=account.now)
    heard = [one["EndTime"] for one in services if one.get("EndTime") and one.get("Name") in names]
    return account.age(max(heard)) if heard else None
