"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .network import arn, tagged
from .registry import Clients, creates, stated, tags


@creates("aws_security_group")
def group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a group. The way out that AWS adds to a new one goes, as the provider takes it away."""
    ec2 = aws("ec2")
    id = ec2.create_security_group(
        GroupName=declared["name"],
        Description=declared["description"] or "Managed by Terraform",
        TagSpecifications=tagged("security-group", declared),
        **stated(VpcId=declared["vpc_id"]),
    )["GroupId"]
    _replace(declared, aws, id)
    return {"id": id, "arn": arn(aws, "security-group", id), "owner_id": aws.account}


@creates("aws_default_security_group")
def default_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Take over the default group of a network: its own openings go, the declared ones come."""
    ec2 = aws("ec2")
    within = [{"Name": "vpc-id", "Values": [declared["vpc_id"]]}, {"Name": "group-name", "Values": ["default"]}]
    found = ec2.describe_security_groups(Filters=within)["SecurityGroups"][0]
    id = found["GroupId"]
    ec2.create_tags(Resources=[id], Tags=tags(declared))
    _replace(declared, aws, id)
    return {
        "id": id,
        "arn": arn(aws, "security-group", id),
        "owner_id": aws.account,
        "name": "default",
        "description": found["Description"],
    }


def _replace(declared: Mapping[str, Any], aws: Clients, id: str) -> None:
    ec2 = aws("ec2")
    found = ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]
    if found["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=id, IpPermissions=found["IpPermissions"])
    if found["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=id, IpPermissions=found["IpPermissionsEgress"])
    if ways_in := [_permission(one, id) for one in declared["ingress"] or ()]:
        ec2.authorize_security_group_ingress(GroupId=id, IpPermissions=ways_in)
    if ways_out := [_permission(one, id) for one in declared["egress"] or ()]:
        ec2.authorize_security_group_egress(GroupId=id, IpPermissions=ways_out)


def _permission(block: Mapping[str, Any], own: str) -> dict[str, Any]:
    """Return an opening that is declared inside a group."""
    groups = [*(block.get("security_groups") or ()), *([own] if block.get("self") else ())]
    return _opening(
        block["protocol"],
        block["from_port"],
        block["to_port"],
        block.get("description"),
        {
            "CidrIp": block.get("cidr_blocks") or (),
            "CidrIpv6": block.get("ipv6_cidr_blocks") or (),
            "PrefixListId": block.get("prefix_list_ids") or (),
            "GroupId": groups,
        },
    )


_PEERS = {
    "CidrIp": "IpRanges",
    "CidrIpv6": "Ipv6Ranges",
    "PrefixListId": "PrefixListIds",
    "GroupId": "UserIdGroupPairs",
}


def _opening(
    protocol: str, first: int | None, last: int | None, why: str | None, peers: Mapping[str, Iterable[str]]
) -> dict[str, Any]:
    number = {"all": "-1"}.get(protocol, protocol)
    ports = {} if number == "-1" else stated(FromPort=first, ToPort=last)
    named = {
        _PEERS[key]: [{key: peer, **stated(Description=why)} for peer in found] for key, found in peers.items() if found
    }
    return {"IpProtocol": number, **ports, **named}


@creates("aws_vpc_security_group_ingress_rule")
def way_in(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let somebody in."""
    return _rule(declared, aws, aws("ec2").authorize_security_group_ingress)


@creates("aws_vpc_security_group_egress_rule")
def way_out(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let members of a group out."""
    return _rule(declared, aws, aws("ec2").authorize_security_group_egress)


def _rule(declared: Mapping[str, Any], aws: Clients, authorize: Callable[..., Any]) -> Mapping[str, Any]:
    peers = {
        "CidrIp": declared["cidr_ipv4"],
        "CidrIpv6": declared["cidr_ipv6"],
        "PrefixListId": declared["prefix_list_id"],
        "GroupId": declared["referenced_security_group_id"],
    }
    opening = _opening(
        declared["ip_protocol"],
        declared["from_port"],
        declared["to_port"],
        declared["description"],
        {key: [peer] for key, peer in peers.items() if peer},
    )
    made = authorize(GroupId=declared["security_group_id"], IpPermissions=[opening])
    id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return {"id": id, "security_group_rule_id": id, "arn": arn(aws, "security-group-rule", id)}
