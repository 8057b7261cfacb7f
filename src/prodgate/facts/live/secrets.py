"""Secrets of Secrets Manager: whether they are rotated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes, reads

reads("secretsmanager", "ListSecrets")

#: Owners whose secrets can be rotated: the account and these services. Other services manage theirs alone.
ROTATING: Final = frozenset({"", "rds", "redshift", "docdb"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secret(Fact):
    """A secret. ``subject`` is its ARN."""

    owner: str
    """AWS service that manages it, such as ``rds``; empty for one of the account's own."""
    rotates: bool
    due: datetime | None
    """When it must be rotated next; None if Secrets Manager does not say."""
    overdue: bool
    """Whether that time has passed: rotations fail."""
    key: str

    @property
    def rotatable(self) -> bool:
        """Whether a rotation can be set up for it."""
        return self.owner in ROTATING


@observes(Secret)
def observe_secrets(account: Account) -> Iterator[Secret]:
    """See every secret, without its value."""
    look = apart(Secret, partial(_secret, account), "ARN", "Name")
    yield from map(look, account.list("secretsmanager", "ListSecrets", "SecretList"))


def _secret(account: Account, row: Mapping[str, Any]) -> Secret:
    due = row.get("NextRotationDate")
    return Secret(
        subject=row["ARN"],
        owner=row.get("OwningService", ""),
        rotates=bool(row.get("RotationEnabled")),
        due=due,
        overdue=due is not None and due < account.now,
        key=row.get("KmsKeyId", ""),
    )
