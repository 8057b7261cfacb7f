"""Where workloads run: their subnets, the routes of these, and public addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unreadable
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments
from .ecs_services import list_services, network_settings
from .load_balancers import list_balancers

reads("ec2", "DescribeNetworkInterfaces", "DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets")
reads("lambda", "ListFunctions")
reads("rds", "DescribeDBClusters", "DescribeDBInstances", "DescribeDBSubnetGroups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet, with what decides whether it can be reached from the internet."""

    id: str
    zone: str
    internet: bool
    """Whether its route table leads to an internet gateway."""
    gives_addresses: bool
    """Whether instances that start in it get a public address."""
    addresses: tuple[str, ...]
    """Public addresses that are in use in it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Placement(Fact):
    """A workload in a network. ``subject`` is its ARN."""

    kind: str
    """``service``, ``database``, ``load balancer``, ``Airflow`` or ``function``."""
    subnets: tuple[Subnet, ...]
    groups: tuple[str, ...]
    """Names of its security groups."""
    asks_for_addresses: bool
    """Whether it requests public addresses itself, whatever its subnets do."""

    @property
    def public(self) -> tuple[str, ...]:
        """Where public addresses are assigned or in use."""
        asked = ("it asks for one",) if self.asks_for_addresses else ()
        given = [f"{subnet.id} gives them out" for subnet in self.subnets if subnet.gives_addresses]
        used = [f"{address} in {subnet.id}" for subnet in self.subnets for address in subnet.addresses]
        return (*asked, *given, *used)

    @property
    def zones(self) -> frozenset[str]:
        """Its availability zones."""
        return frozenset(subnet.zone for subnet in self.subnets)


@observes(Placement)
def observe_placements(account: Account) -> Iterator[Placement]:
    """See the subnets and security groups of every workload in a network."""
    known = {subnet.id: subnet for subnet in account.once(list_subnets)}
    names = {
        row["GroupId"]: row["GroupName"] for row in account.list("ec2", "DescribeSecurityGroups", "SecurityGroups")
    }
    yield from map(apart(Placement, partial(_place, known, names)), _list_workloads(account))


def _place(known: Mapping[str, Subnet], names: Mapping[str, str], workload: _Workload) -> Placement:
    arn, kind, ids, groups, public = workload
    if lost := [id_ for id_ in ids if id_ not in known]:
        raise Unreadable(f"{arn}: stands in {lost[0]}, a subnet that ec2 DescribeSubnets does not show")
    return Placement(
        subject=arn,
        kind=kind,
        subnets=tuple(known[id_] for id_ in ids),
        groups=tuple(names.get(id_, id_) for id_ in groups),
        asks_for_addresses=public,
    )


_Workload = tuple[str, str, Iterable[str], Iterable[str], bool]


def _list_workloads(account: Account) -> Iterator[_Workload]:
    for service in list_services(account):
        place = network_settings(service)
        public = place.get("assignPublicIp") == "ENABLED"
        yield service["serviceArn"], "service", place.get("subnets", ()), place.get("securityGroups", ()), public
    for balancer in list_balancers(account):
        ids = [zone["SubnetId"] for zone in balancer["AvailabilityZones"]]
        yield balancer["LoadBalancerArn"], "load balancer", ids, balancer.get("SecurityGroups", ()), False
    for found in list_environments(account):
        place = found["NetworkConfiguration"]
        yield found["Arn"], "Airflow", place["SubnetIds"], place["SecurityGroupIds"], False
    yield from _list_databases(account)
    for function in account.list("lambda", "ListFunctions", "Functions"):
        place = function.get("VpcConfig") or {}
        if place.get("SubnetIds"):
            yield function["FunctionArn"], "function", place["SubnetIds"], place["SecurityGroupIds"], False


def _list_databases(account: Account) -> Iterator[_Workload]:
    rows = account.list("rds", "DescribeDBSubnetGroups", "DBSubnetGroups")
    within = {row["DBSubnetGroupName"]: [one["SubnetIdentifier"] for one in row["Subnets"]] for row in rows}
    for row in account.list("rds", "DescribeDBClusters", "DBClusters"):
        yield row["DBClusterArn"], "database", _subnets(within, row.get("DBSubnetGroup")), _groups(row), False
    for row in account.list("rds", "DescribeDBInstances", "DBInstances"):
        if not row.get("DBClusterIdentifier"):
            ids = _subnets(within, row.get("DBSubnetGroup", {}).get("DBSubnetGroupName"))
            yield row["DBInstanceArn"], "database", ids, _groups(row), bool(row.get("PubliclyAccessible"))


def _subnets(within: Mapping[str, list[str]], group: str | None) -> list[str]:
    """Return the subnets of a group; for one that is not shown, what no list of subnets has."""
    return within.get(group or "", [f"the subnet group {group}" if group else "no subnet group"])


def _groups(row: Mapping[str, Any]) -> list[str]:
    return [one["VpcSecurityGroupId"] for one in row.get("VpcSecurityGroups", ())]


def list_subnets(account: Account) -> Iterator[Subnet]:
    """Yield every subnet. Raises Unreadable."""
    tables = account.list("ec2", "DescribeRouteTables", "RouteTables")
    interfaces = account.list("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces")
    for row in account.list("ec2", "DescribeSubnets", "Subnets"):
        id_ = row["SubnetId"]
        used = [one["Association"]["PublicIp"] for one in interfaces if one["SubnetId"] == id_ and _is_public(one)]
        yield Subnet(
            id=id_,
            zone=row["AvailabilityZone"],
            internet=_leads_out(_find_route_table(tables, id_, row["VpcId"])),
            gives_addresses=bool(row["MapPublicIpOnLaunch"]),
            addresses=tuple(used),
        )


def _is_public(interface: Mapping[str, Any]) -> bool:
    return bool((interface.get("Association") or {}).get("PublicIp"))


def _find_route_table(tables: Iterable[Mapping[str, Any]], subnet: str, vpc: str) -> Mapping[str, Any]:
    """Return the route table of a subnet: its own, else the main one of the network. Raises Unreadable."""
    own = [(one, table) for table in tables if table["VpcId"] == vpc for one in table["Associations"]]
    for one, table in own:
        if one.get("SubnetId") == subnet:
            return table
    for one, table in own:
        if one.get("Main"):
            return table
    raise Unreadable(f"ec2 DescribeRouteTables: shows no route table of {subnet}")


def _leads_out(table: Mapping[str, Any]) -> bool:
    return any(str(route.get("GatewayId", "")).startswith("igw-") for route in table["Routes"])
