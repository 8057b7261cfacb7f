"""X-Ray: groups, sampling rules, the key, and the service graph of the segments that arrived."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .extension import Ledger, answers


@answers("xray", "PutTraceSegments")
def put_trace_segments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take segments; what is no segment comes back unprocessed."""
    refused = []
    for document in params["TraceSegmentDocuments"]:
        try:
            segment = json.loads(document)
            ledger.of("segment")[segment["id"]] = segment
        except (ValueError, KeyError):
            refused.append({"ErrorCode": "InvalidSegment", "Message": "not a segment document"})
    return {"UnprocessedTraceSegments": refused}


@answers("xray", "GetServiceGraph")
def get_service_graph(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the services whose segments ended in a time, with when each was heard of first and last."""
    start, end = params["StartTime"].timestamp(), params["EndTime"].timestamp()
    heard: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for segment in ledger.of("segment").values():
        if start <= segment.get("end_time", segment["start_time"]) <= end:
            heard.setdefault((segment["name"], segment.get("origin", "")), []).append(segment)
    services = [_service(number, *key, segments) for number, (key, segments) in enumerate(heard.items())]
    return {"StartTime": params["StartTime"], "EndTime": params["EndTime"], "Services": services,
            "ContainsOldGroupVersions": False}  # fmt: skip


def _service(number: int, name: str, origin: str, segments: list[dict[str, Any]]) -> Mapping[str, Any]:
    ends = [one.get("end_time", one["start_time"]) for one in segments]
    faults = sum(bool(one.get("fault")) for one in segments)
    took = sum(end - one["start_time"] for one, end in zip(segments, ends, strict=True))
    return {
        "ReferenceId": number,
        "Name": name,
        "Names": [name],
        "Type": origin,
        "State": "active",
        "Root": any("parent_id" not in one for one in segments),
        "StartTime": datetime.fromtimestamp(min(one["start_time"] for one in segments), UTC),
        "EndTime": datetime.fromtimestamp(max(ends), UTC),
        "Edges": [],
        "SummaryStatistics": {
            "TotalCount": len(segments),
            "OkCount": len(segments) - faults,
            "FaultStatistics": {"TotalCount": faults, "OtherCount": 0},
            "TotalResponseTime": took,
        },
    }


@answers("xray", "PutEncryptionConfig")
def put_encryption_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say with which key traces are encrypted."""
    ledger.of("encryption")["now"] = dict(params) | {"Status": "ACTIVE"}
    return {"EncryptionConfig": ledger.of("encryption")["now"]}


@answers("xray", "GetEncryptionConfig")
def get_encryption_config(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the key; X-Ray's own where none was named."""
    return {"EncryptionConfig": ledger.of("encryption").get("now", {"Type": "NONE", "Status": "ACTIVE"})}


@answers("xray", "CreateSamplingRule")
def create_sampling_rule(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a sampling rule."""
    rule, now = dict(params["SamplingRule"]), datetime.now(UTC)
    rule["RuleARN"] = f"arn:aws:xray:{ledger.region}:{ledger.account}:sampling-rule/{rule['RuleName']}"
    record = {"SamplingRule": rule, "CreatedAt": now, "ModifiedAt": now}
    message = f"A rule with the name {rule['RuleName']} exists."
    ledger.add("rule", rule["RuleName"], record, "InvalidRequestException", message)
    return {"SamplingRuleRecord": record}


@answers("xray", "GetSamplingRules")
def get_sampling_rules(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the sampling rules."""
    return {"SamplingRuleRecords": list(ledger.of("rule").values())}


@answers("xray", "CreateGroup")
def create_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a group of traces."""
    name = params["GroupName"]
    arn = f"arn:aws:xray:{ledger.region}:{ledger.account}:group/{name}/REHEARSAL"
    group = {key: value for key, value in params.items() if key != "Tags"} | {"GroupARN": arn}
    ledger.add("group", name, group, "InvalidRequestException", f"A group with the name {name} exists.")
    return {"Group": group}


@answers("xray", "GetGroups")
def get_groups(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the groups of traces."""
    return {"Groups": list(ledger.of("group").values())}
