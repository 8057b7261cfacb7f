"""The Airflow that is asked: the one that the criteria name, or one of our own that runs the DAGs for a while."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..airflow.direct import Access, HttpTransport, Login, Token
from ..airflow.mwaa import MwaaTransport
from ..airflow.transport import Transport
from ..aws.account import WORKERS, Account
from ..aws.answers import Unreadable
from ..aws.calls import LiveCalls
from ..canaries.kept import find_latest_drill
from ..collected.references import Secret, resolve, secret_reader
from ..criteria import UsageError
from ..dags.declared import DeclaredDag
from ..dags_section import AirflowSection
from ..data_section import DataSection
from ..facts.dags.places import FailureDestinations, find_failure_destinations
from .layer import LayerContext
from .live import make_account
from .project_seen import ProjectView

#: How long CloudWatch may take to tell of a message that was sent.
_SETTLING: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsTarget:
    """An Airflow that can be asked, in its account."""

    place: str
    """How a person calls it; the same in every run."""
    transport: Transport
    account: Account
    dags: Sequence[DeclaredDag]
    since: datetime
    canary: Callable[[], Mapping[str, Any]]
    """What became of the canary, by the last drill. Raises Unreadable when there was none."""
    secret: Secret
    environment: str = ""
    """Name of the MWAA environment."""
    variables: Mapping[str, str]
    """What ``env:NAME`` stands for."""
    settling: timedelta = _SETTLING
    crowded: str = ""
    """Why slots can't be judged though they were observed; empty where they can."""
    data: Callable[[DataSection], DataSection] = lambda section: section
    """Where the data of this Airflow are, that are declared to be elsewhere in production."""

    @property
    def access(self) -> Mapping[str, Any]:
        """What data are looked at with."""
        return {"environment": self.variables, "secret": self.secret, "account": self.account}

    def places(self) -> FailureDestinations:
        """Return the queue and the topic that failures go to. Raises Unreadable when they are not certain."""
        return find_failure_destinations(self.account, self.environment)


@contextmanager
def open_target(at: LayerContext, section: AirflowSection) -> Iterator[DagsTarget]:
    """Open the Airflow while the context is open. Raises Unreadable with what to do, and UsageError."""
    if at.target.rehearsal:
        from .dags_rehearsal import rehearsing  # noqa: PLC0415  boto3 and the emulator take long to import

        with rehearsing(at, section) as target:
            yield target
        return
    with _open_real(at, section) as target:
        yield target


@contextmanager
def _open_real(at: LayerContext, section: AirflowSection) -> Iterator[DagsTarget]:
    from ..aws.clients import Clients  # noqa: PLC0415  boto3 takes as long to import as all the rest
    from ..aws.opening import open_account, open_session  # noqa: PLC0415

    if not at.stated.account:
        raise UsageError(f'{at.stated.path}: names no account; write [account] with id = "123456789012"')
    calls = open_account(at.target.profile, at.target.region, at.stated.account)
    secrets = secret_reader(Clients(open_session(at.target.profile, at.target.region, os.environ), at.target.region))
    dags = [dag.declared for dag in section.dags.values()]
    with in_account(at, calls, at.stated.account, at.target.region) as account:
        yield DagsTarget(
            place=section.url or f"{section.environment} in {at.target.region}",
            transport=_transport(section, calls, at.target.region, secrets),
            account=account,
            dags=dags,
            since=datetime.now(UTC) - max(dag.window for dag in dags),
            canary=lambda: _read_drill(at, section),
            secret=secrets,
            environment=section.environment,
            variables=os.environ,
        )


@contextmanager
def in_account(at: LayerContext, calls: LiveCalls, id_: str, region: str) -> Iterator[Account]:
    """Yield an account whose answers are not kept: what is made of them is."""
    about = {"id": id_, "region": region, "now": datetime.now(UTC).isoformat()}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
        yield make_account(calls, about, ProjectView(at), pool)


def _transport(section: AirflowSection, calls: LiveCalls, region: str, secret: Secret) -> Transport:
    if section.environment:
        return MwaaTransport(calls, section.environment, region)
    return HttpTransport(section.url, _access(section, secret))


def _access(section: AirflowSection, secret: Secret) -> Access:
    """Return what opens an Airflow at a URL. Raises Unreadable for a reference that leads nowhere."""
    if section.token:
        return Token(resolve(section.token, os.environ, secret))
    if section.username or section.password:
        return Login(*(resolve(each, os.environ, secret) for each in (section.username, section.password)))
    return None


def _read_drill(at: LayerContext, section: AirflowSection) -> Mapping[str, Any]:
    """Return the record of the last drill. Raises Unreadable when there is none."""
    found = find_latest_drill(at.run.parent, at.target.url)
    if found is None:
        again = f"prodgate drill dag {section.canary or 'NAME'} {at.target.url}"
        raise Unreadable(f"no drill is on record; {again} makes one")
    return found
