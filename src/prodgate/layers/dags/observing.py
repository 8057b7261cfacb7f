"""Observing DAGs: their files, the Airflow that runs them, the data they left, and where their failures went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from ...airflow.observing import observe_history
from ...aws.answers import Unreadable
from ...collected.observing import observe as look_at_data
from ...dag_files.observing import observe as look_at_files
from ...dags.cron import find_slot_before
from ...engines.environments import EngineError, ensure_python
from ...facts.dags.dead_letters import observe as look_at_letters
from ...facts.dags.deployed import observe_deployed
from ...sections.dags import AirflowSection
from ..layer import LayerContext
from ..observing_layer import Evidence
from ..previous_run import list_previous
from .airflow import open_target
from .facts import dag_to_json
from .kinds import BEFORE, CANARY, DATA, DECLARED, DEPLOYED, FILES, HISTORY, LETTERS, OBSERVED
from .target import DagsTarget


def observe_dags(context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield evidence; note in ``unreadable`` what can't be had. Raises Unreadable when Airflow can't be asked."""
    section = require_section(context)
    yield _make_evidence(DECLARED, _declared_json(section), str(context.stated.path))
    stopped = None
    with ThreadPoolExecutor(1, thread_name_prefix="files") as thread:
        reading = thread.submit(_observe_files, context, section, unreadable)
        try:
            yield from _observe_airflow(context, section, unreadable)
        except Unreadable as error:
            stopped = error
        if files := reading.result():
            yield _make_evidence(FILES, files, f"Airflow {section.version}")
    if stopped is not None:
        raise stopped


def _make_evidence(kind: str, value: Mapping[str, Any], source: str) -> Evidence:
    subject = str(value.get("place") or value.get("dag") or value.get("queue") or kind)
    return Evidence(kind=kind, value=value, subject=subject, source=source)


def _observe_airflow(context: LayerContext, section: AirflowSection, unreadable: dict[str, str]) -> Iterator[Evidence]:
    with open_target(context, section) as target:
        yield _make_evidence(OBSERVED, _target_json(target), target.place)
        yield from _observe_history(context, target, section)
        yield from _observe_deployed(target, unreadable)
        yield from _observe_dead_letters(target, unreadable)
        yield from _observe_canary(target, unreadable)


def require_section(context: LayerContext) -> AirflowSection:
    """Return the [airflow] section. Raises Unreadable when there is none."""
    section = context.stated.airflow
    if section is None:
        raise Unreadable(
            f'{context.stated.path}: says nothing of Airflow; write [airflow] with version = "3.0.6" and environment, '
            'and [dags.ID] with cron = "0 */6 * * *" and timezone = "UTC"'
        )
    return section


def _observe_files(context: LayerContext, section: AirflowSection, unreadable: dict[str, str]) -> Mapping[str, Any]:
    folder = context.project / section.folder
    if not folder.is_dir():
        unreadable[FILES] = f"{folder}: there is no such folder; write [airflow] folder = the one with the DAG files"
        return {}
    context.progress(f"dags: reading {section.folder}/ with Airflow {section.version}")
    name, stated = f"airflow-{section.version}", context.project / section.requirements
    more, keep = (stated, f"apache-airflow=={section.version}") if section.requirements else (None, "")
    try:
        python: Path | str = ensure_python(name, context.progress_of("dags"), requirements=more, keep=keep)
    except EngineError as error:
        python = str(error)
    return {**look_at_files(folder, section.folder, python), "requirements": section.requirements}


def _declared_json(section: AirflowSection) -> Mapping[str, Any]:
    return {
        "version": section.version,
        "files": {
            id_: {"cron": dag.declared.schedule.cron, "timezone": dag.declared.schedule.timezone, "tasks": dag.tasks}
            for id_, dag in section.dags.items()
        },
        "collecting": [id_ for id_, dag in section.dags.items() if dag.data is not None],
        "acknowledged": list(section.acknowledged),
    }


def _target_json(target: DagsTarget) -> Mapping[str, Any]:
    return {
        "place": target.place,
        "crowded": target.crowded,
        "dags": {dag.dag_id: dag_to_json(dag) for dag in target.dags},
    }


def _observe_history(context: LayerContext, target: DagsTarget, section: AirflowSection) -> Iterator[Evidence]:
    """Ask Airflow for its history, then look for the data of its slots. Raises Unreadable without an answer."""
    now = datetime.now(UTC)
    asked = [*section.dags, *([section.canary] if section.canary else [])]
    context.progress(f"dags: asking Airflow at {target.place} since {target.since:%Y-%m-%d %H:%M:%S} UTC")
    answers = observe_history(target.transport, asked, since=target.since, now=now)
    yield _make_evidence(HISTORY, {"place": target.place, **answers}, target.place)
    yield from _find_previous(context)
    for dag in target.dags:
        data, table = section.dags[dag.dag_id].data, section.dags[dag.dag_id].data_table
        if data is not None:
            since = target.since if data.slot_is == "end" else find_slot_before(dag.schedule, target.since)
            found = look_at_data(target.data(data), since, **target.access)
            yield _make_evidence(DATA, {"dag": dag.dag_id, "section": table, "collected": found}, str(found["where"]))


def _find_previous(context: LayerContext) -> Iterator[Evidence]:
    """Yield what Airflow answered in the last good run of the gate."""
    for run, history in islice(list_previous(context, "dags", HISTORY), 1):
        yield _make_evidence(BEFORE, {"run": run, "history": history}, run)


def _observe_deployed(target: DagsTarget, unreadable: dict[str, str]) -> Iterator[Evidence]:
    try:
        found = observe_deployed(target.account, target.environment)
    except Unreadable as error:
        unreadable[DEPLOYED] = error.reason
        return
    yield _make_evidence(DEPLOYED, found, target.place)


def _observe_dead_letters(target: DagsTarget, unreadable: dict[str, str]) -> Iterator[Evidence]:
    try:
        queue = target.places().queue
    except Unreadable as error:
        unreadable[LETTERS] = error.reason
        return
    yield _make_evidence(LETTERS, look_at_letters(target.account, queue, target.since, target.settling), queue)


def _observe_canary(target: DagsTarget, unreadable: dict[str, str]) -> Iterator[Evidence]:
    try:
        yield _make_evidence(CANARY, {**target.canary(), "asked": datetime.now(UTC).isoformat()}, "a drill")
    except Unreadable as error:
        unreadable[CANARY] = error.reason
