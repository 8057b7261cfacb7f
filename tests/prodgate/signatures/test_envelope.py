"""The envelope is the published one, and has one way to be written."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st

from prodgate.signatures.envelope import IN_TOTO, Envelope, EnvelopeError, encode, parse_envelope
from prodgate.signatures.keys import PublicKey, parse_signer

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
