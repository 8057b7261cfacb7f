"""The users, roles and groups that a configuration declares, with their policies: what `prodgate.iam` asks about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..iam.account import ADMINISTRATOR_ACCESS, EVERYTHING, Account, Group, Holder, Principal
from ..iam.documents import Document, read_document
from ..semantics.unresolved import Unresolved
from .reading import Block, find_unknown
from .resources import Configuration, Resource

#: Resources that run with the rights of a role: what they are called, and the argument that names it.
_HOLDERS: Final = {
    "aws_lambda_function": ("function", "role"),
    "aws_codebuild_project": ("build project", "service_role"),
    "aws_cloudformation_stack": ("stack", "iam_role_arn"),
    "aws_glue_dev_endpoint": ("development endpoint", "role_arn"),
    "aws_sagemaker_notebook_instance": ("notebook", "role_arn"),
    "aws_apprunner_service": ("web service", "instance_configuration.instance_role_arn"),
}
_PROFILED: Final = {
    "aws_instance": ("instance", "iam_instance_profile"),
    "aws_launch_template": ("launch template", "iam_instance_profile.name"),
}
_THINGS: Final = {
    "aws_ecs_cluster": "cluster",
    "aws_glue_job": "job",
    "aws_cloudformation_stack_set": "stack set",
}


def read_account(configuration: Configuration, now: str) -> Account:
    """Return the principals of a configuration. What can't be read is said, and excludes nothing."""
    gaps = [f"{gap.subject} {gap.reason}" for gap in configuration.gaps]
    groups = {_arn(one): _read_group(one) for one in configuration.of("aws_iam_group")}
    roles = tuple(_read_role(one) for one in configuration.of("aws_iam_role"))
    users = tuple(_read_user(one, groups) for one in configuration.of("aws_iam_user"))
    principals = (*users, *roles)
    return Account(
        id=principals[0].account if principals else "",
        principals=principals,
        groups=groups,
        holders=tuple(_list_holders(configuration, gaps)),
        things=frozenset(name for type_, name in _THINGS.items() if configuration.of(type_)),
        gaps=tuple(gaps),
        now=now,
    )


def _arn(resource: Resource) -> str:
    """Return the ARN, whose account may be a stand-in: the same in all of the configuration."""
    value = resource.search().get("arn")
    if not isinstance(value, str):
        raise Unresolved(f"{resource.address}.arn", "is decided later by Terraform or AWS")
    return str.__str__(value)


def _place(resource: Resource) -> str:
    return f"{resource.origin.block} {resource.address}" if resource.origin else resource.address


def _read_role(role: Resource) -> Principal:
    inner = [_read(block, "policy", role) for block in role.blocks("inline_policy") if block.has("policy")]
    managed, documents = _list_attached(role, "role", "roles", "managed_policy_arns")
    profiles = _try(role, lambda: role.configuration.naming(role, "role", "aws_iam_instance_profile"))
    return Principal(
        arn=_arn(role),
        identity=(*inner, *_list_inline(role, "role"), *documents),
        managed=managed,
        boundary=_read_boundary(role),
        trust=_read(role, "assume_role_policy", role),
        in_profile=bool(profiles),
        place=_place(role),
    )


def _read_user(user: Resource, groups: dict[str, Group]) -> Principal:
    managed, documents = _list_attached(user, "user", "users")
    joined = [groups[arn] for arn in _list_groups(user) if arn in groups]
    return Principal(
        arn=_arn(user),
        identity=(*_list_inline(user, "user"), *documents, *(one for group in joined for one in group.identity)),
        managed=(*managed, *(one for group in joined for one in group.managed)),
        groups=tuple(group.arn for group in joined),
        boundary=_read_boundary(user),
        has_login=bool(_try(user, lambda: user.configuration.naming(user, "user", "aws_iam_user_login_profile"))),
        place=_place(user),
    )


def _read_group(group: Resource) -> Group:
    managed, documents = _list_attached(group, "group", "groups")
    return Group(arn=_arn(group), identity=(*_list_inline(group, "group"), *documents), managed=managed)


def _list_groups(user: Resource) -> Iterator[str]:
    configuration, name = user.configuration, user.known("name")
    for one in configuration.of("aws_iam_group_membership"):
        if name in (one.known("users") or ()):
            yield from map(_arn, one.related("group", "aws_iam_group"))
    for one in configuration.of("aws_iam_user_group_membership"):
        if one.known("user") == name:
            yield from map(_arn, one.related("groups", "aws_iam_group"))


def _list_inline(holder: Resource, kind: str) -> Iterator[Document]:
    for one in _try(holder, lambda: holder.configuration.naming(holder, kind, f"aws_iam_{kind}_policy")):
        yield one if isinstance(one, Document) else _read(one, "policy", one)


def _list_attached(
    holder: Resource, kind: str, plural: str, own: str = ""
) -> tuple[tuple[str, ...], tuple[Document, ...]]:
    """Return the ARNs and documents of managed policies that are attached."""
    configuration = holder.configuration
    attachments = [
        *_try(holder, lambda: configuration.naming(holder, kind, f"aws_iam_{kind}_policy_attachment")),
        *_try(holder, lambda: configuration.naming(holder, plural, "aws_iam_policy_attachment")),
    ]
    arns: list[str] = []
    documents = [one for one in attachments if isinstance(one, Document)]
    for resource, argument in [*((one, "policy_arn") for one in attachments), *([(holder, own)] if own else [])]:
        if isinstance(resource, Resource):
            for arn, document in _read_managed(resource, argument):
                arns.append(arn)
                documents.append(document)
    return tuple(arns), tuple(documents)


def _read_managed(resource: Resource, argument: str) -> Iterator[tuple[str, Document]]:
    declared = _try(resource, lambda: resource.related(argument, "aws_iam_policy"))
    for one in declared:
        yield (_arn(one), _read(one, "policy", one)) if isinstance(one, Resource) else ("", one)
    known = {_arn(one) for one in declared if isinstance(one, Resource)}
    texts = _list_texts(resource, argument)
    if isinstance(texts, Document):
        yield from () if known else [("", texts)]
        return
    for arn in (one for one in texts if one not in known):
        yield (
            arn,
            EVERYTHING if arn == ADMINISTRATOR_ACCESS else Document(unread=f"what {arn} allows is not known here"),
        )


def _list_texts(resource: Resource, argument: str) -> tuple[str, ...] | Document:
    value = resource.search().get(argument)
    if find_unknown(value) is None:
        return tuple(str.__str__(one) for one in ([value] if isinstance(value, str) else value or ()))
    try:
        return resource.texts(argument)  # none, where nothing is written: a plan does not tell that from unknown
    except Unresolved as error:
        return Document(unread=str(error))


def _read_boundary(holder: Resource) -> Document | None:
    if holder.search().get("permissions_boundary") in (None, ""):
        return None
    found = [document for _, document in _read_managed(holder, "permissions_boundary")]
    return found[0] if found else Document(unread=f"the permissions boundary of {holder.address} is not known here")


def _read(block: Block, argument: str, resource: Resource) -> Document:
    """Read a policy; what can't be read is a document that says so."""
    where = block.resource.origin.of(f"{block.path}.{argument}".lstrip("."))[0] if block.resource.origin else ""
    place = f"{where} {resource.address}".strip()
    try:
        return read_document(block.json(argument), place)
    except Unresolved as error:
        return Document(unread=str(error))


def _try(holder: Resource, find: Any) -> Iterable[Any]:
    """Return what is found, or a document that says why nobody can know."""
    try:
        return tuple(find())
    except Unresolved as error:
        return (Document(unread=f"what is attached to {holder.address} is not known: {error}"),)


def _list_holders(configuration: Configuration, gaps: list[str]) -> Iterator[Holder]:
    for type_, (kind, argument) in _HOLDERS.items():
        for resource in configuration.of(type_):
            for role in _find(resource, argument, "aws_iam_role", gaps):
                yield Holder(kind=kind, arn=_name(resource), role=_arn(role))
    for type_, (kind, argument) in _PROFILED.items():
        for resource in configuration.of(type_):
            for profile in _find(resource, argument, "aws_iam_instance_profile", gaps):
                for role in _find(profile, "role", "aws_iam_role", gaps):
                    yield Holder(kind=kind, arn=_name(resource), role=_arn(role))


def _name(resource: Resource) -> str:
    value = resource.search().get("arn")
    return str.__str__(value) if isinstance(value, str) else resource.address


def _find(resource: Resource, argument: str, type_: str, gaps: list[str]) -> tuple[Resource, ...]:
    """Return the resources that an argument names; what nobody can know is a gap."""
    try:
        return resource.related(argument, type_)
    except Unresolved as error:
        gaps.append(str(error))
        return ()
