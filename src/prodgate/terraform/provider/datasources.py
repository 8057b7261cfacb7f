"""Answers data sources and functions: from what is known, else with recognisable inventions that are written down."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...semantics.json_texts import read_json
from . import MARK
from .schema import Block, encode_field
from .synthesis import Settings, dns_suffix, partition
from .values import UNKNOWN, drop_unset, empty_block, holds_unknown, is_unknown

# ── The functions of the AWS provider: `provider::aws::arn_parse` and the others

ARN_PARTS: Final = ("partition", "service", "region", "account_id", "resource")


class ArgumentError(Exception):
    """An argument that the function can't use; `position` counts from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Function:
    """A provider function: the names of its parameters and their type, the type it returns, and what it does."""

    parameters: tuple[str, ...]
    returns: Any
    call: Callable[..., Any]
    takes: str = "string"


def split_arn(arn: str) -> dict[str, str]:
    """Return the parts of an ARN. Raises ArgumentError when it has not six."""
    prefix, *parts = arn.split(":", len(ARN_PARTS))
    if prefix != "arn" or len(parts) != len(ARN_PARTS):
        raise ArgumentError(f"{arn!r} is not an ARN; it has the form arn:partition:service:region:account:resource")
    return dict(zip(ARN_PARTS, parts, strict=True))


def _build(*parts: str) -> str:
    return ":".join(("arn", *parts))


def _trim(arn: str) -> str:
    parts = split_arn(arn)
    kind, *path = parts["resource"].split("/")
    if parts["service"] != "iam" or kind != "role" or not path:
        raise ArgumentError(f"{arn!r} is not the ARN of an IAM role")
    return _build(*(parts[name] for name in ARN_PARTS[:-1]), f"role/{path[-1]}")


def _user_agent(product: str, version: str, comment: str) -> str:
    named = f"{product}/{version}" if version else product
    return f"{named} ({comment})" if comment else named


AWS_FUNCTIONS: Final[Mapping[str, Function]] = {
    "arn_build": Function(("partition", "service", "region", "account_id", "resource"), "string", _build),
    "arn_parse": Function(("arn",), ["object", dict.fromkeys(ARN_PARTS, "string")], split_arn),
    "trim_iam_role_path": Function(("arn",), "string", _trim),
    "user_agent": Function(("product_name", "product_version", "comment"), "string", _user_agent),
}
#: Those of the provider that core has in itself: what they return is not computed here.
BUILT_IN_FUNCTIONS: Final[Mapping[str, Function]] = {
    "decode_tfvars": Function(("src",), "dynamic", lambda _: UNKNOWN),
    "encode_expr": Function(("expr",), "string", lambda _: UNKNOWN, "dynamic"),
    "encode_tfvars": Function(("value",), "string", lambda _: UNKNOWN, "dynamic"),
}


def describe(function: Function) -> Any:
    """Return the message that tells core the signature of a function."""
    from .wire import CLASSES  # noqa: PLC0415  the provider's own process alone speaks the protocol

    parameters = [
        CLASSES["Parameter"](name=name, type=json.dumps(function.takes).encode()) for name in function.parameters
    ]
    returns = CLASSES["Return"](type=json.dumps(function.returns).encode())
    return CLASSES["Function"](**{"parameters": parameters, "return": returns})


def encode_functions(functions: Mapping[str, Function]) -> bytes:
    """Return the functions as they stand in the answer to GetProviderSchema."""
    entries = (
        encode_field(1, name) + encode_field(2, describe(each).SerializeToString()) for name, each in functions.items()
    )
    return b"".join(encode_field(7, entry) for entry in entries)


# ── `data "aws_iam_policy_document"`, rendered as the real provider does, to the byte

OLD_VERSION: Final = "2008-10-17"
VERSION: Final = "2012-10-17"
_LISTS: Final = (
    ("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource"), ("not_resources", "NotResource"),
)  # fmt: skip
_PRINCIPALS: Final = (("principals", "Principal"), ("not_principals", "NotPrincipal"))
_ORDER: Final = (
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
)  # fmt: skip

Document = dict[str, Any]


class PolicyError(Exception):
    """A policy document that the real provider refuses; the text is its message."""


def render(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return the document as (indented, minified) JSON. Raises PolicyError."""
    document: Document = {"Version": "", "Id": "", "Statement": []}
    sids: set[str] = set()
    for index, text in enumerate(_drop_empty(config.get("source_policy_documents"))):
        source = _parse_document(text, "source_policy_documents", index)
        for sid in (each.get("Sid") for each in source["Statement"]):
            if sid and sid in sids:
                raise PolicyError(
                    f"duplicate Sid ({sid}) in source_policy_documents (item {index}; check previous items)"
                )
            sids.update([sid] if sid else [])
        _merge(document, source)
    _merge(document, _build_document(config))
    for index, text in enumerate(_drop_empty(config.get("override_policy_documents"))):
        _merge(document, _parse_document(text, "override_policy_documents", index))
    shown = {key: value for key, value in document.items() if value}
    return _escape_like_go(json.dumps(shown, indent=2, ensure_ascii=False)), _escape_like_go(
        json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
    )


def document_id(text: str) -> str:
    """Return the id that the real provider gives a document."""
    return str(zlib.crc32(text.encode()))


def _build_document(config: Mapping[str, Any]) -> Document:
    version = config.get("version") or VERSION
    statements, sids = [], set()
    for block in config.get("statement") or ():
        sid = block.get("sid") or ""
        if sid in sids:
            raise PolicyError(f"duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.")
        sids.update([sid] if sid else [])
        statements.append(build_statement(block, version))
    return {"Version": version, "Id": config.get("policy_id") or "", "Statement": statements}


def build_statement(block: Mapping[str, Any], version: str) -> Document:
    """Return a statement of a document by the block that states it."""
    statement: Document = {"Sid": block.get("sid") or "", "Effect": block.get("effect") or "Allow"}
    for argument, key in _LISTS:
        if block.get(argument):
            values = _one_or_sorted(block[argument])
            statement[key] = _replace_variables(values, version) if "esource" in key else values
    for argument, key in _PRINCIPALS:
        if block.get(argument):
            statement[key] = _build_principals(block[argument], version)
    if block.get("condition"):
        statement["Condition"] = _build_conditions(block["condition"], version)
    return {key: statement[key] for key in _ORDER if statement.get(key)}


def _one_or_sorted(values: Sequence[str]) -> Any:
    """One value as text; several in descending order, as the real provider puts them."""
    return values[0] if len(values) == 1 else sorted(values, key=str.encode, reverse=True)


def _build_principals(blocks: Sequence[Mapping[str, Any]], version: str) -> Any:
    found: dict[str, Any] = {}
    if len(blocks) == 1 and blocks[0]["type"] == "*" and blocks[0]["identifiers"] == ["*"]:
        return "*"
    for block in blocks:
        identifiers = _replace_variables(_one_or_sorted(block["identifiers"]), version)
        if (before := found.get(block["type"])) is None:
            found[block["type"]] = identifiers
        else:
            found[block["type"]] = [*_as_list(before), *_as_list(identifiers)]
    return dict(sorted(found.items()))


def _build_conditions(blocks: Sequence[Mapping[str, Any]], version: str) -> Any:
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        values = _replace_variables(block["values"][0] if len(block["values"]) == 1 else list(block["values"]), version)
        variables = found.setdefault(block["test"], {})
        before = variables.get(block["variable"])
        variables[block["variable"]] = values if before is None else [*_as_list(before), *_as_list(values)]
    return {test: dict(sorted(variables.items())) for test, variables in sorted(found.items())}


def _replace_variables(value: Any, version: str) -> Any:
    """Turn `&{aws:username}`, which Terraform does not take for its own, into the IAM policy variable."""
    if isinstance(value, list):
        return [_replace_variables(each, version) for each in value]
    if "&{" in value and version == OLD_VERSION:
        raise PolicyError(f"found &{{ sequence in ({value}), which is not supported in document version {version}")
    return value.replace("&{", "${")


def _merge(document: Document, newer: Document) -> None:
    """Put a document over another: statements with the same Sid are replaced in place, others appended."""
    document["Id"] = newer["Id"] or document["Id"]
    document["Version"] = max(document["Version"], newer["Version"])
    places = {each["Sid"]: index for index, each in enumerate(document["Statement"]) if each.get("Sid")}
    for statement in newer["Statement"]:
        if (place := places.get(statement.get("Sid", ""))) is None:
            document["Statement"].append(statement)
        else:
            document["Statement"][place] = statement


def _parse_document(text: str, argument: str, index: int) -> Document:
    try:
        found = read_json(text)
        statements = found.get("Statement") or []
        ordered = [_normalise(each) for each in ([statements] if isinstance(statements, dict) else statements)]
    except (ValueError, AttributeError) as error:
        raise PolicyError(f"merging {argument} (item {index}): it is not a policy document: {error}") from error
    return {"Version": found.get("Version") or "", "Id": found.get("Id") or "", "Statement": ordered}


def _normalise(statement: Mapping[str, Any]) -> Document:
    """A statement read from JSON, with its parts in the provider's order."""
    found = dict(statement)
    for key in ("Principal", "NotPrincipal"):
        if isinstance(found.get(key), dict):
            found[key] = {
                kind: sorted(each, key=str.encode, reverse=True) if isinstance(each, list) else each
                for kind, each in sorted(found[key].items())
            }
    if isinstance(found.get("Condition"), dict):
        found["Condition"] = {
            test: {variable: _flatten(value) for variable, value in sorted(each.items())}
            for test, each in sorted(found["Condition"].items())
        }
    return {key: found[key] for key in _ORDER if found.get(key)}


def _flatten(value: Any) -> Any:
    """The value of a condition that was read from JSON: text, or a list of more than one."""
    if isinstance(value, bool):
        return str(value).lower()
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _drop_empty(value: Any) -> list[str]:
    return [each for each in value or () if each]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _escape_like_go(text: str) -> str:
    """Write the characters that Go's encoder escapes in JSON the same way."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


# Data sources that can be answered without an account: AWS publishes the answer, or it follows from the settings.

#: Result of a reader: the values that it knows. All other values of the type are invented.
Values = dict[str, Any]
#: Accounts of the load balancers that write access logs, by region.
BALANCER_ACCOUNTS: Final = {
    "us-east-1": "127311923021", "us-east-2": "033677994240", "us-west-1": "027434742980", "us-west-2": "797873946194",
    "af-south-1": "098369216593", "ap-east-1": "754344448648", "ap-south-1": "718504428378",
    "ap-northeast-1": "582318560864", "ap-northeast-2": "600734575887", "ap-northeast-3": "383597477331",
    "ap-southeast-1": "114774131450", "ap-southeast-2": "783225319266", "ca-central-1": "985666609251",
    "eu-central-1": "054676820928", "eu-west-1": "156460612806", "eu-west-2": "652711504416",
    "eu-west-3": "009996457667", "eu-north-1": "897822967062", "eu-south-1": "635631232127",
    "me-south-1": "076674570225", "sa-east-1": "507241528517",
}  # fmt: skip
#: Policies that CloudFront itself provides, by type and name.
MANAGED: Final = {
    "aws_cloudfront_cache_policy": {
        "Managed-CachingOptimized": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "Managed-CachingDisabled": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "Managed-CachingOptimizedForUncompressedObjects": "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
    },
    "aws_cloudfront_origin_request_policy": {
        "Managed-AllViewer": "216adef6-5c7f-47e4-b989-5492eafa07d3",
        "Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        "Managed-CORS-S3Origin": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
        "Managed-CORS-CustomOrigin": "59781a5b-3903-41f3-afcb-af62929ccde1",
    },
    "aws_cloudfront_response_headers_policy": {
        "Managed-SecurityHeadersPolicy": "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "Managed-SimpleCORS": "60669652-455b-4ae9-85a4-c4c02393f86c",
        "Managed-CORS-and-SecurityHeadersPolicy": "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    },
}


def _region(config: Mapping[str, Any], settings: Settings) -> str:
    return config.get("region") or settings.region


def _policy_document(config: Mapping[str, Any], _settings: Settings) -> Values:
    text, minified = render(config)
    return {"id": document_id(text), "json": text, "minified_json": minified}


def _caller_identity(_config: Mapping[str, Any], settings: Settings) -> Values:
    return {
        **dict.fromkeys(("id", "account_id", "user_id"), settings.account),
        "arn": f"arn:{settings.partition}:iam::{settings.account}:root",
    }


def _this_region(config: Mapping[str, Any], settings: Settings) -> Values:
    region = config.get("region") or config.get("name") or settings.region
    return {
        **dict.fromkeys(("id", "name", "region", "description"), region),
        "endpoint": f"ec2.{region}.{dns_suffix(region)}",
    }


def _this_partition(_config: Mapping[str, Any], settings: Settings) -> Values:
    suffix = dns_suffix(settings.region)
    return {
        "id": settings.partition,
        "partition": settings.partition,
        "dns_suffix": suffix,
        "reverse_dns_prefix": ".".join(reversed(suffix.split("."))),
    }


def _service_principal(config: Mapping[str, Any], settings: Settings) -> Values:
    region, service = _region(config, settings), config.get("service_name")
    return {
        "id": f"{service}.{region}.amazonaws.com",
        "name": f"{service}.amazonaws.com",
        "service_name": service,
        "suffix": "amazonaws.com",
    }


def _balancer_account(config: Mapping[str, Any], settings: Settings) -> Values:
    account = BALANCER_ACCOUNTS.get(_region(config, settings))
    return {"id": account, "arn": f"arn:{settings.partition}:iam::{account}:root"} if account else {}


def _session_context(config: Mapping[str, Any], _settings: Settings) -> Values:
    arn = config["arn"]
    if not (assumed := re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/(.+)/([^/]+)", arn)):
        return {"id": arn, "issuer_arn": arn, "issuer_id": "", "issuer_name": "", "session_name": ""}
    where, account, role, session = assumed.groups()
    return {
        "id": arn,
        "issuer_arn": f"arn:{where}:iam::{account}:role/{role}",
        "issuer_name": role.rpartition("/")[2],
        "session_name": session,
    }


def _arn(config: Mapping[str, Any], _settings: Settings) -> Values:
    parts = split_arn(config["arn"])
    return {"id": config["arn"], "account": parts.pop("account_id"), **parts}


def _zones(config: Mapping[str, Any], settings: Settings) -> Values:
    """Every region has zones of these names; which of them the account may use is known where the criteria say so."""
    region = _region(config, settings)
    area, direction, number = region.rsplit("-", 2)
    short = f"{area.replace('-', '')}{''.join(word[0] for word in _DIRECTION.findall(direction))}{number}"
    excluded = set(config.get("exclude_names") or ())
    there = _list_stated_zones(region, settings) or [f"{region}{letter}" for letter in "abc"]
    names = [name for name in there if name not in excluded]
    return {
        "id": region,
        "names": names,
        "zone_ids": [f"{short}-az{index}" for index, _ in enumerate(names, start=1)],
        "group_names": [region],
    }


def _list_stated_zones(region: str, settings: Settings) -> list[str]:
    return sorted(zone for zone in settings.zones if re.fullmatch(f"{re.escape(region)}[a-z]", zone))


def _states_zones(config: Mapping[str, Any], settings: Settings) -> bool:
    """Whether criteria say which zones a data source names; AWS alone knows those of some kind or state."""
    filters = [(each.get("name"), list(each.get("values") or ())) for each in config.get("filter") or ()]
    narrowed = any(each not in _USUAL for each in filters) or config.get("state") not in (None, "available")
    narrowed = narrowed or bool(config.get("all_availability_zones") or config.get("exclude_zone_ids"))
    return bool(_list_stated_zones(_region(config, settings), settings)) and not narrowed


def _default_tags(_: Mapping[str, Any], settings: Settings) -> Values:
    stated = {} if is_unknown(settings.default_tags) else settings.default_tags
    return {
        "id": settings.partition,
        "tags": {name: f"{MARK}-{name}" if is_unknown(value) else value for name, value in stated.items()},
    }


#: Filters that leave out what has to be opted into, which the zones of a region itself have not.
_USUAL: Final = (
    ("opt-in-status", ["opt-in-not-required"]),
    ("zone-type", ["availability-zone"]),
)
_DIRECTION: Final = re.compile(r"north|south|east|west|central")
Reader = Callable[[Mapping[str, Any], Settings], Values]
READERS: Final[Mapping[str, Reader]] = {
    "aws_arn": _arn,
    "aws_availability_zones": _zones,
    "aws_caller_identity": _caller_identity,
    "aws_default_tags": _default_tags,
    "aws_elb_service_account": _balancer_account,
    "aws_iam_policy_document": _policy_document,
    "aws_iam_session_context": _session_context,
    "aws_partition": _this_partition,
    "aws_region": _this_region,
    "aws_service_principal": _service_principal,
}


#: What an answer is taken from, and what of it no setting says.
BY_ACCOUNT: Final = frozenset({"aws_caller_identity"})
BY_REGION: Final = frozenset({"aws_region", "aws_partition", "aws_elb_service_account", "aws_service_principal"})
NEVER_STATED: Final = {
    "aws_availability_zones": frozenset({"names", "zone_ids", "group_names"}),
    "aws_caller_identity": frozenset({"arn", "user_id"}),
    "aws_region": frozenset({"description"}),
}


#: What of an answer nobody can state either, so that not even a text may hold it.
UNSTATABLE: Final = {kind: names for kind, names in NEVER_STATED.items() if kind != "aws_availability_zones"}


def find_unstated(kind: str, known: Mapping[str, Any], config: Mapping[str, Any], settings: Settings) -> set[str]:
    """Return which of the known values of a data source neither its configuration nor the provider's states."""
    if kind == "aws_default_tags" and holds_unknown(settings.default_tags):
        return {"tags"}
    region = settings.states_region or bool(config.get("region"))
    region = region or (kind == "aws_region" and bool(config.get("name")))
    asked = kind in BY_ACCOUNT or kind in BY_REGION or kind in NEVER_STATED
    assumed = {"region"} & set(known) if asked and not region else set()
    if (kind in BY_ACCOUNT and not settings.states_account) or (kind in BY_REGION and not region):
        return assumed | set(known) - {"region"}
    never = NEVER_STATED.get(kind, frozenset())
    if kind == "aws_availability_zones" and _states_zones(config, settings):
        never = never - {"names"}
    return assumed | never & set(known)


def find_known_values(kind: str, config: Mapping[str, Any], settings: Settings) -> Values:
    """Return what is known of a data source. Raises PolicyError for a policy document that AWS would refuse."""
    if kind in MANAGED:
        found = MANAGED[kind].get(config.get("name") or "")
        return {"id": found, "name": config["name"]} if found else {}
    return READERS[kind](config, settings) if kind in READERS else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of a data source, and which attributes nobody could know."""

    values: dict[str, Any]
    invented: tuple[str, ...]


def answer_data_source(
    kind: str, block: Block, config: Mapping[str, Any], settings: Settings, seen: Mapping[str, Any] | None = None
) -> Answer:
    """Answer a data source, with what was seen where something was. Raises PolicyError for a policy document that AWS
    would refuse.
    """
    digest = hashlib.sha256(json.dumps([kind, drop_unset(config)], sort_keys=True).encode()).hexdigest()[:12]
    invention = _Invention(kind, digest, config.get("region") or settings.region, settings.account)
    known = (find_known_values(kind, config, settings) if seen is None else dict(seen)) | {"region": invention.region}
    values = {**empty_block(block), **config}
    for name in known.keys() & block["attributes"].keys():
        values[name] = known[name] if values[name] is None else values[name]
    unstated = find_unstated(kind, known, config, settings) if seen is None else set()
    invented = sorted(unstated & block["attributes"].keys())
    for name, attribute in block["attributes"].items():
        if attribute.get("computed") and values[name] is None:
            values[name] = invention.value(name, attribute["type"])
            invented.append(name)
    for name, nested in block["block_types"].items():
        invented += [f"{name}.{path}" for path in _fill(nested, values, name, invention)]
    return Answer(values, tuple(invented))


def _fill(nested: Mapping[str, Any], values: dict[str, Any], name: str, invention: _Invention) -> Iterator[str]:
    """Fill computed attributes inside blocks that are given; yield their names."""
    found = values[name] if isinstance(values[name], list) else [values[name]] if values[name] else []
    for block in found:
        for inner, attribute in nested["block"]["attributes"].items():
            if attribute.get("computed") and not attribute.get("optional") and block.get(inner) is None:
                block[inner] = invention.value(inner, attribute["type"])
                yield inner


@dataclass(frozen=True, slots=True)
class _Invention:
    """Makes up the values of one data source."""

    kind: str
    digest: str
    region: str
    account: str

    def value(self, name: str, type_: Any) -> Any:
        """Return text with a mark for text, exactly one element for lists of text, a number for numbers.

        A number and a bool carry no mark: what they come from says that they were made up. With null for them, a
        configuration that computes with one could not be planned.
        """
        if type_ == "string":
            return self._text(name)
        if type_ in ("number", "bool"):
            return 1 if type_ == "number" else False
        if isinstance(type_, list) and type_[0] in ("list", "set"):
            return [self._text(name)] if type_[1] == "string" else self._objects(type_[1])
        return {} if isinstance(type_, list) and type_[0] == "map" else None

    def _objects(self, element: Any) -> list[Any]:
        """One element for a list of objects, so that `[0]` and for_each over it find something."""
        of_objects = isinstance(element, list) and element[0] == "object"
        return [{name: self.value(name, inner) for name, inner in element[1].items()}] if of_objects else []

    def _text(self, name: str) -> str:
        if name == "arn" or name.endswith(("_arn", "arns")):
            service = self.kind.removeprefix("aws_").partition("_")[0]
            return f"arn:{partition(self.region)}:{service}:{self.region}:{self.account}:{MARK}/{self.digest}"
        if name in ("account_id", "owner_id"):
            return self.account
        if name in ("json", "policy", "assume_role_policy", "minified_json") or name.endswith("_json"):
            return json.dumps({"Version": "2012-10-17", "Statement": [], "Id": f"{MARK}-{self.digest}"})
        if name.endswith("cidr_block"):
            return "10.255.255.0/24"
        return f"{MARK}-{self.digest}-{name}".replace("_", "-")
