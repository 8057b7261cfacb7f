"""The attested layer: what only people can say, recorded, dated and in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from ...facts import Fact, Facts
from ...findings import Finding
from ...sections.criteria_file import CriteriaFile
from ...semantics.json_texts import read_json
from ..layer import LayerContext
from ..observing_layer import Evidence, ObservingLayer, StoredEvidence


class AttestedLayer(ObservingLayer):
    """Reads the records of a project, and what they name, and judges each criterion that asks for one."""

    name = "attested"
    folders: tuple[str, ...] = ("suites/attested",)
    about = "what people say"

    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:  # noqa: ARG002
        """Read the records, and look at the documents and runs that they name."""
        from .observing import observe_attested  # noqa: PLC0415  judging needs nothing of it

        return observe_attested(context)

    def kinds(self) -> Mapping[str, tuple[type[Fact], ...]]:
        """Return each kind of evidence with the kinds of fact that are made of it."""
        from .kinds import KINDS  # noqa: PLC0415  every command imports the layer itself

        return KINDS

    def missing_kinds(self, stored: Iterable[StoredEvidence]) -> Iterable[str]:
        """Return the required kinds of evidence that are missing."""
        from .kinds import REQUIRED  # noqa: PLC0415  every command imports the layer itself

        there = {kind for kind, _ in stored}
        return [kind for kind in REQUIRED if kind not in there]

    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return the facts of stored evidence; ``unreadable`` is by kind of evidence."""
        from .facts import facts_of  # noqa: PLC0415  every command imports the layer itself

        return facts_of(stored, unreadable)

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """Each criterion that asks for a record is judged here, whoever states it."""
        from .judging import check_name  # noqa: PLC0415

        return [(check_name(id_), id_) for id_, each in stated.criteria.items() if self.name in each.layers]

    def conclude(self, facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Judge each criterion as of the beginning of the run, and say which records are soon due."""
        from .due import describe_due, describe_rehearsed  # noqa: PLC0415
        from .judging import judge_criterion  # noqa: PLC0415

        at = datetime.fromisoformat(read_json((context.run / "run.json").read_text("utf-8"))["started"])
        criteria = context.stated.criteria
        judged = {key: judge_criterion(criteria[key[1]], facts, at) for key in self.concludes(context.stated)}
        for text in (*describe_rehearsed(judged.values()), *describe_due(judged.values(), at, context.stated)):
            context.note(self.name, text)
        return {key: [each.finding] for key, each in judged.items()}
