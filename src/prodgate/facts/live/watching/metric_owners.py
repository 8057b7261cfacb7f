"""Owners of metrics: the resources of the account that a dimension can name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ....aws.account import Account
from ...observers import reads
from ..distributions import list_distributions
from ..load_balancers import list_balancers, metric_name

reads("ecs", "ListClusters", "ListServices")
reads("elbv2", "DescribeTargetGroups")
reads("lambda", "ListFunctions")
reads("mwaa", "ListEnvironments")
reads("rds", "DescribeDBClusters", "DescribeDBInstances")
reads("sns", "ListTopics")
reads("sqs", "ListQueues")
reads("synthetics", "DescribeCanaries")


def find_owners(account: Account, namespace: str, dimension: str) -> frozenset[str] | None:
    """Return every value of a dimension that names something in the account; None if that is not known here.

    Raises Unreadable.
    """
    look = _OWNERS.get((namespace, dimension))
    return None if look is None else frozenset(look(account))


def _list_field(service: str, operation: str, key: str, name: str) -> Callable[[Account], Iterator[str]]:
    """Return a function that lists resources and yields one field of each."""

    def look(account: Account) -> Iterator[str]:
        yield from (one[name] for one in account.list(service, operation, key))

    return look


def _list_last_parts(
    service: str, operation: str, key: str, name: str = "", after: str = "/"
) -> Callable[[Account], Iterator[str]]:
    """Return a function that lists ARNs, or resources with one under ``name``, and yields their last parts."""

    def look(account: Account) -> Iterator[str]:
        for one in account.list(service, operation, key):
            arn: Any = one[name] if name else one
            yield arn.rpartition(after)[2]

    return look


def _services(account: Account) -> Iterator[str]:
    for cluster in account.list("ecs", "ListClusters", "clusterArns"):
        for arn in account.list("ecs", "ListServices", "serviceArns", cluster=cluster):
            yield arn.rpartition("/")[2]


def find_balancers_of(account: Account, target_group: str) -> frozenset[str]:
    """Return the load balancers of a target group; both have the names that metrics use."""
    listed = account.list("elbv2", "DescribeTargetGroups", "TargetGroups")
    own = [one for one in listed if one["TargetGroupArn"].rpartition(":")[2] == target_group]
    return frozenset(metric_name(arn) for one in own for arn in one.get("LoadBalancerArns", ()))


def _list_load_balancers(account: Account) -> Iterator[str]:
    yield from (metric_name(balancer["LoadBalancerArn"]) for balancer in list_balancers(account))


def _distributions(account: Account) -> Iterator[str]:
    yield from (site["Id"] for site in list_distributions(account))


def _environments(account: Account) -> Iterator[str]:
    yield from account.list("mwaa", "ListEnvironments", "Environments")


_OWNERS: Final[Mapping[tuple[str, str], Callable[[Account], Iterator[str]]]] = {
    ("AWS/ECS", "ClusterName"): _list_last_parts("ecs", "ListClusters", "clusterArns"),
    ("AWS/ECS", "ServiceName"): _services,
    ("AWS/ApplicationELB", "LoadBalancer"): _list_load_balancers,
    ("AWS/ApplicationELB", "TargetGroup"): _list_last_parts(
        "elbv2", "DescribeTargetGroups", "TargetGroups", "TargetGroupArn", ":"
    ),
    ("AWS/RDS", "DBClusterIdentifier"): _list_field("rds", "DescribeDBClusters", "DBClusters", "DBClusterIdentifier"),
    ("AWS/RDS", "DBInstanceIdentifier"): _list_field(
        "rds", "DescribeDBInstances", "DBInstances", "DBInstanceIdentifier"
    ),
    ("AWS/MWAA", "Environment"): _environments,
    ("AmazonMWAA", "Environment"): _environments,
    ("AWS/SQS", "QueueName"): _list_last_parts("sqs", "ListQueues", "QueueUrls"),
    ("AWS/SNS", "TopicName"): _list_last_parts("sns", "ListTopics", "Topics", "TopicArn", ":"),
    ("AWS/CloudFront", "DistributionId"): _distributions,
    ("CloudWatchSynthetics", "CanaryName"): _list_field("synthetics", "DescribeCanaries", "Canaries", "Name"),
    ("AWS/Lambda", "FunctionName"): _list_field("lambda", "ListFunctions", "Functions", "FunctionName"),
}
