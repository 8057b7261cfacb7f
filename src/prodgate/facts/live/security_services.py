"""The services of AWS that watch an account, stated as Terraform would, and their findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.account import Account
from ...aws.answers import Absent, Unread
from ...quantities import Quantity
from ...semantics.unresolved import Unknown
from .. import Fact
from ..observers import observes, reads
from .distributions import GLOBAL
from .record_deliveries import ask_trail, failed, list_trails

reads("accessanalyzer", "ListAnalyzers", "ListArchiveRules", "ListFindingsV2")
reads("cloudtrail", "GetEventSelectors", "GetTrailStatus")
reads("config", "DescribeConfigurationRecorderStatus", "DescribeConfigurationRecorders", "DescribeDeliveryChannels")
reads("guardduty", "GetDetector", "ListDetectors", "ListFindings")
reads("securityhub", "DescribeHub", "GetEnabledStandards", "GetFindings")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatcherResource(Fact):
    """Something that watches the account, as Terraform would state it."""

    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ThreatDetection(Fact):
    """A GuardDuty detector that is on, and its findings."""

    findings: Quantity
    """Findings that nobody has archived."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecurityHub(Fact):
    """Security Hub with at least one standard that is ready, and its findings."""

    findings: Quantity
    """Active critical and high findings that nobody has resolved or suppressed."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OutsideAccess(Fact):
    """An active analyzer of external access, and its findings."""

    findings: Quantity
    """Active findings."""


@observes(WatcherResource)
def observe_watchers(account: Account) -> Iterator[WatcherResource]:
    """Look at what watches the account."""
    for see in (_guardduty, _security_hub, _recorders, _trails, _analyzers):
        yield from see(account)


def _resource(type_: str, subject: str, **values: Any) -> WatcherResource:
    return WatcherResource(subject=subject, type=type_, values=values)


def _guardduty(account: Account) -> Iterator[WatcherResource]:
    # GuardDuty lists all features, some of which exclude one another: only declared ones can be required.
    stated = account.attempt(account.declared, "aws_guardduty_detector_feature")
    declared = set() if isinstance(stated, Unread) else {values.get("name") for values in stated.values()}
    for id_, detector in _list_detectors(account):
        if isinstance(stated, Unread):
            open_ = {"detector_id": id_, "name": "?", "status": Unknown(stated.reason)}
            yield _resource("aws_guardduty_detector_feature", f"{id_} features", **open_)
        yield _resource("aws_guardduty_detector", id_, id=id_, enable=detector["Status"] == "ENABLED")
        for feature in detector.get("Features") or ():
            if feature["Name"] in declared:
                name, status = feature["Name"], feature["Status"]
                subject = f"{id_} {name}"
                yield _resource("aws_guardduty_detector_feature", subject, detector_id=id_, name=name, status=status)


def _list_detectors(account: Account) -> tuple[tuple[str, Any], ...]:
    ids = account.list("guardduty", "ListDetectors", "DetectorIds")
    return tuple((id_, account.get("guardduty", "GetDetector", DetectorId=id_)) for id_ in ids)


def _security_hub(account: Account) -> Iterator[WatcherResource]:
    hub = account.find("securityhub", "DescribeHub")
    if hub is None:
        return
    yield _resource("aws_securityhub_account", hub["HubArn"], id=hub["HubArn"], enable_default_standards=False)
    for standard in account.list("securityhub", "GetEnabledStandards", "StandardsSubscriptions"):
        arn = standard["StandardsArn"]
        if standard["StandardsStatus"] in ("READY", "PENDING"):
            yield _resource("aws_securityhub_standards_subscription", arn, standards_arn=arn)


def _recorders(account: Account) -> Iterator[WatcherResource]:
    for recorder in account.get("config", "DescribeConfigurationRecorders")["ConfigurationRecorders"]:
        group = recorder.get("recordingGroup") or {}
        everything = {
            "all_supported": group.get("allSupported", False),
            "include_global_resource_types": group.get("includeGlobalResourceTypes", False),
        }
        name = recorder["name"]
        yield _resource("aws_config_configuration_recorder", name, name=name, recording_group=[everything])
    for status in account.get("config", "DescribeConfigurationRecorderStatus")["ConfigurationRecordersStatus"]:
        on = status["recording"] and not failed(status)
        yield _resource(
            "aws_config_configuration_recorder_status", f"{status['name']} status", name=status["name"], is_enabled=on
        )
    for channel in account.get("config", "DescribeDeliveryChannels")["DeliveryChannels"]:
        subject, bucket = channel["name"], channel["s3BucketName"]
        yield _resource("aws_config_delivery_channel", subject, name=subject, s3_bucket_name=bucket)


def _trails(account: Account) -> Iterator[WatcherResource]:
    for trail in list_trails(account):
        arn = trail["TrailARN"]
        logging = account.attempt(ask_trail, account, "GetTrailStatus", trail, Name=arn)
        chosen = account.attempt(ask_trail, account, "GetEventSelectors", trail, TrailName=arn)
        unread = chosen if isinstance(chosen, Unread) else None
        yield _resource(
            "aws_cloudtrail", arn, arn=arn, name=trail["Name"],
            is_multi_region_trail=trail["IsMultiRegionTrail"],
            enable_log_file_validation=trail["LogFileValidationEnabled"],
            include_global_service_events=trail["IncludeGlobalServiceEvents"],
            enable_logging=logging if isinstance(logging, Unread) else logging["IsLogging"],
            event_selector=unread or list(map(_basic_selector, chosen.get("EventSelectors") or ())),
            advanced_event_selector=unread or list(map(_advanced_selector, chosen.get("AdvancedEventSelectors") or ())),
        )  # fmt: skip


def _basic_selector(selector: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "read_write_type": selector["ReadWriteType"],
        "include_management_events": selector["IncludeManagementEvents"],
    }


def _advanced_selector(selector: Mapping[str, Any]) -> dict[str, Any]:
    fields = [{"field": one["Field"], "equals": one.get("Equals")} for one in selector["FieldSelectors"]]
    return {"field_selector": fields}


def _analyzers(account: Account) -> Iterator[WatcherResource]:
    for analyzer in account.list("accessanalyzer", "ListAnalyzers", "analyzers"):
        name = analyzer["name"]
        if analyzer["status"] != "ACTIVE":
            continue
        yield _resource(
            "aws_accessanalyzer_analyzer", analyzer["arn"], arn=analyzer["arn"], analyzer_name=name,
            type=analyzer["type"],
        )  # fmt: skip
        for rule in account.list("accessanalyzer", "ListArchiveRules", "archiveRules", analyzerName=name):
            filters = [{"criteria": key, "eq": test.get("eq")} for key, test in rule["filter"].items()]
            subject = f"{analyzer['arn']} archive rule {rule['ruleName']}"
            yield _resource("aws_accessanalyzer_archive_rule", subject, analyzer_name=name, filter=filters)


@observes(ThreatDetection)
def observe_threats(account: Account) -> Iterator[ThreatDetection]:
    """Look at what GuardDuty has found; a detector that is off proves nothing."""
    for id_, detector in _list_detectors(account):
        if detector["Status"] == "ENABLED":
            # an administrator's detector lists the findings of its members, too
            open_ = {"Criterion": {"service.archived": {"Equals": ["false"]}, "accountId": {"Equals": [account.id]}}}
            found = account.list(
                "guardduty", "ListFindings", "FindingIds", DetectorId=id_, FindingCriteria=open_
            )  # fmt: skip
            yield ThreatDetection(subject=id_, findings=Quantity.of(len(found)))


@observes(SecurityHub)
def observe_security_hub(account: Account) -> Iterator[SecurityHub]:
    """Look at what Security Hub has found, if it judges by a standard at all."""
    try:
        hub = account.get("securityhub", "DescribeHub")
    except Absent:
        return
    standards = account.list("securityhub", "GetEnabledStandards", "StandardsSubscriptions")
    if not any(one["StandardsStatus"] == "READY" for one in standards):
        return
    wanted = {
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        "SeverityLabel": [{"Value": label, "Comparison": "EQUALS"} for label in _SEVERE],
        "WorkflowStatus": [{"Value": state, "Comparison": "EQUALS"} for state in _OPEN],
        # an administrator sees its members' findings, and an aggregation region those of others; what CloudFront has,
        # such as certificates and firewalls, is in one of those
        "AwsAccountId": [{"Value": account.id, "Comparison": "EQUALS"}],
        "Region": [{"Value": name, "Comparison": "EQUALS"} for name in sorted({account.region, GLOBAL})],
    }
    found = account.list("securityhub", "GetFindings", "Findings", Filters=wanted)
    yield SecurityHub(subject=hub["HubArn"], findings=Quantity.of(sum(map(_is_severe, found))))


_SEVERE = ("CRITICAL", "HIGH")
_OPEN = ("NEW", "NOTIFIED")


def _is_severe(finding: Mapping[str, Any]) -> bool:
    """Apply the filter once more here, where tests can see it work. A finding that lacks a field counts."""
    return (
        finding.get("RecordState", "ACTIVE") == "ACTIVE"
        and finding.get("Severity", {}).get("Label", "CRITICAL") in _SEVERE
        and finding.get("Workflow", {}).get("Status", "NEW") in _OPEN
        and finding.get("Compliance", {}).get("Status", "FAILED") != "PASSED"
    )


@observes(OutsideAccess)
def observe_outside_access(account: Account) -> Iterator[OutsideAccess]:
    """Look at what the analyzers of external access have found."""
    for analyzer in account.list("accessanalyzer", "ListAnalyzers", "analyzers"):
        if analyzer["status"] == "ACTIVE" and analyzer["type"] in ("ACCOUNT", "ORGANIZATION"):
            active = {"status": {"eq": ["ACTIVE"]}}
            found = account.list(
                "accessanalyzer", "ListFindingsV2", "findings", analyzerArn=analyzer["arn"], filter=active
            )
            if "lastResourceAnalyzedAt" in analyzer:
                open_ = sum(one.get("status", "ACTIVE") == "ACTIVE" for one in found)
                yield OutsideAccess(subject=analyzer["arn"], findings=Quantity.of(open_))
            else:
                reason = f"{analyzer['name']}: has not analyzed anything yet; it begins within half an hour"
                yield OutsideAccess.unread(analyzer["arn"], reason)
