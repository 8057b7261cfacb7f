"""Whom the policies of buckets, keys, queues, topics, secrets and the like let in, and to do what."""

import re

from prodgate import Criterion, Resource, policy
from prodgate.semantics.policy_documents import Statement

from .identity_trust import CALLERS, SOURCES
from .resource_documents import KEYS, RESOURCE_POLICIES

#: Services that call a bucket, queue, topic, key or function of another, and state for whom.
STATING_CALLERS = frozenset(
    f"{name}.amazonaws.com" for name in (
        "budgets", "cloudfront", "cloudtrail", "cloudwatch", "config", "costalerts", "delivery.logs",
        "dnssec-route53", "events", "logging.s3", "s3", "sns",
    )
)  # fmt: skip
#: Those of them that do not state it to a topic, and to a key: a condition would refuse every message of theirs.
SILENT = {
    "aws_sns_topic_policy": ("events.amazonaws.com",),
    "aws_sns_topic": ("events.amazonaws.com",),
    **dict.fromkeys(KEYS, ("events.amazonaws.com", "sns.amazonaws.com", "s3.amazonaws.com")),
}
#: Resource policies in which services are held to that: the others let services in for their own account only.
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

    NotPrincipal in an Allow counts as everybody: it lets in all but those it names.
    """
    for statement in _resource_statements(holder):
        everybody = any(principal.is_anybody for principal in statement.principals)
        ok = not everybody or bool(statement.pinned(*CALLERS, *SOURCES)) or _names_a_user(statement)
        criterion.hold(ok, expected="named principals", observed=f"everybody: {statement}", aspect=statement)


def _names_a_user(statement: Statement) -> bool:
    """Whether a condition names users or roles by their ids: a session's own name, which follows it, is for anybody."""
    ids = statement.pinned("aws:userid")
    return bool(ids) and all(re.match(r"(?:A[A-Z]{3}|\d)[A-Z0-9]{10}", each) for each in ids)


@policy(
    "PG_IAM_14",
    criterion="iam-resource-policies-closed",
    resources=(*JUDGED, "aws_lambda_permission"),
    population=0,
    remedy="Add a condition on aws:SourceArn or aws:SourceAccount (source_arn of an aws_lambda_permission).",
)
def services_reach_resources_for_their_owner_only(holder: Resource, criterion: Criterion) -> None:
    """Policies that let a service in say for whom it may act.

    Without it any CloudFront distribution of any customer may read the bucket, any bucket invoke the function. For
    KMS the encryption context does too, which is how CloudWatch Logs says which log group it encrypts.
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
    """Return who else may call a function by a permission, or nothing."""
    principal = permission.text("principal") or ""
    stated = any(map(permission.has, ("source_account", "principal_org_id", "event_source_token", "source_arn")))
    strangers = "any customer of the service" if principal.endswith(".amazonaws.com") else ""
    return "" if stated else "anybody" if principal == "*" else strangers


def _states_its_source(service: str, holder: Resource) -> bool:
    stated = service in STATING_CALLERS and service not in SILENT.get(holder.type, ())
    function = holder.type == "aws_lambda_resource_policy"  # every service says to a function for whom it calls it
    return stated or function or re.fullmatch(r"logs\.[a-z0-9-]+\.amazonaws\.com", service) is not None


def _resource_statements(holder: Resource) -> tuple[Statement, ...]:
    """Return what the policy of a resource allows: nothing where it has none."""
    name = RESOURCE_POLICIES[holder.type]
    return holder.allow_statements(name) if holder.has(name) else ()


@policy(
    "PG_IAM_15",
    criterion="iam-no-wildcards",
    resources=(*RESOURCE_POLICIES, "aws_iam_role"),
    population=0,
    remedy="List the actions that the principal needs.",
)
def those_let_in_get_listed_actions(holder: Resource, criterion: Criterion) -> None:
    """Policies of resources and trust policies of roles allow nobody all actions of a service.

    Except that a key policy gives its account kms:*, without which nobody could administer the key.
    """
    trust = holder.type == "aws_iam_role"
    for statement in holder.allow_statements("assume_role_policy") if trust else _resource_statements(holder):
        wide = [action for action in statement.actions if action == "*" or action.endswith(":*")]
        owner = "kms" in holder.type and all(principal.account for principal in statement.principals)
        admitted = owner and wide == ["kms:*"]
        criterion.exclude(() if admitted else wide, expected="actions by name", observed=f"{{}} for {_who(statement)}")


def _who(statement: Statement) -> str:
    return ", ".join(principal.name for principal in statement.principals[:3])
