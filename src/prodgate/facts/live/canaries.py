"""Canaries: whether they run, how their last run went, and whether somebody is told when one fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from .. import Fact
from ..observers import apart, observes, reads
from .alarm_settings import AlarmSettings, read_alarms

reads("synthetics", "DescribeCanaries", "DescribeCanariesLastRun", "GetCanaryRuns")

#: Runs to look through for one that has ended; AWS returns the newest first.
_RUNS: Final = 10

#: Metrics of which more is worse; of SuccessPercent, less is.
_FAILURES: Final = frozenset({"Failed", "FailedRequests"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Canary(Fact):
    """A canary; ``subject`` is its name."""

    state: str
    """``RUNNING`` if it follows its schedule."""
    recurs: bool
    """Whether its schedule is more than one run."""
    last_run: str
    """``PASSED``, ``FAILED`` with why, or empty if it has never run."""
    alarms: tuple[str, ...]
    """Names of the alarms that fire when it fails, with their actions on."""


@observes(Canary)
def observe_canaries(account: Account) -> Iterator[Canary]:
    """Look at every canary."""
    look = apart(Canary, partial(_canary, account), "Name", "Id")
    yield from map(look, account.list("synthetics", "DescribeCanaries", "Canaries"))


def _canary(account: Account, found: Mapping[str, Any]) -> Canary:
    name = found["Name"]
    return Canary(
        subject=name,
        state=found["Status"]["State"],
        recurs=not found["Schedule"]["Expression"].startswith("rate(0"),
        last_run=account.attempt(_read_last_run, account, name),
        alarms=account.attempt(_list_alarms, account, name),
    )


def _read_last_run(account: Account, name: str) -> str:
    """Return how the last run that has ended went; one that goes on says nothing yet, and there often is one."""
    runs = account.list("synthetics", "DescribeCanariesLastRun", "CanariesLastRun")
    status = next((one["LastRun"].get("Status") or {} for one in runs if one["CanaryName"] == name), {})
    if status.get("State") == "RUNNING":
        newest = account.get("synthetics", "GetCanaryRuns", Name=name, MaxResults=_RUNS)["CanaryRuns"]
        ended = [one.get("Status") or {} for one in newest if (one.get("Status") or {}).get("State") != "RUNNING"]
        status = ended[0] if ended else {}
    state, why = status.get("State", ""), status.get("StateReason", "")
    return state if state == "PASSED" or not why else f"{state}: {why}"


def _list_alarms(account: Account, name: str) -> tuple[str, ...]:
    telling = [alarm for alarm in account.once(read_alarms) if alarm.actions_on and alarm.actions]
    return tuple(alarm.name for alarm in telling if _watches(alarm, name))


def _watches(alarm: AlarmSettings, name: str) -> bool:
    """Whether an alarm fires when the canary of this name fails."""
    own = [one for one in alarm.readings if one.reads("CloudWatchSynthetics", one.metric, CanaryName=name)]
    metrics = {one.metric for one in own}
    low = alarm.fires_below and (alarm.threshold or 0) > 0
    return ("SuccessPercent" in metrics and low) or (bool(_FAILURES & metrics) and alarm.fires_above)
