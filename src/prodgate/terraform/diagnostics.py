"""What Terraform core says about a configuration: errors and warnings, with the file and line they speak of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .positions import Position

#: Turns a file name as core prints it into the name the user knows it by.
Locate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning. ``severity`` is "error" or "warning"; ``address`` the resource it speaks of, or ""."""

    severity: str
    summary: str
    detail: str = ""
    position: Position | None = None
    address: str = ""

    def __str__(self) -> str:
        where = str(self.position or self.address)
        what = f"{self.summary}; {' '.join(self.detail.split())}" if self.detail else self.summary
        return f"{where}: {what}" if where else what


class TerraformError(Exception):
    """The configuration can't be evaluated. ``str()`` has a line for each diagnostic."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics


def refusal(summary: str, detail: str = "", position: Position | None = None) -> TerraformError:
    """Return an error of our own, in the form of core's."""
    return TerraformError(Diagnostic("error", summary, detail, position))


def read_diagnostics(output: str, locate: Locate) -> tuple[Diagnostic, ...]:
    """Return the diagnostics in the output of a core command that ran with ``-json``, without repeats."""
    found = (_parse_diagnostic(event["diagnostic"], locate) for event in _read_events(output) if "diagnostic" in event)
    return tuple(dict.fromkeys(found))


def errors_in(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return those that stop an evaluation."""
    return tuple(each for each in diagnostics if each.severity == "error")


def _read_events(output: str) -> Iterator[Mapping[str, Any]]:
    for line in output.splitlines():
        if line.startswith("{") and '"diagnostic"' in line:
            try:
                yield json.loads(line)
            except ValueError:
                continue  # a line that core did not finish, because it was stopped


def _parse_diagnostic(stated: Mapping[str, Any], locate: Locate) -> Diagnostic:
    place = stated.get("range")
    position = Position(locate(place["filename"]), place["start"]["line"]) if place else None
    detail = stated.get("detail", "") + _describe_values(stated.get("snippet") or {})
    return Diagnostic(stated["severity"], stated["summary"], detail, position, stated.get("address", ""))


def _describe_values(snippet: Mapping[str, Any]) -> str:
    """Say which values the expression saw, as core's own output for people does."""
    seen = [f"{value['traversal']} {value['statement']}" for value in snippet.get("values") or ()]
    return f" ({', '.join(seen)})" if seen else ""
