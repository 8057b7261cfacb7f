import string
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.report import catalogue
from prodgate.report.catalogue import FILES, Catalogue, entries
from prodgate.report.dags import calendar
from prodgate.report.diff.comparison import compare
from prodgate.report.diff.figures import FigureChange
from prodgate.report.diff.page import render_comparison_page
from prodgate.report.diff.populations import Population
from prodgate.report.diff.statements import Edit
from prodgate.report.history.nights import list_nights
from prodgate.report.history.page import render_history
from prodgate.report.html import render_html
from prodgate.sealing.standing import SealState
from prodgate.sections.moments import MOMENTS

from ..facts.e2e.browser_records import journeys, visits
from .dags.samples import rarer, scheduled, troubled
from .history.samples import FAST, entry, uneven
from .load.samples import everything, loaded, record, stored
from .rollout.test_view import troubled as lost
from .samples import PLAN, asked_by, criterion, fact, failing, finding, note, run, showcase, waiver
from .test_attested import of_all_kinds
from .test_browser_part import of_all_sorts, opened
from .test_made_up import rehearsed
from .test_permissions_part import of_each_kind as principals


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", entries())
def test_every_entry_says_the_same_in_every_language(key: str) -> None:
    entry = entries()[key]
    assert set(entry) - {"en_one"} == set(FILES)
    assert all(text.strip() for text in entry.values())
    assert len({frozenset(fields(text)) for text in entry.values()}) == 1


class Asked(dict[str, Mapping[str, str]]):
    """Entries that remember which of them were asked for."""

    def __init__(self) -> None:
        super().__init__(entries())
        self.keys_asked: set[str] = set()

    def __getitem__(self, key: str) -> Mapping[str, str]:
        self.keys_asked.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize("language", FILES)
def test_every_entry_is_used_and_none_is_missing(
    language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = Asked()
    monkeypatch.setattr(catalogue, "entries", lambda: asked)
    go = run([criterion("c", source="")], [finding("c", "satisfied", name) for name in "ab"])
    many = run(
        [criterion(f"c{n}") for n in range(9)],
        [
            *(failing(f"c{n}") for n in range(8)),
            failing("c0", "x" * 999, where=()),
            finding("c8", "undetermined", reason=""),
            finding("c8", "satisfied", where=("a:1",)),
        ],
        facts=tuple(fact("kind", str(n), PLAN) for n in range(30)),
        notes=tuple(note(str(n), "static") for n in range(30)),
    )
    nothing = replace(run([], [], commit="", uncommitted=["x.tf"]), finished=None)
    unheld = run([criterion("c")], [finding("c", Outcome.NOT_SATISFIED)], waivers=(waiver(),), layers=("static",))
    spread = run([criterion("c")], [finding("c", "satisfied", n, observed=n) for n in "abcde"], waivers=(waiver(),))
    load = everything(tmp_path)
    untrue = loaded(
        tmp_path, [("steady", stored(record(duration=3)))], self_test={"ok": False, "reason": "p95 was off"}
    )
    monkeypatch.setattr(calendar, "MOST_SLOTS", 99)
    dags = (scheduled(tmp_path, troubled()), *rarer(tmp_path))
    again = run([criterion("c", statement_ja="")], [], judged_again="2026-11-23T090000Z-1a2b3c4")
    partial = [replace(run([criterion("c")], [], moment=m), undeclared=frozenset({"load"})) for m in MOMENTS]
    staging = run([criterion("c")], [], target="https://staging.shop.example")
    shown = (
        again,
        staging,
        *partial,
        showcase(),
        showcase(rehearsal=False, finished=False),
        go,
        many,
        nothing,
        unheld,
        spread,
        load,
        untrue,
        of_all_kinds(tmp_path),
        of_all_sorts(tmp_path),
        opened(tmp_path, visits(format=2), journeys()),
        rehearsed(),
        rehearsed(site="http://127.0.0.1:8077"),
        lost(tmp_path),
        asked_by(tmp_path, "arn:aws:iam::123456789012:role/gate"),
        replace(asked_by(tmp_path, "arn:aws:iam::123456789012:role/gate"), path=tmp_path / "elsewhere"),
        *principals(tmp_path),
    )
    for made in (*shown, *dags):
        render_html(made, made.verdict(), language=language)
    render_html(go, go.verdict(), language=language, nights=list_nights(uneven()))
    key = SealState(sealed=True, keyid="a" * 64, signer="nightly")
    for seal in (SealState(sealed=True), key, replace(key, keyless=True)):
        render_html(go, go.verdict(), seal, language=language)
    render_comparisons(go, many, language)
    render_histories(language)
    assert asked.keys_asked == set(entries())


def render_comparisons(before: Run, after: Run, language: str) -> None:
    """Render a comparison with an entry of every kind, and one without any."""
    kinds = ("better", "worse", "changed", "same", "within-intervals", "not-compared")
    figures = (
        FigureChange(criterion="c", layer="load", subject="s", before="1", after="2", change=k, why="w") for k in kinds
    )
    edits = tuple(Edit(id="w", kind=kind) for kind in ("added", "removed", "covering", "ended", "expiring", "changed"))
    population = Population(criterion="c", layer="live", before=1, after=1, appeared=("a",), vanished=("b",))
    same = compare(before, before)
    every = replace(compare(before, after), figures=tuple(figures), waivers=edits, populations=(population,))
    for comparison in (same, every):
        render_comparison_page(comparison, language)


def render_histories(language: str) -> None:
    """Render histories with days of every kind."""
    figures = {f"f{n:02}": (FAST, "< 200 ms", True) for n in range(30)}
    criteria = {"a": "satisfied", "b": "not-satisfied"}
    again = [
        entry("2025-11-01", criteria=criteria),
        entry("2026-11-01", figures=figures, gone=True, rehearsal=True, criteria=criteria),
        *(entry("2026-11-02", run=f"2026-11-02T0{n}0000Z-aaaaaaa", figures=figures, machine="two") for n in range(2)),
        *(entry("2026-11-03", run=f"2026-11-03T0{n}0000Z-aaaaaaa", partial=True) for n in range(2)),
        *(entry("2026-11-05", "", run=f"2026-11-05T0{n}0000Z-aaaaaaa", problem="CHANGED") for n in range(2)),
        entry("2026-11-06", target="another", run="2026-11-04T000000Z-aaaaaaa"),
        entry("2026-11-06", criteria={"a": "satisfied"}),
    ]
    for entries_ in ([], uneven(), again, [entry("2026-11-01", criteria={"a": "satisfied"})]):
        render_history(entries_, language=language)


def test_counts_one_in_the_singular_and_thousands_apart() -> None:
    assert Catalogue("en").count("findings", 1) == "1 finding"
    assert Catalogue("en").count("findings", 12345) == "12,345 findings"
    assert Catalogue("ja").count("findings", 1) == "1 件"
