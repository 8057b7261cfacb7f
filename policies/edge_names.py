"""The names of the site: who answers for them in DNS, and the certificates that prove it."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy

DISTRIBUTION = ("aws_cloudfront_distribution",)
CERTIFICATE, VALIDATION = "aws_acm_certificate", "aws_acm_certificate_validation"


@policy(
    "PG_EDGE_13",
    criterion="dns-points-at-distribution",
    resources=DISTRIBUTION,
    remedy=(
        "Add an aws_route53_record with an alias to the distribution for every name in aliases: A, and AAAA with IPv6."
    ),
    required=True,
)
def names_are_aliases_of_the_distribution(distribution: Resource, criterion: Criterion) -> None:
    """Every name that a distribution serves is an alias of it in Route 53, for IPv4 and, when enabled, for IPv6.

    A name in aliases without a record is a certificate error waiting for a reader; a record without the name in aliases
    is a 403.
    """
    names = distribution.texts("aliases")
    criterion.hold(bool(names), expected="names in aliases", observed="none", premise=True)
    kinds = ("A", "AAAA") if distribution.flag("is_ipv6_enabled") else ("A",)
    records = distribution.configuration.naming(distribution, "alias.name", "aws_route53_record")
    there = {(name, record.text("type")) for record in records for name in _names(record)}
    missing = [f"{kind} of {name}" for name in names for kind in kinds if (name, kind) not in there]
    criterion.exclude(missing, expected="alias records", observed="no {}")


@policy(
    "PG_EDGE_14",
    criterion="certificate-covers-names",
    resources=DISTRIBUTION,
    remedy="Use an ACM certificate from us-east-1 whose domain_name and subject_alternative_names cover every alias.",
    required=True,
)
def certificates_cover_every_name(distribution: Resource, criterion: Criterion) -> None:
    """The certificate of a distribution is from us-east-1 and covers every name that it serves.

    CloudFront takes certificates from us-east-1 only. A wildcard stands for exactly one label.
    """
    found = _certificates(distribution, "viewer_certificate.acm_certificate_arn")
    criterion.hold(
        distribution.has("viewer_certificate.acm_certificate_arn"), expected="an ACM certificate", observed="none"
    )
    if not found:
        raise criterion.undetermined("its certificate is declared elsewhere")
    covered = (found[0].text("domain_name") or "", *found[0].texts("subject_alternative_names"))
    bare = [name for name in distribution.texts("aliases") if not any(_covers(one, name) for one in covered)]
    criterion.exclude(bare, expected="every alias covered", observed="{} not covered")
    region = found[0].find_region()
    criterion.hold(region == "us-east-1", expected="us-east-1", observed=region)


@policy(
    "PG_EDGE_15",
    criterion="certificate-covers-names",
    resources=(CERTIFICATE,),
    remedy='Set validation_method = "DNS", keep the validation records, and add an aws_acm_certificate_validation.',
    required=True,
)
def certificates_are_validated_through_dns(certificate: Resource, criterion: Criterion) -> None:
    """ACM certificates are validated through DNS, and the apply waits until they are.

    Through DNS, ACM renews by itself for as long as the record stays; an e-mail or an imported certificate needs a
    person in time, every year.
    """
    method = "imported" if certificate.has("certificate_body") else certificate.text("validation_method")
    criterion.hold(method == "DNS", expected="validation_method = DNS", observed=method, held=method)
    validations = certificate.configuration.naming(certificate, "certificate_arn", VALIDATION)
    criterion.hold(
        certificate.has("domain_name") and bool(validations),
        expected="an aws_acm_certificate_validation",
        observed="none",
    )


def _names(record: Resource) -> set[str]:
    """Return the full names that a record may stand for: it may be written with or without the zone's."""
    name = (record.text("name") or "").rstrip(".")
    zones = [(zone.text("name") or "").rstrip(".") for zone in record.related("zone_id", "aws_route53_zone")]
    return {name, *(f"{name}.{zone}".lstrip(".") for zone in zones)}


def _certificates(holder: Resource, path: str) -> tuple[Resource, ...]:
    """Return the certificate named at ``path``, directly or through its validation."""
    direct = holder.related(path, CERTIFICATE)
    waited = [
        one for validation in holder.related(path, VALIDATION) for one in _certificates(validation, "certificate_arn")
    ]
    return direct or tuple(waited)


def _covers(pattern: str, name: str) -> bool:
    label, _, rest = name.partition(".")
    return pattern == name or (pattern.startswith("*.") and bool(label) and pattern[2:] == rest)
