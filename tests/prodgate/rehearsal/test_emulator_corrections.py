"""Each correction of moto names the entry in moto's tracker, and corrects something that moto has."""

import json
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import moto
import pytest
from botocore import xform_name

from prodgate.rehearsal import emulator
from prodgate.rehearsal.emulator.dispatch import MOTO_NAMES
from prodgate.rehearsal.emulator.extension import ANSWERS, CORRECTIONS, FOLLOWS, UNREPORTED
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

pytestmark = pytest.mark.xdist_group("emulator")


def moto_has(service: str, operation: str) -> bool:
    folder = Path(moto.__file__).parent / MOTO_NAMES.get(service, service.replace("-", ""))
    files = [*folder.glob("responses.py"), *folder.glob("responses/*.py")]
    return any(f"def {xform_name(operation)}(self" in file.read_text("utf-8") for file in files)


@pytest.fixture(scope="module", autouse=True)
def everything() -> None:
    emulator.load()


def test_corrections_are_exactly_the_answers_that_moto_has_too() -> None:
    answered = {key for key in CORRECTIONS if not key[0].startswith("moto.")}
    assert answered == {key for key in ANSWERS if moto_has(*key)}


def test_each_correction_names_its_issue_or_says_that_none_is_known() -> None:
    reference = re.compile(rf"(since )?getmoto/moto#\d+|{re.escape(UNREPORTED)}|{re.escape(FOLLOWS)}")
    assert {key: each for key, each in CORRECTIONS.items() if not reference.fullmatch(each)} == {}


def test_classes_of_moto_are_changed_through_the_table_alone() -> None:
    for path in Path(emulator.__file__).parent.glob("*.py"):
        found = re.search(r"^\w+\.\w+ = |\bsetattr\(", path.read_text("utf-8"), re.MULTILINE)
        assert found is None or path.name == "extension.py", f"{path.name}: {found[0]}"


def test_a_detector_keeps_each_feature_that_was_ever_set(account: Account) -> None:
    guardduty = account("guardduty")
    id_ = guardduty.create_detector(Enable=True)["DetectorId"]
    for name in ("S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"):
        guardduty.update_detector(DetectorId=id_, Features=[{"Name": name, "Status": "ENABLED"}])
    features = guardduty.get_detector(DetectorId=id_)["Features"]
    assert [each["Name"] for each in features] == ["S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"]


def test_nothing_that_is_published_leaves_the_account(account: Account) -> None:
    sns = account("sns")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    with socket.create_server(("127.0.0.1", 0)) as outside:
        outside.settimeout(0.5)
        sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=f"http://127.0.0.1:{outside.getsockname()[1]}")
        sns.publish(TopicArn=arn, Message="hello")
        with pytest.raises(TimeoutError):
            outside.accept()


def test_a_queue_shows_its_redrive_policy_as_it_was_stated(account: Account) -> None:
    sqs = account("sqs")
    sqs.create_queue(QueueName="letters")
    policy = f'{{"deadLetterTargetArn":"arn:aws:sqs:ap-northeast-1:{ACCOUNT}:letters","maxReceiveCount":3}}'
    url = sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert shown == {"RedrivePolicy": policy}


def test_cloudwatch_hears_how_many_messages_are_sent(account: Account) -> None:
    sqs, cloudwatch, now = account("sqs"), account("cloudwatch"), datetime.now(UTC)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": each, "MessageBody": each} for each in ("two", "three")])
    (metric,) = cloudwatch.list_metrics(Namespace="AWS/SQS", MetricName="NumberOfMessagesSent")["Metrics"]
    span = {"StartTime": now - timedelta(minutes=1), "EndTime": now + timedelta(minutes=9), "Period": 600}
    (point,) = cloudwatch.get_metric_statistics(**metric, **span, Statistics=["Sum"])["Datapoints"]
    assert point["Sum"] == 3


def test_findings_are_filtered(account: Account) -> None:
    hub, now = account("securityhub"), datetime.now(UTC).isoformat()
    hub.enable_security_hub()
    finding = {
        "SchemaVersion": "2018-10-08", "ProductArn": "arn:aws:securityhub:::product/aws/x", "GeneratorId": "x",
        "AwsAccountId": ACCOUNT, "CreatedAt": now, "UpdatedAt": now, "Title": "x", "Description": "x",
        "Resources": [{"Type": "Other", "Id": "x"}],
    }  # fmt: skip
    severities = ("CRITICAL", "LOW")
    hub.batch_import_findings(Findings=[{**finding, "Id": each, "Severity": {"Label": each}} for each in severities])
    critical = {"SeverityLabel": [{"Value": "CRITICAL", "Comparison": "EQUALS"}]}
    assert [each["Id"] for each in hub.get_findings(Filters=critical)["Findings"]] == ["CRITICAL"]
    for name, own, other in (("AwsAccountId", ACCOUNT, "210987654321"), ("Region", REGION, "us-east-1")):
        counts = {
            each: len(hub.get_findings(Filters={name: [{"Value": each, "Comparison": "EQUALS"}]})["Findings"])
            for each in (own, other)
        }
        assert counts == {own: 2, other: 0}


def test_an_account_has_what_its_own_detector_found(account: Account) -> None:
    guardduty = account("guardduty")
    id_ = guardduty.create_detector(Enable=True)["DetectorId"]
    guardduty.create_sample_findings(DetectorId=id_)
    for owner, count in ((ACCOUNT, 1), ("210987654321", 0)):
        criteria = {"Criterion": {"accountId": {"Equals": [owner]}}}
        assert len(guardduty.list_findings(DetectorId=id_, FindingCriteria=criteria)["FindingIds"]) == count


def test_details_of_policies_hold_their_names_and_ids(account: Account) -> None:
    iam = account("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    made = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(document))["Policy"]
    (shown,) = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
    assert (shown["PolicyName"], shown["PolicyId"]) == ("own", made["PolicyId"])
    assert shown["PolicyVersionList"][0]["Document"] == document
