"""The Airflow environment: its entrance, its logs, what it is made from, and its settings."""

from __future__ import annotations

import re

from prodgate import Criterion, Quantity, Resource, policy
from prodgate.semantics.airflow_versions import dag_concurrency, setting_mistakes, settings

from .airflow import version_of
from .buckets import versioning_status
from .unset import is_unset

ENVIRONMENT = ("aws_mwaa_environment",)
LOGS = ("dag_processing_logs", "scheduler_logs", "task_logs", "webserver_logs", "worker_logs")


@policy(
    "PG_PIPE_1",
    criterion="mwaa-webserver-private",
    resources=ENVIRONMENT,
    remedy='Set webserver_access_mode = "PRIVATE_ONLY".',
    population=0,
)
def web_servers_are_private(environment: Resource, criterion: Criterion) -> None:
    """The Airflow web server can be reached only from inside the VPC.

    PRIVATE_ONLY is also AWS's default. A public Airflow is one stolen session away from every connection it holds.
    """
    mode = (
        "PRIVATE_ONLY" if is_unset(environment, "webserver_access_mode") else environment.text("webserver_access_mode")
    )
    criterion.hold((mode or "PRIVATE_ONLY") == "PRIVATE_ONLY", expected="PRIVATE_ONLY", observed=mode, held=mode)


@policy(
    "PG_PIPE_2",
    criterion="mwaa-logs",
    resources=ENVIRONMENT,
    remedy=(
        "Enable all five blocks of logging_configuration: dag_processing, scheduler, task, webserver and worker logs."
    ),
    population=0,
)
def airflow_writes_all_its_logs(environment: Resource, criterion: Criterion) -> None:
    """All five logs of an Airflow environment are on.

    A block that is left out is a log that is off, and the worker's last words are in the one nobody thought of.
    """
    configured = environment.blocks("logging_configuration")
    on = {name for one in configured for name in LOGS for log in one.blocks(name) if log.flag("enabled")}
    criterion.exclude(sorted({*LOGS} - on), expected="all five on", observed="{} off")


@policy(
    "PG_PIPE_3",
    criterion="dag-bucket-versioned",
    resources=ENVIRONMENT,
    remedy='Add an aws_s3_bucket_versioning with the status "Enabled" for the bucket that source_bucket_arn names.',
    population=0,
)
def dag_buckets_are_versioned(environment: Resource, criterion: Criterion) -> None:
    """The bucket that an Airflow environment reads is versioned.

    MWAA demands it, and it is the way back from a bad DAG.
    """
    buckets = environment.related("source_bucket_arn", "aws_s3_bucket")
    if not buckets:
        raise criterion.undetermined("its bucket is declared elsewhere")
    status = versioning_status(buckets[0])
    criterion.hold(status == "Enabled", expected="Enabled", observed=status)


@policy(
    "PG_PIPE_4",
    criterion="dag-artifacts-declared",
    resources=ENVIRONMENT,
    remedy="Set requirements_s3_path and plugins_s3_path, each with its object version (aws_s3_object….version_id).",
    required=True,
)
def artifacts_are_named_by_version(environment: Resource, criterion: Criterion) -> None:
    """An Airflow environment names requirements, plugins and startup script, if any, by the version of the object.

    Without a version MWAA takes whatever is in the bucket at its next restart, which may be months after the upload.
    """
    script = () if is_unset(environment, "startup_script_s3_path") else ("startup_script",)
    parts = ("requirements", "plugins", *script)
    wanted = [f"{part}_s3_{kind}" for part in parts for kind in ("path", "object_version")]
    missing = [name for name in wanted if is_unset(environment, name) or not environment.has(name)]
    criterion.exclude(missing, expected="paths and object versions", observed="{} not set")


@policy(
    "PG_PIPE_5",
    criterion="dag-requirements-pinned",
    resources=ENVIRONMENT,
    remedy="Pin every line of requirements.txt with ==, below a --constraint line for this Airflow version.",
    required=True,
)
def requirements_are_pinned(environment: Resource, criterion: Criterion) -> None:
    """requirements.txt pins every package, under the constraints of the environment's own Airflow version.

    An unpinned package changes between two restarts; one outside the constraints can replace a part of Airflow itself.
    """
    text = _requirements(environment)
    if text is None:
        raise criterion.undetermined("the text of requirements.txt is not in the configuration")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    loose = [line for line in lines if not line.startswith("-") and not re.search(r"==|@ \S+", line)]
    criterion.exclude(loose, expected="pinned with ==", observed="{} not pinned")
    version = environment.text("airflow_version") or ""
    constraints = [line for line in lines if line.startswith(("--constraint", "-c ")) and version in line]
    criterion.hold(bool(constraints), expected=f"--constraint for {version}", observed="no such line")


@policy(
    "PG_PIPE_6",
    criterion="mwaa-parallelism",
    resources=ENVIRONMENT,
    remedy='Set "core.parallelism" in airflow_configuration_options.',
    required=True,
)
def airflow_runs_the_agreed_number_of_tasks(environment: Resource, criterion: Criterion) -> None:
    """Airflow runs at most the agreed number of tasks at a time.

    Each of them may open a database connection. Airflow's own default is 32 for each scheduler.
    """
    options = environment.mapping("airflow_configuration_options")
    criterion.require(Quantity.of(options.get("core.parallelism", "32")))


@policy(
    "PG_PIPE_7",
    criterion="mwaa-dag-concurrency",
    resources=ENVIRONMENT,
    remedy='Set "core.max_active_tasks_per_dag" in airflow_configuration_options.',
    required=True,
)
def one_dag_leaves_room_for_others(environment: Resource, criterion: Criterion) -> None:
    """Airflow runs at most the agreed number of tasks of one DAG at a time.

    Airflow's own default is 16. Airflow 2 still reads the older name core.dag_concurrency; Airflow 3 ignores it.
    """
    version = environment.text("airflow_version") or ""
    options = environment.mapping("airflow_configuration_options")
    criterion.require(Quantity.of(dag_concurrency(options, version)))


@policy(
    "PG_PIPE_8",
    criterion="mwaa-settings-known-to-version",
    resources=ENVIRONMENT,
    population=0,
)
def settings_are_known_to_airflow(environment: Resource, criterion: Criterion) -> None:
    """Every setting has a name that the environment's Airflow version reads.

    Airflow ignores a name it does not know, without a word: the value looks set, and the default holds.
    """
    version = environment.text("airflow_version") or ""
    if not settings(version_of(environment)[0]):
        raise criterion.undetermined(f"the settings of Airflow {version} are not known here")
    # The provider calls all settings sensitive, so that what was observed is not shown; a name is no secret.
    wrong = list(setting_mistakes(environment.mapping("airflow_configuration_options"), version))
    for one in wrong or ("none other",):
        criterion.hold(not wrong, expected=f"known settings ({one})", observed="others")


def _requirements(environment: Resource) -> str | None:
    """Return the text of the declared object at requirements_s3_path; None when it is not in the configuration."""
    buckets = environment.related("source_bucket_arn", "aws_s3_bucket")
    for found in environment.configuration.of("aws_s3_object"):
        named = found.text("key") == environment.text("requirements_s3_path") and found.has("content")
        if named and set(found.related("bucket", "aws_s3_bucket")) & set(buckets):
            return found.text("content")
    return None
