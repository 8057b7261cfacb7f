"""Sets of tasks, blue and green: their tasks in the account and the processes that stand for them, begun and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Final

from ...aws.clients import Clients
from .builds import BLUE, Build
from .declared import Hook, Service, TargetGroup
from .fleet import Fleet
from .keeper import Keeper
from .proxy import Proxy
from .proxy_config import routes_of
from .releases import list_places, set_weights
from .targets import Target, Targets

#: Seconds in which new tasks must be healthy, and in which one that answers must do so with success.
START: Final = 60.0
ANSWERS: Final = 3.0
#: Seconds between looks at the proxy.
LOOK: Final = 0.1
#: Faults of a rehearsal -> of the old tasks. Those that are killed have some requests under way then.
_OF_BLUE: Final = {
    "kill-at-switch": "latency=0.3@0.2",
    "slow-drain": "latency=1@0.2",
    "lost-writes": "lost-writes=0.05",
}


@dataclass(slots=True, kw_only=True)
class TaskSet:
    """A set of tasks of a service, of one build, in one target group."""

    id: str
    arn: str
    group: TargetGroup
    build: Build
    schema: str
    definition: str
    targets: list[Target] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a deployment is carried out with."""

    aws: Clients
    proxy: Proxy
    fleet: Fleet
    targets: Targets
    keeper: Keeper
    services: tuple[Service, ...]
    speed: float
    faults: frozenset[str]
    hook: Hook | None
    """What tries a new version, None if nothing does."""
    serving: dict[str, TaskSet] = field(default_factory=dict)
    """By the ARN of the service: the tasks that readers reach."""

    def seconds(self, minutes: float) -> float:
        """Return how many seconds so many declared minutes take here."""
        return minutes * 60 / self.speed


def start_tasks(stage: Stage, service: Service, tasks: TaskSet) -> None:
    """Start a process for each task that the account has in a set, and register them."""
    more = tuple(fault for name, fault in _OF_BLUE.items() if name in stage.faults and tasks.build is BLUE)
    placed = {
        place: stage.fleet.start(service.name, tasks.build, tasks.schema, more)
        for place in list_places(stage.aws, service, tasks.id)
    }
    tasks.targets = stage.targets.register(tasks.group, placed)


def find_unwell(stage: Stage, sets: Sequence[TaskSet]) -> str:
    """Wait until every target of some sets is healthy; return why one will not be, "" when all are.

    A task that ended, or that answers with failures for a while, will not be; one that does not answer yet has longer.
    """
    began, failing = monotonic(), dict[str, float]()
    while True:
        stage.keeper.look()
        waiting = [one for each in sets for one in each.targets if one.health["State"] != "healthy"]
        if not waiting and all(each.targets for each in sets):
            return ""
        now = monotonic()
        for one in waiting:
            if not one.task.alive:
                return f"task at {one.place} ended with exit code {one.task.process.returncode}"
            if one.health["State"] == "unhealthy" and now - failing.setdefault(one.place, now) > ANSWERS:
                return f"target {one.place} is unhealthy: {one.health['Description']}"
        if now - began > START:
            return f"{len(waiting)} of the new tasks did not answer within {START:.0f} s"
        sleep(LOOK)


def end_tasks(stage: Stage, ending: Sequence[tuple[Service, TaskSet]], *, waits: bool = True) -> None:
    """End sets of tasks: they get no new requests, end those under way as long as is declared, and stop."""
    targets = [one for _, tasks in ending for one in tasks.targets]
    if waits:
        stage.targets.drain(targets)
        stage.keeper.look()
        until = monotonic() + max((tasks.group.delay for _, tasks in ending), default=0)
        while stage.targets.count_requests(targets) and monotonic() < until:
            sleep(LOOK)
    stage.fleet.end([one.task for one in targets], at_once=not waits)
    stage.targets.deregister(targets)
    for service, tasks in ending:
        where = {"cluster": service.cluster, "service": service.name}
        stage.aws("ecs").delete_task_set(**where, taskSet=tasks.arn, force=True)
        tasks.targets = []
    stage.keeper.look()


def shift(stage: Stage, service: Service, to: TargetGroup, percent: int, *, test: bool = False) -> None:
    """Send so much of the traffic to a target group, and the rest to the other one; the account tells what is done."""
    route, (first, second) = routes_of(service)[test], service.groups
    done = stage.proxy.shift(route, percent if to.arn == second.arn else 100 - percent)
    place = service.test if test else service.live
    assert place is not None
    set_weights(stage.aws, place, {first.arn: 100 - done, second.arn: done})
