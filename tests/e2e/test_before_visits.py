"""What a first visitor is asked before anything else is answered as stated, and then the page itself is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler

import pytest

from prodgate.layers.e2e.kinds import VISITS
from prodgate.testing import Outcome

from .origin import Answer, Origin, html, origin
from .stage import judged, page, results, settings, visited

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

LINKS = '<a href="#a">one</a> <a href="#b">two</a>'
ASKED = f"{LINKS}<dialog id=d>May we? <button onclick='this.parentElement.close()'>Accept all</button></dialog><script>d.showModal()</script>"
AWAY = f"{LINKS}<button onclick='location = \"/by-header\"'>Accept all</button>"
BUILD = {"x-build": "blue"}


def unless(wanted: str, header: str) -> Answer:
    """Ask unless a request says something in a header."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        html(
            LINKS if wanted in (request.headers.get(header) or "") else ASKED.replace("Accept all", "Yes"),
            headers=BUILD,
        )(request)

    return answer


def answers(_site: Origin) -> Mapping[str, Answer]:
    return {
        "/by-click": html(ASKED, headers=BUILD),
        "/by-cookie": unless("consent=all", "Cookie"),
        "/by-header": unless("all", "X-Consent"),
        "/away": html(AWAY, headers=BUILD),
    }


def test_the_page_behind_a_question_is_looked_at() -> None:
    pages = [page(name, f"/{name}") for name in ("by-click", "by-cookie", "by-header", "away")]
    stated = {"cookies": {"consent": "all"}, "headers": {"X-Consent": "all"}, "clicks": [("button", "Accept all")]}
    with results() as place, origin(answers) as site:
        found = judged(VISITS, visited(settings(site.url, place, pages=pages, patience=30.0, **stated)))
    told = {each.subject: each for each in found["keyboard-reaches-all"]}
    assert {name: each.outcome for name, each in told.items()} == {
        **dict.fromkeys(("by-click", "by-cookie", "by-header"), Outcome.SATISFIED), "away": Outcome.UNDETERMINED,
    }, told  # fmt: skip
    assert told["by-click"].observed == "all 2"
    assert "[e2e.before]" in told["away"].reason
