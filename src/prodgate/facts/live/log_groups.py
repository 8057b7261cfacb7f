"""CloudWatch log groups: how long they keep what they hold, and whether a credential is in it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from ...quantities import Quantity
from ...semantics.secret_forms import credential_form
from .. import Fact
from ..observers import apart, observes, reads
from .distributions import GLOBAL
from .record_deliveries import list_trails

reads("cloudwatch", "ListMetrics")
reads("ec2", "DescribeFlowLogs")
reads("logs", "DescribeLogGroups", "FilterLogEvents")

#: How far back events are searched for credentials.
_DAY: Final = timedelta(days=1)
#: Age of a group up to which its first events may not be counted yet: CloudWatch lists a metric within 15 minutes.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
_NEW: Final = timedelta(hours=1)
#: What CloudWatch searches for: a little more than the formats of credentials, in its limited regular expressions (no
#: groups, few symbols). What it finds is matched against the formats themselves.
PATTERN: Final = "|".join(
    [
        r"PRIVATE.KEY-----",
        r"A[KS]IA[A-Z2-7]{16}",
        r"gh[pousr]_[A-Za-z0-9]{36}",
        r"github_pat_[A-Za-z0-9_]{22}",
        r"xox[abposr]-[A-Za-z0-9-]{10}",
        r"hooks\.slack\.com/services/T",
        r"AIza[0-9A-Za-z_-]{35}",
        r"eyJ[A-Za-z0-9_-]+\.eyJ",
        r"[rs]k_live_[0-9A-Za-z]{16}",
        r"://[A-Za-z0-9_.+-]*:.+@",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogGroup(Fact):
    """A log group; ``subject`` is its ARN."""

    retention: Quantity | None
    """How long events are kept; None if for ever."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoggedText(Fact):
    """What was written into a log group in the last day; ``subject`` is the group's ARN.

    Groups of flow logs, which hold addresses, and of trails, which hold access key ids on purpose, are left out.
    """

    credentials: tuple[str, ...]
    """``stream: kind`` for each event with a credential of a known format; never the credential itself."""


@observes(LogGroup)
def observe_log_groups(account: Account) -> Iterator[LogGroup]:
    """Look at every log group of the account's region and of us-east-1, where CloudFront's and the WAF's are."""
    for region in list_log_regions(account):
        yield from map(apart(LogGroup, _log_group, "arn", "logGroupName"), list_log_groups(account, region))


def _log_group(group: Mapping[str, Any]) -> LogGroup:
    days = group.get("retentionInDays")
    return LogGroup(subject=log_group_arn(group), retention=Quantity.days(days) if days else None)


@observes(LoggedText)
def observe_logged_text(account: Account) -> Iterator[LoggedText]:
    """Search the last day of every log group that applications write to.

    Each search is a call. A group of which CloudWatch counted no event in two weeks holds none of the last day.
    """
    machines = set(_list_groups_of_aws(account))
    for region in list_log_regions(account):
        wanted = [group for group in list_log_groups(account, region) if group.get("logGroupName") not in machines]
        silent = _find_silent(account, region, wanted)
        look = apart(LoggedText, partial(_search, account, region, silent), "arn", "logGroupName")
        yield from account.each(look, wanted)


def list_log_regions(account: Account) -> tuple[str, ...]:
    """Return where the system's log groups are."""
    return tuple(dict.fromkeys((account.region, GLOBAL)))


def list_log_groups(account: Account, region: str) -> tuple[Mapping[str, Any], ...]:
    """Return the log groups of a region."""
    return account.list("logs", "DescribeLogGroups", "logGroups", region=region)


def log_group_arn(group: Mapping[str, Any]) -> str:
    """Return the ARN of a log group, without the ``:*`` that stands for its streams."""
    return str(group["arn"]).removesuffix(":*")


def log_group_name(arn: str) -> str:
    """Return the name of the log group in an ARN."""
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _find_silent(account: Account, region: str, groups: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the names of groups without an event in two weeks, by CloudWatch's count of what comes in.

    Whoever may not know, such as where nothing at all is counted, is asked about every group. So is a new group.
    """
    counted = account.attempt(_list_counted, account, region) if groups else ()
    if isinstance(counted, Unread) or not counted:
        return frozenset()
    new = (account.now - _NEW).timestamp() * 1000
    old = (one.get("logGroupName", "") for one in groups if one.get("creationTime", new) < new)
    return frozenset(old) - set(counted)


def _list_counted(account: Account, region: str) -> tuple[str, ...]:
    asked = {"Namespace": "AWS/Logs", "MetricName": "IncomingLogEvents"}
    metrics = account.list("cloudwatch", "ListMetrics", "Metrics", region=region, **asked)
    named = (one for metric in metrics for one in metric.get("Dimensions") or ())
    return tuple(one["Value"] for one in named if one["Name"] == "LogGroupName")


def _search(account: Account, region: str, silent: Container[str], group: Mapping[str, Any]) -> LoggedText:
    name = group["logGroupName"]
    found = () if name in silent else account.attempt(_credentials, account, name, region)
    return LoggedText(subject=log_group_arn(group), credentials=found)


def _credentials(account: Account, name: str, region: str) -> tuple[str, ...]:
    since = int((account.now - _DAY).timestamp() * 1000)
    asked = {"logGroupName": name, "startTime": since, "filterPattern": f"%{PATTERN}%"}
    events = account.list("logs", "FilterLogEvents", "events", region=region, **asked)
    forms = [(event["logStreamName"], credential_form(event["message"])) for event in events]
    return tuple(dict.fromkeys(f"{stream}: {form}" for stream, form in forms if form))


def _list_groups_of_aws(account: Account) -> Iterator[str]:
    for flow in account.list("ec2", "DescribeFlowLogs", "FlowLogs"):
        yield flow.get("LogGroupName") or log_group_name(flow.get("LogDestination") or "")
    for trail in list_trails(account):
        yield log_group_name(trail.get("CloudWatchLogsLogGroupArn") or "")
