"""The end-to-end layer at its seams: what it opens, passes to the browser, keeps and recalls."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.browser.processes import BrowserError
from prodgate.browser.settings import BrowserSettings
from prodgate.engines.environments import EngineError
from prodgate.engines.programs import Chromium
from prodgate.evidence import runs
from prodgate.facts import Facts
from prodgate.facts.e2e.journeys import Journey
from prodgate.facts.e2e.pages import ServedBuild, VisitedPage
from prodgate.facts.e2e.probes import PROBE_KINDS, AttackAnswered
from prodgate.layers import BUILT
from prodgate.layers.e2e import observing
from prodgate.layers.e2e.facts import JOURNEYS, VISITS
from prodgate.layers.e2e.observing import open_target
from prodgate.layers.layer import LayerContext
from prodgate.rehearsal.edge import CertificateOptions, issue_certificate
from prodgate.sections.e2e import BuildMark, E2eSection, SiteSection
from prodgate.sections.targets import Target
from tests.prodgate.facts.e2e import probe_records
from tests.prodgate.facts.e2e.browser_records import journey, journeys, unreachable, visit, visits
from tests.prodgate.layers.context import layer_context, observe_and_recall

from ...load.servers import fine, serving

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
#: Seconds in which an awaited event must happen.
LIMIT = 60.0


@dataclass
class Made:
    """Stands for the browser and the probes: records its settings, and answers with sample records."""

    visits: Any = field(default_factory=lambda: visits(visit(), visit(size="telephone", width=375, keyboard=None)))
    journeys: Any = field(default_factory=lambda: journeys(journey()))
    files: dict[str, bytes] = field(default_factory=dict)
    """The contents of pictures and traces of journeys; their names by default."""
    told: list[BrowserSettings] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    sites: list[Any] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def look(self, settings: BrowserSettings, **given: Any) -> Mapping[str, Any]:
        self.told.append(settings)
        self.limits.append(given["limit"])
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
    monkeypatch.setattr("prodgate.browser.processes.run_visits", site.look)
    monkeypatch.setattr("prodgate.browser.processes.run_journeys", site.travel)
    monkeypatch.setattr("prodgate.probes.site.probe", site.probe)
    monkeypatch.setattr("prodgate.probes.site.attack", site.attack)
    monkeypatch.setattr(observing, "require_chromium", lambda: Chromium("/opt/chromium", "PATH"))
    monkeypatch.setattr(observing, "has_japanese_fonts", lambda: True)
    monkeypatch.setattr(observing, "_open_secrets", lambda _at: lambda _id: '{"password": "hunter22"}')
    monkeypatch.setenv("BUYER", "buyer@example.com")
    return site


def observation(shop: Path, target: str = "aws://prod@ap-northeast-1", **changes: Any) -> LayerContext:
    return layer_context(shop, "e2e", target, commit=COMMIT, **changes)


def observed(context: LayerContext) -> Facts:
    return observe_and_recall(BUILT["e2e"], context)


def test_many_pages_have_more_time(shop: Path, made: Made) -> None:
    observed(observation(shop))
    more = "".join(f'page-{number} = {{ path = "/{number}" }}\n' for number in range(200))
    (shop / "criteria.toml").write_text(CRITERIA.replace("[e2e.pages]\n", f"[e2e.pages]\n{more}"), "utf-8")
    observed(observation(shop))
    assert made.limits[0] == observing._VISITS < 200 * 7 < made.limits[1]


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


@pytest.mark.parametrize("whole", [False, True])
def test_whoever_keeps_bodies_is_told_what_that_risks(shop: Path, made: Made, whole: bool) -> None:
    made.journeys = journeys(journey(outcome="failed", why="no button", evidence=["0.zip"]))
    stated = CRITERIA.replace("mutates = true", f"mutates = true\nkeep_bodies = {str(whole).lower()}")
    (shop / "criteria.toml").write_text(stated, "utf-8")
    at = observation(shop)
    observed(at)
    assert [each.keep_bodies for each in made.told] == [whole] * 2
    assert [each.read_bytes() for each in (at.run / "evidence").glob("*.zip")] == [b"0.zip"]
    assert ("keep_bodies: traces and pictures" in (at.run / "journal.jsonl").read_text("utf-8")) is whole


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


def refuse() -> Chromium:
    raise EngineError("no Chromium; set PRODGATE_CHROMIUM")


SILENT = visits(unreachable("connection", "net::ERR_CONNECTION_REFUSED"))
ENDED = BrowserError("the browser did not come to the end")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ((None, ("prodgate.layers.e2e.observing.require_chromium", refuse)), ((VisitedPage, Journey), "no Chromium; set PRODGATE_CHROMIUM", 0)),
        ((None, ("importlib.util.find_spec", lambda name: None if name == "pytest_playwright" else name)),
         ((VisitedPage, Journey), "pytest-playwright is not installed; write: pip install 'prod-gate[e2e]'", 0)),
        ((ENDED, None), ((VisitedPage,), "the browser did not come to the end", 1)),
        ((SILENT, None), ((Journey,), "no page was answered, so that no journey counts: net::ERR_CONNECTION_REFUSED", 0)),
    ],
    ids=["no browser", "no library", "ended early", "silent"],
)  # fmt: skip
def test_what_can_t_be_had_is_undetermined_and_the_rest_is_had(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch, case: tuple[Any, Any], expected: tuple[Any, str, int]
) -> None:
    (visited, patch), (kinds, reason, count) = case, expected
    made.visits = visited or made.visits
    if patch:
        monkeypatch.setattr(*patch)
    seen = observed(observation(shop))
    assert {kind: seen.unreadable[kind] for kind in kinds} == dict.fromkeys(kinds, reason)
    assert (len(seen.of(Journey)), made.steps.count("journeys"), len(made.sites)) == (count, count, 1)


def rehearsed(shop: Path) -> tuple[list[str], dict[str, str]]:
    """The kinds of evidence of a rehearsal's site, and why others are missing."""
    at, unreadable = observation(shop, "rehearsal://"), dict[str, str]()
    own: dict[str, Any] = {"mutates": True, "credentials": {}, "unresolved": {}, "build": COMMIT}
    there = observing.E2eTarget(url="https://www.shop.example", place="the rehearsal's site", **own)
    return [seen.kind for seen in observing.observe_site(there, at.stated.e2e, at, unreadable)], unreadable


def test_a_rehearsal_s_site_is_met_by_two_browsers_at_once(
    shop: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2, timeout=LIMIT)
    for name, way in (("run_visits", made.look), ("run_journeys", made.travel)):

        def wait_and(*given: Any, _way: Any = way, **more: Any) -> Any:
            together.wait()  # breaks unless both are at it
            return _way(*given, **more)

        monkeypatch.setattr(f"prodgate.browser.processes.{name}", wait_and)
    assert rehearsed(shop)[0][:2] == [VISITS, JOURNEYS]


def test_where_a_rehearsal_s_site_is_silent_no_journey_counts(shop: Path, made: Made) -> None:
    made.visits = SILENT
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
    assert BUILT["e2e"].observe(observation(shop)) == Facts()
    assert made.sites == []


def test_pages_that_name_no_build_leave_it_undetermined(shop: Path, made: Made) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('build = { header = "x-build" }', ""), "utf-8")
    unread = observed(observation(shop)).of(ServedBuild)[0].peek("expected")
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
        observing,
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


# ── A private authority


def opened(project: Path, **stated: Any) -> tuple[str, str]:
    """The trusted certificates: a file, and the keys that the browser gets."""
    context: Any = SimpleNamespace(
        target=Target("aws://ap-northeast-1"),
        project=project,
        stated=SimpleNamespace(path="criteria.toml", site=SiteSection()),
    )
    mark = BuildMark(header="x-build", expected="text:1")
    with open_target(context, E2eSection(build=mark, credentials={}, pages=(), **stated)) as target:
        return target.ca_file, target.pin


@pytest.mark.once
@pytest.mark.parametrize("trusted", [True, False])
def test_the_browser_trusts_the_keys_that_the_authority_vouches_for(tmp_path: Path, trusted: bool) -> None:
    made = issue_certificate(tmp_path, CertificateOptions(trusted=trusted), "TLSv1.2_2021")
    with serving(fine, made.context) as server:
        found = opened(tmp_path, base_url=server.url, ca_file=made.authority.name)
    assert found == (str(made.authority), made.pin if trusted else "")


@pytest.mark.once
def test_without_an_authority_nothing_more_is_trusted(tmp_path: Path) -> None:
    assert opened(tmp_path, base_url="https://www.example.com") == ("", "")


@pytest.mark.once
def test_an_authority_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"nowhere\.pem: there is no such file"):
        opened(tmp_path, base_url="https://www.example.com", ca_file="nowhere.pem")
