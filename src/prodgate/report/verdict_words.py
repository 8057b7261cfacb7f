"""A verdict in one line, with what it does not speak of: no format may show a GO of a part as a GO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..findings import Outcome
from ..verdict import Decision, Verdict
from .catalogue import ENGLISH, Catalogue
from .grouping import tally
from .view import WORST_FIRST

#: Decision -> what it would be as the answer to one question, where a format knows no verdicts.
OUTCOMES: Final[Mapping[Decision, Outcome]] = {
    Decision.GO: Outcome.SATISFIED,
    Decision.NO_GO: Outcome.NOT_SATISFIED,
    Decision.INSUFFICIENT: Outcome.UNDETERMINED,
}


def is_partial(verdict: Verdict, moment: str) -> bool:
    """Whether a GO speaks of a part of the system only; no part that is missing can better a NO-GO."""
    return bool(verdict.scope.left_out() or moment) and verdict.decision is Decision.GO


def verdict_text(verdict: Verdict, moment: str = "", words: Catalogue = ENGLISH) -> str:
    """Return a decision with what it does not speak of: ``REHEARSAL PARTIAL GO``; ``moment`` is the only one asked."""
    stamps = [words.text("rehearsal")] if verdict.scope.rehearsal else []
    stamps += [words.text("staging")] if verdict.scope.staging else []
    stamps += [words.text("partial")] if is_partial(verdict, moment) else []
    return " ".join((*stamps, verdict.decision))


def verdict_sentence(verdict: Verdict, about: str, moment: str = "") -> str:
    """Return the verdict about something, the number of questions by outcome, and what it leaves out."""
    counts = tally(verdict)
    parts = [f"{counts[outcome]:,} {outcome.replace('-', ' ')}" for outcome in WORST_FIRST if counts[outcome]]
    parts += [f"{verdict.deferred:,} only production can answer"] if verdict.deferred else []
    left_out = verdict.scope.left_out()
    said = [f"{verdict_text(verdict, moment)} for {about}", f"questions: {', '.join(parts) or 'none'}"]
    said += [f"asked only what must hold {moment} a deployment"] if moment else []
    said += [f"left out: {', '.join(left_out)}"] if left_out else []
    said += [f"layers without criteria: {', '.join(not_asked)}"] if (not_asked := verdict.scope.not_asked()) else []
    said += [] if verdict.promotes else ["not a promotion verdict"]
    return "; ".join(said)
