"""Where workloads run: their subnets, the routes of these, and public addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments
from .ecs_services import list_services, network_settings
from .load_balancers import list_balancers

reads("ec2", "DescribeNetworkInterfaces", "DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets")
reads("lambda", "ListFunctions")
reads("rds", "DescribeDBClusters", "DescribeDBInstances", "DescribeDBSubnetGroups")

#: What names a workload, by AWS's words for each kind.
_ARNS: Final = (
    "serviceArn", "LoadBalancerArn", "Arn", "DBClusterArn", "DBInstanceArn", "FunctionArn",
    "DBClusterIdentifier", "DBInstanceIdentifier",
)  # fmt: skip
#: Groups of subnets of databases, by name.
_Groups = Mapping[Any, Mapping[str, Any]]


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
    known = dict(account.once(_list_subnets))
    rows = account.list("ec2", "DescribeSecurityGroups", "SecurityGroups")
    names = {row.get("GroupId"): row.get("GroupName") for row in rows}
    yield from map(apart(Placement, partial(_place, known, names), *_ARNS), _list_workloads(account))


def _place(known: Mapping[str, Subnet | Unread], names: Mapping[Any, Any], workload: _Workload) -> Placement:
    row, kind, read = workload
    ids, groups, public = read(row)
    arn = next((row[name] for name in _ARNS if name in row), None)
    if arn is None:
        raise Unreadable(f"AWS states no ARN of a {kind}")
    if lost := [id_ for id_ in ids if id_ not in known]:
        raise Unreadable(f"{arn}: stands in {lost[0]}, a subnet that ec2 DescribeSubnets does not show")
    subnets = [known[id_] for id_ in ids]
    if unread := [subnet.reason for subnet in subnets if isinstance(subnet, Unread)]:
        raise Unreadable(unread[0])
    return Placement(
        subject=arn,
        kind=kind,
        subnets=tuple(subnet for subnet in subnets if isinstance(subnet, Subnet)),
        groups=tuple(names.get(id_) or id_ for id_ in groups),
        asks_for_addresses=public,
    )


#: Ids of subnets, ids of security groups, and whether it asks for a public address.
_Place = tuple[Iterable[str], Iterable[str], bool]
#: AWS's description of a workload, its kind, and what reads its place from that.
_Workload = tuple[Mapping[str, Any], str, Callable[[Mapping[str, Any]], _Place]]


def _list_workloads(account: Account) -> Iterator[_Workload]:
    yield from ((one, "service", _read_service) for one in list_services(account))
    yield from ((one, "load balancer", _read_balancer) for one in list_balancers(account))
    yield from ((one, "Airflow", _read_environment) for one in list_environments(account))
    rows = account.list("rds", "DescribeDBSubnetGroups", "DBSubnetGroups")
    within = {row.get("DBSubnetGroupName"): row for row in rows}
    clusters = account.list("rds", "DescribeDBClusters", "DBClusters")
    yield from ((one, "database", partial(_read_cluster, within)) for one in clusters)
    servers = account.list("rds", "DescribeDBInstances", "DBInstances")
    lone = [one for one in servers if not one.get("DBClusterIdentifier")]
    yield from ((one, "database", partial(_read_instance, within)) for one in lone)
    functions = account.list("lambda", "ListFunctions", "Functions")
    placed = [one for one in functions if any((one.get("VpcConfig") or {}).values())]
    yield from ((one, "function", _read_function) for one in placed)


def _read_service(row: Mapping[str, Any]) -> _Place:
    place = network_settings(row)
    return place.get("subnets", ()), place.get("securityGroups", ()), place.get("assignPublicIp") == "ENABLED"


def _read_balancer(row: Mapping[str, Any]) -> _Place:
    return [zone["SubnetId"] for zone in row["AvailabilityZones"]], row.get("SecurityGroups", ()), False


def _read_environment(row: Mapping[str, Any]) -> _Place:
    place = row["NetworkConfiguration"]
    return place["SubnetIds"], place["SecurityGroupIds"], False


def _read_cluster(within: _Groups, row: Mapping[str, Any]) -> _Place:
    return _subnets(within, row.get("DBSubnetGroup")), _groups(row), False


def _read_instance(within: _Groups, row: Mapping[str, Any]) -> _Place:
    group = row.get("DBSubnetGroup", {}).get("DBSubnetGroupName")
    return _subnets(within, group), _groups(row), bool(row.get("PubliclyAccessible"))


def _read_function(row: Mapping[str, Any]) -> _Place:
    return row["VpcConfig"]["SubnetIds"], row["VpcConfig"]["SecurityGroupIds"], False


def _subnets(within: _Groups, group: str | None) -> list[str]:
    """Return the subnets of a group; for one that is not shown, what no list of subnets has."""
    if group in within:
        return [one["SubnetIdentifier"] for one in within[group]["Subnets"]]
    return [f"the subnet group {group}" if group else "no subnet group"]


def _groups(row: Mapping[str, Any]) -> list[str]:
    return [one["VpcSecurityGroupId"] for one in row.get("VpcSecurityGroups", ())]


def _list_subnets(account: Account) -> Iterator[tuple[str, Subnet | Unread]]:
    """Yield the id of every subnet, and what it is or why that is not known. Raises Unreadable."""
    tables = account.list("ec2", "DescribeRouteTables", "RouteTables")
    interfaces = account.list("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces")
    for row in account.list("ec2", "DescribeSubnets", "Subnets"):
        if "SubnetId" in row:
            yield row["SubnetId"], account.attempt(_subnet, row, tables, interfaces)


def _subnet(
    row: Mapping[str, Any], tables: Iterable[Mapping[str, Any]], interfaces: Iterable[Mapping[str, Any]]
) -> Subnet:
    id_ = row["SubnetId"]
    used = [one["Association"]["PublicIp"] for one in interfaces if one.get("SubnetId") == id_ and _is_public(one)]
    return Subnet(
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
    own = [(one, table) for table in tables if table.get("VpcId") == vpc for one in table["Associations"]]
    for one, table in own:
        if one.get("SubnetId") == subnet:
            return table
    for one, table in own:
        if one.get("Main"):
            return table
    raise Unreadable(f"ec2 DescribeRouteTables: shows no route table of {subnet}")


def _leads_out(table: Mapping[str, Any]) -> bool:
    return any(str(route.get("GatewayId", "")).startswith("igw-") for route in table["Routes"])
