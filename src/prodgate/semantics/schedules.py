"""Schedules as AWS writes them: ``cron(minutes hours day month weekday year)`` and ``rate(number unit)``."""

from __future__ import annotations

from typing import Final

__all__ = ["runs_daily"]

_EVERY: Final = frozenset({"*", "?", "1/1", "*/1"})


def runs_daily(schedule: str) -> bool:
    """Whether something runs at least once on every day.

    >>> runs_daily("cron(30 5 * * ? *)"), runs_daily("rate(12 hours)"), runs_daily("cron(0 10 ? * WED *)")
    (True, True, False)
    """
    kind, _, rest = schedule.partition("(")
    fields = rest.rstrip(")").split()
    if kind == "rate" and len(fields) == 2:
        return fields[1].startswith(("minute", "hour")) or fields == ["1", "day"]
    return kind == "cron" and len(fields) == 6 and all(field in _EVERY for field in fields[2:])
