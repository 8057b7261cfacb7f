"""What answers of real accounts leave out costs the resource that it is of, and no other: no kind, and no sense.

Most members come from recordings of real accounts (``benchmarks/omitted.py``). Each is taken out of the first resource
of ours that states it, and whoever asks for that answer looks again. The ordinary tests try a sample of them.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unread
from prodgate.aws.plain_json import revive
from prodgate.aws.recording import Call, Record, Recording
from prodgate.facts import Facts
from prodgate.facts.observers import OBSERVERS
from prodgate.layers.live.observing import observe_through

from .harness import Observed, Stage

MEMBERS = tomllib.loads((Path(__file__).parent / "omitted_members.toml").read_text("utf-8"))
#: Others that AWS's models do not require, without which a resource may be named by something else or by nothing.
MORE = {
    "acm ListCertificates": ["CertificateSummaryList[].CertificateArn"],
    "budgets DescribeBudgets": ["Budgets[].BudgetName", "Budgets[].CalculatedSpend"],
    "ce GetAnomalyMonitors": ["AnomalyMonitors[].MonitorArn"],
    "ce GetAnomalySubscriptions": ["AnomalySubscriptions[].SubscriptionArn"],
    "cloudtrail DescribeTrails": ["trailList[].HomeRegion", "trailList[].TrailARN"],
    "config DescribeConfigurationRecorderStatus": [
        "ConfigurationRecordersStatus[].name",
        "ConfigurationRecordersStatus[].recording",
    ],
    "config DescribeConfigurationRecorders": ["ConfigurationRecorders[].name"],
    "config DescribeDeliveryChannels": ["DeliveryChannels[].name", "DeliveryChannels[].s3BucketName"],
    "guardduty GetDetector": ["Features[].Name", "Status"],
    "iam GetAccountAuthorizationDetails": [
        "RoleDetailList[].AssumeRolePolicyDocument",
        "RoleDetailList[].Path",
        "RoleDetailList[].RolePolicyList[].PolicyDocument",
    ],
    "iam GetAccountSummary": ["SummaryMap", "SummaryMap.AccountAccessKeysPresent"],
    "kms ListAliases": ["Aliases[].AliasName"],
    "elbv2 DescribeLoadBalancers": ["LoadBalancers[].Scheme"],
    "logs DescribeLogGroups": ["logGroups[].arn"],
    "mwaa GetEnvironment": ["Environment.AirflowVersion", "Environment.SourceBucketArn"],
    "route53 ListHostedZones": ["HostedZones[].Config", "HostedZones[].Config.PrivateZone"],
    "s3 ListBuckets": ["Buckets[].Name"],
    "wafv2 GetWebACL": ["WebACL", "WebACL.Rules"],
    "wafv2 ListWebACLs": ["WebACLs[].Id", "WebACLs[].Name"],
}
#: Of so many omissions the ordinary tests try one.
ONE_OF = 40
#: What the gate says where it met something that nobody thought of.
NOT_THOUGHT_OF = ("was not understood", " failed: ")
SITE = "DistributionList.Items[]."
#: Members without which there is less to look at, and of what kind: their absence says that there is none.
NONE_THERE = {
    ("cloudfront ListDistributions", f"{SITE}CacheBehaviors"): {"CacheBehaviour"},
    ("cloudfront ListDistributions", f"{SITE}CacheBehaviors.Items"): {"CacheBehaviour"},
    ("cloudfront ListDistributions", f"{SITE}Origins"): {"BucketOrigin", "ServerOrigin"},
    ("cloudfront ListDistributions", f"{SITE}Origins.Items[].VpcOriginConfig"): {"ServerOrigin"},
    ("cloudfront ListDistributions", f"{SITE}ViewerCertificate"): {"CertificateInUse"},
    ("cloudfront ListDistributions", f"{SITE}ViewerCertificate.ACMCertificateArn"): {"CertificateInUse"},
    ("cloudfront ListDistributions", f"{SITE}WebACLId"): {"WebAcl"},
    ("cloudwatch DescribeAlarms", "CompositeAlarms"): {"Alarm"},
    ("lambda ListFunctions", "Functions[].VpcConfig"): {"Placement"},
}


@dataclass(frozen=True)
class Omitting:
    """Answers from a recording, one call by other pages."""

    recording: Recording
    record: Record
    pages_instead: Any

    def pages(self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool) -> Any:
        asked = Call(service=service, operation=operation, region=region, parameters=parameters, whole=whole)
        if asked.key == self.record.call.key:
            return revive(self.pages_instead)
        return self.recording.pages(service, operation, region, parameters, whole=whole)


def without_first(value: Any, path: Sequence[str]) -> tuple[Any, bool]:
    """Return a plain value without the first member at a path, and whether there is one."""
    name, *rest = path
    if name == "[]":
        for number, item in enumerate(value if isinstance(value, list) else ()):
            changed, found = without_first(item, rest)
            if found:
                return [*value[:number], changed, *value[number + 1 :]], True
        return value, False
    if not isinstance(value, dict) or name not in value:
        return value, False
    if not rest:
        return {key: one for key, one in value.items() if key != name}, True
    changed, found = without_first(value[name], rest)
    return {**value, name: changed}, found


def omissions() -> Iterator[Any]:
    """Yield every operation with a member that is left out; all but a sample are tried by ``tox -e faults``."""
    every = [*((name, stated["members"]) for name, stated in MEMBERS.items()), *MORE.items()]
    listed = ((operation, member) for operation, members in every for member in members)
    for number, (operation, member) in enumerate(listed):
        marks = [pytest.mark.slow] if number % ONE_OF else []
        yield pytest.param(operation, member, id=f"{operation} {member}", marks=marks)


def counted(facts: Facts) -> Counter[str]:
    return Counter(type(fact).__name__ for fact in facts.known)


def reasons(facts: Facts) -> Iterator[str]:
    yield from facts.unreadable.values()
    for fact in facts.known:
        named = (object.__getattribute__(fact, name) for name in type(fact).__dataclass_fields__)
        yield from (one.reason for one in named if isinstance(one, Unread))


@pytest.mark.parametrize(("operation", "member"), list(omissions()))
def test_what_is_left_out_costs_one_resource(stage: Stage, healthy: Observed, operation: str, member: str) -> None:
    service, name = operation.split()
    path = ["[]", *member.replace("[]", ".[]").split(".")]
    records = healthy.recording.records.values()
    asked = (one for one in records if (one.call.service, one.call.operation) == (service, name))
    tried = ((one, *without_first(list(one.pages), path)) for one in asked)
    record, pages, _ = next(found for found in tried if found[2])
    looking = {o: kinds for o, kinds in OBSERVERS.items() if (service, name) in stage.asked_by(o, healthy.recording)}
    before = observe_through(healthy.recording, stage.about, stage.seen, looking)
    calls = Omitting(healthy.recording, record, pages)
    after = observe_through(calls, stage.about, stage.seen, looking)
    assert after.unreadable.keys() <= before.unreadable.keys(), after.unreadable
    assert not [said for said in reasons(after) if any(words in said for words in NOT_THOUGHT_OF)]
    less = {kind for kind, count in counted(before).items() if counted(after)[kind] < count}
    assert less <= NONE_THERE.get((operation, member), set())


def test_the_first_member_at_a_path_is_taken_out_and_nothing_else() -> None:
    value = {"A": [{"C": 1}, {"B": 2, "C": 3}, {"B": 4}]}
    assert without_first(value, ["A", "[]", "B"]) == ({"A": [{"C": 1}, {"C": 3}, {"B": 4}]}, True)
    assert without_first(value, ["A", "[]", "D"])[1] is False
    assert value == {"A": [{"C": 1}, {"B": 2, "C": 3}, {"B": 4}]}
