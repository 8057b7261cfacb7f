"""The facts about the migrations of a release, made from stored evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...facts import Fact
from ...facts.rollout.deployments import Deployment, deployment_facts
from ...facts.rollout.failed_migration import failed_migration_facts
from ...facts.rollout.migration_runs import MigrationRuns, run_facts, traffic_facts
from ...facts.rollout.migrations import folder_facts, release_facts, schema_facts
from ...facts.rollout.old_build import OldBuildOnNewSchema, judge_old_build
from ...facts.rollout.old_journeys import old_journey_facts
from ...facts.rollout.restorable import restorable_facts
from ..layer import NOT_OBSERVED
from .kinds import (
    DEPLOYMENT,
    FAILED_MIGRATION,
    MIGRATION_FOLDER,
    MIGRATION_RELEASE,
    MIGRATION_RUNS,
    OLD_JOURNEYS,
    RESTORABLE,
    SCHEMA,
    WATCH,
)
from .stored import FactMaker, Stored


def _make_folder(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    """Yield what is known of the migrations of the repository."""
    yield from folder_facts(value)


def _make_release(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    """Yield what each migration of the release does."""
    yield from release_facts(value)


def _make_schema(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    """Yield how far the database is."""
    yield from schema_facts(value)


def _make_runs(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    """Yield the runs of the migrations, and whether traffic moved after them. Raises Unreadable."""
    deployments = _require_deployments(known)
    runs = _read_runs(value, deployments)
    yield runs
    yield from traffic_facts(runs, deployments)
    yield _find_old_build(known, runs)


def _find_old_build(known: Stored, runs: MigrationRuns) -> OldBuildOnNewSchema:
    """Return what the watch shows that saw the most of the build before."""
    seen, why = list[OldBuildOnNewSchema](), known.unreadable.get(WATCH, NOT_OBSERVED)
    for record in known.of(WATCH):
        try:
            seen.append(judge_old_build(record, runs))
        except Unreadable as error:
            why = error.reason
    nothing = OldBuildOnNewSchema.unread("the build before", why)
    return max(seen, key=lambda one: one.requests, default=nothing)


def _make_restorable(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    """Yield what the database could go back to when the release began, or now where none has. Raises Unreadable."""
    deployments = _require_deployments(known) if known.of(DEPLOYMENT) else []
    try:
        began = _require_deployments(known)
        runs: MigrationRuns | str = _read_runs(known.require(MIGRATION_RUNS)[0], began)
    except Unreadable as error:
        runs = error.reason
    yield from restorable_facts(value, deployments, runs)


def _make_failed(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    """Yield what a migration that was made to fail has shown. Raises Unreadable."""
    yield from failed_migration_facts(value)


def _read_runs(value: Mapping[str, Any], deployments: Sequence[Deployment]) -> MigrationRuns:
    return run_facts(value, deployments, timedelta(seconds=value["within"]))


def _require_deployments(known: Stored) -> list[Deployment]:
    """Return the deployments that could be read. Raises Unreadable when one could not."""
    found = [each for value in known.require(DEPLOYMENT) for each in deployment_facts(value)]
    for each in found:
        began = object.__getattribute__(each, "began")
        if isinstance(began, Unread):
            raise Unreadable(f"{each.subject}: {began.reason}")
    return found


def _make_old_journeys(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    """Yield what a person could do on the build before, on the new schema. Raises Unreadable."""
    deployments = _require_deployments(known)
    runs = _read_runs(known.require(MIGRATION_RUNS)[0], deployments)
    yield from old_journey_facts(value, runs, deployments)


#: Kind of evidence -> what makes its facts.
MIGRATIONS: Final[Mapping[str, FactMaker]] = {
    MIGRATION_FOLDER: _make_folder,
    MIGRATION_RELEASE: _make_release,
    SCHEMA: _make_schema,
    MIGRATION_RUNS: _make_runs,
    RESTORABLE: _make_restorable,
    FAILED_MIGRATION: _make_failed,
    OLD_JOURNEYS: _make_old_journeys,
}
