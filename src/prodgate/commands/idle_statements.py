"""The statements that can never grant: as text, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..iam.account import Account
from ..iam.idle import list_idle
from ..iam.impossible import list_shut


def describe_idle(account: Account) -> list[dict[str, Any]]:
    """Return one object for each principal that has a statement which can never grant it anything."""
    found = []
    for principal in account.principals:
        idle = [*list_idle(principal, account), *list_shut(account, principal.arn)]
        rows = [{"statement": one.statement.place, "why": one.why} for one in idle]
        if rows:
            found.append({"name": principal.name, "arn": principal.arn, "idle": rows})
    return found


def render_idle(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a text."""
    for row in rows:
        yield from (f"{row['name']}: {one['statement']}: {one['why']}" for one in row["idle"])
    if not rows:
        yield "Of no statement that could be read it is shown that it can never grant."
