"""The load layer as a run starts it: what is put under load, what is kept, and what is refused."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.facts.load.runs import CacheableResponse, DeployUnderLoad, RequestLoad, Standstill, SteadyLoad, SurgeLoad
from prodgate.facts.load.server_view import ServerView
from prodgate.findings import Undetermined
from prodgate.layers.load import target
from prodgate.layers.load.layer import LoadLayer
from prodgate.quantities import Bound
from tests.prodgate.facts.load.load_records import failing
from tests.prodgate.samples import criterion

from .stage import CRITERIA, REAL, Made, OwnSite, deployed, observation, observed


def test_a_rehearsal_tests_the_generator_and_carries_out_each_profile(shop: Path, made: Made, site: OwnSite) -> None:
    at = observation(shop)
    seen = observed(at)
    assert [profile.name for profile, _, _ in made.asked] == ["steady", "surge", "deploy"]
    steady, host, given = made.asked[0]
    assert (steady.rate, steady.duration, steady.warm_up, steady.timeout) == (100, 40, 5, 2)
    assert (steady.slow, steady.slow_share, steady.failed_share) == (0.2, 0.05, 0.001)
    assert [(profile.slow, profile.slow_share) for profile, _, _ in made.asked[1:]] == [(10, None), (10, None)]
    surge = made.asked[1][0]
    assert (surge.warm_up, surge.climb, surge.duration) == (0, 5, 12 + 5), "its beginning is judged"
    assert (host, given["locustfile"], given["workers"]) == (site.url, shop / "readers.py", 0)
    assert {type(fact) for fact in seen.known} == {
        SteadyLoad,
        RequestLoad,
        Standstill,
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
            deployed(site)

    made.meanwhile = broken
    seen = observed(observation(shop))
    assert seen.unreadable == dict.fromkeys(
        (SteadyLoad, RequestLoad, Standstill, CacheableResponse, ServerView), "readers.py: has no tasks"
    )
    assert seen.of(SurgeLoad)


STOPPED = {"complete": False, "stopped_early": True, "why": "stopped early: the site is broken: 42 of 42 failed"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (STOPPED, "stopped early: the site is broken: 42 of 42 failed"),
        ({"seconds": failing([6] * 40)}, "240 of 4,000 requests failed"),
        ({"not_sent": 300, "planned": 4300}, "300 of 4,300 requests failed"),
    ],
    ids=["stopped", "failing to the end", "not sent"],
)
def test_a_load_that_went_wrong_is_followed_by_none_that_is_as_strong(
    shop: Path, made: Made, site: OwnSite, change: dict[str, object], why: str
) -> None:
    made.changes = {"steady": change}
    seen = observed(observation(shop))
    assert [profile.name for profile, *_ in made.asked] == ["steady"]
    for kind in (SurgeLoad, DeployUnderLoad):
        assert f"steady at 100 /s went wrong ({why}), so " in seen.unreadable[kind]
    assert seen.of(SteadyLoad)


def test_a_load_that_went_wrong_is_followed_by_weaker_ones(shop: Path, made: Made, site: OwnSite) -> None:
    made.changes = {"surge": STOPPED}
    observed(observation(shop))
    assert [profile.name for profile, *_ in made.asked] == ["steady", "surge", "deploy"]


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
    assert Standstill not in seen.unreadable, "the load that is stated shows it"
    assert seen.of(Standstill)


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
    monkeypatch.setattr(target, "find_unexpected_addresses", lambda _host, _places: ())
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
    monkeypatch.setattr(target, "find_unexpected_addresses", lambda _host, _places: ("198.51.100.7",))
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert made.asked == []
    assert "www.shop.example resolves to 198.51.100.7, which is not of 203.0.113.0/24" in seen.unreadable[SteadyLoad]


def test_no_host_is_no_permission(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('["www.shop.example"]', "[]"), "utf-8")
    assert "[load] names no host" in observed(observation(shop, REAL)).unreadable[SteadyLoad]


def test_where_a_host_leads_is_asked_before_each_profile(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        target, "find_unexpected_addresses", lambda _host, _places: ("198.51.100.7",) if made.asked else ()
    )
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert [profile.name for profile, _, _ in made.asked] == ["steady"]
    assert "www.shop.example resolves to 198.51.100.7" in seen.unreadable[SurgeLoad]
    assert seen.of(SteadyLoad)
