"""The kinds of evidence that the rollout layer stores, their facts, and the parts of a rollout that yield them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...facts import Fact
from ...facts.rollout.checklists import (
    AirflowAfterDeploy,
    DagTest,
    DeployedDag,
    JourneyAfterDeploy,
    JourneyOnNewSchema,
    LoadTestOfRelease,
    ReaderVisit,
    RunsOfNewVersion,
    SuiteResults,
)
from ...facts.rollout.deployed import ConfigurationScan, DeployedService, ImageScan, ReadersDuringDeployment
from ...facts.rollout.deployments import Deployment
from ...facts.rollout.drills import DrilledRelease, WayBack
from ...facts.rollout.migrations import (
    FailedMigration,
    MigrationChange,
    MigrationFolder,
    MigrationRuns,
    OldBuildOnNewSchema,
    RestorablePoint,
    SchemaVersion,
    TrafficAfterMigration,
)
from ...facts.rollout.requests import AcknowledgedWrites, RequestsAfterwards, WatchedRequests
from ...facts.rollout.watched import Surroundings, WatchedService
from ...facts.rollout.windows import AlertsSinceDeploy, LogsDuringDeploy
from ..layer import LayerContext
from ..observing_layer import Evidence

#: AWS's responses about the last deployment of one service.
DEPLOYMENT: Final = "rollout-deployment"
#: The state of one service when its deployment was over.
DEPLOYED: Final = "rollout-deployed"
#: The record of the watch of a deployment.
WATCH: Final = "rollout-watch"
#: Counts of one load balancer in the minutes of the deployment.
READERS: Final = "rollout-readers"
#: The record of a drill of rollbacks.
DRILL: Final = "rollout-drill"

#: Results of the tests of the release.
TESTS: Final = "rollout-tests"
#: Open findings of the scan of the declared infrastructure, and findings of scans in one image.
CONFIGURATION: Final = "rollout-configuration-scan"
IMAGES: Final = "rollout-image-scan"
#: A load test of the release, and tests of its DAG files, as other layers observed them.
LOAD: Final = "rollout-load-test"
DAG_FILES: Final = "rollout-dag-files"
#: The DAGs of the release as Airflow runs them, as the layer of DAGs observed them.
DAG_RELEASE: Final = "rollout-dag-release"
#: Lines in one log group of a service, before and during its deployment.
LOGS: Final = "rollout-logs"
#: Findings of a security service since the deployment began.
ALERTS: Final = "rollout-alerts"
#: A visit to a page of the deployed site, and journeys on the site.
VISIT: Final = "rollout-visit"
JOURNEYS: Final = "rollout-journeys"
#: Journeys on the build before, between the migrations and the shift.
OLD_JOURNEYS: Final = "rollout-old-build-journeys"

#: The migrations of the repository; the migrations of this release, with their SQL and its faults.
MIGRATION_FOLDER: Final = "migration-folder"
MIGRATION_RELEASE: Final = "migration-release"
#: The migrations that ran, as the database states them; the tasks that ran them; how far back the database can go.
SCHEMA: Final = "schema-version"
MIGRATION_RUNS: Final = "migration-runs"
RESTORABLE: Final = "database-restorable"
#: The outcome of a release whose migration was made to fail.
FAILED_MIGRATION: Final = "failed-migration"

#: Why a kind of evidence is not there in a run about another moment of the release.
UNASKED: Final = "a run about one moment of a release does not look at it"

#: Kind of evidence -> the kinds of fact in it. Each of them must be there.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    DEPLOYMENT: (Deployment,),
    TESTS: (SuiteResults,),
    CONFIGURATION: (ConfigurationScan,),
    IMAGES: (ImageScan,),
    LOAD: (LoadTestOfRelease,),
    DAG_FILES: (DagTest,),
    DAG_RELEASE: (AirflowAfterDeploy, DeployedDag, RunsOfNewVersion),
    LOGS: (LogsDuringDeploy,),
    ALERTS: (AlertsSinceDeploy,),
    VISIT: (ReaderVisit,),
    JOURNEYS: (JourneyAfterDeploy,),
    OLD_JOURNEYS: (JourneyOnNewSchema,),
    MIGRATION_FOLDER: (MigrationFolder,),
    MIGRATION_RELEASE: (MigrationChange,),
    SCHEMA: (SchemaVersion,),
    MIGRATION_RUNS: (MigrationRuns, TrafficAfterMigration, OldBuildOnNewSchema),
    RESTORABLE: (RestorablePoint,),
    FAILED_MIGRATION: (FailedMigration,),
    DEPLOYED: (DeployedService,),
    WATCH: (WatchedService, WatchedRequests, RequestsAfterwards, AcknowledgedWrites, Surroundings),
    READERS: (ReadersDuringDeployment,),
    DRILL: (DrilledRelease, WayBack, AcknowledgedWrites, Surroundings),
}
#: Those that nobody can gather without a browser.
WITH_BROWSER: Final = (JOURNEYS, OLD_JOURNEYS)


# ── Which layers observe what the criteria of the rollout layer rest on

#: Criterion -> the layer whose observation it rests on.
RESTS_ON: Final[Mapping[str, str]] = {
    "before-security-scan": "static",
    "before-performance-test": "load",
    "before-dag-tests": "dags",
    "during-mwaa-up": "dags",
    "dags-deployed": "dags",
    "after-dags-ran": "dags",
    "after-e2e": "e2e",
}
#: Criteria that the rollout layer of a rehearsal answers by itself: nobody else has met what it deploys.
_BY_ITSELF: Final = frozenset({"after-e2e"})


def find_supporting(criteria: Iterable[str], *, rehearsal: bool) -> frozenset[str]:
    """Return the layers that must observe something for these criteria to be answered."""
    asked = set(criteria) - (_BY_ITSELF if rehearsal else frozenset())
    return frozenset(layer for criterion, layer in RESTS_ON.items() if criterion in asked)


# ── One thing that is looked at in a rollout

#: Is given the scene, or None where it needs none.
Observe = Callable[[LayerContext, Any, dict[str, str]], Iterator[Evidence]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is looked at; one that fails does not take the others with it."""

    observe: Observe
    """Yields evidence, and notes in its last argument, by kind, what can't be had. May raise Unreadable."""
    kinds: tuple[str, ...]
    """The kinds of evidence that it yields."""
    moments: tuple[str, ...] = ("during", "after")
    """The moments of a release that need it, when a run is about one of them alone."""
    beside: bool = False
    """Whether it is observed at the same time as the other parts of its group."""
    needs_scene: bool = True
    """Whether it needs the scene; parts that don't are observed while the scene is opened."""
