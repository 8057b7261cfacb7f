"""Reads the collected data as evidence: plain JSON values, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..aws.account import Account
from ..aws.answers import Absent, Unreadable
from ..sections.data import DataSection, SlotTable
from .objects import list_objects
from .references import Secret, resolve


def observe(
    section: DataSection,
    since: datetime,
    *,
    environment: Mapping[str, str],
    secret: Secret | None = None,
    account: Account | None = None,
) -> dict[str, Any]:
    """Return the data of slots since then and ``where`` it is stored, or why it is ``unreadable``.

    ``environment`` and ``secret`` say what the references of the section name; ``account`` holds its bucket. ``read``
    is when the reading ended: later times lie in the future.
    """
    place = section.place
    where = f"table {place.table} of {place.database}" if isinstance(place, SlotTable) else place.prefix
    try:
        found = _observe(section, since, environment, secret, account)
    except Unreadable as error:
        found = {"unreadable": error.reason}
    except Absent as error:
        found = {"unreadable": f"{where}: there is no such bucket ({error.code}); mend the prefix"}
    return {"where": where, **found, "read": datetime.now(UTC).isoformat()}


def _observe(
    section: DataSection,
    since: datetime,
    environment: Mapping[str, str],
    secret: Secret | None,
    account: Account | None,
) -> dict[str, Any]:
    place = section.place
    if isinstance(place, SlotTable):
        url = resolve(place.database, environment, secret)
        try:
            from .sql import read_rows  # noqa: PLC0415  SQLAlchemy is an extra
        except ImportError as error:
            raise Unreadable(f"{error.name} is not installed; pip install 'prod-gate[dags]'") from None
        return {"rows": read_rows(url, place, since)}
    if account is None:
        raise Unreadable(f"{place.prefix}: no account is open to list it; run the gate on an account")
    return {"objects": list_objects(account, place, section.sources, since)}
