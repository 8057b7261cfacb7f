"""A rehearsal is about the team's own site: started and ended by the gate, or there already, and never another one."""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.criteria import CriteriaError
from prodgate.layers import own_site
from prodgate.layers.e2e import target as e2e_target
from prodgate.layers.layer import LayerContext
from prodgate.layers.load import target as load_target
from prodgate.layers.own_site import open_own_site
from prodgate.sections.criteria_file import parse_criteria
from prodgate.sections.rehearsal import name_past

from .context import layer_context

CRITERIA = """
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


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204 if self.path == "/" else 503)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def answering() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def context(folder: Path, rehearsal: str = "") -> LayerContext:
    (folder / "criteria.toml").write_text(CRITERIA.format(rehearsal=rehearsal.format()), "utf-8")
    (folder / "serve.py").write_text(SERVER, "utf-8")
    return layer_context(folder, "load")


def read(url: str) -> Mapping[str, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        found: Mapping[str, str] = json.loads(answer.read())
        return found


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
    while listens(url):  # what was killed lets go of its port a moment later
        assert monotonic() < until
        sleep(0.05)


def test_a_site_that_is_there_is_used_and_stays(tmp_path: Path) -> None:
    with answering() as there:
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
    with answering() as there:
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
    monkeypatch.setattr(load_target, "load_rehearsal", pytest.fail)
    monkeypatch.setattr(e2e_target, "load_rehearsal", pytest.fail)
    made = context(tmp_path)
    assert made.stated.load is not None
    assert made.stated.e2e is not None
    with pytest.raises(Unreadable, match="this is not your site"), load_target.open_target(made, made.stated.load):
        raise AssertionError
    with pytest.raises(Unreadable, match="this is not your site"), e2e_target.open_target(made, made.stated.e2e):
        raise AssertionError


def test_load_meets_the_site_that_is_stated(tmp_path: Path) -> None:
    with answering() as there:
        made = context(tmp_path, f'[rehearsal]\nsite = "{there}"\n')
        assert made.stated.load is not None
        with load_target.open_target(made, made.stated.load) as target:
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
        parse_criteria(CRITERIA.format(rehearsal=f"[rehearsal]\n{stated}\n"), Path("criteria.toml"))
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
    section = parse_criteria(CRITERIA.format(rehearsal=stated), Path("criteria.toml")).rehearsal
    assert name_past(section, Path("shop")) == past
