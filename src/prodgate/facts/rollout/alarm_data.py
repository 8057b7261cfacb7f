"""Whether the alarms that take a deployment back had anything to look at while it was carried out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ...aws.account import Account
from ..live.alarm_settings import AlarmSettings, Reading, read_alarms
from ..live.watching.metric_data import Query, Series, read_series

_MINUTE: Final = timedelta(minutes=1)
#: Metrics of which CloudWatch has no data while nothing goes wrong.
_RARE: Final = re.compile(r"[45]XX|Error|Rejected")
#: What has data whenever a load balancer gets requests.
_REQUESTS: Final = "RequestCount"


def find_silent(account: Account, names: Iterable[str], since: datetime) -> dict[str, list[str]]:
    """Return, for each of the alarms, those that it consists of and that had no data since a time.

    An alarm on errors alone has none while there are no errors; it counts as silent where its load balancer reports no
    requests either. An alarm that does not exist is left out. Raises Unreadable.
    """
    known = {one.name: one for one in account.once(read_alarms) if one.region == account.region}
    members = {name: [known[each] for each in _expand(name, known)] for name in names}
    queries = {query for parts in members.values() for part in parts for query in _list_queries(part)}
    # CloudWatch's minutes are whole; the one that goes on counts, too
    then = replace(account, now=account.now + _MINUTE)
    window = _MINUTE * (int((then.now - since) / _MINUTE) + 1)
    found = read_series(then, queries, window=window, period=_MINUTE) if queries else {}
    return {name: [part.name for part in parts if _is_silent(part, found)] for name, parts in members.items()}


def _expand(name: str, known: Mapping[str, AlarmSettings]) -> list[str]:
    """Return the alarms on metrics that an alarm consists of: itself, or the parts of a composite one."""
    seen, waiting = dict[str, None](), [name]
    while waiting:
        each = waiting.pop()
        if each in known and each not in seen:
            seen[each] = None
            waiting += sorted(known[each].members)
    return [each for each in seen if known[each].readings]


def _list_queries(alarm: AlarmSettings) -> Iterator[Query]:
    for reading in alarm.readings:
        yield _query(reading, reading.metric, reading.statistic)
        if _RARE.search(reading.metric):
            yield _query(reading, _REQUESTS, "Sum")


def _query(reading: Reading, metric: str, statistic: str) -> Query:
    return Query(reading.namespace, metric, tuple(sorted(reading.dimensions.items())), statistic)


def _is_silent(alarm: AlarmSettings, found: Mapping[Query, Series]) -> bool:
    return not any(found.get(query) for query in _list_queries(alarm))
