"""Does Airflow have the agreed size, access, logs and settings?"""

from prodgate import Criterion, Quantity, check
from prodgate.facts.live import AirflowEnvironment


@check("mwaa-class", remedy="Set the environment class.", measures="text")
def test_the_environment_has_the_agreed_class(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """Which class does the environment have?"""
    criterion.require(environment.environment_class)


@check("mwaa-min-workers", remedy="Set the least number of workers.", measures="count")
def test_idle_environments_keep_the_agreed_workers(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """How many workers does the environment keep when idle?"""
    criterion.require(environment.min_workers)


@check("mwaa-max-workers", remedy="Set the greatest number of workers.", measures="count")
def test_environments_grow_to_the_agreed_workers(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """To how many workers does the environment grow?"""
    criterion.require(environment.max_workers)


@check("mwaa-environment-available", remedy="Read the error of the last update, mend its cause, and update again.")
def test_the_environment_is_available(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """Is the environment available, with everything that its last update meant to change?"""
    criterion.hold(environment.status == "AVAILABLE", expected="AVAILABLE", observed=environment.status)
    updated = environment.last_update in ("SUCCESS", "")
    criterion.hold(updated, expected="SUCCESS of the last update", observed=environment.last_update)


@check("mwaa-webserver-private", remedy="Set the web server's access mode to PRIVATE_ONLY.")
def test_web_servers_are_private(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """Can the web server be reached only from inside the VPC?"""
    private = environment.webserver_access == "PRIVATE_ONLY"
    criterion.hold(private, expected="PRIVATE_ONLY", observed=environment.webserver_access)


@check("mwaa-logs", remedy="Enable the log in the environment's logging configuration.")
def test_airflow_writes_all_its_logs(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """Are all five logs of Airflow on?"""
    observed = f"{', '.join(environment.logs_off)} off" if environment.logs_off else "all on"
    criterion.hold(not environment.logs_off, expected="all five on", observed=observed, held=observed)


@check("mwaa-metrics-published")
def test_watched_metrics_are_published(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """Do the settings let through every metric that an alarm watches?"""
    observed = f"{', '.join(environment.suppressed)} suppressed" if environment.suppressed else "published"
    criterion.hold(not environment.suppressed, expected="published", observed=observed, held=observed)


@check("mwaa-parallelism", remedy="Set core.parallelism in the environment's options.", measures="count")
def test_airflow_runs_the_agreed_number_of_tasks(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """How many tasks does one scheduler run at a time?"""
    _require_count(environment.parallelism, criterion)


@check(
    "mwaa-dag-concurrency", remedy="Set core.max_active_tasks_per_dag in the environment's options.", measures="count"
)
def test_one_dag_leaves_room_for_others(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """How many tasks of one DAG run at a time, unless the DAG itself says otherwise?"""
    _require_count(environment.dag_concurrency, criterion)


@check("mwaa-settings-known-to-version")
def test_settings_are_known_to_airflow(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """Does this version of Airflow read every setting by its present name?"""
    observed = "; ".join(environment.unread_settings) or "known"
    criterion.hold(not environment.unread_settings, expected="known settings", observed=observed, held=observed)


def _require_count(stated: Quantity | None, criterion: Criterion) -> None:
    criterion.hold(stated is not None, expected="a setting", observed="none, so that MWAA decides", premise=True)
    if stated is not None:
        criterion.require(stated)
