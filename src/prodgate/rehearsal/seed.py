"""Events before the first observation: a handler for each section of a scenario."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

from ..semantics.airflow_versions import metrics
from .emulator.services import ACTIVITIES, JOBS, POINTS, record_run
from .scenario import STAMP, Past, parse_duration, seeds

# ── Airflow


@seeds("airflow")
def put_dag_runs(section: Mapping[str, Any], past: Past) -> None:
    """Give each DAG a run on every day, with an occasional retry of a task, if Airflow counts attempts."""
    took = {
        "DAGDurationSuccess": parse_duration(section["took"]),
        "DAGScheduleDelay": parse_duration(section["delay"]),
    }
    for environment in past.resources_of("aws_mwaa_environment").values():
        own = {"Environment": environment["name"]}
        for day in range(section["days"]):
            time = past.now - timedelta(days=day, hours=12)
            for dag, (name, duration) in product(section["dags"], took.items()):
                value = duration / timedelta(milliseconds=1)
                past.report(f"AmazonMWAA {name}", {"DAG": dag, **own}, time, Value=value, Unit="Milliseconds")
            failed = section["tasks_failed_in_the_month"] if day == 0 else 0
            for name, count in (("TaskInstanceSuccesses", section["tasks"]), ("TaskInstanceFailures", failed)):
                if metrics()[name].is_published(environment["airflow_version"]):
                    tasks = {"DAG": "All", **own, "Task": "All"}
                    past.report(f"AmazonMWAA {name}", tasks, time, Value=float(count), Unit="Count")


# ── The readings and states of alarms, and who confirmed a subscription

_EDGE: Final = "us-east-1"
_HOUR: Final = timedelta(hours=1)


@seeds("subscribers")
def confirm_subscriptions(section: Mapping[str, Any], past: Past) -> None:
    """Confirm people's subscriptions, by the ends of their addresses."""
    for region in {past.region, _EDGE}:
        for one in past.ask("sns", "ListSubscriptions", region)["Subscriptions"]:
            if one["Endpoint"].endswith(tuple(section["confirmed"])):
                past.ask("sns", "ConfirmSubscription", region, TopicArn=one["TopicArn"], Token=one["Endpoint"])


@seeds("calm")
def report_calm_metrics(section: Mapping[str, Any], past: Past) -> None:
    """Report the metrics that alarms read, every ten minutes of the last hour and once in each hour before."""
    for region in {past.region, _EDGE}:
        for span, metric in {repr(found): found for found in _list_watched_metrics(past, region)}.values():
            calm = section.get(f"{metric['Namespace']} {metric['MetricName']}")
            if calm and ("Cluster", "AdditionalWorker") not in metric["Dimensions"]:
                _report(past, region, metric, calm, hours=max(1, -(-span // 3600)))


@seeds("quiet")
def report_quiet_metrics(section: Mapping[str, Any], past: Past) -> None:
    """Report values that do not fire for the metric of each single-metric alarm, like calm metrics."""
    for region in {past.region, _EDGE}:
        for alarm in _alarms(past, region):
            if alarm.get("MetricName"):
                span = alarm["Period"] * alarm["EvaluationPeriods"]
                quiet = {"value": _find_quiet_value(alarm), "unit": alarm.get("Unit", section["unit"])}
                _report(past, region, _metric_key(alarm), quiet, hours=max(1, -(-span // 3600)))


def _find_quiet_value(alarm: Mapping[str, Any]) -> float:
    """Return a value on which an alarm does not fire: none at all where that may be, else one well beyond."""
    threshold, comparison = float(alarm.get("Threshold", 0)), alarm["ComparisonOperator"]
    if not comparison.startswith("GreaterThan"):
        return 2 * abs(threshold) + 1
    rests = threshold > 0 or (threshold == 0 and comparison == "GreaterThanThreshold")
    return 0.0 if rests else 2 * threshold - 1


@seeds("alarms")
def settle_alarms(section: Mapping[str, Any], past: Past) -> None:
    """Let every alarm fire and recover."""
    for region in {past.region, _EDGE}:
        for alarm in _alarms(past, region):
            for state in ("ALARM", section["state"]):
                reason = f"{STAMP}: happened before anybody looked"
                changed = {"AlarmName": alarm["AlarmName"], "StateValue": state, "StateReason": reason}
                past.ask("cloudwatch", "SetAlarmState", region, **changed)


def _alarms(past: Past, region: str) -> list[dict[str, Any]]:
    found = past.ask("cloudwatch", "DescribeAlarms", region, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return [*found["MetricAlarms"], *found["CompositeAlarms"]]


def _list_watched_metrics(past: Past, region: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the evaluation window of an alarm in seconds, and a metric that it reads."""
    for alarm in _alarms(past, region):
        for query in alarm.get("Metrics") or ():
            if "MetricStat" in query:
                stat = query["MetricStat"]
                yield stat["Period"] * alarm["EvaluationPeriods"], _metric_key(stat["Metric"])
        if alarm.get("MetricName"):
            yield alarm["Period"] * alarm["EvaluationPeriods"], _metric_key(alarm)


def _metric_key(metric: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = sorted((one["Name"], one["Value"]) for one in metric.get("Dimensions") or ())
    return {"Namespace": metric["Namespace"], "MetricName": metric["MetricName"], "Dimensions": dimensions}


def _report(past: Past, region: str, metric: Mapping[str, Any], calm: Mapping[str, Any], hours: int) -> None:
    times = [past.now - timedelta(minutes=minutes) for minutes in range(2, 60, 10)]
    times += [past.now - _HOUR * hour - timedelta(minutes=1) for hour in range(1, hours)]
    name, dimensions = f"{metric['Namespace']} {metric['MetricName']}", dict(metric["Dimensions"])
    past.report(name, dimensions, *times, region=region, Value=float(calm["value"]), Unit=calm["unit"])


# ── Recovery points of the database, and restore tests


@seeds("backups")
def file_backups(section: Mapping[str, Any], past: Past) -> None:
    """Give the cluster its stated age, with daily recovery points and restore tests."""
    cluster = past.ledger("rds").backend.clusters[section["cluster"]]
    cluster.cluster_create_time = past.ago(section["exists_for"])
    arn = cluster.db_cluster_arn
    vault = past.ask("backup", "DescribeBackupVault", BackupVaultName=section["vault"])
    points = past.ledger("backup").of(POINTS)
    _file_recovery_point(points, vault, arn, past.ago(section["exists_for"]), "AVAILABLE")
    for day in range(section["daily"]):
        _file_recovery_point(points, vault, arn, past.ago(section["last"]) - timedelta(days=day), "COMPLETED")
    for arn_of_copy in _list_copy_vaults(past):
        _, _, _, region, _, _, name = arn_of_copy.split(":")
        there = past.ask("backup", "DescribeBackupVault", region, BackupVaultName=name)
        copies = past.ledger("backup", region).of(POINTS)
        _file_recovery_point(copies, there, arn, past.ago(section["last"]), "COMPLETED")
        _age_locks(past, region, section)
    _age_locks(past, past.region, section)
    (plan,) = past.ask("backup", "ListRestoreTestingPlans")["RestoreTestingPlans"]
    jobs = past.ledger("backup").of(JOBS)
    for number, told in enumerate(section["restores"]):
        id_ = f"{STAMP}-restore-{number}"
        jobs[id_] = _restore_job(told, past) | {
            "RestoreJobId": id_,
            "SourceResourceArn": arn,
            "BackupVaultArn": vault["BackupVaultArn"],
            "CreatedBy": {"RestoreTestingPlanArn": plan["RestoreTestingPlanArn"]},
        }


def _list_copy_vaults(past: Past) -> set[str]:
    plans = past.ask("backup", "ListBackupPlans")["BackupPlansList"]
    each = [past.ask("backup", "GetBackupPlan", BackupPlanId=plan["BackupPlanId"])["BackupPlan"] for plan in plans]
    copies = [copy for plan in each for rule in plan["Rules"] for copy in rule.get("CopyActions") or ()]
    return {copy["DestinationBackupVaultArn"] for copy in copies}


def _age_locks(past: Past, region: str, section: Mapping[str, Any]) -> None:
    """Date the locks of the vaults to the cluster's creation, so that a lock that becomes final is so by now."""
    for vault in past.ledger("backup", region).backend.vaults.values():
        if vault.changeable_for_days:
            vault.lock_date = (past.ago(section["exists_for"]) + timedelta(days=vault.changeable_for_days)).timestamp()


def _file_recovery_point(
    points: dict[str, Any], vault: Mapping[str, Any], arn: str, made: datetime, status: str
) -> None:
    kind = "continuous" if status == "AVAILABLE" else "snapshot"
    point = (
        f"arn:aws:rds:{arn.split(':')[3]}:{arn.split(':')[4]}:cluster-snapshot:awsbackup:{kind}-{made:%Y%m%d}-{STAMP}"
    )
    points[point] = {
        "RecoveryPointArn": point,
        "BackupVaultName": vault["BackupVaultName"],
        "BackupVaultArn": vault["BackupVaultArn"],
        "ResourceArn": arn,
        "ResourceType": "Aurora",
        "Status": status,
        "CreationDate": made,
        "IsEncrypted": True,
        "EncryptionKeyArn": vault["EncryptionKeyArn"],
    }


def _restore_job(told: Mapping[str, str], past: Past) -> dict[str, Any]:
    began, took = past.ago(told["ago"]), parse_duration(told["took"])
    return {
        "ResourceType": "Aurora",
        "CreationDate": began,
        # AWS Backup is done with a cluster before one of its instances responds
        "CompletionDate": began + took / 2,
        "Status": "COMPLETED",
        "PercentDone": "100.00%",
        "ValidationStatus": "SUCCESSFUL",
        "ValidationStatusMessage": f"{STAMP}: the first query was answered at {began + took:%Y-%m-%dT%H:%M:%SZ}",
        "DeletionStatus": "SUCCESSFUL",
    }


# ── The month's cost so far


@seeds("costs")
def spend_budgets(section: Mapping[str, Any], past: Past) -> None:
    """Spend every budget as far as the section states."""
    used = {"ActualSpend": _dollars(section["spent"]), "ForecastedSpend": _dollars(section["forecast"])}
    for budget in past.resources_of("aws_budgets_budget").values():
        past.ledger("budgets", _EDGE).of("spent")[budget["name"]] = {"CalculatedSpend": used}


def _dollars(amount: int) -> dict[str, str]:
    return {"Amount": str(amount), "Unit": "USD"}


# ── Builds and releases of the past

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@seeds("images")
def push_images(section: Mapping[str, Any], past: Past) -> None:
    """Put every image that a task names into its repository, under the digest that the task names.

    No content has a chosen digest: the emulator accepts the stated one, as AWS would not.
    """
    for repository, digest in sorted(set(_list_named_images(past))):
        stated = {
            "architecture": section["architecture"],
            "os": "linux",
            "config": {"Env": section["environment"], "Labels": {"title": repository, "built-by": STAMP}},
            "history": [{"created_by": step} for step in section["steps"]],
        }
        settings = _upload_layer(past, repository, json.dumps(stated).encode())
        layer = _upload_layer(past, repository, f"{STAMP}: {repository}".encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, **settings},
            "layers": [{"mediaType": _LAYER, **layer}],
        }
        past.ask(
            "ecr",
            "PutImage",
            repositoryName=repository,
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=_MANIFEST,
            imageDigest=digest,
            imageTag=f"{STAMP}-{digest.partition(':')[2][:12]}",
        )


@seeds("releases")
def release_services(section: Mapping[str, Any], past: Past) -> None:
    """Record a CodeDeploy release of each service in its present state."""
    services = {one["name"]: one for one in past.resources_of("aws_ecs_service").values()}
    for group in past.resources_of("aws_codedeploy_deployment_group").values():
        for one in group["ecs_service"]:
            revision = services[one["service_name"]]["task_definition"]
            target = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": revision}}
            content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
            past.ask(
                "codedeploy",
                "CreateDeployment",
                applicationName=group["app_name"],
                deploymentGroupName=group["deployment_group_name"],
                description=f"{STAMP}: {section['why']}",
                revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
            )


def _list_named_images(past: Past) -> Iterator[tuple[str, str]]:
    for task in past.resources_of("aws_ecs_task_definition").values():
        for one in json.loads(task["container_definitions"]):
            name, _, digest = one["image"].partition("@")
            yield name.partition("/")[2], digest


def _upload_layer(past: Past, repository: str, content: bytes) -> dict[str, Any]:
    named = {"repositoryName": repository}
    upload = {**named, "uploadId": past.ask("ecr", "InitiateLayerUpload", **named)["uploadId"]}
    size, digest = len(content), f"sha256:{hashlib.sha256(content).hexdigest()}"
    past.ask("ecr", "UploadLayerPart", partFirstByte=0, partLastByte=size - 1, layerPartBlob=content, **upload)
    past.ask("ecr", "CompleteLayerUpload", layerDigests=[digest], **upload)
    return {"digest": digest, "size": size}


# ── Traces of past activity: log lines, traces, canary runs, files that Airflow collected


@seeds("logs")
def write_log_lines(section: Mapping[str, Any], past: Past) -> None:
    """Write a line to every log group now and then."""
    line = json.dumps({"level": "INFO", "message": section["line"], "by": STAMP})
    every = parse_duration(section["every"])
    times = [past.ago(section["last"]) - number * every for number in reversed(range(section["lines"]))]
    for group in past.resources_of("aws_cloudwatch_log_group").values():
        region, name = group["arn"].split(":")[3], group["name"]
        past.ask("logs", "CreateLogStream", region, logGroupName=name, logStreamName=STAMP)
        events = [{"timestamp": int(time.timestamp() * 1000), "message": line} for time in times]
        past.ask("logs", "PutLogEvents", region, logGroupName=name, logStreamName=STAMP, logEvents=events)


@seeds("traces")
def put_traces(section: Mapping[str, Any], past: Past) -> None:
    """Record a traced request for each service."""
    for number, (name, last) in enumerate(section["services"].items()):
        ended = past.ago(last).timestamp()
        segment = {
            "name": name,
            "id": f"{number + 1:016x}",
            "trace_id": f"1-{int(ended):08x}-{number + 1:024x}",
            "start_time": ended - parse_duration(section["took"]).total_seconds(),
            "end_time": ended,
            "origin": "AWS::ECS::Fargate",
            "annotations": {"by": STAMP},
        }
        past.ask("xray", "PutTraceSegments", TraceSegmentDocuments=[json.dumps(segment)])


@seeds("canaries")
def record_canary_runs(section: Mapping[str, Any], past: Past) -> None:
    """Record regular passing runs of every canary that was started."""
    every = parse_duration(section["every"])
    for canary in past.resources_of("aws_synthetics_canary").values():
        for number in range(section["runs"]):
            record_run(past.ledger("synthetics"), canary["name"], past.ago(section["last"]) - number * every)


@seeds("collected")
def put_collected_files(section: Mapping[str, Any], past: Past) -> None:
    """Put a file for each of the last slots of each source, in the folder of the hour."""
    every = parse_duration(section["every"])
    for source in section["sources"]:
        for number in range(section["slots"]):
            written = past.ago(section["last"]) - number * every
            key = f"{source}/{written:%Y/%m/%d/%H}/articles.json"
            past.ask("s3", "PutObject", Bucket=section["bucket"], Key=key, Body=f'{{"by": "{STAMP}"}}'.encode())
            held = past.ledger("s3").backend.get_object(section["bucket"], key)
            held.last_modified = written.replace(tzinfo=None)  # moto counts in UTC without stating so


# ── A month of visitors, and one surge of them

_BALANCER: Final = "AWS/ApplicationELB"


@seeds("traffic")
def put_daily_traffic(section: Mapping[str, Any], past: Past) -> None:
    """Report the requests of each past day, some of which failed, and its canary runs."""
    for day in range(section["days"]):
        time = past.now - timedelta(days=day, hours=12)
        for balancer in past.resources_of("aws_lb").values():
            own = {"LoadBalancer": balancer["arn_suffix"]}
            for name, figure in (
                ("RequestCount", "requests"),
                ("HTTPCode_Target_5XX_Count", "failed_by_targets"),
                ("HTTPCode_ELB_5XX_Count", "failed_by_the_balancer"),
            ):
                past.report(f"{_BALANCER} {name}", own, time, Value=float(section[figure]), Unit="Count")
            values, times = [*map(float, section["seconds"])], [*map(float, section["seconds"].values())]
            past.report(f"{_BALANCER} TargetResponseTime", own, time, Values=values, Counts=times, Unit="Seconds")
        _put_traffic_at_the_edge(section, past, time)
        for canary in past.resources_of("aws_synthetics_canary").values():
            failed = section["visits_failed_in_the_month"] if day == 0 else 0
            visits = [float(section["visits"] - failed), float(failed)]
            told: dict[str, Any] = {"Values": [100.0, 0.0], "Counts": visits}
            own = {"CanaryName": canary["name"]}
            past.report("CloudWatchSynthetics SuccessPercent", own, time, Unit="Percent", **told)
        for environment in past.resources_of("aws_mwaa_environment").values():
            own = {"Environment": environment["name"], "Cluster": "BaseWorker"}
            past.report("AWS/MWAA CPUUtilization", own, time, Value=float(section["worker_percent"]), Unit="Percent")


def _put_traffic_at_the_edge(section: Mapping[str, Any], past: Past, time: datetime) -> None:
    edge, failed = {"region": _EDGE}, float(section["percent_failed_at_the_edge"])
    for site in past.resources_of("aws_cloudfront_distribution").values():
        own = {"DistributionId": site["id"], "Region": "Global"}
        past.report("AWS/CloudFront Requests", own, time, Value=float(section["at_the_edge"]), Unit="None", **edge)
        past.report("AWS/CloudFront 5xxErrorRate", own, time, Value=failed, Unit="Percent", **edge)


@seeds("surge")
def put_surge(section: Mapping[str, Any], past: Past) -> None:
    """Report a surge: the cache answers most requests, and services scale out for the rest."""
    start, tasks = past.ago(section["ago"]), section["tasks"]
    for site in past.resources_of("aws_cloudfront_distribution").values():
        own = {"DistributionId": site["id"], "Region": "Global"}
        edge = {"region": _EDGE}
        past.report("AWS/CloudFront Requests", own, start, Value=float(section["requests"]), Unit="None", **edge)
        past.report("AWS/CloudFront CacheHitRate", own, start, Value=section["hit_rate"], Unit="Percent", **edge)
    for number, service in enumerate(past.resources_of("aws_ecs_service").values()):
        name = f"service/{service['cluster'].rpartition('/')[2]}/{service['name']}"
        _record_scaling(past, name, number, start - timedelta(days=1), tasks["before"])
        _record_scaling(past, name, number + 100, start, tasks["after"])
    for balancer in past.resources_of("aws_lb").values():
        for group in past.resources_of("aws_lb_target_group").values():
            own = {"LoadBalancer": balancer["arn_suffix"], "TargetGroup": group["arn_suffix"]}
            time = start + timedelta(minutes=10)
            past.report(f"{_BALANCER} HealthyHostCount", own, time, Value=float(tasks["after"]), Unit="Count")
            past.report(f"{_BALANCER} RequestCount", own, time, Value=40000.0, Unit="Count")


def _record_scaling(past: Past, service: str, number: int, time: datetime, count: int) -> None:
    past.ledger("application-autoscaling").of(ACTIVITIES)[f"{STAMP}-{number}"] = {
        "ActivityId": f"{STAMP}-{number}",
        "ServiceNamespace": "ecs",
        "ResourceId": service,
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": f"Setting desired count to {count}.",
        "Cause": f"{STAMP}: monitor alarm in state ALARM triggered policy",
        "StartTime": time,
        "EndTime": time + timedelta(minutes=2),
        "StatusCode": "Successful",
    }
