"""RDS: to which times a cluster can be restored, which moto fixes when the cluster is made, and how it is scaled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .extension import Ledger, answers

#: Aurora reports what was written until then.
_BEHIND: Final = timedelta(minutes=3)
#: What is older than the retention goes in steps.
_STEP: Final = timedelta(hours=2)


@answers("rds", "DescribeDBClusters")
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


@answers("rds", "ModifyDBCluster")
def modify_cluster(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a cluster, also which logs it exports, which moto leaves as they are."""
    found = ledger.moto()
    chosen = params.get("CloudwatchLogsExportConfiguration") or {}
    cluster = ledger.backend.clusters[found["DBCluster"]["DBClusterIdentifier"]]
    kept = [one for one in cluster.enabled_cloudwatch_logs_exports if one not in chosen.get("DisableLogTypes", ())]
    cluster.enabled_cloudwatch_logs_exports = [*kept, *chosen.get("EnableLogTypes", ())]
    found["DBCluster"]["EnabledCloudwatchLogsExports"] = cluster.enabled_cloudwatch_logs_exports
    return found
