"""Follows an apply: its progress while it runs, and afterwards what exists and core's diagnostics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The end of an apply: the state as core keeps it, and core's errors and warnings."""

    state: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]

    def list_resources(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yield the address, the type and the values of every managed resource that exists."""
        for resource in self.state.get("resources", ()):
            if resource["mode"] == "managed":
                for each in resource["instances"]:
                    yield _address(resource, each), resource["type"], each["attributes"]

    def by_type(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Return the values of every managed resource that exists, by type and address."""
        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for address, kind, values in self.list_resources():
            found.setdefault(kind, {})[address] = values
        return found


def _address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    words = [resource["module"]] if "module" in resource else []
    index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
    return ".".join((*words, resource["type"], resource["name"])) + index


@dataclass(slots=True)
class ApplyProgress:
    """Counts the resources that an apply has created, reports every tenth, and knows which it never came to."""

    tell: Callable[[int, int], None]
    total: int | None = None
    """How many resources will be created; None until core has planned."""
    done: int = 0
    _told: int = field(default=-1)
    _waiting: dict[str, None] = field(default_factory=dict)
    """Addresses of what is to be created and was not begun."""

    def list_left_out(self) -> tuple[Diagnostic, ...]:
        """Return an error for each resource that was planned and not begun: core goes no further where one failed."""
        detail = "something that it depends on was not created"
        return tuple(Diagnostic("error", "Not begun", detail, address=address) for address in self._waiting)

    def read_line(self, line: str) -> None:
        """Read a line of core's output."""
        kind, event = _parse_event(line)
        if kind == "change_summary" and event["changes"].get("operation") == "plan":
            self.total = event["changes"]["add"]
        elif kind in ("apply_complete", "apply_errored") and event["hook"]["action"] == "create":
            self.done += 1
        if kind == "planned_change" and event["change"]["action"] == "create":
            self._waiting[event["change"]["resource"]["addr"]] = None
        elif kind == "apply_start":
            self._waiting.pop(event["hook"]["resource"]["addr"], None)
        tenth = 10 * self.done // self.total if self.total else -1
        if tenth > self._told:
            self._told = tenth
            self.tell(self.done, self.total or 0)


def _parse_event(line: str) -> tuple[str, Mapping[str, Any]]:
    try:
        event = json.loads(line)
        return event["type"], event
    except (ValueError, TypeError, KeyError):
        return "", {}  # not from core's own log
