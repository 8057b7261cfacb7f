"""Declaring an adapter: a row of calls in which AWS's own model finds Terraform's arguments, or a function."""

from collections.abc import Callable, Collection, Mapping
from string import Formatter
from typing import Any, Final, Protocol


class Clients(Protocol):
    """Clients of the rehearsal account: ``aws("sns")``, in the resource's region unless another is named."""

    account: str
    """The account, 12 digits."""
    region: str

    def __call__(self, service: str, region: str = "") -> Any:
        """Return a boto3 client."""
        ...


#: The declared values of a resource, or of one block of it: every argument and block, blocks as lists of mappings, with
#: None for values that are left to AWS.
Declared = Mapping[str, Any]
#: Creates one declared resource and returns the attributes that AWS decides (``id``, ``arn``, ...).
Adapter = Callable[[Declared, Clients], Mapping[str, Any]]
#: The source of a member of AWS's input: the argument of this name, or a function of all arguments.
Source = str | Callable[[Any], Any] | None

ADAPTERS: dict[str, Adapter] = {}
#: Each call of a row, with the members of its input that the row states.
CALLS: list[tuple[str, Collection[str]]] = []
#: The source of a structure that Terraform has no block for: the arguments beside it fill it.
ITSELF: Final = "."
#: The provider's placeholder where a description is required and nobody gives one.
MANAGED: Final = "Managed by Terraform"
_UNSTATED: Final[tuple[Any, ...]] = (None, "", [], {}, ())


# ── Rows: the results of one or more calls


def call(
    operation: str,
    returned: Mapping[str, Any],
    *,
    region: str = "",
    when: Source = None,
    only: bool = False,
    **sources: Source,
) -> Adapter:
    """Return an adapter that makes one call, such as ``iam.create_user``.

    A member of the call's input takes the argument of the same name: ``VpcId`` is ``vpc_id``, ``Rules`` are the blocks
    ``rule``, ``Tags`` are ``tags_all``. ``sources`` maps members with other names, at any depth, and has None for those
    that are not sent. ``returned`` holds templates over AWS's response, the declared values, ``account`` and
    ``region``; a template of a single field keeps its type, and a function computes a value from all of them. The call
    is left out unless ``when`` finds something; with ``only``, it sends only members in ``sources``.
    """
    service, _, name = operation.partition(".")
    CALLS.append((operation, sources))

    def create(declared: Declared, aws: Clients) -> Mapping[str, Any]:
        known = {**declared, "account": aws.account, "region": aws.region}
        if when is not None and not _read(known, when):
            return {}
        client = aws(service, region)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name])
        # the region states where a resource is, and nothing about it
        others = dict.fromkeys(model.input_shape.members if only else ("Region",))
        known |= getattr(client, name)(**_structure(known, model.input_shape, {**others, **sources}))
        return {attribute: _fill(template, known) for attribute, template in returned.items()}

    return create


def then(*steps: Adapter) -> Adapter:
    """Return an adapter of several steps; each sees the results of those before it."""

    def create(declared: Declared, aws: Clients) -> Mapping[str, Any]:
        decided: dict[str, Any] = {}
        for step in steps:
            decided |= step({**declared, **decided}, aws)
        return decided

    return create


def for_each(blocks: Source, step: Adapter) -> Adapter:
    """Return an adapter that takes a step for each block of a kind; the block's arguments hide the resource's."""

    def create(declared: Declared, aws: Clients) -> Mapping[str, Any]:
        for each in _read({**declared, "region": aws.region}, blocks) or ():
            step({**declared, **each}, aws)
        return {}

    return create


def either(argument: str, otherwise: Any) -> Source:
    """Return the source of a member that is sent with a default where nothing is declared."""
    return lambda declared: declared.get(argument) or otherwise


def one_of(*arguments: str) -> Source:
    """Return the source of a member that several blocks have under different names."""
    return lambda declared: next((declared[name] for name in arguments if declared.get(name)), None)


def always(value: Any) -> Source:
    """Return the source of a member that is the same in each call."""
    return lambda _declared: value


def where(**filters: str) -> Source:
    """Return the source of EC2 filters, such as ``vpc_id="id"``: the name of each, and the argument with its value."""
    return lambda declared: [
        {"Name": name.replace("_", "-"), "Values": [declared.get(argument, argument)]}
        for name, argument in filters.items()
    ]


def tagged(kind: str) -> Source:
    """Return the source of a resource's tags as EC2 takes them while it creates the resource."""
    return lambda declared: [{"ResourceType": kind, "Tags": tags(declared)}] if tags(declared) else None


def _read(declared: Declared, source: Source) -> Any:
    return declared[source] if isinstance(source, str) else source(declared) if source else None


def _fill(template: Any, known: Mapping[str, Any]) -> Any:
    if not isinstance(template, str):
        return template(known) if callable(template) else template
    (text, field, _spec, _conversion), *more = [*Formatter().parse(template)] or [("", None, None, None)]
    if text or more or field is None:
        return template.format_map(known)
    return Formatter().get_field(field, (), known)[0]


# ── Terraform's arguments in the terms of AWS's model


def text(value: Any) -> str:
    """Return a Terraform value as AWS's API writes it where it takes a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)


#: Conversions of a plain value to AWS's types; Terraform may write each of them as a text.
_PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "blob": str.encode,
    "boolean": lambda value: text(value) == "true",
    "double": float,
    "float": float,
    "integer": int,
    "long": int,
    "string": text,
}


def translate(declared: Any, shape: Any, sources: Mapping[str, Source]) -> Any:
    """Return declared arguments as the API's ``shape`` requires them.

    A map becomes a list of pairs where AWS lists it, and a single value a list or the first member of a structure.
    """
    kind, pairs = shape.type_name, isinstance(declared, Mapping)
    if kind == "structure":
        return _translate_block(declared, shape, sources)
    if kind == "map":
        return {name: translate(value, shape.value, sources) for name, value in declared.items()}
    if kind == "list" and pairs and shape.member.type_name == "structure":
        key, value = [*shape.member.members][:2]
        return [{key: name, value: text} for name, text in declared.items()]
    if kind == "list":
        several = declared if isinstance(declared, list | tuple | set | frozenset) else [declared]
        return [translate(one, shape.member, sources) for one in several]
    return _PLAIN.get(kind, lambda value: value)(declared)


def _translate_block(declared: Any, shape: Any, sources: Mapping[str, Source]) -> dict[str, Any]:
    """Return a block, or the value that stands for one in Terraform; an empty block is an empty structure."""
    block = declared[0] if isinstance(declared, list) else declared
    if {"Quantity", "Items"} <= shape.members.keys() and isinstance(declared, list):
        listed = (block["items"] or []) if isinstance(block, Mapping) and "items" in block else declared
        return omit_empty(Quantity=len(listed), Items=translate(listed, shape.members["Items"], sources))
    if isinstance(block, Mapping | None):
        return _structure(block, shape, sources)
    name = next(iter(shape.required_members or shape.members))
    return {name: translate(declared, shape.members[name], sources)}


def _structure(declared: Declared | None, shape: Any, sources: Mapping[str, Source]) -> dict[str, Any]:
    plain = {argument.replace("_", ""): value for argument, value in (declared or {}).items()}
    sent = {}
    for name, member in shape.members.items():
        source = sources.get(name, name)
        if source == ITSELF:
            inner = translate([declared] if member.type_name == "list" else declared, member, sources)
            if inner or name in shape.required_members:
                sent[name] = inner
        elif callable(source):
            if (made := source(declared)) is not None:
                sent[name] = made
        elif source is not None:
            argument = _find(plain, source)
            if plain and not argument and name in sources:
                given = ", ".join(declared or ())
                raise KeyError(f"{name}: there is no argument {source!r} in {given}")
            if (found := plain.get(argument)) not in _UNSTATED:
                sent[name] = translate(found, member, sources)
            elif member.type_name == "list" and name in shape.required_members:
                sent[name] = []
    return sent


def _find(plain: Mapping[str, Any], name: str) -> str:
    """Return the argument that matches a member's name, ignoring underscores; an empty text if there is none."""
    wanted = name.replace("_", "").lower()
    alike = ("tagsall", "tags") if wanted == "tags" else (wanted, wanted.removesuffix("s"))
    return next((argument for argument in alike if argument in plain), "")


def omit_empty(**arguments: Any) -> dict[str, Any]:
    """Return the arguments that are set: AWS's API expects unset ones to be left out."""
    return {name: value for name, value in arguments.items() if value not in _UNSTATED}


def tags(declared: Declared) -> list[dict[str, str]]:
    """Return a resource's tags, with the provider's default ones, as the list that most services take."""
    return [{"Key": name, "Value": value} for name, value in (declared.get("tags_all") or {}).items()]


def first(blocks: Any) -> Declared:
    """Return the only block of a kind; an empty one if there is none."""
    found: Declared = next(iter(blocks or ()), {})
    return found
