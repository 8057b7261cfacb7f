"""A site that is down, hangs, turns in circles or leads elsewhere is never taken for a good one."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import pytest

from prodgate.layers.e2e.kinds import VISITS
from prodgate.testing import Outcome

from .origin import Answer, Origin, html, origin, redirect
from .stage import WORST, judged, page, pages_judged, results, settings, visited

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]


def answers(site: Origin) -> Mapping[str, Answer]:
    return {
        "/fine": html('<p>The news</p><a href="/fine">all</a>', headers={"x-build": "blue"}),
        "/circle": redirect("/circle"),
        "/elsewhere": redirect("http://elsewhere.example/"),
        "/port": redirect("http://127.0.0.1:9/"),
        "/broken": html("Oh", 500),
        "/empty": html("<p>Nothing</p>", headers={"x-build": "blue"}),
        "/hang": site.hang,
    }


PAGES = [page(name, f"/{name}", "main") for name in ("fine", "circle", "elsewhere", "port", "broken", "hang")]
PAGES += [page("empty", "/empty", "navigation")]


@pytest.fixture(scope="module")
def outcomes() -> Mapping[str, tuple[Outcome, str]]:
    """The worst outcome for the completeness of each page, and its reason."""
    with results() as place, origin(answers) as site:
        found = judged(VISITS, visited(settings(site.url, place, pages=PAGES, patience=5.0)))
    told: dict[str, tuple[Outcome, str]] = {}
    for each in found["pages-complete"]:
        name = each.subject.partition(" ")[0]
        said = (each.outcome, each.observed or each.reason)
        told[name] = min(told.get(name, said), said, key=lambda one: WORST.index(one[0]))
    return told


@pytest.mark.parametrize(
    ("name", "outcome", "words"),
    [
        ("fine", Outcome.SATISFIED, "as it should be"),
        ("circle", Outcome.NOT_SATISFIED, "ERR_TOO_MANY_REDIRECTS"),
        ("elsewhere", Outcome.NOT_SATISFIED, "led to http://elsewhere.example/"),
        ("port", Outcome.NOT_SATISFIED, "led to http://127.0.0.1:9/"),
        ("broken", Outcome.NOT_SATISFIED, "HTTP 500"),
        ("hang", Outcome.NOT_SATISFIED, "Timeout 5000ms exceeded"),
        ("empty", Outcome.NOT_SATISFIED, "without navigation"),
    ],
)
def test_what_is_said_of_a_page(
    outcomes: Mapping[str, tuple[Outcome, str]], name: str, outcome: Outcome, words: str
) -> None:
    assert outcomes[name][0] is outcome
    assert words in outcomes[name][1]


def test_a_site_that_is_down_is_undetermined_and_soon_given_up() -> None:
    with socket.socket() as held, results() as place:
        held.bind(("127.0.0.1", 0))  # nobody listens there
        pages = [page(str(number), "/") for number in range(4)]
        found = pages_judged(settings(f"http://127.0.0.1:{held.getsockname()[1]}", place, pages=pages))
    assert set(found) == found.undetermined
    assert "ERR_CONNECTION_REFUSED" in found.told("pages-complete")
    assert "not opened: 3 visits before met no answer" in found.told("pages-complete")
