"""Who can reach a load balancer without passing CloudFront."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes, reads
from .load_balancers import list_balancers
from .security_groups import read_openings

reads("ec2", "DescribeSecurityGroups")

#: AWS's managed prefix lists of the addresses from which CloudFront requests origins, for IPv4 and IPv6.
CLOUDFRONT: Final = (
    "com.amazonaws.global.cloudfront.origin-facing",
    "com.amazonaws.global.ipv6.cloudfront.origin-facing",
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FrontDoor(Fact):
    """A load balancer as a way in. ``subject`` is its ARN."""

    guarded: bool
    """Whether it has security groups at all."""
    strangers: tuple[str, ...]
    """Public networks and prefix lists of AWS that its groups admit although they are not CloudFront's."""


@observes(FrontDoor)
def observe_front_doors(account: Account) -> Iterator[FrontDoor]:
    """See every load balancer."""
    look = apart(FrontDoor, partial(_door, account), "LoadBalancerArn", "LoadBalancerName")
    yield from map(look, list_balancers(account))


def _door(account: Account, balancer: Mapping[str, Any]) -> FrontDoor:
    return FrontDoor(
        subject=balancer["LoadBalancerArn"],
        guarded=bool(balancer.get("SecurityGroups")),
        strangers=account.attempt(_list_strangers, account, balancer),
    )


def _list_strangers(account: Account, balancer: Mapping[str, Any]) -> tuple[str, ...]:
    rows = account.list("ec2", "DescribeSecurityGroups", "SecurityGroups")
    own = [row for row in rows if row["GroupId"] in balancer.get("SecurityGroups", ())]
    ways = [way for row in own for way in read_openings(account, row["GroupId"], row["IpPermissions"])]
    lists = {name for way in ways for name in way.lists if name not in CLOUDFRONT}
    return tuple(sorted({str(net) for way in ways for net in way.public} | lists))
