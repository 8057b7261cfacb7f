"""Who can reach a load balancer without passing CloudFront, or by a distribution that is somebody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes, reads
from .distributions import items, list_distributions
from .listeners import list_listeners
from .load_balancers import list_doors
from .security_groups import read_openings

reads("ec2", "DescribeSecurityGroups")
reads("elbv2", "DescribeRules")

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
    unasked: tuple[str, ...]
    """Ways through it that ask for no header that only the account's own distributions send; none if it is internal."""


@observes(FrontDoor)
def observe_front_doors(account: Account) -> Iterator[FrontDoor]:
    """See every load balancer that clients connect to."""
    look = apart(FrontDoor, partial(_door, account), "LoadBalancerArn", "LoadBalancerName")
    yield from map(look, list_doors(account))


def _door(account: Account, balancer: Mapping[str, Any]) -> FrontDoor:
    return FrontDoor(
        subject=balancer["LoadBalancerArn"],
        guarded=bool(balancer.get("SecurityGroups")),
        strangers=account.attempt(_list_strangers, account, balancer),
        unasked=account.attempt(_list_unasked, account, balancer),
    )


def _list_strangers(account: Account, balancer: Mapping[str, Any]) -> tuple[str, ...]:
    rows = account.list("ec2", "DescribeSecurityGroups", "SecurityGroups")
    own = [row for row in rows if row["GroupId"] in balancer.get("SecurityGroups", ())]
    ways = [way for row in own for way in read_openings(account, row["GroupId"], row["IpPermissions"])]
    lists = {name for way in ways for name in way.lists if name not in CLOUDFRONT}
    return tuple(sorted({str(net) for way in ways for net in way.public} | lists))


def _list_unasked(account: Account, balancer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ways on which any distribution of CloudFront gets through.

    The prefix list holds the addresses that CloudFront uses for all its customers: a distribution that anybody makes
    comes from there, without a WAF of ours. Only a header that it can't know tells them apart, or a VPC origin.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
    """
    if balancer["Scheme"] == "internal":
        return ()
    if balancer["Type"] != "application":
        return (f"a {balancer['Type']} load balancer, which reads no headers",)
    own = [one for one in list_listeners(account) if one["LoadBalancerArn"] == balancer["LoadBalancerArn"]]
    return tuple(way for listener in own for way in _list_open_rules(account, listener))


def _list_open_rules(account: Account, listener: Mapping[str, Any]) -> Iterator[str]:
    secret = {
        header["HeaderName"].lower()
        for site in list_distributions(account)
        for origin in items(site, "Origins")
        for header in items(origin, "CustomHeaders")
    }
    for rule in account.list("elbv2", "DescribeRules", "Rules", ListenerArn=listener["ListenerArn"]):
        asked = [one.get("HttpHeaderConfig") or {} for one in rule.get("Conditions") or ()]
        known = any(one.get("HttpHeaderName", "").lower() in secret and _asks_for_values(one) for one in asked)
        if not known and any(action["Type"] == "forward" for action in rule["Actions"]):
            yield f"rule {rule['Priority']} of port {listener['Port']}"


def _asks_for_values(condition: Mapping[str, Any]) -> bool:
    """Whether a condition on a header asks for values, which are not shown here; ``*`` is any, an expression may be.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HttpHeaderConditionConfig.html
    """
    values = condition.get("Values") or ()
    return bool(values) and all(one.strip("*?") for one in values) and not condition.get("RegexValues")
