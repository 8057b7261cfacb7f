"""What was seen before a browser ended early is kept, and what was not seen is undetermined by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prodgate.browser import visits as module
from prodgate.browser.settings import VISITS, BrowserSettings
from prodgate.browser.visits import BrowserError, run_visits
from prodgate.facts import Facts
from prodgate.facts.e2e.pages import PageLinks, VisitedPage, page_facts
from prodgate.findings import Undetermined
from tests.prodgate.facts.e2e.browser_records import BROWSER, visit

PAGES = [{"name": "front", "path": "/"}, {"name": "shop", "path": "/shop"}]
FIRST = {"started": "2026-11-27T00:00:00+00:00", "browser": BROWSER, "widths": {"desktop": 1280, "telephone": 360}}


def run(place: Path, lines: list[Any], *, cut: str = "", code: int | None = -9) -> dict[str, Any]:
    """Return the record of a process that wrote these lines before its end."""

    def end(*_: Any, **__: Any) -> int | None:
        text = "".join(f"{json.dumps(line)}\n" for line in lines) + cut
        if text:
            (place / VISITS).write_text(text, "utf-8")
        return code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "run_process", end)
        told = BrowserSettings(base_url="https://www.shop.example", results=str(place), pages=PAGES)
        return run_visits(told, cwd=place, log=place / "logs" / "visits.txt", limit=3, progress=lambda _: None)


def facts(record: dict[str, Any], kind: type) -> Any:
    about = {"build": {"how": "", "expected": "", "unread": "-"}, "place": "the shop"}
    return Facts(tuple(page_facts({**record, **about}))).of(kind)


@pytest.mark.parametrize(("code", "how"), [(-9, "(exit code -9)"), (None, "within 3 s")])
def test_what_was_seen_by_then_is_kept(tmp_path: Path, code: int | None, how: str) -> None:
    record = run(tmp_path, [FIRST, {"page": visit()}], cut='{"page": {"na', code=code)
    seen, *left = facts(record, VisitedPage)
    assert (seen.subject, seen.complete, seen.errors) == ("front at 1280 px", True, ())
    assert [each.subject for each in left] == ["front at 360 px", "shop at 1280 px", "shop at 360 px"]
    for each in left:
        with pytest.raises(Undetermined, match="did not come to the end of the pages") as told:
            each.complete  # noqa: B018
        assert how in told.value.conclusion.reason
    for links in facts(record, PageLinks):
        with pytest.raises(Undetermined):
            links.broken  # noqa: B018


def test_a_run_that_came_to_its_end_is_whole(tmp_path: Path) -> None:
    asked = {"asked": {"https://www.shop.example/a": {"status": 200, "why": ""}}, "left_out": 0}
    pages = [visit(name=each["name"], size=size) for each in PAGES for size in ("desktop", "telephone")]
    record = run(tmp_path, [FIRST, *({"page": each} for each in pages), {"links": asked}], code=0)
    assert (record["pages"], record["links"], record["browser"]) == (pages, asked, BROWSER)


def test_a_browser_that_did_not_come_up_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(BrowserError, match="did not come to the end"):
        run(tmp_path, [])
