"""Who signs is read before a run begins, and taken out of what its processes are handed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from prodgate.criteria import UsageError
from prodgate.sealing.signers import VARIABLE, read_trusted, take_signer
from prodgate.sections.evidence import EvidenceSection
from prodgate.signatures.keys import KeySigner

from .sealed import EVE, NIGHTLY, pem, trust

ANYBODY = EvidenceSection()
NOBODY_ELSE = EvidenceSection(signers=(trust(NIGHTLY),))


def private(signer: KeySigner) -> str:
    form = serialization.PrivateFormat.PKCS8
    return signer._key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def test_a_key_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(private(NIGHTLY))
    for text in (private(NIGHTLY), f"\n{private(NIGHTLY)}\n", str(tmp_path / "key.pem")):
        monkeypatch.setenv(VARIABLE, text)
        signer = take_signer("", NOBODY_ELSE)
        assert signer is not None
        assert signer.public == NIGHTLY.public
        assert VARIABLE not in os.environ


def test_an_option_is_stronger_and_the_environment_is_emptied_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text(private(NIGHTLY))
    monkeypatch.setenv(VARIABLE, private(EVE))
    signer = take_signer(str(tmp_path / "key.pem"), ANYBODY)
    assert signer is not None
    assert signer.public == NIGHTLY.public
    assert VARIABLE not in os.environ


@pytest.mark.parametrize("text", ["", "  \n"])
def test_without_a_key_nobody_signs(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert take_signer("", NOBODY_ELSE) is None
    monkeypatch.delenv(VARIABLE, raising=False)
    assert take_signer("", NOBODY_ELSE) is None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("/nowhere/key.pem", "PRODGATE_SIGNING_KEY: '/nowhere/key.pem': can't be read: No such file or directory"),
        ("-----BEGIN PRIVATE KEY-----", "PRODGATE_SIGNING_KEY: is no private key in PEM; make one by openssl genpkey"),
        (pem(EVE), "PRODGATE_SIGNING_KEY: is no private key in PEM"),
        ("awskms:///x", "PRODGATE_SIGNING_KEY: 'awskms:///x' is no key of KMS; write e.g. awskms:///alias/"),
        (
            private(EVE),
            "PRODGATE_SIGNING_KEY: is a key whose signature does not count; [evidence] signers names nightly",
        ),
    ],
)
def test_what_is_no_key_that_counts_is_refused(monkeypatch: pytest.MonkeyPatch, given: str, why: str) -> None:
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(UsageError) as raised:
        take_signer("", NOBODY_ELSE)
    assert why in str(raised.value)
    assert "PRIVATE KEY" not in str(raised.value)


def test_public_keys_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "a.pub").write_text(pem(NIGHTLY))
    (tmp_path / "b.pem").write_text(private(EVE))
    assert list(read_trusted([tmp_path / "a.pub"])) == [trust(NIGHTLY, "a.pub")]
    with pytest.raises(UsageError, match=r"--key: .*b\.pem: is a private key, which others must never see"):
        list(read_trusted([tmp_path / "b.pem"]))
    with pytest.raises(UsageError, match="can't be read: Is a directory"):
        list(read_trusted([tmp_path]))
