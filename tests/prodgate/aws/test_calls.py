"""Asking AWS: a list is whole or it is nothing, an error is what AWS means by it, and nothing but reads gets through."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from prodgate.aws import calls as module
from prodgate.aws.answers import Unreadable
from prodgate.aws.clients import Refused
from prodgate.aws.rates import TokenBucket, bucket_for

from .stubbed_calls import REGION, Answering, Sent, refused


def body(request: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(request.body or b"{}")
    return read


def pages_of(*tokens: str | None) -> Callable[[Any], Sent]:
    """Answer ListSecrets with one secret a page, and these tokens."""
    numbers = iter(range(100))

    def answer(_request: Any) -> Sent:
        number = next(numbers)
        token = tokens[min(number, len(tokens) - 1)]
        return Sent({"SecretList": [{"Name": str(number)}], **({"NextToken": token} if token else {})})

    return answer


def names(pages: list[Any]) -> list[str]:
    return [secret["Name"] for page in pages for secret in page["SecretList"]]


def test_a_list_has_all_its_pages() -> None:
    aws = Answering(pages_of("a", "b", None))
    assert names(aws.pages("secretsmanager", "ListSecrets")) == ["0", "1", "2"]
    assert [body(request).get("NextToken") for request in aws.requests] == [None, "a", "b"]


def test_a_list_that_aws_cuts_off_without_a_word_is_asked_for_in_pages() -> None:
    sent = iter([{"QueueUrls": ["https://sqs/1"], "NextToken": "a"}, {"QueueUrls": ["https://sqs/2"]}])
    aws = Answering(lambda _request: Sent(next(sent)))
    assert [url for page in aws.pages("sqs", "ListQueues") for url in page["QueueUrls"]] == [
        "https://sqs/1", "https://sqs/2"
    ]  # fmt: skip
    assert body(aws.requests[0]) == {"MaxResults": 1000}


@pytest.mark.parametrize("tokens", [("a", "a"), ("a", "b", "b", None)])
def test_a_token_that_comes_again_ends_in_no_list(tokens: tuple[str | None, ...]) -> None:
    with pytest.raises(Unreadable, match="could not be read to its end"):
        Answering(pages_of(*tokens)).pages("secretsmanager", "ListSecrets")


def test_an_error_on_a_later_page_ends_in_no_list() -> None:
    sent = iter([Sent({"SecretList": [{"Name": "0"}], "NextToken": "a"}), refused("ResourceNotFoundException")])
    with pytest.raises(Unreadable, match="after 1 pages of the list"):
        Answering(lambda _request: next(sent)).pages("secretsmanager", "ListSecrets")


def test_a_list_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGES", 3)
    with pytest.raises(Unreadable, match="more than 3 pages; ask for less"):
        Answering(pages_of(*map(str, range(50)))).pages("secretsmanager", "ListSecrets")


def test_one_answer_is_not_the_first_page_of_several() -> None:
    with pytest.raises(Unreadable, match="ask for it with account.list"):
        Answering(pages_of("a")).pages("secretsmanager", "ListSecrets", whole=False)
    limited = Answering(pages_of("a")).pages("secretsmanager", "ListSecrets", whole=False, MaxResults=1)
    assert names(limited) == ["0"]


def test_what_botocore_has_no_paginator_for_is_followed_all_the_same() -> None:
    sent = iter(
        [
            {"WebACLs": [{"Name": "a"}], "NextMarker": "m"},
            {"WebACLs": [{"Name": "b"}], "NextMarker": "n"},
            {"WebACLs": []},
        ]
    )
    aws = Answering(lambda _request: Sent(next(sent)))
    pages = aws.pages("wafv2", "ListWebACLs", Scope="REGIONAL")
    assert [acl["Name"] for page in pages for acl in page["WebACLs"]] == ["a", "b"]
    assert [body(request).get("NextMarker") for request in aws.requests] == [None, "m", "n"]


def test_a_marker_that_comes_again_is_noticed_without_a_paginator() -> None:
    aws = Answering(lambda _request: Sent({"WebACLs": [], "NextMarker": "m"}))
    with pytest.raises(Unreadable, match="leads nowhere"):
        aws.pages("wafv2", "ListWebACLs", Scope="REGIONAL")


def test_a_list_that_is_cut_and_does_not_say_how_it_goes_on_is_no_list() -> None:
    cut = "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>"
    aws = Answering(lambda _request: Sent(cut))
    with pytest.raises(Unreadable, match="not how to ask for them"):
        aws.pages("s3", "ListObjectsV2", Bucket="b")


def test_the_first_to_be_told_that_credentials_ended_is_the_last_to_ask() -> None:
    aws = Answering(lambda _request: refused("ExpiredTokenException"))
    for service, operation in (("secretsmanager", "ListSecrets"), ("kms", "ListKeys")):
        with pytest.raises(
            Unreadable, match="secretsmanager ListSecrets in ap-northeast-1: the credentials are not accepted"
        ):
            aws.pages(service, operation)
    assert len(aws.requests) == 1


def test_a_service_that_can_not_be_reached_is_asked_once() -> None:
    aws = Answering(lambda _request: EndpointConnectionError(endpoint_url="https://x"))
    for operation in ("ListKeys", "ListAliases"):
        with pytest.raises(Unreadable, match="kms ListKeys in ap-northeast-1: not reached"):
            aws.pages("kms", operation)
    assert len(aws.requests) == 1


def test_an_answer_that_is_no_json_is_no_answer() -> None:
    with pytest.raises(Unreadable, match="the answer could not be read"):
        Answering(lambda _request: Sent("<html>")).pages("kms", "ListKeys")


@pytest.mark.parametrize(
    ("service", "operation", "sent"),
    [
        ("kms", "ListKeys", Sent({"Keys": []}, headers={"content-length": "900"})),
        ("cloudwatch", "DescribeAlarms", Sent("<html>", headers={"content-length": "6"})),
        ("s3", "ListBuckets", Sent("<ListAllMyBucketsResult/>", headers={"content-length": "900"})),
    ],
)
def test_an_answer_that_was_cut_off_or_is_of_something_else_is_no_empty_one(
    service: str, operation: str, sent: Sent
) -> None:
    with pytest.raises(Unreadable, match="the answer could not be read"):
        Answering(lambda _request: sent).pages(service, operation)


def test_an_answer_from_another_time_ends_the_observation() -> None:
    aws = Answering(lambda _request: Sent({"Keys": []}, date=time.time() - 3600))
    with pytest.raises(Unreadable, match="this machine's clock is 60 minutes from AWS's"):
        aws.pages("kms", "ListKeys")
    with pytest.raises(Unreadable, match="this machine's clock"):
        aws.pages("kms", "ListAliases")
    assert len(aws.requests) == 1


def test_an_operation_that_botocore_does_not_know_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from prodgate.aws import actions

    monkeypatch.setitem(actions.READS, "kms", ("ListNothing",))
    with pytest.raises(Unreadable, match="knows no kms ListNothing; install a newer one"):
        Answering(lambda _request: Sent({})).pages("kms", "ListNothing")


def test_a_request_that_botocore_refuses_is_no_answer() -> None:
    with pytest.raises(Unreadable, match="ParamValidationError"):
        Answering(lambda _request: Sent({})).pages("kms", "DescribeKey", whole=False)


def test_nothing_that_writes_gets_through_whichever_way_it_is_called() -> None:
    aws = Answering(lambda _request: Sent({}))
    with pytest.raises(Refused, match="kms.DisableKey: may change something or hand out a secret; the gate only reads"):
        aws.pages("kms", "DisableKey", KeyId="k")
    with pytest.raises(Refused, match="kms.DisableKey"):
        aws.client("kms").disable_key(KeyId="k")
    assert not aws.requests


def test_each_answer_says_where_it_came_from() -> None:
    aws = Answering(lambda _request: Sent({"Keys": []}))
    aws.pages("kms", "ListKeys")
    [record] = aws.calls.recording.records.values()
    [request] = record.requests
    assert request["id"] == "r-1"
    assert (request["host"], request["status"]) == ("kms.ap-northeast-1.amazonaws.com", 200)
    assert request["date"].endswith("GMT")


def test_throttled_calls_are_tried_again() -> None:
    sent: Iterator[Sent] = iter([refused("ThrottlingException"), Sent({"Keys": []})])
    aws = Answering(lambda _request: next(sent), attempts=3)
    assert aws.pages("kms", "ListKeys") == [{"Keys": []}]


def test_a_bucket_lets_a_burst_through_and_then_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now, waited = [100.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    full = TokenBucket(10.0)

    class Stopped:
        def wait(self, seconds: float) -> None:
            waited.append(round(seconds, 3))

    for _ in range(22):
        full.take(Stopped())  # type: ignore[arg-type]
    assert waited == [0.1, 0.2]
    now[0] += 100
    full.take(Stopped())  # type: ignore[arg-type]
    assert len(waited) == 2


def test_a_service_without_a_rate_is_asked_slowly() -> None:
    assert bucket_for("something-new").rate < bucket_for("ec2").rate


@pytest.mark.parametrize(
    ("service", "operation", "body", "said"),
    [
        ("ec2", "DescribeVpcs", "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>", "Error"),
        ("cloudfront", "ListDistributions", "<Error><Code>AccessDenied</Code></Error>", "Error"),
        ("s3", "ListBuckets", '<?xml version="1.0"?>\n<Error><Code>SlowDown</Code></Error>', "Error"),
        ("route53", "ListHostedZones", "<!DOCTYPE html><html>blocked by the company</html>", "DOCTYPE"),
        ("s3", "ListBuckets", "", "nothing at all"),
        ("kms", "ListKeys", " ", "nothing at all"),
        ("kms", "ListKeys", '{"__type": "AccessDeniedException"}', "AccessDeniedException"),
        ("backup", "ListBackupPlans", '{"message": "blocked by the company"}', "blocked"),
    ],
)  # fmt: skip
def test_what_is_sent_as_if_all_were_well_is_no_empty_list(service: str, operation: str, body: str, said: str) -> None:
    account = Answering(lambda _request: Sent(body))
    account.client(service)
    with pytest.raises(Unreadable, match=f"the answer could not be read .*{said}"):
        account.calls.pages(service, operation, REGION, {}, whole=True)
