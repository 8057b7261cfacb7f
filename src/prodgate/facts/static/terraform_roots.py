"""What a Terraform root is as a whole, rather than one of its resources: where it keeps its state, what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBackend(Fact):
    """Where a root keeps its state. ``subject`` is the root."""

    kind: str
    """``s3``, ``azurerm``, ``cloud``, …; empty when the state is a local file."""
    settings: Mapping[str, str]
    """Arguments as they are written; one that is left to ``-backend-config`` is not in it."""
    place: str = ""
    """``file:line`` of the block."""

    @property
    def encrypted(self) -> bool:
        """Whether the state is encrypted where it is kept; what the service does without being told counts."""
        return self.kind in ("cloud", "remote", "gcs", "azurerm") or self.settings.get("encrypt") == "true"

    @property
    def locked(self) -> bool:
        """Whether two applies at once exclude each other."""
        if self.kind == "s3":
            return self.settings.get("use_lockfile") == "true" or "dynamodb_table" in self.settings
        return self.kind in ("cloud", "remote", "gcs", "azurerm", "consul", "pg", "kubernetes")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRoot(Fact):
    """Which types of resources a root declares. ``subject`` is the root."""

    types: frozenset[str]
