"""The load layer as a run starts it: the load, the kept evidence, and the refusals."""

import importlib.util
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.criteria import UsageError
from prodgate.evidence import journal, runs
from prodgate.evidence.artifacts import load_json
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.facts.load.runs import (
    CacheableResponse,
    DeployUnderLoad,
    LoadChange,
    RequestLoad,
    Standstill,
    SteadyLoad,
    SurgeLoad,
)
from prodgate.facts.load.server_view import BalancerTimes, EntranceCount, IngressCounts, ServerView
from prodgate.findings import Finding, Outcome, Undetermined
from prodgate.layers import BUILT
from prodgate.layers.layer import LayerContext
from prodgate.layers.load import observing
from prodgate.layers.load.facts import ACCOUNT, RECORD, TEAM
from prodgate.layers.load.observing import LATEST, PAUSE, SETTLED, LoadTarget, count_attempts, wait_until_settled
from prodgate.layers.observing_layer import Evidence
from prodgate.quantities import Bound
from prodgate.rehearsal.site.process import running
from prodgate.sections.targets import Target
from tests.loadtests.test_load_account import (
    EACH,
    HOST,
    MINUTES,
    balancer,
    distribution,
    run,
    tell_of_balancer,
    tell_of_distribution as tell,
)
from tests.prodgate.facts.load.load_records import failing
from tests.prodgate.layers.context import layer_context, observe_and_recall
from tests.prodgate.rehearsal.emulated import REGION, Account, Zygote
from tests.prodgate.sample_run import move
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
        (
            {"not_sent": 300, "planned": 4300, "unsent": [{"second": 3, "not_sent": 300}]},
            "300 of 4,300 requests failed",
        ),
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
        BUILT["load"].observe(at)
    assert [(one["subject"], one["team"]) for one in runs.read(at.run).facts if one["kind"] == "load"] == [
        ("steady at the rehearsal's site", TEAM["load"])
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
    assert BUILT["load"].observe(observation(shop)) == Facts()


def test_without_locust_it_says_what_to_install(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "locust" else find(name))
    assert "pip install 'prod-gate[load]'" in observed(observation(shop)).unreadable[DeployUnderLoad]


def test_a_real_host_is_loaded_only_when_somebody_said_so(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "find_unexpected_addresses", lambda _host, _places: ())
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
    monkeypatch.setattr(observing, "find_unexpected_addresses", lambda _host, _places: ("198.51.100.7",))
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert made.asked == []
    assert "www.shop.example resolves to 198.51.100.7, which is not of 203.0.113.0/24" in seen.unreadable[SteadyLoad]


def _resolve_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every name lead where it is meant to on this machine, and no address have a name."""
    find, well = observing.find_unexpected_addresses, answers("203.0.113.7")
    monkeypatch.setattr(socket, "getaddrinfo", well)
    monkeypatch.setattr(
        observing,
        "find_unexpected_addresses",
        lambda host, places, resolve=well: find(host, places, resolve=resolve, reverse=lambda _each: ("", [], [])),
    )


def test_a_load_of_other_machines_is_asked_for_by_profile_and_one_that_went_elsewhere_is_refused(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str] = {"load_allowed": "www.shop.example", "load_record": "shared"}
    _resolve_well(monkeypatch)
    made.changes = {"surge": {"addresses": ["198.51.100.7"]}}
    seen = observed(observation(shop, REAL, **given))
    assert [asked["elsewhere"] for *_, asked in made.asked] == ["shared/steady", "shared/surge"]
    assert seen.of(SteadyLoad)
    assert "where the load was made, www.example.com resolves to 198.51.100.7, which" in seen.unreadable[SurgeLoad]


def test_after_a_refused_record_no_stronger_load_is_asked_for(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may have sent one, and nobody knows what it did."""

    def refuse(_name: str) -> None:
        raise UsageError("record.json: its load went to https://b.example")

    _resolve_well(monkeypatch)
    made.meanwhile = refuse
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example", load_record="shared"))
    assert [profile.name for profile, *_ in made.asked] == ["steady"]
    assert "steady at 100 /s went wrong (record.json: its load went to " in seen.unreadable[SurgeLoad]


def test_no_host_is_no_permission(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('["www.shop.example"]', "[]"), "utf-8")
    assert "[load] names no host" in observed(observation(shop, REAL)).unreadable[SteadyLoad]


def test_where_a_host_leads_is_asked_before_each_profile(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        observing, "find_unexpected_addresses", lambda _host, _places: ("198.51.100.7",) if made.asked else ()
    )
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert [profile.name for profile, _, _ in made.asked] == ["steady"]
    assert "www.shop.example resolves to 198.51.100.7" in seen.unreadable[SurgeLoad]
    assert seen.of(SteadyLoad)


# ── Where load goes


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
    found = observing.find_unexpected_addresses(
        "www.shop.example", places, resolve=answers(address, canonical), reverse=reverse
    )
    assert found == strangers


def test_a_name_that_does_not_resolve_is_said() -> None:
    def refuse(*_given: Any, **_named: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreadable, match=r"www\.shop\.example does not resolve: Name or service not known"):
        observing.find_unexpected_addresses("www.shop.example", ("203.0.113.0/24",), resolve=refuse)


@pytest.mark.slow
def test_the_log_of_the_site_is_read_when_all_of_it_is_written(tmp_path: Path) -> None:
    with running(tmp_path) as own:
        target, address = observing.LoadTarget(own.url, "here", own), own.url.partition("//")[2]
        for number in range(2):
            since = target.log_size()
            with closing(HTTPConnection(address, timeout=60)) as connection:
                connection.request("GET", f"/nothing-{number}")
                assert connection.getresponse().status == 404
            paths = [line["path"] for line in target.lines(since) or ()]
            assert f"/nothing-{number}" in paths
        own.deploy("green")
        assert "/nothing-0" in [line["path"] for line in target.lines(0) or ()]


def test_a_log_that_is_not_written_to_its_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "_PATIENCE", 0.2)
    with running(tmp_path) as own:
        elsewhere = SimpleNamespace(url=own.url, access_log=tmp_path / "nobody-writes-here", deploy=own.deploy)
        elsewhere.access_log.touch()
        with pytest.raises(Unreadable, match=r"wrote no more into its access log within 0\.2 s"):
            observing.LoadTarget(own.url, "here", elsewhere).lines(0)


# ── The last good load

COMPARE = '\n[load.compare]\nrate = "100 /s"\nduration = "40 s"\n'
SLOWER = criterion("load-p95-regression", bound=Bound.parse("<= 20 ms"), decides="bound", layers=("load",))


def test_green_is_compared_with_blue_where_that_is_stated(shop: Path, made: Made, site: OwnSite) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace("\n[load.surge]", f"{COMPARE}\n[load.surge]"), "utf-8")
    (change,) = observed(observation(shop)).of(LoadChange)
    assert made.asked[-1][2]["other_host"] == "http://127.0.0.1:8124"
    assert (change.subject, str(change.p95(SLOWER).value)) == ("green against blue at the rehearsal's site", "30 ms")


def test_on_a_real_host_green_is_a_port_that_is_stated(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "find_unexpected_addresses", lambda _host, _places: ())
    text = CRITERIA.replace("\n[load.surge]", f"{COMPARE}\n[load.surge]")
    (shop / "criteria.toml").write_text(text, "utf-8")
    seen = observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert "names no port_of_green" in seen.unreadable[LoadChange]
    (shop / "criteria.toml").write_text(text.replace("[load]", "[load]\nport_of_green = 8443"), "utf-8")
    observed(observation(shop, REAL, load_allowed="www.shop.example"))
    assert made.asked[-1][2]["other_host"] == "https://www.shop.example:8443"


def finished(context: LayerContext, outcome: str) -> None:
    """End a run in which one check of the load layer came to that."""
    journal = Journal.of(context.run)
    journal.record_planned("load", "test_fast", "latency-p95")
    journal.record_started("load", "test_fast")
    found = Finding(
        criterion="latency-p95", check="test_fast", layer="load", subject="steady", outcome=Outcome(outcome)
    )
    journal.record_finding(found)
    journal.record_finished("load", "test_fast", 1)
    journal.write("collected", layer="load")
    runs.close(context.run)


@pytest.mark.parametrize(("outcome", "compared"), [("satisfied", 1), ("not-satisfied", 0), ("undetermined", 0)])
def test_a_steady_load_is_compared_with_the_last_good_run(
    shop: Path, made: Made, site: OwnSite, outcome: str, compared: int
) -> None:
    earlier = observation(shop)
    assert observed(earlier).of(LoadChange) == ()
    finished(earlier, outcome)
    move(earlier.run, "2026-01-01T000000Z-0000000")
    changes = observed(observation(shop)).of(LoadChange)
    assert [change.subject for change in changes] == [
        "steady at the rehearsal's site against the run 2026-01-01T000000Z-0000000"
    ] * compared
    for change in changes:
        SLOWER.require(change.p95(SLOWER))


def three_nights(shop: Path, monkeypatch: pytest.MonkeyPatch, release: str = "") -> Facts:
    """A real site that was good in two nights before this one."""
    monkeypatch.setattr(observing, "find_unexpected_addresses", lambda _host, _places: ())
    monkeypatch.setattr("prodgate.layers.load.observing.observe_account", lambda *_given: ())
    for night in ("2026-01-01T000000Z-0000000", "2026-01-02T000000Z-0000000"):
        earlier = observation(shop, REAL, load_allowed="www.shop.example")
        observed(earlier)
        finished(earlier, "satisfied")
        move(earlier.run, night)
    stated = f'[load]\nrelease = "{release}"' if release else "[load]"
    (shop / "criteria.toml").write_text(CRITERIA.replace("[load]", stated, 1), "utf-8")
    return observed(observation(shop, REAL, load_allowed="www.shop.example"))


@pytest.mark.parametrize(
    ("release", "against"), [("", ["02T", "01T"]), ("2026-01-01T000000Z-0000000", ["02T", "01T"]), ("gone", ["02T"])]
)
def test_a_site_that_creeps_is_compared_with_a_run_that_stays_the_same(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch, release: str, against: list[str]
) -> None:
    seen = three_nights(shop, monkeypatch, release)
    assert [change.subject.split("2026-01-")[1][:3] for change in seen.of(LoadChange)] == against
    assert ("[load] release: " in seen.unreadable.get(LoadChange, "")) is (release == "gone")
    assert {change.kept for change in seen.of(LoadChange)} == {(1000, 1000)}, "the percentile of each night"


def test_a_load_of_another_form_is_not_compared(shop: Path, made: Made, site: OwnSite) -> None:
    earlier = observation(shop)
    observed(earlier)
    finished(earlier, "satisfied")
    move(earlier.run, "2026-01-01T000000Z-0000000")
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
    move(earlier.run, "2026-01-01T000000Z-0000000")
    assert observed(observation(shop)).of(LoadChange) == ()


# ── Attempts

PLACE = "https://www.shop.example"


def begun(context: LayerContext, night: int, profile: str = "steady") -> None:
    """The load was begun in that run, and ended before anything was stored."""
    (context.run / "logs" / "load" / profile).mkdir(parents=True)
    move(context.run, f"2026-01-0{night}T000000Z-0000000")


def stored(context: LayerContext, night: int, *, build: str = "") -> None:
    """The load was made in that run, and its record is all that is left of it."""
    kept = {"record": {}, "place": PLACE, "build": {"served": build, "expected": "", "unread": ""}}
    context.store_fact("load", RECORD, f"steady at {PLACE}", kept, "Locust")
    move(context.run, f"2026-01-0{night}T000000Z-0000000")


def test_every_run_of_the_commit_that_began_the_load_counts(shop: Path, made: Made) -> None:
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == 1
    begun(observation(shop, REAL, commit="3f2a9c1"), 1)
    begun(observation(shop, REAL, commit="3f2a9c1"), 2)
    begun(observation(shop, REAL, commit="77777aa"), 3)
    begun(observation(shop, REAL, commit="3f2a9c1"), 4, "surge")
    begun(observation(shop, commit="3f2a9c1"), 5)
    now = observation(shop, REAL, commit="3f2a9c1")
    assert [count_attempts(now, profile) for profile in ("steady", "surge", "deploy")] == [3, 2, 1]


def test_edits_that_are_in_no_commit_begin_no_new_series(shop: Path, made: Made) -> None:
    begun(observation(shop, REAL, commit="3f2a9c1"), 1)
    begun(observation(shop, REAL, commit="3f2a9c1+changes"), 2)
    for commit in ("3f2a9c1", "3f2a9c1+changes"):
        assert count_attempts(observation(shop, REAL, commit=commit), "steady") == 3


@pytest.mark.parametrize(("place", "attempt"), [(PLACE, 3), ("https://staging.shop.example", 1)])
def test_the_same_place_by_another_account_is_the_same_load(shop: Path, made: Made, place: str, attempt: int) -> None:
    """One run ended before anything was stored, of the other only what was stored is left."""
    ended = observation(shop, "aws://second@ap-northeast-1", commit="3f2a9c1")
    begun(ended, 1)
    settings = shop / "runs" / "2026-01-01T000000Z-0000000" / "logs" / "load" / "steady" / "settings.json"
    settings.write_text(json.dumps({"host": PLACE}), "utf-8")
    stored(observation(shop, "aws://third@ap-northeast-1", commit="3f2a9c1"), 2)
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady", place=place) == attempt


@pytest.mark.parametrize(("served", "attempt"), [("b17", 2), ("b18", 1), ("", 1)])
def test_another_commit_is_no_other_version_while_the_same_build_is_served(
    shop: Path, made: Made, served: str, attempt: int
) -> None:
    """An amended or rebased commit, or one of another branch, changes nothing for readers."""
    stored(observation(shop, REAL, commit="3f2a9c1"), 1, build="b17")
    now = observation(shop, REAL, commit="77777aa")
    assert count_attempts(now, "steady", place=PLACE, served=served) == attempt


def test_a_rehearsal_counts_none(shop: Path, made: Made) -> None:
    begun(observation(shop), 1)
    assert count_attempts(observation(shop), "steady") == 0


@pytest.mark.parametrize(
    ("outcome", "attempt"), [("satisfied", 1), ("not-satisfied", 2), ("undetermined", 2), ("not-applicable", 2)]
)
def test_a_pass_ends_the_series(shop: Path, made: Made, outcome: str, attempt: int) -> None:
    earlier = observation(shop, REAL, commit="3f2a9c1")
    (earlier.run / "logs" / "load" / "steady").mkdir(parents=True)
    finished(earlier, outcome)
    move(earlier.run, "2026-01-01T000000Z-0000000")
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == attempt
    begun(observation(shop, REAL, commit="3f2a9c1"), 2)
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == attempt + 1


def test_a_pass_of_other_criteria_ends_nothing(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace("< 200 ms", "< 900 ms"), "utf-8")
    lenient = observation(shop, REAL, commit="3f2a9c1")
    (lenient.run / "logs" / "load" / "steady").mkdir(parents=True)
    finished(lenient, "satisfied")
    move(lenient.run, "2026-01-01T000000Z-0000000")
    (shop / "criteria.toml").write_text(CRITERIA, "utf-8")
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == 2


def test_a_pass_of_the_questions_of_one_moment_ends_nothing(shop: Path, made: Made) -> None:
    earlier = observation(shop, REAL, commit="3f2a9c1", moment="after")
    (earlier.run / "logs" / "load" / "steady").mkdir(parents=True)
    finished(earlier, "satisfied")
    move(earlier.run, "2026-01-01T000000Z-0000000")
    assert count_attempts(observation(shop, REAL, commit="3f2a9c1"), "steady") == 2


# ── The account's counts

WITH_ACCOUNT = """
system = "shop"

[account]
id = "123456789012"
exempt = ["other-*"]

[criteria.load-counts-agree]
statement = { en = "Agrees.", ja = "一致する。" }
why = "Nobody sees it."
require = "<= 0.1 %"
source = "X-1"
layers = ["load"]
"""


@pytest.fixture(scope="module")
def account(zygote: Zygote) -> Iterator[Account]:
    with zygote.branch() as running:
        tell(running, distribution(running, HOST), EACH, EACH)
        tell_of_balancer(running, balancer(running), EACH, EACH)
        yield running


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LayerContext:
    """An observation of a real account, whose load was run before."""

    @contextmanager
    def opened(_at: LayerContext, _section: Any) -> Iterator[LoadTarget]:
        yield LoadTarget(f"https://{HOST}", f"https://{HOST}")

    def carried_out(*_given: Any) -> Iterator[Evidence]:
        yield Evidence(kind=RECORD, value=run(), subject="steady", source="Locust")

    monkeypatch.setattr("prodgate.layers.load.observing.require_section", lambda _at: None)
    monkeypatch.setattr("prodgate.layers.load.observing.run_profiles", carried_out)
    monkeypatch.setattr("prodgate.layers.load.observing.open_target", opened)
    (tmp_path / "criteria.toml").write_text(WITH_ACCOUNT, "utf-8")
    return layer_context(tmp_path, "load", f"aws://prod@{REGION}")


def opens(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    clients = rehearsal_clients(account.endpoint, REGION, reads=True, attempts=1)
    monkeypatch.setattr("prodgate.layers.live.target.open_account", lambda *_given: LiveCalls(clients))


def observed_account(context: LayerContext) -> Facts:
    return observe_and_recall(BUILT["load"], context)


@pytest.mark.xdist_group("emulator")
def test_what_the_account_counted_is_asked_kept_and_recalled(
    context: LayerContext, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(monkeypatch, account)
    seen = observed_account(context)
    (count,), (times,) = seen.of(EntranceCount), seen.of(BalancerTimes)
    assert (str(count.unknown), str(count.unknown_errors), str(times.apart)) == ("0 %", "0 %", "10 ms")
    (kept,) = [one for one in runs.read(context.run).facts if one["kind"] == ACCOUNT]
    answers = load_json(context.run, kept["digest"])["answers"]
    assert {one["service"] for one in answers} == {"cloudfront", "cloudwatch", "elbv2"}
    assert all(call["requests"][0]["id"] for one in answers for call in one["calls"])


@pytest.mark.xdist_group("emulator")
def test_a_denied_answer_is_kept_as_one(
    context: LayerContext, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(monkeypatch, account)
    account.fault(service="cloudwatch", kind="deny")
    try:
        (count,) = observed_account(context).of(EntranceCount)
    finally:
        account.heal()
    with pytest.raises(Undetermined, match="access denied .* allow cloudwatch:GetMetricData"):
        _ = count.unknown


@pytest.mark.xdist_group("emulator")
def test_an_account_that_can_not_be_opened_is_said(context: LayerContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any) -> LiveCalls:
        raise UsageError("profile 'prod': is not configured")

    monkeypatch.setattr("prodgate.layers.live.target.open_account", refuse)
    (count,) = observed_account(context).of(EntranceCount)
    with pytest.raises(Undetermined, match="profile 'prod': is not configured"):
        _ = count.unknown_errors


@pytest.mark.xdist_group("emulator")
def test_an_account_that_is_not_stated_is_not_opened(context: LayerContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.layers.live.target.open_account", pytest.fail)
    (times,) = observed_account(replace(context, stated=replace(context.stated, account=""))).of(BalancerTimes)
    with pytest.raises(Undetermined, match=r"criteria\.toml: names no account; write \[account\] with id"):
        _ = times.apart


@pytest.mark.xdist_group("emulator")
def test_who_is_interrupted_while_waiting_knows_nothing_of_the_account(
    context: LayerContext, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_given: Any) -> None:
        raise KeyboardInterrupt

    opens(monkeypatch, account)
    monkeypatch.setattr(observing, "wait_until_settled", interrupt)
    with pytest.raises(KeyboardInterrupt):
        BUILT["load"].observe(context)
    (count,) = BUILT["load"].recall(context.run, runs.read(context.run).facts).of(EntranceCount)
    with pytest.raises(Undetermined, match="the account was not asked"):
        _ = count.unknown


@pytest.mark.xdist_group("emulator")
def test_a_rehearsal_has_its_own_log_and_no_account_is_opened(
    context: LayerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prodgate.layers.live.target.open_account", pytest.fail)
    assert list(observing.observe_account([run()], replace(context, target=Target("rehearsal://")))) == []
    deploy = run(profile={**run()["record"]["profile"], "name": "deploy"})
    assert list(observing.observe_account([deploy], context)) == []


@pytest.mark.xdist_group("emulator")
def test_where_nothing_counts_requests_that_is_noted(
    context: LayerContext, zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zygote.branch() as empty:
        opens(monkeypatch, empty)
        assert observed_account(context).of(EntranceCount) == ()
    notes = [one["text"] for one in journal.read(context.journal.path) if one["event"] == "note"]
    assert notes == ["account 123456789012 has no distribution and no load balancer that counts requests"]


BEGUN, ENDED = MINUTES[0], MINUTES[1] + timedelta(minutes=1)


class Clock:
    """A clock that moves when somebody waits, and CloudWatch's data by the seconds since the last minute ended."""

    def __init__(self, tells: Callable[[float], Any]) -> None:
        self.time, self.looks, self._tells = ENDED + timedelta(seconds=30), 0, tells

    def look(self) -> IngressCounts | None:
        self.looks += 1
        told = self._tells((self.time - ENDED).total_seconds())
        return told and IngressCounts(
            entrance="distribution E1",
            requests={minute: Decimal(count) for minute, count in zip(MINUTES, told, strict=False)},
            errors=0,
            cached=True,
            balancers=(),
            answers=0,
        )

    def wait(self, seconds: float) -> None:
        assert seconds == PAUSE
        self.time += timedelta(seconds=seconds)

    def settled(self) -> Any:
        return wait_until_settled(self.look, BEGUN, ENDED, lambda: None, now=lambda: self.time, wait=self.wait)

    @property
    def waited(self) -> timedelta:
        return self.time - ENDED


@pytest.mark.xdist_group("emulator")
@pytest.mark.parametrize(
    ("tells", "last", "waited"),
    [
        (lambda _: (5, 6), (5, 6), SETTLED + timedelta(seconds=10)),
        (lambda late: (5, 6) if late > 200 else (5,), (5, 6), timedelta(seconds=230)),
        (lambda late: (5, min(int(late), 300)), (5, 300), timedelta(seconds=330)),
        (lambda _: (5,), (5,), LATEST + timedelta(seconds=10)),
        (lambda late: (5, int(late)), (5, 610), LATEST + timedelta(seconds=10)),
        (lambda _: None, None, timedelta(seconds=30)),
    ],
)
def test_it_is_waited_until_every_minute_is_told_and_stays_as_it_is(
    tells: Callable[[float], Any], last: Any, waited: timedelta
) -> None:
    clock = Clock(tells)
    seen = clock.settled()
    assert (seen and tuple(seen.requests.values()), clock.waited) == (last, waited)


@pytest.mark.xdist_group("emulator")
def test_of_minutes_long_ago_nothing_is_waited_for() -> None:
    clock = Clock(lambda _: (5,))
    clock.time = datetime(2026, 2, 1, tzinfo=UTC)
    clock.settled()
    assert clock.looks == 1
