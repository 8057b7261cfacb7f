"""Links between pages lead somewhere: to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```+|~~~+).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")


@cache
def anchors(page: Path) -> frozenset[str]:
    """The headings of a page as GitHub names them, a second one of the same words with a number."""
    found: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.+?)#*$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower())
        slug = words.replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return frozenset(found)


def leads_nowhere(page: Path, link: str) -> str:
    """Why a relative link leads nowhere; empty when it does not."""
    path, _, anchor = link.partition("#")
    there = (page.parent / path).resolve() if path else page
    if not there.exists():
        return f"{link}: there is no such file"
    if anchor and there.suffix == ".md" and anchor not in anchors(there):
        return f"{link}: has no such heading"
    return ""


def links(page: Path) -> list[str]:
    text = _CODE.sub("", _FENCE.sub("", page.read_text("utf-8")))
    return [each for each in _LINK.findall(text) if not re.match(r"[a-z]+:", each)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert not [why for link in links(page) if (why := leads_nowhere(page, link))]


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    page = ROOT / "docs" / "staging.md"
    assert leads_nowhere(page, "nowhere.md") == "nowhere.md: there is no such file"
    assert leads_nowhere(page, "tutorial.md#nowhere") == "tutorial.md#nowhere: has no such heading"
    assert leads_nowhere(page, "tutorial.md#test-it") == ""
