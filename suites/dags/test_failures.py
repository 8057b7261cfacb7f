"""Does a failure reach a person, however the task dies?"""

from prodgate import Criterion, check
from prodgate.facts.dags import FailedRuns, KilledOrFailed, Retried


@check(
    "dag-failures-accounted",
    remedy="Run the slot again and name the run in [airflow] acknowledged; then mend the callback.",
)
def test_failed_runs_are_known(dag: FailedRuns, criterion: Criterion) -> None:
    """Is every run of this DAG that failed for good in the dead-letter queue, or has a person dealt with it?"""
    observed = "; ".join(dag.unaccounted) or f"all of {dag.failed} failed runs"
    criterion.hold(not dag.unaccounted, expected="no failure that nobody knows of", observed=observed, held=observed)


@check("dag-retry-shown", remedy="Let the canary retry; make its work the same when it is done twice.", measures="time")
def test_a_retry_was_seen(canary: Retried, criterion: Criterion) -> None:
    """Was a task that failed once retried, and did its run succeed?"""
    observed = f"{canary.state} after {canary.tries} tries, with {canary.dead_letters} dead letters"
    criterion.hold(canary.succeeded, expected="success after a second try, and no dead letter", observed=observed)
    criterion.require(canary.age)


@check(
    "dag-failure-alert-shown",
    remedy="Read the callback's log; let the execution role publish to the topic.",
    measures="time",
)
def test_a_failure_was_told(canary: KilledOrFailed, criterion: Criterion) -> None:
    """Did a run that was made to fail send a notice that names the DAG, the run and the task?"""
    criterion.hold(
        not canary.untold, expected="a notice with DAG, run and task", observed=canary.untold, held="a notice"
    )
    criterion.require(canary.age)


@check(
    "dead-letter-shown",
    remedy="Set on_failure_callback on the DAG: the task's own never runs when it is killed.",
    measures="time",
)
def test_a_failure_left_a_dead_letter(canary: KilledOrFailed, criterion: Criterion) -> None:
    """Did a run that failed, and one whose process was killed, each leave a message that names the DAG and the run?"""
    criterion.hold(not canary.unkept, expected="a message", observed=canary.unkept, held="a message")
    criterion.require(canary.age)
