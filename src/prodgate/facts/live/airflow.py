"""Airflow environments on MWAA: size, access, logs, settings, their files, and the data that they collect."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Answer, Unreadable
from ...quantities import Quantity
from ...semantics.airflow_versions import (
    dag_concurrency,
    is_suppressed,
    metrics,
    parallelism,
    parse_version,
    setting_mistakes,
    settings,
)
from ...semantics.cloudwatch import AIRFLOW
from .. import Fact
from ..observers import all_apart, observes, observes_each
from .cloudwatch import Query, Series, failed_percent, read_alarms, read_series, total
from .permissions import read_rights
from .queues import find_dead_letter_sources, list_queues, list_unknown_redrives, may_send

#: Fields of the logging configuration.
_LOGS: Final = ("DagProcessingLogs", "SchedulerLogs", "TaskLogs", "WebserverLogs", "WorkerLogs")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowEnvironment(Fact):
    """An Airflow environment; ``subject`` is its ARN."""

    name: str
    status: str
    last_update: str
    """``SUCCESS``, ``PENDING`` or ``FAILED`` with the reason; empty for one that was never changed."""
    environment_class: str
    min_workers: Quantity
    max_workers: Quantity
    webserver_access: str
    """``PRIVATE_ONLY`` or ``PUBLIC_ONLY``."""
    logs_off: tuple[str, ...]
    """The logs, of five, that are off."""
    version: str
    parallelism: Quantity | None
    """Tasks that one scheduler runs at a time; None if no setting says it, so that MWAA decides."""
    dag_concurrency: Quantity | None
    """Tasks of one DAG that run at a time, or None."""
    unread_settings: tuple[str, ...]
    """Settings that this version of Airflow does not read, with their present names."""
    suppressed: tuple[str, ...]
    """Metrics that an alarm watches but the settings do not publish."""
    dead_letter_queues: tuple[str, ...]
    """ARNs of the dead-letter queues that its execution role may send to."""


def list_environments(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return every environment as MWAA describes it; the name of one that it does not describe."""

    def describe(name: str) -> Mapping[str, Any]:
        found = account.get("mwaa", "GetEnvironment", Name=name)
        return Answer({"Name": name, **found.get("Environment", {})}, "mwaa GetEnvironment")

    return account.each(describe, account.list("mwaa", "ListEnvironments", "Environments"))


@observes_each(AirflowEnvironment, list_environments, "Arn", "Name", at_once=True)
def observe_airflow_environments(account: Account, found: Mapping[str, Any]) -> AirflowEnvironment:
    """Observe every environment."""
    options, version = found.get("AirflowConfigurationOptions") or {}, found["AirflowVersion"]
    logging = found.get("LoggingConfiguration") or {}
    return AirflowEnvironment(
        subject=found["Arn"],
        name=found["Name"],
        status=found["Status"],
        last_update=_last_update(found.get("LastUpdate") or {}),
        environment_class=found["EnvironmentClass"],
        min_workers=Quantity.of(found["MinWorkers"]),
        max_workers=Quantity.of(found["MaxWorkers"]),
        webserver_access=found["WebserverAccessMode"],
        logs_off=tuple(name for name in _LOGS if not (logging.get(name) or {}).get("Enabled")),
        version=version,
        parallelism=_count(parallelism(options)),
        dag_concurrency=_count(dag_concurrency(options, version)),
        unread_settings=account.attempt(_find_unread_settings, options, version),
        suppressed=account.attempt(_find_suppressed, account, found["Name"], options),
        dead_letter_queues=account.attempt(_list_dead_letter_queues, account, found["ExecutionRoleArn"]),
    )


def _count(stated: str | None) -> Quantity | None:
    return None if stated is None else Quantity.of(stated)


def list_dags(account: Account, environment: str) -> list[str]:
    """Return the DAGs of an environment with a recent run, good or failed, by their metrics in CloudWatch."""
    listed = [
        metric
        for name in (_RAN, _FAILED, _DELAY)
        for metric in account.list("cloudwatch", "ListMetrics", "Metrics", Namespace=AIRFLOW, MetricName=name)
    ]
    stated = [{one["Name"]: one["Value"] for one in metric["Dimensions"]} for metric in listed]
    return sorted({one["DAG"] for one in stated if one.get("Environment") == environment and "DAG" in one})


def _last_update(update: Mapping[str, Any]) -> str:
    why = (update.get("Error") or {}).get("ErrorMessage", "")
    return f"{update.get('Status', '')}: {why}" if why else str(update.get("Status", ""))


def _find_unread_settings(options: Mapping[str, str], version: str) -> tuple[str, ...]:
    if not parse_version(version) or not settings(parse_version(version)[0]):
        raise Unreadable(f"the settings of Airflow {version} are not known here")
    return tuple(setting_mistakes(options, version))


def _find_suppressed(account: Account, name: str, options: Mapping[str, str]) -> tuple[str, ...]:
    readings = (one for alarm in account.once(read_alarms) for one in alarm.readings if not one.account)
    own = {one.metric for one in readings if one.dimensions.get("Environment") == name and one.namespace == AIRFLOW}
    return tuple(sorted(metric for metric in own if is_suppressed(metric, options)))


def _list_dead_letter_queues(account: Account, role: str) -> tuple[str, ...]:
    """Return the queues that the role may send to. Raises Unreadable if that is certain of none and open for one."""
    allowed, found, doubt = read_rights(account, role), list[str](), None
    sources = find_dead_letter_sources(account)
    for queue in (one for one in list_queues(account) if one.get("QueueArn") in sources):
        try:
            found += [queue["QueueArn"]] if may_send(account, role, allowed, "sqs:SendMessage", queue) else []
        except Unreadable as error:
            doubt = error
    for _, reason in list_unknown_redrives(account):
        doubt = Unreadable(reason)
    if doubt and not found:
        raise doubt
    return tuple(found)


# ── A month of Airflow in CloudWatch: durations of DAGs, delays of runs, failures

_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
#: Metrics with a value for every successful and every failed run of a DAG.
_RAN: Final = "DAGDurationSuccess"
_FAILED: Final = "DAGDurationFailed"
#: Metric with a value for every scheduled run that began.
_DELAY: Final = "DAGScheduleDelay"
#: Metrics that count task attempts, failed and successful.
_TRIES: Final = ("TaskInstanceFailures", "TaskInstanceSuccesses")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagFigures(Fact):
    """A month of one DAG; ``subject`` is the environment's ARN with the DAG."""

    days: Quantity
    """Days with a run."""
    longest: Quantity
    """The longest run."""
    delay: Quantity | None
    """The greatest delay of a run; None if Airflow published none, as its settings may forbid."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TaskFigures(Fact):
    """A month of all tasks of an environment; ``subject`` is its ARN."""

    days: Quantity
    """Days on which a task or run ended."""
    ended: int
    failed: Quantity
    """Failed share of those that ended; each attempt counts."""
    counted: str
    """The counted unit: ``tries of tasks``, or ``DAG runs`` if the version of Airflow counts no attempts."""


@observes_each(DagFigures, list_environments, "Arn", "Name")
def observe_dag_figures(account: Account, environment: Mapping[str, Any]) -> Iterator[DagFigures]:
    """Observe every DAG that has metrics, in every environment."""
    for dag in list_dags(account, environment["Name"]):
        own = _of_dag(environment, dag)
        ran, failed, delay = (Query(AIRFLOW, metric, own, "Maximum") for metric in (_RAN, _FAILED, _DELAY))
        found = read_series(account, [ran, failed, delay], window=_MONTH, period=_DAY)
        yield DagFigures(
            subject=f"{environment['Arn']}: {dag}",
            days=_days(found[ran], found[failed]),
            longest=_greatest([*found[ran].values(), *found[failed].values()]) or Quantity.of(0, "ms"),
            delay=_greatest([*found[delay].values()]),
        )


@observes_each(TaskFigures, list_environments, "Arn", "Name")
def observe_task_figures(account: Account, environment: Mapping[str, Any]) -> TaskFigures:
    """Observe the tasks of every environment."""
    if all(metrics()[name].is_published(environment["AirflowVersion"]) for name in _TRIES):
        own = (("DAG", "All"), ("Environment", environment["Name"]), ("Task", "All"))
        bad, good = ([Query(AIRFLOW, name, own, "Sum")] for name in _TRIES)
        counted = "tries of tasks"
    else:
        runs = [_of_dag(environment, dag) for dag in list_dags(account, environment["Name"])]
        bad, good = ([Query(AIRFLOW, name, own, "SampleCount") for own in runs] for name in (_FAILED, _RAN))
        counted = "DAG runs"
    found = read_series(account, [*bad, *good], window=_MONTH, period=_DAY)
    failed = sum((total(found[each]) for each in bad), Decimal(0))
    ended = failed + sum((total(found[each]) for each in good), Decimal(0))
    return TaskFigures(
        subject=environment["Arn"],
        days=_days(*found.values()),
        ended=int(ended),
        failed=failed_percent(100 * failed / (ended or 1)),
        counted=counted,
    )


def _of_dag(environment: Mapping[str, Any], dag: str) -> tuple[tuple[str, str], ...]:
    return (("DAG", dag), ("Environment", environment["Name"]))


def _greatest(values: list[Decimal]) -> Quantity | None:
    return Quantity.of(max(values), "ms") if values else None


def _days(*known: Series) -> Quantity:
    return Quantity.days(min(len({time.date() for values in known for time in values}), _MONTH.days))


# ── The bucket that Airflow reads: its versioning, and whether its files are those of the repository


#: Parts that an environment may have besides its DAGs, by MWAA's names.
_PARTS: Final = ("Requirements", "Plugins", "StartupScript")
#: Folders of the project with its DAGs, and with the other parts.
_DAGS, _REST = "dags", "terraform"
#: Files that a deployment of DAGs leaves out.
_NOT_DEPLOYED: Final = re.compile(r"^tests/|(^|/)__pycache__/|\.pyc$")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowFiles(Fact):
    """The files that an Airflow environment runs; ``subject`` is the environment's ARN."""

    bucket: str
    versioning: str
    """``Enabled``, ``Suspended``, or empty for a bucket that never had versions."""
    dag_folder: str
    unnamed: tuple[str, ...]
    """Paths and object versions of requirements and plugins that the environment does not name."""
    absent: tuple[str, ...]
    """Files and versions that it names but the bucket lacks."""
    strange_dags: tuple[str, ...]
    """DAG files that differ from the repository's, with how: changed, missing in the bucket, not in the repository."""
    strange_packages: tuple[str, ...]
    """Requirements and plugins that differ from the repository's."""


@observes_each(AirflowFiles, list_environments, "Arn", "Name")
def observe_airflow_files(account: Account, found: Mapping[str, Any]) -> AirflowFiles:
    """Observe the bucket of every environment."""
    bucket = found["SourceBucketArn"].rpartition(":")[2]
    return AirflowFiles(
        subject=found["Arn"],
        bucket=bucket,
        versioning=account.attempt(
            lambda: str((account.find("s3", "GetBucketVersioning", Bucket=bucket) or {}).get("Status", ""))
        ),
        dag_folder=found["DagS3Path"],
        unnamed=tuple(_list_unnamed(found)),
        absent=account.attempt(_find_absent, account, bucket, found),
        strange_dags=account.attempt(_compare_dags, account, bucket, found["DagS3Path"]),
        strange_packages=account.attempt(_compare_packages, account, bucket, found),
    )


def _list_unnamed(found: Mapping[str, Any]) -> Iterator[str]:
    for part in _PARTS:
        path, version = f"{part}S3Path", f"{part}S3ObjectVersion"
        if part != "StartupScript" or found.get(path):
            yield from (name for name in (path, version) if not found.get(name))


def _list_named(found: Mapping[str, Any], *parts: str) -> Iterator[dict[str, str]]:
    """Yield key and version of each file that an environment names."""
    for part in parts:
        if found.get(f"{part}S3Path"):
            version = found.get(f"{part}S3ObjectVersion")
            yield {"Key": found[f"{part}S3Path"]} | ({"VersionId": version} if version else {})


def _find_absent(account: Account, bucket: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    gone = [one for one in _list_named(found, *_PARTS) if not _read_body(account, bucket, one)]
    return tuple(" in version ".join(one.values()) for one in gone)


def _read_body(account: Account, bucket: str, named: Mapping[str, str]) -> Mapping[str, Any]:
    """Return size and digest of a file in a bucket; empty if it is not there."""
    found: Mapping[str, Any] = (account.find("s3", "GetObject", Bucket=bucket, **named) or {}).get("Body", {})
    return found


def read_startup_script(account: Account, found: Mapping[str, Any]) -> str:
    """Return the lines with which an environment's startup script exports variables. Raises Unreadable."""
    bucket = found["SourceBucketArn"].rpartition(":")[2]
    (named,) = _list_named(found, "StartupScript")
    body = _read_body(account, bucket, named)
    if "Exports" not in body:
        raise Unreadable(f"s3://{bucket}/{named['Key']} is not there, or does not begin as a script does (#!)")
    return "\n".join(body["Exports"])


def _compare_dags(account: Account, bucket: str, folder: str) -> tuple[str, ...]:
    """Compare the folder in the bucket with the project's. Raises Unreadable if there is nothing to compare with."""
    own = list_own_dags(account)
    prefix = folder.rstrip("/") + "/"
    listed = (one["Key"] for one in account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=prefix))
    keys = [key for key in listed if not key.endswith("/")]
    bodies = account.each(lambda key: _read_body(account, bucket, {"Key": key}), keys)
    held = {key.removeprefix(prefix): body.get("Sha256", "") for key, body in zip(keys, bodies, strict=True)}
    return tuple(_list_differences(held, own))


def list_own_dags(account: Account) -> Mapping[str, str]:
    """Return the digest of each deployed DAG file of the project. Raises Unreadable if there is none."""
    own = {path: digest for path, digest in account.files(_DAGS).items() if not _NOT_DEPLOYED.search(path)}
    if not own:
        raise Unreadable(f"the project has no {_DAGS}/ folder to compare the bucket with")
    return own


def _list_differences(held: Mapping[str, str], own: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*held, *own}):
        if path not in own:
            yield f"{path} is not in the repository"
        elif path not in held:
            yield f"{path} is missing in the bucket"
        elif held[path] != own[path]:
            yield f"{path} differs from the repository's"


def _compare_packages(account: Account, bucket: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    own = {path: digest for path, digest in account.files(_REST).items() if not _NOT_DEPLOYED.search(path)}
    if not own:
        raise Unreadable(f"the project has no {_REST}/ folder to compare requirements and plugins with")
    strange: list[str] = []
    for one in _list_named(found, "Requirements", "Plugins"):
        body = _read_body(account, bucket, one)
        held = body.get("Files") or {one["Key"].rpartition("/")[2]: body.get("Sha256", "")}
        strange += [f"{one['Key']}: {what}" for what in _compare_with_nearest_folder(held, own, whole="Files" in body)]
    return tuple(strange)


def _compare_with_nearest_folder(held: Mapping[str, str], own: Mapping[str, str], *, whole: bool) -> tuple[str, ...]:
    """Return the differences of files from the most similar folder of the repository.

    An archive must match the ``whole`` folder; a single file, one file in it.
    """
    folders = {name.removesuffix(path) for path in held for name in own if f"/{name}".endswith(f"/{path}")}
    found = []
    for folder in sorted(folders) or [""]:
        below = {name.removeprefix(folder): digest for name, digest in own.items() if name.startswith(folder)}
        wanted = below if whole and folder else {path: below[path] for path in held if path in below}
        found.append(tuple(_list_differences(held, wanted)))
    return min(found, key=len)


# ── The data that Airflow collects into buckets

#: Objects that one call lists; and how many folders of more are searched, the last by name.
_FEW: Final = 1_000
_LAST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CollectedData(Fact):
    """The data of one source in a bucket that Airflow writes to; ``subject`` is ``s3://BUCKET/SOURCE/``."""

    age: Quantity
    """Time since the newest object was written."""
    in_part: bool = False
    """Whether only the folders that are last by name were searched, so that the newest object may be younger."""


@observes(CollectedData)
def observe_collected_data(account: Account) -> Iterator[CollectedData]:
    """Observe every bucket that the role of an Airflow environment may write to; each top-level folder is a source."""
    written: set[str] = set()
    for environment in list_environments(account):
        try:
            written |= _list_written_buckets(account, environment)
        except Unreadable as error:
            name = environment.get("Name", "?")
            yield CollectedData.unread(f"what the Airflow environment {name} collects", error.reason)
    for found in map(all_apart(CollectedData, partial(_sources, account)), sorted(written)):
        yield from found


def _sources(account: Account, bucket: str) -> Iterator[CollectedData]:
    files, folders = _list_level(account, bucket, "")
    for one in files:
        yield CollectedData(subject=f"s3://{bucket}/{one['Key']}/", age=account.age(one["LastModified"]))
    for folder in folders:
        times, whole = _find_times(account, bucket, folder)
        if times:
            yield CollectedData(subject=f"s3://{bucket}/{folder}", age=account.age(max(times)), in_part=not whole)


def _list_level(account: Account, bucket: str, folder: str) -> tuple[tuple[Any, ...], list[str]]:
    """Return the objects right in a folder, and the folders in it, by name."""
    asked = {"Bucket": bucket, "Prefix": folder, "Delimiter": "/"}
    files, below = (account.list("s3", "ListObjectsV2", key, **asked) for key in ("Contents", "CommonPrefixes"))
    return files, sorted(one["Prefix"] for one in below)


def _find_times(account: Account, bucket: str, folder: str) -> tuple[list[datetime], bool]:
    """Return when objects below a folder were written, and whether that is all of them.

    Of many, those in the folders last by name: a bucket of years has millions, in folders named by day.
    """
    first = account.get("s3", "ListObjectsV2", Bucket=bucket, Prefix=folder, MaxKeys=_FEW)
    if not first.get("IsTruncated"):
        return [one["LastModified"] for one in first.get("Contents") or ()], True
    files, below = _list_level(account, bucket, folder)
    found = [_find_times(account, bucket, one) for one in below[-_LAST:]]
    times = [one["LastModified"] for one in files] + [time for some, _ in found for time in some]
    return times, len(below) <= _LAST and all(whole for _, whole in found)


def _list_written_buckets(account: Account, environment: Mapping[str, Any]) -> set[str]:
    there = {one.get("Name", "") for one in account.list("s3", "ListBuckets", "Buckets")}
    named = read_rights(account, environment["ExecutionRoleArn"]).reaches("s3:PutObject", "arn:aws:s3:::")
    patterns = {name.removeprefix("arn:aws:s3:::").partition("/")[0] for name in named}
    return {bucket for bucket in there if any(fnmatchcase(bucket, pattern) for pattern in patterns)}
