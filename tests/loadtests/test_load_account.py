"""An account's counts of a load, on an emulated account: plausible ones, impossible ones, and unknown ones."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.aws.answers import Unread
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.facts import Facts
from prodgate.facts.load import BalancerTimes, EntranceCount
from prodgate.facts.load.server_view import account_view, view_through
from prodgate.run.judging import judge
from prodgate.testing import Bound, Finding, Outcome
from tests.suites.judging import checks_in

from ..prodgate.facts.load.load_records import cell, failing, record, stored
from ..prodgate.rehearsal.emulated import REGION, Account
from ..prodgate.samples import criterion

HOST, GLOBAL = "www.example.com", "us-east-1"
#: The load begins 20 s before the first of its two whole minutes, and ends 20 s after the second.
STARTED = datetime(2026, 1, 5, 10, 0, 40, tzinfo=UTC)
MINUTES = tuple(datetime(2026, 1, 5, 10, minute, tzinfo=UTC) for minute in (1, 2))
ABOUT = {"id": "123456789012", "region": "ap-northeast-1", "foreign": ["other-*"], "unreadable": ""}
#: Requests of each minute, 100 a second.
EACH = 6_000


def run(**changes: Any) -> dict[str, Any]:
    """A run of 160 s and 100 requests a second, each with a response in 100 ms, as the layer keeps it."""
    profile = {"name": "steady", "rate": 100.0, "duration": 160.0, "warm_up": 5.0, "timeout": 2.0}
    given = {"seconds": [cell(second, {1000: 100}) for second in range(160)], "profile": profile}
    requests = [{"name": "GET /search", "cacheable": False}, {"name": "GET /", "cacheable": True}]
    return stored(record(**{**given, "started": STARTED.isoformat(), "requests": requests, **changes}))


def distribution(account: Account, *names: str, comment: str = "site") -> str:
    """Make a distribution that serves names, and return its id."""
    server = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    origin = {"Id": "site", "DomainName": "lb.example.com", "CustomOriginConfig": server}
    behaviour = {"TargetOriginId": "site", "ViewerProtocolPolicy": "https-only"}
    config = {
        "CallerReference": comment, "Comment": comment, "Enabled": True, "PriceClass": "PriceClass_200",
        "Aliases": {"Quantity": len(names), "Items": list(names)}, "DefaultCacheBehavior": behaviour,
        "Origins": {"Quantity": 1, "Items": [origin]},
    }  # fmt: skip
    made = account("cloudfront", GLOBAL).create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])


def balancer(account: Account, name: str = "site", kind: str = "application") -> str:
    """Make a load balancer, and return CloudWatch's name of it."""
    ec2 = account("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    made = account("elbv2").create_load_balancer(Name=name, Subnets=[subnet], Type=kind)["LoadBalancers"][0]
    return str(made["LoadBalancerArn"].partition(":loadbalancer/")[2])


def tell(account: Account, metric: str, own: Mapping[str, str], at: datetime, **value: Any) -> None:
    """Give CloudWatch the values of a metric."""
    namespace, _, name = metric.rpartition(" ")
    region = GLOBAL if namespace == "AWS/CloudFront" else ""
    dimensions = [{"Name": key, "Value": stated} for key, stated in own.items()]
    datum = {"MetricName": name, "Dimensions": dimensions, "Timestamp": at + timedelta(seconds=7), **value}
    account("cloudwatch", region).put_metric_data(Namespace=namespace, MetricData=[datum])


def tell_of_distribution(account: Account, id_: str, *requests: int, errors: float = 0) -> None:
    """Let it count so many requests in each minute, and so many percent of them as errors."""
    own = {"DistributionId": id_, "Region": "Global"}
    for minute, count in zip(MINUTES, requests, strict=False):
        tell(account, "AWS/CloudFront Requests", own, minute, Value=count, Unit="None")
        tell(account, "AWS/CloudFront 5xxErrorRate", own, minute, Value=errors, Unit="Percent")


def tell_of_balancer(
    account: Account, name: str, *requests: int, errors: int = 0, took: Mapping[float, int] | None = None
) -> None:
    """Let it count so many requests in each minute, errors among them, which took targets so many seconds."""
    own = {"LoadBalancer": name}
    for minute, count in zip(MINUTES, requests, strict=False):
        times = {0.09: count} if took is None else took
        tell(account, "AWS/ApplicationELB RequestCount", own, minute, Value=count, Unit="Count")
        tell(
            account, "AWS/ApplicationELB TargetResponseTime", own, minute,
            Values=list(times), Counts=list(times.values()), Unit="Seconds",
        )  # fmt: skip
        if errors:
            tell(account, "AWS/ApplicationELB HTTPCode_Target_5XX_Count", own, minute, Value=errors, Unit="Count")


pytestmark = pytest.mark.xdist_group("emulator")
ASKED = {
    "load-counts-agree": criterion(
        "load-counts-agree", bound=Bound.parse("<= 0.1 %"), samples=1000, layers=("load",), where_present=True
    ),
    "load-latency-agrees": criterion(
        "load-latency-agrees", bound=Bound.parse("<= 50 ms"), samples=1000, layers=("load",), where_present=True
    ),
}
ENTERED, ERRORS, TIMES = (
    "test_what_was_answered_has_entered",
    "test_errors_that_readers_saw_were_counted",
    "test_load_balancers_know_how_long_readers_wait",
)
HELD, BROKEN, OPEN, NOT_ASKED = (
    Outcome.SATISFIED,
    Outcome.NOT_SATISFIED,
    Outcome.UNDETERMINED,
    Outcome.NOT_APPLICABLE,
)


@pytest.fixture(scope="module")
def judged() -> Callable[..., Mapping[str, Finding]]:
    checks = checks_in("loadtests/test_load_account.py")

    def look(account: Account, stored: Mapping[str, Any] | None = None) -> Mapping[str, Finding]:
        """The checks' findings, which are the same from stored evidence."""
        stored = stored or run()
        calls = LiveCalls(rehearsal_clients(account.endpoint, REGION, reads=True, attempts=1))
        seen = tuple(view_through(calls, stored, ABOUT))
        answers = [{"service": s, "region": r, "calls": c} for s, r, c in calls.recording.by_place()]
        again = tuple(account_view(stored, {**ABOUT, "answers": answers}))
        found, recalled = (_found(Facts(facts)) for facts in (seen, again))
        assert found == recalled
        return found

    def _found(facts: Facts) -> dict[str, Finding]:
        found = {}
        for check in checks:
            (found[check.name],) = judge(check, ASKED[check.criterion], facts, layer="load", fixtures={})
        return found

    return look


def outcomes(found: Mapping[str, Finding]) -> tuple[Outcome, Outcome, Outcome]:
    return found[ENTERED].outcome, found[ERRORS].outcome, found[TIMES].outcome


#: 120 requests a minute that a target answered with 500, of those that readers sent.
FAILED = failing([2] * 160, "HTTP 500")


def test_numbers_agree_where_other_readers_are_counted_too(account: Account, judged: Callable[..., Any]) -> None:
    site, lb = distribution(account, HOST), balancer(account)
    tell_of_distribution(account, site, EACH + 900, EACH + 700, errors=2)
    tell_of_balancer(account, lb, EACH + 100, EACH + 50, errors=120)
    found = judged(account, run(seconds=FAILED))
    assert outcomes(found) == (HELD, HELD, HELD)
    assert found[ENTERED].subject == f"steady at https://www.example.com, as distribution {site} counts"
    assert [found[name].observed for name in (ENTERED, ERRORS, TIMES)] == ["0 %", "0 %", "10 ms"]


def test_without_a_distribution_the_load_balancers_are_the_entrance(
    account: Account, judged: Callable[..., Any]
) -> None:
    lb, other, network = balancer(account), balancer(account, "other-shop"), balancer(account, "deep", "network")
    tell_of_balancer(account, lb, EACH, EACH, errors=120)
    tell_of_balancer(account, other, 9 * EACH, 9 * EACH, took={3.0: 9 * EACH})
    found = judged(account, run(seconds=FAILED))
    assert outcomes(found) == (HELD, HELD, HELD)
    assert found[ENTERED].subject.endswith(f"as load balancer {lb} counts"), (other, network)


def test_a_load_that_came_somewhere_else_is_seen(account: Account, judged: Callable[..., Any]) -> None:
    tell_of_distribution(account, distribution(account, HOST), 5_000, 5_100)
    tell_of_balancer(account, balancer(account), EACH, EACH)
    found = judged(account)
    assert outcomes(found) == (BROKEN, HELD, HELD)
    # of the 120 s those are certain that begin 2 s later and end 6 s earlier
    assert (found[ENTERED].observed, 112 * 100 - 10_100) == ("9.8215 %", 1_100)


def test_requests_that_a_load_balancer_answers_by_itself_have_arrived(
    account: Account, judged: Callable[..., Any]
) -> None:
    lb = balancer(account)
    tell_of_balancer(account, lb, 5_000, 5_000)
    metrics = (
        "HTTP_Fixed_Response_Count",
        "HTTPCode_ELB_3XX_Count",
        "HTTPCode_ELB_4XX_Count",
        "HTTPCode_ELB_5XX_Count",
    )
    for metric in metrics:
        own = {"LoadBalancer": lb}
        tell(account, f"AWS/ApplicationELB {metric}", own, MINUTES[0], Value=300, Unit="Count")
    assert judged(account)[ENTERED].outcome is HELD


@pytest.mark.parametrize("cached", [True, False])
def test_errors_that_nobody_here_made_come_from_something_in_front(
    account: Account, judged: Callable[..., Any], cached: bool
) -> None:
    if cached:
        tell_of_distribution(account, distribution(account, HOST), EACH, EACH, errors=0.5)
    tell_of_balancer(account, balancer(account), EACH, EACH, errors=30)
    found = judged(account, run(seconds=FAILED))
    assert outcomes(found) == (HELD, BROKEN, HELD)
    assert (found[ERRORS].observed, 112 * 2 - 60) == ("1.4643 %", 164)


#: How long targets took; 95 % of what readers were answered took them 100 ms.
SPREADS = [
    ({0.09: EACH}, HELD, "10 ms"),
    ({0.02: EACH}, BROKEN, "80 ms"),
    ({0.3: EACH}, BROKEN, "200 ms"),
    # others may be all that is slow, or all that is fast
    ({0.09: EACH, 3.0: 600}, HELD, "0 ms"),
    ({0.01: 3_000, 0.06: EACH}, HELD, "40 ms"),
    ({0.01: 3_000, 0.04: EACH}, BROKEN, "60 ms"),
    # 4.7 % of all are 5.5 % of our own
    ({0.02: 6_250, 0.09: 310}, HELD, "10 ms"),
]


@pytest.mark.parametrize(("took", "outcome", "apart"), SPREADS)
def test_readers_wait_no_less_than_targets_took_and_hardly_more(
    account: Account, judged: Callable[..., Any], took: Mapping[float, int], outcome: Outcome, apart: str
) -> None:
    tell_of_balancer(account, balancer(account), EACH, EACH, took=took)
    found = judged(account)
    assert (found[TIMES].outcome, found[TIMES].observed) == (outcome, apart)


def test_between_a_slow_and_a_fast_load_balancer_readers_may_wait_any_time(
    account: Account, judged: Callable[..., Any]
) -> None:
    tell_of_balancer(account, balancer(account), EACH, EACH, took={0.3: EACH})
    tell_of_balancer(account, balancer(account, "more"), EACH, EACH, took={0.02: EACH})
    assert judged(account)[TIMES].observed == "0 ms"


def test_behind_a_cache_only_what_it_may_not_answer_is_compared(account: Account, judged: Callable[..., Any]) -> None:
    tell_of_distribution(account, distribution(account, HOST), EACH, EACH)
    tell_of_balancer(account, balancer(account), 900, 900, took={0.3: 900})
    ten = [cell(second, {3100: 10}) for second in range(160)]
    mixed = run(seconds=[*ten, *(cell(second, {100: 90}, request=1) for second in range(160))])
    assert judged(account, mixed)[TIMES].observed == "10 ms"
    cached = run(seconds=[cell(second, {100: 100}, request=1) for second in range(160)])
    assert judged(account, cached)[TIMES].outcome is NOT_ASKED
    uncached = judged(account)[TIMES]
    assert uncached.outcome is OPEN
    assert "timed 1,800 answers, and readers had 11,200 that no cache may give" in uncached.reason


def test_the_distribution_is_that_of_the_very_name_and_of_this_system(
    account: Account, judged: Callable[..., Any]
) -> None:
    distribution(account, "*.example.com", comment="wild")
    site = distribution(account, HOST)
    tell_of_distribution(account, site, EACH, EACH)
    assert judged(account)[ENTERED].subject.endswith(f"as distribution {site} counts")


def test_a_minute_of_which_nothing_is_told_is_not_known(account: Account, judged: Callable[..., Any]) -> None:
    tell_of_distribution(account, distribution(account, HOST), EACH)
    found = judged(account)
    assert outcomes(found) == (OPEN, OPEN, NOT_ASKED)
    assert "tells no requests of distribution" in found[ENTERED].reason
    assert "in 1 of 2 minutes, first at 10:02 UTC: it is late, or the load does not come here" in found[ENTERED].reason


def test_a_minute_of_which_no_share_of_errors_is_told_is_not_known(
    account: Account, judged: Callable[..., Any]
) -> None:
    site = distribution(account, HOST)
    tell_of_distribution(account, site, EACH)
    own = {"DistributionId": site, "Region": "Global"}
    tell(account, "AWS/CloudFront Requests", own, MINUTES[1], Value=EACH, Unit="None")
    assert outcomes(judged(account)) == (OPEN, OPEN, NOT_ASKED)


ASKED_OF = ("cloudfront ListDistributions", "elbv2 DescribeLoadBalancers", "cloudwatch GetMetricData")


@pytest.mark.parametrize("operation", ASKED_OF)
@pytest.mark.parametrize(("kind", "reason"), [("deny", "access denied"), ("throttle", "throttled")])
def test_an_answer_that_is_not_had_is_undetermined(
    account: Account, judged: Callable[..., Any], operation: str, kind: str, reason: str
) -> None:
    tell_of_distribution(account, distribution(account, HOST), EACH, EACH)
    tell_of_balancer(account, balancer(account), EACH, EACH)
    service, _, name = operation.partition(" ")
    account.fault(service=service, operation=name, kind=kind)
    found = judged(account)
    assert outcomes(found) == (OPEN, OPEN, OPEN)
    assert all(reason in finding.reason and operation in finding.reason for finding in found.values())


def test_a_list_that_is_said_not_to_exist_is_undetermined(account: Account, judged: Callable[..., Any]) -> None:
    account.fault(service="elbv2", operation="DescribeLoadBalancers", code="NoSuchEntity", status=404)
    found = judged(account)
    assert outcomes(found) == (OPEN, OPEN, OPEN)
    assert "AWS answered NoSuchEntity, where it should list what there is" in found[ENTERED].reason


def test_percentiles_that_are_not_had_leave_the_counts(account: Account, judged: Callable[..., Any]) -> None:
    tell_of_balancer(account, balancer(account), EACH, EACH)
    account.fault(service="cloudwatch", operation="GetMetricData", kind="deny", after=1)
    assert outcomes(judged(account)) == (HELD, HELD, OPEN)


def test_where_nothing_counts_requests_nothing_is_asked(account: Account, judged: Callable[..., Any]) -> None:
    assert outcomes(judged(account)) == (NOT_ASKED, NOT_ASKED, NOT_ASKED)


def test_a_run_that_proves_nothing_is_not_compared(account: Account, judged: Callable[..., Any]) -> None:
    stopped = run(complete=False, stopped_early=True, why="stopped early: too slow")
    short = run(started="2026-01-05T10:00:01+00:00", profile={**run()["record"]["profile"], "duration": 100.0})
    for told, reason in ((stopped, "too slow"), (short, "hold no whole minute")):
        found = judged(account, told)
        assert outcomes(found) == (OPEN, OPEN, OPEN)
        assert reason in found[TIMES].reason
    assert account.calls("cloudfront:ListDistributions") == 0


@pytest.mark.parametrize("said", [{"sick": ["9 of 9 s"], "advice": "use more"}, {"aside": "9 of 99 s"}], ids=str)
def test_a_machine_that_was_busy_leaves_open_times_and_no_counts(
    account: Account, judged: Callable[..., Any], said: dict[str, Any]
) -> None:
    site, lb = distribution(account, HOST), balancer(account)
    tell_of_distribution(account, site, EACH + 900, EACH + 700, errors=2)
    tell_of_balancer(account, lb, EACH + 100, EACH + 50, errors=120)
    found = judged(account, run(seconds=FAILED, health=said))
    assert outcomes(found) == (HELD, HELD, OPEN)
    assert "9 s" in found[TIMES].reason


def test_of_an_account_that_was_not_asked_nothing_is_known_and_of_a_rehearsal_nothing_is_asked() -> None:
    for kept, reason in ((None, "the account was not asked"), ({"unreadable": "is of account 9"}, "is of account 9")):
        count, times = account_view(run(), kept)
        assert (type(count), type(times)) == (EntranceCount, BalancerTimes)
        for fact, field in ((count, "unknown"), (count, "unknown_errors"), (times, "apart")):
            assert fact.peek(field) == Unread(reason)
    own_log = {**run(), "server": {"statuses": {}, "latency": {}}}
    assert list(account_view(own_log, None)) == []
    assert list(account_view(run(profile={**run()["record"]["profile"], "name": "deploy"}), None)) == []
