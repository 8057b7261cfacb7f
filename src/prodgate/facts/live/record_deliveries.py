"""Whether what is recorded of the account arrives: the events of CloudTrail, and the configurations of AWS Config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from .. import Fact
from ..observers import apart, observes, reads

reads("cloudtrail", "DescribeTrails", "GetTrailStatus")
reads("config", "DescribeConfigurationRecorderStatus", "DescribeDeliveryChannelStatus")

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
    statuses = account.get("config", "DescribeConfigurationRecorderStatus")["ConfigurationRecordersStatus"]
    yield from map(apart(ConfigDelivery, _recorder, "name"), statuses)
    channels = account.get("config", "DescribeDeliveryChannelStatus")["DeliveryChannelsStatus"]
    yield from map(apart(ConfigDelivery, _channel, "name"), channels)


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
    rows = account.get("cloudtrail", "DescribeTrails", includeShadowTrails=True)["trailList"]
    return tuple({row.get("TrailARN") or row.get("Name"): row for row in rows}.values())


def ask_trail(account: Account, operation: str, trail: Mapping[str, Any], **named: str) -> Mapping[str, Any]:
    """Ask of a trail in its home region; elsewhere it is a shadow, of which not everything is told. Raises Unreadable.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
    """
    home = trail.get("HomeRegion") or account.region
    try:
        answer: Mapping[str, Any] = account.get("cloudtrail", operation, region=home, **named)
    except Absent as error:
        raise Unreadable(
            f"cloudtrail {operation} in {home}: does not find a trail that is listed ({error.code}); one of an "
            "organization may be shown to its owner alone"
        ) from None
    return answer


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
    status = ask_trail(account, "GetTrailStatus", trail, Name=arn)
    found = tuple(f"{what}: {status[name]}" for name, what in _TRAIL.items() if status.get(name))
    if not found and status.get("IsLogging") and "LatestDeliveryTime" not in status:
        raise Unreadable(f"cloudtrail GetTrailStatus: {arn} has not delivered anything yet; it does so within minutes")
    return found
