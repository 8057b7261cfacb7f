"""Load balancers: target groups, listeners and their rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags

#: Arguments that the load balancer keeps as attributes.
BALANCER = {
    "enable_deletion_protection": "deletion_protection.enabled",
    "enable_http2": "routing.http2.enabled",
    "enable_zonal_shift": "zonal_shift.config.enabled",
    "enable_cross_zone_load_balancing": "load_balancing.cross_zone.enabled",
    "enable_waf_fail_open": "waf.fail_open.enabled",
    "drop_invalid_header_fields": "routing.http.drop_invalid_header_fields.enabled",
    "desync_mitigation_mode": "routing.http.desync_mitigation_mode",
    "preserve_host_header": "routing.http.preserve_host_header.enabled",
    "xff_header_processing_mode": "routing.http.xff_header_processing.mode",
    "idle_timeout": "idle_timeout.timeout_seconds",
}
TARGET_GROUP = {
    "deregistration_delay": "deregistration_delay.timeout_seconds",
    "load_balancing_algorithm_type": "load_balancing.algorithm.type",
    "load_balancing_cross_zone_enabled": "load_balancing.cross_zone.enabled",
    "slow_start": "slow_start.duration_seconds",
}
LISTENER = {
    "routing_http_response_server_enabled": "routing.http.response.server.enabled",
    "tcp_idle_timeout_seconds": "tcp.idle_timeout.seconds",
}


def _attributes(declared: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, str]]:
    found = {key: declared[argument] for argument, key in names.items() if declared.get(argument) is not None}
    return [{"Key": key, "Value": _text(value)} for key, value in found.items()]


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


@creates("aws_lb", "aws_alb")
def balancer(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a load balancer."""
    elb = aws("elbv2")
    made = elb.create_load_balancer(
        Name=declared["name"],
        Scheme="internal" if declared["internal"] else "internet-facing",
        Type=declared["load_balancer_type"] or "application",
        **omit_empty(
            Tags=tags(declared),
            Subnets=declared["subnets"],
            SecurityGroups=declared["security_groups"],
            IpAddressType=declared["ip_address_type"],
        ),
    )["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    attributes = _attributes(declared, BALANCER) + list(_logs(declared))
    if attributes:
        elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)
    return {
        "id": arn,
        "arn": arn,
        "arn_suffix": arn.partition(":loadbalancer/")[2],
        "dns_name": made["DNSName"],
        "zone_id": made["CanonicalHostedZoneId"],
        "vpc_id": made["VpcId"],
    }


def _logs(declared: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for kind in ("access_logs", "connection_logs"):
        for block in declared[kind] or ():
            yield {"Key": f"{kind}.s3.enabled", "Value": _text(bool(block["enabled"]))}
            for name in ("bucket", "prefix"):
                if block[name]:
                    yield {"Key": f"{kind}.s3.{name}", "Value": block[name]}


@creates("aws_lb_target_group", "aws_alb_target_group")
def target_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a target group."""
    elb = aws("elbv2")
    made = elb.create_target_group(
        Name=declared["name"],
        **omit_empty(
            Tags=tags(declared),
            VpcId=declared["vpc_id"],
            TargetType=declared["target_type"],
            Port=declared["port"],
            Protocol=declared["protocol"],
            ProtocolVersion=declared["protocol_version"],
        ),
        **_health_check(declared),
    )["TargetGroups"][0]
    arn = made["TargetGroupArn"]
    if attributes := _attributes(declared, TARGET_GROUP):
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
    return {"id": arn, "arn": arn, "arn_suffix": arn.rpartition(":")[2]}


def _health_check(declared: Mapping[str, Any]) -> dict[str, Any]:
    for block in declared["health_check"] or ():
        matcher = block["matcher"]
        return omit_empty(
            HealthCheckEnabled=block["enabled"],
            HealthCheckProtocol=block["protocol"],
            HealthCheckPath=block["path"],
            HealthCheckPort=block["port"],
            HealthCheckIntervalSeconds=block["interval"],
            HealthCheckTimeoutSeconds=block["timeout"],
            HealthyThresholdCount=block["healthy_threshold"],
            UnhealthyThresholdCount=block["unhealthy_threshold"],
            Matcher={"HttpCode": matcher} if matcher else None,
        )
    return {}


@creates("aws_lb_listener", "aws_alb_listener")
def listener(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a listener."""
    elb, certificate = aws("elbv2"), declared["certificate_arn"]
    made = elb.create_listener(
        LoadBalancerArn=declared["load_balancer_arn"],
        DefaultActions=_actions(declared["default_action"]),
        **omit_empty(
            Tags=tags(declared),
            Port=declared["port"],
            Protocol=declared["protocol"],
            SslPolicy=declared["ssl_policy"],
            Certificates=[{"CertificateArn": certificate}] if certificate else None,
        ),
    )["Listeners"][0]
    arn = made["ListenerArn"]
    if attributes := _attributes(declared, LISTENER):
        elb.modify_listener_attributes(ListenerArn=arn, Attributes=attributes)
    return {"id": arn, "arn": arn}


@creates("aws_lb_listener_rule", "aws_alb_listener_rule")
def listener_rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add a rule to a listener."""
    made = aws("elbv2").create_rule(
        ListenerArn=declared["listener_arn"],
        Priority=declared["priority"],
        Conditions=[one for block in declared["condition"] or () for one in _conditions(block)],
        Actions=_actions(declared["action"]),
        **omit_empty(Tags=tags(declared)),
    )["Rules"][0]
    return {"id": made["RuleArn"], "arn": made["RuleArn"]}


def _actions(blocks: Any) -> list[dict[str, Any]]:
    return [
        omit_empty(
            Type=block["type"],
            Order=block.get("order") or number,
            TargetGroupArn=block.get("target_group_arn"),
            ForwardConfig=next(map(_forward, block.get("forward") or ()), None),
            RedirectConfig=next(map(_redirect, block.get("redirect") or ()), None),
            FixedResponseConfig=next(map(_response, block.get("fixed_response") or ()), None),
        )
        for number, block in enumerate(blocks or (), 1)
    ]


def _forward(block: Mapping[str, Any]) -> dict[str, Any]:
    groups = [omit_empty(TargetGroupArn=one["arn"], Weight=one["weight"]) for one in block["target_group"]]
    return {"TargetGroups": groups}


def _redirect(block: Mapping[str, Any]) -> dict[str, Any]:
    kept = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}", "Port": "#{port}", "Protocol": "#{protocol}"}
    said = {name: block.get(name.lower()) or usual for name, usual in kept.items()}
    return {**said, "StatusCode": block["status_code"]}


def _response(block: Mapping[str, Any]) -> dict[str, Any]:
    return omit_empty(
        ContentType=block["content_type"], MessageBody=block["message_body"], StatusCode=block["status_code"] or "200"
    )


def _conditions(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in block.get("path_pattern") or ():
        yield {"Field": "path-pattern", "PathPatternConfig": {"Values": one["values"]}}
    for one in block.get("host_header") or ():
        yield {"Field": "host-header", "HostHeaderConfig": {"Values": one["values"]}}
    for one in block.get("source_ip") or ():
        yield {"Field": "source-ip", "SourceIpConfig": {"Values": one["values"]}}
    for one in block.get("http_header") or ():
        named = {"HttpHeaderName": one["http_header_name"], "Values": one["values"]}
        yield {"Field": "http-header", "HttpHeaderConfig": named}
