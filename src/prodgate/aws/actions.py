"""Every operation that the gate may call, with the IAM actions it needs; any other call is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: boto3's name of a service -> the operations that observers call. A line here is a line in the gate's IAM policy.
READS: Final[dict[str, tuple[str, ...]]] = {
    "accessanalyzer": ("ListAnalyzers", "ListArchiveRules", "ListFindingsV2"),
    "acm": ("DescribeCertificate", "ListCertificates"),
    "application-autoscaling": ("DescribeScalableTargets", "DescribeScalingActivities", "DescribeScalingPolicies"),
    "backup": (
        "DescribeBackupVault",
        "GetBackupPlan",
        "GetBackupSelection",
        "GetBackupVaultAccessPolicy",
        "GetRestoreTestingSelection",
        "ListBackupPlans",
        "ListBackupSelections",
        "ListRecoveryPointsByBackupVault",
        "ListRestoreJobs",
        "ListRestoreTestingPlans",
        "ListRestoreTestingSelections",
    ),
    "budgets": ("DescribeBudgets", "DescribeNotificationsForBudget", "DescribeSubscribersForNotification"),
    "ce": ("GetAnomalyMonitors", "GetAnomalySubscriptions"),
    "cloudfront": (
        "GetDistributionConfig",
        "GetVpcOrigin",
        "ListCachePolicies",
        "ListDistributions",
        "ListOriginAccessControls",
    ),
    "cloudtrail": ("DescribeTrails", "GetEventSelectors", "GetTrailStatus"),
    "cloudwatch": (
        "DescribeAlarmHistory",
        "DescribeAlarms",
        "GetAlarmMuteRule",
        "GetDashboard",
        "GetMetricData",
        "ListAlarmMuteRules",
        "ListDashboards",
        "ListMetrics",
    ),
    "codedeploy": ("GetDeploymentGroup", "ListApplications", "ListDeploymentGroups"),
    "config": ("DescribeConfigurationRecorderStatus", "DescribeConfigurationRecorders", "DescribeDeliveryChannels"),
    "ec2": (
        "DescribeFlowLogs",
        "DescribeManagedPrefixLists",
        "DescribeNetworkInterfaces",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcEndpoints",
        "DescribeVpcs",
        "GetManagedPrefixListEntries",
    ),
    "ecr": (
        "BatchGetImage",
        "BatchGetRepositoryScanningConfiguration",
        "DescribeImageScanFindings",
        "DescribeRepositories",
        "GetDownloadUrlForLayer",
        "GetRepositoryPolicy",
    ),
    "ecs": (
        "DescribeServices",
        "DescribeTaskDefinition",
        "DescribeTasks",
        "ListClusters",
        "ListServices",
        "ListTaskDefinitionFamilies",
        "ListTasks",
    ),
    "elbv2": (
        "DescribeListenerCertificates",
        "DescribeListeners",
        "DescribeLoadBalancerAttributes",
        "DescribeLoadBalancers",
        "DescribeRules",
        "DescribeSSLPolicies",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
    ),
    "events": ("ListRules", "ListTargetsByRule"),
    "guardduty": ("GetDetector", "ListDetectors", "ListFindings"),
    "iam": ("GetAccountAuthorizationDetails", "GetAccountSummary"),
    "kms": ("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListAliases", "ListKeys"),
    "lambda": ("ListFunctions",),
    "logs": (
        "DescribeDeliveries",
        "DescribeDeliverySources",
        "DescribeLogGroups",
        "DescribeLogStreams",
        "DescribeMetricFilters",
        "FilterLogEvents",
    ),
    "mwaa": ("GetEnvironment", "InvokeRestApi", "ListEnvironments"),
    "rds": (
        "DescribeDBClusterParameters",
        "DescribeDBClusterSnapshots",
        "DescribeDBClusters",
        "DescribeDBInstances",
        "DescribeDBParameters",
        "DescribeDBSubnetGroups",
    ),
    "resourcegroupstaggingapi": ("GetResources",),
    "route53": ("ListHostedZones", "ListResourceRecordSets"),
    "s3": (
        "GetBucketEncryption",
        "GetBucketLogging",
        "GetBucketPolicy",
        "GetBucketVersioning",
        "GetObject",
        "GetPublicAccessBlock",
        "ListBuckets",
        "ListObjectsV2",
    ),
    "s3control": ("GetPublicAccessBlock",),
    "secretsmanager": ("GetResourcePolicy", "ListSecrets"),
    "securityhub": ("DescribeHub", "GetEnabledStandards", "GetFindings"),
    "sns": ("GetSubscriptionAttributes", "GetTopicAttributes", "ListSubscriptions", "ListTopics"),
    "sqs": ("GetQueueAttributes", "ListQueues"),
    "sts": ("GetCallerIdentity",),
    "synthetics": ("DescribeCanaries", "DescribeCanariesLastRun"),
    "wafv2": ("GetLoggingConfiguration", "GetWebACL", "ListWebACLs"),
    "xray": ("GetServiceGraph",),
}

#: boto3's name of a service -> IAM's, where they differ.
_PREFIXES: Final = {
    "accessanalyzer": "access-analyzer",
    "elbv2": "elasticloadbalancing",
    "mwaa": "airflow",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
}

#: Operations whose IAM action has a different name.
_NAMED_OTHERWISE: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("accessanalyzer", "ListFindingsV2"): ("access-analyzer:ListFindings",),
    ("budgets", "DescribeBudgets"): ("budgets:ViewBudget",),
    ("budgets", "DescribeNotificationsForBudget"): ("budgets:ViewBudget",),
    ("budgets", "DescribeSubscribersForNotification"): ("budgets:ViewBudget",),
    # findings of enhanced scanning are Inspector's
    ("ecr", "DescribeImageScanFindings"): (
        "ecr:DescribeImageScanFindings",
        "inspector2:ListCoverage",
        "inspector2:ListFindings",
    ),
    ("s3", "GetBucketEncryption"): ("s3:GetEncryptionConfiguration",),
    ("s3", "GetBucketLifecycleConfiguration"): ("s3:GetLifecycleConfiguration",),
    ("s3", "GetObjectLockConfiguration"): ("s3:GetBucketObjectLockConfiguration",),
    ("s3", "GetBucketReplication"): ("s3:GetReplicationConfiguration",),
    ("s3", "GetPublicAccessBlock"): ("s3:GetBucketPublicAccessBlock",),
    ("s3", "ListBuckets"): ("s3:ListAllMyBuckets",),
    ("s3", "ListObjectVersions"): ("s3:ListBucketVersions",),
    ("s3", "ListObjectsV2"): ("s3:ListBucket",),
    ("s3control", "GetPublicAccessBlock"): ("s3:GetAccountPublicAccessBlock",),
}

#: Operations that only read with certain parameters: parameter -> its one allowed value.
READS_ONLY_WITH: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {("mwaa", "InvokeRestApi"): {"Method": "GET"}}

#: What ``prodgate drill`` may do in addition: a drill changes something, and only runs when asked for by name.
DRILL_ACTIONS: Final = (
    "cloudwatch:SetAlarmState",
    "sns:Subscribe",
    "sns:Unsubscribe",
    "sqs:ChangeMessageVisibility",
    "sqs:CreateQueue",
    "sqs:DeleteMessage",
    "sqs:DeleteQueue",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
)


#: Prefixes of operations that only read, and operations among them that return secrets.
_READING: Final = ("BatchDescribe", "BatchGet", "Describe", "Get", "List", "Lookup", "Search")
_HANDING_OUT: Final = re.compile(r"(Batch)?Get(SecretValue|\w*Token|\w*Credentials?|\w*Password|Parameters?\w*)")


def reads(service: str, *operations: str) -> None:
    """Let a project's own observers call these operations too. Raises ValueError for one that does more than read."""
    for operation in operations:
        if not operation.startswith(_READING) or _HANDING_OUT.fullmatch(operation):
            raise ValueError(f"{service}.{operation}: may change something or hand out a secret; look another way")
    READS[service] = tuple(dict.fromkeys((*READS.get(service, ()), *operations)))


def required_actions(service: str, operation: str) -> tuple[str, ...]:
    """Return the IAM actions that a call needs."""
    return _NAMED_OTHERWISE.get((service, operation), (f"{_PREFIXES.get(service, service)}:{operation}",))


def list_actions() -> Iterator[str]:
    """Yield every IAM action of the table, sorted, each once."""
    every = {action for service, names in READS.items() for name in names for action in required_actions(service, name)}
    yield from sorted(every)


def find_refusal(service: str, operation: str, parameters: Mapping[str, Any]) -> str:
    """Return why a call must not be made, "" if it may."""
    if operation not in READS.get(service, ()):
        return f"{service}.{operation}: is not an operation that the gate reads with; add it to READS in aws/actions.py"
    for name, value in READS_ONLY_WITH.get((service, operation), {}).items():
        if (given := parameters.get(name)) != value:
            return f"{service}.{operation}: with {name} {given!r} may change something; the gate reads with {value!r}"
    return ""
