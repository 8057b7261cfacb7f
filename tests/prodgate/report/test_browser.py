"""The report in real Chromium: its files, and reading it without script, at 375 px, in the dark and on paper."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from prodgate.engines.programs import require_chromium
from prodgate.evidence.runs import Run
from prodgate.report.catalogue import FILES
from prodgate.report.html import render_html
from prodgate.verdict import Decision

from .samples import criterion, finding, not_built, run, showcase
from .test_parts import everything, of_all_sorts, scheduled, troubled, troubled_dags
from .test_summary import HOSTILE, hostile

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("browser")]

#: Name of a run -> the run.
RUNS = {
    "showcase": showcase(),
    "cut-off": showcase(rehearsal=False, finished=False),
    "hostile": hostile(),
    "silent": run([criterion(f"c{n}", layers=("live",)) for n in range(40)], [not_built(f"c{n}") for n in range(40)]),
    "go": run([criterion("c", controls=("AWS-FSBP:EC2.1",))], [finding("c", "satisfied")]),
}

#: Name of a run whose evidence is read, and so has a folder -> the function that makes it there.
READ: dict[str, Callable[[Path], Run]] = {
    "load": everything,
    "site": of_all_sorts,
    "rollout": troubled,
    "dags": lambda directory: scheduled(directory, troubled_dags()),
}

NAMES = (*RUNS, *READ)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for this module only: Playwright keeps an event loop running, in which asyncio tests can't run."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=require_chromium().program or None)
        yield found
        found.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per run with its report in every language."""
    root = tmp_path_factory.mktemp("reports")
    for name in NAMES:
        (root / name).mkdir()
        made = READ[name](root / name) if name in READ else RUNS[name]
        for language, file in FILES.items():
            (root / name / file).write_text(render_html(made, made.verdict(), language=language), "utf-8")
    return root


#: The run with the most text; the ordinary tests use it alone.
FULLEST = "showcase"
#: Every report in English, and those with the most text in the other languages too.
ADDRESSES = [
    (name, file)
    for name in NAMES
    for language, file in FILES.items()
    if language == "en" or name in ("showcase", "dags")
]


@pytest.fixture(
    params=[
        pytest.param(each, id="-".join(each), marks=[] if each[0] == FULLEST else [pytest.mark.slow])
        for each in ADDRESSES
    ]
)
def address(request: pytest.FixtureRequest, reports: Path) -> str:
    name, file = request.param
    return Path(reports, name, file).as_uri()


def open_page(
    browser: Browser,
    address: str,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    script: bool = True,
) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script, bypass_csp=False
    )
    page.goto(address)
    return page


def unfold(page: Page) -> None:
    """Open every fold and lay out every section, including those out of sight."""
    page.evaluate(
        """() => {
            document.querySelectorAll('details').forEach(each => each.open = true)
            document.querySelectorAll('section').forEach(each => each.style.contentVisibility = 'visible')
        }"""
    )


def test_requests_nothing_but_itself(browser: Browser, address: str) -> None:
    page = browser.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert [url for url in requests if not url.startswith("data:")] == [address]
    assert complaints == []
    page.close()


def test_its_policy_lets_the_style_apply_and_nothing_else(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    assert page.evaluate("getComputedStyle(document.querySelector('.banner')).borderLeftWidth") == "12px"
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img id=probe src=x onerror=\"window.hit=1\">')")
    page.evaluate("document.body.setAttribute('style', 'margin-left: 77px')")
    assert page.evaluate("window.hit === undefined")
    assert page.evaluate("getComputedStyle(document.body).marginLeft") == "0px"
    page.close()


def test_reads_the_same_without_script(browser: Browser, address: str) -> None:
    texts = []
    for script in (True, False):
        page = open_page(browser, address, script=script)
        texts.append((page.locator("section.first").inner_text(), page.locator("body").text_content()))
        page.close()
    assert texts[0] == texts[1]
    assert any(decision in texts[0][0] for decision in Decision)


@pytest.mark.parametrize("width", [320, 768])
def test_never_scrolls_sideways(browser: Browser, address: str, width: int) -> None:
    page = open_page(browser, address, width=width)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(each => !each.closest('.sr, thead, svg')
            && each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 120))"""
    )
    assert beyond == []
    page.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
def test_is_accessible(browser: Browser, address: str, scheme: Literal["light", "dark"], width: int) -> None:
    page = open_page(browser, address, scheme=scheme, width=width)
    unfold(page)
    found = Axe().run(page)
    assert [(v["id"], [node["html"][:160] for node in v["nodes"][:3]]) for v in found.response["violations"]] == []
    page.close()


@pytest.mark.parametrize("file", FILES.values())
def test_hostile_names_stay_text(browser: Browser, reports: Path, file: str) -> None:
    page = open_page(browser, (reports / "hostile" / file).as_uri())
    unfold(page)
    assert page.title().startswith("NO-GO · <img src=x onerror=")
    assert page.locator("img, script").count() == 0
    shown = page.locator("body").inner_text()
    assert HOSTILE[0] in shown
    assert r"\u202egnp.exe" in shown.replace("\n", "")
    page.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("file", FILES.values())
def test_charts_are_seen_and_their_texts_stay_inside(browser: Browser, reports: Path, file: str, width: int) -> None:
    page = open_page(browser, (reports / "load" / file).as_uri(), width=width)
    unfold(page)
    assert page.locator("svg[role=img]").count() == 12
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.plot text')].filter(each => {
            const text = each.getBoundingClientRect(), card = each.closest('article').getBoundingClientRect()
            return text.left < card.left || text.right > card.right || text.width === 0
        }).map(each => each.textContent)"""
    )
    assert outside == []
    drawn = "path => path.getBoundingClientRect().width"
    assert page.locator(".percentiles .line").first.evaluate(drawn) > width / 4
    page.close()


def test_controls_that_hold_are_left_out_on_demand(browser: Browser, reports: Path) -> None:
    page = open_page(browser, (reports / "go" / FILES["en"]).as_uri())
    row = page.locator("tr[data-o=satisfied]")
    page.locator(".controls summary").click()
    assert row.is_visible()
    page.get_by_role("checkbox").check()
    assert not row.is_visible()
    page.close()


def test_the_languages_link_to_each_other(browser: Browser, reports: Path) -> None:
    page = open_page(browser, (reports / "showcase" / FILES["en"]).as_uri())
    page.get_by_role("link", name="日本語").click()
    assert page.locator("html").get_attribute("lang") == "ja"
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.close()


def test_folded_names_are_found_by_a_search_of_the_page(browser: Browser, reports: Path) -> None:
    page = open_page(browser, (reports / "showcase" / FILES["en"]).as_uri())
    assert page.locator("details", has_text="aws_dynamodb_table.cache").last.get_attribute("open") is None
    page.goto(f"{page.url}#:~:text=aws_dynamodb_table.cache")
    page.locator("details.line[open]").first.wait_for(state="attached", timeout=60_000)
    page.close()


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("file", FILES.values())
def test_marks_of_slots_are_seen_and_told_apart_without_colour(
    browser: Browser, reports: Path, file: str, media: Literal["screen", "print"]
) -> None:
    page = open_page(browser, (reports / "dags" / file).as_uri())
    page.emulate_media(media=media)
    unfold(page)
    assert page.locator(".grid [title]").count() == 120 + 30 + 25 + 97 + 14 + 61
    looks = page.evaluate(
        """() => [...document.querySelectorAll('.grid [title]')].map(each => [
            each.className, each.textContent.trim(), each.getBoundingClientRect().width > 12, getComputedStyle(each).borderStyle
        ].join(' '))"""
    )
    states = ("late L", "retried R", "failed ×", "missed –", "stuck !", "backfill B", "manual M", "pending ·")
    styles = {state: "dashed" if state.startswith("missed") else "solid" for state in states}
    assert set(looks) == {" ✓ true solid", *(f"{state} true {style}" for state, style in styles.items())}
    page.close()


@pytest.mark.parametrize("file", FILES.values())
def test_calendars_stay_inside_their_cards(browser: Browser, reports: Path, file: str) -> None:
    page = open_page(browser, (reports / "dags" / file).as_uri(), width=320)
    unfold(page)
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.grid')].filter(each => {
            const card = each.closest('article')
            const edge = card.getBoundingClientRect().right - parseFloat(getComputedStyle(card).paddingRight)
            return each.getBoundingClientRect().right > edge + 1
        }).map(each => each.caption.textContent)"""
    )
    assert outside == []
    page.close()


@pytest.mark.parametrize("file", FILES.values())
def test_prints(browser: Browser, reports: Path, file: str) -> None:
    page = open_page(browser, (reports / "showcase" / file).as_uri())
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF-")
    assert 3 <= paper.count(b"/Type /Page\n") <= 20
    page.emulate_media(media="print")
    assert page.locator("text=this[25]").first.is_visible()
    assert not page.locator("nav").is_visible()
    page.close()
