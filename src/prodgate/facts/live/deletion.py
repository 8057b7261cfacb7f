"""What is protected against deletion, of that which production can't be without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...aws.account import Account
from .. import Fact
from ..observers import observes
from .databases import observe_databases


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Deletable(Fact):
    """A database or a load balancer. ``subject`` is its ARN."""

    protected: bool


@observes(Deletable)
def observe_deletable(account: Account) -> Iterator[Deletable]:
    """See the databases and the load balancers."""
    for database in account.once(observe_databases):
        yield Deletable(subject=database.subject, protected=database.deletion_protected)
    for arn, attributes in account.once(list_balancer_attributes):
        yield Deletable(subject=arn, protected=attributes.get("deletion_protection.enabled") == "true")


def list_balancer_attributes(account: Account) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the ARN of each load balancer with its attributes."""
    arns = [row["LoadBalancerArn"] for row in account.list("elbv2", "DescribeLoadBalancers", "LoadBalancers")]
    rows = account.each(
        lambda arn: account.get("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)["Attributes"], arns
    )
    for arn, listed in zip(arns, rows, strict=True):
        yield arn, {one["Key"]: one.get("Value", "") for one in listed}
