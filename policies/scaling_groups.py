"""Groups of instances that grow, shrink and replace what is ill."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy

#: Arguments of a group that name what gives traffic to it.
GIVING_TRAFFIC = ("load_balancers", "target_group_arns")


@policy(
    "PG_DEP_12",
    criterion="unhealthy-instances-replaced",
    resources=("aws_autoscaling_group",),
    population=0,
    remedy='Set health_check_type = "ELB".',
)
def groups_ask_their_load_balancer(group: Resource, criterion: Criterion) -> None:
    """A group behind a load balancer replaces the instances that it finds unhealthy.

    Unset means that an instance is replaced when its machine fails, and stays when the program on it does.
    """
    attached = group.configuration.naming(group, "autoscaling_group_name", "aws_autoscaling_attachment")
    sources = group.configuration.naming(group, "autoscaling_group_name", "aws_autoscaling_traffic_source_attachment")
    named = any(name in group.references or group.has(name) for name in GIVING_TRAFFIC)
    if not (attached or sources or named or group.blocks("traffic_source")):
        raise criterion.not_applicable("is behind no load balancer")
    kinds = [each for each in (group.text("health_check_type") or "EC2").split(",") if each]
    criterion.hold("ELB" in kinds, expected="ELB", observed=", ".join(kinds), held=", ".join(kinds))
