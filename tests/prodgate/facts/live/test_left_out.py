"""What an answer leaves out is told in a sentence, whatever choked on it, and costs the names of one site at most."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.facts.live.security_groups import SecurityGroup, observe_security_groups
from prodgate.facts.live.security_services import WatcherResource, observe_watchers
from prodgate.facts.live.site_names import SiteName, observe_site_names
from prodgate.facts.observers import observe_all
from prodgate.findings import Undetermined
from prodgate.layers.live.policies import make_configuration
from prodgate.semantics.unresolved import Unresolved

from .stated_account import account_answering

NAMED = {"Aliases": {"Quantity": 1, "Items": ["a.example"]}}
WHOLE = {
    "ARN": "arn:whole", "Id": "E2", "DomainName": "d2.cloudfront.net", "IsIPV6Enabled": True, "Enabled": True,
    "PriceClass": "PriceClass_All", "Aliases": {"Quantity": 1, "Items": ["b.example"]}, "Origins": {"Items": []},
}  # fmt: skip
ZONE = {"HostedZones": [{"Id": "Z1", "Name": "example.", "Config": {"PrivateZone": False}}]}
RECORD = {"Name": "a.example.", "Type": "A", "AliasTarget": {"DNSName": "d1.cloudfront.net."}}


def site_names(half: dict[str, Any]) -> dict[str, SiteName]:
    answers = {
        "ListDistributions": {"DistributionList": {"Items": [half, WHOLE]}},
        "ListHostedZones": ZONE,
        "ListResourceRecordSets": {"ResourceRecordSets": [RECORD]},
    }
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_site_names: (SiteName,)})
    assert not facts.unreadable
    return {fact.subject: fact for fact in facts.of(SiteName)}


@pytest.mark.parametrize("missing", ["DomainName", "IsIPV6Enabled"])
def test_a_distribution_that_says_little_costs_its_own_names(missing: str) -> None:
    stated = {**WHOLE, "ARN": "arn:half", **NAMED}
    found = site_names({name: value for name, value in stated.items() if name != missing})
    assert found["b.example"].served_by == "d2.cloudfront.net"
    with pytest.raises(Undetermined, match=f"does not state its {missing}"):
        _ = found["a.example"].served_by


def test_a_name_that_an_unread_distribution_may_serve_is_not_called_unserved() -> None:
    found = site_names({"Id": "E1", **NAMED})
    assert found["b.example"].served_by == "d2.cloudfront.net"
    for subject in ("names of E1", "a.example"):
        with pytest.raises(Undetermined, match="does not state its ARN"):
            _ = found[subject].served_by


def test_a_cluster_that_states_no_port_leaves_open_what_listens() -> None:
    group = {"GroupId": "sg-1", "GroupName": "data", "VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": []}
    cluster = {"Endpoint": "news.cluster.example", "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]}
    answers = {
        "DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "IsDefault": False}]},
        "DescribeSecurityGroups": {"SecurityGroups": [group]},
        "DescribeDBClusters": {"DBClusters": [cluster]},
    }
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_security_groups: (SecurityGroup,)})
    (seen,) = facts.of(SecurityGroup)
    assert seen.ways_in == ()
    with pytest.raises(Undetermined, match="rds DescribeDBClusters does not state its Port"):
        _ = seen.listens


def test_an_observer_that_chokes_on_what_is_left_out_says_what_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    def look(account: Account) -> Iterator[SiteName]:
        yield SiteName.unread(json.loads(account.get("kms", "GetKeyPolicy")["Policy"]), "")

    def choke(account: Account) -> Iterator[SiteName]:
        yield SiteName.unread(json.loads(account.get("kms", "GetKeyPolicy")), "")

    with account_answering({}) as account:
        left_out = observe_all(account, {look: (SiteName,)}).unreadable[SiteName]
        bug = observe_all(account, {choke: (SiteName,)}).unreadable[SiteName]
    assert left_out == "kms GetKeyPolicy does not state its Policy"
    assert bug.startswith("choke failed: TypeError")
    assert "Traceback" in capfd.readouterr().err


TRAIL = {
    "Name": "all", "TrailARN": "arn:aws:cloudtrail:us-east-1:1:trail/all", "HomeRegion": "us-east-1",
    "IsMultiRegionTrail": True, "LogFileValidationEnabled": True, "IncludeGlobalServiceEvents": True,
}  # fmt: skip


def test_what_watches_is_judged_beside_a_trail_that_is_not_found_in_its_home() -> None:
    homes: list[str] = []

    def not_found(asked: Mapping[str, Any]) -> None:
        homes.append(asked["TrailName"])

    answers = {
        "DescribeTrails": {"trailList": [TRAIL]},
        "GetTrailStatus": {"IsLogging": True, "LatestDeliveryTime": 1},
        "GetEventSelectors": not_found,
        "ListDetectors": {"DetectorIds": ["d"]},
        "GetDetector": {"Status": "ENABLED"},
        "DescribeHub": None,
    }
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_watchers: (WatcherResource,)})
    found = {fact.type: fact.values for fact in facts.of(WatcherResource)}
    assert found["aws_guardduty_detector"]["enable"] is True
    assert found["aws_cloudtrail"]["enable_logging"] is True
    assert found["aws_cloudtrail"]["event_selector"].reason.startswith("cloudtrail in us-east-1: does not find a trail")
    assert homes == [TRAIL["TrailARN"]]


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        ([], "guardduty GetDetector does not state this feature, which is declared"),
        (
            [{"Name": "EBS_MALWARE_PROTECTION", "Status": "ENABLED"}],
            "guardduty GetDetector does not state this feature",
        ),
        ([{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}], ""),
    ],
)
def test_a_declared_feature_of_a_detector_is_judged_whether_it_is_listed_or_not(
    listed: list[Mapping[str, str]], status: str
) -> None:
    declared = {"aws_guardduty_detector_feature": {"aws_guardduty_detector_feature.s3": {"name": "S3_DATA_EVENTS"}}}
    answers = {"ListDetectors": {"DetectorIds": ["d"]}, "GetDetector": {"Status": "ENABLED", "Features": listed}}
    with account_answering({**answers, "DescribeHub": None}, declared) as account:
        facts = observe_all(account, {observe_watchers: (WatcherResource,)})
    (feature,) = make_configuration(facts, WatcherResource).of("aws_guardduty_detector_feature")
    if not status:
        assert feature.text("status") == "DISABLED"
        return
    with pytest.raises(Unresolved, match=status):
        feature.text("status")


def test_what_is_odd_of_one_thing_that_is_stated_as_terraform_would_is_a_value_that_nobody_knows() -> None:
    half = {"name": "half"}
    whole = {"name": "whole", "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}}
    answers = {
        "DescribeConfigurationRecorders": {"ConfigurationRecorders": [{"roleARN": "arn:role"}, whole]},
        "DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": [half, {**whole, "recording": True}]},
        "DescribeDeliveryChannels": {"DeliveryChannels": [{"name": "c", "s3BucketName": "logs"}]},
        "DescribeHub": None,
    }
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_watchers: (WatcherResource,)})
    assert not facts.unreadable
    seen = {resource.address: resource for resource in make_configuration(facts, WatcherResource).resources}
    assert seen["whole"].block("recording_group").flag("all_supported") is True
    assert seen["whole status"].flag("is_enabled") is True
    for odd, member in (("something without name", "name"), ("half", "recording")):
        with pytest.raises(Unresolved, match=f"does not state its {member}"):
            seen[odd].flag("is_enabled")
