"""``python -m prodgate.browser.engine`` opens every declared page at every size, and follows its links."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from math import inf
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import APIRequestContext, APIResponse, Browser, Error, sync_playwright

from ...load.health import MOST_ASIDE, Limits, Vitals, Window, describe_aside, find_problems
from ...load.monitor import INTERVAL, Monitor
from ...processes.interpreter import GATE
from ...processes.progress import print_progress
from ...redaction import Redaction
from ...sections.changing import is_at
from ...semantics.challenges import HEADERS, find_challenge
from ..settings import VISITS, BrowserSettings
from .launch import CONTEXT, NetworkGuard, describe_browser, launch, open_socket_gate
from .page_visit import (
    NO_ANSWER,
    SIZES,
    TIMED,
    PageLog,
    Visitor,
    arrive,
    blank_result,
    classify_error,
    describe_sizes,
    find_address,
    visit,
)

# ── Whether this machine was well enough during a visit for its times to be meaningful

#: A page computes on its own: beside two foreign threads on each core it takes three times as long, which leaves the
#: sample site's pages within their limits.
LIMITS: Final = Limits(others=2.0)
#: Seconds of health before a visit is repeated.
_CALM: Final = 1.0


@contextmanager
def watching() -> Iterator[list[Window]]:
    """Watch this process and its machine while the context is open; yield a list that has one window afterwards."""
    monitor, over, found = Monitor(int(os.environ.get(GATE, os.getpid()))), threading.Event(), list[Window]()
    monitor.expect([Window(place=0, second=0, seconds=inf)], perf_counter())

    def watch() -> None:
        slept = perf_counter()
        while not over.wait(INTERVAL):
            monitor.note(slept)
            slept = perf_counter()

    thread = threading.Thread(target=watch, name="health", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
        monitor.stop()
        monitor.reached = inf
        for told in monitor.take():
            vitals = Vitals.from_json(told.pop("vitals"))
            found.append(Window(**{**told, "sick": find_problems(vitals, LIMITS, told["seconds"])}))


def await_health(until: float) -> bool:
    """Wait until this machine is well, as long as the monotonic clock allows; return whether it is."""
    while monotonic() < until:
        with watching() as found:
            sleep(_CALM)
        if not found[0].sick:
            return True
    return False


def describe_loss(visits: Sequence[Window]) -> tuple[str, str]:
    """Return how many visits were set aside and why, and the same again if they are too many; empty texts otherwise.

    They are counted, for one that is spoilt takes longer than a sound one.
    """
    lost, told = sum(1 for each in visits if each.sick), describe_aside(visits, LIMITS)
    aside = f"{lost} of {len(visits)} were set aside, and nothing is said of them: {told}" if lost else ""
    much = f"{lost} of {len(visits)} visits had to be set aside, more than half: {told}"
    return aside, much if lost > MOST_ASIDE * len(visits) else ""


# ── Follows the links of pages, each address once: a click must lead somewhere

_SCRIPT, _NAMED, _SHOWN, _WATCH = (
    (Path(__file__).parent / "scripts" / f"{name}.js").read_text("utf-8")
    for name in ("follow", "named", "shown", "watch")
)
#: A fragment that no page uses.
_UNUSED: Final = "prod-gate-names-nothing"
#: The maximum number of requested addresses; the rest is only counted.
MAX_LINKS: Final = 200
#: Concurrent requests, as many as a browser makes to one host.
_CONCURRENCY: Final = 6
#: Milliseconds that a response may take.
_TIMEOUT: Final = 10_000.0
#: Milliseconds after which no further address is requested.
_BUDGET: Final = 60_000.0
#: Redirects that are followed, as many as a browser follows.
_MAX_HOPS: Final = 20
#: Total seconds to wait if a site asks for fewer requests, and the minimum each time: some say 0 for ever.
_MAX_WAIT, _WAIT = 10.0, 1.0
_TOO_MANY: Final = 429
#: Path of the requesting document, which is never sent to the site.
_NOWHERE: Final = "/prod-gate/an-empty-page"


def follow_links(browser: Browser, guard: NetworkGuard, pages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Request the links of pages to the site; return status and reason by address.

    Other sites are left alone: they owe us no response. So is an address that, by itself or by any link to it,
    announces a change, even if another link leads there. ``within`` are links into other pages that were shown, each
    ``there``, ``lost``, ``handled`` where a script may handle it, or ``unseen``.
    """
    settings = guard.settings
    opened = {page["url"] for page in pages if not page["unreachable"]}
    found = [link for page in pages for link in page.get("links", ()) if "fragment" not in link]
    untouched = {link["url"] for link in found if "untouched" in link}
    targets = dict.fromkeys(link["url"] for link in found)
    wanted = [url for url in targets if settings.is_own(url) and url not in opened | untouched]
    asked = wanted[:MAX_LINKS]
    context = browser.new_context(base_url=settings.base_url, bypass_csp=True, **CONTEXT)
    try:
        blank = context.new_page()
        blank.route(f"**{_NOWHERE}", lambda route: route.fulfill(body="", content_type="text/html"))
        blank.goto(_NOWHERE)
        guard.acting = True
        here = [url for url in asked if urlsplit(url).netloc == urlsplit(settings.base_url).netloc]
        results = blank.evaluate(_SCRIPT, [here, _CONCURRENCY, _TIMEOUT, _BUDGET, HEADERS])
        # responses that scripts can't see, as from another host, are requested without a page
        hidden = [url for url in asked if url not in here]
        hidden += [each["url"] for each in results if each.pop("again") or each["status"] == _TOO_MANY]
        answers = {each.pop("url"): _without_marks(each) for each in results}
        answers |= _ask_each(context.request, settings, hidden)
        shown = opened | {url for url, each in answers.items() if _is_shown(each)} - untouched
        into = [link["url"] for page in pages for link in page.get("links", ()) if link.get("fragment") == "elsewhere"]
        into = [url for url in dict.fromkeys(into) if url.partition("#")[0] in shown]
        named = blank.evaluate(_NAMED, [into, _TIMEOUT, _BUDGET / 2])
        within = dict.fromkeys(into, "unseen") | dict.fromkeys(named, "there")
        within |= _look_up(browser, settings, [url for url in into if url not in named])
    finally:
        guard.acting = False
        context.close()
    return {"asked": worst_last(answers), "left_out": len(wanted) - len(answers), "within": within}


def _is_shown(answer: Mapping[str, Any]) -> bool:
    return 200 <= answer["status"] < 400 and not (answer["why"] or answer.get("challenged") or "untouched" in answer)


def _look_up(browser: Browser, settings: BrowserSettings, urls: Sequence[str]) -> dict[str, str]:
    """Open addresses whose fragment names nothing in the document as it is sent; return what is there, by address.

    What a page shows is compared with what it shows for a name that nobody uses, since scripts may read it.
    """
    found, until = dict[str, str](), time.monotonic() + _BUDGET / 2000
    for url in (each for each in urls if time.monotonic() < until):
        with suppress(Error):  # it was not shown
            shown = _show(browser, settings, url)
            if not shown["named"] and shown["scripts"]:
                other = _show(browser, settings, f"{url.partition('#')[0]}#{_UNUSED}")
                found[url] = "lost" if other["seen"] == shown["seen"] else "handled"
            else:
                found[url] = "there" if shown["named"] else "lost"
    return found


def _show(browser: Browser, settings: BrowserSettings, url: str) -> dict[str, Any]:
    """Return what is known of a page at rest. Raises Error where it does not come to rest."""
    context = browser.new_context(base_url=settings.base_url, **CONTEXT)
    try:
        context.add_init_script(_WATCH)
        tab, log = context.new_page(), PageLog(settings)
        log.listen_to(tab)
        if not arrive(tab, url, log):
            raise Error(url)
        return dict(tab.evaluate(_SHOWN))
    finally:
        context.close()


def worst_last(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return responses by address, bad ones last: of addresses that differ only in secrets, the last is kept."""
    return dict(
        sorted(asked.items(), key=lambda each: not (HTTPStatus.OK <= each[1]["status"] < HTTPStatus.BAD_REQUEST))
    )


def _without_marks(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kept parts of a response: not its headers, but what they reveal of the responder."""
    kept = {key: value for key, value in answer.items() if key != "marks"}
    return {**kept, "challenged": bool(find_challenge(answer["status"], answer["marks"]))}


def _ask_each(request: APIRequestContext, settings: BrowserSettings, urls: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Request addresses one after the other; repeat those that came too fast for the site after its wait time."""
    answers, waited, until = {}, 0.0, time.monotonic() + _BUDGET / 1000
    for url in (each for each in urls if time.monotonic() < until):
        answers[url], after = _follow(request, settings, url)
        while answers[url]["status"] == _TOO_MANY and waited + after <= _MAX_WAIT:
            time.sleep(after)
            waited += after
            answers[url], after = _follow(request, settings, url)
    return answers


def _follow(request: APIRequestContext, settings: BrowserSettings, url: str) -> tuple[dict[str, Any], float]:
    """Follow an address on the site and its declared hosts; return the response, and the seconds until a repetition.

    Redirects are followed one by one, so that only declared hosts get requests; a partner's page is left alone.
    """
    for _ in range(_MAX_HOPS):
        try:
            response = request.get(url, max_redirects=0, timeout=_TIMEOUT)
        except Error as error:
            return {"status": 0, "why": error.message.partition("\n")[0][:200]}, 0.0
        onward = urljoin(url, response.headers.get("location", ""))
        if not (300 <= response.status < 400 and "location" in response.headers):
            challenged = bool(find_challenge(response.status, response.headers))
            return {"status": response.status, "why": "", "challenged": challenged}, _read_wait(response)
        if is_at(onward, settings.partners):
            return {"status": response.status, "why": ""}, 0.0
        if not settings.is_own(onward):
            return {"status": response.status, "why": f"leads to {onward}"[:200]}, 0.0
        if why := settings.why_untouched(onward):
            return {"status": response.status, "why": "", "untouched": f"it leads to {onward}, and {why}"[:300]}, 0.0
        url = onward
    return {"status": 0, "why": f"more than {_MAX_HOPS} redirects"}, 0.0


def _read_wait(response: APIResponse) -> float:
    """Return the seconds of a ``Retry-After`` header, at least one; a date is ignored."""
    stated = response.headers.get("retry-after", "")
    return max(float(stated), _WAIT) if stated.isdecimal() else _WAIT


#: Unanswered visits in a row after which the site is considered gone and the rest is skipped.
_MAX_SILENT: Final = 3
#: How often a visit is repeated at most whose times this machine spoilt, and the seconds in which that may begin.
_AGAIN: Final = 3
_WITHIN: Final = 90.0
#: Kinds of a visit that saw nothing, which a busy machine may cause.
_UNSEEN: Final = (*NO_ANSWER, "blank", "other")


def main() -> None:
    """Make all visits, and write a line when each ends, so that an interrupted run keeps the earlier ones."""
    settings, started = BrowserSettings.from_environment(), datetime.now(UTC)
    settings.end_with_parent()
    guard = NetworkGuard(settings)
    with open_socket_gate(guard.admits_socket) as gate, sync_playwright() as playwright:
        start = partial(launch, playwright, guard, gate)
        visitor = Visitor(start(), guard, describe_sizes(playwright))
        widths = {size: visitor.width_of(size) for size in SIZES}
        _write_line(settings, started=started.isoformat(), browser=describe_browser(visitor.browser), widths=widths)
        tour, pages = Tour(start, visitor), dict[tuple[str, str], dict[str, Any]]()
        for visits in (tour.visit_pages, lambda: tour.visit_again([*pages.values()])):
            for seen in visits():
                pages[seen["name"], seen["size"]] = seen
                _write_line(settings, page=seen)
        aside, much = describe_loss(tour.windows)
        _write_line(settings, health={"aside": aside, "sick": much})
        # a page that was not seen at first may have links as well
        _write_line(settings, links=follow_links(tour.revive_browser(), guard, [*pages.values()]))
        tour.revive_browser().close()


def _write_line(settings: BrowserSettings, **record: Any) -> None:
    clean = Redaction(frozenset(settings.secrets)).redact_json(record)
    with Path(settings.results, VISITS).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(clean, ensure_ascii=False)}\n")


@dataclass(slots=True)
class Tour:
    """Visits to all pages. ``windows`` are their times, each with this machine's faults meanwhile."""

    start: Callable[[], Browser]
    visitor: Visitor
    windows: list[Window] = field(default_factory=list)
    _addressed: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def visit_pages(self) -> Iterator[dict[str, Any]]:
        """Visit each page at each size, until the site no longer responds."""
        silent = 0
        for page in self.visitor.settings.pages:
            print_progress(f"looking at {page['name']}")
            for size in SIZES:
                if silent >= _MAX_SILENT:
                    gone = {"kind": "unasked", "text": f"not opened: {silent} visits before met no answer"}
                    yield {**blank_result(self.visitor, page, size), "unreachable": gone}
                    continue
                seen = self._visit(page, size)
                silent = silent + 1 if (seen["unreachable"] or {}).get("kind") in NO_ANSWER else 0
                yield seen

    def visit_again(self, seen: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Repeat visits made while this machine was not well, whatever their results; yield each sound one.

        Observations that do not depend on time stay those of the first visit.
        """
        until, known = monotonic() + _WITHIN, {page["name"]: page for page in self.visitor.settings.pages}
        sick = [each for each in seen if each.get("sick")]
        for _ in range(_AGAIN):
            if not sick:
                return
            print_progress(f"visiting {len(sick)} pages again that were seen while {sick[0]['sick']}")
            for each in tuple(sick):
                if not await_health(until):
                    return
                again = self._visit(known[each["name"]], each["size"], timed=each["unreachable"] is None)
                if not again["sick"]:
                    sick.remove(each)
                    yield join_visit(each, again)

    def _visit(self, page: Mapping[str, Any], size: str, *, timed: bool = False) -> dict[str, Any]:
        self.revive_browser()
        with watching() as windows:
            try:
                if page["name"] not in self._addressed:
                    self._addressed[page["name"]] = {**page, "address": find_address(self.visitor, page)}
                seen = visit(self.visitor, self._addressed[page["name"]], size, timed=timed)
            except Error as error:
                seen = {**blank_result(self.visitor, page, size), "unreachable": classify_error(error)}
        self.windows += windows
        return {**seen, "sick": describe_aside(windows, LIMITS)}

    def revive_browser(self) -> Browser:
        """Return a running browser, starting a new one if a page has crashed it."""
        if not self.visitor.browser.is_connected():
            self.visitor = replace(self.visitor, browser=self.start())
        return self.visitor.browser


def join_visit(seen: Mapping[str, Any], again: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a visit with the times of a later one; all of the later one if the first saw no page.

    A response by something else in the page's place did not depend on time, and stays.
    """
    if seen["unreachable"] is not None and seen["unreachable"]["kind"] not in _UNSEEN:
        return {**seen, "sick": again["sick"]}
    if seen["unreachable"] is not None or again["unreachable"] is not None:
        return again
    return {**seen, **{key: again[key] for key in (*TIMED, "sick") if key in again}}


if __name__ == "__main__":
    main()
    sys.exit(0)
