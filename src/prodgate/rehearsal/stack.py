"""The rehearsal as layers see it (`layers.rehearsal.Rehearsal`): an account, a site, an edge, an Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..aws.answers import Unreadable
from ..engines.environments import ensure_python
from ..processes.progress import Progress
from ..terraform.resources import Configuration
from . import edge as edges
from .account import RehearsalAccount, provision
from .adapters.registry import ADAPTERS
from .airflow.process import running as running_airflow
from .airflow.sources import serving_feeds
from .airflow.startup import read_exports
from .cpu_contention import CpuContention
from .cpu_contention import measure_cpu_contention as counting
from .edge_settings import EdgeSettings, read_edge_settings
from .provider.creator import load
from .rollout import stage as rollouts
from .scenario import PLAIN, SCENARIO
from .shared_account import copy_shared
from .site import process as sites
from .site.collection_database import prepare_database


@dataclass(frozen=True, slots=True)
class StagedAirflow:
    """A running Airflow, its account, and the database of the sample site, if it is that site's."""

    account: RehearsalAccount
    database: str
    url: str
    viewer: tuple[str, str]


def open_account(
    root: Path, *, var_files: Sequence[Path], dags: Path | None, past: str, shared: int | None, progress: Progress
) -> AbstractContextManager[RehearsalAccount]:
    """Open an emulated account with what a Terraform root declares. Raises TerraformError.

    It is a copy of the one that a run shares on the line ``shared``; without a line, the root is applied here.
    ``past`` is the file that tells its past, ``sample`` for that of the sample system, or empty.
    """
    scenario = {"sample": SCENARIO, "": PLAIN}.get(past) or Path(past)
    if shared is not None:
        return copy_shared(shared, dags=dags, scenario=scenario, progress=progress)
    return provision(root, var_files=var_files, dags=dags, scenario=scenario, progress=progress)


def open_site(logs: Path, *, build: str, database: str = "") -> AbstractContextManager[sites.Site]:
    """Run a build of the sample site. Raises UsageError when it does not start."""
    return sites.running(logs, build=build, database=database)


def open_edge(site: str, scratch: Path, configuration: Configuration | None) -> AbstractContextManager[edges.Edge]:
    """Run an edge before a site that does what a configuration declares; nothing without one. Raises Unreadable."""
    settings = EdgeSettings() if configuration is None else read_edge_settings(configuration)
    return edges.edge(site, scratch, settings)


@contextmanager
def open_airflow(
    root: Path,
    dags: Path,
    logs: Path,
    *,
    var_files: Sequence[Path],
    version: str,
    environment: str,
    schedules: Mapping[str, str],
    server: str,
    past: str,
    shared: int | None,
    progress: Progress,
) -> Iterator[StagedAirflow]:
    """Run DAGs by other schedules. Raises Unreadable, TerraformError and EngineError when a part can't be had."""
    python = ensure_python(f"airflow-{version}", progress)
    with ExitStack() as stack:
        opened = open_account(root, var_files=var_files, dags=dags, past=past, shared=shared, progress=progress)
        account = stack.enter_context(opened)
        database = stack.enter_context(_serving_news()) if past == "sample" else ""
        progress(f"starting Airflow {version}")
        variables = _environment(account, environment, database)
        airflow = stack.enter_context(
            running_airflow(
                dags, logs, python=python, version=version, schedules=schedules, environment=variables, server=server
            )
        )
        if environment:
            account.emulator.connect_airflow(airflow.url, airflow.viewer, airflow.admin)
        yield StagedAirflow(account, database, airflow.url, (airflow.viewer.name, airflow.viewer.password))


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
    dags: Path | None,
    speed: int,
    shared: int | None,
    progress: Progress,
) -> AbstractContextManager[rollouts.StagedRollout]:
    """Run blue behind a proxy, ready for a deployment that goes ``speed`` times as fast as is declared.

    Raises Unreadable, TerraformError and EngineError when a part can't be had.
    """
    opened = open_account(root, var_files=var_files, dags=dags, past="sample", shared=shared, progress=progress)
    return rollouts.running_rollout(opened, logs, speed=speed, progress=progress)


def list_types() -> Sequence[str]:
    """Return the types of resources that a rehearsal creates, sorted."""
    load("prodgate.rehearsal.adapters")
    return sorted(ADAPTERS)


def measure_cpu_contention() -> AbstractContextManager[CpuContention]:
    """Count, while the context is open, how many threads want to run."""
    return counting()


def _environment(account: RehearsalAccount, environment: str, database: str) -> Mapping[str, str]:
    """Return what DAGs find in their environment: what its startup script exports, and where things are here."""
    try:
        exports = read_exports(account.clients, environment) if environment else {}
    except Exception as error:  # whatever the emulated account says: there is no such environment, no script
        raise Unreadable(f"[airflow] environment {environment!r} can't be rehearsed: {error}") from error
    keys = {"AWS_ACCESS_KEY_ID": "rehearsal", "AWS_SECRET_ACCESS_KEY": "rehearsal"}
    place = {"AWS_ENDPOINT_URL": account.endpoint, "AWS_DEFAULT_REGION": account.region}
    news = {"AIRFLOW_CONN_NBA_NEWS": database} if database else {}
    return {**exports, **keys, **place, **news}
