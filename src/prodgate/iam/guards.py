"""The policies of resources, joined to one of all of a service: each statement about what it is put on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .documents import Document, Statement


def join(documents: Sequence[Document]) -> Document:
    """Return what several policies say together."""
    unread = "; ".join(one.unread for one in documents if one.unread)
    return Document(tuple(statement for one in documents for statement in one.statements), unread)


def pin(statement: Statement, arns: Sequence[str]) -> Statement:
    """Return a statement about the things it belongs to: ``*`` means those alone."""
    if statement.not_resources is not None or statement.resources not in (None, ("*",)):
        return statement
    within = [f"{arn}/*" for arn in arns if ":s3:" in arn]
    return replace(statement, resources=(*arns, *within))
