"""The deployment and the migrations that are judged: the last of a real account, or what a rehearsal carries out."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.recording import revive, to_plain
from ...collected.references import Secret, resolve, secret_reader
from ...evidence import runs
from ...facts.live.ecs_services import list_services
from ...facts.rollout.deployed import read_deployed, read_readers
from ...facts.rollout.deployments import State, deployment_facts, find_since, read_by_id, read_newest_deployments
from ...facts.rollout.migrations import FORMAT, read_restorable, read_run, read_runs
from ...facts.rollout.requests import WatchedRequests, request_facts, why_late, write_facts
from ...facts.rollout.watched import read_routes, state_of, take_sample
from ...facts.rollout.windows import find_window
from ...migrations.breaking import Readers
from ...migrations.observing import find_commit, find_words, list_files, observe_folder, observe_release
from ...migrations.reading import Revision, find_ancestors, read_revisions, read_texts
from ...sections.criteria_file import CriteriaFile
from ...sections.rollout import MigrationsSection
from ..layer import LayerContext
from ..load.observing import find_limit, require_allowed_host
from ..observing_layer import Evidence
from .kinds import (
    DEPLOYED,
    DEPLOYMENT,
    FAILED_MIGRATION,
    MIGRATION_FOLDER,
    MIGRATION_RELEASE,
    MIGRATION_RUNS,
    READERS,
    RESTORABLE,
    SCHEMA,
    WATCH,
    Part,
)
from .resting import note_journeys
from .target import GOOD, Scene, open_scene, require_section
from .watching import (
    AFTERWARDS,
    BEFORE,
    EARLIER,
    FOLDER,
    MIGRATION,
    PATIENCE,
    Deploy,
    Watch,
    find_watches,
    ids_of,
    make_plan,
    sending,
    watch_deployment,
)

# ── The error budget that failures of a deployment are taken from: what an availability objective leaves

#: The criterion that states the objective.
_OBJECTIVE: Final = "availability"


def find_budget(stated: CriteriaFile) -> Mapping[str, Any] | None:
    """Return how many seconds of outage the objective allows in its window, and in words; None when none is stated."""
    criterion = stated.criteria.get(_OBJECTIVE)
    if criterion is None or criterion.bound is None or criterion.bound.limit is None or criterion.window is None:
        return None
    seconds = float((1 - criterion.bound.limit.base) * criterion.window.base)
    if seconds <= 0:
        return None
    minutes = Decimal(seconds / 60).quantize(Decimal("0.1"))
    return {"seconds": seconds, "words": f"{minutes} min in {criterion.window}"}


#: How often a deployment is watched at most, where this machine was not well meanwhile.
TRIES: Final = 3
#: Seconds of requests before a release that must be taken back, and requests after it: whether readers get answers.
#: Between them it is watched as any other.
_BRIEF_BEFORE: Final = 0.5
_BRIEF_AFTERWARDS: Final = 100


def observe_deployment(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Deploy and watch in a rehearsal; then yield what AWS says of the newest deployment of each service.

    Raises Unreadable.
    """
    watched = None
    if scene.rollout is not None:
        between = lambda: note_journeys(context, scene)  # noqa: E731  what a deployment calls
        watched = scene.watched = watch_build(context, scene, GOOD, between=between)
        yield Evidence(kind=WATCH, value=watched, subject=GOOD, source=scene.place)
    context.progress(f"rollout: reading the last deployment of each service of {scene.place}")
    for answers in read_newest_deployments(scene.look()):
        scene.deployments.append(answers)
        name = answers["service"]["serviceName"]
        yield Evidence(kind=DEPLOYMENT, value=answers, subject=name, source=scene.place)
    if not scene.deployments:
        raise Unreadable(f"{scene.place}: no service stands behind a load balancer, so nothing is deployed")
    if watched is None:
        yield from _find_watch(context, scene, unreadable)


def observe_deployed(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield how each service runs once its deployment is over. Raises Unreadable."""
    account = scene.look()
    for found in read_deployed(account, read_routes(account)):
        name = str(found["service"]).rpartition("/")[2]
        context.progress(f"rollout: {name} was read")
        yield Evidence(kind=DEPLOYED, value=found, subject=name, source=scene.place)


def observe_readers(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what the load balancers counted in the minutes of the deployments. Raises Unreadable."""
    window = find_window(scene.deployments)
    context.progress("rollout: asking what the load balancers counted meanwhile")
    for found in read_readers(scene.look(), window):
        yield Evidence(kind=READERS, value=found, subject=str(found["balancer"]), source="CloudWatch")


def _find_watch(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the records of those who watched the deployments; one that nobody watched leaves it open."""
    found, unwatched = find_watches(context.run.parent, context.target.url, ids_of(scene.deployments))
    for record in found:
        yield Evidence(kind=WATCH, value=record, subject=scene.place, source="prodgate watch deploy")
    if unwatched:
        unreadable[WATCH] = unwatched


def watch_build(
    context: LayerContext,
    scene: Scene,
    build: str,
    *,
    brief: bool = False,
    between: Callable[[], None] | None = None,
) -> Mapping[str, Any]:
    """Deploy a build in a rehearsal, and return the record of the watch; ``between`` as of ``Rollout.deploy``.

    Where requests were sent so late that they may have failed for that, it is deployed again, whatever became of them;
    ``between`` is called the first time. ``brief`` as of ``make_watch``. Raises Unreadable.
    """
    rollout, number = scene.rollout, 1
    assert rollout is not None

    def deploy() -> Mapping[str, str]:
        deployed: Mapping[str, str] = rollout.deploy(build, between if number == 1 else None)["deployments"]
        return deployed

    while True:
        record = watch_deployment(make_watch(context, scene, build, brief=brief), deploy, {})
        why = why_late(record["stream"]) if record["stream"] else ""
        if not why or number == TRIES:
            return record
        number += 1
        context.note("rollout", f"{build} is deployed again (try {number} of {TRIES}): {why}")
        if build == GOOD:  # the others were taken back
            rollout.deploy(f"{GOOD}-before", None)


def make_watch(context: LayerContext, scene: Scene, build: str, *, brief: bool = False) -> Watch:
    """Return how a build is watched in a rehearsal; a ``brief`` watch compares no response times before and after."""
    section = context.stated.rollout
    assert section is not None
    return Watch(
        place=scene.place,
        look=scene.look,
        watching=scene.watching,
        plan=make_plan(
            section,
            scene.watching,
            scene.url,
            build_header=build_header(context),
            slow=find_slow(context),
            own=os.getpid(),
        ),
        folder=context.run / "logs" / "rollout",
        tell=lambda line: context.progress(f"rollout: {build}: {line}"),
        speed=section.speed,
        before=_BRIEF_BEFORE if brief else BEFORE,
        afterwards=_BRIEF_AFTERWARDS if brief else AFTERWARDS,
        patience=0.0 if brief else PATIENCE,
        budget=find_budget(context.stated),
        family=section.migrations.task if section.migrations else "",
    )


def find_slow(context: LayerContext) -> float:
    """Return the limit of response times after a deployment, in seconds; 0 where none is stated."""
    return find_limit("after-performance", context.stated) or 0.0


def build_header(context: LayerContext) -> str:
    """Return the header in which the site says which build answers; empty if nothing states one."""
    mark = context.stated.e2e.build if context.stated.e2e else None
    return mark.header if mark else ""


# ── Following a deployment that somebody else carries out on a real account


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deployments to follow: those with ids, or else the newest of each service, or the next one of each."""

    ids: tuple[str, ...] = ()
    next: bool = False
    services: tuple[str, ...] = ()
    """Names of the services that count, where no ids are given; none for every one behind a load balancer."""


def follow(context: LayerContext, wanted: Wanted) -> Mapping[str, Any]:
    """Follow deployments to their end, and return the record of the watch. Raises Unreadable and UsageError."""
    with open_scene(context) as scene:
        account = scene.look()
        only = _find_services(account, wanted.services)
        ids, began = ({}, None) if wanted.next else _find_ids(account, wanted.ids, only)
        watch = make_following(context, scene)
        watch = replace(watch, waits=wanted.next, only=only, acted=began.isoformat() if began else "")
        what = ", ".join(id_.rpartition("/")[2] for id_ in ids.values()) or "the next deployment of each service"
        context.progress(f"watching {what}, for {watch.watching.limit} at most")
        return watch_deployment(watch, None, ids)


def watch_own(context: LayerContext, scene: Scene, deploy: Deploy) -> Mapping[str, Any]:
    """Let a deployment begin on a real account, and follow it to its end. Raises Unreadable, and as ``deploy``."""
    return watch_deployment(make_following(context, scene), deploy, {})


def make_following(context: LayerContext, scene: Scene) -> Watch:
    """Return how a real account is watched, with requests where they are allowed."""
    silent = _why_silent(context)
    section = require_section(context)
    return Watch(
        place=scene.place,
        look=scene.look,
        watching=scene.watching,
        plan=None
        if silent
        else make_plan(
            section,
            scene.watching,
            f"https://{context.load_allowed}",
            build_header=build_header(context),
            slow=find_slow(context),
        ),
        silent=silent,
        folder=context.run,
        tell=context.progress,
        budget=find_budget(context.stated),
        family=section.migrations.task if section.migrations else "",
    )


def _find_services(account: Account, names: tuple[str, ...]) -> frozenset[str]:
    """Return the ARNs of services by their names; none for none. Raises Unreadable for a name that none has."""
    known = {one["serviceName"]: one["serviceArn"] for one in account.once(list_services) if one.get("loadBalancers")}
    for name in names:
        if name not in known:
            said = ", ".join(sorted(known)) or "none"
            raise Unreadable(f"--service {name}: is behind no load balancer of {account.region}; these are: {said}")
    return frozenset(known[name] for name in names)


def _find_ids(
    account: Account, wanted: tuple[str, ...], only: frozenset[str]
) -> tuple[dict[str, str], datetime | None]:
    """Return the deployments by their services, and when the first of them began. Raises Unreadable."""
    newest = read_newest_deployments(account) if not wanted else ()
    found = [one for one in newest if not only or one["service"]["serviceArn"] in only]
    found += [_read_wanted(account, id_) for id_ in dict.fromkeys(wanted)]
    ids = ids_of(found)
    if wanted and len(ids) < len(found):
        raise Unreadable(f"{' and '.join(wanted)}: two of them are of one service; name the one that goes on")
    if not wanted and ids and len(ids) < len(found):
        reasons = "; ".join(dict.fromkeys(one["unreadable"] for one in found if "unreadable" in one))
        raise Unreadable(f"{reasons}; or watch the others: --service NAME")
    if not ids:
        reasons = "; ".join(dict.fromkeys(one.get("unreadable", "") for one in found))
        raise Unreadable(reasons or "no service stands behind a load balancer, so nothing is deployed")
    times = [fact.peek("began") for answers in found for fact in deployment_facts(answers)]
    return ids, min((each for each in times if isinstance(each, datetime)), default=None)


def _read_wanted(account: Account, id_: str) -> Mapping[str, Any]:
    try:
        answers = read_by_id(account, id_)
    except Absent as error:
        raise Unreadable(f"{id_}: AWS answers {error.code}; look it up: aws deploy list-deployments") from error
    plain: Mapping[str, Any] = to_plain({"service": _find_service(account, id_, answers), **answers})
    return plain


def _find_service(account: Account, id_: str, answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the service of a deployment. Raises Unreadable when it is none of this account and region."""
    named = {(target.get("ecsTarget") or {}).get("targetId", "") for target in answers.get("targets", ())}
    for service in account.once(list_services):
        own = f"{service['clusterArn'].rpartition('/')[2]}:{service['serviceName']}"
        if answers["deployment"].get("serviceArn") == service["serviceArn"] or own in named:
            return {name: value for name, value in service.items() if name != "events"}
    raise Unreadable(f"{id_}: is of no ECS service in {account.region}; look which region it is in")


def _why_silent(context: LayerContext) -> str:
    """Return why no request may be sent; empty when it may."""
    if context.stated.load is None:
        return f"{context.stated.path}: says nothing of [load], so nobody knows who may be sent requests"
    try:
        require_allowed_host(context.stated.load, context)
    except Unreadable as error:
        return error.reason.replace("run with", "watch with")
    return ""


def summarise(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of it: ``outcome`` is good, bad or unknown, ``lines`` say why."""
    lines = [*_describe_ends(record), *_describe_requests(record), *_describe_writes(record)]
    outcomes = {outcome for outcome, _ in lines}
    outcome = "bad" if "bad" in outcomes else "unknown" if "unknown" in outcomes or not lines else "good"
    return {"outcome": outcome, "ids": dict(record["ids"]), "lines": [line for _, line in lines]}


def _describe_ends(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for route in record["routes"]:
        id_ = record["ids"].get(route["service"])
        if id_ is None:
            yield "unknown", f"{route['name']}: no deployment of it began while it was watched"
            continue
        seen = [one["services"][route["service"]].get("deployment") for one in record["samples"]]
        last = next((one for one in reversed(seen) if one), None)
        yield _describe_end(f"{route['name']}: {id_.rpartition('/')[2]}", last, record["why"])
    if record["why"]:
        yield "unknown", record["why"]


def _describe_end(named: str, last: Mapping[str, Any] | None, why: str) -> tuple[str, str]:
    if last is None:
        return "unknown", f"{named} was never seen"
    try:
        state = state_of(last)
    except Unreadable as error:
        return "unknown", f"{named}: {error.reason}"
    if state == State.SUCCEEDED:
        return "good", f"{named} {state}"
    return ("unknown" if why else "bad"), f"{named} {state}"


def _describe_requests(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for fact in request_facts(record):
        if isinstance(fact, WatchedRequests):
            failed = fact.peek("failed")
            if isinstance(failed, Unread):
                # the watch said at its beginning that nobody may send any; only the deployment's end was asked for
                yield "good" if record["stream"] is None else "unknown", f"requests: {failed.reason}"
            else:
                yield "bad" if failed.value.base else "good", f"requests that failed: {failed}"


def _describe_writes(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say what became of acknowledged writes, where the criteria state how one is read back."""
    if (record["stream"] or {}).get("writes") is None:
        return
    for fact in write_facts(record, "it"):
        wrong = fact.peek("wrong")
        if isinstance(wrong, Unread):
            yield "unknown", f"writes: {wrong.reason}"
        elif wrong.value.base:
            yield "bad", f"writes that were acknowledged and not kept once: {wrong}"
        elif wrong.unfinished:
            yield "unknown", f"writes: {wrong.unfinished}"
        else:
            yield "good", f"writes: {wrong}"


# ── The migrations of a release: before anything is deployed, in database and account after, and one that is to fail

Look = Callable[[], Mapping[str, Any]]


def require_migrations(context: LayerContext) -> MigrationsSection:
    """Return the [rollout.migrations] section. Raises Unreadable when there is none."""
    section = require_section(context).migrations
    if section is None:
        raise Unreadable(
            f'{context.stated.path}: says nothing of migrations; write [rollout.migrations] with tool = "alembic", '
            'folder = "migrations" and database = "secret:ID"'
        )
    return section


def observe_files(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Read the migrations of the repository, and of this release. Raises Unreadable."""
    section = require_migrations(context)
    folder, named = context.project / section.folder, {"folder": section.folder}
    context.progress(f"rollout: reading the migrations in {section.folder}/")
    yield from _attempt(MIGRATION_FOLDER, named, lambda: observe_folder(section.tool, folder), unreadable)

    def look() -> Mapping[str, Any]:
        deployed, readers = _find_build_before(context, scene, section)
        return observe_release(section.tool, context.project, folder, deployed, readers)

    yield from _attempt(MIGRATION_RELEASE, named, look, unreadable)


def observe_outcome(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Look at what the database and the account keep of the migrations of a release. Raises Unreadable."""
    section, account = require_migrations(context), scene.look()
    yield from _attempt(SCHEMA, {}, lambda: _observe_schema(context, scene, section), unreadable)
    within = {"within": float(require_section(context).watching.limit.base)}
    look = lambda: _with_watched(context, scene, read_runs(account, require_task(section)))  # noqa: E731  as the others
    yield from _attempt(MIGRATION_RUNS, within, look, unreadable)


def _with_watched(context: LayerContext, scene: Scene, runs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return runs of the migrations with those that only a watch of the deployments has seen."""
    watches = [scene.watched] if scene.watched else []
    if not watches:
        watches, _ = find_watches(context.run.parent, context.target.url, ids_of(scene.deployments))
    seen = {one["taskArn"]: one for record in watches for one in record.get("migrations", ())}
    return {**runs, "tasks": [*{**seen, **{one["taskArn"]: one for one in runs["tasks"]}}.values()]}


def observe_restorable(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Look at what the database can go back to. Raises Unreadable."""
    section, account = require_migrations(context), scene.look()
    yield from _attempt(RESTORABLE, {}, lambda: read_restorable(account, section.cluster), unreadable)


def _attempt(kind: str, more: Mapping[str, Any], look: Look, unreadable: dict[str, str]) -> Iterator[Evidence]:
    try:
        value = {**more, **look()}
    except Unreadable as error:
        unreadable[kind] = error.reason
        return
    subject = str(value.get("folder") or value.get("where") or value.get("family") or "the database")
    yield Evidence(
        kind=kind, value=value, subject=subject, source=", ".join(value.get("engines", ())) or "the rollout layer"
    )


def require_task(section: MigrationsSection) -> str:
    """Return the family of the task that runs the migrations. Raises Unreadable when nothing names it."""
    if not section.task:
        raise Unreadable(
            "nothing says which ECS task runs the migrations; write [rollout.migrations] task = the family of its task "
            "definition"
        )
    return section.task


def _find_build_before(
    context: LayerContext, scene: Scene, section: MigrationsSection
) -> tuple[Callable[[Sequence[Revision]], Iterable[str]], Readers]:
    """Return what tells the migrations of the build before this one, and where that build names something.

    In a rehearsal both builds are made of the files as they lie here, and the database is still at the first one's.
    """
    root, without = context.project, section.folder
    if scene.rollout is not None:
        rows = _read_rows(scene.rollout.database, section, "the rehearsal")
        return (lambda _: [id_ for id_, _state in rows]), lambda word: find_words(root, "", word, section.code, without)
    commit = find_commit(root, _name_commit(section))
    files = list_files(root, commit, section.folder)

    def deployed(revisions: Sequence[Revision]) -> Iterable[str]:
        return [each.id for each in revisions if each.file in files]

    return deployed, lambda word: find_words(root, commit, word, section.code, without)


def _name_commit(section: MigrationsSection) -> str:
    if not section.previous:
        raise Unreadable(
            "nothing names the commit of the build that served before; write [rollout.migrations] previous = "
            "'env:DEPLOYED_COMMIT', and set that variable"
        )
    return resolve(section.previous, os.environ)


def _observe_schema(context: LayerContext, scene: Scene, section: MigrationsSection) -> Mapping[str, Any]:
    revisions = read_revisions(section.tool, read_texts(context.project / section.folder))
    if scene.rollout is not None:
        url, place = scene.rollout.database, f"the rehearsal, in {scene.rollout.kept_in}"
    else:
        url, place = resolve(section.database, os.environ, _secrets(context)), section.database
    rows = _read_rows(url, section, place)
    applied = [id_ for id_, state in rows if state == "applied"]
    had = find_ancestors(revisions, applied) if section.tool == "alembic" else frozenset(applied)
    known = [each.id for each in revisions]
    return {
        "where": f"{section.table or section.tool} of {place}",
        "read": datetime.now(UTC).isoformat(),
        "rows": rows,
        "pending": [id_ for id_ in known if id_ not in had],
        "foreign": _find_foreign(section.tool, known, applied),
        "failed": [id_ for id_, state in rows if state == "failed"],
    }


def _find_foreign(tool: str, known: Sequence[str], applied: Iterable[str]) -> list[str]:
    """Return migrations that ran and have no file; Django's table also holds those of other packages' apps."""
    apps = {id_.partition(".")[0] for id_ in known}
    own = [id_ for id_ in applied if tool != "django" or id_.partition(".")[0] in apps]
    return [id_ for id_ in own if id_ not in known]


def _read_rows(url: str, section: MigrationsSection, place: str) -> list[list[str]]:
    try:
        from ...collected.databases import read_versions  # noqa: PLC0415  SQLAlchemy is an extra
    except ImportError as error:
        raise Unreadable(f"{error.name} is not installed; pip install 'prod-gate[rollout]'") from None
    return read_versions(url, section.tool, section.table, place)


def _secrets(context: LayerContext) -> Secret:
    from ...aws.clients import Clients  # noqa: PLC0415  boto3 takes long to import
    from ...aws.sessions import open_session  # noqa: PLC0415

    region = context.target.region
    return secret_reader(Clients(open_session(context.target.profile, region, os.environ), region))


#: Parts that are observed while the database still has the schema of the build before.
BEFORE_MIGRATIONS: Final[tuple[Part, ...]] = (
    Part(observe=observe_files, kinds=(MIGRATION_FOLDER, MIGRATION_RELEASE), moments=("before",)),
)
#: Parts that are observed when the deployment is over.
AFTER_MIGRATIONS: Final[tuple[Part, ...]] = (
    Part(observe=observe_outcome, kinds=(SCHEMA, MIGRATION_RUNS)),
    Part(observe=observe_restorable, kinds=(RESTORABLE,), moments=("before", "during", "after")),
)


# ── A release whose migration fails on purpose: tried in a rehearsal, on record for a real account

#: The build of a rehearsal whose migration fails.
BUILD: Final = "failing-migration"
#: Seconds for which a release is watched after its migration has failed: whether it goes on all the same.
_AFTER: Final = 2.0
#: The same for a pipeline, which begins its next step within seconds.
_SETTLED: Final = 120.0


def observe_failed_migration(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the record of a migration that was made to fail. Raises Unreadable when there is none."""
    family = require_task(require_migrations(context))
    if scene.rollout is not None:
        rollout, watch = scene.rollout, make_watch(context, scene, BUILD, brief=True)
        record = watch_failure(watch, family, lambda: rollout.deploy(BUILD))
    elif found := next(runs.list_records(context.run.parent / FOLDER, context.target.url, MIGRATION), None):
        record = found
    else:
        raise Unreadable(
            "no migration that was made to fail is on record; let the pipeline run one that fails, and meanwhile: "
            f"prodgate watch migration {context.target.url}"
        )
    asked = {**record, "asked": datetime.now(UTC).isoformat()}
    yield Evidence(kind=FAILED_MIGRATION, value=asked, subject=family, source=scene.place)


def follow_failure(context: LayerContext) -> Mapping[str, Any]:
    """Wait for a migration that the pipeline of a real account makes fail, and return the record of what it stopped.

    Raises Unreadable and UsageError.
    """
    family = require_task(require_migrations(context))
    with open_scene(context) as scene:
        watch = make_following(context, scene)
        return watch_failure(watch, family, lambda: _await_migration(watch, family), _SETTLED)


def _await_migration(watch: Watch, family: str) -> None:
    """Wait until a migration that begins from now on has ended. Raises Unreadable when none has within the limit."""
    began, until = datetime.now(UTC) - EARLIER, monotonic() + float(watch.watching.limit.base)
    watch.tell(f"waiting for a task of {family}; let the pipeline migrate now")
    while monotonic() < until:
        tasks = map(read_run, revive(read_runs(watch.look(), family))["tasks"])
        if ended := [run for run in tasks if run.began >= began and run.ended]:
            watch.tell(f"it {'failed: ' + ended[0].failure if ended[0].failure else 'ended well'}")
            return
        watch.pause.wait(float(watch.watching.poll.base))
    raise Unreadable(f"no task of {family} began and ended within {watch.watching.limit}")


def watch_failure(watch: Watch, family: str, act: Callable[[], object], after: float = _AFTER) -> Mapping[str, Any]:
    """Return the record of what became of a release whose migration fails while ``act`` runs; readers come all along.

    Raises Unreadable when there is nothing to watch, and what ``act`` raises.
    """
    began, account = datetime.now(UTC), watch.look()
    routes = read_routes(account)
    before = take_sample(account, routes, {})
    with sending(watch) as stream:
        _wait(watch, watch.before)
        act()
        _wait(watch, after)
    account = watch.look()
    return {
        "format": FORMAT,
        "began": began.isoformat(),
        "ended": datetime.now(UTC).isoformat(),
        "family": family,
        "tasks": read_runs(account, family)["tasks"],
        "started": {  # the deployment of each service that was made since then; an empty text for none
            one["serviceArn"]: find_since(account, one, began - EARLIER) for one in account.once(list_services)
        },
        "before": before,
        "after": take_sample(account, routes, {}),
        "stream": stream.record if stream else None,
        "silent": watch.silent,
    }


def _wait(watch: Watch, seconds: float) -> None:
    """Let readers come for some time."""
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        watch.pause.wait(left)
