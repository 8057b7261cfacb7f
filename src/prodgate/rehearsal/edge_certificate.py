"""The certificate of the edge: signed by an authority whose file clients can trust, or by itself."""

from __future__ import annotations

import base64
import ssl
import warnings
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization

from .certificates import Key, Signer, Validity, load_chain, new_key

_AUTHORITY: Final = "prod-gate rehearsal edge"
#: Where Terraform says ``TLSv1.2_2021``, the version before the underscore is the oldest that is accepted.
_VERSIONS: Final = {
    "SSLv3": ssl.TLSVersion.TLSv1,
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_VALID: Final = Validity(begins=timedelta(days=-1), ends=timedelta(days=90))


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOptions:
    """How a certificate is issued."""

    name: str = "localhost"
    begins: timedelta = _VALID.begins
    """From now."""
    ends: timedelta = _VALID.ends
    trusted: bool = True
    """Whether the authority signs it, rather than it itself."""


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """What is needed to show a certificate."""

    context: ssl.SSLContext
    authority: Path
    """File with the authority to trust, in PEM."""
    pin: str
    """Base64 of the SHA-256 of the public key, by which a browser can be told to trust it."""


def issue_certificate(scratch: Path, issue: CertificateOptions, minimum_tls: str) -> IssuedCertificate:
    """Issue a certificate, and write that of the authority to a folder."""
    authority, key, file = Signer(_AUTHORITY), new_key(), scratch / "authority.pem"
    file.write_bytes(authority.certificate(_VALID))
    signer = authority if issue.trusted else Signer(issue.name, key)
    chain = signer.chain(issue.name, key, Validity(begins=issue.begins, ends=issue.ends))
    return IssuedCertificate(load_chain(_context(minimum_tls), chain), file, _pin(key))


def _pin(key: Key) -> str:
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(sha256(key.public_key().public_bytes(*form)).digest()).decode()


def _context(minimum_tls: str) -> ssl.SSLContext:
    context, version = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), _VERSIONS[minimum_tls.partition("_")[0]]
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")  # else the library accepts no old version, whatever it is told
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what some declare
        context.minimum_version = version
    return context
