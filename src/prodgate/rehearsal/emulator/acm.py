"""ACM: moto keeps certificates; here is how they were asked for, and that those validated through DNS are issued."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .extension import FOLLOWS, UNREPORTED, Ledger, corrects

#: How long ACM's certificates are valid.
TERM = timedelta(days=395)
#: Keys of the certificates that ACM lists when no others are asked for.
LISTED_BY_DEFAULT = ("RSA_1024", "RSA_2048")


@corrects("acm", "RequestCertificate", upstream=UNREPORTED)
def request_certificate(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask for a certificate; through DNS it is issued at once, as if the validation records were there."""
    made = ledger.moto()
    method, now = params.get("ValidationMethod", "EMAIL"), datetime.now(UTC)
    names = list(dict.fromkeys([params["DomainName"], *params.get("SubjectAlternativeNames", ())]))
    ledger.of("asked")[made["CertificateArn"]] = {
        "SubjectAlternativeNames": names,
        "KeyAlgorithm": params.get("KeyAlgorithm", "RSA_2048"),
        "Status": "ISSUED" if method == "DNS" else "PENDING_VALIDATION",
        "NotBefore": now - timedelta(days=1),
        "NotAfter": now + TERM,
        "DomainValidationOptions": [_validation(name, method) for name in names],
    }
    return made


@corrects("acm", "DescribeCertificate", upstream=FOLLOWS)
def describe_certificate(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a certificate."""
    return {"Certificate": {**ledger.moto()["Certificate"], **ledger.of("asked").get(params["CertificateArn"], {})}}


@corrects("acm", "ListCertificates", upstream="since getmoto/moto#9419")
def list_certificates(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return certificates; like AWS, only those with RSA keys of up to 2048 bits unless others are asked for."""
    wanted = (params.get("Includes") or {}).get("keyTypes") or LISTED_BY_DEFAULT
    found = ledger.moto(CertificateStatuses=params.get("CertificateStatuses", []))["CertificateSummaryList"]
    known = ("KeyAlgorithm", "Status", "NotBefore", "NotAfter")
    asked = {arn: {name: one[name] for name in known} for arn, one in ledger.of("asked").items()}
    shown = [{**one, **asked.get(one["CertificateArn"], {})} for one in found]
    return {"CertificateSummaryList": [one for one in shown if one["KeyAlgorithm"] in wanted]}


def _validation(name: str, method: str) -> Mapping[str, Any]:
    host = name.removeprefix("*.")
    shown = {"DomainName": name, "ValidationDomain": host, "ValidationMethod": method}
    if method != "DNS":
        return {**shown, "ValidationStatus": "PENDING_VALIDATION"}
    record = {"Name": f"_d930b28be6c5927595552b219965053e.{host}.", "Type": "CNAME",
              "Value": "_c9edd76ee4a0e2a74388032f3861cc50.ykybfrwcxw.acm-validations.aws."}  # fmt: skip
    return {**shown, "ValidationStatus": "SUCCESS", "ResourceRecord": record}
