"""Handshakes: what is read from a certificate of any issuer, and which versions are refused."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.probes import versions
from prodgate.probes.certificates import inspect_certificates
from prodgate.probes.versions import probe_tls_versions
from prodgate.rehearsal.edge_certificate import CertificateOptions, issue_certificate

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

    monkeypatch.setattr(versions, "unverified_context", none)
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
