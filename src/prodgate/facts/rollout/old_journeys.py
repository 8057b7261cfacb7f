"""What a person could do on the build before a release, when the schema was migrated and no traffic had moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...aws.answers import Unread
from .. import Fact
from ..e2e.builds import is_build
from ..e2e.journeys import Journey, journey_facts, why_journeys_unreadable
from .deployments import Deployment
from .migration_runs import MigrationRuns, find_shift


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JourneyOnNewSchema(Fact):
    """A journey on the build before, on the migrated schema; ``subject`` is what a person must be able to do."""

    succeeded: bool
    told: str


def old_journey_facts(
    value: Mapping[str, Any], runs: MigrationRuns, deployments: Sequence[Deployment]
) -> Iterator[JourneyOnNewSchema]:
    """Yield each journey of stored evidence, as far as it was carried out between the migrations and the shift."""
    record = value["record"]
    reason = _why_not_between(value, runs, deployments) or _why_new_build(value) or why_journeys_unreadable(record)
    if reason or not record["journeys"]:
        yield JourneyOnNewSchema.unread(value["place"], reason or "no journey was carried out")
        return
    for found in journey_facts(record):
        if isinstance(found, Journey):
            succeeded = object.__getattribute__(found, "succeeded")
            told = succeeded.reason if isinstance(succeeded, Unread) else found.told
            yield JourneyOnNewSchema(subject=found.subject, succeeded=succeeded, told=told)


def latest_end(deployments: Sequence[Deployment]) -> datetime:
    """Return until when the build before had all of the traffic; a deployment moves none before it begins."""
    return min(find_shift(one) or one.began for one in deployments)


def _why_not_between(value: Mapping[str, Any], runs: MigrationRuns, deployments: Sequence[Deployment]) -> str:
    began, ended = (datetime.fromisoformat(value[key]) for key in ("began", "ended"))
    if runs.ended is None:
        return "a migration runs still"
    if began < runs.ended:
        return (
            f"the journeys began at {began:%H:%M:%S}, and the migrations ended at {runs.ended:%Y-%m-%d %H:%M:%S} UTC; "
            "carry them out between the migrations and the shift: prodgate run TARGET --only e2e"
        )
    shift = latest_end(deployments)
    if ended > shift:
        return f"the journeys ended at {ended:%H:%M:%S}, when traffic had moved since {shift:%Y-%m-%d %H:%M:%S} UTC"
    return ""


def _why_new_build(value: Mapping[str, Any]) -> str:
    """Return why it was not the build before that was met; its name is not asked where nothing else ran."""
    if new := [build for build in value.get("builds", ()) if value["released"] and is_build(build, value["released"])]:
        return f"the journeys met build {new[0]}, which is the one that is released"
    return ""
