"""Is all traffic to readers encrypted, with certificates that browsers accept, today and next month?"""

from prodgate import Criterion, check
from prodgate.facts.live import CacheBehaviour, CertificateInUse, Distribution, Listener
from prodgate.semantics.aws_settings import ENCRYPTED, MODERN_VIEWER

MODERN = ("TLSv1.2", "TLSv1.3")
#: A certificate with one of this many equal parts of its life left is renewed in time.
PARTS = 3


@check("certificate-covers-names", remedy="Ask ACM for a certificate of every name, validated through DNS.")
def test_certificates_cover_the_names_that_are_served(certificate: CertificateInUse, criterion: Criterion) -> None:
    """Does this certificate cover every name that the site serves, and can ACM renew it without a person?"""
    bare = [name for name in certificate.must_cover if not any(_covers(one, name) for one in certificate.covers)]
    criterion.hold(not bare, expected=", ".join(certificate.must_cover), observed=f"without {', '.join(bare) or 'gap'}")
    through = certificate.validated_through
    criterion.hold(
        through == ("DNS",),
        expected="validated through DNS",
        observed=", ".join(through) or "imported",
        held=", ".join(through),
    )


@check("certificate-valid", remedy="Publish the validation records that ACM asks for, and keep them.")
def test_certificates_are_issued_and_in_date(certificate: CertificateInUse, criterion: Criterion) -> None:
    """Is this certificate issued, and is today within its dates?"""
    criterion.hold(certificate.status == "ISSUED", expected="ISSUED", observed=certificate.status)
    criterion.hold(certificate.in_date, expected="in date", observed=f"{certificate.remaining} left")


@check("certificate-expiry", remedy="Find out why ACM does not renew it.", measures="time")
def test_certificates_last(certificate: CertificateInUse, criterion: Criterion) -> None:
    """Is there time left before this certificate expires, or a third of its lifetime?"""
    if certificate.remaining.base * PARTS >= certificate.lifetime.base > 0:
        criterion.hold(
            True, expected=f"a third of {certificate.lifetime}", observed="", held=f"{certificate.remaining} left"
        )
    else:
        criterion.require(certificate.remaining)


@check("tls-minimum-version", remedy="Use a certificate of your own with the security policy TLSv1.2_2021 or newer.")
def test_viewers_speak_modern_tls(distribution: Distribution, criterion: Criterion) -> None:
    """Does this distribution refuse TLS older than 1.2?"""
    own = distribution.own_certificate
    criterion.hold(own, expected="a certificate of its own", observed="CloudFront's, with which TLSv1 is accepted")
    version = distribution.minimum_tls
    criterion.hold(bool(MODERN_VIEWER.fullmatch(version)), expected="TLSv1.2 or newer", observed=version)


@check("tls-minimum-version")
def test_load_balancers_speak_modern_tls(listener: Listener, criterion: Criterion) -> None:
    """Does this listener refuse TLS older than 1.2?"""
    if not listener.tls_policy:
        raise criterion.not_applicable("the listener does not terminate TLS")
    old = [version for version in listener.accepts if not version.startswith(MODERN)]
    observed = f"{listener.tls_policy} accepts {', '.join(old or listener.accepts)}"
    criterion.hold(bool(listener.accepts) and not old, expected="TLSv1.2 or newer", observed=observed)


@check("https-only", remedy="Set viewer_protocol_policy to redirect-to-https or https-only.")
def test_viewers_are_served_over_https(behaviour: CacheBehaviour, criterion: Criterion) -> None:
    """Is plain HTTP to these paths redirected or refused?"""
    found = behaviour.viewer_protocol
    criterion.hold(found in ENCRYPTED, expected=" or ".join(ENCRYPTED), observed=found)


@check("https-only", remedy="Listen with HTTPS, and let an HTTP listener do nothing but redirect to it.")
def test_load_balancers_answer_over_https(listener: Listener, criterion: Criterion) -> None:
    """Does this listener use TLS, or only redirect to one that does?"""
    if listener.protocol not in ("HTTP", "HTTPS", "TLS"):
        raise criterion.undetermined(f"a {listener.protocol} listener passes on what clients send")
    plain = [answer for answer in listener.answers if answer != "redirect to HTTPS"]
    encrypted = listener.protocol != "HTTP" or not plain
    criterion.hold(encrypted, expected="HTTPS, or a redirect to it", observed=f"HTTP that answers with {plain}")


def _covers(pattern: str, name: str) -> bool:
    label, _, rest = name.partition(".")
    return pattern == name or (pattern.startswith("*.") and bool(label) and pattern.removeprefix("*.") == rest)
