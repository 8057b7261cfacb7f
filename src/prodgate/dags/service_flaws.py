"""Why a DAG may not run as declared from now on, whatever its past record.

unknown         Airflow has no DAG of this name
paused, stale   it makes no more runs of it
broken          its file can't be imported any more, and what was parsed last runs on
import_failure  its file can't be imported; of a DAG that is not there, any file that can't, since it may be its own
schedule        Airflow has another cron expression
next_slot       what Airflow says comes next is no slot of the declared schedule: often another time zone
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..airflow.records import History, ImportFailure, ServedDag
from . import cron
from .declared import DeclaredDag
from .record_flaws import Flaw

_ACTIVE: Final = ("queued", "running")
#: What Airflow writes before the schedule of a DAG that new data start as well, which are no slots.
_BESIDE: Final = re.compile(r"(Asset|Dataset) or (?=\S)")


def find_service_flaws(dag: DeclaredDag, history: History) -> tuple[Flaw, ...]:
    """Return why a DAG may not run as declared."""
    served = next((each for each in history.served if each.dag_id == dag.dag_id), None)
    found = (
        [("unknown", "Airflow has no DAG of this name")] if served is None else _find_dag_flaws(dag, served, history)
    )
    failures = _find_import_failures(served, history)
    return tuple(Flaw(kind=kind, dag_id=dag.dag_id, words=words) for kind, words in (*found, *failures))


def _find_dag_flaws(dag: DeclaredDag, served: ServedDag, history: History) -> Iterator[tuple[str, str]]:
    if served.paused:
        yield "paused", "it is paused, and Airflow makes no runs of it"
    if served.stale:
        yield "stale", f"its file {served.file!r} is gone, and Airflow makes no runs of it"
    if served.broken:
        yield "broken", f"its file {served.file!r} can't be imported, and what was parsed last runs on"
    if not cron.is_same_cron(_BESIDE.sub("", served.schedule, count=1), dag.schedule.cron):
        yield "schedule", f"Airflow has the schedule {served.schedule!r}, and {dag.schedule.cron!r} is declared"
    yield from _check_next_slot(dag, served, history)


def _check_next_slot(dag: DeclaredDag, served: ServedDag, history: History) -> Iterator[tuple[str, str]]:
    coming = served.next_slot
    if coming is not None and not cron.list_slots(dag.schedule, coming, coming + cron.INSTANT):
        wanted = f"{dag.schedule.cron!r} in {dag.schedule.timezone}"
        yield "next_slot", f"Airflow's next slot {coming:%Y-%m-%d %H:%M:%S} UTC is none of {wanted}"
    # while the maximum of runs is active, Airflow 2 states none
    active = any(run.dag_id == dag.dag_id and run.state in _ACTIVE for run in history.runs)
    if coming is None and not active:
        yield "next_slot", "Airflow states no next slot, as of a DAG that has no schedule, or whose end_date is over"


def _find_import_failures(served: ServedDag | None, history: History) -> Iterator[tuple[str, str]]:
    """Find the files that concern a DAG: what others hold may be broken, and it runs all the same."""
    for failure in sorted(history.import_failures, key=lambda each: each.file):
        last = (failure.text.strip().splitlines() or ["no reason is given"])[-1]
        if served is not None and _concerns(failure, served):
            yield "import_failure", f"{failure.file!r}, which makes it, can't be imported: {last}"
        elif served is None or served.stale:
            yield "import_failure", f"{failure.file!r} can't be imported, and may be what makes it: {last}"


def _concerns(failure: ImportFailure, served: ServedDag) -> bool:
    """Whether a file that fails is that of a DAG; one of the same name in another bundle or folder is not."""
    if failure.bundle and served.bundle and served.place:
        return failure.bundle == served.bundle and f"{served.place}/".startswith(f"{failure.file}/")
    return _holds(failure.file, served.file)


def _holds(failing: str, file: str) -> bool:
    """Whether a file that fails is that of a DAG where no bundle is told: it may be named below one, or an archive."""
    whole, part = f"/{file}/".replace("//", "/"), f"/{failing}/".replace("//", "/")
    return whole.startswith(part) if failing.startswith("/") else part in whole
