"""Are workloads unreachable from the internet, and do their security groups open no more than is needed?"""

from prodgate import Criterion, Quantity, check
from prodgate.facts.live import FrontDoor, Placement, SecurityGroup
from prodgate.semantics.network_rules import NEVER_PUBLIC, OUTBOUND, WEB, WIDE

#: Kinds of workload that run in one zone at a time, or that the internet is meant to reach.
FLEETING, FACING = "function", "load balancer"


@check("network-zones", remedy="Give it a subnet in each of several availability zones.", measures="count")
def test_workloads_span_several_zones(placed: Placement, criterion: Criterion) -> None:
    """Does the workload have subnets in several availability zones?"""
    if placed.kind == FLEETING:
        raise criterion.not_applicable("a function is started anew wherever there is room")
    criterion.require(Quantity.of(len(placed.zones)))


@check(
    "network-private-workloads",
    remedy="Move it to subnets whose route table leads out through a NAT gateway, or take the internet's route away.",
)
def test_workloads_stand_in_private_subnets(placed: Placement, criterion: Criterion) -> None:
    """Does the workload run in subnets without a route to an internet gateway?"""
    if placed.kind == FACING:
        raise criterion.not_applicable("a load balancer is what may face the internet")
    open_ = [subnet.id for subnet in placed.subnets if subnet.internet]
    criterion.hold(bool(placed.subnets), expected="subnets of its own", observed="none")
    criterion.exclude(open_, expected="private subnets", observed="{} with a route to the internet")


@check(
    "network-no-public-addresses",
    remedy="Switch public addresses off in the service and in its subnets, and replace what has one.",
)
def test_nothing_gets_a_public_address(placed: Placement, criterion: Criterion) -> None:
    """Does nothing in the workload's subnets have a public address, or get one?"""
    if placed.kind == FACING:
        raise criterion.not_applicable("a load balancer is what may face the internet")
    criterion.exclude(placed.public, expected="no public address")


@check("security-groups-closed-to-the-world")
def test_only_load_balancers_admit_the_world(group: SecurityGroup, criterion: Criterion) -> None:
    """Does the group admit the whole internet at most to a load balancer that faces it, on ports 80 and 443?"""
    ways = [way for way in group.ways_in if way.world]
    odd = [str(way) for way in ways if not (way.protocol == "tcp" and way.one_port and way.touches(*WEB))]
    criterion.exclude(odd, expected="the internet on 80 and 443 at most")
    allowed = group.faces_internet or not ways
    criterion.hold(allowed, expected="a load balancer that is not internal behind it", observed="none")


@check(
    "security-groups-closed-to-the-world",
    remedy="Admit the security group that calls; administer through Session Manager or a private network.",
)
def test_administration_and_databases_stay_private(group: SecurityGroup, criterion: Criterion) -> None:
    """Can no public address, however few there are, reach a port of administration or of a database?"""
    ways = [way for way in group.ways_in if way.public and way.touches(*NEVER_PUBLIC)]
    criterion.exclude(ways, expected="no public address")


@check(
    "security-groups-minimal",
    remedy="Open single ports to the security groups that call, not ranges to the whole network.",
)
def test_groups_admit_narrow_ranges_from_callers(group: SecurityGroup, criterion: Criterion) -> None:
    """Does the group open a few ports, and to callers rather than to the whole network?

    The whole network may reach 443, the port of AWS service endpoints.
    """
    wide = [str(way) for way in group.ways_in if way.wide and not way.itself]
    criterion.exclude(wide, expected=f"at most {WIDE} ports")
    whole = [str(way) for way in group.ways_in if way.takes_in(group.network) and not way.touches(max(WEB))]
    criterion.exclude(whole, expected="the group that calls", observed="the whole network on {}")


@check("security-groups-minimal", remedy="Revoke the opening; nothing behind the group listens there.")
def test_groups_admit_what_is_listened_on(group: SecurityGroup, criterion: Criterion) -> None:
    """Does something behind the group listen on each port that it opens to others?"""
    if group.listens is None:
        raise criterion.not_applicable("no workload that is known stands behind it")
    listened = ", ".join(map(str, sorted(group.listens))) or "no port"
    criterion.exclude(group.unheard, expected=listened)


@check("security-groups-minimal", remedy="Give the workload a security group of its own.")
def test_workloads_have_a_group_of_their_own(placed: Placement, criterion: Criterion) -> None:
    """Does the workload have a group of its own, and not the default one?"""
    criterion.hold(bool(placed.groups), expected="a group of its own", observed="none")
    criterion.hold("default" not in placed.groups, expected="a group of its own", observed="the default group")


@check("security-groups-egress-limited")
def test_groups_let_out_what_is_used(group: SecurityGroup, criterion: Criterion) -> None:
    """Does the group allow only named protocols out, and to the internet only HTTP(S), DNS and time?"""
    ways = [way for way in group.ways_out if not way.itself]
    criterion.hold(
        "all" not in {way.protocol for way in ways}, expected="the protocols in use", observed="all protocols"
    )
    odd = [str(way) for way in ways if way.world and not (way.one_port and way.touches(*OUTBOUND))]
    criterion.exclude(odd, expected=f"the internet on {OUTBOUND} at most")


@check("security-groups-default-empty", remedy="Revoke every rule of the default group.")
def test_the_default_group_is_empty(group: SecurityGroup, criterion: Criterion) -> None:
    """Does the default group of the network let nothing in or out?"""
    if not group.default:
        raise criterion.not_applicable("is not the default group of its network")
    ways = [str(way) for way in (*group.ways_in, *group.ways_out)]
    criterion.exclude(ways, expected="neither way in nor way out")


@check(
    "waf-not-bypassable",
    remedy="Admit CloudFront's prefix list com.amazonaws.global.cloudfront.origin-facing, and revoke every other one.",
)
def test_balancers_answer_nobody_but_cloudfront(door: FrontDoor, criterion: Criterion) -> None:
    """Do the load balancer's groups admit no public address but CloudFront's?"""
    criterion.hold(door.guarded, expected="a security group", observed="none")
    criterion.exclude(door.strangers, expected="CloudFront's addresses only")


@check(
    "waf-not-bypassable",
    remedy=(
        "Make the load balancer internal, behind a CloudFront VPC origin, or forward only what carries a secret header "
        "that the distribution adds."
    ),
)
def test_balancers_answer_no_other_distribution(door: FrontDoor, criterion: Criterion) -> None:
    """Does the load balancer distinguish the account's own distributions from other customers'?

    All CloudFront customers share its addresses: anybody's distribution can name this load balancer as its origin.
    """
    criterion.exclude(door.unasked, expected="a header of our own on each way")
