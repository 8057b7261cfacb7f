"""The way around the edge: whether the load balancer answers those who come past CloudFront."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy

from .network_rules import INGRESS, group_of, list_ingress


@policy(
    "PG_EDGE_16",
    criterion="waf-not-bypassable",
    resources=("aws_lb",),
    remedy="Make the load balancer internal, behind a CloudFront VPC origin, or admit the prefix list of CloudFront.",
    required=True,
)
def balancers_answer_nobody_but_cloudfront(balancer: Resource, criterion: Criterion) -> None:
    """A load balancer is internal, or its security groups admit no public address, so that CloudFront is the way in.

    Open to the internet, its address is found by anybody who scans, and neither WAF nor cache nor log sees them.
    A prefix list is not an address: CloudFront's own is the one to admit.
    """
    if balancer.flag("internal"):
        return
    groups = balancer.related("security_groups", "aws_security_group")
    if not groups:
        raise criterion.undetermined("its security groups are declared elsewhere")
    holders = [one for one in balancer.configuration.of(*INGRESS) if group_of(one) in groups]
    open_ = [str(net) for holder in holders for opening in list_ingress(holder) for net in opening.public]
    criterion.hold(not open_, expected="no public address", observed=", ".join(sorted(set(open_))))
