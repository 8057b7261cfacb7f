"""AWS Config: the status of what it records and delivers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .deliveries import why_refused
from .extension import UNREPORTED, Ledger, corrects


@corrects("config", "DescribeConfigurationRecorderStatus", upstream=UNREPORTED)
def describe_recorder_status(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return statuses in AWS's words: ``Pending``, ``Success``, ``Failure``, ``NotApplicable``; moto has capitals.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationRecorderStatus.html
    """
    found = ledger.moto()["ConfigurationRecordersStatus"]
    for one in found:
        one["lastStatus"] = "Success" if one["recording"] else "NotApplicable"
    return {"ConfigurationRecordersStatus": found}


@corrects("config", "DescribeDeliveryChannelStatus", upstream=UNREPORTED)
def describe_channel_status(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say what became of the last deliveries.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannelStatus.html
    """
    channels = ledger.ask("config", "DescribeDeliveryChannels")["DeliveryChannels"]
    return {"DeliveryChannelsStatus": [_status(ledger, channel) for channel in channels]}


def _status(ledger: Ledger, channel: Mapping[str, Any]) -> dict[str, Any]:
    error, now = why_refused(ledger, channel["s3BucketName"], "config.amazonaws.com"), datetime.now(UTC)
    said = {"lastErrorCode": error, "lastErrorMessage": "the bucket refuses it"} if error else {}
    last = {"lastStatus": "Failure" if error else "Success", "lastAttemptTime": now, **said}
    return {"name": channel["name"], "configHistoryDeliveryInfo": last, "configSnapshotDeliveryInfo": last}
