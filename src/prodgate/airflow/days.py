"""Lists of a long time, read by the day, so that what happens now does not move the rows of a month ago.

Airflow pages by offset, and 2.x pages tasks without an order: of a long list, rows come twice and others never. A list
of up to MOST_AT_ONCE rows is read as a whole, any other by days, and a day that is not steady, or is long itself, by
hours. Parts that don't depend on each other are asked for side by side, as far as the transport allows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from .paging import TooLong, Unsteady, read_all
from .transport import Transport

Row = Mapping[str, Any]

#: Rows up to which a list of the whole time is read at once, and one of a day.
MOST_AT_ONCE: Final = 1_000
MOST_OF_A_DAY: Final = 5_000
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReader:
    """Reads one list in the time from ``since`` to ``now``."""

    transport: Transport
    path: str
    key: str
    identity: Callable[[Row], Hashable]
    query: Callable[[datetime, datetime], Mapping[str, str]]
    """Filters that pass at least what lies between two instants."""
    since: datetime
    now: datetime

    def read(self, most: int | None = None) -> list[Row]:
        """Return every row once. Raises Unreadable and Absent, and TooLong when there are more than ``most``."""
        try:
            return self._ask(self.since, self.now, MOST_AT_ONCE)
        except TooLong as long:
            if most is not None and long.total > most:
                raise
        except Unsteady:
            if self.now - self.since <= _HOUR:
                raise
        return self._join(_cut(self.since, self.now, _DAY), self._read_day)

    def _read_day(self, begin: datetime, end: datetime) -> list[Row]:
        try:
            return self._ask(begin, end, MOST_OF_A_DAY)
        except (TooLong, Unsteady):
            hours = _cut(begin, end, _HOUR)
            return [row for hour in hours for row in self._ask(*hour)]

    def _join(
        self, parts: Iterator[tuple[datetime, datetime]], read: Callable[[datetime, datetime], list[Row]]
    ) -> list[Row]:
        """Read the parts; what lies on the border of two comes with both, and is kept once."""
        with ThreadPoolExecutor(getattr(self.transport, "parallel", 1), thread_name_prefix="airflow") as pool:
            asked = [pool.submit(read, *part) for part in parts]
            try:
                found = [row for each in asked for row in each.result()]
            finally:
                for each in asked:
                    each.cancel()  # where one can't be read, the others are not worth their time
        return list({self.identity(row): row for row in found}.values())

    def _ask(self, begin: datetime, end: datetime, most: int | None = None) -> list[Row]:
        return read_all(self.transport, self.path, self.query(begin, end), self.key, self.identity, most=most)


def _cut(begin: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Yield the parts of a time, the last one shorter; at least one."""
    edges = [begin + number * step for number in range(-(-(end - begin) // step))]
    yield from pairwise([*(edges or [begin]), end])
