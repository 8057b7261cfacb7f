"""The logs of the services while a deployment went on, compared with the same length of time before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...estimates import Estimate
from ...quantities import Quantity
from ...semantics.log_lines import ERROR_PATTERN
from .. import Fact
from ..live.ecs_services import list_services, read_task_definition
from ..observers import reads
from .counts import count_names
from .windows import Window

reads("logs", "FilterLogEvents")

#: Least time that is looked at, before as well: what is written every few minutes must have had its turn.
_LEAST: Final = timedelta(minutes=5)
#: Kinds of error that are kept of each stretch of time.
_MOST: Final = 200
#: Pages that are asked for until one holds a line: CloudWatch may answer with empty ones.
_PAGES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogsDuringDeploy(Fact):
    """What a service wrote to one of its log groups while it was deployed; ``subject`` is the group."""

    new_kinds: Estimate
    """Kinds of error that were not there before, with how often each was."""
    known_kinds: Quantity
    """Kinds of error that were there before, too."""
    window: str
    """The time that was looked at."""


def observe_logs(account: Account, window: Window) -> Iterator[Mapping[str, Any]]:
    """Yield the kinds of error in each log group of each service, before and while it was deployed.

    Raises Unreadable when the services can't be listed. A line is never kept, only the kind of error that it tells of.
    """
    length = max((window.ended or account.now) - window.began, _LEAST)
    spans = {
        "during": (window.began, min(window.began + length, account.now)),
        "before": (window.began - length, window.began),
    }
    for group, serves in sorted(_find_groups(account).items()):
        told: dict[str, Any] = {"group": group, "serves": serves, "window": str(window)}
        try:
            yield {**told, **{name: _look(account, group, *span) for name, span in spans.items()}}
        except (Absent, Unreadable) as error:
            yield {**told, "unread": getattr(error, "reason", f"AWS answers {error}")}


def _find_groups(account: Account) -> Mapping[str, bool]:
    """Return the log groups of all services, and whether a container that takes traffic writes there."""
    found: dict[str, bool] = {}
    for service in account.once(list_services):
        serving = {one.get("containerName") for one in service.get("loadBalancers", ())}
        for container in read_task_definition(account, service["taskDefinition"])["containerDefinitions"]:
            options = (container.get("logConfiguration") or {}).get("options") or {}
            if group := options.get("awslogs-group"):
                found[str(group)] = found.get(str(group), False) or container["name"] in serving
    return found


def _look(account: Account, group: str, begin: datetime, end: datetime) -> Mapping[str, Any]:
    """Return whether there is any line in a stretch of time, and how often each kind of error is."""
    asked: dict[str, Any] = {
        "logGroupName": group,
        "startTime": int(begin.timestamp() * 1000),
        "endTime": int(end.timestamp() * 1000),
    }
    errors = account.list("logs", "FilterLogEvents", "events", filterPattern=ERROR_PATTERN, **asked)
    kinds = Counter(kind for event in errors if (kind := event["message"]))
    return {"lines": bool(errors) or _holds_any(account, asked), "kinds": dict(kinds.most_common(_MOST))}


def _holds_any(account: Account, asked: Mapping[str, Any]) -> bool:
    """Whether there is a line at all. Raises Unreadable when many pages in a row are empty and more follow."""
    token: dict[str, str] = {}
    for _ in range(_PAGES):
        page = account.get("logs", "FilterLogEvents", limit=1, **asked, **token)
        if page["events"] or not page.get("nextToken"):
            return bool(page["events"])
        token = {"nextToken": page["nextToken"]}
    raise Unreadable(f"{asked['logGroupName']}: {_PAGES} pages of its log hold no line of that time, and more follow")


def log_facts(value: Mapping[str, Any]) -> Iterator[LogsDuringDeploy]:
    """Yield what a log group holds, as ``observe_logs`` stores it."""
    reason = value.get("unread", "") or _find_silence(value)
    if reason:
        yield LogsDuringDeploy.unread(value["group"], reason)
        return
    during, before = value["during"]["kinds"], value["before"]["kinds"]
    new = [f"{kind} ({count:,} times)" for kind, count in during.items() if kind not in before]
    yield LogsDuringDeploy(
        subject=value["group"],
        new_kinds=count_names(new, "deployment"),
        known_kinds=Quantity.of(len(set(during) & set(before))),
        window=value["window"],
    )


def _find_silence(value: Mapping[str, Any]) -> str:
    """Say that what takes traffic wrote no line at all, so that no error would have been seen; empty when it did.

    A container beside it may have had nothing to say.
    """
    if not value["serves"]:
        return ""
    for name, words in (("during", "while it was deployed"), ("before", "before it was deployed")):
        if not value[name]["lines"]:
            return f"{value['group']}: no line was written {words}, so that errors would not have been seen either"
    return ""
