"""Terraform core's errors and warnings about a configuration, with file and line."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..semantics.secret_places import REDACTOR
from .positions import Position

#: Words of an expression such as ``local.mail["password"]``.
_WORDS: Final = re.compile(r"[\w-]+")
#: Turns a file name in core's output into the user's name of the file.
Locate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning. ``severity`` is "error" or "warning"; ``address`` its resource, or ""."""

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
    """Return the errors, which stop an evaluation."""
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
    seen = [_describe_value(value) for value in (stated.get("snippet") or {}).get("values") or ()]  # learns of secrets
    detail = stated.get("detail", "") + (f" ({', '.join(seen)})" if seen else "")
    summary, detail = REDACTOR.redact([stated["summary"], detail])
    return Diagnostic(stated["severity"], summary, detail, position, stated.get("address", ""))


def _describe_value(value: Mapping[str, Any]) -> str:
    """Describe the value of an expression, as core's own output for people does, but no secret."""
    is_, _, text = value["statement"].partition(" ")
    name = _WORDS.findall(value["traversal"])[-1:]
    try:
        kept = json.dumps(REDACTOR.redact(json.loads(text), *name), ensure_ascii=False)
    except ValueError:  # a number of attributes, for example
        kept = text
    return f"{value['traversal']} {is_} {kept}"
