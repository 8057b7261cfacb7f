"""Certificates and names are checked as a browser checks them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prodgate.load.engine.provenance import offered_protocol
from prodgate.load.runner import run_load

from .locustfiles import a_locustfile, a_profile
from .records import failed, latencies
from .servers import fine, serving

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = pytest.mark.once


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, bytes]:
    """Return a server's context with a certificate it signed itself, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, (folder / "cert.pem").read_bytes()


def test_a_certificate_nobody_vouches_for_and_a_name_nobody_has(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path, "localhost")
    with serving(fine, context) as server:
        record = run_load(
            a_profile(),
            server.url,
            other_host="http://nowhere.invalid",
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    assert failed(record) == {"TLS": 45}
    assert failed(record, other=True) == {"DNS": 45}
    assert record["complete"]
    assert not server.asked


def test_a_certificate_that_is_vouched_for_is_accepted_for_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own, mine), (other, theirs) = (certificate(tmp_path, name) for name in ("localhost", "elsewhere.example"))
    (tmp_path / "trusted.pem").write_bytes(mine + theirs)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    with serving(fine, own) as server, serving(fine, other) as impostor:
        record = run_load(
            a_profile(duration=1.0),
            server.url,
            other_host=impostor.url,
            locustfile=a_locustfile(tmp_path),
            directory=tmp_path / "run",
        )
    assert (failed(record), len(latencies(record))) == ({}, 30)
    assert failed(record, other=True) == {"TLS": 30}


@pytest.mark.parametrize(
    ("offered", "told"),
    [(["h2", "http/1.1"], "HTTP/2"), (["http/1.1"], "HTTP/1.1"), ([], "")],
    ids=["h2", "h1", "none"],
)
def test_what_a_host_offers_browsers_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offered: list[str], told: str
) -> None:
    context, _ = certificate(tmp_path, "localhost")
    context.set_alpn_protocols(offered)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with serving(fine, context) as server:
        assert offered_protocol(server.url) == told
        assert offered_protocol(server.url.replace("https", "http")) == ""
    assert offered_protocol(server.url) == "", "nobody is there to ask"
