"""A notice that the verdict changed: names of criteria and of runs, and nothing that was observed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..evidence.runs import Run
from ..sealing.standing import read_state
from .catalogue import ENGLISH
from .diff.comparison import compare
from .formats.source import plain
from .grouping import verdict_text
from .text import shorten

#: Criteria, or runs, that a line of a notice names before it counts the rest.
_MOST: Final = 5
#: Kinds of change that a notice reports.
_TOLD: Final = ("new", "vanished", "unaccounted", "unknown", "fixed")
#: Longest subject of a message that SNS takes.
SUBJECT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The notice that is sent."""

    subject: str
    """One line of ASCII, at most SUBJECT characters."""
    text: str


def make_notice(before: Run | None, after: Run, passed_over: Sequence[str] = ()) -> Notice | None:
    """Return a notice if the verdict of a run differs from that of the run before; otherwise None.

    The very first run also has one. ``passed_over`` names runs in between that can't be trusted.
    """
    now, moment = after.verdict(), str(after.about.get("moment") or "")
    said = verdict_text(now, moment)
    comparison = compare(before, after) if before else None
    if comparison and comparison.same_verdict:
        return None
    then = comparison.verdict_texts()[0] if comparison else "no run"
    about = plain(f"{after.criteria.system} on {after.about.get('target', '')}")
    stands = plain(str(read_state(after)))
    lines = [f"{about}: {then} -> {said}", f"run {plain(after.path.name)}, head {after.head or 'none'}; {stands}"]
    if passed_over:
        lines.append(f"passed over, since it can't be read or was changed: {_name_some(passed_over)}")
    for kind in _TOLD if comparison else ():
        changed = [change.finding.criterion for change in getattr(comparison.changes, kind)] if comparison else []
        if changed:
            lines.append(f"{ENGLISH.text(f'diff-{kind}')}: {_name_some(changed)}")
    subject = f"prod-gate: {said} ({after.criteria.system})".encode("ascii", "replace").decode("ascii")
    return Notice(subject=shorten(plain(subject), SUBJECT).replace("…", "."), text="\n".join(lines))


def _name_some(names: Iterable[str]) -> str:
    """Return each name once, and a count of those beyond _MOST."""
    named = [*dict.fromkeys(map(plain, names))]
    more = f" and {len(named) - _MOST:,} more" if len(named) > _MOST else ""
    return f"{', '.join(named[:_MOST])}{more}"
