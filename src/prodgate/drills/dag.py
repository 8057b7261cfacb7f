"""Makes the canary DAG fail in every way: it must be retried, leave a dead letter and notify people."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ..airflow.direct import Access, HttpTransport, HttpWriter, Login, Token
from ..airflow.mwaa import MwaaWriter
from ..airflow.transport import Writer
from ..aws.account import WORKERS, Account, Calls
from ..aws.answers import Unreadable
from ..canaries.drill import KIND, AirflowCanaries, CanaryDrill, Place, drill_canary
from ..collected.references import resolve, secret_reader
from ..criteria import UsageError
from ..facts.dags.failures import FailureDestinations, find_failure_destinations
from ..sections.criteria_file import CriteriaFile
from ..sections.dags import AirflowSection
from ..sections.targets import Target
from .alarm import list_automation
from .outcome import Begin, Outcome

if TYPE_CHECKING:
    from ..aws.clients import Clients

#: Seconds in which runs must end, unless --patience says otherwise: some executors notice a killed task after minutes.
PATIENCE: Final = 900.0
#: Seconds in which their messages must arrive after that.
DELIVERY: Final = 120.0


def find_canary(stated: CriteriaFile, name: str, target: Target) -> AirflowSection:
    """Return the section that declares this canary. Raises UsageError for any other DAG."""
    section = stated.airflow
    if section is None or not section.canary:
        raise UsageError(f'{stated.path}: names no canary; write [airflow] with canary = "NAME"')
    if name != section.canary:
        raise UsageError(f"DAG {name!r}: is not the canary of {stated.path}, which is {section.canary!r}")
    if target.rehearsal:
        raise UsageError(f"{target.url}: the dags layer drills {name!r} itself: prodgate run {target.url} --only dags")
    return section


def drill_dag(
    section: AirflowSection,
    aws: "Clients",
    calls: Calls,
    *,
    id_: str,
    target: Target,
    begin: Begin,
    tell: Callable[[str], None],
    patience: float | None = None,
) -> Outcome:
    """Drill the canary of the account ``id_``; ``calls`` only read it. Raises UsageError."""
    with _account(calls, id_, target.region) as account:
        try:
            where = find_failure_destinations(account, section.environment, section.role)
        except Unreadable as error:
            raise UsageError(f"drill: {error.reason}") from error
    if why := [*list_automation(aws, where.topic)]:
        raise UsageError("\n".join(f"drill: {each}; let people alone be told of failures, then drill" for each in why))
    place = Place(dag_id=section.canary, target=target.url, queue=where.queue, topic=where.topic)
    with _writer(section, aws, where) as writer:
        journal = begin()
        most = PATIENCE if patience is None else patience
        drilled = drill_canary(
            AirflowCanaries(writer), aws, place, tell, patience=most, delivery=DELIVERY, journal=journal
        )
    return Outcome(
        run=journal.path.parent,
        kind=KIND,
        subject=section.canary,
        record=drilled.to_json(),
        lines=tuple(_render_lines(drilled)),
        good=not drilled.flaws and not drilled.left,
    )


@contextmanager
def _account(calls: Calls, id_: str, region: str) -> Iterator[Account]:
    def refuse(_: str) -> Any:
        raise Unreadable("a drill looks at nothing that is declared")

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
        yield Account(
            id=id_, region=region, now=datetime.now(UTC), calls=calls, pool=pool, declared=refuse, files=refuse
        )


@contextmanager
def _writer(section: AirflowSection, aws: "Clients", where: FailureDestinations) -> Iterator[Writer]:
    if not section.url:
        yield MwaaWriter(aws, where.environment, where.queue.split(":")[3])
        return
    with HttpTransport(section.url, _resolve_access(section, aws)) as direct:
        yield HttpWriter(direct)


def _resolve_access(section: AirflowSection, aws: "Clients") -> Access:
    try:
        token, user, password = (
            resolve(each, os.environ, secret_reader(aws)) if each else ""
            for each in (section.token, section.username, section.password)
        )
    except Unreadable as error:
        raise UsageError(f"drill: {error.reason}") from error
    return Token(token) if token else Login(user, password) if user else None


def _render_lines(drilled: CanaryDrill) -> Iterator[str]:
    for one in drilled.tried:
        came = (("dead letter", one.dead_letter), ("notice", one.notice))
        arrived = "".join(f", {what} after {seconds:g} s" for what, seconds in came if seconds is not None)
        yield f"{one.mode}: {one.run_id or 'no run'} {one.state or 'not seen'} after {one.tries} tries{arrived}"
    yield from (f"wrong: {flaw}" for flaw in drilled.flaws)
