"""What the report says of load records: their facts, their limits, and why one can't be shown."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence.artifacts import store_json
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.html import render_html
from prodgate.report.load.failures import failures
from prodgate.report.load.view import LoadBlock, load_blocks

from ..samples import PLAN, criterion, fact, finding, run, showcase
from ..test_html import HOSTILE, Page
from .samples import everything, loaded, record, stored

WORDS = Catalogue("en").text


def text(directory: Path, records: list[tuple[str, Any]], language: str = "en", **fields: Any) -> str:
    made = loaded(directory, [(name, stored(each)) for name, each in records], **fields)
    return render_html(made, made.verdict(), language=language)


def one(directory: Path, name: str = "steady", **fields: Any) -> LoadBlock:
    (block,) = load_blocks(
        loaded(directory, [(name, stored(record(name, duration=5, **fields)))], self_test=None), WORDS
    )
    return block


def test_a_run_without_load_says_nothing_of_it() -> None:
    page = render_html(showcase(), showcase().verdict())
    assert 'id="load"' not in page
    assert "#load" not in page


def test_says_what_was_asked_sent_and_measured(tmp_path: Path) -> None:
    shown = Page(text(tmp_path, [("steady", record(failing=3, not_sent=7, planned=4007))])).text
    for said in (
        "100 arrivals per second for 40 s, after 5 s of warm-up",
        "4,007 planned, 4,000 sent, 7 not sent",
        "sent late by p50 0.4 ms, p99 2.1 ms, at most 8.4 ms",
        "locust 2.47.0",
        "HTTP 503 25",
        "GET / no healthy upstream",
        "2026-11-24 13:00:10 UTC",
        "p95 121.3 ms 121 ms",
    ):
        assert said in shown


def test_every_chart_has_a_name_a_description_and_its_numbers(tmp_path: Path) -> None:
    found = Page(render_html(made := everything(tmp_path), made.verdict()))
    ids = set(found.values("id"))
    pictures = [attrs for tag, attrs in found.tags if tag == "svg" and attrs.get("role") == "img"]
    assert len(pictures) == 12
    for attrs in pictures:
        named = (attrs["aria-labelledby"] or "").split()
        assert len(named) == 2
        assert set(named) <= ids
    assert found.text.count("The numbers of this chart") == 4


@pytest.mark.parametrize(("name", "limit"), [("steady", "200 ms"), ("surge", "200 ms"), ("deploy", ""), ("x", "")])
def test_draws_the_limit_of_the_criterion_that_judges_the_profile(tmp_path: Path, name: str, limit: str) -> None:
    block = one(tmp_path, name)
    assert block.record is not None
    assert block.record.limit == limit
    shapes = [shape for chart in block.record.charts for panel in chart.panels for shape in panel.shapes]
    assert sum(style == "limit" and path != "" for style, path in shapes) == (3 if limit else 0)


def test_draws_no_limit_where_criteria_state_none(tmp_path: Path) -> None:
    facts = (fact("load", "steady", store_json(tmp_path, stored(record(duration=3))), "load"),)
    for stated in ([criterion("latency-p95", require=">= 3")], [criterion("latency-p95")], []):
        (block,) = load_blocks(replace(run(stated, [], facts=facts), path=tmp_path), WORDS)
        assert block.record is not None
        assert block.record.limit == ""


def test_says_what_the_server_saw_and_what_was_deployed_meanwhile(tmp_path: Path) -> None:
    shown = Page(render_html(made := everything(tmp_path), made.verdict())).text
    assert "1,750 requests, the warm-up included; p95 by its own clock 90 ms" in shown
    assert "green 3.0–5.2 s A deploy did not succeed: blue: it was not healthy within 10 s" in shown
    assert shown.count("shaded: deploys") == 1


def test_a_p95_among_the_failures_has_no_latency(tmp_path: Path) -> None:
    block = one(tmp_path, failing=2, not_sent=20)
    assert block.record is not None
    (host,) = block.record.hosts
    assert (host.requests, host.lost, host.percentiles["p95"]) == (520, 45, "–")
    assert host.percentiles["p90"].endswith(" ms")


def test_failures_of_both_hosts_are_counted_by_class_with_the_first_example(tmp_path: Path) -> None:
    made = record(failures=[{"class": "timeout", "request": "GET /", "text": n} for n in ("first", "second")])
    made["seconds"] = [{"second": 0, "failed": {"timeout": 1, "HTTP 503": 3}}]
    made["other"] = {"seconds": [{"second": 0, "failed": {"timeout": 4}}]}
    found = [(each.name, each.count, each.request, each.text) for each in failures(made)]
    assert found == [("timeout", 5, "GET /", "first"), ("HTTP 503", 3, "", "")]


def test_says_that_a_run_is_not_complete_or_its_generator_sick(tmp_path: Path) -> None:
    sick = {**record()["health"], "sick": ["loop lag p99 was 90 ms"], "advice": "use more workers"}
    shown = Page(text(tmp_path, [("steady", record(complete=False, why="interrupted", health=sick))])).text
    assert "The run is not complete: interrupted" in shown
    assert re.search("could not keep up; .*: loop lag p99 was 90 ms – use more workers", shown)
    healthy = Page(text(tmp_path, [("steady", record())])).text
    assert "not complete" not in healthy
    assert "could not keep up" not in healthy


def test_says_that_a_self_test_failed(tmp_path: Path) -> None:
    shown = Page(text(tmp_path, [("steady", record())], self_test={"ok": False, "reason": "2 of 12 drops were hidden"}))
    assert "self-test failed, so that its numbers decide nothing: 2 of 12 drops were hidden" in shown.text
    broken = Page(text(tmp_path, [("steady", record())], self_test=["ok"])).text
    assert "self-test failed" in broken


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"format": 2}, "format 2 is not known; this version reads 1"),
        ({key: value for key, value in record(duration=2).items() if key != "health"}, "it lacks 'health'"),
        (record(duration=2, started="yesterday"), "yesterday"),
        (record(duration=2, seconds=[{"second": 0, "latency": {"fast": 1}}]), "fast"),
        (["a", "list"], "list indices"),
        (record(duration=2, seconds=[{"second": 1e400}]), "infinity"),
    ],
)
def test_says_why_a_record_cannot_be_shown(tmp_path: Path, broken: Any, reason: str) -> None:
    shown = Page(text(tmp_path, [("steady", broken)])).text
    assert "The record of this run can't be shown:" in shown
    assert reason in shown


def test_says_that_evidence_is_missing_or_was_changed(tmp_path: Path) -> None:
    made = loaded(tmp_path, [("steady", stored(record()))])
    (tmp_path / "evidence" / f"{made.facts[0]['digest']}.json.gz").write_bytes(b"another")
    assert "the evidence was changed" in render_html(made, made.verdict())
    gone = run([criterion("c")], [finding("c", "satisfied")], facts=(fact("load", "steady", PLAN, "load"),))
    assert f"evidence {PLAN} is missing" in render_html(gone, gone.verdict())


def test_links_to_the_page_of_locust_only_where_there_is_one_inside_the_run(tmp_path: Path) -> None:
    made = everything(tmp_path)
    (tmp_path / "locust.html").write_text("outside", "utf-8")
    pages = [block.record.page for block in load_blocks(made, WORDS) if block.record]
    assert pages == ["logs/load/steady/locust.html", "logs/load/surge/locust.html", "", "", ""]
    outside = loaded(tmp_path, [("steady", stored(record("../..", duration=2)))])
    assert [block.record.page for block in load_blocks(outside, WORDS) if block.record] == [""]
    assert 'href="logs/load/steady/locust.html"' in render_html(made, made.verdict())


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_text_stays_text(tmp_path: Path, language: str, bad: str) -> None:
    made = record(
        duration=2, host=bad, addresses=[bad], complete=False, why=bad, versions={bad: bad},
        failures=[{"class": bad, "request": bad, "second": 0, "text": bad}],
        other={"host": bad, "seconds": [], "not_sent": 0}, health={**record()["health"], "sick": [bad], "advice": bad},
    )  # fmt: skip
    made["profile"]["seed"] = bad
    made["profile"]["name"] = bad
    made["seconds"][0]["failed"] = {bad: 3}
    deploys = [{"build": bad, "started": 0.0, "ended": 1.0}]
    kept = stored(made, deploys=deploys, undeployed=bad)
    whole = loaded(tmp_path, [(bad, kept)], self_test={"ok": False, "reason": bad})
    shown = render_html(whole, whole.verdict(), language=language)
    found = Page(shown)
    assert not {tag for tag, _ in found.tags} & {"script", "img", "iframe"}
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on") or name == "style"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)
    files = {f"evidence/{path.name}" for path in (tmp_path / "evidence").iterdir()}
    links = {link for link in found.values("href") if not link.startswith(("#", "data:,"))}
    assert links <= {*FILES.values(), *files}
    if len(bad) < 100 and bad.isascii() and bad.isprintable():
        assert found.text.count(bad) >= 8


def test_three_long_runs_take_sixty_kilobytes(tmp_path: Path) -> None:
    records = [(name, record(name, duration=600, stall=100, failing=200)) for name in ("steady", "surge", "deploy")]
    shown = text(tmp_path, records)
    block = re.search('<section aria-labelledby="load">.*?</section>', shown, re.DOTALL)
    assert block is not None
    assert len(block[0].encode()) <= 60_000


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    made = everything(tmp_path)
    assert len({render_html(made, made.verdict()) for _ in range(2)}) == 1
