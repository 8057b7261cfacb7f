"""The seven layers as one table: what each observes, where its checks are, and what may run beside it.

A layer is a row here and a package of its name. The package's ``observing`` observes, ``facts`` makes facts of stored
evidence, and ``judging`` concludes what no check does. They are imported only when needed, because every command
imports the table.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ..aws.account import Account
from ..facts import Facts
from ..findings import Finding
from ..sections.criteria_file import CriteriaFile
from .layer import LayerContext, Pace
from .observing_layer import observe_by_kind, recall_by_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One way to learn about the system."""

    name: str
    about: str = ""
    """Subject of its observations, named when no criterion asks for them; empty if it observes without a criterion."""
    folders: tuple[str, ...]
    """Folders of the project whose checks pytest collects for it."""
    seconds: float
    """How long it takes in a rehearsal on two quiet processors, besides the time that criteria state for it."""
    pace: Pace = Pace.WORKS
    uses_account: bool = False
    """Whether a rehearsal needs the emulated account for it, which is applied once for all such layers."""
    by_kind: bool = True
    """Whether its ``observing`` yields evidence kind by kind; otherwise that module keeps and recalls it by itself."""
    judges: bool = False
    """Whether it concludes something that no check does."""
    judges_policies: bool = False
    """Whether what it observes is a Terraform configuration, which policies judge."""

    def observe(self, context: LayerContext) -> Facts:
        """Observe the system, keep what was seen as evidence, and return it."""
        if self.about and not any(self.name in one.layers for one in context.stated.criteria.values()):
            context.progress(f"{self.name}: no criterion asks about {self.about}")
            return Facts()
        observe = self._import("observing").observe
        if self.by_kind:
            return observe_by_kind(self.name, self._import("facts"), observe, context)
        facts: Facts = observe(context)
        return facts

    def recall(
        self,
        run: Path,
        events: Iterable[Mapping[str, Any]],
        observe_more: Callable[[Account], Facts] | None = None,
    ) -> Facts:
        """Return the facts of an earlier run from its evidence, and those of a team's observers.

        ``events`` are the journal's ``fact`` events, then the ``unreadable`` ones that the layer wrote.
        """
        if self.by_kind:
            return recall_by_kind(self._import("facts"), run, events)
        facts: Facts = self._import("observing").recall(run, events, observe_more)
        return facts

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """Return (check, criterion) of each finding that ``conclude`` may make."""
        questions: Sequence[tuple[str, str]] = self._import("judging").list_questions(stated) if self.judges else ()
        return questions

    def conclude(self, facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Return the findings that no check function makes, by (check, criterion); an empty list answers nothing."""
        found: Mapping[tuple[str, str], Sequence[Finding]] = (
            self._import("judging").conclude(facts, context) if self.judges else {}
        )
        return found

    def import_judging(self) -> None:
        """Import the modules that make its facts and its conclusions, and not those that only observe."""
        self._import("facts" if self.by_kind else "observing")
        if self.judges:
            self._import("judging")

    def _import(self, module: str) -> Any:
        return import_module(f"{__name__}.{self.name}.{module}")


#: Every layer of criteria.LAYERS, by name.
BUILT: Final[Mapping[str, Layer]] = {
    layer.name: layer
    for layer in (
        Layer(name="static", folders=("suites/static",), seconds=25, by_kind=False, judges=True, judges_policies=True),
        Layer(
            name="live",
            about="an account",
            folders=("suites/live",),
            seconds=12,
            uses_account=True,
            by_kind=False,
            judges=True,
        ),
        Layer(name="load", about="load", folders=("loadtests",), seconds=15, pace=Pace.MEASURES),
        Layer(
            name="e2e",
            about="the site",
            # journeys are tests of pytest and no checks, so their folder is not among these
            folders=("e2e/quality", "e2e/release", "e2e/probes"),
            seconds=40,
            # sharing a core with Airflow's tasks is harmless (decision 32); with Airflow's start it is not
            pace=Pace.LOOKS,
        ),
        Layer(name="dags", about="DAGs", folders=("suites/dags",), seconds=40, pace=Pace.WAITS, uses_account=True),
        Layer(
            name="rollout",
            about="a deployment",
            folders=("suites/rollout",),
            seconds=85,
            pace=Pace.MEASURES,
            uses_account=True,
        ),
        Layer(name="attested", about="what people say", folders=("suites/attested",), seconds=2, judges=True),
    )
}
