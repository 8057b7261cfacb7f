"""How load balancers find out which targets can serve."""

from prodgate import Criterion, Resource, policy

GROUPS = ("aws_lb_target_group", "aws_alb_target_group")


@policy(
    "PG_DEP_6",
    criterion="deployment-keeps-capacity",
    resources=GROUPS,
    remedy=(
        "Check a path that answers 200 only when the application can serve, with a matcher of successes (200, or "
        "200-299)."
    ),
    population=0,
)
def targets_take_traffic_when_they_can_serve(group: Resource, criterion: Criterion) -> None:
    """Only targets that answer their health check with success take traffic.

    A matcher that admits 4xx calls a task healthy that has lost its routes, its database or its configuration. Where
    nothing is said, / must answer 200.
    """
    by_http, check = group.text("protocol", "HTTP") in ("HTTP", "HTTPS"), group.block("health_check")
    criterion.hold(check is None or check.flag("enabled", True), expected="enabled", observed="disabled")
    if not by_http:
        return
    stated = (check.text("matcher") if check else None) or "200"
    codes = [int(code) for part in stated.split(",") for code in part.split("-")]
    criterion.hold(all(200 <= code < 400 for code in codes), expected="success", observed=stated, held=stated)


@policy(
    "PG_DEP_13",
    criterion="deployment-health-checks-stated",
    resources=GROUPS,
    remedy="Write a health_check with the path that answers 200 only when the application can serve.",
    population=0,
)
def target_groups_state_their_health_check(group: Resource, criterion: Criterion) -> None:
    """Target groups state the health check of their application. Unset, AWS asks whether / answers 200."""
    stated = bool(group.blocks("health_check"))
    criterion.hold(stated, expected="a health check of the application", observed="the default on /")
