"""Did Airflow keep up in the last month, by its metrics in CloudWatch?"""

from prodgate import Criterion, check
from prodgate.facts.live import DagFigures, TaskFigures


@check("mwaa-dag-durations", remedy="Find the task that took so long; split it, or give it more.", measures="time")
def test_no_run_took_too_long(dag: DagFigures, criterion: Criterion) -> None:
    """How long did the longest run of this DAG take?"""
    criterion.cover(dag.days)
    criterion.require(dag.longest)


@check("mwaa-schedule-delays", remedy="Give Airflow more schedulers, or make fewer and lighter files.", measures="time")
def test_runs_were_made_in_time(dag: DagFigures, criterion: Criterion) -> None:
    """How late was the latest run of this DAG created?"""
    criterion.cover(dag.days)
    if dag.delay is None:
        raise criterion.undetermined("CloudWatch has no DAGScheduleDelay of it; let metrics_allow_list pass it")
    criterion.require(dag.delay)


@check("mwaa-task-failures", remedy="Look up which tasks are tried again, and mend why.", measures="ratio")
def test_few_tasks_failed(tasks: TaskFigures, criterion: Criterion) -> None:
    """What share of task attempts failed, or of DAG runs if this Airflow counts no attempts?"""
    criterion.cover(tasks.days)
    if not tasks.ended:
        raise criterion.undetermined(f"CloudWatch was told of no {tasks.counted}; let metrics_allow_list pass them")
    criterion.require(tasks.failed, samples=tasks.ended)
