"""Sigstore's bundle: a signed envelope, the certificate that says who signed it, and its entry in a public log.

Here it is read and compared with what lies beside it, which needs nobody; that the certificate and the entry are what
they say is checked in ``keyless``. Source: https://github.com/sigstore/protobuf-specs, bundle 0.3.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509

from .envelope import IN_TOTO, Envelope, write_json
from .keys import PublicKey, take_public

_KIND: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
# who let the signer in: the first as Fulcio has written it since 2023, the second as it did before
_ISSUER: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_OLD_ISSUER: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_TEXT: Final = 0x0C  # UTF8String of DER
# where they signed: repository and commit, as Fulcio has written them since 2023, and as it did before, of GitHub alone
_REPOSITORY: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.12")
_COMMIT: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.13")
_OLD_REPOSITORY: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.5")
_OLD_COMMIT: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.3")
_OLD_HOST: Final = "https://github.com/"


class BundleMistake(ValueError):
    """A file is no bundle of Sigstore, or not written as the gate writes it; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed without a key of their own."""

    subject: str
    """A workflow at a ref, such as https://github.com/ORG/REPO/.github/workflows/nightly.yml@refs/heads/main."""
    issuer: str
    """Who let them in, such as https://token.actions.githubusercontent.com."""

    def __str__(self) -> str:
        return f"{self.subject}, let in by {self.issuer}"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a job that signs has checked out; empty where the certificate names none, such as that of a person."""

    repository: str = ""
    """Such as https://github.com/ORG/REPO."""
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigstoreBundle:
    """What a bundle says. Nothing says that it holds."""

    data: bytes
    """The file, on one line."""
    payload: bytes
    signature: bytes
    public: PublicKey
    """The key of the certificate, which signed and was thrown away."""
    identity: Identity
    origin: Origin

    def is_of(self, envelope: Envelope) -> bool:
        """Whether it is about an envelope, and the key of its certificate signed that."""
        said = (self.payload, self.signature, self.public.keyid)
        same = said == (envelope.payload, envelope.signature, envelope.keyid)
        return same and self.public.verifies(envelope.signature, envelope.signed_bytes)


def write_bundle(text: str) -> SigstoreBundle:
    """Return a bundle in the one way in which the gate writes it. Raises BundleMistake."""
    return parse_bundle(write_json(json.loads(text)) + b"\n")


def parse_bundle(data: bytes) -> SigstoreBundle:
    """Read a bundle that holds an in-toto statement. Raises BundleMistake."""
    try:
        document = json.loads(data)
        if write_json(document) + b"\n" != data:
            raise BundleMistake("it is not written as the gate writes it")
        return _parse(document, data)
    except BundleMistake:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, binascii.Error, x509.ExtensionNotFound):
        raise BundleMistake("it is no bundle of Sigstore with the certificate of one signer") from None


def _parse(document: Any, data: bytes) -> SigstoreBundle:
    envelope = document["dsseEnvelope"]
    (signed,) = envelope["signatures"]
    if (document["mediaType"], envelope["payloadType"]) != (_KIND, IN_TOTO):
        raise ValueError
    held = document["verificationMaterial"]["certificate"]["rawBytes"]
    certificate = x509.load_der_x509_certificate(_decode(held))
    return SigstoreBundle(
        data=data,
        payload=_decode(envelope["payload"]),
        signature=_decode(signed["sig"]),
        public=take_public(certificate.public_key()),
        identity=read_identity(certificate),
        origin=read_origin(certificate),
    )


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def read_identity(certificate: x509.Certificate) -> Identity:
    """Return who is named by a certificate of Fulcio. Raises ValueError where it is not exactly one."""
    (name,) = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if not isinstance(name, x509.UniformResourceIdentifier | x509.RFC822Name):
        raise ValueError
    try:
        issuer = _read_text(_read_extension(certificate, _ISSUER))
    except x509.ExtensionNotFound:
        issuer = _read_extension(certificate, _OLD_ISSUER).decode()
    return Identity(name.value, issuer)


def read_origin(certificate: x509.Certificate) -> Origin:
    """Return what a certificate of Fulcio says of where somebody signed. Raises ValueError where it can't be read."""
    stated = {each.oid for each in certificate.extensions}
    said = {oid: _read_text(_read_extension(certificate, oid)) for oid in (_REPOSITORY, _COMMIT) if oid in stated}
    old = {oid: _read_extension(certificate, oid).decode() for oid in (_OLD_REPOSITORY, _OLD_COMMIT) if oid in stated}
    before = f"{_OLD_HOST}{old[_OLD_REPOSITORY]}" if _OLD_REPOSITORY in old else ""
    return Origin(said.get(_REPOSITORY, before), said.get(_COMMIT, old.get(_OLD_COMMIT, "")))


def _read_extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes:
    found = certificate.extensions.get_extension_for_oid(oid).value
    assert isinstance(found, x509.UnrecognizedExtension)
    return found.value


def _read_text(der: bytes) -> str:
    """Return the text of a UTF8String that is shorter than 256 bytes."""
    long = der[1] == 0x81
    size, text = der[1 + long], der[2 + long :]
    if der[0] != _TEXT or len(text) != size:
        raise ValueError
    return text.decode()
