"""The uses of a principal's rights, and their users."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Need:
    """The use of an action, and its user."""

    action: str
    """With wildcards only if it need not be granted."""
    by: str
    resources: tuple[str, ...] = ("*",)
    must: bool = True
    """Whether its user fails without it."""


@dataclass(frozen=True, slots=True)
class Needs:
    """All uses of a principal's rights, and why there may be more."""

    used: tuple[Need, ...] = ()
    unread: tuple[str, ...] = ()
    perhaps: tuple[Need, ...] = ()
    """Possible uses by unfollowed code: patterns of actions in lower case."""


# ── Needs of services, by `service_needs.toml`

#: The service whose needs are stated in the configuration.
TASKS: Final = "ecs-execution"


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("service_needs.toml").read_text("utf-8"))


def list_services() -> tuple[str, ...]:
    """Return the names of the known services."""
    return tuple(_read())


def list_needs(service: str) -> Iterator[Need]:
    """Yield what a service needs."""
    row = _read()[service]
    for key in ("must", "may"):
        for action, *resources in row[key]:
            yield Need(action, f"{service} ({row['source']})", tuple(resources) or ("*",), must=key == "must")
