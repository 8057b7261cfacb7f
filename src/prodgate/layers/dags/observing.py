"""Observing DAGs: their files, the Airflow that runs them, the data they left, and where their failures went."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ...airflow.direct import Access, HttpTransport, Login, Token
from ...airflow.history import make_path, observe_history
from ...airflow.mwaa import MwaaTransport, MwaaWriter
from ...airflow.transport import Transport
from ...aws.account import WORKERS, Account, Calls
from ...aws.answers import Absent, Unreadable
from ...aws.calls import LiveCalls
from ...canaries.drill import MODES, AirflowCanaries, Place, drill_canary, find_latest_drill
from ...collected.observing import observe as look_at_data
from ...collected.references import Secret, resolve, secret_reader
from ...dag_files.observing import observe as look_at_files
from ...dags.cron import find_slot_before
from ...dags.declared import DeclaredDag, Schedule, Spell
from ...dags.ledger import count_lacking
from ...engines.environments import EngineError, ensure_python
from ...facts.dags.failures import FailureDestinations, find_failure_destinations, observe as look_at_letters
from ...facts.dags.files import observe_deployed
from ...processes.progress import MOMENTARY
from ...sections.dags import AirflowSection, DataSection, RehearsalSettings, SlotTable
from ...sections.e2e import name_past
from ...terraform.diagnostics import TerraformError
from ..layer import AT_REST, LayerContext
from ..live.observing import make_account
from ..named_site import require_account, why_no_account
from ..observing_layer import Evidence, list_previous
from ..rehearsal import Airflow, Rehearsal, load_rehearsal
from ..static.repository import ProjectView
from .facts import (
    BEFORE,
    CANARY,
    DATA,
    DECLARED,
    DEPLOYED,
    FILES,
    HISTORY,
    LETTERS,
    OBSERVED,
    dag_to_json,
    spells_to_json,
)

# ── The Airflow that is observed, and the account that it runs in

#: How long CloudWatch may take to count a message that was sent.
_SETTLING: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsTarget:
    """An Airflow in its account."""

    place: str
    """How a person calls it; the same in every run."""
    transport: Transport
    account: Account
    dags: Sequence[DeclaredDag]
    since: datetime
    canary: Callable[[], Mapping[str, Any]]
    """Returns what became of the canary in the last drill. Raises Unreadable when there was none."""
    secret: Secret
    environment: str = ""
    """Name of the MWAA environment."""
    role: str = ""
    """The role of the workers elsewhere."""
    variables: Mapping[str, str]
    """Name -> value, for ``env:NAME``."""
    settling: timedelta = _SETTLING
    find_spells: Callable[[], Sequence[Spell]] = tuple
    """Returns the times until now whose slots are set aside, whatever became of them."""
    data: Callable[[DataSection], DataSection] = lambda section: section
    """Returns where this Airflow's data are, given where they are declared to be in production."""

    @property
    def access(self) -> Mapping[str, Any]:
        """The access to the data that slots left."""
        return {"environment": self.variables, "secret": self.secret, "account": self.account}

    def places(self) -> FailureDestinations:
        """Return the queue and the topic that failures go to. Raises Unreadable when they are not certain."""
        return find_failure_destinations(self.account, self.environment, self.role)


@dataclass(frozen=True, slots=True)
class NoAccount:
    """Stands for an unknown account: each question gets the reason."""

    reason: str

    def pages(
        self,
        service: str,  # noqa: ARG002  as every account is asked
        operation: str,  # noqa: ARG002
        region: str,  # noqa: ARG002
        parameters: Mapping[str, Any],  # noqa: ARG002
        *,
        whole: bool,  # noqa: ARG002
    ) -> Sequence[Any]:
        """Raise Unreadable."""
        raise Unreadable(self.reason)

    def secret(self, name: str) -> str:
        """Raise Unreadable."""
        raise Unreadable(f"secret:{name}: {self.reason}, or name an environment variable instead")


@contextmanager
def in_account(context: LayerContext, calls: Calls, id_: str, region: str) -> Iterator[Account]:
    """Yield an account whose answers are not stored as evidence; what is made of them is."""
    about = {"id": id_, "region": region, "now": datetime.now(UTC).isoformat()}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
        yield make_account(calls, about, ProjectView(context), pool)


def open_target(
    context: LayerContext, section: AirflowSection, drill_over: threading.Event
) -> AbstractContextManager[DagsTarget]:
    """Open the Airflow while the context is open; ``drill_over`` is set once there was one, where there is.

    Raises Unreadable with what to do, and UsageError.
    """
    if context.target.rehearsal:
        return rehearsing(context, section, drill_over)
    drill_over.set()
    if (reason := why_no_account(context)) and section.url:
        return _open_alone(context, section, reason)
    return _open_real(context, section)


@contextmanager
def _open_real(context: LayerContext, section: AirflowSection) -> Iterator[DagsTarget]:
    from ...aws.clients import Clients  # noqa: PLC0415  boto3 takes as long to import as all the rest
    from ...aws.sessions import open_account, open_session  # noqa: PLC0415

    account_id = require_account(context)
    calls = open_account(context.target.profile, context.target.region, account_id)
    secrets = secret_reader(
        Clients(open_session(context.target.profile, context.target.region, os.environ), context.target.region)
    )
    with in_account(context, calls, account_id, context.target.region) as account:
        transport = _transport(section, calls, context.target.region, secrets)
        yield _make_target(context, section, transport=transport, account=account, secret=secrets)


@contextmanager
def _open_alone(context: LayerContext, section: AirflowSection, reason: str) -> Iterator[DagsTarget]:
    """Open an Airflow at a URL without a known account: questions to the account get ``reason``."""
    nobody = NoAccount(reason)
    transport = HttpTransport(section.url, _access(section, nobody.secret))
    with in_account(context, nobody, "", context.target.region) as account:
        yield _make_target(context, section, transport=transport, account=account, secret=nobody.secret)


def _make_target(
    context: LayerContext, section: AirflowSection, *, transport: Transport, account: Account, secret: Secret
) -> DagsTarget:
    dags = [dag.declared for dag in section.dags.values()]
    return DagsTarget(
        place=section.url or f"{section.environment} in {context.target.region}",
        transport=transport,
        account=account,
        dags=dags,
        since=datetime.now(UTC) - max(dag.window for dag in dags),
        canary=lambda: _read_drill(context, section),
        secret=secret,
        environment=section.environment,
        role=section.role,
        variables=os.environ,
    )


def _transport(section: AirflowSection, calls: LiveCalls, region: str, secret: Secret) -> Transport:
    if section.environment:
        return MwaaTransport(calls, section.environment, region)
    return HttpTransport(section.url, _access(section, secret))


def _access(section: AirflowSection, secret: Secret) -> Access:
    """Return the credentials for an Airflow at a URL. Raises Unreadable for a reference that leads nowhere."""
    if section.token:
        return Token(resolve(section.token, os.environ, secret))
    if section.username or section.password:
        return Login(*(resolve(each, os.environ, secret) for each in (section.username, section.password)))
    return None


def _read_drill(context: LayerContext, section: AirflowSection) -> Mapping[str, Any]:
    """Return the record of the last drill. Raises Unreadable when there is none."""
    found = find_latest_drill(context.run.parent, context.target.url)
    if found is None:
        again = f"prodgate drill dag {section.canary or 'NAME'} {context.target.url}"
        raise Unreadable(f"no drill is on record; {again} makes one")
    return found


def observe(context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield evidence; note missing evidence in ``unreadable``. Raises Unreadable when Airflow does not answer."""
    section = require_section(context)
    yield _make_evidence(DECLARED, _declared_json(section), str(context.stated.path))
    stopped, drill_over, given_up = None, threading.Event(), threading.Event()

    def read_files() -> Mapping[str, Any]:
        drill_over.wait()  # computing earlier would delay the drill, and the first slot
        return {} if given_up.is_set() else _observe_files(context, section, unreadable)

    with ThreadPoolExecutor(1, thread_name_prefix="files") as thread:
        reading = thread.submit(read_files)
        try:
            yield from _observe_airflow(context, section, unreadable, drill_over)
        except Unreadable as error:
            stopped = error
        except BaseException:  # an interrupt leaves no time to begin with the files
            given_up.set()
            raise
        finally:
            drill_over.set()
        if files := reading.result():
            yield _make_evidence(FILES, files, f"Airflow {section.version}")
    if stopped is not None:
        raise stopped


def _make_evidence(kind: str, value: Mapping[str, Any], source: str) -> Evidence:
    subject = str(value.get("place") or value.get("dag") or value.get("queue") or kind)
    return Evidence(kind=kind, value=value, subject=subject, source=source)


def _observe_airflow(
    context: LayerContext, section: AirflowSection, unreadable: dict[str, str], drill_over: threading.Event
) -> Iterator[Evidence]:
    with open_target(context, section, drill_over) as target:
        yield from _observe_history(context, target, section)
        looks: Mapping[str, Callable[[], tuple[Mapping[str, Any], str]]] = {
            DEPLOYED: lambda: (observe_deployed(target.account, target.environment), target.place),
            LETTERS: lambda: _observe_dead_letters(target),
            CANARY: lambda: ({**target.canary(), "asked": datetime.now(UTC).isoformat()}, "a drill"),
        }
        for kind, look in looks.items():
            try:
                yield _make_evidence(kind, *look())
            except Unreadable as error:
                unreadable[kind] = error.reason


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
        "exempt": [*section.exempt, section.canary],
    }


def _observe_history(context: LayerContext, target: DagsTarget, section: AirflowSection) -> Iterator[Evidence]:
    """Ask Airflow for its history, then look for the data of its slots. Raises Unreadable without an answer."""
    now = datetime.now(UTC)
    asked = [*section.dags, *([section.canary] if section.canary else [])]
    context.progress(f"dags: asking Airflow at {target.place} since {target.since:%Y-%m-%d %H:%M:%S} UTC")
    answers = observe_history(target.transport, asked, since=target.since, now=now)
    yield _make_evidence(
        OBSERVED,
        {
            "place": target.place,
            "spells": spells_to_json(target.find_spells()),
            "dags": {dag.dag_id: dag_to_json(dag) for dag in target.dags},
        },
        target.place,
    )
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


def _observe_dead_letters(target: DagsTarget) -> tuple[Mapping[str, Any], str]:
    queue = target.places().queue
    return look_at_letters(target.account, queue, target.since, target.settling), queue


# ── A rehearsal: a real Airflow that runs DAGs for a while, in an emulated account with what is declared

#: Name of the variable that stands for the database of a rehearsal.
_DATABASE: Final = "REHEARSED_DATABASE"
#: How long the emulated CloudWatch may take to count a message that was sent.
_EMULATED_SETTLING: Final = timedelta(seconds=2)
#: The most time that a rehearsal takes besides watching slots. A DAG's window is longer, so that every slot counts.
_BESIDE: Final = timedelta(minutes=10)
#: Seconds in which canaries must end, and in which their notifications must then arrive.
_PATIENCE: Final = 90.0
_DELIVERY: Final = 60.0
#: How long no spell may have come before a drill of canaries is repeated.
_CALM: Final = timedelta(seconds=2)
#: Seconds between two reports of progress.
_PROGRESS_EVERY: Final = 15.0
#: Seconds that runs begun while Airflow was starting may take, and then the first ones; and between two looks at them.
_WARM_UP: Final = 40.0
_LOOK_EVERY: Final = 0.5
#: Seconds between two counts of sound slots.
_SLOT_EVERY: Final = 3.0
#: States of a run that has not ended.
_GOING_ON: Final = ("queued", "running")


@contextmanager
def rehearsing(context: LayerContext, section: AirflowSection, drill_over: threading.Event) -> Iterator[DagsTarget]:
    """Run the DAGs until there is a history to ask for; ``drill_over`` is set when nothing but time must pass.

    Raises Unreadable with what to do.
    """
    settings = section.rehearsal
    if settings is None:
        example = 'history = "80 s", grace = "40 s", limit = "60 s" and crons = { ID = "* * * * * */12" }'
        raise Unreadable(
            f"{context.stated.path}: says not how DAGs run in a rehearsal; write [airflow.rehearsal] {example}"
        )
    from ...aws.clients import rehearsal_clients  # noqa: PLC0415  boto3 takes as long to import as all the rest

    with _open_airflow(context, section, settings, load_rehearsal()) as airflow:
        id_, region = airflow.account.id, airflow.account.region
        calls = LiveCalls(rehearsal_clients(airflow.account.endpoint, region, reads=True), account=id_)
        with airflow.watch() as find_spells:
            with HttpTransport(airflow.url, Login(*airflow.viewer)) as transport:
                await_rest(transport, section.dags)
                since = datetime.now(UTC)
                await_first_runs(transport, section.dags, since)
            context.progress(f"dags: {AT_REST}")
            with in_account(context, calls, id_, region) as before:
                drilled = _drill_soundly(
                    lambda modes: _drill(context, airflow, section, before, modes), since + settings.most, find_spells
                )
            drill_over.set()
            schedules = [_speed_up(dag.declared, settings).schedule for dag in section.dags.values()]
            _watch_slots(context, since, settings, schedules, find_spells)
            with (
                in_account(context, calls, id_, region) as account,
                _open_transport(airflow, section, calls) as transport,
            ):
                target = _make_rehearsed(airflow, section, settings, transport, account)
                dags = [replace(dag, since=since) for dag in target.dags]  # each slot since then is known to be due
                yield replace(target, dags=dags, since=since, canary=drilled, find_spells=find_spells)


def await_rest(transport: Transport, dags: Iterable[str]) -> None:
    """Wait until no run goes on, within a limit.

    The first runs are slow, because nothing is loaded yet, and each delays the run of the next slot, which would
    then be judged. Runs that do not end are judged as well.
    """
    _wait_for_runs(transport, dags, lambda runs: all(run["state"] not in _GOING_ON for run in runs))


def await_first_runs(transport: Transport, dags: Iterable[str], since: datetime) -> None:
    """Wait until a run of each DAG has ended since an instant at which none went on, within a limit.

    Beside the drill and the other layers the first run of a DAG takes as long as the next slot is away, or longer, so
    that a busy machine missed slots.
    """

    def have_ended(runs: Sequence[Mapping[str, Any]]) -> bool:
        return any(run["end_date"] and datetime.fromisoformat(run["end_date"]) > since for run in runs)

    _wait_for_runs(transport, dags, have_ended)


def _wait_for_runs(
    transport: Transport, dags: Iterable[str], suffice: Callable[[Sequence[Mapping[str, Any]]], bool]
) -> None:
    until, pause = monotonic() + _WARM_UP, threading.Event()
    while monotonic() < until and not all(suffice(runs) for runs in _list_runs(transport, dags)):
        pause.wait(_LOOK_EVERY)


def _list_runs(transport: Transport, dags: Iterable[str]) -> Iterator[Sequence[Mapping[str, Any]]]:
    for dag_id in dags:
        with suppress(Absent, Unreadable):  # the reading of the history repeats this, and reports it
            yield transport.get(make_path(dag_id, "/dagRuns"), {"limit": "100"})["dag_runs"]


@contextmanager
def _open_transport(airflow: Airflow, section: AirflowSection, calls: LiveCalls) -> Iterator[Transport]:
    """Yield the transport to Airflow: through the emulated MWAA if that is declared, else its own address."""
    if section.environment:
        yield MwaaTransport(calls, section.environment, airflow.account.region)
    else:
        with HttpTransport(airflow.url, Login(*airflow.viewer)) as transport:
            yield transport


def _drill_soundly(
    drill: Callable[[Sequence[str]], Mapping[str, Any]], until: datetime, find_spells: Callable[[], Sequence[Spell]]
) -> Callable[[], Mapping[str, Any]]:
    """Drill every mode; while there is time, repeat those into which spells fell, whatever their result.

    The last try of each mode counts, with the reason of a spell that fell into it. Returns a function that
    returns the record, or raises Unreadable.
    """
    modes: tuple[str, ...] = MODES
    kept = dict[str, Any]()
    while True:
        begun, why = datetime.now(UTC), ""
        try:
            record = drill(modes)
        except Unreadable as error:
            why, ended = error.reason, datetime.now(UTC)
            spans = dict.fromkeys(modes, (begun, ended))
        else:
            ended, tried = datetime.now(UTC), {one["mode"]: one for one in (*kept.get("tried", ()), *record["tried"])}
            spans = {mode: _read_span(tried[mode]) for mode in modes}
        spells = find_spells()
        spoiled = {mode: _find_reason(spells, *span) for mode, span in spans.items()}
        modes = tuple(mode for mode, reason in spoiled.items() if reason)
        if not why:
            tried |= {mode: {**tried[mode], "disturbed": reason} for mode, reason in spoiled.items()}
            kept = {**record, "tried": [*tried.values()]}
        if not modes or not _await_calm(find_spells, until - (ended - begun)):
            break
    return partial(_refuse, why) if why else lambda: kept


def _read_span(run: Mapping[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(run["began"]), datetime.fromisoformat(run["over"])


def _find_reason(spells: Iterable[Spell], begin: datetime, end: datetime) -> str:
    """Return the reason of a spell that fell into a time; empty for none."""
    return next((spell.reason for spell in spells if spell.begin < end and spell.end > begin), "")


def _await_calm(find_spells: Callable[[], Sequence[Spell]], until: datetime) -> bool:
    """Wait until there was no spell for some seconds; return whether that came in time."""
    pause = threading.Event()
    while (now := datetime.now(UTC)) < until:
        if not _find_reason(find_spells(), now - _CALM, now):
            return True
        pause.wait(_LOOK_EVERY)
    return False


def _refuse(reason: str) -> Mapping[str, Any]:
    raise Unreadable(reason)


def _make_rehearsed(
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
        settling=_EMULATED_SETTLING,
        data=_use_rehearsal_database if airflow.database else lambda section: section,
    )


def _speed_up(dag: DeclaredDag, rehearsal: RehearsalSettings) -> DeclaredDag:
    schedule = Schedule(cron=rehearsal.crons[dag.dag_id], timezone=dag.schedule.timezone)
    return replace(
        dag, schedule=schedule, window=rehearsal.most + _BESIDE, grace=rehearsal.grace, limit=rehearsal.limit
    )


def _use_rehearsal_database(section: DataSection) -> DataSection:
    if isinstance(section.place, SlotTable):
        return replace(section, place=replace(section.place, database=f"env:{_DATABASE}"))
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
        context.make_folder("dags"),
        var_files=context.var_files,
        account=context.stated.account,
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


def _drill(
    context: LayerContext, airflow: Airflow, section: AirflowSection, account: Account, modes: Sequence[str]
) -> Mapping[str, Any]:
    """Make the canary fail in some ways, and return the record of what became of it. Raises Unreadable."""
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
    tell = context.progress_of("dags")
    return drill_canary(canaries, aws, place, tell, patience=_PATIENCE, delivery=_DELIVERY, modes=modes).to_json()


def _watch_slots(
    context: LayerContext,
    since: datetime,
    settings: RehearsalSettings,
    schedules: Sequence[Schedule],
    find_spells: Callable[[], Sequence[Spell]],
) -> None:
    """Wait until each DAG had as many sound slots as the stated time has, and report how long that still takes."""
    pause = threading.Event()
    while (left := (since + settings.history - datetime.now(UTC)).total_seconds()) > 0:
        context.progress(f"dags: watching slots for {left:.0f} s more{MOMENTARY}")
        pause.wait(min(left, _PROGRESS_EVERY))
    while (now := datetime.now(UTC)) < since + settings.most:
        spells = find_spells()
        lacking = max(count_lacking(each, since, settings.history, now, spells) for each in schedules)
        if lacking <= 0:
            return
        left = (since + settings.most - now).total_seconds()
        context.progress(
            f"dags: waiting for {lacking} more sound slots, for {left:.0f} s at most; the last spell was: "
            f"{spells[-1].reason}{MOMENTARY}"
        )
        pause.wait(_SLOT_EVERY)
