"""Handshakes: the data read from a certificate of any issuer, and the refused versions."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from prodgate.probes import certificates
from prodgate.probes.certificates import inspect_certificates, probe_tls_versions
from prodgate.rehearsal.certificates import load_chain
from prodgate.rehearsal.edge import CertificateOptions, issue_certificate

from ..load.servers import fine, serving

pytestmark = pytest.mark.once


@contextmanager
def shown(scratch: Path, issue: CertificateOptions, minimum: str = "TLSv1.2_2021") -> Iterator[tuple[int, str]]:
    made = issue_certificate(scratch, issue, minimum)
    with serving(fine, made.context) as server:
        yield server.port, str(made.authority)


def seen(port: int, authority: str) -> dict[str, Any]:
    (found,) = inspect_certificates("localhost", port, ca_file=authority, timeout=60.0)["shown"]
    return dict(found)


def test_a_certificate_is_read_and_vouched_for(tmp_path: Path) -> None:
    with shown(tmp_path, CertificateOptions()) as (port, authority):
        found = seen(port, authority)
    assert (found["names"], found["vouched"]) == (["localhost"], "")
    assert found["issuer"] == "prod-gate rehearsal edge"
    assert found["ends"] - found["begins"] == pytest.approx(91 * 86400, abs=2)


def test_an_expired_one_of_another_name_is_read_all_the_same(tmp_path: Path) -> None:
    issue = CertificateOptions(name="a.example", begins=timedelta(days=-9), ends=timedelta(days=-2))
    with shown(tmp_path, issue) as (port, authority):
        found = seen(port, authority)
    assert (found["names"], found["vouched"]) == (["a.example"], "")
    assert found["ends"] - found["begins"] == pytest.approx(7 * 86400, abs=2)


def test_who_vouches_is_asked_of_the_file_or_of_the_system(tmp_path: Path) -> None:
    with shown(tmp_path, CertificateOptions()) as (port, _):
        assert seen(port, "").get("vouched") in ("unable to get local issuer certificate", None)
    with shown(tmp_path, CertificateOptions(trusted=False)) as (port, authority):
        assert seen(port, authority)["vouched"] == "self-signed certificate"


def test_without_a_store_nobody_can_say_who_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "store"))
    with shown(tmp_path, CertificateOptions()) as (port, _):
        found = seen(port, "")
    assert found["unvouched"] == "this machine has no store of authorities; install ca-certificates"
    assert found["names"] == ["localhost"]


def test_a_file_of_authorities_that_is_not_there_is_said(tmp_path: Path) -> None:
    with shown(tmp_path, CertificateOptions()) as (port, _):
        found = seen(port, str(tmp_path / "nowhere.pem"))
    assert found["unvouched"] == "No such file or directory"


@pytest.mark.parametrize(
    ("minimum", "accepted"),
    [
        ("TLSv1", ["TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]),
        ("TLSv1.1_2016", ["TLS 1.1", "TLS 1.2", "TLS 1.3"]),
        ("TLSv1.2_2021", ["TLS 1.2", "TLS 1.3"]),
        ("TLSv1.3_2025", ["TLS 1.3"]),
    ],
)
def test_each_version_is_tried_alone(tmp_path: Path, minimum: str, accepted: list[str]) -> None:
    with shown(tmp_path, CertificateOptions(), minimum) as (port, _):
        tried = probe_tls_versions("localhost", port, timeout=60.0)
    assert [version for version, one in tried.items() if one["became"] == "accepted"] == accepted
    assert {one["became"] for one in tried.values()} <= {"accepted", "refused", "closed"}


def test_what_the_library_of_this_machine_can_t_speak_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.options |= ssl.OP_NO_TLSv1_1
        return context

    monkeypatch.setattr(certificates, "unverified_context", none)
    with shown(tmp_path, CertificateOptions(), "TLSv1.2") as (port, _):
        tried = probe_tls_versions("localhost", port, timeout=60.0)
    assert tried["TLS 1.1"] == {
        "became": "unknown",
        "detail": "the TLS library of this machine says NO_PROTOCOLS_AVAILABLE",
    }
    assert tried["TLS 1.2"]["became"] == "accepted"


def test_a_server_that_speaks_no_tls_says_nothing_about_versions() -> None:
    with serving(fine) as server:
        tried = probe_tls_versions("localhost", server.port, timeout=0.3)
        found = inspect_certificates("localhost", server.port, ca_file="", timeout=0.3)
    assert {one["became"] for one in tried.values()} == {"unknown"}
    assert "failed" in found


# ── Each kind of key and each address


@cache
def issued(kind: str, days: int = 90) -> bytes:
    """A key of a kind and a certificate by itself, in PEM, which ends in so many days."""
    key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{kind} {days}")]), datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    named = dated.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form) + named.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def showing(*chains: bytes, only: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for chain in chains:
        load_chain(context, chain)
    if only:
        context.minimum_version = context.maximum_version = only
    return context


def trusted(scratch: Path, *chains: bytes) -> str:
    """A file that trusts these, as a private authority's would be."""
    file = scratch / "trusted.pem"
    file.write_bytes(b"".join(b"-----BEGIN CERT" + chain.partition(b"-----BEGIN CERT")[2] for chain in chains))
    return str(file)


def kinds_seen(port: int, ca_file: str) -> list[dict[str, Any]]:
    return list(inspect_certificates("127.0.0.1", port, ca_file=ca_file, timeout=60.0)["shown"])


@pytest.mark.parametrize("only", [None, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_certificate_of_each_kind_of_key_is_seen(tmp_path: Path, only: ssl.TLSVersion | None) -> None:
    good, old = issued("ECDSA"), issued("RSA", 3)
    with serving(fine, showing(good, old, only=only)) as server:
        found = kinds_seen(server.port, trusted(tmp_path, good))
    assert {one["key"] for one in found} == {"ECDSA", "RSA"}
    by_kind = {one["key"]: one for one in found}
    assert by_kind["ECDSA"]["ends"] - by_kind["RSA"]["ends"] == pytest.approx(87 * 86400, abs=60)
    assert (by_kind["ECDSA"]["vouched"], by_kind["RSA"]["vouched"]) == ("", "self-signed certificate")


@pytest.mark.parametrize("only", [None, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", ["ECDSA", "RSA"])
def test_a_kind_that_a_host_does_not_have_is_no_failure(tmp_path: Path, kind: str, only: ssl.TLSVersion | None) -> None:
    with serving(fine, showing(issued(kind), only=only)) as server:
        (found,) = kinds_seen(server.port, trusted(tmp_path, issued(kind)))
    assert (found["key"], found["vouched"]) == (kind, "")


def test_a_host_that_shows_one_certificate_and_then_another_is_seen_in_both(tmp_path: Path) -> None:
    first, second = issued("ECDSA"), issued("ECDSA", 89)
    contexts = iter([showing(first)] + [showing(second)] * 9)
    context = showing(first)

    def rotate(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = next(contexts)

    context.sni_callback = rotate
    with serving(fine, context) as server:
        found = kinds_seen(server.port, trusted(tmp_path, first, second))
    assert [one["vouched"] for one in found] == ["", ""]
    assert found[0]["ends"] - found[1]["ends"] == pytest.approx(86400, abs=60)


@contextmanager
def other(port: int, context: ssl.SSLContext) -> Iterator[None]:
    """Shake hands on the same port of another address of loopback, as often as anybody asks."""
    with socket.create_server(("127.0.0.2", port)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = server.accept()
                    with suppress(OSError), context.wrap_socket(taken, server_side=True) as secure:
                        secure.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def of_an_old_authority() -> tuple[bytes, bytes]:
    """A certificate with its key, and the authority that signs it, without the extensions that newer ones have."""
    now, names = (
        datetime.now(UTC),
        {one: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in "ab"},
    )
    above, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    made = []
    for subject, public, is_ca in (("a", above, True), ("b", key, False)):
        built = x509.CertificateBuilder(names["a"], names[subject], public.public_key(), x509.random_serial_number())
        dated = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        limited = dated.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=False)
        made.append(limited.sign(above, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form) + made[1], made[0]


def test_an_authority_that_browsers_take_is_taken_by_each_python(tmp_path: Path) -> None:
    chain, authority = of_an_old_authority()
    (tmp_path / "old.pem").write_bytes(authority)
    with serving(fine, showing(chain)) as server:
        (found,) = kinds_seen(server.port, str(tmp_path / "old.pem"))
    assert found["vouched"] == ""


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def list_addresses(_host: str, _port: int) -> list[str]:
        return list(addresses)

    monkeypatch.setattr(certificates, "list_addresses", list_addresses)


def test_each_address_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, strange = issued("ECDSA"), issued("ECDSA", 7)
    with serving(fine, showing(good)) as server, other(server.port, showing(strange)):
        resolving(monkeypatch, "127.0.0.1", "127.0.0.2", "127.0.0.3")
        found = inspect_certificates("localhost", server.port, ca_file=trusted(tmp_path, good), timeout=60.0)
    by_address = {one["address"]: one["vouched"] for one in found["shown"]}
    assert by_address == {"127.0.0.1": "", "127.0.0.2": "self-signed certificate"}
    assert found["absent"] == {"127.0.0.3": "Connection refused"}
