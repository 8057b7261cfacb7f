"""What the declared policies of resources say, by service: whom they let in, and whom they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ..iam.account import Account, Principal
from ..iam.documents import Document, read_document
from ..iam.guards import join, pin
from ..semantics.unresolved import Unresolved
from .function_policies import list_function_policies
from .resources import Configuration, Resource

#: Resources with a policy of their own, or that put one on another: the argument that holds it, and the one that names
#: the other, with its type.
_OWN: Final = {
    "aws_s3_bucket": "policy", "aws_sns_topic": "policy", "aws_sqs_queue": "policy", "aws_kms_key": "policy",
    "aws_kms_external_key": "policy", "aws_kms_replica_key": "policy", "aws_kms_replica_external_key": "policy",
    "aws_secretsmanager_secret": "policy",
}  # fmt: skip
_PUT: Final = {
    "aws_s3_bucket_policy": ("bucket", "aws_s3_bucket"),
    "aws_sns_topic_policy": ("arn", "aws_sns_topic"),
    "aws_sqs_queue_policy": ("queue_url", "aws_sqs_queue"),
    "aws_kms_key_policy": ("key_id", "aws_kms_key"),
    "aws_secretsmanager_secret_policy": ("secret_arn", "aws_secretsmanager_secret"),
    "aws_ecr_repository_policy": ("repository", "aws_ecr_repository"),
    "aws_backup_vault_policy": ("backup_vault_name", "aws_backup_vault"),
}
#: Policies of all of a service, whose statements name what they are about: the service, and the argument.
_WIDE: Final = {"aws_cloudwatch_log_resource_policy": ("logs", "policy_document")}
#: What else lets others in, by service; with an argument, only where that is written.
_OTHERWISE: Final = {
    "acm-pca": {"aws_acmpca_policy": ""},
    "codeartifact": {
        "aws_codeartifact_domain_permissions_policy": "", "aws_codeartifact_repository_permissions_policy": "",
    },
    "dynamodb": {"aws_dynamodb_resource_policy": ""},
    "ecr": {"aws_ecr_registry_policy": ""},
    "elasticfilesystem": {"aws_efs_file_system_policy": ""},
    "es": {
        "aws_elasticsearch_domain": "access_policies", "aws_elasticsearch_domain_policy": "",
        "aws_opensearch_domain": "access_policies", "aws_opensearch_domain_policy": "",
    },
    "events": {"aws_cloudwatch_event_bus_policy": "", "aws_cloudwatch_event_permission": ""},
    "execute-api": {"aws_api_gateway_rest_api": "policy", "aws_api_gateway_rest_api_policy": ""},
    "glacier": {"aws_glacier_vault": "access_policy"},
    "glue": {"aws_glue_resource_policy": ""},
    "kafka": {"aws_msk_cluster_policy": ""},
    "kinesis": {"aws_kinesis_resource_policy": ""},
    "kms": {"aws_kms_grant": ""},
    "lambda": {"aws_lambda_layer_version_permission": ""},
    "logs": {"aws_cloudwatch_log_destination_policy": ""},
    "s3": {
        "aws_s3_bucket": "acl", "aws_s3_bucket_acl": "", "aws_s3_access_point": "policy",
        "aws_s3control_access_grant": "", "aws_s3control_access_point_policy": "",
        "aws_s3control_multi_region_access_point_policy": "", "aws_s3control_object_lambda_access_point_policy": "",
    },
    "s3tables": {"aws_s3tables_table_bucket_policy": "", "aws_s3tables_table_policy": ""},
    "ses": {"aws_ses_identity_policy": "", "aws_sesv2_email_identity_policy": ""},
}  # fmt: skip
#: Canned ACLs that let in nobody but the owner, and the service that writes logs.
_CLOSED: Final = ("private", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write")


def add_guards(account: Account, configuration: Configuration) -> Account:
    """Return an account with what is declared beside its principals: policies of resources, ARNs, and principals
    of whom a part is known."""
    found: dict[str, list[Document]] = {}
    for service, document in (*_list_policies(configuration), *_list_unread(configuration)):
        found.setdefault(service, []).append(document)
    managed = [one for one in configuration.resources if one.mode == "managed"]
    arns = [one.search().get("arn") for one in managed]
    return replace(
        account,
        principals=(*account.principals, *_list_half_known(configuration, account)),
        guards={service: join(each) for service, each in found.items()},
        arns=frozenset(str.__str__(one) for one in arns if isinstance(one, str)),
    )


def _list_half_known(configuration: Configuration, account: Account) -> Iterator[Principal]:
    """Yield roles and users that are not declared themselves, but by what makes them or is attached to them."""
    reasons: dict[str, str] = {}
    for one in configuration.of("aws_ssoadmin_permission_set"):
        role = f"role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{one.search().get('name') or one.name}"
        reasons[role] = f"what {one.address} allows is not followed here"
    for kind in ("role", "user"):
        for one in configuration.of(f"aws_iam_{kind}_policy", f"aws_iam_{kind}_policy_attachment"):
            name = one.search().get(kind)
            if isinstance(name, str) and name and not _is_declared(one, kind):
                reasons[f"{kind}/{name}"] = f"{one.address} is attached to {name}, which is not declared here"
    for end, reason in reasons.items() if account.id else ():
        arn = f"arn:aws:iam::{account.id}:{end}"
        yield Principal(arn=arn, identity=(Document(unread=reason),), trust=Document(), place=arn)


def _is_declared(attached: Resource, kind: str) -> bool:
    try:
        return bool(attached.related(kind, f"aws_iam_{kind}"))
    except Unresolved:  # it may be any of those that are: what reads them says so
        return True


def _list_policies(configuration: Configuration) -> Iterator[tuple[str, Document]]:
    for type_, argument in _OWN.items():
        for resource in configuration.of(type_):
            document = _read(resource, argument, (resource,))
            if document is None and type_.startswith("aws_kms_") and not _is_put_on(resource, configuration):
                document = _trust_account(resource)
            if document is not None:
                yield _name_service(type_), document
    for type_, (argument, target) in _PUT.items():
        for resource in configuration.of(type_):
            try:
                owners = resource.related(argument, target)
            except Unresolved as error:
                yield _name_service(type_), Document(unread=str(error))
                continue
            yield _name_service(type_), _read(resource, "policy", owners) or Document()
    for type_, (service, argument) in _WIDE.items():
        for resource in configuration.of(type_):
            yield service, _read(resource, argument) or Document()
    yield from (("lambda", document) for document in list_function_policies(configuration))


def _list_unread(configuration: Configuration) -> Iterator[tuple[str, Document]]:
    for service, types in _OTHERWISE.items():
        for resource in configuration.of(*types):
            if _lets_in(resource, types[resource.type]):
                yield service, Document(unread=f"whom {resource.address} lets in is not followed here")


def _lets_in(resource: Resource, argument: str) -> bool:
    """Whether a resource may let in anybody."""
    acl = resource.search().get("acl")
    if isinstance(acl, str) or argument == "acl":  # of a bucket itself a plan says no ACL where none is written
        return isinstance(acl, str) and acl not in _CLOSED
    try:
        return not argument or resource.has(argument)
    except Unresolved:
        return True


def _name_service(type_: str) -> str:
    return type_.split("_")[1]


def _is_put_on(key: Resource, configuration: Configuration) -> bool:
    try:
        return bool(tuple(configuration.naming(key, "key_id", "aws_kms_key_policy")))
    except Unresolved:
        return True


def _read(resource: Resource, argument: str, owners: tuple[Resource, ...] | None = None) -> Document | None:
    """Return a policy, each statement about what it is put on, if on anything; None where nothing is written."""
    where = resource.origin.of(argument)[0] if resource.origin else ""
    try:
        if not resource.has(argument):
            return None
        document = read_document(resource.json(argument), f"{where} {resource.address}".strip())
    except Unresolved as error:
        return Document(unread=str(error))
    if owners is None:
        return document
    arns = [one.search().get("arn") for one in owners]
    if not arns or not all(isinstance(one, str) for one in arns):
        return Document(unread=f"{resource.address}: what its policy is put on is not known")
    named = [str.__str__(one) for one in arns if isinstance(one, str)]
    return Document(tuple(pin(statement, named) for statement in document.statements))


def _trust_account(key: Resource) -> Document:
    """Return the policy of a key that none is written for: it leaves it to the policies of its account."""
    arn = key.search().get("arn")
    if not isinstance(arn, str):
        return Document(unread=f"{key.address}.arn is decided later by AWS")
    root = f"arn:{arn.split(':')[1]}:iam::{arn.split(':')[4]}:root"
    written = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": str.__str__(arn)}
    return read_document({"Version": "2012-10-17", "Statement": written}, f"{key.address}, by default,")
