"""Facts of a Terraform root as a whole: the place of its state, and its declarations."""

from collections.abc import Mapping
from dataclasses import dataclass

from .. import Fact
from .workflows import is_other_stage


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBackend(Fact):
    """The location of a root's state. ``subject`` is the root."""

    kind: str
    """``s3``, ``azurerm``, ``cloud``, …; empty if the state is a local file."""
    settings: Mapping[str, str]
    """Arguments as written; one that is left to ``-backend-config`` is not in it."""
    place: str = ""
    """``file:line`` of the block."""

    @property
    def encrypted(self) -> bool:
        """Whether the state is encrypted at its location, including by the service's default."""
        return self.kind in ("cloud", "remote", "gcs", "azurerm") or self.settings.get("encrypt") == "true"

    @property
    def locked(self) -> bool:
        """Whether concurrent applies exclude each other."""
        if self.kind == "s3":
            return self.settings.get("use_lockfile") == "true" or "dynamodb_table" in self.settings
        return self.kind in ("cloud", "remote", "gcs", "azurerm", "consul", "pg", "kubernetes")

    @property
    def foreign(self) -> str:
        """The folder of the state that is named after another environment than the root; empty if there is none."""
        folders = self.settings.get("key", self.settings.get("prefix", "")).split("/")
        own = self.subject.split("/")
        return next((each for each in folders if is_other_stage(each) and each not in own), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRoot(Fact):
    """The resource types that a root declares. ``subject`` is the root."""

    types: frozenset[str]
