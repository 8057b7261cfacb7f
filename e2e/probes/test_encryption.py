"""Can the reader trust the connection?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import PlainHttp, ServedCertificate, ServedTls

MODERN = ("TLS 1.2", "TLS 1.3")


@check("certificate-covers-names", remedy="Issue a certificate with every name of the site, and attach it.")
def test_the_certificate_proves_the_name(certificate: ServedCertificate, criterion: Criterion) -> None:
    """Is each certificate that the site presents valid for the requested name?"""
    shown = ", ".join(certificate.covers) or "no name"
    criterion.hold(certificate.covered, expected=certificate.subject, observed=f"a certificate for {shown}")


@check("certificate-valid", remedy="Attach the certificate that ACM issued, with its whole chain.")
def test_a_browser_trusts_the_certificate(certificate: ServedCertificate, criterion: Criterion) -> None:
    """Is each certificate in date, and issued by an authority that browsers trust, at every address?"""
    criterion.hold(certificate.in_date, expected="in date", observed=f"{certificate.remaining} left")
    trusted = not certificate.mistrusted
    seen = f"trusted, in date: {certificate.seen}"
    criterion.hold(trusted, expected="trusted", observed=certificate.mistrusted or seen, held=seen)


@check("certificate-expiry", remedy="Find out why it is not renewed, or why the new one is not shown.", measures="time")
def test_the_certificate_lasts(certificate: ServedCertificate, criterion: Criterion) -> None:
    """Is there time left before each presented certificate expires, or a third of its lifetime?

    A six-day certificate is renewed every few days, and never has a month left.
    """
    for left in certificate.ending:
        criterion.require(left)
    if certificate.unseen:
        raise criterion.undetermined(certificate.unseen)
    criterion.hold(certificate.remaining.base > 0, expected="time left", observed=f"{certificate.remaining} left")


@check("tls-minimum-version", remedy="Use the security policy TLSv1.2_2021 or newer.")
def test_old_versions_of_tls_are_refused(tls: ServedTls, criterion: Criterion) -> None:
    """Does the site refuse TLS older than 1.2 from a client that supports nothing newer?"""
    old = [version for version in tls.accepts if version not in MODERN]
    accepted = ", ".join(old or tls.accepts)
    criterion.hold(not old, expected="TLS 1.2 or newer only", observed=f"accepts {accepted}")
    if untried := [why for version, why in tls.unknown.items() if version not in MODERN]:
        raise criterion.undetermined("; ".join(untried), observed=f"accepts {accepted}")


@check("https-only", remedy="Redirect every request over plain HTTP to https:// at the edge, or refuse it.")
def test_plain_http_shows_nothing(request: PlainHttp, criterion: Criterion) -> None:
    """Is plain HTTP to this page redirected to HTTPS or refused, before it shows anything of the site?"""
    criterion.hold(request.encrypted, expected="a redirect to https://, or a refusal", observed=request.became)
