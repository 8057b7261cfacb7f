"""Route 53: DNSSEC signing, which moto only knows as switched off, and the ARNs of query logs as AWS takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .extension import Ledger, Refused, answers, corrects


@answers("route53", "CreateKeySigningKey")
def create_key_signing_key(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add a key-signing key to a zone."""
    now = datetime.now(UTC)
    zone = _zone(params["HostedZoneId"])
    made = {"Name": params["Name"], "KmsArn": params["KeyManagementServiceArn"], "Flag": 257, "KeyTag": 12345,
            "SigningAlgorithmMnemonic": "ECDSAP256SHA256", "SigningAlgorithmType": 13,
            "DigestAlgorithmMnemonic": "SHA-256", "DigestAlgorithmType": 2, "DigestValue": "00" * 32,
            "PublicKey": "rehearsal", "DSRecord": f"12345 13 2 {'00' * 32}", "DNSKEYRecord": "257 3 13 rehearsal",
            "Status": params["Status"], "CreatedDate": now, "LastModifiedDate": now}  # fmt: skip
    ledger.of(f"keys of {zone}")[params["Name"]] = made
    return {"ChangeInfo": _change(), "KeySigningKey": made, "Location": f"/keysigningkey/{zone}/{params['Name']}"}


@answers("route53", "EnableHostedZoneDNSSEC")
def enable_signing(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Begin to sign a zone."""
    zone = _zone(params["HostedZoneId"])
    if not any(key["Status"] == "ACTIVE" for key in ledger.of(f"keys of {zone}").values()):
        raise Refused("KeySigningKeyWithActiveStatusNotFound", "The zone has no active key-signing key.")
    ledger.of("signed")[zone] = True
    return {"ChangeInfo": _change()}


@corrects("route53", "GetDNSSEC", upstream="since getmoto/moto#5197")
def get_dnssec(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say whether a zone is signed, and with which keys."""
    zone = _zone(params["HostedZoneId"])
    status = "SIGNING" if zone in ledger.of("signed") else "NOT_SIGNING"
    return {"Status": {"ServeSignature": status}, "KeySigningKeys": list(ledger.of(f"keys of {zone}").values())}


@corrects("route53", "CreateQueryLoggingConfig", upstream="since getmoto/moto#4437")
def create_query_logging_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Log the queries of a zone; moto wants an ending at the ARN of the log group that AWS does not want."""
    arn = params["CloudWatchLogsLogGroupArn"].removesuffix(":*")
    made = ledger.moto(HostedZoneId=params["HostedZoneId"], CloudWatchLogsLogGroupArn=f"{arn}:*")
    return {**made, "QueryLoggingConfig": {**made["QueryLoggingConfig"], "CloudWatchLogsLogGroupArn": arn}}


@corrects("route53", "ListQueryLoggingConfigs", upstream="since getmoto/moto#4437")
def list_query_logging_configs(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return where the queries of zones are logged."""
    found = ledger.moto()["QueryLoggingConfigs"]
    named = [{**one, "CloudWatchLogsLogGroupArn": one["CloudWatchLogsLogGroupArn"].removesuffix(":*")} for one in found]
    return {"QueryLoggingConfigs": named}


def _zone(id_: str) -> str:
    return id_.rpartition("/")[2]


def _change() -> Mapping[str, Any]:
    return {"Id": "/change/C0", "Status": "INSYNC", "SubmittedAt": datetime.now(UTC)}
