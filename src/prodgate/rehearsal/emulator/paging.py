"""Lists come in pages, as AWS's do: by each operation's own model, also where moto returns everything at once."""

from __future__ import annotations

import copy
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from botocore.exceptions import DataNotFoundError
from moto.core.utils import get_pagination_model

from .calls import Call
from .extension import Refused

#: Items in a page where the caller states no number.
USUAL: Final = 100
SIZES: Final[Mapping[tuple[str, str], int]] = {
    ("backup", "ListBackupJobs"): 1000,
    ("backup", "ListRecoveryPointsByBackupVault"): 1000,
    ("backup", "ListRestoreJobs"): 1000,
    ("cloudwatch", "DescribeAlarmHistory"): 50,
    ("cloudwatch", "DescribeAlarms"): 50,
    ("cloudwatch", "GetMetricData"): 500,  # AWS counts values, up to 100,800: more than an answer here ever has
    ("cloudwatch", "ListMetrics"): 500,
    ("ecs", "ListServices"): 10,
    ("kms", "ListAliases"): 50,
    ("kms", "ListGrants"): 50,
    ("lambda", "ListFunctions"): 50,
    ("logs", "DescribeLogGroups"): 50,
    ("logs", "DescribeLogStreams"): 50,
    ("logs", "DescribeMetricFilters"): 50,
    ("logs", "FilterLogEvents"): 10000,
    ("mwaa", "ListEnvironments"): 25,
    ("s3", "ListBuckets"): 10000,
    ("sqs", "ListQueues"): 1000,
}
#: EC2 returns everything unless asked for pages, up to this.
SIZES_OF_SERVICES: Final[Mapping[str, int]] = {"ec2": 1000}
#: Lists whose later pages are kept; older ones expire, as tokens do.
KEPT: Final = 512
MARK: Final = "prodgate-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paginator:
    """How an operation pages, after its model."""

    token: str
    next_token: str
    limit: str
    more: str
    lists: tuple[str, ...]


@cache
def paginator(service: str, operation: str) -> Paginator | None:
    """Return how an operation pages; None where it does not, or by more than one simple token."""
    try:
        rule = get_pagination_model(service)[operation]
    except (DataNotFoundError, KeyError):
        return None
    keys = rule["result_key"] if isinstance(rule["result_key"], list) else [rule["result_key"]]
    names = [rule["input_token"], rule["output_token"], *keys]
    if not all(isinstance(name, str) and name.replace(".", "").isalnum() for name in names):
        return None
    return Paginator(
        token=names[0],
        next_token=names[1],
        limit=rule.get("limit_key", ""),
        more=rule.get("more_results", ""),
        lists=tuple(keys),
    )


class Pages:
    """Answers of which pages remain to be fetched, by their tokens."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Mapping[str, Any]] = OrderedDict()

    def next_page(self, call: Call) -> dict[str, Any] | None:
        """Return the page that a token of ours asks for; None where the call holds none."""
        rule = paginator(call.service, call.operation)
        token = str(call.params.get(rule.token) or "") if rule else ""
        if rule is None or not token.startswith(MARK):
            return None
        name, _, start = token.removeprefix(MARK).partition("-")
        if name not in self._held:
            raise Refused("InvalidNextToken", f"the token {token!r} has expired")
        return self._page(rule, call, name, int(start))

    def first_page(self, call: Call, result: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the first page of an answer; the answer itself where it is short or paged already."""
        rule = paginator(call.service, call.operation)
        if rule is None or value_at(result, rule.next_token) or (rule.more and value_at(result, rule.more)):
            return result
        if sum(len(value_at(result, path) or ()) for path in rule.lists) <= _size(rule, call):
            return result
        name = uuid.uuid4().hex
        self._held[name] = result
        while len(self._held) > KEPT:
            self._held.popitem(last=False)
        return self._page(rule, call, name, 0)

    def _page(self, rule: Paginator, call: Call, name: str, start: int) -> dict[str, Any]:
        """Return items from ``start`` on, counted over all lists of the answer one after the other."""
        page: dict[str, Any] = copy.copy(dict(self._held[name]))
        end, passed = start + _size(rule, call), 0
        for path in rule.lists:
            items = value_at(page, path) or []
            if items or value_at(page, path) is not None:
                put_at(page, path, items[max(start - passed, 0) : max(end - passed, 0)])
            passed += len(items)
        put_at(page, rule.next_token, f"{MARK}{name}-{end}" if end < passed else None)
        if rule.more:
            put_at(page, rule.more, end < passed)
        return page


def _size(rule: Paginator, call: Call) -> int:
    stated = call.params.get(rule.limit) if rule.limit else None
    usual = SIZES.get((call.service, call.operation)) or SIZES_OF_SERVICES.get(call.service, USUAL)
    return max(int(stated or usual), 1)


def value_at(held: Any, path: str) -> Any:
    """Return what an answer holds at a path such as ``DistributionList.Items``; None where it holds nothing."""
    for name in path.split("."):
        held = (held or {}).get(name)
    return held


def put_at(held: dict[str, Any], path: str, value: Any) -> None:
    """Set a value inside copies of what holds it, as others keep the answer; count a list where it is counted.

    None leaves it out, as AWS writes no null.
    """
    *parents, last = path.split(".")
    for name in parents:
        held[name] = dict(held.get(name) or {})
        held = held[name]
    if "Quantity" in held and isinstance(value, list):
        held["Quantity"] = len(value)
    if value is None:
        held.pop(last, None)
    else:
        held[last] = value
