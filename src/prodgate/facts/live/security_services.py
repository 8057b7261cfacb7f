"""The services of AWS that watch an account, stated as Terraform would, and their findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unread
from ...quantities import Quantity
from ...semantics.unresolved import Unknown
from .. import Fact
from ..observers import all_apart, apart, observes, reads
from .distributions import GLOBAL
from .record_deliveries import failed, list_trails, read_trail

reads("accessanalyzer", "ListAnalyzers", "ListArchiveRules")
reads("config", "DescribeConfigurationRecorderStatus", "DescribeConfigurationRecorders", "DescribeDeliveryChannels")
reads("guardduty", "GetDetector", "ListDetectors", "ListFindings")
reads("securityhub", "DescribeHub", "GetEnabledStandards", "GetFindings")


_FEATURE, _CHANNEL = "aws_guardduty_detector_feature", "aws_config_delivery_channel"
_RECORDER, _STANDARD = "aws_config_configuration_recorder", "aws_securityhub_standards_subscription"
_ANALYZER = ("aws_accessanalyzer_analyzer", "aws_accessanalyzer_archive_rule")


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


@observes(WatcherResource)
def observe_watchers(account: Account) -> Iterator[WatcherResource]:
    """Look at what watches the account."""
    for see in (_guardduty, _security_hub, _recorders, _trails, _analyzers):
        yield from see(account)


def _resource(type_: str, subject: str, **values: Any) -> WatcherResource:
    return WatcherResource(subject=subject, type=type_, values=values)


def _guardduty(account: Account) -> Iterator[WatcherResource]:
    declared = _list_declared_features(account)

    def look(row: tuple[str, Mapping[str, Any]]) -> Iterator[WatcherResource]:
        id_, detector = row
        listed = detector.get("Features") or ()
        yield from _each((_FEATURE,), partial(look_at_feature, id_), listed, "Name")
        for name in sorted(declared.keys() - {one.get("Name") for one in listed}):
            open_ = {"detector_id": id_, "name": name, "status": Unknown(declared[name])}
            yield _resource(_FEATURE, f"{id_} {name}", **open_)
        yield _resource("aws_guardduty_detector", id_, id=id_, enable=detector["Status"] == "ENABLED")

    def look_at_feature(id_: str, feature: Mapping[str, Any]) -> Iterator[WatcherResource]:
        name = feature["Name"]
        if name in declared:
            yield _resource(_FEATURE, f"{id_} {name}", detector_id=id_, name=name, status=feature["Status"])

    yield from _each(("aws_guardduty_detector", _FEATURE), look, _list_detectors(account))


def _list_declared_features(account: Account) -> dict[str, str]:
    """Return the declared features by name, and why one is not known of which GuardDuty says nothing.

    It lists all features, some of which exclude one another: only declared ones can be required.
    """
    stated = account.attempt(account.declared, _FEATURE)
    if isinstance(stated, Unread):
        return {"features": stated.reason}
    names = [values.get("name") for values in stated.values()]
    return {str(name): "guardduty GetDetector does not state this feature, which is declared" for name in names}


def _each(
    types: Sequence[str], look: Callable[[Any], Iterable[WatcherResource]], rows: Iterable[Any], *names: str
) -> Iterator[WatcherResource]:
    """Yield what is made of each row; what is odd about one costs that one."""
    for found in map(all_apart(WatcherResource, look, *names, types=types), rows):
        yield from found


def _list_detectors(account: Account) -> tuple[tuple[str, Any], ...]:
    ids = account.list("guardduty", "ListDetectors", "DetectorIds")
    return tuple((id_, account.get("guardduty", "GetDetector", DetectorId=id_)) for id_ in ids)


def _security_hub(account: Account) -> Iterator[WatcherResource]:
    hub = account.find("securityhub", "DescribeHub")
    if hub is None:
        return
    yield from _each(("aws_securityhub_account",), _hub, [hub], "HubArn")
    standards = account.list("securityhub", "GetEnabledStandards", "StandardsSubscriptions")
    yield from _each((_STANDARD,), _standard, standards, "StandardsArn", "StandardsSubscriptionArn")


def _standard(standard: Mapping[str, Any]) -> Iterator[WatcherResource]:
    arn = standard["StandardsArn"]
    if standard["StandardsStatus"] in ("READY", "PENDING"):
        yield _resource(_STANDARD, arn, standards_arn=arn)


def _hub(hub: Mapping[str, Any]) -> Iterator[WatcherResource]:
    yield _resource("aws_securityhub_account", hub["HubArn"], id=hub["HubArn"], enable_default_standards=False)


def _recorders(account: Account) -> Iterator[WatcherResource]:
    recorders = account.get("config", "DescribeConfigurationRecorders")
    yield from _each((_RECORDER,), _recorder, recorders.get("ConfigurationRecorders") or (), "name")
    statuses = account.get("config", "DescribeConfigurationRecorderStatus")
    rows = statuses.get("ConfigurationRecordersStatus") or ()
    yield from _each((f"{_RECORDER}_status",), _status, rows, "name")
    channels = account.get("config", "DescribeDeliveryChannels")
    yield from _each((_CHANNEL,), _channel, channels.get("DeliveryChannels") or (), "name")


def _recorder(recorder: Mapping[str, Any]) -> Iterator[WatcherResource]:
    group = recorder.get("recordingGroup") or {}
    everything = {
        "all_supported": group.get("allSupported", False),
        "include_global_resource_types": group.get("includeGlobalResourceTypes", False),
    }
    yield _resource(_RECORDER, recorder["name"], name=recorder["name"], recording_group=[everything])


def _status(status: Mapping[str, Any]) -> Iterator[WatcherResource]:
    on = status["recording"] and not failed(status)
    yield _resource(f"{_RECORDER}_status", f"{status['name']} status", name=status["name"], is_enabled=on)


def _channel(channel: Mapping[str, Any]) -> Iterator[WatcherResource]:
    yield _resource(_CHANNEL, channel["name"], name=channel["name"], s3_bucket_name=channel["s3BucketName"])


def _trails(account: Account) -> Iterator[WatcherResource]:
    def look(trail: Mapping[str, Any]) -> Iterator[WatcherResource]:
        yield _resource("aws_cloudtrail", trail["TrailARN"], **read_trail(account, trail))

    yield from _each(("aws_cloudtrail",), look, list_trails(account), "TrailARN", "Name")


def _analyzers(account: Account) -> Iterator[WatcherResource]:
    rows = account.list("accessanalyzer", "ListAnalyzers", "analyzers")
    yield from _each(_ANALYZER, partial(_analyzer, account), rows, "arn", "name")


def _analyzer(account: Account, analyzer: Mapping[str, Any]) -> Iterator[WatcherResource]:
    name = analyzer["name"]
    if analyzer["status"] != "ACTIVE":
        return
    yield _resource(_ANALYZER[0], analyzer["arn"], arn=analyzer["arn"], analyzer_name=name, type=analyzer["type"])
    for rule in account.list("accessanalyzer", "ListArchiveRules", "archiveRules", analyzerName=name):
        filters = [{"criteria": key, "eq": test.get("eq")} for key, test in rule["filter"].items()]
        subject = f"{analyzer['arn']} archive rule {rule['ruleName']}"
        yield _resource(_ANALYZER[1], subject, analyzer_name=name, filter=filters)


@observes(ThreatDetection)
def observe_threats(account: Account) -> Iterator[ThreatDetection]:
    """Look at what GuardDuty has found; a detector that is off proves nothing."""

    def look(row: tuple[str, Mapping[str, Any]]) -> Iterator[ThreatDetection]:
        id_, detector = row
        if detector["Status"] == "ENABLED":
            # an administrator's detector lists the findings of its members, too
            open_ = {"Criterion": {"service.archived": {"Equals": ["false"]}, "accountId": {"Equals": [account.id]}}}
            found = account.list("guardduty", "ListFindings", "FindingIds", DetectorId=id_, FindingCriteria=open_)
            yield ThreatDetection(subject=id_, findings=Quantity.of(len(found)))

    for seen in map(all_apart(ThreatDetection, look), _list_detectors(account)):
        yield from seen


@observes(SecurityHub)
def observe_security_hub(account: Account) -> Iterator[SecurityHub]:
    """Look at what Security Hub has found, if it judges by a standard at all."""
    hub = account.find("securityhub", "DescribeHub")
    yield from map(apart(SecurityHub, partial(_judging, account), "HubArn"), _list_judging(account) if hub else ())


def _list_judging(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield Security Hub, if it judges by a standard that is ready."""
    standards = account.list("securityhub", "GetEnabledStandards", "StandardsSubscriptions")
    if any(one["StandardsStatus"] == "READY" for one in standards):
        yield account.get("securityhub", "DescribeHub")


def _judging(account: Account, hub: Mapping[str, Any]) -> SecurityHub:
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
    return SecurityHub(subject=hub["HubArn"], findings=Quantity.of(sum(map(_is_severe, found))))


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
