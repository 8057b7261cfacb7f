"""What the emulator answers: after AWS's models, in each protocol, at the hosts that boto3 really calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prodgate.rehearsal import emulator
from prodgate.rehearsal.emulator.calls import SIGNED_AS
from prodgate.rehearsal.emulator.extension import ANSWERS
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

pytestmark = pytest.mark.xdist_group("emulator")


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as raised:
        call()
    answer: Any = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_the_account_is_the_one_asked_for_and_holds_nothing_made_up(account: Account) -> None:
    assert account("sts").get_caller_identity()["Account"] == ACCOUNT
    assert account("ec2").describe_images()["Images"] == []
    assert account("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("iam", "list_users"),  # query
        ("ec2", "describe_addresses"),  # ec2
        ("ecs", "list_clusters"),  # json
        ("cloudwatch", "list_dashboards"),  # json that was query once
        ("lambda", "list_functions"),  # rest-json
        ("route53", "list_hosted_zones"),  # rest-xml
        ("s3", "list_buckets"),  # rest-xml of S3's own kind
        ("elb", "describe_load_balancers"),
        ("elbv2", "describe_load_balancers"),
    ],
)
def test_every_protocol_is_answered(account: Account, service: str, operation: str) -> None:
    assert getattr(account(service), operation)()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_hosts_with_an_account_or_a_bucket_in_their_name_are_reached(account: Account) -> None:
    s3 = account("s3")
    s3.create_bucket(Bucket="some.thing", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.create_bucket(Bucket="thing", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_object(Bucket="thing", Key="a folder/ä+b", Body=b"x" * 70_000)
    assert s3.get_object(Bucket="thing", Key="a folder/ä+b")["Body"].read() == b"x" * 70_000
    assert s3.head_object(Bucket="thing", Key="a folder/ä+b")["ContentLength"] == 70_000
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["some.thing", "thing"]
    code, status = refusal(lambda: account("s3control").get_public_access_block(AccountId=ACCOUNT))
    assert (code, status) == ("NoSuchPublicAccessBlockConfiguration", 404)


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


def test_a_missing_thing_is_missing_in_each_protocol(account: Account) -> None:
    assert refusal(lambda: account("iam").get_role(RoleName="none")) == ("NoSuchEntity", 404)
    assert refusal(lambda: account("rds").describe_db_clusters(DBClusterIdentifier="none"))[0] == (
        "DBClusterNotFoundFault"
    )
    assert refusal(lambda: account("lambda").get_function(FunctionName="none")) == ("ResourceNotFoundException", 404)
    assert refusal(lambda: account("s3").get_bucket_policy(Bucket="none")) == ("NoSuchBucket", 404)


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
    call = getattr(account(service), operation)
    assert refusal(lambda: call(**params)) == ("NotImplementedByEmulator", 400)
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


def test_an_alarm_that_changes_tells_its_topic_and_keeps_that_in_its_history(account: Account) -> None:
    sns, sqs, cloudwatch = account("sns"), account("sqs"), account("cloudwatch")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:ap-northeast-1:{ACCOUNT}:q")
    cloudwatch.put_metric_alarm(
        AlarmName="slow",
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        ExtendedStatistic="p95",
        Period=60,
        EvaluationPeriods=3,
        Threshold=0.2,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn],
    )
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="a drill")
    assert "a drill" in sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    history = cloudwatch.describe_alarm_history(AlarmName="slow", HistoryItemType="Action")["AlarmHistoryItems"]
    assert ["Succeeded" in each["HistoryData"] for each in history] == [True]


def test_tags_of_what_the_extension_keeps_are_found_with_those_of_moto(account: Account) -> None:
    account("sns").create_topic(Name="alarms", Tags=[{"Key": "Project", "Value": "nba"}])
    account("accessanalyzer").create_analyzer(analyzerName="unused", type="ACCOUNT", tags={"Project": "nba"})
    account("accessanalyzer").create_analyzer(analyzerName="other", type="ACCOUNT", tags={"Project": "x"})
    tagged = account("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "Project", "Values": ["nba"]}])
    services = [each["ResourceARN"].split(":")[2] for each in tagged["ResourceTagMappingList"]]
    assert sorted(services) == ["access-analyzer", "sns"]
