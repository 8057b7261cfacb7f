"""Did every slot of every DAG have its run, and did the run succeed in time?"""

from prodgate import Criterion, check
from prodgate.facts.dags import CollectionSlots, DurationChange, RealRun, SlotHistory, TaskAttempts


@check(
    "dag-success-rate",
    remedy="Look up the failed and the missed slots in the report; mend their causes.",
    measures="ratio",
)
def test_slots_succeeded(dag: SlotHistory, criterion: Criterion) -> None:
    """Did enough slots of this DAG succeed over the whole window, if a slot without a run counts as a failure?

    Airflow's own percentage counts only the runs that it made: if its scheduler was down for half of the time, it is
    still 100 %.
    """
    criterion.cover(dag.observed)
    criterion.require(dag.success_rate(criterion))


@check(
    "dag-success-rate-rehearsed",
    remedy="Look up the failed and the missed slots in the report; the logs of their tasks are in logs/dags.",
    measures="ratio",
)
def test_observed_slots_succeeded(dag: SlotHistory, criterion: Criterion) -> None:
    """Did enough of the observed slots succeed, if a slot without a run counts as a failure?"""
    criterion.require(dag.success_rate(criterion))


@check(
    "collection-every-slot",
    remedy="Find out why the scheduler made no run; then fill the gap with a backfill.",
    measures="count",
)
def test_no_collection_was_missed(dag: CollectionSlots, criterion: Criterion) -> None:
    """How many slots of this collection have no run made by the scheduler?"""
    criterion.require(dag.history.missed, samples=dag.history.settled)


@check(
    "collection-every-slot-in-production",
    remedy="Find out what happened at those slots: a deploy, an update of the environment, a failover.",
    measures="count",
)
def test_no_collection_was_missed_for_long(dag: CollectionSlots, criterion: Criterion) -> None:
    """How many slots of this collection were missed over the whole window?"""
    criterion.cover(dag.history.observed)
    criterion.require(dag.history.missed, samples=dag.history.settled)


@check("dag-run-duration", remedy="Make the run shorter, or its slots rarer; max_active_runs=1 keeps runs apart.")
def test_runs_end_before_the_next_slot(dag: SlotHistory, criterion: Criterion) -> None:
    """Did every scheduled run of this DAG end before its next slot?"""
    if not dag.settled:
        raise criterion.undetermined("no slot has come to an end")
    if dag.unended and not dag.overlapping:
        raise criterion.undetermined("; ".join(dag.unended))
    criterion.hold(
        not dag.overlapping,
        expected="an end before the next slot",
        observed="; ".join(dag.overlapping) or dag.ended_in_time,
        held=dag.ended_in_time,
    )


@check(
    "dag-scheduler-delay", remedy="Give Airflow more schedulers or workers, or its pool more slots.", measures="time"
)
def test_slots_begin_in_time(dag: SlotHistory, criterion: Criterion) -> None:
    """How long after its slot did the first task of the latest run start?"""
    delay = dag.estimate_delay(criterion)
    if delay is None:
        raise criterion.undetermined("no task of it has started")
    criterion.require(delay)


@check("dag-task-failure-rate", remedy="Look up which tasks were tried again, and mend the cause.", measures="ratio")
def test_few_tries_fail(tasks: TaskAttempts, criterion: Criterion) -> None:
    """What share of task attempts failed, including attempts that a successful one followed?"""
    criterion.require(tasks.failed_share(criterion))


@check("dag-real-run", remedy="Let the DAG run once, and read the log of the task that does not succeed.")
def test_dags_really_ran(dag: RealRun, criterion: Criterion) -> None:
    """Did the scheduler make a run of this DAG in which every task was executed and succeeded?"""
    observed = f"{dag.done} runs, the last {dag.example}" if dag.done else "none"
    criterion.hold(dag.done > 0, expected="a run that succeeded", observed=observed, held=observed)


@check(
    "dag-duration-regression",
    remedy="Compare the durations of tasks in the two runs.",
    measures="ratio without limit",
    population=0,
)
def test_runs_did_not_slow_down(dag: DurationChange, criterion: Criterion) -> None:
    """How much longer do runs of this DAG take than in the last good run of the gate?"""
    if dag.change is None:
        raise criterion.not_applicable(f"{dag.before} and this run hold too few runs of it to compare")
    criterion.require(dag.increase(criterion))
