"""What changed between two runs: a vanished subject is no fix, and a run that looked at less mended nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ...evidence.runs import Run
from ...sealing.standing import SealState, read_state
from ...verdict import Verdict
from ..catalogue import ENGLISH, Catalogue
from ..verdict_words import verdict_text
from .changes import Changes, pair_findings, sort_changes
from .conditions import describe_conditions
from .figures import FigureChange, compare_figures
from .populations import Population, compare_populations
from .statements import Edit, compare_covered, compare_criteria, compare_waivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The differences between two runs."""

    before: Run
    after: Run
    verdicts: tuple[Verdict, Verdict]
    seals: tuple[SealState, SealState]
    """How both are sealed; who signed is what they claim."""
    changes: Changes
    waivers: tuple[Edit, ...]
    figures: tuple[FigureChange, ...]
    populations: tuple[Population, ...]
    criteria: tuple[Edit, ...]
    conditions: tuple[str, ...]
    """Why the two runs are not alike: target, layers, versions, a run that was cut off."""

    def verdict_texts(self, words: Catalogue = ENGLISH) -> tuple[str, str]:
        """Return both verdicts with what they do not speak of."""
        (then, now), moments = self.verdicts, [str(run.about.get("moment") or "") for run in (self.before, self.after)]
        return verdict_text(then, moments[0], words), verdict_text(now, moments[1], words)

    @property
    def same_verdict(self) -> bool:
        """Whether both say the same, of as much, and of the same kind of target."""
        then, now = self.verdicts
        return (then.decision, then.scope) == (now.decision, now.scope)


def compare(before: Run, after: Run) -> Comparison:
    """Return what changed from one run to the next; the records of their loads are read."""
    then, now = before.verdict(), after.verdict()
    pairs = pair_findings(then, now)
    return Comparison(
        before=before,
        after=after,
        verdicts=(then, now),
        seals=(read_state(before), read_state(after)),
        changes=sort_changes(pairs, after.scope.layers),
        waivers=(
            *compare_waivers(before.waivers, after.waivers, after.started.date()),
            *compare_covered(then, now),
        ),
        figures=tuple(compare_figures(before, after, pairs)),
        populations=tuple(compare_populations(then, now)),
        criteria=tuple(compare_criteria(before.criteria.criteria, after.criteria.criteria)),
        conditions=tuple(describe_conditions(before, after)),
    )
