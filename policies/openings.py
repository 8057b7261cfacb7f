"""What security groups let in and out, whichever of the three kinds of resource states it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from prodgate import Block, Resource, Unresolved

GROUPS = ("aws_security_group", "aws_default_security_group")
INGRESS = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
EGRESS = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_egress_rule")
BALANCERS = ("aws_lb", "aws_alb", "aws_elb")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                                            "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10")))  # fmt: skip
#: Networks of the public internet at least this large are everybody: two halves of it are no smaller than the whole.
_WORLD = {4: 8, 6: 16}


@dataclass(frozen=True, slots=True)
class Opening:
    """Ports that are open to some peers. Without a protocol of ports, all of them: ``first`` 0, ``last`` 65535."""

    protocol: str
    """``tcp``, ``udp``, ``icmp``, … or ``all``."""
    first: int
    last: int
    networks: tuple[Network, ...]
    itself: bool
    """Whether it is open to the members of the group itself."""

    def touches(self, *ports: int) -> tuple[int, ...]:
        """Return those of the ports that are open over TCP or UDP."""
        if self.protocol not in ("all", "tcp", "udp"):
            return ()
        return tuple(port for port in ports if self.first <= port <= self.last)

    @property
    def world(self) -> tuple[Network, ...]:
        """The networks that are the whole internet, or so much of it that it makes no difference."""
        return tuple(net for net in self.public if net.prefixlen <= _WORLD[net.version])

    @property
    def public(self) -> tuple[Network, ...]:
        """The networks that lie outside the private ranges."""
        return tuple(net for net in self.networks if not any(_inside(net, private) for private in _PRIVATE))

    def __str__(self) -> str:
        ports = f" {self.first}" + (f"-{self.last}" if self.last != self.first else "")
        return f"{self.protocol}{ports if self.protocol in ('tcp', 'udp') else ''}"


def ways_in(holder: Resource) -> Iterator[Opening]:
    """Yield what a group or rule lets in. Raises Unresolved."""
    yield from _openings(holder, "ingress")


def ways_out(holder: Resource) -> Iterator[Opening]:
    """Yield what a group or rule lets out. Raises Unresolved."""
    yield from _openings(holder, "egress")


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


def _openings(holder: Resource, direction: str) -> Iterator[Opening]:
    if holder.type in GROUPS:
        for block in holder.blocks(direction):
            yield _inline(block, block.text("protocol") or "-1")
    elif holder.type == "aws_security_group_rule":
        if holder.text("type") == direction:
            yield _inline(holder, holder.text("protocol") or "-1")
    elif direction in holder.type:
        yield _single(holder, holder.text("ip_protocol") or "-1")


def _inline(block: Block, protocol: str) -> Opening:
    ports = (int(block.number("from_port", 0)), int(block.number("to_port", 0)))
    itself = block.flag("self")
    return _opening(protocol, ports, block.texts("cidr_blocks") + block.texts("ipv6_cidr_blocks"), itself)


def _single(rule: Resource, protocol: str) -> Opening:
    ports = (int(rule.number("from_port", -1)), int(rule.number("to_port", -1)))
    peer = rule.related("referenced_security_group_id", "aws_security_group")
    own = group_of(rule)
    return _opening(protocol, ports, rule.texts("cidr_ipv4") + rule.texts("cidr_ipv6"), own is not None and own in peer)


def _opening(protocol: str, ports: tuple[int, int], cidrs: tuple[str, ...], itself: bool) -> Opening:
    name = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp"}.get(protocol.lower(), protocol.lower())
    first, last = ports if name in ("tcp", "udp") and ports != (-1, -1) else (0, 65535)
    return Opening(name, first, last, tuple(ipaddress.ip_network(cidr, strict=False) for cidr in cidrs), itself)


def _inside(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # versions agree
