"""What became of each finding from one run to the next; gone, not asked and waived are not mended."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from ...findings import Finding, Outcome
from ...verdict import Verdict
from ..view import all_findings, find_worst

#: Criterion, layer, check and subject: of what a finding speaks.
Subject = tuple[str, str, str, str]
#: Of what it speaks, and which aspect of it: what it answers.
Key = tuple[Subject, str]

#: Kinds of change, the worst first; the catalogue says what they are called.
KINDS: Final = ("new", "vanished", "unaccounted", "unknown", "still", "waived", "fixed")

#: What is wrong, accepted or not.
_FAILED: Final = (Outcome.NOT_SATISFIED, Outcome.WAIVED)
#: What differs in a subject each time: the name of a run, such as the one before it, and a port of a rehearsal.
_PASSING: Final = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{7}|(?<=//127\.0\.0\.1:)\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One finding before and after; None in a run that has none for its subject."""

    before: Finding | None
    after: Finding | None

    @property
    def finding(self) -> Finding:
        """The finding after, or the one before where there is none any more."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change has neither a before nor an after")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes of findings by kind, each finding in at most one list."""

    new: list[Change] = field(default_factory=list)
    """Not satisfied now, and not known to be before."""
    vanished: list[Change] = field(default_factory=list)
    """Not satisfied before; its layer was judged again, and nothing speaks of the subject any more."""
    unaccounted: list[Change] = field(default_factory=list)
    """Not satisfied before; now not applicable, undetermined, or of a layer that was left out."""
    unknown: list[Change] = field(default_factory=list)
    """Answered before, undetermined now."""
    still: list[Change] = field(default_factory=list)
    """Not satisfied in both."""
    waived: list[Change] = field(default_factory=list)
    """Not satisfied before, waived now."""
    fixed: list[Change] = field(default_factory=list)
    """Not satisfied before, satisfied now."""


def pair_findings(before: Verdict, after: Verdict) -> list[Change]:
    """Return each finding of two runs with the one that answers the same in the other, those of the later run first.

    A fault of which the later run says nothing, though it judged the subject, is held against what it says of it.
    """
    old, new = _by_key(before), _by_key(after)
    pairs = {key: Change(before=old.get(key), after=finding) for key, finding in new.items()}
    said: dict[Subject, list[Finding]] = {}
    for (subject, _), finding in new.items():
        said.setdefault(subject, []).append(finding)
    for key, finding in old.items():
        if key not in new:
            _pair_alone(finding, said.get(key[0], []), key, pairs)
    return list(pairs.values())


def _pair_alone(finding: Finding, rows: Collection[Finding], key: Key, pairs: dict[Key, Change]) -> None:
    """Pair a finding of which the later run has none by its name, where its subject was judged again."""
    blamed = [row for row in rows if row.outcome in _FAILED and pairs[find_key(row)].before is None]
    if blamed and finding.outcome in _FAILED and not finding.aspect:  # its aspects had no names then
        same = next((row for row in blamed if row.observed == finding.observed), blamed[0])
        pairs[find_key(same)] = Change(before=finding, after=same)
        return
    now = next((row for row in rows if row.outcome not in (*_FAILED, Outcome.SATISFIED)), None)
    held = replace(finding, outcome=Outcome.SATISFIED, reason="", remedy="") if rows else None
    if finding.outcome in _FAILED or not rows:
        pairs[key] = Change(before=finding, after=now or held)


def sort_changes(pairs: Collection[Change], judged: Collection[str]) -> Changes:
    """Return the changes by kind; ``judged`` are the layers of the later run."""
    found = Changes()
    for pair in pairs:
        if kind := _classify(pair, judged):
            getattr(found, kind).append(pair)
    return found


def find_subject(finding: Finding) -> Subject:
    """Return of what a finding speaks, the same in each run."""
    return (finding.criterion, finding.layer, finding.check, _PASSING.sub("(any)", finding.subject))


def find_key(finding: Finding) -> Key:
    """Return what a finding answers, the same in each run."""
    return find_subject(finding), _PASSING.sub("(any)", finding.aspect)


def _by_key(verdict: Verdict) -> dict[Key, Finding]:
    """Return findings by what they answer; the worst one where a check spoke more than once of a subject."""
    found: dict[Key, Finding] = {}
    for finding in all_findings(verdict):
        key = find_key(finding)
        known = found.get(key, finding)
        found[key] = known if known.outcome is find_worst((known.outcome, finding.outcome)) else finding
    return found


def _classify(pair: Change, judged: Collection[str]) -> str:
    """Return the kind of a change; nothing for one that is not worth a word."""
    then, now = pair.before and pair.before.outcome, pair.after and pair.after.outcome
    failed = then is Outcome.NOT_SATISFIED
    if now is Outcome.NOT_SATISFIED:
        return "still" if failed else "new"
    if failed and now is None:
        return "vanished" if pair.finding.layer in (*judged, "") else "unaccounted"
    if failed:
        return {Outcome.SATISFIED: "fixed", Outcome.WAIVED: "waived"}.get(now or Outcome.UNDETERMINED, "unaccounted")
    answered = then in (Outcome.SATISFIED, Outcome.WAIVED, Outcome.NOT_APPLICABLE)
    return "unknown" if answered and now is Outcome.UNDETERMINED else ""
