"""Where each component of the system logs, and when it last did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments
from .distributions import GLOBAL
from .log_groups import list_log_groups, log_group_name
from .running_tasks import RunningTask, list_running_tasks
from .vpcs import list_flow_logs, list_vpcs, why_unseen

reads("logs", "DescribeLogStreams")
reads("rds", "DescribeDBClusters")
reads("wafv2", "GetLoggingConfiguration", "ListWebACLs")

#: Log drivers that send on what a container prints.
_DRIVERS: Final = ("awslogs", "awsfirelens", "splunk", "fluentd")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How a component is set to log."""

    arn: str
    groups: tuple[str, ...] = ()
    """Names of its log groups."""
    silent: tuple[str, ...] = ()
    """Parts of it that write to no log group."""
    unseen: str = ""
    """Why none of this is shown here; empty if it is."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ComponentLog(Fact):
    """The log of a service, database, web ACL, VPC or Airflow environment; ``subject`` is its ARN."""

    groups: tuple[str, ...]
    """Log groups that it writes to and that exist."""
    silent: tuple[str, ...]
    """Parts of it that write to no log group, and groups that do not exist."""
    quietest: str
    """The one of its log groups whose newest event is the oldest."""
    silence: Quantity | None
    """Time since the newest event of that group; None if it has none."""


@observes(ComponentLog)
def observe_component_logs(account: Account) -> Iterator[ComponentLog]:
    """Look at every component of every kind; a kind without any counts as one that could not be read."""
    for kind, (region, look) in _KINDS.items():
        try:
            found = tuple(look(account))
        except Unreadable as error:
            yield ComponentLog.unread(kind, error.reason)
            continue
        if not found:
            yield ComponentLog.unread(kind, f"the account has no {kind}")
        look_at = partial(_component, account, region or account.region)
        yield from account.each(apart(ComponentLog, look_at, "arn"), found)


def _component(account: Account, region: str, written: LogSettings) -> ComponentLog:
    if written.unseen:
        return ComponentLog.unread(written.arn, written.unseen)
    known = {group.get("logGroupName") for group in list_log_groups(account, region)}
    there = tuple(name for name in written.groups if name in known)
    missing = tuple(f"log group {name} does not exist" for name in written.groups if name not in known)
    return ComponentLog(
        subject=written.arn,
        groups=there,
        silent=(*written.silent, *missing),
        quietest=account.attempt(lambda: _find_quietest(account, there, region)[0]),
        silence=account.attempt(lambda: _find_quietest(account, there, region)[1]),
    )


def _find_quietest(account: Account, names: tuple[str, ...], region: str) -> tuple[str, Quantity | None]:
    silences = [(name, _silence(account, name, region)) for name in names]
    return max(silences, key=lambda one: _length(one[1]), default=("", None))


def _silence(account: Account, group: str, region: str) -> Quantity | None:
    """Return the time since the newest event, which CloudWatch may know up to an hour late."""
    asked = {"logGroupName": group, "orderBy": "LastEventTime", "descending": True, "limit": 1}
    streams = account.get("logs", "DescribeLogStreams", region=region, **asked)["logStreams"]
    newest = next((one["lastEventTimestamp"] for one in streams if one.get("lastEventTimestamp")), None)
    return None if newest is None else account.age(datetime.fromtimestamp(newest / 1000, UTC))


def _length(silence: Quantity | None) -> float:
    return float("inf") if silence is None else float(silence.base)


def _services(account: Account) -> Iterator[LogSettings]:
    for task in list_running_tasks(account):
        silent = account.defer(lambda task=task: tuple(_find_silent_containers(task)))
        yield LogSettings(arn=task.arn, groups=account.defer(_groups_of, task), silent=silent)


def _groups_of(task: RunningTask) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_group_of, task.containers))))


def _group_of(container: Mapping[str, Any]) -> str:
    configured = container.get("logConfiguration") or {}
    return str((configured.get("options") or {}).get("awslogs-group", ""))


def _find_silent_containers(task: RunningTask) -> Iterator[str]:
    for container in task.containers:
        driver = (container.get("logConfiguration") or {}).get("logDriver")
        if driver not in _DRIVERS and not container.get("firelensConfiguration"):
            yield f"container {container['name']} writes nowhere"


def _databases(account: Account) -> Iterator[LogSettings]:
    for cluster in account.list("rds", "DescribeDBClusters", "DBClusters"):
        exports = cluster.get("EnabledCloudwatchLogsExports") or ()
        named = tuple(f"/aws/rds/cluster/{cluster['DBClusterIdentifier']}/{export}" for export in exports)
        arn = cluster.get("DBClusterArn") or cluster["DBClusterIdentifier"]
        yield LogSettings(arn=arn, groups=named, silent=() if named else ("exports no log",))


def _web_acls(account: Account) -> Iterator[LogSettings]:
    for acl in account.list("wafv2", "ListWebACLs", "WebACLs", region=GLOBAL, Scope="CLOUDFRONT"):
        found = account.find("wafv2", "GetLoggingConfiguration", region=GLOBAL, ResourceArn=acl["ARN"])
        targets = found["LoggingConfiguration"]["LogDestinationConfigs"] if found else ()
        named = tuple(log_group_name(target) for target in targets if ":log-group:" in target)
        yield LogSettings(arn=acl["ARN"], groups=named, silent=() if named else ("logs to no log group",))


def _networks(account: Account) -> Iterator[LogSettings]:
    for vpc in list_vpcs(account):
        flows = list_flow_logs(account, vpc["VpcId"])
        targets = [one.get("LogGroupName") or log_group_name(one.get("LogDestination") or "") for one in flows]
        named = tuple(filter(None, targets))
        arn = f"arn:aws:ec2:{account.region}:{vpc.get('OwnerId') or account.id}:vpc/{vpc['VpcId']}"
        silent = () if named else ("has no flow log in CloudWatch",)
        yield LogSettings(arn=arn, groups=named, silent=silent, unseen=why_unseen(account, vpc))


def _environments(account: Account) -> Iterator[LogSettings]:
    for found in list_environments(account):
        logs = [one for one in (found.get("LoggingConfiguration") or {}).values() if one.get("Enabled")]
        named = tuple(log_group_name(one["CloudWatchLogGroupArn"]) for one in logs)
        arn = found.get("Arn") or found["Name"]
        yield LogSettings(arn=arn, groups=named, silent=() if named else ("all logs are off",))


#: Kind of component -> region of its logs if it is not the account's, and what lists such components.
_KINDS: Final[Mapping[str, tuple[str, Callable[[Account], Iterator[LogSettings]]]]] = {
    "service": ("", _services),
    "database": ("", _databases),
    "web ACL": (GLOBAL, _web_acls),
    "VPC": ("", _networks),
    "Airflow environment": ("", _environments),
}
