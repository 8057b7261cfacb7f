"""A month of visitors, and one surge of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ..emulator.scaling import ACTIVITIES
from ..scenario import STAMP, Past, seeds

_EDGE: Final = "us-east-1"
_BALANCER: Final = "AWS/ApplicationELB"


@seeds("traffic")
def put_daily_traffic(section: Mapping[str, Any], past: Past) -> None:
    """Let each day of the past have its requests, some of which failed, and its visits by the canary."""
    for day in range(section["days"]):
        time = past.now - timedelta(days=day, hours=12)
        for balancer in past.resources_of("aws_lb").values():
            own = {"LoadBalancer": balancer["arn_suffix"]}
            counts = {
                "RequestCount": section["requests"],
                "HTTPCode_Target_5XX_Count": section["failed_by_targets"],
                "HTTPCode_ELB_5XX_Count": section["failed_by_the_balancer"],
            }
            for name, count in counts.items():
                past.report(f"{_BALANCER} {name}", own, time, Value=float(count), Unit="Count")
            values, times = [*map(float, section["seconds"])], [*map(float, section["seconds"].values())]
            past.report(f"{_BALANCER} TargetResponseTime", own, time, Values=values, Counts=times, Unit="Seconds")
        _put_traffic_at_the_edge(section, past, time)
        for canary in past.resources_of("aws_synthetics_canary").values():
            failed = section["visits_failed_in_the_month"] if day == 0 else 0
            visits = [float(section["visits"] - failed), float(failed)]
            told: dict[str, Any] = {"Values": [100.0, 0.0], "Counts": visits}
            own = {"CanaryName": canary["name"]}
            past.report("CloudWatchSynthetics SuccessPercent", own, time, Unit="Percent", **told)
        for environment in past.resources_of("aws_mwaa_environment").values():
            own = {"Environment": environment["name"], "Cluster": "BaseWorker"}
            past.report("AWS/MWAA CPUUtilization", own, time, Value=float(section["worker_percent"]), Unit="Percent")


def _put_traffic_at_the_edge(section: Mapping[str, Any], past: Past, time: datetime) -> None:
    edge, failed = {"region": _EDGE}, float(section["percent_failed_at_the_edge"])
    for site in past.resources_of("aws_cloudfront_distribution").values():
        own = {"DistributionId": site["id"], "Region": "Global"}
        past.report("AWS/CloudFront Requests", own, time, Value=float(section["at_the_edge"]), Unit="None", **edge)
        past.report("AWS/CloudFront 5xxErrorRate", own, time, Value=failed, Unit="Percent", **edge)


@seeds("surge")
def put_surge(section: Mapping[str, Any], past: Past) -> None:
    """Let many come at once, the cache answer most of them, and services grow for the rest."""
    start, tasks = past.ago(section["ago"]), section["tasks"]
    for site in past.resources_of("aws_cloudfront_distribution").values():
        own = {"DistributionId": site["id"], "Region": "Global"}
        edge = {"region": _EDGE}
        past.report("AWS/CloudFront Requests", own, start, Value=float(section["requests"]), Unit="None", **edge)
        past.report("AWS/CloudFront CacheHitRate", own, start, Value=section["hit_rate"], Unit="Percent", **edge)
    for number, service in enumerate(past.resources_of("aws_ecs_service").values()):
        name = f"service/{service['cluster'].rpartition('/')[2]}/{service['name']}"
        _record_scaling(past, name, number, start - timedelta(days=1), tasks["before"])
        _record_scaling(past, name, number + 100, start, tasks["after"])
    for balancer in past.resources_of("aws_lb").values():
        for group in past.resources_of("aws_lb_target_group").values():
            own = {"LoadBalancer": balancer["arn_suffix"], "TargetGroup": group["arn_suffix"]}
            time = start + timedelta(minutes=10)
            past.report(f"{_BALANCER} HealthyHostCount", own, time, Value=float(tasks["after"]), Unit="Count")
            past.report(f"{_BALANCER} RequestCount", own, time, Value=40000.0, Unit="Count")


def _record_scaling(past: Past, service: str, number: int, time: datetime, count: int) -> None:
    past.ledger("application-autoscaling").of(ACTIVITIES)[f"{STAMP}-{number}"] = {
        "ActivityId": f"{STAMP}-{number}",
        "ServiceNamespace": "ecs",
        "ResourceId": service,
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": f"Setting desired count to {count}.",
        "Cause": f"{STAMP}: monitor alarm in state ALARM triggered policy",
        "StartTime": time,
        "EndTime": time + timedelta(minutes=2),
        "StatusCode": "Successful",
    }
