"""AWS services that watch and record an account, stated as Terraform would, and their findings."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...quantities import Quantity
from ...semantics.unresolved import Unknown
from .. import Fact
from ..observers import all_apart, apart, observes, observes_each
from .distributions import GLOBAL
from .permissions import OUTSIDE, list_identities

# ── Whether the records of the account arrive: CloudTrail's events, and AWS Config's configurations

#: S3's last errors as GetTrailStatus shows them, each until a delivery succeeds.
#: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
_TRAIL: Final = {"LatestDeliveryError": "log files", "LatestDigestDeliveryError": "digest files"}
#: The deliveries of a Config channel.
#: https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannelStatus.html
_CHANNEL: Final = {
    "configHistoryDeliveryInfo": "histories",
    "configSnapshotDeliveryInfo": "snapshots",
    "configStreamDeliveryInfo": "notifications",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrailDelivery(Fact):
    """A trail that logs. ``subject`` is its ARN."""

    failures: tuple[str, ...]
    """The deliveries that its bucket refused since the last accepted one, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConfigDelivery(Fact):
    """A recorder or a delivery channel of AWS Config. ``subject`` is its kind and its name."""

    failures: tuple[str, ...]
    """The failures to record or deliver at the last attempt, with the reason."""


def list_trails(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return the trails that record here, including an organization's, which AWS shows as shadow trails."""
    rows = account.get("cloudtrail", "DescribeTrails", includeShadowTrails=True).get("trailList") or ()
    return tuple({row.get("TrailARN") or row.get("Name"): row for row in rows}.values())


@observes_each(TrailDelivery, list_trails, "TrailARN", "Name")
def observe_trail_deliveries(account: Account, trail: Mapping[str, Any]) -> TrailDelivery:
    """Observe the deliveries of each trail; a trail goes on logging while its bucket refuses them."""
    return TrailDelivery(subject=trail["TrailARN"], failures=account.attempt(_find_failures, account, trail))


@observes(ConfigDelivery)
def observe_config_deliveries(account: Account) -> Iterator[ConfigDelivery]:
    """Observe the last recordings and deliveries."""
    statuses = account.get("config", "DescribeConfigurationRecorderStatus").get("ConfigurationRecordersStatus")
    yield from map(apart(ConfigDelivery, _recorder, "name"), statuses or ())
    channels = account.get("config", "DescribeDeliveryChannelStatus").get("DeliveryChannelsStatus")
    yield from map(apart(ConfigDelivery, _channel, "name"), channels or ())


#: Words of AWS Config, in lower case, for an attempt that succeeded, and for one that nobody asked for.
_SUCCESS, _NOT_ASKED = "success", "not_applicable"


def _recorder(status: Mapping[str, Any]) -> ConfigDelivery:
    failures = (f"recordings: {_describe_failure(status)}",) if failed(status) else ()
    return _delivery(f"recorder {status['name']}", [status], failures)


def _channel(channel: Mapping[str, Any]) -> ConfigDelivery:
    parts = {what: channel.get(name) or {} for name, what in _CHANNEL.items()}
    failures = tuple(f"{what}: {_describe_failure(part)}" for what, part in parts.items() if failed(part))
    return _delivery(f"delivery channel {channel['name']}", parts.values(), failures)


def _delivery(subject: str, parts: Iterable[Mapping[str, Any]], failures: tuple[str, ...]) -> ConfigDelivery:
    states = {str(part["lastStatus"]).casefold() for part in parts if part.get("lastStatus")}
    if failures or (_SUCCESS in states and states <= {_SUCCESS, _NOT_ASKED}):
        return ConfigDelivery(subject=subject, failures=failures)
    return ConfigDelivery.unread(subject, "config does not state what became of the last attempt; look again later")


def _ask_home(account: Account, trail: Mapping[str, Any], service: str, operation: str, named: str) -> Any:
    """Request a trail by ARN in its home region; elsewhere it is a shadow with fewer details. Raises Unreadable.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
    """
    home = trail.get("HomeRegion") or account.region
    try:
        return account.get(service, operation, region=home, **{named: trail["TrailARN"]})
    except Absent as error:
        raise Unreadable(
            f"cloudtrail in {home}: does not find a trail that is listed ({error.code}); one of an organization may be "
            "shown to its owner alone"
        ) from None


def _read_status(account: Account, trail: Mapping[str, Any]) -> Any:
    return _ask_home(account, trail, "cloudtrail", "GetTrailStatus", "Name")


def read_trail(account: Account, trail: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trail as Terraform would state it."""
    logging = account.attempt(_read_status, account, trail)
    chosen = account.attempt(_ask_home, account, trail, "cloudtrail", "GetEventSelectors", "TrailName")
    unread = chosen if isinstance(chosen, Unread) else None
    return {
        "arn": trail["TrailARN"],
        "name": trail["Name"],
        "is_multi_region_trail": trail["IsMultiRegionTrail"],
        "enable_log_file_validation": trail["LogFileValidationEnabled"],
        "include_global_service_events": trail["IncludeGlobalServiceEvents"],
        "enable_logging": logging if isinstance(logging, Unread) else logging["IsLogging"],
        "event_selector": unread
        or [
            {
                "read_write_type": one["ReadWriteType"],
                "include_management_events": one["IncludeManagementEvents"],
                "exclude_management_event_sources": one.get("ExcludeManagementEventSources") or (),
            }
            for one in chosen.get("EventSelectors") or ()
        ],
        "advanced_event_selector": unread
        or [
            {"field_selector": [{"field": one["Field"], "equals": one.get("Equals")} for one in each["FieldSelectors"]]}
            for each in chosen.get("AdvancedEventSelectors") or ()
        ],
    }


def failed(status: Mapping[str, Any]) -> bool:
    """Whether the last attempt of AWS Config failed: documented as ``Failure``, but responses also have capitals."""
    return str(status.get("lastStatus", "")).casefold() == "failure"


def _describe_failure(status: Mapping[str, Any]) -> str:
    said = filter(None, (status.get("lastErrorCode"), status.get("lastErrorMessage")))
    return " ".join(said) or "no reason is stated"


def _find_failures(account: Account, trail: Mapping[str, Any]) -> tuple[str, ...]:
    status = _read_status(account, trail)
    found = tuple(f"{what}: {status[name]}" for name, what in _TRAIL.items() if status.get(name))
    if not found and status.get("IsLogging") and "LatestDeliveryTime" not in status:
        arn = trail["TrailARN"]
        raise Unreadable(f"cloudtrail GetTrailStatus: {arn} has not delivered anything yet; it does so within minutes")
    return found


# ── Services that watch the account, stated as Terraform would, and their findings

_FEATURE, _DELIVERY_CHANNEL = "aws_guardduty_detector_feature", "aws_config_delivery_channel"
_RECORDER, _STANDARD = "aws_config_configuration_recorder", "aws_securityhub_standards_subscription"
_ANALYZER = ("aws_accessanalyzer_analyzer", "aws_accessanalyzer_archive_rule")
_ANALYZERS_ROLE = ":role/aws-service-role/access-analyzer.amazonaws.com/"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatcherResource(Fact):
    """A service that watches the account, as Terraform would state it."""

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
    """Observe the services that watch the account."""
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
        # its data sources are among the features
        yield _resource("aws_guardduty_detector", id_, id=id_, enable=detector["Status"] == "ENABLED", datasources=())

    def look_at_feature(id_: str, feature: Mapping[str, Any]) -> Iterator[WatcherResource]:
        name = feature["Name"]
        if name in declared:
            yield _resource(_FEATURE, f"{id_} {name}", detector_id=id_, name=name, status=feature["Status"])

    yield from _each(("aws_guardduty_detector", _FEATURE), look, _list_detectors(account))


def _list_declared_features(account: Account) -> dict[str, str]:
    """Return the declared features by name, and why one is unknown that GuardDuty does not mention.

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
    """Yield a resource for each row; a malformed row costs only its own resource."""
    for found in map(all_apart(WatcherResource, look, *names, types=types), rows):
        yield from found


def _list_detectors(account: Account) -> tuple[tuple[str, Any], ...]:
    ids = account.list("guardduty", "ListDetectors", "DetectorIds")
    return tuple((id_, account.get("guardduty", "GetDetector", DetectorId=id_)) for id_ in ids)


def _security_hub(account: Account) -> Iterator[WatcherResource]:
    if (hub := account.find("securityhub", "DescribeHub")) is None:
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
    for type_, look, call, key in (
        (_RECORDER, _stated_recorder, ("config", "DescribeConfigurationRecorders"), "ConfigurationRecorders"),
        (
            f"{_RECORDER}_status",
            _status,
            ("config", "DescribeConfigurationRecorderStatus"),
            "ConfigurationRecordersStatus",
        ),
        (_DELIVERY_CHANNEL, _stated_channel, ("config", "DescribeDeliveryChannels"), "DeliveryChannels"),
    ):
        yield from _each((type_,), look, account.get(*call).get(key) or (), "name")


def _stated_recorder(recorder: Mapping[str, Any]) -> Iterator[WatcherResource]:
    group = recorder.get("recordingGroup") or {}
    everything = {
        "all_supported": group.get("allSupported", False),
        "include_global_resource_types": group.get("includeGlobalResourceTypes", False),
    }
    yield _resource(_RECORDER, recorder["name"], name=recorder["name"], recording_group=[everything])


def _status(status: Mapping[str, Any]) -> Iterator[WatcherResource]:
    on = status["recording"] and not failed(status)
    yield _resource(f"{_RECORDER}_status", f"{status['name']} status", name=status["name"], is_enabled=on)


def _stated_channel(channel: Mapping[str, Any]) -> Iterator[WatcherResource]:
    yield _resource(_DELIVERY_CHANNEL, channel["name"], name=channel["name"], s3_bucket_name=channel["s3BucketName"])


def _trails(account: Account) -> Iterator[WatcherResource]:
    def look(trail: Mapping[str, Any]) -> Iterator[WatcherResource]:
        yield _resource("aws_cloudtrail", trail["TrailARN"], **read_trail(account, trail))

    yield from _each(("aws_cloudtrail",), look, list_trails(account), "TrailARN", "Name")


def _analyzers(account: Account) -> Iterator[WatcherResource]:
    rows = account.list("accessanalyzer", "ListAnalyzers", "analyzers")
    yield from _each(_ANALYZER, partial(_analyzer, account), rows, "arn", "name")
    own = any(row.get("type", "ACCOUNT") in OUTSIDE for row in rows)
    roles = () if own else account.attempt(list_identities, account, "RoleDetailList")
    # that of an organization is shown in its own account alone, and has this role in each member
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-using-service-linked-roles.html
    if isinstance(roles, Unread) or any(_ANALYZERS_ROLE in str(role.get("Arn", "")) for role in roles):
        reason = "an analyzer of the organization may watch, which only its own account shows: look there"
        yield WatcherResource.unread("the analyzer of the organization", reason, type=_ANALYZER[0])


def _analyzer(account: Account, analyzer: Mapping[str, Any]) -> Iterator[WatcherResource]:
    name = analyzer["name"]
    if analyzer["status"] != "ACTIVE":
        return
    yield _resource(_ANALYZER[0], analyzer["arn"], arn=analyzer["arn"], analyzer_name=name, type=analyzer["type"])
    for rule in account.list("accessanalyzer", "ListArchiveRules", "archiveRules", analyzerName=name):
        filters = [{"criteria": key, "eq": test.get("eq")} for key, test in rule["filter"].items()]
        subject = f"{analyzer['arn']} archive rule {rule['ruleName']}"
        yield _resource(_ANALYZER[1], subject, analyzer_name=name, filter=filters)


@observes_each(ThreatDetection, _list_detectors)
def observe_threats(account: Account, row: tuple[str, Mapping[str, Any]]) -> Iterator[ThreatDetection]:
    """Observe GuardDuty's findings; a detector that is off proves nothing."""
    id_, detector = row
    if detector["Status"] == "ENABLED":
        # an administrator's detector lists the findings of its members as well
        open_ = {"Criterion": {"service.archived": {"Equals": ["false"]}, "accountId": {"Equals": [account.id]}}}
        found = account.list("guardduty", "ListFindings", "FindingIds", DetectorId=id_, FindingCriteria=open_)
        yield ThreatDetection(subject=id_, findings=Quantity.of(len(found)))


def _list_judging(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield Security Hub, if it is on and judges by a standard that is ready."""
    if hub := account.find("securityhub", "DescribeHub"):
        standards = account.list("securityhub", "GetEnabledStandards", "StandardsSubscriptions")
        yield from [hub] if any(one["StandardsStatus"] == "READY" for one in standards) else ()


@observes_each(SecurityHub, _list_judging, "HubArn")
def observe_security_hub(account: Account, hub: Mapping[str, Any]) -> SecurityHub:
    """Observe Security Hub's findings, if it judges by a standard at all."""
    wanted = {
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        "SeverityLabel": [{"Value": label, "Comparison": "EQUALS"} for label in _SEVERE],
        "WorkflowStatus": [{"Value": state, "Comparison": "EQUALS"} for state in _OPEN],
        # an administrator sees its members' findings, and an aggregation region those of others; findings on
        # CloudFront's resources, such as certificates and firewalls, are in one of those
        "AwsAccountId": [{"Value": account.id, "Comparison": "EQUALS"}],
        "Region": [{"Value": name, "Comparison": "EQUALS"} for name in sorted({account.region, GLOBAL})],
    }
    found = account.list("securityhub", "GetFindings", "Findings", Filters=wanted)
    return SecurityHub(subject=hub["HubArn"], findings=Quantity.of(sum(map(_is_severe, found))))


_SEVERE = ("CRITICAL", "HIGH")
_OPEN = ("NEW", "NOTIFIED")


def _is_severe(finding: Mapping[str, Any]) -> bool:
    """Apply the filter once more here, where tests can check it. A finding that lacks a field counts."""
    return (
        finding.get("RecordState", "ACTIVE") == "ACTIVE"
        and finding.get("Severity", {}).get("Label", "CRITICAL") in _SEVERE
        and finding.get("Workflow", {}).get("Status", "NEW") in _OPEN
        and finding.get("Compliance", {}).get("Status", "FAILED") != "PASSED"
    )
