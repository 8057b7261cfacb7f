"""An emulated account that a load reached: a distribution, load balancers, and their metrics in CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..prodgate.facts.load.load_records import cell, record, stored
from ..prodgate.rehearsal.emulated import Account

HOST, GLOBAL = "www.example.com", "us-east-1"
#: The load begins 20 s before the first of its two whole minutes, and ends 20 s after the second.
STARTED = datetime(2026, 1, 5, 10, 0, 40, tzinfo=UTC)
MINUTES = tuple(datetime(2026, 1, 5, 10, minute, tzinfo=UTC) for minute in (1, 2))
ABOUT = {"id": "123456789012", "region": "ap-northeast-1", "foreign": ["other-*"], "unreadable": ""}
#: Requests of each minute, 100 a second.
EACH = 6_000


def run(**changes: Any) -> dict[str, Any]:
    """A run of 160 s and 100 requests a second, each answered in 100 ms, as the layer keeps it."""
    profile = {"name": "steady", "rate": 100.0, "duration": 160.0, "warm_up": 5.0, "timeout": 2.0}
    given = {"seconds": [cell(second, {1000: 100}) for second in range(160)], "profile": profile}
    requests = [{"name": "GET /search", "cacheable": False}, {"name": "GET /", "cacheable": True}]
    return stored(record(**{**given, "started": STARTED.isoformat(), "requests": requests, **changes}))


def distribution(account: Account, *names: str, comment: str = "site") -> str:
    """Make a distribution that serves names, and return its id."""
    server = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    origin = {"Id": "site", "DomainName": "lb.example.com", "CustomOriginConfig": server}
    behaviour = {"TargetOriginId": "site", "ViewerProtocolPolicy": "https-only"}
    config = {
        "CallerReference": comment, "Comment": comment, "Enabled": True, "PriceClass": "PriceClass_200",
        "Aliases": {"Quantity": len(names), "Items": list(names)}, "DefaultCacheBehavior": behaviour,
        "Origins": {"Quantity": 1, "Items": [origin]},
    }  # fmt: skip
    made = account("cloudfront", GLOBAL).create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])


def balancer(account: Account, name: str = "site", kind: str = "application") -> str:
    """Make a load balancer, and return CloudWatch's name of it."""
    ec2 = account("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    made = account("elbv2").create_load_balancer(Name=name, Subnets=[subnet], Type=kind)["LoadBalancers"][0]
    return str(made["LoadBalancerArn"].partition(":loadbalancer/")[2])


def tell(account: Account, metric: str, own: Mapping[str, str], at: datetime, **value: Any) -> None:
    """Let CloudWatch tell of a metric."""
    namespace, _, name = metric.rpartition(" ")
    region = GLOBAL if namespace == "AWS/CloudFront" else ""
    dimensions = [{"Name": key, "Value": stated} for key, stated in own.items()]
    datum = {"MetricName": name, "Dimensions": dimensions, "Timestamp": at + timedelta(seconds=7), **value}
    account("cloudwatch", region).put_metric_data(Namespace=namespace, MetricData=[datum])


def tell_of_distribution(account: Account, id_: str, *requests: int, errors: float = 0) -> None:
    """Let it count so many requests in each minute, and so many percent of them as errors."""
    own = {"DistributionId": id_, "Region": "Global"}
    for minute, count in zip(MINUTES, requests, strict=False):
        tell(account, "AWS/CloudFront Requests", own, minute, Value=count, Unit="None")
        tell(account, "AWS/CloudFront 5xxErrorRate", own, minute, Value=errors, Unit="Percent")


def tell_of_balancer(
    account: Account, name: str, *requests: int, errors: int = 0, took: Mapping[float, int] | None = None
) -> None:
    """Let it count so many requests in each minute, errors among them, which took targets so many seconds."""
    own = {"LoadBalancer": name}
    for minute, count in zip(MINUTES, requests, strict=False):
        times = {0.09: count} if took is None else took
        tell(account, "AWS/ApplicationELB RequestCount", own, minute, Value=count, Unit="Count")
        tell(
            account, "AWS/ApplicationELB TargetResponseTime", own, minute,
            Values=list(times), Counts=list(times.values()), Unit="Seconds",
        )  # fmt: skip
        if errors:
            tell(account, "AWS/ApplicationELB HTTPCode_Target_5XX_Count", own, minute, Value=errors, Unit="Count")
