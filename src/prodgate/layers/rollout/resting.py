"""Evidence for the checklists: the deployed site, and observations of other layers, stored again as this layer's."""

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unreadable
from ...criteria import LAYERS
from ...engines.checkov import ScannerReport
from ...engines.checkov_findings import findings
from ...engines.checkov_table import load_table
from ...evidence import runs
from ...evidence.artifacts import load_json
from ...facts.e2e.pages import is_build
from ...facts.rollout.checklists import served_build, values_of, why_unfit
from ...facts.rollout.deployed import observe_image_scans
from ...facts.rollout.deployments import read_deployments
from ...facts.rollout.migrations import latest_end
from ...facts.rollout.windows import find_window, observe_alerts, observe_logs
from ...findings import Finding, Outcome
from ...probes.reader import Reader
from ...sections.e2e import E2eSection
from ...terraform.serialization import from_json
from ...waivers import apply_waivers
from ..dags import facts as of_dags
from ..e2e import facts as of_e2e
from ..e2e.observing import E2eTarget, build_under_test, carry_out_journeys, make_settings, open_behind_edge
from ..layer import LayerContext
from ..load import facts as of_load
from ..observing_layer import Evidence
from ..static.checkov import KIND as CHECKOV
from .kinds import ALERTS, CONFIGURATION, DAG_FILES, DAG_RELEASE, IMAGES, JOURNEYS, LOAD, LOGS, OLD_JOURNEYS, VISIT
from .target import GOOD, OLD, Scene, require_section

# ── After a deployment: the site as a reader meets it, logs, security findings, scans

#: Seconds that a page may take.
_PATIENCE: Final = 10.0


def observe_site(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield a reader's visit. Raises Unreadable."""
    section = require_site(context)
    with _open_site(context, scene, section) as target:
        context.progress(f"rollout: reading an article at {target.place}")
        scene.visit = _visit(target, section)
        yield Evidence(kind=VISIT, value=scene.visit, subject=target.place, source="a request without a browser")


def require_site(context: LayerContext) -> E2eSection:
    """Return the [e2e] section. Raises Unreadable when there is none."""
    if context.stated.e2e is None:
        raise Unreadable(f"{context.stated.path}: says nothing of the site; write [e2e] with base_url and pages")
    return context.stated.e2e


def _open_site(context: LayerContext, scene: Scene, section: E2eSection) -> AbstractContextManager[E2eTarget]:
    if scene.rollout is not None:
        return open_behind_edge(context, section, scene.url, GOOD)
    return _open_real(context, section)


@contextmanager
def _open_real(context: LayerContext, section: E2eSection) -> Iterator[E2eTarget]:
    if not section.base_url:
        raise Unreadable(f'{context.stated.path}: [e2e] names no site; write base_url = "https://www.example.com"')
    _refuse_private(section.base_url)
    build, why = build_under_test(context, section)
    yield E2eTarget(
        url=section.base_url,
        place=section.base_url,
        mutates=False,
        credentials={},
        unresolved={},
        build=build,
        no_build=why,
    )


def _refuse_private(url: str) -> None:
    """Raise Unreadable for a name that leads somewhere inside from here: a reader comes from outside."""
    host = urlsplit(url).hostname or ""
    try:
        found = sorted({str(one[4][0]) for one in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)})
    except OSError as error:
        raise Unreadable(f"{host} does not resolve: {error.strerror or error}; look up its name in DNS") from error
    if inside := [each for each in found if not ipaddress.ip_address(each.partition("%")[0]).is_global]:
        raise Unreadable(f"{host} leads to {inside[0]} from here, which no reader can reach; ask from outside")


def _visit(target: E2eTarget, section: E2eSection) -> Mapping[str, Any]:
    told = {"place": target.place, "at": datetime.now(UTC).isoformat(), "build": target.build}
    if section.build is None:
        return {**told, "unread": "[e2e] says not how pages name their build; write build", "pages": []}
    if target.no_build:
        return {**told, "unread": target.no_build, "pages": []}
    reader = Reader(
        base_url=target.url,
        ca_file=target.ca_file,
        header=section.build.header,
        meta=section.build.meta,
        timeout=_PATIENCE,
    )
    return {**told, "pages": reader.visit()}


def observe_service_logs(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what the services logged while they were deployed. Raises Unreadable."""
    context.progress("rollout: reading the logs of the services")
    found = list(observe_logs(scene.look(), find_window(scene.deployments)))
    if not found:
        raise Unreadable("no service writes to a log group, so that its errors can't be read; set a log driver")
    for value in found:
        yield Evidence(kind=LOGS, value=value, subject=value["group"], source=scene.place)


def observe_security_alerts(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what was found since the deployment began. Raises Unreadable."""
    context.progress("rollout: asking for security findings since the deployment began")
    for value in observe_alerts(scene.look(), find_window(scene.deployments)):
        yield Evidence(kind=ALERTS, value=value, subject=value["service"], source=scene.place)


def observe_images(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what scans have found in the deployed images. Raises Unreadable."""
    context.progress("rollout: asking for the scans of the deployed images")
    for value in observe_image_scans(scene.look()):
        yield Evidence(kind=IMAGES, value=value, subject=value["image"], source=scene.place)


# ── Evidence of other layers on a release: from this run, or from an earlier one of the same commit

#: Layers whose evidence of the same commit a rehearsed release rests on.
RESTED_ON: Final = frozenset({"static", "load", "dags"})
#: Runs that are considered at most, the newest first.
_MOST_RUNS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The basis of a criterion: evidence of another layer."""

    layer: str
    kinds: tuple[str, ...]
    """Kinds of evidence that must be there."""
    of_files: bool = False
    """Whether it is about files of the commit alone, so that any target's run will do."""
    targets: tuple[str, ...] = ()
    """Further targets whose runs will do."""


def find_observation(context: LayerContext, rest: Rest, before: datetime | None) -> dict[str, Any]:
    """Return the newest observation that says something about this run's commit, else the newest one there is.

    ``{"seen", "commit", "asked", "most", "again"}``: the observation as ``facts.rollout.observations`` describes it,
    the commit that is to be released, when it was looked for, the seconds that it may be old, and the command that
    makes a new one. ``before`` is when the deployment of the commit began, if it did. Raises Unreadable when nothing
    was ever observed.
    """
    now, this = datetime.now(UTC), runs.read(context.run)
    commit = str(this.about.get("commit", ""))
    most = timedelta(seconds=float(context.stated.max_age[rest.layer].base))
    newest: Mapping[str, Any] | None = None
    for seen in list_observations(context, rest, this):
        newest = newest or seen
        if not why_unfit(seen, commit, before=before, now=now, most=most):
            newest = seen
            break
    if newest is None:
        raise Unreadable(_describe_absence(context, rest, this))
    told = {"commit": commit, "asked": now.isoformat(), "most": most.total_seconds()}
    return {"seen": newest, **told, "again": _command(context, rest, this)}


def why_no_proof(value: Mapping[str, Any], before: datetime | None) -> str:
    """Return why what ``find_observation`` returned says nothing about the release; empty when it does."""
    asked, most = datetime.fromisoformat(value["asked"]), timedelta(seconds=value["most"])
    why = why_unfit(value["seen"], value["commit"], before=before, now=asked, most=most)
    return why and f"{why}; run: {value['again']}"


def _describe_absence(context: LayerContext, rest: Rest, this: runs.Run) -> str:
    own = [one for one in this.unreadable if one["layer"] == rest.layer]
    # a layer may name what it could not observe by kinds of its own
    why = next((one["reason"] for one in sorted(own, key=lambda one: one["kind"] not in rest.kinds)), "")
    nothing = f"the {rest.layer} layer has observed nothing of this release{why and f': {why}'}"
    return f"{nothing}; run it, too: {_command(context, rest, this)}"


def _command(context: LayerContext, rest: Rest, this: runs.Run) -> str:
    """Return the command that observes again; in a rehearsal, one for all that this run lacks."""
    there, named = this.about["layers"], {rest.layer}
    if context.target.rehearsal:
        named |= RESTED_ON - {*there}
    layers = [layer for layer in LAYERS if layer in named]
    return f"prodgate run {context.target.url} --only {','.join(layers)},rollout"


def list_observations(context: LayerContext, rest: Rest, this: runs.Run | None = None) -> Iterator[Mapping[str, Any]]:
    """Yield what was observed in ``this`` run, which may have been read already, and in earlier whole ones, the newest
    first.
    """
    for run in _list_runs(context, rest, this or runs.read(context.run)):
        facts = run.facts_of(rest.layer, *rest.kinds)
        if {fact["kind"] for fact in facts} >= set(rest.kinds):
            with suppress(LookupError):  # evidence that is gone, or was changed
                yield _make_observation(run, rest, facts)


def _make_observation(run: runs.Run, rest: Rest, facts: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    kept = ("kind", "subject", "at", "digest")
    return {
        "layer": rest.layer,
        "run": run.path.name,
        "target": run.about["target"],
        "commit": str(run.about.get("commit", "")),
        "facts": [{**{key: fact[key] for key in kept}, "value": load_json(run.path, fact["digest"])} for fact in facts],
    }


def _list_runs(context: LayerContext, rest: Rest, this: runs.Run) -> Iterator[runs.Run]:
    """Yield this run, then earlier ones of the system that came to their end."""
    yield this
    before = runs.list_runs(context.run.parent, before=context.run)
    earlier = (run for run in before if run.finished and "judged_again" not in run.about)
    urls = {context.target.url, *rest.targets}
    system = context.stated.system
    yield from islice(
        (run for run in earlier if run.criteria.system == system and (rest.of_files or run.about["target"] in urls)),
        _MOST_RUNS,
    )


_STATIC: Final = Rest(layer="static", kinds=(CHECKOV, "configuration"), of_files=True)
_DAG_FILES: Final = Rest(layer="dags", kinds=(of_dags.DECLARED, of_dags.FILES), of_files=True)
_DAG_RELEASE: Final = Rest(layer="dags", kinds=(of_dags.DECLARED, of_dags.OBSERVED, of_dags.HISTORY, of_dags.DEPLOYED))


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
    yield make_evidence(LOAD, {**found, "seen": {**found["seen"], "facts": steady}})


def observe_dag_files(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what testing the DAG files of the release has shown. Raises Unreadable."""
    yield make_evidence(DAG_FILES, find_observation(context, _DAG_FILES, find_start(scene.deployments, scene.visit)))


def observe_dag_release(context: LayerContext, _scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the DAGs of the release as Airflow runs them. Raises Unreadable."""
    yield make_evidence(DAG_RELEASE, find_observation(context, _DAG_RELEASE, None))


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
    yield make_evidence(CONFIGURATION, {**found, "seen": {**found["seen"], "facts": facts}, **told})


def _judge_scan(seen: Mapping[str, Any], context: LayerContext) -> Iterator[Finding]:
    """Yield what the scanner says, with the risks that were accepted in this run's waivers."""
    this = runs.read(context.run)
    report = ScannerReport.from_json(values_of(seen, CHECKOV)[-1])
    configuration = from_json(values_of(seen, "configuration")[-1])
    static = [criterion.id for criterion in context.stated.criteria.values() if "static" in criterion.layers]
    said = findings(report, configuration, load_table(), static)
    applied, _ = apply_waivers(said, this.waivers, this.started, whole=False)
    yield from applied


def make_evidence(kind: str, value: Mapping[str, Any]) -> Evidence:
    """Return what another layer observed as evidence of the rollout layer."""
    seen = value["seen"]
    subject = f"{', '.join(dict.fromkeys(fact['kind'] for fact in seen['facts']))} in {seen['run']}"
    return Evidence(kind=kind, value=value, subject=subject, source=f"the {seen['layer']} layer")


# ── Journeys at two moments of a release: on the build before, on the new schema, and on what was deployed

_E2E: Final = Rest(layer="e2e", kinds=(of_e2e.VISITS, of_e2e.JOURNEYS))


def note_journeys(context: LayerContext, scene: Scene) -> None:
    """Carry the journeys out on what a rehearsal serves now, and note them, or why there are none, in the scene."""
    try:
        scene.journeys_before_shift = {**_carry_out(context, scene, OLD), "released": ""}
    except Unreadable as error:
        scene.journeys_before_shift = error.reason


def _carry_out(context: LayerContext, scene: Scene, build: str) -> Mapping[str, Any]:
    """Carry all journeys out on a build that a rehearsal serves. Raises Unreadable."""
    section, began = require_site(context), datetime.now(UTC)
    with (
        TemporaryDirectory(prefix="prodgate-browser-") as folder,
        open_behind_edge(context, section, scene.url, build) as target,
    ):
        settings = make_settings(target, section, context, Path(folder))
        record = carry_out_journeys(settings, target, section, context, layer="rollout")
    told = {"began": began.isoformat(), "ended": datetime.now(UTC).isoformat()}
    return {"place": target.place, **told, "record": record}


def observe_old_journeys(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield journeys on the build before: from the rehearsal, or else as the end-to-end layer kept them.

    Raises Unreadable when there are none.
    """
    value = scene.journeys_before_shift if scene.rollout is not None else _find_old_journeys(context, scene)
    if isinstance(value, str):
        raise Unreadable(value or "the release ended before its deployment began")
    yield Evidence(kind=OLD_JOURNEYS, value=value, subject=f"{value['place']} before the shift", source="a browser")


def _find_old_journeys(context: LayerContext, scene: Scene) -> Mapping[str, Any]:
    until = latest_end(read_deployments(scene.deployments))
    for seen in list_observations(context, _E2E):
        value = _read_observation(seen)
        if datetime.fromisoformat(value["ended"]) <= until:
            return value
    raise Unreadable(
        "nobody carried out the journeys between the migrations and the shift; let the pipeline do so after the "
        f"migrations: prodgate run {context.target.url} --only e2e"
    )


def _read_observation(seen: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the journeys of a run of the end-to-end layer; they were over when they were kept."""
    record, visits = values_of(seen, of_e2e.JOURNEYS)[-1], values_of(seen, of_e2e.VISITS)[-1]
    times = {fact["kind"]: fact["at"] for fact in reversed(seen["facts"])}
    builds = {str(page["build"]) for page in visits["pages"] if page.get("build")}
    told = {"began": times[of_e2e.VISITS], "ended": times[of_e2e.JOURNEYS], "record": record, "run": seen["run"]}
    return {"place": record["place"], **told, "builds": sorted(builds), "released": seen["commit"]}


def observe_journeys(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield journeys: a rehearsal carries them out on what was deployed, which no layer has seen; else those of the
    end-to-end layer. Raises Unreadable.
    """
    if scene.rollout is not None:
        value = _carry_out(context, scene, GOOD)
        told = {**value, "at": value["began"], "seen": None}
        yield Evidence(kind=JOURNEYS, value=told, subject=value["place"], source="a browser")
        return
    found = find_observation(context, _E2E, None)
    value, visits = _read_observation(found["seen"]), values_of(found["seen"], of_e2e.VISITS)[-1]
    told = {"place": value["place"], "at": value["ended"], "record": value["record"], "visits": visits}
    yield make_evidence(JOURNEYS, {**found, **told})
