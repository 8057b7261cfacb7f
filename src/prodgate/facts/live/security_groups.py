"""Security groups: what they let in and out, and the ports that workloads behind them listen on."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...semantics.network_rules import Network, NetworkRule, make_network_rule
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments
from .ecs_services import list_services, network_settings, read_task_definition
from .listeners import list_listeners
from .load_balancers import list_balancers
from .vpcs import list_vpcs

reads(
    "ec2", "DescribeManagedPrefixLists", "DescribeSecurityGroups", "DescribeVpcEndpoints", "GetManagedPrefixListEntries"
)
reads("lambda", "ListFunctions")
reads("rds", "DescribeDBClusters", "DescribeDBInstances")

#: Ports of Airflow's web server and database, which MWAA puts into one security group.
_AIRFLOW: Final = (443, 5432)
_ENDPOINT: Final = (443,)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecurityGroup(Fact):
    """A security group of a network in use. ``subject`` is its id and name."""

    default: bool
    """Whether it is the default group of its VPC."""
    ways_in: tuple[NetworkRule, ...]
    ways_out: tuple[NetworkRule, ...]
    network: tuple[Network, ...]
    """All addresses of its VPC."""
    faces_internet: bool
    """Whether it belongs to an internet-facing load balancer."""
    listens: frozenset[int] | None
    """Ports that the workloads behind it listen on; None if no workload is known to be behind it."""

    @property
    def unheard(self) -> tuple[str, ...]:
        """Rules that admit others on ports that nothing behind it listens on."""
        heard = self.listens or frozenset()
        strangers = [way for way in self.ways_in if not way.itself]
        return tuple(f"{way}" for way in strangers if not (way.one_port and way.first in heard))


@observes(SecurityGroup)
def observe_security_groups(account: Account) -> Iterator[SecurityGroup]:
    """See every group of the networks in use."""
    networks = {vpc["VpcId"]: vpc for vpc in list_vpcs(account)}
    facing = _find_facing(account)
    listening = account.attempt(_ports_by_group, account)

    def look(row: Mapping[str, Any]) -> SecurityGroup:
        id_ = row["GroupId"]
        return SecurityGroup(
            subject=f"{id_} ({row['GroupName']})",
            default=row["GroupName"] == "default",
            ways_in=account.attempt(read_openings, account, id_, row["IpPermissions"]),
            ways_out=account.attempt(read_openings, account, id_, row["IpPermissionsEgress"]),
            network=tuple(_list_networks(networks[row["VpcId"]])),
            faces_internet=id_ in facing,
            listens=listening.get(id_) if isinstance(listening, Mapping) else listening,
        )

    # a group of no VPC is of EC2-Classic, where nothing can run any more
    own = [
        row for row in account.list("ec2", "DescribeSecurityGroups", "SecurityGroups") if row.get("VpcId") in networks
    ]
    yield from map(apart(SecurityGroup, look, "GroupId", "GroupName"), own)


def _find_facing(account: Account) -> set[str]:
    """Return the groups of balancers that may face the internet: one that feeds appliances states no scheme."""
    facing = [one for one in list_balancers(account) if one.get("Scheme") != "internal"]
    return {id_ for one in facing for id_ in one.get("SecurityGroups", ())}


def read_openings(account: Account, group: str, permissions: Sequence[Mapping[str, Any]]) -> tuple[NetworkRule, ...]:
    """Return what a group's permissions open. Raises Unreadable."""
    return tuple(_opening(account, group, one) for one in permissions)


def _opening(account: Account, group: str, permission: Mapping[str, Any]) -> NetworkRule:
    lists = [_prefix_list(account, one["PrefixListId"]) for one in permission.get("PrefixListIds", ())]
    cidrs = [one["CidrIp"] for one in permission.get("IpRanges", ())]
    cidrs += [one["CidrIpv6"] for one in permission.get("Ipv6Ranges", ())]
    cidrs += [cidr for _, listed in lists for cidr in listed]
    peers = [one.get("GroupId") for one in permission.get("UserIdGroupPairs", ())]
    ports = (permission.get("FromPort", -1), permission.get("ToPort", -1))
    itself = group in peers and not cidrs and {*peers} == {group}
    return make_network_rule(permission["IpProtocol"], ports, cidrs, itself, [name for name, _ in lists if name])


def _prefix_list(account: Account, id_: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of a prefix list of AWS, or the networks of a customer-managed one. Raises Unreadable."""
    rows = account.list("ec2", "DescribeManagedPrefixLists", "PrefixLists")
    found: Mapping[str, Any] | None = next((row for row in rows if row["PrefixListId"] == id_), None)
    if found is None:
        raise Unreadable(f"ec2 DescribeManagedPrefixLists: does not show {id_}, which a security group lets in or out")
    if found["OwnerId"] == "AWS":
        return found["PrefixListName"], ()
    entries = account.list("ec2", "GetManagedPrefixListEntries", "Entries", PrefixListId=id_)
    return "", tuple(entry["Cidr"] for entry in entries)


def _list_networks(vpc: Mapping[str, Any]) -> Iterator[Network]:
    several = [one["CidrBlock"] for one in vpc.get("CidrBlockAssociationSet", ())]
    several += [one["Ipv6CidrBlock"] for one in vpc.get("Ipv6CidrBlockAssociationSet", ())]
    yield from (ipaddress.ip_network(cidr) for cidr in {vpc["CidrBlock"], *several})


def _ports_by_group(account: Account) -> Mapping[str, frozenset[int]]:
    """Return the ports that the workloads behind each group listen on. Raises Unreadable."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for groups, ports in _list_listening(account):
        for group in groups:
            found[group].update(ports)
    return {group: frozenset(ports) for group, ports in found.items()}


def _list_listening(account: Account) -> Iterator[tuple[Iterable[str], Iterable[int]]]:
    for service in list_services(account):
        containers = read_task_definition(account, service["taskDefinition"])["containerDefinitions"]
        ports = [port["containerPort"] for one in containers for port in one.get("portMappings", ())]
        yield network_settings(service).get("securityGroups", ()), ports
    heard = list_listeners(account)
    for balancer in list_balancers(account):
        own = [one["Port"] for one in heard if one["LoadBalancerArn"] == balancer["LoadBalancerArn"]]
        yield balancer.get("SecurityGroups", ()), own
    for cluster in account.list("rds", "DescribeDBClusters", "DBClusters"):
        yield _groups(cluster), [cluster["Port"]]
    for server in account.list("rds", "DescribeDBInstances", "DBInstances"):
        port = (server.get("Endpoint") or {}).get("Port")  # what is being created has no endpoint yet
        yield _groups(server), [port] if port else []
    for found in list_environments(account):
        yield found["NetworkConfiguration"]["SecurityGroupIds"], _AIRFLOW
    for endpoint in account.list("ec2", "DescribeVpcEndpoints", "VpcEndpoints"):
        yield [one["GroupId"] for one in endpoint.get("Groups", ())], _ENDPOINT
    for function in account.list("lambda", "ListFunctions", "Functions"):
        yield (function.get("VpcConfig") or {}).get("SecurityGroupIds", ()), ()


def _groups(database: Mapping[str, Any]) -> list[str]:
    return [one["VpcSecurityGroupId"] for one in database.get("VpcSecurityGroups", ())]
