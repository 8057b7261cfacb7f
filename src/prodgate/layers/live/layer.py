"""The live layer: an AWS account as it is, observed by read-only calls and judged by the suites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...facts import Facts
from ...findings import Finding
from ...sections.criteria_file import CriteriaFile
from ..layer import LayerContext, Pace


class LiveLayer:
    """Observes an account through every registered observer."""

    name: str = "live"
    folders: tuple[str, ...] = ("suites/live",)
    judges_policies: bool = False
    pace: Pace = Pace.WORKS
    uses_account: bool = True

    def observe(self, context: LayerContext) -> Facts:
        """Open the account and observe it; every answer is stored as evidence."""
        if not any(self.name in criterion.layers for criterion in context.stated.criteria.values()):
            context.progress("live: no criterion asks about an account")
            return Facts()
        from .observing import observe_account  # noqa: PLC0415  every command imports the layer itself
        from .target import open_target  # noqa: PLC0415  boto3 takes as long to import as all the rest

        with open_target(context) as target:
            return observe_account(target, context)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Run the observers on the answers of an earlier run; the facts are the same."""
        from .observing import recall_account  # noqa: PLC0415  every command imports the layer itself

        return recall_account(run, events)

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """Return the policies that judge live documents too, and goals; the suites ask everything else."""
        from ..goals import list_questions  # noqa: PLC0415  every command imports the layer itself
        from . import policies  # noqa: PLC0415

        return (*policies.list_questions(stated), *list_questions(stated, self.name))

    def conclude(self, facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Judge live documents by the policies for declared ones, and goals."""
        from ..goals import keep_overview  # noqa: PLC0415  every command imports the layer itself
        from . import goals, policies  # noqa: PLC0415

        proven = goals.conclude(facts, context.stated, partial(keep_overview, context, self.name))
        return {**policies.conclude(facts, context.stated), **proven}
