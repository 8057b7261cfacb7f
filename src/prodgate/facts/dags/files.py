"""DAG files: their declarations and faults before a deploy, and those that are deployed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.recording import to_plain
from ...dags.cron import is_same_cron, is_same_zone
from ...quantities import Quantity
from .. import Fact
from ..live.airflow import list_environments, list_own_dags

#: Trigger rules with which a task does not run, and counts as failed, if any task right before it failed.
_ALL: Final = frozenset({"all_success", "none_failed", "none_failed_min_one_success"})
#: … and those with which it does so only if all of them failed.
_ONE: Final = frozenset({"one_success", "all_done_min_one_success"})


def find_masks(tasks: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Describe each task whose failure alone leaves the run successful, and the task that masks it.

    ``tasks`` state ``task_id``, ``upstream``, ``trigger_rule``, ``mapped`` and ``teardown``: a task that cleans up
    afterwards, which Airflow itself ignores when it decides by the last tasks.
    """
    known = {task["task_id"]: task for task in tasks if not task["teardown"]}
    before = {name: [each for each in task["upstream"] if each in known] for name, task in known.items()}
    last = sorted(known.keys() - {each for names in before.values() for each in names})
    return tuple(_describe_masked(known, before, last))


def _describe_masked(
    known: Mapping[str, Mapping[str, Any]], before: Mapping[str, Sequence[str]], last: Sequence[str]
) -> Iterator[str]:
    for name in sorted(known):
        failed = _tasks_failing_with(name, known, before)
        if not failed & set(last):
            stops = sorted(each for each in known if each not in failed and failed & set(before[each]))
            rules = ", ".join(f"{each} runs with {known[each]['trigger_rule']}" for each in stops)
            yield f"{name} may fail in a run that succeeds: {rules}"


def _tasks_failing_with(
    name: str, known: Mapping[str, Mapping[str, Any]], before: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return the tasks that count as failed if one fails and all others that run succeed."""
    failed = {name}
    partly = {name} if known[name]["mapped"] else frozenset[str]()  # one of many failed, and the others did not
    while grown := {
        each for each in known if each not in failed and _fails_with_upstream(known[each], before[each], failed, partly)
    }:
        failed |= grown
    return frozenset(failed)


def _fails_with_upstream(
    task: Mapping[str, Any], before: Sequence[str], failed: AbstractSet[str], partly: AbstractSet[str]
) -> bool:
    rule = task["trigger_rule"]
    if rule in _ONE:
        return bool(before) and set(before) <= failed - partly
    return rule in _ALL and bool(failed & set(before))


_NO_MODULE: Final = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
#: A library of the machine, which no requirement installs.
_NO_LIBRARY: Final = re.compile(r"(?:ImportError|OSError): ([\w.+-]+\.so[\w.]*): cannot open shared object file")
#: Names under which several provider distributions share a package.
_SHARED: Final = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "microsoft"})
#: Modules that Python itself dropped, and no package brings back.
_REMOVED: Final = frozenset({"asynchat", "asyncore", "distutils", "imp", "smtpd"})


def find_uninstalled(stored: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the missing module or library by file, for files whose import failure is no fault of their own.

    If the team's own requirements are installed, and for a module of the DAG folder itself, the file is broken.
    """
    errors = stored["bag"].get("import_errors", {})
    libraries = {file: lib[1] for file, text in errors.items() if (lib := _NO_LIBRARY.search(_find_last_line(text)))}
    if stored.get("requirements"):
        return libraries
    found = {file: _find_module(text) for file, text in errors.items()}
    modules = {file: module for file, module in found.items() if module and _is_of_others(module, stored["files"])}
    return modules | libraries


def explain_uninstalled(folder: str, lacking: Mapping[str, str]) -> str:
    """Name the files that can't be judged, and the remedy; empty if there are none."""
    if not lacking:
        return ""
    names = ", ".join(f"{folder}/{file} imports {module!r}" for file, module in sorted(lacking.items())[:5])
    rest = f" and {len(lacking) - 5} more files the like" if len(lacking) > 5 else ""
    if all(".so" in each for each in lacking.values()):
        return f"{names}{rest}, a library that this machine lacks; install the system's package that holds it"
    return f'{names}{rest}, which is not installed here; write requirements = "requirements.txt" in [airflow]'


def _find_module(text: str) -> str:
    """Return the missing module; a package that needs it only on use may state that in its own words."""
    last = _find_last_line(text)
    found = _NO_MODULE.search(last) or (_NO_MODULE.search(text) if last.startswith("ImportError: ") else None)
    return found[1] if found else ""


def _find_last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _is_of_others(module: str, files: Sequence[str]) -> bool:
    """Whether a whole module is missing: for a partly installed one, Python names the full path of the part."""
    parts = module.split(".")
    if parts[:2] == ["airflow", "providers"]:
        return len(parts) == (4 if len(parts) > 2 and parts[2] in _SHARED and len(parts) > 3 else 3)
    own = any(file == f"{module}.py" or file.startswith(f"{module}/") for file in files)
    return len(parts) == 1 and module not in _REMOVED and not own


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTask:
    """A task of a DAG; a mapped one stands for all its instances."""

    task_id: str
    retries: int
    retry_delay: Quantity
    timeout: Quantity | None
    failure_callback: bool
    trigger_rule: str
    upstream: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagFile(Fact):
    """A DAG as its file declares it; ``subject`` is such as ``dags/news.py: news``."""

    dag_id: str
    cron: str
    """The cron expression; empty if the DAG has none."""
    timezone: str
    """IANA name of the time zone of the expression."""
    catchup: bool
    max_active_runs: Quantity
    timeout: Quantity | None
    failure_callback: bool
    """Whether the DAG itself has one, which runs even if a task's process was killed."""
    tasks: tuple[DeclaredTask, ...]
    masks: tuple[str, ...]
    """Tasks that may fail in a run that succeeds, and why."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagFolder(Fact):
    """All DAG files of a project; ``subject`` is their folder."""

    files: Quantity
    dags: Quantity
    version: str
    """Version of the Airflow that imported them."""
    import_errors: tuple[str, ...]
    """Files that it can't import, or that define no DAG although they should, with its message."""
    reached_out: tuple[str, ...]
    """Places that use a network, a database or another program during the import."""
    duplicates: tuple[str, ...]
    rule_findings: tuple[str, ...]
    lint_findings: tuple[str, ...]
    """Names that ruff reports as moved, renamed or removed in this Airflow or a later one."""
    unstable: tuple[str, ...]
    """Ids of DAGs that differ when they are imported again."""


def dag_file_facts(stored: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Return the facts about the DAG files of a project; stored as ``dag_files.observing.observe`` returns it.

    If Airflow gave no answer there is no DagFile; ``unread_files`` says why.
    """
    return (_folder(stored), *(_file(stored["folder"], dag) for dag in stored["bag"].get("dags", ())))


def unread_files(stored: Mapping[str, Any]) -> str:
    """Return why the declarations of the DAG files are unknown, or an empty string."""
    return str(stored["bag"].get("unread", ""))


def list_teardowns(stored: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """Return by DAG the tasks that clean up, whose failure Airflow ignores."""
    return {
        dag["dag_id"]: frozenset(task["task_id"] for task in dag["tasks"] if task["teardown"])
        for dag in stored["bag"].get("dags", ())
    }


def _file(folder: str, dag: Mapping[str, Any]) -> DagFile:
    return DagFile(
        subject=f"{folder}/{dag['file']}: {dag['dag_id']}",
        dag_id=dag["dag_id"],
        cron=dag["cron"],
        timezone=dag["timezone"],
        catchup=dag["catchup"],
        max_active_runs=Quantity.of(dag["max_active_runs"]),
        timeout=_seconds(dag["timeout"]),
        failure_callback=dag["failure_callback"],
        tasks=tuple(_task(task) for task in dag["tasks"]),
        masks=find_masks(dag["tasks"]),
    )


def _task(task: Mapping[str, Any]) -> DeclaredTask:
    return DeclaredTask(
        task_id=task["task_id"],
        retries=task["retries"],
        retry_delay=_seconds(task["retry_delay"]) or Quantity.seconds(0),
        timeout=_seconds(task["timeout"]),
        failure_callback=task["failure_callback"],
        trigger_rule=task["trigger_rule"],
        upstream=tuple(task["upstream"]),
    )


def _seconds(number: float | None) -> Quantity | None:
    return None if number is None else Quantity.seconds(Decimal(str(number)))


def _folder(stored: Mapping[str, Any]) -> DagFolder:
    folder, bag, lint = stored["folder"], stored["bag"], stored["lint"]
    nothing = "" if stored["files"] else f"there is no DAG file below {folder}/"
    unread, unlinted = nothing or bag.get("unread", ""), nothing or lint.get("unread", "")
    return DagFolder(
        subject=f"{folder}/",
        files=Quantity.of(len(stored["files"])),
        dags=_value_or_unread(unread, lambda: Quantity.of(len(bag["dags"]))),
        version=_value_or_unread(unread, lambda: bag["version"]),
        import_errors=_value_or_unread(unread, lambda: _read_import_errors(stored)),
        reached_out=_value_or_unread(unread, lambda: tuple(_describe_reached(folder, bag["reached"]))),
        duplicates=_value_or_unread(nothing, lambda: tuple(_find_duplicates(folder, stored["declared"]))),
        rule_findings=_value_or_unread(nothing, lambda: tuple(_render_findings(folder, stored["rules"]))),
        lint_findings=_value_or_unread(unlinted, lambda: tuple(_render_findings(folder, lint["found"]))),
        unstable=_value_or_unread(unread, lambda: tuple(bag["unstable"])),
    )


def _value_or_unread(unread: str, value: Any) -> Any:
    return Unread(unread) if unread else value()


def _read_import_errors(stored: Mapping[str, Any]) -> Any:
    """Return the files that can't be imported; Unread if the only reason is that something is not installed here."""
    lacking = find_uninstalled(stored)
    certain = tuple(_list_import_errors(stored, lacking))
    return certain or _value_or_unread(explain_uninstalled(stored["folder"], lacking), tuple)


def _list_import_errors(stored: Mapping[str, Any], lacking: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that can't be imported, with Airflow's last line, and DAGs that Airflow does not get."""
    folder, bag = stored["folder"], stored["bag"]
    for file, text in sorted(bag["import_errors"].items()):
        if file not in lacking:
            last = _find_last_line(text).strip()[:500] or "it can't be imported"
            yield f"{folder}/{file}: {last}"
    found = {dag["dag_id"] for dag in bag["dags"]}
    for one in stored["declared"]:
        if one["dag_id"] not in found and one["file"] not in bag["import_errors"]:
            yield f"{folder}/{one['file']}:{one['line']}: declares {one['dag_id']!r}, and Airflow found no such DAG"


def _describe_reached(folder: str, reached: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    told = (f"{folder}/{one['file']}:{one['line']}: asks for {one['what']} while it is imported" for one in reached)
    yield from dict.fromkeys(told)


def _find_duplicates(folder: str, declared: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    places: dict[str, list[str]] = {}
    for one in declared:
        places.setdefault(one["dag_id"], []).append(f"{folder}/{one['file']}:{one['line']}")
    for dag_id, found in sorted(places.items()):
        if len(found) > 1:
            yield f"{', '.join(found)}: all declare {dag_id!r}, and Airflow runs only one of them"


def _render_findings(folder: str, found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"{folder}/{one['file']}:{one['line']}: {one['rule']} {one['text']}" for one in found)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagStructure(Fact):
    """The differences between a DAG's tasks and the declared ones; ``subject`` is its file and its id."""

    differences: tuple[str, ...]
    masks: tuple[str, ...]
    """Tasks that let a run succeed though a task before them failed."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeclaredFile(Fact):
    """The schedule in a DAG's file beside the declared one; ``subject`` is its file and its id.

    The first two are empty for a DAG that no file defines.
    """

    cron: str
    timezone: str
    declared_cron: str
    declared_timezone: str

    @property
    def states_cron(self) -> bool:
        """Whether both expressions are always due together, however each is written."""
        return is_same_cron(self.cron, self.declared_cron)

    @property
    def states_timezone(self) -> bool:
        """Whether both names mean the same time zone."""
        return is_same_zone(self.timezone, self.declared_timezone)


def structure_facts(
    files: Iterable[DagFile], declared: Mapping[str, Mapping[str, tuple[str, ...]]], unread: str = ""
) -> Iterator[Fact]:
    """Compare each file with ``declared``: DAG -> task -> the tasks before it. A DAG without a file is a difference.

    ``unread`` says why the file that defines it may not have been read.
    """
    known = {file.dag_id: file for file in files}
    for dag_id, tasks in declared.items():
        file = known.get(dag_id)
        if file is None and unread:
            yield DagStructure.unread(dag_id, unread)
        elif file is None:
            yield DagStructure(subject=dag_id, differences=("no file makes a DAG of this name",), masks=())
        else:
            found = {task.task_id: frozenset(task.upstream) for task in file.tasks}
            yield DagStructure(subject=file.subject, differences=tuple(_differences(found, tasks)), masks=file.masks)


def schedule_facts(
    files: Iterable[DagFile], declared: Mapping[str, tuple[str, str]], unread: str = ""
) -> Iterator[Fact]:
    """Yield the schedule of each declared DAG, as cron expression and time zone, beside that in its file."""
    known = {file.dag_id: file for file in files}
    for dag_id, (cron, timezone) in declared.items():
        file = known.get(dag_id)
        if file is None and unread:
            yield DeclaredFile.unread(dag_id, unread)
            continue
        yield DeclaredFile(
            subject=file.subject if file else dag_id,
            cron=file.cron if file else "",
            timezone=file.timezone if file else "",
            declared_cron=cron,
            declared_timezone=timezone,
        )


def _differences(found: Mapping[str, frozenset[str]], wanted: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for task in sorted({*found, *wanted}):
        if task not in wanted:
            yield f"{task} is not declared"
        elif task not in found:
            yield f"{task} is missing"
        elif found[task] != frozenset(wanted[task]):
            yield f"{task} comes after {_join_names(found[task])}, declared is after {_join_names(wanted[task])}"


def _join_names(tasks: Iterable[str]) -> str:
    return ", ".join(sorted(tasks)) or "nothing"


# ── The DAG files that an Airflow environment on MWAA reads, beside those of the repository, and its state


def observe_deployed(account: Account, environment: str) -> Mapping[str, Any]:
    """Return the environment, the files of its DAG folder and those of the repository, as plain JSON values.

    Raises Unreadable if there is no such environment, or nothing to compare its files with.
    """
    found = next((each for each in list_environments(account) if each["Name"] == environment), None)
    if found is None:
        raise Unreadable(f"there is no Airflow environment {environment or 'on MWAA'!r} whose files could be compared")
    bucket, prefix = found["SourceBucketArn"].rpartition(":")[2], f"{found['DagS3Path'].rstrip('/')}/"
    objects = account.list("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=prefix)
    kept = [one for one in objects if not one["Key"].endswith("/")]
    digests = account.each(lambda one: _read_digest(account, bucket, one["Key"]), kept)
    plain: Mapping[str, Any] = to_plain(
        {
            **{name: found.get(name) for name in ("Arn", "CreatedAt")},
            "place": f"s3://{bucket}/{prefix}",
            "status": found["Status"],
            "last_update": found.get("LastUpdate"),
            "files": {
                one["Key"].removeprefix(prefix): {"digest": digest, "put": one["LastModified"]}
                for one, digest in zip(kept, digests, strict=True)
            },
            "own": list_own_dags(account),
        }
    )
    return plain


def _read_digest(account: Account, bucket: str, key: str) -> str:
    try:
        return str(account.get("s3", "GetObject", Bucket=bucket, Key=key)["Body"].get("Sha256", ""))
    except Absent:
        return ""


def put_at(deployed: Mapping[str, Any]) -> datetime:
    """Return when the last of the files was put there. Raises Unreadable if there is none."""
    times: list[datetime] = [one["put"] for one in deployed["files"].values()]
    if not times:
        raise Unreadable(f"{deployed['place']}: holds no file; deploy the DAGs")
    return max(times)


def list_differences(deployed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences between the deployed files and the repository's."""
    held, own = deployed["files"], deployed["own"]
    for path in sorted({*held, *own}):
        if path not in own:
            yield f"{path} is not in the repository"
        elif path not in held:
            yield f"{path} is not deployed"
        elif held[path]["digest"] != own[path]:
            yield f"{path} differs from the repository's"
