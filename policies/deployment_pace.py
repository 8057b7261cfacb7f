"""How much of a service a deployment may take at once."""

from prodgate import Criterion, Resource, policy


@policy(
    "PG_DEP_11",
    criterion="deployment-keeps-capacity",
    resources=("aws_codedeploy_deployment_group",),
    population=0,
    remedy="Choose CodeDeployDefault.HalfAtATime or OneAtATime, or deploy blue/green.",
)
def not_all_instances_are_replaced_at_once(group: Resource, criterion: Criterion) -> None:
    """No deployment in place takes all instances out of service at the same time."""
    styles = [one.text("deployment_type", "IN_PLACE") for one in group.blocks("deployment_style")]
    if "BLUE_GREEN" in styles:
        raise criterion.not_applicable("the old instances stay until the new ones serve")
    chosen = group.text("deployment_config_name")
    ok = chosen != "CodeDeployDefault.AllAtOnce"
    criterion.hold(ok, expected="some at a time", observed=chosen)
