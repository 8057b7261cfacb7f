"""OSCAL assessment results: observations, risks, and a finding for each control of NIST SP 800-53 that criteria name.

OSCAL knows two states. A control is satisfied only where each criterion that names it holds in every layer that it
needs; what is undetermined, waived or was left out is not satisfied, and says which of them it is.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...criteria import UsageError
from ...findings import Outcome
from ...verdict import Ruling
from .source import Result, Source, list_results, plain

VERSION: Final = "1.2.1"
_NAMESPACE: Final = "urn:prod-gate:oscal"
#: The prefix of a control that is one of NIST SP 800-53.
_NIST: Final = "NIST-800-53:"
#: Turns a control into the id that NIST's catalogue has for it, such as ``ac-6.9`` for ``ac-6(9)``.
_AS_ID: Final = str.maketrans({" ": "", "(": ".", ")": ""})
_METHODS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("load", "e2e", "dags", "rollout"), "TEST"),
    "attested": "INTERVIEW",
}
#: Outcomes of which a control is not satisfied by as much, the worst first -> reason of its status.
_REASONS: Final = {Outcome.NOT_SATISFIED: "fail", Outcome.UNDETERMINED: "other", Outcome.WAIVED: "other"}


def render_oscal(source: Source) -> str:
    """Return the run as an assessment-results document. The same run gives the same bytes.

    Raises UsageError for a run whose criteria name no control, since there is nothing that OSCAL could assess.
    """
    if not _by_control(source):
        raise UsageError(
            f"{source.name}: no criterion names a control of NIST SP 800-53, and OSCAL assesses controls; "
            f'write controls = ["{_NIST}CP-9"] in a criterion, or choose another format'
        )
    at = (source.finished or source.started).isoformat()
    criteria = source.uuid("criteria")
    document = {
        "uuid": source.uuid("assessment-results"),
        "metadata": {
            "title": plain(f"prod-gate {source.name}"), "last-modified": at, "version": source.version,
            "oscal-version": VERSION, "remarks": source.describe(),
        },
        "import-ap": {"href": f"#{criteria}", "remarks": "What was to be assessed: the criteria of the run."},
        "results": [_result(source)],
        "back-matter": {"resources": [_resource(source, criteria)]},
    }  # fmt: skip
    return json.dumps({"assessment-results": document}, ensure_ascii=False, separators=(",", ":"))


def _resource(source: Source, uuid: str) -> dict[str, Any]:
    links = [
        {"href": f"evidence/{digest}.toml", "hashes": [{"algorithm": "SHA-256", "value": digest}]}
        for _, digest in sorted(source.criteria.items())
    ]
    return {"uuid": uuid, "title": "Criteria", **({"rlinks": links} if links else {})}


def _result(source: Source) -> dict[str, Any]:
    results = list(list_results(source.verdict))
    observations = {id(result.finding): _observation(source, result, n) for n, result in enumerate(results)}
    risks = [_risk(source, ruling, observations) for ruling in source.verdict.rulings if ruling.outcome in _REASONS]
    findings = [_finding(source, control, found, observations) for control, found in _by_control(source).items()]
    made: dict[str, Any] = {
        "uuid": source.uuid("result"),
        "title": str(source.verdict.decision),
        "description": source.describe(),
        "start": source.started.isoformat(),
        **({"end": source.finished.isoformat()} if source.finished else {}),
        "props": [*_verdict_props(source)],
        "reviewed-controls": {
            "control-selections": [
                {
                    "description": "NIST SP 800-53 revision 5, as far as criteria name its controls.",
                    "include-controls": [{"control-id": control} for control in _by_control(source)],
                }
            ]
        },
        "observations": [*observations.values()],
        "risks": risks,
        "findings": findings,
    }
    return {key: value for key, value in made.items() if value != []}


def _verdict_props(source: Source) -> Iterator[dict[str, str]]:
    verdict = source.verdict
    yield from (
        _prop("verdict", str(verdict.decision)),
        _prop("promotes", str(verdict.promotes).lower()),
        _prop("rehearsal", str(verdict.scope.rehearsal).lower()),
    )
    yield from (_prop("left-out", layer) for layer in verdict.scope.left_out())
    yield from (_prop(name, value) for name, value in (("commit", source.commit), ("head", source.head)) if value)


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": _NAMESPACE, "value": plain(value)}


def _by_control(source: Source) -> dict[str, list[Ruling]]:
    found: dict[str, list[Ruling]] = {}
    for ruling in source.verdict.rulings:
        for control in ruling.criterion.controls:
            if control.startswith(_NIST):
                found.setdefault(control.removeprefix(_NIST).lower().translate(_AS_ID), []).append(ruling)
    return dict(sorted(found.items()))


def _observation(source: Source, result: Result, number: int) -> dict[str, Any]:
    finding = result.finding
    known = sorted(source.observed.get(digest, "") for digest in finding.evidence)
    made: dict[str, Any] = {
        "uuid": source.uuid("observation", str(number), str(result.fingerprint)),
        "title": plain(f"{finding.criterion}: {finding.check}"),
        "description": result.describe(),
        "props": [
            _prop("outcome", finding.outcome),
            _prop("layer", finding.layer or "waivers"),
            _prop("subject", finding.subject),
        ],
        "methods": [_METHODS.get(finding.layer, "EXAMINE")],
        "collected": (known[-1] if known and known[-1] else "") or source.started.isoformat(),
    }
    made["props"] += [_prop("place", place) for place in finding.where]
    made["props"] += [_prop("waiver", finding.waiver)] if finding.waiver else []
    made["props"] += [_prop("deferred", "only production can answer")] if result.deferred else []
    if finding.evidence:
        made["relevant-evidence"] = [
            {"href": f"evidence/{digest}.json.gz", "description": f"SHA-256 {digest}"} for digest in finding.evidence
        ]
    return made


def _related(ruling: Ruling, observations: Mapping[int, Mapping[str, Any]]) -> list[dict[str, str]]:
    found = [observations[id(finding)]["uuid"] for finding in ruling.findings]
    return [{"observation-uuid": uuid} for uuid in dict.fromkeys(found)]


def _risk(source: Source, ruling: Ruling, observations: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    criterion, waived = ruling.criterion, ruling.outcome is Outcome.WAIVED
    remedy = next((f.remedy for f in ruling.findings if f.outcome is ruling.outcome and f.remedy), criterion.remedy)
    made: dict[str, Any] = {
        "uuid": source.uuid("risk", criterion.id, ruling.layer),
        "title": plain(f"{criterion.id} ({ruling.layer}): {ruling.outcome.replace('-', ' ')}"),
        "description": plain(criterion.statement),
        "statement": plain(criterion.why),
        "props": [_prop("outcome", ruling.outcome), *(_prop("control", control) for control in criterion.controls)],
        "status": "deviation-approved" if waived else "open",
        "related-observations": _related(ruling, observations),
    }
    until = [source.waivers[f.waiver].expires for f in ruling.findings if f.waiver in source.waivers]
    if waived and until:
        made["deadline"] = f"{min(until)}T23:59:59+00:00"
    if remedy:
        made["remediations"] = [
            {"uuid": source.uuid("remedy", criterion.id, ruling.layer), "lifecycle": "recommendation",
             "title": plain(f"Remedy of {criterion.id}"), "description": plain(remedy)}
        ]  # fmt: skip
    return made


def _finding(
    source: Source, control: str, rulings: Sequence[Ruling], observations: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    named = ", ".join(dict.fromkeys(ruling.criterion.id for ruling in rulings))
    related = [each for ruling in rulings for each in _related(ruling, observations)]
    risks = [source.uuid("risk", r.criterion.id, r.layer) for r in rulings if r.outcome in _REASONS]
    made: dict[str, Any] = {
        "uuid": source.uuid("finding", control),
        "title": control,
        "description": plain(f"What the criteria say that serve {control}: {named}."),
        "target": {"type": "objective-id", "target-id": f"{control}_obj", "status": _status(source, rulings)},
        "related-observations": [dict(each) for each in {each["observation-uuid"]: each for each in related}.values()],
    }
    if risks:
        made["related-risks"] = [{"risk-uuid": uuid} for uuid in risks]
    return made


def _status(source: Source, rulings: Sequence[Ruling]) -> dict[str, str]:
    outcomes = {ruling.outcome for ruling in rulings}
    needed = dict.fromkeys(layer for ruling in rulings for layer in ruling.criterion.layers)
    left_out = [layer for layer in needed if layer in source.verdict.scope.left_out()]
    for outcome, reason in _REASONS.items():
        if outcome in outcomes:
            return {"state": "not-satisfied", "reason": reason, "remarks": outcome.replace("-", " ")}
    if left_out:
        return {"state": "not-satisfied", "reason": "other", "remarks": f"not asked in: {', '.join(left_out)}"}
    if Outcome.SATISFIED not in outcomes:
        return {"state": "satisfied", "reason": "other", "remarks": "not applicable"}
    return {"state": "satisfied", "reason": "pass", "remarks": "every criterion that names it holds"}
