"""What the report says of deployments that were watched, and of drills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence.artifacts import store_json
from prodgate.evidence.runs import Run
from prodgate.layers.rollout.kinds import DRILL, WATCH
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.html import render_html
from prodgate.report.rollout.view import rollout_part
from tests.suites.rollout import evidence

from ..samples import criterion, fact, finding, run
from ..test_html import Page


def deployed(directory: Path, *records: tuple[str, Mapping[str, Any]]) -> Run:
    """Return a run that looked at these watches and drills."""
    facts = tuple(fact(kind, "green", store_json(directory, record), "rollout") for kind, record in records)
    found = [finding("c", "satisfied", layer="rollout")]
    made = run([criterion("c", layers=("rollout",))], found, facts=facts, rehearsal=True)
    return replace(made, path=directory)


def troubled(directory: Path) -> Run:
    """Return a run with a deployment that lost requests, a watch without any, and a drill that went wrong."""
    lost = evidence.watch(evidence.good_samples())
    lost["stream"]["seconds"][20]["failed"] = {"HTTP 503": 3}
    lost["speed"] = 180
    silent = {
        **evidence.watch([]),
        "stream": None,
        "silent": "nobody allowed load",
        "ended": None,
        "why": "it was cut off",
    }
    drill = evidence.drill()
    drill["tried"][0] = {**drill["tried"][0], "watch": evidence.watch(evidence.good_samples())}
    return deployed(directory, (WATCH, lost), (WATCH, silent), (DRILL, drill))


@pytest.mark.parametrize("language", FILES)
def test_says_stages_weights_requests_and_drills(tmp_path: Path, language: str) -> None:
    made = troubled(tmp_path)
    text = render_html(made, made.verdict(), language=language)
    told = Page(text[text.index('<h2 id="rollout">') :].partition("</section>")[0]).text
    for said in ("+4.0 s", "running AllowTraffic", "succeeded", "rolled back", "3 HTTP 503", "nobody allowed load"):
        assert said in told
    assert ("build never-healthy" if language == "en" else "ビルド never-healthy") in told
    assert Catalogue(language).say("it was cut off") in told
    assert ("clocks ran 180 times" if language == "en" else "180 倍") in told
    assert ("none failed." if language == "en" else "失敗はない。") in told


def test_a_row_for_each_look_at_which_something_had_changed(tmp_path: Path) -> None:
    part = rollout_part(deployed(tmp_path, (WATCH, evidence.watch(evidence.good_samples() * 1))))
    assert part is not None
    (watched,) = part.watched
    assert [stage.after for stage in watched.stages] == [
        "0.0 s",
        "4.0 s",
        "10.0 s",
        f"{evidence.MOVED:.1f} s",
        "24.0 s",
        f"{evidence.ENDED:.1f} s",
    ]
    name, state, weights, healthy = watched.stages[3].services[0]
    assert (state, weights) == ("running AllowTraffic", f"shop-{name}-b 90 %, shop-{name}-g 10 %")
    assert "2/2" in healthy


def test_draws_the_share_that_new_targets_got(tmp_path: Path) -> None:
    part = rollout_part(deployed(tmp_path, (WATCH, evidence.watch(evidence.good_samples()))))
    assert part is not None
    chart = part.watched[0].chart
    assert chart is not None
    assert len(chart.panels) == len(evidence.SERVICES)
    drawn = dict(chart.panels[0].shapes)["line"]
    assert drawn.startswith("M0 1000")
    assert [drawn.count(f"V{y}") for y in (1000, 900, 0)] == [2, 1, 3]
    back = rollout_part(deployed(tmp_path, (WATCH, evidence.watch(evidence.bad_samples(away=False)))))
    assert back is not None
    assert back.watched[0].chart is None, "nothing moved"


def test_a_drill_that_did_not_end_as_it_had_to_is_marked(tmp_path: Path) -> None:
    part = rollout_part(troubled(tmp_path))
    assert part is not None
    assert [bool(each.flaws) for each in part.drilled] == [True, False, False, False]
    good = rollout_part(deployed(tmp_path, (DRILL, evidence.drill())))
    assert good is not None
    assert not any(each.flaws for each in good.drilled)


@pytest.mark.parametrize("damage", [{"format": "old"}, {"routes": None}, {"samples": [{}]}])
def test_a_record_that_can_not_be_read_says_why(tmp_path: Path, damage: dict[str, Any]) -> None:
    made = deployed(tmp_path, (WATCH, {**evidence.watch(evidence.good_samples()), **damage}))
    part = rollout_part(made)
    assert part is not None
    assert part.watched[0].problem
    assert render_html(made, made.verdict())


def test_a_run_without_a_rollout_has_no_such_part() -> None:
    assert rollout_part(run([criterion("c")], [])) is None
