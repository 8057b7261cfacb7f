"""Who holds rights: no long-lived keys, no ready-made administrator, roles of their own for tasks and for Airflow."""

import re

from prodgate import Configuration, Criterion, Resource, Unresolved, policy
from prodgate.semantics.policy_documents import Statement

from .identity import EDITS, granted_statements, is_everything

#: Managed policies of AWS that give away a service, or the account.
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
#: How many of the places are named of which nothing is known.
MOST_NAMED = 3
WRITING_OBJECTS = ("s3:PutObject*", "s3:DeleteObject*", "s3:RestoreObject", "s3:ReplicateObject")


@policy(
    "PG_IAM_5",
    criterion="iam-no-static-keys",
    resources=(),
    remedy="Let people come through IAM Identity Center and machines through roles; remove the user and its key.",
)
def nobody_holds_a_key(tree: Configuration, criterion: Criterion) -> None:
    """There are no IAM users, and no access keys, passwords or service credentials of any.

    They work from anywhere until somebody revokes them, and are the commonest way into an account.
    """
    holders = tree.of("aws_iam_user", *CREDENTIALS)
    if not tree.resources:
        raise criterion.undetermined("nothing is declared")
    if not holders and not tree.complete:
        named = ", ".join(gap.subject for gap in tree.gaps[:MOST_NAMED])
        raise criterion.undetermined(f"what is declared is not known whole: {named}")
    for holder in holders:
        holder.has("user" if holder.type in CREDENTIALS else "name")  # the place of the finding
        criterion.hold(False, expected="roles only", observed=holder.address)


@policy(
    "PG_IAM_6",
    criterion="iam-no-wildcards",
    resources=tuple(ATTACHMENTS),
    population=0,
    remedy="Write a policy with the actions that are needed and attach that.",
)
def no_ready_made_administrator_is_attached(holder: Resource, criterion: Criterion) -> None:
    """No managed policy that gives away a service or the account is attached to anything."""
    full = [arn for arn in holder.texts(ATTACHMENTS[holder.type]) if FULL.fullmatch(arn)]
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
    """Return what the execution role may do by inline and attached policies. Raises Undetermined for a foreign role."""
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
    """Code in tasks and DAGs runs under a role, and under none that starts tasks or runs functions.

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
        workload.has(name)  # the place of the finding
        criterion.exclude(others, expected="a role of its own", observed="shared with {}")


def _starts_itself(workload: Resource) -> bool:
    """Whether a task runs under the role that starts it, where that is declared elsewhere and named by its ARN."""
    if workload.type != "aws_ecs_task_definition" or workload.related("task_role_arn", "aws_iam_role"):
        return False
    stated = workload.known("task_role_arn")
    return stated is not None and stated == workload.known("execution_role_arn")
