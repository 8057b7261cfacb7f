"""Watching a deployment: a stream of requests, and samples of the account every few moments, until the clean-up.

Records of watches by hand, and of drills, lie beside the runs of the gate."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...evidence import runs
from ...facts.live.ecs_services import list_services
from ...facts.rollout.deployments import WATCH_FORMAT, find_since
from ...facts.rollout.migrations import read_runs
from ...facts.rollout.watched import Route, have_succeeded, is_over, read_routes, read_surroundings, take_sample
from ...facts.rollout.windows import find_silent
from ...load.health import MOST_ASIDE, WINDOW
from ...load.stream.process import Plan, Stream, StreamError, streaming
from ...processes.progress import Progress
from ...sections.rollout import RolloutSection, Watching

#: Requests that are sent when the deployment is over, for the response times of what it left.
AFTERWARDS: Final = 1_200
#: How many times as long they may go on where this machine was not well meanwhile, and for how many seconds at least.
LONGEST, PATIENCE = 3, 60.0
#: Seconds of requests before the first stage.
BEFORE: Final = 2.0
#: Seconds that requests may go on beyond the limit, while the last look is taken.
MARGIN: Final = 60.0
#: How long before the watch the data of alarms count; CloudWatch is some minutes late.
LOOK_BACK: Final = timedelta(minutes=5)
#: Looks in a row that must find everything ended.
SETTLED: Final = 3
#: How far the clock of AWS may be behind ours: a deployment may seem that much older than the first look at it.
EARLIER: Final = timedelta(seconds=5)

#: Deploys; returns the id of the deployment of each service, by the service's ARN.
Deploy = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The deployment to watch, and how."""

    place: str
    look: Callable[[], Account]
    """Returns the account as it is now."""
    watching: Watching
    plan: Plan | None
    """The requests; None where none may be sent."""
    silent: str = ""
    """Why none may be sent."""
    folder: Path
    """Where the process that sends requests runs."""
    tell: Progress
    speed: int = 1
    """How many declared seconds pass in one."""
    waits: bool = False
    """Whether it waits for one deployment of each service that begins later; those that have begun have ids."""
    only: frozenset[str] = frozenset()
    """ARNs of the services that are waited for; empty for every one."""
    acted: str = ""
    """When the deployments began that have ids, in ISO form."""
    before: float = field(default_factory=lambda: BEFORE)
    """Seconds of requests before a deployment is begun."""
    afterwards: int = AFTERWARDS
    """Requests that are sent when it is over."""
    patience: float = PATIENCE
    """Seconds that they may go on in any case, where this machine is not well."""
    family: str = ""
    """The tasks that run the migrations; ECS forgets them within the hour, and the record keeps them."""
    budget: Mapping[str, Any] | None = None
    """The error budget, as ``budget.find_budget`` returns it."""
    pause: threading.Event = field(default_factory=threading.Event)
    """Never set; the watch waits for it between two samples."""


@contextmanager
def sending(watch: Watch) -> Iterator[Stream | None]:
    """Send the requests of a watch, if it has any, while the context is open. Raises Unreadable when that fails."""
    try:
        with streaming(watch.plan, watch.folder) if watch.plan else nullcontext() as stream:
            yield stream
    except StreamError as error:
        raise Unreadable(str(error)) from None


def watch_deployment(watch: Watch, deploy: Deploy | None, ids: Mapping[str, str]) -> Mapping[str, Any]:
    """Watch until the deployments are over, or the limit is, and return the record.

    With ``deploy`` one is begun once the first look was taken, else those with the given ids are followed, or those
    that are waited for. Raises Unreadable when there is nothing to watch, and what ``deploy`` raises.
    """
    began, wanted = datetime.now(UTC), ids.keys() or watch.only
    routes = [route for route in read_routes(watch.look()) if not wanted or route.service in wanted]
    if not routes:
        raise Unreadable(f"{watch.place}: no service stands behind a load balancer, so nothing is deployed")
    followed = _Followed(
        watch, tuple(routes), dict(ids), began, monotonic() + float(watch.watching.limit.base), acted=watch.acted
    )
    before = _read_beside(watch.look(), followed.routes)
    with ExitStack() as stack:
        stream = stack.enter_context(sending(watch))
        followed.follow(deploy, stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="deploy")), stream)
    after = _read_beside(watch.look(), followed.routes)
    silent = _find_silent_alarms(watch, followed.routes, began)
    return {**followed.to_record(stream), "before": before, "after": after, "silent_alarms": silent}


def _find_silent_alarms(watch: Watch, routes: tuple[Route, ...], began: datetime) -> Mapping[str, Any]:
    names = sorted({name for route in routes for name in route.alarms})
    try:
        return find_silent(watch.look(), names, began - LOOK_BACK / watch.speed)
    except Unreadable as error:
        return {"unreadable": error.reason}


def _read_beside(account: Account, routes: tuple[Route, ...]) -> Mapping[str, str]:
    try:
        return read_surroundings(account, routes)
    except Unreadable as error:
        return {"unreadable": error.reason}


@dataclass(slots=True)
class _Followed:
    watch: Watch
    routes: tuple[Route, ...]
    ids: dict[str, str]
    began: datetime
    until: float
    samples: list[Mapping[str, Any]] = field(default_factory=list)
    acted: str = ""
    ended: str = ""
    why: str = ""
    told: str = ""
    settled: int = 0
    migrations: dict[str, Any] = field(default_factory=dict)
    """Tasks of the migrations, by ARN, as they were seen last."""

    def follow(self, deploy: Deploy | None, thread: ThreadPoolExecutor, stream: Stream | None) -> None:
        """Look again and again: before, while it goes on, and for some time after."""
        work: Future[Mapping[str, str]] | None = None
        ready, over = monotonic() + self.watch.before, 0.0
        while not over or self._is_short(monotonic() - over, stream):
            self._look(finding=work is not None or self.watch.waits)
            if deploy is not None and work is None and monotonic() >= ready:
                self.acted = datetime.now(UTC).isoformat()
                work = thread.submit(deploy)
            if not over and self._is_over(deploy, work):
                over = monotonic()
            if monotonic() > self.until:
                # where only one that was waited for never began, the others were watched whole
                self.why = "" if self.ended else f"it was watched for {self.watch.watching.limit} and was not over"
                break
            self.watch.pause.wait(float(self.watch.watching.poll.base))
        if work is not None:
            work.result(timeout=float(self.watch.watching.limit.base))

    def _is_short(self, passed: float, stream: Stream | None) -> bool:
        """Whether too few requests were sent since it was over while this machine was well, and there is time.

        Nor are they enough while more than half of the time counts as disturbed.
        """
        if stream is None or self.watch.plan is None:
            return False
        wanted = self.watch.afterwards / self.watch.plan.rate
        if passed < wanted or passed >= max(LONGEST * wanted, self.watch.patience):
            return passed < wanted
        aside = stream.count_aside(passed)
        under_way = WINDOW if aside else 0  # it is not assessed yet, and may be disturbed as well
        return passed - aside < wanted or aside + under_way > MOST_ASIDE * passed

    def _look(self, *, finding: bool) -> None:
        account = self.watch.look()
        if self.watch.family and (len(self.ids) < len(self.routes) or not self.samples):
            self._note_migrations(account)
        if finding and len(self.ids) < len(self.routes):
            self._find_ids(account)
        sample = take_sample(account, self.routes, self.ids)
        self.samples.append(sample)
        if (line := "; ".join(_describe(self.routes, sample))) != self.told:
            self.told = line
            self.watch.tell(line)

    def _note_migrations(self, account: Account) -> None:
        with suppress(Unreadable):  # the next look asks again, and the run that judges asks by itself
            self.migrations |= {one["taskArn"]: one for one in read_runs(account, self.watch.family)["tasks"]}

    def _find_ids(self, account: Account) -> None:
        missing = {route.service for route in self.routes} - self.ids.keys()
        with suppress(Unreadable):  # the next look asks again; what it can't see stands in the sample
            for service in account.once(list_services):
                if service["serviceArn"] in missing and (id_ := find_since(account, service, self.began - EARLIER)):
                    self.ids[service["serviceArn"]] = id_
                    # it was made after the look before this one, at which there was none
                    self.acted = self.acted or (self.samples[-1]["at"] if self.samples else self.began.isoformat())

    def _is_over(self, deploy: Deploy | None, work: Future[Mapping[str, str]] | None) -> bool:
        """Whether everything has ended, and has been seen to have ended more than once.

        CodeDeploy's deployment has failed some moments before it says which other one takes it back.
        """
        if deploy is not None:
            if work is None or not work.done():
                return False
            self.ids |= work.result()
        settled = bool(self.ids) and is_over(self.samples[-1], self.ids)
        self.settled = self.settled + 1 if settled else 0
        if self.settled <= SETTLED:
            self.ended = self.samples[-SETTLED]["at"] if self.settled == SETTLED else ""
        return bool(self.ended) and not self._awaits_another()

    def _awaits_another(self) -> bool:
        """Whether one that is waited for has not begun; once one has failed, a release goes no further."""
        return self.watch.waits and len(self.ids) < len(self.routes) and have_succeeded(self.samples[-1], self.ids)

    def to_record(self, stream: Stream | None) -> Mapping[str, Any]:
        """Return the record as JSON values."""
        return {
            "format": WATCH_FORMAT,
            "place": self.watch.place,
            "began": self.began.isoformat(),
            "acted": self.acted,
            "ended": self.ended,
            "why": self.why,
            "poll": float(self.watch.watching.poll.base),
            "speed": self.watch.speed,
            "budget": self.watch.budget,
            "routes": [asdict(route) for route in self.routes],
            "ids": self.ids,
            "samples": self.samples,
            "migrations": [*self.migrations.values()],
            "stream": stream.record if stream else None,
            "silent": self.watch.silent,
        }


def _describe(routes: tuple[Route, ...], sample: Mapping[str, Any]) -> Iterator[str]:
    """Say in a few words where each service is: ``api: InProgress, AllowTraffic, b 90 % 2/2, g 10 % 2/2``."""
    for route in routes:
        seen = sample["services"][route.service]
        deployment = seen.get("deployment", {})
        back = deployment.get("rollback_status")
        words = [deployment.get("status", ""), deployment.get("stage", ""), f"rollback {back}" if back else ""]
        weights: Mapping[str, float] = next(iter(seen.get("weights", {}).values()), {})
        for group, states in seen.get("targets", {}).items():
            name = group.split("/")[1].removeprefix(f"{route.name}-") if "/" in group else group
            words.append(f"{name} {weights.get(group, 0):g} % {states.get('healthy', 0)}/{sum(states.values())}")
        yield f"{route.name}: {', '.join(filter(None, words)) or 'nothing could be read'}"


def make_plan(
    section: RolloutSection, watching: Watching, url: str, *, build_header: str, slow: float, own: int = 0
) -> Plan:
    """Return the requests that are sent to a site while a deployment of it is watched; ``own`` as of ``Plan``."""
    return Plan(
        slow=slow,
        own=own,
        url=url,
        rate=float(watching.rate.base),
        timeout=float(watching.timeout.base),
        limit=float(watching.limit.base) + LONGEST * AFTERWARDS / float(watching.rate.base) + MARGIN,
        reads=section.reads,
        write=section.write,
        written=section.written,
        keys=f"prodgate-{token_hex(6)}",
        build_header=build_header,
    )


# ── Records of watches and drills, kept beside the runs of the gate

#: Folder beside the runs in which watches leave their records.
FOLDER: Final = "watches"
#: Kind of the fact that holds the record of a watch.
WATCHED: Final = "watched deployment"
#: Kind of the fact that holds the record of a drill of rollbacks.
DRILLED: Final = "rollback drill"
#: Kind of the fact that holds the record of a migration that was made to fail.
MIGRATION: Final = "failed migration"


def ids_of(deployments: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the id of the deployment in each of the stored answers, by its service."""
    found: dict[str, str] = {}
    for answers in deployments:
        row = answers.get("deployment", {})
        if id_ := row.get("serviceDeploymentArn") or row.get("deploymentId"):
            found[answers["service"]["serviceArn"]] = id_
    return found


def find_watches(runs_folder: Path, target: str, ids: Mapping[str, str]) -> tuple[list[Mapping[str, Any]], str]:
    """Return the newest record of a watch for each deployment, and a list of deployments that nobody watched.

    A watch that was cut short, or whose record was changed, does not count.
    """
    missing, found = set(ids.values()), list[Mapping[str, Any]]()
    for record in runs.list_records(runs_folder / FOLDER, target, WATCHED) if missing else ():
        if seen := missing & set(record.get("ids", {}).values()):
            found.append(record)
            missing -= seen
        if not missing:
            break
    named = ", ".join(sorted(id_.rpartition("/")[2] for id_ in missing))
    if not missing and ids:
        return found, ""
    return (
        found,
        f"nobody watched {named or 'the last deployment'}; watch the next: prodgate watch deploy --next {target}",
    )
