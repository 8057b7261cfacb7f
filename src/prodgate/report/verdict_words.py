"""A verdict in one line, with what it does not speak of: no format may show a partial GO as a GO."""

from __future__ import annotations

from ..verdict import Verdict
from .grouping import tally
from .view import WORST_FIRST


def verdict_text(verdict: Verdict) -> str:
    """Return a decision with what it does not speak of: ``partial REHEARSAL GO``."""
    partial = "partial " if verdict.scope.left_out() else ""
    return f"{partial}{'REHEARSAL ' if verdict.scope.rehearsal else ''}{verdict.decision}"


def verdict_sentence(verdict: Verdict, about: str) -> str:
    """Return the verdict about something, the number of questions by outcome, and what it leaves out."""
    counts = tally(verdict)
    parts = [f"{counts[outcome]:,} {outcome.replace('-', ' ')}" for outcome in WORST_FIRST if counts[outcome]]
    parts += [f"{verdict.deferred:,} only production can answer"] if verdict.deferred else []
    left_out = verdict.scope.left_out()
    said = [f"{verdict_text(verdict)} for {about}", f"questions: {', '.join(parts) or 'none'}"]
    said += [f"left out: {', '.join(left_out)}"] if left_out else []
    said += [] if verdict.promotes else ["not a promotion verdict"]
    return "; ".join(said)
