"""A site that a target names: asked only where it may be, trusted as stated, and silent about an account."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.criteria import UsageError
from prodgate.layers.dags import airflow
from prodgate.layers.e2e import target as e2e_target
from prodgate.layers.layer import LayerContext
from prodgate.layers.live import target as live_target
from prodgate.layers.load import target as load_target
from prodgate.layers.named_site import find_authority, require_answering, require_near
from prodgate.layers.rollout import target as rollout_target
from prodgate.rehearsal.edge_certificate import CertificateOptions, issue_certificate
from tests.prodgate.layers.context import layer_context

CRITERIA = """
system = "shop"

[account]
id = "123456789012"

[site]
ca = "authority.pem"
networks = ["10.20.0.0/16"]

[load]
hosts = ["www.shop.example", "localhost"]
resolves_to = ["127.0.0.0/8", "::1"]
most = { rate = "100 /s", duration = "1 min" }
steady = { rate = "100 /s", duration = "1 s" }

[e2e]
base_url = "https://www.shop.example"
hosts = ["shop.example"]
build = { header = "x-build", expected = "text:1" }
credentials = { reader = { user = "secret:reader", password = "secret:reader" } }

[airflow]
version = "3.0.6"
url = "https://airflow.shop.example"
token = "secret:airflow"

[dags.news]
cron = "0 * * * *"
timezone = "UTC"

[rollout]
rate = "10 /s"
limit = "1 h"

[criteria.latency-p95]
statement = "Fast."
why = "People leave."
source = "X-1"
layers = ["load"]
"""


def observation(folder: Path, url: str, criteria: str = CRITERIA, **changes: Any) -> LayerContext:
    (folder / "criteria.toml").write_text(criteria, "utf-8")
    return layer_context(folder, "load", url, **changes)


@contextmanager
def showing(context: ssl.SSLContext) -> Iterator[str]:
    """Show a certificate to everybody who comes, one after the other, and leave no connection behind."""
    ended = Event()

    def show() -> None:
        while True:
            plain, _ = listener.accept()
            with plain:
                if ended.is_set():
                    return
                plain.settimeout(60)
                with suppress(OSError), context.wrap_socket(plain, server_side=True):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        serving = thread.submit(show)
        try:
            yield f"https://localhost:{listener.getsockname()[1]}"
        finally:
            ended.set()
            with socket.create_connection(listener.getsockname()):
                serving.result()


def addresses(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    kept = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in found]
    monkeypatch.setattr("prodgate.layers.named_site.socket.getaddrinfo", lambda *_given, **_named: kept)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (["127.0.0.1", "::1"], ""),
        (["10.20.3.4"], ""),
        (["10.21.0.1"], "http://shop.internal is at 10.21.0.1, which is not this machine and none of 10.20.0.0/16"),
        (["10.20.3.4", "203.0.113.9"], "is at 203.0.113.9, which is not this machine"),
    ],
)
def test_without_tls_a_site_is_asked_here_and_in_the_networks_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: list[str], why: str
) -> None:
    at = observation(tmp_path, "http://shop.internal")
    addresses(monkeypatch, *found)
    if not why:
        require_near(at.target.site, at)
        return
    for opened in (lambda: require_near(at.target.site, at), lambda: open_e2e(at)):
        with pytest.raises(Unreadable) as told:
            opened()
        assert why in told.value.reason


def test_whose_networks_are_named_nowhere_is_asked_here_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = observation(tmp_path, "http://shop.internal", CRITERIA.replace('networks = ["10.20.0.0/16"]', ""))
    addresses(monkeypatch, "10.20.3.4")
    with pytest.raises(Unreadable, match=r"in no network that \[site\] networks names; write https://, or name"):
        require_near(at.target.site, at)


def open_e2e(at: LayerContext) -> e2e_target.E2eTarget:
    assert at.stated.e2e is not None
    with e2e_target.open_target(at, at.stated.e2e) as target:
        return target


def open_load(at: LayerContext) -> load_target.LoadTarget:
    assert at.stated.load is not None
    with load_target.open_target(at, at.stated.load) as target:
        return target


def test_a_private_authority_is_trusted_by_load_and_browser_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(e2e_target, "_list_pins", lambda _url, _hosts, ca_file: f"keys that {ca_file} vouches for")
    made = issue_certificate(tmp_path, CertificateOptions(), "TLSv1.2_2021")
    with showing(made.context) as url:
        at = observation(tmp_path, url, load_allowed="localhost")
        load, site = open_load(at), open_e2e(at)
    assert (load.url, load.ca_file, load.screen) == (url, str(made.authority), False)
    assert (site.url, site.ca_file, site.pin) == (url, str(made.authority), f"keys that {made.authority} vouches for")
    assert site.hosts == (), "further hosts are production's"
    assert "is a site, of which no account is known" in site.unresolved["reader"]


def test_who_is_not_trusted_and_who_does_not_answer_are_told_apart(tmp_path: Path) -> None:
    made = issue_certificate(tmp_path, CertificateOptions(trusted=False), "TLSv1.2_2021")
    with showing(made.context) as url:
        at = observation(tmp_path, url, load_allowed="localhost")
        with pytest.raises(Unreadable, match=r"the certificate of https://localhost:\d+ is not trusted: self.signed"):
            open_load(at)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = f"http://127.0.0.1:{listener.getsockname()[1]}"
        require_answering(plain, "")
    with pytest.raises(Unreadable, match=r"nobody answers at http://127\.0\.0\.1:\d+: .*refused.*; look whether"):
        require_answering(plain, "")


def test_an_authority_that_is_not_there_is_said(tmp_path: Path) -> None:
    at = observation(tmp_path, "https://localhost")
    with pytest.raises(Unreadable, match=r"authority\.pem: there is no such file; write \[site\] ca relative"):
        find_authority(at)
    with pytest.raises(Unreadable, match=r"own\.pem: there is no such file; write \[e2e\] ca_file relative"):
        find_authority(at, "own.pem")


def test_load_goes_to_no_site_that_the_criteria_do_not_name_and_nobody_allowed(tmp_path: Path) -> None:
    at = observation(tmp_path, "https://staging.shop.example", load_allowed="www.shop.example")
    with pytest.raises(Unreadable, match=r"\[load\] hosts does not name staging\.shop\.example"):
        open_load(at)
    at = observation(tmp_path, "https://localhost:1", load_allowed="www.shop.example")
    with pytest.raises(Unreadable, match="run with --i-am-allowed-to-load localhost"):
        open_load(at)


def test_what_needs_an_account_says_in_one_sentence_that_there_is_none(tmp_path: Path) -> None:
    at = observation(tmp_path, "https://localhost:1")
    why = r"^https://localhost:1 is a site, of which no account is known; ask it of aws://PROFILE@REGION$"
    with pytest.raises(UsageError, match=why), live_target.open_target(at):
        pass
    with pytest.raises(UsageError, match=why), rollout_target.open_scene(at):
        pass


def test_an_airflow_at_an_address_is_asked_without_an_account(tmp_path: Path) -> None:
    stated = CRITERIA.replace('token = "secret:airflow"', "")
    at = observation(tmp_path, "https://localhost:1", stated)
    assert at.stated.airflow is not None
    with airflow.open_target(at, at.stated.airflow) as opened:
        assert opened.place == "https://airflow.shop.example"
        with pytest.raises(Unreadable, match="of which no account is known"):
            opened.account.list("sqs", "ListQueues", "QueueUrls")
        with pytest.raises(Unreadable, match="secret:name: .* or name an environment variable instead"):
            opened.secret("name")
    at = observation(tmp_path, "https://localhost:1")
    assert at.stated.airflow is not None
    opening = airflow.open_target(at, at.stated.airflow)
    with pytest.raises(Unreadable, match="secret:airflow: .*no account is known"), opening:
        pass
