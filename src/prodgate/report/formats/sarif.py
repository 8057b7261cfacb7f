"""SARIF 2.1.0, within what GitHub code scanning accepts.

Each policy or check is a rule of its own, so that whoever dismisses one dismisses no other of the same criterion.
Satisfied and not-applicable findings are counted but are no alerts. A waived finding is suppressed with its
justification. A finding without a file gets the place of its criterion: code scanning shows nothing without a place.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from ...findings import Finding, Outcome
from ..grouping import OUTCOMES, tally
from ..text import shorten
from .source import Result, Source, list_alerts, plain

#: Results of one run that code scanning accepts; it shows the 5,000 that weigh most.
MOST_RESULTS: Final = 25_000
#: Rules and tags of a rule that it accepts.
MOST_RULES: Final = 25_000
MOST_TAGS: Final = 20
#: Longest text of a message; the report has the whole.
_LONGEST: Final = 2_000

_LEVELS: Final = {
    Outcome.SATISFIED: "note",
    Outcome.NOT_SATISFIED: "error",
    Outcome.UNDETERMINED: "warning",
    Outcome.WAIVED: "error",
}
#: Severity of a criterion -> the score by which code scanning calls an alert critical, high, medium or low.
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}


def render_sarif(source: Source) -> str:
    """Return the run as a SARIF log. The same run gives the same bytes."""
    alerts = list_alerts(source.verdict)
    kept = alerts[:MOST_RESULTS]
    rules = {rule["id"]: rule for rule in map(_rule, kept)}
    numbers = {id_: number for number, id_ in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "prod-gate", "version": source.version, "rules": [*rules.values()][:MOST_RULES]}},
        "automationDetails": {"id": _category(source), "guid": source.uuid("sarif")},
        "invocations": [_invocation(source, len(alerts) - len(kept))],
        "columnKind": "unicodeCodePoints",
        "results": [_result(source, result, numbers) for result in kept],
        "properties": _properties(source),
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, separators=(",", ":"))


def _category(source: Source) -> str:
    """Return the category of the analysis: a rehearsal never takes the place of production's alerts."""
    kind = "rehearsal" if source.verdict.scope.rehearsal else "target"
    layers = ",".join(sorted(source.verdict.scope.layers)) if source.verdict.scope.left_out() else "all"
    return f"prod-gate/{quote(plain(source.system))}/{kind}/{layers}/{source.name}"


def _invocation(source: Source, cut: int) -> dict[str, Any]:
    verdict = source.verdict
    said = [(_LEVELS[OUTCOMES[verdict.decision]], source.describe())]
    said += (
        [("warning", "the run was cut off; what it had not finished is undetermined")] if not source.finished else []
    )
    said += [("warning", f"{cut:,} results beyond {MOST_RESULTS:,} were left out, the least grave")] if cut else []
    ended = {"endTimeUtc": _utc(source.finished)} if source.finished else {}
    return {
        "executionSuccessful": source.finished is not None,
        "exitCode": verdict.decision.exit_code,
        "exitCodeDescription": str(verdict.decision),
        "startTimeUtc": _utc(source.started),
        **ended,
        "toolExecutionNotifications": [{"level": level, "message": {"text": text}} for level, text in said],
    }


def _utc(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _properties(source: Source) -> dict[str, Any]:
    verdict = source.verdict
    return {
        "verdict": str(verdict.decision),
        "rehearsal": verdict.scope.rehearsal,
        "promotes": verdict.promotes,
        "leftOut": list(verdict.scope.left_out()),
        "layersWithoutCriteria": list(verdict.scope.not_asked()),
        "head": source.head,
        "commit": plain(source.commit),
        "questions": {str(outcome): count for outcome, count in sorted(tally(verdict).items())},
        "onlyProduction": verdict.deferred,
    }


def _name_rule(finding: Finding) -> str:
    return f"{plain(finding.criterion)}/{plain(finding.check)}"


def _rule(result: Result) -> dict[str, Any]:
    criterion, id_ = result.criterion, _name_rule(result.finding)
    if criterion is None:
        return {"id": id_, "shortDescription": {"text": "Waivers are in force, and cover what they say."}}
    tags = dict.fromkeys(filter(None, (criterion.source, *criterion.controls)))
    properties: dict[str, Any] = {}
    severity = criterion.rate(result.finding)
    if severity and criterion.controls:  # what a catalogue of controls asks for is a matter of security
        properties, tags = {"security-severity": _SCORES[severity]}, {"security": None, **tags}
    rule: dict[str, Any] = {
        "id": id_,
        "name": plain(result.finding.check),
        "shortDescription": {"text": _short(f"{result.finding.check}: {criterion.statement}")},
        "properties": {**properties, "tags": [*map(plain, tags)][:MOST_TAGS]},
    }
    if criterion.why:
        rule["fullDescription"] = {"text": _short(criterion.why)}
    rule["help"] = {"text": _short(criterion.remedy or f"prodgate explain {criterion.id} says what to write instead.")}
    return rule


def _result(source: Source, result: Result, numbers: dict[str, int]) -> dict[str, Any]:
    finding = result.finding
    remedy = f" Remedy: {plain(result.remedy)}" if result.remedy else ""
    made: dict[str, Any] = {
        "ruleId": _name_rule(finding),
        "ruleIndex": numbers[_name_rule(finding)],
        "kind": "fail",
        "level": "note" if result.deferred else _LEVELS[finding.outcome],
        "message": {"text": _short(f"{result.describe()}.{remedy}")},
        "locations": [_location(place) for place in _places(source, result)],
        "partialFingerprints": {
            "prodGate/v1": str(result.fingerprint),
            # The only one that code scanning compares: a hash of the line would make one alert of all its instances.
            "primaryLocationLineHash": f"{result.fingerprint.hex[:16]}:1",
        },
        "properties": {"outcome": str(finding.outcome), "layer": finding.layer, "check": plain(finding.check)},
    }
    made["locations"][0]["logicalLocations"] = [{"fullyQualifiedName": _short(finding.subject), "kind": "resource"}]
    if finding.outcome is Outcome.WAIVED:
        made["suppressions"] = [_suppression(source, finding.waiver)]
    return made


def _suppression(source: Source, id_: str) -> dict[str, Any]:
    waiver = source.waivers.get(id_)
    people = f"owner {waiver.owner}, approver {waiver.approver}" if waiver else ""
    said = f"{id_}: {waiver.reason} ({people}, until {waiver.expires})" if waiver else id_
    return {"kind": "external", "status": "accepted", "justification": _short(said)}


def _places(source: Source, result: Result) -> Sequence[str]:
    """Return where a finding stands, else where what it answers is stated."""
    finding = result.finding
    stated = source.places.get(finding.criterion if result.criterion else finding.subject)
    return finding.where or (stated or ("criteria.toml:1" if result.criterion else "waivers.toml:1"),)


def _location(place: str) -> dict[str, Any]:
    file, _, line = place.rpartition(":")
    file, number = (file, int(line)) if file and line.isdigit() else (place, 1)
    region = {"startLine": max(number, 1)}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(plain(file), safe="/._-~+@")}, "region": region}}


def _short(text: str) -> str:
    return shorten(plain(text), _LONGEST)
