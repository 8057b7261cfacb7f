"""Records of visits and journeys, as a browser makes them of a good site."""

from collections.abc import Mapping
from typing import Any

BROWSER = {"name": "Chromium", "version": "156.0.1", "playwright": "1.65", "axe": "4.12"}
WALK = {
    "offered": 4, "reached": 4, "missed": [], "unseen": [], "interactions": 10, "slowest": 24, "pressed": 10, "whole": True,
    "answers": {"walked": 24, "typed": None, "pressed": 16}, "settled": True,
}  # fmt: skip


def visit(**changes: Any) -> dict[str, Any]:
    return {
        "name": "front", "path": "/", "size": "desktop", "width": 1280, "unreachable": None, "status": 200,
        "url": "https://www.shop.example/", "build": "blue", "refused": [], "rested": True,
        "vitals": {"lcp": 312.4, "fcp": 300.0, "cls": 0.01234, "ttfb": 20.0},
        "waiting": [], "going": {"page": [], "frames": []}, "regions_missing": [], "violations": [], "undecided": [], "reported": [], "keyboard": WALK,
        "needed": 1280, "beyond": [], "title": "Shop", "language": "en",
        "links": [{"url": "https://www.shop.example/a", "text": "A"}], "forms": [],
        "console": [], "exceptions": [], "failed": [], "foreign": [], **changes,
    }  # fmt: skip


def unreachable(kind: str, text: str) -> dict[str, Any]:
    told = {"name": "front", "path": "/", "size": "desktop", "width": 1280, "refused": []}
    return {**told, "unreachable": {"kind": kind, "text": text}}


def visits(*pages: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    asked = {"https://www.shop.example/a": {"status": 200, "why": ""}}
    return {
        "format": 1, "place": "the shop", "base_url": "https://www.shop.example", "browser": BROWSER,
        "pages": list(pages), "links": {"asked": asked, "left_out": 0},
        "build": {"how": "the header x-build", "expected": "blue", "unread": ""}, **changes,
    }  # fmt: skip


def journey(**changes: Any) -> dict[str, Any]:
    return {
        "id": "j/test_buy.py::test_buys[chromium]", "name": "Somebody buys.", "file": "j/test_buy.py", "line": 7,
        "mutates": False, "outcome": "passed", "why": "", "seconds": 1.0, "again": "", "refused": [], "cookies": [],
        "evidence": [], **changes,
    }  # fmt: skip


def journeys(*each: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {"format": 1, "place": "the shop", "browser": BROWSER, "journeys": list(each), "broken": [], **changes}
