"""Does the deployed build do its work?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.checklists import DeployedDag, JourneyAfterDeploy, ReaderVisit, RunsOfNewVersion
from prodgate.facts.rollout.windows import AlertsSinceDeploy


@check("after-e2e", remedy="Look at the journey's picture and trace; roll back unless it can be mended at once.")
def test_journeys_succeed(journey: JourneyAfterDeploy, criterion: Criterion) -> None:
    """Can a person complete this journey on the deployed build?"""
    criterion.hold(journey.succeeded, expected="success", observed=journey.told, held=journey.told)


@check(
    "after-user-access",
    remedy="Follow the name from outside: DNS, certificate, distribution, balancer; roll back if readers are lost.",
)
def test_a_reader_gets_in(visit: ReaderVisit, criterion: Criterion) -> None:
    """Can a reader who opens the site by its public name read an article of the deployed build?"""
    flaws = visit.flaws
    criterion.hold(
        not flaws, expected="an article of the deployed build", observed="; ".join(flaws), held=flaws or visit.read
    )


@check("after-security-alerts", measures="count", remedy="Treat it as an incident that the release made.")
def test_no_new_security_finding(alerts: AlertsSinceDeploy, criterion: Criterion) -> None:
    """Was nothing found since the deployment began?"""
    criterion.require(alerts.raised)


@check(
    "dags-deployed", remedy="Deploy the DAG files of the commit, unpause the DAG, and look at Airflow's import errors."
)
def test_dags_are_deployed(dag: DeployedDag, criterion: Criterion) -> None:
    """Does Airflow have the repository's version of the DAG, parsed and ready to run?"""
    parsed = f"parsed at {dag.parsed:%Y-%m-%d %H:%M:%S} UTC"
    criterion.hold(
        not dag.flaws, expected="the repository's version, ready", observed="; ".join(dag.flaws), held=parsed
    )


@check(
    "after-dags-ran", measures="count", remedy="Look at the failed run in Airflow; mend it, or deploy the old version."
)
def test_new_version_ran(runs: RunsOfNewVersion, criterion: Criterion) -> None:
    """Has a run of the new version succeeded?"""
    criterion.require(runs.succeeded)
