"""Services that moto lacks, in whole or in their findings and counts, by service."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from moto.backends import get_backend

from ...semantics.policy_documents import read_statements
from .extension import FOLLOWS, UNREPORTED, Kind, Ledger, Refused, answers, corrects

# ── IAM Access Analyzer: analyzers, their archive rules, and their findings


_ANALYZER: Final = Kind(
    "accessanalyzer", "analyzer", ("analyzerName",), "ResourceNotFoundException", "no analyzer {analyzerName}"
)
_ANALYZER.show("GetAnalyzer", "analyzer")
_ANALYZER.list("ListAnalyzers", "analyzers", type="type")
_ANALYZER.forget("DeleteAnalyzer")


@answers("accessanalyzer", "CreateAnalyzer")
def _create_analyzer(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    name = params["analyzerName"]
    arn = f"arn:aws:access-analyzer:{ledger.region}:{ledger.account}:analyzer/{name}"
    known = {key: params[key] for key in ("type", "tags", "configuration") if key in params}
    now = datetime.now(UTC)
    about = {"arn": arn, "name": name, "createdAt": now, "lastResourceAnalyzedAt": now, "status": "ACTIVE", **known}
    ledger.add("analyzer", name, about, "ConflictException", f"analyzer {name} exists")
    for rule in params.get("archiveRules") or ():
        ledger.of(f"rules of {name}")[rule["ruleName"]] = rule
    return {"arn": arn}


@answers("accessanalyzer", "ListArchiveRules")
def _list_archive_rules(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"archiveRules": list(ledger.of(f"rules of {_ANALYZER.find(ledger, params)['name']}").values())}


@answers("accessanalyzer", "ListFindingsV2")
def list_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List the roles that another account may assume; only the filter on status counts."""
    analyzer = _ANALYZER.find(ledger, {"analyzerName": params["analyzerArn"].rpartition("/")[2]})
    wanted = (params.get("filter") or {}).get("status", {}).get("eq") or ["ACTIVE"]
    outside = _list_externally_trusted_roles(ledger) if analyzer["type"] == "ACCOUNT" and "ACTIVE" in wanted else ()
    return {"findings": [_access_finding(ledger, role) for role in outside]}


def _list_externally_trusted_roles(ledger: Ledger) -> Iterator[Mapping[str, Any]]:
    for role in ledger.ask("iam", "ListRoles")["Roles"]:
        trusted = read_statements(role["AssumeRolePolicyDocument"], role["Arn"])
        let_in = {principal.account for statement in trusted if statement.allows for principal in statement.principals}
        if let_in - {"", ledger.account}:
            yield role


def _access_finding(ledger: Ledger, role: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": role["RoleId"], "status": "ACTIVE", "resource": role["Arn"], "resourceType": "AWS::IAM::Role",
        "resourceOwnerAccount": ledger.account, "findingType": "ExternalAccess",
        "createdAt": now, "analyzedAt": now, "updatedAt": now,
    }  # fmt: skip


# ── Security Hub: standards, finding filters, and where whose findings are shown

#: Filters by the place of their value in a finding, with AWS's default for a finding without it.
_FILTERS: Final = {
    "RecordState": (("RecordState",), "ACTIVE"),
    "SeverityLabel": (("Severity", "Label"), "INFORMATIONAL"),
    "WorkflowStatus": (("Workflow", "Status"), "NEW"),
}


_STANDARD: Final = Kind("securityhub", "standard")
_STANDARD.list("GetEnabledStandards", "StandardsSubscriptions", StandardsSubscriptionArns="StandardsSubscriptionArn")


@answers("securityhub", "BatchEnableStandards")
def _enable_standards(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    made = []
    for wanted in params["StandardsSubscriptionRequests"]:
        arn = wanted["StandardsArn"]
        own = f"arn:aws:securityhub:{ledger.region}:{ledger.account}:subscription/{arn.partition('standards/')[2]}"
        about = {"StandardsSubscriptionArn": own, "StandardsArn": arn, "StandardsInput": {}, "StandardsStatus": "READY"}
        ledger.of("standard")[own] = about
        made.append(about)
    return {"StandardsSubscriptions": made}


@answers("securityhub", "BatchDisableStandards")
def _disable_standards(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"StandardsSubscriptions": [ledger.of("standard").pop(arn) for arn in params["StandardsSubscriptionArns"]]}


@corrects("securityhub", "GetFindings", upstream="since getmoto/moto#8518")
def get_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return moto's findings that pass the filters, which moto ignores.

    An administrator also sees the findings of its members, and an aggregation region those of its linked regions.
    https://docs.aws.amazon.com/securityhub/latest/userguide/finding-aggregation.html
    """
    filters = params.get("Filters") or {}
    found = ({"Region": one.region} | each.as_dict() for one in _list_sources(ledger) for each in one.backend.findings)
    return {"Findings": [one for one in found if _passes(one, filters)]}


def _list_sources(ledger: Ledger) -> Iterator[Ledger]:
    regions = {ledger.region, *(name for linked in ledger.of("aggregator").values() for name in linked)}
    for account in (ledger.account, *ledger.backend.members):
        yield from (ledger.elsewhere(account=account, region=region) for region in sorted(regions))


@answers("securityhub", "CreateFindingAggregator")
def create_finding_aggregator(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let this region show the findings of others."""
    arn = f"arn:aws:securityhub:{ledger.region}:{ledger.account}:finding-aggregator/1"
    ledger.of("aggregator")[arn] = params.get("Regions") or []
    asked = {"RegionLinkingMode": params["RegionLinkingMode"], "Regions": params.get("Regions") or []}
    return {"FindingAggregatorArn": arn, "FindingAggregationRegion": ledger.region, **asked}


def _passes(finding: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    for name, tests in filters.items():
        path, otherwise = _FILTERS.get(name, ((name,), ""))
        value: Any = finding
        for part in path:
            value = value.get(part, {})
        if not any(_holds(test, value or otherwise) for test in tests):
            return False
    return True


def _holds(test: Mapping[str, Any], value: str) -> bool:
    """Apply one test of a filter: an equal text, or a time within a range."""
    if "Start" in test or "End" in test:
        at = datetime.fromisoformat(value)
        ends = [datetime.fromisoformat(test[key]) if test.get(key) else at for key in ("Start", "End")]
        return ends[0] <= at <= ends[1]
    return bool(test["Comparison"] == "EQUALS" and test["Value"] == value)


# ── Cost Explorer: anomaly detection, and the tags by which a bill is split


_MONITOR: Final = Kind("ce", "monitor", ("MonitorArn",), "UnknownMonitorException", "no monitor {MonitorArn}")
_MONITOR.list("GetAnomalyMonitors", "AnomalyMonitors", MonitorArnList="MonitorArn")
_SUBSCRIPTION: Final = Kind(
    "ce", "subscription", ("SubscriptionArn",), "UnknownSubscriptionException", "no subscription {SubscriptionArn}"
)
_SUBSCRIPTION.list("GetAnomalySubscriptions", "AnomalySubscriptions", SubscriptionArnList="SubscriptionArn")
_SUBSCRIPTION.forget("DeleteAnomalySubscription")
Kind("ce", "tag").list("ListCostAllocationTags", "CostAllocationTags", Status="Status")


@answers("ce", "CreateAnomalyMonitor")
def _create_monitor(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    arn = f"arn:aws:ce::{ledger.account}:anomalymonitor/{uuid.uuid4()}"
    ledger.of("monitor")[arn] = {"MonitorArn": arn, **params["AnomalyMonitor"]}
    return {"MonitorArn": arn}


@answers("ce", "CreateAnomalySubscription")
def create_subscription(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Subscribe to anomalies; addresses need no confirmation, as AWS requires none."""
    about = params["AnomalySubscription"]
    for monitor in about["MonitorArnList"]:
        _MONITOR.find(ledger, {"MonitorArn": monitor})
    arn = f"arn:aws:ce::{ledger.account}:anomalysubscription/{uuid.uuid4()}"
    heard = [{"Status": "CONFIRMED", **one} for one in about["Subscribers"]]
    ledger.of("subscription")[arn] = {
        "SubscriptionArn": arn, "AccountId": ledger.account, **about, "Subscribers": heard
    }  # fmt: skip
    return {"SubscriptionArn": arn}


@answers("ce", "UpdateCostAllocationTagsStatus")
def _update_allocation_tags(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    for one in params["CostAllocationTagsStatus"]:
        ledger.of("tag")[one["TagKey"]] = {**one, "Type": "UserDefined"}
    return {"Errors": []}


# ── X-Ray: groups, sampling rules, the key, and the service graph of the segments that arrived


Kind("xray", "rule").list("GetSamplingRules", "SamplingRuleRecords")
Kind("xray", "group").list("GetGroups", "Groups")


@answers("xray", "PutTraceSegments")
def put_trace_segments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take segments; return anything that is no segment as unprocessed."""
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
    """Return the services whose segments ended in a period, with the first and last time of each."""
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
def _put_encryption_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    ledger.of("encryption")["now"] = dict(params) | {"Status": "ACTIVE"}
    return {"EncryptionConfig": ledger.of("encryption")["now"]}


@answers("xray", "GetEncryptionConfig")
def get_encryption_config(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the key; X-Ray's own if none was named."""
    return {"EncryptionConfig": ledger.of("encryption").get("now", {"Type": "NONE", "Status": "ACTIVE"})}


@answers("xray", "CreateSamplingRule")
def _create_sampling_rule(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    rule, now = dict(params["SamplingRule"]), datetime.now(UTC)
    rule["RuleARN"] = f"arn:aws:xray:{ledger.region}:{ledger.account}:sampling-rule/{rule['RuleName']}"
    record = {"SamplingRule": rule, "CreatedAt": now, "ModifiedAt": now}
    message = f"A rule with the name {rule['RuleName']} exists."
    ledger.add("rule", rule["RuleName"], record, "InvalidRequestException", message)
    return {"SamplingRuleRecord": record}


@answers("xray", "CreateGroup")
def _create_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    name = params["GroupName"]
    arn = f"arn:aws:xray:{ledger.region}:{ledger.account}:group/{name}/REHEARSAL"
    group = {key: value for key, value in params.items() if key != "Tags"} | {"GroupARN": arn}
    ledger.add("group", name, group, "InvalidRequestException", f"A group with the name {name} exists.")
    return {"Group": group}


# ── CloudWatch Synthetics: canaries that can be started and have runs, unlike moto's


_CANARIES_DIFFER: Final = "since getmoto/moto#9314"
_CANARY: Final = Kind(
    "synthetics", "canary", ("Name",), "ResourceNotFoundException", "No canary with the name {Name} exists."
)
_CANARY.show("GetCanary", "Canary", upstream=_CANARIES_DIFFER)
_CANARY.list("DescribeCanaries", "Canaries", upstream=_CANARIES_DIFFER, Names="Name")


@corrects("synthetics", "CreateCanary", upstream=_CANARIES_DIFFER)
def create_canary(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a canary that is ready and has never run."""
    name, now = params["Name"], datetime.now(UTC)
    run = {"TimeoutInSeconds": 60, "MemoryInMB": 1000, "ActiveTracing": False} | dict(params.get("RunConfig", {}))
    run.pop("EnvironmentVariables", None)  # AWS never shows them again
    made = {key: value for key, value in params.items() if key != "Code"} | {
        "Id": str(uuid.uuid4()),
        "Code": {"Handler": params["Code"].get("Handler")},
        "RunConfig": run,
        "EngineArn": f"arn:aws:lambda:{ledger.region}:{ledger.account}:function:cwsyn-{name}:1",
        "Status": {"State": "READY"},
        "Timeline": {"Created": now, "LastModified": now},
    }
    ledger.add("canary", name, made, "ConflictException", f"A canary with the name {name} exists.")
    return {"Canary": made}


def _switch_canary(state: str, moment: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    canary = _CANARY.find(ledger, params)
    canary["Status"] = {"State": state}
    canary["Timeline"] |= {moment: datetime.now(UTC)}
    return {}


# the runs of a started canary are part of the scenario
answers("synthetics", "StartCanary")(partial(_switch_canary, "RUNNING", "LastStarted"))
answers("synthetics", "StopCanary")(partial(_switch_canary, "STOPPED", "LastStopped"))


@answers("synthetics", "DescribeCanariesLastRun")
def _describe_last_runs(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = params.get("Names") or ledger.of("canary")
    runs = [_runs(ledger, name)[-1:] for name in wanted if name in ledger.of("canary")]
    return {"CanariesLastRun": [{"CanaryName": run["Name"], "LastRun": run} for last in runs for run in last]}


@answers("synthetics", "GetCanaryRuns")
def get_canary_runs(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the runs of a canary, the newest first."""
    _CANARY.find(ledger, params)
    return {"CanaryRuns": _runs(ledger, params["Name"])[::-1]}


def record_run(ledger: Ledger, name: str, ended: datetime) -> None:
    """Add a run that passed to the history of a canary."""
    canary, started = _CANARY.find(ledger, {"Name": name}), ended - timedelta(seconds=8)
    run = {
        "Id": str(uuid.uuid4()),
        "Name": name,
        "Status": {"State": "PASSED", "TestResult": "PASSED"},
        "Timeline": {"Started": started, "Completed": ended},
        "ArtifactS3Location": f"{canary['ArtifactS3Location']}/{ended:%Y/%m/%d/%H/%M}",
    }
    _runs(ledger, name).append(run)
    _runs(ledger, name).sort(key=lambda one: one["Timeline"]["Completed"])


def _runs(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ledger.of("runs").setdefault(name, [])
    return found


# ── Application Auto Scaling: its activities, which moto lacks because nothing in it scales

ACTIVITIES: Final = "activity"


@answers("application-autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scaling activities, newest first."""
    found = [
        one
        for one in ledger.of(ACTIVITIES).values()
        if one["ServiceNamespace"] == params["ServiceNamespace"]
        and params.get("ResourceId") in (None, "", one["ResourceId"])
    ]
    return {"ScalingActivities": sorted(found, key=lambda one: one["StartTime"], reverse=True)}


# ── GuardDuty: the features of a detector, and the findings of it and its members


@corrects("guardduty", "UpdateDetector", upstream="since getmoto/moto#8145")
def update_detector(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a detector and the named features; moto would drop the others."""
    now = datetime.now(UTC)
    for feature in params.get("Features") or ():
        more = [{**one, "UpdatedAt": now} for one in feature.get("AdditionalConfiguration") or ()]
        about = {**feature, "AdditionalConfiguration": more, "UpdatedAt": now}
        ledger.of(f"features of {params['DetectorId']}")[feature["Name"]] = about
    ledger.moto()
    return {}


@corrects("guardduty", "GetDetector", upstream="since getmoto/moto#8145")
def _get_detector(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**ledger.moto(), "Features": list(ledger.of(f"features of {params['DetectorId']}").values())}


def manages_agents(ledger: Ledger) -> bool:
    """Whether a detector manages its agent in tasks on Fargate; ``ledger`` is any of the account and region."""
    for id_ in ledger.ask("guardduty", "ListDetectors")["DetectorIds"]:
        detector = ledger.ask("guardduty", "GetDetector", DetectorId=id_)
        for feature in detector.get("Features") or () if detector["Status"] == "ENABLED" else ():
            more = {one["Name"]: one["Status"] for one in feature.get("AdditionalConfiguration") or ()}
            if feature["Status"] == "ENABLED" and more.get("ECS_FARGATE_AGENT_MANAGEMENT") == "ENABLED":
                return True
    return False


@answers("guardduty", "CreateSampleFindings")
def create_sample_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create sample findings, as AWS does to show what findings look like."""
    ledger.ask("guardduty", "GetDetector", DetectorId=params["DetectorId"])
    for kind in params.get("FindingTypes") or ("Recon:EC2/PortProbeUnprotectedPort",):
        number = len(ledger.of("finding"))
        about = {"detector": params["DetectorId"], "type": kind, "archived": "false"}
        ledger.of("finding")[f"{ledger.account}{number:020x}"] = {**about, "at": datetime.now(UTC).isoformat()}
    return {}


@answers("guardduty", "ArchiveFindings")
def _archive_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    for id_ in params["FindingIds"]:
        ledger.of("finding")[id_]["archived"] = "true"
    return {}


@answers("guardduty", "CreateMembers")
def create_members(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the account the administrator of others, whose findings its detector lists from now on."""
    ledger.of("member").update({one["AccountId"]: params["DetectorId"] for one in params["AccountDetails"]})
    return {"UnprocessedAccounts": []}


@answers("guardduty", "ListFindings")
def list_detector_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List findings; only the criteria on account and archived state count, which are the ones the gate uses.

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
def _get_detector_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
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


# ── ECR: moto keeps images; these are the contents of their layers, and the findings of a scan

#: AWS's own account that stores the layers of all images.
STORE = "999999999999"
#: Annotation of a manifest that lists the vulnerabilities for a scan to find, by severity: ``CRITICAL HIGH``.
VULNERABLE = "rehearsal.vulnerable"


@corrects("ecr", "CompleteLayerUpload", upstream=UNREPORTED)
def complete_layer_upload(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """End the upload of a layer, and store its content where ECR does: in a bucket of AWS's own."""
    upload = ledger.backend.repositories[params["repositoryName"]].uploads.get(params["uploadId"])
    content = bytes(upload.layer_parts) if upload else b""
    made = ledger.moto()
    store, bucket = get_backend("s3")[STORE]["aws"], _bucket(ledger)
    if bucket not in store.buckets:
        store.create_bucket(bucket, ledger.region)
    store.put_object(bucket, _place(ledger, params["repositoryName"], made["layerDigest"]), content)
    return made


@corrects("ecr", "GetDownloadUrlForLayer", upstream=FOLLOWS)
def get_download_url(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the address of a layer, which needs no further permission."""
    repository, digest = params["repositoryName"], params["layerDigest"]
    if digest not in getattr(ledger.backend.repositories.get(repository), "layers", ()):
        raise Refused("LayersNotFoundException", f"The layer with digest '{digest}' does not exist in {repository!r}")
    host = f"{_bucket(ledger)}.s3.{ledger.region}.amazonaws.com"
    signed = f"X-Amz-Credential={STORE}/{datetime.now(UTC):%Y%m%d}/{ledger.region}/s3/aws4_request"
    signed += f"&X-Amz-Expires=3600&X-Amz-Signature={digest.partition(':')[2]}"
    return {"downloadUrl": f"https://{host}/{_place(ledger, repository, digest)}?{signed}", "layerDigest": digest}


def _bucket(ledger: Ledger) -> str:
    return f"prod-{ledger.region}-starport-layer-bucket"


def _place(ledger: Ledger, repository: str, digest: str) -> str:
    return f"{ledger.account}-{repository}/{digest.partition(':')[2]}".replace("/", "-")


@corrects("ecr", "PutImage", upstream="since getmoto/moto#4166")
def put_image(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take an image, and scan it at once if the repository or the registry scans by itself."""
    made = ledger.moto()
    asked = {"repositoryNames": [params["repositoryName"]]}
    settings = ledger.ask("ecr", "BatchGetRepositoryScanningConfiguration", **asked)["scanningConfigurations"][0]
    if settings["scanFrequency"] != "MANUAL":
        severities = json.loads(params["imageManifest"]).get("annotations", {}).get(VULNERABLE, "").split()
        ledger.of("scan")[made["image"]["imageId"]["imageDigest"]] = [
            {"severity": one, "status": "ACTIVE", "title": "rehearsal: a vulnerability that is invented"}
            for one in severities
        ]
    return made


@corrects("ecr", "DescribeImageScanFindings", upstream="since getmoto/moto#4166")
def describe_scan_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the findings of an image's scan: those that the image's maker has annotated for the rehearsal."""
    named = {"repositoryName": params["repositoryName"], "imageIds": [params["imageId"]]}
    digest = ledger.ask("ecr", "DescribeImages", **named)["imageDetails"][0]["imageDigest"]
    message = f"Image scan does not exist for the image with digest {digest!r}"
    found = ledger.find("scan", digest, "ScanNotFoundException", message)
    severities = [one["severity"] for one in found]
    return {
        "registryId": ledger.account,
        "repositoryName": params["repositoryName"],
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": "ACTIVE", "description": "Continuous scan is selected for image."},
        "imageScanFindings": {
            "imageScanCompletedAt": datetime.now(UTC),
            "enhancedFindings": found,
            "findingSeverityCounts": {severity: severities.count(severity) for severity in severities},
        },
    }


Kind("ecr", "cache").list("DescribePullThroughCacheRules", "pullThroughCacheRules")


@answers("ecr", "CreatePullThroughCacheRule")
def create_pull_through_cache_rule(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let repositories of a prefix fetch missing images from another registry."""
    rule = {**params, "registryId": ledger.account, "createdAt": datetime.now(UTC)}
    ledger.of("cache")[params["ecrRepositoryPrefix"]] = rule
    return rule


# ── AWS Backup: selections, recovery points and restores; moto knows only vaults and plans

#: Records that a scenario files, by ARN and by id; no AWS operation creates them.
POINTS, JOBS = "recovery points", "restore jobs"


_SELECTION: Final = Kind(
    "backup", "selections", ("BackupPlanId", "SelectionId"), "ResourceNotFoundException", "Cannot find the selection."
)
_SELECTION.show("GetBackupSelection", "")
_SELECTION.forget("DeleteBackupSelection")
_POINT: Final = Kind(
    "backup", POINTS, ("RecoveryPointArn",), "ResourceNotFoundException", "Cannot find the recovery point."
)
_POINT.forget("DeleteRecoveryPoint")
_TESTING_PLAN: Final = Kind(
    "backup", "testing plans", ("RestoreTestingPlanName",), "ResourceNotFoundException",
    "Cannot find the restore testing plan.",
)  # fmt: skip
_TESTING_PLAN.show("GetRestoreTestingPlan", "RestoreTestingPlan")
_TESTING_PLAN.list(
    "ListRestoreTestingPlans", "RestoreTestingPlans",
    shown=(
        "RestoreTestingPlanName", "RestoreTestingPlanArn", "CreationTime", "ScheduleExpression",
        "ScheduleExpressionTimezone", "StartWindowHours",
    ),
)  # fmt: skip
_TESTING_SELECTION: Final = Kind(
    "backup", "testing selections", ("RestoreTestingPlanName", "RestoreTestingSelectionName"),
    "ResourceNotFoundException", "Cannot find the restore testing selection.",
)  # fmt: skip
_TESTING_SELECTION.show("GetRestoreTestingSelection", "RestoreTestingSelection")
_TESTING_SELECTION.list(
    "ListRestoreTestingSelections", "RestoreTestingSelections", within=_TESTING_PLAN,
    shown=(
        "RestoreTestingPlanName", "RestoreTestingSelectionName", "CreationTime", "IamRoleArn",
        "ProtectedResourceType", "ValidationWindowHours",
    ),
    RestoreTestingPlanName="RestoreTestingPlanName",
)  # fmt: skip
_TESTING_SELECTION.forget("DeleteRestoreTestingSelection")


@corrects("backup", "DescribeBackupVault", upstream=UNREPORTED)
def describe_vault(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Describe a vault; AWS denies access to one that does not exist, where moto reports it as not found."""
    if params["BackupVaultName"] not in ledger.backend.vaults:
        raise Refused("AccessDeniedException", "Insufficient privileges to perform this action.")
    return ledger.moto()


@answers("backup", "CreateBackupSelection")
def _create_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    plan = ledger.backend.get_backup_plan(params["BackupPlanId"], None).backup_plan_id
    made = {"SelectionId": str(uuid.uuid4()), "BackupPlanId": plan, "CreationDate": datetime.now(UTC)}
    ledger.of("selections")[_SELECTION.key(made)] = made | {"BackupSelection": params["BackupSelection"]}
    return made


@answers("backup", "ListBackupSelections")
def _list_selections(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    own = [one for one in ledger.of("selections").values() if one["BackupPlanId"] == params["BackupPlanId"]]
    return {
        "BackupSelectionsList": [
            {name: one[name] for name in ("SelectionId", "BackupPlanId", "CreationDate")}
            | {name: one["BackupSelection"][name] for name in ("SelectionName", "IamRoleArn")}
            for one in own
        ]
    }


@answers("backup", "PutBackupVaultAccessPolicy")
def _put_vault_access_policy(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    ledger.of("policies")[_vault(ledger, params).backup_vault_name] = params["Policy"]
    return {}


@answers("backup", "GetBackupVaultAccessPolicy")
def _get_vault_access_policy(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    vault = _vault(ledger, params)
    if vault.backup_vault_name not in ledger.of("policies"):
        raise Refused("ResourceNotFoundException", "The vault has no access policy.")
    return {
        "BackupVaultName": vault.backup_vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "Policy": ledger.of("policies")[vault.backup_vault_name],
    }


@answers("backup", "ListRecoveryPointsByBackupVault")
def list_recovery_points(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List the recovery points of a vault, of one resource if one is named."""
    named = {"ResourceArn": params["ByResourceArn"]} if "ByResourceArn" in params else {}
    wanted = {"BackupVaultName": _vault(ledger, params).backup_vault_name, **named}
    return {"RecoveryPoints": [point for point in ledger.of(POINTS).values() if wanted.items() <= point.items()]}


@answers("backup", "ListRestoreJobs")
def list_restore_jobs(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List restores, of one restore testing plan if one is named."""
    plan = params.get("ByRestoreTestingPlanArn")
    jobs = ledger.of(JOBS).values()
    return {
        "RestoreJobs": [one for one in jobs if plan in (None, one.get("CreatedBy", {}).get("RestoreTestingPlanArn"))]
    }


@answers("backup", "PutRestoreValidationResult")
def _put_restore_validation_result(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    job = ledger.find(JOBS, params["RestoreJobId"], "ResourceNotFoundException", "Cannot find the restore job.")
    job["ValidationStatus"] = params["ValidationStatus"]
    return {}


@answers("backup", "CreateRestoreTestingPlan")
def _create_testing_plan(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    plan = params["RestoreTestingPlan"]
    name = plan["RestoreTestingPlanName"]
    arn = f"arn:aws:backup:{ledger.region}:{ledger.account}:restore-testing-plan:{name}-{uuid.uuid4()}"
    made = {"RestoreTestingPlanName": name, "RestoreTestingPlanArn": arn, "CreationTime": datetime.now(UTC)}
    ledger.of("testing plans")[name] = plan | made
    return made


@answers("backup", "CreateRestoreTestingSelection")
def _create_testing_selection(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    plan, selection = _TESTING_PLAN.find(ledger, params), params["RestoreTestingSelection"]
    made = {
        "RestoreTestingPlanName": plan["RestoreTestingPlanName"],
        "RestoreTestingSelectionName": selection["RestoreTestingSelectionName"],
        "CreationTime": datetime.now(UTC),
    }
    ledger.of("testing selections")[_TESTING_SELECTION.key(made)] = selection | made
    return made | {"RestoreTestingPlanArn": plan["RestoreTestingPlanArn"]}


def _vault(ledger: Ledger, params: Mapping[str, Any]) -> Any:
    if (found := ledger.backend.vaults.get(params["BackupVaultName"])) is None:
        raise Refused("ResourceNotFoundException", f"Backup vault {params['BackupVaultName']!r} does not exist.")
    return found


# ── SNS: a subscription by mail or web waits for confirmation, and nothing leaves this machine

#: Protocols that need no confirmation inside one account.
_WITHOUT_CONFIRMATION: Final = ("sqs", "lambda", "firehose", "application", "sms")
#: Amazon Q in chat applications, once AWS Chatbot, subscribes itself here and confirms itself.
CHAT: Final = "https://global.sns-api.chatbot.amazonaws.com"
PENDING: Final = "PendingConfirmation"


@corrects("sns", "Subscribe", upstream=UNREPORTED)
def _subscribe(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    made = ledger.moto()
    if params["Protocol"] in _WITHOUT_CONFIRMATION or params.get("Endpoint") == CHAT:
        return made
    waiting = ledger.of("pending").setdefault(made["SubscriptionArn"], params["Endpoint"])
    known = waiting and made["SubscriptionArn"] in ledger.of("confirmed")
    return made if known or params.get("ReturnSubscriptionArn") else {"SubscriptionArn": "pending confirmation"}


@corrects("sns", "ConfirmSubscription", upstream=FOLLOWS)
def confirm_subscription(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm a subscription. Here the address itself is the token that its owner received."""
    for arn, endpoint in ledger.of("pending").items():
        if endpoint == params["Token"] and arn.startswith(params["TopicArn"] + ":"):
            ledger.of("confirmed")[arn] = True
            return {"SubscriptionArn": arn}
    raise Refused("InvalidParameter", "Invalid token")


@corrects("sns", "ListSubscriptions", "ListSubscriptionsByTopic", upstream=FOLLOWS)
def list_subscriptions(ledger: Ledger, _params: Mapping[str, Any]) -> dict[str, Any]:
    """List subscriptions; one that waits shows no ARN."""
    found = ledger.moto()["Subscriptions"]
    shown = [
        one | {"SubscriptionArn": PENDING} if _is_pending(ledger, one["SubscriptionArn"]) else one for one in found
    ]
    return {"Subscriptions": shown}


@corrects("sns", "GetSubscriptionAttributes", upstream=FOLLOWS)
def _get_subscription_attributes(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    found = ledger.moto()["Attributes"]
    return {"Attributes": found | {PENDING: str(_is_pending(ledger, params["SubscriptionArn"])).lower()}}


@corrects("sns", "GetTopicAttributes", upstream=FOLLOWS)
def get_topic_attributes(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a topic, with pending and confirmed subscriptions counted."""
    everybody = ledger.backend.subscriptions.items()
    waiting = [_is_pending(ledger, arn) for arn, one in everybody if one.topic.arn == params["TopicArn"]]
    counts = {"SubscriptionsPending": str(sum(waiting)), "SubscriptionsConfirmed": str(waiting.count(False))}
    return {"Attributes": ledger.moto()["Attributes"] | counts}


@corrects("sns", "Publish", upstream=UNREPORTED)
def publish(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Deliver a message to the subscribed queues. Mail, chat and web are outside and receive nothing."""
    if (topic := ledger.backend.topics.get(params.get("TopicArn") or params.get("TargetArn"))) is None:
        raise Refused("NotFound", "Topic does not exist")
    everybody = ledger.backend.subscriptions.values()
    outside = [one for one in everybody if one.topic is topic and one.protocol not in ("sqs", "application")]
    for one in outside:
        del ledger.backend.subscriptions[one.arn]
    try:
        return ledger.moto()
    finally:
        ledger.backend.subscriptions.update({one.arn: one for one in outside})


def _is_pending(ledger: Ledger, arn: str) -> bool:
    return arn in ledger.of("pending") and arn not in ledger.of("confirmed")


# ── Amazon Q in chat applications, once AWS Chatbot: channels that topics post to


Kind("chatbot", "channel").list(
    "DescribeSlackChannelConfigurations", "SlackChannelConfigurations", ChatConfigurationArn="ChatConfigurationArn"
)


@answers("chatbot", "CreateSlackChannelConfiguration")
def create_slack_channel_configuration(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Store a channel, and subscribe it to its topics."""
    arn = f"arn:aws:chatbot::{ledger.account}:chat-configuration/slack-channel/{params['ConfigurationName']}"
    for topic in params.get("SnsTopicArns", ()):
        ledger.ask("sns", "Subscribe", region=topic.split(":")[3], TopicArn=topic, Protocol="https", Endpoint=CHAT)
    kept = {name: value for name, value in params.items() if name not in ("ConfigurationName", "ClientToken")}
    channel = {
        "ChatConfigurationArn": arn,
        "SlackTeamName": params["SlackTeamId"],
        "SlackChannelName": params["SlackChannelId"],
        "SnsTopicArns": [],
        "State": "ENABLED",
        **kept,
        "ConfigurationName": params["ConfigurationName"],
    }
    ledger.of("channel")[arn] = channel
    return {"ChannelConfiguration": channel}


# ── Amazon MWAA: its environments. An Airflow is inside them only if one is connected

# ── The REST API of a real Airflow, as Amazon MWAA exposes it

#: Characters of a path, by MWAA's model of the operation.
LONGEST_PATH: Final = 64
#: The size limit of Airflow's response.
SECONDS: Final = 10.0
BYTES: Final = 6 * 1024 * 1024


def forward_request(airflow: Mapping[str, str], params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Forward a call to Airflow, and return its response as MWAA would.

    ``airflow`` holds the address of its API and the Authorization of two of its users. A read-only call uses Airflow's
    viewer; any other its admin, since in this account anybody may do anything: moto checks no policies.
    """
    path = params["Path"]
    if not 1 <= len(path) <= LONGEST_PATH:
        raise Refused("ValidationException", f"path: {len(path)} characters; between 1 and {LONGEST_PATH} are allowed")
    if not airflow:
        raise _server_error(503, {"detail": f"no Airflow answers {path}: the environment is emulated"})
    status, said = _answer(airflow, params)
    if status >= 500:
        raise _server_error(status, said)
    if status >= 400:
        words = f"Airflow answered {status}"
        raise Refused("RestApiClientException", words, RestApiStatusCode=status, RestApiResponse=said)
    return {"RestApiStatusCode": status, "RestApiResponse": said}


def _answer(airflow: Mapping[str, str], params: Mapping[str, Any]) -> tuple[int, Any]:
    """Send a request; return the status and the document of the answer."""
    method, api = params["Method"], urlsplit(airflow["api"])
    query, body = urlencode(params.get("QueryParameters") or {}, doseq=True), params.get("Body")
    headers = {"Authorization": airflow["viewer" if method == "GET" else "admin"], "Content-Type": "application/json"}
    connection = HTTPConnection(api.netloc, timeout=SECONDS)
    try:
        place = f"{api.path}/{params['Path'].lstrip('/')}{'?' if query else ''}{query}"
        connection.request(method, place, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, _document(answer.read(BYTES + 1))
    except (OSError, HTTPException) as error:
        raise _server_error(504, {"detail": f"Airflow gave no answer: {type(error).__name__}: {error}"}) from None
    finally:
        connection.close()


def _document(said: bytes) -> Any:
    """Return the document of a response. MWAA passes on only JSON, up to its own limit."""
    if len(said) > BYTES:
        raise Refused("InternalServerException", f"the answer is larger than {BYTES} bytes")
    try:
        return json.loads(said) if said else {}
    except ValueError:
        return {"detail": said[:500].decode("utf-8", "replace")}


def _server_error(status: int, said: Any) -> Refused:
    words = said["detail"] if isinstance(said, dict) and "detail" in said else f"Airflow answered {status}"
    return Refused("RestApiServerException", str(words), RestApiStatusCode=status, RestApiResponse=said)


#: MWAA's defaults.
_DEFAULTS: Final = {
    "AirflowVersion": "3.0.6",
    "EnvironmentClass": "mw1.small",
    "MinWorkers": 1,
    "MaxWorkers": 10,
    "MinWebservers": 2,
    "MaxWebservers": 2,
    "Schedulers": 2,
    "WebserverAccessMode": "PRIVATE_ONLY",
    "EndpointManagement": "SERVICE",
    "WeeklyMaintenanceWindowStart": "SUN:00:00",
    "AirflowConfigurationOptions": {},
    "Tags": {},
}
#: Field of the logging configuration -> suffix of its log group's name.
_LOGS: Final = {
    "DagProcessingLogs": "DAGProcessing",
    "SchedulerLogs": "Scheduler",
    "TaskLogs": "Task",
    "WebserverLogs": "WebServer",
    "WorkerLogs": "Worker",
}


_ENVIRONMENT: Final = Kind(
    "mwaa", "environment", ("Name",), "ResourceNotFoundException", "No environment with the name {Name} exists."
)
_ENVIRONMENT.show("GetEnvironment", "Environment")
_ENVIRONMENT.forget("DeleteEnvironment")


@answers("mwaa", "CreateEnvironment")
def _create_environment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    name = params["Name"]
    if name in ledger.of("environment"):
        raise Refused("ValidationException", f"An environment with the name {name} already exists.")
    now = datetime.now(UTC)
    place = f"{ledger.region}:{ledger.account}"
    made = _DEFAULTS | dict(params) | {
        "Arn": f"arn:aws:airflow:{place}:environment/{name}",
        "Status": "AVAILABLE",
        "CreatedAt": now,
        "LastUpdate": {"Status": "SUCCESS", "CreatedAt": now},
        "WebserverUrl": f"{uuid.uuid4()}-vpce.c1.{ledger.region}.airflow.amazonaws.com",
        "CeleryExecutorQueue": f"arn:aws:sqs:{place}:airflow-celery-{uuid.uuid4()}",
        "ServiceRoleArn": f"arn:aws:iam::{ledger.account}:role/aws-service-role/airflow.amazonaws.com/"
        "AWSServiceRoleForAmazonMWAA",
    }  # fmt: skip
    made["LoggingConfiguration"] = _logging(ledger, name, params.get("LoggingConfiguration", {}))
    ledger.of("environment")[name] = made
    return {"Arn": made["Arn"]}


@answers("mwaa", "ListEnvironments")
def _list_environments(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Environments": sorted(ledger.of("environment"))}


@answers("mwaa", "UpdateEnvironment")
def update_environment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change an environment; if it names files that its bucket lacks, the update fails and keeps the old values."""
    found = _ENVIRONMENT.find(ledger, params)
    wanted = found | dict(params)
    update = {"Status": "SUCCESS", "CreatedAt": datetime.now(UTC)}
    if missing := _find_missing_file(ledger, wanted):
        update |= {"Status": "FAILED", "Error": {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": missing}}
        found["LastUpdate"] = update
        return {"Arn": found["Arn"]}
    logs = _logging(ledger, found["Name"], found["LoggingConfiguration"] | params.get("LoggingConfiguration", {}))
    found.update(wanted | {"LastUpdate": update, "LoggingConfiguration": logs})
    return {"Arn": found["Arn"]}


@answers("mwaa", "CreateWebLoginToken")
def create_web_login_token(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Hand out a token for a web server; in the rehearsal account nothing listens there."""
    host = _ENVIRONMENT.find(ledger, params)["WebserverUrl"]
    return {"WebToken": uuid.uuid4().hex, "WebServerHostname": host, "IamIdentity": "rehearsal"}


@answers("mwaa", "InvokeRestApi")
def invoke_rest_api(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Forward a request to the Airflow that is connected to the account; refuse it if there is none."""
    _ENVIRONMENT.find(ledger, params)
    return forward_request(ledger.of("airflow"), params)


def _logging(ledger: Ledger, name: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return all five logs, with their groups; MWAA creates a missing group, without retention."""
    prefix = f"airflow-{name}-"
    there = {
        one["logGroupName"] for one in ledger.ask("logs", "DescribeLogGroups", logGroupNamePrefix=prefix)["logGroups"]
    }
    found = {}
    for field, suffix in _LOGS.items():
        group = prefix + suffix
        one = {"Enabled": False, **stated.get(field, {})}
        if one["Enabled"]:
            one["CloudWatchLogGroupArn"] = f"arn:aws:logs:{ledger.region}:{ledger.account}:log-group:{group}"
            if group not in there:
                ledger.ask("logs", "CreateLogGroup", logGroupName=group)
        found[field] = one
    return found


def _find_missing_file(ledger: Ledger, wanted: Mapping[str, Any]) -> str:
    """Return a file that an environment names and its bucket lacks; nothing if it holds all."""
    bucket = wanted["SourceBucketArn"].rpartition(":")[2]
    for part in ("Requirements", "Plugins", "StartupScript"):
        path, version = wanted.get(f"{part}S3Path"), wanted.get(f"{part}S3ObjectVersion")
        if path and not _object_exists(ledger, bucket, path, version):
            return f"Unable to read version {version} of s3://{bucket}/{path}"
    return ""


def _object_exists(ledger: Ledger, bucket: str, path: str, version: str | None) -> bool:
    try:
        ledger.ask("s3", "HeadObject", Bucket=bucket, Key=path, **({"VersionId": version} if version else {}))
    except Refused:
        return False
    return True


# ── CloudFront: moto keeps ids and tags of distributions; these are the parts it loses, and their references. It is one
# service for all regions, so its clients are always those of us-east-1.

#: Policies that behaviours refer to, and the plural of AWS's names for them.
POLICIES = {
    "CachePolicy": "CachePolicies",
    "OriginRequestPolicy": "OriginRequestPolicies",
    "ResponseHeadersPolicy": "ResponseHeadersPolicies",
}
#: Parts of a distribution's configuration that a summary in a list omits.
ONLY_IN_CONFIG = {"CallerReference", "DefaultRootObject", "Logging"}
#: The summary's values for settings that nobody chose.
UNCHOSEN: Mapping[str, Any] = {
    "Aliases": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "PriceClass": "PriceClass_All",
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "Staging": False,
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"},
    "WebACLId": "",
}
SITES = "distribution"


def _create(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    config = params[f"{kind}Config"]
    if any(one[f"{kind}Config"]["Name"] == config["Name"] for one in ledger.of(kind).values()):
        raise Refused(f"{kind}AlreadyExists", f"A policy of the name {config['Name']} exists.")
    made = {"Id": str(uuid.uuid4()), "LastModifiedTime": datetime.now(UTC), f"{kind}Config": config}
    ledger.of(kind)[made["Id"]] = made
    place = re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower()
    return {kind: made, "ETag": made["Id"], "Location": f"/{place}/{made['Id']}"}


def _get(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    id_ = params["Id"]
    return {kind: ledger.find(kind, id_, f"NoSuch{kind}", f"There is no {kind} {id_}."), "ETag": id_}


def _update(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    changed = dict(_get(kind, ledger, params)[kind], **{f"{kind}Config": params[f"{kind}Config"]})
    ledger.of(kind)[params["Id"]] = changed
    return {kind: changed, "ETag": params["Id"]}


def _list(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    # AWS managed policies are missing here: only their ids are stable
    kept = {} if params.get("Type") == "managed" else ledger.of(kind)
    shown = [{"Type": "custom", kind: one} for one in kept.values()]
    return {f"{kind}List": {"MaxItems": 100, "Quantity": len(shown), "Items": shown}}


for _kind, _plural in POLICIES.items():
    answers("cloudfront", f"Create{_kind}")(partial(_create, _kind))
    answers("cloudfront", f"Get{_kind}")(partial(_get, _kind))
    answers("cloudfront", f"Update{_kind}")(partial(_update, _kind))
    answers("cloudfront", f"List{_plural}")(partial(_list, _kind))


@corrects("cloudfront", "CreateDistribution", "CreateDistributionWithTags", upstream=UNREPORTED)
def create_distribution(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a distribution, deployed at once."""
    tagged = params.get("DistributionConfigWithTags") or {"DistributionConfig": params.get("DistributionConfig")}
    config = tagged["DistributionConfig"]
    if taken := _names(config) & {name for one in ledger.of(SITES).values() for name in _names(one)}:
        raise Refused("CNAMEAlreadyExists", f"Another distribution serves {', '.join(sorted(taken))}.")
    made = ledger.moto()
    id_ = made["Distribution"]["Id"]
    ledger.of(SITES)[id_] = config
    return {**made, "Distribution": _distribution(ledger, id_)}


@corrects("cloudfront", "GetDistribution", upstream=FOLLOWS)
def _get_distribution(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Distribution": _distribution(ledger, params["Id"]), "ETag": _find_distribution(ledger, params["Id"]).etag}


@corrects("cloudfront", "GetDistributionConfig", upstream=FOLLOWS)
def _get_distribution_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    etag = _find_distribution(ledger, params["Id"]).etag
    return {"DistributionConfig": ledger.of(SITES)[params["Id"]], "ETag": etag}


@corrects("cloudfront", "UpdateDistribution", upstream=FOLLOWS)
def update_distribution(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Replace a distribution's configuration, whole, as AWS does."""
    made = _find_distribution(ledger, params["Id"])
    ledger.of(SITES)[params["Id"]] = params["DistributionConfig"]
    return {"Distribution": _distribution(ledger, params["Id"]), "ETag": made.etag}


@corrects("cloudfront", "ListDistributions", upstream=FOLLOWS)
def list_distributions(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return summaries, which hold nearly all of the configuration."""
    shown = [_summary(ledger, id_) for id_ in ledger.backend.distributions]
    return {
        "DistributionList": {
            "Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(shown), "Items": shown
        }
    }  # fmt: skip


@answers("cloudfront", "CreateVpcOrigin")
def _create_vpc_origin(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    id_ = f"vo_{uuid.uuid4().hex[:22]}"
    now = datetime.now(UTC)
    made = {"Id": id_, "Arn": f"arn:aws:cloudfront::{ledger.account}:vpcorigin/{id_}", "AccountId": ledger.account,
            "Status": "Deployed", "CreatedTime": now, "LastModifiedTime": now,
            "VpcOriginEndpointConfig": params["VpcOriginEndpointConfig"]}  # fmt: skip
    ledger.of("vpc-origin")[id_] = made
    return {"VpcOrigin": made, "ETag": id_, "Location": f"/vpc-origin/{id_}"}


@answers("cloudfront", "GetVpcOrigin")
def _get_vpc_origin(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    id_ = params["Id"]
    origin = ledger.find("vpc-origin", id_, "EntityNotFound", f"There is no VPC origin {id_}.")
    return {"VpcOrigin": origin, "ETag": id_}


@answers("cloudfront", "CreateMonitoringSubscription")
def _create_monitoring_subscription(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    _find_distribution(ledger, params["DistributionId"])
    ledger.of("monitoring")[params["DistributionId"]] = params["MonitoringSubscription"]
    return {"MonitoringSubscription": params["MonitoringSubscription"]}


@answers("cloudfront", "GetMonitoringSubscription")
def _get_monitoring_subscription(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    _find_distribution(ledger, params["DistributionId"])
    return {
        "MonitoringSubscription": ledger.find(
            "monitoring",
            params["DistributionId"],
            "NoSuchMonitoringSubscription",
            "There is no monitoring subscription.",
        )
    }


def _find_distribution(ledger: Ledger, id_: str) -> Any:
    if id_ not in ledger.backend.distributions:
        raise Refused("NoSuchDistribution", f"There is no distribution {id_}.")
    return ledger.backend.distributions[id_]


def _distribution(ledger: Ledger, id_: str) -> Mapping[str, Any]:
    made = _find_distribution(ledger, id_)
    return {"Id": id_, "ARN": made.arn, "Status": "Deployed", "LastModifiedTime": datetime.now(UTC),
            "InProgressInvalidationBatches": 0, "DomainName": made.domain_name,
            "DistributionConfig": ledger.of(SITES)[id_]}  # fmt: skip


def _summary(ledger: Ledger, id_: str) -> Mapping[str, Any]:
    whole = _distribution(ledger, id_)
    shown = {name: value for name, value in whole["DistributionConfig"].items() if name not in ONLY_IN_CONFIG}
    own = {name: whole[name] for name in ("Id", "ARN", "Status", "LastModifiedTime", "DomainName")}
    return {**UNCHOSEN, **own, **shown}


def _names(config: Mapping[str, Any]) -> set[str]:
    return set((config.get("Aliases") or {}).get("Items") or ())
