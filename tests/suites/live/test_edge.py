"""Ways to spoil the distribution, and the checks that see it."""

import json
from collections.abc import Callable
from typing import Any

from .harness import Aws, Sabotage

STATIC = "nba-news-prod-static-123456789012"
GLOBAL = "us-east-1"


def change(aws: Aws, how: Callable[[dict[str, Any]], object]) -> None:
    cloudfront = aws("cloudfront", GLOBAL)
    (site,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    found = cloudfront.get_distribution_config(Id=site["Id"])
    how(found["DistributionConfig"])
    cloudfront.update_distribution(Id=site["Id"], IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"])


def serve_files_from_the_application(config: dict[str, Any]) -> None:
    for behaviour in config["CacheBehaviors"]["Items"]:
        behaviour["TargetOriginId"] = "load-balancer"


def send_the_application_elsewhere(config: dict[str, Any]) -> None:
    for origin in config["Origins"]["Items"]:
        if origin["Id"] == "load-balancer":
            origin["DomainName"] = "old-site.example.net"


def forget_access_control(config: dict[str, Any]) -> None:
    for origin in config["Origins"]["Items"]:
        origin["OriginAccessControlId"] = ""


def admit_every_distribution(aws: Aws) -> None:
    policy = json.loads(aws("s3").get_bucket_policy(Bucket=STATIC)["Policy"])
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow":
            statement.pop("Condition", None)
    aws("s3").put_bucket_policy(Bucket=STATIC, Policy=json.dumps(policy))


def vary_by_cookie(aws: Aws) -> None:
    cloudfront = aws("cloudfront", GLOBAL)
    listed = cloudfront.list_cache_policies(Type="custom")["CachePolicyList"]["Items"]
    (pages,) = [
        one["CachePolicy"] for one in listed if one["CachePolicy"]["CachePolicyConfig"]["Name"].endswith("-pages")
    ]
    config = pages["CachePolicyConfig"]
    config["ParametersInCacheKeyAndForwardedToOrigin"]["CookiesConfig"] = {"CookieBehavior": "all"}
    cloudfront.update_cache_policy(Id=pages["Id"], CachePolicyConfig=config)


SABOTAGES = (
    Sabotage(
        "a distribution that is switched off",
        breaks={"cdn-distribution"},
        by=lambda aws: change(aws, lambda config: config.update(Enabled=False)),
    ),
    Sabotage(
        "static files served by the application",
        breaks={"cdn-distribution"},
        by=lambda aws: change(aws, serve_files_from_the_application),
    ),
    Sabotage(
        "pages from a server outside",
        breaks={"cdn-distribution"},
        by=lambda aws: change(aws, send_the_application_elsewhere),
    ),
    Sabotage(
        "edge locations without Japan",
        breaks={"cdn-price-class"},
        by=lambda aws: change(aws, lambda config: config.update(PriceClass="PriceClass_100")),
    ),
    Sabotage(
        "files asked for unsigned",
        breaks={"cdn-origin-access"},
        by=lambda aws: change(aws, forget_access_control),
    ),
    Sabotage(
        "files for every distribution of anybody",
        breaks={"cdn-origin-access", "iam-resource-policies-closed"},
        by=admit_every_distribution,
    ),
    Sabotage("pages cached for each cookie", breaks={"cdn-caching"}, by=vary_by_cookie),
    Sabotage(
        "an answer in plain text",
        breaks={"https-only"},
        by=lambda aws: change(
            aws, lambda config: config["DefaultCacheBehavior"].update(ViewerProtocolPolicy="allow-all")
        ),
    ),
    Sabotage(
        "viewers may speak TLS 1.0",
        breaks={"tls-minimum-version"},
        by=lambda aws: change(aws, lambda config: config["ViewerCertificate"].update(MinimumProtocolVersion="TLSv1")),
    ),
)
