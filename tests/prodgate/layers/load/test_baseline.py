"""A load is compared with the last good one, and green with blue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.facts.load.changes import LoadChange
from prodgate.findings import Finding, Outcome
from prodgate.layers.layer import LayerContext
from prodgate.layers.load import target
from prodgate.quantities import Bound
from tests.prodgate.sample_run import move
from tests.prodgate.samples import criterion

from .stage import CRITERIA, REAL, Made, OwnSite, observation, observed

COMPARE = '\n[load.compare]\nrate = "100 /s"\nduration = "40 s"\n'
SLOWER = criterion("load-p95-regression", bound=Bound.parse("<= 20 ms"), decides="bound", layers=("load",))


def test_green_is_compared_with_blue_where_that_is_stated(shop: Path, made: Made, site: OwnSite) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace("\n[load.surge]", f"{COMPARE}\n[load.surge]"), "utf-8")
    (change,) = observed(observation(shop)).of(LoadChange)
    assert made.asked[-1][2]["other_host"] == "http://127.0.0.1:8124"
    assert (change.subject, str(change.p95(SLOWER).value)) == ("green against blue at the rehearsal's site", "30 ms")


def test_on_a_real_host_green_is_a_port_that_is_stated(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "find_unexpected_addresses", lambda _host, _places: ())
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
    monkeypatch.setattr(target, "find_unexpected_addresses", lambda _host, _places: ())
    monkeypatch.setattr("prodgate.layers.load.layer.observe_account", lambda *_given: (), raising=False)
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
