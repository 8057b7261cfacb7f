"""Networks: subnets, gateways, routes, network ACLs and endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags

#: Where a route may lead -> the argument of EC2's API.
ROUTES = {
    "cidr_block": "DestinationCidrBlock",
    "destination_cidr_block": "DestinationCidrBlock",
    "destination_ipv6_cidr_block": "DestinationIpv6CidrBlock",
    "ipv6_cidr_block": "DestinationIpv6CidrBlock",
    "destination_prefix_list_id": "DestinationPrefixListId",
    "gateway_id": "GatewayId",
    "nat_gateway_id": "NatGatewayId",
    "egress_only_gateway_id": "EgressOnlyInternetGatewayId",
    "network_interface_id": "NetworkInterfaceId",
    "transit_gateway_id": "TransitGatewayId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
}
#: EC2 shows protocols of network ACLs by number.
PROTOCOLS = {"all": "-1", "tcp": "6", "udp": "17", "icmp": "1"}


def arn(aws: Clients, kind: str, id: str) -> str:
    """Return the ARN of a resource of EC2."""
    return f"arn:aws:ec2:{aws.region}:{aws.account}:{kind}/{id}"


def tag_specifications(kind: str, declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a resource's tags as EC2 wants them while it creates the resource."""
    return [{"ResourceType": kind, "Tags": tags(declared)}] if tags(declared) else []


@creates("aws_vpc")
def vpc(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a network, and say what AWS has put into it."""
    ec2 = aws("ec2")
    id = ec2.create_vpc(CidrBlock=declared["cidr_block"], TagSpecifications=tag_specifications("vpc", declared))["Vpc"][
        "VpcId"
    ]
    for argument, name in (("enable_dns_support", "EnableDnsSupport"), ("enable_dns_hostnames", "EnableDnsHostnames")):
        if declared[argument] is not None:
            ec2.modify_vpc_attribute(VpcId=id, **{name: {"Value": declared[argument]}})
    within = {"Name": "vpc-id", "Values": [id]}
    default = {"Name": "default", "Values": ["true"]}
    table = ec2.describe_route_tables(Filters=[within])["RouteTables"][0]["RouteTableId"]
    acl = ec2.describe_network_acls(Filters=[within, default])["NetworkAcls"][0]["NetworkAclId"]
    named = {"Name": "group-name", "Values": ["default"]}
    group = ec2.describe_security_groups(Filters=[within, named])["SecurityGroups"][0]["GroupId"]
    return {
        "id": id,
        "arn": arn(aws, "vpc", id),
        "owner_id": aws.account,
        "default_route_table_id": table,
        "main_route_table_id": table,
        "default_network_acl_id": acl,
        "default_security_group_id": group,
    }


@creates("aws_subnet")
def subnet(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a subnet. Addresses are given out as declared, and not at all when nothing is said."""
    ec2 = aws("ec2")
    place = omit_empty(
        CidrBlock=declared["cidr_block"],
        AvailabilityZone=declared["availability_zone"],
        AvailabilityZoneId=declared["availability_zone_id"],
        Ipv6CidrBlock=declared["ipv6_cidr_block"],
    )
    made = ec2.create_subnet(
        VpcId=declared["vpc_id"], TagSpecifications=tag_specifications("subnet", declared), **place
    )["Subnet"]
    public = bool(declared["map_public_ip_on_launch"])
    ec2.modify_subnet_attribute(SubnetId=made["SubnetId"], MapPublicIpOnLaunch={"Value": public})
    id = made["SubnetId"]
    zone = {"availability_zone": made["AvailabilityZone"], "availability_zone_id": made.get("AvailabilityZoneId", "")}
    return {"id": id, "arn": arn(aws, "subnet", id), "owner_id": aws.account, **zone}


@creates("aws_internet_gateway")
def internet_gateway(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an internet gateway and attach it."""
    ec2 = aws("ec2")
    made = ec2.create_internet_gateway(TagSpecifications=tag_specifications("internet-gateway", declared))
    id = made["InternetGateway"]["InternetGatewayId"]
    if declared["vpc_id"]:
        ec2.attach_internet_gateway(InternetGatewayId=id, VpcId=declared["vpc_id"])
    return {"id": id, "arn": arn(aws, "internet-gateway", id), "owner_id": aws.account}


@creates("aws_eip")
def public_address(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Allocate a public address."""
    made = aws("ec2").allocate_address(Domain="vpc", TagSpecifications=tag_specifications("elastic-ip", declared))
    id = made["AllocationId"]
    return {"id": id, "allocation_id": id, "arn": arn(aws, "elastic-ip", id), "public_ip": made["PublicIp"]}


@creates("aws_nat_gateway")
def nat_gateway(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a NAT gateway."""
    made = aws("ec2").create_nat_gateway(
        SubnetId=declared["subnet_id"],
        ConnectivityType=declared["connectivity_type"] or "public",
        TagSpecifications=tag_specifications("natgateway", declared),
        **omit_empty(AllocationId=declared["allocation_id"]),
    )["NatGateway"]
    return {"id": made["NatGatewayId"]}


@creates("aws_route_table")
def route_table(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a route table with the routes that are declared in it."""
    made = aws("ec2").create_route_table(
        VpcId=declared["vpc_id"], TagSpecifications=tag_specifications("route-table", declared)
    )
    id = made["RouteTable"]["RouteTableId"]
    _add_routes(declared, aws, id)
    return {"id": id, "arn": arn(aws, "route-table", id), "owner_id": aws.account}


@creates("aws_default_route_table")
def default_route_table(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Take over the main route table, which holds nothing beyond the network's own route."""
    id = declared["default_route_table_id"]
    aws("ec2").create_tags(Resources=[id], Tags=tags(declared))
    _add_routes(declared, aws, id)
    table = aws("ec2").describe_route_tables(RouteTableIds=[id])["RouteTables"][0]
    return {"id": id, "arn": arn(aws, "route-table", id), "owner_id": aws.account, "vpc_id": table["VpcId"]}


def _add_routes(declared: Mapping[str, Any], aws: Clients, table: str) -> None:
    for one in declared["route"] or ():
        aws("ec2").create_route(RouteTableId=table, **_route_arguments(one))


def _route_arguments(declared: Mapping[str, Any]) -> dict[str, Any]:
    return omit_empty(**{name: declared[argument] for argument, name in ROUTES.items() if declared.get(argument)})


@creates("aws_route")
def route(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add a route to a table."""
    aws("ec2").create_route(RouteTableId=declared["route_table_id"], **_route_arguments(declared))
    return {"id": f"r-{declared['route_table_id']}", "state": "active", "origin": "CreateRoute"}


@creates("aws_route_table_association")
def route_table_association(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let a subnet follow a route table."""
    place = omit_empty(SubnetId=declared["subnet_id"], GatewayId=declared["gateway_id"])
    made = aws("ec2").associate_route_table(RouteTableId=declared["route_table_id"], **place)
    return {"id": made["AssociationId"]}


@creates("aws_network_acl")
def network_acl(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a network ACL for its subnets."""
    ec2 = aws("ec2")
    made = ec2.create_network_acl(
        VpcId=declared["vpc_id"], TagSpecifications=tag_specifications("network-acl", declared)
    )
    id = made["NetworkAcl"]["NetworkAclId"]
    _add_entries(declared, aws, id)
    for subnet_id in declared["subnet_ids"] or ():
        holds = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}])
        current = next(
            one["NetworkAclAssociationId"]
            for acl in holds["NetworkAcls"]
            for one in acl["Associations"]
            if one["SubnetId"] == subnet_id
        )
        ec2.replace_network_acl_association(AssociationId=current, NetworkAclId=id)
    return {"id": id, "arn": arn(aws, "network-acl", id), "owner_id": aws.account}


@creates("aws_default_network_acl")
def default_network_acl(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Take over the default network ACL: what AWS lets through goes, what is declared comes."""
    ec2, id = aws("ec2"), declared["default_network_acl_id"]
    acl = ec2.describe_network_acls(NetworkAclIds=[id])["NetworkAcls"][0]
    for entry in acl["Entries"]:
        if entry["RuleAction"] == "allow":
            ec2.delete_network_acl_entry(NetworkAclId=id, RuleNumber=entry["RuleNumber"], Egress=entry["Egress"])
    _add_entries(declared, aws, id)
    return {"id": id, "arn": arn(aws, "network-acl", id), "owner_id": aws.account, "vpc_id": acl["VpcId"]}


def _add_entries(declared: Mapping[str, Any], aws: Clients, acl: str) -> None:
    for direction in ("ingress", "egress"):
        for one in declared[direction] or ():
            _add_entry(aws, acl, one, RuleNumber=one["rule_no"], RuleAction=one["action"], Egress=direction == "egress")


def _add_entry(aws: Clients, acl: str, rule: Mapping[str, Any], **place: Any) -> None:
    aws("ec2").create_network_acl_entry(
        NetworkAclId=acl,
        Protocol=PROTOCOLS.get(rule["protocol"], rule["protocol"]),
        PortRange={"From": rule["from_port"] or 0, "To": rule["to_port"] or 0},
        **omit_empty(CidrBlock=rule["cidr_block"], Ipv6CidrBlock=rule["ipv6_cidr_block"]),
        **place,
    )


@creates("aws_network_acl_rule")
def network_acl_rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add a rule to a network ACL."""
    acl, number, egress = declared["network_acl_id"], declared["rule_number"], bool(declared["egress"])
    _add_entry(aws, acl, declared, RuleNumber=number, RuleAction=declared["rule_action"], Egress=egress)
    return {"id": f"{acl}-{number}-{declared['egress']}"}


@creates("aws_vpc_endpoint")
def endpoint(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an endpoint for a service of AWS inside the network."""
    ec2 = aws("ec2")
    made = ec2.create_vpc_endpoint(
        VpcId=declared["vpc_id"],
        ServiceName=declared["service_name"],
        TagSpecifications=tag_specifications("vpc-endpoint", declared),
        **omit_empty(
            VpcEndpointType=declared["vpc_endpoint_type"],
            RouteTableIds=declared["route_table_ids"],
            SubnetIds=declared["subnet_ids"],
            SecurityGroupIds=declared["security_group_ids"],
            PrivateDnsEnabled=declared["private_dns_enabled"],
            PolicyDocument=declared["policy"],
        ),
    )["VpcEndpoint"]
    id = made["VpcEndpointId"]
    named = [{"Name": "prefix-list-name", "Values": [declared["service_name"]]}]
    lists = ec2.describe_managed_prefix_lists(Filters=named)["PrefixLists"]
    found = {"prefix_list_id": lists[0]["PrefixListId"]} if lists else {}
    return {"id": id, "arn": arn(aws, "vpc-endpoint", id), "owner_id": aws.account, "state": "available", **found}
