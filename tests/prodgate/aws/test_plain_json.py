"""A response as evidence: the same before and after, and without its secrets."""

import io
from datetime import UTC, datetime
from typing import Any
from zipfile import ZipFile

import pytest

from prodgate.aws.answers import Absent, Unreadable
from prodgate.aws.recording import Call, Record, Recording, canonical_json, recall, revive, to_plain
from prodgate.semantics.secret_forms import credential_form, find_secret

NOW = datetime(2026, 11, 24, 13, tzinfo=UTC)
TOKEN = "ghp_" + "a" * 36
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nsecret\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "value",
    [
        {"When": NOW, "Data": b"\x00\xff", "Count": 1, "Ratio": 0.1, "On": True, "None": None, "List": [{"A": "ü"}]},
        {"$time": "no time", "deep": {"$bytes": "not base64!"}},
        {"$time": 5},
        {"names": ["<script>alert(1)</script>", "\x1b[31m", "../../etc", "\u202e", "\ud800"]},
    ],
)
def test_an_answer_comes_back_as_it_was(value: Any) -> None:
    assert revive(to_plain(value)) == value
    assert canonical_json(to_plain(revive(to_plain(value)))) == canonical_json(to_plain(value))


def test_an_archive_is_the_digests_of_its_files_too() -> None:
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr("plugins/", "")
        archive.writestr("plugins/news.py", b"abc")
    body = to_plain({"Body": io.BytesIO(made.getvalue())})["Body"]
    assert body["Files"] == {"plugins/news.py": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
    cut_off = to_plain({"Body": io.BytesIO(made.getvalue()[:40])})["Body"]
    assert "Files" not in cut_off
    assert cut_off["Size"] == 40


def test_what_botocore_adds_is_left_out_and_a_body_is_its_digest() -> None:
    answer = to_plain({"Body": io.BytesIO(b"abc"), "ResponseMetadata": {"RequestId": "x"}})
    assert answer == {"Body": {"Sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "Size": 3}}


@pytest.mark.parametrize(
    ("answer", "secret", "form"),
    [
        ({"Tags": [{"Key": "note", "Value": f"use {TOKEN} now"}]}, TOKEN, "a GitHub token"),
        ({"events": [{"message": f"boot\nAKIA{'A' * 16} x"}]}, "AKIA" + "A" * 16, "an AWS access key id"),
        ({"events": [{"message": f"a {KEY} b"}]}, "MIIB", "a private key"),
        ({"events": [{"message": KEY[:50]}]}, "MIIB", "a private key"),
        ({TOKEN: 1}, TOKEN, "a GitHub token"),
        ({"url": "postgres://app:hunter2@db.example"}, "hunter2", "a password in a URL"),
    ],
)
def test_a_credential_is_taken_out_wherever_it_stands(answer: Any, secret: str, form: str) -> None:
    kept = canonical_json(to_plain(answer))
    assert secret not in kept
    assert credential_form(kept) == form


SETTINGS = [
    {"containerDefinitions": [{"environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]},
    {"Environment": {"Variables": {"DB_PASSWORD": "hunter2"}}},
    {"AirflowConfigurationOptions": {"smtp.smtp_password": "hunter2"}},
    {"containerDefinitions": [{"command": ["sh", "-c", "DB_PASSWORD=hunter2 exec app"]}]},
    {"document": {"config": {"Env": ["PATH=/bin", "DB_PASSWORD=hunter2"]}}},
    {"document": {"history": [{"created_by": "RUN DB_PASSWORD=hunter2 make"}]}},
    {"containerDefinitions": [{"entryPoint": ["env", "API_KEY='hunter2'"]}]},
]


@pytest.mark.parametrize("answer", SETTINGS)
def test_a_setting_with_the_name_of_a_secret_is_taken_out_and_still_known_as_one(answer: Any) -> None:
    kept = to_plain(answer)
    assert "hunter2" not in canonical_json(kept)
    assert "(redacted: its name)" in canonical_json(kept)
    assert find_secret("API_KEY", "(redacted: its name)") == "its name"


@pytest.mark.parametrize(
    "answer",
    [
        {"containerDefinitions": [{"environment": [{"name": "DB_PASSWORD_ARN", "value": "arn:aws:secretsmanager:x"}]}]},
        {"containerDefinitions": [{"environment": [{"name": "LOG_LEVEL", "value": "info"}], "command": ["--port=80"]}]},
        {"Environment": {"Variables": {"TABLE": "games"}}, "environment": "production"},
        {"AirflowConfigurationOptions": {"core.parallelism": "16"}},
        {"NextToken": "abc", "Tags": [{"Key": "Key", "Value": "v"}]},
    ],
)
def test_an_ordinary_setting_is_kept(answer: Any) -> None:
    assert to_plain(answer) == answer


def call(operation: str = "ListKeys", **parameters: Any) -> Call:
    return Call(service="kms", operation=operation, region="r", parameters=parameters, whole=True)


def test_a_recording_answers_as_aws_did() -> None:
    recording = Recording()
    recording.add(Record(call=call(Since=NOW), pages=[to_plain({"Keys": [], "At": NOW})], requests=[{"id": "1"}]))
    recording.add(Record(call=call("DescribeKey"), absent="NotFoundException", words="gone"))
    recording.add(Record(call=call("ListAliases"), unreadable="kms ListAliases: access denied"))
    stored = [{"service": service, "region": region, "calls": calls} for service, region, calls in recording.by_place()]
    again = recall(stored)
    assert again.records == recording.records
    assert again.pages("kms", "ListKeys", "r", {"Since": NOW}, whole=True) == [{"Keys": [], "At": NOW}]
    with pytest.raises(Absent, match="NotFoundException"):
        again.pages("kms", "DescribeKey", "r", {}, whole=True)
    with pytest.raises(Unreadable, match="access denied"):
        again.pages("kms", "ListAliases", "r", {}, whole=True)


def test_what_was_not_asked_then_can_not_be_answered_now() -> None:
    with pytest.raises(Unreadable, match="kms ListKeys in r: was not asked in that run; observe again"):
        Recording().pages("kms", "ListKeys", "r", {}, whole=True)


@pytest.mark.parametrize("name", ["PGPASSWORD", "dbpassword", "DB_PASS", "MYSQL_PASS2", "KEY_PASSPHRASE"])
def test_a_password_is_known_by_its_name_however_it_is_joined(name: str) -> None:
    assert find_secret(name, "hunter2") == "its name"
    assert "hunter2" not in canonical_json(to_plain({"Environment": {"Variables": {name: "hunter2"}}}))


@pytest.mark.parametrize("name", ["BYPASS", "PASS_THROUGH", "PASSWORD_MIN_LENGTH", "PASSWORDLESS"])
def test_other_names_announce_no_secret(name: str) -> None:
    assert find_secret(name, "hunter2") == ""


@pytest.mark.parametrize(
    "answer",
    [
        {"CustomHeaders": {"Items": [{"HeaderName": "X-Origin-Verify", "HeaderValue": "hunter2"}]}},
        {"Conditions": [{"HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": ["hunter2"]}}]},
        {"Conditions": [{"HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "RegexValues": ["^hunter2$"]}}]},
        {"Targets": [{"HttpParameters": {"HeaderParameters": {"x-key": "hunter2"}}, "Input": '{"pass": "hunter2"}'}]},
        {"containerDefinitions": [{"logConfiguration": {"options": {"splunk-token": "hunter2"}}}]},
        {"Subscriptions": [{"Protocol": "https", "Endpoint": "https://pager.example/hunter2/enqueue?key=hunter2"}]},
        {"events": [{"logStreamName": "web", "message": "taro@example.com logs in with hunter2 at x://a:b@c"}]},
    ],
)
def test_what_no_check_reads_and_may_be_a_secret_is_not_kept(answer: dict[str, Any]) -> None:
    kept = canonical_json(to_plain(answer))
    assert "hunter2" not in kept
    assert "taro" not in kept


def test_that_any_value_of_a_header_will_do_is_kept() -> None:
    asked = {"HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": ["*", "hunter*"]}}
    first, second = to_plain(asked)["HttpHeaderConfig"]["Values"]
    assert (first, second[:9]) == ("*", "(redacted")


def test_of_a_log_only_the_kind_of_credential_is_kept_and_of_a_subscriber_the_host() -> None:
    events = to_plain({"events": [{"logStreamName": "web", "message": f"GET / {TOKEN}"}]})["events"]
    assert credential_form(events[0]["message"]) == "a GitHub token"
    assert events[0]["message"].startswith("(redacted")
    assert to_plain({"Endpoint": "https://pager.example/x"})["Endpoint"].startswith("https://pager.example/(")
    assert to_plain({"Endpoint": "team@example.com"})["Endpoint"] == "team@example.com"
