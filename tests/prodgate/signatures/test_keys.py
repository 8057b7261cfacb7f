"""Two kinds of keys sign; whatever else is handed in as one is refused, with what to write."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from prodgate.signatures.keys import KeyMistake, parse_public, parse_signer


def openssl(*words: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout


def make(path: Path, *how: str) -> str:
    openssl("genpkey", *how, "-out", path)
    return path.read_text()


ED25519 = ("-algorithm", "ed25519")
P256 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


@pytest.mark.parametrize("how", [ED25519, P256], ids=["ed25519", "p256"])
def test_keys_of_openssl_sign_and_openssl_checks(tmp_path: Path, how: tuple[str, ...]) -> None:
    signer = parse_signer(make(tmp_path / "key.pem", *how))
    public = openssl("pkey", "-in", tmp_path / "key.pem", "-pubout").decode()
    (tmp_path / "key.pub").write_text(public)
    (tmp_path / "data").write_bytes(b"what is signed")
    (tmp_path / "signature").write_bytes(signer.sign(b"what is signed"))
    files = ("-in", tmp_path / "data", "-sigfile", tmp_path / "signature")
    assert b"Verified" in openssl("pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.pub", "-rawin", *files)
    for text in (public, "".join(public.splitlines()[1:-1]), public.replace("\n", "\r\n")):
        assert parse_public(text) == signer.public
    der = openssl("pkey", "-pubin", "-in", tmp_path / "key.pub", "-outform", "DER")
    assert signer.public.keyid == hashlib.sha256(der).hexdigest()
    assert signer.public.verifies(signer.sign(b"x"), b"x")
    assert not signer.public.verifies(signer.sign(b"x"), b"y")


def test_a_key_is_not_shown(tmp_path: Path) -> None:
    signer = parse_signer(make(tmp_path / "key.pem", *ED25519))
    assert repr(signer).startswith("<prodgate.signatures.keys.KeySigner object at ")


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (("-algorithm", "RSA"), "is a private key of another kind; write an Ed25519 or a P-256 key"),
        (("-algorithm", "ed448"), "is a private key of another kind"),
        (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "is a private key of another kind"),
        ((*ED25519, "-aes256", "-pass", "pass:x"), "is protected by a password"),
    ],
)
def test_other_keys_do_not_sign(tmp_path: Path, how: tuple[str, ...], why: str) -> None:
    with pytest.raises(KeyMistake, match=why):
        parse_signer(make(tmp_path / "key.pem", *how))


def test_other_keys_count_for_nothing(tmp_path: Path) -> None:
    secret = make(tmp_path / "own.pem", *ED25519)
    with pytest.raises(KeyMistake, match="is a private key, which others must never see"):
        parse_public(secret)
    for text in ("", "x", "MCowBQYDK2VwAyEA", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(KeyMistake, match="is no public key; write what openssl pkey"):
            parse_public(text)
    make(tmp_path / "rsa.pem", "-algorithm", "RSA")
    with pytest.raises(KeyMistake, match="is a public key of another kind"):
        parse_public(openssl("pkey", "-in", tmp_path / "rsa.pem", "-pubout").decode())
    for text in ("", "nothing", openssl("pkey", "-in", tmp_path / "own.pem", "-pubout").decode()):
        with pytest.raises(KeyMistake, match="is no private key in PEM; make one by openssl genpkey"):
            parse_signer(text)
