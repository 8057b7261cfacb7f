"""Networks as an account shows them: routes, addresses, listeners, certificates in use, and what people meet at
the edge."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from prodgate.aws.answers import Unread, Unreadable
from prodgate.facts.live.costs import list_tagged
from prodgate.facts.live.distributions import CertificateInUse, observe_certificates
from prodgate.facts.live.ecs_services import Placement, observe_placements
from prodgate.facts.live.load_balancers import observe_listeners
from prodgate.facts.live.traffic import observe_balancer_traffic, observe_edge_traffic
from prodgate.facts.live.views import observe_canaries
from prodgate.facts.live.vpcs import FrontDoor, SecurityGroup, observe_front_doors, observe_security_groups
from prodgate.findings import Undetermined
from prodgate.quantities import Quantity

from .stated_account import ACCOUNT, REGION, account_answering, see

BALANCER = {
    "LoadBalancerArn": "arn:lb",
    "Scheme": "internet-facing",
    "Type": "application",
    "SecurityGroups": ["sg-1"],
    "AvailabilityZones": [{"SubnetId": "subnet-1"}],
}
LISTS = [
    {"PrefixListId": "pl-cf", "PrefixListName": "com.amazonaws.global.cloudfront.origin-facing", "OwnerId": "AWS"},
    {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.ap-northeast-1.s3", "OwnerId": "AWS"},
    {"PrefixListId": "pl-own", "PrefixListName": "partners", "OwnerId": "123456789012"},
]
MAIN = {"VpcId": "vpc-1", "RouteTableId": "rtb-main", "Associations": [{"Main": True}], "Routes": []}


def tcp(port: int, **peers: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


def answers(*permissions: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    group = {"GroupId": "sg-1", "GroupName": "alb", "VpcId": "vpc-1", "IpPermissionsEgress": []}
    return {
        "DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": False, "CidrBlock": "10.0.0.0/16"}]},
        "DescribeSecurityGroups": {"SecurityGroups": [{**group, "IpPermissions": permissions}]},
        "DescribeLoadBalancers": {"LoadBalancers": [BALANCER]},
        "DescribeListeners": {"Listeners": [{"LoadBalancerArn": "arn:lb", "Port": 443}]},
        "DescribeManagedPrefixLists": {"PrefixLists": LISTS},
        "GetManagedPrefixListEntries": {"Entries": [{"Cidr": "0.0.0.0/0"}]},
        "DescribeSubnets": {
            "Subnets": [
                {"SubnetId": "subnet-1", "VpcId": "vpc-1", "AvailabilityZone": "a", "MapPublicIpOnLaunch": False}
            ]
        },
        "DescribeRouteTables": {"RouteTables": [MAIN]},
        **changes,
    }


def group(*permissions: Mapping[str, Any], **changes: Any) -> SecurityGroup:
    (found,) = see(observe_security_groups, answers(*permissions, **changes))
    return found


def door(*permissions: Mapping[str, Any], **changes: Any) -> FrontDoor:
    (found,) = see(observe_front_doors, answers(*permissions, **changes))
    return found


def placement(**changes: Any) -> Placement:
    (found,) = see(observe_placements, answers(**changes))
    return found


def test_a_list_that_somebody_made_is_what_it_holds() -> None:
    found = group(tcp(443, PrefixListIds=[{"PrefixListId": "pl-own"}])).ways_in[0]
    assert found.world
    assert not found.lists


def test_a_list_of_aws_is_its_name() -> None:
    found = group(tcp(443, PrefixListIds=[{"PrefixListId": "pl-cf"}])).ways_in[0]
    assert found.lists == ("com.amazonaws.global.cloudfront.origin-facing",)
    assert not found.networks


def test_a_list_that_is_not_shown_leaves_the_group_undetermined() -> None:
    found = group(tcp(443, PrefixListIds=[{"PrefixListId": "pl-gone"}]))
    with pytest.raises(Undetermined, match="pl-gone"):
        _ = found.ways_in


def test_only_a_group_that_admits_nobody_else_is_open_to_itself() -> None:
    own, other = {"GroupId": "sg-1"}, {"GroupId": "sg-2"}
    assert group(tcp(1, UserIdGroupPairs=[own])).ways_in[0].itself
    assert not group(tcp(1, UserIdGroupPairs=[own, other])).ways_in[0].itself
    assert not group(tcp(1, UserIdGroupPairs=[own], IpRanges=[{"CidrIp": "10.0.0.0/8"}])).ways_in[0].itself


def test_who_is_behind_a_group_listens() -> None:
    found = group(tcp(443), tcp(22), {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]})
    assert found.listens == {443}
    assert found.unheard == ("tcp 22",)
    assert found.faces_internet
    assert group(tcp(22), DescribeLoadBalancers={}).listens is None


@pytest.mark.parametrize(
    ("permission", "strangers"),
    [
        (tcp(443, PrefixListIds=[{"PrefixListId": "pl-cf"}]), ()),
        (tcp(443, UserIdGroupPairs=[{"GroupId": "sg-2"}], IpRanges=[{"CidrIp": "10.1.0.0/16"}]), ()),
        (tcp(443, PrefixListIds=[{"PrefixListId": "pl-s3"}]), ("com.amazonaws.ap-northeast-1.s3",)),
        (tcp(443, PrefixListIds=[{"PrefixListId": "pl-own"}]), ("0.0.0.0/0",)),
        (tcp(443, IpRanges=[{"CidrIp": "198.51.100.7/32"}]), ("198.51.100.7/32",)),
        (tcp(443, Ipv6Ranges=[{"CidrIpv6": "::/0"}]), ("::/0",)),
    ],
)
def test_who_comes_past_cloudfront(permission: Mapping[str, Any], strangers: tuple[str, ...]) -> None:
    assert door(permission).strangers == strangers


def test_a_balancer_without_groups_is_unguarded() -> None:
    assert not door(DescribeLoadBalancers={"LoadBalancers": [{**BALANCER, "SecurityGroups": []}]}).guarded


def test_what_leads_packets_to_appliances_is_no_way_in() -> None:
    appliances = {"LoadBalancerArn": "arn:gwy", "Type": "gateway", "AvailabilityZones": []}
    listener = {"ListenerArn": "arn:l", "DefaultActions": [{"Type": "forward"}]}
    shown = answers(DescribeLoadBalancers={"LoadBalancers": [appliances]}, DescribeListeners={"Listeners": [listener]})
    with account_answering(shown) as account:
        assert list(observe_front_doors(account)) == []
        assert list(observe_listeners(account)) == []
    assert [
        one.subject
        for one in see(
            observe_front_doors, {**shown, "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": "a"}]}}
        )
    ] == ["a"]


def test_a_workload_without_a_name_is_unread_and_those_after_it_are_seen() -> None:
    nameless = {name: value for name, value in BALANCER.items() if name != "LoadBalancerArn"}
    shown = answers(DescribeLoadBalancers={"LoadBalancers": [nameless, BALANCER]})
    nobody, known = see(observe_placements, shown)
    assert known.kind == "load balancer"
    with pytest.raises(Undetermined, match="AWS states no ARN of a load balancer"):
        _ = nobody.kind


@pytest.mark.parametrize(("gateway", "internet"), [("igw-1", True), ("local", False), ("vgw-1", False)])
def test_the_main_table_holds_without_an_association(gateway: str, internet: bool) -> None:
    tables = {"RouteTables": [{**MAIN, "Routes": [{"GatewayId": gateway}]}]}
    assert placement(DescribeRouteTables=tables).subnets[0].internet is internet


def test_a_table_of_its_own_comes_first() -> None:
    own = {**MAIN, "Associations": [{"SubnetId": "subnet-1", "Main": False}], "Routes": [{"NatGatewayId": "nat-1"}]}
    main = {**MAIN, "Routes": [{"GatewayId": "igw-1"}]}
    assert not placement(DescribeRouteTables={"RouteTables": [main, own]}).subnets[0].internet


def test_addresses_in_use_are_seen() -> None:
    interface = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "Association": {"PublicIp": "198.51.100.7"}}
    assert placement(DescribeNetworkInterfaces={"NetworkInterfaces": [interface]}).public == (
        "198.51.100.7 in subnet-1",
    )


def rule(*conditions: Mapping[str, Any], action: str = "forward") -> dict[str, Any]:
    return {"Rules": [{"Priority": "1", "Actions": [{"Type": action}], "Conditions": conditions}]}


def header(name: str, *values: str, **more: Any) -> dict[str, Any]:
    asked = {"HttpHeaderName": name, "Values": [*(values or ("(redacted)",))], **more}
    return {"Field": "http-header", "HttpHeaderConfig": asked}


@pytest.mark.parametrize(
    ("rules", "balancer", "unasked"),
    [
        (rule(), {}, ("rule 1 of port 443",)),
        (rule({"Field": "path-pattern", "Values": ["/*"]}), {}, ("rule 1 of port 443",)),
        (rule(header("x-origin-verify")), {}, ()),
        (rule(header("User-Agent")), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", "*")), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", "(redacted)", "?*")), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", RegexValues=["(redacted)"])), {}, ("rule 1 of port 443",)),
        (rule(header("X-Origin-Verify", Values=[])), {}, ("rule 1 of port 443",)),
        (rule(action="fixed-response"), {}, ()),
        (rule(), {"Scheme": "internal"}, ()),
        (rule(), {"Type": "network"}, ("a network load balancer, which reads no headers",)),
    ],
)
def test_cloudfronts_addresses_are_those_of_all_its_customers(
    rules: Mapping[str, Any], balancer: Mapping[str, Any], unasked: tuple[str, ...]
) -> None:
    sent = {"Items": [{"Id": "lb", "CustomHeaders": {"Items": [{"HeaderName": "X-Origin-Verify"}]}}]}
    listener = {"LoadBalancerArn": "arn:lb", "ListenerArn": "arn:listener", "Port": 443}
    found = door(
        tcp(443, PrefixListIds=[{"PrefixListId": "pl-cf"}]),
        DescribeLoadBalancers={"LoadBalancers": [BALANCER | balancer]},
        DescribeListeners={"Listeners": [listener]},
        DescribeRules=rules,
        ListDistributions={"DistributionList": {"Items": [{"ARN": "arn:site", "Origins": sent}]}},
    )
    assert (found.strangers, found.unasked) == ((), unasked)


# ── Users' experience at the edge and without a response, a canary's results, and the tags that split a bill

# ── Users' experience where no load balancer counts: at the edge, and without a response

DAYS = [datetime(2025, 12, day, tzinfo=UTC) for day in (10, 11)]
BALANCER_ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/news/1"


def metrics(**values: list[float]) -> Any:
    """Answer for each metric by its name: its values of the first days; records the requested percentiles."""

    def answer(parameters: Any) -> dict[str, Any]:
        rows = []
        for query in parameters["MetricDataQueries"]:
            stat = query["MetricStat"]
            name, asked = stat["Metric"]["MetricName"], stat["Stat"]
            given = [float(asked[1:])] if asked.startswith("p") else values.get(name.removeprefix("5xx"), [])
            times = DAYS[: len(given)]
            rows.append({"Id": query["Id"], "StatusCode": "Complete", "Timestamps": times, "Values": given})
        return {"MetricDataResults": rows}

    return answer


@pytest.mark.parametrize(("rates", "answered"), [([0.0, 0.0], "100"), ([0.0, 2.0], "98.5"), ([1.0], "24.75")])
def test_errors_of_cloudfront_itself_count_by_the_requests_of_their_day(rates: list[float], answered: str) -> None:
    answers = {
        "ListDistributions": {"DistributionList": {"Items": [{"ARN": "arn:site", "Id": "E1"}]}},
        "GetMetricData": metrics(Requests=[1000.0, 3000.0], ErrorRate=rates),
    }
    (found,) = see(observe_edge_traffic, answers)
    assert (found.requests, str(found.days)) == (4000, "2 d")
    assert found.answered == Quantity.of(Decimal(answered), "%")


@pytest.mark.parametrize(("unanswered", "percentile"), [(0.0, "95"), (100.0, "95.96"), (400.0, "98.96")])
def test_the_slowest_twentieth_includes_those_without_an_answer(unanswered: float, percentile: str) -> None:
    given = metrics(RequestCount=[10000.0 - unanswered], HTTPCode_ELB_5XX_Count=[unanswered])
    answers = {
        "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER_ARN, "Type": "application"}]},
        "GetMetricData": given,
    }
    (found,) = see(observe_balancer_traffic, answers)
    assert float(found.p95.magnitude) == float(percentile)


def test_where_more_than_a_twentieth_had_no_answer_the_percentile_is_none() -> None:
    answers = {
        "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER_ARN, "Type": "application"}]},
        "GetMetricData": metrics(RequestCount=[900.0], HTTPCode_ELB_5XX_Count=[100.0]),
    }
    (found,) = see(observe_balancer_traffic, answers)
    with pytest.raises(Undetermined, match="had no answer"):
        _ = found.p95


# ── A canary's state is that of its last finished run

CANARY = {"Name": "site", "Status": {"State": "RUNNING"}, "Schedule": {"Expression": "rate(5 minutes)"}}


def run(state: str) -> dict[str, Any]:
    return {"Name": "site", "Status": {"State": state}}


@pytest.mark.parametrize(
    ("states", "last"),
    [
        (["PASSED"], "PASSED"),
        (["RUNNING", "PASSED", "FAILED"], "PASSED"),
        (["RUNNING", "FAILED"], "FAILED"),
        (["RUNNING"], ""),
    ],
)
def test_a_run_that_goes_on_says_nothing(states: list[str], last: str) -> None:
    answers = {
        "DescribeCanaries": {"Canaries": [CANARY]},
        "DescribeCanariesLastRun": {"CanariesLastRun": [{"CanaryName": "site", "LastRun": run(states[0])}]},
        "GetCanaryRuns": {"CanaryRuns": [run(state) for state in states]},
    }
    assert next(iter(see(observe_canaries, answers))).last_run == last


# ── A bill is split by existing, activated tags; an untagged resource is nobody's, and no list of tags shows it

OLD, NEW = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("old", "new"))
TAGS = [{"Key": "project", "Value": "news"}, {"Key": "env", "Value": "prod"}]


def tags(active: Any) -> dict[str, Any]:
    answers = {
        "GetResources": {"ResourceTagMappingList": [{"ResourceARN": OLD, "Tags": TAGS}]},
        "ListTopics": {"Topics": [{"TopicArn": OLD}, {"TopicArn": NEW}]},
        "ListCostAllocationTags": active,
    }
    return {one.subject: one.values["tags_all"] for one in see(list_tagged, answers)}


@pytest.mark.parametrize(
    ("active", "left"), [(["project", "env"], {"project": "news", "env": "prod"}), (["env"], {"env": "prod"}), ([], {})]
)
def test_only_activated_tags_split_a_bill(active: list[str], left: dict[str, str]) -> None:
    found = tags({"CostAllocationTags": [{"TagKey": key, "Status": "Active"} for key in active]})
    assert found == {OLD: left, NEW: {}}


def test_in_an_account_that_another_one_pays_for_nobody_knows() -> None:
    found = tags(Unreadable("ce ListCostAllocationTags: access denied"))
    assert isinstance(found[OLD], Unread)
    assert "access denied" in found[OLD].reason


# ── The certificates in use, and their facts

SITE = "arn:aws:acm:us-east-1:123456789012:certificate/site"
CERTIFICATE = "arn:aws:acm:ap-northeast-1:123456789012:certificate/balancer"
OTHER = "arn:aws:acm:ap-northeast-1:123456789012:certificate/other"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def certified(viewer: dict[str, Any], **certificates: Any) -> dict[str, Any]:
    site = {
        "ARN": "site", "Aliases": {"Items": ["a.example"]}, "ViewerCertificate": viewer,
        "Origins": {"Items": [{"Id": "app", "DomainName": "Internal-LB.elb.amazonaws.com"}]},
    }  # fmt: skip
    balancer = {"LoadBalancerArn": "lb", "DNSName": "internal-lb.elb.amazonaws.com"}
    listener = {"ListenerArn": "https", "LoadBalancerArn": "lb", "Certificates": [{"CertificateArn": OTHER}]}
    certificate = {
        "Status": "ISSUED", "Type": "AMAZON_ISSUED", "SubjectAlternativeNames": ["a.example"],
        "NotBefore": NOW - timedelta(days=1), "NotAfter": NOW + timedelta(days=36, seconds=-1),
        "DomainValidationOptions": [{"ValidationMethod": "DNS"}],
    }  # fmt: skip
    held = {SITE: certificate, CERTIFICATE: certificate, OTHER: certificate} | certificates
    return {
        "ListDistributions": {"DistributionList": {"Items": [site]}},
        "DescribeLoadBalancers": {"LoadBalancers": [balancer]},
        "DescribeListeners": {"Listeners": [listener]},
        "DescribeListenerCertificates": {"Certificates": [{"CertificateArn": CERTIFICATE}, {"CertificateArn": OTHER}]},
        "DescribeCertificate": lambda of: held[of["CertificateArn"]] and {"Certificate": held[of["CertificateArn"]]},
    }


def observed(viewer: dict[str, Any], **certificates: Any) -> dict[str, CertificateInUse]:
    return {fact.subject: fact for fact in see(observe_certificates, certified(viewer, **certificates))}


def test_the_certificates_of_distribution_and_load_balancer_must_cover_the_names_of_the_site() -> None:
    found = observed({"ACMCertificateArn": SITE})
    assert {arn: fact.must_cover for arn, fact in found.items()} == dict.fromkeys(
        (SITE, CERTIFICATE, OTHER), ("a.example",)
    )
    site = found[SITE]
    assert (site.in_date, str(site.remaining), site.validated_through) == (True, "35.9999 d", ("DNS",))


def test_a_certificate_that_acm_does_not_have_is_missing_and_lasts_no_longer() -> None:
    found = observed({"ACMCertificateArn": SITE}, **{SITE: None})[SITE]
    assert (found.status, found.covers, found.in_date, str(found.remaining)) == ("MISSING", (), False, "0 d")


def test_a_certificate_in_iam_is_undetermined_and_the_others_are_not() -> None:
    found = observed({"IAMCertificateId": "ASCA123"})
    with pytest.raises(Undetermined, match="kept in IAM"):
        _ = found["ASCA123"].covers
    assert found[CERTIFICATE].must_cover == ("a.example",)
