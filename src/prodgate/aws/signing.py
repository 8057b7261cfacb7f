"""Signs with a key that AWS KMS keeps, so that nobody who runs the gate has it in hand.

The key is an asymmetric one on P-256 (ECC_NIST_P256, SIGN_VERIFY), which signs a digest. With Ed25519, KMS signs only
what is no longer than 4,096 bytes, and a statement about a run is longer.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..criteria import UsageError
from ..semantics.kms_uris import split_kms_uri
from ..signatures.keys import KeyMistake, PublicKey, SigningError, parse_public
from .clients import Clients
from .failures import classify_error
from .sessions import open_elsewhere

_ALGORITHM: Final = "ECDSA_SHA_256"


@dataclass(frozen=True, slots=True)
class KmsSigner:
    """A key of AWS KMS that may sign."""

    clients: Clients
    key: str
    """How KMS names it: an ARN, an id or an alias."""
    public: PublicKey

    def sign(self, data: bytes) -> bytes:
        """Return a signature. Raises SigningError."""
        digest = hashlib.sha256(data).digest()
        try:
            answer = self.clients("kms").sign(
                KeyId=self.key, Message=digest, MessageType="DIGEST", SigningAlgorithm=_ALGORITHM
            )
        except Exception as error:  # noqa: BLE001  whatever went wrong, there is no signature
            raise SigningError(f"{self.key}: {_describe(error, 'Sign', self.clients.region)}") from None
        signature: bytes = answer["Signature"]
        if not self.public.verifies(signature, data):
            raise SigningError(f"{self.key}: KMS answered with what is no signature of its key")
        return signature


def open_kms_signer(uri: str, environment: Mapping[str, str]) -> KmsSigner:
    """Ask KMS for the public half of a key. Raises UsageError when it may not, or the key is of another kind."""
    split = split_kms_uri(uri)
    assert split is not None, "whoever calls this has looked"
    key, region = split
    region = region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
    if not region:
        raise UsageError(f"{uri}: is a key of which region? set AWS_REGION, or write its ARN")
    clients = open_elsewhere("", region, environment)
    try:
        answer = clients("kms").get_public_key(KeyId=key)
    except Exception as error:  # noqa: BLE001  whatever went wrong, there is no key
        raise UsageError(f"{uri}: {_describe(error, 'GetPublicKey', region)}") from None
    return KmsSigner(clients, key, _read_public(uri, answer))


def _read_public(uri: str, answer: Mapping[str, Any]) -> PublicKey:
    if _ALGORITHM not in answer.get("SigningAlgorithms", ()):
        kind = answer.get("KeySpec") or answer.get("CustomerMasterKeySpec")
        raise UsageError(
            f"{uri}: is a key of kind {kind} for {answer.get('KeyUsage')}; make one by "
            "aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY"
        )
    try:
        return parse_public(base64.b64encode(answer["PublicKey"]).decode())
    except KeyMistake as error:
        raise UsageError(f"{uri}: {error}") from None


def _describe(error: Exception, operation: str, region: str) -> str:
    failure = classify_error(error)
    return f"kms {operation} in {region}: {failure.kind} ({failure.code}); allow kms:{operation} on this key"
