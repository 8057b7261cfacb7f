import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.evidence import runs
from prodgate.report.diff.as_json import comparison_to_json
from prodgate.report.diff.changes import KINDS
from prodgate.report.diff.comparison import compare
from prodgate.report.diff.markdown import render_comparison_markdown
from prodgate.report.diff.page import render_comparison_page
from prodgate.report.summary import LIMIT

from ...sample_run import ABOUT, CRITERIA, judge
from ..samples import criterion, failing, run, showcase

HOSTILE = "a|b `c` <img src=x onerror=alert(1)> \u202e [d](e)"


def hostile(*subjects: str) -> object:
    return compare(
        run([criterion("c", where_present=True)], [], layers=("static",)),
        run([criterion("c")], [failing("c", name) for name in subjects], layers=("static",)),
    )


def test_markdown_fits_and_holds_nothing_of_its_subjects() -> None:
    text = render_comparison_markdown(hostile(HOSTILE))  # type: ignore[arg-type]
    assert text.startswith("## verdict: INSUFFICIENT EVIDENCE -\\> NO-GO\n")
    assert "### newly failing: 1\n" in text
    assert "\u202e" not in text
    assert re.search(r"``.*a\\\|b `c` <img.*``", text)
    many = render_comparison_markdown(hostile(*(f"{n:04}{'x' * 2000}" for n in range(4000))))  # type: ignore[arg-type]
    assert len(many.encode()) <= LIMIT
    assert "and 3,950 more" in many


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_loads_nothing_and_shows_subjects_as_they_are() -> None:
    page = _Page()
    text = render_comparison_page(hostile(HOSTILE))  # type: ignore[arg-type]
    page.feed(text)
    assert not {"script", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert [a["href"] for tag, a in page.tags if tag == "link"] == ["data:,"]
    assert "&lt;img src=x" in text
    assert "\u202e" not in text
    assert render_comparison_page(hostile(HOSTILE)) == text  # type: ignore[arg-type]


def test_json_has_every_kind_and_cuts_nothing() -> None:
    made = json.loads(json.dumps(comparison_to_json(compare(showcase(), showcase(rehearsal=False, finished=False)))))
    assert made.keys() >= set(KINDS) | {"figures", "criteria", "waivers", "populations", "conditions"}
    assert (made["before"]["verdict"], made["before"]["rehearsal"], made["after"]["rehearsal"]) == (
        "NO-GO",
        True,
        False,
    )
    assert len(comparison_to_json(hostile(*map(str, range(500))))["new"]) == 500  # type: ignore[arg-type]


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    made = [runs.create(tmp_path, ABOUT, tmp_path / "criteria.toml", tmp_path / "none.toml") for _ in range(2)]
    for each in made:
        judge(each)
    return made[0], made[1]


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_the_command_writes_each_format(two: tuple[Path, Path], form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *map(str, two), "--format", form]) == 0
    said = capsys.readouterr().out
    target = two[0].parent / "out"
    assert main(["diff", *map(str, two), "--format", form, "--output", str(target)]) == 0
    assert target.read_text("utf-8") == said
    assert "the same before" in said if form == "html" else "verdict" in said


def test_a_run_that_was_edited_is_not_compared(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    journal = two[0] / "journal.jsonl"
    journal.write_text(journal.read_text("utf-8").replace("satisfied", "undetermined"), "utf-8")
    assert main(["diff", *map(str, two)]) == 4
    assert "CHANGED" in capsys.readouterr().err
