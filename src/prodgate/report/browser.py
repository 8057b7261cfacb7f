"""The report on a site in a browser: each page at each size, and journeys with pictures and traces."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..facts import Fact
from ..facts.e2e.journeys import Journey, browser_of, journey_facts, why_journeys_unreadable
from ..facts.e2e.pages import VisitedPage, page_facts, why_pages_unreadable
from ..findings import NotObserved, Outcome
from ..layers.e2e.facts import JOURNEYS, VISITS
from ..verdict import Verdict
from .view import find_worst

#: A picture or a trace, as a journey names it.
_FILE: Final = re.compile(r"evidence/([0-9a-f]{64})\.(png|zip)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """A page at one size of the window."""

    subject: str
    outcome: Outcome
    answered: str
    paint: str
    """Largest paint; empty when none was seen, and so are the others."""
    shift: str
    violations: tuple[str, ...]
    troubles: tuple[str, ...]
    """Errors of its scripts, files that it did not get, or why neither is known, and what is wider than the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRow:
    """A journey."""

    subject: str
    place: str
    outcome: Outcome
    told: str
    seconds: str
    files: tuple[tuple[str, str, str], ...]
    """Kind of each picture or trace, ``png`` or ``zip``, its path in the run, and its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserPart:
    """The browser part of a report, for one site."""

    place: str
    browser: str
    pages: tuple[PageRow, ...] = ()
    journeys: tuple[JourneyRow, ...] = ()
    digests: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Why a part of it can't be shown."""


def browser_part(run: Run, verdict: Verdict) -> BrowserPart | None:
    """Return what the browser saw; None for a run in which none looked."""
    visits, journeys = run.facts_of("e2e", VISITS), run.facts_of("e2e", JOURNEYS)
    if not visits and not journeys:
        return None
    problems: list[str] = []
    seen = [(event, record) for event in (*visits, *journeys) if (record := _read(run, event, problems))]
    cited = _list_cited(verdict)
    return BrowserPart(
        place=", ".join(dict.fromkeys(str(record["place"]) for _, record in seen)),
        browser=", ".join(dict.fromkeys(browser_of(record) for _, record in seen)),
        pages=tuple(
            row
            for event, record in seen
            if event["kind"] == VISITS
            for row in _page_rows(record, cited.get(str(event["digest"]), {}))
        ),
        journeys=tuple(row for event, record in seen if event["kind"] == JOURNEYS for row in _journey_rows(record)),
        digests=tuple(str(event["digest"]) for event, _ in seen),
        problems=tuple(problems),
    )


def _read(run: Run, event: Mapping[str, Any], problems: list[str]) -> Any:
    """Return a record from which rows can be made, or note why not."""
    try:
        record = load_json(run.path, str(event["digest"]))
        pages = event["kind"] == VISITS
        problems += filter(None, [why_pages_unreadable(record) if pages else why_journeys_unreadable(record)])
        list(_page_rows(record, {}) if pages else _journey_rows(record))
        return record if record["place"] and browser_of(record) else None
    except UNREADABLE as error:
        problems.append(describe_flaw(error))
        return None


def _list_cited(verdict: Verdict) -> Mapping[str, Mapping[str, list[Outcome]]]:
    """Return what was found of each subject in a browser, by the digest of the record that a finding cites."""
    found: defaultdict[str, defaultdict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for finding in verdict.findings:
        for digest in finding.evidence if finding.layer == "e2e" else ():
            found[digest][finding.subject].append(finding.outcome)
    return found


def _page_rows(record: Mapping[str, Any], found: Mapping[str, list[Outcome]]) -> Iterator[PageRow]:
    """Yield a row for each page; its outcome is the worst finding about it, and not known where there is none."""
    for page in _of(page_facts(record), VisitedPage):
        wide = _known(page, "too_wide")
        troubles = [*([f"+{wide} px"] if wide else []), *_list_texts(page, "errors"), *_list_texts(page, "failed")]
        yield PageRow(
            subject=page.subject,
            outcome=find_worst(found.get(page.subject) or [Outcome.UNDETERMINED]),
            answered=page.answered,
            paint=_text(_known(page, "largest_paint")),
            shift=_text(_known(page, "shift")),
            violations=tuple(dict.fromkeys((*_list_texts(page, "violations"), *_list_undecided(page)))),
            troubles=tuple(dict.fromkeys(troubles)),
        )


def _list_undecided(page: VisitedPage) -> list[str]:
    """Return what axe leaves to a person's eyes, where that is not why nothing is known of violations."""
    known = _known(page, "violations") is not None
    return [f"left to a person's eyes: {each}" for each in _known(page, "undecided") or ()] if known else []


def _journey_rows(record: Mapping[str, Any]) -> Iterator[JourneyRow]:
    for journey, fact in zip(record["journeys"], _of(journey_facts(record), Journey), strict=True):
        succeeded = _known(fact, "succeeded")
        files = (found for name in journey["evidence"] if (found := _FILE.fullmatch(str(name))))
        yield JourneyRow(
            subject=fact.subject,
            place=fact.place,
            outcome={True: Outcome.SATISFIED, False: Outcome.NOT_SATISFIED}.get(succeeded, Outcome.UNDETERMINED),
            told=str(fact.told).partition("; evidence/")[0] if succeeded is False else str(journey["why"]),
            seconds=f"{journey['seconds']:.1f} s" if journey["seconds"] else "",
            files=tuple((found[2], found[0], found[1]) for found in files),
        )


def _of(facts: Iterable[Fact], kind: type) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]


def _list_texts(page: VisitedPage, name: str) -> Iterator[str]:
    """Yield the texts of a field, or why they are unknown."""
    try:
        yield from getattr(page, name)
    except NotObserved as error:
        if _known(page, "violations") is not None:
            yield error.conclusion.reason


def _known(fact: Fact, name: str) -> Any:
    try:
        return getattr(fact, name)
    except NotObserved:
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)
