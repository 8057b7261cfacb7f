"""Data that state the start of their interval: Airflow's logical date, where its timetable has data intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from ..dags.cron import INSTANT, find_next_slot, find_slot_before, list_slots
from ..dags.declared import DeclaredDag
from ..dags.ledger import Ledger
from .records import Collected


def find_intervals(dag: DeclaredDag, ledger: Ledger) -> Mapping[datetime, datetime]:
    """Return the end of each interval by its start, of all that a ledger may tell of."""
    begin, end = find_slot_before(dag.schedule, ledger.since), find_next_slot(dag.schedule, ledger.until)
    return dict(pairwise(list_slots(dag.schedule, begin, end + INSTANT)))


def move_to_ends(found: Iterable[Collected], dag: DeclaredDag, ledger: Ledger) -> tuple[Collected, ...]:
    """Return records with the slots of their runs in place of the starts of their intervals.

    An interval ends where the next one starts. What is no slot of the schedule stays as it is stated.
    """
    ends = find_intervals(dag, ledger)
    return tuple(replace(one, slot=ends.get(one.slot, one.slot)) if one.slot else one for one in found)
