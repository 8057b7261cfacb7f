"""The emulator's responses: by AWS's models, in each protocol and in AWS's pages, at the hosts that boto3 really
calls, and with faults on demand."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from prodgate.rehearsal import emulator
from prodgate.rehearsal.emulator.calls import SIGNED_AS, Call
from prodgate.rehearsal.emulator.dispatch import Faults, Pages, paginator
from prodgate.rehearsal.emulator.extension import ANSWERS
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account, Zygote, code, refused, start_zygote

pytestmark = pytest.mark.xdist_group("emulator")


def shown(error: dict[str, Any]) -> tuple[str, int]:
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_the_account_is_the_one_asked_for_and_holds_nothing_made_up(account: Account) -> None:
    assert account("sts").get_caller_identity()["Account"] == ACCOUNT
    assert account("ec2").describe_images()["Images"] == []
    assert account("iam").list_roles()["Roles"] == []


def test_hosts_with_an_account_or_a_bucket_in_their_name_are_reached(account: Account) -> None:
    s3 = account("s3")
    s3.create_bucket(Bucket="some.thing", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.create_bucket(Bucket="thing", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_object(Bucket="thing", Key="a folder/ä+b", Body=b"x" * 70_000)
    assert s3.get_object(Bucket="thing", Key="a folder/ä+b")["Body"].read() == b"x" * 70_000
    assert s3.head_object(Bucket="thing", Key="a folder/ä+b")["ContentLength"] == 70_000
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["some.thing", "thing"]
    gone = refused(account("s3control").get_public_access_block, AccountId=ACCOUNT)
    assert shown(gone) == ("NoSuchPublicAccessBlockConfiguration", 404)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("iam", "list_users", {}),
        ("ecs", "list_clusters", {}),
        ("s3", "list_buckets", {}),
        ("budgets", "describe_budgets", {"AccountId": ACCOUNT}),
        ("cloudfront", "list_distributions", {}),
        ("sts", "get_caller_identity", {}),
        ("elbv2", "describe_load_balancers", {}),
    ],
)
def test_tools_that_are_told_an_endpoint_are_answered(
    account: Account, service: str, operation: str, params: Any
) -> None:
    client = account.clients.session.client(service, REGION, endpoint_url=account.endpoint)
    assert getattr(client, operation)(**params)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    ("service", "operation", "params", "told"),
    [
        ("iam", "get_role", {"RoleName": "none"}, ("NoSuchEntity", 404)),
        ("rds", "describe_db_clusters", {"DBClusterIdentifier": "none"}, ("DBClusterNotFoundFault", 404)),
        ("lambda", "get_function", {"FunctionName": "none"}, ("ResourceNotFoundException", 404)),
        ("s3", "get_bucket_policy", {"Bucket": "none"}, ("NoSuchBucket", 404)),
    ],
)
def test_a_missing_thing_is_missing_in_each_protocol(
    account: Account, service: str, operation: str, params: Any, told: tuple[str, int]
) -> None:
    assert shown(refused(getattr(account(service), operation), **params)) == told


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("iam", "get_mfa_device", {"SerialNumber": "arn:aws:iam::1:mfa/x"}),
        ("ec2", "describe_trunk_interface_associations", {}),
        ("health", "describe_events", {}),
        ("config", "describe_pending_aggregation_requests", {}),
        ("auditmanager", "get_account_status", {}),
        ("location", "list_maps", {}),
    ],
)
def test_what_nobody_knows_is_refused_once(account: Account, service: str, operation: str, params: Any) -> None:
    assert shown(refused(getattr(account(service), operation), **params)) == ("NotImplementedByEmulator", 400)
    assert sum(account.admin("GET", "calls").values()) == 1, "refused calls are not tried again"


def test_every_answer_belongs_to_an_operation_and_its_calls_are_recognised(account: Account) -> None:
    emulator.load()
    for service in {service for service, _ in ANSWERS}:
        model = account(service).meta.service_model
        assert {name for of, name in ANSWERS if of == service} <= set(model.operation_names), service
        assert service in SIGNED_AS.get(model.signing_name, (model.signing_name,)), service


def test_email_waits_for_its_confirmation(account: Account) -> None:
    sns = account("sns")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    asked = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="oncall@example.com")
    assert asked["SubscriptionArn"] == "pending confirmation"
    listed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert [each["SubscriptionArn"] for each in listed] == ["PendingConfirmation"]
    assert sns.list_subscriptions()["Subscriptions"] == listed
    arn_of_it = sns.subscribe(
        TopicArn=arn, Protocol="email", Endpoint="oncall@example.com", ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn_of_it)["Attributes"]["PendingConfirmation"] == "true"
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsPending"] == "1"
    assert code(sns.confirm_subscription, TopicArn=arn, Token="guessed") == "InvalidParameter"
    confirmed = sns.confirm_subscription(TopicArn=arn, Token="oncall@example.com")["SubscriptionArn"]
    assert [each["SubscriptionArn"] for each in sns.list_subscriptions()["Subscriptions"]] == [confirmed]
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsConfirmed"] == "1"
    assert sns.get_subscription_attributes(SubscriptionArn=confirmed)["Attributes"]["PendingConfirmation"] == "false"


def test_queues_and_functions_need_no_confirmation(account: Account) -> None:
    sns = account("sns")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    queue = f"arn:aws:sqs:ap-northeast-1:{ACCOUNT}:q"
    account("sqs").create_queue(QueueName="q")
    asked = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=arn, Message="hello")
    url = account("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    assert [each["Body"] for each in account("sqs").receive_message(QueueUrl=url)["Messages"]] == ["hello"]
    assert asked["SubscriptionArn"].startswith(arn)


def test_tags_of_what_the_extension_keeps_are_found_with_those_of_moto(account: Account) -> None:
    account("sns").create_topic(Name="alarms", Tags=[{"Key": "Project", "Value": "nba"}])
    account("accessanalyzer").create_analyzer(analyzerName="unused", type="ACCOUNT", tags={"Project": "nba"})
    account("accessanalyzer").create_analyzer(analyzerName="other", type="ACCOUNT", tags={"Project": "x"})
    tagged = account("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "Project", "Values": ["nba"]}])
    services = [each["ResourceARN"].split(":")[2] for each in tagged["ResourceTagMappingList"]]
    assert sorted(services) == ["access-analyzer", "sns"]


# ── Faults on demand look like AWS's own


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("iam", "list_users", "AccessDenied", 403),
        ("ec2", "describe_addresses", "UnauthorizedOperation", 403),
        ("elb", "describe_load_balancers", "AccessDenied", 403),
        ("elbv2", "describe_load_balancers", "AccessDenied", 403),
        ("ecs", "list_clusters", "AccessDeniedException", 400),
        ("cloudwatch", "list_dashboards", "AccessDeniedException", 400),  # json that was query once
        ("lambda", "list_functions", "AccessDeniedException", 403),
        ("route53", "list_hosted_zones", "AccessDenied", 403),
        ("s3", "list_buckets", "AccessDenied", 403),
        ("mwaa", "list_environments", "AccessDeniedException", 403),
    ],
)
def test_each_protocol_is_answered_and_denied(
    account: Account, service: str, operation: str, code: str, status: int
) -> None:
    account.fault(service=service, kind="deny")
    with pytest.raises(ClientError) as raised:
        getattr(account(service), operation)()
    answer: Any = raised.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert sum(account.admin("GET", "calls").values()) == 1, "a denied call is not tried again"
    account.heal()
    getattr(account(service), operation)()


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("iam", "list_users"),
        ("ec2", "describe_addresses"),
        ("ecs", "list_clusters"),
        ("lambda", "list_functions"),
        ("s3", "list_buckets"),
    ],
)
@pytest.mark.parametrize("kind", ["throttle", "fail"])
def test_throttled_and_failed_calls_are_tried_again(account: Account, service: str, operation: str, kind: str) -> None:
    account.fault(service=service, kind=kind, times=1)
    assert getattr(account(service), operation)()["ResponseMetadata"]["RetryAttempts"] == 1


def test_only_the_operation_stated_is_hit_and_only_after_the_calls_stated(account: Account) -> None:
    account.fault(service="iam", operation="ListUsers", kind="deny", after=1)
    account("iam").list_roles()
    account("iam").list_users()
    with pytest.raises(ClientError, match="AccessDenied"):
        account("iam").list_users()


def test_a_code_of_ones_own(account: Account) -> None:
    account.fault(code="ExpiredToken", status=400, message="too late")
    with pytest.raises(ClientError, match="ExpiredToken.*too late"):
        account("sts").get_caller_identity()


def test_an_answer_that_breaks_off_is_no_answer(account: Account) -> None:
    account("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    account.fault(service="iam", truncate=60)
    with pytest.raises((BotoCoreError, ResponseParserError)):
        account("iam").list_roles()


def test_late_answers_and_wrong_clocks(account: Account) -> None:
    account.fault(delay=0.2, clock_skew=-3600)
    began = time.monotonic()
    answer = account("sts").get_caller_identity()
    assert time.monotonic() - began >= 0.2
    told = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert abs(told - datetime.now(UTC) + timedelta(hours=1)) < timedelta(minutes=1)


def test_a_bucket_lets_a_rate_pass() -> None:
    now, call = [0.0], Call(service="iam", operation="GetRole", region="", protocol="query")
    faults = Faults(clock=lambda: now[0])
    faults.add({"kind": "throttle", "calls_per_second": 20.0})
    assert [len(faults.striking(call)) for _ in range(25)] == [0] * 20 + [1] * 5
    now[0] = 0.5
    assert [len(faults.striking(call)) for _ in range(12)] == [0] * 10 + [1] * 2


def test_a_fault_with_an_unknown_field_is_refused(account: Account) -> None:
    with pytest.raises(OSError, match="400"):
        account.fault(servce="iam")


# ── Lists come in AWS's pages, from moto as from our own answers, and add up


@pytest.fixture(scope="module")
def crowded() -> Iterator[Zygote]:
    with start_zygote() as running:
        for number in range(121):
            name = f"each-{number:03}"
            running("logs").create_log_group(logGroupName=name)
            running("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
            running("iam").create_policy(
                PolicyName=name,
                PolicyDocument='{"Version": "2012-10-17", "Statement": '
                '[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}',
            )
            running("cloudwatch").put_metric_alarm(
                AlarmName=name,
                Namespace="x",
                MetricName="y",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
            )
        yield running


@pytest.mark.parametrize(
    ("operation", "path", "sizes"),
    [
        ("logs.describe_log_groups", "logGroups.logGroupName", [50, 50, 21]),
        ("iam.list_roles", "Roles.RoleName", [100, 21]),
        ("cloudwatch.describe_alarms", "MetricAlarms.AlarmName", [50, 50, 21]),
    ],
)
def test_a_list_comes_in_pages_of_the_usual_size(crowded: Zygote, operation: str, path: str, sizes: list[int]) -> None:
    (service, method), (key, name) = operation.split("."), path.split(".")
    pages = list(crowded(service).get_paginator(method).paginate())
    assert [len(page[key]) for page in pages] == sizes
    assert sorted(each[name] for page in pages for each in page[key]) == [f"each-{n:03}" for n in range(121)]


def test_the_size_asked_for_counts(crowded: Zygote) -> None:
    pages = (
        crowded("iam")
        .get_paginator("get_account_authorization_details")
        .paginate(Filter=["Role", "LocalManagedPolicy"], PaginationConfig={"PageSize": 50})
    )
    found = [(len(page["RoleDetailList"]), len(page["Policies"])) for page in pages]
    assert found == [(50, 0), (50, 0), (21, 29), (0, 50), (0, 42)]


def test_pages_hold_what_was_there_when_the_first_was_asked_for(crowded: Zygote) -> None:
    with crowded.branch() as account:
        cloudwatch = account("cloudwatch")
        first = cloudwatch.describe_alarms(MaxRecords=100)
        cloudwatch.delete_alarms(AlarmNames=["each-000"])
        assert len(cloudwatch.describe_alarms(MaxRecords=100, NextToken=first["NextToken"])["MetricAlarms"]) == 21


@pytest.mark.slow
def test_a_token_that_expired_is_an_error_and_no_end(crowded: Zygote) -> None:
    with pytest.raises(ClientError, match="InvalidNextToken"):
        crowded("logs").describe_log_groups(nextToken="prodgate-gone-50")


def test_a_short_list_is_left_alone(crowded: Zygote) -> None:
    assert "Marker" not in crowded("iam").list_users()


def test_what_is_counted_and_nested_is_paged_as_well() -> None:
    pages, items = Pages(), [{"Id": str(number)} for number in range(120)]
    call = Call(service="cloudfront", operation="ListDistributions", region="us-east-1", protocol="rest-xml")
    page = pages.first_page(call, {"DistributionList": {"Quantity": 120, "IsTruncated": False, "Items": items}})
    listed = page["DistributionList"]
    assert (listed["Quantity"], listed["IsTruncated"], len(listed["Items"])) == (100, True, 100)
    call.params["Marker"] = listed["NextMarker"]
    rest = pages.next_page(call)
    assert (rest["DistributionList"]["Quantity"], rest["DistributionList"]["IsTruncated"]) == (20, False)
    assert rest["DistributionList"]["Items"][0] == {"Id": "100"}


def test_lists_with_several_tokens_page_as_moto_does() -> None:
    assert paginator("route53", "ListResourceRecordSets") is None
    assert paginator("s3", "ListObjects") is None
    assert paginator("iam", "CreateRole") is None
