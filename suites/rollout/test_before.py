"""Did every check that can run before a deployment do so, on the same commit?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.checklists import DagTest, LoadTestOfRelease, SuiteResults
from prodgate.facts.rollout.deployed import ConfigurationScan, ImageScan


@check("before-tests-pass", remedy="Mend what failed, and test the commit that is to be deployed again.")
def test_all_tests_passed(results: SuiteResults, criterion: Criterion) -> None:
    """Did every test of the commit pass before it was deployed?"""
    observed = f"{', '.join(results.failed)} failed" if results.failed else f"{results.passed:,} passed"
    criterion.hold(not results.failed, expected="every test passes", observed=observed, held=observed)


@check(
    "before-security-scan",
    measures="count",
    remedy="Mend what the scan found, or have the risk accepted in waivers.toml, with an owner and an end.",
)
def test_configuration_scan_left_nothing_open(scan: ConfigurationScan, criterion: Criterion) -> None:
    """Did the scan of the declared infrastructure leave nothing open?"""
    criterion.require(scan.open)


@check(
    "before-security-scan",
    measures="count",
    remedy="Build the image on a mended base, scan it, and deploy that; or suppress the finding with a reason.",
)
def test_image_scan_left_nothing_open(scan: ImageScan, criterion: Criterion) -> None:
    """Did the scan of the image leave nothing critical or high open?"""
    criterion.require(scan.open)


@check("before-performance-test", measures="time", remedy="Find what is slow in the load layer's report, and mend it.")
def test_load_test_met_the_objective(test: LoadTestOfRelease, criterion: Criterion) -> None:
    """Did the load test of the release meet the latency objective before it was deployed?"""
    criterion.require(test.measured.p95(criterion))


@check("before-dag-tests", remedy="Mend the DAG's file, and test the commit again: prodgate run --only dags.")
def test_dag_tests_passed(test: DagTest, criterion: Criterion) -> None:
    """Does the DAG import in its Airflow, and does it match its declaration?"""
    criterion.exclude(test.flaws, expected="every test of DAGs passes")
