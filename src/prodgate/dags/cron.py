"""When a schedule is due, exactly as Airflow's own CronTriggerTimetable decides it.

Airflow asks croniter in wall-clock time without a zone, and puts the zone back afterwards. croniter itself, given aware
times, decides otherwise around changes of clocks. The same is done here:

- A time that comes twice is its second occurrence; one that is skipped moves forward by as much as clocks do.
- A cron of every hour (its hour field is ``*``) instead keeps the distance to the slot before, in real time, so that
  the hour that comes twice has its slots twice.
- Each slot starts from the one before, even from one that a change of clocks moved off the expression.

CronDataIntervalTimetable, the usual one of Airflow 2, first goes back from such a slot to the expression, and so leaves
out some that the other makes (``find_doubtful_slots``). REST doesn't say which of the two a DAG has.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import dropwhile, islice, pairwise, takewhile
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

from ..aws.answers import Unreadable
from ..criteria import suggest
from .declared import Schedule

#: The resolution of times; slots before an instant plus this include the instant.
INSTANT: Final = timedelta(microseconds=1)
#: Longer than any change of clocks.
_CHANGE: Final = timedelta(hours=26)
#: Days for which two time zones are compared, until 2037: what is stated of later ones repeats itself.
_DAYS: Final = 24_837
#: As many slots as a day has minutes: the two that are nearest to each other are among them.
_EVERY_HOUR: Final = 24 * 60 + 2
_EXAMPLE: Final = "'0 */6 * * *'"
#: Airflow's names of schedules -> cron expressions. https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/cron.html
PRESETS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}


def list_slots(schedule: Schedule, since: datetime, until: datetime) -> list[datetime]:
    """Return the slots from ``since`` to before ``until``, in UTC. Raises ValueError for a schedule with mistakes."""
    return list(_slots(schedule, since, until))


def find_next_slot(schedule: Schedule, after: datetime) -> datetime:
    """Return the first slot later than ``after``."""
    return next(slot for slot in _slots_around(schedule, after) if slot > after)


def find_slot_before(schedule: Schedule, at: datetime) -> datetime:
    """Return the last slot earlier than an instant."""
    return max(takewhile(lambda slot: slot < at, _slots_around(schedule, at)))


@lru_cache(maxsize=64)
def find_shortest_period(schedule: Schedule, at: datetime) -> timedelta:
    """Return the shortest time between two slots, among so many after an instant that every hour has come."""
    return min(after - slot for slot, after in pairwise(islice(_slots_around(schedule, at), _EVERY_HOUR)))


@lru_cache(maxsize=64)
def find_doubtful_slots(schedule: Schedule, since: datetime, until: datetime) -> frozenset[datetime]:
    """Return the slots that a timetable of data intervals leaves out where clocks change.

    Raises Unreadable where that timetable does not come past the change.
    """
    zone, found = ZoneInfo(schedule.timezone), set[datetime]()
    days = [since + day * timedelta(days=1) for day in range((until - since).days + 2)]
    for day, after in pairwise(days):
        if _local(day, zone).utcoffset() != _local(after, zone).utcoffset():
            begin, end = day - _CHANGE, after + _CHANGE
            made = set(takewhile(lambda slot: slot < end, _interval_slots(schedule, begin)))  # noqa: B023
            found |= set(list_slots(schedule, begin, end)) - made
    return frozenset(slot for slot in found if since <= slot < until)


def _interval_slots(schedule: Schedule, begin: datetime) -> Iterator[datetime]:
    """Yield the ends of data intervals, each of which begins where the one before ended, if the expression has that."""
    zone, slot = ZoneInfo(schedule.timezone), find_next_slot(schedule, begin - INSTANT)
    while True:
        yield slot
        before = _step(schedule.cron, zone, slot, back=True)
        again = _step(schedule.cron, zone, before)
        after = _step(schedule.cron, zone, slot if again == slot else before)
        if after <= slot:
            raise Unreadable(
                f"{schedule.cron!r} in {schedule.timezone}: Airflow's timetable of data intervals comes back to "
                f"{slot:%Y-%m-%d %H:%M} UTC, where clocks change, and no slot after that is certain; state a window "
                "that is clear of it"
            )
        slot = after


def _step(cron: str, zone: ZoneInfo, at: datetime, *, back: bool = False) -> datetime:
    """Return the time of an expression after or before an instant."""
    wall = _naive(at, zone)
    walk = croniter(cron, wall)
    expected = walk.get_prev(datetime) if back else walk.get_next(datetime)
    return at + (expected - wall) if walk.expanded[1] == ["*"] else _instant(expected, zone)


def is_same_cron(one: str, other: str) -> bool:
    """Whether two expressions are always due together: a preset of Airflow, or fields that are written otherwise."""
    return _expand(one) == _expand(other)


def is_same_zone(one: str, other: str) -> bool:
    """Whether two names are of one time zone, such as UTC and Etc/UTC: clocks that agree on every day since 1970."""
    if one == other:
        return True
    try:
        first, second = ZoneInfo(one), ZoneInfo(other)
    except (KeyError, ValueError, OSError):
        return False
    days = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(_DAYS))
    return all(_local(day, first).utcoffset() == _local(day, second).utcoffset() for day in days)


def _expand(cron: str) -> object:
    try:
        return croniter.expand(PRESETS.get(cron.strip(), cron))
    except (CroniterBadCronError, ValueError):
        return cron.split()


@lru_cache(maxsize=64)
def _slots(schedule: Schedule, since: datetime, until: datetime) -> tuple[datetime, ...]:
    """Cache the slots: several questions about one window follow each other, and croniter is slow."""
    return tuple(
        takewhile(lambda slot: slot < until, dropwhile(lambda slot: slot < since, _slots_around(schedule, since)))
    )


@lru_cache(maxsize=256)
def find_mistakes(schedule: Schedule) -> tuple[str, ...]:
    """Return what is wrong with a schedule, one text for each mistake."""
    return tuple(filter(None, (_check_cron(schedule.cron), _check_zone(schedule.timezone))))


def _check_cron(cron: str) -> str:
    if cron in PRESETS:
        return f"{cron!r} is a name of Airflow's; write {PRESETS[cron]!r}"
    if len(cron.split()) not in (5, 6):
        return f"{cron!r} has not 5 fields, nor 6 with seconds last; write e.g. {_EXAMPLE}"
    if {"r", "h"} & {field[:1].lower() for field in cron.split()}:
        return f"{cron!r} leaves times to chance; write e.g. {_EXAMPLE}"
    try:
        croniter(cron, datetime(2024, 1, 1)).get_next(datetime)  # noqa: DTZ001  wall-clock time of no zone
    except CroniterBadDateError:
        return f"{cron!r} names a day that never comes; write e.g. {_EXAMPLE}"
    except (CroniterBadCronError, ValueError) as error:
        return f"{cron!r} is no cron expression ({error}); write e.g. {_EXAMPLE}"
    return ""


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = suggest(name, available_timezones()) or "; write e.g. 'Asia/Tokyo'"
        return f"{name!r} is no time zone{near}"
    return ""


def _slots_around(schedule: Schedule, at: datetime) -> Iterator[datetime]:
    """Yield slots in order from shortly before an instant, early enough to include any change of clocks near it."""
    if wrong := find_mistakes(schedule):
        raise ValueError("; ".join(wrong))
    zone = ZoneInfo(schedule.timezone)
    offsets = {_local(at + distance, zone).utcoffset() for distance in (-_CHANGE, timedelta(0), _CHANGE)}
    begin = at if len(offsets) == 1 else at - _CHANGE
    back = croniter(schedule.cron, _naive(begin, zone))
    back.get_prev(datetime)
    return _slots_after(schedule.cron, zone, _instant(back.get_prev(datetime), zone))


def _slots_after(cron: str, zone: ZoneInfo, slot: datetime) -> Iterator[datetime]:
    while True:
        wall = _naive(slot, zone)
        walk = croniter(cron, wall)
        every_hour = walk.expanded[1] == ["*"]
        expected = wall
        while wall == expected:
            expected = walk.get_next(datetime)
            slot = slot + (expected - wall) if every_hour else _instant(expected, zone)
            yield slot
            wall = _naive(slot, zone)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone)


def _naive(at: datetime, zone: ZoneInfo) -> datetime:
    return _local(at, zone).replace(tzinfo=None)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return a wall-clock time as an instant: the later of two; a skipped one moves forward as clocks do."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    exists = _naive(first, zone) == wall
    return second if exists else first
