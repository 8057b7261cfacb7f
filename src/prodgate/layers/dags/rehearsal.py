"""A rehearsal of DAGs: a real Airflow that runs them for a while, in an emulated account with what is declared."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ...airflow.direct import HttpTransport, Login
from ...airflow.mwaa import MwaaTransport, MwaaWriter
from ...airflow.names import make_path
from ...airflow.transport import Transport
from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...aws.calls import LiveCalls
from ...aws.clients import rehearsal_clients
from ...canaries.airflow_canaries import AirflowCanaries
from ...canaries.drill import Place, drill_canary
from ...collected.references import resolve
from ...dags.declared import DeclaredDag, Schedule
from ...engines.environments import EngineError
from ...facts.dags.failure_destinations import find_failure_destinations
from ...sections.dags import AirflowSection, RehearsalSettings
from ...sections.data import DataSection, SlotTable
from ...sections.rehearsal import name_past
from ...terraform.diagnostics import TerraformError
from ..layer import LayerContext
from ..rehearsal import Airflow, Contention, Rehearsal, load_rehearsal
from .target import DagsTarget, in_account

#: Name of the variable that stands for the database of a rehearsal.
_DATABASE: Final = "REHEARSED_DATABASE"
#: How long the emulated CloudWatch may take to count a message that was sent.
_SETTLING: Final = timedelta(seconds=2)
#: Window of a rehearsed DAG; longer than any rehearsal, so that every slot counts.
_WINDOW: Final = timedelta(minutes=10)
#: Seconds in which canaries must end, and in which their notifications must then arrive.
_PATIENCE: Final = 90.0
_DELIVERY: Final = 60.0
#: Runnable threads per core beyond which slots are late for want of a core; Airflow alone makes about one. Beside the
#: browser it was 2.4, and no slot was missed; with 3.1, once one was.
_MOST_PER_CORE: Final = 3.0
#: Seconds between two reports of progress.
_PROGRESS_EVERY: Final = 15.0
#: Seconds that runs may take which began while Airflow was starting, and between two looks at them.
_WARM_UP: Final = 40.0
_LOOK_EVERY: Final = 0.5
#: States of a run that has not ended.
_GOING_ON: Final = ("queued", "running")


@contextmanager
def rehearsing(context: LayerContext, section: AirflowSection) -> Iterator[DagsTarget]:
    """Run the DAGs until there is a history to ask for. Raises Unreadable with what to do."""
    settings = section.rehearsal
    if settings is None:
        example = 'history = "80 s", grace = "40 s", limit = "60 s" and crons = { ID = "* * * * * */12" }'
        raise Unreadable(
            f"{context.stated.path}: says not how DAGs run in a rehearsal; write [airflow.rehearsal] {example}"
        )
    rehearsal = load_rehearsal()
    with _open_airflow(context, section, settings, rehearsal) as airflow:
        with HttpTransport(airflow.url, Login(*airflow.viewer)) as transport:
            await_rest(transport, section.dags)
        since, id_, region = datetime.now(UTC), airflow.account.id, airflow.account.region
        calls = LiveCalls(rehearsal_clients(airflow.account.endpoint, region, reads=True), account=id_)
        with rehearsal.measure_cpu_contention() as crowd, in_account(context, calls, id_, region) as before:
            drilled = _attempt(lambda: _drill(context, airflow, section, before))
            _watch_slots(context, since + settings.history)
        context.progress(f"dags: {crowd.per_core:.1f} threads wanted each core")
        with in_account(context, calls, id_, region) as account, _open_transport(airflow, section, calls) as transport:
            target = _make_target(airflow, section, settings, transport, account)
            dags = [replace(dag, since=since) for dag in target.dags]  # each slot since then is known to be due
            yield replace(target, dags=dags, since=since, canary=drilled, crowded=_describe_contention(crowd))


def await_rest(transport: Transport, dags: Iterable[str]) -> None:
    """Wait until no run goes on, within a limit.

    The first runs are slow, since nothing is loaded yet, and each keeps the run of the next slot waiting, which would
    then be judged. What does not end is judged as well.
    """
    until, pause = monotonic() + _WARM_UP, threading.Event()
    while monotonic() < until and any(_goes_on(transport, dag_id) for dag_id in dags):
        pause.wait(_LOOK_EVERY)


def _goes_on(transport: Transport, dag_id: str) -> bool:
    try:
        found = transport.get(make_path(dag_id, "/dagRuns"), {"limit": "100"})
    except (Absent, Unreadable):  # what can't be read is read again, and said
        return False
    return any(run["state"] in _GOING_ON for run in found["dag_runs"])


@contextmanager
def _open_transport(airflow: Airflow, section: AirflowSection, calls: LiveCalls) -> Iterator[Transport]:
    """Yield how Airflow is asked: through the emulated MWAA where that is declared, else at its own address."""
    if section.environment:
        yield MwaaTransport(calls, section.environment, airflow.account.region)
    else:
        with HttpTransport(airflow.url, Login(*airflow.viewer)) as transport:
            yield transport


def _attempt(make: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
    """Make something now; return what returns it, or raises Unreadable for what can't be made, whenever it is asked."""
    try:
        made = make()
    except Unreadable as error:
        return partial(_refuse, error.reason)
    return lambda: made


def _refuse(reason: str) -> Mapping[str, Any]:
    raise Unreadable(reason)


def _make_target(
    airflow: Airflow, section: AirflowSection, settings: RehearsalSettings, transport: Transport, account: Account
) -> DagsTarget:
    return DagsTarget(
        place="the rehearsal's Airflow",
        transport=transport,
        account=account,
        dags=[_speed_up(dag.declared, settings) for dag in section.dags.values()],
        since=account.now,
        canary=dict,
        secret=_refuse_secret,
        environment=section.environment,
        variables={_DATABASE: airflow.database} if airflow.database else os.environ,
        settling=_SETTLING,
        data=_use_rehearsal_database if airflow.database else _keep_database,
    )


def _describe_contention(crowd: Contention) -> str:
    """Say why slots can't be judged when the machine was too busy to run them; empty when it was not."""
    if crowd.per_core <= _MOST_PER_CORE:
        return ""
    return (
        f"{crowd.per_core:.1f} threads wanted each core of this machine, more than {_MOST_PER_CORE:g}: what was late "
        "or missed says nothing of the DAGs; rehearse where less else runs"
    )


def _speed_up(dag: DeclaredDag, rehearsal: RehearsalSettings) -> DeclaredDag:
    schedule = Schedule(cron=rehearsal.crons[dag.dag_id], timezone=dag.schedule.timezone)
    return replace(dag, schedule=schedule, window=_WINDOW, grace=rehearsal.grace, limit=rehearsal.limit)


def _use_rehearsal_database(section: DataSection) -> DataSection:
    if isinstance(section.place, SlotTable):
        return replace(section, place=replace(section.place, database=f"env:{_DATABASE}"))
    return section


def _keep_database(section: DataSection) -> DataSection:
    """Leave a place where it is stated: a team's own DAGs write where their own variables say."""
    return section


def _refuse_secret(name: str) -> str:
    raise Unreadable(f"secret:{name}: a rehearsal asks for no secrets")


@contextmanager
def _open_airflow(
    context: LayerContext, section: AirflowSection, settings: RehearsalSettings, rehearsal: Rehearsal
) -> Iterator[Airflow]:
    """Start an account, news feeds and Airflow. Raises Unreadable when one of them does not start."""
    root = context.stated.applied_root
    if not root:
        raise Unreadable(f'{context.stated.path}: names no Terraform root to rehearse; write [terraform] root = "path"')
    opened = rehearsal.open_airflow(
        context.project / root,
        context.project / section.folder,
        _make_log_folder(context),
        var_files=context.var_files,
        version=section.version,
        environment=section.environment,
        schedules=settings.crons,
        server=resolve(settings.database, os.environ) if settings.database else "",
        past=name_past(context.stated.rehearsal, context.project),
        shared=context.shared_account,
        progress=context.progress_of("dags"),
    )
    with ExitStack() as stack:
        try:
            airflow = stack.enter_context(opened)
        except (TerraformError, EngineError) as error:
            raise Unreadable(str(error)) from error
        yield airflow


def _make_log_folder(context: LayerContext) -> Path:
    folder = context.run / "logs" / "dags"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _drill(context: LayerContext, airflow: Airflow, section: AirflowSection, account: Account) -> Mapping[str, Any]:
    """Make the canary fail in every way, and return the record of what became of it. Raises Unreadable."""
    if not section.canary:
        raise Unreadable(f"{context.stated.path}: names no DAG that may fail on purpose; write [airflow] canary = ID")
    if not section.environment:
        raise Unreadable(
            "where an Airflow of your own sends its failures is not known, so that no drill can be followed here; "
            "prodgate drill dag does it on a real account"
        )
    where = find_failure_destinations(account, section.environment)
    place = Place(dag_id=section.canary, target=context.target.url, queue=where.queue, topic=where.topic)
    aws = airflow.account.clients
    canaries = AirflowCanaries(MwaaWriter(aws, section.environment, airflow.account.region))
    done = drill_canary(canaries, aws, place, context.progress_of("dags"), patience=_PATIENCE, delivery=_DELIVERY)
    return done.to_json()


def _watch_slots(context: LayerContext, until: datetime) -> None:
    """Wait until a time, and report how long that still takes."""
    pause = threading.Event()
    while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
        context.progress(f"dags: watching slots for {left:.0f} s more")
        pause.wait(min(left, _PROGRESS_EVERY))
