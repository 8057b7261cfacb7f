"""What declared policies of an organization deny to the account of a configuration.

Source: Organizations User Guide, "SCP evaluation": each level has to allow, AWS attaches FullAWSAccess to each, and the
account that manages an organization is not limited. Terraform attaches policies, and does not say what else is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..iam.account import EVERYTHING, Account, Organization
from ..iam.documents import Document, Statement, read_document
from ..semantics.unresolved import Assumed, Unresolved
from .resources import Configuration, Resource

_POLICY: Final = "aws_organizations_policy"
_KINDS: Final = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_FULL_ACCESS: Final = ("p-FullAWSAccess", "p-RCPFullAWSAccess")


def add_organization(account: Account, configuration: Configuration) -> Account:
    """Return an account with what declared policies of its organization deny."""
    if not account.id or configuration.of("aws_organizations_organization"):  # whoever declares it manages it
        return account
    found: dict[str, list[Document]] = {kind: [] for kind in _KINDS}
    unread: list[str] = []
    for attached in configuration.of("aws_organizations_policy_attachment"):
        doubt = _doubt_target(attached, account.id)
        if doubt is None:
            continue
        try:
            for policy in _list_policies(attached):
                written = read_document(policy.json("content"), policy.address)
                kind = policy.text("type", _KINDS[0]) or ""
                if kind in found:
                    found[kind].append(_doubt_denials(written, doubt))
        except Unresolved as error:
            unread.append(f"{attached.address}: {error}")
    scps, rcps = (tuple(found[kind]) for kind in _KINDS)
    levels = ((*scps, _allow_besides(scps)),) if scps else ()
    limits = Organization(scps=levels, rcps=(rcps,) if rcps else (), unread="; ".join(unread))
    return replace(account, organization=limits)


def _doubt_target(attached: Resource, own: str) -> str | None:
    """Return why it is not known whether something is attached to an account; None where it is to another."""
    target = attached.search().get("target_id")
    arns = [one.search().get("arn") for one in attached.configuration.of("aws_iam_user", "aws_iam_role")]
    if isinstance(target, str):
        named = str.__str__(target)
        if named == own:
            return ""
        if len(named) == 12 and named.isdecimal() and not any(isinstance(one, Assumed) for one in arns):
            return None
    return f"whether {attached.address} is above the account {own} is not known"


def _list_policies(attached: Resource) -> Iterator[Resource]:
    """Yield what is attached. Raises Unresolved for what is not declared here."""
    declared = attached.related("policy_id", _POLICY)
    named = attached.search().get("policy_id")
    if not declared and named not in _FULL_ACCESS:
        raise Unresolved("policy_id", f"is {named!r}, and what that denies is not known here")
    yield from declared


def _doubt_denials(document: Document, doubt: str) -> Document:
    def doubted(one: Statement) -> Statement:
        return one if one.allows or not doubt else replace(one, doubted=doubt)

    return replace(document, statements=tuple(map(doubted, document.statements)))


def _allow_besides(scps: Sequence[Document]) -> Document:
    """Return FullAWSAccess, which may have been taken off by hand where a policy that lists what is allowed replaces
    it."""
    listing = [one for each in scps for one in each.statements if one.allows and one.actions != ("*",)]
    reason = f"whether FullAWSAccess is still attached beside {listing[0]} is not known" if listing else ""
    return Document(tuple(replace(one, doubted=reason) for one in EVERYTHING.statements))
