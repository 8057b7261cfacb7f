"""``python -m prodgate.browser.engine`` opens every declared page at every size, and writes down what it finds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Error, sync_playwright

from ...processes.progress import print_progress
from ..redacting.redaction import Redaction, worst_last
from ..settings import VISITS, BrowserSettings
from .launch import describe_browser, launch
from .links import follow_links
from .network_guard import NetworkGuard
from .page_visit import NO_ANSWER, SIZES, Visitor, blank_result, classify_error, describe_sizes, find_address, visit
from .socket_gate import open_socket_gate

#: Unanswered visits in a row after which the site is considered gone and the rest is skipped.
_MAX_SILENT: Final = 3


def main() -> None:
    """Make all visits, and write a line when each ends, so that a run that is cut short keeps the earlier ones."""
    settings, started = BrowserSettings.from_environment(), datetime.now(UTC)
    settings.end_with_parent()
    guard = NetworkGuard(settings)
    with open_socket_gate(guard.admits_socket) as gate, sync_playwright() as playwright:
        start = partial(launch, playwright, guard, gate)
        visitor = Visitor(start(), guard, describe_sizes(playwright))
        widths = {size: visitor.width_of(size) for size in SIZES}
        _write_line(settings, started=started.isoformat(), browser=describe_browser(visitor.browser), widths=widths)
        pages = []
        for seen in _visit_pages(start, visitor):
            pages.append(seen)
            _write_line(settings, page=seen)
        visitor = _with_living_browser(start, visitor)
        links = follow_links(visitor.browser, settings, pages)
        _write_line(settings, links={**links, "asked": worst_last(links["asked"])})
        visitor.browser.close()


def _write_line(settings: BrowserSettings, **record: Any) -> None:
    clean = Redaction(frozenset(settings.secrets)).redact_json(record)
    with Path(settings.results, VISITS).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(clean, ensure_ascii=False)}\n")


def _visit_pages(start: Callable[[], Browser], visitor: Visitor) -> Iterator[dict[str, Any]]:
    """Visit each page at each size, until the site no longer answers."""
    silent = 0
    for page in visitor.settings.pages:
        print_progress(f"looking at {page['name']}")
        addressed: Mapping[str, Any] | None = None
        for size in SIZES:
            if silent >= _MAX_SILENT:
                gone = {"kind": "unasked", "text": f"not opened: {silent} visits before met no answer"}
                yield {**blank_result(visitor, page, size), "unreachable": gone}
                continue
            visitor = _with_living_browser(start, visitor)
            try:
                addressed = addressed or {**page, "address": find_address(visitor, page)}
                seen = visit(visitor, addressed, size)
            except Error as error:
                seen = {**blank_result(visitor, page, size), "unreachable": classify_error(error)}
            silent = silent + 1 if (seen["unreachable"] or {}).get("kind") in NO_ANSWER else 0
            yield seen


def _with_living_browser(start: Callable[[], Browser], visitor: Visitor) -> Visitor:
    """Return a visitor whose browser runs: one that a page has brought down is started again for the next."""
    if visitor.browser.is_connected():
        return visitor
    return replace(visitor, browser=start())


if __name__ == "__main__":
    main()
    sys.exit(0)
