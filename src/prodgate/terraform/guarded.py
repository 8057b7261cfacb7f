"""What the declared policies of resources say, by service: whom they let in, and whom they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ..iam.account import Account
from ..iam.documents import Document, Statement, read_document
from ..semantics.unresolved import Unresolved
from .resources import Configuration, Resource

#: Resources with a policy of their own, or that put one on another: the argument that holds it, and the one that names
#: the other, with its type.
_OWN: Final = {
    "aws_s3_bucket": "policy", "aws_sns_topic": "policy", "aws_sqs_queue": "policy", "aws_kms_key": "policy",
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
#: What lets others in by another way than a policy document.
_OTHERWISE: Final = {"aws_lambda_permission": "lambda", "aws_lambda_layer_version_permission": "lambda"}


def add_guards(account: Account, configuration: Configuration) -> Account:
    """Return an account with what is declared beside its principals: policies of resources, and ARNs."""
    found: dict[str, list[Document]] = {}
    for service, document in _list_policies(configuration):
        found.setdefault(service, []).append(document)
    managed = [one for one in configuration.resources if one.mode == "managed"]
    arns = [one.search().get("arn") for one in managed]
    return replace(
        account,
        guards={service: _join(each) for service, each in found.items()},
        arns=frozenset(str.__str__(one) for one in arns if isinstance(one, str)),
    )


def _join(documents: list[Document]) -> Document:
    unread = "; ".join(one.unread for one in documents if one.unread)
    return Document(tuple(statement for one in documents for statement in one.statements), unread)


def _list_policies(configuration: Configuration) -> Iterator[tuple[str, Document]]:
    for type_, argument in _OWN.items():
        for resource in configuration.of(type_):
            document = _read(resource, argument, (resource,))
            if document is None and type_ == "aws_kms_key" and not _is_put_on(resource, configuration):
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
    for type_, service in _OTHERWISE.items():
        for resource in configuration.of(type_):
            yield service, Document(unread=f"whom {resource.address} lets in is not followed here")


def _name_service(type_: str) -> str:
    return type_.split("_")[1]


def _is_put_on(key: Resource, configuration: Configuration) -> bool:
    try:
        return bool(tuple(configuration.naming(key, "key_id", "aws_kms_key_policy")))
    except Unresolved:
        return True


def _read(resource: Resource, argument: str, owners: tuple[Resource, ...]) -> Document | None:
    """Return a policy, each statement of it about what it is put on; None where nothing is written."""
    where = resource.origin.of(argument)[0] if resource.origin else ""
    try:
        if not resource.has(argument):
            return None
        document = read_document(resource.json(argument), f"{where} {resource.address}".strip())
    except Unresolved as error:
        return Document(unread=str(error))
    arns = [one.search().get("arn") for one in owners]
    if not arns or not all(isinstance(one, str) for one in arns):
        return Document(unread=f"{resource.address}: what its policy is put on is not known")
    named = [str.__str__(one) for one in arns if isinstance(one, str)]
    return Document(tuple(_pin(statement, named) for statement in document.statements))


def _pin(statement: Statement, arns: list[str]) -> Statement:
    """Return a statement about the things it belongs to: ``*`` means those alone."""
    if statement.not_resources is not None or statement.resources not in (None, ("*",)):
        return statement
    within = [f"{arn}/*" for arn in arns if ":s3:" in arn]
    return replace(statement, resources=(*arns, *within))


def _trust_account(key: Resource) -> Document:
    """Return the policy of a key that none is written for: it leaves it to the policies of its account."""
    arn = key.search().get("arn")
    if not isinstance(arn, str):
        return Document(unread=f"{key.address}.arn is decided later by AWS")
    root = f"arn:{arn.split(':')[1]}:iam::{arn.split(':')[4]}:root"
    written = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": str.__str__(arn)}
    return read_document({"Version": "2012-10-17", "Statement": written}, f"{key.address}, by default,")
