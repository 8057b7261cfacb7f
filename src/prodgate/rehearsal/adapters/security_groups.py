"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .network import arn, tag_specifications
from .registry import Clients, creates, omit_empty, tags


@creates("aws_security_group")
def group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a group. The egress rule that AWS adds to a new one is removed, as the provider does."""
    ec2 = aws("ec2")
    id = ec2.create_security_group(
        GroupName=declared["name"],
        Description=declared["description"] or "Managed by Terraform",
        TagSpecifications=tag_specifications("security-group", declared),
        **omit_empty(VpcId=declared["vpc_id"]),
    )["GroupId"]
    _replace(declared, aws, id)
    return {"id": id, "arn": arn(aws, "security-group", id), "owner_id": aws.account}


@creates("aws_default_security_group")
def default_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Take over the default group of a network: its own rules go, the declared ones come."""
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
    if ways_in := [_inline_permission(one, id) for one in declared["ingress"] or ()]:
        ec2.authorize_security_group_ingress(GroupId=id, IpPermissions=ways_in)
    if ways_out := [_inline_permission(one, id) for one in declared["egress"] or ()]:
        ec2.authorize_security_group_egress(GroupId=id, IpPermissions=ways_out)


def _inline_permission(block: Mapping[str, Any], own: str) -> dict[str, Any]:
    """Return a rule that is declared inside a group."""
    groups = [*(block.get("security_groups") or ()), *([own] if block.get("self") else ())]
    return _ip_permission(
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


def _ip_permission(
    protocol: str, first: int | None, last: int | None, why: str | None, peers: Mapping[str, Iterable[str]]
) -> dict[str, Any]:
    number = {"all": "-1"}.get(protocol, protocol)
    ports = {} if number == "-1" else omit_empty(FromPort=first, ToPort=last)
    named = {
        _PEERS[key]: [{key: peer, **omit_empty(Description=why)} for peer in found]
        for key, found in peers.items()
        if found
    }
    return {"IpProtocol": number, **ports, **named}


@creates("aws_vpc_security_group_ingress_rule")
def ingress_rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add an ingress rule to a group."""
    return _rule(declared, aws, aws("ec2").authorize_security_group_ingress)


@creates("aws_vpc_security_group_egress_rule")
def egress_rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add an egress rule to a group."""
    return _rule(declared, aws, aws("ec2").authorize_security_group_egress)


def _rule(declared: Mapping[str, Any], aws: Clients, authorize: Callable[..., Any]) -> Mapping[str, Any]:
    peers = {
        "CidrIp": declared["cidr_ipv4"],
        "CidrIpv6": declared["cidr_ipv6"],
        "PrefixListId": declared["prefix_list_id"],
        "GroupId": declared["referenced_security_group_id"],
    }
    opening = _ip_permission(
        declared["ip_protocol"],
        declared["from_port"],
        declared["to_port"],
        declared["description"],
        {key: [peer] for key, peer in peers.items() if peer},
    )
    made = authorize(GroupId=declared["security_group_id"], IpPermissions=[opening])
    id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return {"id": id, "security_group_rule_id": id, "arn": arn(aws, "security-group-rule", id)}


@creates("aws_security_group_rule")
def old_rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add a rule, or several at once, in the older form of Terraform."""
    ec2, group_id = aws("ec2"), declared["security_group_id"]
    peer = declared["source_security_group_id"]
    opening = _inline_permission({**declared, "security_groups": [peer] if peer else []}, group_id)
    add = {"ingress": ec2.authorize_security_group_ingress, "egress": ec2.authorize_security_group_egress}
    made = add[declared["type"]](GroupId=group_id, IpPermissions=[opening])["SecurityGroupRules"]
    id = made[0]["SecurityGroupRuleId"]
    return {"id": id, "security_group_rule_id": id if len(made) == 1 else ""}
