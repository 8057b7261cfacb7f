"""Looking at DAGs: their files, the Airflow that runs them, the data they left, and where their failures went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..airflow.history import observed
from ..aws.answers import Unreadable
from ..collected.observing import observe as look_at_data
from ..dag_files.observing import observe as look_at_files
from ..dags_section import AirflowSection
from ..engines.environments import EngineError, python_of
from ..evidence import load_json
from ..facts.dags.dead_letters import observe as look_at_letters
from .dags_facts import declared_json
from .dags_kinds import BEFORE, CANARY, DATA, DECLARED, FILES, HISTORY, LETTERS, OBSERVED
from .dags_target import DagsTarget, opened
from .earlier import good_runs
from .layer import Observation
from .looking import Seen


def looked(at: Observation, unreadable: dict[str, str]) -> Iterator[Seen]:
    """Yield what is seen, and note why a kind of evidence could not be. Raises Unreadable when nothing more can be."""
    section = stated(at)
    yield _seen(DECLARED, _declared(section), str(at.stated.path))
    stopped = None
    with ThreadPoolExecutor(1, thread_name_prefix="files") as thread:
        reading = thread.submit(_files, at, section, unreadable)
        try:
            yield from _asked(at, section, unreadable)
        except Unreadable as error:
            stopped = error
        if files := reading.result():
            yield _seen(FILES, files, f"Airflow {section.version}")
    if stopped is not None:
        raise stopped


def _seen(kind: str, value: Mapping[str, Any], source: str) -> Seen:
    subject = str(value.get("place") or value.get("dag") or value.get("queue") or kind)
    return Seen(kind=kind, value=value, subject=subject, source=source)


def _asked(at: Observation, section: AirflowSection, unreadable: dict[str, str]) -> Iterator[Seen]:
    with opened(at, section) as target:
        yield _seen(OBSERVED, _observed(target), target.place)
        yield from _history(at, target, section)
        yield from _letters(target, unreadable)
        yield from _canary(target, unreadable)


def stated(at: Observation) -> AirflowSection:
    """Return what is stated about Airflow. Raises Unreadable when nothing is."""
    section = at.stated.airflow
    if section is None:
        raise Unreadable(
            f'{at.stated.path}: says nothing of Airflow; write [airflow] with version = "3.0.6" and environment, '
            'and [dags.ID] with cron = "0 */6 * * *" and timezone = "UTC"'
        )
    return section


def _files(at: Observation, section: AirflowSection, unreadable: dict[str, str]) -> Mapping[str, Any]:
    folder = at.project / section.folder
    if not folder.is_dir():
        unreadable[FILES] = f"{folder}: there is no such folder; write [airflow] folder = the one with the DAG files"
        return {}
    at.progress(f"dags: reading {section.folder}/ with Airflow {section.version}")
    try:
        python: Path | str = python_of(f"airflow-{section.version}", _told(at))
    except EngineError as error:
        python = str(error)
    return look_at_files(folder, section.folder, python)


def _declared(section: AirflowSection) -> Mapping[str, Any]:
    return {
        "version": section.version,
        "files": {
            id_: {"cron": dag.declared.schedule.cron, "timezone": dag.declared.schedule.timezone, "tasks": dag.tasks}
            for id_, dag in section.dags.items()
        },
        "collecting": [id_ for id_, dag in section.dags.items() if dag.data is not None],
        "acknowledged": list(section.acknowledged),
    }


def _observed(target: DagsTarget) -> Mapping[str, Any]:
    return {
        "place": target.place,
        "crowded": target.crowded,
        "dags": {dag.dag_id: declared_json(dag) for dag in target.dags},
    }


def _history(at: Observation, target: DagsTarget, section: AirflowSection) -> Iterator[Seen]:
    """Ask Airflow, then look for the data of the slots that it knows of. Raises Unreadable without an answer."""
    now = datetime.now(UTC)
    asked = [*section.dags, *([section.canary] if section.canary else [])]
    at.progress(f"dags: asking Airflow at {target.place} since {target.since:%Y-%m-%d %H:%M:%S} UTC")
    answers = observed(target.transport, asked, since=target.since, now=now)
    yield _seen(HISTORY, {"place": target.place, **answers}, target.place)
    yield from _before(at)
    for dag in target.dags:
        data, table = section.dags[dag.dag_id].data, section.dags[dag.dag_id].data_table
        if data is not None:
            found = look_at_data(target.data(data), target.since, **target.access)
            yield _seen(DATA, {"dag": dag.dag_id, "section": table, "collected": found}, str(found["where"]))


def _before(at: Observation) -> Iterator[Seen]:
    """Yield what Airflow answered in the last good run of the gate."""
    for run in good_runs(at, "dags"):
        for fact in run.facts:
            with suppress(LookupError):
                if (fact["layer"], fact["kind"]) == ("dags", HISTORY):
                    before = {"run": run.path.name, "history": load_json(run.path, fact["digest"])}
                    yield _seen(BEFORE, before, run.path.name)
                    return


def _letters(target: DagsTarget, unreadable: dict[str, str]) -> Iterator[Seen]:
    try:
        queue = target.places().queue
    except Unreadable as error:
        unreadable[LETTERS] = error.reason
        return
    yield _seen(LETTERS, look_at_letters(target.account, queue, target.since, target.settling), queue)


def _canary(target: DagsTarget, unreadable: dict[str, str]) -> Iterator[Seen]:
    try:
        yield _seen(CANARY, {**target.canary(), "asked": datetime.now(UTC).isoformat()}, "a drill")
    except Unreadable as error:
        unreadable[CANARY] = error.reason


def _told(at: Observation) -> Callable[[str], None]:
    return lambda step: at.progress(f"dags: {step}")
