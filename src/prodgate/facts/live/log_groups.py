"""CloudWatch log groups: their contents and retention, and the components that write to them."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from ...quantities import Quantity
from ...semantics.secret_forms import credential_form
from .. import Fact
from ..observers import apart, observes
from .airflow import list_environments
from .databases import list_clusters
from .distributions import GLOBAL
from .ecs_services import RunningTask, list_running_tasks
from .security_services import list_trails
from .vpcs import list_flow_logs, list_vpcs, why_unseen

#: The one class of log groups whose events can be searched.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
_SEARCHED: Final = "STANDARD"
#: How far back events are searched for credentials.
_DAY: Final = timedelta(days=1)
#: Age of a group up to which its first events may not be counted yet: CloudWatch lists a metric within 15 minutes.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
_NEW: Final = timedelta(hours=1)
#: CloudWatch's search pattern: a little wider than the formats of credentials, in its limited regular expressions (no
#: groups, few symbols). Matches are checked against the formats themselves.
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
    """How long events are kept; None means for ever."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoggedText(Fact):
    """The text in a log group from the last day; ``subject`` is the group's ARN.

    Groups of flow logs, which hold addresses, and of trails, which hold access key ids on purpose, are left out.
    """

    credentials: tuple[str, ...]
    """``stream: kind`` for each event with a credential of a known format; never the credential itself."""


@observes(LogGroup)
def observe_log_groups(account: Account) -> Iterator[LogGroup]:
    """Observe every log group of the account's region and of us-east-1, where CloudFront's and the WAF's are."""
    for region in list_log_regions(account):
        yield from map(apart(LogGroup, _log_group, "arn", "logGroupName"), list_log_groups(account, region))


def _log_group(group: Mapping[str, Any]) -> LogGroup:
    days = group.get("retentionInDays")
    return LogGroup(subject=log_group_arn(group), retention=Quantity.days(days) if days else None)


@observes(LoggedText)
def observe_logged_text(account: Account) -> Iterator[LoggedText]:
    """Search the last day of every log group that applications write to.

    Each search is a call. A group without a counted event in two weeks holds none of the last day.
    """
    machines = set(_list_groups_of_aws(account))
    for region in list_log_regions(account):
        # what comes into a group of the class DELIVERY CloudWatch passes on, and shows to nobody
        shown = (group for group in list_log_groups(account, region) if group.get("logGroupClass") != "DELIVERY")
        wanted = [group for group in shown if group.get("logGroupName") not in machines]
        silent = _find_silent(account, region, wanted)
        look = apart(LoggedText, partial(_search, account, region, silent), "arn", "logGroupName")
        yield from account.each(look, wanted)


def list_log_regions(account: Account) -> tuple[str, ...]:
    """Return the regions of the system's log groups."""
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
    """Return the names of groups without an event in two weeks, by CloudWatch's count of incoming events.

    If the count is unreliable, such as where nothing at all is counted, every group gets searched. So does a new group.
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
    kind = group.get("logGroupClass", _SEARCHED)
    found = () if name in silent else account.attempt(_credentials, account, name, region, kind)
    return LoggedText(subject=log_group_arn(group), credentials=found)


def _credentials(account: Account, name: str, region: str, kind: str) -> tuple[str, ...]:
    if kind != _SEARCHED:
        raise Unreadable(
            f"{name}: CloudWatch does not search groups of the class {kind}; write logs of applications to a group of "
            f"the class {_SEARCHED}, or name it in [account] exempt if it is another system's"
        )
    since = int((account.now - _DAY).timestamp() * 1000)
    asked = {"logGroupName": name, "startTime": since, "filterPattern": f"%{PATTERN}%"}
    events = account.list("logs", "FilterLogEvents", "events", region=region, **asked)
    forms = [(event["logStreamName"], credential_form(event["message"])) for event in events]
    return tuple(dict.fromkeys(f"{stream}: {form}" for stream, form in forms if form))


def _list_groups_of_aws(account: Account) -> Iterator[str]:
    for flow in account.list("ec2", "DescribeFlowLogs", "FlowLogs"):
        yield flow.get("LogGroupName") or log_group_name(flow.get("LogDestination") or "")
    yield from (log_group_name(trail.get("CloudWatchLogsLogGroupArn") or "") for trail in list_trails(account))


# ── The log groups of each component, and their newest events


#: Log drivers that forward the output of a container.
_DRIVERS: Final = ("awslogs", "awsfirelens", "splunk", "fluentd")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The log settings of a component."""

    arn: str
    groups: tuple[str, ...] = ()
    """Names of its log groups."""
    silent: tuple[str, ...] = ()
    """Its parts that write to no log group."""
    unseen: str = ""
    """Why none of this is shown here; empty if it is."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ComponentLog(Fact):
    """The log of a service, database, web ACL, VPC or Airflow environment; ``subject`` is its ARN."""

    groups: tuple[str, ...]
    """Log groups that it writes to and that exist."""
    silent: tuple[str, ...]
    """Its parts that write to no log group, and groups that do not exist."""
    quietest: str
    """The one of its log groups whose newest event is the oldest."""
    silence: Quantity | None
    """Time since the newest event of that group; None if it has none."""


@observes(ComponentLog)
def observe_component_logs(account: Account) -> Iterator[ComponentLog]:
    """Observe every component of every kind; a kind without any counts as one that could not be read."""
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
    return max(silences, key=lambda one: inf if one[1] is None else float(one[1].base), default=("", None))


def _silence(account: Account, group: str, region: str) -> Quantity | None:
    """Return the time since the newest event, which CloudWatch may show up to an hour late."""
    asked = {"logGroupName": group, "orderBy": "LastEventTime", "descending": True, "limit": 1}
    streams = account.get("logs", "DescribeLogStreams", region=region, **asked)["logStreams"]
    newest = next((one["lastEventTimestamp"] for one in streams if one.get("lastEventTimestamp")), None)
    return None if newest is None else account.age(datetime.fromtimestamp(newest / 1000, UTC))


def _services(account: Account) -> Iterator[LogSettings]:
    for task in list_running_tasks(account):
        silent = account.defer(lambda task=task: tuple(_find_silent_containers(task)))
        yield LogSettings(arn=task.arn, groups=account.defer(_groups_of, task), silent=silent)


def _groups_of(task: RunningTask) -> tuple[str, ...]:
    options = [(one.get("logConfiguration") or {}).get("options") or {} for one in task.containers]
    return tuple(dict.fromkeys(filter(None, (str(one.get("awslogs-group", "")) for one in options))))


def _find_silent_containers(task: RunningTask) -> Iterator[str]:
    for container in task.containers:
        driver = (container.get("logConfiguration") or {}).get("logDriver")
        if driver not in _DRIVERS and not container.get("firelensConfiguration"):
            yield f"container {container['name']} writes nowhere"


def _databases(account: Account) -> Iterator[LogSettings]:
    for cluster in list_clusters(account):
        exports = cluster.get("EnabledCloudwatchLogsExports") or ()
        named = tuple(f"/aws/rds/cluster/{cluster['DBClusterIdentifier']}/{export}" for export in exports)
        yield LogSettings(
            arn=cluster.get("DBClusterArn") or cluster["DBClusterIdentifier"],
            groups=named,
            silent=() if named else ("exports no log",),
        )


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
        yield LogSettings(
            arn=arn,
            groups=named,
            silent=() if named else ("has no flow log in CloudWatch",),
            unseen=why_unseen(account, vpc),
        )


def _environments(account: Account) -> Iterator[LogSettings]:
    for found in list_environments(account):
        logs = [one for one in (found.get("LoggingConfiguration") or {}).values() if one.get("Enabled")]
        named = tuple(log_group_name(one["CloudWatchLogGroupArn"]) for one in logs)
        yield LogSettings(
            arn=found.get("Arn") or found["Name"], groups=named, silent=() if named else ("all logs are off",)
        )


#: Kind of component -> region of its logs if it is not the account's, and the function that lists such components.
_KINDS: Final[Mapping[str, tuple[str, Callable[[Account], Iterator[LogSettings]]]]] = {
    "service": ("", _services),
    "database": ("", _databases),
    "web ACL": (GLOBAL, _web_acls),
    "VPC": ("", _networks),
    "Airflow environment": ("", _environments),
}
