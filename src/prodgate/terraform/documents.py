"""IAM policy documents where a resource declares them."""

from __future__ import annotations

from ..semantics.policy_documents import Statement, read_statements
from .reading import Block


def policy_statements(block: Block, name: str) -> tuple[Statement, ...]:
    """Read the policy document in an argument; no statements when it is not set. Raises Unresolved."""
    return read_statements(block.json(name), f"{block.resource.address}.{name}")


def allow_statements(block: Block, name: str) -> tuple[Statement, ...]:
    """Read the statements of a document that allow something. Raises Unresolved."""
    return tuple(statement for statement in policy_statements(block, name) if statement.allows)
