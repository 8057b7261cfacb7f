"""What a declared role is allowed, over all the policies that are attached to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from prodgate import Resource
from prodgate.semantics.policy_documents import Statement

ATTACHMENT = "aws_iam_role_policy_attachment"


def grants(role: Resource) -> Iterator[Statement]:
    """Yield the statements that allow something to the role in declared policies. Raises Unresolved."""
    for inline in role.configuration.naming(role, "role", "aws_iam_role_policy"):
        yield from inline.allow_statements("policy")
    for inner in role.blocks("inline_policy"):
        yield from inner.allow_statements("policy") if inner.has("policy") else ()
    for attachment in role.configuration.naming(role, "role", ATTACHMENT):
        for managed in attachment.related("policy_arn", "aws_iam_policy"):
            yield from managed.allow_statements("policy")


def managed_by_aws(role: Resource) -> frozenset[str]:
    """Return the names of AWS's own policies that are attached to the role."""
    attachments = role.configuration.naming(role, "role", ATTACHMENT)
    arns = [attachment.text("policy_arn") or "" for attachment in attachments]
    return frozenset(arn.rpartition("/")[2] for arn in arns if ":iam::aws:policy/" in arn)


def find_reached(role: Resource, action: str, *types: str) -> tuple[Resource, ...]:
    """Return the declared resources of some types on which the role is allowed an action."""
    patterns = {pattern for one in grants(role) if one.covers(action) for pattern in one.resources}
    wild = {pattern for pattern in patterns if any(mark in pattern for mark in "*?[")}
    named = set(role.configuration.identified(patterns - wild, *types))
    return tuple(one for one in role.configuration.of(*types) if one in named or _matches(one, wild))


def _matches(target: Resource, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in target.identities)
