"""A drill from its command to its end: its questions and refusals, its record, its deployments, and what a
killed one leaves behind."""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest

from prodgate import cli
from prodgate.aws import sessions
from prodgate.aws.answers import Unreadable
from prodgate.aws.clients import ATTEMPTS
from prodgate.canaries import cleanup
from prodgate.canaries.cleanup import Cleanup, subscribe_queue
from prodgate.canaries.drill import find_latest_drill
from prodgate.criteria import UsageError
from prodgate.drills import command, dag, rollback
from prodgate.drills.alarm import PEOPLE, AlarmDrill, choose_alarm, drill_alarm
from prodgate.drills.command import list_left
from prodgate.drills.outcome import Begin, Outcome
from prodgate.drills.rollback import (
    BUILDS,
    RollbackDrill,
    deploy_build,
    deploy_good,
    describe_by_hand,
    drill_rollback,
    make_app_spec,
    plan_deployment,
    read_builds,
)
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.facts.dags.failures import FailureDestinations
from prodgate.sealing.verifying import check_by_itself
from prodgate.sections.project import open_project
from prodgate.sections.targets import parse_target
from tests.prodgate.canaries.fake import FakeAirflow
from tests.prodgate.conftest import Gate
from tests.prodgate.drills.killed import (
    ARN,
    CLUSTER,
    DEPLOYMENT,
    NEWEST,
    SPEC,
    TARGET,
    Interrupting,
    deploys,
    scene,
    serving,
)
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account
from tests.suites.rollout.evidence import drilled

pytestmark = pytest.mark.xdist_group("emulator")
ROOT = Path(__file__).parents[3]


def test_people_are_told_only_when_that_is_confirmed(gate: Gate) -> None:
    asked = ["drill", "alarm", "slow", "aws://prod@ap-northeast-1", "--criteria", str(ROOT / "criteria.toml")]
    assert "--yes-change-alarm-state" in gate(*asked, ends=4).err


def test_a_real_account_must_be_named_in_the_criteria(tmp_path: Path, gate: Gate) -> None:
    text = (ROOT / "criteria.toml").read_text("utf-8")
    shutil.copytree(ROOT / "criteria", tmp_path / "criteria")
    (tmp_path / "criteria.toml").write_text(re.sub(r"^\[account\]\nid = .*$", "", text, flags=re.MULTILINE), "utf-8")
    asked = ["drill", "alarm", "slow", "aws://prod@ap-northeast-1", "--yes-change-alarm-state"]
    assert "names no account" in gate(*asked, "--criteria", tmp_path / "criteria.toml", ends=4).err


@pytest.fixture
def drilled_account(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    topic = account("sns").create_topic(Name="alarms")["TopicArn"]
    account("cloudwatch").put_metric_alarm(
        AlarmName="slow", Namespace="site", MetricName="seconds", Statistic="Maximum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic],
    )  # fmt: skip
    account("cloudwatch").set_alarm_state(AlarmName="slow", StateValue="OK", StateReason="well")
    monkeypatch.setattr(command, "_clients", lambda *_: nullcontext(account))
    return account


def test_a_drill_leaves_a_record(drilled_account: Account, tmp_path: Path, gate: Gate) -> None:
    asked = ["drill", "alarm", "slow", "--criteria", str(ROOT / "criteria.toml"), "--runs", str(tmp_path), "--json"]
    assert list(json.loads(gate(*asked).out)["arrived"]) == [f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"]
    assert runs.latest(tmp_path) is None
    record = runs.latest(tmp_path / "drills")
    kept = runs.read(record)
    assert kept.about["drill"] == "alarm slow"
    assert [fact["kind"] for fact in kept.facts] == ["drill"]
    assert kept.finished
    assert check_by_itself(record).flaws == ()


def test_a_queue_that_listens_is_of_the_account_of_the_credentials() -> None:
    aws, topic = MagicMock(), f"arn:aws:sns:{REGION}:999999999999:alarms"
    subscribe_queue(ACCOUNT, REGION, (topic,), "0" * 32, Cleanup(lambda *_: aws))
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:prodgate-drill-{'0' * 12}"
    assert aws.subscribe.call_args.kwargs == {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}
    assert queue in aws.create_queue.call_args.kwargs["Attributes"]["Policy"]


def test_what_did_not_arrive_is_a_failure(drilled_account: Account, tmp_path: Path, gate: Gate) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    key = {"AttributeName": "KmsMasterKeyId", "AttributeValue": "alias/aws/sns"}
    drilled_account("sns").set_topic_attributes(TopicArn=topic, **key)
    asked = ["drill", "alarm", "slow", "--criteria", str(ROOT / "criteria.toml"), "--runs", str(tmp_path)]
    assert f"{topic}: nothing arrived" in gate(*asked, "--patience", "1", ends=1).out


def test_what_aws_refuses_is_said_in_a_line(drilled_account: Account, tmp_path: Path, gate: Gate) -> None:
    drilled_account.fault(service="cloudwatch", operation="SetAlarmState", code="AccessDenied")
    asked = ["drill", "alarm", "slow", "--criteria", str(ROOT / "criteria.toml"), "--runs", str(tmp_path)]
    told = gate(*asked, ends=4).err
    assert "prodgate: drill: An error occurred (AccessDenied)" in told
    assert "iam-policy --drill" in told
    assert drilled_account("sqs").list_queues().get("QueueUrls", []) == []


def test_what_a_person_must_do_at_once_has_a_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    def refused(_given: object, _target: object, _project: object, begin: Begin) -> Outcome:
        told: dict[str, Any] = {"alarming": ("ACT NOW",), "error": KeyboardInterrupt()}
        return Outcome(run=begin().path.parent, kind="k", subject="s", record={}, lines=("b",), good=False, **told)

    monkeypatch.setitem(command._DRILLS, "rollback", refused)
    assert (
        "prodgate: ACT NOW"
        in gate("drill", "rollback", "--criteria", ROOT / "criteria.toml", "--runs", tmp_path, ends=3).err
    )
    assert runs.read(runs.latest(tmp_path / "drills")).finished


# ── The drill of DAGs

PRODUCTION = "aws://prod@ap-northeast-1"
CANARY = "nba_news_canary"


def drill(*more: str, name: str = CANARY, target: str = PRODUCTION) -> int:
    return cli.main(["drill", "dag", name, target, "--criteria", str(ROOT / "criteria.toml"), *more])


def test_a_canary_fails_only_when_that_is_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill() == 4
    assert capsys.readouterr().err.count("add --yes-fail-on-purpose") == 1
    assert drill("--yes-change-alarm-state") == 4
    assert "--yes-change-alarm-state: changes nothing with dag" in capsys.readouterr().err


def test_no_dag_but_the_canary_is_made_to_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill("--yes-fail-on-purpose", name="data_cleanup") == 4
    assert "DAG 'data_cleanup': is not the canary" in capsys.readouterr().err


def test_a_rehearsal_is_drilled_by_its_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill(target="rehearsal://") == 4
    assert "prodgate run rehearsal:// --only dags" in capsys.readouterr().err


@pytest.fixture
def airflow(drilled_account: Account, monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    """A stand-in for the real account and its Airflow."""
    topic = drilled_account("sns").create_topic(Name="failures")["TopicArn"]
    fake = FakeAirflow(drilled_account, drilled_account("sqs").create_queue(QueueName="dead")["QueueUrl"], topic)
    destinations = FailureDestinations(environment="news", queue=f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", topic=topic)
    monkeypatch.setattr(command, "_clients", lambda *_: nullcontext(drilled_account))
    monkeypatch.setattr(sessions, "open_account", lambda *_: None)
    monkeypatch.setattr(dag, "find_failure_destinations", lambda *_: destinations)
    monkeypatch.setattr(dag, "AirflowCanaries", lambda _: fake)
    return fake


def test_a_drill_leaves_a_record_that_is_found_again(
    airflow: FakeAirflow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill("--yes-fail-on-purpose", "--runs", str(tmp_path), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["mode"] for one in told["tried"]] == ["retry", "fail", "kill"]
    assert find_latest_drill(tmp_path, PRODUCTION) == told
    assert find_latest_drill(tmp_path, "rehearsal://") is None


def test_what_went_wrong_is_a_failure_and_a_line(
    airflow: FakeAirflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow.notices = frozenset({"fail"})
    monkeypatch.setattr(dag, "DELIVERY", 0.0)
    assert drill("--yes-fail-on-purpose", "--runs", str(tmp_path)) == 1
    told = capsys.readouterr().out
    assert "wrong: kill: no notice of the run prodgate-kill-" in told
    assert "success after 2 tries" in told


def test_a_topic_that_others_than_people_hear_is_refused(
    airflow: FakeAirflow, drilled_account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drilled_account("sns").subscribe(TopicArn=airflow.topic, Protocol="http", Endpoint="http://x.test")
    assert drill("--yes-fail-on-purpose", "--runs", str(tmp_path)) == 4
    assert "'http', which is no person; let people alone be told" in capsys.readouterr().err
    assert airflow.modes == {}


def test_without_a_place_for_failures_nothing_happens(
    airflow: FakeAirflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere(*_: Any) -> FailureDestinations:
        raise Unreadable("there is no topic that the role may send to")

    monkeypatch.setattr(dag, "find_failure_destinations", nowhere)
    assert drill("--yes-fail-on-purpose", "--runs", str(tmp_path)) == 4
    assert "drill: there is no topic" in capsys.readouterr().err
    assert airflow.modes == {}
    assert not (tmp_path / "drills").exists()


# ── The drill of rollbacks: its refusals, its deployments on a real account, and its report on the builds


def stated(*builds: str) -> list[list[str]]:
    return [[build, "api", build] for build in builds]


def test_the_last_app_spec_is_deployed_with_another_task_definition() -> None:
    changed = json.loads(make_app_spec(DEPLOYMENT, "api:9"))
    assert changed["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"] == "api:9"
    assert changed["Hooks"] == [{"AfterAllowTestTraffic": "arn:hook"}]
    yaml = {**DEPLOYMENT, "revision": {"appSpecContent": {"content": "- TaskDefinition: arn:old:7\n  x: 1\n"}}}
    assert make_app_spec(yaml, "api:9") == "- TaskDefinition: api:9\n  x: 1\n"


@pytest.mark.parametrize("content", ["", f"{SPEC}{SPEC}"])
def test_an_app_spec_that_names_none_or_two_is_refused(content: str) -> None:
    before = {**DEPLOYMENT, "revision": {"appSpecContent": {"content": content}}}
    with pytest.raises(UsageError, match=r"d-1: its AppSpec names [02] task definitions inline; deploy once"):
        make_app_spec(before, "api:9")


def test_each_service_is_deployed_by_what_deploys_it() -> None:
    clients = {"codedeploy": Mock(), "ecs": Mock()}
    clients["codedeploy"].create_deployment.return_value = {"deploymentId": "d-2"}
    other = {"serviceArn": f"{ARN}2", "serviceName": "web", "clusterArn": CLUSTER}
    newest: list[dict[str, Any]] = [NEWEST, {"service": other, "carrier": "ECS", "deployment": {}}]
    plans = [plan_deployment(one, {"api": "api:9", "web": "web:4"}) for one in newest]
    assert deploy_build(lambda name, *_: clients[name], "green", plans) == {ARN: "d-2"}
    made = clients["codedeploy"].create_deployment.call_args.kwargs
    assert "api:9" in made["revision"]["appSpecContent"]["content"]
    assert made["description"] == "prodgate drill: green"
    clients["ecs"].update_service.assert_called_once_with(cluster=CLUSTER, service="web", taskDefinition="web:4")
    assert describe_by_hand(**plans[1]) == (
        f"aws ecs update-service --cluster {CLUSTER} --service web --task-definition web:4 --region ap-northeast-1"
    )
    words = shlex.split(describe_by_hand(**plans[0]))
    assert words[:7] == [
        "aws",
        "deploy",
        "create-deployment",
        *["--application-name", "news", "--deployment-group-name", "api"],
    ]
    assert json.loads(words[words.index("--revision") + 1]) == made["revision"]


@pytest.mark.parametrize(
    ("builds", "message"),
    [
        (
            stated(*BUILDS[:-1]),
            r"build green: has no task definition for api; register one, then add --build green api",
        ),
        ([["never-helthy", "api", "x"]], r"--build never-helthy: none is named so"),
        ([["green", "apo", "x"]], r"--build green apo: no service is named so"),
    ],
)
def test_a_build_that_is_missing_or_misnamed_is_refused(builds: list[list[str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_builds(builds, ["api"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["rollback", "aws://prod@ap-northeast-1"], "--yes-deploy-bad-builds"),
        (["rollback", "rehearsal://", "aws://prod@ap-northeast-1"], "is not needed; write the target alone"),
        (["rollback", "--build", "green", "api", "api:9"], "--build is for real accounts"),
        (["alarm"], "drill alarm: whose? Write its name"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: list[str], message: str, gate: Gate) -> None:
    assert message in gate("drill", *asked, "--criteria", ROOT / "criteria.toml", ends=4).err


class Site:
    """A site on an emulated account, whose deployments end as ``watches`` states."""

    def __init__(self, account: Account, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.account, self.run, self.deployed = account, folder, list[str]()
        self.watches: dict[str, Any] = {build: drilled(build) for build in BUILDS}
        deploys(account)
        monkeypatch.setattr(rollback, "open_scene", scene)
        monkeypatch.setattr(rollback, "read_newest_deployments", lambda _: [NEWEST])
        monkeypatch.setattr(rollback, "watch_own", self.watch)
        monkeypatch.setattr(rollback, "_POLL", 0.1)
        monkeypatch.setattr(cleanup, "PAUSES", (0.0,))

    def watch(self, _context: object, _scene: object, deploy: Any) -> Any:
        deploy()
        self.deployed.append(serving(self.account))
        found = self.watches[self.deployed[-1]]
        if isinstance(found, BaseException):
            raise found
        return found

    def drill(self) -> Any:
        return drill_rollback(
            RollbackDrill(
                given=argparse.Namespace(build=stated(*BUILDS), i_am_allowed_to_load=""),
                target=parse_target("aws://prod@ap-northeast-1"),
                project=open_project(ROOT / "criteria.toml"),
                begin=lambda: Journal.of(self.run),
                tell=lambda _: None,
                open_clients=lambda: self.account,  # type: ignore[arg-type,return-value]
            )
        )


@pytest.fixture
def site(healthy_account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(healthy_account, tmp_path, monkeypatch)


def test_every_build_is_deployed_and_the_good_one_last(site: Site) -> None:
    outcome = site.drill()
    assert site.deployed == list(BUILDS)
    assert outcome.good
    assert outcome.kind == "rollback drill"
    assert [each["build"] for each in outcome.record["tried"]] == list(BUILDS)
    *ended, way_back = outcome.lines
    assert ended == [f"build {build}: ended as it had to" for build in BUILDS]
    assert way_back.startswith("build failing-in-public: the way back took 4 s (")


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (drilled("green"), "succeeded, and had to be rolled back"),
        ({**drilled("never-healthy"), "why": "it was watched for 2 h and was not over"}, "was not over"),
        (Unreadable("nobody could look"), "nobody could look"),
    ],
    ids=["stays", "at its limit", "unwatched"],
)
def test_after_a_build_that_may_stay_no_other_bad_one_is_deployed(site: Site, seen: Any, said: str) -> None:
    site.watches["never-healthy"] = seen
    outcome = site.drill()
    assert site.deployed == ["never-healthy", "green"]
    assert not outcome.good
    assert not outcome.alarming
    assert said in outcome.lines[0]
    assert "build failing-hook: it was not tried" in " ".join(outcome.lines)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), TimeoutError("slow"), UsageError("refused")], ids=repr)
def test_whatever_ends_it_the_good_build_is_deployed_and_the_record_says_so(
    site: Site, build: str, error: BaseException
) -> None:
    site.watches[build] = error
    outcome = site.drill()
    assert outcome.error is error
    assert serving(site.account) == "green"
    tried = {one["build"]: one.get("unreadable", "") for one in outcome.record["tried"]}
    assert tried[build] == f"{type(error).__name__}: {error}"
    assert build == "green" or tried["green"].startswith("deployed and not watched; prodgate watch deploy --latest aws")
    assert not outcome.alarming


@pytest.mark.parametrize(("code", "before"), [("AccessDeniedException", 0), ("ThrottlingException", 1), ("Refused", 2)])
def test_after_a_refusal_the_good_build_is_deployed(site: Site, code: str, before: int) -> None:
    refusals = ATTEMPTS if code == "ThrottlingException" else 1
    site.account.fault(service="codedeploy", operation="CreateDeployment", code=code, after=before, times=refusals)
    outcome = site.drill()
    assert site.deployed == list(BUILDS[:before])
    assert code in str(outcome.error)
    assert code in outcome.record["tried"][before]["unreadable"]
    assert serving(site.account) == "green"


def test_where_the_good_build_is_refused_too_a_person_is_told_what_to_do(site: Site) -> None:
    site.account.fault(service="codedeploy", operation="CreateDeployment", code="Refused", after=1)
    outcome = site.drill()
    headline, line = outcome.alarming
    assert headline.startswith("PRODUCTION MAY BE ON A BAD BUILD")
    assert "Refused" in line
    assert "deploy it by hand: aws deploy create-deployment --application-name news" in line
    assert "Refused" in outcome.record["tried"][-1]["unreadable"]


def test_a_good_build_that_does_not_serve_after_one_that_stays_is_told_aloud(site: Site) -> None:
    site.watches["never-healthy"], site.watches["green"] = drilled("green"), drilled("never-healthy")
    headline, line = site.drill().alarming
    assert headline.startswith("PRODUCTION MAY BE ON A BAD BUILD")
    assert "rolled back, and had to be succeeded" in line
    assert "aws deploy create-deployment" in line


def test_a_deployment_of_a_bad_build_that_goes_on_is_stopped_for_the_good_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, told = site.account("codedeploy"), list[str]()

    def stop(**asked: Any) -> None:
        told.append(asked["deploymentId"])
        busy.remove("d-bad")

    busy, create = ["d-bad"], client.create_deployment
    about = [{"deploymentId": "d-bad", "description": "prodgate drill: failing-hook"}]
    monkeypatch.setattr(client, "list_deployments", lambda **_: {"deployments": busy})
    monkeypatch.setattr(client, "batch_get_deployments", lambda **_: {"deploymentsInfo": about})
    monkeypatch.setattr(client, "stop_deployment", stop)

    def refuse(**asked: Any) -> Any:
        if busy:
            raise client.exceptions.DeploymentLimitExceededException(
                {"Error": {"Code": "DeploymentLimitExceededException"}}, "CreateDeployment"
            )
        return create(**asked)

    monkeypatch.setattr(client, "create_deployment", refuse)
    deploy_good(
        site.account, name="api", cluster=CLUSTER, bad=[], **plan_deployment(NEWEST, {"api": "green"}), always=True
    )
    assert told == ["d-bad"]
    assert serving(site.account) == "green"


def test_a_service_that_runs_no_bad_build_is_left_alone_later(site: Site) -> None:
    plan = plan_deployment(NEWEST, {"api": "green"})
    deploy_good(site.account, name="api", cluster=CLUSTER, bad=["never-healthy"], **plan)
    assert serving(site.account) == "old"


def test_an_app_spec_that_can_not_be_used_again_is_refused_before_anything(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rollback, "read_newest_deployments", lambda _: [{**NEWEST, "deployment": {**DEPLOYMENT, "revision": {}}}]
    )
    with pytest.raises(UsageError, match="names 0 task definitions inline"):
        site.drill()
    assert serving(site.account) == "old"


# ── The drill of alarms

SCALES = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:1"


@pytest.fixture
def healthy_account(account: Account) -> Account:
    """An account with a healthy alarm that notifies a topic."""
    topic(account, "alarms")
    put(account, "slow")
    return account


def topic(account: Account, name: str, **attributes: str) -> str:
    return account("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]


def put(account: Account, name: str, **stated: Any) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    account("cloudwatch").put_metric_alarm(
        **{"AlarmName": name, "Namespace": "site", "MetricName": "seconds", "Statistic": "Maximum", "Period": 60}
        | {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
        | {"AlarmActions": [arn], **stated}
    )
    account("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="well")


def drilled_alarm(
    account: Callable[..., Any], name: str = "slow", told: list[str] | None = None, patience: float = 5
) -> AlarmDrill:
    alarm = choose_alarm(account, name, (REGION, "us-east-1"))
    return drill_alarm(account, alarm, (told if told is not None else []).append, patience=patience)


def state(account: Account, name: str = "slow") -> str:
    found = account("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (alarm,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return alarm["StateValue"]


def assert_nothing_is_left(account: Account, name: str = "slow") -> None:
    assert account("sqs").list_queues().get("QueueUrls", []) == []
    assert account("sns").list_subscriptions()["Subscriptions"] == []
    assert state(account, name) == "OK"


def test_a_notification_arrives_and_nothing_is_left(healthy_account: Account) -> None:
    result = drilled_alarm(healthy_account)
    assert result.missing == ()
    assert result.left == ()
    assert_nothing_is_left(healthy_account)
    (item,) = healthy_account("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["AlarmName"] == "slow"


def test_the_queue_is_encrypted_and_open_to_the_topic_alone(healthy_account: Account) -> None:
    seen: list[dict[str, str]] = []

    def watching(service: str, region: str = "") -> Any:
        if service == "cloudwatch" and (urls := healthy_account("sqs").list_queues().get("QueueUrls")):
            asked = {"QueueUrl": urls[0], "AttributeNames": ["All"]}
            seen.append(healthy_account("sqs").get_queue_attributes(**asked)["Attributes"])
        return healthy_account(service, region)

    drilled_alarm(watching)
    assert seen[0]["SqsManagedSseEnabled"] == "true"
    assert f'"aws:SourceArn": ["arn:aws:sns:{REGION}:{ACCOUNT}:alarms"]' in seen[0]["Policy"]


def test_every_topic_must_be_heard_of(healthy_account: Account) -> None:
    quiet = topic(healthy_account, "quiet", KmsMasterKeyId="alias/aws/sns")
    put(healthy_account, "loud", AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms", quiet])
    result = drilled_alarm(healthy_account, "loud", patience=1)
    assert list(result.arrived) == [f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"]
    assert result.missing == (quiet,)
    assert_nothing_is_left(healthy_account, "loud")


def test_an_alarm_on_other_alarms_is_put_back(healthy_account: Account) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    healthy_account("cloudwatch").put_composite_alarm(AlarmName="all", AlarmRule='ALARM("slow")', AlarmActions=[arn])
    healthy_account("cloudwatch").set_alarm_state(AlarmName="all", StateValue="OK", StateReason="well")
    assert drilled_alarm(healthy_account, "all").missing == ()
    assert_nothing_is_left(healthy_account, "all")


def test_an_alarm_whose_own_ones_fire_meanwhile_stays_in_alarm(healthy_account: Account) -> None:
    """Set to OK, it would be blind: it is evaluated again only when one of its parts changes."""
    healthy_account("cloudwatch").put_composite_alarm(
        AlarmName="all", AlarmRule='ALARM("slow")', AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"]
    )
    healthy_account("cloudwatch").set_alarm_state(AlarmName="all", StateValue="OK", StateReason="well")

    def failing(service: str, region: str = "") -> Any:
        if (
            service == "sqs"
            and healthy_account("sqs").list_queues().get("QueueUrls")
            and state(healthy_account) == "OK"
        ):
            healthy_account("cloudwatch").set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="real")
        return healthy_account(service, region)

    (left,) = drilled_alarm(failing, "all").left
    assert (
        left == "state of alarm all: its rule holds since the drill began, so that it fires for a reason; look into it"
    )
    assert state(healthy_account, "all") == "ALARM"


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ('{"source": ["aws.cloudwatch"]}', True),
        ('{"detail-type": ["CloudWatch Alarm State Change"], "detail": {"alarmName": [{"prefix": "sl"}]}}', True),
        ('{"source": ["aws.cloudwatch"], "detail": {"alarmName": [{"cidr": "10.0.0.0/8"}]}}', True),
        ('{"source": ["aws.cloudwatch"], "detail": {"alarmName": ["other"]}}', False),
        ('{"source": ["aws.guardduty"]}', False),
    ],
)
def test_an_alarm_that_a_rule_hears_of_is_left_alone(healthy_account: Account, pattern: str, heard: bool) -> None:
    healthy_account("events").put_rule(Name="mend", EventPattern=pattern, State="ENABLED")
    if not heard:
        assert choose_alarm(healthy_account, "slow", (REGION,))["AlarmName"] == "slow"
        return
    with pytest.raises(UsageError, match="rule 'mend' passes on that it fires"):
        drilled_alarm(healthy_account)
    assert state(healthy_account) == "OK"


def codedeploy(account: Account, alarm: str) -> None:
    client = account("codedeploy")
    client.create_application(applicationName="site", computePlatform="ECS")
    client.create_deployment_group(
        applicationName="site",
        deploymentGroupName="api",
        serviceRoleArn=f"arn:aws:iam::{ACCOUNT}:role/deploys",
        alarmConfiguration={"enabled": True, "alarms": [{"name": alarm}]},
    )


def ecs(account: Account, alarm: str) -> None:
    account("ecs").create_cluster(clusterName="site")
    account("ecs").register_task_definition(
        family="api", containerDefinitions=[{"name": "api", "image": "api", "memory": 64}]
    )
    account("ecs").create_service(
        cluster="site",
        serviceName="api",
        taskDefinition="api",
        desiredCount=0,
        deploymentConfiguration={"alarms": {"alarmNames": [alarm], "enable": True, "rollback": True}},
    )


def composite(account: Account) -> None:
    account("cloudwatch").put_composite_alarm(AlarmName="release", AlarmRule='ALARM("slow")')
    codedeploy(account, "release")


def suppressing(account: Account) -> None:
    rule = {"AlarmName": "release", "AlarmRule": 'ALARM("other")', "ActionsSuppressor": "slow"}
    put(account, "other")
    waits = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 60}
    account("cloudwatch").put_composite_alarm(**rule, **waits)


REFUSED: dict[str, tuple[Callable[[Account], object], str]] = {
    "in alarm": (
        lambda a: a("cloudwatch").set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="real"),
        "in ALARM already",
    ),
    "disabled": (lambda a: a("cloudwatch").disable_alarm_actions(AlarmNames=["slow"]), "actions are disabled"),
    "no topic": (lambda a: put(a, "slow", AlarmActions=[]), "notifies no topic"),
    "scales": (lambda a: put(a, "slow", OKActions=[SCALES]), "more than notify"),
    "codedeploy": (lambda a: codedeploy(a, "slow"), "CodeDeploy's site/api acts on it"),
    "ecs": (lambda a: ecs(a, "slow"), "ECS's api acts on it"),
    "a rollback by way of another alarm": (composite, "acts on 'release', which is made of it"),
    "makes another one blind": (suppressing, "it suppresses the actions of 'release' while it fires"),
    "gone": (lambda a: a("cloudwatch").delete_alarms(AlarmNames=["slow"]), "there is none"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_alarm_that_must_not_fire_is_refused(healthy_account: Account, case: str) -> None:
    prepare, message = REFUSED[case]
    prepare(healthy_account)
    before = healthy_account("cloudwatch").describe_alarm_history()["AlarmHistoryItems"]
    with pytest.raises(UsageError, match=message):
        drilled_alarm(healthy_account)
    assert healthy_account("cloudwatch").describe_alarm_history()["AlarmHistoryItems"] == before
    assert healthy_account("sqs").list_queues().get("QueueUrls", []) == []


ENDPOINTS = {
    "application": "",
    "email": "on-call@x.test",
    "email-json": "on-call@x.test",
    "firehose": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/x",
    "http": "http://x.test",
    "https": "https://x.test/KEY",
    "lambda": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:x",
    "sms": "+4712345678",
    "sqs": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x",
}


def subscribe(account: Account, protocol: str, name: str = "alarms") -> None:
    end, sns = ENDPOINTS[protocol], account("sns")
    if protocol == "application":
        made = sns.create_platform_application(Name="x", Platform="GCM", Attributes={"PlatformCredential": "x"})
        at = {"PlatformApplicationArn": made["PlatformApplicationArn"], "Token": "x"}
        end = sns.create_platform_endpoint(**at)["EndpointArn"]
    sns.subscribe(TopicArn=topic(account, name), Protocol=protocol, Endpoint=end)


@pytest.mark.parametrize("protocol", PEOPLE)
def test_people_may_be_told(healthy_account: Account, protocol: str) -> None:
    subscribe(healthy_account, protocol)
    assert choose_alarm(healthy_account, "slow", (REGION,))["AlarmName"] == "slow"


@pytest.mark.parametrize("protocol", sorted(ENDPOINTS.keys() - PEOPLE))
@pytest.mark.parametrize("where", ["AlarmActions", "OKActions", "its parent's"])
def test_a_topic_of_alarms_that_others_than_people_hear_is_refused(
    healthy_account: Account, protocol: str, where: str
) -> None:
    quiet = topic(healthy_account, "quiet")
    subscribe(healthy_account, protocol, "alarms" if where == "AlarmActions" else "quiet")
    if where == "OKActions":
        put(healthy_account, "slow", OKActions=[quiet])
    if where == "its parent's":
        rule = {"AlarmName": "all", "AlarmRule": 'ALARM("slow")'}
        healthy_account("cloudwatch").put_composite_alarm(**rule, InsufficientDataActions=[quiet])
    with pytest.raises(UsageError, match=f"{protocol!r}, which is no person") as refused:
        drilled_alarm(healthy_account)
    assert "KEY" not in str(refused.value)
    assert state(healthy_account) == "OK"
    assert not healthy_account("sqs").list_queues(QueueNamePrefix="prodgate").get("QueueUrls")


@pytest.mark.parametrize("broken", ["denied", "unknown"])
def test_a_topic_whose_subscribers_nobody_knows_is_refused(healthy_account: Account, broken: str) -> None:
    if broken == "denied":
        healthy_account.fault(service="sns", operation="ListSubscriptionsByTopic", code="AuthorizationError")
    listed = [{"Subscriptions": [{"Endpoint": "x", "SubscriptionArn": "y"}]}]
    unknown = Mock(**{"get_paginator.return_value.paginate.return_value": listed})

    def strange(service: str, region: str = "") -> Any:
        return unknown if service == "sns" and broken == "unknown" else healthy_account(service, region)

    with pytest.raises(UsageError, match="can't be read|None, which is no person"):
        drilled_alarm(strange)
    assert state(healthy_account) == "OK"


STEPS = ["create_queue", "subscribe", "set_alarm_state", "receive_message", "unsubscribe", "delete_queue"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_an_interruption_leaves_nothing_behind(
    healthy_account: Account, step: str, after: bool, error: type[BaseException]
) -> None:
    told: list[str] = []

    def act() -> None:
        raise error

    interrupted = Interrupting(healthy_account, step, act, after=after)
    removing = step in ("unsubscribe", "delete_queue")
    if removing and error is RuntimeError:
        assert drilled_alarm(interrupted, told=told).left == ()
    else:
        with pytest.raises(error):
            drilled_alarm(interrupted, told=told)
    assert interrupted.left <= 0
    assert_nothing_is_left(healthy_account)
    assert told == []


def test_what_can_not_be_removed_is_told(healthy_account: Account) -> None:
    healthy_account.fault(service="sqs", operation="DeleteQueue", code="AccessDenied")
    told: list[str] = []
    assert len(drilled_alarm(healthy_account, told=told).left) == 1
    assert told
    assert "queue prodgate-drill-" in told[0]
    assert "AccessDenied" in told[0]
    assert state(healthy_account) == "OK"


# ── A signalled drill leaves nothing behind that `prodgate drill recover` can't remove; later drills wait for it

SLOW = pytest.mark.slow
ALARMS = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"


@pytest.fixture
def alarmed_account(account: Account) -> Account:
    """An account with a composite alarm, which does not recover by itself, and a queue and a topic for failures."""
    topic(account, "alarms")
    topic(account, "failures")
    account("sqs").create_queue(QueueName="dead")
    put(account, "slow")
    account("cloudwatch").put_composite_alarm(AlarmName="all", AlarmRule='ALARM("slow")', AlarmActions=[ALARMS])
    account("cloudwatch").set_alarm_state(AlarmName="all", StateValue="OK", StateReason="well")
    deploys(account)
    return account


def make_command(account: Account, folder: Path, kill: str, *words: str) -> list[str]:
    command = [sys.executable, "-m", "tests.prodgate.drills.killed", account.endpoint, kill, "drill", *words]
    return [*command, "--criteria", str(ROOT / "criteria.toml"), "--runs", str(folder)]


def drill_process(account: Account, folder: Path, kill: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a drill in a process of its own, and wait for its end."""
    command = make_command(account, folder, kill, *words)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


ALARM = ("alarm", "all", TARGET, "--yes-change-alarm-state", "--patience", "5")
BUILT = [word for build in BUILDS for word in ("--build", build, "api", build)]
ROLLBACK = ("rollback", TARGET, "--yes-deploy-bad-builds", *BUILT)
DAG = ("dag", "nba_news_canary", TARGET, "--yes-fail-on-purpose", "--patience", "30")


def list_rest(account: Account) -> tuple[list[str], list[str], str, str]:
    """Possible leftovers of drills: queues and messages, subscriptions, the state of the alarm, the serving build."""
    urls = account("sqs").list_queues()["QueueUrls"]
    waiting = account("sqs").receive_message(QueueUrl=urls[0], MaxNumberOfMessages=10).get("Messages", [])
    subscribed = [one["Endpoint"] for one in account("sns").list_subscriptions()["Subscriptions"]]
    queues = [one.rpartition("/")[2] for one in urls] + [one["Body"] for one in waiting]
    return queues, subscribed, state(account, "all"), serving(account)


def is_recorded(runs_folder: Path, kind: str) -> bool:
    """Whether the last drill left a whole record of this kind."""
    run = runs.read(runs.latest(runs_folder / "drills"))
    return run.finished is not None and kind in [fact["kind"] for fact in run.facts]


@pytest.mark.parametrize(
    ("kill", "words", "serves"),
    [
        ("set_alarm_state:after:SIGTERM", ALARM, "old"),
        pytest.param("receive_message:before:SIGINT", ALARM, "old", marks=SLOW),
        pytest.param("subscribe:after:SIGHUP", ALARM, "old", marks=SLOW),
        ("create_deployment@2:after:SIGTERM", ROLLBACK, "green"),
        pytest.param("create_deployment@2:before:SIGHUP", ROLLBACK, "green", marks=SLOW),
        pytest.param("create_deployment@4:after:SIGINT", ROLLBACK, "green", marks=SLOW),
        pytest.param("delete_message:after:SIGTERM", DAG, "old", marks=SLOW),
    ],
)
def test_a_signal_ends_a_drill_that_takes_all_back(
    alarmed_account: Account, tmp_path: Path, kill: str, words: tuple[str, ...], serves: str
) -> None:
    ended = drill_process(alarmed_account, tmp_path, kill, *words)
    assert ended.returncode == 2, ended.stderr
    assert "interrupted" in ended.stderr
    assert list_rest(alarmed_account) == (["dead"], [], "OK", serves)
    assert is_recorded(tmp_path, "rollback drill") is (words is ROLLBACK)


@pytest.mark.parametrize(
    ("kill", "words", "said"),
    [
        ("set_alarm_state:after", ALARM, "state of alarm all"),
        pytest.param("create_queue:after", ALARM, "queue prodgate-drill-", marks=SLOW),
        pytest.param("subscribe:after", ALARM, "subscription of prodgate-drill-", marks=SLOW),
        pytest.param("unsubscribe:after", ALARM, "queue prodgate-drill-", marks=SLOW),
        pytest.param("create_deployment:after", ROLLBACK, "build api", marks=SLOW),
        pytest.param("create_deployment@3:before", ROLLBACK, "build api", marks=SLOW),
        pytest.param("receive_message@3:before", DAG, "dead letter of run prodgate-fail-", marks=SLOW),
    ],
)
def test_what_a_killed_drill_left_is_taken_back_later(
    alarmed_account: Account, tmp_path: Path, kill: str, words: tuple[str, ...], said: str
) -> None:
    killed = drill_process(alarmed_account, tmp_path, f"{kill}:SIGKILL", *words)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    refused = drill_process(alarmed_account, tmp_path, "::", *ALARM)
    assert refused.returncode == 4
    assert f"prodgate drill recover {TARGET}" in refused.stderr
    recovered = drill_process(alarmed_account, tmp_path, "::", "recover", TARGET)
    assert recovered.returncode == 0, recovered.stderr
    assert f"taken back: {said}" in recovered.stdout
    assert list_rest(alarmed_account) == (["dead"], [], "OK", "green" if words is ROLLBACK else "old")
    assert is_recorded(tmp_path, "recovery")


@SLOW
def test_recovering_is_killed_and_repeated(alarmed_account: Account, tmp_path: Path) -> None:
    assert (
        drill_process(alarmed_account, tmp_path, "receive_message:after:SIGKILL", *ALARM).returncode == -signal.SIGKILL
    )
    half = drill_process(alarmed_account, tmp_path, "set_alarm_state:after:SIGKILL", "recover", TARGET)
    assert half.returncode == -signal.SIGKILL
    alarmed_account.fault(service="sqs", operation="DeleteQueue", code="AccessDenied")
    denied = drill_process(alarmed_account, tmp_path, "::", "recover", TARGET)
    assert denied.returncode == 1
    assert re.search(r"left: queue prodgate-drill-\w+ of drill 2.*AccessDenied", denied.stdout)
    alarmed_account.heal()
    assert drill_process(alarmed_account, tmp_path, "::", "recover", TARGET).returncode == 0
    assert drill_process(alarmed_account, tmp_path, "::", "recover", TARGET).stdout == "nothing is left\n"
    assert list_rest(alarmed_account) == (["dead"], [], "OK", "old")
    assert drill_process(alarmed_account, tmp_path, "::", *ALARM).returncode == 0


@SLOW
def test_what_another_machine_left_is_found_by_its_names(alarmed_account: Account, tmp_path: Path) -> None:
    assert (
        drill_process(alarmed_account, tmp_path / "there", "set_alarm_state:after:SIGKILL", *ALARM).returncode
        == -signal.SIGKILL
    )
    assert drill_process(alarmed_account, tmp_path, "::", *ALARM).returncode == 4
    assert drill_process(alarmed_account, tmp_path, "::", "recover", TARGET).returncode == 0
    assert list_rest(alarmed_account) == (["dead"], [], "OK", "old")


@SLOW
def test_a_drill_that_goes_on_is_waited_for(alarmed_account: Account, tmp_path: Path) -> None:
    with subprocess.Popen(make_command(alarmed_account, tmp_path, "receive_message:before:SIGSTOP", *ALARM)) as going:
        os.waitid(os.P_PID, going.pid, os.WSTOPPED | os.WNOWAIT)
        refused = drill_process(alarmed_account, tmp_path, "::", *ALARM)
        recovered = drill_process(alarmed_account, tmp_path, "::", "recover", TARGET)
        going.send_signal(signal.SIGCONT)
    assert (refused.returncode, recovered.returncode, going.returncode) == (4, 1, 0)
    assert "goes on; wait for its end" in refused.stderr
    assert "its drill goes on; wait for its end" in recovered.stdout


@pytest.mark.parametrize("where", ["run.json", "journal.jsonl"])
def test_a_record_that_can_not_be_read_stops_the_next_drill(tmp_path: Path, where: str) -> None:
    run = tmp_path / "2026-12-01T000000Z-0000000"
    run.mkdir()
    for name in ("run.json", "journal.jsonl"):
        (run / name).write_text("broken\n" if name == where else '{"account": "1"}\n')
    with pytest.raises(UsageError, match="can't be read: .*; look in the account for what its drill left"):
        list_left(tmp_path, "1")


def test_a_rehearsal_leaves_nothing(gate: Gate) -> None:
    assert (
        "leaves nothing; name the account" in gate("drill", "recover", "--criteria", ROOT / "criteria.toml", ends=4).err
    )
