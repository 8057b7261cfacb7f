"""The input of `prodgate.iam` from a configuration: users, roles and groups with their policies, and the policies of
resources, which let others in."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any, Final

from ...iam.account import EVERYTHING, OPENED, SHAREABLE, Account, Group, Holder, Organization, Principal, read_attached
from ...iam.documents import Document, Statement, join, leave_open, pin, read_document, read_identity_document
from ...semantics.json_texts import read_json
from ...semantics.unresolved import Assumed, Unknown, Unresolved
from ...terraform.resources import Block, Configuration, Resource, find_unknown, list_texts

# What declared policies of an organization deny to the account of a configuration.
#
# Source: Organizations User Guide, "SCP evaluation": each level has to allow, AWS attaches FullAWSAccess to each, and
# the account that manages an organization is not limited. Terraform attaches policies, and does not say what else is
# there.

_POLICY: Final = "aws_organizations_policy"
_KINDS: Final = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_FULL_ACCESS: Final = ("p-FullAWSAccess", "p-RCPFullAWSAccess")


def add_organization(account: Account, configuration: Configuration) -> Account:
    """Return an account with what declared policies of its organization deny."""
    if not account.id or configuration.of("aws_organizations_organization"):  # whoever declares it manages it
        return account
    found: dict[str, list[Document]] = {kind: [] for kind in _KINDS}
    unread: list[str] = []
    for attached in configuration.of("aws_organizations_policy_attachment"):
        doubt = _doubt_target(attached, account.id)
        if doubt is None:
            continue
        try:
            for policy in _list_policies(attached):
                written = read_document(policy.json("content"), policy.address)
                kind = policy.text("type", _KINDS[0]) or ""
                if kind in found:
                    found[kind].append(_doubt_denials(written, doubt))
        except Unresolved as error:
            unread.append(f"{attached.address}: {error}")
    scps, rcps = (tuple(found[kind]) for kind in _KINDS)
    levels = ((*scps, _allow_besides(scps)),) if scps else ()
    limits = Organization(scps=levels, rcps=(rcps,) if rcps else (), unread="; ".join(unread))
    return replace(account, organization=limits)


def _doubt_target(attached: Resource, own: str) -> str | None:
    """Return why it is not known whether something is attached to an account; None where it is to another."""
    target = attached.search().get("target_id")
    arns = [one.search().get("arn") for one in attached.configuration.of("aws_iam_user", "aws_iam_role")]
    if isinstance(target, str):
        named = str.__str__(target)
        if named == own:
            return ""
        if len(named) == 12 and named.isdecimal() and not any(isinstance(one, Assumed) for one in arns):
            return None
    return f"whether {attached.address} is above the account {own} is not known"


def _list_policies(attached: Resource) -> Iterator[Resource]:
    """Yield what is attached. Raises Unresolved for what is not declared here."""
    declared = attached.related("policy_id", _POLICY)
    named = attached.search().get("policy_id")
    if not declared and named not in _FULL_ACCESS:
        raise Unresolved("policy_id", f"is {named!r}, and what that denies is not known here")
    yield from declared


def _doubt_denials(document: Document, doubt: str) -> Document:
    def doubted(one: Statement) -> Statement:
        return one if one.allows or not doubt else replace(one, doubted=doubt)

    return replace(document, statements=tuple(map(doubted, document.statements)))


def _allow_besides(scps: Sequence[Document]) -> Document:
    """Return FullAWSAccess, which may have been taken off by hand where a policy that lists what is allowed replaces
    it."""
    listing = [one for each in scps for one in each.statements if one.allows and one.actions != ("*",)]
    reason = f"whether FullAWSAccess is still attached beside {listing[0]} is not known" if listing else ""
    return Document(tuple(replace(one, doubted=reason) for one in EVERYTHING.statements))


#: Resources that run with the rights of a role: what they are called, and the argument that names it.
_HOLDERS: Final = {
    "aws_lambda_function": ("function", "role"),
    "aws_codebuild_project": ("build project", "service_role"),
    "aws_cloudformation_stack": ("stack", "iam_role_arn"),
    "aws_glue_dev_endpoint": ("development endpoint", "role_arn"),
    "aws_glue_job": ("job", "role_arn"),
    "aws_sagemaker_notebook_instance": ("notebook", "role_arn"),
    "aws_sfn_state_machine": ("state machine", "role_arn"),
    "aws_apprunner_service": ("web service", "instance_configuration.instance_role_arn"),
}
_PROFILED: Final = {
    "aws_emr_cluster": ("cluster of instances", "ec2_attributes.instance_profile"),
    "aws_instance": ("instance", "iam_instance_profile"),
    "aws_launch_template": ("launch template", "iam_instance_profile.name"),
}
_THINGS: Final = {
    "aws_codebuild_project": "build project",
    "aws_ecs_cluster": "cluster",
    "aws_ecs_service": "service",
    "aws_ecs_task_definition": "task definition",
    "aws_glue_job": "job",
    "aws_cloudformation_stack_set": "stack set",
}


def read_account(configuration: Configuration, now: str) -> Account:
    """Return the principals of a configuration. Unreadable parts are named, and exclude nothing."""
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
        holders=(
            *_list_holders(configuration, gaps),
            *_list_shells(configuration, gaps),
            *_list_code(configuration, gaps),
            *_list_others(configuration, frozenset(one.arn for one in roles)),
        ),
        things=frozenset(name for type_, name in _THINGS.items() if configuration.of(type_)),
        tags=dict(_list_tags(configuration)),
        gaps=tuple(gaps),
        now=now,
    )
    return add_organization(add_guards(account, configuration), configuration)


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


def _read_tags(principal: Resource) -> Mapping[str, str] | None:
    tags = principal.known("tags_all")
    if not isinstance(tags, Mapping) or not all(isinstance(one, str) for one in tags.values()):
        return None
    return {str.__str__(key): str.__str__(value) for key, value in tags.items()}


def _list_tags(configuration: Configuration) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the resources whose ARN and tags are known, unless something else declares tags of theirs."""
    others = [one for one in configuration.resources if one.type.endswith("_tag")]
    for one in configuration.resources if not others else ():
        tags = _read_tags(one) if one.mode == "managed" else None
        if tags is not None and isinstance(arn := one.search().get("arn"), str):
            yield str.__str__(arn), {key.lower(): value for key, value in tags.items()}


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
        tags=_read_tags(role),
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
        tags=_read_tags(user),
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


def _list_shells(configuration: Configuration, gaps: list[str]) -> Iterator[Holder]:
    """Yield the tasks in which a shell may be opened, each under its service."""
    for service in (one for one in configuration.of("aws_ecs_service") if one.search().get("enable_execute_command")):
        for definition in _find(service, "task_definition", "aws_ecs_task_definition", gaps):
            for role in _find(definition, "task_role_arn", "aws_iam_role", gaps):
                yield Holder(kind="task", arn=service.address, role=_arn(role))


# Where the code of what runs with a role comes from: who writes that has the role's rights, now or when it starts next.
#
# Source: the user guides of the services on where each start, build or deployment fetches its code.

#: By type: the argument that names the role, where each start fetches code, and where a deployment does. Arguments that
#: belong together, as a bucket and a key, are joined.
_CODE: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "aws_apprunner_service": (
        "instance_configuration.instance_role_arn", (), ("source_configuration.image_repository.image_identifier",),
    ),
    "aws_batch_job_definition": ("container_properties.jobRoleArn", ("container_properties.image",), ()),
    "aws_cloudformation_stack": ("iam_role_arn", (), ("template_url",)),
    "aws_codebuild_project": (
        "service_role", ("environment.image", "secondary_sources.location", "source.location"), (),
    ),
    "aws_ecs_task_definition": ("task_role_arn", ("container_definitions.image",), ()),
    "aws_glue_job": (
        "role_arn",
        ("command.script_location", "default_arguments.--extra-jars", "default_arguments.--extra-py-files"), (),
    ),
    "aws_lambda_function": ("role", (), ("image_uri", "s3_bucket+s3_key")),
    "aws_mwaa_environment": (
        "execution_role_arn", ("source_bucket_arn+dag_s3_path+*",),
        tuple(f"source_bucket_arn+{one}_s3_path" for one in ("plugins", "requirements", "startup_script")),
    ),
    "aws_sagemaker_model": (
        "execution_role_arn", (), ("container.image", "container.model_data_url", "primary_container.image",
        "primary_container.model_data_url"),
    ),
    "aws_synthetics_canary": ("execution_role_arn", (), ("s3_bucket+s3_key",)),
}  # fmt: skip
_IMAGE: Final = re.compile(r"(\d{12})\.dkr\.ecr\.([\w-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::[^@]+)?(@.+)?")
_REPOSITORY: Final = re.compile(r"https://git-codecommit\.([\w-]+)\.amazonaws\.com/v1/repos/(.+)")
_OBJECT: Final = re.compile(r"(?:s3a?://|arn:aws:s3:::|https://s3[.-][\w.-]+\.com/|https://(?=[^/]+\.s3[.-]))?([^:@]+)")


def _list_code(configuration: Configuration, gaps: list[str]) -> Iterator[Holder]:
    for type_, (argument, started, deployed) in _CODE.items():
        for resource in configuration.of(type_):
            for role in _find_role(resource, argument, gaps):
                doubt = f"whether {resource.address} is deployed again with other code is not known here"
                rows = [(one, "") for one in started]
                rows += [(one, doubt) for one in deployed if not _is_pinned(resource, one)]
                for kind, arn, unsure in (each for row in rows for each in _list_places(resource, *row)):
                    yield Holder(kind=kind, arn=arn, role=_arn(role), doubt=unsure)


def _list_others(configuration: Configuration, roles: frozenset[str]) -> Iterator[Holder]:
    """Yield what else names a role: what runs with it, or so it may be."""
    # who starts a task has to pass its role, and a deployment to ECS starts what is defined: both are listed ways
    listed = {*_HOLDERS, *_PROFILED, "aws_codedeploy_deployment_group", "aws_ecs_task_definition"}
    for one in configuration.resources:
        if (
            one.mode != "managed"
            or one.type in listed
            or not one.type.startswith("aws_")
            or one.type.startswith("aws_iam")
        ):
            continue
        named = {str.__str__(text) for text in list_texts(one.search())} & roles
        later = [places for name, places in one.references.items() if find_unknown(one.search().get(name)) is not None]
        open_ones = {_arn(role) for places in later for role in configuration.configured(places, "aws_iam_role")}
        yield from (Holder(kind="", arn=_name(one), role=role, type=one.type) for role in sorted(named | open_ones))
    hosts = sorted(
        {one.role for one in _list_holders(configuration, []) if one.kind in ("instance", "launch template")}
    )
    for group in configuration.of(
        "aws_codedeploy_deployment_group"
    ):  # other deployments run scripts on their instances
        if not group.search().get("ecs_service"):
            yield from (Holder(kind="", arn=_name(group), role=role, type=group.type) for role in hosts)


def _is_pinned(resource: Resource, source: str) -> bool:
    """Whether a deployment names the version of its object."""
    prefix = "" if source.startswith("s3_bucket") else source.rpartition("+")[2].removesuffix("s3_path")
    return any(isinstance(resource.search().get(f"{prefix}s3_{one}"), str) for one in ("object_version", "version"))


def _find_role(resource: Resource, argument: str, gaps: list[str]) -> tuple[Resource, ...]:
    named = [*_dig(resource.search(), argument.split("."))]
    if all(isinstance(one, str) for one in named):
        return resource.configuration.identified({str.__str__(one) for one in named}, "aws_iam_role")
    return _find(resource, argument.partition(".")[0], "aws_iam_role", gaps)


def _list_places(resource: Resource, source: str, doubt: str) -> Iterator[tuple[str, str, str]]:
    """Yield the kind and the ARN of each place that code comes from, with a doubt; an address where it is not known."""
    parts = [["*"] if one == "*" else [*_dig(resource.search(), one.split("."))] for one in source.split("+")]
    for row in product(*parts):
        if not all(isinstance(one, str) for one in row):
            yield "image" if "image" in source else "code object", resource.address, doubt
            continue
        folder = "/*" if row[-1].endswith("/") else ""
        for text in re.split(r",\s*", "/".join(str.__str__(one).strip("/") for one in row) + folder):
            yield from _read_place(resource, text, doubt, is_image="image" in source)


def _read_place(resource: Resource, text: str, doubt: str, *, is_image: bool) -> Iterator[tuple[str, str, str]]:
    if found := _IMAGE.fullmatch(text):
        arn = f"arn:aws:ecr:{found[2]}:{found[1]}:repository/{found[3]}"
        declared = resource.configuration.identified({arn}, "aws_ecr_repository")
        fixed = {str(one.search().get("image_tag_mutability") or "MUTABLE") for one in declared}
        unsure = "" if fixed in ({"MUTABLE"}, {"IMMUTABLE"}) else f"whether tags of {arn} are fixed is not known here"
        if not found[4]:  # else it is named by what it holds
            yield "fixed image" if fixed == {"IMMUTABLE"} else "image", arn, doubt or unsure
    elif found := _REPOSITORY.fullmatch(text):
        yield "code repository", f"arn:aws:codecommit:{found[1]}:*:{found[2]}", doubt
    elif not is_image and (found := _OBJECT.fullmatch(text)) and "/" in found[1]:
        bucket, _, key = found[1].partition("/")
        yield "code object", f"arn:aws:s3:::{re.split(r'[.]s3[.-]', bucket)[0]}/{key}", doubt


def _dig(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield what is written at a path, in every block of a list and in JSON; a value that is not known as it is."""
    if isinstance(value, str) and path and value[:1] in ("[", "{"):
        with suppress(ValueError):
            value = read_json(value)
    if isinstance(value, Mapping) and path:
        yield from _dig(value.get(path[0]), path[1:])
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from (found for one in value for found in _dig(one, path))
    elif value is not None and (not path or isinstance(value, Unknown)):
        yield value


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


# What declared permissions and URLs of Lambda functions let in, as the statements that Lambda makes of them.
#
# Source: Lambda API Reference, "AddPermission"; Lambda Developer Guide, "Control access to function URLs".

#: Argument of a permission -> the operator and the key of the condition that it becomes.
_CONDITIONS: Final = {
    "source_arn": ("ArnLike", "aws:SourceArn"),
    "source_account": ("StringEquals", "aws:SourceAccount"),
    "principal_org_id": ("StringEquals", "aws:PrincipalOrgID"),
    "event_source_token": ("StringEquals", "lambda:EventSourceToken"),
    "function_url_auth_type": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "invoked_via_function_url": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
_SERVICE: Final = re.compile(r"[\w.-]+\.amazonaws\.com(\.cn)?")


def list_function_policies(configuration: Configuration) -> Iterator[Document]:
    """Yield the principals that each permission and each URL lets in, or why they are unknown."""
    for one in configuration.of("aws_lambda_permission", "aws_lambda_function_url"):
        try:
            written = _write_permission(one) if one.type == "aws_lambda_permission" else _write_url(one)
            if written:
                statements = {"Effect": "Allow", **written, "Resource": _list_functions(one)}
                yield read_document({"Version": "2012-10-17", "Statement": statements}, _place(one))
        except Unresolved as error:
            action = one.search().get("action", "lambda:InvokeFunctionUrl")
            named = (str.__str__(action),) if isinstance(action, str) else ("lambda:*",)
            yield leave_open(str(error), _try_functions(one), named, denies=False)


def _write_permission(permission: Resource) -> Mapping[str, Any]:
    principal = permission.text("principal") or ""
    conditions: dict[str, dict[str, str]] = {}
    for argument, (operator, key) in _CONDITIONS.items():
        if permission.search().get(argument) not in (None, ""):
            value = permission.text(argument) or ""
            conditions.setdefault(operator, {})[key] = value.lower() if operator == "Bool" else value
    named = principal if principal == "*" else {"Service" if _SERVICE.fullmatch(principal) else "AWS": principal}
    return {"Action": permission.text("action"), "Principal": named, "Condition": conditions}


def _write_url(url: Resource) -> Mapping[str, Any]:
    """Return what the provider lets everybody where a URL asks nobody who it is; else what calls it needs a right."""
    if url.text("authorization_type") != "NONE":
        return {}
    test = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    return {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "Condition": test}


def _try_functions(resource: Resource) -> Sequence[str]:
    try:
        return _list_functions(resource)
    except Unresolved:
        return ("*",)


def _list_functions(resource: Resource) -> list[str]:
    """Return the ARNs of the function that a permission or URL belongs to, which its qualifier ends."""
    named = resource.text("function_name") or ""
    arns = [_arn(one) for one in resource.related("function_name", "aws_lambda_function")]
    if not arns and ":" in named and not named.startswith("arn:"):
        raise Unresolved(f"{resource.address}.function_name", f"is {named!r}; write the name or the ARN alone")
    if not arns:
        arns = [named if named.startswith("arn:") else f"arn:*:lambda:*:*:function:{named}"]
    qualifier = resource.search().get("qualifier") and resource.text("qualifier")
    return [f"{one}:{qualifier}" if qualifier else one for one in arns]


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
    "bedrock-agentcore": {"aws_bedrockagentcore_resource_policy": ""},
    "cloudsearch": {"aws_cloudsearch_domain_service_access_policy": ""},
    "codeartifact": {
        "aws_codeartifact_domain_permissions_policy": "", "aws_codeartifact_repository_permissions_policy": "",
    },
    "dynamodb": {"aws_dynamodb_resource_policy": ""},
    "ecr": {"aws_ecr_registry_policy": ""},
    "ecr-public": {"aws_ecrpublic_repository_policy": ""},
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
    "kafka-cluster": {"aws_msk_cluster_policy": ""},
    "kinesis": {"aws_kinesis_resource_policy": ""},
    "kms": {"aws_kms_grant": ""},
    "lambda": {"aws_lambda_layer_version_permission": ""},
    "logs": {"aws_cloudwatch_log_delivery_destination_policy": "", "aws_cloudwatch_log_destination_policy": ""},
    "s3": {
        "aws_s3_bucket": "acl", "aws_s3_bucket_acl": "", "aws_s3_access_point": "policy", "aws_s3_bucket_object": "acl",
        "aws_s3_object": "acl", "aws_s3_object_copy": "acl",
        "aws_s3control_access_grant": "", "aws_s3control_access_grants_instance_resource_policy": "",
        "aws_s3control_access_point_policy": "",
        "aws_s3control_multi_region_access_point_policy": "", "aws_s3control_object_lambda_access_point_policy": "",
    },
    "s3tables": {"aws_s3tables_table_bucket_policy": "", "aws_s3tables_table_policy": ""},
    "s3vectors": {"aws_s3vectors_vector_bucket_policy": ""},
    "ses": {"aws_ses_identity_policy": "", "aws_sesv2_email_identity_policy": ""},
}  # fmt: skip
#: Of these, what can allow only some actions, and denies nothing; so do ACLs.
_OPENING: Final = (
    "aws_ecr_registry_policy", "aws_kms_grant", "aws_lambda_layer_version_permission", "aws_s3_bucket_acl",
)  # fmt: skip
#: What opens something to other accounts, or to devices, by service: no right in this account comes of it.
_SHARED: Final = {
    "aoss": {"aws_opensearchserverless_access_policy": ""},
    "aps": {"aws_prometheus_resource_policy": ""},
    "codebuild": {"aws_codebuild_resource_policy": ""},
    "config": {"aws_config_aggregate_authorization": ""},
    "ds": {"aws_directory_service_shared_directory": ""},
    "ec2": {
        "aws_ami_launch_permission": "", "aws_network_interface_permission": "",
        "aws_snapshot_create_volume_permission": "", "aws_vpc_endpoint_service": "allowed_principals",
        "aws_vpc_endpoint_service_allowed_principal": "",
    },
    "eks": {"aws_eks_access_entry": "", "aws_eks_access_policy_association": ""},
    "iot": {"aws_iot_authorizer": "", "aws_iot_policy": ""},
    "lakeformation": {"aws_lakeformation_permissions": ""},
    "license-manager": {"aws_licensemanager_grant": ""},
    "mediastore": {"aws_media_store_container_policy": ""},
    "network-firewall": {"aws_networkfirewall_resource_policy": ""},
    "oam": {"aws_oam_sink_policy": ""},
    "organizations": {"aws_organizations_resource_policy": ""},
    "rds": {
        "aws_db_cluster_snapshot": "shared_accounts", "aws_db_snapshot": "shared_accounts",
        "aws_db_snapshot_copy": "shared_accounts", "aws_rds_cluster_snapshot_copy": "shared_accounts",
    },
    "redshift": {
        "aws_redshift_data_share_authorization": "", "aws_redshift_endpoint_authorization": "",
        "aws_redshift_resource_policy": "",
    },
    "redshift-serverless": {"aws_redshiftserverless_resource_policy": ""},
    "route53": {"aws_route53_vpc_association_authorization": ""},
    "sagemaker": {"aws_sagemaker_model_package_group_policy": ""},
    "schemas": {"aws_schemas_registry_policy": ""},
    "servicecatalog": {"aws_servicecatalog_portfolio_share": ""},
    "signer": {"aws_signer_signing_profile_permission": ""},
    "ssm": {"aws_ssm_document": "permissions"},
    "vpc-lattice-svcs": {"aws_vpclattice_auth_policy": ""},
    "vpc-lattice": {"aws_vpclattice_resource_policy": ""},
    "xray": {"aws_xray_resource_policy": ""},
}  # fmt: skip
#: Canned ACLs that let in nobody but the owner, and the service that writes logs.
_CLOSED: Final = ("private", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write")


def add_guards(account: Account, configuration: Configuration) -> Account:
    """Return an account with what is declared beside its principals: policies of resources, ARNs, and principals
    of whom a part is known."""
    found: dict[str, list[Document]] = {}
    for service, document in (*_list_guards(configuration), *_list_unread(configuration)):
        found.setdefault(service, []).append(document)
    managed = [one for one in configuration.resources if one.mode == "managed"]
    arns = [one.search().get("arn") for one in managed]
    return replace(
        account,
        principals=(*account.principals, *_list_half_known(configuration, account)),
        guards={service: join(each) for service, each in found.items()},
        shares=dict(_list_shares(configuration)),
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


def _list_guards(configuration: Configuration) -> Iterator[tuple[str, Document]]:
    for type_, argument in _OWN.items():
        for resource in configuration.of(type_):
            document = _read_of(resource, argument)
            if document is None and type_.startswith("aws_kms_") and not _is_put_on(resource, configuration):
                document = _trust_account(resource)
            if document is not None:
                yield _name_service(type_), document
    for type_, named in _PUT.items():
        for resource in configuration.of(type_):
            yield _name_service(type_), _read_of(resource, "policy", named) or Document()
    for type_, (service, argument) in _WIDE.items():
        for resource in configuration.of(type_):
            yield service, _read_of(resource, argument, None) or Document()
    yield from (("lambda", document) for document in list_function_policies(configuration))


def _list_unread(configuration: Configuration) -> Iterator[tuple[str, Document]]:
    for service, types in _OTHERWISE.items():
        for resource in configuration.of(*types):
            if _lets_in(resource, types[resource.type]):
                bounded = resource.type in _OPENING or types[resource.type] == "acl"
                actions = OPENED[service] if bounded else (f"{service}:*",)
                reason = f"whom {resource.address} lets in is not followed here"
                yield service, leave_open(reason, ("*",), actions, denies=not bounded)


def _list_shares(configuration: Configuration) -> Iterator[tuple[str, str]]:
    """Yield each service of which something is opened to others than this account's users and roles, and by what."""
    shared = [(service, one, types[one.type]) for service, types in _SHARED.items() for one in configuration.of(*types)]
    for share in configuration.of("aws_ram_resource_association"):
        arn = share.search().get("resource_arn")
        services = [arn.split(":")[2]] if isinstance(arn, str) and arn.count(":") > 4 else SHAREABLE
        shared += [(service, share, "") for service in services]
    for service, resource, argument in shared:
        if _lets_in(resource, argument):
            yield service, f"whom {resource.address} lets in is not followed here"


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


def _read_of(resource: Resource, argument: str, named: tuple[str, ...] | None = ()) -> Document | None:
    """Return a policy, each statement about what it is put on; None where nothing is written.

    It is put on the resource itself, or on what is ``named``: an argument and a type. None is all of a service.
    """
    try:
        if not resource.has(argument):
            return None
        document = _read(resource, argument, resource, read_document)
    except Unresolved as error:
        document = Document(unread=str(error))
    if named is None:
        return document
    try:
        arns = [_arn(one) for one in (resource.related(*named) if named else (resource,))]
    except Unresolved as error:
        return Document(unread=str(error))
    if not arns:
        return Document(unread=document.unread or f"{resource.address}: what its policy is put on is not known")
    if document.unread:
        return leave_open(document.unread, arns)
    return Document(tuple(pin(statement, arns) for statement in document.statements))


def _trust_account(key: Resource) -> Document:
    """Return the policy of a key that none is written for: it leaves it to the policies of its account."""
    try:
        arn = _arn(key)
    except Unresolved as error:
        return Document(unread=str(error))
    root = f"arn:{arn.split(':')[1]}:iam::{arn.split(':')[4]}:root"
    written = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": arn}
    return read_document({"Version": "2012-10-17", "Statement": written}, f"{key.address}, by default,")
