"""Which certificates are in use, and what is known about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.facts.live.certificates import CertificateInUse, observe_certificates
from prodgate.findings import Undetermined
from tests.prodgate.facts.live.stated_account import account_answering

SITE = "arn:aws:acm:us-east-1:123456789012:certificate/site"
BALANCER = "arn:aws:acm:ap-northeast-1:123456789012:certificate/balancer"
OTHER = "arn:aws:acm:ap-northeast-1:123456789012:certificate/other"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def answers(viewer: dict[str, Any], **certificates: Any) -> dict[str, Any]:
    site = {
        "ARN": "site", "Aliases": {"Items": ["a.example"]}, "ViewerCertificate": viewer,
        "Origins": {"Items": [{"Id": "app", "DomainName": "Internal-LB.elb.amazonaws.com"}]},
    }  # fmt: skip
    balancer = {"LoadBalancerArn": "lb", "DNSName": "internal-lb.elb.amazonaws.com"}
    listener = {"ListenerArn": "https", "LoadBalancerArn": "lb", "Certificates": [{"CertificateArn": OTHER}]}
    certificate = {
        "Status": "ISSUED", "Type": "AMAZON_ISSUED", "SubjectAlternativeNames": ["a.example"],
        "NotBefore": NOW - timedelta(days=1), "NotAfter": NOW + timedelta(days=36),
        "DomainValidationOptions": [{"ValidationMethod": "DNS"}],
    }  # fmt: skip
    held = {SITE: certificate, BALANCER: certificate, OTHER: certificate} | certificates
    return {
        "ListDistributions": {"DistributionList": {"Items": [site]}},
        "DescribeLoadBalancers": {"LoadBalancers": [balancer]},
        "DescribeListeners": {"Listeners": [listener]},
        "DescribeListenerCertificates": {"Certificates": [{"CertificateArn": BALANCER}, {"CertificateArn": OTHER}]},
        "DescribeCertificate": lambda of: held[of["CertificateArn"]] and {"Certificate": held[of["CertificateArn"]]},
    }


def observed(viewer: dict[str, Any], **certificates: Any) -> dict[str, CertificateInUse]:
    with account_answering(answers(viewer, **certificates)) as account:
        return {fact.subject: fact for fact in observe_certificates(account)}


def test_the_certificates_of_distribution_and_load_balancer_must_cover_the_names_of_the_site() -> None:
    found = observed({"ACMCertificateArn": SITE})
    assert {arn: fact.must_cover for arn, fact in found.items()} == dict.fromkeys(
        (SITE, BALANCER, OTHER), ("a.example",)
    )
    assert (found[SITE].in_date, str(found[SITE].remaining), found[SITE].validated_through) == (True, "36 d", ("DNS",))


def test_a_certificate_that_acm_does_not_have_is_missing_and_lasts_no_longer() -> None:
    found = observed({"ACMCertificateArn": SITE}, **{SITE: None})[SITE]
    assert (found.status, found.covers, found.in_date, str(found.remaining)) == ("MISSING", (), False, "0 d")


def test_a_certificate_in_iam_is_undetermined_and_the_others_are_not() -> None:
    found = observed({"IAMCertificateId": "ASCA123"})
    with pytest.raises(Undetermined, match="kept in IAM"):
        _ = found["ASCA123"].covers
    assert found[BALANCER].must_cover == ("a.example",)
