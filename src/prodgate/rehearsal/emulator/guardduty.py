"""GuardDuty: the features of a detector, and what it and those of its members find."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .extension import Ledger, answers, corrects

Params = Mapping[str, Any]
Value = Mapping[str, Any]


@corrects("guardduty", "UpdateDetector", upstream="since getmoto/moto#8145")
def update_detector(ledger: Ledger, params: Params) -> Value:
    """Change a detector and the features that are named; moto would drop the others."""
    now = datetime.now(UTC)
    for feature in params.get("Features") or ():
        more = [{**one, "UpdatedAt": now} for one in feature.get("AdditionalConfiguration") or ()]
        about = {**feature, "AdditionalConfiguration": more, "UpdatedAt": now}
        ledger.of(f"features of {params['DetectorId']}")[feature["Name"]] = about
    ledger.moto()
    return {}


@corrects("guardduty", "GetDetector", upstream="since getmoto/moto#8145")
def get_detector(ledger: Ledger, params: Params) -> Value:
    """Return a detector with its features."""
    return {**ledger.moto(), "Features": list(ledger.of(f"features of {params['DetectorId']}").values())}


def manages_agents(ledger: Ledger) -> bool:
    """Whether a detector puts its agent into tasks on Fargate; ``ledger`` is any of the account and region."""
    for id_ in ledger.ask("guardduty", "ListDetectors")["DetectorIds"]:
        detector = ledger.ask("guardduty", "GetDetector", DetectorId=id_)
        for feature in detector.get("Features") or () if detector["Status"] == "ENABLED" else ():
            more = {one["Name"]: one["Status"] for one in feature.get("AdditionalConfiguration") or ()}
            if feature["Status"] == "ENABLED" and more.get("ECS_FARGATE_AGENT_MANAGEMENT") == "ENABLED":
                return True
    return False


@answers("guardduty", "CreateSampleFindings")
def create_sample_findings(ledger: Ledger, params: Params) -> Value:
    """Let a detector find something, as AWS does to show what findings look like."""
    ledger.ask("guardduty", "GetDetector", DetectorId=params["DetectorId"])
    for kind in params.get("FindingTypes") or ("Recon:EC2/PortProbeUnprotectedPort",):
        number = len(ledger.of("finding"))
        about = {"detector": params["DetectorId"], "type": kind, "archived": "false"}
        ledger.of("finding")[f"{ledger.account}{number:020x}"] = {**about, "at": datetime.now(UTC).isoformat()}
    return {}


@answers("guardduty", "ArchiveFindings")
def archive_findings(ledger: Ledger, params: Params) -> Value:
    """Put findings away."""
    for id_ in params["FindingIds"]:
        ledger.of("finding")[id_]["archived"] = "true"
    return {}


@answers("guardduty", "CreateMembers")
def create_members(ledger: Ledger, params: Params) -> Value:
    """Make the account the administrator of others, whose findings its detector lists from now on."""
    ledger.of("member").update({one["AccountId"]: params["DetectorId"] for one in params["AccountDetails"]})
    return {"UnprocessedAccounts": []}


@answers("guardduty", "ListFindings")
def list_findings(ledger: Ledger, params: Params) -> Value:
    """List findings; of the criteria only the account and whether they are archived count, as they do for the gate.

    https://docs.aws.amazon.com/guardduty/latest/ug/administrator_member_relationships.html
    """
    criteria = (params.get("FindingCriteria") or {}).get("Criterion", {})

    def fits(name: str, value: str) -> bool:
        tests = criteria.get(name, {})
        return value in (tests.get("Equals") or tests.get("Eq") or (value,))

    found = [(ledger, id_, one) for id_, one in ledger.of("finding").items() if one["detector"] == params["DetectorId"]]
    members = [account for account, detector in ledger.of("member").items() if detector == params["DetectorId"]]
    for theirs in (ledger.elsewhere(account=account) for account in members):
        found += [(theirs, id_, one) for id_, one in theirs.of("finding").items()]
    return {
        "FindingIds": [
            id_
            for whose, id_, one in found
            if fits("service.archived", one["archived"]) and fits("accountId", whose.account)
        ]
    }


@answers("guardduty", "GetFindings")
def get_findings(ledger: Ledger, params: Params) -> Value:
    """Return findings by their ids."""
    return {
        "Findings": [
            {
                "Id": id_, "AccountId": ledger.account, "Region": ledger.region, "SchemaVersion": "2.0",
                "Severity": 5,
                "Arn": f"arn:aws:guardduty:{ledger.region}:{ledger.account}:detector/{one['detector']}/finding/{id_}",
                "Type": one["type"], "CreatedAt": one["at"], "UpdatedAt": one["at"], "Resource": {},
            }
            for id_, one in ledger.of("finding").items() if id_ in params["FindingIds"]
        ]
    }  # fmt: skip
