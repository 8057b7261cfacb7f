"""A walk with the Tab key, in real Chromium: through shadow roots, frames and dialogs, with the focus shown in each way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.browser.processes import run_process
from prodgate.layers.e2e.kinds import VISITS
from prodgate.testing import Outcome
from tests.prodgate.facts.e2e.browser_records import WALK, visit, visits

from .origin import Answer, Origin, html, origin
from .stage import judged, page, results, settings

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

REACHED, SEEN = "keyboard-reaches-all", "keyboard-focus-visible"
GOOD, BAD, OPEN = Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.UNDETERMINED
LINKS = '<a href="#a">one</a> <a href="#b">two</a>'
#: Nothing shows the focus but what a rule adds.
BARE = "a, button, input { outline: none !important } "


def styled(rules: str, body: str = LINKS) -> str:
    return f"<style>{BARE}{rules}</style>{body}"


def shadow(inner: str) -> str:
    return f"<div><template shadowrootmode='open'>{inner}</template></div>"


#: Name -> (a page, the outcome for what is reached, the outcome for the focus, what is said).
PAGES: Mapping[str, tuple[str, Outcome, Outcome, str]] = {
    "plain": (LINKS, GOOD, GOOD, ""),
    "hidden": (styled(""), GOOD, BAD, "<a href="),
    "after": (styled("a:focus::after { content: '<' }"), GOOD, GOOD, ""),
    "before": (styled("a::before { content: ''; border: 2px solid transparent } a:focus::before { border-color: #000 }"), GOOD, GOOD, ""),
    "side": (styled("a { border-left: 3px solid transparent } a:focus { border-left-color: #00f }"), GOOD, GOOD, ""),
    "underlined": (styled("a:focus { border-bottom: 1px solid }"), GOOD, GOOD, ""),
    "transparent": (styled("a:focus { outline: 2px solid transparent !important }"), GOOD, BAD, "<a href="),
    "faint": (styled("a:focus { outline: 2px solid rgba(0, 0, 0, .02) !important }"), GOOD, BAD, "<a href="),
    "white on white": (styled("a:focus { outline: 2px solid #fff !important }"), GOOD, BAD, "<a href="),
    "no shadow": (styled("a:focus { box-shadow: 0 0 0 2px transparent }"), GOOD, BAD, "<a href="),
    "shadow": (styled("a:focus { box-shadow: 0 0 0 2px #00f }"), GOOD, GOOD, ""),
    "box": (styled("p:focus-within { background: #ff0 }", f"<p>{LINKS}</p>"), GOOD, BAD, "<a href="),
    "own box": (styled("p:focus-within { background: #ff0 }", "<p><a href='#a'>a</a></p><p><a href='#b'>b</a></p>"), GOOD, GOOD, ""),
    "later": (
        styled(".here { background: #ff0 }", f"{LINKS}<script>onfocus = null; for (const a of document.links) {{"
               "a.onfocus = () => setTimeout(() => a.classList.add('here'), 20); a.onblur = () => setTimeout(() => a.classList.remove('here'));"
               "}</script>"), GOOD, GOOD, "",
    ),
    "clear": (styled("input { opacity: 0 } input:focus { outline: 2px solid #000 !important }", "<input type=checkbox aria-label=x>"), GOOD, BAD, "<input"),
    "label": (styled("input { opacity: 0 } input:focus + label { color: red }", "<input type=checkbox id=x><label for=x>x</label>"), GOOD, GOOD, ""),
    "in a shadow": (shadow(f"{LINKS}<button>three</button>"), GOOD, GOOD, ""),
    "hidden in a shadow": (shadow(styled("", "<button>three</button>")), GOOD, BAD, "<button>three"),
    "mouse only in a shadow": (LINKS + shadow('<span role="button">four</span>'), BAD, GOOD, "four"),
    "through slots": ("<div><template shadowrootmode='open'><section><slot></slot></section></template><button>x</button></div>", GOOD, GOOD, ""),
    "in a frame": (f'{LINKS}<iframe title="f" srcdoc="<button>in</button><span role=button>not</span>"></iframe>', BAD, GOOD, "not"),
    "modal": (f"{LINKS}<dialog id=d><button>Accept</button></dialog><script>d.showModal()</script>", OPEN, OPEN, "2 of 3 elements are behind it: <dialog"),
    "bad modal": (f"{LINKS}<dialog id=d><button>Accept</button><i role=button>No</i></dialog><script>d.showModal()</script>", BAD, OPEN, "No"),
    "held by a script": (
        f"{LINKS}<div role=dialog aria-modal=true><button id=b>Accept</button></div><script>"
        "b.focus(); onkeydown = (e) => { if (e.key === 'Tab') { e.preventDefault(); b.focus(); } }</script>", OPEN, OPEN, "behind it",
    ),
    "banner": (f"{LINKS}<div role=dialog aria-modal=true><button>Accept</button></div>", GOOD, GOOD, ""),
    "trap": (f"<button id=b>b</button>{LINKS}<script>b.onkeydown = (e) => e.key === 'Tab' && e.preventDefault()</script>", BAD, GOOD, "Tab does not leave <button"),
    "editor": (
        "<button id=b>b</button><a href='#a'>a</a><script>let free = false; b.onkeydown = (e) => {"
        "if (e.key === 'Escape') free = true; else if (e.key === 'Tab' && !free) e.preventDefault(); }</script>", GOOD, GOOD, "",
    ),
    "many": ("".join(f'<a href="#{number}">{number}</a> ' for number in range(450)), GOOD, GOOD, ""),
}  # fmt: skip


def answers(_site: Origin) -> Mapping[str, Answer]:
    return {f"/{number}": html(text, headers={"x-build": "blue"}) for number, (text, *_) in enumerate(PAGES.values())}


#: Opens each page of the settings once and walks through it; nothing else of a visit is made.
WALKS = """
import json
from pathlib import Path

from playwright.sync_api import sync_playwright

from prodgate.browser.engine.keyboard_walk import walk_keyboard
from prodgate.browser.engine.page_visit import _SCRIPTS
from prodgate.browser.settings import BrowserSettings

told = BrowserSettings.from_environment()
with sync_playwright() as playwright:
    browser, walks = playwright.chromium.launch(**{"executable_path": told.program} if told.program else {}), {}
    for each in told.pages:
        page = browser.new_page()
        page.goto(told.base_url + each["path"])
        walks[each["name"]] = walk_keyboard(page, _SCRIPTS["keyboard"])
        page.close()
    browser.close()
Path(told.results, "walks.json").write_text(json.dumps(walks))
"""


@pytest.fixture(scope="module")
def walks() -> Mapping[str, Any]:
    pages = [page(name, f"/{number}") for number, name in enumerate(PAGES)]
    with results() as place, origin(answers) as site:
        log, told = place / "log", settings(site.url, place, pages=pages)
        code = run_process(("-c", WALKS), told, log=log, cwd=place, limit=200, progress=lambda _: None)
        assert code == 0, log.read_text()
        found: Mapping[str, Any] = json.loads((place / "walks.json").read_text())
        return found


@pytest.mark.parametrize("name", PAGES)
def test_what_is_said_of_a_page(walks: Mapping[str, Any], name: str) -> None:
    _, reached, seen, words = PAGES[name]
    found = judged(VISITS, visits(visit(keyboard={**WALK, **walks[name]})))
    told = {key: found[key][0] for key in (REACHED, SEEN)}
    assert (told[REACHED].outcome, told[SEEN].outcome) == (reached, seen), walks[name]
    assert words in "".join(f"{each.observed} {each.reason}" for each in told.values())


def test_a_long_page_is_walked_through_to_its_end(walks: Mapping[str, Any]) -> None:
    assert (walks["many"]["offered"], walks["many"]["left"], walks["many"]["whole"]) == (450, 0, True)
