"""Explaining a criterion, policy or check: why it matters, what decides it, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ..checks import Check
from ..criteria import Criteria, Criterion, UsageError, suggest
from ..findings import Finding
from ..terraform.policy import Policy

_HEADER: Final = re.compile(r'^(?:(?:resource|data) "(?P<type>[\w-]+)" "[\w-]+"|provider "[\w-]+") \{(?P<comment>.*)$')


def explain(
    id_: str,
    criteria: Criteria,
    policies: Mapping[str, Policy],
    checks: Iterable[Check],
    examples: Iterable[Path],
    *,
    live: Container[str] = (),
) -> str:
    """Return the explanation of what ``id_`` names. Raises UsageError with the nearest name for an unknown id.

    ``live`` holds the policies that judge what is live as well.
    """
    named = {check.name: check for check in checks}
    if id_ in policies:
        return "\n".join(
            [*_render_policy(policies[id_], live), *_render_policy_context(policies[id_], criteria, examples)]
        )
    if id_ in named:
        return "\n".join(_render_check(named[id_], criteria))
    if id_ in criteria:
        return "\n".join(_render_criterion(criteria[id_], criteria, policies, named, live))
    known = [*criteria, *policies, *named]
    raise UsageError(f"{id_!r} is no criterion, policy or check{suggest(id_, known) or suggest(id_.upper(), known)}")


def explain_shortly(
    finding: Finding, criterion: Criterion, policies: Mapping[str, Policy]
) -> Iterator[tuple[str, str]]:
    """Yield in short why a finding matters, how much, who asks for it and where there is more, each with its title."""
    policy = policies.get(finding.check)
    paragraph = policy.why.split("\n\n")[0] if policy else ""
    yield "why", " ".join(paragraph.split()) or criterion.why
    yield "severity", criterion.severity
    yield "source", ", ".join((*criterion.controls, *([] if criterion.controls else [criterion.source])))
    yield "more", f"prodgate explain {policy.id if policy else criterion.id}"


def _render_criterion(
    criterion: Criterion,
    criteria: Criteria,
    policies: Mapping[str, Policy],
    checks: Mapping[str, Check],
    live: Container[str],
) -> Iterator[str]:
    yield from _render_statement(criterion)
    for policy in (p for p in policies.values() if p.criterion == criterion.id):
        yield ""
        yield from _render_policy(policy, live)
    for check in (c for c in checks.values() if c.criterion == criterion.id):
        yield ""
        yield from _render_check(check, criteria, brief=True)


def _render_statement(criterion: Criterion) -> Iterator[str]:
    yield f"{criterion.id}: {criterion.statement}"
    yield f"  why:       {criterion.why}"
    yield f"  decided by {criterion.bound or 'whether it holds'}, in the layers {', '.join(criterion.layers)}"
    if criterion.samples > 1:
        yield f"  samples:   at least {criterion.samples:,}"
    if criterion.window:
        yield f"  window:    at least {criterion.window}"
    if criterion.rate:
        yield f"  load:      at least {criterion.rate}"
    if criterion.confidence:
        yield f"  confidence {criterion.confidence}; the {criterion.decides} decides"
    yield from _render_record(criterion)
    if criterion.needs_production:
        yield "  answered   only in production; a rehearsal leaves it open, or tells of a past that was made up"
    if criterion.remedy:
        yield f"  remedy:    {criterion.remedy}"
    if criterion.severity:
        yield f"  severity:  {criterion.severity}"
    yield f"  source:    {criterion.source}"
    if criterion.controls:
        yield f"  controls:  {', '.join(criterion.controls)}"


def _render_record(criterion: Criterion) -> Iterator[str]:
    """Say what a record of a criterion must have; nothing for one that asks for none."""
    if "attested" in criterion.layers:
        people = "two people" if criterion.attested_by > 1 else "a person"
        yield f"  recorded   by {people}: prodgate attest {criterion.id}"
    if criterion.document:
        named = f", with the sections {', '.join(map(repr, criterion.sections))}" if criterion.sections else ""
        yield f"  document:  {criterion.document}{named}"
    if criterion.shown_by:
        yield f"  shown by   a gate run that judged the {criterion.shown_by} layer"


def _render_policy(policy: Policy, live: Container[str]) -> Iterator[str]:
    yield f"{policy.id}: {policy.statement}"
    if policy.why:
        yield from (f"  {line}".rstrip() for line in policy.why.splitlines())
    yield f"  applies to {', '.join(policy.resources) or 'the whole configuration'}"
    if policy.id in live:
        yield "  judges     what is declared, and by the same rule what is live"
    if policy.remedy:
        yield f"  remedy:    {policy.remedy}"
    yield f"  written in {policy.place}"


def _render_policy_context(policy: Policy, criteria: Criteria, examples: Iterable[Path]) -> Iterator[str]:
    if policy.criterion in criteria:
        yield ""
        yield from _render_statement(criteria[policy.criterion])
    yield from _render_example(policy, examples)


def _render_check(check: Check, criteria: Criteria, *, brief: bool = False) -> Iterator[str]:
    yield f"{check.name}: {check.question}"
    if check.why:
        yield from (f"  {line}".rstrip() for line in check.why.splitlines())
    yield f"  asks for   {check.kind.__name__}"
    if check.remedy:
        yield f"  remedy:    {check.remedy}"
    yield f"  written in {check.place}"
    if not brief and check.criterion in criteria:
        yield ""
        yield from _render_statement(criteria[check.criterion])


def _render_example(policy: Policy, folders: Iterable[Path]) -> Iterator[str]:
    titles = ("before, which violates it:", "after:")
    for title, text in zip(titles, pick_examples(policy, folders), strict=True):
        if text:
            yield f"\n{title}\n"
            yield from (f"  {line}".rstrip() for line in text.splitlines())


def pick_examples(policy: Policy, folders: Iterable[Path]) -> tuple[str, str]:
    """Return a resource that violates a policy and one that does not, from its example; empty where there is none."""
    path = next((folder / f"{policy.id}.tf" for folder in folders if (folder / f"{policy.id}.tf").exists()), None)
    if path is None:
        return "", ""
    blocks = list(_parse_blocks(path.read_text("utf-8")))
    before = next((text for _, comment, text in blocks if f"violates {policy.id}" in comment), "")
    after = next((text for type_, comment, text in blocks if not comment and type_ in policy.resources), "")
    return before, after


def _parse_blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (type, comment of the header line, whole text) of each resource and provider block of a formatted file."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if header := _HEADER.match(line):
            end = number if line.rstrip().endswith("}") else lines.index("}", number)
            yield header["type"] or "provider_block", header["comment"].strip(" #}"), "\n".join(lines[number : end + 1])
