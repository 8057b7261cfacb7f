"""Certificates for servers of a rehearsal, signed by authorities whose keys are never written to disk."""

import ssl
import threading
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
    """The time in which a certificate is valid, from now."""

    begins: timedelta
    ends: timedelta


@dataclass(frozen=True, slots=True)
class Signer:
    """A signer of certificates."""

    name: str
    key: Key = field(default_factory=new_key, repr=False)

    def certificate(self, validity: Validity) -> bytes:
        """Return the signer's own certificate, in PEM, for clients to trust."""
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
    """Let a context show a certificate. The ssl module takes one only from a file, which exists while it is read."""
    with NamedTemporaryFile(prefix="prodgate-") as file:  # which only this user can read
        file.write(chain)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


# ── The certificate authority of the rehearsal proxy; its key exists in memory only

_NAME: Final = "prod-gate rehearsal, valid for one run"
#: A certificate must be valid a little before now, for programs whose clock is behind, and longer than any rehearsal.
_VALID: Final = Validity(begins=-timedelta(minutes=5), ends=timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates for AWS hosts. Only clients that were given ``certificate`` trust them."""

    _signer: Signer = field(default_factory=lambda: Signer(_NAME))
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def certificate(self) -> bytes:
        """The certificate of the authority, in PEM, for clients to trust."""
        return self._signer.certificate(_VALID)

    def context(self, host: str) -> ssl.SSLContext:
        """Return the context to serve as ``host``; made once for each."""
        with self._lock:
            if host not in self._contexts:
                chain = self._signer.chain(host, new_key(), _VALID)
                self._contexts[host] = load_chain(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), chain)
            return self._contexts[host]
