"""Groups of instances, and the zones that they are spread over."""

from collections.abc import Iterator
from dataclasses import dataclass

from prodgate.facts import Fact
from prodgate.facts.observers import Account, observes, reads

reads("autoscaling", "DescribeAutoScalingGroups")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Group(Fact):
    """A group of instances; ``subject`` is its ARN."""

    zones: frozenset[str]


@observes(Group)
def observe_groups(account: Account) -> Iterator[Group]:
    """Look at every group of the account and region."""
    for row in account.list("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups"):
        yield Group(subject=row["AutoScalingGroupARN"], zones=frozenset(row["AvailabilityZones"]))
