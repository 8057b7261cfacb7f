"""Does the shop outlive a zone?"""

from facts.groups import Group

from prodgate import Criterion, check


@check("instances-in-two-zones", remedy="Name subnets of two zones in vpc_zone_identifier.")
def test_instances_are_in_two_zones(group: Group, criterion: Criterion) -> None:
    """Are the instances of this group spread over two zones?"""
    criterion.hold(len(group.zones) > 1, expected="two zones or more", observed=", ".join(sorted(group.zones)))
