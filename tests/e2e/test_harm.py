"""Nothing that a visit or a journey opens changes a site: a server counts requests from each way of writing."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import playwright as playwright_package
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from prodgate.browser.engine.launch import (
    DISABLED,
    UNWATCHED,
    WITHOUT_PEERS,
    NetworkGuard,
    launch_arguments,
    open_socket_gate,
)
from prodgate.engines.programs import require_chromium
from prodgate.layers.e2e.facts import VISITS
from prodgate.probes.site import Page, ProbedSite, probe
from prodgate.testing import Outcome

from .stage import Answer, Findings, Origin, html, judged, origin, page, redirect, results, settings, visited
from .ways_to_write import DATAGRAMS, SOCKETS, WAYS, WHOLE, Counting, counting_site

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("browser")]

#: Reports that a whole Chromium sends by itself, and its headless shell does not.
REPORTS = {"report", "nel"}
#: Makes Chromium send them within a second and not a minute.
SOON = "--short-reporting-delay"


#: Whether the page has learned that neither way without HTTP leads anywhere.
ENDED = "['transport', 'peer', 'tcp-peer'].every((each) => ended.includes(each) || lacking.includes(each))"
#: Actions of a page that is being left.
LEAVING = {"pagehide", "last-fetch", "hidden", "at-last"}


def open_all(
    browser: Browser, site: Counting, known: set[str], seen: Callable[[], set[str]], *, guarded: bool
) -> set[str]:
    """Open the page that writes, and leave it once the results of the ways until then are known; then of all.

    Return the ways that this browser lacks. A way that is never seen ends the wait after a minute.
    """
    context, until = browser.new_context(service_workers="allow"), time.monotonic() + 60
    context.add_init_script(WITHOUT_PEERS if guarded else "")
    page = context.new_page()
    page.goto(f"{site.url}/all")
    page.wait_for_function(ENDED if guarded else "true")
    lacking = set(page.evaluate("lacking"))
    for expected, left in ((known - LEAVING, "/"), (known, "")):
        while not expected - lacking <= seen() and time.monotonic() < until:
            page.wait_for_timeout(100)
            lacking |= set(page.evaluate("window.lacking || []"))
        if left:
            page.goto(site.url + left)
    context.close()
    return lacking


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


def test_without_a_guard_each_way_arrives(playwright: Playwright, tmp_path: Path) -> None:
    with counting_site(tmp_path) as site:
        arguments = [f"--ignore-certificate-errors-spki-list={site.pin}", SOON]
        browser = playwright.chromium.launch(executable_path=require_chromium().program or None, args=arguments)
        known = {*WAYS, *SOCKETS, *DATAGRAMS} - WHOLE
        lacking = open_all(browser, site, known, lambda: site.ways, guarded=False)
        browser.close()
        assert known - site.ways == lacking - WHOLE
        assert site.ways - known <= REPORTS | WHOLE
        assert len(site.ways) >= 30


@pytest.mark.slow
def test_nothing_arrives_from_any_page_worker_or_context(playwright: Playwright, tmp_path: Path) -> None:
    refused: list[str] = []
    with counting_site(tmp_path) as site:
        guard = NetworkGuard(settings(site.url, tmp_path, pin=site.pin))
        guard.refused = lambda why, method, url: refused.append(f"{why} {method} {url.rpartition('/')[2]}")
        sockets = f"changes WEBSOCKET {site.url.partition('//')[2]}"

        def seen() -> set[str]:
            """The refused ways; of its WebSockets the guard knows the number."""
            enough = refused.count(sockets) >= len(SOCKETS)
            return {each.rpartition(" ")[2] for each in refused} | (SOCKETS if enough else set())

        with open_socket_gate(guard.admits_socket) as gate:
            ours = launch_arguments(guard.settings, gate)
            browser = playwright.chromium.launch(**{**ours, "args": [*ours["args"], SOON]})
            guard.attach(browser)
            known = {*WAYS, *SOCKETS}
            lacking = open_all(browser, site, known, seen, guarded=True)
            browser.close()
        assert known - seen() == lacking - {*DATAGRAMS} >= WHOLE
        assert site.arrived == []


def test_the_features_that_playwright_turns_off_stay_off() -> None:
    driver = Path(next(iter(playwright_package.__path__)), "driver", "package", "lib", "coreBundle.js").read_text(
        "utf-8"
    )
    stated = re.search(r"disabledFeatures = \[(.*?)\]", driver, re.DOTALL)
    assert stated, "the driver of this Playwright is written otherwise; look where it states what it disables"
    assert set(re.findall(r'^\s*"(\w+)"', stated[1], re.MULTILINE)) == {*DISABLED} - {*UNWATCHED}


# ── Sites that change on GET

#: Links by address; each would change something by a GET. Those below /x/ say so in other words than their address.
LINKS: Mapping[str, str] = {
    "/logout": "<a href='/logout'>See you</a>",
    "/account/sign-out": "<a href='/account/sign-out'>Bye</a>",
    "/api/delete?id=7": "<a href='/api/delete?id=7'>It</a>",
    "/unsubscribe": "<a href='/unsubscribe'>News</a>",
    "/cart/add": "<a href='/cart/add'>This one</a>",
    "/items?action=remove&id=3": "<a href='/items?action=remove&id=3'>Three</a>",
    "/deleteItem/4": "<a href='/deleteItem/4'>Four</a>",
    "/%6Cogout/now": "<a href='/%6Cogout/now'>Away</a>",
    "/x/nofollow": "<a rel='noopener nofollow' href='/x/nofollow'>Five</a>",
    "/x/method": "<a data-method='delete' href='/x/method'>Six</a>",
    "/x/turbo": "<a data-turbo-method='patch' href='/x/turbo'>Seven</a>",
    "/x/confirm": "<a data-confirm='Sure?' href='/x/confirm'>Eight</a>",
    "/x/hx": "<a hx-post='/x/hx' href='/x/hx'>Nine</a>",
    "/x/download": "<a download href='/x/download'>Ten</a>",
    "/x/word": "<a href='/x/word'>Sign out</a>",
    "/x/spoken": "<a href='/x/spoken'>ログアウト</a>",
    "/x/icon": "<a href='/x/icon' aria-label='Like this story'><svg></svg></a>",
    "/x/picture": "<a href='/x/picture'><img alt='Delete' src='data:,'></a>",
    "/x/labelled": "<span id='what'>Entfernen</span><a href='/x/labelled' aria-labelledby='what'>×</a>",
    "/x/handled": "<a href='/x/handled' onclick='return confirmDeletion(this)'>Eleven</a>",
    "/x/around": "<div hx-confirm='Sure?'><a href='/x/around'>Twelve</a></div>",
    "/ours/13": "<a href='/ours/13'>Stated by the team</a>",
}
#: Pages with what is pressed or typed into; each asks for /did/NAME when that is done.
USED: Mapping[str, str] = {
    "like": "<button type=button aria-label='Like' onclick='did(\"like\")'>♥</button>",
    "share": "<button type=button title='Share' onclick='did(\"share\")'>↗</button>",
    "switch": "<i role=switch tabindex=0 aria-checked=false onclick='did(\"switch\")'>Dark</i>",
    "pressed": "<button type=button aria-pressed=false onclick='did(\"pressed\")'>Bold</button>",
    "box": "<label>Mail me <input type=checkbox onchange='did(\"box\")'></label>",
    "hx": "<button type=button hx-delete='/x' onclick='did(\"hx\")'>One</button>",
    "formmethod": "<button type=button formmethod=post onclick='did(\"formmethod\")'>Two</button>",
    "inside": "<p><a href='/logout' onclick='did(\"inside\")'>Leave</a></p>",
    "japanese": "<button type=button onclick='did(\"japanese\")'>カートに入れる</button>",
    "accept": "<button type=button onclick='did(\"accept\")'>Accept all</button>",
    "field": "<label>Type DELETE <input oninput='did(\"field\")'></label>",
    "form": "<form action='/settings'><input aria-label=Nick oninput='did(\"form\")'></form>",
    "hidden": "<button type=button onclick='fetch(\"/api/like?id=3\")'>Nothing is said of this</button>",
    "focused": "<button type=button onfocus='fetch(\"/vote/up\")' aria-label=Choose>▲</button>",
}
SCRIPT = "<script>const did = (name) => fetch('/did/' + name);</script>"
GOOD = "<h1>Text</h1><a href='/fine'>A story</a>"


def answers(_site: Origin) -> Mapping[str, Answer]:
    return {
        "/links": html(f"{GOOD}{' '.join(LINKS.values())} <a href='/led'>Onward</a> <a href='/gone'>Gone</a>"),
        "/nothing": html("<h1>Text</h1><a href='/logout'>Log out</a>"),
        **{f"/use/{name}": html(f"{SCRIPT}<h1>Text</h1>{text}", headers={"x-build": "blue"}) for name, text in USED.items()},
        "/fine": html("fine"),
        "/led": redirect("/account/delete"),
        "/follow": html("<article><a href='/like/7'>♥</a> <a href='/fine'>A story</a></article>"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def seen() -> Iterator[tuple[Mapping[str, Any], Origin]]:
    """The record of all visits, and the site with what arrived there."""
    pages = [page(name, f"/{name}") for name in ("links", "nothing")]
    pages += [page(name, f"/use/{name}") for name in USED]
    pages += [{"name": "follow", "path": "/follow", "follow": "article", "regions": []}]
    with results() as place, origin(answers) as site:
        yield visited(settings(site.url, place, pages=pages, untouched=["/ours/*"])), site


@pytest.fixture(scope="module")
def found(seen: tuple[Mapping[str, Any], Origin]) -> Findings:
    return judged(VISITS, seen[0])


@pytest.mark.slow
@pytest.mark.parametrize("address", LINKS)
def test_a_link_that_says_it_changes_something_is_not_asked_for(
    seen: tuple[Mapping[str, Any], Origin], found: Findings, address: str
) -> None:
    assert address not in seen[1].targets
    assert f"{seen[1].url}{address}" in found.told("links-lead-somewhere")


@pytest.mark.slow
def test_other_links_are_asked_for_and_nothing_is_behind_a_redirect(
    seen: tuple[Mapping[str, Any], Origin], found: Findings
) -> None:
    asked = {target for target in seen[1].targets if not target.startswith(("/use/", "/did/"))}
    assert asked == {"/links", "/nothing", "/follow", "/fine", "/led", "/gone"}
    told = {each.subject: each for each in found["links-lead-somewhere"]}
    assert told["links"].outcome is Outcome.NOT_SATISFIED
    assert re.search(r"'Gone' to \S+/gone: HTTP 404", told["links"].observed or "")


@pytest.mark.slow
def test_where_every_link_was_left_out_nothing_is_satisfied(found: Findings) -> None:
    told = {each.subject: each for each in found["links-lead-somewhere"]}
    assert told["nothing"].outcome is Outcome.UNDETERMINED
    assert "'Log out' to" in told["nothing"].reason


@pytest.mark.slow
@pytest.mark.parametrize("name", USED)
def test_nothing_is_pressed_or_typed_into_that_says_it_changes_something(
    seen: tuple[Mapping[str, Any], Origin], name: str
) -> None:
    assert [each for each in seen[1].targets if each in (f"/did/{name}", "/api/like?id=3", "/vote/up")] == []
    (one,) = [each for each in seen[0]["pages"] if (each["name"], each["size"]) == (name, "desktop")]
    assert one["keyboard"]["untouched"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["like", "field", "form", "switch"])
def test_where_every_control_was_left_out_the_keyboard_is_undetermined(found: Findings, name: str) -> None:
    (told,) = [each for each in found["keyboard-answered-fast"] if each.subject == name]
    assert (told.outcome, "untouched" in told.reason) == (Outcome.UNDETERMINED, True)


@pytest.mark.slow
def test_probes_ask_for_nothing_that_changes_something() -> None:
    leading = {"/": redirect("/logout"), "/cart": html("the cart"), "/plain": html("plain")}
    with origin(lambda _: leading) as site:
        pages = [Page("/", "public"), Page("/cart", ""), Page("/plain", "")]
        record = probe(ProbedSite(base_url=site.url, pages=pages, attacks=True, untouched=["*/there-is-no-such-page"]))
    assert {target.partition("?")[0] for target in site.targets} == {"/", "/cart", "/plain"}
    assert not [target for target in site.targets if target.startswith("/cart?")]
    assert [page["path"] for page in record["pages"] if page["attacked"]] == ["/", "/plain"]
    assert record["pages"][0]["chain"][-1]["failed"] == record["missing"]["failed"] == "not asked"
