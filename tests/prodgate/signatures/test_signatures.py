"""Signatures: the published envelope, kinds of keys, and responses of Sigstore that end."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given, strategies as st

from prodgate.signatures import keyless
from prodgate.signatures.envelope import IN_TOTO, Envelope, EnvelopeError, encode, parse_envelope
from prodgate.signatures.keys import KeyMistake, PublicKey, SigningError, parse_public, parse_signer
from tests.trees import write_tree

#: The test vector of DSSE's protocol.md: P-256 with SHA-256; the signature is r and s one after the other.
VECTOR = {
    "payload": b"hello world",
    "kind": "http://example.com/HelloWorld",
    "encoded": b"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    "x": 46950820868899156662930047687818585632848591499744589407958293238635476079160,
    "y": 5640078356564379163099075877009565129882514886557779369047442380624545832820,
    "signature": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==",
}


def test_the_published_encoding_is_ours() -> None:
    assert encode(VECTOR["kind"], VECTOR["payload"]) == VECTOR["encoded"]
    assert encode("", b"") == b"DSSEv1 0  0 "
    assert encode("é", b"\x00\xff") == b"DSSEv1 2 \xc3\xa9 2 \x00\xff"


def test_the_published_signature_holds() -> None:
    key = ec.EllipticCurvePublicNumbers(VECTOR["x"], VECTOR["y"], ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = PublicKey(key.public_bytes(serialization.Encoding.DER, form))
    raw = base64.b64decode(VECTOR["signature"])
    signature = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    assert public.verifies(signature, encode(VECTOR["kind"], VECTOR["payload"]))
    assert not public.verifies(signature, encode(VECTOR["kind"], b"hello worle"))
    assert not public.verifies(raw, encode(VECTOR["kind"], VECTOR["payload"]))


@given(payload=st.binary(), keyid=st.text(), signature=st.binary(min_size=1))
def test_what_is_written_is_read(payload: bytes, keyid: str, signature: bytes) -> None:
    if not keyid.isprintable():
        keyid = keyid.encode("unicode_escape").decode()
    made = Envelope(payload=payload, keyid=keyid, signature=signature)
    assert parse_envelope(made.to_bytes()) == made
    assert parse_envelope(Envelope(payload=payload).to_bytes()) == Envelope(payload=payload)


WHOLE = Envelope(payload=b'{"a":1}', keyid="k" * 64, signature=b"s" * 64)


def changed(**members: object) -> bytes:
    document = {**json.loads(WHOLE.to_bytes()), **members}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


SIGNATURE = {"keyid": "k", "sig": base64.b64encode(b"s").decode()}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no envelope"),
        (b"null", "it is no envelope"),
        (b"[" * 100_000, "it is no envelope"),
        (WHOLE.to_bytes()[:-2], "it is no envelope"),
        (changed(payload=3), "it is no envelope"),
        (changed(payload="!!!!"), "it is no envelope"),
        (changed(payload="YQ"), "it is no envelope"),
        (changed(signatures=[SIGNATURE, SIGNATURE]), "it is no envelope"),
        (changed(signatures=[{"keyid": "k"}]), "it is no envelope"),
        (changed(signatures=[{"sig": "cw=="}]), "it is no envelope"),
        (changed(payloadType="text/plain"), "it holds 'text/plain', and no in-toto statement"),
        (changed(more=1), "it is not written as the gate writes it"),
        (changed(signatures=[{**SIGNATURE, "cert": "x"}]), "it is not written as the gate writes it"),
        (changed(signatures=[{**SIGNATURE, "sig": "cx=="}]), "it is not written as the gate writes it"),
        (changed(signatures=[{**SIGNATURE, "sig": ""}]), "it is not written as the gate writes it"),
        (WHOLE.to_bytes() + b"\n", "it is not written as the gate writes it"),
        (WHOLE.to_bytes().replace(b",", b", "), "it is not written as the gate writes it"),
        (b"\n" + WHOLE.to_bytes(), "it is not written as the gate writes it"),
    ],
)
def test_what_is_no_envelope_of_ours_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(EnvelopeError) as raised:
        parse_envelope(data)
    assert str(raised.value) == why


def test_a_signature_stands_for_type_and_payload() -> None:
    private = ec.derive_private_key(
        97358161215184420915383655311931858321456579547487070936769975997791359926199, ec.SECP256R1()
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = parse_signer(pem.decode())
    assert private.public_key().public_numbers().x == VECTOR["x"]
    made = signer.sign(Envelope(payload=b"a").signed_bytes)
    assert signer.public.verifies(made, encode(IN_TOTO, b"a"))
    assert not signer.public.verifies(made, encode("text/plain", b"a"))


# ── Sigstore's services


def test_services_that_never_answer_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyless, "LIMIT", 0.01)
    over = Event()
    with pytest.raises(SigningError, match="gave no answer within"):
        keyless._ask(over.wait)
    over.set()


def test_the_keys_of_the_public_instance_are_fetched_only_when_that_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from sigstore.models import ClientTrustConfig

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    keyless._load_verifier(None)
    assert capfd.readouterr() == ("", "")
    asked: list[Any] = []
    monkeypatch.setattr(ClientTrustConfig, "production", lambda: asked.append(1) or ClientTrustConfig)
    keyless.fetch_trusted_root()
    assert asked == [1]

    def fail() -> None:
        raise OSError("no way out")

    monkeypatch.setattr(ClientTrustConfig, "production", fail)
    with pytest.raises(keyless.KeylessUnready, match="OSError: no way out"):
        keyless.fetch_trusted_root()


# ── Keys


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
    write_tree(tmp_path, {"key.pub": public, "data": b"what is signed", "signature": signer.sign(b"what is signed")})
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
