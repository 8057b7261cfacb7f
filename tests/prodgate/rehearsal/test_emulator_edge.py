"""What the emulator says of the edge as AWS would: CloudFront, certificates, DNSSEC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.prodgate.rehearsal.emulated import Account

pytestmark = pytest.mark.xdist_group("emulator")
GLOBAL = "us-east-1"
BEHAVIOUR = {"TargetOriginId": "site", "ViewerProtocolPolicy": "https-only", "CachePolicyId": "own"}


def config(reference: str, *names: str) -> dict[str, Any]:
    origin = {
        "Id": "site", "DomainName": "internal.elb.amazonaws.com",
        "VpcOriginConfig": {"VpcOriginId": "vo_1", "OriginReadTimeout": 30},
    }  # fmt: skip
    return {
        "CallerReference": reference, "Comment": reference, "Enabled": True, "PriceClass": "PriceClass_200",
        "Aliases": {"Quantity": len(names), "Items": list(names)}, "WebACLId": "arn:aws:wafv2:acl",
        "Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": BEHAVIOUR, "IsIPV6Enabled": True,
    }  # fmt: skip


def refusal(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_a_distribution_is_kept_whole_and_tagged(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    tagged = {"DistributionConfig": config("one", "a.example"), "Tags": {"Items": [{"Key": "System", "Value": "x"}]}}
    made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=tagged)["Distribution"]
    (listed,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert listed["Origins"]["Items"][0]["VpcOriginConfig"] == {"VpcOriginId": "vo_1", "OriginReadTimeout": 30}
    assert (listed["Status"], listed["WebACLId"], listed["DefaultCacheBehavior"]["CachePolicyId"]) == (
        "Deployed", "arn:aws:wafv2:acl", "own",
    )  # fmt: skip
    assert cloudfront.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"][0]["Value"] == "x"


def test_a_distribution_is_changed_whole_and_is_gone_when_deleted(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    made = cloudfront.create_distribution(DistributionConfig=config("one", "a.example"))
    id_ = made["Distribution"]["Id"]
    found = cloudfront.get_distribution_config(Id=id_)
    changed = {**found["DistributionConfig"], "PriceClass": "PriceClass_100"}
    cloudfront.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=changed)
    assert cloudfront.get_distribution(Id=id_)["Distribution"]["DistributionConfig"] == changed
    assert cloudfront.get_distribution_config(Id=id_)["DistributionConfig"] == changed
    cloudfront.delete_distribution(Id=id_, IfMatch=found["ETag"])
    assert cloudfront.list_distributions()["DistributionList"]["Quantity"] == 0
    with refusal("NoSuchDistribution"):
        cloudfront.get_distribution_config(Id=id_)


def test_two_distributions_do_not_serve_one_name(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    cloudfront.create_distribution(DistributionConfig=config("one", "a.example"))
    with refusal("CNAMEAlreadyExists"):
        cloudfront.create_distribution(DistributionConfig=config("two", "b.example", "a.example"))


def test_policies_of_behaviours_are_kept(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    cached_by = {"EnableAcceptEncodingGzip": True, "CookiesConfig": {"CookieBehavior": "none"},
                 "HeadersConfig": {"HeaderBehavior": "none"},
                 "QueryStringsConfig": {"QueryStringBehavior": "all"}}  # fmt: skip
    asked = {"Name": "pages", "MinTTL": 0, "DefaultTTL": 60, "ParametersInCacheKeyAndForwardedToOrigin": cached_by}
    made = cloudfront.create_cache_policy(CachePolicyConfig=asked)["CachePolicy"]
    (listed,) = cloudfront.list_cache_policies()["CachePolicyList"]["Items"]
    assert listed["Type"] == "custom"
    assert listed["CachePolicy"]["CachePolicyConfig"] == asked
    cloudfront.update_cache_policy(Id=made["Id"], CachePolicyConfig={**asked, "DefaultTTL": 0})
    found = cloudfront.get_cache_policy(Id=made["Id"])["CachePolicy"]["CachePolicyConfig"]
    assert found["DefaultTTL"] == 0
    with refusal("CachePolicyAlreadyExists"):
        cloudfront.create_cache_policy(CachePolicyConfig=asked)
    with refusal("NoSuchResponseHeadersPolicy"):
        cloudfront.get_response_headers_policy(Id="none")


def test_metrics_and_the_way_into_the_network_are_kept(account: Account) -> None:
    cloudfront = account("cloudfront", GLOBAL)
    id_ = cloudfront.create_distribution(DistributionConfig=config("one"))["Distribution"]["Id"]
    with refusal("NoSuchMonitoringSubscription"):
        cloudfront.get_monitoring_subscription(DistributionId=id_)
    wanted = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    cloudfront.create_monitoring_subscription(DistributionId=id_, MonitoringSubscription=wanted)
    assert cloudfront.get_monitoring_subscription(DistributionId=id_)["MonitoringSubscription"] == wanted
    endpoint = {"Name": "lb", "Arn": "arn:lb", "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    made = cloudfront.create_vpc_origin(VpcOriginEndpointConfig=endpoint)["VpcOrigin"]
    assert cloudfront.get_vpc_origin(Id=made["Id"])["VpcOrigin"]["VpcOriginEndpointConfig"] == endpoint


def test_a_certificate_validated_through_dns_is_issued_for_thirteen_months(account: Account) -> None:
    acm, now = account("acm", GLOBAL), datetime.now(UTC)
    asked = {"DomainName": "a.example", "SubjectAlternativeNames": ["a.example", "www.a.example"]}
    arn = acm.request_certificate(**asked, ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")["CertificateArn"]
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (found["Status"], found["KeyAlgorithm"]) == ("ISSUED", "EC_prime256v1")
    assert found["SubjectAlternativeNames"] == ["a.example", "www.a.example"]
    assert timedelta(days=390) < found["NotAfter"] - now < timedelta(days=400)
    assert {one["ValidationMethod"] for one in found["DomainValidationOptions"]} == {"DNS"}


def test_a_certificate_validated_by_mail_waits_for_somebody(account: Account) -> None:
    acm = account("acm", GLOBAL)
    arn = acm.request_certificate(DomainName="a.example", ValidationMethod="EMAIL")["CertificateArn"]
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "PENDING_VALIDATION"


def test_certificates_with_other_keys_are_listed_when_asked_for(account: Account) -> None:
    acm = account("acm", GLOBAL)
    acm.request_certificate(DomainName="a.example", ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")
    assert acm.list_certificates()["CertificateSummaryList"] == []
    (listed,) = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    assert listed["DomainName"] == "a.example"


def test_a_zone_is_signed_with_a_key(account: Account) -> None:
    route53 = account("route53")
    zone = route53.create_hosted_zone(Name="a.example", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    with refusal("KeySigningKeyWithActiveStatusNotFound"):
        route53.enable_hosted_zone_dnssec(HostedZoneId=zone)
    named = {"Name": "ksk", "KeyManagementServiceArn": "arn:aws:kms:us-east-1:123456789012:key/1"}
    route53.create_key_signing_key(HostedZoneId=zone, CallerReference="1", Status="ACTIVE", **named)
    route53.enable_hosted_zone_dnssec(HostedZoneId=zone)
    found = route53.get_dnssec(HostedZoneId=zone)
    assert found["Status"]["ServeSignature"] == "SIGNING"
    assert [key["Name"] for key in found["KeySigningKeys"]] == ["ksk"]


def test_queries_are_logged_to_a_group_by_its_own_arn(account: Account) -> None:
    route53, logs = account("route53"), account("logs", GLOBAL)
    zone = route53.create_hosted_zone(Name="a.example", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    logs.create_log_group(logGroupName="/aws/route53/a.example")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/a.example"
    route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=arn)
    (found,) = route53.list_query_logging_configs()["QueryLoggingConfigs"]
    assert found["CloudWatchLogsLogGroupArn"] == arn


def test_performance_insights_are_remembered(account: Account) -> None:
    rds = account("rds")
    named = {"DBInstanceIdentifier": "one"}
    rds.create_db_instance(
        **named, DBInstanceClass="db.t4g.large", Engine="postgres", AllocatedStorage=20, EnablePerformanceInsights=True
    )
    assert rds.describe_db_instances()["DBInstances"][0]["PerformanceInsightsEnabled"] is True
    rds.modify_db_instance(**named, EnablePerformanceInsights=False)
    assert rds.describe_db_instances()["DBInstances"][0]["PerformanceInsightsEnabled"] is False
