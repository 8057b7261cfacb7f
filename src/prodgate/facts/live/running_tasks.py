"""ECS services with their task definitions, for observers of what is in a task: logs, traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from .ecs_services import list_services, read_task_definition


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    """A service and its task definition, as ECS describes them; what it does not tell is deferred."""

    arn: str
    name: str
    role: str
    """ARN of the task role; empty without one."""
    containers: tuple[Mapping[str, Any], ...]


def list_running_tasks(account: Account) -> tuple[RunningTask, ...]:
    """Return every active service of every cluster with its task definition. Raises Unreadable."""
    return account.each(partial(_with_task, account), account.once(list_services))


def _with_task(account: Account, service: Mapping[str, Any]) -> RunningTask:
    task: Mapping[str, Any] = account.defer(read_task_definition, account, service["taskDefinition"])
    return RunningTask(
        arn=service.get("serviceArn") or service["serviceName"],
        name=service["serviceName"],
        role=account.defer(lambda: str(task.get("taskRoleArn", ""))),
        containers=account.defer(lambda: tuple(task["containerDefinitions"])),
    )
