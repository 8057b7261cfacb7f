"""Plans a resource, with unknown for all that AWS decides, and creates it through a creator, where one is given."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from .schema import Block
from .synthesis import Identity, Settings, invent, name_unnamed
from .utility_providers import draw_values, name_resource
from .values import UNKNOWN, empty_block, is_unknown, pairs

# Values that the real provider or AWS would decide, and that follow from the configuration all the same.

#: Ports of database engines, by how the name of the engine begins.
PORTS: Final = {
    "aurora-postgresql": 5432, "postgres": 5432, "aurora-mysql": 3306, "mysql": 3306, "mariadb": 3306, "redis": 6379,
    "valkey": 6379, "memcached": 11211, "docdb": 27017, "neptune": 8182, "oracle": 1521, "sqlserver": 1433,
}  # fmt: skip
#: Rules that are managed one by one elsewhere; the provider removes those that AWS would add by itself.
EMPTY_AT_FIRST: Final = {
    "aws_security_group": ("ingress", "egress"),
    "aws_network_acl": ("ingress", "egress"),
    "aws_route_table": ("route",),
}
#: The first of numbers that AWS counts up.
FIRST: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws_ecs_task_definition": {"revision": 1},
    "aws_launch_template": {"latest_version": 1, "default_version": 1},
}
_VALIDATION: Final = ("resource_record_name", "resource_record_type", "resource_record_value")


def decide(kind: str, planned: dict[str, Any], identity: Identity | None) -> None:
    """Fill in `planned` what follows from the rest of it; without an identity, what has it in it is unknown."""
    settled: dict[str, Any] = {name: [] for name in EMPTY_AT_FIRST.get(kind, ())} | dict(FIRST.get(kind, {}))
    if kind in _DECISIONS:
        settled |= _DECISIONS[kind](planned, identity)
    for name, value in settled.items():
        if planned.get(name) is None:
            planned[name] = value


def _certificate(planned: Mapping[str, Any], _identity: Identity | None) -> dict[str, Any]:
    """The domains to validate are known before AWS has said how: the usual for_each is over them."""
    domain, others = planned.get("domain_name"), planned.get("subject_alternative_names")
    if not isinstance(domain, str) or is_unknown(others):
        return {}
    names = list(dict.fromkeys([domain, *(others or [])]))
    if any(map(is_unknown, names)):
        return {}
    return {
        "domain_validation_options": [{"domain_name": name, **dict.fromkeys(_VALIDATION, UNKNOWN)} for name in names],
        "subject_alternative_names": [domain],
    }


def _database(planned: Mapping[str, Any], identity: Identity | None) -> dict[str, Any]:
    """The port follows the engine; AWS can keep the password in a secret."""
    engine = planned.get("engine")
    settled: dict[str, Any] = {}
    if isinstance(engine, str):
        settled["port"] = next((port for start, port in PORTS.items() if engine.startswith(start)), UNKNOWN)
    if planned.get("manage_master_user_password") is True:
        key = planned.get("master_user_secret_kms_key_id")
        template = "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!{uid}"
        arn = identity.fill(template, {}) if identity else UNKNOWN
        settled["master_user_secret"] = [
            {"secret_arn": arn, "secret_status": UNKNOWN, "kms_key_id": UNKNOWN if key is None else key}
        ]
    return settled


def _function(planned: Mapping[str, Any], _identity: Identity | None) -> dict[str, Any]:
    """The first version has a number if there is one."""
    return {"version": UNKNOWN if is_unknown(planned.get("publish")) else "1" if planned.get("publish") else "$LATEST"}


_DECISIONS: Final[Mapping[str, Callable[[Mapping[str, Any], Identity | None], dict[str, Any]]]] = {
    "aws_acm_certificate": _certificate,
    "aws_db_instance": _database,
    "aws_docdb_cluster": _database,
    "aws_elasticache_cluster": _database,
    "aws_elasticache_replication_group": _database,
    "aws_lambda_function": _function,
    "aws_rds_cluster": _database,
}


# Lists which arguments of a resource are null that AWS decides where they are left out.


def list_unset(block: Block, config: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the dotted path, without indices, of each such argument; of blocks of one name, all say so."""
    for name, attribute in block["attributes"].items():
        if attribute.get("optional") and attribute.get("computed") and config.get(name) in (None, []):
            yield f"{path}{name}"
    for name, nested in block["block_types"].items():
        stated = [inner for (inner,) in pairs(nested, config.get(name)) if isinstance(inner, dict)]
        unset = [set(list_unset(nested["block"], each, f"{path}{name}.")) for each in stated]
        yield from sorted(set.intersection(*unset)) if unset else ()


def find_name(values: Mapping[str, Any]) -> str:
    """Return what a planned resource is called by: an id or an ARN that was invented or follows from its name."""
    return next((value for name in ("id", "arn") if isinstance(value := values.get(name), str)), "")


#: What the real provider puts where an object in a list, written as a block, leaves something out.
ZEROS: Final[Mapping[str, Any]] = {"string": "", "bool": False, "number": 0}


def plan_new(
    kind: str, block: Block, proposed: Mapping[str, Any], settings: Settings, identity: Identity | None
) -> dict[str, Any]:
    """Return the planned value of a new resource. `proposed` is the configuration in the shape of the schema.

    Without an identity, what the resource is identified by is open until it is created.
    """
    planned = _apply_provider_settings(block, proposed, settings)
    if identity:
        invent(identity, block, planned)
    decide(kind, planned, identity)
    return mark_computed_unknown(block, planned)


def plan_update(block: Block, proposed: dict[str, Any], prior: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the planned value of a resource that exists: computed values stay, those of new blocks are open."""
    planned = dict(proposed)
    if "tags_all" in block["attributes"]:
        planned["tags_all"] = _all_tags(planned.get("tags"), settings)
    return mark_computed_unknown(block, planned, prior)


def mark_computed_unknown(block: Block, value: Mapping[str, Any], prior: Any = None) -> dict[str, Any]:
    """Return the value of a block with every computed attribute that is null, and was not already so, unknown."""
    planned = dict(value)
    for name, attribute in block["attributes"].items():
        if attribute.get("write_only"):
            planned[name] = None
        elif attribute.get("computed") and planned.get(name) is None and not isinstance(prior, dict):
            planned[name] = UNKNOWN
        elif isinstance(planned.get(name), list) and not (isinstance(prior, dict) and prior[name] == planned[name]):
            planned[name] = _fill_zeros(attribute["type"], planned[name])
    for name, nested in block["block_types"].items():
        known = prior.get(name) if isinstance(prior, dict) else None
        if name in planned:  # the schema that core was given may be shallower
            planned[name] = _mark_blocks_unknown(nested, planned[name], known)
    return planned


def _fill_zeros(type_: Any, value: list[Any]) -> list[Any]:
    """Fill objects as the real provider does: what reads a plan takes null in them for something else than nothing."""
    if type_[1][0] != "object":
        return value
    members = type_[1][1].items()
    return [
        {name: _zero_of(inner) if each[name] is None else each[name] for name, inner in members}
        if isinstance(each, dict)
        else each
        for each in value
    ]


def _zero_of(type_: Any) -> Any:
    if isinstance(type_, str):
        return ZEROS.get(type_)
    return [] if type_[0] in ("list", "set") else None


def _mark_blocks_unknown(nested: Mapping[str, Any], value: Any, prior: Any) -> Any:
    """The same for nested blocks; those of a set are matched with the prior ones by their whole value."""
    if nested["nesting_mode"] == "set" and isinstance(value, list) and isinstance(prior, list):
        return [
            each if each in prior or is_unknown(each) else mark_computed_unknown(nested["block"], each)
            for each in value
        ]
    opened = [
        mark_computed_unknown(nested["block"], each, before) if isinstance(each, dict) else each
        for each, before in pairs(nested, value, prior)
    ]
    if isinstance(value, list):
        return opened
    return opened[0] if opened else value


def replace_unknown(block: Block, value: Any) -> Any:
    """Return the value with everything that is still unknown decided: null, the plainest value of every type."""
    if is_unknown(value):
        return None
    if isinstance(value, dict):
        return {name: replace_unknown(block, each) for name, each in value.items()}
    return [replace_unknown(block, each) for each in value] if isinstance(value, list) else value


def _apply_provider_settings(block: Block, proposed: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The stated configuration, with the additions of the provider block."""
    planned = dict(proposed)
    if "tags_all" in block["attributes"]:
        planned["tags_all"] = _all_tags(planned.get("tags"), settings)
    if "region" in block["attributes"] and planned.get("region") is None and settings.states_region:
        planned["region"] = settings.region
    return planned


def _all_tags(tags: Any, settings: Settings) -> Any:
    defaults = settings.default_tags
    return UNKNOWN if is_unknown(tags) or is_unknown(defaults) else {**defaults, **(tags or {})}


# ── Creation: what AWS decides is unknown until AWS has answered. Whoever runs the provider supplies the creator; where
# it creates resources is none of this package's business.

#: How a diagnostic begins that says that a resource was taken for created although nothing was.
NOT_CREATED = "Nothing was created for this resource"

UNCHANGEABLE = "it exists, and is neither changed nor removed here; start again with an empty account"


class CreationError(Exception):
    """The reason why a resource was not created, for a person to read."""


class Creator(Protocol):
    """Creates declared resources somewhere, and reads what is there."""

    def create(self, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Create a resource; return the attributes that were decided, or None for a type that it can't create.

        Raises CreationError.
        """
        ...

    def read(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Return what is known of a data source, or None when nothing is. Raises CreationError."""
        ...


def create_with(
    creator: Creator,
    kind: str,
    block: Block,
    planned: Mapping[str, Any],
    *,
    config: Mapping[str, Any],
    settings: Settings,
    identity: Identity,
) -> tuple[dict[str, Any], bool]:
    """Create a resource of which nothing in ``config`` is open; return its state, and whether there really is one.

    A type that the creator does not know gets an identity that is made up, so that what depends on it goes on. An
    attribute that is not left to AWS stays as declared, or the next plan would want to change it. Raises CreationError.
    """
    attributes, declared = block["attributes"], replace_unknown(block, planned)
    name_unnamed(block, declared, identity, settable=True)
    write_only = {name: config[name] for name, each in attributes.items() if each.get("write_only")}
    if (decided := creator.create(kind, declared | write_only, settings)) is None:
        invent(identity, block, declared)
        decide(kind, declared, identity)
        return replace_unknown(block, declared), False
    settled = {name for name, each in attributes.items() if not each.get("computed") or config.get(name) is not None}
    found = {name: _conform(kind, name, block, value) for name, value in decided.items()}
    open_ = {name: value for name, value in found.items() if name not in settled}
    return replace_unknown(block, declared | open_), True


def create_locally(kind: str, block: Block, planned: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    """Return the state of a resource of a utility provider, which follows from its arguments and from chance."""
    state: dict[str, Any] = replace_unknown(block, planned)
    uid = identity.fields["uid"]
    name_resource(kind, state, uid)
    draw_values(kind, state, uid)
    return state


def _conform(kind: str, name: str, block: Block, value: Any) -> Any:
    """Return what a creator said in the form of the schema. Raises CreationError for what the schema has not."""
    if name in block["attributes"]:
        return _convert(block["attributes"][name]["type"], value)
    if name not in block["block_types"]:
        raise CreationError(f"the adapter of {kind} returned {name!r}, which is not an attribute of the type")
    block = block["block_types"][name]["block"]
    return [
        empty_block(block) | {inner: _conform(kind, inner, block, given) for inner, given in each.items()}
        for each in value
    ]


def _convert(type_: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(type_, list) and type_[0] == "object":
        return {name: _convert(inner, value.get(name)) for name, inner in type_[1].items()}
    if isinstance(type_, list) and type_[0] == "map":
        return {name: _convert(type_[1], each) for name, each in value.items()}
    if isinstance(type_, list):
        return [_convert(type_[1], each) for each in value]
    return json.dumps(value) if type_ == "string" and not isinstance(value, str) else value
