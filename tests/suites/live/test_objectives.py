"""A month that went badly, and the checks that see it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from .harness import Aws, Sabotage

DAG = {"DAG": "nba_news_scraper", "Environment": "nba-news-prod"}


def report(aws: Aws, metric: str, own: dict[str, str], region: str = "", **told: Any) -> None:
    namespace, _, name = metric.rpartition(" ")
    stated = [{"Name": key, "Value": value} for key, value in own.items()]
    datum = {"MetricName": name, "Dimensions": stated, "Timestamp": datetime.now(UTC) - timedelta(days=3), **told}
    aws("cloudwatch", region).put_metric_data(Namespace=namespace, MetricData=[datum])


def balancer(aws: Aws) -> dict[str, str]:
    arn = aws("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    return {"LoadBalancer": arn.partition(":loadbalancer/")[2]}


def site(aws: Aws) -> dict[str, str]:
    found = aws("cloudfront", "us-east-1").list_distributions()["DistributionList"]["Items"][0]
    return {"DistributionId": found["Id"], "Region": "Global"}


def pass_the_cache_by(aws: Aws) -> None:
    own = site(aws)
    report(aws, "AWS/CloudFront Requests", own, "us-east-1", Value=5_000_000, Unit="None")
    report(aws, "AWS/CloudFront CacheHitRate", own, "us-east-1", Value=20, Unit="Percent")


def stop_the_traffic(aws: Aws) -> None:
    """Take a service from its load balancer, so that no traffic reached what a surge had added."""
    ecs = aws("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    service = ecs.list_services(cluster=cluster)["serviceArns"][0]
    ecs.update_service(cluster=cluster, service=service, loadBalancers=[])


SABOTAGES = (
    Sabotage(
        "answers were slow for days",
        {"latency-p95-in-production"},
        lambda aws: report(
            aws, "AWS/ApplicationELB TargetResponseTime", balancer(aws), Values=[1.5], Counts=[100_000], Unit="Seconds"
        ),
    ),
    Sabotage(
        "an outage of an hour",
        {"error-rate-in-production", "availability"},
        lambda aws: report(aws, "AWS/ApplicationELB HTTPCode_ELB_5XX_Count", balancer(aws), Value=900, Unit="Count"),
    ),
    Sabotage(
        "an hour in which nobody reached the site",
        {"availability"},
        lambda aws: report(
            aws,
            "CloudWatchSynthetics SuccessPercent",
            {"CanaryName": "nba-news-prod-visitor"},
            Values=[0.0],
            Counts=[12],
            Unit="Percent",
        ),
    ),
    Sabotage("a surge that no new task took", {"surge-scales-out", "services-healthy"}, stop_the_traffic),
    Sabotage("a surge that the cache did not answer", {"surge-cache-hit-rate"}, pass_the_cache_by),
    Sabotage(
        "an hour of Airflow workers without room",
        {"mwaa-worker-use"},
        lambda aws: report(
            aws,
            "AWS/MWAA CPUUtilization",
            {"Environment": "nba-news-prod", "Cluster": "BaseWorker"},
            Value=97,
            Unit="Percent",
        ),
    ),
    Sabotage(
        "a DAG that took three hours",
        {"mwaa-dag-durations"},
        lambda aws: report(aws, "AmazonMWAA DAGDurationSuccess", DAG, Value=10_800_000, Unit="Milliseconds"),
    ),
    Sabotage(
        "a scheduler that could not keep up",
        {"mwaa-schedule-delays"},
        lambda aws: report(aws, "AmazonMWAA DAGScheduleDelay", DAG, Value=900_000, Unit="Milliseconds"),
    ),
    Sabotage(
        "runs that failed all day",
        {"mwaa-task-failures"},
        lambda aws: report(
            aws, "AmazonMWAA DAGDurationFailed", DAG, Values=[60_000.0], Counts=[900], Unit="Milliseconds"
        ),
    ),
)
