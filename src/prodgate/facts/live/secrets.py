"""Secrets of Secrets Manager: whether they change by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ...aws.account import Account
from .. import Fact
from ..observers import observes

#: Services that keep secrets of their own here and rotate them. Those of others belong to the service alone.
ROTATING: Final = frozenset({"", "rds", "redshift", "docdb"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secret(Fact):
    """A secret. ``subject`` is its ARN."""

    owner: str
    """AWS service that made it and keeps it, such as ``rds``; empty for one of the account's own."""
    rotates: bool
    due: datetime | None
    """When it has to be rotated next, at the latest; None when Secrets Manager does not say."""
    overdue: bool
    """Whether that time has passed, so that the rotations fail."""
    key: str

    @property
    def rotatable(self) -> bool:
        """Whether a rotation can be set up for it."""
        return self.owner in ROTATING


@observes(Secret)
def observe_secrets(account: Account) -> Iterator[Secret]:
    """See every secret, without its value."""
    for row in account.list("secretsmanager", "ListSecrets", "SecretList"):
        due = row.get("NextRotationDate")
        yield Secret(
            subject=row["ARN"],
            owner=row.get("OwningService", ""),
            rotates=bool(row.get("RotationEnabled")),
            due=due,
            overdue=due is not None and due < account.now,
            key=row.get("KmsKeyId", ""),
        )
