"""The certificate of the edge: of an authority that is trusted by who was given its file, or of nobody."""

from __future__ import annotations

import base64
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_AUTHORITY: Final = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "prod-gate rehearsal edge")])
#: Where Terraform says ``TLSv1.2_2021``, the version before the underscore is the oldest that is accepted.
_VERSIONS: Final = {
    "SSLv3": ssl.TLSVersion.TLSv1,
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """How a certificate is issued."""

    name: str = "localhost"
    begins: timedelta = timedelta(days=-1)
    """From now."""
    ends: timedelta = timedelta(days=90)
    trusted: bool = True
    """Whether the authority signs it, rather than it itself."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is needed to show a certificate."""

    context: ssl.SSLContext
    authority: Path
    """File with the authority to trust, in PEM."""
    pin: str
    """Base64 of the SHA-256 of the public key, by which a browser can be told to trust it."""


def issued(scratch: Path, issue: Issue, minimum_tls: str) -> Shown:
    """Issue a certificate. Its key is in a file only while it is read: the ssl module takes it from nowhere else."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    file = scratch / "authority.pem"
    file.write_bytes(_pem(_root(authority)))
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issue.name)])
    built = _dated(_AUTHORITY if issue.trusted else named, named, key, issue)
    alternative = x509.SubjectAlternativeName([x509.DNSName(issue.name)])
    signer = authority if issue.trusted else key
    leaf = built.add_extension(alternative, critical=False).add_extension(_issuer(signer), critical=False)
    chain = _private(key) + _pem(leaf.sign(signer, hashes.SHA256()))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Shown(_context(scratch, chain, minimum_tls), file, base64.b64encode(sha256(public).digest()).decode())


def _root(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    built = _dated(_AUTHORITY, _AUTHORITY, key, Issue())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    limits = x509.BasicConstraints(ca=True, path_length=0)
    return built.add_extension(limits, critical=True).add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _dated(
    issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePrivateKey, issue: Issue
) -> x509.CertificateBuilder:
    now, public = datetime.now(UTC), key.public_key()
    built = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
    dated = built.not_valid_before(now + issue.begins).not_valid_after(now + issue.ends)
    return dated.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _issuer(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form)


def _context(scratch: Path, chain: bytes, minimum_tls: str) -> ssl.SSLContext:
    context, version = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), _VERSIONS[minimum_tls.partition("_")[0]]
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")  # else the library accepts no old version, whatever it is told
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what some declare
        context.minimum_version = version
    file = scratch / "edge.pem"
    try:
        file.touch(mode=0o600)
        file.write_bytes(chain)
        context.load_cert_chain(file)
    finally:
        file.unlink(missing_ok=True)
    return context
