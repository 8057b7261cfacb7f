import gzip
import json
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.report import catalogue, dags as calendar
from prodgate.report.catalogue import FILES, Catalogue, entries
from prodgate.report.diff.comparison import Edit, FigureChange, Population, compare, render_comparison_page
from prodgate.report.history import list_nights, render_history
from prodgate.report.html import render_html
from prodgate.report.weakening import EFFECTS
from prodgate.sealing.standing import SealState
from prodgate.sections.criteria_file import MOMENTS

from ..facts.e2e.browser_records import journeys, visits
from .samples import (
    PLAN,
    asked_by,
    criterion,
    fact,
    failing,
    far_reaching,
    finding,
    measured_by,
    note,
    of_every_severity,
    only_in_production,
    run,
    showcase,
    waiver,
)
from .test_history import FAST, entry, uneven
from .test_parts import (
    everything,
    loaded,
    of_all_kinds,
    of_all_sorts,
    of_each_kind as principals,
    opened,
    rarer,
    record,
    scheduled,
    stored,
    troubled,
    troubled_dags,
)
from .test_placing import rehearsed


def names_of_fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", entries())
def test_every_entry_says_the_same_in_every_language(key: str) -> None:
    entry = entries()[key]
    assert set(entry) - {"en_one"} == set(FILES)
    assert all(text.strip() for text in entry.values())
    assert len({frozenset(names_of_fields(text)) for text in entry.values()}) == 1


class Asked(dict[str, Mapping[str, str]]):
    """Entries that record which of them were requested."""

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
    dags = (scheduled(tmp_path, troubled_dags()), *rarer(tmp_path))
    again = run([criterion("c", wording_ja="")], [], judged_again="2026-11-23T090000Z-1a2b3c4")
    said = {effect: [f"waiver w{n}: added" for n in range(9)] for effect in EFFECTS}
    held = [run([], [], compared=kept) for kept in ([], [{"with": "main", **said}, {"with": "x", "problem": "y"}])]
    partial = [replace(run([criterion("c")], [], moment=m), undeclared=frozenset({"load"})) for m in MOMENTS]
    staging = run([criterion("c")], [], target="https://staging.shop.example")
    shown = (
        again,
        staging,
        measured_by("readers.py"),
        *partial,
        *held,
        showcase(),
        showcase(rehearsal=False, finished=False),
        go,
        far_reaching(),
        only_in_production(rehearsal=True),
        of_every_severity(),
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
        troubled(tmp_path),
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


# ── Pages in Japanese

#: Three words of English in a row.
PROSE = re.compile(r"(?<![\w./:@-])[A-Za-z][a-z']+(?: [A-Za-z]?[a-z']+){2}(?![\w/@-])")
#: Texts of the gate in a run: a note, a reason, an observed value, a remedy, subjects, each from another part of it.
OURS = (
    "the load layer ended with exit code 3; see logs/load.txt",
    "aws_x.main.policy is decided by data.aws_caller_identity.c, for which there is only a stand-in offline",
    "no user and no role can do it: whom role/shop trusts is not known",
    "assume shop: sts:AssumeRole on arn:x, allowed by a.b, then s3:DeleteObject on arn:y, allowed by a.c",
    "queue news: holds 3 messages; deal with them, then drill",
    "the journeys did not end within 900 s; look at the last that began, or take some out",
    "GET /dags: kept changing while it was read, 3 times (7 rows); observe again",
    "dags/news.py may run forever; write dagrun_timeout=timedelta(…)",
    "the account was not applied within 600 s",
)


class Nodes(HTMLParser):
    """The texts on a page, except for commands to copy."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._aside = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._aside += tag in ("style", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._aside -= tag in ("style", "pre")

    def handle_data(self, data: str) -> None:
        if not self._aside:
            self.found.append(" ".join(data.split()))


def list_given(value: object) -> Iterator[str]:
    """Yield the texts in a run, in whatever it holds."""
    if isinstance(value, str):
        yield " ".join(value.split())
    elif is_dataclass(value):
        for field in fields(value):
            yield from list_given(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from (each for pair in value.items() for part in pair for each in list_given(part))
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from (each for part in value for each in list_given(part))


def list_stored(directory: Path) -> Iterator[str]:
    """Yield the texts in the evidence of a run, and the quoted ones in them, as in a record."""
    for path in sorted(directory.glob("**/*.json*")):
        data = path.read_bytes()
        for text in list_given(json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)):
            yield from (text, *re.findall('"([^"]+)"', text))


def find_english(page: str, *given: str) -> list[str]:
    """Return the nodes with three English words in a row that are neither given nor a name of ours."""
    said = Catalogue("ja").say
    others = sorted({text for text in given if " " in text and said(text) == text}, key=len, reverse=True)
    found = [node for node in dict.fromkeys(Nodes(page).found) if PROSE.search(node)]
    for text in others:
        found = [node.replace(text, "…") for node in found]
    return [node for node in found if PROSE.search(node)]


def shown(made: Run) -> str:
    return render_html(made, made.verdict(), language="ja")


def said_by_the_gate(_directory: Path) -> Run:
    """Return a run of which each finding and note is in words of the gate, and one finding in those of a team."""
    found = [finding("c", "undetermined", f"main.{n}", check=f"X_{n}", reason=text) for n, text in enumerate(OURS)]
    found += [failing("d", "steady at the rehearsal's site", observed="nobody is on call: ask the team at once")]
    return run([criterion("c"), criterion("d")], found, notes=tuple(note(text) for text in OURS))


def judged_of_all_kinds(_directory: Path) -> Run:
    return showcase()


def scheduled_with_trouble(directory: Path) -> Run:
    return scheduled(directory, troubled_dags())


def recorded(directory: Path) -> Run:
    return of_all_kinds(directory)


def seen_in_a_browser(directory: Path) -> Run:
    return of_all_sorts(directory)


MADE: tuple[Callable[[Path], Run], ...] = (
    said_by_the_gate, judged_of_all_kinds, everything, troubled, scheduled_with_trouble, recorded, seen_in_a_browser,
)  # fmt: skip


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_a_report_says_nothing_of_ours_in_english(make: Callable[[Path], Run], tmp_path: Path) -> None:
    made = make(tmp_path)
    assert not find_english(shown(made), *list_given(made), *list_stored(tmp_path))


def test_dags_that_go_their_way_are_told_in_japanese(tmp_path: Path) -> None:
    for made in rarer(tmp_path):
        assert not find_english(shown(made), *list_given(made), *list_stored(tmp_path))


def test_the_pages_of_a_comparison_and_of_a_history_say_nothing_of_ours_in_english() -> None:
    before, after = showcase(), showcase(rehearsal=False, finished=False)
    page = render_comparison_page(compare(before, replace(after, findings=after.findings[:9])), "ja")
    assert not find_english(page, *list_given(before))
    assert not find_english(render_history(uneven(), language="ja"))


def test_finds_what_is_english() -> None:
    page = "<title>x</title><p>this is English text</p><b>読む the team's own text</b><pre>for file in that</pre>"
    assert find_english(page) == ["this is English text", "読む the team's own text"]
    assert find_english(page, "the team's own text") == ["this is English text"]
    assert find_english("<i>the dags layer ran</i>", "the dags layer") == ["the dags layer ran"]


def test_what_is_ours_in_a_subject_is_said_and_its_identifier_kept_for_waivers(tmp_path: Path) -> None:
    page = shown(said_by_the_gate(tmp_path))
    assert '<span title="steady at the rehearsal&#39;s site"><code>リハーサルのサイト での steady</code></span>' in page
    assert "nobody is on call: ask the team at once" in page
