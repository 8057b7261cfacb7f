"""What security groups let in and out, whichever of the three kinds of resource states it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prodgate import Block, Resource, Unresolved
from prodgate.semantics.network_rules import NetworkRule, knows_protocol, make_network_rule

from .prefix_lists import read_lists

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
    # whom it lets in is read last: the place of a finding
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
