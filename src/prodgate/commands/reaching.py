"""What the principals of a configuration can reach: as text, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..iam.abilities import Abilities, Ability, Allowed
from ..iam.account import Account
from ..iam.hops import Hop
from ..iam.reach import Reach, find_reach
from ..iam.truth import Doubt


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
        found["reasons"] = sorted(reach.administrator.reasons)
    elif reach.administrator:
        found |= _doubt_organization(account)
    return found


def _doubt_organization(account: Account) -> dict[str, Any]:
    """Return why what is allowed may be denied all the same, if it may."""
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
           "aws:tokenissuetime")  # fmt: skip


def describe_who_can(account: Account, action: str, resource: str) -> list[dict[str, Any]]:
    """Return one object for each principal: whether it can do the action on some resource of a pattern, and by what."""
    found = []
    for principal in account.principals:
        answer = _ask(Abilities(principal, account), action, resource)
        if not isinstance(answer, Allowed) and account.gaps:
            answer = Doubt(frozenset(account.gaps) | (answer.reasons if answer is not None else frozenset()))
        row: dict[str, Any] = {"name": principal.name, "arn": principal.arn, "can": "no"}
        if isinstance(answer, Allowed):
            row |= {"can": "yes", **_describe_step(answer), **_doubt_organization(account)}
        elif answer is not None:
            row |= {"can": "undetermined", "reasons": sorted(answer.reasons)}
        found.append(row)
    return found


def _ask(abilities: Abilities, action: str, resource: str) -> Ability:
    """Ask about any resource where an asterisk stands for it: for one that has an ARN, and for an action without."""
    found = [abilities.can(action, one) for one in ((_ANY, "*") if resource == "*" else (resource,))]
    certain = next((one for one in found if isinstance(one, Allowed)), None)
    return certain or next((one for one in found if one is not None), None)


_ANY = "arn:*:*:*:*:*"


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
        yield "Nobody by policies of their own: it is proven of each principal."
