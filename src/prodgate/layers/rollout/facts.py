"""The facts about a rollout, made from stored evidence; the same evidence always makes the same facts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ...airflow.history import recall_history
from ...aws.answers import Unreadable
from ...aws.recording import revive
from ...facts import Fact, Facts
from ...facts.e2e.journeys import journeys_of
from ...facts.e2e.pages import why_other_build
from ...facts.rollout.checklists import (
    JourneyAfterDeploy,
    JourneyOnNewSchema,
    dag_test_facts,
    load_test_facts,
    release_facts as of_dag_release,
    result_facts,
    values_of,
    visit_facts,
    why_not_after,
)
from ...facts.rollout.deployed import deployed_facts, image_facts, readers_facts, scan_facts
from ...facts.rollout.deployments import Deployment, State, deployment_facts, read_deployments
from ...facts.rollout.drills import drill_facts, way_back_facts
from ...facts.rollout.migrations import (
    MigrationRuns,
    OldBuildOnNewSchema,
    failed_migration_facts,
    folder_facts,
    judge_old_build,
    release_facts,
    restorable_facts,
    run_facts,
    schema_facts,
    traffic_facts,
    why_not_old_build,
)
from ...facts.rollout.requests import name_deployments, request_facts, write_facts
from ...facts.rollout.watched import surroundings_facts, watched_facts
from ...facts.rollout.windows import alert_facts, find_window, log_facts
from ..dags import facts as of_dags
from ..dags.facts import dag_from_json, spells_from_json
from ..e2e import facts as of_e2e
from ..layer import NOT_OBSERVED
from ..load import facts as of_load
from ..load.facts import RECORD
from ..observing_layer import StoredEvidence
from .kinds import (
    ALERTS,
    CONFIGURATION,
    DAG_FILES,
    DAG_RELEASE,
    DEPLOYED,
    DEPLOYMENT,
    DRILL,
    FAILED_MIGRATION,
    IMAGES,
    JOURNEYS,
    KINDS,
    LOAD,
    LOGS,
    MIGRATION_FOLDER,
    MIGRATION_RELEASE,
    MIGRATION_RUNS,
    OLD_JOURNEYS,
    READERS,
    RESTORABLE,
    SCHEMA,
    TESTS,
    UNASKED,
    VISIT,
    WATCH,
)
from .resting import find_start, why_no_proof

# ── All evidence of a rollout, for whoever makes facts of more than one kind of it


@dataclass(frozen=True, slots=True)
class Stored:
    """All evidence of a run, for facts that are made of more than one kind of it."""

    evidence: tuple[StoredEvidence, ...]
    unreadable: Mapping[str, str]
    """Why a kind is missing."""

    def of(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """Return the evidence of one kind, in the order in which it was seen; empty when there is none."""
        return tuple(value for each, value in self.evidence if each == kind)

    def require(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """Return the evidence of one kind. Raises Unreadable when there is none."""
        if found := self.of(kind):
            return found
        raise Unreadable(self.unreadable.get(kind, NOT_OBSERVED))


# ── The migrations of a release


def _runs(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    """Yield the runs of the migrations, and whether traffic moved after them. Raises Unreadable."""
    deployments = read_deployments(known.require(DEPLOYMENT))
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
    return max(seen, key=lambda one: one.failed.samples, default=nothing)


def _restorable(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    """Yield what the database could go back to when the release began, or now where none has. Raises Unreadable."""
    deployments = read_deployments(known.of(DEPLOYMENT)) if known.of(DEPLOYMENT) else []
    try:
        runs: MigrationRuns | str = _require_runs(known)
    except Unreadable as error:
        runs = error.reason
    yield from restorable_facts(value, deployments, runs)


def _require_runs(known: Stored) -> MigrationRuns:
    deployments = read_deployments(known.require(DEPLOYMENT))
    return _read_runs(known.require(MIGRATION_RUNS)[0], deployments)


def _read_runs(value: Mapping[str, Any], deployments: Sequence[Deployment]) -> MigrationRuns:
    return run_facts(value, deployments, timedelta(seconds=value["within"]))


def _old_journeys(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    why = why_not_old_build(value, _require_runs(known), read_deployments(known.require(DEPLOYMENT)))
    yield from journeys_of(JourneyOnNewSchema, value, why)


# ── The three checklists: what was so before, during and after a deployment


def _start(known: Stored) -> datetime | None:
    """Return when the deployment of the release began, if it did. Raises Unreadable."""
    return find_start(list(known.of(DEPLOYMENT)), next(iter(known.of(VISIT)), None))


def _dag_files(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    files, declared = (values_of(value["seen"], kind)[-1] for kind in (of_dags.FILES, of_dags.DECLARED))
    yield from dag_test_facts(files, declared, why_no_proof(value, _start(known)))


def _dag_release(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    """A release of DAGs has a time of its own: when their files were put where Airflow reads them."""
    kinds = (of_dags.OBSERVED, of_dags.DEPLOYED, of_dags.HISTORY)
    observed, deployed, history = (values_of(value["seen"], kind)[-1] for kind in kinds)
    spells = spells_from_json(observed)
    dags = tuple(replace(dag_from_json(id_, table), spells=spells) for id_, table in observed["dags"].items())
    if why := why_no_proof(value, None):
        yield from (kind.unread(observed["place"], why) for kind in KINDS[DAG_RELEASE])
    else:
        yield from of_dag_release(observed["place"], revive(deployed), recall_history(history), dags)


def _journeys(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    why = _why_not_after(value, known)
    if value["seen"] is not None:
        why = why or why_no_proof(value, None) or why_other_build(value["visits"])
    yield from journeys_of(JourneyAfterDeploy, value, why)


def _why_not_after(value: Mapping[str, Any], known: Stored) -> str:
    window = find_window(known.require(DEPLOYMENT))
    return why_not_after(datetime.fromisoformat(value["at"]), window.ended)


# ── What was deployed, and what a watch or a drill saw


def _watched(value: Mapping[str, Any]) -> Iterator[Fact]:
    yield from watched_facts(value)
    yield from request_facts(value)
    named = name_deployments(value) or "a deployment"
    yield from surroundings_facts(value, f"beside the revisions of {named}")
    yield from write_facts(value, named)


def _drilled(value: Mapping[str, Any]) -> Iterator[Fact]:
    yield from drill_facts(value)
    yield from way_back_facts(value)
    for one in value["tried"]:
        if "watch" in one and one["expects"] != State.SUCCEEDED:
            yield from surroundings_facts(one["watch"], f"beside the revisions of build {one['build']}")
            yield from write_facts(one["watch"], f"the drill with build {one['build']}")


#: Kind of evidence -> what makes facts of it alone.
OF_ITSELF: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[Fact]]]] = {
    DEPLOYMENT: deployment_facts,
    WATCH: _watched,
    READERS: readers_facts,
    DRILL: _drilled,
    LOGS: log_facts,
    ALERTS: alert_facts,
    MIGRATION_FOLDER: folder_facts,
    MIGRATION_RELEASE: release_facts,
    SCHEMA: schema_facts,
    FAILED_MIGRATION: failed_migration_facts,
}
#: Kind of evidence -> what makes facts of it and of other evidence.
BESIDE_OTHERS: Final[Mapping[str, Callable[[Mapping[str, Any], Stored], Iterator[Fact]]]] = {
    DEPLOYED: lambda value, known: deployed_facts(value, known.require(DEPLOYMENT)),
    TESTS: lambda value, known: result_facts(value, value["commit"], _start(known)),
    CONFIGURATION: lambda value, known: scan_facts(value, why_no_proof(value, _start(known))),
    IMAGES: lambda value, known: image_facts(value, _start(known)),
    LOAD: lambda value, known: load_test_facts(
        value["seen"], values_of(value["seen"], RECORD), why_no_proof(value, _start(known))
    ),
    DAG_FILES: _dag_files,
    DAG_RELEASE: _dag_release,
    VISIT: lambda value, known: visit_facts(value, _why_not_after(value, known)),
    JOURNEYS: _journeys,
    MIGRATION_RUNS: _runs,
    RESTORABLE: _restorable,
    OLD_JOURNEYS: _old_journeys,
}


#: Kinds of evidence that must be there.
REQUIRED: Final = tuple(KINDS)
#: Kind of evidence that a team's own code measures -> that code, and what counts the same without it.
TEAM: Final = {
    TESTS: "the team's tests; nothing else ran them",
    LOAD: of_load.TEAM[RECORD],
    DAG_FILES: of_dags.TEAM[of_dags.FILES],
    DAG_RELEASE: of_dags.TEAM[of_dags.HISTORY],
    **dict.fromkeys((JOURNEYS, OLD_JOURNEYS), of_e2e.TEAM[of_e2e.JOURNEYS]),
    MIGRATION_RELEASE: "the migrations, which write their SQL themselves; nothing else does",
}


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored evidence; ``unreadable`` says why a kind of evidence is missing."""
    evidence = tuple(stored)
    there = {kind for kind, _ in evidence}
    reasons = {kind: NOT_OBSERVED for kind in KINDS if kind not in there} | dict(unreadable)
    known = Stored(evidence, reasons)
    facts: list[Fact] = []
    unknown = _list_unknown(reasons)
    for kind, value in evidence:
        try:
            facts += make_facts(kind, value, known)
        except Unreadable as error:
            unknown |= dict.fromkeys(KINDS[kind], error.reason)
    return Facts(tuple(facts), unknown)


def make_facts(kind: str, value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    """Yield the facts of one piece of evidence; none of a kind that this version does not know. Raises Unreadable."""
    if kind in OF_ITSELF:
        yield from OF_ITSELF[kind](value)
    elif kind in BESIDE_OTHERS:
        yield from BESIDE_OTHERS[kind](value, known)


def _list_unknown(reasons: Mapping[str, str]) -> dict[type[Fact], str]:
    """Return why facts are unknown, without those that another kind of evidence may still supply."""
    asked = {fact for kind, facts in KINDS.items() if reasons.get(kind) != UNASKED for fact in facts}
    return {
        fact: reason
        for kind, reason in reasons.items()
        for fact in KINDS.get(kind, ())
        if reason != UNASKED or fact not in asked
    }
