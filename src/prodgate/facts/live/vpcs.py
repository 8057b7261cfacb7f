"""Networks in use: their flow logs, their security groups, and their entrances."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...semantics.network_rules import Network, NetworkRule, make_network_rule
from .. import Fact
from ..observers import all_apart, apart, observes, observes_each
from .airflow import list_environments
from .distributions import GLOBAL, items, list_distributions
from .ecs_services import list_database_groups, list_services, network_settings, read_task_definition
from .load_balancers import list_application_balancers, list_balancers, list_doors, list_listeners, read_attributes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NetworkRecord(Fact):
    """The flow logs of a VPC; ``subject`` is the VPC's id. A default VPC counts if something is in it."""

    recorded: frozenset[str]
    """Kinds of traffic whose records are delivered: ``ACCEPT``, ``REJECT``."""
    failures: tuple[str, ...]
    """Why the records of a flow log are not delivered."""


def list_vpcs(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return the VPCs in use: all that somebody of the account created, and others that hold resources of it."""
    found = account.list("ec2", "DescribeVpcs", "Vpcs")
    used = {one.get("VpcId") for one in account.list("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces")}
    return tuple(
        vpc for vpc in found if vpc.get("VpcId") in used or not (vpc.get("IsDefault") or why_unseen(account, vpc))
    )


@observes_each(NetworkRecord, list_vpcs, "VpcId")
def observe_network_records(account: Account, vpc: Mapping[str, Any]) -> NetworkRecord:
    """Observe every VPC in use."""
    if why := why_unseen(account, vpc):
        return NetworkRecord.unread(vpc["VpcId"], why)
    flows = list_flow_logs(account, vpc["VpcId"])
    failed = [one for one in flows if not _works(one)]
    return NetworkRecord(
        subject=vpc["VpcId"],
        recorded=account.attempt(_list_recorded, flows),
        failures=tuple(one.get("DeliverLogsErrorMessage") or one["FlowLogStatus"] for one in failed),
    )


def _list_recorded(flows: tuple[Mapping[str, Any], ...]) -> frozenset[str]:
    """Return the delivered kinds. Raises Unreadable if a flow log has not delivered anything yet."""
    working = {one["TrafficType"] for one in flows if _works(one)}
    if new := [one["FlowLogId"] for one in flows if _works(one) and "DeliverLogsStatus" not in one]:
        raise Unreadable(f"ec2 DescribeFlowLogs: does not say yet whether {new[0]} delivers")
    return frozenset(kind for kind in ("ACCEPT", "REJECT") if {kind, "ALL"} & working)


def why_unseen(account: Account, vpc: Mapping[str, Any]) -> str:
    """Return why a VPC's flow logs are not visible: only the owner sees those of a shared one. Empty if they are.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
    """
    owner = vpc.get("OwnerId") or account.id
    return "" if owner == account.id else f"is shared by account {owner}, which alone sees its flow logs; ask there"


def list_flow_logs(account: Account, vpc: str) -> tuple[Mapping[str, Any], ...]:
    """Return the flow logs of a whole VPC."""
    return tuple(one for one in account.list("ec2", "DescribeFlowLogs", "FlowLogs") if one.get("ResourceId") == vpc)


def _works(flow: Mapping[str, Any]) -> bool:
    return bool(flow["FlowLogStatus"] == "ACTIVE") and flow.get("DeliverLogsStatus", "SUCCESS") == "SUCCESS"


# ── Security groups


#: Ports of Airflow's web server and database, which MWAA puts into one security group.
_AIRFLOW: Final = (443, 5432)


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
        """Rules for others on ports that nothing behind it listens on."""
        heard = self.listens or frozenset()
        strangers = [way for way in self.ways_in if not way.itself]
        return tuple(f"{way}" for way in strangers if not (way.one_port and way.first in heard))


@observes(SecurityGroup)
def observe_security_groups(account: Account) -> Iterator[SecurityGroup]:
    """Observe every group of the networks in use."""
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

    # a group without a VPC is of EC2-Classic, where nothing can run any more
    own = [
        row for row in account.list("ec2", "DescribeSecurityGroups", "SecurityGroups") if row.get("VpcId") in networks
    ]
    yield from map(apart(SecurityGroup, look, "GroupId", "GroupName"), own)


def _find_facing(account: Account) -> set[str]:
    """Return the groups of balancers that may face the internet: one that feeds appliances states no scheme."""
    facing = [one for one in list_balancers(account) if one.get("Scheme") != "internal"]
    return {id_ for one in facing for id_ in one.get("SecurityGroups", ())}


def read_openings(account: Account, group: str, permissions: Sequence[Mapping[str, Any]]) -> tuple[NetworkRule, ...]:
    """Return the openings in a group's permissions. Raises Unreadable."""
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
    """Return the name of an AWS prefix list, or the networks of a customer-managed one. Raises Unreadable."""
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
        yield list_database_groups(cluster), [cluster["Port"]]
    for server in account.list("rds", "DescribeDBInstances", "DBInstances"):
        port = (server.get("Endpoint") or {}).get("Port")  # a resource under creation has no endpoint yet
        yield list_database_groups(server), [port] if port else []
    yield from ((found["NetworkConfiguration"]["SecurityGroupIds"], _AIRFLOW) for found in list_environments(account))
    for endpoint in account.list("ec2", "DescribeVpcEndpoints", "VpcEndpoints"):
        yield [one["GroupId"] for one in endpoint.get("Groups", ())], (443,)
    for function in account.list("lambda", "ListFunctions", "Functions"):
        yield (function.get("VpcConfig") or {}).get("SecurityGroupIds", ()), ()


# ── Entrances


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Entrance(Fact):
    """A distribution or an application load balancer; ``subject`` is its ARN."""

    access_log: str
    """The destination of its access log; empty if it writes none."""


@observes(Entrance)
def observe_entrances(account: Account) -> Iterator[Entrance]:
    """Observe every distribution and every load balancer."""
    for site in list_distributions(account):
        yield Entrance(subject=site["ARN"], access_log=account.attempt(_log_of_site, account, site))
    yield from account.each(
        apart(Entrance, partial(_balancer, account), "LoadBalancerArn", "LoadBalancerName"),
        list_application_balancers(account),
    )


def _balancer(account: Account, balancer: Mapping[str, Any]) -> Entrance:
    arn = balancer["LoadBalancerArn"]
    return Entrance(subject=arn, access_log=account.attempt(_log_of_balancer, account, arn))


def _log_of_balancer(account: Account, arn: str) -> str:
    stated = read_attributes(account, arn)
    return stated.get("access_logs.s3.bucket", "") if stated.get("access_logs.s3.enabled") == "true" else ""


def _log_of_site(account: Account, site: Mapping[str, Any]) -> str:
    """Return the bucket of standard logging (legacy), else the destination of a log delivery (v2)."""
    config = account.get("cloudfront", "GetDistributionConfig", region=GLOBAL, Id=site["Id"])["DistributionConfig"]
    logging = config.get("Logging") or {}
    if logging.get("Enabled"):
        return str(logging["Bucket"])
    sources = account.list("logs", "DescribeDeliverySources", "deliverySources", region=GLOBAL)
    own = {one["name"] for one in sources if site["ARN"] in one["resourceArns"] and one["logType"] == "ACCESS_LOGS"}
    deliveries = account.list("logs", "DescribeDeliveries", "deliveries", region=GLOBAL)
    return next((one["deliveryDestinationArn"] for one in deliveries if one["deliverySourceName"] in own), "")


# ── Who can reach a load balancer without CloudFront, or through somebody else's distribution

#: AWS managed prefix lists of the addresses from which CloudFront requests origins, for IPv4 and IPv6.
CLOUDFRONT: Final = (
    "com.amazonaws.global.cloudfront.origin-facing",
    "com.amazonaws.global.ipv6.cloudfront.origin-facing",
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FrontDoor(Fact):
    """A load balancer as an entrance. ``subject`` is its ARN."""

    guarded: bool
    """Whether it has security groups at all."""
    strangers: tuple[str, ...]
    """Public networks and AWS prefix lists that its groups admit although they are not CloudFront's."""
    unasked: tuple[str, ...]
    """Routes through it that require no header known only to the account's distributions; none if it is internal."""


@observes_each(FrontDoor, list_doors, "LoadBalancerArn", "LoadBalancerName")
def observe_front_doors(account: Account, balancer: Mapping[str, Any]) -> FrontDoor:
    """Observe every load balancer that clients connect to."""
    return FrontDoor(
        subject=balancer["LoadBalancerArn"],
        guarded=bool(balancer.get("SecurityGroups")),
        strangers=account.attempt(_list_strangers, account, balancer),
        unasked=account.attempt(_list_unasked, account, balancer),
    )


def _list_strangers(account: Account, balancer: Mapping[str, Any]) -> tuple[str, ...]:
    rows = account.list("ec2", "DescribeSecurityGroups", "SecurityGroups")
    own = [row for row in rows if row["GroupId"] in balancer.get("SecurityGroups", ())]
    ways = [way for row in own for way in read_openings(account, row["GroupId"], row["IpPermissions"])]
    lists = {name for way in ways for name in way.lists if name not in CLOUDFRONT}
    return tuple(sorted({str(net) for way in ways for net in way.public} | lists))


def _list_unasked(account: Account, balancer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the routes that any CloudFront distribution can use.

    The prefix list holds the addresses that CloudFront uses for all its customers: anybody's distribution comes from
    there, without our WAF. Only a header that it can't know distinguishes them, or a VPC origin.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
    """
    if balancer["Scheme"] == "internal":
        return ()
    if balancer["Type"] != "application":
        return (f"a {balancer['Type']} load balancer, which reads no headers",)
    own = [one for one in list_listeners(account) if one["LoadBalancerArn"] == balancer["LoadBalancerArn"]]
    return tuple(way for listener in own for way in _list_open_rules(account, listener))


def _list_open_rules(account: Account, listener: Mapping[str, Any]) -> Iterator[str]:
    secret = {
        header["HeaderName"].lower()
        for site in list_distributions(account)
        for origin in items(site, "Origins")
        for header in items(origin, "CustomHeaders")
    }
    for rule in account.list("elbv2", "DescribeRules", "Rules", ListenerArn=listener["ListenerArn"]):
        asked = [one.get("HttpHeaderConfig") or {} for one in rule.get("Conditions") or ()]
        known = any(one.get("HttpHeaderName", "").lower() in secret and _asks_for_values(one) for one in asked)
        if not known and any(action["Type"] == "forward" for action in rule["Actions"]):
            yield f"rule {rule['Priority']} of port {listener['Port']}"


def _asks_for_values(condition: Mapping[str, Any]) -> bool:
    """Whether a condition on a header requires values, which are not shown here; ``*`` is any, an expression may be.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HttpHeaderConditionConfig.html
    """
    values = condition.get("Values") or ()
    return bool(values) and all(one.strip("*?") for one in values) and not condition.get("RegexValues")


# ── How CloudFront connects to the web servers behind it


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerOrigin(Fact):
    """A web server that a distribution uses as an origin; ``subject`` is the distribution's ARN and the origin's id."""

    protocol: str
    """``https-only``, ``http-only`` or ``match-viewer``."""
    tls: tuple[str, ...]
    """TLS versions that CloudFront offers it, such as ``TLSv1.2``."""


@observes(ServerOrigin)
def observe_server_origins(account: Account) -> Iterator[ServerOrigin]:
    """Observe every origin other than a bucket, on the internet or in a VPC."""
    for site in list_distributions(account):
        look = all_apart(ServerOrigin, partial(_origin, account, site))
        rows = [(f"{site.get('ARN') or site['Id']} {one['Id']}", one) for one in items(site, "Origins")]
        for found in map(look, rows):
            yield from found


def _origin(account: Account, site: Mapping[str, Any], row: tuple[str, Mapping[str, Any]]) -> Iterator[ServerOrigin]:
    _, origin = row
    if config := _connection_settings(account, origin):
        yield ServerOrigin(
            subject=f"{site['ARN']} {origin['Id']}",
            protocol=config["OriginProtocolPolicy"],
            tls=items(config, "OriginSslProtocols"),
        )


def _connection_settings(account: Account, origin: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how CloudFront connects to an origin; None for a bucket. Raises Unreadable."""
    if inside := (origin.get("VpcOriginConfig") or {}).get("VpcOriginId"):
        found = account.get("cloudfront", "GetVpcOrigin", region=GLOBAL, Id=inside)["VpcOrigin"]
        config: Mapping[str, Any] = found["VpcOriginEndpointConfig"]
        return config
    return origin.get("CustomOriginConfig")
