"""Ways to let the account and its Terraform drift apart, and the checks that see it."""

from .harness import Sabotage
from .test_alarms import change

OURS = {"System": "nba-news", "Environment": "prod", "ManagedBy": "terraform", "Owner": "platform"}
TAGS = [{"Key": key, "Value": value} for key, value in OURS.items()]


SABOTAGES = (
    Sabotage(
        "an alarm whose end is not told as declared",
        breaks={"live-as-declared"},
        by=lambda aws: change(aws, "latency-p95", OKActions=[]),
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
