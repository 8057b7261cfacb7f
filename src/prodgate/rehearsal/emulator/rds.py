"""RDS: restorable times, scaling and exported logs of clusters, and Performance Insights of instances."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .extension import FOLLOWS, UNREPORTED, Ledger, corrects

#: Aurora reports what was written until then.
_BEHIND: Final = timedelta(minutes=3)
#: What is older than the retention goes in steps.
_STEP: Final = timedelta(hours=2)
#: Argument of a call about an instance -> field of the instance; moto forgets them.
_INSIGHTS: Final = {
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
}


@corrects("rds", "DescribeDBClusters", upstream="since getmoto/moto#5634")
def describe_clusters(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return clusters, each restorable from the beginning of its retention, or of its life, until a moment ago."""
    found = ledger.moto()
    now = datetime.now(UTC)
    for cluster in found["DBClusters"]:
        created = cluster["ClusterCreateTime"]
        kept = timedelta(days=cluster["BackupRetentionPeriod"]) + _STEP
        cluster["EarliestRestorableTime"] = max(created, now - kept)
        cluster["LatestRestorableTime"] = max(created, now - _BEHIND)
        if cluster.get("EngineMode") != "serverless":
            cluster.pop("ScalingConfigurationInfo", None)  # of the first version of Serverless alone
    return found


@corrects("rds", "CreateDBCluster", upstream=UNREPORTED)
def create_cluster(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a cluster; RDS rotates the secret that it manages."""
    made = ledger.moto()
    _rotate_master_secret(ledger, made["DBCluster"])
    return made


def _rotate_master_secret(ledger: Ledger, made: Mapping[str, Any]) -> None:
    """Let the secret of the master user be rotated every week, as RDS does with each that it manages."""
    if arn := (made.get("MasterUserSecret") or {}).get("SecretArn"):
        ledger.ask("secretsmanager", "RotateSecret", SecretId=arn, RotationRules={"AutomaticallyAfterDays": 7})


@corrects("rds", "ModifyDBCluster", upstream="since getmoto/moto#5550")
def modify_cluster(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a cluster, also which logs it exports, which moto leaves as they are."""
    found = ledger.moto()
    chosen = params.get("CloudwatchLogsExportConfiguration") or {}
    cluster = ledger.backend.clusters[found["DBCluster"]["DBClusterIdentifier"]]
    kept = [one for one in cluster.enabled_cloudwatch_logs_exports if one not in chosen.get("DisableLogTypes", ())]
    cluster.enabled_cloudwatch_logs_exports = [*kept, *chosen.get("EnableLogTypes", ())]
    found["DBCluster"]["EnabledCloudwatchLogsExports"] = cluster.enabled_cloudwatch_logs_exports
    return found


@corrects("rds", "CreateDBInstance", "ModifyDBInstance", upstream=UNREPORTED)
def put_instance(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create or change an instance, and remember what moto forgets."""
    made = ledger.moto()
    kept = ledger.of("insights").setdefault(params["DBInstanceIdentifier"], {"PerformanceInsightsEnabled": False})
    kept.update({said: params[asked] for asked, said in _INSIGHTS.items() if asked in params})
    _rotate_master_secret(ledger, made["DBInstance"])
    return {"DBInstance": {**made["DBInstance"], **kept}}


@corrects("rds", "DescribeDBInstances", upstream=FOLLOWS)
def describe_instances(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return instances, with what moto forgets."""
    kept = ledger.of("insights")
    found = ledger.moto()["DBInstances"]
    return {"DBInstances": [{**one, **kept.get(one["DBInstanceIdentifier"], {})} for one in found]}
