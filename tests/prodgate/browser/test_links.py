"""How often a site is asked again that asks for fewer requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from playwright.sync_api import APIRequestContext

from prodgate.browser.engine import links
from prodgate.browser.settings import BrowserSettings

URL = "https://a.example/page"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]


@dataclass
class Busy:
    """Stands for a site that says 429 the first times it is asked."""

    headers: Mapping[str, str]
    times: int = 10_000
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, **_given: Any) -> Answer:
        self.asked.append(url)
        return Answer(200, {}) if len(self.asked) > self.times else Answer(429, self.headers)


def ask(site: Busy, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[float]]:
    """Return the status that is kept of the address, and for how long it was waited each time."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        assert len(waits) < 100, "it would never end"
        waits.append(seconds)

    monkeypatch.setattr(links.time, "sleep", wait)
    answers = links._ask_each(cast("APIRequestContext", site), BrowserSettings(base_url="https://a.example"), [URL])
    return answers[URL]["status"], waits


@pytest.mark.parametrize(
    ("stated", "waits"),
    [
        ({}, [1.0] * 10),
        ({"retry-after": "0"}, [1.0] * 10),
        ({"retry-after": "4"}, [4.0] * 2),
        ({"retry-after": "3600"}, []),
        ({"retry-after": "Fri, 27 Nov 2026 22:00:00 GMT"}, [1.0] * 10),
    ],
)
def test_a_site_that_never_answers_is_left_alone(
    stated: Mapping[str, str], waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Busy(stated)
    assert ask(site, monkeypatch) == (429, waits)
    assert len(site.asked) == len(waits) + 1


def test_a_site_that_answers_later_is_no_broken_link(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(Busy({"retry-after": "0"}, times=2), monkeypatch) == (200, [1.0, 1.0])
