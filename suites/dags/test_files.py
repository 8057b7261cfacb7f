"""Can the DAG files be deployed: do they import, keep the rules, and state the agreed settings?"""

from prodgate import Criterion, Quantity, check
from prodgate.facts.dags import DagFile, DagFolder, DagStructure, DeclaredFile


@check("dag-imports", remedy="Import the file in that Airflow version, and move work out of its top level into tasks.")
def test_dag_files_import(folder: DagFolder, criterion: Criterion) -> None:
    """Does every file import in the environment's Airflow, without errors and without network access?"""
    wrong = (*folder.import_errors, *folder.reached_out)
    if not wrong and not folder.dags.base:
        raise criterion.undetermined("no file makes a DAG")
    criterion.hold(not wrong, expected="imports", observed="; ".join(wrong), held=wrong or f"{folder.dags} DAGs")


@check("dag-file-rules", remedy="Change what the finding names; prodgate explain says why each rule is there.")
def test_dag_files_keep_the_rules(folder: DagFolder, criterion: Criterion) -> None:
    """Does no file break a rule, ours or ruff's for Airflow, and does each produce the same DAGs every time?"""
    wrong = (*folder.rule_findings, *folder.lint_findings, *folder.duplicates, *folder.unstable)
    criterion.hold(
        not wrong, expected="no finding", observed="; ".join(wrong), held=wrong or f"none in {folder.files} files"
    )


@check("dag-structure", remedy="Order the tasks as [dags.ID] tasks declares them, or declare the new order.")
def test_dags_have_their_tasks(dag: DagStructure, criterion: Criterion) -> None:
    """Does this DAG have the declared tasks in the declared order, and does no task hide the failure of another?"""
    wrong = (*dag.differences, *dag.masks)
    criterion.hold(not wrong, expected="the declared tasks", observed="; ".join(wrong), held="the declared tasks")


@check("dag-schedule-as-declared", remedy="Set the schedule of the DAG, or declare the new one in [dags.ID].")
def test_files_state_the_declared_schedule(dag: DeclaredFile, criterion: Criterion) -> None:
    """Does the file state the declared cron expression?"""
    criterion.hold(dag.states_cron, expected=repr(dag.declared_cron), observed=dag.cron or "no file", held=dag.cron)


@check("dag-schedule-timezone", remedy="Give start_date the declared time zone; the schedule then follows it.")
def test_files_state_the_declared_time_zone(dag: DeclaredFile, criterion: Criterion) -> None:
    """Does the file state the declared time zone?"""
    zone = dag.declared_timezone
    criterion.hold(dag.states_timezone, expected=zone, observed=dag.timezone or "no file", held=dag.timezone)


@check("dag-no-catchup", remedy="Write catchup=False.")
def test_dags_do_not_catch_up(dag: DagFile, criterion: Criterion) -> None:
    """Does this DAG leave missed slots alone?"""
    criterion.hold(not dag.catchup, expected="catchup=False", observed=f"catchup={dag.catchup}")


@check("dag-retries", remedy="Set retries and retry_delay, in default_args for all tasks.", measures="count")
def test_tasks_are_retried(dag: DagFile, criterion: Criterion) -> None:
    """How often is the least patient task of this DAG retried, and does it wait before?"""
    if not dag.tasks:
        raise criterion.undetermined("the DAG has no task")
    hasty = [task.task_id for task in dag.tasks if task.retry_delay.base <= 0]
    criterion.hold(not hasty, expected="a delay before each retry", observed=f"none for {', '.join(hasty)}")
    criterion.require(Quantity.of(min(task.retries for task in dag.tasks)))


@check("dag-failure-callback", remedy="Set on_failure_callback on the DAG, and in default_args for its tasks.")
def test_failures_are_told(dag: DagFile, criterion: Criterion) -> None:
    """Does this DAG have a failure callback, and does each of its tasks?"""
    silent = [*([] if dag.failure_callback else ["the DAG"]), *(t.task_id for t in dag.tasks if not t.failure_callback)]
    criterion.hold(
        not silent,
        expected="a callback everywhere",
        observed=f"none on {', '.join(silent)}",
        held="everywhere",
    )


@check("dag-timeouts", remedy="Set dagrun_timeout on the DAG, and execution_timeout in default_args for its tasks.")
def test_nothing_may_hang(dag: DagFile, criterion: Criterion) -> None:
    """Does this DAG have a time limit, and does each of its tasks?"""
    endless = [*([] if dag.timeout else ["the DAG"]), *(task.task_id for task in dag.tasks if not task.timeout)]
    criterion.hold(
        not endless,
        expected="a limit everywhere",
        observed=f"none on {', '.join(endless)}",
        held="everywhere",
    )
