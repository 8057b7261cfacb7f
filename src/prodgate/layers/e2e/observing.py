"""Observing a site: its pages and journeys in a browser, and what it answers without one."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from ...aws.answers import Unreadable
from ...engines.chromium import Chromium, ensure_chromium, has_japanese_fonts
from ...engines.environments import EngineError
from ...evidence import artifacts
from ...facts.e2e.journeys import FORMAT, browser_of
from ...sections.e2e import DeclaredPage, E2eSection
from ..layer import LayerContext
from ..observing_layer import Evidence
from .kinds import JOURNEYS, PROBES, VISITS
from .target import E2eTarget

if TYPE_CHECKING:
    from ...browser.settings import BrowserSettings
    from ...probes.site import ProbedSite

#: Returns a record. Raises Unreadable.
Way: TypeAlias = Callable[[], dict[str, Any]]
#: Seconds that all visits, and all journeys, may take.
_VISITS: Final = 300.0
_JOURNEYS: Final = 900.0
#: The criterion that asks for attacks.
_ATTACKS: Final = "waf-refuses-attacks"
#: Modules that drive the browser -> the name to ask for.
_LIBRARIES: Final = {
    "playwright": "Playwright",
    "pytest_playwright": "pytest-playwright",
    "axe_playwright_python": "axe",
}


def observe_site(
    target: E2eTarget, section: E2eSection, context: LayerContext, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    """Yield evidence of each kind; note in ``unreadable`` what can't be had. Probes mostly wait, so they run beside."""
    context.progress(f"e2e: probing {target.place}")
    with (
        TemporaryDirectory(prefix="prodgate-browser-") as folder,
        ThreadPoolExecutor(1, thread_name_prefix="probes") as thread,
    ):
        probing = thread.submit(_probe_site, target, section)
        try:
            settings = make_settings(target, section, context, Path(folder))
        except Unreadable as error:
            unreadable |= dict.fromkeys((VISITS, JOURNEYS), error.reason)
        else:
            yield from _observe_with_browser(settings, target, section, context, unreadable)
        probed = attack_site(target, section, context, probing.result())
        yield Evidence(kind=PROBES, value=probed, subject=target.place, source="sockets")


def _observe_with_browser(
    settings: BrowserSettings, target: E2eTarget, section: E2eSection, context: LayerContext, unreadable: dict[str, str]
) -> Iterator[Evidence]:
    with ThreadPoolExecutor(1, thread_name_prefix="journeys") as thread:
        carry_out: Way = lambda: carry_out_journeys(settings, target, section, context)  # noqa: E731
        # a rehearsal's own site is met by two browsers at once; a real one, whose pages are heavier, by one at a time
        journeys = thread.submit(carry_out).result if context.target.rehearsal else carry_out
        ways: dict[str, Way] = {VISITS: lambda: _visit_pages(settings, target, section, context), JOURNEYS: journeys}
        for kind, way in ways.items():
            try:
                found = way()
            except Unreadable as error:
                unreadable[kind] = error.reason
                continue
            yield Evidence(kind=kind, value=found, subject=target.place, source=browser_of(found))
            if kind == VISITS and found["pages"] and all(_is_silent(page) for page in found["pages"]):
                said = found["pages"][0]["unreachable"]["text"]
                unreadable[JOURNEYS] = f"no page was answered, so that no journey counts: {said}"
                return


def _is_silent(page: Mapping[str, Any]) -> bool:
    return page["unreachable"] is not None and page["unreachable"]["kind"] in (
        "connection",
        "timeout",
        "name",
        "unasked",
    )


def make_settings(target: E2eTarget, section: E2eSection, context: LayerContext, results: Path) -> BrowserSettings:
    """Return the settings of the browser's processes. Raises Unreadable when there is no browser."""
    for module, name in _LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            raise Unreadable(f"{name} is not installed; write: pip install 'prod-gate[e2e]'")
    from ...browser.settings import BrowserSettings  # noqa: PLC0415  judging needs nothing of it

    found, build = _find_browser(context), section.build
    return BrowserSettings(
        base_url=target.url,
        hosts=target.hosts,
        third_parties=section.third_parties,
        lasting=section.lasting,
        sockets=section.sockets,
        pages=[_page_json(page) for page in section.pages],
        **_visitor_json(section),
        build_header=build.header if build else "",
        build_meta=build.meta if build else "",
        mutates=target.mutates,
        credentials=target.credentials,
        unresolved=target.unresolved,
        program=found.program,
        pin=target.pin,
        ca_file=target.ca_file,
        results=str(results),
    )


def _visitor_json(section: E2eSection) -> dict[str, Any]:
    """What a visitor brings and does, and where that may lead."""
    before = {"cookies": section.before.cookies, "headers": section.before.headers, "clicks": section.before.click}
    return {"partners": section.partners, "reads": section.reads, **before}


def _page_json(page: DeclaredPage) -> dict[str, Any]:
    regions = [[each.role, each.name] for each in page.regions]
    return {"name": page.name, "path": page.path, "follow": page.follow, "regions": regions}


def _find_browser(context: LayerContext) -> Chromium:
    try:
        found = ensure_chromium(context.progress_of("e2e"))
    except EngineError as error:
        raise Unreadable(str(error)) from error
    if not has_japanese_fonts():
        context.note("e2e", "no font here draws Japanese, so that pictures show boxes; install fonts-noto-cjk")
    return found


def _visit_pages(
    settings: BrowserSettings, target: E2eTarget, section: E2eSection, context: LayerContext
) -> dict[str, Any]:
    """Open every page. Raises Unreadable when the browser failed before the end."""
    from ...browser.visits import BrowserError, run_visits  # noqa: PLC0415  judging needs nothing of it

    log = context.run / "logs" / "e2e" / "visits.txt"
    try:
        record = run_visits(settings, cwd=context.project, log=log, limit=_VISITS, progress=context.progress_of("e2e"))
    except BrowserError as error:
        raise Unreadable(str(error)) from error
    marked = section.build
    how = f"the header {marked.header}" if marked and marked.header else f"<meta name={marked.meta}>" if marked else ""
    unread = (
        target.no_build if marked else f"{context.stated.path}: [e2e] says not how pages name their build; write build"
    )
    build = {"how": how, "expected": target.build, "unread": unread}
    private = [page.path for page in section.pages if page.cache == "private"]
    about = {"place": target.place, "base_url": target.url, "build": build}
    return {**record, **about, "private": private, "reviewed": list(section.reviewed)}


def carry_out_journeys(
    settings: BrowserSettings, target: E2eTarget, section: E2eSection, context: LayerContext, layer: str = "e2e"
) -> dict[str, Any]:
    """Run every journey, and store pictures and traces of those that failed. A site may be judged without any."""
    from ...browser.journeys import run_journeys  # noqa: PLC0415  judging needs nothing of it

    folder = context.project / section.journeys
    if not folder.is_dir():
        missing = f"{section.journeys}: there is no such folder; write there what a person must be able to do"
        return {"format": FORMAT, "place": target.place, "browser": None, "journeys": [], "broken": [missing]}
    context.progress(f"{layer}: journeys at {target.place}")
    log = context.run / "logs" / layer / "journeys.txt"
    progress = context.progress_of(layer)
    found = run_journeys(folder, settings, project=context.project, log=log, limit=_JOURNEYS, progress=progress)
    for journey in found["journeys"]:
        journey["evidence"] = [_store_file(Path(settings.results, name), context) for name in journey["evidence"]]
    return {**found, "place": target.place, "hosts": [urlsplit(target.url).hostname or "", *target.hosts]}


def _store_file(file: Path, context: LayerContext) -> str:
    """Store a picture or a trace, and return where, relative to the run."""
    from ...browser.redacting.pictures import without_texts  # noqa: PLC0415  judging needs nothing of it

    digest = artifacts.store(context.run, without_texts(file.read_bytes()), file.suffix)
    return f"{artifacts.FOLDER}/{digest}{file.suffix}"


def _probe_site(target: E2eTarget, section: E2eSection) -> dict[str, Any]:
    from ...probes.site import probe  # noqa: PLC0415  judging needs nothing of it

    return probe(_describe_site(target, section))


def attack_site(
    target: E2eTarget, section: E2eSection, context: LayerContext, probed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the record of the probes with attacks, which come last, or with the reason why none were sent."""
    from ...probes.site import attack  # noqa: PLC0415  judging needs nothing of it

    if reason := why_unattacked(target, context):
        return {**probed, "unattacked": reason}
    context.progress(f"e2e: sending attack strings to {target.place}")
    return attack(_describe_site(target, section), probed)


def why_unattacked(target: E2eTarget, context: LayerContext) -> str:
    """Return why no attacks are sent: no criterion asks for them, or nobody allowed it; empty when they are."""
    criterion, host = context.stated.criteria.get(_ATTACKS), urlsplit(target.url).hostname
    if criterion is None or "e2e" not in criterion.layers:
        return f"no criterion {_ATTACKS} of the layer e2e asks for attacks, and none were sent"
    if context.target.rehearsal or context.attack_allowed == host:
        return ""
    return f"nobody said that attack strings may be sent to {host}; run with --i-am-allowed-to-attack {host}"


def _describe_site(target: E2eTarget, section: E2eSection) -> ProbedSite:
    from ...probes.site import Page, ProbedSite  # noqa: PLC0415  judging needs nothing of it

    return ProbedSite(
        base_url=target.url,
        place=target.place,
        pages=tuple(Page(page.path, page.cache) for page in section.pages if not page.follow),
        hosts=target.hosts,
        partners=section.partners,
        plain_url=target.plain_url,
        health=section.health,
        ca_file=target.ca_file,
    )
