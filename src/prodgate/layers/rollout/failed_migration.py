"""A release whose migration fails on purpose: tried in a rehearsal, on record for a real account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...aws.plain_json import revive
from ...facts.live.ecs_services import list_services
from ...facts.rollout.failed_migration import FORMAT
from ...facts.rollout.migration_runs import read_run, read_runs
from ...facts.rollout.reading import find_since
from ...facts.rollout.routes import read_routes
from ...facts.rollout.samples import take_sample
from ...load.stream.process import streaming
from ..layer import LayerContext
from ..observing_layer import Evidence
from .deployment import make_watch
from .following import make_following
from .kinds import FAILED_MIGRATION
from .migrations import require_migrations, require_task
from .records import find_failed_migration
from .target import Scene, open_scene
from .watching import Watch

#: The build of a rehearsal whose migration fails.
BUILD: Final = "failing-migration"
#: Seconds for which a release is watched after its migration has failed: whether it goes on all the same.
_AFTER: Final = 2.0
#: The same for a pipeline, which begins its next step within seconds.
_SETTLED: Final = 120.0
#: How far the clock of AWS may be behind ours.
_EARLIER: Final = timedelta(seconds=5)


def observe_failed_migration(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the record of a migration that was made to fail. Raises Unreadable when there is none."""
    family = require_task(require_migrations(context))
    if scene.rollout is not None:
        rollout, watch = scene.rollout, make_watch(context, scene, BUILD, brief=True)
        record = watch_failure(watch, family, lambda: rollout.deploy(BUILD))
    elif (found := find_failed_migration(context.run.parent, context.target.url)) is not None:
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
    began, until = datetime.now(UTC) - _EARLIER, monotonic() + float(watch.watching.limit.base)
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
    with streaming(watch.plan, watch.folder) if watch.plan else nullcontext() as stream:
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
        "started": _list_started(account, began - _EARLIER),
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


def _list_started(account: Account, since: datetime) -> Mapping[str, str]:
    """Return the deployment of each service that was made since a time; an empty text for none."""
    return {one["serviceArn"]: find_since(account, one, since) for one in account.once(list_services)}
