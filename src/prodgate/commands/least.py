"""The least that a role could be granted: what of its rights nothing uses, what it lacks, and what would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..criteria import UsageError, suggest
from ..evidence.runs import read
from ..facts import Facts
from ..facts.static.called.folders import code_facts, observe_code
from ..facts.static.workflow_files import WORKFLOW_FACTS, WorkflowError, observe_workflows, workflow_facts
from ..iam.account import Account, Principal
from ..iam.goals import Goal, Uses, fits_any
from ..iam.least import Measured, measure
from ..iam.smallest import write_smallest
from ..layers.goals import list_code
from ..layers.static.observing import recall_declared
from ..layers.used import find_needs
from ..sections.criteria_file import CriteriaFile, load_criteria
from ..terraform.resources import Configuration


def find_uses(role: str, criteria: Path) -> tuple[Goal, CriteriaFile]:
    """Return the goal that says what a role uses, and the criteria that state it. Raises UsageError."""
    if not criteria.is_file():
        raise UsageError(f"--least {role}: {criteria} says what a role uses, and is not there; name it by --criteria")
    stated = load_criteria(criteria)
    goals = [goal for one in stated.criteria.values() for goal in one.goals if goal.uses]
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
        return recall_declared(path, [one for one in (*kept.facts, *kept.unreadable) if one["layer"] == "static"])
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
        "policy": _write(found),
    }


def _write(found: Measured) -> dict[str, Any] | None:
    return None if found.doubts else write_smallest(found.least)


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
