"""The site's names: zones and records in Route 53, and the certificates that prove them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags


@creates("aws_route53_zone")
def zone(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a hosted zone."""
    client = aws("route53")
    vpcs = declared["vpc"] or ()
    inside = [{"VPCId": each["vpc_id"], "VPCRegion": each["vpc_region"] or aws.region} for each in vpcs]
    made = client.create_hosted_zone(
        Name=declared["name"],
        CallerReference=str(uuid.uuid4()),
        HostedZoneConfig={"Comment": declared["comment"] or "Managed by Terraform", "PrivateZone": bool(inside)},
        **({"VPC": inside[0]} if inside else {}),
    )
    id_ = made["HostedZone"]["Id"].rpartition("/")[2]
    for each in inside[1:]:
        client.associate_vpc_with_hosted_zone(HostedZoneId=id_, VPC=each)
    if tagged := tags(declared):
        client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=id_, AddTags=tagged)
    servers = sorted((made.get("DelegationSet") or {}).get("NameServers", ()))
    return {"id": id_, "zone_id": id_, "arn": f"arn:aws:route53:::hostedzone/{id_}", "name_servers": servers,
            "primary_name_server": servers[0] if servers else ""}  # fmt: skip


@creates("aws_route53_record")
def record(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a record; one that is there already is only replaced where the declaration allows it."""
    name, kind = declared["name"].rstrip("."), declared["type"]
    values = [{"Value": _quote(text) if kind in ("TXT", "SPF") else text} for text in declared["records"] or ()]
    change = omit_empty(
        Name=name,
        Type=kind,
        TTL=declared["ttl"],
        ResourceRecords=values,
        SetIdentifier=declared["set_identifier"],
        AliasTarget=_alias(declared["alias"]),
    )
    action = "UPSERT" if declared["allow_overwrite"] else "CREATE"
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": change}]}
    aws("route53").change_resource_record_sets(HostedZoneId=declared["zone_id"], ChangeBatch=batch)
    return {"id": f"{declared['zone_id']}_{name}_{kind}", "fqdn": name}


@creates("aws_route53_key_signing_key")
def key_signing_key(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Add a key-signing key to a zone."""
    made = aws("route53").create_key_signing_key(
        HostedZoneId=declared["hosted_zone_id"],
        Name=declared["name"],
        KeyManagementServiceArn=declared["key_management_service_arn"],
        Status=declared["status"] or "ACTIVE",
        CallerReference=str(uuid.uuid4()),
    )["KeySigningKey"]
    return {"id": f"{declared['hosted_zone_id']},{declared['name']}", "ds_record": made["DSRecord"],
            "dnskey_record": made["DNSKEYRecord"], "public_key": made["PublicKey"], "flag": made["Flag"],
            "key_tag": made["KeyTag"], "digest_value": made["DigestValue"],
            "digest_algorithm_mnemonic": made["DigestAlgorithmMnemonic"],
            "digest_algorithm_type": made["DigestAlgorithmType"],
            "signing_algorithm_mnemonic": made["SigningAlgorithmMnemonic"],
            "signing_algorithm_type": made["SigningAlgorithmType"]}  # fmt: skip


@creates("aws_route53_hosted_zone_dnssec")
def dnssec(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Sign a zone."""
    if declared["signing_status"] != "NOT_SIGNING":
        aws("route53").enable_hosted_zone_dnssec(HostedZoneId=declared["hosted_zone_id"])
    return {"id": declared["hosted_zone_id"]}


@creates("aws_route53_query_log")
def query_log(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Log the queries of a zone."""
    made = aws("route53").create_query_logging_config(
        HostedZoneId=declared["zone_id"], CloudWatchLogsLogGroupArn=declared["cloudwatch_log_group_arn"]
    )
    id_ = made["QueryLoggingConfig"]["Id"]
    return {"id": id_, "arn": f"arn:aws:route53:::queryloggingconfig/{id_}"}


@creates("aws_acm_certificate")
def certificate(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Ask for a certificate."""
    client = aws("acm")
    names = sorted({declared["domain_name"], *(declared["subject_alternative_names"] or ())})
    arn = client.request_certificate(
        DomainName=declared["domain_name"],
        SubjectAlternativeNames=names,
        **omit_empty(
            ValidationMethod=declared["validation_method"],
            KeyAlgorithm=declared["key_algorithm"],
            Tags=tags(declared),
        ),
    )["CertificateArn"]
    made = client.describe_certificate(CertificateArn=arn)["Certificate"]
    return {"id": arn, "arn": arn, "status": made["Status"], "type": made["Type"],
            "subject_alternative_names": names, "not_after": made["NotAfter"].isoformat(),
            "not_before": made["NotBefore"].isoformat(), "domain_validation_options": _validations(made)}  # fmt: skip


@creates("aws_acm_certificate_validation")
def certificate_validation(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """See that a certificate has been issued; through DNS that is at once."""
    found = aws("acm").describe_certificate(CertificateArn=declared["certificate_arn"])["Certificate"]
    if found["Status"] != "ISSUED":
        raise ValueError(f"certificate {declared['certificate_arn']}: is {found['Status']}; validate it through DNS")
    return {"id": found["IssuedAt"].isoformat()}


def _validations(made: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "domain_name": each["DomainName"],
            "resource_record_name": each["ResourceRecord"]["Name"],
            "resource_record_type": each["ResourceRecord"]["Type"],
            "resource_record_value": each["ResourceRecord"]["Value"],
        }
        for each in made["DomainValidationOptions"]
        if "ResourceRecord" in each
    ]


def _alias(declared: list[Mapping[str, Any]] | None) -> dict[str, Any]:
    return {
        name: value
        for each in declared or ()
        for name, value in (
            ("HostedZoneId", each["zone_id"]),
            ("DNSName", each["name"]),
            ("EvaluateTargetHealth", each["evaluate_target_health"]),
        )
    }


def _quote(text: str) -> str:
    return text if text.startswith('"') else f'"{text}"'
