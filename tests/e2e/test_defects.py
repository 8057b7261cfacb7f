"""Each defect of the sample site turns exactly the criteria red that are about it, in real Chromium.

Defects that are about different criteria share a site: what each criterion observed names its own defect.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prodgate.layers.e2e.kinds import JOURNEYS, KINDS, VISITS
from prodgate.rehearsal.edge import edge
from prodgate.rehearsal.edge_settings import EdgeSettings
from prodgate.rehearsal.site.process import running
from prodgate.testing import Outcome

from .stage import ROOT as PROJECT
from .stage import SEARCH, Findings, checks, join, journeys_judged, page, pages_judged, results, settings

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]


READER = {"user": "reader@rehearsal.example", "password": "ten points a night"}


@dataclass(frozen=True)
class Defective:
    """Faults of a site, and what each criterion that they break must have observed."""

    name: str
    faults: tuple[str, ...]
    signs: Mapping[str, tuple[str, ...]]
    page: Mapping[str, Any] = field(default_factory=lambda: SEARCH)

    def __str__(self) -> str:
        return self.name


DEFECTIVE = (
    Defective(
        "broken",
        ("overflow", "script-error", "broken-image", "broken-link", "wrong-build", "hidden-focus"),
        {
            "pages-fit-window": ("<pre>overtime",),
            "pages-without-errors": ("turnover",),
            "page-files-arrive": ("missing.svg", "HTTP 404"),
            "links-lead-somewhere": ("'Teams'", "/benches", "HTTP 404"),
            "build-under-test-served": ("stale (2 visits)",),
            "keyboard-focus-visible": ("<a ", "<input"),
        },
    ),
    Defective(
        "not for everybody",
        ("unlabeled-button", "unlabeled-field", "no-language", "no-alternative", "low-contrast", "third-party"),
        {
            "pages-accessible": ("button-name", "label", "html-has-lang", "image-alt", "color-contrast"),
            "third-parties-declared": ("https://ads.example/count.js", "refused by the page's own script-src"),
        },
    ),
    Defective(
        "open to others, restless, and for the mouse alone",
        ("third-party", "no-csp", "mouse-only", "shifting"),
        {
            "third-parties-declared": ("stopped by the gate",),
            "keyboard-reaches-all": ('<span role="button">More</span>',),
            "page-layout-stable": ("at 360 px", "at 1280 px"),
        },
    ),
    Defective(
        "slow",
        ("slow-page=2.6", "slow-keys"),
        {"page-largest-paint": ("at 360 px", "at 1280 px"), "keyboard-answered-fast": ("ms",)},
        page("sign-in", "/sign-in", "main"),  # it has few links, each of which is as slow
    ),
)


def test_every_criterion_that_one_page_can_break_is_broken_by_a_defect() -> None:
    elsewhere = {"journeys-succeed", "pages-complete", "cookies-protected"}  # by journeys, outages and a session, below
    about = {each.criterion for each in checks() if each.kind in (*KINDS[VISITS], *KINDS[JOURNEYS])}
    assert about - elsewhere == {criterion for each in DEFECTIVE for criterion in each.signs}


def looked(*faults: str, at: Mapping[str, Any] = SEARCH) -> Findings:
    with results() as place, running(place, build="blue", faults=faults) as site:
        return pages_judged(settings(site.url, place, pages=[at]))


def test_a_site_without_a_defect_satisfies_all() -> None:
    found = looked()
    about = {each.criterion for each in checks() if each.kind in KINDS[VISITS]}
    assert about == found.with_outcome(Outcome.SATISFIED), found
    assert SEARCH["name"] in found.told("links-lead-somewhere")


@pytest.mark.parametrize("defective", DEFECTIVE, ids=str)
def test_a_defect_breaks_what_is_about_it(defective: Defective) -> None:
    found = looked(*defective.faults, at=defective.page)
    assert found.broken == set(defective.signs), found
    assert found.undetermined == set(), found
    for criterion, signs in defective.signs.items():
        assert [sign for sign in signs if sign not in found.told(criterion)] == [], found.told(criterion)


def travelled(folder: Path, *faults: str) -> Findings:
    """What journeys show at the site behind an edge, as a rehearsal has it."""
    with (
        results() as place,
        running(place, faults=faults) as site,
        edge(site.url, place, EdgeSettings()) as front,
    ):
        join(site.url, READER)
        trusted = {"pin": front.pin, "ca_file": str(front.ca_file)}
        told = settings(front.url, place, mutates=True, credentials={"reader": READER}, **trusted)
        return journeys_judged(folder, told)


def test_every_journey_of_the_project_succeeds_on_the_site() -> None:
    found = travelled(PROJECT / "e2e" / "journeys")
    assert found.with_outcome(Outcome.SATISFIED) == {"journeys-succeed", "cookies-protected"}, found
    assert len(found["journeys-succeed"]) >= 11
    assert "cookie 'reader'" in found.told("cookies-protected")


def test_a_session_that_anybody_can_take_is_seen_when_somebody_signs_in(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "e2e" / "journeys" / "test_accounts.py", tmp_path)
    found = travelled(tmp_path, "insecure-cookie")
    assert found.broken == {"cookies-protected"}, found
    assert "without Secure" in found.told("cookies-protected")
