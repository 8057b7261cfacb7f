"""Networks: security groups, network ACLs, subnets, placement, and buckets closed to the public."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from prodgate import Block, Criterion, Quantity, Resource, Unresolved, policy
from prodgate.semantics.network_rules import (
    NEVER_PUBLIC,
    OUTBOUND,
    WEB,
    WIDE,
    NetworkRule,
    knows_protocol,
    make_network_rule,
)

from .evidence import receives_cloudfront_logs

# ── Prefix lists that security group rules name, and their entries

LIST, ENTRY, ENDPOINT = "aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry", "aws_vpc_endpoint"
#: Name prefixes of AWS managed lists: each covers one AWS service, never everybody.
OF_AWS = "com.amazonaws."


class Listed(NamedTuple):
    """Networks on the declared lists, and the lists that are stated elsewhere."""

    networks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def read_lists(holder: Resource, block: Block, name: str) -> Listed:
    """Return the entries of the prefix lists that a rule's argument names. Raises Unresolved for unknown entries."""
    if block.search().get(name) is None:
        return Listed()
    if (known := block.known(name)) is not None:
        ids = {known} if isinstance(known, str) else {*known}
        lists = holder.configuration.identified(ids, LIST)
        return Listed(_list_networks(lists), tuple(sorted(ids - {id_ for one in lists for id_ in one.identities})))
    return _read_named(holder, block, name)


def _read_named(holder: Resource, block: Block, name: str) -> Listed:
    """Return the entries of lists whose ids AWS makes later: the ones that the argument names, or all of its blocks."""
    named = holder.references.get(f"{block.path}.{name}".lstrip(".").partition(".")[0], ())
    lists = holder.configuration.configured(named, LIST)
    of_aws = {each for each in named if _is_of_aws(holder, each)}
    foreign = [each for each in named if f".data.{LIST}." in f".{each}" and each not in of_aws]
    if block.path and len(lists) + len(foreign) > 1:
        return Listed(unread=(*(one.configured_as for one in lists), *foreign))
    if not (lists or of_aws or foreign):
        return Listed(unread=(name,))
    return Listed(_list_networks(lists), tuple(foreign))


def _is_of_aws(holder: Resource, address: str) -> bool:
    """Whether a configuration address belongs to a data source that names an AWS managed list."""
    within = f".{address}"
    if f".data.{LIST}." not in within:
        return f".{ENDPOINT}." in within or ".data.aws_prefix_list." in within
    read = [one for one in holder.configuration.resources if one.configured_as == address]
    return bool(read) and all(str(one.known("name")).startswith(OF_AWS) for one in read)


def _list_networks(lists: Iterable[Resource]) -> tuple[str, ...]:
    """Return the networks on lists: those in their blocks, and those declared as separate entries."""
    found = []
    for one in lists:
        apart = one.configuration.naming(one, "prefix_list_id", ENTRY)
        found += [entry.text("cidr") for entry in (*one.blocks("entry"), *apart)]
    return tuple(filter(None, found))


# ── Traffic that security groups let in and out, whichever of the three resource types states it

SECURITY_GROUPS = ("aws_security_group", "aws_default_security_group")
INGRESS = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
EGRESS = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_egress_rule")
RULES = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
BALANCERS = ("aws_lb", "aws_alb", "aws_elb")


def list_ingress(holder: Resource) -> Iterator[NetworkRule]:
    """Yield the traffic that a group or rule lets in. Raises Unresolved."""
    yield from _list_openings(holder, "ingress")


def list_egress(holder: Resource) -> Iterator[NetworkRule]:
    """Yield the traffic that a group or rule lets out. Raises Unresolved."""
    yield from _list_openings(holder, "egress")


def list_holders(group: Resource) -> Iterator[Resource]:
    """Yield the resources that state the ingress of a declared group: the group itself, and the rules that name it."""
    yield group
    yield from group.configuration.naming(
        group, "security_group_id", *(each for each in INGRESS if each not in SECURITY_GROUPS)
    )


def group_of(holder: Resource) -> Resource | None:
    """Return the declared group that a rule belongs to, or the group itself."""
    if holder.type in SECURITY_GROUPS:
        return holder
    return next(iter(holder.related("security_group_id", "aws_security_group")), None)


def guards_a_load_balancer(holder: Resource) -> bool:
    """Whether the group is attached to a load balancer that the internet is meant to reach.

    Raises Unresolved for a group that is declared elsewhere.
    """
    group = group_of(holder)
    if group is None:
        raise Unresolved(f"{holder.address}.security_group_id", "names a group that is declared elsewhere")
    balancers = group.configuration.naming(group, "security_groups", *BALANCERS)
    return any(not balancer.flag("internal") for balancer in balancers)


def _list_openings(holder: Resource, direction: str) -> Iterator[NetworkRule]:
    if holder.type in SECURITY_GROUPS:
        for block in holder.blocks(direction):
            yield _inline(holder, block)
    elif holder.type == "aws_security_group_rule":
        if holder.text("type") == direction:
            yield _inline(holder, holder)
    elif direction in holder.type:
        yield _single(holder)


def _inline(holder: Resource, block: Block) -> NetworkRule:
    protocol = read_protocol(block, "protocol")
    ports = (int(block.number("from_port", 0)), int(block.number("to_port", 0)))
    itself, listed = block.flag("self"), read_lists(holder, block, "prefix_list_ids")
    # sources are read last: the finding points there
    cidrs = (*listed.networks, *block.texts("cidr_blocks"), *block.texts("ipv6_cidr_blocks"))
    return replace(make_network_rule(protocol, ports, cidrs, itself), unread=listed.unread)


def _single(rule: Resource) -> NetworkRule:
    protocol = read_protocol(rule, "ip_protocol")
    ports = (int(rule.number("from_port", -1)), int(rule.number("to_port", -1)))
    peer = rule.related("referenced_security_group_id", "aws_security_group")
    itself = bool(peer) and group_of(rule) in peer
    listed = read_lists(rule, rule, "prefix_list_id")
    cidrs = (*listed.networks, *rule.texts("cidr_ipv4"), *rule.texts("cidr_ipv6"))
    return replace(make_network_rule(protocol, ports, cidrs, itself), unread=listed.unread)


def read_protocol(block: Block, name: str) -> str:
    """Return a protocol as AWS takes it; TCP, whose ports are meant, for a name that AWS refuses, such as ``ssh``."""
    protocol = block.text(name) or "-1"
    return protocol if knows_protocol(protocol) else "tcp"


# ── Ports that network ACLs open to the whole internet. Rules apply in the order of their numbers; the first match
# decides

RULE = "aws_network_acl_rule"
LISTS = ("aws_network_acl", "aws_default_network_acl")
ADMINISTRATION = (22, 3389)
#: The first unprivileged port, and the last ephemeral port of Linux.
UNPRIVILEGED, LAST_OF_LINUX = 1024, 60999


class _Rule(NamedTuple):
    """One rule on what comes in."""

    number: int
    allows: bool
    opening: NetworkRule

    def is_on(self, port: int) -> bool:
        """Whether it applies to a TCP port, but not to all ephemeral ports, on which responses come in."""
        answers = self.opening.first == UNPRIVILEGED and self.opening.last >= LAST_OF_LINUX
        return self.opening.protocol != "udp" and bool(self.opening.touches(port)) and not (self.allows and answers)


def list_admitted(holder: Resource) -> list[int]:
    """Return the administration ports that an ACL, or one rule of it, opens to all IPv4 or all IPv6 addresses.

    A rule decides if no rule of a lower number in its ACL does. Raises Unresolved, also if the ACL of a deciding rule
    is unknown.
    """
    own = _list_own(holder)
    if not _find_admitted(own, own):
        return []
    beside, unsure = _list_beside(holder)
    admitted = _find_admitted(own, [*own, *beside])
    if _find_admitted(own, [*own, *beside, *unsure]) != admitted:
        raise Unresolved(f"{holder.address}.network_acl_id", "is one of several lists, of which one denies this first")
    return admitted


def _find_admitted(own: list[_Rule], rules: Iterable[_Rule]) -> list[int]:
    ordered = sorted(rules, key=lambda rule: rule.number)
    return [port for port in ADMINISTRATION if any(_admits(rule, ordered, port) for rule in own)]


def _admits(rule: _Rule, rules: list[_Rule], port: int) -> bool:
    """Whether a rule opens a port to the world, or to practically all of it."""
    if not rule.allows or not rule.is_on(port):
        return False
    earlier = [one for one in rules if one.number < rule.number and one.is_on(port)]
    return any(not any(one.opening.takes_in([net]) for one in earlier) for net in rule.opening.world)


def _list_own(holder: Resource) -> list[_Rule]:
    if holder.type == RULE:
        return [] if holder.flag("egress") else [_make(holder, "rule_number", "rule_action")]
    return [_make(block, "rule_no", "action") for block in holder.blocks("ingress")]


def _list_beside(holder: Resource) -> tuple[list[_Rule], list[_Rule]]:
    """Return the other rules of an ACL, or of a rule's ACL, and candidates: in a plan, ids are known later."""
    lists = holder.related("network_acl_id", *LISTS) if holder.type == RULE else (holder,)
    rules = {id(one): one for each in lists for one in each.configuration.naming(each, "network_acl_id", RULE)}
    sure: list[_Rule] = []
    unsure: list[_Rule] = []
    for one in (*lists, *rules.values()):
        its = one.related("network_acl_id", *LISTS) if one.type == RULE else (one,)
        (sure if its == lists and len(lists) == 1 else unsure).extend(_list_own(one) if one is not holder else ())
    return sure, unsure


def _make(block: Block, number: str, action: str) -> _Rule:
    networks = filter(None, (block.text("cidr_block"), block.text("ipv6_cidr_block")))
    ports = (int(block.number("from_port", 0)), int(block.number("to_port", 0)))
    opening = make_network_rule(read_protocol(block, "protocol"), ports, networks, itself=False)
    return _Rule(int(block.number(number, 0)), (block.text(action) or "").lower() == "allow", opening)


#: Resources that may get a public address -> the argument that gives it; unset means no, but for a default subnet.
ADDRESSES = {
    "aws_ecs_service": "network_configuration.assign_public_ip",
    "aws_ecs_task_set": "network_configuration.assign_public_ip",
    "aws_pipes_pipe": "target_parameters.ecs_task_parameters.network_configuration.aws_vpc_configuration"
    ".assign_public_ip",
    "aws_subnet": "map_public_ip_on_launch",
    "aws_default_subnet": "map_public_ip_on_launch",
    "aws_instance": "associate_public_ip_address",
    "aws_launch_configuration": "associate_public_ip_address",
    "aws_spot_instance_request": "associate_public_ip_address",
    "aws_cloudwatch_event_target": "ecs_target.network_configuration.assign_public_ip",
    "aws_scheduler_schedule": "target.ecs_parameters.network_configuration.assign_public_ip",
}
#: Resources that give addresses in each of several blocks -> these.
IN_BLOCKS = {"aws_launch_template": "network_interfaces", "aws_spot_fleet_request": "launch_specification"}
#: Elastic addresses of an instance -> the arguments that name it; a load balancer or a NAT gateway names the address.
ELASTIC = {
    "aws_eip": ("instance", "network_interface"),
    "aws_eip_association": ("instance_id", "network_interface_id"),
}
#: Instances, each of which has a subnet.
MACHINES = ("aws_instance", "aws_spot_instance_request")
#: Arguments of an instance that state its subnet, directly or through another resource.
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
    """Security groups open at most ports 80 and 443 to the whole internet."""
    for opening in list_ingress(holder):
        if opening.world:
            observed = f"{opening} from {opening.world[0]}"
            expected = "the internet on 80 and 443 at most"
            criterion.hold(_is_web(opening), expected=expected, observed=observed, aspect=opening)
    _require_read([opening for opening in list_ingress(holder) if not _is_web(opening)], criterion)


def _require_read(openings: Iterable[NetworkRule], criterion: Criterion) -> None:
    """Raise if one is open to prefix lists whose entries are unknown here."""
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
    """Only a security group of an internet-facing load balancer is open to the whole internet."""
    for opening in list_ingress(holder):
        if opening.world and _is_web(opening):  # another policy judges other ports
            balancer = guards_a_load_balancer(holder)
            list(list_ingress(holder))  # where the finding points
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

    Rules between members of one group are free (Airflow needs them). The whole network may reach only 443, the port of
    AWS service endpoints. PG_NET_1 judges whom the internet may reach on 80.
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

    A resource without a group gets this one, in which AWS opens everything among its members. A rule may name it
    through the network's default_security_group_id. For a network that is declared here, it is one fault.
    """
    if holder.type != "aws_default_security_group":
        groups = holder.configuration.naming(holder, "vpc_id", "aws_default_security_group")
        criterion.hold(bool(groups), expected="aws_default_security_group", observed="left as AWS made it")
    else:
        groups = () if holder.related("vpc_id", "aws_vpc", "aws_default_vpc") else (holder,)
    ways = [str(way) for each in _find_openings(holder, groups) for way in (*list_ingress(each), *list_egress(each))]
    criterion.exclude(ways, expected="neither ingress nor egress")


def _find_openings(holder: Resource, groups: tuple[Resource, ...]) -> list[Resource]:
    """Return the groups and their rules: a rule names the group, or the network for its default group."""
    tree, named = holder.configuration, dict.fromkeys((*groups, *([] if holder.type in SECURITY_GROUPS else [holder])))
    return [*groups, *(rule for each in named for rule in tree.naming(each, "security_group_id", *RULES))]


@policy(
    "PG_NET_6",
    criterion="database-not-public",
    resources=DATABASES,
    population=0,
    remedy="Set publicly_accessible = false, or of Kafka public_access { type = DISABLED }.",
)
def databases_have_no_public_endpoint(database: Resource, criterion: Criterion) -> None:
    """Databases and brokers have no public endpoint; unset means none.

    Older providers set it on the instances of a cluster, not on the cluster.
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
    severity="high",
    resources=("aws_network_acl", "aws_network_acl_rule"),
    population=0,
    remedy="Admit the network that administers, or deny these ports by a rule of a lower number.",
)
def network_acls_close_administration(holder: Resource, criterion: Criterion) -> None:
    """No network ACL opens SSH or RDP to the whole internet, in its own rules or in separate ones.

    A rule on all ephemeral ports, from 1024 on, admits responses, since an ACL keeps no state. It is left to the
    security groups behind it, though EC2.21 wants a rule that denies 3389 first. Default ACLs are exempt, as in EC2.21:
    AWS makes them open.
    """
    criterion.exclude(list_admitted(holder), expected="no public address", observed="port {} from the whole internet")


@policy(
    "PG_NET_7",
    criterion="network-no-public-addresses",
    resources=(*ADDRESSES, *IN_BLOCKS, *ELASTIC),
    population=0,
    remedy="Leave public addresses to load balancers and NAT gateways.",
)
def nothing_gets_a_public_address(holder: Resource, criterion: Criterion) -> None:
    """No task, instance or subnet gives out public addresses, and no elastic address belongs to an instance.

    An instance without a subnet uses a default one, which gives out public addresses unless the instance refuses.
    """
    if holder.type in MACHINES and not any(name in holder.search() and holder.has(name) for name in PLACED):
        refused = (holder.text("associate_public_ip_address") or "").lower() == "false"
        criterion.hold(refused, expected="a subnet of its own", observed="a default subnet, which gives out addresses")
    criterion.exclude(_list_given(holder), expected="no public address")


def _list_given(holder: Resource) -> Iterator[str]:
    """Yield the arguments that give an address, each right after it was read."""
    yield from (name for name in ELASTIC.get(holder.type, ()) if holder.has(name))
    blocks = holder.blocks(IN_BLOCKS[holder.type]) if holder.type in IN_BLOCKS else (holder,)
    name = ADDRESSES.get(holder.type, "associate_public_ip_address")
    for block in blocks if holder.type not in ELASTIC else ():
        given = (block.text(name) or str(holder.type == "aws_default_subnet")).lower()
        if given in ("true", "enabled"):
            yield f"{name} = {given}"


# ── Network firewalls: they inspect traffic, and their subnets can't be changed

#: Default actions for packets that no stateless rule matches, and for fragments.
DEFAULTS = ("stateless_default_actions", "stateless_fragment_default_actions")
REFERENCES = ("stateful_rule_group_reference", "stateless_rule_group_reference")


@policy(
    "PG_NET_18",
    criterion="network-firewall-filters",
    resources=("aws_networkfirewall_firewall_policy", "aws_networkfirewall_rule_group"),
    population=0,
    remedy="Name aws:drop or aws:forward_to_sfe as default actions, and refer to rule groups that hold rules.",
)
def firewalls_look_into_what_passes(holder: Resource, criterion: Criterion) -> None:
    """A network firewall policy has rules, drops or forwards unmatched packets, and has no empty group."""
    if holder.type != "aws_networkfirewall_firewall_policy":
        criterion.hold(not _is_empty(holder), expected="rules in the group", observed="none")
        return
    policies = holder.blocks("firewall_policy")
    passing = [f"{name} = aws:pass" for one in policies for name in DEFAULTS if "aws:pass" in one.texts(name)]
    criterion.exclude(passing, expected="aws:drop or aws:forward_to_sfe")
    ruled = any(one.blocks(name) for one in policies for name in REFERENCES)
    criterion.hold(ruled, expected="rule groups", observed="none")


def _is_empty(holder: Resource) -> bool:
    """Whether a stateless rule group holds no rule. Stateful groups can't be made without one."""
    if holder.text("type") != "STATELESS":
        return False
    sources = [one for group in holder.blocks("rule_group") for one in group.blocks("rules_source")]
    stated = [one for source in sources for one in source.blocks("stateless_rules_and_custom_actions")]
    return not any(one.blocks("stateless_rule") for one in stated)


@policy(
    "PG_REC_12",
    criterion="deletion-protection",
    resources=("aws_networkfirewall_firewall",),
    population=0,
    remedy="Set subnet_change_protection = true.",
)
def firewalls_stay_in_their_subnets(firewall: Resource, criterion: Criterion) -> None:
    """The subnets of a network firewall can't be changed by mistake, which would let traffic bypass it."""
    kept = firewall.flag("subnet_change_protection")
    criterion.hold(kept, expected="subnet_change_protection = true", observed="unprotected")


# ── Buckets are closed to the public, each by its own settings and all of them by the account's

BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "website")
EVERYBODY = ("global/AllUsers", "global/AuthenticatedUsers")


@policy(
    "PG_NET_11",
    criterion="bucket-public-access-blocked",
    severity="high",
    resources=("aws_s3_bucket",),
    population=0,
    remedy="Add aws_s3_bucket_public_access_block for the bucket with all four arguments true.",
)
def buckets_block_public_access(bucket: Resource, criterion: Criterion) -> None:
    """Each bucket blocks public ACLs and public policies.

    AWS has blocked them on new buckets since April 2023, but an apply may remove that; unset means false in Terraform.
    """
    blocks = bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_public_access_block")
    criterion.hold(bool(blocks), expected="aws_s3_bucket_public_access_block", observed="none", premise=True)
    for name in BLOCKS:
        criterion.hold(blocks[0].flag(name), expected=f"{name} = true", observed=f"{name} = false")


@policy(
    "PG_NET_12",
    criterion="bucket-public-access-blocked",
    resources=("aws_s3_bucket_acl", "aws_s3_bucket_ownership_controls", "aws_s3_bucket"),
    population=0,
    remedy="Drop the ACL and set object_ownership = BucketOwnerEnforced; grant access by the bucket policy.",
)
def buckets_have_no_public_acl(holder: Resource, criterion: Criterion) -> None:
    """No bucket ACL grants anything to everybody, nor to everybody with an AWS account.

    ACLs are off unless ownership controls enable them; then the uploader of an object decides who reads it.
    CloudFront's standard logs can be delivered through an ACL only.
    """
    if holder.type == "aws_s3_bucket_ownership_controls":
        observed = holder.text("rule.object_ownership")
        criterion.hold(observed in _ownerships(holder), expected="BucketOwnerEnforced", observed=observed)
        return
    policies = holder.blocks("access_control_policy") if holder.type == "aws_s3_bucket_acl" else (holder,)
    grants = [grant for policy in policies for grant in policy.blocks("grant")]
    targets = [grant.text("grantee.uri" if holder.type == "aws_s3_bucket_acl" else "uri") or "" for grant in grants]
    given = [f"{_rights(one)} to {uri}" for one, uri in zip(grants, targets, strict=True) if uri.endswith(EVERYBODY)]
    stated = holder.text("acl") or "private"
    criterion.exclude([*given, *([stated] if stated in PUBLIC_ACLS else [])], expected="a private ACL")


def _rights(grant: Block) -> str:
    return ", ".join(grant.texts("permissions" if "permissions" in grant.search() else "permission"))


def _ownerships(controls: Resource) -> tuple[str, ...]:
    """Return the ownerships that a bucket may have."""
    needs_acl = any(map(receives_cloudfront_logs, controls.related("bucket", "aws_s3_bucket")))
    controls.has("rule.object_ownership")  # where the finding points
    return ("BucketOwnerEnforced", "BucketOwnerPreferred") if needs_acl else ("BucketOwnerEnforced",)


# ── Subnets of workloads, their zones, and whether the internet has a route to them

#: Workloads and groups of subnets -> the argument that names the subnets.
SUBNETS = {
    "aws_db_subnet_group": "subnet_ids",
    "aws_docdb_subnet_group": "subnet_ids",
    "aws_neptune_subnet_group": "subnet_ids",
    "aws_elasticache_subnet_group": "subnet_ids",
    "aws_memorydb_subnet_group": "subnet_ids",
    "aws_redshift_subnet_group": "subnet_ids",
    "aws_ecs_service": "network_configuration.subnets",
    "aws_mwaa_environment": "network_configuration.subnet_ids",
    "aws_opensearch_domain": "vpc_options.subnet_ids",
    "aws_elasticsearch_domain": "vpc_options.subnet_ids",
    "aws_msk_cluster": "broker_node_group_info.client_subnets",
}
#: Workloads that are reached from outside, or use one subnet each -> the same.
PUBLIC_SUBNETS = {"aws_lb": "subnets", "aws_alb": "subnets"}
SINGLE_SUBNETS = {"aws_efs_mount_target": "subnet_id", "aws_lambda_function": "vpc_config.subnet_ids"}


def subnets(workload: Resource, name: str) -> tuple[Resource, ...]:
    """Return the declared subnets at an argument. Raises Unresolved if one of them is declared elsewhere."""
    found = workload.related(name, "aws_subnet")
    known = {subnet.known("id") for subnet in found}
    resolved = all(isinstance(id, str) for id in known)
    if foreign := [id for id in workload.texts(name) if id not in known] if resolved else []:
        raise Unresolved(f"{workload.address}.{name}", f"names {foreign[0]}, a subnet that is declared elsewhere")
    return found


def zone(subnet: Resource) -> str:
    """Return the availability zone of a subnet. Raises Unresolved if AWS chooses it."""
    name = "availability_zone" if subnet.has("availability_zone") else "availability_zone_id"
    found = subnet.text(name)
    if not found:
        raise Unresolved(f"{subnet.address}.availability_zone", "is not set, so AWS chooses it")
    return found


def internet_route(subnet: Resource) -> str:
    """Return the address of the route table with an internet route for a subnet, or nothing. Raises Unresolved."""
    tree = subnet.configuration
    associations = tree.naming(subnet, "subnet_id", "aws_route_table_association")
    named = [table for one in associations for table in one.related("route_table_id", *_TABLES)]
    if associations and not named:
        raise Unresolved(f"{associations[0].address}.route_table_id", "names a table that is declared elsewhere")
    return next((table.address for table in named or _main_tables(subnet) if _is_open(table)), "")


_TABLES = ("aws_route_table", "aws_default_route_table")


def _main_tables(subnet: Resource) -> list[Resource]:
    """Return the tables that may be the main one of the subnet's network, which applies without an association."""
    tree = subnet.configuration
    networks = subnet.related("vpc_id", "aws_vpc", "aws_default_vpc")
    chosen = [one for vpc in networks for one in tree.naming(vpc, "vpc_id", "aws_main_route_table_association")]
    tables = [table for one in chosen for table in one.related("route_table_id", *_TABLES)]
    return tables or [*tree.of("aws_default_route_table")]


def _is_open(table: Resource) -> bool:
    inline = any(_is_gateway(route.text("gateway_id"), table) for route in table.blocks("route"))
    routes = table.configuration.naming(table, "route_table_id", "aws_route")
    return inline or any(
        route.related("gateway_id", "aws_internet_gateway") or _is_gateway(route.text("gateway_id"), table)
        for route in routes
    )


def _is_gateway(id: str | None, table: Resource) -> bool:
    gateways = {gateway.known("id") for gateway in table.configuration.of("aws_internet_gateway")}
    return bool(id) and (id in gateways or str(id).startswith("igw-"))


# ── Workloads run in private subnets of several zones, under their own security groups, and their traffic is logged

#: Databases -> the argument without which they land in the default network, whose subnets are public.
PLACES = {
    "aws_rds_cluster": "db_subnet_group_name",
    "aws_db_instance": "db_subnet_group_name",
    "aws_docdb_cluster": "db_subnet_group_name",
    "aws_neptune_cluster": "neptune_subnet_group_name",
    "aws_redshift_cluster": "cluster_subnet_group_name",
    "aws_elasticache_replication_group": "subnet_group_name",
    "aws_elasticache_cluster": "subnet_group_name",
    "aws_memorydb_cluster": "subnet_group_name",
}
#: Workloads -> the argument that names their security groups; without it they get the default one.
GROUPS = {
    "aws_rds_cluster": "vpc_security_group_ids",
    "aws_db_instance": "vpc_security_group_ids",
    "aws_docdb_cluster": "vpc_security_group_ids",
    "aws_neptune_cluster": "vpc_security_group_ids",
    "aws_redshift_cluster": "vpc_security_group_ids",
    "aws_elasticache_replication_group": "security_group_ids",
    "aws_memorydb_cluster": "security_group_ids",
    "aws_ecs_service": "network_configuration.security_groups",
    "aws_lambda_function": "vpc_config.security_group_ids",
    "aws_mwaa_environment": "network_configuration.security_group_ids",
    "aws_opensearch_domain": "vpc_options.security_group_ids",
    "aws_lb": "security_groups",
    "aws_alb": "security_groups",
}
NETWORKS = ("aws_vpc", "aws_default_vpc")


@policy(
    "PG_NET_8",
    criterion="network-private-workloads",
    resources=(*SUBNETS, *SINGLE_SUBNETS),
    population=0,
    remedy="Place it in subnets whose route table leads out through a NAT gateway, not an internet gateway.",
)
def workloads_stand_in_private_subnets(workload: Resource, criterion: Criterion) -> None:
    """Databases, tasks, functions and Airflow run in subnets without a route to an internet gateway."""
    name = (SUBNETS | SINGLE_SUBNETS)[workload.type]
    block = name.partition(".")[0]
    if "." in name and not (workload.has(block) and workload.has(name)):
        elsewhere = workload.type in ("aws_ecs_service", "aws_lambda_function")
        criterion.hold(elsewhere, expected=f"{block}", observed="a public endpoint outside any network")
        raise criterion.not_applicable("does not stand in a subnet of its own")
    for subnet in subnets(workload, name):
        table = internet_route(subnet)
        workload.has(name)  # where the finding points
        criterion.hold(
            not table,
            expected="private subnets",
            observed=f"{subnet.address} with the routes of {table}",
            aspect=subnet.address,
        )


@policy(
    "PG_NET_9",
    criterion="network-zones",
    resources=(*SUBNETS, *PUBLIC_SUBNETS),
    population=0,
    remedy="Name a subnet in each of several availability zones.",
)
def workloads_span_several_zones(workload: Resource, criterion: Criterion) -> None:
    """Databases, services, load balancers and Airflow have subnets in several availability zones."""
    name = (SUBNETS | PUBLIC_SUBNETS)[workload.type]
    if "." in name and not workload.has(name.partition(".")[0]):
        raise criterion.not_applicable("does not stand in a subnet of its own")
    if not workload.has(name):
        raise criterion.undetermined(f"{name} is not set, so the subnets are stated elsewhere")
    zones = {zone(subnet) for subnet in subnets(workload, name)}
    workload.has(name)  # where the finding points
    criterion.require(Quantity.of(len(zones)))


@policy(
    "PG_NET_10",
    criterion="network-flow-logs",
    resources=NETWORKS,
    population=0,
    remedy="Add aws_flow_log for the network with traffic_type = ALL, or REJECT at least.",
)
def networks_log_what_they_refuse(vpc: Resource, criterion: Criterion) -> None:
    """Each network logs rejected flows. PG_NET_17 judges accepted ones."""
    kinds = _list_logged(vpc)
    observed = ", ".join(sorted(kinds)) or "none"
    criterion.hold("REJECT" in kinds, expected="flow logs of rejected traffic", observed=observed, held=observed)


@policy(
    "PG_NET_17",
    criterion="network-flow-logs-accepted",
    resources=NETWORKS,
    population=0,
    remedy="Add aws_flow_log for the network with traffic_type = ALL.",
)
def networks_log_what_they_let_through(vpc: Resource, criterion: Criterion) -> None:
    """Each network logs accepted flows, which an investigation of a break-in needs."""
    kinds = _list_logged(vpc)
    observed = ", ".join(sorted(kinds)) or "none"
    criterion.hold("ACCEPT" in kinds, expected="flow logs of accepted traffic", observed=observed, held=observed)


def _list_logged(vpc: Resource) -> set[str]:
    """Return which flows are logged: ACCEPT, REJECT, both or none; unset means both."""
    logs = vpc.configuration.naming(vpc, "vpc_id", "aws_flow_log")
    stated = {log.text("traffic_type", "ALL") or "ALL" for log in logs}
    return {"ACCEPT", "REJECT"} if "ALL" in stated else stated


@policy(
    "PG_NET_13",
    criterion="security-groups-minimal",
    resources=tuple(GROUPS),
    population=0,
    remedy="Name a security group made for the workload.",
)
def workloads_have_a_group_of_their_own(workload: Resource, criterion: Criterion) -> None:
    """Workloads name their security groups; otherwise they share the default group with other careless resources."""
    name = GROUPS[workload.type]
    if "." in name and not workload.has(name.partition(".")[0]):
        raise criterion.not_applicable("does not stand in a network of its own")
    if workload.type in ("aws_lb", "aws_alb") and workload.text("load_balancer_type", "application") != "application":
        raise criterion.not_applicable("a network load balancer may do without a group")
    criterion.hold(
        workload.has(name), expected=f"{name} = a group of its own", observed="the default group", premise=True
    )
    default = workload.related(name, "aws_default_security_group")
    criterion.hold(not default, expected="a group of its own", observed="the default group")


@policy(
    "PG_NET_14",
    criterion="network-private-workloads",
    resources=tuple(PLACES),
    population=0,
    remedy="Name a subnet group of private subnets.",
)
def databases_do_not_land_in_the_default_network(database: Resource, criterion: Criterion) -> None:
    """Databases and caches name their subnet group; otherwise they run in public subnets of the default network."""
    name = PLACES[database.type]
    if database.type == "aws_db_instance" and database.has("replicate_source_db"):
        raise criterion.not_applicable("a replica in the same region stands where its source does")
    if database.type == "aws_elasticache_cluster" and database.has("replication_group_id"):
        raise criterion.not_applicable("a member of a replication group stands where that does")
    named = database.has(name) and database.known(name) != "default"
    criterion.hold(named, expected=name, observed="the default network")
