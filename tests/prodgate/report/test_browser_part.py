"""What the report says of the site in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence.artifacts import store, store_json
from prodgate.evidence.runs import Run
from prodgate.layers.e2e.kinds import JOURNEYS, VISITS
from prodgate.report.browser import browser_part
from prodgate.report.catalogue import FILES
from prodgate.report.html import render_html

from ..facts.e2e.browser_records import journey, journeys, unreachable, visit, visits
from .samples import criterion, fact, finding, run
from .test_html import HOSTILE, Page


def opened(directory: Path, seen: Mapping[str, Any], went: Mapping[str, Any], *judged: tuple[int, str]) -> Run:
    """Return a run whose browser saw these pages and whose journeys went so; ``judged`` are widths and outcomes of the front page."""
    facts = tuple(
        fact(kind, "the shop", store_json(directory, record), "e2e")
        for kind, record in ((VISITS, seen), (JOURNEYS, went))
    )
    found = [
        finding("c", outcome, f"front at {width} px", layer="e2e", evidence=(facts[0]["digest"],))
        for width, outcome in judged
    ]
    made = run([criterion("c", layers=("e2e",))], found, facts=facts)
    return replace(made, path=directory)


def outcomes(made: Run) -> list[str]:
    """Return what the report says of each page."""
    part = browser_part(made, made.verdict())
    assert part is not None
    return [str(row.outcome) for row in part.pages]


def of_all_sorts(directory: Path) -> Run:
    """Return a run with good, bad and silent pages and journeys."""
    picture, trace = (f"evidence/{store(directory, suffix.encode(), suffix)}{suffix}" for suffix in (".png", ".zip"))
    bad = {
        "violations": [{"id": "label", "help": "Label fields", "first": "<input>", "nodes": 3}],
        "width": 375,
        "needed": 400,
    }
    silent = {**unreachable("connection", "connection refused"), "width": 414}
    failed = {"outcome": "failed", "again": "failed", "why": HOSTILE[0], "evidence": [picture, trace, "../run.json"]}
    return opened(
        directory,
        visits(visit(), visit(**bad, console=[HOSTILE[0]] * 30), silent),
        journeys(
            journey(), journey(name=HOSTILE[1], **failed), journey(outcome="", name="Somebody leaves.", seconds=0)
        ),
        (1280, "satisfied"),
        (375, "not-satisfied"),
        (414, "undetermined"),
    )


@pytest.mark.parametrize("language", FILES)
def test_says_how_each_page_and_journey_was(tmp_path: Path, language: str) -> None:
    made = of_all_sorts(tmp_path)
    text = render_html(made, made.verdict(), language=language)
    told = Page(text[text.index('<h2 id="browser">') :].partition("</section>")[0]).text
    assert "the shop , Chromium 156.0.1" in told
    assert "front at 1280 px" in told
    assert "312 ms 0.012" in told
    assert "label: Label fields: <input> and 2 more" in told
    assert "+25 px" in told
    assert "connection refused" in told
    assert "Somebody buys (test_buys)" in told
    assert "flaky" not in told
    marks = {"en": ("satisfied", "not satisfied", "undetermined"), "ja": ("適合", "不適合", "判定不能")}[language]
    assert all(told.count(mark) >= 2 for mark in marks)


def test_links_pictures_and_traces_with_their_digests_and_nothing_else(tmp_path: Path) -> None:
    made = of_all_sorts(tmp_path)
    part = browser_part(made, made.verdict())
    assert part is not None
    (files,) = (row.files for row in part.journeys if row.files)
    assert [kind for kind, _, _ in files] == ["png", "zip"]
    page = Page(render_html(made, made.verdict()))
    for _, path, digest in files:
        assert (tmp_path / path).is_file()
        assert path in page.values("href")
        assert digest[:12] in page.text
    assert not any("run.json" in href for href in page.values("href"))


@pytest.mark.parametrize("damage", [{"pages": [{}]}, {"format": 2}, {"pages": None}])
def test_a_record_that_can_not_be_read_says_why(tmp_path: Path, damage: dict[str, Any]) -> None:
    made = opened(tmp_path, visits(**{"pages": [visit()], **damage}), journeys(journey()))
    part = browser_part(made, made.verdict())
    assert part is not None
    assert part.problems
    assert [row.subject for row in part.journeys] == ["Somebody buys (test_buys)"]
    assert "A part can't be shown:" in Page(render_html(made, made.verdict())).text


def test_a_page_is_as_good_as_the_worst_that_was_found_of_it(tmp_path: Path) -> None:
    seen = visits(visit(), visit(width=375), visit(width=414))
    found = [(1280, "satisfied"), (1280, "undetermined"), (375, "waived"), (375, "satisfied")]
    assert outcomes(opened(tmp_path, seen, journeys(), *found)) == ["undetermined", "waived", "undetermined"]


def test_a_finding_about_another_record_says_nothing_of_a_page(tmp_path: Path) -> None:
    made = opened(tmp_path, visits(visit()), journeys(), (1280, "satisfied"))
    other = replace(made, findings=tuple(replace(each, evidence=("0" * 64,)) for each in made.findings))
    assert (outcomes(made), outcomes(other)) == (["satisfied"], ["undetermined"])


def test_a_page_whose_errors_may_be_the_doing_of_the_gate_says_so(tmp_path: Path) -> None:
    disturbed = visit(refused=["POST /beacon"], console=["Failed to load /beacon"])
    made = opened(tmp_path, visits(disturbed), journeys())
    assert outcomes(made) == ["undetermined"]
    assert "the gate refused POST /beacon" in Page(render_html(made, made.verdict())).text


def test_a_run_without_a_browser_has_no_such_part() -> None:
    made = run([criterion("c")], [])
    assert browser_part(made, made.verdict()) is None
