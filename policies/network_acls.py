"""What network ACLs admit from the whole internet: rules in the order of their numbers, of which the first decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from prodgate import Block, Resource, Unresolved
from prodgate.semantics.network_rules import NetworkRule, make_network_rule

from .network_rules import read_protocol

RULE = "aws_network_acl_rule"
LISTS = ("aws_network_acl", "aws_default_network_acl")
ADMINISTRATION = (22, 3389)
#: The first port that a program without rights may have, and the last that Linux calls from.
UNPRIVILEGED, LAST_OF_LINUX = 1024, 60999


class _Rule(NamedTuple):
    """One rule on what comes in."""

    number: int
    allows: bool
    opening: NetworkRule

    def is_on(self, port: int) -> bool:
        """Whether it is on a port of TCP, and not on all that callers call from: on these answers come in."""
        answers = self.opening.first == UNPRIVILEGED and self.opening.last >= LAST_OF_LINUX
        return self.opening.protocol != "udp" and bool(self.opening.touches(port)) and not (self.allows and answers)


def list_admitted(holder: Resource) -> list[int]:
    """Return the ports of administration that an ACL, or one rule of it, admits all IPv4 or all IPv6 addresses to.

    A rule decides where none of a lower number in its ACL does. Raises Unresolved, also where it is not known of which
    ACL a rule is that would.
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
    """Whether a rule lets the world in on a port, or so much of it that it makes no difference."""
    if not rule.allows or not rule.is_on(port):
        return False
    earlier = [one for one in rules if one.number < rule.number and one.is_on(port)]
    return any(not any(one.opening.takes_in([net]) for one in earlier) for net in rule.opening.world)


def _list_own(holder: Resource) -> list[_Rule]:
    if holder.type == RULE:
        return [] if holder.flag("egress") else [_make(holder, "rule_number", "rule_action")]
    return [_make(block, "rule_no", "action") for block in holder.blocks("ingress")]


def _list_beside(holder: Resource) -> tuple[list[_Rule], list[_Rule]]:
    """Return the other rules of an ACL, or of that of a rule, and those that may be: of a plan, ids are known later."""
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
