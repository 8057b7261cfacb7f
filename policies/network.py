"""What can be reached from where: security groups and public addresses."""

import ipaddress
from collections.abc import Iterable

from prodgate import Criterion, Resource, policy
from prodgate.semantics.network_rules import NEVER_PUBLIC, OUTBOUND, WEB, WIDE, NetworkRule

from .network_acls import list_admitted
from .network_rules import EGRESS, GROUPS, INGRESS, RULES, group_of, guards_a_load_balancer, list_egress, list_ingress

#: Resources that may get a public address -> the argument that gives it; unset means no for each of them.
ADDRESSES = {
    "aws_ecs_service": "network_configuration.assign_public_ip",
    "aws_ecs_task_set": "network_configuration.assign_public_ip",
    "aws_subnet": "map_public_ip_on_launch",
    "aws_instance": "associate_public_ip_address",
    "aws_launch_configuration": "associate_public_ip_address",
    "aws_spot_instance_request": "associate_public_ip_address",
    "aws_cloudwatch_event_target": "ecs_target.network_configuration.assign_public_ip",
    "aws_scheduler_schedule": "target.ecs_parameters.network_configuration.assign_public_ip",
}
#: Instances, of which each stands somewhere.
MACHINES = ("aws_instance", "aws_spot_instance_request")
#: Arguments of an instance that say where it stands, or what does.
PLACED = ("subnet_id", "network_interface", "primary_network_interface", "launch_template")
DATABASES = ("aws_db_instance", "aws_rds_cluster_instance", "aws_redshift_cluster", "aws_redshiftserverless_workgroup",
             "aws_dms_replication_instance", "aws_mq_broker", "aws_neptune_cluster_instance", "aws_rds_cluster",
             "aws_rds_shard_group", "aws_lightsail_database", "aws_timestreaminfluxdb_db_instance",
             "aws_timestreaminfluxdb_db_cluster", "aws_msk_cluster")  # fmt: skip


@policy(
    "PG_NET_1",
    criterion="security-groups-closed-to-the-world",
    resources=INGRESS,
    population=0,
)
def the_world_is_admitted_to_the_web_alone(holder: Resource, criterion: Criterion) -> None:
    """Security groups admit the whole internet on ports 80 and 443 at most."""
    for opening in list_ingress(holder):
        if opening.world:
            observed = f"{opening} from {opening.world[0]}"
            expected = "the internet on 80 and 443 at most"
            criterion.hold(_is_web(opening), expected=expected, observed=observed, aspect=opening)
    _require_read([opening for opening in list_ingress(holder) if not _is_web(opening)], criterion)


def _require_read(openings: Iterable[NetworkRule], criterion: Criterion) -> None:
    """Raise where one is open to prefix lists whose addresses nobody here can read."""
    for opening in openings:
        if opening.unread:
            lists = ", ".join(opening.unread)
            raise criterion.undetermined(f"{opening} is open to {lists}: a prefix list that is stated elsewhere")


def _is_web(opening: NetworkRule) -> bool:
    return opening.protocol == "tcp" and opening.first == opening.last and opening.first in WEB


@policy(
    "PG_NET_16",
    criterion="security-groups-minimal",
    resources=INGRESS,
    population=0,
    remedy="Let load balancers alone admit everybody, and what is behind them the groups of those.",
)
def only_load_balancers_admit_the_world(holder: Resource, criterion: Criterion) -> None:
    """Security groups admit the whole internet only to a load balancer that faces it."""
    for opening in list_ingress(holder):
        if opening.world and _is_web(opening):  # another port is a fault of its own
            balancer = guards_a_load_balancer(holder)
            list(list_ingress(holder))  # the place of the finding
            observed = f"{opening} from {opening.world[0]}, to no such load balancer"
            wanted = "a group of a load balancer that is not internal"
            criterion.hold(balancer, expected=wanted, observed=observed, aspect=opening)


@policy(
    "PG_NET_2",
    criterion="security-groups-closed-to-the-world",
    resources=INGRESS,
    population=0,
    remedy="Admit the security group that calls; administer through Session Manager or a private network.",
)
def administration_and_databases_stay_private(holder: Resource, criterion: Criterion) -> None:
    """No public address, however few, reaches a port of administration or of a database."""
    for opening in list_ingress(holder):
        ports = opening.touches(*NEVER_PUBLIC) if opening.public else ()
        observed = f"{', '.join(map(str, ports))} open to {opening.public[0]}" if ports else ""
        criterion.hold(not ports, expected="no public address", observed=observed, aspect=opening)
    _require_read([opening for opening in list_ingress(holder) if opening.touches(*NEVER_PUBLIC)], criterion)


@policy(
    "PG_NET_3",
    criterion="security-groups-minimal",
    resources=INGRESS,
    population=0,
    remedy="Open the port that the workload listens on to the security group that calls it.",
)
def groups_admit_the_ports_that_are_listened_on(holder: Resource, criterion: Criterion) -> None:
    """Security groups open single ports to the groups that call, not ranges to the whole network.

    What members of one group open to one another is theirs (Airflow demands it). The whole network may come in on 443
    only, which is how endpoints of AWS services are reached. Whom the internet may reach on 80 says PG_NET_1.
    """
    for opening in list_ingress(holder):
        narrow = opening.itself or not opening.wide
        criterion.hold(narrow, expected=f"at most {WIDE} ports", observed=opening, aspect=opening)
        web = opening.touches(443) != () or (opening.world != () and opening.one_port and opening.first in WEB)
        whole = not web and _is_whole_network(opening, holder)
        criterion.hold(
            not whole, expected="the group that calls", observed=f"{opening} from the whole network", aspect=opening
        )


def _is_whole_network(opening: NetworkRule, holder: Resource) -> bool:
    group = group_of(holder)
    networks = group.related("vpc_id", "aws_vpc") if group else ()
    own = [ipaddress.ip_network(cidr) for vpc in networks if (cidr := vpc.text("cidr_block"))]
    return opening.takes_in(own)


@policy(
    "PG_NET_4",
    criterion="security-groups-egress-limited",
    resources=EGRESS,
    population=0,
)
def groups_let_out_what_is_used(holder: Resource, criterion: Criterion) -> None:
    """Security groups let nothing out to the internet but HTTP(S), DNS and time, and never all protocols.

    A group without egress lets nothing out: Terraform removes the rule that AWS adds to a new group.
    """
    for opening in list_egress(holder):
        everything = opening.protocol == "all" and not opening.itself
        criterion.hold(not everything, expected="the protocols in use", observed="all protocols", aspect=opening)
        outside = bool(opening.world) and not (opening.first == opening.last and opening.touches(*OUTBOUND))
        criterion.hold(
            not outside,
            expected=f"the internet on {OUTBOUND} at most",
            observed=f"{opening} to the world",
            aspect=opening,
        )


@policy(
    "PG_NET_5",
    criterion="security-groups-default-empty",
    resources=("aws_vpc", "aws_default_vpc", "aws_default_security_group"),
    population=0,
    remedy="Declare aws_default_security_group for the network, without ingress and egress, and no rules of it.",
)
def the_default_group_is_empty(holder: Resource, criterion: Criterion) -> None:
    """The default security group of each network lets nothing in or out.

    Whatever is created without a group gets this one, and AWS makes it with everything open among its members. A rule
    may name it as the network does, by default_security_group_id. Of a network that is declared here, it is one fault.
    """
    if holder.type != "aws_default_security_group":
        groups = holder.configuration.naming(holder, "vpc_id", "aws_default_security_group")
        criterion.hold(bool(groups), expected="aws_default_security_group", observed="left as AWS made it")
    else:
        groups = () if holder.related("vpc_id", "aws_vpc", "aws_default_vpc") else (holder,)
    ways = [str(way) for each in _find_openings(holder, groups) for way in (*list_ingress(each), *list_egress(each))]
    criterion.exclude(ways, expected="neither ingress nor egress")


def _find_openings(holder: Resource, groups: tuple[Resource, ...]) -> list[Resource]:
    """Return the groups and what is a rule of one: it names the group, or the network for its default group."""
    tree, named = holder.configuration, dict.fromkeys((*groups, *([] if holder.type in GROUPS else [holder])))
    return [*groups, *(rule for each in named for rule in tree.naming(each, "security_group_id", *RULES))]


@policy(
    "PG_NET_6",
    criterion="database-not-public",
    resources=DATABASES,
    population=0,
    remedy="Set publicly_accessible = false, or of Kafka public_access { type = DISABLED }.",
)
def databases_have_no_public_endpoint(database: Resource, criterion: Criterion) -> None:
    """Databases and brokers have no public endpoint; the provider asks AWS for none when nothing is said.

    The clusters of older providers can't have one: their instances say it.
    """
    if database.type == "aws_rds_cluster" and "publicly_accessible" not in database.search():
        return
    if database.type == "aws_msk_cluster":
        opened = [kind for kind in _list_public_access(database) if kind != "DISABLED"]
        criterion.exclude(opened, expected="public_access.type = DISABLED")
        return
    public = database.flag("publicly_accessible")
    criterion.hold(not public, expected="publicly_accessible = false", observed=public)


def _list_public_access(cluster: Resource) -> list[str | None]:
    groups = [one for group in cluster.blocks("broker_node_group_info") for one in group.blocks("connectivity_info")]
    return [one.text("type", "DISABLED") for each in groups for one in each.blocks("public_access")]


@policy(
    "PG_NET_15",
    criterion="security-groups-closed-to-the-world",
    resources=("aws_network_acl", "aws_network_acl_rule"),
    population=0,
    remedy="Admit the network that administers, or deny these ports by a rule of a lower number.",
)
def network_acls_close_administration(holder: Resource, criterion: Criterion) -> None:
    """No network ACL admits the whole internet to the ports of SSH and RDP, by a rule of its own or one beside it.

    A rule on all ports that callers call from, from 1024 on, admits answers, since a list keeps no state. It is left
    to the security groups behind it, where EC2.21 asks for a rule that denies 3389 first. The default list of a network
    is asked by neither: AWS makes it open.
    """
    criterion.exclude(list_admitted(holder), expected="no public address", observed="port {} from the whole internet")


@policy(
    "PG_NET_7",
    criterion="network-no-public-addresses",
    resources=(*ADDRESSES, "aws_launch_template"),
    population=0,
    remedy="Leave public addresses to load balancers and NAT gateways.",
)
def nothing_gets_a_public_address(holder: Resource, criterion: Criterion) -> None:
    """No task, instance or subnet gives out public addresses.

    An instance without a subnet stands in a default one, which gives out public addresses unless the instance says no.
    """
    if holder.type in MACHINES and not any(name in holder.search() and holder.has(name) for name in PLACED):
        refused = (holder.text("associate_public_ip_address") or "").lower() == "false"
        criterion.hold(refused, expected="a subnet of its own", observed="a default subnet, which gives out addresses")
    blocks = holder.blocks("network_interfaces") if holder.type == "aws_launch_template" else (holder,)
    name = ADDRESSES.get(holder.type, "associate_public_ip_address")
    for block in blocks:
        criterion.hold(not block.flag(name), expected=f"{name} = false", observed=True)
