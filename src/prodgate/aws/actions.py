"""The operations that the gate may call, with the IAM actions they need; any other call is refused."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from ..criteria import UsageError

#: boto3's name of a service -> the operations that the gate may call. A test holds it to what the package calls;
#: observers of a team add theirs with ``reads``.
READS: Final[dict[str, tuple[str, ...]]] = {
    "accessanalyzer": (
        "ListAnalyzers",
        "ListArchiveRules",
        "ListFindingsV2",
    ),
    "acm": (
        "DescribeCertificate",
        "ListCertificates",
    ),
    "application-autoscaling": (
        "DescribeScalableTargets",
        "DescribeScalingActivities",
        "DescribeScalingPolicies",
    ),
    "backup": (
        "DescribeBackupVault",
        "GetBackupPlan",
        "GetBackupSelection",
        "GetBackupVaultAccessPolicy",
        "GetRestoreTestingSelection",
        "ListBackupPlans",
        "ListBackupSelections",
        "ListBackupVaults",
        "ListRecoveryPointsByBackupVault",
        "ListRestoreJobs",
        "ListRestoreTestingPlans",
        "ListRestoreTestingSelections",
    ),
    "budgets": (
        "DescribeBudgets",
        "DescribeNotificationsForBudget",
        "DescribeSubscribersForNotification",
    ),
    "ce": (
        "GetAnomalyMonitors",
        "GetAnomalySubscriptions",
        "ListCostAllocationTags",
    ),
    "cloudfront": (
        "GetDistributionConfig",
        "GetVpcOrigin",
        "ListCachePolicies",
        "ListDistributions",
        "ListOriginAccessControls",
    ),
    "cloudtrail": (
        "DescribeTrails",
        "GetEventSelectors",
        "GetTrailStatus",
    ),
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
    "codedeploy": (
        "BatchGetDeployments",
        "GetDeployment",
        "GetDeploymentConfig",
        "GetDeploymentGroup",
        "GetDeploymentTarget",
        "ListApplications",
        "ListDeploymentGroups",
        "ListDeploymentTargets",
        "ListDeployments",
    ),
    "config": (
        "DescribeConfigurationRecorderStatus",
        "DescribeConfigurationRecorders",
        "DescribeDeliveryChannelStatus",
        "DescribeDeliveryChannels",
    ),
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
        "DescribeServiceDeployments",
        "DescribeServiceRevisions",
        "DescribeServices",
        "DescribeTaskDefinition",
        "DescribeTasks",
        "ListClusters",
        "ListServiceDeployments",
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
        "DescribeTargetGroupAttributes",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
    ),
    "events": (
        "ListEventBuses",
        "ListRules",
        "ListTargetsByRule",
    ),
    "guardduty": (
        "GetDetector",
        "GetFindings",
        "ListDetectors",
        "ListFindings",
    ),
    "iam": (
        "GetAccountAuthorizationDetails",
        "GetAccountSummary",
        "GetPolicyVersion",
        "ListPolicies",
    ),
    "kms": (
        "DescribeKey",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "ListAliases",
        "ListKeys",
    ),
    "lambda": (
        "GetPolicy",
        "ListAliases",
        "ListEventSourceMappings",
        "ListFunctionEventInvokeConfigs",
        "ListFunctions",
        "ListVersionsByFunction",
    ),
    "logs": (
        "DescribeDeliveries",
        "DescribeDeliverySources",
        "DescribeLogGroups",
        "DescribeLogStreams",
        "DescribeMetricFilters",
        "DescribeResourcePolicies",
        "FilterLogEvents",
    ),
    "mwaa": (
        "GetEnvironment",
        "InvokeRestApi",
        "ListEnvironments",
    ),
    "organizations": (
        "DescribeOrganization",
        "DescribePolicy",
        "ListParents",
        "ListPoliciesForTarget",
    ),
    "pipes": (
        "DescribePipe",
        "ListPipes",
    ),
    "rds": (
        "DescribeDBClusterParameters",
        "DescribeDBClusterSnapshots",
        "DescribeDBClusters",
        "DescribeDBInstanceAutomatedBackups",
        "DescribeDBInstances",
        "DescribeDBParameters",
        "DescribeDBSnapshots",
        "DescribeDBSubnetGroups",
    ),
    "resourcegroupstaggingapi": ("GetResources",),
    "route53": (
        "ListHostedZones",
        "ListResourceRecordSets",
    ),
    "s3": (
        "GetBucketEncryption",
        "GetBucketLogging",
        "GetBucketPolicy",
        "GetBucketVersioning",
        "GetObject",
        "GetObjectLockConfiguration",
        "GetPublicAccessBlock",
        "ListBuckets",
        "ListObjectsV2",
    ),
    "s3control": ("GetPublicAccessBlock",),
    "scheduler": (
        "GetSchedule",
        "ListSchedules",
    ),
    "secretsmanager": (
        "GetResourcePolicy",
        "ListSecrets",
    ),
    "securityhub": (
        "DescribeHub",
        "GetEnabledStandards",
        "GetFindingHistory",
        "GetFindings",
    ),
    "sns": (
        "GetSubscriptionAttributes",
        "GetTopicAttributes",
        "ListSubscriptions",
        "ListSubscriptionsByTopic",
        "ListTopics",
    ),
    "sqs": (
        "GetQueueAttributes",
        "ListQueues",
    ),
    "sts": ("GetCallerIdentity",),
    "synthetics": (
        "DescribeCanaries",
        "DescribeCanariesLastRun",
        "GetCanaryRuns",
    ),
    "wafv2": (
        "GetIPSet",
        "GetLoggingConfiguration",
        "GetRuleGroup",
        "GetWebACL",
        "ListWebACLs",
    ),
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
    # with a version it is an action of its own
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    ("s3", "GetObject"): ("s3:GetObject", "s3:GetObjectVersion"),
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

#: Prefixes of operations that only read.
_READING: Final = ("BatchDescribe", "BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Search")
#: Operations among them that return a secret or a way in.
_HANDING_OUT: Final = re.compile(
    r"(Batch)?Get(SecretValue|\w{0,64}(Token|Credentials?|Password)((For|With)\w{1,64})?|PasswordData|Parameters?\w{0,64}"
    r"|\w{0,64}(Embed|Login|Presigned|Upload)U(rl|RL)|\w{0,64}Access(Details|Keys)|SessionEndpoint|Id)|DescribeChapCredentials"
)


def reads(service: str, *operations: str) -> None:
    """Let observers call these operations. Raises ValueError for one that does more than read."""
    for operation in operations:
        if not _only_reads(operation):
            raise ValueError(f"{service}.{operation}: may change something or hand out a secret; look another way")
    READS[service] = tuple(dict.fromkeys((*READS.get(service, ()), *operations)))


def _only_reads(operation: str) -> bool:
    return operation.startswith(_READING) and not _HANDING_OUT.fullmatch(operation)


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
        if not _only_reads(operation):
            return f"{service}.{operation}: may change something or hand out a secret; the gate only reads"
        return (
            f'{service}.{operation}: is not declared; write reads("{service}", "{operation}") in the module that asks'
        )
    for name, value in READS_ONLY_WITH.get((service, operation), {}).items():
        if (given := parameters.get(name)) != value:
            return f"{service}.{operation}: with {name} {given!r} may change something; the gate reads with {value!r}"
    return ""


# ── The IAM policy of the gate's reading role: what the declared operations need, and nothing else

#: Actions that reach contents, and the resources they are limited to; a team that knows the names can narrow them.
LIMITED: Final = {
    # the caller acts in Airflow under this role, which can change nothing
    "airflow:InvokeRestApi": "arn:aws:airflow:*:*:role/*/Viewer",
    "logs:FilterLogEvents": "arn:aws:logs:*:*:log-group:*",
}
#: Actions that reach the contents of buckets: of those that are named.
OBJECTS: Final = ("s3:GetObject", "s3:GetObjectVersion")
KEYS: Final = ("s3:ListBucket",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The resources whose contents the gate may read."""

    secrets: Collection[str] = ()
    """By name or ARN."""
    buckets: Collection[str] = ()
    """Names of those whose objects are read, as that of Airflow's DAGs."""
    listed: Collection[str] = ()
    """Names of those whose keys are listed besides, as what DAGs have collected."""
    keys: Collection[str] = ()
    """ARNs of the keys that encrypt any of it."""
    queues: Collection[str] = ()
    """Names of the dead-letter queues that a drill searches."""

    def __post_init__(self) -> None:
        """Raise UsageError for what names more than one thing, or none."""
        for option, form, given in (
            ("--bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", self.buckets),
            ("--key", r"arn:aws[a-z-]*:kms:[\w-]+:\d{12}:key/[\w-]+", self.keys),
            ("--queue", r"[\w-]{1,80}(\.fifo)?", self.queues),
        ):
            if wrong := [one for one in given if not re.fullmatch(form, one)]:
                raise UsageError(f"{option} {wrong[0]!r}: names no single one; write {form}")


#: Characters without white space that a managed policy may hold.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED: Final = 6_144

#: A secret by its name, to which Secrets Manager adds six characters.
_SECRET: Final = "arn:aws:secretsmanager:*:*:secret:{}-??????"  # noqa: S105  no secret
#: The queues that drills make.
_OWN_QUEUES: Final = "arn:aws:sqs:*:*:prodgate-drill-*"
_SEARCHES: Final = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage")
#: What ``prodgate drill`` may do in addition, and to what, where the action knows a type of resource: a drill changes
#: something, and only runs when asked for by name.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_DRILLS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "FireAnAlarm": (("cloudwatch:SetAlarmState",), "arn:aws:cloudwatch:*:*:alarm:*"),
    "DeployBuilds": (("codedeploy:CreateDeployment",), "arn:aws:codedeploy:*:*:deploymentgroup:*"),
    "NameRevisions": (
        ("codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"),
        "arn:aws:codedeploy:*:*:application:*",
    ),
    "StopABadBuild": (("codedeploy:StopDeployment",), "*"),
    "DeployByECS": (("ecs:UpdateService",), "arn:aws:ecs:*:*:service/*"),
    "Subscribe": (("sns:Subscribe",), "arn:aws:sns:*:*:*"),
    "Unsubscribe": (("sns:Unsubscribe",), "arn:aws:sns:*:*:*"),
    "UseOwnQueues": (("sqs:CreateQueue", "sqs:DeleteQueue", *_SEARCHES), _OWN_QUEUES),
    # the least of Airflow's roles that may trigger runs
    "TriggerRuns": (("airflow:InvokeRestApi",), "arn:aws:airflow:*:*:role/*/User"),
}
#: The subscriptions that a drill may make: of its own queues.
_OWN_SUBSCRIPTIONS: Final = {
    "StringEquals": {"sns:Protocol": "sqs"}, "StringLike": {"sns:Endpoint": _OWN_QUEUES},
}  # fmt: skip


def build_policy(named: Named = Named()) -> dict[str, Any]:
    """Return the least IAM policy that the gate needs: one statement for each service, and one for each limit.

    It is made for an inline policy of a role, which holds 10,240 characters without white space; ``split`` makes
    managed ones of it.
    """
    actions = list(list_actions())
    free = [action for action in actions if action not in {*LIMITED, *OBJECTS, *KEYS}]
    statements = [
        _statement(f"Look {service}", list(of), "*") for service, of in groupby(free, lambda one: one.partition(":")[0])
    ]
    limits = [([action], [pattern]) for action, pattern in LIMITED.items()]
    limits.append(([*OBJECTS], [f"arn:aws:s3:::{name}/*" for name in named.buckets]))
    limits.append(([*KEYS], [f"arn:aws:s3:::{name}" for name in dict.fromkeys((*named.buckets, *named.listed))]))
    for group, resources in limits:
        if resources and (known := [action for action in group if action in actions]):
            statements.append(_statement(f"Read {known[0]}", known, resources))
    if secrets := [each if each.startswith("arn:") else _SECRET.format(each) for each in named.secrets]:
        statements.append(_statement("Read named secrets", ["secretsmanager:GetSecretValue"], secrets))
    through = [service for service, of in (("s3", named.buckets), ("secretsmanager", secrets)) if of]
    return {"Version": "2012-10-17", "Statement": [*statements, *_decrypt(named.keys, through)]}


def find_lacks(named: Named, *, drill: bool) -> str:
    """Return what can't be read by a role of this policy, as nobody has named it, and what to write; else nothing."""
    if drill and not named.queues:
        return "no queue is named, so drill dag can't search dead letters; add --queue NAME, and --key ARN of its key"
    if not drill and not named.buckets:
        return "no bucket is named, so Airflow's files can't be read; add --bucket NAME, and --key ARN of its key"
    return "" if named.keys else "no key is named, so what a customer's key encrypts can't be read; add --key ARN"


def split(policy: dict[str, Any], most: int = MANAGED) -> list[dict[str, Any]]:
    """Return the least policies in this order, each of at most so many characters, that together allow the same.

    A statement that is too long by itself is divided.
    """
    found: list[dict[str, Any]] = []
    for statement in (part for whole in policy["Statement"] for part in _divide(whole, policy, most)):
        longer = {**policy, "Statement": [*(found[-1]["Statement"] if found else ()), statement]}
        if found and _size(longer) <= most:
            found[-1] = longer
        else:
            found.append({**policy, "Statement": [statement]})
    return found


def _divide(statement: dict[str, Any], policy: dict[str, Any], most: int) -> Iterator[dict[str, Any]]:
    lists = [name for name in ("Action", "Resource") if isinstance(statement[name], list) and len(statement[name]) > 1]
    if _size({**policy, "Statement": [statement]}) <= most or not lists:
        yield statement
        return
    longest = max(lists, key=lambda name: len(json.dumps(statement[name])))
    half = len(statement[longest]) // 2
    for part, letter in ((statement[longest][:half], "A"), (statement[longest][half:], "B")):
        yield from _divide({**statement, longest: part, "Sid": f"{statement['Sid']}{letter}"}, policy, most)


def _size(policy: dict[str, Any]) -> int:
    return len(json.dumps(policy, separators=(",", ":")))


def _decrypt(keys: Collection[str], services: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Let the gate read, through a service, what a named key encrypts: those services ask KMS in its name.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    if keys and services:
        through = {"StringLike": {"kms:ViaService": [f"{service}.*.amazonaws.com" for service in services]}}
        yield _statement("Decrypt what is read", ["kms:Decrypt"], [*keys]) | {"Condition": through}


def build_drill_policy(named: Named = Named()) -> dict[str, Any]:
    """Return what a drill needs in addition, for a role of its own."""
    statements = [_statement(title, list(actions), resource) for title, (actions, resource) in _DRILLS.items()]
    for one in statements:
        if one["Sid"] == "Subscribe":
            one["Condition"] = _OWN_SUBSCRIPTIONS
    if queues := [f"arn:aws:sqs:*:*:{name}" for name in named.queues]:
        statements.append(_statement("SearchDeadLetters", [*_SEARCHES], queues))
    return {"Version": "2012-10-17", "Statement": [*statements, *_decrypt(named.keys, ["sqs"] if queues else [])]}


def _statement(title: str, allowed: list[str], resource: str | list[str]) -> dict[str, Any]:
    sid = "".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", title))
    return {"Sid": sid, "Effect": "Allow", "Action": allowed, "Resource": resource}
