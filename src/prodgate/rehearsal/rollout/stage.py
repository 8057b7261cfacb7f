"""The rehearsed rollout as layers see it (`layers.rehearsal.Rollout`): an account, a proxy, and a deployer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from ...aws.answers import Unreadable
from ...aws.clients import Clients
from ...criteria import UsageError, suggest
from ...engines.programs import require_haproxy
from ...processes.progress import Progress
from ..account import RehearsalAccount
from ..postgresql import running_database
from ..site.database import Flaw, fail_half_way, list_revisions, move_passwords, prepare_previous
from .controller import (
    Stage,
    TaskSet,
    back_up,
    begin_release,
    bring_schema,
    carry_out,
    find_unwell,
    register_build,
    shift,
    start_tasks,
)
from .declared import Service, list_groups, read_hook, read_services
from .fleet import BLUE, Fleet, LogCopies, check_build, running_fleet
from .keeper import Keeper, Traffic, counting, read_alarms
from .proxy import Proxy, Targets, running_proxy

# ── Faults of a deployment, to prove that checks notice them

#: By name: the effect.
FAULTS: Final = {
    "naive-restart": "the old tasks are ended before the new ones start, at the same place",
    "kill-at-switch": "the old tasks are killed, and only then all traffic moves",
    "early-shift": "traffic moves before the new tasks start",
    "wrong-health-path": "the target group of the new tasks checks a path that the site does not have",
    "slow-drain": "requests to blue take long, and the old tasks are killed as soon as traffic has moved",
    "lost-writes": "the old tasks acknowledge some of what readers send, and don't keep it",
    "wrong-weights": "half of the traffic moves at the first step, whatever is declared",
    "strange-weights": "before anything is deployed, one percent of the traffic goes to the other target group",
    "silent-alarms": "no metric of the load balancer is reported",
    "short-bake": "the old tasks stay for no more than a minute",
    "leftover-group": "after a rollback, some of the traffic still goes to the target group of the new tasks",
    "no-backup": "no snapshot of the database is taken",
    "late-backup": "the snapshot is taken after the migration",
    "no-migration": "the migration is left out",
    "failing-migration": "the migration fails half way",
    "breaking-migration": "the migration moves the passwords of readers to where only a later build looks for them",
    "late-migration": "traffic moves before the migration",
}


def check_faults(names: Sequence[str]) -> frozenset[str]:
    """Return the faults of these names. Raises UsageError for an unknown name."""
    for name in names:
        if name not in FAULTS:
            hint = suggest(name, FAULTS) or f"; there are {', '.join(FAULTS)}"
            raise UsageError(f"fault {name!r}: no fault of a deployment is named so{hint}")
    return frozenset(names)


# ── Changes of the account that faults make before anything is deployed

#: A path that the sample site does not have.
NOWHERE = "/nowhere"


def shorten_bake(aws: Clients) -> None:
    """Let the old tasks stay for only a minute, in every deployment group."""
    for group in list_groups(aws):
        config = dict(group["blueGreenDeploymentConfiguration"])
        end = {**config["terminateBlueInstancesOnDeploymentSuccess"], "terminationWaitTimeInMinutes": 1}
        aws("codedeploy").update_deployment_group(
            applicationName=group["applicationName"],
            currentDeploymentGroupName=group["deploymentGroupName"],
            blueGreenDeploymentConfiguration={**config, "terminateBlueInstancesOnDeploymentSuccess": end},
        )


def misdirect_health_checks(aws: Clients) -> None:
    """Point the health checks of target groups without traffic at a path that the site does not have."""
    elb = aws("elbv2")
    for group in list_groups(aws):
        (where,), (pair,) = group["ecsServices"], group["loadBalancerInfo"]["targetGroupPairInfoList"]
        named = {"cluster": where["clusterName"], "services": [where["serviceName"]]}
        (service,) = aws("ecs").describe_services(**named)["services"]
        used = {one["targetGroupArn"] for one in service["loadBalancers"]}
        names = [one["name"] for one in pair["targetGroups"]]
        for one in elb.describe_target_groups(Names=names)["TargetGroups"]:
            if one["TargetGroupArn"] not in used:
                elb.modify_target_group(TargetGroupArn=one["TargetGroupArn"], HealthCheckPath=NOWHERE)


#: The fault, and the build, whose migration fails halfway.
_FAILING: Final = "failing-migration"
_NO_MIGRATION: Final = frozenset({"no-migration", "late-migration"})
_One = TypeVar("_One")
_Other = TypeVar("_Other")


@dataclass(frozen=True, slots=True)
class StagedRollout:
    """Two colours of the sample site behind a proxy."""

    account: RehearsalAccount
    url: str
    """The proxy's address for readers."""
    database: str
    kept_in: str
    """The engine of the database, in words: ``PostgreSQL 15.14``, or SQLite and why."""
    _stage: Stage
    _progress: Progress

    def deploy(self, build: str, between: Callable[[], None] | None = None) -> Mapping[str, Any]:
        """Deploy a build to every service; return when it is over, however it ended.

        Returns ``{"build", "deployments": {service ARN: deployment id}, "backup", "migration"}``. Nothing is deployed
        unless the migration succeeded; ``between`` is called before the deployment. Raises Unreadable and UsageError if
        it could not begin.
        """
        check_build(build)
        stage = self._stage
        newest, told = list_revisions()[-1], dict[str, Any]()
        if not stage.faults & {"no-backup", "late-backup"}:
            told["backup"] = back_up(stage, build)
        if not stage.faults & _NO_MIGRATION:
            self._progress(f"migrating the database to {newest}")
            told["migration"] = bring_schema(stage, newest, _find_flaw(stage, build))
        if "late-backup" in stage.faults:
            told["backup"] = back_up(stage, build)
        if told.get("migration", {}).get("error"):
            return {"build": build, "deployments": {}, **told}
        if between is not None:
            between()
        self._progress(f"deploying {build}")
        ids = self._carry_out(build, newest)
        if "late-migration" in stage.faults:
            told["migration"] = bring_schema(stage, newest)
        return {"build": build, "deployments": ids, **told}

    def _carry_out(self, build: str, newest: str) -> Mapping[str, str]:
        stage = self._stage
        schema = list_revisions()[-2] if stage.faults & _NO_MIGRATION else newest
        releases = [
            begin_release(stage, service, register_build(stage.aws, service, build), f"rehearsal: build {build}")
            for service in stage.services
        ]
        carry_out(stage, releases, build, schema)
        return {release.service.arn: release.id for release in releases}


def _find_flaw(stage: Stage, build: str) -> Flaw | None:
    if _FAILING in {build, *stage.faults}:
        return fail_half_way
    return move_passwords if "breaking-migration" in stage.faults else None


@contextmanager
def running_rollout(
    opened_account: AbstractContextManager[RehearsalAccount],
    logs: Path,
    *,
    speed: float,
    progress: Progress,
    faults: Sequence[str] = (),
) -> Iterator[StagedRollout]:
    """Run blue behind a proxy while the context is open, ready for deployments ``speed`` times as fast as declared.

    Opens the account once there is a proxy. Raises Unreadable, EngineError and UsageError if a part is missing, and the
    exceptions of opening the account.
    """
    wrong, engine = check_faults(faults), require_haproxy()
    with ExitStack() as opened:
        scratch = Path(opened.enter_context(TemporaryDirectory(prefix="prodgate-rollout-")))
        account, (kept_in, url) = open_together(opened, opened_account, running_database(scratch, progress))
        prepare_previous(url)
        services = _take_over(account, wrong)
        traffic = Traffic(speed)
        opened.enter_context(counting(traffic, scratch / "log", services))
        fleet = opened.enter_context(running_fleet(url, logs))
        proxy = opened.enter_context(running_proxy(engine, services, scratch, speed))
        stage = _make_stage(account, services, proxy=proxy, fleet=fleet, traffic=traffic, faults=wrong)
        progress("starting blue behind HAProxy")
        _start_blue(stage)
        opened.enter_context(stage.keeper.keeping())
        yield StagedRollout(account, proxy.url, url, kept_in, stage, progress)


def open_together(
    stack: ExitStack, one: AbstractContextManager[_One], other: AbstractContextManager[_Other]
) -> tuple[_One, _Other]:
    """Enter two contexts at the same time, since each mostly waits; both end with the stack, whichever fails."""
    with ThreadPoolExecutor(1, thread_name_prefix="opening") as thread:
        opening = thread.submit(stack.enter_context, other)
        return stack.enter_context(one), opening.result()


def _take_over(account: RehearsalAccount, faults: frozenset[str]) -> tuple[Service, ...]:
    """Stop observed states from changing by themselves; return the services. Raises Unreadable without one."""
    if account.failed:
        raise Unreadable(f"the account is not as declared: {account.failed[0]}")
    if "short-bake" in faults:
        shorten_bake(account.clients)
    if "wrong-health-path" in faults:
        misdirect_health_checks(account.clients)
    for service in ("codedeploy", "elbv2"):
        account.emulator.conduct(service, account.region, conducted={"by": "the rehearsed rollout"})
    return read_services(account.clients)


def _make_stage(
    account: RehearsalAccount,
    services: tuple[Service, ...],
    *,
    proxy: Proxy,
    fleet: Fleet,
    traffic: Traffic,
    faults: frozenset[str],
) -> Stage:
    names, targets = sorted({name for one in services for name in one.alarms}), Targets(proxy)
    keeper = Keeper(
        account=account,
        services=services,
        targets=targets,
        traffic=traffic,
        alarms=read_alarms(account.clients("cloudwatch"), names),
        logs=LogCopies(account.clients("logs"), fleet.logs),
        silent="silent-alarms" in faults,
    )
    return Stage(
        aws=account.clients,
        proxy=proxy,
        fleet=fleet,
        targets=targets,
        keeper=keeper,
        services=services,
        speed=traffic.speed,
        faults=faults,
        hook=read_hook(account.clients, services),
    )


def _start_blue(stage: Stage) -> None:
    """Start the tasks that services run according to the account. Raises Unreadable if they do not become healthy."""
    for service in stage.services:
        described = stage.aws("ecs").describe_services(cluster=service.cluster, services=[service.name])["services"][0]
        primary = next(one for one in described["taskSets"] if one["status"] == "PRIMARY")
        blue = TaskSet(
            id=primary["id"],
            arn=primary["taskSetArn"],
            group=service.groups[0],
            build=BLUE,
            schema=list_revisions()[-2],
            definition=service.definition,
        )
        start_tasks(stage, service, blue)
        stage.serving[service.arn] = blue
    if why := find_unwell(stage, [*stage.serving.values()]):
        raise Unreadable(f"the site that is to be replaced does not run: {why}")
    for service in stage.services:
        shift(stage, service, service.groups[0], 99 if "strange-weights" in stage.faults else 100)
