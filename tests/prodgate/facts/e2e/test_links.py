"""What the links of a page show: broken, behind a sign-in, or not shown to us."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.e2e.pages import PageLinks

from .browser_records import visit, visits
from .test_pages import seen, undetermined


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        ({"status": 200, "why": ""}, ()),
        ({"status": 404, "why": ""}, ("'A' to https://www.shop.example/a: HTTP 404",)),
        ({"status": 0, "why": "refused"}, ("'A' to https://www.shop.example/a: refused",)),
        (
            {"status": 200, "why": "leads to https://b.example/"},
            ("'A' to https://www.shop.example/a: leads to https://b.example/",),
        ),
    ],
)
def test_links(answer: dict[str, Any], broken: tuple[str, ...]) -> None:
    found = seen(visits(visit(), links={"asked": {"https://www.shop.example/a": answer}, "left_out": 0}), PageLinks)
    assert (found.followed, found.broken) == (1, broken)


@pytest.mark.parametrize(
    ("status", "private", "asking"),
    [(401, [], True), (403, ["/a"], True), (403, [], False), (403, ["/"], False), (429, ["/a"], False)],
)
def test_links_that_were_not_shown_to_us_are_told_apart_from_broken_ones(
    status: int, private: list[str], asking: bool
) -> None:
    asked = {"https://www.shop.example/a": {"status": status, "why": ""}}
    found = seen(visits(visit(), links={"asked": asked, "left_out": 0}, private=private), PageLinks)
    told = f"'A' to https://www.shop.example/a: HTTP {status}"
    if asking:
        assert (found.broken, found.asking) == ((), (told,))
    else:
        assert f"it was not shown what is at {told}; declare" in undetermined(found, "broken")


@pytest.mark.parametrize("status", [202, 403, 405])
def test_a_firewalls_puzzle_says_nothing_of_a_link(status: int) -> None:
    asked = {"https://www.shop.example/a": {"status": status, "why": "", "challenged": True}}
    found = seen(visits(visit(), links={"asked": asked, "left_out": 0}, private=["/a"]), PageLinks)
    assert f"it was not shown what is at 'A' to https://www.shop.example/a: HTTP {status}" in undetermined(
        found, "broken"
    )


def test_links_that_were_never_asked_for_are_undetermined() -> None:
    found = seen(visits(visit(), links={"asked": {}, "left_out": 0, "unread": "it ended early"}), PageLinks)
    assert undetermined(found, "broken") == "it ended early"


def test_links_that_were_left_out_are_not_good() -> None:
    asked = {"https://www.shop.example/a": {"status": 200, "why": ""}}
    found = seen(visits(visit(), links={"asked": asked, "left_out": 3}), PageLinks)
    assert undetermined(found, "broken").startswith("3 links of all pages were not followed")
