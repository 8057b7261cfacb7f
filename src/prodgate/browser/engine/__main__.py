"""``python -m prodgate.browser.engine`` opens every declared page at every size, and writes down what it finds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Error, sync_playwright

from ...facts.e2e.journeys import FORMAT
from ...processes.progress import print_progress
from ..redaction import Redaction
from ..settings import VISITS, BrowserSettings
from .launch import describe_browser, launch
from .links import follow_links
from .page_visit import NO_ANSWER, SIZES, blank_result, classify_error, find_address, visit

#: Unanswered visits in a row after which the site is considered gone and the rest is skipped.
_MAX_SILENT: Final = 3


def main() -> None:
    """Make all visits and write the record."""
    settings, started = BrowserSettings.from_environment(), datetime.now(UTC)
    settings.end_with_parent()
    with sync_playwright() as playwright:
        browser = launch(playwright, settings)
        pages = list(_visit_pages(browser, settings))
        record = {
            "format": FORMAT,
            "started": started.isoformat(),
            "browser": describe_browser(browser),
            "pages": pages,
            "links": follow_links(browser, settings, pages),
        }
        browser.close()
    clean = Redaction(frozenset(settings.secrets)).redact_json(record)
    Path(settings.results, VISITS).write_text(json.dumps(clean, ensure_ascii=False), "utf-8")


def _visit_pages(browser: Browser, settings: BrowserSettings) -> Iterator[dict[str, Any]]:
    """Visit each page at each size, until the site no longer answers."""
    silent = 0
    for page in settings.pages:
        print_progress(f"looking at {page['name']}")
        addressed: Mapping[str, Any] | None = None
        for size in SIZES:
            if silent >= _MAX_SILENT:
                gone = {"kind": "unasked", "text": f"not opened: {silent} visits before met no answer"}
                yield {**blank_result(page, size), "unreachable": gone}
                continue
            try:
                addressed = addressed or {**page, "address": find_address(browser, settings, page)}
                seen = visit(browser, settings, addressed, size)
            except Error as error:
                seen = {**blank_result(page, size), "unreachable": classify_error(error)}
            silent = silent + 1 if (seen["unreachable"] or {}).get("kind") in NO_ANSWER else 0
            yield seen


if __name__ == "__main__":
    main()
    sys.exit(0)
