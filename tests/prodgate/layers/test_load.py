"""The load layer as a run starts it: what is put under load, what is kept of it, and what nobody may do."""

from __future__ import annotations

import importlib.util
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.prodgate.facts.load.recorded import cell, record
from tests.prodgate.made import criterion

from prodgate import runs
from prodgate.aws.answers import Unreadable
from prodgate.criteria import UsageError
from prodgate.criteria_file import parse
from prodgate.facts import Facts
from prodgate.facts.load.changes import LoadChange
from prodgate.facts.load.runs import CacheableResponse, DeployUnderLoad, SteadyLoad, SurgeLoad
from prodgate.facts.load.server_view import ServerView
from prodgate.findings import Finding, Outcome, Undetermined
from prodgate.journal import Journal
from prodgate.layers import load_deploys, load_target
from prodgate.layers.layer import Observation
from prodgate.layers.load import LoadLayer
from prodgate.load.profile import Profile
from prodgate.quantities import Bound
from prodgate.rehearsal.site.process import running
from prodgate.targets import Target

CRITERIA = """
system = "shop"

[load]
locustfile = "readers.py"
hosts = ["www.shop.example"]
resolves_to = ["203.0.113.0/24"]
most = { rate = "500 /s", duration = "10 min" }

[load.steady]
rate = "100 /s"
duration = "40 s"
timeout = "2 s"

[load.surge]
rate = "400 /s"
duration = "12 s"

[load.deploy]
rate = "100 /s"
duration = "40 s"

[criteria.latency-p95]
statement = { en = "Fast.", ja = "速い。" }
why = "Readers leave."
require = "< 200 ms"
source = "X-1"
layers = ["load"]

[criteria.error-rate]
statement = { en = "Right.", ja = "正しい。" }
why = "Readers leave."
require = "< 0.1 %"
source = "X-1"
layers = ["load"]
"""
REAL = "aws://prod@ap-northeast-1"


@dataclass
class Made:
    """Stands for the generator: notes what it was asked for, and answers with a made record."""

    asked: list[tuple[Profile, str, Mapping[str, Any]]] = field(default_factory=list)
    ok: Mapping[str, Any] = field(default_factory=lambda: {"ok": True, "reason": ""})
    meanwhile: Callable[[str], None] = lambda _name: None
    other: Mapping[str, Any] = field(
        default_factory=lambda: {
            "planned": 4000,
            "sent": 4000,
            "not_sent": 0,
            "seconds": [cell(second, {1300: 100}) for second in range(40)],
        }
    )

    def self_test(self, **_given: Any) -> Mapping[str, Any]:
        return self.ok

    def run_load(self, profile: Profile, host: str, **given: Any) -> Mapping[str, Any]:
        self.asked.append((profile, host, given))
        other = {"host": given["other_host"], **self.other} if given["other_host"] else None
        made = record(profile.name, profile=profile.to_json() | {"workers": given["workers"]}, other=other)
        given["directory"].mkdir(parents=True)
        (given["directory"] / "record.json").write_text(json.dumps(made), "utf-8")
        self.meanwhile(profile.name)
        return made


@dataclass
class OwnSite:
    """Stands for the rehearsal's site."""

    access_log: Path
    url: str = "http://127.0.0.1:8123"
    deployed: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    """Set when both builds were in place once."""

    def deploy(self, build: str) -> None:
        self.deployed.append(build)
        if len(self.deployed) > 1:
            self.done.set()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "readers.py").touch()
    return tmp_path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    generator = Made()
    monkeypatch.setattr("prodgate.load.runner.run_load", generator.run_load)
    monkeypatch.setattr("prodgate.load.selftest.self_test", generator.self_test)
    monkeypatch.setattr(load_deploys, "PAUSE", 0)
    return generator


@pytest.fixture
def site(tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> OwnSite:
    own = OwnSite(tmp_path / "access.jsonl")
    own.access_log.write_text('{"at": 1, "path": "/before", "status": 200, "seconds": 1}\n', "utf-8")

    @contextmanager
    def running(scratch: Path, build: str, **_given: object) -> Iterator[OwnSite]:
        yield own if build == "blue" else OwnSite(scratch / "access.jsonl", "http://127.0.0.1:8124")

    monkeypatch.setattr("prodgate.rehearsal.site.process.running", running)
    made.meanwhile = lambda name: _deployed(own) if name == "deploy" else _visited(own)
    return own


def _deployed(own: OwnSite) -> None:
    assert own.done.wait(10)


def _visited(own: OwnSite) -> None:
    line = {"at": 1795687201.5, "path": "/", "status": 200, "seconds": 0.09}
    with own.access_log.open("a", encoding="utf-8") as log:
        log.write(f"{json.dumps(line)}\n" * 4500 + '{"at": 17956')


def observation(shop: Path, target: str = "rehearsal://", **changes: Any) -> Observation:
    about = {"system": "shop", "target": target, "rehearsal": True, "layers": ["load"], "commit": ""}
    return Observation(
        run=runs.create(shop / "runs", about, shop / "criteria.toml", shop / "waivers.toml"),
        target=Target(target),
        project=shop,
        stated=parse((shop / "criteria.toml").read_text("utf-8"), shop / "criteria.toml"),
        journal=Journal.of(shop),
        progress=lambda _step: None,
        **changes,
    )


def observed(at: Observation) -> Facts:
    """What the layer sees, which is also what it recalls."""
    at = replace(at, journal=Journal.of(at.run))
    layer = LoadLayer()
    seen = layer.observe(at)
    kept = runs.read(at.run)
    again = layer.recall(at.run, (*kept.facts, *kept.unreadable))
    assert contents(again) == contents(seen)
    assert again.unreadable == seen.unreadable
    return seen


def contents(facts: Facts) -> list[Any]:
    """Every field of every fact, also those that could not be had."""
    return [(type(fact), [object.__getattribute__(fact, each.name) for each in fields(fact)]) for fact in facts.known]


def test_a_rehearsal_tests_the_generator_and_carries_out_each_profile(shop: Path, made: Made, site: OwnSite) -> None:
    at = observation(shop)
    seen = observed(at)
    assert [profile.name for profile, _, _ in made.asked] == ["steady", "surge", "deploy"]
    steady, host, given = made.asked[0]
    assert (steady.rate, steady.duration, steady.warm_up, steady.timeout) == (100, 40, 5, 2)
    assert (steady.slow, steady.slow_share, steady.failed_share) == (0.2, 0.05, 0.001)
    assert [(profile.slow, profile.slow_share) for profile, _, _ in made.asked[1:]] == [(10, None), (10, None)]
    assert (host, given["locustfile"], given["workers"]) == (site.url, shop / "readers.py", 0)
    assert {type(fact) for fact in seen.known} == {
        SteadyLoad,
        SurgeLoad,
        DeployUnderLoad,
        CacheableResponse,
        ServerView,
    }
    assert seen.unreadable == {}
    assert seen.of(SteadyLoad)[0].subject == "steady at the rehearsal's site"
    assert {one["kind"] for one in runs.read(at.run).facts} == {"load", "load-self-test"}


def test_the_servers_own_log_of_each_run_is_kept_beside_its_record(shop: Path, made: Made, site: OwnSite) -> None:
    steady, *_ = observed(observation(shop)).of(ServerView)
    assert (steady.sent, steady.arrived) == (4500, 4500)
    assert str(steady.server_p95) == "90 ms"


def test_builds_are_deployed_in_turn_while_the_load_runs(shop: Path, made: Made, site: OwnSite) -> None:
    (deploy,) = observed(observation(shop)).of(DeployUnderLoad)
    assert site.deployed[:2] == ["green", "blue"]
    asked = criterion(bound=Bound.parse("== 0"), samples=2)
    with pytest.raises(Undetermined, match="none of 2"):  # they are of today, and the made record is not
        asked.require(deploy.failed)


def test_a_deploy_that_fails_is_undetermined_with_what_it_said(shop: Path, made: Made, site: OwnSite) -> None:
    def refuse(build: str) -> None:
        site.done.set()
        raise UsageError(f"build {build!r} did not start: no such table")

    site.deploy = refuse  # type: ignore[method-assign]
    (deploy,) = observed(observation(shop)).of(DeployUnderLoad)
    with pytest.raises(Undetermined, match="did not succeed: green: build 'green' did not start: no such table"):
        _ = deploy.failed


def test_a_generator_that_fails_its_self_test_measures_nothing(shop: Path, made: Made, site: OwnSite) -> None:
    made.ok = {"ok": False, "reason": "it told a p95 of 90 ms where it was 180 ms"}
    seen = observed(observation(shop))
    assert (made.asked, seen.known) == ([], ())
    assert "failed its self-test, so nothing was measured: it told a p95 of 90 ms" in seen.unreadable[SteadyLoad]


def test_a_run_that_could_not_be_made_is_undetermined_and_the_others_go_on(
    shop: Path, made: Made, site: OwnSite
) -> None:
    def broken(name: str) -> None:
        if name == "steady":
            raise UsageError("readers.py: has no tasks")
        if name == "deploy":
            _deployed(site)

    made.meanwhile = broken
    seen = observed(observation(shop))
    assert seen.unreadable == dict.fromkeys((SteadyLoad, CacheableResponse, ServerView), "readers.py: has no tasks")
    assert seen.of(SurgeLoad)


def test_what_was_recorded_before_an_interrupt_is_kept(shop: Path, made: Made, site: OwnSite) -> None:
    def interrupt(_name: str) -> None:
        raise KeyboardInterrupt

    made.meanwhile = interrupt
    at = observation(shop)
    at = replace(at, journal=Journal.of(at.run))
    with pytest.raises(KeyboardInterrupt):
        LoadLayer().observe(at)
    assert [one["subject"] for one in runs.read(at.run).facts if one["kind"] == "load"] == [
        "steady at the rehearsal's site"
    ]


def test_what_is_not_there_is_said(shop: Path, made: Made, site: OwnSite) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('"readers.py"', '"writers.py"'), "utf-8")
    assert "writers.py: there is no such file" in observed(observation(shop)).unreadable[SurgeLoad]
    (shop / "criteria.toml").write_text(
        CRITERIA.replace('[load.surge]\nrate = "400 /s"\nduration = "12 s"', ""), "utf-8"
    )
    seen = observed(observation(shop))
    assert "states no [load.surge]" in seen.unreadable[SurgeLoad]
    assert seen.of(SteadyLoad)


def test_criteria_without_a_load_section_say_what_to_write(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(
        CRITERIA[: CRITERIA.index("[load]")] + CRITERIA[CRITERIA.index("[criteria.") :], "utf-8"
    )
    assert "says nothing of load; write [load.steady]" in observed(observation(shop)).unreadable[SteadyLoad]
    (shop / "criteria.toml").write_text(CRITERIA.replace('["load"]', '["live"]'), "utf-8")
    assert LoadLayer().observe(observation(shop)) == Facts()


def test_without_locust_it_says_what_to_install(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "locust" else find(name))
    assert "pip install 'prod-gate[load]'" in observed(observation(shop)).unreadable[DeployUnderLoad]


def test_a_real_host_is_loaded_only_when_somebody_said_so(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_target, "elsewhere", lambda _host, _places: ())
    for said in ("", "shop.example"):
        seen = observed(observation(shop, REAL, load_allowed=said))
        assert "run with --i-am-allowed-to-load www.shop.example" in seen.unreadable[SteadyLoad]
    assert made.asked == []
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert [(profile.name, host) for profile, host, _ in made.asked] == [
        ("steady", "https://www.shop.example"),
        ("surge", "https://www.shop.example"),
    ]
    assert seen.unreadable == {DeployUnderLoad: "no deploy was carried out while the load ran"}
    assert seen.of(ServerView) == ()


def test_a_host_that_leads_elsewhere_is_not_loaded(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_target, "elsewhere", lambda _host, _places: ("198.51.100.7",))
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert made.asked == []
    assert "www.shop.example resolves to 198.51.100.7, which is not of 203.0.113.0/24" in seen.unreadable[SteadyLoad]


def test_no_host_is_no_permission(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('["www.shop.example"]', "[]"), "utf-8")
    assert "[load] names no host" in observed(observation(shop, REAL)).unreadable[SteadyLoad]


def answers(address: str, canonical: str = "") -> Callable[..., list[Any]]:
    return lambda *_given, **_named: [(socket.AF_INET, socket.SOCK_STREAM, 6, canonical, (address, 443))]


def nameless(_address: str) -> tuple[str, list[str], list[str]]:
    raise socket.herror("no name")


@pytest.mark.parametrize(
    ("address", "canonical", "name", "strangers"),
    [
        ("203.0.113.7", "", None, ()),
        ("198.51.100.7", "", None, ("198.51.100.7",)),
        ("198.51.100.7", "d111.cloudfront.net.", None, ()),
        ("198.51.100.7", "", "server-198-51-100-7.nrt57.r.cloudfront.net", ()),
        ("198.51.100.7", "www.shop.example", "host.elsewhere.example", ("198.51.100.7",)),
        ("2001:db8::7", "", None, ("2001:db8::7",)),
    ],
)
def test_an_address_is_expected_by_its_network_or_by_a_name_of_it(
    address: str, canonical: str, name: str | None, strangers: tuple[str, ...]
) -> None:
    places = ("203.0.113.0/24", "*.cloudfront.net")
    reverse = (lambda _address: (name, [], [])) if name else nameless
    found = load_target.elsewhere("www.shop.example", places, resolve=answers(address, canonical), reverse=reverse)
    assert found == strangers


def test_a_name_that_does_not_resolve_is_said() -> None:
    def refuse(*_given: Any, **_named: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreadable, match=r"www\.shop\.example does not resolve: Name or service not known"):
        load_target.elsewhere("www.shop.example", ("203.0.113.0/24",), resolve=refuse)


def test_the_log_of_the_site_is_read_when_all_of_it_is_written(tmp_path: Path) -> None:
    with running(tmp_path) as own:
        target, address = load_target.LoadTarget(own.url, "here", own), own.url.partition("//")[2]
        for number in range(2):
            since = target.logged()
            with closing(HTTPConnection(address, timeout=10)) as connection:
                connection.request("GET", f"/nothing-{number}")
                assert connection.getresponse().status == 404
            paths = [line["path"] for line in target.lines(since) or ()]
            assert f"/nothing-{number}" in paths
        own.deploy("green")
        assert "/nothing-0" in [line["path"] for line in target.lines(0) or ()]


def test_a_log_that_is_not_written_to_its_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_target, "_PATIENCE", 0.2)
    with running(tmp_path) as own:
        elsewhere = SimpleNamespace(url=own.url, access_log=tmp_path / "nobody-writes-here", deploy=own.deploy)
        elsewhere.access_log.touch()
        with pytest.raises(Unreadable, match=r"wrote no more into its access log within 0\.2 s"):
            load_target.LoadTarget(own.url, "here", elsewhere).lines(0)


COMPARE = '\n[load.compare]\nrate = "100 /s"\nduration = "40 s"\n'
SLOWER = criterion("load-p95-regression", bound=Bound.parse("<= 20 ms"), decides="bound", layers=("load",))


def test_green_is_compared_with_blue_where_that_is_stated(shop: Path, made: Made, site: OwnSite) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace("\n[load.surge]", f"{COMPARE}\n[load.surge]"), "utf-8")
    (change,) = observed(observation(shop)).of(LoadChange)
    assert made.asked[-1][2]["other_host"] == "http://127.0.0.1:8124"
    assert (change.subject, str(change.p95(SLOWER).value)) == ("green against blue at the rehearsal's site", "30 ms")


def test_on_a_real_host_green_is_a_port_that_is_stated(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_target, "elsewhere", lambda _host, _places: ())
    text = CRITERIA.replace("\n[load.surge]", f"{COMPARE}\n[load.surge]")
    (shop / "criteria.toml").write_text(text, "utf-8")
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert "names no port_of_green" in seen.unreadable[LoadChange]
    (shop / "criteria.toml").write_text(text.replace("[load]", "[load]\nport_of_green = 8443"), "utf-8")
    observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert made.asked[-1][2]["other_host"] == "https://www.shop.example:8443"


def finished(at: Observation, outcome: str) -> None:
    """End a run in which one check of the load layer came to that."""
    journal = Journal.of(at.run)
    journal.planned("load", "test_fast", "latency-p95")
    journal.started("load", "test_fast")
    found = Finding(
        criterion="latency-p95", check="test_fast", layer="load", subject="steady", outcome=Outcome(outcome)
    )
    journal.finding(found)
    journal.finished("load", "test_fast", 1)
    journal.write("collected", layer="load")
    journal.write("closed")


@pytest.mark.parametrize(("outcome", "compared"), [("satisfied", 1), ("not-satisfied", 0), ("undetermined", 0)])
def test_a_steady_load_is_compared_with_the_last_good_run(
    shop: Path, made: Made, site: OwnSite, outcome: str, compared: int
) -> None:
    earlier = observation(shop)
    assert observed(earlier).of(LoadChange) == ()
    finished(earlier, outcome)
    earlier.run.rename(earlier.run.with_name("2026-01-01T000000Z-0000000"))
    changes = observed(observation(shop)).of(LoadChange)
    assert [change.subject for change in changes] == [
        "steady at the rehearsal's site against the run 2026-01-01T000000Z-0000000"
    ] * compared
    for change in changes:
        SLOWER.require(change.p95(SLOWER))


def test_a_load_of_another_form_is_not_compared(shop: Path, made: Made, site: OwnSite) -> None:
    earlier = observation(shop)
    observed(earlier)
    finished(earlier, "satisfied")
    earlier.run.rename(earlier.run.with_name("2026-01-01T000000Z-0000000"))
    (shop / "criteria.toml").write_text(CRITERIA.replace("100 /s", "90 /s", 1), "utf-8")
    assert observed(observation(shop)).of(LoadChange) == ()


@pytest.mark.parametrize(
    "flaw",
    [
        {"health": {"sick": ["send lag"], "advice": "", "send_lag": {"p50": 0.0, "p99": 0.0, "max": 0.0001}}},
        {"health": {"sick": [], "advice": "", "send_lag": {"p50": 0.01, "p99": 0.034, "max": 0.05}}},
        {"requests": [{"name": "GET /old", "cacheable": True}]},
    ],
    ids=["sick", "hurried", "other requests"],
)
def test_a_load_that_tells_nothing_of_a_change_is_not_compared(
    shop: Path, made: Made, site: OwnSite, flaw: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_load = made.run_load
    with monkeypatch.context() as before:
        flawed: Any = lambda *given, **named: {**run_load(*given, **named), **flaw}  # noqa: E731
        before.setattr("prodgate.load.runner.run_load", flawed)
        earlier = observation(shop)
        observed(earlier)
    finished(earlier, "satisfied")
    earlier.run.rename(earlier.run.with_name("2026-01-01T000000Z-0000000"))
    assert observed(observation(shop)).of(LoadChange) == ()


def test_where_a_host_leads_is_asked_before_each_profile(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_target, "elsewhere", lambda _host, _places: ("198.51.100.7",) if made.asked else ())
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert [profile.name for profile, _, _ in made.asked] == ["steady"]
    assert "www.shop.example resolves to 198.51.100.7" in seen.unreadable[SurgeLoad]
    assert seen.of(SteadyLoad)
