"""Ways to break what proves the site's names, and the checks that see it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .harness import Aws, Sabotage
from .test_edge import GLOBAL, change

NAMES = ("nba-news.example", "www.nba-news.example")


def show(aws: Aws, arn: str) -> None:
    """Let the distribution show another certificate."""
    change(aws, lambda config: config["ViewerCertificate"].update(ACMCertificateArn=arn))


def ask(aws: Aws, names: Sequence[str], method: str = "DNS") -> str:
    made = aws("acm", GLOBAL).request_certificate(
        DomainName=names[0], SubjectAlternativeNames=list(names), ValidationMethod=method
    )
    return str(made["CertificateArn"])


def bring(aws: Aws, days: int) -> str:
    """Import a certificate from elsewhere that is valid for some more days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in NAMES]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    imported = aws("acm", GLOBAL).import_certificate(Certificate=made.public_bytes(pem), PrivateKey=private)
    return str(imported["CertificateArn"])


def lose(aws: Aws) -> None:
    """Delete the certificate that the distribution shows."""
    arns: list[str] = []
    change(aws, lambda config: arns.append(config["ViewerCertificate"]["ACMCertificateArn"]))
    aws("acm", GLOBAL).delete_certificate(CertificateArn=arns[0])


def listen(aws: Aws, protocol: str, how: Callable[[Any, str], object]) -> None:
    """Change the first listener of a protocol."""
    elbv2 = aws("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    how(elbv2, next(one["ListenerArn"] for one in found if one["Protocol"] == protocol))


def answer_in_plain_text(elbv2: Any, arn: str) -> None:
    group = elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    elbv2.modify_listener(ListenerArn=arn, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])


SABOTAGES = (
    Sabotage(
        "a certificate without one of the names",
        breaks={"certificate-covers-names"},
        by=lambda aws: show(aws, ask(aws, NAMES[:1])),
    ),
    Sabotage(
        "a certificate that ACM can't renew",
        breaks={"certificate-covers-names"},
        by=lambda aws: show(aws, bring(aws, days=300)),
    ),
    Sabotage(
        "a certificate that nobody confirmed",
        breaks={"certificate-valid", "certificate-covers-names"},
        by=lambda aws: show(aws, ask(aws, NAMES, "EMAIL")),
    ),
    Sabotage(
        "a certificate that ends next week",
        breaks={"certificate-expiry", "certificate-covers-names"},
        by=lambda aws: show(aws, bring(aws, days=7)),
    ),
    Sabotage(
        "a listener that accepts TLS 1.0",
        breaks={"tls-minimum-version"},
        by=lambda aws: listen(
            aws,
            "HTTPS",
            lambda elbv2, arn: elbv2.modify_listener(ListenerArn=arn, SslPolicy="ELBSecurityPolicy-2016-08"),
        ),
    ),
    Sabotage(
        "a listener that answers in plain text",
        breaks={"https-only"},
        by=lambda aws: listen(aws, "HTTP", answer_in_plain_text),
    ),
    Sabotage(
        "a certificate that is gone",
        breaks={"certificate-covers-names", "certificate-valid", "certificate-expiry"},
        by=lose,
    ),
)
