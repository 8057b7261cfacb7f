"""Networks as an account shows them: routes, addresses, prefix lists, and who listens behind a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.facts.live.listeners import observe_listeners
from prodgate.facts.live.origin_bypass import FrontDoor, observe_front_doors
from prodgate.facts.live.placements import Placement, observe_placements
from prodgate.facts.live.security_groups import SecurityGroup, observe_security_groups
from prodgate.findings import Undetermined

from .stated_account import account_answering

BALANCER = {
    "LoadBalancerArn": "arn:lb",
    "Scheme": "internet-facing",
    "Type": "application",
    "SecurityGroups": ["sg-1"],
    "AvailabilityZones": [{"SubnetId": "subnet-1"}],
}
LISTS = [
    {"PrefixListId": "pl-cf", "PrefixListName": "com.amazonaws.global.cloudfront.origin-facing", "OwnerId": "AWS"},
    {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.ap-northeast-1.s3", "OwnerId": "AWS"},
    {"PrefixListId": "pl-own", "PrefixListName": "partners", "OwnerId": "123456789012"},
]
MAIN = {"VpcId": "vpc-1", "RouteTableId": "rtb-main", "Associations": [{"Main": True}], "Routes": []}


def tcp(port: int, **peers: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


def answers(*permissions: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    group = {"GroupId": "sg-1", "GroupName": "alb", "VpcId": "vpc-1", "IpPermissionsEgress": []}
    return {
        "DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": False, "CidrBlock": "10.0.0.0/16"}]},
        "DescribeSecurityGroups": {"SecurityGroups": [{**group, "IpPermissions": permissions}]},
        "DescribeLoadBalancers": {"LoadBalancers": [BALANCER]},
        "DescribeListeners": {"Listeners": [{"LoadBalancerArn": "arn:lb", "Port": 443}]},
        "DescribeManagedPrefixLists": {"PrefixLists": LISTS},
        "GetManagedPrefixListEntries": {"Entries": [{"Cidr": "0.0.0.0/0"}]},
        "DescribeSubnets": {
            "Subnets": [
                {"SubnetId": "subnet-1", "VpcId": "vpc-1", "AvailabilityZone": "a", "MapPublicIpOnLaunch": False}
            ]
        },
        "DescribeRouteTables": {"RouteTables": [MAIN]},
        **changes,
    }


def group(*permissions: Mapping[str, Any], **changes: Any) -> SecurityGroup:
    with account_answering(answers(*permissions, **changes)) as account:
        (found,) = observe_security_groups(account)
    return found


def door(*permissions: Mapping[str, Any], **changes: Any) -> FrontDoor:
    with account_answering(answers(*permissions, **changes)) as account:
        (found,) = observe_front_doors(account)
    return found


def placement(**changes: Any) -> Placement:
    with account_answering(answers(**changes)) as account:
        (found,) = observe_placements(account)
    return found


def test_a_list_that_somebody_made_is_what_it_holds() -> None:
    found = group(tcp(443, PrefixListIds=[{"PrefixListId": "pl-own"}])).ways_in[0]
    assert found.world
    assert not found.lists


def test_a_list_of_aws_is_its_name() -> None:
    found = group(tcp(443, PrefixListIds=[{"PrefixListId": "pl-cf"}])).ways_in[0]
    assert found.lists == ("com.amazonaws.global.cloudfront.origin-facing",)
    assert not found.networks


def test_a_list_that_is_not_shown_leaves_the_group_undetermined() -> None:
    found = group(tcp(443, PrefixListIds=[{"PrefixListId": "pl-gone"}]))
    with pytest.raises(Undetermined, match="pl-gone"):
        _ = found.ways_in


def test_only_a_group_that_admits_nobody_else_is_open_to_itself() -> None:
    own, other = {"GroupId": "sg-1"}, {"GroupId": "sg-2"}
    assert group(tcp(1, UserIdGroupPairs=[own])).ways_in[0].itself
    assert not group(tcp(1, UserIdGroupPairs=[own, other])).ways_in[0].itself
    assert not group(tcp(1, UserIdGroupPairs=[own], IpRanges=[{"CidrIp": "10.0.0.0/8"}])).ways_in[0].itself


def test_who_is_behind_a_group_listens() -> None:
    found = group(tcp(443), tcp(22), {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]})
    assert found.listens == {443}
    assert found.unheard == ("tcp 22",)
    assert found.faces_internet
    assert group(tcp(22), DescribeLoadBalancers={}).listens is None


@pytest.mark.parametrize(
    ("permission", "strangers"),
    [
        (tcp(443, PrefixListIds=[{"PrefixListId": "pl-cf"}]), ()),
        (tcp(443, UserIdGroupPairs=[{"GroupId": "sg-2"}], IpRanges=[{"CidrIp": "10.1.0.0/16"}]), ()),
        (tcp(443, PrefixListIds=[{"PrefixListId": "pl-s3"}]), ("com.amazonaws.ap-northeast-1.s3",)),
        (tcp(443, PrefixListIds=[{"PrefixListId": "pl-own"}]), ("0.0.0.0/0",)),
        (tcp(443, IpRanges=[{"CidrIp": "198.51.100.7/32"}]), ("198.51.100.7/32",)),
        (tcp(443, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), ("::/0",)),
    ],
)
def test_who_comes_past_cloudfront(permission: Mapping[str, Any], strangers: tuple[str, ...]) -> None:
    assert door(permission).strangers == strangers


def test_a_balancer_without_groups_is_unguarded() -> None:
    assert not door(DescribeLoadBalancers={"LoadBalancers": [{**BALANCER, "SecurityGroups": []}]}).guarded


def test_what_leads_packets_to_appliances_is_no_way_in() -> None:
    appliances = {"LoadBalancerArn": "arn:gwy", "Type": "gateway", "AvailabilityZones": []}
    listener = {"ListenerArn": "arn:l", "DefaultActions": [{"Type": "forward"}]}
    shown = answers(DescribeLoadBalancers={"LoadBalancers": [appliances]}, DescribeListeners={"Listeners": [listener]})
    with account_answering(shown) as account:
        assert list(observe_front_doors(account)) == []
        assert list(observe_listeners(account)) == []
    with account_answering({**shown, "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": "a"}]}}) as other:
        assert [one.subject for one in observe_front_doors(other)] == ["a"]


def test_a_workload_without_a_name_is_unread_and_those_after_it_are_seen() -> None:
    nameless = {name: value for name, value in BALANCER.items() if name != "LoadBalancerArn"}
    shown = answers(DescribeLoadBalancers={"LoadBalancers": [nameless, BALANCER]})
    with account_answering(shown) as account:
        nobody, known = observe_placements(account)
    assert known.kind == "load balancer"
    with pytest.raises(Undetermined, match="AWS states no ARN of a load balancer"):
        _ = nobody.kind


@pytest.mark.parametrize(("gateway", "internet"), [("igw-1", True), ("local", False), ("vgw-1", False)])
def test_the_main_table_holds_without_an_association(gateway: str, internet: bool) -> None:
    tables = {"RouteTables": [{**MAIN, "Routes": [{"GatewayId": gateway}]}]}
    assert placement(DescribeRouteTables=tables).subnets[0].internet is internet


def test_a_table_of_its_own_comes_first() -> None:
    own = {**MAIN, "Associations": [{"SubnetId": "subnet-1", "Main": False}], "Routes": [{"NatGatewayId": "nat-1"}]}
    main = {**MAIN, "Routes": [{"GatewayId": "igw-1"}]}
    assert not placement(DescribeRouteTables={"RouteTables": [main, own]}).subnets[0].internet


def test_addresses_in_use_are_seen() -> None:
    interface = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "Association": {"PublicIp": "198.51.100.7"}}
    assert placement(DescribeNetworkInterfaces={"NetworkInterfaces": [interface]}).public == (
        "198.51.100.7 in subnet-1",
    )


def rule(*conditions: Mapping[str, Any], action: str = "forward") -> dict[str, Any]:
    return {"Rules": [{"Priority": "1", "Actions": [{"Type": action}], "Conditions": conditions}]}


def header(name: str, *values: str, **more: Any) -> dict[str, Any]:
    asked = {"HttpHeaderName": name, "Values": [*(values or ("(redacted)",))], **more}
    return {"Field": "http-header", "HttpHeaderConfig": asked}


@pytest.mark.parametrize(
    ("rules", "balancer", "unasked"),
    [
        (rule(), {}, ("rule 1 of port 443",)),
        (rule({"Field": "path-pattern", "Values": ["/*"]}), {}, ("rule 1 of port 443",)),
        (rule(header("x-origin-verify")), {}, ()),
        (rule(header("User-Agent")), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", "*")), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", "(redacted)", "?*")), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", RegexValues=["(redacted)"])), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", Values=[])), {}, ("rule 1 of port 443",)),
        (rule(action="fixed-response"), {}, ()),
        (rule(), {"Scheme": "internal"}, ()),
        (rule(), {"Type": "network"}, ("a network load balancer, which reads no headers",)),
    ],
)
def test_cloudfronts_addresses_are_those_of_all_its_customers(
    rules: Mapping[str, Any], balancer: Mapping[str, Any], unasked: tuple[str, ...]
) -> None:
    sent = {"Items": [{"Id": "lb", "CustomHeaders": {"Items": [{"HeaderName": "X-Origin-Verify"}]}}]}
    listener = {"LoadBalancerArn": "arn:lb", "ListenerArn": "arn:listener", "Port": 443}
    found = door(
        tcp(443, PrefixListIds=[{"PrefixListId": "pl-cf"}]),
        DescribeLoadBalancers={"LoadBalancers": [BALANCER | balancer]},
        DescribeListeners={"Listeners": [listener]},
        DescribeRules=rules,
        ListDistributions={"DistributionList": {"Items": [{"ARN": "arn:site", "Origins": sent}]}},
    )
    assert (found.strangers, found.unasked) == ((), unasked)
