"""In a Japanese page what stands in English is what a team, a tool or AWS wrote, and none of it is ours."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from prodgate.evidence.runs import Run
from prodgate.report.catalogue import Catalogue
from prodgate.report.diff.comparison import compare
from prodgate.report.diff.page import render_comparison_page
from prodgate.report.history.page import render_history
from prodgate.report.html import render_html

from . import test_attested, test_browser_part
from .dags.samples import rarer, scheduled, troubled
from .history.samples import uneven
from .load.samples import everything
from .rollout.test_view import troubled as rolled_out
from .samples import criterion, failing, finding, note, run, showcase

#: Three words of English in a row.
PROSE = re.compile(r"(?<![\w./:@-])[A-Za-z][a-z']+(?: [A-Za-z]?[a-z']+){2}(?![\w/@-])")
#: What the gate said in a run: a note, a reason, an observed value, a remedy, subjects, each of another part of it.
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
    """The texts that a page shows, but for commands to copy."""

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
    """Yield the texts in the evidence of a run, and those that stand in quotes in them, as in a record."""
    for path in sorted(directory.glob("**/*.json*")):
        data = path.read_bytes()
        for text in list_given(json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)):
            yield from (text, *re.findall('"([^"]+)"', text))


def find_english(page: str, *given: str) -> list[str]:
    """Return the nodes with three English words in a row besides what was given, and is not ours."""
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
    return scheduled(directory, troubled())


def recorded(directory: Path) -> Run:
    return test_attested.of_all_kinds(directory)


def seen_in_a_browser(directory: Path) -> Run:
    return test_browser_part.of_all_sorts(directory)


MADE: tuple[Callable[[Path], Run], ...] = (
    said_by_the_gate, judged_of_all_kinds, everything, rolled_out, scheduled_with_trouble, recorded, seen_in_a_browser,
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
