"""Times of slots as the report shows them: by a DAG's own clock and in UTC, and durations in one unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

#: Units of a duration, the greatest first.
_UNITS: Final = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock that a schedule goes by."""

    zone: ZoneInfo

    def readings(self, at: datetime) -> tuple[str, ...]:
        """Return a time by this clock, and in UTC where that reads otherwise."""
        return tuple(dict.fromkeys(render_time(at.astimezone(zone)) for zone in (self.zone, UTC)))

    def within(self, at: datetime, *, dated: bool) -> str:
        """Return the same for what stands under its date: without the year, and with days only as far as needed."""
        local, utc = at.astimezone(self.zone), at.astimezone(UTC)
        shown = _render_beside(local, dated=dated)
        return shown if local.tzname() == "UTC" else f"{shown}, {_render_beside(utc, dated=utc.date() != local.date())}"


def render_time(at: datetime) -> str:
    """Return a time with its zone's short name, to the second where it is not on a minute."""
    return f"{at:%Y-%m-%d} {time_of_day(at)} {at:%Z}"


def _render_beside(at: datetime, *, dated: bool) -> str:
    return f"{at:%m-%d} {time_of_day(at)} {at:%Z}" if dated else f"{time_of_day(at)} {at:%Z}"


def time_of_day(at: datetime) -> str:
    """Return hours and minutes, and seconds where there are any."""
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def render_duration(time: timedelta) -> str:
    """Return a duration in the greatest unit of which it has a whole number, in seconds where it has none."""
    size, unit = next((each for each in _UNITS if not time % each[0]), _UNITS[-1])
    return f"{time / size:,.12g} {unit}"


def render_delay(time: timedelta) -> str:
    """Return how much later something was, to a tenth of the greatest unit that it reaches; with ``-`` if earlier."""
    size, unit = next((each for each in _UNITS if time >= each[0]), _UNITS[-1])
    return f"{time / size:+,.1f} {unit}"
