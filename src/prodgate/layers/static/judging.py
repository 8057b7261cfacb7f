"""The static layer's own judgements: whether the configuration evaluates, the scanner's findings, and goals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ...facts import Facts
from ...findings import Finding, Outcome
from ...iam.account import Account
from ...sections.criteria_file import CriteriaFile
from ...semantics.json_texts import read_json
from ...terraform.diagnostics import Diagnostic
from ...terraform.policy import tell_how_to_know
from ...terraform.positions import Position
from ...terraform.resources import Configuration
from ..goals import Keep, judge, keep_overview, list_questions as list_goals
from ..layer import LayerContext
from . import checkov
from .repository import EVALUATES
from .used import find_needs


def list_questions(stated: CriteriaFile) -> Sequence[tuple[str, str]]:
    """Return (check, criterion) of what is judged here."""
    evaluated = (("terraform", EVALUATES),) if EVALUATES in stated.criteria else ()
    return (*evaluated, *checkov.list_questions(stated), *list_goals(stated, "static"))


def conclude(facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge whether the configuration evaluates completely, what the scanner says about it, and goals."""
    stated = context.stated
    evaluated = tuple(_judge_evaluation(facts) if EVALUATES in stated.criteria else _find_flaws(facts))
    judged = {("terraform", EVALUATES): evaluated} if evaluated else {}
    keep = partial(keep_overview, context, "static")
    about = context.run / "run.json"  # says when the run began, the moment for which permissions are judged
    proven = judge_goals(facts, stated, lambda: str(read_json(about.read_text("utf-8"))["started"]), keep)
    return {**judged, **checkov.conclude(facts, stated), **proven}


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
        finding = _make_finding(outcome, "(configuration)", str(diagnostic), diagnostic.position)
        yield replace(finding, aspect=_name_fault(diagnostic))
    for configuration in facts.of(Configuration):
        for gap in configuration.gaps:
            yield _make_finding(Outcome.UNDETERMINED, gap.subject, gap.reason, gap.position)


def _name_fault(diagnostic: Diagnostic) -> str:
    """Return what is wrong where, the same in each run: lines move as others are written above them."""
    where = diagnostic.address or (diagnostic.position.file if diagnostic.position else "")
    return f"{where}: {diagnostic.summary}" if where else diagnostic.summary


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
        remedy=(tell_how_to_know(reason) or "Mend what Terraform says about the configuration.") if reason else "",
        where=(str(position),) if position else (),
    )


# ── Goals, proven of the declared users and roles


def judge_goals(
    facts: Facts, stated: CriteriaFile, now: Callable[[], str], keep: Keep
) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge every goal, as of a moment, by (check, criterion); ``keep`` keeps who can become whom."""
    return judge(
        stated, "static", lambda: _read(facts, stated, now), keep, lambda uses, role: find_needs(uses, facts, role)
    )


def _read(facts: Facts, stated: CriteriaFile, now: Callable[[], str]) -> Account | str:
    configuration = next(iter(facts.of(Configuration)), None)
    if configuration is None:
        return facts.why_unreadable(Configuration) or "no configuration was observed"
    from .principals import read_account  # noqa: PLC0415  only goals ask

    account = read_account(configuration, now())
    return account if stated.organization is None else replace(account, organization=stated.organization)
