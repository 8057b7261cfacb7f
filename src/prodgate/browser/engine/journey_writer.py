"""Writes a line about each journey when it ends: what it was, how it ended, and what is kept of it."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from ..redacting.bodies import find_in_text
from ..settings import JOURNEYS, BrowserSettings
from .journey_answers import JourneyAnswers
from .journey_evidence import JourneyEvidence

#: The test's outcome, stashed on its item as soon as it is known.
OUTCOME: Final = pytest.StashKey[str]()
#: Characters of a failure's message that are kept.
_MAX_TEXT: Final = 600
#: What Playwright waited for, as the first line about it in its log says.
_WAITED: Final = re.compile(r"\nCall log:(?:\n.*)*?\n\s*- waiting for (.+)")
#: Stands for the message of a failure that may quote what was typed.
_UNKNOWN: Final = "its message may hold what it typed, which is not known, and so was not kept; run it alone to read it"


class JourneyWriter:
    """Writes a line when each journey ends, so that a run that is cut short keeps the earlier ones."""

    def __init__(self, settings: BrowserSettings) -> None:
        self.place = Path(settings.results, JOURNEYS) if settings.results else None
        self.current: JourneyEvidence | None = None
        self.nobody = JourneyEvidence(settings=settings, name="none")
        self.describing = JourneyAnswers()
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
            said = f"{report.nodeid}: {''.join(report.longreprtext.strip().splitlines()[-1:])}"
            self.write_line(broken=self.nobody.redaction().redact_text(said))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Record the plan: a journey without a later line did not finish."""
        about = {"name": _question_of(item), "line": (item.location[1] or 0) + 1, "file": item.location[0]}
        mutates = item.get_closest_marker("mutates") is not None
        self.journeys[item.nodeid] = about | {"mutates": mutates, "outcome": "", "why": "", "seconds": 0.0}
        self.write_line(planned=item.nodeid, **self.journeys[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Stash the outcome of a test for its evidence."""
        report = yield
        journey = self.journeys[item.nodeid]
        journey["seconds"] += report.duration
        if report.failed or (report.outcome != "passed" and not journey["outcome"]):
            journey["outcome"] = report.outcome
            journey["failed_at"] = journey.get("failed_at") or _failing_line(item, call)
            journey["why"] = journey["why"] or _failure_reason(report)
            # what it compares may be an answer with a token, which no page has seen
            (self.current or self.nobody).learn(find_in_text(journey["why"], sent=False))
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
            record |= {"withheld": keeping.withheld, "answers": keeping.described}
            if record["outcome"] == "failed" and keeping.contexts and not keeping.looked:
                record["why"] = _UNKNOWN
        self.current = None
        self.write_line(ended=nodeid, **(keeping or self.nobody).redaction().redact_json(record))


def _question_of(item: pytest.Item) -> str:
    """Return what a person must be able to do: the first line of the docstring, or the name of the test."""
    name = str(getattr(item, "originalname", None) or item.name)
    text = getattr(getattr(item, "function", None), "__doc__", None) or name.removeprefix("test_").replace("_", " ")
    return str(text).strip().splitlines()[0]


def _failure_reason(report: pytest.TestReport) -> str:
    """Return why a test failed or was skipped, in its author's or Playwright's words."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longreprtext)
    # what follows quotes the page, including text typed into its fields; what is waited for is in its author's words
    said = re.split(r"\n\s*Aria snapshot:|\nCall log:", text.removeprefix("AssertionError: "))[0].strip()[:_MAX_TEXT]
    waited = _WAITED.search(text)
    return f"{said}; waited for {waited[1].strip()[:_MAX_TEXT]}" if waited else said


def _failing_line(item: pytest.Item, call: pytest.CallInfo[None]) -> int:
    """Return the line of the journey's own file on which it failed; 0 where that is in no line of it."""
    raised = call.excinfo.traceback if call.excinfo else ()
    lines = [entry.lineno + 1 for entry in raised if Path(entry.path) == item.path]
    return lines[-1] if lines else 0
