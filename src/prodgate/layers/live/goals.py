"""Goals of criteria, proven of the users and roles that there are, as the account's own policies say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ...facts import Facts
from ...facts.live.buckets import AccountBuckets
from ...facts.live.principals import Permissions
from ...facts.live.resource_policies import PolicyResource
from ...findings import Finding, Undetermined
from ...iam.account import Account
from ...iam.documents import Document, read_document
from ...iam.guards import join, pin
from ...sections.criteria_file import CriteriaFile
from ...semantics.json_texts import read_json
from ...semantics.unresolved import Unknown, Unresolved
from ..goals import Keep, judge
from .foreign import is_foreign

#: The facts of which goals are judged.
KINDS: Final = (Permissions, PolicyResource, AccountBuckets)
#: What lets somebody in beside the policies that are read, by service: on which actions, and what it is.
_UNREAD: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "acm-pca": (("acm-pca:*",), "policies of certificate authorities"),
    "backup": (("backup:*",), "policies of vaults that no plan uses"),
    "codeartifact": (("codeartifact:*",), "policies of domains and repositories of CodeArtifact"),
    "dynamodb": (("dynamodb:*",), "policies of tables"),
    "ecr": (("ecr:Batch*", "ecr:CreateRepository", "ecr:ReplicateImage"), "the policy of the registry"),
    "elasticfilesystem": (("elasticfilesystem:*",), "policies of file systems"),
    "es": (("es:*",), "policies of domains of OpenSearch"),
    "events": (("events:*",), "policies of event buses"),
    "execute-api": (("execute-api:*",), "policies of REST APIs"),
    "glacier": (("glacier:*",), "policies of vaults of Glacier"),
    "glue": (("glue:*",), "the policy of the Data Catalog"),
    "kafka": (("kafka:*", "kafka-cluster:*"), "policies of clusters of Kafka"),
    "kinesis": (("kinesis:*",), "policies of streams"),
    "kms": (
        (
            "kms:CreateGrant", "kms:Decrypt", "kms:Derive*", "kms:DescribeKey", "kms:Encrypt", "kms:Generate*",
            "kms:GetPublicKey", "kms:ReEncrypt*", "kms:RetireGrant", "kms:Sign", "kms:Verify*",
        ),
        "grants of keys",
    ),
    "lambda": (("lambda:GetLayerVersion*",), "policies of layers"),
    "s3": (
        ("s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:ListBucket*", "s3:GetBucketAcl", "s3:PutBucketAcl"),
        "ACLs",
    ),
    "s3tables": (("s3tables:*",), "policies of table buckets"),
    "ses": (("ses:*",), "policies of identities that send mail"),
}  # fmt: skip


def conclude(facts: Facts, stated: CriteriaFile, keep: Keep) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge every goal of the live layer, by (check, criterion); ``keep`` keeps who can become whom."""
    return judge(stated, "live", lambda: _read(facts, stated), keep)


def _read(facts: Facts, stated: CriteriaFile) -> Account | str:
    seen = next(iter(facts.of(Permissions)), None)
    if seen is None:
        return facts.why_unreadable(Permissions) or "no users and roles were observed"
    try:
        account: Account = seen.known
    except Undetermined as error:
        return error.conclusion.reason
    guards: dict[str, list[Document]] = {service: [document] for service, document in account.guards.items()}
    policies = facts.of(PolicyResource)
    for service, document in (*_list_policies(policies), *_list_unread(facts, account.id)):
        guards.setdefault(service, []).append(document)
    if reason := facts.why_unreadable(PolicyResource):
        account = replace(account, gaps=(*account.gaps, reason))
    if account.organization.unread and stated.organization is not None:
        account = replace(account, organization=stated.organization)
    return replace(
        account,
        guards={service: join(each) for service, each in guards.items()},
        arns=frozenset(fact.subject for fact in facts.known if fact.subject.startswith("arn:")),
        foreign=frozenset(one.arn for one in account.principals if is_foreign(one.arn, stated.foreign)),
    )


def _list_policies(policies: Sequence[PolicyResource]) -> Iterator[tuple[str, Document]]:
    for one in policies:
        if (document := _read_policy(one)) is not None:
            yield one.type.split("_")[1], document


def _read_policy(fact: PolicyResource) -> Document | None:
    """Return what the policy of a resource says, each statement about that; None where it has none."""
    arn = fact.subject.removesuffix(" policy")
    try:
        written = fact.values.get("policy")
        if isinstance(written, Unknown):
            return Document(unread=f"the policy of {arn}: {written.reason}")
        if written is None:
            return None
        document = read_document(read_json(written) if isinstance(written, str) else written, f"the policy of {arn}")
    except Undetermined as error:
        return Document(unread=f"the policy of {arn}: {error.conclusion.reason}")
    except (Unresolved, ValueError, RecursionError) as error:
        return Document(unread=f"the policy of {arn}: {error}")
    return Document(tuple(pin(one, (arn,)) for one in document.statements), document.unread)


def _list_unread(facts: Facts, own: str) -> Iterator[tuple[str, Document]]:
    """Yield for each service what nobody here reads, and that it may let in anybody."""
    resources = [one for one in facts.of(PolicyResource) if one.subject.startswith("arn:")]
    vaults = [one.subject for one in resources if one.type == "aws_backup_vault_policy"]
    for service, (actions, what) in _UNREAD.items():
        spared: dict[str, Any] = {"NotResource": vaults} if service == "backup" and vaults else {"Resource": "*"}
        if service == "s3" and _ignores_public_acls(facts):  # what is left grants to other accounts alone
            spared["Condition"] = {"StringNotEquals": {"aws:PrincipalAccount": own}}
        written = {"Effect": "Allow", "Principal": "*", "Action": list(actions), **spared}
        (statement,) = read_document({"Version": "2012-10-17", "Statement": written}, what).statements
        yield service, Document((replace(statement, doubted=f"whom {what} let in is not read here"),))


def _ignores_public_acls(facts: Facts) -> bool:
    try:
        return any("IgnorePublicAcls" not in one.unblocked for one in facts.of(AccountBuckets))
    except Undetermined:
        return False
