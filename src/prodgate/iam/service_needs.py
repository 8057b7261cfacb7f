"""What services do with a role that they are given, by `service_needs.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from .needs import Need

#: The service whose needs stand in the configuration.
TASKS: Final = "ecs-execution"


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("service_needs.toml").read_text("utf-8"))


def list_services() -> tuple[str, ...]:
    """Return the names of the services that are known."""
    return tuple(_read())


def list_needs(service: str) -> Iterator[Need]:
    """Yield what a service needs."""
    row = _read()[service]
    for key in ("must", "may"):
        for action, *resources in row[key]:
            yield Need(action, f"{service} ({row['source']})", tuple(resources) or ("*",), must=key == "must")
