"""What records the account may go on and on while nothing of it arrives, and others' findings are not ours."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.live.record_deliveries import TrailDelivery, observe_config_deliveries, observe_trail_deliveries
from prodgate.facts.live.security_services import observe_security_hub, observe_threats, observe_watchers
from prodgate.findings import Undetermined

from .stated_account import ACCOUNT, REGION, account_answering

TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all"
ROW = {
    "TrailARN": TRAIL, "Name": "all", "IsMultiRegionTrail": True, "LogFileValidationEnabled": True,
    "IncludeGlobalServiceEvents": True,
}  # fmt: skip
DELIVERED = {"IsLogging": True, "LatestDeliveryTime": "2026-01-01"}


def trail(status: dict[str, Any]) -> TrailDelivery:
    with account_answering({"DescribeTrails": {"trailList": [ROW]}, "GetTrailStatus": status}) as account:
        (found,) = observe_trail_deliveries(account)
    return found


@pytest.mark.parametrize(
    ("said", "failures"),
    [
        ({}, ()),
        ({"LatestDeliveryError": ""}, ()),
        ({"LatestDeliveryError": "AccessDenied"}, ("log files: AccessDenied",)),
        ({"LatestDigestDeliveryError": "NoSuchBucket"}, ("digest files: NoSuchBucket",)),
    ],
)
def test_a_trail_that_logs_may_not_deliver(said: dict[str, Any], failures: tuple[str, ...]) -> None:
    assert trail(DELIVERED | said).failures == failures


def test_a_trail_that_has_never_delivered_proves_nothing() -> None:
    with pytest.raises(Undetermined, match="has not delivered anything yet"):
        _ = trail({"IsLogging": True}).failures


def test_the_trail_of_an_organization_is_a_trail_of_its_members() -> None:
    organization = ROW | {"TrailARN": TRAIL.replace(ACCOUNT, "210987654321"), "IsOrganizationTrail": True}
    answers = {
        "DescribeTrails": lambda asked: {"trailList": [organization] if asked["includeShadowTrails"] else []},
        "GetTrailStatus": DELIVERED,
        "ListDetectors": {"DetectorIds": []},
        "DescribeHub": None,
        "DescribeConfigurationRecorders": {"ConfigurationRecorders": []},
        "DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": []},
        "DescribeDeliveryChannels": {"DeliveryChannels": []},
    }
    with account_answering(answers) as account:
        assert [one.type for one in observe_watchers(account)] == ["aws_cloudtrail"]


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        ("Success", False),
        ("SUCCESS", False),
        ("Pending", False),
        ("NotApplicable", False),
        ("Failure", True),
        ("FAILURE", True),
    ],
)
def test_what_config_says_in_any_case_counts(status: str, failed: bool) -> None:
    said = {"lastStatus": status, "lastErrorCode": "AccessDenied"}
    answers = {
        "DescribeConfigurationRecorderStatus": {
            "ConfigurationRecordersStatus": [{"name": "default", "recording": True, **said}]
        },
        "DescribeDeliveryChannelStatus": {
            "DeliveryChannelsStatus": [{"name": "default", "configHistoryDeliveryInfo": said}]
        },
    }
    with account_answering(answers) as account:
        found = [one.failures for one in observe_config_deliveries(account)]
    expected = [("recordings: AccessDenied",), ("histories: AccessDenied",)]
    assert found == (expected if failed else [(), ()])


@pytest.mark.parametrize("said", [{}, {"lastStatus": ""}, {"lastStatus": None}])
def test_what_config_says_nothing_of_has_not_succeeded(said: dict[str, Any]) -> None:
    answers = {
        "DescribeConfigurationRecorderStatus": {
            "ConfigurationRecordersStatus": [{"name": "default", "recording": True, **said}]
        },
        "DescribeDeliveryChannelStatus": {
            "DeliveryChannelsStatus": [{"name": "default", "configHistoryDeliveryInfo": said}]
        },
    }
    with account_answering(answers) as account:
        recorder, channel = observe_config_deliveries(account)
    assert (recorder.subject, channel.subject) == ("recorder default", "delivery channel default")
    for one in (recorder, channel):
        with pytest.raises(Undetermined, match="does not state what became of the last attempt"):
            _ = one.failures


def test_an_administrator_is_not_asked_for_the_findings_of_its_members() -> None:
    asked: list[Any] = []

    def note(parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        return {}

    answers = {
        "ListDetectors": {"DetectorIds": ["d"]},
        "GetDetector": {"Status": "ENABLED"},
        "DescribeHub": {"HubArn": "arn:hub"},
        "GetEnabledStandards": {"StandardsSubscriptions": [{"StandardsStatus": "READY"}]},
        "ListFindings": note,
        "GetFindings": note,
    }
    with account_answering(answers) as account:
        list(observe_threats(account))
        list(observe_security_hub(account))
    threats, hub = asked
    assert threats["FindingCriteria"]["Criterion"]["accountId"] == {"Equals": [ACCOUNT]}
    assert hub["Filters"]["AwsAccountId"] == [{"Value": ACCOUNT, "Comparison": "EQUALS"}]
    assert hub["Filters"]["Region"] == [{"Value": name, "Comparison": "EQUALS"} for name in (REGION, "us-east-1")]
