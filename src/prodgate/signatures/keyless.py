"""Signing without a key, by Sigstore: a service certifies the signer, and records the signature in a public log.

The only module that imports sigstore. The environment names the signer, such as a workflow of GitHub Actions
with ``id-token: write``; the key is short-lived. Verifying needs only the bundle and the trusted root.
"""

import base64
import binascii
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from cryptography import x509

from .envelope import IN_TOTO, Envelope, write_json
from .keys import PublicKey, SigningError, take_public

# ── Sigstore's bundle

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


class BundleMistake(ValueError):
    """A file is no bundle of Sigstore, or not written as the gate writes it; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A signer without a key."""

    subject: str
    """A workflow at a ref, such as https://github.com/ORG/REPO/.github/workflows/nightly.yml@refs/heads/main."""
    issuer: str
    """Who let them in, such as https://token.actions.githubusercontent.com."""

    def __str__(self) -> str:
        return f"{self.subject}, let in by {self.issuer}"


@dataclass(frozen=True, slots=True)
class Origin:
    """The repository and commit of the signing job; empty if the certificate names none, as for a person."""

    repository: str = ""
    """Such as https://github.com/ORG/REPO."""
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigstoreBundle:
    """The unverified content of a bundle."""

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
    before = f"https://github.com/{old[_OLD_REPOSITORY]}" if _OLD_REPOSITORY in old else ""
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


#: Seconds that the services may take for one signature; sigstore itself would wait without end.
LIMIT: Final = 60.0
_INSTALL: Final = "sigstore is not installed; pip install 'prod-gate[sigstore]'"
_T = TypeVar("_T")


class KeylessError(Exception):
    """A signature without a key does not hold; the message says why."""


class KeylessUnready(Exception):
    """Nothing is there to check a signature without a key with; the message says what is missing."""


@dataclass(frozen=True, slots=True, repr=False)
class KeylessSigner:
    """Somebody who was let in, with a key that is thrown away."""

    _signer: Any
    public: PublicKey
    identity: Identity
    origin: Origin

    def sign_statement(self, payload: bytes) -> SigstoreBundle:
        """Return the bundle of an in-toto statement, which is in the log by then. Raises SigningError."""
        from sigstore import dsse  # noqa: PLC0415  an extra

        class Stated(dsse.Statement):
            def __init__(self) -> None:  # its own refuses what is about a commit: it knows digests of SHA-2 and 3 alone
                self._contents = payload

        return _ask(lambda: parse_bundle(write_json(json.loads(self._signer.sign_dsse(Stated()).to_json())) + b"\n"))


def open_keyless_signer(trust_config: Path | None) -> KeylessSigner:
    """Return the signer whom the environment identifies, once they have a certificate. Raises SigningError.

    ``trust_config`` is a client trust config of another instance than the public one of Sigstore.
    """
    try:
        from sigstore import models, oidc, sign  # noqa: PLC0415
    except ImportError:
        raise SigningError(_INSTALL) from None

    def open_signer() -> KeylessSigner:
        token = oidc.detect_credential()
        if token is None:
            raise SigningError("nothing here says who signs; call this in a job of GitHub Actions with id-token: write")
        config = models.ClientTrustConfig
        trusted = config.from_json(trust_config.read_text("utf-8")) if trust_config else config.production()
        signer = sign.Signer(oidc.IdentityToken(token), sign.SigningContext.from_trust_config(trusted))
        certificate = signer._signing_cert()  # which it holds by now; nothing public says whom it names
        public = take_public(certificate.public_key())
        return KeylessSigner(signer, public, read_identity(certificate), read_origin(certificate))

    return _ask(open_signer)


def _ask(work: Callable[[], _T]) -> _T:
    """Return what services answer. Raises SigningError, also when they take too long."""
    done: SimpleQueue[tuple[_T | None, Exception | None]] = SimpleQueue()

    def act() -> None:
        try:
            done.put((work(), None))
        except Exception as error:  # noqa: BLE001  sigstore, requests and pydantic each have their own
            done.put((None, error))

    Thread(target=act, name="sigstore", daemon=True).start()
    try:
        made, error = done.get(timeout=LIMIT)
    except Empty:
        raise SigningError(f"Sigstore: gave no answer within {LIMIT:g} s") from None
    if isinstance(error, SigningError):
        raise error
    if made is None:
        raise SigningError(f"Sigstore: {type(error).__name__}: {str(error) or 'no more is said'}"[:500])
    return made


def verify_keyless(bundle: SigstoreBundle, identity: Identity, trusted_root: Path | None) -> None:
    """Check that a bundle was signed by somebody, and entered into the log while their certificate held.

    ``trusted_root`` is a file with the keys of an instance of Sigstore. None takes the public instance's keys, as they
    were last fetched, or as they came with the library. Raises KeylessError, and KeylessUnready.
    """
    verifier, models, policy = _load_verifier(trusted_root)
    try:
        let_in = policy.AnyOf([policy.OIDCIssuerV2(identity.issuer), policy.OIDCIssuer(identity.issuer)])
        wanted = policy.AllOf([policy.Identity(identity=identity.subject), let_in])
        found = verifier.verify_dsse(models.Bundle.from_json(bundle.data), wanted)
    except Exception as error:  # noqa: BLE001  whatever sigstore can't read does not hold
        raise KeylessError(str(error)[:500] or type(error).__name__) from None
    if found != (IN_TOTO, bundle.payload):
        raise KeylessError("another statement was signed")


def read_trusted_root(path: Path) -> None:
    """Raise KeylessUnready for a file that is no trusted root."""
    _load_verifier(path)


def fetch_trusted_root() -> None:
    """Bring the keys of the public instance up to date, by TUF from those that came with the library.

    Raises KeylessUnready.
    """
    try:
        from sigstore import models  # noqa: PLC0415
    except ImportError:
        raise KeylessUnready(_INSTALL) from None
    try:
        _ask(models.ClientTrustConfig.production)
    except SigningError as error:
        raise KeylessUnready(str(error)) from None


def _load_verifier(trusted_root: Path | None) -> tuple[Any, Any, Any]:
    try:
        from sigstore import models  # noqa: PLC0415
        from sigstore.verify import Verifier, policy  # noqa: PLC0415
    except ImportError:
        raise KeylessUnready(_INSTALL) from None
    logging.getLogger("sigstore").setLevel(logging.ERROR)  # it warns that nobody is asked, which is the point
    try:
        if trusted_root is None:
            return Verifier.production(offline=True), models, policy
        return Verifier(trusted_root=models.TrustedRoot.from_file(str(trusted_root))), models, policy
    except OSError as error:
        raise KeylessUnready(error.strerror or "can't be read") from None
    except Exception:  # noqa: BLE001  each kind of damage has its own
        raise KeylessUnready("is no trusted root of Sigstore") from None
