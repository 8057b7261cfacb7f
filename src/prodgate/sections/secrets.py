"""The secrets that a criteria file refers to and does not contain: ``secret:ID``, with or without ``#KEY``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .criteria_file import CriteriaFile
from .data import SlotTable

_SECRET: Final = "secret:"  # noqa: S105  how a reference begins, and no secret


def list_secrets(stated: CriteriaFile) -> tuple[str, ...]:
    """Return the names or ARNs of the secrets that are read on a real account, sorted, each once."""
    named = (each.removeprefix(_SECRET).partition("#")[0] for each in _references(stated) if each.startswith(_SECRET))
    return tuple(sorted(set(named)))


def _references(stated: CriteriaFile) -> Iterator[str]:
    if stated.e2e:
        for account in stated.e2e.credentials.values():
            yield from (account.user, account.password)
    if stated.rollout and stated.rollout.migrations:
        yield stated.rollout.migrations.database
    if stated.airflow:
        yield from (stated.airflow.username, stated.airflow.password, stated.airflow.token)
        places = (dag.data.place for dag in stated.airflow.dags.values() if dag.data)
        yield from (each.database for each in places if isinstance(each, SlotTable))
