"""An AWS KMS key signs a digest, and an unsuitable key is refused before a run begins."""

import base64
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto import mock_aws
from moto.kms.utils import ECDSAPrivateKey

from prodgate.aws.signing import open_kms_signer
from prodgate.criteria import UsageError
from prodgate.semantics.kms_uris import split_kms_uri
from prodgate.signatures.keys import SigningError, parse_public

REGION = "ap-northeast-1"
ENVIRONMENT = {"AWS_REGION": REGION}


def sign_digest(self: ECDSAPrivateKey, message: bytes, signing_algorithm: str) -> bytes:
    """Sign a digest as KMS does for ``MessageType="DIGEST"``; moto 5.2.5 hashes it once more."""
    assert (len(message), signing_algorithm) == (32, "ECDSA_SHA_256")
    return self.private_key.sign(message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ECDSAPrivateKey, "sign", sign_digest)
    with mock_aws():
        yield boto3.client("kms", region_name=REGION)


def make(kms: Any, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> str:
    key = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    kms.create_alias(AliasName="alias/prodgate-evidence", TargetKeyId=key["KeyId"])
    return key["Arn"]


def test_a_key_of_kms_signs(kms: Any) -> None:
    arn = make(kms)
    data = b"x" * 10_000
    for uri, environment in ((f"awskms:///{arn}", {}), ("awskms:///alias/prodgate-evidence", ENVIRONMENT)):
        signer = open_kms_signer(uri, environment)
        assert signer.public.verifies(signer.sign(data), data)
        # the text in the criteria is the output of AWS's command line
        assert signer.public == parse_public(base64.b64encode(kms.get_public_key(KeyId=arn)["PublicKey"]).decode())


@pytest.mark.parametrize(
    ("spec", "usage", "why"),
    [
        ("RSA_2048", "SIGN_VERIFY", "is a key of kind RSA_2048 for SIGN_VERIFY; make one by aws kms create-key"),
        ("ECC_NIST_P384", "SIGN_VERIFY", "is a key of kind ECC_NIST_P384 for SIGN_VERIFY"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "is a public key of another kind; write an Ed25519 or a P-256 key"),
    ],
)
def test_a_key_of_another_kind_is_refused(kms: Any, spec: str, usage: str, why: str) -> None:
    make(kms, spec, usage)
    with pytest.raises(UsageError, match=why):
        open_kms_signer("awskms:///alias/prodgate-evidence", ENVIRONMENT)


def test_a_key_that_is_not_there_or_nowhere_is_refused(kms: Any) -> None:
    with pytest.raises(UsageError, match="kms GetPublicKey in ap-northeast-1: absent"):
        open_kms_signer("awskms:///alias/none", ENVIRONMENT)
    with pytest.raises(UsageError, match="is a key of which region\\? set AWS_REGION, or write its ARN"):
        open_kms_signer("awskms:///alias/none", {})


def test_a_key_that_does_not_sign_gives_no_signature(kms: Any) -> None:
    arn = make(kms)
    signer = open_kms_signer(f"awskms:///{arn}", {})

    def refuse(**_: Any) -> None:
        raise signer.clients("kms").exceptions.DisabledException(
            {"Error": {"Code": "DisabledException", "Message": ""}}, "Sign"
        )

    signer.clients("kms").sign = refuse
    with pytest.raises(SigningError, match=r"kms Sign in ap-northeast-1: refused \(DisabledException\)"):
        signer.sign(b"x")


def test_an_answer_that_is_no_signature_of_the_key_is_none(kms: Any) -> None:
    signer = open_kms_signer(f"awskms:///{make(kms)}", {})
    right = signer.clients("kms").sign
    signer.clients("kms").sign = lambda **given: right(**{**given, "Message": b"0" * 32})
    with pytest.raises(SigningError, match="KMS answered with what is no signature of its key"):
        signer.sign(b"x")


@pytest.mark.parametrize(
    "uri",
    [
        "awskms:///",
        "awskms:///x",
        "awskms:alias/x",
        "awskms://h/alias/x",
        "awskms:///alias/",
        "awskms:///arn:aws:s3:::x",
    ],
)
def test_what_is_no_key_of_kms_is_none(uri: str) -> None:
    assert split_kms_uri(uri) is None
