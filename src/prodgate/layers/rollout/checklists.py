"""The facts of the three checklists, made from stored evidence: what was so before, during and after a deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from ...facts import Fact
from ...facts.e2e.builds import why_other_build
from ...facts.rollout.airflow import RELEASE_FACTS, DeployedDag, recall_release
from ...facts.rollout.alerts import alert_facts
from ...facts.rollout.dag_tests import dag_test_facts
from ...facts.rollout.load_tests import load_test_facts
from ...facts.rollout.observations import values_of
from ...facts.rollout.scans import image_facts, scan_facts
from ...facts.rollout.service_logs import log_facts
from ...facts.rollout.suite_results import result_facts
from ...facts.rollout.visits import journeys_after, visit_facts, why_not_after
from ...facts.rollout.windows import find_window
from ..dags import kinds as of_dags
from ..dags.facts import dag_from_json
from ..load.kinds import RECORD
from .earlier import why_no_proof
from .kinds import (
    ALERTS,
    CONFIGURATION,
    DAG_FILES,
    DAG_RELEASE,
    DEPLOYMENT,
    IMAGES,
    JOURNEYS,
    LOAD,
    LOGS,
    TESTS,
    VISIT,
)
from .resting import find_start
from .stored import FactMaker, Stored


def _start(known: Stored) -> datetime | None:
    """Return when the deployment of the release began, if it did. Raises Unreadable."""
    return find_start(list(known.of(DEPLOYMENT)), next(iter(known.of(VISIT)), None))


def _tests(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    yield from result_facts(value, value["commit"], _start(known))


def _configuration(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    yield from scan_facts(value, why_no_proof(value, _start(known)))


def _images(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    yield from image_facts(value, _start(known))


def _load(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    records = values_of(value["seen"], RECORD)
    yield from load_test_facts(value["seen"], records, why_no_proof(value, _start(known)))


def _dag_files(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    files, declared = (values_of(value["seen"], kind)[-1] for kind in (of_dags.FILES, of_dags.DECLARED))
    yield from dag_test_facts(files, declared, why_no_proof(value, _start(known)))


def _dag_release(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    """A release of DAGs has a time of its own: when their files were put where Airflow reads them."""
    kinds = (of_dags.OBSERVED, of_dags.DEPLOYED, of_dags.HISTORY)
    observed, deployed, history = (values_of(value["seen"], kind)[-1] for kind in kinds)
    dags = tuple(dag_from_json(id_, table) for id_, table in observed["dags"].items())
    why = why_no_proof(value, None)
    release = None if why else recall_release(observed["place"], deployed, history, dags)
    for kind, make in RELEASE_FACTS.items():
        # how long Airflow took says nothing where it had to wait for the machine; what it has parsed does
        reason = why or ("" if kind is DeployedDag else observed["crowded"])
        if reason or release is None:
            yield kind.unread(observed["place"], reason)
        else:
            yield from make(release)


def _logs(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    yield from log_facts(value)


def _alerts(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    yield from alert_facts(value)


def _visit(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    yield from visit_facts(value, _why_not_after(value, known))


def _journeys(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    why = _why_not_after(value, known)
    if value["seen"] is not None:
        why = why or why_no_proof(value, None) or why_other_build(value["visits"])
    yield from journeys_after(value, why)


def _why_not_after(value: Mapping[str, Any], known: Stored) -> str:
    window = find_window(known.require(DEPLOYMENT))
    return why_not_after(datetime.fromisoformat(value["at"]), window.ended)


#: Kind of evidence -> what makes its facts.
CHECKLISTS: Final[Mapping[str, FactMaker]] = {
    TESTS: _tests,
    CONFIGURATION: _configuration,
    IMAGES: _images,
    LOAD: _load,
    DAG_FILES: _dag_files,
    DAG_RELEASE: _dag_release,
    LOGS: _logs,
    ALERTS: _alerts,
    VISIT: _visit,
    JOURNEYS: _journeys,
}
