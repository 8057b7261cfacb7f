"""The rehearsal as layers see it (`layers.rehearsal.Rehearsal`): an account, a site, an edge, an Airflow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..aws.answers import Unreadable
from ..aws.clients import REHEARSAL
from ..dags.declared import Spell
from ..engines.environments import ensure_python
from ..processes.progress import Progress
from ..terraform.resources import Configuration
from . import edge as edges
from .account import RehearsalAccount, copy_shared, provision
from .adapters import ADAPTERS
from .airflow import spells
from .airflow.home import list_exported
from .airflow.process import Airflow, running_in_scratch as running_airflow
from .airflow.sources import serving_feeds
from .edge import EdgeSettings, read_edge_settings
from .rollout import stage as rollouts
from .scenario import PLAIN, SCENARIO
from .site import process as sites
from .site.database import prepare_database


@dataclass(frozen=True, slots=True)
class StagedAirflow:
    """A running Airflow, its account, and the database of the sample site, if it is that site's."""

    account: RehearsalAccount
    database: str
    url: str
    viewer: tuple[str, str]
    running: Airflow

    def watch(self) -> AbstractContextManager[Callable[[], Sequence[Spell]]]:
        """Watch for spells that keep it from its work while the context is open; yield a function that returns them."""
        return spells.watching(self.running)


def open_account(
    root: Path,
    *,
    var_files: Sequence[Path],
    account: str,
    dags: Path | None,
    past: str,
    shared: int | None,
    progress: Progress,
) -> AbstractContextManager[RehearsalAccount]:
    """Open an emulated account with the resources that a Terraform root declares. Raises TerraformError.

    It is a copy of the one that a run shares on the line ``shared``; without a line, the root is applied here. ``past``
    is the scenario file of its past, ``sample`` for that of the sample system, or empty.
    """
    scenario = {"sample": SCENARIO, "": PLAIN}.get(past) or Path(past)
    if shared is not None:
        return copy_shared(shared, dags=dags, scenario=scenario, progress=progress)
    return provision(root, var_files=var_files, account=account, dags=dags, scenario=scenario, progress=progress)


def open_site(logs: Path, *, build: str, database: str = "") -> AbstractContextManager[sites.Site]:
    """Run a build of the sample site. Raises UsageError if it does not start."""
    return sites.running(logs, build=build, database=database)


def open_edge(site: str, scratch: Path, configuration: Configuration | None) -> AbstractContextManager[edges.Edge]:
    """Run an edge before a site, with the settings of a configuration; none if it declares none. Raises Unreadable."""
    settings = EdgeSettings() if configuration is None else read_edge_settings(configuration)
    return edges.edge(site, scratch, settings)


@contextmanager
def open_airflow(
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
) -> Iterator[StagedAirflow]:
    """Run DAGs by other schedules. Raises Unreadable, TerraformError and EngineError if a part is missing."""
    python = ensure_python(f"airflow-{version}", progress)
    with ExitStack() as stack:
        database = stack.enter_context(_serving_news()) if past == "sample" else ""
        opened = open_account(
            root, var_files=var_files, account=account, dags=dags, past=past, shared=shared, progress=progress
        )
        accounts: list[RehearsalAccount] = []

        def open_environment() -> Mapping[str, str]:
            accounts.append(stack.enter_context(opened))
            progress(f"starting the rest of Airflow {version}")
            return _environment(accounts[0], environment, database)

        progress(f"starting the server of Airflow {version}, while the account is applied")
        running = running_airflow(
            dags, logs, python=python, version=version, schedules=schedules, environment=open_environment, server=server
        )
        airflow, (made,) = stack.enter_context(running), accounts
        if environment:
            made.emulator.connect_airflow(airflow.url, airflow.viewer, airflow.admin)
        yield StagedAirflow(made, database, airflow.url, (airflow.viewer.name, airflow.viewer.password), airflow)


@contextmanager
def _serving_news() -> Iterator[str]:
    """Serve the sources of the sample site, and yield the URL of the database that its DAGs write to."""
    with TemporaryDirectory(prefix="prodgate-dags-") as scratch, serving_feeds() as feeds:
        yield prepare_database(f"sqlite:///{Path(scratch) / 'news.sqlite'}", feeds.homes)


def open_rollout(
    root: Path,
    logs: Path,
    *,
    var_files: Sequence[Path],
    account: str,
    dags: Path | None,
    speed: int,
    shared: int | None,
    progress: Progress,
) -> AbstractContextManager[rollouts.StagedRollout]:
    """Run blue behind a proxy, ready for a deployment that goes ``speed`` times as fast as declared.

    Raises Unreadable, TerraformError and EngineError if a part is missing.
    """
    opened = open_account(
        root, var_files=var_files, account=account, dags=dags, past="sample", shared=shared, progress=progress
    )
    return rollouts.running_rollout(opened, logs, speed=speed, progress=progress)


def list_types() -> Sequence[str]:
    """Return the types of resources that a rehearsal creates, sorted."""
    return sorted(ADAPTERS)


def _environment(account: RehearsalAccount, environment: str, database: str) -> Mapping[str, str]:
    """Return the environment of DAGs: the exports of its startup script, and the addresses of services here."""
    try:
        exports = list_exported(account.clients, environment) if environment else {}
    except Exception as error:  # whatever the emulated account answers: there is no such environment, no script
        raise Unreadable(f"[airflow] environment {environment!r} can't be rehearsed: {error}") from error
    keys = {"AWS_ACCESS_KEY_ID": REHEARSAL, "AWS_SECRET_ACCESS_KEY": REHEARSAL}
    place = {"AWS_ENDPOINT_URL": account.endpoint, "AWS_DEFAULT_REGION": account.region}
    news = {"AIRFLOW_CONN_NBA_NEWS": database} if database else {}
    return {**exports, **keys, **place, **news}
