"""What remains of a request: the access logs of distributions and load balancers."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy


@policy(
    "PG_EDGE_7",
    criterion="access-logs",
    resources=("aws_cloudfront_distribution", "aws_lb", "aws_alb", "aws_elb"),
    remedy=(
        "Deliver the access log: logging_config or a log delivery source for a distribution, access_logs for a "
        "load balancer."
    ),
    population=0,
)
def entrances_write_access_logs(entrance: Resource, criterion: Criterion) -> None:
    """Every distribution and load balancer writes an access log.

    Off by default on both. Without it nobody can say afterwards who asked for what. A network load balancer knows
    requests over TLS alone: it is asked where a listener for them is declared, or where it states a log and none of
    its listeners is.
    """
    if _sees_no_requests(entrance):
        raise criterion.not_applicable("a network load balancer logs requests over TLS, and has no listener for them")
    if entrance.type != "aws_cloudfront_distribution":
        classic = entrance.type == "aws_elb"  # which writes the log that is stated, unless told not to
        logging = any(one.flag("enabled", classic) for one in entrance.blocks("access_logs"))
    else:
        logging = any(one.has("bucket") for one in entrance.blocks("logging_config")) or _is_delivered(entrance)
    criterion.hold(logging, expected="an access log", observed="none")


def _sees_no_requests(entrance: Resource) -> bool:
    if entrance.type not in ("aws_lb", "aws_alb") or entrance.text("load_balancer_type") != "network":
        return False
    listeners = entrance.configuration.naming(entrance, "load_balancer_arn", "aws_lb_listener", "aws_alb_listener")
    if not listeners:
        return not entrance.blocks("access_logs")
    return all(one.text("protocol") != "TLS" for one in listeners)


def _is_delivered(entrance: Resource) -> bool:
    """Whether a source of logs names the entrance, and a delivery that source: one without the other writes nothing."""
    tree = entrance.configuration
    sources = tree.naming(entrance, "resource_arn", "aws_cloudwatch_log_delivery_source")
    return any(tree.naming(one, "delivery_source_name", "aws_cloudwatch_log_delivery") for one in sources)
