"""Rows of a table of many findings: what a row shares with the one above it is not said again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..findings import Finding

#: Findings of one batch from which on rows leave out what the row above says; fewer are told in full, to be copied.
MANY: Final = 21

#: Stands for what the row above begins with.
DITTO: Final = "…"

#: What names and places are made of, such as ``this[3]``, ``role/gate`` and ``main.tf:41``.
_JOINTS: Final = "[/:"

#: Characters from which on a beginning is worth leaving out.
_LEAST: Final = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A finding, its subject and the place of it as they are shown."""

    finding: Finding
    subject: str
    place: str
    """Of the deciding argument; where the value came from follows it in the finding."""


def make_rows(findings: Sequence[Finding]) -> Iterator[Row]:
    """Yield a row for each finding; of many, those with one beginning stand together and say it once."""
    if len(findings) < MANY:
        yield from (Row(each, each.subject, _place(each)) for each in findings)
        return
    subject = place = ""
    for each in _bring_together(findings):
        before = (subject, place)
        subject, place = each.subject, _place(each)
        yield Row(each, _leave_out(subject, before[0]), _leave_out(place, before[1]))


def _place(finding: Finding) -> str:
    return finding.where[0] if finding.where else ""


def _bring_together(findings: Iterable[Finding]) -> Iterator[Finding]:
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(_beginning(each.subject), []).append(each)
    for group in found.values():
        yield from group


def _leave_out(text: str, before: str) -> str:
    beginning = _beginning(text)
    shared = len(beginning) >= _LEAST and text != before and before.startswith(beginning)
    return DITTO + text[len(beginning) :] if shared and _beginning(before) == beginning else text


def _beginning(text: str) -> str:
    """Return a text up to its last joint.

    >>> _beginning("module.api.aws_cloudwatch_log_group.this[3]")
    'module.api.aws_cloudwatch_log_group.this'
    >>> _beginning("terraform/main.tf:41")
    'terraform/main.tf'
    """
    return text[: max(text.rfind(joint) for joint in _JOINTS)] if any(j in text for j in _JOINTS) else ""
