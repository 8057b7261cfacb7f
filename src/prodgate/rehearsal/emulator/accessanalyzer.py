"""IAM Access Analyzer: analyzers, their archive rules, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .extension import Ledger, Refused, answers

Params = Mapping[str, Any]
Value = Mapping[str, Any]


@answers("accessanalyzer", "CreateAnalyzer")
def create_analyzer(ledger: Ledger, params: Params) -> Value:
    """Create an analyzer, at work from now on."""
    name = params["analyzerName"]
    if name in ledger.of("analyzer"):
        raise Refused("ConflictException", f"analyzer {name} exists")
    arn = f"arn:aws:access-analyzer:{ledger.region}:{ledger.account}:analyzer/{name}"
    known = {key: params[key] for key in ("type", "tags", "configuration") if key in params}
    now = datetime.now(UTC)
    about = {"arn": arn, "name": name, "createdAt": now, "lastResourceAnalyzedAt": now, "status": "ACTIVE", **known}
    ledger.of("analyzer")[name] = about
    for rule in params.get("archiveRules") or ():
        ledger.of(f"rules of {name}")[rule["ruleName"]] = rule
    return {"arn": arn}


@answers("accessanalyzer", "ListAnalyzers")
def list_analyzers(ledger: Ledger, params: Params) -> Value:
    """List the analyzers, of one type when that is asked for."""
    found = ledger.of("analyzer").values()
    return {"analyzers": [one for one in found if params.get("type") in (None, one["type"])]}


@answers("accessanalyzer", "GetAnalyzer")
def get_analyzer(ledger: Ledger, params: Params) -> Value:
    """Return an analyzer."""
    return {"analyzer": _known(ledger, params["analyzerName"])}


@answers("accessanalyzer", "DeleteAnalyzer")
def delete_analyzer(ledger: Ledger, params: Params) -> Value:
    """Remove an analyzer and what it has found."""
    ledger.of("analyzer").pop(_known(ledger, params["analyzerName"])["name"])
    return {}


@answers("accessanalyzer", "CreateArchiveRule")
def create_archive_rule(ledger: Ledger, params: Params) -> Value:
    """Let findings of a kind be archived as they come."""
    name = _known(ledger, params["analyzerName"])["name"]
    now = datetime.now(UTC)
    rule = {"ruleName": params["ruleName"], "filter": params["filter"], "createdAt": now, "updatedAt": now}
    ledger.of(f"rules of {name}")[params["ruleName"]] = rule
    return {}


@answers("accessanalyzer", "ListArchiveRules")
def list_archive_rules(ledger: Ledger, params: Params) -> Value:
    """List the archive rules of an analyzer."""
    name = _known(ledger, params["analyzerName"])["name"]
    return {"archiveRules": list(ledger.of(f"rules of {name}").values())}


@answers("accessanalyzer", "ListFindingsV2")
def list_findings(ledger: Ledger, params: Params) -> Value:
    """List what an analyzer has found; of the filters only that of the status counts, as it does for the gate."""
    _known(ledger, params["analyzerArn"].rpartition("/")[2])
    wanted = (params.get("filter") or {}).get("status", {}).get("eq")
    found = [one for one in ledger.of("finding").values() if one["analyzerArn"] == params["analyzerArn"]]
    shown = [{key: value for key, value in one.items() if key != "analyzerArn"} for one in found]
    return {"findings": [one for one in shown if not wanted or one["status"] in wanted]}


def found(ledger: Ledger, analyzer: str, resource: str, kind: str) -> None:
    """Let an analyzer find that a resource can be reached from outside; there is no call of AWS that does this."""
    now, number = datetime.now(UTC), len(ledger.of("finding"))
    ledger.of("finding")[str(number)] = {
        "analyzerArn": analyzer, "id": f"finding-{number}", "status": "ACTIVE", "resource": resource,
        "resourceType": kind, "resourceOwnerAccount": ledger.account, "findingType": "ExternalAccess",
        "createdAt": now, "analyzedAt": now, "updatedAt": now,
    }  # fmt: skip


def _known(ledger: Ledger, name: str) -> dict[str, Any]:
    if name not in ledger.of("analyzer"):
        raise Refused("ResourceNotFoundException", f"no analyzer {name}")
    analyzer: dict[str, Any] = ledger.of("analyzer")[name]
    return analyzer
