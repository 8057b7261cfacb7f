"""The Airflow that is observed, and the account that it runs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ...airflow.transport import Transport
from ...aws.account import WORKERS, Account, Calls
from ...aws.answers import Unreadable
from ...collected.references import Secret
from ...dags.declared import DeclaredDag
from ...facts.dags.failure_destinations import FailureDestinations, find_failure_destinations
from ...sections.data import DataSection
from ..layer import LayerContext
from ..live.observing import make_account
from ..static.repository import ProjectView

#: How long CloudWatch may take to count a message that was sent.
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
    """Returns what became of the canary in the last drill. Raises Unreadable when there was none."""
    secret: Secret
    environment: str = ""
    """Name of the MWAA environment."""
    variables: Mapping[str, str]
    """What ``env:NAME`` stands for."""
    settling: timedelta = _SETTLING
    crowded: str = ""
    """Why slots can't be judged though they were observed; empty where they can."""
    data: Callable[[DataSection], DataSection] = lambda section: section
    """Returns where this Airflow's data are, given where they are declared to be in production."""

    @property
    def access(self) -> Mapping[str, Any]:
        """What is needed to read the data that slots left."""
        return {"environment": self.variables, "secret": self.secret, "account": self.account}

    def places(self) -> FailureDestinations:
        """Return the queue and the topic that failures go to. Raises Unreadable when they are not certain."""
        return find_failure_destinations(self.account, self.environment)


@dataclass(frozen=True, slots=True)
class NoAccount:
    """What is asked in the place of an account where none is known: each question is answered by why."""

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
