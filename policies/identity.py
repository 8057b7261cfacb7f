"""IAM: rights that roles are granted, who may assume them, and whom resources and shares let in."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from prodgate import Configuration, Criterion, Resource, Unresolved, policy
from prodgate.semantics.policy_documents import Principal, Statement

#: Resources that grant rights to an identity -> the arguments that hold a policy document.
GRANTS = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_iam_role": "inline_policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
#: Verbs that may follow the service of a wildcard action: they only read.
READING = ("get", "list", "describe", "batchget", "head", "lookup", "query", "scan", "view", "search")
#: Wildcard actions that are one action with its variants, or make reports. s3:PutObject* also sets ACLs, and
#: s3:DeleteObject* also destroys versions.
FAMILIES = (
    "kms:generatedatakey*", "kms:reencrypt*", "s3:abort*", "ssm:putparameter*", "ssm:deleteparameter*",
    "dynamodb:putitem*", "dynamodb:updateitem*", "dynamodb:deleteitem*", "sqs:sendmessage*",
    "sqs:receivemessage*", "sqs:deletemessage*", "sqs:changemessagevisibility*", "sns:publish*", "kinesis:putrecord*",
    "lambda:invokefunction*", "iam:generate*",
)  # fmt: skip

#: Actions that read or destroy data or run code, and that IAM can limit to resources.
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
#: Condition keys that limit a statement to some resources even if its Resource is a wildcard.
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
    """Yield the statements that allow something to the holder of the resource. Raises Unresolved."""
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
    severity="high",
    resources=tuple(GRANTS),
    population=0,
    remedy="List the actions that are needed; only reading verbs may end in a wildcard (s3:Get*).",
)
def actions_are_listed(holder: Resource, criterion: Criterion) -> None:
    """IAM policies list the actions they allow; only read actions may be abbreviated.

    So may one action with its variants, such as sqs:SendMessage*. NotAction in an Allow grants every action of every
    service but those, including actions that AWS adds tomorrow.
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
    """Actions that read data, destroy something or run code name the resources they apply to.

    Actions that IAM can't limit to resources, such as ecr:GetAuthorizationToken, may use a wildcard, and so may writing
    to a log, as in AWS's own execution policies.
    """
    for statement in granted_statements(holder):
        wide = statement.covers(*NAMEABLE)
        everything = [resource for resource in statement.resources if is_everything(resource)] if wide else []
        open_ = wide if everything and not statement.pinned(*NAMED_BY_CONDITION) else ()
        criterion.exclude(open_, expected="resources by name", observed=f"{{}} on {', '.join(everything)}")


@policy(
    "PG_IAM_3",
    criterion="iam-pass-role-restricted",
    resources=tuple(GRANTS),
    population=0,
    remedy="Name the roles in Resource, and the services they are passed to in a condition on iam:PassedToService.",
)
def pass_role_names_role_and_service(holder: Resource, criterion: Criterion) -> None:
    """iam:PassRole names the roles, and the service they may be passed to.

    An identity that may pass any role to any service that runs code holds the rights of the strongest role in the
    account.
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
    """No identity can edit policies, trust, keys or boundaries, except of named roles or under a boundary.

    Each of these actions on a wildcard leads to administrator rights in two calls.
    """
    for statement in granted_statements(holder):
        edits = statement.covers(*EDITS)
        everything = bool(edits) and any(is_everything(resource) for resource in statement.resources)
        bounded = everything and statement.pinned("iam:PermissionsBoundary")
        criterion.exclude(edits if everything and not bounded else (), expected="no editing of IAM", observed="{} on *")


# ── Who may assume a role, and under which conditions

#: Services that state for whom they act when they assume a role, so that the role can refuse to serve another account.
#: From the pages on cross-service confused deputies in the guides of the services; not every service does.
STATING_SERVICES = frozenset(
    f"{name}.amazonaws.com" for name in (
        "airflow", "airflow-env", "backup", "bedrock", "codebuild", "config", "ecs-tasks", "monitoring.rds", "pipes",
        "scheduler", "states", "vpc-flow-logs",
    )
)  # fmt: skip
AIRFLOW = {"airflow.amazonaws.com", "airflow-env.amazonaws.com"}
#: Keys that state for whom a service acts.
SOURCES = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOwner")
#: Keys that state the organisation or principal behind a request.
CALLERS = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn",
           "kms:CallerAccount", "aws:SourceVpce", "aws:SourceVpc",
           "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
           "elasticfilesystem:AccessedViaMountTarget")  # fmt: skip
GITHUB = "token.actions.githubusercontent.com"
#: GitHub claims that identify the owner of a job, if a subject begins with them.
OWNED = ("repo", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref")
#: The ones that name a repository by its owner and its name.
NAMED_WHOLE = ("repo", "repository", "job_workflow_ref")


def _trusted_principals(role: Resource) -> Iterator[tuple[Statement, Principal]]:
    for statement in role.allow_statements("assume_role_policy"):
        yield from ((statement, principal) for principal in statement.principals)


def _own_account(role: Resource) -> str:
    """Return the account that the configuration is for. Raises Unresolved."""
    for known in role.configuration.resources:
        if known.type == "aws_caller_identity" and (account := known.text("account_id")):
            return account
    return (role.text("arn") or "").split(":")[4]


@policy(
    "PG_IAM_9",
    criterion="iam-trust-conditions",
    resources=("aws_iam_role",),
    population=0,
    remedy="Name the accounts, roles or services that may take the role.",
)
def roles_trust_nobody_unnamed(role: Resource, criterion: Criterion) -> None:
    """Nobody unnamed can assume a role; another account needs an external id or the same organisation.

    Otherwise anybody who may act in the other account, or makes a service there act, comes in.
    """
    for statement, principal in _trusted_principals(role):
        pinned = statement.pinned("sts:ExternalId", *CALLERS)
        if principal.is_anybody:
            criterion.hold(
                bool(statement.pinned(*CALLERS)), expected="named principals", observed="anybody", aspect="*"
            )
        elif principal.account and principal.account != _own_account(role):
            role.statements("assume_role_policy")  # where the finding points
            criterion.hold(
                bool(pinned),
                expected="sts:ExternalId or aws:PrincipalOrgID",
                observed=principal.name,
                aspect=principal.name,
            )


@policy(
    "PG_IAM_10",
    criterion="iam-trust-conditions",
    resources=("aws_iam_role",),
    population=0,
    remedy="Pin aud, and pin sub to your organisation, at best to a repository with its environment or branch.",
)
def federated_trust_pins_who_it_is(role: Resource, criterion: Criterion) -> None:
    """Roles for identity providers pin the audience and the subject.

    GitHub signs a token for every repository in the world, and the start of its subject need not name any: anybody's
    job can run in an environment of the same name. A token always has an audience, so a condition that also holds for a
    request without one pins it.
    """
    for statement, principal in _trusted_principals(role):
        if principal.kind == "Federated":
            provider = principal.name.partition("oidc-provider/")[2] or principal.name
            for claim in ("SAML:aud",) if ":saml-provider/" in principal.name else _claims(provider):
                key = f"{provider}:{claim}" if ":" not in claim else claim
                values = statement.pinned(key) or (statement.pinned_if_given(key) if claim == "aud" else ())
                criterion.hold(
                    bool(values), expected=f"a condition on {claim}", observed=f"none for {provider}", aspect=provider
                )
                loose = [value for value in values if claim == "sub" and not _is_of_one_owner(value, provider)]
                criterion.exclude(loose, expected="one organisation" if provider == GITHUB else "one subject")


def _claims(provider: str) -> tuple[str, ...]:
    return ("aud", "amr") if provider.startswith("cognito-identity.") else ("aud", "sub")


def _is_of_one_owner(subject: str, provider: str) -> bool:
    """Whether a sub claim names one GitHub organisation, as AWS recommends, or one subject of another provider."""
    if provider != GITHUB:
        return bool(subject.strip("?")) and "*" not in subject
    kind, _, named = subject.partition(":")
    owner, slash, _ = named.partition(":")[0].partition("/")
    return kind in OWNED and bool(owner.strip("?")) and "*" not in owner and bool(slash or kind not in NAMED_WHOLE)


@policy(
    "PG_IAM_16",
    criterion="outsiders-named",
    resources=("aws_iam_role",),
    population=0,
    remedy="Pin sub to an environment or branch of the repository, by StringEquals.",
)
def workflows_come_from_one_environment(role: Resource, criterion: Criterion) -> None:
    """Roles for GitHub's workflows are assumed from one environment or branch of one repository.

    Otherwise anybody who may push a branch or open a pull request has the role. Tags may be named by a pattern.
    """
    for statement, principal in _trusted_principals(role):
        if principal.kind == "Federated" and principal.name.partition("oidc-provider/")[2] == GITHUB:
            loose = [value for value in statement.pinned(f"{GITHUB}:sub") if not _is_one_place(value)]
            criterion.exclude(loose, expected="one environment or branch")


def _is_one_place(subject: str) -> bool:
    repository, _, claim = subject.removeprefix("repo:").partition(":")
    return (
        "*" not in repository
        and bool(claim)
        and claim != "pull_request"
        and (claim.startswith("ref:refs/tags/") or "*" not in claim)
    )


@policy(
    "PG_IAM_11",
    criterion="iam-trust-conditions",
    severity="high",
    resources=("aws_iam_role",),
    population=0,
    remedy="Add a condition on aws:SourceAccount or aws:SourceArn.",
)
def services_take_roles_for_their_owner_only(role: Resource, criterion: Criterion) -> None:
    """Roles for services serve their own account: a condition states for whom the service may act.

    Without it, a customer of the same service in another account may make it act with this role. Only services that
    state their source can be limited; the others are not judged.
    """
    judged = [(s, p) for s, p in _trusted_principals(role) if p.kind == "Service" and p.name in STATING_SERVICES]
    for statement, principal in judged:
        _require_source(statement, principal, criterion)


def _require_source(statement: Statement, principal: Principal, criterion: Criterion) -> None:
    """Require that a statement limits for whom a service may act."""
    wanted, name = "aws:SourceAccount or aws:SourceArn", principal.name
    criterion.hold(bool(statement.pinned(*SOURCES)), expected=wanted, observed=f"none: {name}", aspect=name)


@policy(
    "PG_IAM_12",
    criterion="mwaa-role-trust",
    resources=("aws_mwaa_environment",),
    population=0,
    remedy="Trust airflow.amazonaws.com and airflow-env.amazonaws.com only, with aws:SourceAccount or aws:SourceArn.",
)
def only_airflow_takes_the_execution_role(environment: Resource, criterion: Criterion) -> None:
    """Only the Airflow service, acting for this account, can assume the execution role of an environment."""
    role = next(iter(environment.related("execution_role_arn", "aws_iam_role")), None)
    if role is None:
        raise criterion.undetermined("the execution role is declared elsewhere")
    for statement, principal in _trusted_principals(role):
        airflow = principal.kind == "Service" and principal.name in AIRFLOW
        criterion.hold(airflow, expected="the Airflow service only", observed=principal.name, aspect=principal.name)
        _require_source(statement, principal, criterion)


# ── Resources that hold a policy on who may use them, and the argument that holds it

#: KMS keys, and resources that hold a key policy.
KEYS = (
    "aws_kms_key", "aws_kms_key_policy", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key",
)  # fmt: skip
_BY_ARGUMENT = {
    "policy": (
        "aws_acmpca_policy", "aws_backup_vault_policy", "aws_bedrockagentcore_resource_policy",
        "aws_cloudwatch_event_bus_policy", "aws_codebuild_resource_policy", "aws_dsql_cluster_policy",
        "aws_dynamodb_resource_policy", "aws_ecr_registry_policy", "aws_ecr_repository_policy",
        "aws_ecrpublic_repository_policy", "aws_efs_file_system_policy", "aws_glacier_vault_lock",
        "aws_glue_resource_policy", "aws_kinesis_resource_policy", "aws_lambda_resource_policy",
        "aws_media_store_container_policy", "aws_msk_cluster_policy", "aws_networkfirewall_resource_policy",
        "aws_oam_sink_policy", "aws_osis_resource_policy", "aws_pinpointsmsvoicev2_resource_policy",
        "aws_redshift_resource_policy", "aws_redshiftserverless_resource_policy", "aws_s3_access_point",
        "aws_s3_bucket", "aws_s3_bucket_policy", "aws_s3control_access_grants_instance_resource_policy",
        "aws_s3control_access_point_policy", "aws_s3control_bucket_policy",
        "aws_s3control_object_lambda_access_point_policy", "aws_s3files_file_system_policy",
        "aws_s3vectors_vector_bucket_policy", "aws_schemas_registry_policy", "aws_secretsmanager_secret",
        "aws_secretsmanager_secret_policy", "aws_ses_identity_policy", "aws_sesv2_email_identity_policy",
        "aws_sns_topic", "aws_sns_topic_policy", "aws_sqs_queue", "aws_sqs_queue_policy",
        "aws_vpclattice_resource_policy", *KEYS,
    ),
    "access_policies": (
        "aws_elasticsearch_domain", "aws_elasticsearch_domain_policy", "aws_opensearch_domain",
        "aws_opensearch_domain_policy",
    ),
    "access_policy": (
        "aws_cloudsearch_domain_service_access_policy", "aws_cloudwatch_log_destination_policy", "aws_glacier_vault",
    ),
    "content": ("aws_organizations_resource_policy",),
    "delivery_destination_policy": ("aws_cloudwatch_log_delivery_destination_policy",),
    "details.policy": ("aws_s3control_multi_region_access_point_policy",),
    "policy_document": (
        "aws_cloudwatch_log_resource_policy", "aws_codeartifact_domain_permissions_policy",
        "aws_codeartifact_repository_permissions_policy", "aws_prometheus_resource_policy", "aws_xray_resource_policy",
    ),
    "repository_policy": ("aws_ecr_repository_creation_template",),
    "resource_policy": (
        "aws_s3tables_table_bucket_policy", "aws_s3tables_table_policy", "aws_sagemaker_model_package_group_policy",
    ),
    "s3_access_point.policy": ("aws_fsx_s3_access_point_attachment",),
}  # fmt: skip
#: Resource -> the argument that holds the document.
RESOURCE_POLICIES = {holder: argument for argument, holders in _BY_ARGUMENT.items() for holder in holders}


# ── Whom the policies of buckets, keys, queues, topics, secrets and the like let in, and for which actions

#: Services that call a bucket, queue, topic, key or function on somebody's behalf, and state for whom.
STATING_CALLERS = frozenset(
    f"{name}.amazonaws.com" for name in (
        "budgets", "cloudfront", "cloudtrail", "cloudwatch", "config", "costalerts", "delivery.logs",
        "dnssec-route53", "events", "logging.s3", "s3", "sns",
    )
)  # fmt: skip
#: The ones that do not state it to a topic, and to a key: a condition would refuse all their messages.
SILENT = {
    "aws_sns_topic_policy": ("events.amazonaws.com",),
    "aws_sns_topic": ("events.amazonaws.com",),
    **dict.fromkeys(KEYS, ("events.amazonaws.com", "sns.amazonaws.com", "s3.amazonaws.com")),
}
#: Resource policies that must limit services so; others let services in for their own account only.
JUDGED = (
    "aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy", "aws_s3_bucket", "aws_sqs_queue",
    "aws_sns_topic", "aws_lambda_resource_policy", *KEYS,
)  # fmt: skip


@policy(
    "PG_IAM_13",
    criterion="iam-resource-policies-closed",
    resources=tuple(RESOURCE_POLICIES),
    population=0,
    remedy="Name the principals, or pin aws:PrincipalOrgID, aws:SourceAccount or aws:SourceArn.",
)
def resource_policies_let_nobody_unnamed_in(holder: Resource, criterion: Criterion) -> None:
    """Policies of keys, buckets, queues, topics, secrets, images, vaults, tables and the like name who is let in.

    NotPrincipal in an Allow counts as everybody: it admits all but those it names.
    """
    for statement in _resource_statements(holder):
        everybody = any(principal.is_anybody for principal in statement.principals)
        ok = not everybody or bool(statement.pinned(*CALLERS, *SOURCES)) or _names_a_user(statement)
        criterion.hold(ok, expected="named principals", observed=f"everybody: {statement}", aspect=statement)


def _names_a_user(statement: Statement) -> bool:
    """Whether a condition names users or roles by their ids. The session name that follows an id matches anybody."""
    ids = statement.pinned("aws:userid")
    return bool(ids) and all(re.match(r"(?:A[A-Z]{3}|\d)[A-Z0-9]{10}", each) for each in ids)


@policy(
    "PG_IAM_14",
    criterion="iam-resource-policies-closed",
    severity="high",
    resources=(*JUDGED, "aws_lambda_permission"),
    population=0,
    remedy="Add a condition on aws:SourceArn or aws:SourceAccount (source_arn of an aws_lambda_permission).",
)
def services_reach_resources_for_their_owner_only(holder: Resource, criterion: Criterion) -> None:
    """Policies that let a service in limit for whom it may act.

    Without that, any CloudFront distribution of any customer may read the bucket, any bucket invoke the function. For
    KMS the encryption context limits it too: CloudWatch Logs puts the log group there.
    """
    if holder.type == "aws_lambda_permission":
        strangers = _find_strangers(holder)
        criterion.hold(not strangers, expected="source_arn", observed=strangers)
        return
    for statement in _resource_statements(holder):
        services = [principal.name for principal in statement.principals if principal.kind == "Service"]
        calling = [name for name in services if _states_its_source(name, holder)]
        pinned = statement.pinned(*SOURCES, "kms:EncryptionContext:*")
        unnamed = () if pinned else calling
        criterion.exclude(unnamed, expected="aws:SourceArn or aws:SourceAccount", observed="any customer of {}")


def _find_strangers(permission: Resource) -> str:
    """Return who else may call a function through a permission, or nothing."""
    principal = permission.text("principal") or ""
    stated = any(map(permission.has, ("source_account", "principal_org_id", "event_source_token", "source_arn")))
    strangers = "any customer of the service" if principal.endswith(".amazonaws.com") else ""
    return "" if stated else "anybody" if principal == "*" else strangers


def _states_its_source(service: str, holder: Resource) -> bool:
    stated = service in STATING_CALLERS and service not in SILENT.get(holder.type, ())
    function = holder.type == "aws_lambda_resource_policy"  # every service tells a function for whom it calls
    return stated or function or re.fullmatch(r"logs\.[a-z0-9-]+\.amazonaws\.com", service) is not None


def _resource_statements(holder: Resource) -> tuple[Statement, ...]:
    """Return the Allow statements of a resource's policy; none if it has no policy."""
    name = RESOURCE_POLICIES[holder.type]
    return holder.allow_statements(name) if holder.has(name) else ()


@policy(
    "PG_IAM_15",
    criterion="iam-no-wildcards",
    severity="high",
    resources=(*RESOURCE_POLICIES, "aws_iam_role"),
    population=0,
    remedy="List the actions that the principal needs.",
)
def those_let_in_get_listed_actions(holder: Resource, criterion: Criterion) -> None:
    """Policies of resources and trust policies of roles allow nobody all actions of a service.

    A key policy may give its own account kms:*, without which nobody could administer the key.
    """
    trust = holder.type == "aws_iam_role"
    for statement in holder.allow_statements("assume_role_policy") if trust else _resource_statements(holder):
        wide = [action for action in statement.actions if action == "*" or action.endswith(":*")]
        owner = "kms" in holder.type and all(principal.account for principal in statement.principals)
        admitted = owner and wide == ["kms:*"]
        criterion.exclude(() if admitted else wide, expected="actions by name", observed=f"{{}} for {_who(statement)}")


def _who(statement: Statement) -> str:
    named = (each.name for each in statement.principals[:3] if isinstance(each, Principal))
    return ", ".join(name for name in named if isinstance(name, str))


# ── Who holds rights: no long-lived keys, no managed administrator policy, separate roles for tasks and for Airflow

#: AWS managed policies that grant all of a service, or of the account.
FULL = re.compile(r"arn:[\w-]+:iam::aws:policy/(?:.*/)?(?:AdministratorAccess|PowerUserAccess|\w*FullAccess)\b.*")
#: Resources that attach managed policies -> the argument that names them.
ATTACHMENTS = {
    "aws_iam_role_policy_attachment": "policy_arn",
    "aws_iam_user_policy_attachment": "policy_arn",
    "aws_iam_group_policy_attachment": "policy_arn",
    "aws_iam_policy_attachment": "policy_arn",
    "aws_iam_role_policy_attachments_exclusive": "policy_arns",
    "aws_iam_role": "managed_policy_arns",
    "aws_ssoadmin_managed_policy_attachment": "managed_policy_arn",
}
CREDENTIALS = ("aws_iam_access_key", "aws_iam_user_login_profile", "aws_iam_service_specific_credential")
#: Actions with which a DAG could change the system that it runs in.
OUTSIDE_A_PIPELINE = (
    *EDITS, "iam:PassRole", "organizations:*", "cloudformation:*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
    "ec2:RunInstances", "ec2:AuthorizeSecurityGroup*", "rds:Delete*", "rds:Modify*", "s3:DeleteBucket*",
    "s3:PutBucketPolicy", "secretsmanager:DeleteSecret", "secretsmanager:PutResourcePolicy", "airflow:Update*",
    "airflow:DeleteEnvironment", "backup:Delete*", "cloudtrail:StopLogging", "ecs:UpdateService", "ecr:PutImage",
)  # fmt: skip
#: How many unknown places a message names.
MOST_NAMED = 3
WRITING_OBJECTS = ("s3:PutObject*", "s3:DeleteObject*", "s3:RestoreObject", "s3:ReplicateObject")


@policy(
    "PG_IAM_5",
    criterion="iam-no-static-keys",
    resources=(),
    remedy="Let people come through IAM Identity Center and machines through roles; remove the user and its key.",
)
def nobody_holds_a_key(tree: Configuration, criterion: Criterion) -> None:
    """There are no IAM users, and no access keys, passwords or service credentials for any.

    They work from anywhere until somebody revokes them, and are the most common way into an account.
    """
    holders = tree.of("aws_iam_user", *CREDENTIALS)
    if not tree.resources:
        raise criterion.undetermined("nothing is declared")
    if not holders and (hiding := tree.find_gaps_for("aws_iam_user", *CREDENTIALS)):
        named = ", ".join(gap.subject for gap in hiding[:MOST_NAMED])
        raise criterion.undetermined(f"what is declared is not known whole: {named}")
    for holder in holders:
        holder.has("user" if holder.type in CREDENTIALS else "name")  # where the finding points
        criterion.hold(False, expected="roles only", observed=holder.address)


@policy(
    "PG_IAM_6",
    criterion="iam-no-wildcards",
    severity="high",
    resources=tuple(ATTACHMENTS),
    population=0,
    remedy="Write a policy with the actions that are needed and attach that.",
)
def no_ready_made_administrator_is_attached(holder: Resource, criterion: Criterion) -> None:
    """No managed policy that grants all of a service or of the account is attached to anything."""
    name = ATTACHMENTS[holder.type]
    targets = holder.references.get(name, ())
    later = name.endswith("arn") and holder.known(name) is None  # in a list, others may be ready-made
    if later and len(targets) == 1 and holder.related(name, "aws_iam_policy"):
        return  # it is judged where it is declared
    full = [arn for arn in holder.texts(name) if FULL.fullmatch(arn)]
    criterion.exclude(full, expected="a policy that lists its actions")


@policy(
    "PG_IAM_7",
    criterion="mwaa-role-least-privilege",
    resources=("aws_mwaa_environment",),
    population=0,
    remedy="Drop the action from the policies of the execution role; give it to the pipeline that deploys instead.",
)
def dags_cannot_change_the_system_they_run_in(environment: Resource, criterion: Criterion) -> None:
    """The Airflow execution role can't edit IAM, infrastructure, or the bucket that its DAGs come from.

    DAG code and every package it installs run with this role. MWAA itself only reads the source bucket; a DAG that can
    write there can rewrite the other DAGs.
    """
    bucket = environment.related("source_bucket_arn", "aws_s3_bucket")
    for statement in _execution_statements(environment, criterion):
        outside = statement.covers(*OUTSIDE_A_PIPELINE)
        criterion.exclude(outside, expected="what DAGs need", observed=f"{{}} in {statement}")
        touched = [resource for resource in statement.resources for own in bucket if _reaches(resource, own)]
        writing = statement.covers(*WRITING_OBJECTS) if touched else ()
        criterion.exclude(writing, expected="reading its source bucket", observed=f"{{}} on {touched}")


def _execution_statements(environment: Resource, criterion: Criterion) -> list[Statement]:
    """Return the statements of the role's inline and attached policies. Raises Undetermined for a foreign role."""
    role = next(iter(environment.related("execution_role_arn", "aws_iam_role")), None)
    if role is None:
        raise criterion.undetermined("the execution role is declared elsewhere")
    tree = role.configuration
    found = list(granted_statements(role))
    for inline in tree.naming(role, "role", "aws_iam_role_policy"):
        found += inline.allow_statements("policy")
    for attachment in tree.naming(role, "role", "aws_iam_role_policy_attachment"):
        managed = attachment.related("policy_arn", "aws_iam_policy")
        if not managed:
            raise criterion.undetermined(f"{attachment.text('policy_arn')} is attached, and is declared elsewhere")
        found += (statement for policy in managed for statement in policy.allow_statements("policy"))
    return found


def _reaches(resource: str, bucket: Resource) -> bool:
    if is_everything(resource):
        return True
    name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    own = bucket.text("bucket")
    if own is None:
        raise Unresolved(f"{bucket.address}.bucket", "is decided later")
    return resource.startswith("arn:aws:s3:::") and bool(re.fullmatch(name.replace("*", ".*").replace("?", "."), own))


#: Workloads that have an execution role.
STARTED = ("aws_mwaa_environment", "aws_ecs_task_definition")


@policy(
    "PG_IAM_8",
    criterion="iam-role-per-workload",
    resources=STARTED,
    population=0,
    remedy="Give it a role of its own; the execution role of a task pulls images and reads secrets, its code need not.",
)
def workloads_run_under_a_role_of_their_own(workload: Resource, criterion: Criterion) -> None:
    """Code in tasks and DAGs runs under its own role, which starts no tasks and runs no functions.

    Under a shared role a fault in either reaches the data of the other; under the execution role of its task, code can
    read every secret that any of its containers is given.
    """
    name = "execution_role_arn" if workload.type == "aws_mwaa_environment" else "task_role_arn"
    criterion.hold(workload.has(name), expected=f"{name} = a role of its own", observed="no role")
    criterion.hold(not _starts_itself(workload), expected="a role of its own", observed="the role that starts it")
    for role in workload.related(name, "aws_iam_role"):
        sharing = role.configuration.naming(role, "execution_role_arn", *STARTED)
        sharing += role.configuration.naming(role, "role", "aws_lambda_function")
        others = [one.address for one in sharing if one is not workload or name == "task_role_arn"]
        workload.has(name)  # where the finding points
        criterion.exclude(others, expected="a role of its own", observed="shared with {}")


def _starts_itself(workload: Resource) -> bool:
    """Whether a task runs under the role that starts it, if that role is declared elsewhere and named by its ARN."""
    if workload.type != "aws_ecs_task_definition" or workload.related("task_role_arn", "aws_iam_role"):
        return False
    stated = workload.known("task_role_arn")
    return stated is not None and stated == workload.known("execution_role_arn")


# ── The rights of a declared role, over all policies attached to it

ATTACHMENT = "aws_iam_role_policy_attachment"


def grants(role: Resource) -> Iterator[Statement]:
    """Yield the statements that allow something to the role in declared policies. Raises Unresolved."""
    for inline in role.configuration.naming(role, "role", "aws_iam_role_policy"):
        yield from inline.allow_statements("policy")
    for inner in role.blocks("inline_policy"):
        yield from inner.allow_statements("policy") if inner.has("policy") else ()
    for attachment in role.configuration.naming(role, "role", ATTACHMENT):
        for managed in attachment.related("policy_arn", "aws_iam_policy"):
            yield from managed.allow_statements("policy")


def managed_by_aws(role: Resource) -> frozenset[str]:
    """Return the names of the AWS managed policies that are attached to the role."""
    attachments = role.configuration.naming(role, "role", ATTACHMENT)
    arns = [attachment.text("policy_arn") or "" for attachment in attachments]
    return frozenset(arn.rpartition("/")[2] for arn in arns if ":iam::aws:policy/" in arn)


def find_reached(role: Resource, action: str, *types: str) -> tuple[Resource, ...]:
    """Return the declared resources of some types on which the role is allowed an action."""
    patterns = {pattern for one in grants(role) if one.covers(action) for pattern in one.resources}
    wild = {pattern for pattern in patterns if any(mark in pattern for mark in "*?[")}
    named = set(role.configuration.identified(patterns - wild, *types))
    return tuple(one for one in role.configuration.of(*types) if one in named or _matches(one, wild))


def _matches(target: Resource, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in target.identities)


# ── Resources that an account shares, and whom it lets join

#: Shareable resources -> (argument, value that shares them with anybody).
SHARED = {
    "aws_ami_launch_permission": ("group", "all"),
    "aws_cloudwatch_event_permission": ("principal", "*"),
    "aws_db_cluster_snapshot": ("shared_accounts", "all"),
    "aws_db_snapshot": ("shared_accounts", "all"),
    "aws_db_snapshot_copy": ("shared_accounts", "all"),
    "aws_ec2_transit_gateway": ("auto_accept_shared_attachments", "enable"),
    "aws_lambda_layer_version_permission": ("principal", "*"),
    "aws_rds_cluster_snapshot_copy": ("shared_accounts", "all"),
    "aws_servicecatalog_portfolio_share": ("type", "ACCOUNT"),
    "aws_vpc_endpoint_service": ("allowed_principals", "*"),
}
#: Those that may be limited to one organisation or to whom one approves -> the argument or block that does.
LIMITED = {
    "aws_cloudwatch_event_permission": "condition",
    "aws_lambda_layer_version_permission": "organization_id",
    "aws_vpc_endpoint_service": "acceptance_required",
}


@policy(
    "PG_IAM_17",
    criterion="sharing-limited",
    resources=("aws_ssm_document", *SHARED),
    population=0,
    remedy="Name the accounts, or the organisation (portfolios, layers, event buses); accept attachments by hand.",
)
def nothing_is_shared_with_whoever_comes(holder: Resource, criterion: Criterion) -> None:
    """Documents, images, snapshots, layers, event buses and endpoint services are shared with named accounts only.

    Portfolios are shared within the organisation; networks approve who joins. Unset means that a document is not
    shared, and that a transit gateway accepts nothing automatically.
    """
    if holder.type == "aws_ssm_document":
        accounts = holder.mapping("permissions").get("account_ids", "").split(",")
        everybody = [each for each in map(str.strip, accounts) if each.lower() == "all"]
        criterion.exclude(everybody, expected="accounts by number", observed="account_ids = {}")
        return
    name, value = SHARED[holder.type]
    limit = LIMITED.get(holder.type)
    limited = limit is not None and holder.has(limit) and holder.known(limit) is not False
    stated = holder.texts(name)
    criterion.hold(limited or value not in stated, expected=f"{name} other than {value}", observed=value)
