"""What the emulator adds for Airflow, traces, canaries and logs, called as boto3 calls it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.prodgate.rehearsal.emulated import Account

pytestmark = pytest.mark.xdist_group("emulator")
ROLE = "arn:aws:iam::123456789012:role/made"


def refusal(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call()
    return dict(raised.value.response)


def environment(account: Account, **stated: Any) -> dict[str, Any]:
    """Make an environment whose bucket holds requirements, and return what MWAA says of it."""
    s3, mwaa = account("s3"), account("mwaa")
    s3.create_bucket(Bucket="dags", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="dags", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="dags", Key="requirements.txt", Body=b"")["VersionId"]
    mwaa.create_environment(
        Name="news",
        ExecutionRoleArn=ROLE,
        SourceBucketArn="arn:aws:s3:::dags",
        DagS3Path="dags/",
        NetworkConfiguration={"SubnetIds": ["subnet-1", "subnet-2"]},
        RequirementsS3Path="requirements.txt",
        RequirementsS3ObjectVersion=version,
        **stated,
    )
    found: dict[str, Any] = mwaa.get_environment(Name="news")["Environment"]
    return found


def test_an_environment_has_what_was_stated_and_mwaa_s_defaults(account: Account) -> None:
    options = {"core.parallelism": "16"}
    made = environment(account, EnvironmentClass="mw1.medium", MaxWorkers=5, AirflowConfigurationOptions=options)
    assert (made["EnvironmentClass"], made["MinWorkers"], made["MaxWorkers"]) == ("mw1.medium", 1, 5)
    assert made["AirflowConfigurationOptions"] == options
    assert made["WebserverAccessMode"] == "PRIVATE_ONLY"
    assert made["Arn"] == "arn:aws:airflow:ap-northeast-1:123456789012:environment/news"
    assert made["CreatedAt"].tzinfo is not None
    assert not made["LoggingConfiguration"]["TaskLogs"]["Enabled"]
    assert account("mwaa").list_environments()["Environments"] == ["news"]


def test_a_log_that_is_on_has_a_group_that_mwaa_makes_when_it_is_not_there(account: Account) -> None:
    on = {"Enabled": True, "LogLevel": "INFO"}
    account("logs").create_log_group(logGroupName="airflow-news-Task")
    account("logs").put_retention_policy(logGroupName="airflow-news-Task", retentionInDays=30)
    made = environment(account, LoggingConfiguration={"TaskLogs": on, "WorkerLogs": on})
    assert made["LoggingConfiguration"]["TaskLogs"]["CloudWatchLogGroupArn"].endswith(":log-group:airflow-news-Task")
    groups = account("logs").describe_log_groups(logGroupNamePrefix="airflow-news-")["logGroups"]
    assert {one["logGroupName"]: one.get("retentionInDays") for one in groups} == {
        "airflow-news-Task": 30,
        "airflow-news-Worker": None,
    }


def test_an_update_changes_what_it_names_and_fails_over_files_that_are_not_there(account: Account) -> None:
    mwaa = account("mwaa")
    on = {"Enabled": True, "LogLevel": "INFO"}
    environment(account, LoggingConfiguration={"TaskLogs": on})
    mwaa.update_environment(Name="news", MinWorkers=2, LoggingConfiguration={"WorkerLogs": on})
    updated = mwaa.get_environment(Name="news")["Environment"]
    assert (updated["MinWorkers"], updated["LastUpdate"]["Status"]) == (2, "SUCCESS")
    assert updated["LoggingConfiguration"]["TaskLogs"]["Enabled"]
    mwaa.update_environment(Name="news", MinWorkers=3, RequirementsS3ObjectVersion="none")
    kept = mwaa.get_environment(Name="news")["Environment"]
    assert (kept["MinWorkers"], kept["LastUpdate"]["Status"]) == (2, "FAILED")
    assert "requirements.txt" in kept["LastUpdate"]["Error"]["ErrorMessage"]


def test_no_airflow_answers_and_that_is_said(account: Account) -> None:
    environment(account)
    mwaa = account("mwaa")
    told = refusal(lambda: mwaa.invoke_rest_api(Name="news", Path="/dags", Method="GET"))
    assert told["Error"]["Code"] == "RestApiServerException"
    assert told["RestApiStatusCode"] == 503
    assert refusal(lambda: mwaa.get_environment(Name="old"))["Error"]["Code"] == "ResourceNotFoundException"
    assert mwaa.create_web_login_token(Name="news")["WebServerHostname"].endswith(".amazonaws.com")
    mwaa.delete_environment(Name="news")
    assert mwaa.list_environments()["Environments"] == []


def test_the_service_graph_tells_of_segments_by_name(account: Account) -> None:
    xray, now = account("xray"), datetime.now(UTC).replace(microsecond=0)
    ends = {"a": ("api", now - timedelta(minutes=9)), "b": ("api", now - timedelta(minutes=3)),
            "c": ("old", now - timedelta(hours=9))}  # fmt: skip
    segments = [
        json.dumps({"name": name, "id": id_, "trace_id": f"1-0-{id_}", "start_time": end.timestamp() - 1,
                    "end_time": end.timestamp()})
        for id_, (name, end) in ends.items()
    ]  # fmt: skip
    refused = xray.put_trace_segments(TraceSegmentDocuments=[*segments, "no segment"])["UnprocessedTraceSegments"]
    assert len(refused) == 1
    (service,) = xray.get_service_graph(StartTime=now - timedelta(hours=6), EndTime=now)["Services"]
    assert (service["Name"], service["EndTime"]) == ("api", now - timedelta(minutes=3))
    assert service["SummaryStatistics"]["TotalCount"] == 2


def test_what_x_ray_is_told_it_keeps(account: Account) -> None:
    xray = account("xray")
    assert xray.get_encryption_config()["EncryptionConfig"]["Type"] == "NONE"
    xray.put_encryption_config(Type="KMS", KeyId="alias/logs")
    assert xray.get_encryption_config()["EncryptionConfig"]["KeyId"] == "alias/logs"
    rule = {"RuleName": "all", "Priority": 1, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
            "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "ResourceARN": "*"}  # fmt: skip
    xray.create_sampling_rule(SamplingRule=rule)
    (kept,) = xray.get_sampling_rules()["SamplingRuleRecords"]
    assert kept["SamplingRule"]["FixedRate"] == 0.05
    xray.create_group(GroupName="slow", FilterExpression="responsetime > 1")
    assert [one["GroupName"] for one in xray.get_groups()["Groups"]] == ["slow"]


def test_a_canary_is_ready_runs_and_stops(account: Account) -> None:
    synthetics = account("synthetics")
    synthetics.create_canary(
        Name="visitor",
        Code={"Handler": "visitor.handler", "ZipFile": b"PK"},
        ArtifactS3Location="s3://artifacts",
        ExecutionRoleArn=ROLE,
        Schedule={"Expression": "rate(5 minutes)"},
        RuntimeVersion="syn-nodejs-puppeteer-9.1",
        RunConfig={"TimeoutInSeconds": 60, "EnvironmentVariables": {"SITE": "x"}},
    )
    states = []
    for step in (lambda **_: None, synthetics.start_canary, synthetics.stop_canary):
        step(Name="visitor")
        (found,) = synthetics.describe_canaries()["Canaries"]
        states.append(found["Status"]["State"])
    assert states == ["READY", "RUNNING", "STOPPED"]
    assert "EnvironmentVariables" not in found["RunConfig"]
    assert synthetics.describe_canaries_last_run()["CanariesLastRun"] == []
    assert synthetics.get_canary_runs(Name="visitor")["CanaryRuns"] == []
    assert refusal(lambda: synthetics.get_canary(Name="other"))["Error"]["Code"] == "ResourceNotFoundException"


def test_a_flow_log_is_delivered_while_its_group_is_there(account: Account) -> None:
    ec2, logs = account("ec2"), account("logs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    logs.create_log_group(logGroupName="/flows")
    arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/flows"
    ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogDestination=arn, DeliverLogsPermissionArn=ROLE
    )
    (flow,) = ec2.describe_flow_logs()["FlowLogs"]
    assert (flow["DeliverLogsStatus"], flow["LogGroupName"]) == ("SUCCESS", "/flows")
    logs.delete_log_group(logGroupName="/flows")
    (flow,) = ec2.describe_flow_logs()["FlowLogs"]
    assert (flow["DeliverLogsStatus"], flow["DeliverLogsErrorMessage"]) == ("FAILED", "Access error")


def test_a_cluster_exports_what_it_was_last_told_to(account: Account) -> None:
    rds = account("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="news", Engine="aurora-postgresql", MasterUsername="admin_", MasterUserPassword="long enough",
        EnableCloudwatchLogsExports=["postgresql"],
    )  # fmt: skip
    rds.modify_db_cluster(
        DBClusterIdentifier="news", CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]}
    )
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    assert not cluster.get("EnabledCloudwatchLogsExports")


def test_a_pattern_between_percent_signs_is_a_regular_expression(account: Account) -> None:
    logs, now = account("logs"), int(datetime.now(UTC).timestamp() * 1000)
    logs.create_log_group(logGroupName="/api")
    logs.create_log_stream(logGroupName="/api", logStreamName="one")
    lines = [{"timestamp": now, "message": text} for text in ("error 401", "all well", "Error 403")]
    logs.put_log_events(logGroupName="/api", logStreamName="one", logEvents=lines)

    def found(pattern: str) -> list[str]:
        events = logs.filter_log_events(logGroupName="/api", filterPattern=pattern)["events"]
        return [one["message"] for one in events]

    assert found("%[Ee]rror.40[0-9]%") == ["error 401", "Error 403"]
    assert found("well") == ["all well"]
    assert len(found("")) == 3
    first = logs.filter_log_events(logGroupName="/api", limit=1)
    second = logs.filter_log_events(logGroupName="/api", limit=9, nextToken=first["nextToken"])
    assert [one["message"] for one in (*first["events"], *second["events"])] == ["error 401", "all well", "Error 403"]
    assert "nextToken" not in second


def test_cloudwatch_counts_what_comes_into_a_log_group(account: Account) -> None:
    logs, now = account("logs"), int(datetime.now(UTC).timestamp() * 1000)
    for name in ("/written", "/silent"):
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="one")
    logs.put_log_events(logGroupName="/written", logStreamName="one", logEvents=[{"timestamp": now, "message": "é"}])
    listed = account("cloudwatch").list_metrics(Namespace="AWS/Logs")["Metrics"]
    named = [(one["MetricName"], one["Dimensions"][0]["Value"]) for one in listed]
    assert sorted(named) == [("IncomingBytes", "/written"), ("IncomingLogEvents", "/written")]
