"""What is kept of journeys: how each ended, who was refused what, and of one that failed a picture and a trace."""

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

#: How the test itself ended, on its item, as soon as that is known.
OUTCOME: Final = pytest.StashKey[str]()
#: Longest of what is told of a failure.
_MAX_TEXT: Final = 600
#: Most answers that are looked at for cookies.
_MAX_RESPONSES: Final = 50
#: Attributes of a cookie that say how it is protected. Its value is never one of them.
_COOKIE_ATTRIBUTES: Final = ("name", "domain", "path", "secure", "httpOnly", "sameSite")


@dataclass(kw_only=True)
class JourneyEvidence:
    """Watches the contexts of one journey; their evidence is made when they are closed, if the journey failed."""

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
        """Keep a request that was refused; those to others are a matter of the pages, and told of there."""
        if why == "changes":
            self.refused.append(f"{method} {url}")

    def watch(self, context: BrowserContext) -> None:
        """Watch a context. No film is made of somebody who signs in; where nothing is kept, pytest-playwright may."""
        context.set_default_timeout(self.settings.patience * 1000)
        if self.settings.results:
            context.tracing.start(screenshots=not self.signs_in, snapshots=True, sources=False)
        context.on("response", self._record_response)
        self.contexts.append(context)

    def collect(self) -> None:
        """Keep what is to be kept, while the pages are still there: once the test has ended, before its fixtures do."""
        with suppress(Error):  # a page that is just closing tells nothing more
            for response in self.answers[:_MAX_RESPONSES]:
                for cookie in response.header_values("set-cookie"):
                    self._record_set_cookie(cookie, urlsplit(response.url).hostname or "")
        for context in self.contexts:
            with suppress(Error):  # a browser that crashed leaves no evidence, and must not hide why
                self._collect_context(context)

    def close(self) -> None:
        """Close what the test left open."""
        for context in self.contexts:
            if context.browser is not None and context in context.browser.contexts:
                context.close()

    def redaction(self) -> Redaction:
        """Return what takes out all secrets known by now."""
        return Redaction().with_secrets((*self.settings.secrets, *self.secrets))

    def _record_response(self, response: Response) -> None:
        if response.request.resource_type in ("document", "xhr", "fetch"):
            self.answers.append(response)

    def _record_set_cookie(self, header: str, host: str) -> None:
        """Keep how a cookie is protected that an answer sets; one that it takes away is none."""
        pair, *attributes = (each.strip() for each in header.split(";"))
        name, _, value = pair.partition("=")
        said = {key.lower(): rest for key, _, rest in (each.partition("=") for each in attributes)}
        if not value.strip('"') or said.get("max-age", "").strip() in ("0", "-1"):
            return
        self.secrets.add(value.strip('"'))
        told: dict[str, Any] = {"name": name, "domain": said.get("domain", host), "path": said.get("path", "/")}
        told |= {"secure": "secure" in said, "httpOnly": "httponly" in said, "sameSite": said.get("samesite", "")}
        self.cookies[told["name"], told["domain"], told["path"]] = told

    def _collect_context(self, context: BrowserContext) -> None:
        for cookie in context.cookies():
            self.secrets.add(cookie["value"])
            told = {key: cookie.get(key) for key in _COOKIE_ATTRIBUTES}
            self.cookies.setdefault((cookie["name"], cookie["domain"], cookie["path"]), told)
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
            with suppress(Error):  # of a page that is just closing
                (place / file).write_bytes(page.screenshot(mask=[page.locator("input, textarea")], timeout=5000))
                self.evidence.append(file)
        raw, file = place / f"{self.name}.raw", f"{self.name}-{len(self.evidence)}.zip"
        context.tracing.stop(path=raw)
        (place / file).write_bytes(redact_trace(raw, self.redaction()))
        raw.unlink()
        self.evidence.append(file)


class JourneyWriter:
    """Writes down each journey when it has ended, so that a run that is cut off still says what it knew."""

    def __init__(self, settings: BrowserSettings) -> None:
        self.place = Path(settings.results, JOURNEYS) if settings.results else None
        self.current: JourneyEvidence | None = None
        self.begun = 0
        self.journeys: dict[str, dict[str, Any]] = {}

    def write_line(self, **told: Any) -> None:
        """Write a line."""
        if self.place is not None:
            with self.place.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(told, ensure_ascii=False)}\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say what could not be collected."""
        if report.failed:
            self.write_line(broken=f"{report.nodeid}: {''.join(report.longreprtext.strip().splitlines()[-1:])}")

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Say what is planned: a journey that is not told of later did not come to its end."""
        about = {"name": _question_of(item), "line": (item.location[1] or 0) + 1, "file": item.location[0]}
        mutates = item.get_closest_marker("mutates") is not None
        self.journeys[item.nodeid] = about | {"mutates": mutates, "outcome": "", "why": "", "seconds": 0.0}
        self.write_line(planned=item.nodeid, **self.journeys[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep how a test ended for whoever closes its contexts."""
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
        """Write down how a journey ended."""
        journey, keeping = self.journeys[nodeid], self.current
        told = {**journey, "outcome": journey["outcome"] or "passed", "refused": [], "cookies": [], "evidence": []}
        if keeping is not None:
            cookies = list(keeping.cookies.values())
            told |= {"refused": keeping.refused, "cookies": cookies, "evidence": keeping.evidence}
            told = keeping.redaction().redact_json(told)
        self.current = None
        self.write_line(ended=nodeid, **told)


def _question_of(item: pytest.Item) -> str:
    """Return what a person must be able to do: the first line of the docstring, or the name of the test."""
    told = getattr(getattr(item, "function", None), "__doc__", None) or item.name.removeprefix("test_").replace(
        "_", " "
    )
    return str(told).strip().splitlines()[0]


def _failure_reason(report: pytest.TestReport) -> str:
    """Return why a test failed or was skipped, as its author or Playwright says it."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longreprtext)
    # what follows quotes the page, and with it what was typed into its fields
    return re.split(r"\n\s*Aria snapshot:|\nCall log:", text.removeprefix("AssertionError: "))[0].strip()[:_MAX_TEXT]
