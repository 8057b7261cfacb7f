"""Deletion protection of what production can't be without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes
from .databases import Database, observe_databases
from .load_balancers import list_balancer_attributes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Deletable(Fact):
    """A database or a load balancer. ``subject`` is its ARN."""

    protected: bool


@observes(Deletable)
def observe_deletable(account: Account) -> Iterator[Deletable]:
    """See the databases and the load balancers."""
    yield from map(apart(Deletable, _database), account.once(observe_databases))
    yield from map(apart(Deletable, _balancer), account.once(list_balancer_attributes))


def _balancer(row: tuple[str, Mapping[str, str]]) -> Deletable:
    arn, attributes = row
    return Deletable(subject=arn, protected=attributes.get("deletion_protection.enabled") == "true")


def _database(database: Database) -> Deletable:
    return Deletable(subject=database.subject, protected=database.deletion_protected)
