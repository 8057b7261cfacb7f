"""What an error of AWS or of botocore means: absent, denied, or not known."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from prodgate.aws.answers import Absent, Unreadable
from prodgate.aws.failures import Kind, classify_error

from .stubbed_calls import REGION, Answering, Sent, refused


def test_a_denial_touches_that_operation_alone_and_says_what_to_allow() -> None:
    denied = {"TrentService.ListKeys"}
    aws = Answering(
        lambda request: (
            refused("AccessDeniedException")
            if request.headers["X-Amz-Target"].decode() in denied
            else Sent({"Aliases": []})
        )
    )
    with pytest.raises(
        Unreadable, match=r"access denied \(AccessDeniedException\); allow kms:ListKeys: prodgate iam-policy"
    ):
        aws.pages("kms", "ListKeys")
    assert aws.pages("kms", "ListAliases") == [{"Aliases": []}]


@pytest.mark.parametrize(
    ("service", "operation", "given", "owner"),
    [
        ("sns", "GetTopicAttributes", {"TopicArn": f"arn:aws:sns:{REGION}:210987654321:alerts"}, "210987654321"),
        ("kms", "DescribeKey", {"KeyId": f"arn:aws:kms:{REGION}:210987654321:key/1"}, "210987654321"),
        ("backup", "DescribeBackupVault", {"BackupVaultName": "copies", "BackupVaultAccountId": "2" * 12}, "2" * 12),
        ("ecs", "DescribeServices", {"services": [f"arn:aws:ecs:{REGION}:210987654321:service/a/b"]}, "210987654321"),
        ("sqs", "GetQueueAttributes", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{'2' * 12}/q"}, "2" * 12),
        ("sqs", "GetQueueAttributes", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/123456789012/q"}, ""),
        ("sns", "GetTopicAttributes", {"TopicArn": f"arn:aws:sns:{REGION}:123456789012:alerts"}, ""),
        ("kms", "DescribeKey", {"KeyId": "alias/own"}, ""),
    ],
)
def test_what_is_of_another_account_has_to_be_shown_there(
    service: str, operation: str, given: dict[str, Any], owner: str
) -> None:
    words = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    denied = Sent(words, 403) if service == "sns" else refused("AccessDeniedException")
    aws = Answering(lambda _request: denied, account="123456789012")
    there = f"of account {owner}; let its policy there allow {service}:{operation}, besides that of prodgate iam-policy"
    with pytest.raises(Unreadable, match=there if owner else f"; allow {service}:{operation}: prodgate iam-policy$"):
        aws.pages(service, operation, whole=False, **given)


def test_absence_is_an_answer() -> None:
    with pytest.raises(Absent, match="NotFoundException"):
        Answering(lambda _request: refused("NotFoundException")).pages("kms", "DescribeKey", whole=False, KeyId="k")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NoSuchBucketPolicy", Kind.ABSENT),
        ("ServerSideEncryptionConfigurationNotFoundError", Kind.ABSENT),
        ("NoSuchPublicAccessBlockConfiguration", Kind.ABSENT),
        ("AWS.SimpleQueueService.NonExistentQueue", Kind.ABSENT),
        ("WAFNonexistentItemException", Kind.ABSENT),
        ("DBClusterNotFoundFault", Kind.ABSENT),
        ("ApplicationDoesNotExistException", Kind.ABSENT),
        ("InvalidVpcID.NotFound", Kind.ABSENT),
        ("404", Kind.ABSENT),
        ("AccessDenied", Kind.DENIED),
        ("UnauthorizedOperation", Kind.DENIED),
        ("KMSAccessDeniedException", Kind.DENIED),
        ("RequestLimitExceeded", Kind.THROTTLED),
        ("ExpiredToken", Kind.EXPIRED),
        ("UnrecognizedClientException", Kind.EXPIRED),
        ("InvalidAction", Kind.UNKNOWN),
        ("SubscriptionRequiredException", Kind.UNSUPPORTED),
        ("InternalFailure", Kind.FAULT),
        ("ValidationException", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_an_error_code_means_what_aws_means_by_it(code: str, kind: Kind) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "X")
    assert classify_error(error).kind is kind


def test_a_hub_that_was_never_switched_on_is_absent_and_a_refusal_is_not() -> None:
    def said(words: str) -> Kind:
        return classify_error(ClientError({"Error": {"Code": "InvalidAccessException", "Message": words}}, "X")).kind

    assert said("Account 1 is not subscribed to AWS Security Hub") is Kind.ABSENT
    assert said("Invalid access") is Kind.DENIED


@pytest.mark.parametrize(("error", "kind"), [(NoCredentialsError(), Kind.EXPIRED), (ValueError("x"), Kind.OTHER)])
def test_an_error_of_botocore_is_no_absence(error: Exception, kind: Kind) -> None:
    assert classify_error(error).kind is kind


def test_a_fault_without_a_known_code_is_one_by_its_status() -> None:
    error = ClientError({"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 502}}, "X")
    assert classify_error(error).kind is Kind.FAULT


def test_credentials_that_a_region_does_not_know_are_good_in_others() -> None:
    """A region that is not enabled refuses each call so; the other regions must be asked all the same."""
    aws = Answering(
        lambda asked: refused("UnrecognizedClientException") if "eu-south-2" in asked.url else Sent({"Keys": []})
    )
    aws.client("kms", "eu-south-2")
    aws.client("kms")
    with pytest.raises(Unreadable, match="enable the region"):
        aws.calls.pages("kms", "ListKeys", "eu-south-2", {}, whole=True)
    assert aws.pages("kms", "ListKeys") == [{"Keys": []}]
    asked = len(aws.requests)
    with pytest.raises(Unreadable):
        aws.calls.pages("kms", "ListAliases", "eu-south-2", {}, whole=True)
    assert len(aws.requests) == asked
