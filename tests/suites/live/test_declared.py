"""Ways to let the account and its Terraform drift apart, and the checks that see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .harness import Sabotage

Aws = Callable[..., Any]
OURS = {"System": "nba-news", "Environment": "prod", "ManagedBy": "terraform", "Owner": "platform"}
TAGS = [{"Key": key, "Value": value} for key, value in OURS.items()]


def silence(aws: Aws) -> None:
    """Take one of two actions from an alarm: it still tells somebody, and not as declared."""
    (alarm,) = aws("cloudwatch").describe_alarms(AlarmNames=["nba-news-prod-latency-p95"])["MetricAlarms"]
    unset = ("AlarmArn", "AlarmConfigurationUpdatedTimestamp", "StateReason", "StateValue", "StateUpdatedTimestamp")
    asked = {name: value for name, value in alarm.items() if name not in unset and not name.startswith("State")}
    aws("cloudwatch").put_metric_alarm(**{**asked, "OKActions": []})


SABOTAGES = (
    Sabotage(
        "an alarm whose end is not told as declared",
        breaks={"live-as-declared"},
        by=silence,
    ),
    Sabotage(
        "more tasks than are declared",
        breaks={"live-as-declared"},
        by=lambda aws: aws("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/nba-news-prod/nba-news-prod-api",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=3,
        ),
    ),
    Sabotage(
        "a certificate under our tags that nothing declares",
        breaks={"nothing-undeclared"},
        by=lambda aws: aws("acm").request_certificate(
            DomainName="trial.nba-news.example", ValidationMethod="DNS", Tags=TAGS
        ),
    ),
)
