"""The Protocol between layers and a rehearsal. Only this module loads the implementation, when a rehearsal runs."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

from ..aws.answers import Unreadable
from ..dags.declared import Spell
from ..processes.progress import Progress
from ..terraform.diagnostics import Diagnostic
from ..terraform.resources import Configuration


class EmulatedAccount(Protocol):
    """An emulated account in which Terraform core has created what a configuration declares."""

    @property
    def id(self) -> str:
        """Its number, 12 digits."""

    @property
    def region(self) -> str:
        """Its main region."""

    @property
    def endpoint(self) -> str:
        """Where it listens: the proxy of whoever speaks to AWS."""

    @property
    def clients(self) -> Any:
        """boto3 clients by service, which may change it."""

    @property
    def failed(self) -> tuple[Diagnostic, ...]:
        """The resources that could not be created, and why."""

    @property
    def not_created(self) -> Mapping[str, tuple[str, ...]]:
        """Addresses of resources that nothing here can create, by type."""

    def declared(self, kind: str) -> Mapping[str, Any]:
        """What Terraform knows of the resources of a type, by address."""

    @property
    def past_failed(self) -> Mapping[str, str]:
        """Why a part of its past is missing, by section of the scenario."""


class Site(Protocol):
    """A site of our own, whose log can be read and whose builds can be changed while it runs."""

    url: str
    access_log: Path

    def deploy(self, build: str) -> None:
        """Put another build in place of the one that runs; return when the old one is gone."""
        ...


class Edge(Protocol):
    """A stand-in for the declared distribution, in front of a site."""

    @property
    def url(self) -> str:
        """Where it listens with TLS."""

    @property
    def plain_url(self) -> str:
        """Where it listens without."""

    @property
    def ca_file(self) -> Path:
        """The authority that issued its certificate."""

    @property
    def pin(self) -> str:
        """Digest of its public key, for browsers."""


class Airflow(Protocol):
    """An Airflow of our own that runs a project's DAGs against an emulated account."""

    @property
    def account(self) -> EmulatedAccount:
        """The account, whose environments answer from this Airflow."""

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database that DAGs of the sample system write to; empty for those of others."""

    @property
    def url(self) -> str:
        """Where it listens."""

    @property
    def viewer(self) -> tuple[str, str]:
        """Name and password of whoever may only look."""

    def watch(self) -> AbstractContextManager[Callable[[], Sequence[Spell]]]:
        """Watch what keeps it from its work while the context is open; yield what returns the spells until now."""
        ...


class Rollout(Protocol):
    """Two colours of a site of our own behind a real proxy, what deploys to them, and an account that keeps step."""

    @property
    def account(self) -> EmulatedAccount:
        """The account, whose answers about deployments, weights, targets, alarms and snapshots follow what happens."""

    @property
    def url(self) -> str:
        """Where the proxy listens: what readers reach, whichever colour serves."""

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database that both colours use; at the schema of the build that serves."""

    @property
    def kept_in(self) -> str:
        """The database, in words: a version of PostgreSQL, or SQLite and why."""

    def deploy(self, build: str, between: Callable[[], None] | None = None) -> Mapping[str, Any]:
        """Deploy a build by the declared stages, bake and alarms: backup, migration, shift, clean-up.

        ``between`` is called when the migration has ended and nothing has been deployed yet.
        Returns when it is over, however it ended, with ``{"build": …, "deployments": {service ARN: deployment id}}``;
        what became of it is to be read from the account. Raises Unreadable when it could not be begun.
        """
        ...


class Rehearsal(Protocol):
    """A system of our own in place of the real one. Each part lives as long as its context is open."""

    def open_account(
        self,
        root: Path,
        *,
        var_files: Sequence[Path],
        account: str,
        dags: Path | None,
        past: str,
        shared: int | None,
        progress: Progress,
    ) -> AbstractContextManager[EmulatedAccount]:
        """Open an emulated account with what a Terraform root declares. Raises TerraformError.

        It is a copy of the one that a run shares on the line ``shared``; without a line, the root is applied here, to
        the ``account`` of the criteria unless its provider block names one.
        ``past`` is the file that tells its past, ``sample`` for that of the sample system, or empty.
        """

    def open_site(self, logs: Path, *, build: str, database: str = "") -> AbstractContextManager[Site]:
        """Run a build of the sample site. Raises UsageError when it does not start."""

    def open_edge(self, site: str, scratch: Path, configuration: Configuration | None) -> AbstractContextManager[Edge]:
        """Run an edge before a site that does what a configuration declares; nothing without one. Raises Unreadable."""

    def open_airflow(
        self,
        root: Path,
        dags: Path,
        logs: Path,
        *,
        var_files: Sequence[Path],
        account: str,
        version: str,
        environment: str,
        schedules: Mapping[str, str],
        server: str,
        past: str,
        shared: int | None,
        progress: Progress,
    ) -> AbstractContextManager[Airflow]:
        """Run DAGs by other schedules, in an account as ``open_account`` gives it.

        ``environment`` is one of MWAA, or empty for an Airflow that is no part of the account.

        Raises Unreadable, TerraformError and EngineError when a part can't be had.
        """

    def open_rollout(
        self,
        root: Path,
        logs: Path,
        *,
        var_files: Sequence[Path],
        account: str,
        dags: Path | None,
        speed: int,
        shared: int | None,
        progress: Progress,
    ) -> AbstractContextManager[Rollout]:
        """Run blue behind a proxy, ready for a deployment that goes ``speed`` times as fast as is declared.

        The account is as ``open_account`` gives it. Raises Unreadable, TerraformError and EngineError when a part can't
        be had.
        """

    def list_types(self) -> Sequence[str]:
        """Return the types of resources that it creates, sorted."""


#: The module whose process applies a root once and gives each layer of a run a copy of the account.
SHARING: Final = "prodgate.rehearsal.sharing"


def load_rehearsal() -> Rehearsal:
    """Return the rehearsal. Raises Unreadable when a library that it needs is not installed."""
    try:
        from ..rehearsal import stack  # noqa: PLC0415  a run on a real account needs nothing of it
    except ImportError as error:
        raise Unreadable(f"{error.name} is not installed; write: pip install 'prod-gate[core,rehearsal]'") from error
    return stack
