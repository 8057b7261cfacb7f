"""The way around the edge: whether the load balancer answers those who come past CloudFront."""

from __future__ import annotations

from collections.abc import Iterator

from prodgate import Criterion, Resource, policy

from .network_rules import list_holders, list_ingress

LISTENERS = ("aws_lb_listener", "aws_alb_listener")
RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")


@policy(
    "PG_EDGE_16",
    criterion="waf-not-bypassable",
    resources=("aws_lb", "aws_alb"),
    remedy=(
        "Make the load balancer internal, behind a CloudFront VPC origin; or admit CloudFront's prefix list only, and "
        "forward only what carries a secret header that the distribution adds."
    ),
    required=True,
)
def balancers_answer_nobody_but_cloudfront(balancer: Resource, criterion: Criterion) -> None:
    """A load balancer is internal, or its security groups admit no public address, so that CloudFront is the way in.

    Open to the internet, its address is found by anybody who scans, and neither WAF nor cache nor log sees them.
    A prefix list is not an address: CloudFront's own is the one to admit. It serves all of CloudFront's customers, so a
    header that only this distribution sends must tell it from others.
    """
    if balancer.flag("internal"):
        return
    groups = balancer.related("security_groups", "aws_security_group")
    if not groups:
        raise criterion.undetermined("its security groups are declared elsewhere")
    holders = [holder for group in groups for holder in list_holders(group)]
    open_ = [str(net) for holder in holders for opening in list_ingress(holder) for net in opening.public]
    criterion.exclude(sorted(set(open_)), expected="no public address")
    unasked = [one.address for one in _list_forwarding(balancer) if not _asks_for_header(one)]
    criterion.exclude(unasked, expected="a condition http_header wherever it forwards")


def _list_forwarding(balancer: Resource) -> Iterator[Resource]:
    """Yield the listeners and rules of a load balancer that forward."""
    tree = balancer.configuration
    for listener in tree.naming(balancer, "load_balancer_arn", *LISTENERS):
        rules = tree.naming(listener, "listener_arn", *RULES)
        yield from (one for one in (listener, *rules) if _forwards(one))


def _forwards(way: Resource) -> bool:
    actions = way.blocks("default_action" if way.type in LISTENERS else "action")
    return any(action.text("type") == "forward" for action in actions)


def _asks_for_header(way: Resource) -> bool:
    return way.type in RULES and any(one.has("http_header") for one in way.blocks("condition"))
