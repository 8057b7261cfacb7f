"""The site of a run: one that the target names, or the team's own, which the gate starts or finds running."""

import json
import socket
import ssl
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.criteria import CriteriaError, UsageError
from prodgate.layers import own_site
from prodgate.layers.dags import observing
from prodgate.layers.e2e import observing as e2e_layer
from prodgate.layers.layer import LayerContext
from prodgate.layers.live import target as live_target
from prodgate.layers.load import observing as load_layer
from prodgate.layers.named_site import find_authority, require_answering, require_near
from prodgate.layers.own_site import open_own_site
from prodgate.layers.rollout import target as rollout_target
from prodgate.rehearsal.edge import CertificateOptions, issue_certificate
from prodgate.sections.criteria_file import parse_criteria
from prodgate.sections.e2e import name_past
from tests.servers import Handler, serving

from .context import layer_context

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


def open_e2e(at: LayerContext) -> e2e_layer.E2eTarget:
    with e2e_layer.open_target(at, at.stated.e2e) as target:
        return target


def open_load(at: LayerContext) -> load_layer.LoadTarget:
    with load_layer.open_target(at, at.stated.load) as target:
        return target


def test_a_private_authority_is_trusted_by_load_and_browser_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(e2e_layer, "_list_pins", lambda _url, _hosts, ca_file: f"keys that {ca_file} vouches for")
    made = issue_certificate(tmp_path, CertificateOptions(), "TLSv1.2_2021")
    with showing(made.context) as url:
        at = observation(tmp_path, url, load_allowed="localhost")
        load, site = open_load(at), open_e2e(at)
    assert (load.url, load.ca_file, load.screen) == (url, str(made.authority), False)
    assert (site.url, site.ca_file, site.pin) == (url, str(made.authority), f"keys that {made.authority} vouches for")
    assert site.hosts == (), "further hosts are production's"
    assert "is a site, of which no account is known" in site.unresolved["reader"]


def test_who_is_not_trusted_and_who_does_not_answer_are_told_apart(tmp_path: Path) -> None:
    with showing(issue_certificate(tmp_path, CertificateOptions(trusted=False), "TLSv1.2_2021").context) as url:
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
    at = observation(tmp_path, "https://localhost:1", CRITERIA.replace('token = "secret:airflow"', ""))
    with observing.open_target(at, at.stated.airflow, Event()) as opened:
        assert opened.place == "https://airflow.shop.example"
        with pytest.raises(Unreadable, match="of which no account is known"):
            opened.account.list("sqs", "ListQueues", "QueueUrls")
        with pytest.raises(Unreadable, match="secret:name: .* or name an environment variable instead"):
            opened.secret("name")
    at = observation(tmp_path, "https://localhost:1")
    opening = observing.open_target(at, at.stated.airflow, Event())
    with pytest.raises(Unreadable, match="secret:airflow: .*no account is known"), opening:
        pass


# ── A rehearsal of the team's own site: started and ended by the gate, or already running, and never another one

WITH_REHEARSAL = """
system = "shop"
{rehearsal}
[load]
hosts = ["www.shop.example"]
resolves_to = ["203.0.113.0/24"]
most = {{ rate = "100 /s", duration = "1 min" }}
steady = {{ rate = "100 /s", duration = "1 s" }}

[e2e]
hosts = ["shop.example"]

[criteria.latency-p95]
statement = "Fast."
why = "People leave."
source = "X-1"
layers = ["load"]
"""
SERVES = f"""[rehearsal]
start = "'{sys.executable}' serve.py {{{{port}}}}"
health = "/healthz"
"""
SERVER = """
import http.server, json, os, sys

class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"port": os.environ["PORT"], "key": os.environ.get("PRODGATE_SIGNING_KEY", "")}).encode()
        self.send_response(200 if self.path in ("/", "/healthz") else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
"""


class Answering(Handler):
    def do_GET(self) -> None:
        self.reply(204 if self.path == "/" else 503)


def context(folder: Path, rehearsal: str = "") -> LayerContext:
    (folder / "criteria.toml").write_text(WITH_REHEARSAL.format(rehearsal=rehearsal.format()), "utf-8")
    (folder / "serve.py").write_text(SERVER, "utf-8")
    return layer_context(folder, "load")


def read(url: str) -> Mapping[str, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def listens(url: str) -> bool:
    with socket.socket() as asking:
        parts = urlsplit(url)
        return asking.connect_ex((str(parts.hostname), parts.port or 0)) == 0


def test_a_site_is_started_on_a_free_port_without_keys_and_ends_with_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODGATE_SIGNING_KEY", "secret")
    with open_own_site(context(tmp_path, SERVES)) as url:
        assert read(url) == {"port": url.rpartition(":")[2], "key": ""}
    until = monotonic() + 60
    while listens(url):  # a killed process releases its port a moment later
        assert monotonic() < until
        sleep(0.05)


def test_a_site_that_is_there_is_used_and_stays(tmp_path: Path) -> None:
    with serving(Answering) as there:
        with open_own_site(context(tmp_path, f'[rehearsal]\nsite = "{there}/"\n')) as url:
            assert url == there
        assert listens(there)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("", "a rehearsal has only the sample site, and this is not your site: it would say nothing of shop; write [reh"),
        ('[rehearsal]\npast = "past.toml"\n', "this is not your site: it would say nothing of shop; write [rehearsal] in"),
        (f"[rehearsal]\nstart = \"'{sys.executable}' -c 'raise SystemExit(5)'\"\n", "[rehearsal] start ended with exit code 5 before the site was ready: it said nothing"),
        (f"[rehearsal]\nstart = \"'{sys.executable}' nowhere.py\"\n", "before the site was ready: "),
        ('[rehearsal]\nstart = "no-such-command"\n', "[rehearsal] start ended with exit code 127 before"),
        ('[rehearsal]\nsite = "http://127.0.0.1:9"\n', "your site at http://127.0.0.1:9 is not ready: / has no answer ("),
    ],
)  # fmt: skip
def test_a_site_that_does_not_become_ready_says_why(tmp_path: Path, stated: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused, open_own_site(context(tmp_path, stated)):
        raise AssertionError
    assert reason in refused.value.reason


def test_a_health_path_that_is_not_well_is_said(tmp_path: Path) -> None:
    with serving(Answering) as there:
        stated = f'[rehearsal]\nsite = "{there}"\nhealth = "/healthz"\n'
        with pytest.raises(Unreadable) as refused, open_own_site(context(tmp_path, stated)):
            raise AssertionError
    assert "/healthz answers with HTTP 503; write another [rehearsal] health" in refused.value.reason


def test_a_started_site_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_site, "_READY", 0)
    stated = f"[rehearsal]\nstart = \"'{sys.executable}' -c 'input()'\"\n"
    with (
        pytest.raises(Unreadable, match=r"is not ready: / has no answer .*; let it listen at {port}"),
        open_own_site(context(tmp_path, stated)),
    ):
        raise AssertionError


def test_load_and_browser_never_meet_somebody_elses_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_layer, "load_rehearsal", pytest.fail)
    monkeypatch.setattr(e2e_layer, "load_rehearsal", pytest.fail)
    made = context(tmp_path)
    with pytest.raises(Unreadable, match="this is not your site"), load_layer.open_target(made, made.stated.load):
        raise AssertionError
    with pytest.raises(Unreadable, match="this is not your site"), e2e_layer.open_target(made, made.stated.e2e):
        raise AssertionError


def test_load_meets_the_site_that_is_stated(tmp_path: Path) -> None:
    with serving(Answering) as there:
        made = context(tmp_path, f'[rehearsal]\nsite = "{there}"\n')
        with load_layer.open_target(made, made.stated.load) as target:
            assert (target.url, target.place, target.site) == (there, "your site on this machine", None)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("", "rehearsal: says not in one way which site there is; write either site"),
        ('site = "http://127.0.0.1:1"\nstart = "x"', "rehearsal: says not in one way"),
        ('site = "https://www.shop.example"', "rehearsal.site: is 'https://www.shop.example'; write an address on this machine"),
        ('site = "http://127.0.0.1"', "rehearsal.site: is 'http://127.0.0.1'; write an address"),
        ('site = "http://127.0.0.1:8077/shop"', "rehearsal.site: is 'http://127.0.0.1:8077/shop'"),
        ('site = "http://127.0.0.1:http"', "rehearsal.site: is 'http://127.0.0.1:http'"),
        *((f'site = "http://127.0.0.1:8077{behind}"', "rehearsal.site: is 'http://127.0.0.1:8077") for behind in ("#x", "?", "\\n", "//", "7")),
        ('site = " http://127.0.0.1:8077"', "rehearsal.site: is ' http://127.0.0.1:8077'; write an address"),
        ("site = 8077", "rehearsal.site: is 8077; write"),
        ('start = ""', "rehearsal.start: is ''; write a command"),
        ("start = \"serve 'x\"", "rehearsal.start: is \"serve 'x\"; write a command"),
        ('start = "x"\nhealth = "ok"', "rehearsal.health: is 'ok'; write a path, e.g. '/healthz'"),
        ('start = "x"\npast = 3', "rehearsal.past: is 3; write the path of a file beside this one, e.g. 'past.toml'"),
        *((f'start = "x"\nhealth = "/{path}"', "rehearsal.health: is '/") for path in ("ü", "a b", "a\\n", "#a")),
        ('start = "x"\nhelth = "/"', "rehearsal.helth: is not a key; did you mean 'health'?"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(stated: str, message: str) -> None:
    with pytest.raises(CriteriaError) as refused:
        parse_criteria(WITH_REHEARSAL.format(rehearsal=f"[rehearsal]\n{stated}\n"), Path("criteria.toml"))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("stated", "past"),
    [
        ("", ""),
        ('[rehearsal]\nsite = "sample"\n', "sample"),
        ('[rehearsal]\nsite = "http://127.0.0.1:8077"\n', ""),
        ('[rehearsal]\nsite = "http://127.0.0.1:8077"\npast = "past.toml"\n', "shop/past.toml"),
    ],
)
def test_the_past_of_an_account_is_the_samples_for_the_sample_alone(stated: str, past: str) -> None:
    section = parse_criteria(WITH_REHEARSAL.format(rehearsal=stated), Path("criteria.toml")).rehearsal
    assert name_past(section, Path("shop")) == past
