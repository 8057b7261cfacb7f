"""DAG files before a deploy: what they declare, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact
from .masking import find_masks
from .uninstalled import explain_uninstalled, find_uninstalled


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
    """The cron expression; empty when the DAG has none."""
    timezone: str
    """IANA name of the time zone of the expression."""
    catchup: bool
    max_active_runs: Quantity
    timeout: Quantity | None
    failure_callback: bool
    """Whether the DAG itself has one, which runs even if a task's process was killed."""
    tasks: tuple[DeclaredTask, ...]
    masks: tuple[str, ...]
    """Which tasks may fail in a run that succeeds, and why."""


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
    """What ruff reports: names that this Airflow or a later one moved, renamed or removed."""
    unstable: tuple[str, ...]
    """Ids of DAGs that differ when they are imported again."""


def dag_file_facts(stored: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Return what is known of the DAG files of a project; stored as ``dag_files.observing.observe`` returns it.

    Where Airflow gave no answer there is no DagFile; ``unread_files`` says why.
    """
    dags = stored["bag"].get("dags", ())
    return (_folder(stored), *(_file(stored["folder"], dag) for dag in dags))


def unread_files(stored: Mapping[str, Any]) -> str:
    """Return why it is not known what the DAG files declare, or an empty string."""
    return str(stored["bag"].get("unread", ""))


def list_teardowns(stored: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """Return by DAG the tasks that clean up, and whose failure Airflow leaves out of account."""
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
    """Return what can't be imported; Unread where all that is known is that something is not installed here."""
    lacking = find_uninstalled(stored)
    certain = tuple(_list_import_errors(stored, lacking))
    return certain or _value_or_unread(explain_uninstalled(stored["folder"], lacking), tuple)


def _list_import_errors(stored: Mapping[str, Any], lacking: Mapping[str, str]) -> Iterator[str]:
    """Yield what can't be imported, with the last line of Airflow's message, and DAGs that a file declares in vain."""
    folder, bag = stored["folder"], stored["bag"]
    for file, text in sorted(bag["import_errors"].items()):
        if file not in lacking:
            yield f"{folder}/{file}: {_last_line(text)}"
    found = {dag["dag_id"] for dag in bag["dags"]}
    for one in stored["declared"]:
        if one["dag_id"] not in found and one["file"] not in bag["import_errors"]:
            yield f"{folder}/{one['file']}:{one['line']}: declares {one['dag_id']!r}, and Airflow found no such DAG"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:500] if lines else "it can't be imported"


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
