"""IAM Access Analyzer: analyzers, their archive rules, and what they find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ...semantics.policy_documents import read_statements
from .extension import Ledger, answers

Params = Mapping[str, Any]
Value = Mapping[str, Any]


@answers("accessanalyzer", "CreateAnalyzer")
def create_analyzer(ledger: Ledger, params: Params) -> Value:
    """Create an analyzer, at work from now on."""
    name = params["analyzerName"]
    arn = f"arn:aws:access-analyzer:{ledger.region}:{ledger.account}:analyzer/{name}"
    known = {key: params[key] for key in ("type", "tags", "configuration") if key in params}
    now = datetime.now(UTC)
    about = {"arn": arn, "name": name, "createdAt": now, "lastResourceAnalyzedAt": now, "status": "ACTIVE", **known}
    ledger.add("analyzer", name, about, "ConflictException", f"analyzer {name} exists")
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
    return {"analyzer": _find_analyzer(ledger, params["analyzerName"])}


@answers("accessanalyzer", "DeleteAnalyzer")
def delete_analyzer(ledger: Ledger, params: Params) -> Value:
    """Remove an analyzer and what it has found."""
    ledger.of("analyzer").pop(_find_analyzer(ledger, params["analyzerName"])["name"])
    return {}


@answers("accessanalyzer", "CreateArchiveRule")
def create_archive_rule(ledger: Ledger, params: Params) -> Value:
    """Let findings of a kind be archived as they come."""
    name = _find_analyzer(ledger, params["analyzerName"])["name"]
    now = datetime.now(UTC)
    rule = {"ruleName": params["ruleName"], "filter": params["filter"], "createdAt": now, "updatedAt": now}
    ledger.of(f"rules of {name}")[params["ruleName"]] = rule
    return {}


@answers("accessanalyzer", "ListArchiveRules")
def list_archive_rules(ledger: Ledger, params: Params) -> Value:
    """List the archive rules of an analyzer."""
    name = _find_analyzer(ledger, params["analyzerName"])["name"]
    return {"archiveRules": list(ledger.of(f"rules of {name}").values())}


@answers("accessanalyzer", "ListFindingsV2")
def list_findings(ledger: Ledger, params: Params) -> Value:
    """List the roles that another account may take; of the filters only that of the status counts."""
    analyzer = _find_analyzer(ledger, params["analyzerArn"].rpartition("/")[2])
    wanted = (params.get("filter") or {}).get("status", {}).get("eq") or ["ACTIVE"]
    outside = _list_externally_trusted_roles(ledger) if analyzer["type"] == "ACCOUNT" and "ACTIVE" in wanted else ()
    return {"findings": [_finding(ledger, role) for role in outside]}


def _list_externally_trusted_roles(ledger: Ledger) -> Iterator[Mapping[str, Any]]:
    for role in ledger.ask("iam", "ListRoles")["Roles"]:
        trusted = read_statements(role["AssumeRolePolicyDocument"], role["Arn"])
        let_in = {principal.account for statement in trusted if statement.allows for principal in statement.principals}
        if let_in - {"", ledger.account}:
            yield role


def _finding(ledger: Ledger, role: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": role["RoleId"], "status": "ACTIVE", "resource": role["Arn"], "resourceType": "AWS::IAM::Role",
        "resourceOwnerAccount": ledger.account, "findingType": "ExternalAccess",
        "createdAt": now, "analyzedAt": now, "updatedAt": now,
    }  # fmt: skip


def _find_analyzer(ledger: Ledger, name: str) -> dict[str, Any]:
    analyzer: dict[str, Any] = ledger.find("analyzer", name, "ResourceNotFoundException", f"no analyzer {name}")
    return analyzer
