"""Load balancers as AWS describes them, for observers of what they let in, log, measure and lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ...aws.account import Account
from ..observers import reads

reads("elbv2", "DescribeLoadBalancerAttributes", "DescribeLoadBalancers")


def list_balancers(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return every application, network or gateway load balancer."""
    return account.list("elbv2", "DescribeLoadBalancers", "LoadBalancers")


def list_doors(account: Account) -> list[Mapping[str, Any]]:
    """Return those that clients connect to: a gateway load balancer leads packets of networks to appliances.

    It has neither scheme nor security groups, and its listener states neither port nor protocol.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/gateway-load-balancers.html
    """
    return [one for one in list_balancers(account) if one.get("Type") != "gateway"]


def list_application_balancers(account: Account) -> list[Mapping[str, Any]]:
    """Return every application load balancer; one of which AWS states no type may be it."""
    return [one for one in list_balancers(account) if one.get("Type", "application") == "application"]


def metric_name(arn: str) -> str:
    """Return what CloudWatch calls a load balancer: ``app/NAME/ID``."""
    return arn.partition(":loadbalancer/")[2]


def read_attributes(account: Account, arn: str) -> Mapping[str, str]:
    """Return the attributes of a load balancer. Raises Absent and Unreadable."""
    listed = account.get("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)["Attributes"]
    return {one["Key"]: one.get("Value", "") for one in listed}


def list_balancer_attributes(account: Account) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the ARN of each load balancer, else its name, with its attributes, which may be deferred."""
    rows = list_balancers(account)
    unnamed = "a load balancer without LoadBalancerArn and LoadBalancerName"
    names = [row.get("LoadBalancerArn") or row.get("LoadBalancerName", unnamed) for row in rows]
    look = partial(account.defer, lambda row: read_attributes(account, row["LoadBalancerArn"]))
    yield from zip(names, account.each(look, rows), strict=True)
