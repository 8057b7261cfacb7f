"""The kinds of evidence that the rollout layer stores, and the kinds of fact in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.rollout.airflow import AirflowAfterDeploy, DeployedDag, RunsOfNewVersion
from ...facts.rollout.alerts import AlertsSinceDeploy
from ...facts.rollout.dag_tests import DagTest
from ...facts.rollout.deployed import DeployedService
from ...facts.rollout.deployments import Deployment
from ...facts.rollout.drills import DrilledRelease
from ...facts.rollout.failed_migration import FailedMigration
from ...facts.rollout.load_tests import LoadTestOfRelease
from ...facts.rollout.migration_runs import MigrationRuns, TrafficAfterMigration
from ...facts.rollout.migrations import MigrationChange, MigrationFolder, SchemaVersion
from ...facts.rollout.old_build import OldBuildOnNewSchema
from ...facts.rollout.old_journeys import JourneyOnNewSchema
from ...facts.rollout.readers import ReadersDuringDeployment
from ...facts.rollout.requests import RequestsAfterwards, WatchedRequests
from ...facts.rollout.restorable import RestorablePoint
from ...facts.rollout.scans import ConfigurationScan, ImageScan
from ...facts.rollout.service_logs import LogsDuringDeploy
from ...facts.rollout.suite_results import SuiteResults
from ...facts.rollout.surroundings import Surroundings
from ...facts.rollout.visits import JourneyAfterDeploy, ReaderVisit
from ...facts.rollout.watched import WatchedService
from ...facts.rollout.way_back import WayBack
from ...facts.rollout.writes import AcknowledgedWrites

#: What AWS answered about the last deployment of one service.
DEPLOYMENT: Final = "rollout-deployment"
#: How one service ran when its deployment was over.
DEPLOYED: Final = "rollout-deployed"
#: The record of the watch of a deployment.
WATCH: Final = "rollout-watch"
#: What one load balancer counted in the minutes of the deployment.
READERS: Final = "rollout-readers"
#: The record of a drill of rollbacks.
DRILL: Final = "rollout-drill"

#: Results of the tests of the release.
TESTS: Final = "rollout-tests"
#: What the scan of the declared infrastructure left open, and what scans found in one image.
CONFIGURATION: Final = "rollout-configuration-scan"
IMAGES: Final = "rollout-image-scan"
#: A load test of the release, and tests of its DAG files, as other layers observed them.
LOAD: Final = "rollout-load-test"
DAG_FILES: Final = "rollout-dag-files"
#: The DAGs of the release as Airflow runs them, as the layer of DAGs observed them.
DAG_RELEASE: Final = "rollout-dag-release"
#: What one log group of a service held before and while it was deployed.
LOGS: Final = "rollout-logs"
#: What a service that watches over security has found since the deployment began.
ALERTS: Final = "rollout-alerts"
#: A reader's visit to the deployed site, and journeys on it.
VISIT: Final = "rollout-visit"
JOURNEYS: Final = "rollout-journeys"
#: Journeys on the build before, between the migrations and the shift.
OLD_JOURNEYS: Final = "rollout-old-build-journeys"

#: The migrations of the repository, and those of this release with their SQL and what is wrong with it.
MIGRATION_FOLDER: Final = "migration-folder"
MIGRATION_RELEASE: Final = "migration-release"
#: What the database says has run, the tasks that ran it, and what the database can go back to.
SCHEMA: Final = "schema-version"
MIGRATION_RUNS: Final = "migration-runs"
RESTORABLE: Final = "database-restorable"
#: What became of a release whose migration was made to fail.
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
