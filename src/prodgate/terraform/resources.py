"""What a Terraform configuration declares: resources, and how they name one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ..semantics.unresolved import Assumed, Unresolved
from .addresses import without_indices
from .positions import Origin, Position
from .reading import Block, find_unknown

#: Attributes by which one resource names another: the first that equals the value decides.
IDENTITIES: Final = (
    "arn", "id", "name", "bucket", "url", "key_id", "arn_suffix", "alarm_name", "family", "dns_name", "domain_name",
    "bucket_regional_domain_name", "bucket_domain_name", "zone_id", "hosted_zone_id", "cluster_identifier",
    "identifier", "repository_url", "invoke_arn", "qualified_arn", "resource_id", "table_name", "function_name",
    "rule_arn", "vpc_id", "policy_id", "fully_qualified_domain_name", "fqdn", "unique_id",
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
    ) -> None:
        super().__init__(self, "", values)
        self.address, self.type, self.name, self.mode, self.module = address, type, name, mode, module
        self.origin = origin
        self.references = references or {}
        """Top-level argument -> configuration addresses (no indices) of the resources its expression names."""
        self.sensitive = sensitive
        """Top-level arguments whose value must never be shown."""
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
            return tuple(other for other in self.configuration.of(*types) if other.identities & named)
        targets = self.references.get(name.split(".", maxsplit=1)[0])
        if targets is None:
            raise Unresolved(f"{self.address}.{name}", "is decided later, and nothing says what it refers to")
        return tuple(other for other in self.configuration.of(*types) if other.configured_as in targets)

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
    ) -> None:
        self.root, self.engine = root, engine
        self.resources, self.gaps, self.notes = tuple(resources), tuple(gaps), tuple(notes)
        for resource in self.resources:
            resource._configuration = self

    @property
    def complete(self) -> bool:
        """Whether everything could be evaluated, so that what is absent is known to be absent."""
        return not self.gaps

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            if resource.mode == "managed":
                found.setdefault(resource.type, []).append(resource)
        return found

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Return the managed resources of the given types, in the order of the configuration."""
        return tuple(resource for type_ in types for resource in self._by_type.get(type_, ()))

    def naming(self, resource: Resource, path: str, *types: str) -> tuple[Resource, ...]:
        """Return the resources of ``types`` whose argument ``path`` names ``resource``; the reverse of ``related``."""
        return tuple(other for other in self.of(*types) if resource in other.related(path, resource.type))
