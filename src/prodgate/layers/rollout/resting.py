"""What the checklists rest on that other layers observed: each is stored again, as evidence of the rollout layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from ...aws.answers import Unreadable
from ...engines.checkov import ScannerReport
from ...engines.checkov_findings import findings
from ...engines.checkov_table import load_table
from ...evidence import runs
from ...facts.e2e.builds import is_build
from ...facts.rollout.observations import values_of
from ...facts.rollout.visits import served_build
from ...facts.rollout.windows import find_window
from ...findings import Finding, Outcome
from ...terraform.serialization import from_json
from ...waivers import apply_waivers
from ..dags import kinds as of_dags
from ..e2e import kinds as of_e2e
from ..layer import LayerContext
from ..load import kinds as of_load
from ..observing_layer import Evidence
from ..static.checkov import KIND as CHECKOV
from .afterwards import carry_out_journeys_after
from .earlier import Rest, find_observation
from .kinds import CONFIGURATION, DAG_FILES, DAG_RELEASE, JOURNEYS, LOAD
from .target import Scene, require_section

_STATIC: Final = Rest(layer="static", kinds=(CHECKOV, "configuration"), of_files=True)
_DAG_FILES: Final = Rest(layer="dags", kinds=(of_dags.DECLARED, of_dags.FILES), of_files=True)
_DAG_RELEASE: Final = Rest(layer="dags", kinds=(of_dags.DECLARED, of_dags.OBSERVED, of_dags.HISTORY, of_dags.DEPLOYED))
_E2E: Final = Rest(layer="e2e", kinds=(of_e2e.VISITS, of_e2e.JOURNEYS))


def find_start(deployments: list[Mapping[str, Any]], visit: Mapping[str, Any] | None) -> datetime | None:
    """Return when the deployment of the release began; None when it has not begun.

    The site says what is deployed: another build means that the last deployment was of another release.
    Raises Unreadable when a deployment is on record and its start is not.
    """
    if not deployments:
        return None
    served = served_build(visit) if visit else ""
    if visit and served and not is_build(served, visit["build"]):
        return None
    return find_window(deployments).began


def observe_load_tests(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the load test of the release. Raises Unreadable."""
    rest = Rest(layer="load", kinds=(of_load.RECORD,), targets=require_section(context).before.targets)
    found = find_observation(context, rest, find_start(scene.deployments, scene.visit))
    steady = [fact for fact in found["seen"]["facts"] if fact["value"]["record"]["profile"]["name"] == "steady"]
    if not steady:
        raise Unreadable(f"{found['seen']['run']}: no steady load was measured; state [load.steady]")
    yield _make_evidence(LOAD, {**found, "seen": {**found["seen"], "facts": steady}})


def observe_dag_files(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what testing the DAG files of the release has shown. Raises Unreadable."""
    yield _make_evidence(DAG_FILES, find_observation(context, _DAG_FILES, find_start(scene.deployments, scene.visit)))


def observe_dag_release(context: LayerContext, _scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the DAGs of the release as Airflow runs them. Raises Unreadable."""
    yield _make_evidence(DAG_RELEASE, find_observation(context, _DAG_RELEASE, None))


def observe_configuration_scan(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what the scan of the declared infrastructure left open. Raises Unreadable."""
    found = find_observation(context, _STATIC, find_start(scene.deployments, scene.visit))
    judged = list(_judge_scan(found["seen"], context))
    open_ = [f"{one.check} on {one.subject}" for one in judged if one.outcome is Outcome.NOT_SATISFIED]
    unknown = [f"{one.check} on {one.subject}: {one.reason}" for one in judged if one.outcome is Outcome.UNDETERMINED]
    told = {
        "root": context.stated.terraform_root,
        "run": found["seen"]["run"],
        "open": open_,
        "unread": f"the scan did not complete: {unknown[0]}" if unknown else "",
    }
    # the report itself stays where it is, under its digest: it is large, and judged with Terraform's configuration
    facts = [{key: value for key, value in fact.items() if key != "value"} for fact in found["seen"]["facts"]]
    kept = {**found, "seen": {**found["seen"], "facts": facts}}
    yield _make_evidence(CONFIGURATION, {**kept, **told})


def _judge_scan(seen: Mapping[str, Any], context: LayerContext) -> Iterator[Finding]:
    """Yield what the scanner says, with the risks that were accepted in this run's waivers."""
    this = runs.read(context.run)
    report = ScannerReport.from_json(values_of(seen, CHECKOV)[-1])
    configuration = from_json(values_of(seen, "configuration")[-1])
    static = [criterion.id for criterion in context.stated.criteria.values() if "static" in criterion.layers]
    said = findings(report, configuration, load_table(), static)
    applied, _ = apply_waivers(said, this.waivers, this.started, whole=False)
    yield from applied


def observe_journeys(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield journeys: a rehearsal carries them out on what was deployed, which no layer has seen; else those of the
    end-to-end layer. Raises Unreadable.
    """
    if scene.rollout is not None:
        yield carry_out_journeys_after(context, scene)
        return
    found = find_observation(context, _E2E, None)
    seen = found["seen"]
    at = next(fact["at"] for fact in seen["facts"] if fact["kind"] == of_e2e.JOURNEYS)
    record, visits = values_of(seen, of_e2e.JOURNEYS)[-1], values_of(seen, of_e2e.VISITS)[-1]
    yield _make_evidence(JOURNEYS, {**found, "place": record["place"], "at": at, "record": record, "visits": visits})


def _make_evidence(kind: str, value: Mapping[str, Any]) -> Evidence:
    seen = value["seen"]
    subject = f"{', '.join(dict.fromkeys(fact['kind'] for fact in seen['facts']))} in {seen['run']}"
    return Evidence(kind=kind, value=value, subject=subject, source=f"the {seen['layer']} layer")
