"""Where requests enter the system: distributions and load balancers, and their access logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes, reads
from .distributions import GLOBAL, list_distributions
from .load_balancers import list_application_balancers, read_attributes

reads("cloudfront", "GetDistributionConfig")
reads("logs", "DescribeDeliveries", "DescribeDeliverySources")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Entrance(Fact):
    """A distribution or an application load balancer; ``subject`` is its ARN."""

    access_log: str
    """Where its access log goes; empty if it writes none."""


@observes(Entrance)
def observe_entrances(account: Account) -> Iterator[Entrance]:
    """Look at every distribution and every load balancer."""
    for site in list_distributions(account):
        yield Entrance(subject=site["ARN"], access_log=account.attempt(_log_of_site, account, site))
    yield from account.each(
        apart(Entrance, partial(_balancer, account), "LoadBalancerArn", "LoadBalancerName"),
        list_application_balancers(account),
    )


def _balancer(account: Account, balancer: Mapping[str, Any]) -> Entrance:
    arn = balancer["LoadBalancerArn"]
    return Entrance(subject=arn, access_log=account.attempt(_log_of_balancer, account, arn))


def _log_of_balancer(account: Account, arn: str) -> str:
    stated = read_attributes(account, arn)
    return stated.get("access_logs.s3.bucket", "") if stated.get("access_logs.s3.enabled") == "true" else ""


def _log_of_site(account: Account, site: Mapping[str, Any]) -> str:
    """Return the bucket of standard logging (legacy), else the destination of a log delivery (v2)."""
    config = account.get("cloudfront", "GetDistributionConfig", region=GLOBAL, Id=site["Id"])["DistributionConfig"]
    logging = config.get("Logging") or {}
    if logging.get("Enabled"):
        return str(logging["Bucket"])
    sources = account.list("logs", "DescribeDeliverySources", "deliverySources", region=GLOBAL)
    own = {one["name"] for one in sources if site["ARN"] in one["resourceArns"] and one["logType"] == "ACCESS_LOGS"}
    deliveries = account.list("logs", "DescribeDeliveries", "deliveries", region=GLOBAL)
    return next((one["deliveryDestinationArn"] for one in deliveries if one["deliverySourceName"] in own), "")
