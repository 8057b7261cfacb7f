"""When the migrations of a release ran, what became of them, and what there was to go back to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from ...aws.plain_json import revive, to_plain
from ...quantities import Quantity
from .. import Fact
from ..live.ecs_services import list_own_containers, list_tasks_of_family
from .deployments import Deployment

#: The stage in which readers' traffic moves, by CodeDeploy and by ECS.
_MOVES: Final = ("AllowTraffic", "PRODUCTION_TRAFFIC_SHIFT")
_KEPT: Final = ("taskArn", "createdAt", "startedAt", "stoppedAt", "stopCode", "stoppedReason", "lastStatus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A task that ran the migrations."""

    task: str
    began: datetime
    ended: datetime | None
    """None while it runs."""
    failure: str
    """What became of it; empty for one that ended well, and for one that runs."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MigrationRuns(Fact):
    """The tasks that ran the migrations of a release; ``subject`` is their family."""

    runs: tuple[Run, ...]
    """Oldest first, at least one."""

    @property
    def began(self) -> datetime:
        """When the first of them began."""
        return self.runs[0].began

    @property
    def ended(self) -> datetime | None:
        """When all of them had ended; None while one runs."""
        ends = [run.ended for run in self.runs if run.ended]
        return max(ends) if len(ends) == len(self.runs) else None

    @property
    def told(self) -> str:
        """What became of each, in a line."""
        return "; ".join(map(_describe, self.runs))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrafficAfterMigration(Fact):
    """Whether readers reached a new build before its schema was there; ``subject`` is the service's ARN."""

    succeeded: bool
    """Whether every run of the migrations ended well."""
    lead: timedelta
    """How long before traffic moved the migrations had ended; negative when it moved first."""


def read_runs(account: Account, family: str) -> Mapping[str, Any]:
    """Return the tasks of a family that ECS still knows, as plain JSON values. Raises Unreadable.

    What a container of AWS's ends with, such as an agent that is killed with its task, says nothing of a migration.
    """
    kept = [
        {name: task[name] for name in _KEPT if name in task} | {"containers": _list_codes(account, task)}
        for task in list_tasks_of_family(account, family)
    ]
    plain: Mapping[str, Any] = to_plain({"family": family, "asked": account.now, "tasks": kept})
    return plain


def _list_codes(account: Account, task: Mapping[str, Any]) -> list[dict[str, Any]]:
    own = list_own_containers(account, task)
    return [{"name": each["name"], "exitCode": each.get("exitCode")} for each in own]


def run_facts(value: Mapping[str, Any], deployments: Sequence[Deployment], within: timedelta) -> MigrationRuns:
    """Return the runs that belong to deployments: begun no longer than ``within`` before them. Raises Unreadable.

    ECS forgets a task about an hour after it has stopped.
    """
    answers = revive(value)
    first, last = _span(deployments, answers["asked"])
    runs = sorted((read_run(task) for task in answers["tasks"]), key=lambda run: run.began)
    near = [run for run in runs if first - within <= run.began]
    # what ran well afterwards is for the next release, unless nothing ran before; what failed has stopped one
    timely = any(run.began <= last for run in near)
    own = tuple(run for run in near if run.began <= last or run.failure or not timely)
    if not own:
        raise Unreadable(
            f"ECS knows no task of {answers['family']} from the time of the deployment, and forgets those that stopped "
            "after an hour; watch the next one: prodgate watch deploy --next"
        )
    return MigrationRuns(subject=answers["family"], runs=own)


def _span(deployments: Iterable[Deployment], now: datetime) -> tuple[datetime, datetime]:
    """Return when the first deployment began, and when the last one was over."""
    spans = [(each.began, each.ended or now) for each in deployments]
    return min(began for began, _ in spans), max(ended for _, ended in spans)


def read_run(task: Mapping[str, Any]) -> Run:
    """Return a run as ECS describes its task."""
    ended = task.get("stoppedAt")
    codes = {each["name"]: each["exitCode"] for each in task["containers"]}
    bad = [
        f"{name}: {'no exit code' if code is None else f'exit code {code}'}"
        for name, code in codes.items()
        if code != 0
    ]
    why = f" ({task['stoppedReason']})" if bad and task.get("stoppedReason") else ""
    return Run(
        task=task["taskArn"].rpartition("/")[2],
        began=task.get("startedAt") or task["createdAt"],
        ended=ended,
        failure=(", ".join(bad) or ("" if codes else "no container")) + why if ended else "",
    )


def traffic_facts(runs: MigrationRuns, deployments: Iterable[Deployment]) -> Iterator[TrafficAfterMigration]:
    """Yield for each deployment whether its traffic moved after the migrations."""
    succeeded = runs.ended is not None and not any(run.failure for run in runs.runs)
    for one in deployments:
        lead = _find_lead(runs, find_shift(one), one)
        yield TrafficAfterMigration(subject=one.subject, succeeded=succeeded, lead=lead)


def find_shift(deployment: Deployment) -> datetime | None:
    """Return when readers' traffic began to move, None where nothing says so."""
    return next((stage.began for stage in deployment.stages if stage.name in _MOVES and stage.began), None)


def _find_lead(runs: MigrationRuns, moved: datetime | None, deployment: Deployment) -> timedelta:
    """Return how long before traffic moved the migrations had ended. It moves no earlier than a deployment begins."""
    if runs.ended is None:
        return Unread("a migration runs still")  # type: ignore[return-value]  # a Fact raises it when it is read
    if moved is None and runs.ended > deployment.began:
        reason = f"{deployment.carrier} does not say when traffic moved; watch the deployment to see it"
        return Unread(reason)  # type: ignore[return-value]
    return (moved or deployment.began) - runs.ended


def _describe(run: Run) -> str:
    """Say what became of a run, in one line."""
    ended = f"ended {run.ended:%H:%M:%S}" if run.ended else "runs still"
    return f"{run.task} began {run.began:%Y-%m-%d %H:%M:%S}, {ended}, {run.failure or 'no failure'}"


def seconds_between(later: datetime, earlier: datetime) -> Quantity:
    """Return how much later one time is than another, in whole seconds; 0 when it is not."""
    return Quantity.seconds(max(0, int((later - earlier).total_seconds())))
