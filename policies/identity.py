"""IAM policies grant the actions and resources that the work needs, and no way to more."""

import re
from collections.abc import Iterator

from prodgate import Criterion, Resource, policy
from prodgate.semantics.policy_documents import Statement

#: Resources that grant rights to an identity -> the arguments that hold a policy document.
GRANTS = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_iam_role": "inline_policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
#: What may follow the service of an action that ends in a wildcard: verbs that only read, and families of one action.
READING = ("get", "list", "describe", "batchget", "head", "lookup", "query", "scan", "view", "search")
FAMILIES = ("kms:generatedatakey*", "kms:reencrypt*")

#: Actions that reach or destroy data or run code, and that IAM can limit to resources.
NAMEABLE = (
    "s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:DeleteBucket*", "s3:PutBucket*", "s3:ListBucket*",
    "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret*",
    "secretsmanager:DeleteSecret", "secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy",
    "ssm:GetParameter*", "ssm:PutParameter", "ssm:SendCommand", "ssm:StartSession",
    "kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
    "kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey*", "dynamodb:*Item",
    "dynamodb:Query", "dynamodb:Scan", "dynamodb:DeleteTable", "sqs:SendMessage*", "sqs:ReceiveMessage",
    "sqs:DeleteMessage*", "sqs:PurgeQueue", "sqs:DeleteQueue", "sns:Publish*", "sns:Subscribe", "sns:DeleteTopic",
    "kinesis:PutRecord*", "kinesis:GetRecords", "rds:Delete*", "rds:Restore*", "rds-db:connect",
    "rds:ModifyActivityStream", "rds:ModifyCu*", "rds:ModifyDBC*", "rds:ModifyDBI*", "rds:ModifyDBP*", "rds:ModifyDBS*",
    "rds:ModifyEventSubscription", "rds:ModifyG*", "rds:ModifyI*", "rds:ModifyOptionGroup", "rds:ModifyTenantDatabase",
    "rds-data:*", "ecs:RunTask", "ecs:UpdateService*", "ecs:DeleteService", "ecs:ExecuteCommand", "ecr:PutImage",
    "ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:*UploadLayer*", "lambda:InvokeFunction",
    "lambda:UpdateFunction*", "lambda:DeleteFunction", "cloudfront:UpdateDistribution",
    "cloudfront:CreateInvalidation", "codedeploy:CreateDeployment", "airflow:Create*Token", "airflow:InvokeRestApi",
    "airflow:UpdateEnvironment", "airflow:DeleteEnvironment", "backup:DeleteRecoveryPoint", "backup:DeleteBackupVault",
    "route53:ChangeResourceRecordSets", "logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:GetLogEvents",
    "logs:FilterLogEvents", "logs:PutRetentionPolicy", "elasticloadbalancing:Modify*", "elasticloadbalancing:Delete*",
    "kms:Sign", "cloudtrail:StopLogging",
    "cloudtrail:DeleteTrail", "ec2:TerminateInstances", "states:StartExecution", "sts:AssumeRole",
)  # fmt: skip
#: Condition keys that limit a statement to some resources although its Resource is a wildcard.
NAMED_BY_CONDITION = ("aws:resourcetag/*", "*:resourcetag/*", "kms:viaservice", "kms:resourcealiases", "ecs:cluster",
                      "s3:existingobjecttag/*", "secretsmanager:secretid")  # fmt: skip

#: Actions by which an identity raises its own rights.
EDITS = tuple(
    f"iam:{action}" for action in (
        "AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreateAccessKey",
        "CreateLoginProfile", "CreatePolicyVersion", "DeleteRolePermissionsBoundary", "DeleteUserPermissionsBoundary",
        "PutGroupPolicy", "PutRolePermissionsBoundary", "PutRolePolicy", "PutUserPermissionsBoundary", "PutUserPolicy",
        "SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateLoginProfile", "CreateUser", "CreateRole",
    )
)  # fmt: skip


def granted_statements(holder: Resource) -> Iterator[Statement]:
    """Yield the statements that allow something to whoever has the resource. Raises Unresolved."""
    if holder.type == "aws_iam_role":
        for inline in holder.blocks("inline_policy"):
            yield from inline.allow_statements("policy") if inline.has("policy") else ()
    else:
        yield from holder.allow_statements(GRANTS[holder.type])


def is_everything(resource: str) -> bool:
    """Whether a Resource names none in particular: ``*``, ``arn:aws:s3:::*``, ``arn:aws:iam::111122223333:role/*``."""
    fields = resource.split(":", 5)
    if len(fields) < 6 or not fields[2].strip("*?"):
        return "*" in resource
    parts = re.split("[:/]", fields[5])
    if fields[2] not in ("s3", "sqs", "sns"):  # the others state the kind of the resource first
        parts = parts[1:] or ["*" if "*" in parts[0] else parts[0]]
    return not "".join(parts).strip("*?")


@policy(
    "PG_IAM_1",
    criterion="iam-no-wildcards",
    resources=tuple(GRANTS),
    population=0,
    remedy="List the actions that are needed; only reading verbs may end in a wildcard (s3:Get*).",
)
def actions_are_listed(holder: Resource, criterion: Criterion) -> None:
    """IAM policies list the actions they allow; only reading ones may be abbreviated.

    NotAction in an Allow grants every action of every service but those, also those that AWS adds tomorrow.
    """
    for statement in granted_statements(holder):
        wide = [action for action in statement.actions if "*" in action and not _only_reads(action)]
        criterion.exclude(wide, expected="actions by name", observed=f"{{}} in {statement}")


def _only_reads(action: str) -> bool:
    service, _, verb = action.partition(":")
    return "*" not in service and (verb.startswith(READING) or action in FAMILIES)


@policy(
    "PG_IAM_2",
    criterion="iam-resources-named",
    resources=tuple(GRANTS),
    population=0,
    remedy="Name the ARNs that the work needs, or limit the statement by a resource tag or kms:ViaService.",
)
def sensitive_actions_name_their_resources(holder: Resource, criterion: Criterion) -> None:
    """Actions that reach data, destroy something or run code name the resources they may do it to.

    Actions that IAM can't limit to resources, such as ecr:GetAuthorizationToken, may stand on a wildcard, and so may
    writing to a log, as AWS's own execution policies have it.
    """
    for statement in granted_statements(holder):
        everything = [resource for resource in statement.resources if is_everything(resource)]
        wide = statement.covers(*NAMEABLE) if everything and not statement.pinned(*NAMED_BY_CONDITION) else ()
        criterion.exclude(wide, expected="resources by name", observed=f"{{}} on {', '.join(everything)}")


@policy(
    "PG_IAM_3",
    criterion="iam-pass-role-restricted",
    resources=tuple(GRANTS),
    population=0,
    remedy="Name the roles in Resource, and the services they are passed to in a condition on iam:PassedToService.",
)
def pass_role_names_role_and_service(holder: Resource, criterion: Criterion) -> None:
    """iam:PassRole names the roles, and the service they may be passed to.

    Whoever may pass any role to any service that runs code holds the rights of the strongest role in the account.
    """
    for statement in granted_statements(holder):
        if passing := statement.covers("iam:PassRole"):
            wide = [resource for resource in statement.resources if is_everything(resource)]
            criterion.exclude(wide, expected="roles by name", observed=f"{passing[0]} on {{}}")
            to = statement.pinned("iam:PassedToService")
            criterion.hold(
                bool(to),
                expected="a condition on iam:PassedToService",
                observed=f"none in {statement}",
                aspect=statement,
            )


@policy(
    "PG_IAM_4",
    criterion="iam-no-privilege-editing",
    resources=tuple(GRANTS),
    population=0,
    remedy="Drop the action, or name the roles it may touch and demand a permissions boundary.",
)
def nobody_edits_their_own_rights(holder: Resource, criterion: Criterion) -> None:
    """No identity can edit policies, trust, keys or boundaries, unless of named roles or under a boundary.

    Each of these actions on a wildcard is a way to administrator rights in two calls.
    """
    for statement in granted_statements(holder):
        everything = any(is_everything(resource) for resource in statement.resources)
        edits = statement.covers(*EDITS) if everything else ()
        bounded = statement.pinned("iam:PermissionsBoundary")
        criterion.exclude(() if bounded else edits, expected="no editing of IAM", observed="{} on *")
