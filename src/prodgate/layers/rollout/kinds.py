"""The kinds of evidence that the rollout layer stores, and the kinds of fact in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.rollout.airflow import AirflowAfterDeploy, DeployedDag, RunsOfNewVersion
from ...facts.rollout.alerts import AlertsSinceDeploy
from ...facts.rollout.dag_tests import DagTest
from ...facts.rollout.deployments import Deployment
from ...facts.rollout.load_tests import LoadTestOfRelease
from ...facts.rollout.scans import ConfigurationScan, ImageScan
from ...facts.rollout.service_logs import LogsDuringDeploy
from ...facts.rollout.test_results import TestResults
from ...facts.rollout.visits import JourneyAfterDeploy, ReaderVisit

#: What AWS answered about the last deployment of one service.
DEPLOYMENT: Final = "rollout-deployment"

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

#: Kind of evidence -> the kinds of fact in it. Each of them must be there.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    DEPLOYMENT: (Deployment,),
    TESTS: (TestResults,),
    CONFIGURATION: (ConfigurationScan,),
    IMAGES: (ImageScan,),
    LOAD: (LoadTestOfRelease,),
    DAG_FILES: (DagTest,),
    DAG_RELEASE: (AirflowAfterDeploy, DeployedDag, RunsOfNewVersion),
    LOGS: (LogsDuringDeploy,),
    ALERTS: (AlertsSinceDeploy,),
    VISIT: (ReaderVisit,),
    JOURNEYS: (JourneyAfterDeploy,),
}
