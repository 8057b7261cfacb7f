"""Resources of other accounts or regions, as seen from here: never mistaken for ours, nor assumed to be in order."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prodgate.aws.clients import Clients, rehearsal_clients

from .harness import Sabotage, Stage
from .test_alarms import NAME, change, topic
from .test_identity import ROLE, taken_by, trusting
from .test_watchers import ACCOUNT, detector, found

Aws = Clients
#: Whoever manages the organization, keeps its logs and shares its network.
OTHER = "210987654321"
REGION, COPIES, CLOUDFRONT, LINKED = "ap-northeast-1", "ap-northeast-3", "us-east-1", "eu-west-1"
ARCHIVE = "log-archive-210987654321"
#: What is asked of all regions that hold data, so that one that says nothing leaves it open.
IN_BOTH_REGIONS = {
    "backup-plan-selects-the-database", "dag-failure-topic", "encryption-at-rest", "encryption-customer-managed-keys",
    "encryption-in-transit", "iam-resource-policies-closed", "kms-key-rotation", "messaging-in-transit",
}  # fmt: skip


def elsewhere(aws: Aws) -> Clients:
    """Return clients of the other account."""
    return rehearsal_clients(aws.endpoint, aws.region, account=OTHER)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def put_trail(aws: Clients, bucket: str, **stated: Any) -> str:
    """Let a trail log into a bucket of the same account, made for it, under a key of that account."""
    aws("s3", CLOUDFRONT).create_bucket(Bucket=bucket)
    open_ = {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*", "Resource": "*"}
    aws("s3", CLOUDFRONT).put_bucket_policy(Bucket=bucket, Policy=document(open_))
    trails = aws("cloudtrail")
    asked = {"IsMultiRegionTrail": True, "EnableLogFileValidation": True, **stated}
    shown = {"Principal": "*", "Action": "kms:*", "Resource": "*"}
    asked["KmsKeyId"] = aws("kms").create_key(Policy=document(shown))["KeyMetadata"]["Arn"]
    arn: str = trails.create_trail(Name="everything", S3BucketName=bucket, **asked)["TrailARN"]
    trails.start_logging(Name=arn)
    return arn


def without_trail(aws: Aws) -> dict[str, Any]:
    """Delete our own trails, each where its home is; return where they logged to, and under which key."""
    listed = aws("cloudtrail").describe_trails()["trailList"]
    own = [one for one in listed if f":{ACCOUNT}:" in one["TrailARN"]]
    for one in own:
        aws("cloudtrail", one["HomeRegion"]).delete_trail(Name=one["Name"])
    return {name: own[0][name] for name in ("S3BucketName", "KmsKeyId")}


def of_the_organization(aws: Aws) -> str:
    """Let the other account's trail of the organization take the place of our own."""
    without_trail(aws)
    return put_trail(elsewhere(aws), ARCHIVE, IsOrganizationTrail=True)


def stopped_by_its_owner(aws: Aws) -> None:
    elsewhere(aws)("cloudtrail").stop_logging(Name=of_the_organization(aws))


def refused_by_the_archive(aws: Aws) -> None:
    of_the_organization(aws)
    elsewhere(aws)("s3", CLOUDFRONT).delete_bucket_policy(Bucket=ARCHIVE)


def from_another_home(aws: Aws, **stated: Any) -> None:
    """Let a trail whose home is another region take the place of our own."""
    kept, trails = without_trail(aws), aws("cloudtrail", CLOUDFRONT)
    asked = {"IsMultiRegionTrail": True, "EnableLogFileValidation": True, **kept, **stated}
    trails.create_trail(Name="everything", **asked)
    trails.start_logging(Name="everything")


def aggregating(region: str) -> Callable[[Aws], None]:
    """Return what makes our region show what others find, and lets one of them find something."""

    def aggregate(aws: Aws) -> None:
        linked = [CLOUDFRONT, LINKED]
        aws("securityhub").create_finding_aggregator(RegionLinkingMode="SPECIFIED_REGIONS", Regions=linked)
        found(aws, ACCOUNT, region)

    return aggregate


def administer(aws: Aws) -> None:
    """Make the account the administrator of the other one, in which everything is wrong."""
    other = elsewhere(aws)
    member = [{"AccountId": OTHER, "Email": "other@example.com"}]
    aws("securityhub").create_members(AccountDetails=member)
    found(other, OTHER)
    aws("guardduty").create_members(DetectorId=detector(aws), AccountDetails=member)
    theirs = other("guardduty").create_detector(Enable=True)["DetectorId"]
    other("guardduty").create_sample_findings(DetectorId=theirs)


def administer_and_be_found(aws: Aws) -> None:
    administer(aws)
    found(aws, ACCOUNT)
    aws("guardduty").create_sample_findings(DetectorId=detector(aws))


def share_network(aws: Aws) -> str:
    """Let the other account share a subnet with us; return it."""
    ec2 = elsewhere(aws)("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]
    shared = [f"arn:aws:ec2:{REGION}:{OTHER}:subnet/{subnet['SubnetId']}"]
    elsewhere(aws)("ram").create_resource_share(name="network", principals=[ACCOUNT], resourceArns=shared)
    return str(subnet["SubnetId"])


def use_network(aws: Aws) -> None:
    aws("ec2").create_network_interface(SubnetId=share_network(aws))


def alarming_elsewhere(admitted: str, *, shown: bool = True, key: bool = False) -> Callable[[Aws], None]:
    """Return a policy that also lets an alarm notify the other account's topic, which admits an account's alarms."""

    def alarm(aws: Aws) -> None:
        sns = elsewhere(aws)("sns")
        made = {"KmsMasterKeyId": elsewhere(aws)("kms").create_key()["KeyMetadata"]["KeyId"]} if key else {}
        arn = sns.create_topic(Name="alerts", Attributes=made)["TopicArn"]
        only = {"Condition": {"StringEquals": {"aws:SourceAccount": admitted}}}
        says = {"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": arn, **only}
        read = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"]
        shows = [{"Principal": {"AWS": ACCOUNT}, "Action": read, "Resource": arn}] if shown else []
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document(says, *shows))
        queue = elsewhere(aws)("sqs").create_queue(QueueName="alerts")["QueueUrl"]
        asked = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
        where = elsewhere(aws)("sqs").get_queue_attributes(**asked)["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=where)
        change(aws, "error-rate", AlarmActions=[topic(aws, "alarms"), arn])
        for state in ("ALARM", "OK"):
            aws("cloudwatch").set_alarm_state(AlarmName=f"{NAME}-error-rate", StateValue=state, StateReason="a drill")

    return alarm


def disable_copies(aws: Aws) -> None:
    aws("account", CLOUDFRONT).disable_region(RegionName=COPIES)


SABOTAGES = (
    Sabotage("the trail is one of the organization", set(), of_the_organization),
    Sabotage("who owns the organization's trail stops it", {"audit-trail"}, stopped_by_its_owner),
    Sabotage("the log archive refuses the organization's trail", {"audit-trail"}, refused_by_the_archive),
    Sabotage("the trail's home is another region", set(), from_another_home),
    Sabotage(
        "the trail sees another region alone",
        {"audit-trail"},
        lambda aws: from_another_home(aws, IsMultiRegionTrail=False),
    ),
    Sabotage("an aggregated region that is not ours has a finding", set(), aggregating(LINKED)),
    Sabotage("the aggregated region of CloudFront has a finding", {"security-hub-findings"}, aggregating(CLOUDFRONT)),
    Sabotage("an administrator sees what its member has", set(), administer),
    Sabotage(
        "an administrator has a finding itself",
        {"security-hub-findings", "threat-findings"},
        administer_and_be_found,
    ),
    Sabotage("a network is shared and not used", set(), share_network),
    Sabotage(
        "what is ours is in a network of another account",
        set(),
        use_network,
        unsettles={"network-flow-logs", "network-flow-logs-accepted", "logs-arriving", "logs-every-component"},
    ),
    Sabotage("alarms go to another account, too", set(), alarming_elsewhere(ACCOUNT)),
    Sabotage(
        "another account's topic takes its own alarms alone",
        {"alarm-topic-deliverable"},
        alarming_elsewhere(OTHER),
        unsettles={"alarm-delivery-shown"},
    ),
    Sabotage(
        "another account's topic is not shown",
        set(),
        alarming_elsewhere(ACCOUNT, shown=False),
        unsettles={"alarm-topic-deliverable"},
    ),
    Sabotage(
        "another account's topic is under a key of that account",
        set(),
        alarming_elsewhere(ACCOUNT, key=True),
        unsettles={"alarm-topic-deliverable", "alarm-delivery-shown"},
    ),
    Sabotage("the region of copies is disabled", set(), disable_copies, unsettles=IN_BOTH_REGIONS),
)


def test_a_role_lets_in_whom_it_trusts_and_their_calls_are_of_its_account(stage: Stage) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    with stage.original.copy() as copy:
        other = elsewhere(copy.clients)
        assert other("sts").get_caller_identity()["Account"] == OTHER
        with pytest.raises(ClientError, match="AccessDenied"):
            other("sts").assume_role(RoleArn=arn, RoleSessionName="visit")
        taken_by(ROLE, trusting({"AWS": f"arn:aws:iam::{OTHER}:root"}))(copy.clients)
        keys = other("sts").assume_role(RoleArn=arn, RoleSessionName="visit")["Credentials"]
        visiting = rehearsal_clients(copy.endpoint, REGION, account=keys["AccessKeyId"])
        assert visiting("sts").get_caller_identity()["Account"] == ACCOUNT
        names = {one["Name"] for one in visiting("s3").list_buckets()["Buckets"]}
        assert names == {one["Name"] for one in copy.clients("s3").list_buckets()["Buckets"]} != set()
