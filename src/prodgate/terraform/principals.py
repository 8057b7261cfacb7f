"""The users, roles and groups that a configuration declares, with their policies: what `prodgate.iam` asks about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ..iam.account import Account, Group, Holder, Principal
from ..iam.aws_managed import read_attached
from ..iam.documents import Document, read_document, read_identity_document
from ..semantics.unresolved import Assumed, Unresolved
from .organization import add_organization
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
    gaps += _doubt_account(configuration, principals)
    account = Account(
        id=principals[0].account if principals else "",
        principals=principals,
        groups=groups,
        holders=tuple(_list_holders(configuration, gaps)),
        things=frozenset(name for type_, name in _THINGS.items() if configuration.of(type_)),
        gaps=tuple(gaps),
        now=now,
    )
    return add_organization(account, configuration)


def _doubt_account(configuration: Configuration, principals: tuple[Principal, ...]) -> Iterator[str]:
    """Yield why ARNs may not mean what they seem to: a stand-in for the account, or a partition without known ways."""
    arns = (one.search().get("arn") for one in configuration.of("aws_iam_user", "aws_iam_role"))
    if any(isinstance(one, Assumed) and "account" in one.what for one in arns):
        documents = [each for one in principals for each in (*one.identity, one.trust or Document())]
        named = {
            found for each in documents for one in each.statements for found in re.findall(r"\b\d{12}\b", repr(one))
        }
        for other in sorted(named - {principals[0].account}):
            how = "write allowed_account_ids in the provider"
            yield f"the account is not stated, and may be {other}, which policies name; {how}"
    for partition in sorted({one.arn.split(":")[1] for one in principals} - {"aws"}):
        yield f"the ways to administrator that are known here are those of the partition aws, not of {partition}"


def _arn(resource: Resource) -> str:
    """Return the ARN, whose account may be a stand-in: the same in all of the configuration."""
    value = resource.search().get("arn")
    if not isinstance(value, str):
        raise Unresolved(f"{resource.address}.arn", "is decided later by Terraform or AWS")
    return str.__str__(value)


def _place(resource: Resource) -> str:
    return f"{resource.origin.block} {resource.address}" if resource.origin else resource.address


def _read_role(role: Resource) -> Principal:
    blocks = _try(role, lambda: [one for one in role.blocks("inline_policy") if one.has("policy")])
    inner = [one if isinstance(one, Document) else _read(one, "policy", role) for one in blocks]
    managed, documents = _list_attached(role, "role", "roles", "managed_policy_arns")
    profiles = _try(role, lambda: role.configuration.naming(role, "role", "aws_iam_instance_profile"))
    return Principal(
        arn=_arn(role),
        identity=(*inner, *_list_inline(role, "role"), *documents),
        managed=managed,
        boundary=_read_boundary(role),
        trust=_read(role, "assume_role_policy", role, read_document),
        in_profile=any(isinstance(one, Resource) for one in profiles),
        place=_place(role),
    )


def _read_user(user: Resource, groups: dict[str, Group]) -> Principal:
    managed, documents = _list_attached(user, "user", "users")
    joined = [*_list_groups(user, groups)]
    logins = _try(user, lambda: user.configuration.naming(user, "user", "aws_iam_user_login_profile"))
    return Principal(
        arn=_arn(user),
        identity=(*_list_inline(user, "user"), *documents, *(one for group in joined for one in group.identity)),
        managed=(*managed, *(one for group in joined for one in group.managed)),
        groups=tuple(group.arn for group in joined if group.arn),
        boundary=_read_boundary(user),
        has_login=any(isinstance(one, Resource) for one in logins),
        place=_place(user),
    )


def _read_group(group: Resource) -> Group:
    managed, documents = _list_attached(group, "group", "groups")
    return Group(arn=_arn(group), identity=(*_list_inline(group, "group"), *documents), managed=managed)


def _list_groups(user: Resource, groups: dict[str, Group]) -> Iterator[Group]:
    """Yield the groups that it is in; of one that is not declared here, it is not known what that allows."""
    ways = (("users", "aws_iam_group_membership", "group"), ("user", "aws_iam_user_group_membership", "groups"))
    for path, type_, argument in ways:
        for membership in _list_naming(user, path, type_):
            named = (
                [membership] if isinstance(membership, Document) else _list_named(membership, argument, "aws_iam_group")
            )
            for one in named:
                if isinstance(one, Resource):
                    yield groups[_arn(one)]
                    continue
                why = f"what the group {one} allows, which {user.address} is in, is not known here"
                yield Group(arn="", identity=(one if isinstance(one, Document) else Document(unread=why),))


def _list_inline(holder: Resource, kind: str) -> Iterator[Document]:
    for one in _list_naming(holder, kind, f"aws_iam_{kind}_policy"):
        yield one if isinstance(one, Document) else _read(one, "policy", one)


def _list_attached(
    holder: Resource, kind: str, plural: str, own: str = ""
) -> tuple[tuple[str, ...], tuple[Document, ...]]:
    """Return the ARNs and documents of managed policies that are attached."""
    ways = (
        (kind, f"aws_iam_{kind}_policy_attachment", "policy_arn"),
        (plural, "aws_iam_policy_attachment", "policy_arn"),
        (f"{kind}_name", f"aws_iam_{kind}_policy_attachments_exclusive", "policy_arns"),
    )
    named = [(one, argument) for path, type_, argument in ways for one in _list_naming(holder, path, type_)]
    arns: list[str] = []
    documents: list[Document] = []
    for one, argument in [*named, *([(holder, own)] if own else [])]:
        for arn, document in [("", one)] if isinstance(one, Document) else _read_managed(one, argument):
            arns += [arn] if arn else []
            documents.append(document)
    return tuple(arns), tuple(documents)


def _read_managed(resource: Resource, argument: str) -> Iterator[tuple[str, Document]]:
    for one in _list_named(resource, argument, "aws_iam_policy"):
        if isinstance(one, Document):
            yield "", one
        elif isinstance(one, Resource):
            yield _arn(one), _read(one, "policy", one)
        else:
            yield one, read_attached(one)


def _list_naming(holder: Resource, path: str, type_: str) -> Iterator[Resource | Document]:
    """Yield the resources of a type that name the holder for certain, and a document for what may."""
    for one in _try(holder, lambda: holder.configuration.naming(holder, path, type_)):
        is_open = not isinstance(one, Document) and find_unknown(one.search().get(path)) is not None
        if is_open and len(one.related(path, holder.type)) > 1:
            one = Document(unread=f"{one.address}.{path} is decided later, and may not name {holder.address}")  # noqa: PLW2901
        yield one


def _list_named(resource: Resource, argument: str, type_: str) -> Iterator[Resource | str | Document]:
    """Yield what an argument names for certain: declared resources, and texts that name none; else why not."""
    try:
        declared, value = resource.related(argument, type_), resource.search().get(argument)
        if find_unknown(value) is None:
            texts = [str.__str__(one) for one in ([value] if isinstance(value, str) else value or ()) if one]
            yield from declared
            yield from (one for one in texts if not any(one in each.identities for each in declared))
        elif len(declared) == 1 and resource.references.get(argument) == (declared[0].configured_as,):
            yield declared[0]
        else:
            yield from resource.texts(
                argument
            )  # none, where nothing is written: a plan does not tell that from unknown
    except Unresolved as error:
        yield Document(unread=str(error))


def _read_boundary(holder: Resource) -> Document | None:
    return next((document for _, document in _read_managed(holder, "permissions_boundary")), None)


def _read(
    block: Block, argument: str, resource: Resource, read: Callable[[Any, str], Document] = read_identity_document
) -> Document:
    """Read a policy; what can't be read is a document that says so."""
    where = block.resource.origin.of(f"{block.path}.{argument}".lstrip("."))[0] if block.resource.origin else ""
    place = f"{where} {resource.address}".strip()
    try:
        return read(block.json(argument), place)
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
