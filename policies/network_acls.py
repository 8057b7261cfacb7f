"""What network ACLs admit from the whole internet: rules in the order of their numbers, of which the first decides."""

from __future__ import annotations

from typing import NamedTuple

from prodgate import Block, Resource, Unresolved

RULE = "aws_network_acl_rule"
ADMINISTRATION = (22, 3389)
WORLD = ("0.0.0.0/0", "::/0")
#: The first port that a program without rights may have, and the last that Linux calls from.
UNPRIVILEGED, LAST_OF_LINUX = 1024, 60999
#: Protocols that these ports are of: TCP, and all of them.
TCP = ("6", "tcp", "-1", "all")


class _Rule(NamedTuple):
    """One rule on what comes in."""

    number: int
    allows: bool
    networks: tuple[str, ...]
    ports: range

    def takes(self, port: int, network: str) -> bool:
        return port in self.ports and network in self.networks

    def admits_answers(self) -> bool:
        """Whether it admits all ports that callers call from: an ACL keeps no state, so answers come in on them."""
        return self.ports.start >= UNPRIVILEGED and LAST_OF_LINUX in self.ports


def list_admitted(holder: Resource) -> list[int]:
    """Return the ports of administration that an ACL, or one rule of it, admits all IPv4 or all IPv6 addresses to.

    A rule decides where none of a lower number in its ACL does. Raises Unresolved, also where it is not known of which
    ACL a rule is that would.
    """
    own = _list_own(holder)
    beside, unsure = _list_beside(holder) if holder.type == RULE else ([], [])
    admitted = _find_admitted(own, [*own, *beside])
    if _find_admitted(own, [*own, *beside, *unsure]) != admitted:
        raise Unresolved(f"{holder.address}.network_acl_id", "is one of several lists, of which one denies this first")
    return admitted


def _find_admitted(own: list[_Rule], rules: list[_Rule]) -> list[int]:
    ordered = sorted(rules, key=lambda rule: rule.number)
    return [port for port in ADMINISTRATION if any(_admits(own, ordered, port, network) for network in WORLD)]


def _admits(own: list[_Rule], rules: list[_Rule], port: int, network: str) -> bool:
    deciding = next((rule for rule in rules if rule.takes(port, network)), None)
    return deciding is not None and deciding.allows and not deciding.admits_answers() and deciding in own


def _list_own(holder: Resource) -> list[_Rule]:
    if holder.type == RULE and holder.flag("egress"):
        return []
    if holder.type == RULE:
        return [_make(holder, holder.number("rule_number", 0), holder.text("rule_action"))]
    return [_make(block, block.number("rule_no", 0), block.text("action")) for block in holder.blocks("ingress")]


def _list_beside(rule: Resource) -> tuple[list[_Rule], list[_Rule]]:
    """Return the other rules of the ACL that a rule is of, and those that may be: of a plan, ids are known later."""
    tree, lists = rule.configuration, _lists_of(rule)
    others = {id(one): one for each in lists for one in tree.naming(each, "network_acl_id", RULE) if one is not rule}
    sure = [one for one in others.values() if len(lists) == 1 and _lists_of(one) == lists]
    unsure = [one for one in others.values() if one not in sure]
    inline = [made for each in lists for made in _list_own(each)]
    beside = [made for one in sure for made in _list_own(one)]
    return beside + (inline if len(lists) == 1 else []), [made for one in unsure for made in _list_own(one)]


def _lists_of(rule: Resource) -> tuple[Resource, ...]:
    return rule.related("network_acl_id", "aws_network_acl", "aws_default_network_acl")


def _make(block: Block, number: object, action: str | None) -> _Rule:
    everything = (block.text("protocol") or "-1") in ("-1", "all")
    first, last = (0, 65535) if everything else (int(block.number(name, 0)) for name in ("from_port", "to_port"))
    tcp = (block.text("protocol") or "-1").lower() in TCP
    networks = tuple(filter(None, (block.text("cidr_block"), block.text("ipv6_cidr_block"))))
    return _Rule(
        int(str(number)), (action or "").lower() == "allow", networks, range(first, last + 1) if tcp else range(0)
    )
