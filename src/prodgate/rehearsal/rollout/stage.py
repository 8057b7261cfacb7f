"""The rehearsed rollout as layers see it (`layers.rehearsal.Rollout`): an account, a proxy, and what deploys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from ...aws.answers import Unreadable
from ...engines.haproxy import ensure_haproxy
from ...processes.progress import Progress
from ..account import RehearsalAccount
from ..site.database import list_revisions
from ..site.migrating import Flaw, fail_half_way, move_passwords, prepare_previous
from .alarms import read_alarms
from .builds import BLUE, Build, find_build
from .colours import Stage, TaskSet, find_unwell, shift, start_tasks
from .controller import carry_out
from .databases import running_database
from .declared import Service, read_hook, read_services
from .deployments import begin_release
from .faults import check_faults
from .fleet import Fleet, running_fleet
from .keeper import Keeper
from .misdeclared import misdirect_health_checks, shorten_bake
from .proxy import Proxy, running_proxy
from .releases import register_build
from .schema import back_up, bring_schema
from .service_logs import LogCopies
from .targets import Targets
from .traffic import Traffic, counting

#: Who conducts deployments, as the emulated account is told.
_CONDUCTOR: Final = {"by": "the rehearsed rollout"}
#: The fault, and the build, whose migration fails half way.
_FAILING: Final = "failing-migration"
_NO_MIGRATION: Final = frozenset({"no-migration", "late-migration"})
_One = TypeVar("_One")
_Other = TypeVar("_Other")


@dataclass(frozen=True, slots=True)
class StagedRollout:
    """Two colours of the sample site behind a proxy."""

    account: RehearsalAccount
    url: str
    """Where the proxy listens for readers."""
    database: str
    kept_in: str
    """What holds the data, in words: ``PostgreSQL 15.14``, or SQLite and why."""
    _stage: Stage
    _progress: Progress

    def deploy(self, build: str, between: Callable[[], None] | None = None) -> Mapping[str, Any]:
        """Deploy a build to every service; return when it is over, however it ended.

        The answer is ``{"build", "deployments": {service ARN: deployment id}, "backup", "migration"}``. Without a
        migration that succeeded nothing is deployed; ``between`` is called before anything is. Raises Unreadable and
        UsageError when it could not be begun.
        """
        stage, found = self._stage, find_build(build)
        newest, told = list_revisions()[-1], dict[str, Any]()
        if not stage.faults & {"no-backup", "late-backup"}:
            told["backup"] = back_up(stage, found.name)
        if not stage.faults & _NO_MIGRATION:
            self._progress(f"migrating the database to {newest}")
            told["migration"] = bring_schema(stage, newest, _find_flaw(stage, found))
        if "late-backup" in stage.faults:
            told["backup"] = back_up(stage, found.name)
        if told.get("migration", {}).get("error"):
            return {"build": found.name, "deployments": {}, **told}
        if between is not None:
            between()
        self._progress(f"deploying {found.name}")
        ids = self._carry_out(found.name, newest)
        if "late-migration" in stage.faults:
            told["migration"] = bring_schema(stage, newest)
        return {"build": found.name, "deployments": ids, **told}

    def _carry_out(self, name: str, newest: str) -> Mapping[str, str]:
        stage, build = self._stage, find_build(name)
        schema = list_revisions()[-2] if stage.faults & _NO_MIGRATION else newest
        releases = [
            begin_release(stage, service, register_build(stage.aws, service, build), f"rehearsal: build {name}")
            for service in stage.services
        ]
        carry_out(stage, releases, build, schema)
        return {release.service.arn: release.id for release in releases}


def _find_flaw(stage: Stage, build: Build) -> Flaw | None:
    """Return what is wrong with the migration of a build."""
    if _FAILING in {build.name, *stage.faults}:
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

    The account is opened here, once there is a proxy. Raises Unreadable, EngineError and UsageError when a part can't
    be had, and what opening the account raises.
    """
    wrong, engine = check_faults(faults), ensure_haproxy(progress)
    with ExitStack() as opened:
        scratch = Path(opened.enter_context(TemporaryDirectory(prefix="prodgate-rollout-")))
        database = running_database(scratch, progress)
        account, (kept_in, url) = open_together(opened, opened_account, database)
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
    """Let nothing that is observed here happen by itself; return the services. Raises Unreadable without one."""
    if account.failed:
        raise Unreadable(f"the account is not as declared: {account.failed[0]}")
    if "short-bake" in faults:
        shorten_bake(account.clients)
    if "wrong-health-path" in faults:
        misdirect_health_checks(account.clients)
    for service in ("codedeploy", "elbv2"):
        account.emulator.conduct(service, account.region, conducted=_CONDUCTOR)
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
    """Start what the account says that services run. Raises Unreadable when it does not become healthy."""
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
