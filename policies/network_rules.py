"""What security groups let in and out, whichever of the three kinds of resource states it."""

from __future__ import annotations

from collections.abc import Iterator

from prodgate import Block, Resource, Unresolved
from prodgate.semantics.network_rules import NetworkRule, make_network_rule

GROUPS = ("aws_security_group", "aws_default_security_group")
INGRESS = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
EGRESS = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_egress_rule")
RULES = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
BALANCERS = ("aws_lb", "aws_alb", "aws_elb")


def list_ingress(holder: Resource) -> Iterator[NetworkRule]:
    """Yield what a group or rule lets in. Raises Unresolved."""
    yield from _list_openings(holder, "ingress")


def list_egress(holder: Resource) -> Iterator[NetworkRule]:
    """Yield what a group or rule lets out. Raises Unresolved."""
    yield from _list_openings(holder, "egress")


def list_holders(group: Resource) -> Iterator[Resource]:
    """Yield what states what a declared group lets in: the group itself, and the rules that name it."""
    yield group
    yield from group.configuration.naming(group, "security_group_id", *(each for each in INGRESS if each not in GROUPS))


def group_of(holder: Resource) -> Resource | None:
    """Return the declared group that a rule belongs to, or the group itself."""
    if holder.type in GROUPS:
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
    if holder.type in GROUPS:
        for block in holder.blocks(direction):
            yield _inline(block, block.text("protocol") or "-1")
    elif holder.type == "aws_security_group_rule":
        if holder.text("type") == direction:
            yield _inline(holder, holder.text("protocol") or "-1")
    elif direction in holder.type:
        yield _single(holder, holder.text("ip_protocol") or "-1")


def _inline(block: Block, protocol: str) -> NetworkRule:
    ports = (int(block.number("from_port", 0)), int(block.number("to_port", 0)))
    itself = block.flag("self")
    return make_network_rule(protocol, ports, block.texts("cidr_blocks") + block.texts("ipv6_cidr_blocks"), itself)


def _single(rule: Resource, protocol: str) -> NetworkRule:
    ports = (int(rule.number("from_port", -1)), int(rule.number("to_port", -1)))
    peer = rule.related("referenced_security_group_id", "aws_security_group")
    own = group_of(rule)
    return make_network_rule(
        protocol, ports, rule.texts("cidr_ipv4") + rule.texts("cidr_ipv6"), own is not None and own in peer
    )
