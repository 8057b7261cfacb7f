"""What the report says that a rehearsal made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from prodgate.criteria import LAYERS
from prodgate.evidence.runs import Run
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.html import render_html
from prodgate.report.made_up import list_made_up
from prodgate.sections.dags import AirflowSection, DagSection, RehearsalSettings
from prodgate.sections.rehearsal import RehearsalSection

from .dags.samples import dag
from .rollout.test_view import troubled
from .samples import PLAN, criterion, fact, finding, run, showcase


def rehearsed(site: str = "sample", **given: object) -> Run:
    """Return a rehearsal of all layers with a DAG that runs more often than is stated."""
    durations = dict.fromkeys(("history", "grace", "limit"), timedelta(minutes=1))
    settings = RehearsalSettings(**durations, crons={"news": "* * * * * */15"})
    section = DagSection(declared=dag("news"), tasks={}, data=None, data_table={})
    made = run([criterion("c")], [finding("c", "satisfied")], rehearsal=True, **given)  # type: ignore[arg-type]
    airflow = AirflowSection(version="3.0.6", dags={"news": section}, rehearsal=settings)
    stated = replace(made.criteria, airflow=airflow, rehearsal=RehearsalSection(site=site))
    return replace(made, criteria=stated)


def told(made: Run, language: str = "en") -> list[tuple[str, str]]:
    return list_made_up(made, made.verdict(), Catalogue(language).text)


@pytest.mark.parametrize("language", FILES)
def test_says_of_each_layer_what_stood_in_for_production(language: str) -> None:
    facts = (fact("configuration", "prod", PLAN), fact("account", "123456789012 in ap-northeast-1", PLAN, "live"))
    made = rehearsed(facts=facts)
    rows = told(made, language)
    assert [layer for layer, _ in rows] == ["static", "live", "load", "e2e", "dags", "dags", "rollout", "attested"]
    text = dict(rows)
    assert "terraform plan" in text["static"]
    assert "123456789012 in ap-northeast-1" in text["live"]
    assert "news" in text["dags"]
    assert "* * * * * */15" in text["dags"]
    assert "0 */6 * * *" in text["dags"]
    page = render_html(made, made.verdict(), language=language)
    assert all(layer in LAYERS for layer, _ in rows)
    assert page.count('id="made-up"') == 1


def test_says_how_fast_the_clocks_of_a_deployment_ran(tmp_path: Path) -> None:
    assert told(troubled(tmp_path))[-2] == ("rollout", Catalogue("en").text("made-up-rollout", speed="180"))


@pytest.mark.parametrize("language", FILES)
def test_says_why_nobody_knows_how_fast_they_ran(tmp_path: Path, language: str) -> None:
    made = troubled(tmp_path)
    for file in (tmp_path / "evidence").iterdir():
        file.write_bytes(b"changed")
    text = dict(told(made, language))["rollout"]
    assert ("can't be read:" if language == "en" else "読み取れない：") in text
    assert "the evidence was changed" in text


def test_speaks_of_the_layers_that_were_asked_alone() -> None:
    assert [layer for layer, _ in told(rehearsed(layers=("static", "e2e")))] == ["static", "e2e"]


@pytest.mark.parametrize(
    ("site", "whose"), [("sample", "sample site"), ("http://127.0.0.1:8077", "Your own site"), ("", "Your own site")]
)
def test_the_sample_site_is_never_called_a_teams_own(site: str, whose: str) -> None:
    texts = [text for _, text in told(rehearsed(site, layers=("load", "e2e")))]
    assert len(texts) == 2
    assert all(whose in text for text in texts)


def test_a_run_of_a_real_target_made_nothing_up() -> None:
    real = showcase(rehearsal=False)
    assert told(real) == []
    assert 'id="made-up"' not in render_html(real, real.verdict())
