"""The static layer: what is declared in Terraform, in workflows and in the repository, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...engines.checkov import Scan, ScannerReport
from ...evidence.artifacts import load_json
from ...facts import Facts
from ...facts.static.credentials import RepositoryPart, credential_facts, observe_credentials
from ...facts.static.terraform_roots import DeclaredRoot, StateBackend
from ...facts.static.workflow_files import WORKFLOW_FACTS, WorkflowError, observe_workflows, workflow_facts
from ...findings import Finding, Outcome
from ...sections.criteria_file import CriteriaFile
from ...semantics.json_texts import read_json
from ...terraform.diagnostics import Diagnostic, TerraformError
from ...terraform.positions import Position
from ...terraform.resources import Configuration
from ...terraform.root_module import backend_facts, describe_root, observe_backend
from ...terraform.serialization import diagnostics_from_json, diagnostics_to_json, from_json, to_json
from ..layer import NOT_OBSERVED, LayerContext, Pace
from . import checkov, goals
from .repository import evaluate_root

#: Criterion: the configuration evaluates, and completely.
EVALUATES: Final = "terraform-evaluates"

_WORKFLOWS: Final = Path(".github/workflows")

#: Kind of evidence -> the kinds of fact that can't be judged without it.
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "configuration": (Configuration, DeclaredRoot),
    "workflows": WORKFLOW_FACTS,
    "credentials": (RepositoryPart,),
    "backend": (StateBackend,),
}
#: Kind of fact, or what is concluded here -> kinds of evidence that it is made of.
_MADE_OF: Final[Mapping[type | str, frozenset[str]]] = {
    **{kind: frozenset({evidence}) for evidence, kinds in _KINDS.items() for kind in kinds},
    "terraform": frozenset({"configuration", "diagnostics"}),
    **dict.fromkeys(checkov.NAMES, frozenset({checkov.KIND})),
    goals.check_name("*"): frozenset({"configuration"}),
}


class StaticLayer:
    """Evaluates the production root with real core, asks a second scanner, reads the workflows."""

    name: str = "static"
    folders: tuple[str, ...] = ("suites/static",)
    judges_policies: bool = True
    pace: Pace = Pace.WORKS
    uses_account: bool = False

    def observe(self, context: LayerContext) -> Facts:
        """Observe everything in parallel; what fails is unreadable, with the reason."""
        with checkov.start_scan(context) as scan, ThreadPoolExecutor(2) as pool:
            seen = [
                pool.submit(_observe_configuration, context, scan),
                pool.submit(_observe_workflows, context),
                pool.submit(_observe_repository, context),
            ]
            parts = [future.result() for future in seen]
            facts = _merge([*parts, checkov.wait_for_report(scan, context)])
        for kind, reason in facts.unreadable.items():
            context.journal.write("unreadable", layer=self.name, kind=kind.__name__, reason=reason)
        return replace(facts, made_of=_MADE_OF)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Rebuild what was observed from evidence; what was not observed then is unreadable."""
        unreadable = {kind: NOT_OBSERVED for kinds in _KINDS.values() for kind in kinds}
        by_name = {kind.__name__: kind for kind in unreadable}
        known: list[Any] = []
        for event in events:
            if event["event"] == "unreadable":
                unreadable[by_name[event["kind"]]] = event["reason"]
                continue
            known += _REBUILDERS[event["kind"]](load_json(run, event["digest"]))
            for kind in _KINDS.get(event["kind"], ()):
                unreadable.pop(kind, None)
        return Facts(tuple(known), unreadable, _MADE_OF)

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """The evaluation of the configuration, what the scanner says and goals are judged here."""
        evaluated = (("terraform", EVALUATES),) if EVALUATES in stated.criteria else ()
        return (*evaluated, *checkov.list_questions(stated), *goals.list_questions(stated))

    def conclude(self, facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Judge whether the configuration evaluates completely, what the scanner says about it, and goals."""
        evaluated = tuple(_judge_evaluation(facts) if EVALUATES in context.stated.criteria else _find_flaws(facts))
        judged = {("terraform", EVALUATES): evaluated} if evaluated else {}
        proven = goals.conclude(facts, context.stated, partial(_read_start, context.run))
        return {**judged, **checkov.conclude(facts, context.stated), **proven}


def _read_start(run: Path) -> str:
    """Return when a run began: the moment of which it is asked what may be done."""
    return str(read_json((run / "run.json").read_text("utf-8"))["started"])


def _observe_configuration(context: LayerContext, scan: Scan | None) -> Facts:
    root = context.stated.terraform_root
    if not root:
        reason = f'{context.stated.path}: names no Terraform root; write [terraform] root = "path"'
        return Facts(unreadable={Configuration: reason, DeclaredRoot: reason})
    try:
        configuration = evaluate_root(context, "static", on_plan=scan.submit_plan if scan else None)
    except TerraformError as error:
        context.store_fact("static", "diagnostics", root, diagnostics_to_json(error.diagnostics), "Terraform core")
        return Facts(error.diagnostics, {Configuration: str(error), DeclaredRoot: str(error)})
    for note in configuration.notes:
        context.note("static", note)
    context.store_fact("static", "configuration", root, to_json(configuration), configuration.engine)
    return Facts((configuration, describe_root(configuration)))


def _observe_workflows(context: LayerContext) -> Facts:
    context.progress(f"static: reading {_WORKFLOWS}")
    try:
        texts = observe_workflows(context.project / _WORKFLOWS)
        facts = workflow_facts(texts)
    except WorkflowError as error:
        return Facts(unreadable=dict.fromkeys(WORKFLOW_FACTS, str(error)))
    context.store_fact("static", "workflows", str(_WORKFLOWS), texts, "files of the repository")
    return Facts(facts)


def _observe_repository(context: LayerContext) -> Facts:
    credentials = observe_credentials(context.project, context.stated.exempt)
    context.store_fact("static", "credentials", ".", credentials, "files of the repository")
    root = context.project / context.stated.applied_root
    if not context.stated.applied_root or not root.is_dir():
        return Facts(credential_facts(credentials))
    backend = observe_backend(root, context.project)
    context.store_fact("static", "backend", context.stated.applied_root, backend, "files of the root")
    return Facts((*credential_facts(credentials), *backend_facts(backend)))


def _rebuild_configuration(stored: Mapping[str, Any]) -> tuple[Any, ...]:
    configuration = from_json(stored)
    return configuration, describe_root(configuration)


#: What each kind of evidence is rebuilt with.
_REBUILDERS: Final[Mapping[str, Callable[[Any], Iterable[Any]]]] = {
    "configuration": _rebuild_configuration,
    "diagnostics": diagnostics_from_json,
    "workflows": workflow_facts,
    "credentials": credential_facts,
    "backend": backend_facts,
    checkov.KIND: lambda stored: (ScannerReport.from_json(stored),),
}


def _merge(parts: Sequence[Facts]) -> Facts:
    known = tuple(fact for part in parts for fact in part.known)
    return Facts(known, {kind: reason for part in parts for kind, reason in part.unreadable.items()})


def _judge_evaluation(facts: Facts) -> Iterable[Finding]:
    """Yield what stopped the evaluation, what could not be evaluated, or that everything was."""
    yield from _find_flaws(facts)
    for configuration in facts.of(Configuration):
        if configuration.complete:
            yield _make_finding(Outcome.SATISFIED, configuration.root, "", None)
    if not facts.of(Diagnostic) and not facts.of(Configuration):
        reason = facts.why_unreadable(Configuration) or "no configuration was observed"
        yield _make_finding(Outcome.UNDETERMINED, "(configuration)", reason, None)


def _find_flaws(facts: Facts) -> Iterable[Finding]:
    """Yield what went wrong; it counts even when no criterion asks whether the configuration evaluates."""
    for diagnostic in facts.of(Diagnostic):
        # a diagnostic without a position is not about the configuration, but about what should have evaluated it
        outcome = Outcome.NOT_SATISFIED if diagnostic.position else Outcome.UNDETERMINED
        yield _make_finding(outcome, "(configuration)", str(diagnostic), diagnostic.position)
    for configuration in facts.of(Configuration):
        for gap in configuration.gaps:
            yield _make_finding(Outcome.UNDETERMINED, gap.subject, gap.reason, gap.position)


def _make_finding(outcome: Outcome, subject: str, reason: str, position: Position | None) -> Finding:
    return Finding(
        criterion=EVALUATES,
        check="terraform",
        layer="static",
        subject=subject,
        outcome=outcome,
        expected="every value evaluates without a diagnostic" if reason else "",
        observed=reason if outcome is Outcome.NOT_SATISFIED else "",
        reason=reason if outcome is Outcome.UNDETERMINED else "",
        remedy="Mend what Terraform says about the configuration." if reason else "",
        where=(str(position),) if position else (),
    )
