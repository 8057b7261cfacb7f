"""Certificates for servers of a rehearsal, signed by authorities whose keys are never written."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from tempfile import NamedTemporaryFile
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Key: TypeAlias = ec.EllipticCurvePrivateKey
_SIGNS_CERTIFICATES: Final = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


def new_key() -> Key:
    """Make a key."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When a certificate is valid, from now."""

    begins: timedelta
    ends: timedelta


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs certificates."""

    name: str
    key: Key = field(default_factory=new_key, repr=False)

    def certificate(self, validity: Validity) -> bytes:
        """Return the signer's own certificate, in PEM: what a client is told to trust."""
        limits = x509.BasicConstraints(ca=True, path_length=0)
        built = self._build(self.name, self.key, validity).add_extension(limits, critical=True)
        return _pem(built.add_extension(_SIGNS_CERTIFICATES, critical=True).sign(self.key, hashes.SHA256()))

    def chain(self, host: str, key: Key, validity: Validity) -> bytes:
        """Return the key of a host and its certificate, in PEM."""
        named = x509.SubjectAlternativeName([x509.DNSName(host)])
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        built = self._build(host, key, validity).add_extension(named, critical=False)
        leaf = built.add_extension(signer, critical=False).sign(self.key, hashes.SHA256())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return key.private_bytes(*form) + _pem(leaf)

    def _build(self, subject: str, key: Key, validity: Validity) -> x509.CertificateBuilder:
        now, public = datetime.now(UTC), key.public_key()
        built = x509.CertificateBuilder(
            _common_name(self.name), _common_name(subject), public, x509.random_serial_number()
        )
        dated = built.not_valid_before(now + validity.begins).not_valid_after(now + validity.ends)
        return dated.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def load_chain(context: ssl.SSLContext, chain: bytes) -> ssl.SSLContext:
    """Let a context show a certificate. The ssl module takes one only from a file: it is there while it is read."""
    with NamedTemporaryFile(prefix="prodgate-") as file:  # which only we can read
        file.write(chain)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
