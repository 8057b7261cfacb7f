"""What the report says of DAGs: every slot, the rates, what did not succeed, and why there is nothing to show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from prodgate.criteria import Criterion
from prodgate.dags.declared import DeclaredDag
from prodgate.evidence.artifacts import load_json, store_json
from prodgate.evidence.runs import Run
from prodgate.facts.dags.slots import SlotHistory
from prodgate.report.catalogue import FILES, Catalogue
from prodgate.report.dags import view
from prodgate.report.dags.view import DagBlock, dag_blocks, dags_part
from prodgate.report.html import render_html
from prodgate.report.load.drawing import Words

from ...airflow.fake import Reply
from ..samples import showcase
from ..test_html import HOSTILE, Page
from .samples import (
    DAILY,
    Change,
    airflow,
    by_hand,
    dag,
    failed,
    missed,
    named,
    off_schedule,
    open_,
    retried,
    scheduled,
    success_rate,
    troubled,
)

WORDS = Catalogue("en").text


def part(page: str) -> str:
    """The part of a page that is about DAGs."""
    found = re.search('<section aria-labelledby="dags">.*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def shown(run: Run, language: str = "en") -> Page:
    return Page(part(render_html(run, run.verdict(), language=language)))


def block(directory: Path, changes: dict[int, Change], declared: DeclaredDag | None = None) -> DagBlock:
    found = dags_part(scheduled(directory, {declared or dag(): changes}), WORDS)
    assert found is not None
    (one,) = found.blocks
    return one


def test_a_run_without_dags_says_nothing_of_them() -> None:
    page = render_html(showcase(), showcase().verdict())
    assert 'id="dags"' not in page
    assert "#dags" not in page


def test_every_slot_has_its_mark_with_a_title(tmp_path: Path) -> None:
    page = shown(scheduled(tmp_path, {dag(): {3: failed, 20: missed}}))
    cells = [attrs for tag, attrs in page.tags if tag == "td" and "title" in attrs]
    assert len(cells) == 120
    assert [attrs["class"] for attrs in cells if "class" in attrs] == ["failed", "missed"]
    assert cells[3]["title"] == "18:00 JST, 09:00 UTC: failed, collect is failed"


def test_states_are_told_by_marks_with_words_and_counted(tmp_path: Path) -> None:
    text = shown(scheduled(tmp_path, troubled())).text
    assert "✓ on time 110 L late 1 R retried 1 × failed 2 – missed 2 ! stuck 2 B by backfill 1 M by hand 1" in text
    assert re.search("✓ on time 11 .* … running 0 · pending 2", text)


def test_says_schedule_clock_and_what_was_observed(tmp_path: Path) -> None:
    text = shown(scheduled(tmp_path, {dag(): {}})).text
    for said in (
        "0 */6 * * * by the clock of Asia/Tokyo",
        "2026-10-27 21:00 JST, 2026-10-27 12:00 UTC – 2026-11-26 21:00 JST, 2026-11-26 12:00 UTC",
        "of a window of 30 d; 30 min to succeed on time, stuck after 2 h",
        "Slots 120",
    ):
        assert said in text


def test_slots_that_did_not_succeed_are_told_in_words_the_latest_first(tmp_path: Path) -> None:
    text = shown(scheduled(tmp_path, {dag(): {3: failed, 20: missed, 30: by_hand, 50: retried}})).text
    told = text.split("Slots that did not succeed State Runs")[1]
    assert re.search(
        r"2026-11-04 12:00 JST 2026-11-04 03:00 UTC M by hand: no scheduled run; a manual run covers it manual__.*"
        r"2026-11-02 00:00 JST 2026-11-01 15:00 UTC – missed: no scheduled run – "
        r"2026-10-28 18:00 JST 2026-10-28 09:00 UTC × failed: collect is failed scheduled__2026-10-28T09:00:00\+00:00",
        told,
    )
    assert "retried" not in told


def test_slots_that_are_not_settled_have_not_failed(tmp_path: Path) -> None:
    found = block(tmp_path, {2: failed, 3: open_}, dag(window=timedelta(days=1), limit=timedelta(hours=4)))
    assert {state: n for state, _, n in found.counts if n} == {"on_time": 2, "failed": 1, "running": 1}
    assert [each.state for each in found.troubles] == ["failed"]


def test_at_most_fifty_are_told_and_the_rest_is_counted(tmp_path: Path) -> None:
    found = block(tmp_path, dict.fromkeys(range(60), failed))
    assert (len(found.troubles), found.more_troubles) == (50, 10)
    assert found.troubles[0].slot[0] == "2026-11-11 18:00 JST"
    made = scheduled(tmp_path, {dag(): dict.fromkeys(range(60), failed)})
    page = shown(made)
    assert "and 10 earlier ones; the calendar marks them as far as it goes" in page.text
    whole = Page(render_html(made, made.verdict()))
    assert {link.removeprefix("#") for link in page.values("href")} <= set(whole.values("id"))
    assert block(tmp_path, dict.fromkeys(range(50), failed)).more_troubles == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "decides by its share: > 99 % dag-success-rate"),
        ({"decides": "bound"}, "decides by its whole range: > 99 % dag-success-rate"),
    ],
)
def test_says_which_rate_decides_and_how(tmp_path: Path, fields: dict[str, str], said: str) -> None:
    made = scheduled(tmp_path, {dag(): {3: failed}}, criteria=[success_rate(**fields)])
    text = shown(made).text
    assert f"Slots {said} 99.17 % 119 / 120 96.1–99.96 %" in text
    assert "Runs 99.17 % 119 / 120" in text
    assert "1 of the 120 slots of a whole window may go wrong; 1 did: 0 left." in text
    assert "What would settle it 353 more slots, all of them good, would settle it, 89 d at this schedule" in text


def test_a_rehearsal_is_judged_by_the_criterion_of_rehearsals(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(): {}}, rehearsal=True)
    assert "> 99 % dag-success-rate-rehearsed" in shown(made).text


def test_without_a_criterion_nothing_decides(tmp_path: Path) -> None:
    text = shown(scheduled(tmp_path, {dag(): {3: failed, 4: failed}}, criteria=())).text
    assert "No criterion of this run limits these rates." in text
    assert "decides" not in text
    assert "Error budget" not in text


def test_runs_of_another_schedule_are_counted(tmp_path: Path) -> None:
    found = block(tmp_path, {3: off_schedule, 4: off_schedule})
    assert found.extra == 2
    made = scheduled(tmp_path, {dag(): {3: off_schedule}})
    assert "Slots 120; 1 more scheduled run is for no slot of this schedule" in shown(made).text


def test_dags_have_anchors_of_their_own_and_are_in_the_contents(tmp_path: Path) -> None:
    made = scheduled(tmp_path, troubled())
    whole = Page(render_html(made, made.verdict()))
    assert [id_ for id_ in whole.values("id") if id_.startswith("dag")] == ["dags", *(f"dag-{n}" for n in range(1, 7))]
    assert "#dags" in whole.values("href")


def test_says_why_slots_cannot_be_shown(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(): {}})
    unread = replace(made, facts=(), unreadable=({"layer": "dags", "kind": "airflow", "reason": "403 Forbidden"},))
    assert "The slots can't be shown: 403 Forbidden" in shown(unread).text
    gone = replace(made, facts=tuple({**each, "digest": "0" * 64} for each in made.facts))
    assert "is missing" in shown(gone).text
    refused = airflow({dag(): {}})
    refused.fault = lambda path, _query, reply: Reply(403, {"detail": "no"}) if path.endswith("dagRuns") else reply
    closed = scheduled(tmp_path, {dag(): {}}, fake=refused)
    assert "The slots can't be shown: GET /dags/news/dagRuns: 403" in shown(closed).text
    placeless = replace(made, facts=_without_place(tmp_path, made))
    assert "The slots can't be shown: it lacks 'place'" in shown(placeless).text


def _without_place(directory: Path, made: Run) -> tuple[dict[str, str], ...]:
    kept = [({**each}, load_json(directory, each["digest"])) for each in made.facts]
    for each, value in kept:
        each["digest"] = store_json(directory, {key: part for key, part in value.items() if key != "place"})
    return tuple(each for each, _ in kept)


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_texts_stay_text(tmp_path: Path, bad: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    two_days = dag(window=timedelta(days=2))
    made = scheduled(tmp_path, {two_days: {3: named(bad, failed), 4: named(bad + "2", by_hand)}})

    def renamed(histories: Iterable[SlotHistory], criterion: Criterion | None, words: Words) -> tuple[DagBlock, ...]:
        return dag_blocks([replace(each, subject=bad) for each in histories], criterion, words)

    monkeypatch.setattr(view, "dag_blocks", renamed)
    page = part(render_html(made, made.verdict(), language=language))
    found = Page(page)
    assert not {tag for tag, _ in found.tags} & {"script", "img", "iframe"}
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on") or name == "style"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page)
    assert all(link.startswith("#") for link in found.values("href"))
    if len(bad) < 100 and bad.isascii() and bad.isprintable():
        assert found.text.count(bad) == 3
        assert len([title for title in found.values("title") if bad in title]) == 2


def test_ten_dags_of_a_month_take_a_hundred_kilobytes(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(f"dag_of_team_{number}"): {} for number in range(10)})
    for language in FILES:
        assert len(part(render_html(made, made.verdict(), language=language)).encode()) <= 100_000


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    made = scheduled(tmp_path, {dag(): {3: failed}, dag("cleanup", DAILY): {}})
    assert len({render_html(made, made.verdict()) for _ in range(2)}) == 1
