"""The DAGs that an Airflow environment was given, and what it has done with them since."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...airflow.observing import recall_history
from ...airflow.records import History, Run
from ...aws.answers import Unread, Unreadable
from ...aws.plain_json import revive
from ...dags.declared import DeclaredDag
from ...dags.service_flaws import find_service_flaws
from ...quantities import Quantity
from .. import Fact
from ..dags.deployed import list_differences, put_at
from ..dags.record import component_facts

#: States in which a run has ended.
_ENDED: Final = ("success", "failed")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowAfterDeploy(Fact):
    """The environment after DAGs were deployed; ``subject`` is its place."""

    flaws: tuple[str, ...]
    """Why it is not up: its status, its last update, a component that is not healthy."""
    seen: str
    """What it was, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployedDag(Fact):
    """A DAG in the environment; ``subject`` is its id."""

    flaws: tuple[str, ...]
    """How its files differ from the repository's, and why it may not run as declared."""
    parsed: datetime
    """When Airflow last parsed its file."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunsOfNewVersion(Fact):
    """What the DAG's deployed version has done; ``subject`` is its id."""

    succeeded: Quantity
    """Runs that began after its files were deployed, and succeeded."""
    failed: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRelease:
    """What is known of one release of DAGs: the files in the bucket, and the history of the Airflow that reads it."""

    place: str
    deployed: Mapping[str, Any]
    """As ``facts.dags.deployed`` stores it."""
    history: History
    dags: tuple[DeclaredDag, ...]

    @property
    def put(self) -> datetime:
        """When the last of the files was put into the bucket. Raises Unreadable when there is none."""
        return put_at(self.deployed)


def recall_release(
    place: str, deployed: Mapping[str, Any], history: Mapping[str, Any], dags: tuple[DeclaredDag, ...]
) -> DagRelease:
    """Return the release in stored evidence. Raises Unreadable when Airflow said nothing."""
    return DagRelease(place=place, deployed=revive(deployed), history=recall_history(history), dags=dags)


def environment_facts(release: DagRelease) -> Iterator[AirflowAfterDeploy]:
    """Yield whether the environment came up again. Raises Unreadable."""
    flaws, seen = list(_list_environment_flaws(release.deployed)), [release.deployed["status"]]
    for component in component_facts(release.place, release.history):
        name = component.subject.rpartition(": ")[2]
        seen += [f"{name} healthy"] if component.healthy else []
        flaws += [] if component.healthy else [f"its {name} is not healthy"]
    if release.history.now < release.put:
        raise Unreadable("it was looked at before the DAG files were deployed; observe it again")
    # the metadata database answers with every list that Airflow gives
    seen.append(f"metadata database with {len(release.history.served)} DAGs")
    yield AirflowAfterDeploy(subject=release.place, flaws=tuple(flaws), seen=", ".join(seen))


def _list_environment_flaws(deployed: Mapping[str, Any]) -> Iterator[str]:
    if deployed["status"] != "AVAILABLE":
        yield f"its status is {deployed['status']}"
    update = deployed["last_update"] or {}
    if update.get("Status", "SUCCESS") != "SUCCESS":
        error = (update.get("Error") or {}).get("ErrorMessage", "")
        yield f"its last update is {update['Status']} {error}".strip()


def deployed_facts(release: DagRelease) -> Iterator[DeployedDag]:
    """Yield each declared DAG with how it is deployed. Raises Unreadable."""
    strange = tuple(list_differences(release.deployed))
    for dag in release.dags:
        served = next((each for each in release.history.served if each.dag_id == dag.dag_id), None)
        parsed: Any = served.parsed if served else Unread(f"Airflow knows no DAG {dag.dag_id!r}")
        if parsed is None:
            parsed = Unread("Airflow states not when it last parsed the file")
        flaws = [*strange, *(flaw.words for flaw in find_service_flaws(dag, release.history))]
        if isinstance(parsed, datetime) and parsed < release.put:
            flaws.append(
                f"was last parsed at {parsed:%H:%M:%S}, before its files were deployed at {release.put:%H:%M:%S}"
            )
        yield DeployedDag(subject=dag.dag_id, flaws=tuple(flaws), parsed=parsed)


def run_facts(release: DagRelease) -> Iterator[RunsOfNewVersion]:
    """Yield what each DAG has done since its files were deployed. Raises Unreadable."""
    strange = tuple(list_differences(release.deployed))
    for dag in release.dags:
        ended = [run for run in release.history.runs if run.dag_id == dag.dag_id and _is_of(run, release.put)]
        if strange:
            yield RunsOfNewVersion.unread(dag.dag_id, f"what runs is not what is in the repository: {strange[0]}")
        elif not ended:
            reason = f"no run has ended that began after its files were deployed at {release.put:%Y-%m-%d %H:%M:%S} UTC"
            yield RunsOfNewVersion.unread(dag.dag_id, f"{reason}; trigger one, or ask again after its next slot")
        else:
            yield RunsOfNewVersion(
                subject=dag.dag_id, succeeded=_count(ended, "success"), failed=_count(ended, "failed")
            )


def _is_of(run: Run, put: datetime) -> bool:
    return run.state in _ENDED and run.started is not None and run.started >= put


def _count(runs: list[Run], state: str) -> Quantity:
    return Quantity.of(sum(run.state == state for run in runs))


#: Kind of fact -> what makes it of a release.
RELEASE_FACTS: Final[Mapping[type[Fact], Callable[[DagRelease], Iterator[Fact]]]] = {
    AirflowAfterDeploy: environment_facts,
    DeployedDag: deployed_facts,
    RunsOfNewVersion: run_facts,
}
