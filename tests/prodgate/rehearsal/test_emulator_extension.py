"""The abilities of an extension's answer, and the handling of its mistakes."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from prodgate.rehearsal.emulator.calls import Call, IncomingRequest, check_shape, recognise
from prodgate.rehearsal.emulator.dispatch import Emulator, InternalClients
from prodgate.rehearsal.emulator.extension import ANSWERS, Ledger, Refused, answers
from tests.prodgate.rehearsal.emulated import ACCOUNT

#: moto warns of codes that are not in AWS's models.
pytestmark = pytest.mark.filterwarnings("ignore:Exception.Refused. with code")
#: moto keeps everything in this process; here no other test does anything.
REGION = "eu-north-1"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    for key in list(ANSWERS):
        monkeypatch.delitem(ANSWERS, key)
    emulator = Emulator(ACCOUNT)
    asking = InternalClients(lambda sent, _moto_only: emulator.answer(sent)[0])

    def call(service: str, operation: str, **params: Any) -> dict[str, Any]:
        return asking.call_any(REGION, service, operation, **params)

    yield call
    ANSWERS.clear()


def test_a_ledger_keeps_by_service_and_region(ask: Ask) -> None:
    @answers("mwaa", "CreateEnvironment")
    def create(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
        ledger.of("environment")[params["Name"]] = params
        return {"Arn": f"arn:aws:airflow:{ledger.region}:{ledger.account}:environment/{params['Name']}"}

    @answers("mwaa", "ListEnvironments")
    def listed(ledger: Ledger, _params: Mapping[str, Any]) -> dict[str, Any]:
        return {"Environments": list(ledger.of("environment"))}

    made = ask(
        "mwaa", "CreateEnvironment", Name="nba", ExecutionRoleArn="arn:aws:iam::123456789012:role/r",
        SourceBucketArn="arn:aws:s3:::dags", DagS3Path="dags", NetworkConfiguration={},
    )  # fmt: skip
    assert made["Arn"] == f"arn:aws:airflow:{REGION}:{ACCOUNT}:environment/nba"
    assert ask("mwaa", "ListEnvironments") == {"Environments": ["nba"]}
    assert ask("mwaa", "ListEnvironments", region="us-east-1") == {"Environments": []}


def test_an_answer_of_moto_can_be_amended_and_is_whole(ask: Ask) -> None:
    for number in range(120):
        ask("sqs", "CreateQueue", QueueName=f"amended-{number}")

    @answers("sqs", "ListQueues")
    def listed(ledger: Ledger, _params: Mapping[str, Any]) -> dict[str, Any]:
        found = ledger.moto(QueueNamePrefix="amended-", MaxResults=7)["QueueUrls"]
        return {"QueueUrls": [str(len(found)), str(ledger.backend is not None)]}

    assert ask("sqs", "ListQueues")["QueueUrls"] == ["120", "True"]


def test_an_answer_can_ask_other_services(ask: Ask) -> None:
    @answers("mwaa", "ListEnvironments")
    def listed(ledger: Ledger, _params: Mapping[str, Any]) -> dict[str, Any]:
        ledger.ask("sns", "CreateTopic", region="us-east-1", Name="elsewhere")
        here, there = (ledger.ask("sns", "ListTopics", region=region)["Topics"] for region in ("", "us-east-1"))
        return {"Environments": [ledger.ask("sts", "GetCallerIdentity")["Account"], str(here), there[0]["TopicArn"]]}

    found = ask("mwaa", "ListEnvironments")["Environments"]
    assert found == [ACCOUNT, "[]", f"arn:aws:sns:us-east-1:{ACCOUNT}:elsewhere"]


def test_a_refusal_of_another_service_is_passed_on(ask: Ask) -> None:
    @answers("mwaa", "ListEnvironments")
    def listed(ledger: Ledger, _params: Mapping[str, Any]) -> dict[str, Any]:
        return ledger.ask("iam", "GetRole", RoleName="none")

    with pytest.raises(Refused, match="none") as refused:
        ask("mwaa", "ListEnvironments")
    assert refused.value.code == "NoSuchEntity"


def test_a_mistake_is_an_error_of_the_emulator_and_told_in_one_line(
    ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    @answers("iam", "GetAccountSummary")
    def summary(_ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"SummaryMap": params["Some\nthing"]}

    with pytest.raises(Refused, match="iam:GetAccountSummary: KeyError") as refused:
        ask("iam", "GetAccountSummary")
    assert refused.value.code == "EmulatorError"
    (line,) = capsys.readouterr().err.splitlines()
    assert "test_emulator_extension.py:" in line


def test_a_ledger_of_no_emulator_can_ask_nobody() -> None:
    with pytest.raises(Refused, match="belongs to no running emulator"):
        Ledger(ACCOUNT, REGION).moto()


@pytest.mark.parametrize(
    ("headers", "body", "protocol", "operation"),
    [
        ({"X-Amz-Target": "Unheard.DoThis"}, b"{}", "json", "DoThis"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"Action=DoThat&Version=1", "query", "DoThat"),
        ({}, b"", "rest-json", "POST /do/it"),
    ],
)
def test_calls_of_services_unheard_of_are_refused_in_their_protocol(
    headers: dict[str, str], body: bytes, protocol: str, operation: str
) -> None:
    scope = {"Authorization": "AWS4-HMAC-SHA256 Credential=k/20261125/eu-north-1/unheard/aws4_request"}
    sent = IncomingRequest(method="POST", url="http://unheard.amazonaws.com/do/it", headers=headers | scope, body=body)
    call = recognise(sent)
    assert (call.service, call.operation, call.protocol) == ("unheard", operation, protocol)
    reply, _ = Emulator(ACCOUNT).answer(sent)
    assert reply.status == 400
    assert b"NotImplementedByEmulator" in reply.body


# ── A response is one that AWS could give, by botocore's model of it; any other is the emulator's mistake


def modelled(service: str, operation: str) -> Call:
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    return Call(service=service, operation=operation, region="us-east-1", protocol="json", model=model)


ALARM = {"AlarmName": "a", "StateUpdatedTimestamp": datetime(2026, 1, 1, tzinfo=UTC), "Threshold": 1}


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ({"Alarm": "a"}, 'Unknown parameter in MetricAlarms\\[0\\]: "Alarm"'),
        ({"AlarmName": None}, "Invalid type for parameter MetricAlarms\\[0\\].AlarmName"),
        ({"Threshold": "1"}, "Invalid type for parameter MetricAlarms\\[0\\].Threshold"),
        ({"ActionsEnabled": "yes"}, "ActionsEnabled"),
    ],
)
def test_what_aws_cannot_answer_is_refused(member: dict[str, Any], why: str) -> None:
    answer = {"MetricAlarms": [ALARM], "ResponseMetadata": {"of": "moto"}}
    check_shape(modelled("cloudwatch", "DescribeAlarms"), answer)
    with pytest.raises(TypeError, match=f"not what AWS answers: .*{why}"):
        check_shape(modelled("cloudwatch", "DescribeAlarms"), {"MetricAlarms": [{**ALARM, **member}]})


def test_what_aws_always_states_must_be_there() -> None:
    with pytest.raises(TypeError, match='Missing required parameter in DistributionList: "MaxItems"'):
        check_shape(
            modelled("cloudfront", "ListDistributions"),
            {"DistributionList": {"Marker": "", "IsTruncated": False, "Quantity": 0}},
        )


def test_an_answer_without_a_shape_and_a_document_are_let_through() -> None:
    check_shape(modelled("cloudfront", "DeleteDistribution"), {})
    check_shape(modelled("s3", "GetObject"), {"Body": b"text"})


def test_a_limit_of_what_is_asked_is_none_of_an_answer() -> None:
    check_shape(modelled("budgets", "DescribeSubscribersForNotification"), {"Subscribers": []})
