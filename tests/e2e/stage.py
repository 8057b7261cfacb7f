"""Sites for a real browser, and what the checks of e2e/ find there."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from prodgate.browser import visits
from prodgate.browser.journeys import run_journeys
from prodgate.browser.settings import BrowserSettings
from prodgate.checks import Check, registered_checks
from prodgate.engines.chromium import ensure_chromium
from prodgate.layers.e2e.kinds import JOURNEYS, KINDS, PROBES, VISITS, facts_of
from prodgate.run.judging import judge
from prodgate.sections.project import open_project
from prodgate.testing import Finding, Outcome
from tests.prodgate.facts.e2e import probe_records

ROOT = Path(__file__).parents[2]
#: Outcomes from the worst to the best; a criterion's is the worst of its findings.
WORST = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)
SEARCH = {"name": "search", "path": "/search?q=overtime", "follow": "", "regions": [["search", "Search"]]}


def page(name: str, path: str, *regions: str) -> Mapping[str, Any]:
    return {"name": name, "path": path, "follow": "", "regions": [[role, ""] for role in regions]}


def settings(url: str, results: Path, **given: Any) -> BrowserSettings:
    told = {"build_header": "x-build", "program": ensure_chromium(lambda _: None).program, "pages": [SEARCH], **given}
    return BrowserSettings(base_url=url, results=str(results), **told)


def visited(told: BrowserSettings, build: str = "blue") -> Mapping[str, Any]:
    """The record of all visits, as the layer keeps it."""
    place = Path(told.results)
    record = visits.run_visits(told, cwd=place, log=place / "logs" / "visits.txt", limit=280, progress=lambda _: None)
    about = {"how": "the header x-build", "expected": build, "unread": ""}
    return {**record, "place": "the site", "base_url": told.base_url, "build": about}


def travelled(folder: Path, told: BrowserSettings) -> dict[str, Any]:
    """The record of all journeys."""
    log = Path(told.results) / "logs" / "journeys.txt"
    return run_journeys(folder, told, project=folder.parent, log=log, limit=100, progress=lambda _: None)


@contextmanager
def results() -> Iterator[Path]:
    with TemporaryDirectory(prefix="prodgate-e2e-") as folder:
        yield Path(folder)


class Findings(dict[str, list[Finding]]):
    """Findings by criterion."""

    def outcome(self, criterion: str) -> Outcome:
        return min((each.outcome for each in self[criterion]), key=WORST.index)

    def with_outcome(self, outcome: Outcome) -> set[str]:
        return {criterion for criterion in self if self.outcome(criterion) is outcome}

    def told(self, criterion: str) -> str:
        return "\n".join(f"{each.subject}: {each.observed or each.reason}" for each in self[criterion])

    @property
    def broken(self) -> set[str]:
        return self.with_outcome(Outcome.NOT_SATISFIED)

    @property
    def undetermined(self) -> set[str]:
        return self.with_outcome(Outcome.UNDETERMINED)


def judged(kind: str, record: Mapping[str, Any]) -> Findings:
    """Judge a record by every check of the kinds of fact that are made of it, and by the project's own criteria."""
    criteria, facts, found = (
        open_project(ROOT / "criteria.toml").stated.criteria,
        facts_of([(kind, record), (PROBES, probe_records.record())], {}),
        Findings(),
    )
    for check in (each for each in checks() if each.kind in KINDS[kind]):
        told = judge(check, criteria[check.criterion], facts, layer="e2e", fixtures={})
        found.setdefault(check.criterion, []).extend(told)
    return found


def checks() -> Sequence[Check]:
    """The checks of the project."""
    files = [
        file
        for folder in ("quality", "release", "probes")
        for file in sorted((ROOT / "e2e" / folder).glob("test_*.py"))
    ]
    known = {each.function.__code__.co_filename for each in registered_checks()}
    for file in files:
        if str(file) not in known:
            spec = importlib.util.spec_from_file_location(f"e2e.{file.stem}", file)
            assert spec is not None
            assert spec.loader is not None
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return [each for each in registered_checks() if Path(each.function.__code__.co_filename) in files]


def pages_judged(told: BrowserSettings, **given: Any) -> Findings:
    return judged(VISITS, visited(told, **given))


def journeys_judged(folder: Path, told: BrowserSettings) -> Findings:
    return judged(JOURNEYS, {**travelled(folder, told), "place": "the site"})


def join(url: str, reader: Mapping[str, str]) -> None:
    """Let a reader join at the sample site."""
    form = urlencode({"email": reader["user"], "password": reader["password"], "team": "bos"}).encode()
    with urlopen(f"{url}/join", form, timeout=60) as answer:
        assert answer.status == 200
