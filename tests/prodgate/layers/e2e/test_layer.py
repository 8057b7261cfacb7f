"""The end-to-end layer by its seams: what it opens, what it tells the browser, what it keeps and what it recalls."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prodgate.browser.redacting.pictures import without_texts
from prodgate.browser.settings import BrowserSettings
from prodgate.browser.visits import BrowserError
from prodgate.engines.chromium import Chromium
from prodgate.engines.environments import EngineError
from prodgate.evidence import runs
from prodgate.facts import Facts
from prodgate.facts.e2e.builds import ServedBuild
from prodgate.facts.e2e.firewall import AttackAnswered
from prodgate.facts.e2e.journeys import Journey
from prodgate.facts.e2e.pages import VisitedPage
from prodgate.facts.e2e.probes import PROBE_KINDS
from prodgate.layers.e2e import credentials, observing, target
from prodgate.layers.e2e.kinds import JOURNEYS, VISITS
from prodgate.layers.e2e.layer import E2eLayer
from prodgate.layers.layer import LayerContext
from tests.prodgate.facts.e2e import probe_records
from tests.prodgate.facts.e2e.browser_records import journey, journeys, unreachable, visit, visits
from tests.prodgate.layers.context import layer_context, observe_and_recall
from tests.prodgate.sealing.test_secret_sources import make_picture

CRITERIA = """
system = "shop"

[rehearsal]
site = "sample"

[e2e]
base_url = "https://www.shop.example"
hosts = ["shop.example"]
partners = ["login.example"]
third_parties = ["fonts.example"]
mutates = true
build = { header = "x-build" }

[e2e.credentials]
buyer = { user = "env:BUYER", password = "secret:shop/buyer#password" }

[e2e.pages]
front = { path = "/", regions = ["main", "navigation: Main menu"], cache = "public" }
item = { path = "/", follow = "article" }

[criteria.pages-complete]
statement = { en = "Whole.", ja = "全体。" }
why = "Readers leave."
source = "X-1"
layers = ["e2e"]
"""
COMMIT = "0123456789abcdef"
#: Seconds in which what is waited for must happen.
LIMIT = 60.0


@dataclass
class Made:
    """Stands for the browser and the probes: records its settings, and answers with sample records."""

    visits: Any = field(default_factory=lambda: visits(visit(), visit(size="telephone", width=375, keyboard=None)))
    journeys: Any = field(default_factory=lambda: journeys(journey()))
    files: dict[str, bytes] = field(default_factory=dict)
    """What pictures and traces of journeys hold; their names where nothing is said."""
    told: list[BrowserSettings] = field(default_factory=list)
    sites: list[Any] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def look(self, settings: BrowserSettings, **_given: Any) -> Mapping[str, Any]:
        self.told.append(settings)
        self.steps.append("visits")
        if isinstance(self.visits, Exception):
            raise self.visits
        return {key: value for key, value in self.visits.items() if key not in ("place", "base_url", "build")}

    def travel(self, _folder: Path, settings: BrowserSettings, **_given: Any) -> Mapping[str, Any]:
        self.told.append(settings)
        self.steps.append("journeys")
        for name in (name for each in self.journeys["journeys"] for name in each["evidence"]):
            Path(settings.results, name).write_bytes(self.files.get(name, name.encode()))
        return {key: value for key, value in self.journeys.items() if key != "place"}

    def probe(self, site: Any) -> Mapping[str, Any]:
        self.sites.append(site)
        return probe_records.record(probe_records.page(ordinary=[], attacked={}), attacks=False)

    def attack(self, _site: Any, _record: Mapping[str, Any]) -> Mapping[str, Any]:
        self.steps.append("attacks")
        return probe_records.record()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "e2e" / "journeys").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    site = Made()
    monkeypatch.setattr("prodgate.browser.visits.run_visits", site.look)
    monkeypatch.setattr("prodgate.browser.journeys.run_journeys", site.travel)
    monkeypatch.setattr("prodgate.probes.site.probe", site.probe)
    monkeypatch.setattr("prodgate.probes.site.attack", site.attack)
    monkeypatch.setattr(observing, "ensure_chromium", lambda _progress: Chromium("/opt/chromium", "PATH"))
    monkeypatch.setattr(observing, "has_japanese_fonts", lambda: True)
    monkeypatch.setattr(credentials, "_open_secrets", lambda _at: lambda _id: '{"password": "hunter22"}')
    monkeypatch.setenv("BUYER", "buyer@example.com")
    return site


def observation(shop: Path, target: str = "aws://prod@ap-northeast-1", **changes: Any) -> LayerContext:
    return layer_context(shop, "e2e", target, commit=COMMIT, **changes)


def observed(context: LayerContext) -> Facts:
    return observe_and_recall(E2eLayer(), context)


ASKED = CRITERIA.replace("[criteria.pages-complete]", "[criteria.waf-refuses-attacks]")


@pytest.mark.parametrize(
    ("criteria", "allowed", "why"),
    [
        (CRITERIA, "www.shop.example", "no criterion waf-refuses-attacks of the layer e2e asks for attacks"),
        (
            ASKED.replace('["e2e"]', '["static"]') + CRITERIA[CRITERIA.index("[criteria.") :],
            "www.shop.example",
            "no criterion",
        ),
        (ASKED, "", "run with --i-am-allowed-to-attack www.shop.example"),
        (ASKED, "shop.example", "run with --i-am-allowed-to-attack www.shop.example"),
        (ASKED, "www.shop.example", ""),
    ],
)
def test_attacks_are_sent_when_they_are_asked_for_and_allowed_and_after_all_else(
    shop: Path, made: Made, criteria: str, allowed: str, why: str
) -> None:
    (shop / "criteria.toml").write_text(criteria, "utf-8")
    seen = observed(observation(shop, attack_allowed=allowed))
    assert why in seen.unreadable.get(AttackAnswered, "")
    assert made.steps == (["visits", "journeys"] if why else ["visits", "journeys", "attacks"])
    assert bool(seen.of(AttackAnswered)) is not bool(why)


def test_the_site_is_looked_at_as_it_is_stated(shop: Path, made: Made) -> None:
    at = observation(shop)
    seen = observed(at)
    told = made.told[0]
    assert (told.base_url, told.hosts, told.third_parties, told.partners) == (
        "https://www.shop.example", ("shop.example",), ("fonts.example",), ("login.example",),
    )  # fmt: skip
    assert told.pages[0]["regions"] == [["main", ""], ["navigation", "Main menu"]]
    assert (told.pages[1]["follow"], told.build_header, told.program, told.mutates) == (
        "article",
        "x-build",
        "/opt/chromium",
        True,
    )
    assert told.credentials == {"buyer": {"user": "buyer@example.com", "password": "hunter22"}}
    assert [(page.path, page.kind) for page in made.sites[0].pages] == [("/", "public")]
    assert len(seen.of(VisitedPage)) == 2
    assert seen.of(Journey)[0].succeeded
    assert seen.of(ServedBuild)[0].expected == COMMIT
    assert {event["source"] for event in runs.read(at.run).facts} == {"Chromium 156.0.1", "sockets"}


def test_no_password_is_in_any_file_of_the_run(shop: Path, made: Made) -> None:
    at = observation(shop)
    observed(at)
    assert [path for path in at.run.rglob("*") if path.is_file() and b"hunter22" in path.read_bytes()] == []


def test_the_evidence_of_a_failure_is_kept_by_its_digest(shop: Path, made: Made) -> None:
    made.journeys = journeys(journey(outcome="failed", why="no button", evidence=["0.png", "1.zip"]))
    at = observation(shop)
    said = observed(at).of(Journey)[0].told
    kept = sorted(path.name for path in (at.run / "evidence").iterdir() if path.suffix in (".png", ".zip"))
    assert len(kept) == 2
    assert all(f"evidence/{name}" in said for name in kept)


def test_a_picture_of_a_failure_is_kept_without_what_is_written_in_it(shop: Path, made: Made) -> None:
    made.journeys = journeys(journey(outcome="failed", why="no button", evidence=["0.png"]))
    made.files = {"0.png": make_picture("Canary/9")}
    at = observation(shop)
    observed(at)
    (kept,) = (at.run / "evidence").glob("*.png")
    assert kept.read_bytes() == without_texts(make_picture(""))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("env:BUYER", "env:NOBODY"), "env:NOBODY: there is no such environment variable"),
        (("#password", "#pin"), "secret:shop/buyer#pin: is no JSON object with 'pin'"),
    ],
)
def test_who_can_t_sign_in_is_told_to_the_journey(shop: Path, made: Made, change: tuple[str, str], reason: str) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace(*change), "utf-8")
    observed(observation(shop))
    assert made.told[0].credentials == {}
    assert reason in made.told[0].unresolved["buyer"]


def test_without_a_browser_the_rest_is_still_probed(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_progress: object) -> Chromium:
        raise EngineError("no Chromium; set PRODGATE_CHROMIUM")

    monkeypatch.setattr(observing, "ensure_chromium", refuse)
    seen = observed(observation(shop))
    assert seen.unreadable[VisitedPage] == seen.unreadable[Journey] == "no Chromium; set PRODGATE_CHROMIUM"
    assert len(made.sites) == 1


def test_a_library_that_is_missing_is_named(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pytest_playwright" else name)
    assert (
        observed(observation(shop)).unreadable[Journey]
        == "pytest-playwright is not installed; write: pip install 'prod-gate[e2e]'"
    )


def test_a_browser_that_ends_leaves_its_pages_undetermined_and_journeys_are_still_made(shop: Path, made: Made) -> None:
    made.visits = BrowserError("the browser did not come to the end")
    seen = observed(observation(shop))
    assert seen.unreadable[VisitedPage] == "the browser did not come to the end"
    assert len(seen.of(Journey)) == 1


def test_where_nobody_answers_no_journey_is_begun(shop: Path, made: Made) -> None:
    made.visits = visits(unreachable("connection", "net::ERR_CONNECTION_REFUSED"))
    seen = observed(observation(shop))
    assert seen.unreadable[Journey].endswith("no journey counts: net::ERR_CONNECTION_REFUSED")
    assert len(made.told) == 1


def rehearsed(shop: Path) -> tuple[list[str], dict[str, str]]:
    """The kinds of evidence of a rehearsal's site, and why others are missing."""
    at, unreadable = observation(shop, "rehearsal://"), dict[str, str]()
    own: dict[str, Any] = {"mutates": True, "credentials": {}, "unresolved": {}, "build": COMMIT}
    there = target.E2eTarget(url="https://www.shop.example", place="the rehearsal's site", **own)
    assert at.stated.e2e is not None
    return [seen.kind for seen in observing.observe_site(there, at.stated.e2e, at, unreadable)], unreadable


def test_a_rehearsal_s_site_is_met_by_two_browsers_at_once(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2, timeout=LIMIT)
    for name, way in (("visits.run_visits", made.look), ("journeys.run_journeys", made.travel)):

        def wait_and(*given: Any, _way: Any = way, **more: Any) -> Any:
            together.wait()  # breaks unless both are at it
            return _way(*given, **more)

        monkeypatch.setattr(f"prodgate.browser.{name}", wait_and)
    assert rehearsed(shop)[0][:2] == [VISITS, JOURNEYS]


def test_where_a_rehearsal_s_site_is_silent_no_journey_counts(shop: Path, made: Made) -> None:
    made.visits = visits(unreachable("connection", "net::ERR_CONNECTION_REFUSED"))
    seen, unreadable = rehearsed(shop)
    assert JOURNEYS not in seen
    assert unreadable[JOURNEYS] == "no page was answered, so that no journey counts: net::ERR_CONNECTION_REFUSED"


def test_journeys_that_are_not_there(shop: Path, made: Made) -> None:
    (shop / "e2e" / "journeys").rmdir()
    assert "write there what a person must be able to do" in observed(observation(shop)).unreadable[Journey]


@pytest.mark.parametrize(
    ("criteria", "reason"),
    [
        (
            CRITERIA.partition("[e2e]")[0] + CRITERIA[CRITERIA.index("[criteria") :],
            "says nothing of the site; write [e2e]",
        ),
        (CRITERIA.replace('base_url = "https://www.shop.example"', ""), "[e2e] names no site; write base_url"),
    ],
)
def test_what_is_not_stated_is_undetermined(shop: Path, made: Made, criteria: str, reason: str) -> None:
    (shop / "criteria.toml").write_text(criteria, "utf-8")
    seen = observed(observation(shop))
    assert reason in seen.unreadable[VisitedPage]
    assert reason in seen.unreadable[PROBE_KINDS[0]]


def test_nothing_is_looked_at_that_no_criterion_asks_about(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('layers = ["e2e"]', 'layers = ["static"]'), "utf-8")
    assert E2eLayer().observe(observation(shop)) == Facts()
    assert made.sites == []


def test_pages_that_name_no_build_leave_it_undetermined(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('build = { header = "x-build" }', ""), "utf-8")
    unread = object.__getattribute__(observed(observation(shop)).of(ServedBuild)[0], "expected")
    assert "[e2e] says not how pages name their build" in unread.reason


@dataclass
class Front:
    url: str = "https://localhost:1"
    plain_url: str = "http://localhost:2"
    ca_file: Path = Path("ca.pem")
    pin: str = "pin="


def test_a_rehearsal_looks_at_a_site_of_its_own(shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[str] = []

    @contextmanager
    def running(_scratch: Path, build: str, database: str) -> Iterator[Any]:
        yield replace_url(build)

    @contextmanager
    def edge(_url: str, _scratch: Path, _settings: object) -> Iterator[Front]:
        yield Front()

    def replace_url(build: str) -> Any:
        joined.append(build)
        return type("Site", (), {"url": "http://127.0.0.1:3"})

    monkeypatch.setattr("prodgate.rehearsal.site.process.running", running)
    monkeypatch.setattr("prodgate.rehearsal.edge.edge", edge)
    monkeypatch.setattr(
        target,
        "_join_readers",
        lambda _url, section: {name: {"user": "u", "password": "p" * 8} for name in section.credentials},
    )
    seen = observed(observation(shop, "rehearsal://"))
    assert joined == [COMMIT]
    told, site = made.told[0], made.sites[0]
    assert (told.base_url, told.hosts, told.pin, told.mutates) == ("https://localhost:1", (), "pin=", True)
    assert (site.place, site.plain_url, site.hosts) == ("the rehearsal's site", "http://localhost:2", ())
    assert os.fspath(told.ca_file) == site.ca_file == "ca.pem"
    assert seen.of(ServedBuild)[0].subject == "the rehearsal's site"
