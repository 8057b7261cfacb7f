"""A certificate authority that lives as long as the rehearsal proxy; its own key is never written anywhere."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from tempfile import NamedTemporaryFile
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_NAME: Final = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "prod-gate rehearsal, valid for one run")])
#: A certificate must be valid a little before now, for programs whose clock is behind, and longer than any rehearsal.
_EARLY, _LONG = timedelta(minutes=5), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates for hosts of AWS, which nobody trusts who was not given ``certificate``."""

    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def certificate(self) -> bytes:
        """The certificate of the authority, in PEM: what a client is told to trust."""
        built = _about(_NAME, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        return _pem(built.add_extension(usage, critical=True).sign(self._key, hashes.SHA256()))

    def context(self, host: str) -> ssl.SSLContext:
        """Return what is needed to serve as ``host``; made once for each."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._made(host)
            return self._contexts[host]

    def _made(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.SubjectAlternativeName([x509.DNSName(host)])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        built = _about(_NAME, key).add_extension(named, critical=False).add_extension(issuer, critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return _loaded(private + _pem(built.sign(self._key, hashes.SHA256())))


def _about(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer_name=_NAME, subject_name=name, public_key=key.public_key())
    dated = (
        builder.serial_number(x509.random_serial_number()).not_valid_before(now - _EARLY).not_valid_after(now + _LONG)
    )
    return dated.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _loaded(chain: bytes) -> ssl.SSLContext:
    """Load a key and its certificate, which the ssl module takes only from a file: one that only we can read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile(prefix="prodgate-") as file:
        file.write(chain)
        file.flush()
        context.load_cert_chain(file.name)
    return context
