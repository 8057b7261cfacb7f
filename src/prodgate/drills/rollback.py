"""Deploys builds that must not stay, and one that must: each has to end as it should, without a person."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..aws.answers import Unreadable
from ..criteria import UsageError
from ..evidence.journal import Journal
from ..facts.rollout.drills import DrilledRelease, drill_facts
from ..facts.rollout.reading import read_newest_deployments
from ..facts.rollout.way_back import WayBack, way_back_facts
from ..findings import NotObserved
from ..layers.layer import LayerContext
from ..layers.rollout.drills import drill_builds, drill_rehearsal
from ..layers.rollout.following import watch_own
from ..layers.rollout.records import DRILL
from ..layers.rollout.target import Scene, open_scene
from ..sections.project import Project
from ..sections.targets import Target
from .builds import deploy_build, read_builds
from .outcome import Begin, Outcome

if TYPE_CHECKING:
    from ..aws.clients import Clients

#: Fields of a drilled release that hold what is wrong, empty if nothing is.
_FLAWS: Final = ("ended", "by_person", "not_back", "left", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackDrill:
    """What is to be drilled, and with what."""

    given: argparse.Namespace
    target: Target
    project: Project
    begin: Begin
    tell: Callable[[str], None]
    open_clients: Callable[[], Clients]
    """Opens clients that may change the account."""


def drill_rollback(drill: RollbackDrill) -> Outcome:
    """Drill the rollbacks of every service behind a load balancer. Raises UsageError."""
    try:
        run, record = (_drill_rehearsal if drill.target.rehearsal else _drill_account)(drill)
    except Unreadable as error:
        raise UsageError(f"drill: {error.reason}") from error
    lines = tuple(_render_lines(record))
    return Outcome(
        run=run,
        kind=DRILL,
        subject="rollback",
        record=record,
        lines=tuple(line for _, line in lines),
        good=all(good for good, _ in lines),
    )


def _drill_rehearsal(drill: RollbackDrill) -> tuple[Path, Mapping[str, Any]]:
    if drill.given.build:
        raise UsageError(f"{drill.target.url}: --build is for real accounts; a rehearsal has builds of its own")
    run = drill.begin()
    context = _make_context(drill, run)
    with open_scene(context) as scene:
        return run, drill_rehearsal(context, scene)


def _drill_account(drill: RollbackDrill) -> tuple[Path, Mapping[str, Any]]:
    with open_scene(_make_context(drill, Path())) as scene:
        newest = _read_newest(scene)
        builds = read_builds(drill.given.build, [one["service"]["serviceName"] for one in newest])
        run, clients = drill.begin(), drill.open_clients()
        context = _make_context(drill, run)

        def watch(build: str) -> Mapping[str, Any]:
            drill.tell(f"deploying {build}")
            return watch_own(context, scene, partial(deploy_build, clients, newest, builds[build]))

        return run, drill_builds(watch)


def _read_newest(scene: Scene) -> list[Mapping[str, Any]]:
    """Return the answers about the newest deployment of each service. Raises Unreadable when one can't be read."""
    newest = list(read_newest_deployments(scene.look()))
    for one in newest:
        if reason := one.get("unreadable"):
            raise Unreadable(reason)
    if not newest:
        raise Unreadable(f"{scene.place}: no service stands behind a load balancer, so nothing is deployed")
    return newest


def _make_context(drill: RollbackDrill, run: Path) -> LayerContext:
    return LayerContext(
        run=run,
        target=drill.target,
        project=drill.project.root,
        stated=drill.project.stated,
        journal=Journal.of(run),
        progress=drill.tell,
        load_allowed=drill.given.i_am_allowed_to_load,
    )


def _render_lines(record: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Yield whether each build did what it had to, and what it did; then how long the way back took, to be read."""
    for release in drill_facts({**record, "asked": datetime.now(UTC).isoformat()}):
        flaws = list(_list_flaws(release))
        yield not flaws, f"{release.subject}: {'; '.join(flaws) or 'ended as it had to'}"
    for way in way_back_facts(record):
        yield True, f"{way.subject}: the way back took {_read_way(way)}"


def _read_way(way: WayBack) -> str:
    try:
        return str(way.took)
    except NotObserved as unread:
        return f"nobody knows how long: {unread}"


def _list_flaws(release: DrilledRelease) -> Iterator[str]:
    for name in _FLAWS:
        try:
            if flaw := getattr(release, name):
                yield flaw
        except NotObserved as unread:
            yield str(unread)
            return
