"""What a Terraform configuration declares: resources, and how they name one another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final, TypeVar

from ..semantics.unresolved import Assumed, Unknown, Unresolved
from .addresses import without_indices
from .kept_answers import KeptAnswers
from .positions import Origin, Position
from .reading import Block, find_unknown

T = TypeVar("T")

#: Attributes by which one resource names another: the first that equals the value decides.
IDENTITIES: Final = (
    "arn", "id", "name", "bucket", "url", "key_id", "arn_suffix", "alarm_name", "family", "dns_name", "domain_name",
    "bucket_regional_domain_name", "bucket_domain_name", "zone_id", "hosted_zone_id", "cluster_identifier",
    "identifier", "repository_url", "invoke_arn", "qualified_arn", "resource_id", "table_name", "function_name",
    "rule_arn", "vpc_id", "policy_id", "fully_qualified_domain_name", "fqdn", "unique_id",
    "default_security_group_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be evaluated, so that absence proves nothing there."""

    subject: str
    reason: str
    position: Position | None = None


class Resource(Block):
    """One declared resource instance or data source."""

    def __init__(
        self,
        *,
        address: str,
        type: str,
        name: str,
        values: Mapping[str, Any],
        mode: str = "managed",
        module: str = "",
        origin: Origin | None = None,
        references: Mapping[str, tuple[str, ...]] | None = None,
        sensitive: frozenset[str] = frozenset(),
        credentials: Mapping[str, tuple[str, ...]] | None = None,
        provider: str = "",
    ) -> None:
        super().__init__(self, "", values)
        self.address, self.type, self.name, self.mode, self.module = address, type, name, mode, module
        self.origin = origin
        self.references = references or {}
        """Top-level argument -> configuration addresses (no indices) of the resources its expression names."""
        self.sensitive = sensitive
        """Top-level arguments whose value must never be shown."""
        self.credentials = credentials or {}
        """Top-level argument -> what its expression names that its provider marks as sensitive, with the attribute."""
        self.provider = provider
        """The provider block that makes it (``aws``, ``aws.replica``); nothing in runs of earlier versions."""
        self._configuration: Configuration | None = None

    @property
    def configuration(self) -> Configuration:
        """The configuration that declares this resource."""
        if self._configuration is None:
            raise LookupError(f"{self.address} does not belong to a configuration yet")
        return self._configuration

    def related(self, name: str, *types: str) -> tuple[Resource, ...]:
        """Return the declared resources of ``types`` that the value at ``name`` names by arn, id, name, …

        Raises Unresolved when the value is unknown and the configuration does not say what it refers to.
        """
        value = self._read(name)
        if find_unknown(value) is None:
            items = value.values() if isinstance(value, Mapping) else value or ()
            named = {value} if isinstance(value, str) else {item for item in items if isinstance(item, str)}
            return self._prefer_pointed(self.configuration.identified(named, *types), name, named)
        targets = self.references.get(name.split(".", maxsplit=1)[0])
        if targets is None:
            raise Unresolved(f"{self.address}.{name}", "is decided later, and nothing says what it refers to")
        return self.configuration.configured(targets, *types)

    def _prefer_pointed(self, found: tuple[Resource, ...], name: str, named: set[str]) -> tuple[Resource, ...]:
        """Return what is found without that which has its names in common with what the expression itself points at.

        Names may be the same in two regions, or in two accounts.
        """
        pointed = {
            id(one): one for one in found if one.configured_as in self.references.get(name.partition(".")[0], ())
        }
        meant = {known for one in pointed.values() for known in one.identities & named}
        return tuple(one for one in found if id(one) in pointed or not one.identities & named <= meant)

    def beside(self, *types: str) -> tuple[Resource, ...]:
        """Return the declared resources of ``types`` in its account and region: those of its provider, in its region.

        Raises Unresolved where only others may be: of another provider, or in a region that is not stated.
        """
        compared = [(one, _share_region(self, one)) for one in self.configuration.of(*types)]
        near = [one for one, shared in compared if shared is not False]
        sure = tuple(one for one, shared in compared if shared and one.provider == self.provider)
        if near and not sure:
            reason = (
                f"may be in the account and region of {near[0].address}, which is of another provider or says no region"
            )
            raise Unresolved(self.address, reason)
        return sure

    def find_region(self) -> str:
        """Return the region that it is in: the argument where it is known, else the one in its ARN. Raises Unresolved.

        That the account in the ARN is not stated takes nothing from it.
        """
        stated = self._read("region") if "region" in self._values else None  # older providers have no such argument
        if find_unknown(stated) is not None:
            stated = None
        arn = self._read("arn") if stated is None else ""
        if (unknown := find_unknown(arn)) is not None:
            raise Unresolved(f"{self.address}.arn", unknown.reason)
        if isinstance(arn, Assumed) and "region" in arn.what:
            raise Unresolved(f"{self.address}.arn", arn.reason)
        return str(stated or (str(arn or "").split(":") + [""] * 4)[3])

    @cached_property
    def identities(self) -> frozenset[str]:
        """The values by which other resources name this one."""
        values = (self._values.get(name) for name in IDENTITIES)
        return frozenset(value for value in values if isinstance(value, str) and value)

    @cached_property
    def configured_as(self) -> str:
        """The address without indices, as the configuration states it."""
        return without_indices(self.address)

    def __repr__(self) -> str:
        return f"<{self.address}>"


class Configuration:
    """Everything that a root module declares."""

    def __init__(
        self,
        *,
        root: str,
        engine: str,
        resources: Sequence[Resource],
        gaps: Sequence[Gap] = (),
        notes: Sequence[str] = (),
        providers: Sequence[Resource] = (),
    ) -> None:
        self.root, self.engine, self.providers = root, engine, tuple(providers)
        self.resources, self.gaps, self.notes = tuple(resources), tuple(gaps), tuple(notes)
        self._kept = KeptAnswers()
        for resource in (*self.resources, *self.providers):
            resource._configuration = self

    @property
    def complete(self) -> bool:
        """Whether everything could be evaluated, so that what is absent is known to be absent."""
        return not self.gaps

    @cached_property
    def _by_type(self) -> dict[str, tuple[Resource, ...]]:
        found: dict[str, list[Resource]] = {}
        for resource in (*self.resources, *self.providers):
            if resource.mode != "data":
                found.setdefault(resource.type, []).append(resource)
        return {type_: tuple(resources) for type_, resources in found.items()}

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Return the managed resources of the given types, in the order of the configuration.

        Provider blocks with keys are of the type ``provider_block``: each argument says what its value comes from.
        """
        if len(types) == 1:  # asked for each subject of a policy: what was listed once is not copied
            return self._by_type.get(types[0], ())
        return tuple(resource for type_ in types for resource in self._by_type.get(type_, ()))

    def identified(self, names: Collection[str], *types: str) -> tuple[Resource, ...]:
        """Return the managed resources of ``types`` that AWS knows by one of the names: an ARN, an id, a name, …"""
        return self._look_up("identities", names, types)

    def configured(self, addresses: Collection[str], *types: str) -> tuple[Resource, ...]:
        """Return the managed resources of ``types`` that the configuration states at one of the addresses."""
        return self._look_up("configured_as", addresses, types)

    def _look_up(self, attribute: str, keys: Collection[str], types: tuple[str, ...]) -> tuple[Resource, ...]:
        found: list[Resource] = []
        for type_ in types:
            declared = self.of(type_)
            index = self._kept.compute((attribute, type_), partial(_index, declared, attribute))
            places = {place for key in keys for place in index.get(key, ())}
            found += [declared[place] for place in sorted(places)]
        return tuple(found)

    def naming(self, resource: Resource, path: str, *types: str) -> tuple[Resource, ...]:
        """Return the resources of ``types`` whose argument ``path`` names ``resource``; the reverse of ``related``."""
        found: list[Resource] = []
        for type_ in types:
            named = partial(_index_named, self.of(type_), path, resource.type)
            found += self._kept.compute(("naming", type_, path, resource.type), named).get(id(resource), ())
        return tuple(found)

    def once(self, compute: Callable[[Configuration], T]) -> T:
        """Return what ``compute`` makes of the whole configuration; it is found out once, and kept for every subject.

        It may read and doubt as a policy may, and each subject has the same doubts of it; it must compare nothing.
        """
        found: T = self._kept.compute(("once", compute), partial(compute, self))
        return found


def _share_region(one: Resource, other: Resource) -> bool | None:
    """Whether two resources are in one region; None where that is not stated, unless neither states it."""
    regions = [each.search().get("region") for each in (one, other)]
    if any(isinstance(each, Unknown) for each in regions):
        return None
    same = regions[0] == regions[1]
    return same if same or None not in regions else None


def _index(resources: Sequence[Resource], attribute: str) -> dict[str, list[int]]:
    """Return, for each value of an attribute that is a text or several, the places of the resources that have it."""
    found: dict[str, list[int]] = {}
    for place, resource in enumerate(resources):
        value = getattr(resource, attribute)
        for each in (value,) if isinstance(value, str) else value:
            found.setdefault(each, []).append(place)
    return found


def _index_named(resources: Sequence[Resource], path: str, type_: str) -> dict[int, list[Resource]]:
    """Return, for each resource of a type by its id in memory, those whose argument ``path`` names it."""
    found: dict[int, list[Resource]] = {}
    for resource in resources:
        for named in resource.related(path, type_):
            found.setdefault(id(named), []).append(resource)
    return found
