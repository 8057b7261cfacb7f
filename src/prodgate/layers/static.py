"""The static layer: what is declared, in Terraform and in deployment workflows, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from ..criteria_file import CriteriaFile
from ..engines.checkov import Scan
from ..evidence import load_json, store_json
from ..facts import Facts
from ..facts.credentials import credential_facts, observe_credentials
from ..facts.workflows import WORKFLOW_FACTS, WorkflowError, observe_workflows, workflow_facts
from ..findings import Finding, Outcome
from ..terraform.diagnostics import Diagnostic, TerraformError
from ..terraform.evaluate import evaluate
from ..terraform.resources import Configuration, Position
from ..terraform.root_module import DeclaredRoot, backend_facts, declared_root, observe_backend
from ..terraform.stored import from_json, to_json
from . import second_opinion
from .layer import Observation

#: Criterion that the configuration can be evaluated at all, and wholly.
EVALUATES: Final = "terraform-evaluates"

_WORKFLOWS: Final = Path(".github/workflows")


class StaticLayer:
    """Evaluates the production root with real core, asks a second scanner, reads the workflows."""

    name: str = "static"
    folders: tuple[str, ...] = ("suites/static",)

    def observe(self, at: Observation) -> Facts:
        """Observe all at once; what fails is unreadable with the reason."""
        with second_opinion.begun(at) as scan, ThreadPoolExecutor(2) as pool:
            seen = [pool.submit(_configuration, at, scan), pool.submit(_workflows, at), pool.submit(_repository, at)]
            parts = [future.result() for future in seen]
            return _merged([*parts, second_opinion.observed(scan, at)])

    def recall(self, run: Path, facts: Iterable[Mapping[str, Any]]) -> Facts:
        """Rebuild configuration, workflows and the scanner's report from evidence."""
        known: list[Any] = []
        for fact in facts:
            stored = load_json(run, fact["digest"])
            if fact["kind"] == "configuration":
                configuration = from_json(stored)
                known += (configuration, declared_root(configuration))
            elif fact["kind"] == "workflows":
                known += workflow_facts(stored)
            elif fact["kind"] == "credentials":
                known += credential_facts(stored)
            elif fact["kind"] == "backend":
                known += backend_facts(stored)
            elif fact["kind"] == second_opinion.KIND:
                known.append(second_opinion.recalled(stored))
        return Facts(tuple(known))

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """The evaluation of the configuration and what the scanner says are judged here."""
        evaluated = (("terraform", EVALUATES),) if EVALUATES in stated.criteria else ()
        return (*evaluated, *second_opinion.asked(stated))

    def conclude(self, facts: Facts, at: Observation) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Judge whether the configuration evaluates, and wholly, and what the scanner says about it."""
        evaluated = tuple(_evaluation(facts) if EVALUATES in at.stated.criteria else _flaws(facts))
        judged = {("terraform", EVALUATES): evaluated} if evaluated else {}
        return {**judged, **second_opinion.concluded(facts, at.stated)}


def _configuration(at: Observation, scan: Scan | None) -> Facts:
    root = at.stated.terraform_root
    if not root:
        reason = f'{at.stated.path}: names no Terraform root; write [terraform] root = "path"'
        return Facts(unreadable={Configuration: reason, DeclaredRoot: reason})
    try:
        configuration = evaluate(
            at.project / root,
            base=at.project,
            var_files=[at.project / file for file in at.stated.var_files],
            progress=lambda step: at.progress(f"static: {root}: {step}"),
            on_plan=scan.take if scan else None,
        )
    except TerraformError as error:
        return Facts(error.diagnostics, {Configuration: str(error), DeclaredRoot: str(error)})
    for note in configuration.notes:
        at.progress(f"static: note: {note}")
    at.journal.fact("static", "configuration", root, store_json(at.run, to_json(configuration)), configuration.engine)
    return Facts((configuration, declared_root(configuration)))


def _workflows(at: Observation) -> Facts:
    at.progress(f"static: reading {_WORKFLOWS}")
    try:
        texts = observe_workflows(at.project / _WORKFLOWS)
        facts = workflow_facts(texts)
    except WorkflowError as error:
        return Facts(unreadable=dict.fromkeys(WORKFLOW_FACTS, str(error)))
    if texts:
        at.journal.fact("static", "workflows", str(_WORKFLOWS), store_json(at.run, texts), "files of the repository")
    return Facts(facts)


def _repository(at: Observation) -> Facts:
    credentials = observe_credentials(at.project, at.stated.exempt)
    at.journal.fact("static", "credentials", ".", store_json(at.run, credentials), "files of the repository")
    root = at.project / at.stated.terraform_root
    if not at.stated.terraform_root or not root.is_dir():
        return Facts(credential_facts(credentials))
    backend = observe_backend(root, at.project)
    at.journal.fact("static", "backend", at.stated.terraform_root, store_json(at.run, backend), "files of the root")
    return Facts((*credential_facts(credentials), *backend_facts(backend)))


def _merged(parts: Sequence[Facts]) -> Facts:
    known = tuple(fact for part in parts for fact in part.known)
    return Facts(known, {kind: reason for part in parts for kind, reason in part.unreadable.items()})


def _evaluation(facts: Facts) -> Iterable[Finding]:
    """Say what stopped the evaluation, what could not be evaluated in it, or that all of it was."""
    yield from _flaws(facts)
    for configuration in facts.of(Configuration):
        if configuration.complete:
            yield _about_evaluation(Outcome.SATISFIED, configuration.root, "", None)
    if not facts.of(Diagnostic) and not facts.of(Configuration):
        reason = facts.unreadable.get(Configuration, "no configuration was observed")
        yield _about_evaluation(Outcome.UNDETERMINED, "(configuration)", reason, None)


def _flaws(facts: Facts) -> Iterable[Finding]:
    """Say what went wrong; it counts also when nobody asks whether the configuration evaluates."""
    for diagnostic in facts.of(Diagnostic):
        # A diagnostic without a place does not speak of the configuration, but of what should have evaluated it.
        outcome = Outcome.NOT_SATISFIED if diagnostic.position else Outcome.UNDETERMINED
        yield _about_evaluation(outcome, "(configuration)", str(diagnostic), diagnostic.position)
    for configuration in facts.of(Configuration):
        for gap in configuration.gaps:
            yield _about_evaluation(Outcome.UNDETERMINED, gap.subject, gap.reason, gap.position)


def _about_evaluation(outcome: Outcome, subject: str, reason: str, position: Position | None) -> Finding:
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
