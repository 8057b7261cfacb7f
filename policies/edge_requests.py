"""Requests that a load balancer and what is behind it could read differently, so that one smuggles in another."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy

SAFE_MODES = ("defensive", "strictest")


@policy(
    "PG_EDGE_20",
    criterion="malformed-requests-refused",
    resources=("aws_lb", "aws_alb", "aws_elb"),
    population=0,
    remedy='Set drop_invalid_header_fields = true, and desync_mitigation_mode = "defensive" or "strictest".',
)
def balancers_refuse_malformed_requests(balancer: Resource, criterion: Criterion) -> None:
    """Load balancers drop headers with names that are none, and refuse requests of two meanings.

    Unset means that such headers are passed on, and that requests are refused (defensive). Classic load balancers
    drop no headers.
    """
    classic = balancer.type == "aws_elb"
    if not classic and balancer.text("load_balancer_type", "application") != "application":
        raise criterion.not_applicable("passes on connections, and reads no request")
    mode = balancer.text("desync_mitigation_mode", "defensive")
    criterion.hold(mode in SAFE_MODES, expected="defensive or strictest", observed=mode, held=mode)
    dropped = classic or balancer.flag("drop_invalid_header_fields")
    criterion.hold(dropped, expected="drop_invalid_header_fields = true", observed="headers are passed on")
