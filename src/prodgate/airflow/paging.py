"""Lists of Airflow's REST API, complete and consistent or not at all: Airflow truncates lists silently."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from ..aws.answers import Unreadable
from .transport import Transport

#: Characters of the longest path that InvokeRestApi takes; other ways take more, and are asked in the same words.
MAX_PATH: Final = 64
#: Rows of a page; Airflow returns no more, whatever the limit in the request.
PAGE: Final = 100
#: Rows after which a list is given up: no part of a window that is judged holds so many.
MAX_ROWS: Final = 200_000
#: Rows of the smallest page that is asked for. MWAA ends an answer after 10 s or 6 MB, which 100 rows may exceed.
_SMALLEST: Final = 12
#: How often a list is read if it changes while it is read.
TRIES: Final = 3


class Unsteady(Unreadable):
    """A list of several pages that kept changing while it was read; a shorter part of it may be steady."""


class TooLong(Exception):
    """A list that has more rows than are wanted at once."""

    def __init__(self, total: int) -> None:
        super().__init__(f"{total} rows")
        self.total = total


class _ListChanged(Exception):
    """The list changed between two pages, or one page of it contradicts itself."""

    def __init__(self, what: str, total: int) -> None:
        super().__init__(what)
        self.paged = total > PAGE


def read_all(
    transport: Transport,
    path: str,
    query: Mapping[str, str],
    key: str,
    identity: Callable[[Mapping[str, Any]], Hashable],
    *,
    most: int | None = None,
) -> list[Mapping[str, Any]]:
    """Return every row under ``key``, each once.

    Raises Unreadable when they can't all be had, and Absent; TooLong when there are more than ``most``.
    """
    change, kind = "", Unreadable
    for _ in range(TRIES):
        try:
            return _read_once(transport, path, query, key, identity, most)
        except _ListChanged as changed:
            change, kind = str(changed), Unsteady if changed.paged else Unreadable
    raise kind(f"GET {path}: kept changing while it was read, {TRIES} times ({change}); observe again")


def read_page(
    transport: Transport, path: str, query: Mapping[str, str], key: str
) -> tuple[int, list[Mapping[str, Any]]]:
    """Return the number of all rows, and the rows of one page. Raises Unreadable and Absent."""
    answer = transport.get(path, query)
    rows = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"GET {path}: does not list {key}; is it Airflow that answers?")
    total = answer.get("total_entries")
    if type(total) is not int or total < 0:
        raise Unreadable(f"GET {path}: does not say how many {key} there are, but {total!r}")
    return total, rows


def _read_once(  # noqa: PLR0917  as read_all
    transport: Transport,
    path: str,
    query: Mapping[str, str],
    key: str,
    identity: Callable[[Mapping[str, Any]], Hashable],
    most: int | None,
) -> list[Mapping[str, Any]]:
    read = _halving(transport, path, query, key)
    total, rows = read(0)
    if most is not None and total > most:
        raise TooLong(total)
    if total > MAX_ROWS:
        raise Unreadable(
            f"GET {path}: lists {total} {key}, and more than {MAX_ROWS} are not read; ask for a shorter time"
        )
    found = list(rows)
    while len(found) < total:
        stated, rows = read(len(found))
        if stated != total:
            raise _ListChanged(f"{total} {key}, then {stated}", total)
        if not rows:
            raise Unreadable(f"GET {path}: ends after {len(found)} of {total} {key}")
        found += rows
    if len(found) > total:
        raise _ListChanged(f"{len(found)} {key} of {total}", total)
    if len(_identities(found, path, identity)) < total:
        raise _ListChanged(f"some of {total} {key} came twice", total)
    return found


def _halving(
    transport: Transport, path: str, query: Mapping[str, str], key: str
) -> Callable[[int], tuple[int, list[Mapping[str, Any]]]]:
    """Return a reader of the page at an offset; one that is refused is asked for in halves: it may be too long."""
    size = PAGE

    def read(offset: int) -> tuple[int, list[Mapping[str, Any]]]:
        nonlocal size
        while True:
            try:
                return read_page(transport, path, {**query, "limit": str(size), "offset": str(offset)}, key)
            except Unreadable:
                if size <= _SMALLEST:
                    raise
                size //= 2

    return read


def _identities(
    rows: list[Mapping[str, Any]], path: str, identity: Callable[[Mapping[str, Any]], Hashable]
) -> set[Hashable]:
    try:
        return {identity(row) for row in rows}
    except (KeyError, TypeError):
        raise Unreadable(f"GET {path}: has rows without their ids; is it Airflow that answers?") from None


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
            return [row for hour in _cut(begin, end, _HOUR) for row in self._ask(*hour)]

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
