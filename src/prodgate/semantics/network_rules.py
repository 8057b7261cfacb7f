"""The rules of a security group, declared or in an account."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["NEVER_PUBLIC", "OUTBOUND", "WEB", "WIDE", "NetworkRule", "knows_protocol", "make_network_rule"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Ports on which a load balancer may face the internet.
WEB: Final = (80, 443)
#: Ports on which anybody on the internet may be asked.
OUTBOUND: Final = (53, 80, 123, 443)
#: Ports of remote administration and of databases, which are scanned for day and night.
NEVER_PUBLIC: Final = (22, 23, 135, 445, 1433, 1521, 2375, 2379, 3306, 3389, 5432, 5439, 5672, 5900, 5985, 6379, 8182,
                       9092, 9200, 11211, 27017)  # fmt: skip
#: More ports than this in one opening are a range somebody did not think about.
WIDE: Final = 100

_PRIVATE: Final = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                            "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10")))  # fmt: skip
#: Networks of the public internet at least this large are everybody: two halves of it are no smaller than the whole.
_WORLD: Final = {4: 8, 6: 16}
_NAMES: Final = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "50": "esp", "51": "ah"}
#: Protocols that AWS knows by a number alone go up to this one.
_LAST: Final = 255


@dataclass(frozen=True, slots=True)
class NetworkRule:
    """Ports that are open to some peers. Without a protocol of ports, all of them: ``first`` 0, ``last`` 65535."""

    protocol: str
    """``tcp``, ``udp``, ``icmp``, … or ``all``."""
    first: int
    last: int
    networks: tuple[Network, ...]
    itself: bool
    """Whether it is open to the members of the group itself."""
    lists: tuple[str, ...] = ()
    """Names of AWS's own prefix lists that it is open to."""
    unread: tuple[str, ...] = ()
    """Prefix lists that it is open to, and whose addresses are stated elsewhere."""

    def touches(self, *ports: int) -> tuple[int, ...]:
        """Return those of the ports that are open over TCP or UDP."""
        if self.protocol not in ("all", "tcp", "udp"):
            return ()
        return tuple(port for port in ports if self.first <= port <= self.last)

    @property
    def one_port(self) -> bool:
        """Whether a single port is open."""
        return self.first == self.last

    @property
    def wide(self) -> bool:
        """Whether more ports are open than somebody has thought about."""
        return self.last - self.first > WIDE

    @property
    def world(self) -> tuple[Network, ...]:
        """The networks that are the whole internet, or so much of it that it makes no difference."""
        return tuple(net for net in self.public if net.prefixlen <= _WORLD[net.version])

    @property
    def public(self) -> tuple[Network, ...]:
        """The networks that lie outside the private ranges."""
        return tuple(net for net in self.networks if not any(is_inside(net, private) for private in _PRIVATE))

    def takes_in(self, networks: Iterable[Network]) -> bool:
        """Whether one of the networks is let in as a whole."""
        return any(is_inside(each, net) for each in networks for net in self.networks)

    def __str__(self) -> str:
        ports = f" {self.first}" + ("" if self.one_port else f"-{self.last}")
        return f"{self.protocol}{ports if self.protocol in ('tcp', 'udp') else ''}"


def knows_protocol(protocol: str) -> bool:
    """Whether AWS takes a protocol: a name or a number, ``-1`` for all of them."""
    name = protocol.lower()
    return name in {*_NAMES, *_NAMES.values()} or (name.isdecimal() and int(name) <= _LAST)


def make_network_rule(
    protocol: str, ports: tuple[int, int], cidrs: Iterable[str], itself: bool, lists: Iterable[str] = ()
) -> NetworkRule:
    """Return an opening, given a protocol that AWS takes."""
    name = _NAMES.get(protocol.lower(), protocol.lower())
    first, last = ports if name in ("tcp", "udp") and ports != (-1, -1) else (0, 65535)
    networks = tuple(ipaddress.ip_network(cidr, strict=False) for cidr in cidrs)
    return NetworkRule(name, first, last, networks, itself, tuple(lists))


def is_inside(inner: Network, outer: Network) -> bool:
    """Whether a network is part of another, or the same."""
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # versions agree
