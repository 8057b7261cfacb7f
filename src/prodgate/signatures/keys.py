"""Keys: Ed25519, and ECDSA on P-256 with SHA-256, in PEM; cryptography is imported here, and for certificates.

A key is named by the SHA-256 of its public half in DER (SubjectPublicKeyInfo), which is what
``openssl pkey -pubin -in key.pem -outform DER | sha256sum`` prints.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

_WANTED: Final = "write an Ed25519 or a P-256 key"
_EXAMPLE: Final = "openssl genpkey -algorithm ed25519 -out signing.pem"
_Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
_Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


class KeyMistake(ValueError):
    """A text is no key that signs evidence; the message says what it is and what to write."""


class SigningError(Exception):
    """A key did not sign; the message says why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checks signatures."""

    der: bytes
    """SubjectPublicKeyInfo."""

    @property
    def keyid(self) -> str:
        """The name of the key."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def text(self) -> str:
        """The key on one line: what stands between the first and the last line of its PEM."""
        return base64.b64encode(self.der).decode()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature is this key's, of exactly these bytes."""
        key = _load_public(self.der)
        try:
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, data)
            else:
                key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class Signer(Protocol):
    """A signer: a key in memory, or one that a service keeps."""

    @property
    def public(self) -> PublicKey:
        """Its public half."""

    def sign(self, data: bytes) -> bytes:
        """Return a signature. Raises SigningError."""


@dataclass(frozen=True, slots=True, repr=False)
class KeySigner:
    """A private key in memory."""

    _key: _Private

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        return take_public(self._key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return a signature of some bytes."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def parse_signer(pem: str) -> KeySigner:
    """Read a private key. Raises KeyMistake."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise KeyMistake(f"is protected by a password; write one without, e.g. by {_EXAMPLE}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyMistake(f"is no private key in PEM; make one by {_EXAMPLE}") from None
    if isinstance(key, ed25519.Ed25519PrivateKey) or (
        isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
    ):
        return KeySigner(key)
    raise KeyMistake(f"is a private key of another kind; {_WANTED}, e.g. by {_EXAMPLE}")


def parse_public(text: str) -> PublicKey:
    """Read a public key: a PEM, or what stands between its first and last line. Raises KeyMistake."""
    if "PRIVATE KEY" in text:
        raise KeyMistake("is a private key, which others must never see; make another one, and write its public half")
    key: object
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_public_key(text.encode())
        else:
            key = _load_der(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise KeyMistake("is no public key; write what openssl pkey -in signing.pem -pubout prints") from None
    return take_public(key)


def take_public(key: object) -> PublicKey:
    """Return a key of the library as ours. Raises KeyMistake for one of another kind."""
    if not isinstance(key, _Public) or (
        isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP256R1)
    ):
        raise KeyMistake(f"is a public key of another kind; {_WANTED}")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return PublicKey(key.public_bytes(serialization.Encoding.DER, form))


def _load_der(der: bytes) -> object:
    return serialization.load_der_public_key(der)


def _load_public(der: bytes) -> _Public:
    key = _load_der(der)
    assert isinstance(key, _Public)
    return key
