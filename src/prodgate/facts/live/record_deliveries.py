"""Whether what is recorded of the account arrives: the events of CloudTrail, and the configurations of AWS Config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from .. import Fact
from ..observers import apart, observes, reads

reads("cloudtrail", "DescribeTrails", "GetEventSelectors", "GetTrailStatus")
reads("config", "DescribeConfigurationRecorderStatus", "DescribeDeliveryChannelStatus")

T = TypeVar("T")

#: The last errors of S3 that GetTrailStatus shows, each until a delivery succeeds.
#: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
_TRAIL: Final = {"LatestDeliveryError": "log files", "LatestDigestDeliveryError": "digest files"}
#: What a channel of Config delivers.
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
    """What its bucket has refused since it last took any, and why."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConfigDelivery(Fact):
    """A recorder or a delivery channel of AWS Config. ``subject`` is what it is, and its name."""

    failures: tuple[str, ...]
    """What could not be recorded or delivered at the last attempt, and why."""


@observes(TrailDelivery)
def observe_trail_deliveries(account: Account) -> Iterator[TrailDelivery]:
    """See what becomes of the log files of each trail; a trail goes on logging while its bucket refuses them."""
    look = apart(TrailDelivery, partial(_trail, account), "TrailARN", "Name")
    yield from map(look, list_trails(account))


@observes(ConfigDelivery)
def observe_config_deliveries(account: Account) -> Iterator[ConfigDelivery]:
    """See what became of the last recordings and deliveries."""
    statuses = account.get("config", "DescribeConfigurationRecorderStatus").get("ConfigurationRecordersStatus")
    yield from map(apart(ConfigDelivery, _recorder, "name"), statuses or ())
    channels = account.get("config", "DescribeDeliveryChannelStatus").get("DeliveryChannelsStatus")
    yield from map(apart(ConfigDelivery, _channel, "name"), channels or ())


def _recorder(status: Mapping[str, Any]) -> ConfigDelivery:
    failures = (f"recordings: {_describe_failure(status)}",) if failed(status) else ()
    return _delivery(f"recorder {status['name']}", [status], failures)


def _channel(channel: Mapping[str, Any]) -> ConfigDelivery:
    parts = {what: channel.get(name) or {} for name, what in _CHANNEL.items()}
    failures = tuple(f"{what}: {_describe_failure(part)}" for what, part in parts.items() if failed(part))
    return _delivery(f"delivery channel {channel['name']}", parts.values(), failures)


def _delivery(subject: str, parts: Iterable[Mapping[str, Any]], failures: tuple[str, ...]) -> ConfigDelivery:
    if any(part.get("lastStatus") for part in parts):
        return ConfigDelivery(subject=subject, failures=failures)
    return ConfigDelivery.unread(subject, "config does not state what became of the last attempt; look again later")


def list_trails(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return the trails that record here, among them those of an organization, which AWS shows as shadow trails."""
    rows = account.get("cloudtrail", "DescribeTrails", includeShadowTrails=True).get("trailList") or ()
    return tuple({row.get("TrailARN") or row.get("Name"): row for row in rows}.values())


def _ask_home(account: Account, trail: Mapping[str, Any], ask: Callable[[str, str], T]) -> T:
    """Ask of a trail by ARN in its home region; elsewhere it is a shadow, of which not all is told. Raises Unreadable.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
    """
    home = trail.get("HomeRegion") or account.region
    try:
        return ask(home, trail["TrailARN"])
    except Absent as error:
        raise Unreadable(
            f"cloudtrail in {home}: does not find a trail that is listed ({error.code}); one of an organization may be "
            "shown to its owner alone"
        ) from None


def _read_status(account: Account, trail: Mapping[str, Any]) -> Any:
    def ask(home: str, arn: str) -> Any:
        return account.get("cloudtrail", "GetTrailStatus", region=home, Name=arn)

    return _ask_home(account, trail, ask)


def _read_selectors(account: Account, trail: Mapping[str, Any]) -> Any:
    def ask(home: str, arn: str) -> Any:
        return account.get("cloudtrail", "GetEventSelectors", region=home, TrailName=arn)

    return _ask_home(account, trail, ask)


def read_trail(account: Account, trail: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trail as Terraform would state it."""
    arn = trail["TrailARN"]
    logging = account.attempt(_read_status, account, trail)
    chosen = account.attempt(_read_selectors, account, trail)
    unread = chosen if isinstance(chosen, Unread) else None
    return {
        "arn": arn,
        "name": trail["Name"],
        "is_multi_region_trail": trail["IsMultiRegionTrail"],
        "enable_log_file_validation": trail["LogFileValidationEnabled"],
        "include_global_service_events": trail["IncludeGlobalServiceEvents"],
        "enable_logging": logging if isinstance(logging, Unread) else logging["IsLogging"],
        "event_selector": unread or list(map(_basic_selector, chosen.get("EventSelectors") or ())),
        "advanced_event_selector": unread or list(map(_advanced_selector, chosen.get("AdvancedEventSelectors") or ())),
    }


def _basic_selector(selector: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "read_write_type": selector["ReadWriteType"],
        "include_management_events": selector["IncludeManagementEvents"],
    }


def _advanced_selector(selector: Mapping[str, Any]) -> dict[str, Any]:
    fields = [{"field": one["Field"], "equals": one.get("Equals")} for one in selector["FieldSelectors"]]
    return {"field_selector": fields}


def failed(status: Mapping[str, Any]) -> bool:
    """Whether the last attempt of AWS Config failed; its documentation says ``Failure``, answers have capitals, too."""
    return str(status.get("lastStatus", "")).casefold() == "failure"


def _describe_failure(status: Mapping[str, Any]) -> str:
    said = filter(None, (status.get("lastErrorCode"), status.get("lastErrorMessage")))
    return " ".join(said) or "no reason is stated"


def _trail(account: Account, trail: Mapping[str, Any]) -> TrailDelivery:
    arn = trail["TrailARN"]
    return TrailDelivery(subject=arn, failures=account.attempt(_find_failures, account, trail))


def _find_failures(account: Account, trail: Mapping[str, Any]) -> tuple[str, ...]:
    arn = trail["TrailARN"]
    status = _read_status(account, trail)
    found = tuple(f"{what}: {status[name]}" for name, what in _TRAIL.items() if status.get(name))
    if not found and status.get("IsLogging") and "LatestDeliveryTime" not in status:
        raise Unreadable(f"cloudtrail GetTrailStatus: {arn} has not delivered anything yet; it does so within minutes")
    return found
