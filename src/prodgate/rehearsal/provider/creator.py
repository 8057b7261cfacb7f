"""Creates what core applies: finds the adapter of the type, and gives it clients of the emulator and nothing else."""

from __future__ import annotations

import importlib
import ipaddress
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ...aws import clients
from ...terraform.provider.creation import CreationError
from ...terraform.provider.settings import REGION, Settings
from ..adapters.registry import Adapter
from ..errors import describe_error
from .data_sources import READERS


class NotLoopback(Exception):
    """An endpoint that is not on this machine: nothing is ever created there."""


def load(package: str) -> None:
    """Import every module of a package, each of which registers what it has."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")


@dataclass(frozen=True, slots=True)
class RegionalClients:
    """Clients of the rehearsal account, in the region of one resource unless another is named."""

    account: str
    region: str
    clients: clients.Clients

    def __call__(self, service: str, region: str = "") -> Any:
        """Return a boto3 client."""
        return self.clients(service, region or self.region)


class Adapters:
    """Creates resources in the emulator at an endpoint. Raises NotLoopback when that is not on this machine."""

    def __init__(self, endpoint: str, adapters: Mapping[str, Adapter]) -> None:
        self._adapters = adapters
        # what the emulator can't do now, it can't at the second attempt either
        self._clients = replace(clients.rehearsal_clients(_loopback(endpoint), REGION), attempts=1)

    def create(self, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Create a resource; return what was decided, or None for a type without an adapter. Raises CreationError."""
        if kind not in self._adapters:
            return None
        return self._run(self._adapters[kind], kind, declared, settings)

    def read(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Return what the emulator says of a data source, or None for types that it is not asked about."""
        return self._run(READERS[kind], kind, config, settings) if kind in READERS else None

    def _run(self, ask: Any, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
        aws = RegionalClients(settings.account, declared.get("region") or settings.region, self._clients)
        try:
            answer: Mapping[str, Any] = ask(declared, aws)
        except CreationError:
            raise
        except Exception as error:  # an adapter may do anything wrong, and core must hear what
            raise CreationError(f"{_name(kind, declared)}: {describe_error(error)}") from error
        return answer


def _loopback(endpoint: str) -> str:
    host = urlsplit(endpoint).hostname or ""
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise NotLoopback(
            f"endpoint {endpoint!r}: is not on this machine; name a loopback address: http://127.0.0.1:PORT"
        )
    return endpoint


def _name(kind: str, declared: Mapping[str, Any]) -> str:
    """Name a resource, whose address core does not tell a provider, by its most telling argument."""
    named = next((value for key, value in declared.items() if "name" in key and isinstance(value, str)), "")
    return f"{kind} {named!r}" if named else kind
