"""Signing without a key, by Sigstore: a service says who somebody is, and writes into a public log that they signed.

The only module that imports sigstore. Who signs is whoever the environment says, such as a workflow of GitHub Actions
with ``id-token: write``; the key is made for that moment. Verifying asks nobody: bundle and trusted root are enough.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from .envelope import IN_TOTO
from .keys import PublicKey, SigningError, take_public
from .sigstore_bundles import Identity, Origin, SigstoreBundle, read_identity, read_origin, write_bundle

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

        return _ask(lambda: write_bundle(self._signer.sign_dsse(Stated()).to_json()))


def open_keyless_signer(trust_config: Path | None) -> KeylessSigner:
    """Return whoever the environment says, once they were given a certificate. Raises SigningError.

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

    ``trusted_root`` is a file with the keys of an instance of Sigstore; None for those of the public one, as they were
    when they were last fetched, or as they came with the library. Raises KeylessError, and KeylessUnready.
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
