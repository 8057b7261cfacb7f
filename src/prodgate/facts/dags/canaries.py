"""Runs that were made to fail on purpose, and what followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ...quantities import Quantity
from .. import Fact

#: What a message must name: a dead letter so that it can be run again, a notice so that it is understood.
_OF_LETTER = ("dag", "run")
_OF_NOTICE = ("dag", "run", "task")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Retried(Fact):
    """A run whose task was made to fail once; ``subject`` is such as ``canary: retry``."""

    age: Quantity
    """How long ago the drill began."""
    run_id: str
    state: str
    """In Airflow's words; empty if the run was never seen."""
    tries: int
    dead_letters: int
    """Must be 0, since nothing failed for good."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KilledOrFailed(Fact):
    """A run that was made to fail for good; ``subject`` is such as ``canary: kill``."""

    age: Quantity
    run_id: str
    state: str
    tries: int
    dead_letter: Quantity | None
    """Time from the run's end to its message in the dead-letter queue; None when there was none."""
    notice: Quantity | None
    """Time from the run's end to its first notification."""
    unkept: str
    """What is wrong with its dead letter; empty when one names DAG and run. Airflow may run a callback twice."""
    untold: str
    """What is wrong with its notice; empty when there is one that names DAG, run and task."""


def canary_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what the record of a drill shows of each mode of the canary; it was ``asked`` for at that time."""
    asked, began = (datetime.fromisoformat(record[key]) for key in ("asked", "started"))
    age = Quantity.seconds(round(Decimal((asked - began).total_seconds())))
    for one in record["tried"]:
        subject = f"{record['dag_id']}: {one['mode']}"
        yield _retry_fact(subject, one, age) if one["mode"] == "retry" else _failure_fact(subject, one, age)


def _retry_fact(subject: str, one: Mapping[str, Any], age: Quantity) -> Retried:
    if one["reason"]:
        return Retried.unread(subject, one["reason"], age=age, run_id=one["run_id"])
    return Retried(
        subject=subject,
        age=age,
        run_id=one["run_id"],
        state=one["state"],
        tries=one["tries"],
        dead_letters=one["dead_letters"],
    )


def _failure_fact(subject: str, one: Mapping[str, Any], age: Quantity) -> KilledOrFailed:
    if one["reason"]:
        return KilledOrFailed.unread(subject, one["reason"], age=age, run_id=one["run_id"])
    wrong = "" if one["state"] == "failed" else f"the run is {one['state'] or 'not seen'}, and had to fail; "
    letter = _describe_flaw("message", one["dead_letters"], one["letter_names"], _OF_LETTER)
    notice = _describe_flaw("notice", one["notices"], one["notice_names"], _OF_NOTICE)
    return KilledOrFailed(
        subject=subject,
        age=age,
        run_id=one["run_id"],
        state=one["state"],
        tries=one["tries"],
        dead_letter=_seconds(one["dead_letter"]),
        notice=_seconds(one["notice"]),
        unkept=f"{wrong}{letter}".removesuffix("; "),
        untold=f"{wrong}{notice}".removesuffix("; "),
    )


def _describe_flaw(kind: str, number: int, names: list[str], wanted: tuple[str, ...]) -> str:
    lacking = [what for what in wanted if what not in names]
    if not number:
        return f"no {kind}"
    return f"the {kind} does not name the {' and the '.join(lacking)}" if lacking else ""


def _seconds(value: float | None) -> Quantity | None:
    return None if value is None else Quantity.seconds(Quantity.parse(f"{value:.3f} s").magnitude)
