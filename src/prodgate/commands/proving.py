"""The reach of principals, their idle rights, and the least policy that would do: as text, and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..criteria import UsageError, suggest
from ..evidence.runs import read
from ..facts import Facts
from ..facts.static.called import code_facts, observe_code
from ..facts.static.workflow_files import WORKFLOW_FACTS, WorkflowError, observe_workflows, workflow_facts
from ..iam.abilities import Abilities, Ability, Allowed
from ..iam.account import Account, Principal, describe_world
from ..iam.answers import list_resources, name_nothing
from ..iam.containment import write_smallest
from ..iam.documents import Document
from ..iam.goals import Goal, Uses, fits_any
from ..iam.idle import list_idle, list_shut, measure
from ..iam.known_actions import is_kind, list_openings
from ..iam.reach import Hop, Reach, find_reach
from ..iam.truth import Doubt
from ..layers import BUILT
from ..layers.goals import list_code
from ..layers.static.used import find_needs
from ..sections.criteria_file import CriteriaFile, load_criteria
from ..sections.goals import read_goals
from ..terraform.resources import Configuration


def describe_reach(account: Account) -> list[dict[str, Any]]:
    """Return one object for each principal: name, whether it reaches administrator, and its paths with their hops."""
    return [_describe(one, account) for one in find_reach(account)]


def _describe(reach: Reach, account: Account) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": reach.principal.name,
        "arn": reach.principal.arn,
        "place": reach.principal.place,
        "administrator": _say(reach.administrator),
        "paths": [[_describe_hop(hop) for hop in path] for path in reach.paths],
    }
    if isinstance(reach.administrator, Doubt):
        return {**found, "reasons": sorted(reach.administrator.reasons)}
    return {**found, **(_doubt_organization(account) if reach.administrator else {"world": account.world()})}


def _doubt_organization(account: Account) -> dict[str, Any]:
    """Return why an allowed action may still be denied, if it may."""
    unread = account.organization.unread
    return {"organization_unread": unread} if unread else {}


def _say(value: bool | Doubt) -> str:
    return "undetermined" if isinstance(value, Doubt) else "yes" if value else "no"


def _describe_hop(hop: Hop) -> dict[str, Any]:
    return {
        "from": hop.source,
        "to": hop.target or "administrator",
        "how": hop.how,
        "steps": [_describe_step(step) for step in hop.steps],
    }


def _describe_step(step: Allowed) -> dict[str, Any]:
    return {
        "action": step.request.action,
        "resource": step.request.resource,
        "context": {k: v for k, v in step.request.context.items() if k not in _ALWAYS},
        "allowed_by": [one.place for one in step.statements],
    }


_ALWAYS = ("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:username", "aws:currenttime",
           "aws:epochtime", "aws:tokenissuetime")  # fmt: skip


def describe_who_can(account: Account, action: str, resource: str) -> list[dict[str, Any]]:
    """Return one object for each principal: whether it can do the action on some resource of a pattern, and by what."""
    found = []
    for principal in account.principals:
        answer = _ask(principal, account, action, resource)
        if not isinstance(answer, Allowed) and account.gaps:
            answer = Doubt(frozenset(account.gaps) | (answer.reasons if answer is not None else frozenset()))
        row: dict[str, Any] = {"name": principal.name, "arn": principal.arn}
        if isinstance(answer, Allowed):
            row |= {"can": "yes", **_describe_step(answer), **_doubt_organization(account)}
        elif answer is not None:
            row |= {"can": "undetermined", "reasons": sorted(answer.reasons)}
        else:
            row |= {"can": "no", "world": account.world(hops=False)}
        found.append(row)
    return found


def _ask(principal: Principal, account: Account, action: str, resource: str) -> Ability:
    """Ask about what is declared, and then about what is not: its own policy may let in whoever it wants."""
    goal = Goal(may=False, actions=(action,), resources=(resource,))
    able, asked = Abilities(principal, account), list(list_resources(goal))
    found = [able.ever(action, one) for one in asked]
    if is_kind(resource):
        others = Abilities(principal, replace(account, guards={}))
        found += [others.under(action, one, Document()) for one in asked]
    elif account.arns and list_openings(action):
        found.append(name_nothing(goal, account))
    certain = next((one for one in found if isinstance(one, Allowed)), None)
    return certain or next((one for one in found if one is not None), None)


def render_reach(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a text, those first who reach most."""
    for row in sorted(rows, key=lambda one: ("yes", "undetermined", "no").index(one["administrator"])):
        yield f"{row['name']}  administrator: {row['administrator']}  ({row['place'] or row['arn']})"
        yield from (f"    undetermined: {reason}" for reason in row.get("reasons", ()))
        yield from _render_doubt(row)
        for path in row["paths"]:
            yield "  " + ", then ".join(hop["how"] for hop in path)
            for step in (step for hop in path for step in hop["steps"]):
                by = "; ".join(step["allowed_by"])
                yield f"    {step['action']} on {step['resource']}, allowed by {by}"
    yield from _render_world(rows)


def _render_world(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what a "no" considered, if there is one."""
    for world in [row["world"] for row in rows if "world" in row][:1]:
        among = f"among {world['principals']} users and roles of {', '.join(world['accounts'])}"
        yield f"No: {among}, from {world['from']} on; {describe_world(world)}."


def _render_doubt(row: dict[str, Any]) -> Iterator[str]:
    if unread := row.get("organization_unread"):
        yield f"    whether its organization denies that is not known: {unread}"


def render_who_can(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each principal that can, or may."""
    for row in rows:
        if row["can"] == "yes":
            yield f"{row['name']}: {row['action']} on {row['resource']}, allowed by {'; '.join(row['allowed_by'])}"
            yield from _render_doubt(row)
        elif row["can"] == "undetermined":
            yield f"{row['name']}: undetermined: {'; '.join(row['reasons'])}"
    if all(row["can"] == "no" for row in rows):
        yield "Nobody: it is proven of each principal."
    yield from _render_world(rows)


def find_uses(role: str, criteria: Path) -> tuple[Goal, CriteriaFile]:
    """Return the goal that says what a role uses, and the criteria that state it. Raises UsageError."""
    if not criteria.is_file():
        raise UsageError(f"--least {role}: {criteria} says what a role uses, and is not there; name it by --criteria")
    stated = load_criteria(criteria)
    goals = [goal for one in stated.criteria.values() for goal in read_goals(one) if goal.uses]
    found = [
        one
        for one in goals
        if one.speaks_of(role) or fits_any(one.principals, f"arn:aws:iam::000000000000:role/{role}")
    ]
    if not found:
        raise UsageError(
            f"--least {role}: no goal in {criteria} says what it uses; state one with 'uses' (docs/iam.md)"
        )
    return found[0], stated


def find_role(role: str, account: Account) -> Principal:
    """Return the principal of a name or ARN. Raises UsageError."""
    named = {one.name: one for one in account.principals} | {one.arn: one for one in account.principals}
    if role.removeprefix("role/") not in named:
        raise UsageError(f"--least {role}: there is no such user or role{suggest(role, named)}")
    return named[role.removeprefix("role/")]


def see(named: str, stated: CriteriaFile, configuration: Configuration | None) -> Facts:
    """Return what is read of code and workflows: of a kept run, what it read; else the files that are there now."""
    path = Path(named)
    if (path / "run.json").is_file():
        kept = read(path)
        events = [one for one in (*kept.facts, *kept.unreadable) if one["layer"] == "static"]
        return BUILT["static"].recall(path, events)
    project = stated.path.parent
    known: list[Any] = [configuration] if configuration is not None else []
    known += code_facts(observe_code(project, list_code(stated)))
    try:
        known += workflow_facts(observe_workflows(project / ".github" / "workflows"))
    except WorkflowError as error:
        return Facts(tuple(known), dict.fromkeys(WORKFLOW_FACTS, str(error)))
    return Facts(tuple(known))


def describe_least(principal: Principal, account: Account, uses: Uses, facts: Facts) -> dict[str, Any]:
    """Return what a principal holds beside what it uses, and the least policy, as JSON values."""
    found = measure(principal, account, find_needs(uses, facts, principal.arn))
    unused = [{"statement": one.statement.place, "action": one.written, "used": list(one.used)} for one in found.unused]
    return {
        "name": principal.name,
        "arn": principal.arn,
        "unused": None if found.doubts else unused,
        "missing": [{"action": one.action, "for": one.by} for one in found.missing],
        "reasons": sorted(found.doubts),
        "policy": None if found.doubts else write_smallest(found.least),
    }


def render_least(row: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a text."""
    yield f"{row['name']}  ({row['arn']})"
    for one in row["unused"] or ():
        rest = f"; used of it: {', '.join(one['used'])}" if one["used"] else ""
        yield f"  not used: {one['action']}, granted by {one['statement']}{rest}"
    yield from (f"  missing: {one['action']}, for {one['for']}" for one in row["missing"])
    yield from (f"  undetermined: {reason}" for reason in row["reasons"])
    if row["policy"] is None:
        yield "  What is not used is not known, so that nothing is called unused, and no least policy is printed."
        return
    if not row["unused"] and not row["missing"]:
        yield "  It holds what it uses, and no more."
    yield "  The least that would do, on the resources that are granted now:"
    yield json.dumps(row["policy"], indent=2)


def describe_idle(account: Account) -> list[dict[str, Any]]:
    """Return one object for each principal that has a statement which can never grant it anything."""
    found = []
    for principal in account.principals:
        idle = [*list_idle(principal, account), *list_shut(account, principal.arn)]
        rows = [{"statement": one.statement.place, "why": one.why} for one in idle]
        if rows:
            found.append({"name": principal.name, "arn": principal.arn, "idle": rows})
    return found


def render_idle(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a text."""
    for row in rows:
        yield from (f"{row['name']}: {one['statement']}: {one['why']}" for one in row["idle"])
    if not rows:
        yield "Of no statement that could be read it is shown that it can never grant."
