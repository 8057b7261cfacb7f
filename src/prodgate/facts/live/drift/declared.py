"""Drift: whether what is live is the same as declared, attribute by attribute, and nothing is undeclared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ....aws.account import Account
from ....aws.answers import Missing, Unread, Unreadable
from ... import Fact
from ...observers import all_apart, observes, reads
from ..distributions import GLOBAL
from . import counterparts_data, counterparts_edge, counterparts_serving, counterparts_watching
from .counterpart import Counterpart, Place, Unnamed, find_unread, normalise, read_path

reads("resourcegroupstaggingapi", "GetResources")

TABLE: Final = (
    *counterparts_data.TABLE,
    *counterparts_edge.TABLE,
    *counterparts_serving.TABLE,
    *counterparts_watching.TABLE,
)
#: Types with ids that AWS assigns: a declared value that contains one of a resource not found live can't be compared.
_REFERENCED_TYPES: Final = (
    "aws_acm_certificate", "aws_cloudfront_distribution", "aws_kms_key", "aws_lb", "aws_lb_target_group",
    "aws_security_group", "aws_subnet", "aws_vpc", "aws_wafv2_web_acl",
)  # fmt: skip
#: Shorter parts of an id, such as version numbers, may have another meaning elsewhere.
_SHORTEST_PART: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeclaredResource(Fact):
    """A declared resource of a type in the table; ``subject`` is its address."""

    live: str
    """The live resource: its ARN or another name; empty if AWS has none."""
    differences: tuple[str, ...]
    """Attributes that differ: path, declared value, live value."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TaggedResource(Fact):
    """A live resource with the tags that every declared one has, of a kind in the table; ``subject`` is its ARN."""

    declared: bool
    """Whether it is live for a declared resource."""


@dataclass(frozen=True, slots=True)
class _Pair:
    counterpart: Counterpart
    address: str
    declared: Mapping[str, Any]
    live: Mapping[str, Any] | Unread | None
    named: bool = True
    """Whether it can be looked up; other criteria ask for what only an apply names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ids:
    """Parts of ids that AWS assigns and for which the plan has placeholders."""

    live: Mapping[str, str]
    """Placeholder -> real part."""
    unread: Mapping[str, Unread]
    """Placeholders of what could not be read."""
    made_up: set[str]


@observes(DeclaredResource)
def observe_declared(account: Account) -> Iterator[DeclaredResource]:
    """Look up every declared resource of the table that has a name before an apply, and compare both."""
    pairs = account.once(_pairs)
    ids = _Ids(
        live=dict(pair for one in pairs for pair in _translations(one)),
        unread=dict(pair for one in pairs for pair in _untranslatable(one)),
        made_up=_list_made_up_ids(account),
    )
    for pair in (one for one in pairs if one.named):
        live = pair.live if isinstance(pair.live, Unread) else _name(pair) if pair.live else ""
        differences = account.attempt(_list_differences, pair, ids) if pair.live else ()
        yield DeclaredResource(subject=pair.address, live=live, differences=differences)  # type: ignore[arg-type]


@observes(TaggedResource)
def observe_tagged(account: Account) -> Iterator[TaggedResource]:
    """Look at every live resource that carries the tags of the declared ones."""
    pairs, ours = account.once(_pairs), _common_tags(account)
    lost = {pair.counterpart.kind: pair.live for pair in pairs if isinstance(pair.live, Unread)}
    named = {_name(pair) for pair in pairs if pair.live}
    kinds = {one.kind for one in TABLE if one.kind}

    def look(row: Mapping[str, Any]) -> Iterator[TaggedResource]:
        if ours <= {(tag["Key"], tag["Value"]) for tag in row["Tags"]} and (kind := _kind(row["ResourceARN"])) in kinds:
            declared: Any = lost.get(kind, row["ResourceARN"] in named)
            yield TaggedResource(subject=row["ResourceARN"], declared=declared)

    for found in map(all_apart(TaggedResource, look, "ResourceARN"), _list_tagged(account)):
        yield from found


def _pairs(account: Account) -> tuple[_Pair, ...]:
    stated = [(one, address, values) for one in TABLE for address, values in sorted(account.declared(one.type).items())]

    def look_up(each: tuple[Counterpart, str, Mapping[str, Any]]) -> _Pair:
        one, address, values = each
        try:
            found = one.find(_place(account, values), values)
            # what an answer leaves out can't be looked into; that it is not known can
            return _Pair(one, address, values, Unread(found.reason) if isinstance(found, Missing) else found)
        except Unreadable as error:
            return _Pair(one, address, values, Unread(error.reason), named=not isinstance(error, Unnamed))

    return account.each(look_up, stated)


def _place(account: Account, declared: Mapping[str, Any]) -> Place:
    region = declared.get("region")
    return Place(account, region if isinstance(region, str) and region else account.region)


def _name(pair: _Pair) -> str:
    name = read_path(pair.live, pair.counterpart.identity[1])
    return str(name or pair.address).removesuffix(":*")


def _translations(pair: _Pair) -> Iterator[tuple[str, str]]:
    """Yield the parts of ids that AWS assigns: the placeholder, and the real part."""
    declared, live = pair.declared.get(pair.counterpart.identity[0]), read_path(pair.live, pair.counterpart.identity[1])
    if isinstance(declared, str) and isinstance(live, str):
        parts = _parts(declared), _parts(live.removesuffix(":*"))
        if len(parts[0]) == len(parts[1]):
            yield from ((left, right) for left, right in zip(*parts, strict=True) if len(left) >= _SHORTEST_PART)


def _untranslatable(pair: _Pair) -> Iterator[tuple[str, Unread]]:
    """Yield the placeholders in ids of what could not be read."""
    declared = pair.declared.get(pair.counterpart.identity[0])
    if isinstance(pair.live, Unread) and isinstance(declared, str):
        yield _parts(declared)[-1], pair.live


def _parts(id_: str) -> list[str]:
    return id_.replace("/", ":").split(":")


def _list_made_up_ids(account: Account) -> set[str]:
    """Return the placeholders for ids that other resources refer to."""
    ids = [values.get("id") for type_ in _REFERENCED_TYPES for values in account.declared(type_).values()]
    return {_parts(id_)[-1] for id_ in ids if isinstance(id_, str)}


def _list_differences(pair: _Pair, ids: _Ids) -> tuple[str, ...]:
    """Return the attributes that differ. Raises Unreadable if one needs an answer that is missing."""
    if isinstance(pair.live, Unread):
        raise Unreadable(pair.live.reason)
    found = []
    for path, target in pair.counterpart.same.items():
        where, unset = (target, None) if isinstance(target, str) else target
        wanted = _resolve(read_path(pair.declared, path), unset, ids)
        live = read_path(pair.live, where)
        live = unset if live is None else live
        if wanted is not None and normalise(wanted) != normalise(live):
            found.append(f"{path} is declared {wanted!r} and is {live!r}")
    return tuple(found)


def _resolve(value: Any, unset: Any, ids: _Ids) -> Any:
    """Return a declared value with real ids; None if it is not stated, or only an apply decides it."""
    value = unset if value is None or value == [] else _translate(value, ids.live)
    if find_unread(value):
        return None
    text = repr(value)
    if reasons := [unread.reason for id_, unread in ids.unread.items() if id_ in text]:
        raise Unreadable(reasons[0])
    return None if any(id_ in text for id_ in ids.made_up - set(ids.live)) else value


def _translate(value: Any, ids: Mapping[str, str]) -> Any:
    """Return a declared value with real ids in place of placeholders."""
    if isinstance(value, str):
        separated = value.replace("/", "\0/\0").replace(":", "\0:\0").split("\0")
        return "".join(ids.get(part, part) for part in separated)
    if isinstance(value, Mapping):
        return {key: _translate(item, ids) for key, item in value.items()}
    return [_translate(item, ids) for item in value] if isinstance(value, list) else value


def _common_tags(account: Account) -> set[tuple[str, str]]:
    """Return the tags that every declared resource has. Raises Unreadable if there is none."""
    tags = [values.get("tags_all") for one in TABLE for values in account.declared(one.type).values()]
    stated = [set(one.items()) for one in tags if isinstance(one, Mapping) and find_unread(one) is None]
    common = set.intersection(*stated) if stated else set()
    if not common:
        raise Unreadable("the declared resources share no tag by which others of this system could be known")
    return common


def _list_tagged(account: Account) -> list[Mapping[str, Any]]:
    """Return what has tags, each once, in every region in which something is declared."""
    regions = {_place(account, values).region for one in TABLE for values in account.declared(one.type).values()}
    rows = [
        row
        for region in sorted({account.region, GLOBAL, *regions})
        for row in account.list("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", region=region)
    ]
    different = {row.get("ResourceARN", f" {number}"): row for number, row in enumerate(rows)}
    return [different[name] for name in sorted(different)]


def _kind(arn: str) -> str:
    """Return the service of an ARN, and the resource type if the ARN states one: ``rds:cluster``."""
    service, rest = arn.split(":")[2], arn.split(":", maxsplit=5)[5]
    begins = rest.replace("/", ":").partition(":")
    return f"{service}:{begins[0]}" if begins[1] and service not in ("s3", "sns", "sqs") else service
