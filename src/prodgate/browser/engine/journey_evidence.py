"""The evidence of journeys: how each ended, what was refused, and a screenshot and a trace of one that failed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Error, Response

from ...semantics.secret_forms import find_secret
from ..redaction import Redaction, redact_trace
from ..settings import JOURNEYS, BrowserSettings

#: The test's outcome, stashed on its item as soon as it is known.
OUTCOME: Final = pytest.StashKey[str]()
#: Characters of a failure's message that are kept.
_MAX_TEXT: Final = 600
#: Responses that are searched for cookies.
_MAX_RESPONSES: Final = 50
#: Attributes of a cookie that are kept; its value is never among them.
_COOKIE_ATTRIBUTES: Final = ("name", "domain", "path", "secure", "httpOnly", "sameSite")


@dataclass(kw_only=True)
class JourneyEvidence:
    """Watches the browser contexts of one journey, and collects their evidence at its end if it failed."""

    settings: BrowserSettings
    name: str
    mutates: bool = False
    signs_in: bool = False
    failed: Callable[[], bool] = lambda: False
    refused: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    cookies: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    contexts: list[BrowserContext] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    def record_refusal(self, why: str, method: str, url: str) -> None:
        """Keep a refused request; those to foreign hosts are reported by the page visits."""
        if why == "changes":
            self.refused.append(f"{method} {url}")

    def watch(self, context: BrowserContext) -> None:
        """Watch a context; a journey that signs in is traced without screenshots."""
        context.set_default_timeout(self.settings.patience * 1000)
        if self.settings.results:
            context.tracing.start(screenshots=not self.signs_in, snapshots=True, sources=False)
        context.on("response", self._record_response)
        self.contexts.append(context)

    def collect(self) -> None:
        """Collect the evidence while the pages are still open: after the test, before its fixtures end."""
        with suppress(Error):  # a page that is closing has no more to tell
            for response in self.answers[:_MAX_RESPONSES]:
                for cookie in response.header_values("set-cookie"):
                    self._record_set_cookie(cookie, urlsplit(response.url).hostname or "")
        for context in self.contexts:
            with suppress(Error):  # a crashed browser leaves no evidence, which must not hide the failure
                self._collect_context(context)

    def close(self) -> None:
        """Close what the test left open."""
        for context in self.contexts:
            if context.browser is not None and context in context.browser.contexts:
                context.close()

    def redaction(self) -> Redaction:
        """Return a redaction of all secrets known so far."""
        return Redaction().with_secrets((*self.settings.secrets, *self.secrets))

    def _record_response(self, response: Response) -> None:
        if response.request.resource_type in ("document", "xhr", "fetch"):
            self.answers.append(response)

    def _record_set_cookie(self, header: str, host: str) -> None:
        """Keep the attributes of a cookie that a response sets; a removed cookie does not count."""
        pair, *attributes = (each.strip() for each in header.split(";"))
        name, _, value = pair.partition("=")
        protection = {key.lower(): rest for key, _, rest in (each.partition("=") for each in attributes)}
        if not value.strip('"') or protection.get("max-age", "").strip() in ("0", "-1"):
            return
        self.secrets.add(value.strip('"'))
        cookie: dict[str, Any] = {
            "name": name, "domain": protection.get("domain", host), "path": protection.get("path", "/"),
            "secure": "secure" in protection, "httpOnly": "httponly" in protection,
            "sameSite": protection.get("samesite", ""),
        }  # fmt: skip
        self.cookies[cookie["name"], cookie["domain"], cookie["path"]] = cookie

    def _collect_context(self, context: BrowserContext) -> None:
        for cookie in context.cookies():
            self.secrets.add(cookie["value"])
            kept = {key: cookie.get(key) for key in _COOKIE_ATTRIBUTES}
            self.cookies.setdefault((cookie["name"], cookie["domain"], cookie["path"]), kept)
        if not self.settings.results:
            return
        if not self.failed():
            context.tracing.stop()
            return
        stored = [item for each in context.storage_state()["origins"] for item in each["localStorage"]]
        self.secrets |= {item["value"] for item in stored if find_secret(item["name"], item["value"])}
        place = Path(self.settings.results)
        for page in context.pages:
            file = f"{self.name}-{len(self.evidence)}.png"
            with suppress(Error):  # the page may be closing
                (place / file).write_bytes(page.screenshot(mask=[page.locator("input, textarea")], timeout=5000))
                self.evidence.append(file)
        raw, file = place / f"{self.name}.raw", f"{self.name}-{len(self.evidence)}.zip"
        context.tracing.stop(path=raw)
        (place / file).write_bytes(redact_trace(raw, self.redaction()))
        raw.unlink()
        self.evidence.append(file)


class JourneyWriter:
    """Writes a line when each journey ends, so that a run that is cut short keeps the earlier ones."""

    def __init__(self, settings: BrowserSettings) -> None:
        self.place = Path(settings.results, JOURNEYS) if settings.results else None
        self.current: JourneyEvidence | None = None
        self.begun = 0
        self.journeys: dict[str, dict[str, Any]] = {}

    def write_line(self, **record: Any) -> None:
        """Write a line."""
        if self.place is not None:
            with self.place.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(record, ensure_ascii=False)}\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that could not be collected."""
        if report.failed:
            self.write_line(broken=f"{report.nodeid}: {''.join(report.longreprtext.strip().splitlines()[-1:])}")

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Record the plan: a journey without a later line did not finish."""
        about = {"name": _question_of(item), "line": (item.location[1] or 0) + 1, "file": item.location[0]}
        mutates = item.get_closest_marker("mutates") is not None
        self.journeys[item.nodeid] = about | {"mutates": mutates, "outcome": "", "why": "", "seconds": 0.0}
        self.write_line(planned=item.nodeid, **self.journeys[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Stash the outcome of a test for its evidence."""
        report = yield
        journey = self.journeys[item.nodeid]
        journey["seconds"] += report.duration
        if report.failed or (report.outcome != "passed" and not journey["outcome"]):
            journey["outcome"] = report.outcome
            journey["why"] = journey["why"] or _failure_reason(report)
        if report.when == "call" or report.failed:
            item.stash[OUTCOME] = report.outcome
        return report

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write the line of a finished journey."""
        journey, keeping = self.journeys[nodeid], self.current
        record = {**journey, "outcome": journey["outcome"] or "passed", "refused": [], "cookies": [], "evidence": []}
        if keeping is not None:
            cookies = list(keeping.cookies.values())
            record |= {"refused": keeping.refused, "cookies": cookies, "evidence": keeping.evidence}
            record = keeping.redaction().redact_json(record)
        self.current = None
        self.write_line(ended=nodeid, **record)


def _question_of(item: pytest.Item) -> str:
    """Return what a person must be able to do: the first line of the docstring, or the name of the test."""
    text = getattr(getattr(item, "function", None), "__doc__", None) or item.name.removeprefix("test_").replace(
        "_", " "
    )
    return str(text).strip().splitlines()[0]


def _failure_reason(report: pytest.TestReport) -> str:
    """Return why a test failed or was skipped, in its author's or Playwright's words."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longreprtext)
    # what follows quotes the page, including text typed into its fields
    return re.split(r"\n\s*Aria snapshot:|\nCall log:", text.removeprefix("AssertionError: "))[0].strip()[:_MAX_TEXT]
