"""Ways to raise the rights of a user or role to all there are, by editing what it is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from .abilities import Abilities, Ability
from .account import ADMINISTRATOR_ACCESS, Account, Group, Principal
from .truth import Doubt, doubt

Way = tuple[str, tuple[str, ...], tuple[Ability, ...]]
_ATTACHING: Final = {"iam:policyarn": ADMINISTRATOR_ACCESS}


def list_edits(own: Abilities, of: Principal, account: Account) -> Iterator[Way]:
    """Yield each way in which ``own`` can give all rights to ``of``, itself or another: how, known as what, by what."""
    yield from _edit_itself(own, of)
    if not of.is_role:
        for group in account.groups.values():
            yield from _join(own, of, group, account)


def _edit_itself(own: Abilities, of: Principal) -> Iterator[Way]:
    """Yield each way in which ``own`` can edit the policies of ``of``, and those of its groups."""
    kind = "Role" if of.is_role else "User"
    ids = ("iam-005", "iam-009") if of.is_role else ("iam-007", "iam-008")
    bound = {"iam:permissionsboundary": None} if of.boundary is None else {}
    if (found := own.can(f"iam:Put{kind}Policy", of.arn, bound)) is not None:
        yield f"write an inline policy of {of.name}", (ids[0],), (found,)
    if (found := own.can(f"iam:Attach{kind}Policy", of.arn, {**bound, **_ATTACHING})) is not None:
        yield f"attach AdministratorAccess to {of.name}", (ids[1],), (found,)
    for policy in dict.fromkeys(of.managed):
        if ":iam::aws:" not in policy and (found := own.can("iam:CreatePolicyVersion", policy)) is not None:
            yield f"rewrite {policy}, which {of.name} has,", ("iam-001",), (found,)
    for arn in of.groups:
        yield from _edit_group(own, of, arn)


def _edit_group(own: Abilities, of: Principal, group: str) -> Iterator[Way]:
    if (found := own.can("iam:PutGroupPolicy", group)) is not None:
        yield f"write an inline policy of a group of {of.name}", ("iam-011",), (found,)
    if (found := own.can("iam:AttachGroupPolicy", group, _ATTACHING)) is not None:
        yield f"attach AdministratorAccess to a group of {of.name}", ("iam-010",), (found,)


def _join(own: Abilities, of: Principal, group: Group, account: Account) -> Iterator[Way]:
    if group.arn in of.groups or (found := own.can("iam:AddUserToGroup", group.arn)) is None:
        return
    name = group.arn.rpartition("/")[2]
    way = f"add {of.name} to the group {name}"
    joined = Abilities(_put_in(of, group), account)
    if joined.everything is True:
        yield way, ("iam-013",), (found,)
        return
    if own.principal.arn == of.arn and (edit := _find_edit(joined)):
        how, known_as, steps = edit
        yield f"{way}, then {how}", ("iam-013", *known_as), (found, *steps)
        return
    yield way, ("iam-013",), (doubt(f"what {of.name} could do in the group {name} is not followed here"),)


def _put_in(of: Principal, group: Group) -> Principal:
    """Return a user as it is once it is in a group."""
    identity, managed = (*of.identity, *group.identity), (*of.managed, *group.managed)
    return replace(of, identity=identity, managed=managed, groups=(*of.groups, group.arn))


def _find_edit(joined: Abilities) -> Way | None:
    """Return a way in which a user gives itself all rights by those that it has in its groups, if one is certain."""
    edits = _edit_itself(joined, joined.principal)
    return next((each for each in edits if not any(isinstance(step, Doubt) for step in each[2])), None)
