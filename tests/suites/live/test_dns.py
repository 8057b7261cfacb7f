"""Ways to lead readers astray, and the checks that see it."""

from .harness import Aws, Sabotage
from .test_edge import change

CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"


def change_record(aws: Aws, action: str, name: str, kind: str, target: str = "") -> None:
    """Change an alias in the public zone; without a target, to where it points now."""
    zones = aws("route53").list_hosted_zones()["HostedZones"]
    (zone,) = [one["Id"] for one in zones if not one["Config"]["PrivateZone"]]
    records = aws("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    now = [one for one in records if (one["Name"], one["Type"]) == (f"{name}.", kind)]
    alias = {"HostedZoneId": CLOUDFRONT_ZONE, "DNSName": target, "EvaluateTargetHealth": False}
    record = {"Name": name, "Type": kind, "AliasTarget": alias} if target else now[0]
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


SABOTAGES = (
    Sabotage(
        "a name that leads to another distribution",
        breaks={"dns-points-at-distribution"},
        by=lambda aws: change_record(aws, "UPSERT", "nba-news.example", "A", "d0ld0ld0ld0ld.cloudfront.net"),
    ),
    Sabotage(
        "no address for readers with IPv6",
        breaks={"dns-points-at-distribution"},
        by=lambda aws: change_record(aws, "DELETE", "www.nba-news.example", "AAAA"),
    ),
    Sabotage(
        "a name that points at a distribution of nobody",
        breaks={"dns-points-at-distribution"},
        by=lambda aws: change_record(aws, "CREATE", "beta.nba-news.example", "A", "d0ld0ld0ld0ld.cloudfront.net"),
    ),
    Sabotage(
        "a name that the distribution does not list",
        breaks={"dns-points-at-distribution"},
        by=lambda aws: change(
            aws, lambda config: config.update(Aliases={"Quantity": 1, "Items": ["nba-news.example"]})
        ),
    ),
)
