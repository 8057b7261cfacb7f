"""The operations that the gate may call, with the IAM actions they need; any other call is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: boto3's name of a service -> the operations that the gate may call. These are called below the observers; each
#: module of observers declares its own with ``reads``.
READS: Final[dict[str, tuple[str, ...]]] = {
    "mwaa": ("InvokeRestApi",),
    "s3": ("ListObjectsV2",),
    "sts": ("GetCallerIdentity",),
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

#: What ``prodgate drill`` may do in addition: a drill changes something, and only runs when asked for by name.
DRILL_ACTIONS: Final = (
    "cloudwatch:SetAlarmState",
    "codedeploy:CreateDeployment",
    "codedeploy:GetApplicationRevision",
    "codedeploy:RegisterApplicationRevision",
    "ecs:UpdateService",
    "sns:Subscribe",
    "sns:Unsubscribe",
    "sqs:ChangeMessageVisibility",
    "sqs:CreateQueue",
    "sqs:DeleteMessage",
    "sqs:DeleteQueue",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
)


#: Prefixes of operations that only read.
_READING: Final = ("BatchDescribe", "BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Search")
#: Operations among them that return a secret or a way in.
_HANDING_OUT: Final = re.compile(
    r"(Batch)?Get(SecretValue|\w*(Token|Credentials?|Password)((For|With)\w+)?|PasswordData|Parameters?\w*"
    r"|\w*(Embed|Login|Presigned|Upload)U(rl|RL)|\w*Access(Details|Keys)|SessionEndpoint|Id)|DescribeChapCredentials"
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
