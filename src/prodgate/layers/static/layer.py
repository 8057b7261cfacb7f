"""The static layer: what is declared in Terraform, in workflows and in the repository, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...facts import Facts
from ...findings import Finding
from ...sections.criteria_file import CriteriaFile
from ..layer import LayerContext, Pace


class StaticLayer:
    """Evaluates the production root with real core, asks a second scanner, reads the workflows."""

    name: str = "static"
    folders: tuple[str, ...] = ("suites/static",)
    judges_policies: bool = True
    pace: Pace = Pace.WORKS
    uses_account: bool = False

    def observe(self, context: LayerContext) -> Facts:
        """Observe everything in parallel; what fails is unreadable, with the reason."""
        from .observing import observe_declared  # noqa: PLC0415  every command imports the layer itself

        return observe_declared(context)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Rebuild what was observed from evidence; what was not observed then is unreadable."""
        from .observing import recall_declared  # noqa: PLC0415  every command imports the layer itself

        return recall_declared(run, events)

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """The evaluation of the configuration, what the scanner says and goals are judged here."""
        from .judging import list_questions  # noqa: PLC0415  every command imports the layer itself

        return list_questions(stated)

    def conclude(self, facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Judge whether the configuration evaluates completely, what the scanner says about it, and goals."""
        from .judging import conclude  # noqa: PLC0415  every command imports the layer itself

        return conclude(facts, context)
