"""Explaining a criterion, policy or check: why it matters, what decides it, and what to write instead."""

import importlib.util
import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ..checks import Check, registered_checks
from ..criteria import Criteria, Criterion, UsageError, suggest
from ..findings import Finding
from ..layers import BUILT
from ..processes.regular_files import read_measured
from ..sections.attested import read_terms
from ..sections.bundled import BUNDLED
from ..sections.criteria_file import load_criteria
from ..sections.includes import list_areas
from ..sections.judges import read_judges
from ..sections.load import read_load_terms
from ..sections.project import (
    find_folders,
    load_built_in,
    load_facts,
    load_policies,
    policy_files,
    root_of,
    suite_files,
)  # fmt: skip
from ..sections.toml_text import write_value
from ..terraform.policy import POLICIES, Policy

#: The sections that a layer needs before it can answer, and the extra that brings its engines.
NEEDS: Final[Mapping[str, str]] = {
    "static": "[terraform] root; prod-gate[core]",
    "live": "[account] id and a run of aws://PROFILE@REGION, or [terraform] root and a rehearsal; prod-gate[core]",
    "load": "[load] locustfile, hosts, resolves_to, most and steady, for a rehearsal [rehearsal]; prod-gate[load]",
    "e2e": "[e2e] base_url, hosts and a page in [e2e.pages], for a rehearsal [rehearsal]; prod-gate[e2e]",
    "dags": "[airflow] version and a table [dags.ID] for each DAG; prod-gate[dags]",
    "rollout": "[rollout] and a deployment that prodgate watch follows; prod-gate[rollout]",
    "attested": "[attested] folder and a record that prodgate attest writes",
}
#: The key that a kind of fact needs besides those of its layer.
_ALSO_NEEDED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("CollectedSlots", "CollectedSource", "CollectionSlots", "CollectedData"), "[dags.ID.data]"),
    **dict.fromkeys(("KilledOrFailed", "Retried"), "[airflow] canary"),
    **dict.fromkeys(("MigrationChange", "MigrationFolder", "MigrationRuns", "SchemaVersion"), "[rollout.migrations]"),
    "DeployUnderLoad": "[load.deploy]",
    "DagTest": "[rollout.before] tests",
    "HealthEndpoint": "[e2e] health",
    "Journey": "[e2e] journeys",
    "LoadChange": "[load] port_of_green",
    "PrivatePage": "[e2e.credentials]",
    "ServedBuild": "[e2e] build",
    "SuiteResults": "[rollout.before] tests",
    "SurgeLoad": "[load.surge]",
}

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
    """Return the explanation of what ``id_`` names; ``live`` holds the policies that judge what is live as well."""
    named = {check.name: check for check in checks}
    if id_ in policies:
        return "\n".join(
            [*_render_policy(policies[id_], live), *_render_policy_context(policies[id_], criteria, examples)]
        )
    if id_ in named:
        return "\n".join(_render_check(named[id_], criteria))
    return "\n".join(_render_criterion(criteria[id_], criteria, policies, named, live))


def explain_id(stated: Path, id_: str) -> str:
    """Explain what an id names, by the criteria, policies and suites of a project and those that come with the gate.

    Raises UsageError for an unknown id, with the nearest one, and if a file that names it can't be loaded.
    """
    root, file = root_of(stated), load_criteria(stated)
    broken: dict[Path, str] = {}
    named = find_files(root, id_)
    folders = find_folders("policies", root)
    load_policies(folders, broken, only=[path for path in policy_files(folders) if path in named])
    checks = list(load_checks(root, broken, named))
    if broken:  # what they judge is missing from what could be said
        raise UsageError("\n".join(broken.values()))
    judges: list[Policy | Check] = [*POLICIES.values(), *checks]
    asked = next((judge.criterion for judge in judges if judge.name == id_), id_)
    if known := asked in file.criteria:
        criteria = file.criteria
    else:
        criteria = Criteria({**load_built_in()[0].criteria, **file.criteria})
    if id_ == asked and asked not in criteria:
        names = [
            *criteria,
            *(judge.name for path in find_files(root) for judge in read_judges(path, flaws=False).judges),
        ]
        hint = suggest(id_, names) or suggest(id_.upper(), names) or "; prodgate criteria lists those that come with it"
        raise UsageError(f"{id_!r} is no criterion, policy or check{hint}")
    live = {name for name, _ in BUILT["live"].concludes(file)}
    said = explain(id_, criteria, POLICIES, checks, find_folders("policies/examples", root), live=live)
    if asked in criteria and not (known and root != BUNDLED):
        kinds = [check.kind.__name__ for check in checks if check.criterion == asked]
        said = "\n".join((said, *_render_asking(criteria[asked], kinds, stated if root != BUNDLED else None)))
    return said


def find_files(root: Path, word: str = "") -> tuple[Path, ...]:
    """Return the files of judges, of a project and those that come with the gate, that mention a word."""
    folders = dict.fromkeys(folder for layer in BUILT.values() for folder in layer.folders)
    files = (
        *policy_files(find_folders("policies", root)),
        *(path for each in folders for path in suite_files(each, root)),
    )
    return tuple(path for path in files if word.encode() in read_measured(path))


def _render_asking(criterion: Criterion, kinds: Collection[str], stated: Path | None) -> Iterator[str]:
    """Say how a team asks a criterion that comes with the gate."""
    why = f"{stated} does not ask it" if stated else "It comes with the gate"
    yield f"\n{why}. To ask it, write in criteria.toml:\n"
    if area := next((area for area, ids in list_areas().items() if criterion.id in ids), ""):
        yield f'  extends = ["{area}"]  # with others of its area, or "baseline" for all areas\n\nor, alone:\n'
    yield from (f"  {line}" for line in write_criterion(criterion))
    yield ""
    yield from (f"  {layer} needs {NEEDS[layer]}" for layer in criterion.layers)
    if also := sorted({_ALSO_NEEDED[kind] for kind in kinds if kind in _ALSO_NEEDED}):
        yield f"  and {', '.join(also)}"


def write_criterion(criterion: Criterion) -> Iterator[str]:
    """Yield the lines of a table by which a team asks a criterion of the gate, in numbers that it may change."""
    applies = "where-present" if criterion.where_present else "some-subjects" if criterion.some_subjects else ""
    keys: dict[str, object] = {
        "statement": criterion.wording,
        "why": criterion.why,
        "require": str(criterion.bound or ""),
        "source": "our service levels",
        "layers": list(criterion.layers),
        "controls": list(criterion.controls),
        "population": criterion.population if criterion.population != 1 else "",
        "samples": criterion.samples if criterion.samples > 1 else "",
        "confidence": str(criterion.confidence or ""),
        "decides": criterion.decides if criterion.confidence else "",
        "window": str(criterion.window or ""),
        "needs": "production" if criterion.needs_production else "",
        "applicability": applies,
        "severity": criterion.severity,
        **criterion.layer_keys,
    }
    yield f"[criteria.{criterion.id}]"
    yield from (f"{key} = {write_value(value)}" for key, value in keys.items() if value not in ("", []))


def explain_shortly(
    finding: Finding, criterion: Criterion, policies: Mapping[str, Policy]
) -> Iterator[tuple[str, str]]:
    """Yield in short why a finding matters, how much, who asks for it and where there is more, each with its title."""
    policy = policies.get(finding.check)
    paragraph = policy.why.split("\n\n")[0] if policy else ""
    yield from (
        ("why", " ".join(paragraph.split()) or criterion.why),
        ("severity", criterion.rate(finding)),
        ("source", ", ".join((*criterion.controls, *([] if criterion.controls else [criterion.source])))),
        ("more", f"prodgate explain {policy.id if policy else criterion.id}"),
    )


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
    rate, made_up = read_load_terms(criterion).rate, "a rehearsal leaves it open, or tells of a past that was made up"
    rows: tuple[tuple[object, str], ...] = (
        (True, f"{criterion.id}: {criterion.statement}"),
        (True, f"  why:       {criterion.why}"),
        (True, f"  decided by {criterion.bound or 'whether it holds'}, in the layers {', '.join(criterion.layers)}"),
        (criterion.samples > 1, f"  samples:   at least {criterion.samples:,}"),
        (criterion.window, f"  window:    at least {criterion.window}"),
        (rate, f"  load:      at least {rate}"),
        (criterion.confidence, f"  confidence {criterion.confidence}; the {criterion.decides} decides"),
        *((True, line) for line in _render_record(criterion)),
        (criterion.needs_production, f"  answered   only in production; {made_up}"),
        (criterion.remedy, f"  remedy:    {criterion.remedy}"),
        (criterion.severity, f"  severity:  {criterion.severity}"),
        (True, f"  source:    {criterion.source}"),
        (criterion.controls, f"  controls:  {', '.join(criterion.controls)}"),
    )
    yield from (line for stated, line in rows if stated)


def _render_record(criterion: Criterion) -> Iterator[str]:
    """Say what a record of a criterion must have; nothing for one that asks for none."""
    asked = read_terms(criterion)
    if "attested" in criterion.layers:
        people = "two people" if asked.attested_by > 1 else "a person"
        yield f"  recorded   by {people}: prodgate attest {criterion.id}"
    if asked.document:
        named = f", with the sections {', '.join(map(repr, asked.sections))}" if asked.sections else ""
        yield f"  document:  {asked.document}{named}"
    if asked.shown_by:
        yield f"  shown by   a gate run that judged the {asked.shown_by} layer"


def _render_policy(policy: Policy, live: Container[str]) -> Iterator[str]:
    yield f"{policy.id}: {policy.statement}"
    if policy.why:
        yield from (f"  {line}".rstrip() for line in policy.why.splitlines())
    yield f"  applies to {', '.join(policy.resources) or 'the whole configuration'}"
    if policy.id in live:
        yield "  judges     what is declared, and by the same rule what is live"
    if policy.remedy:
        yield f"  remedy:    {policy.remedy}"
    if policy.severity:
        yield f"  severity:  {policy.severity}"
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


def load_checks(root: Path, broken: dict[Path, str], only: Collection[Path] | None = None) -> Iterator[Check]:
    """Import every suite, or ``only`` some, and yield its checks; why one can't be loaded is noted in ``broken``."""
    load_facts(root, broken)
    for folder in dict.fromkeys(folder for layer in BUILT.values() for folder in layer.folders):
        for path in (each for each in suite_files(folder, root) if only is None or each in only):
            yield from _import_checks(path, broken)


def _import_checks(path: Path, broken: dict[Path, str]) -> Iterator[Check]:
    before = set(registered_checks())
    within = "suites." if path.parent.parent.name == "suites" else ""
    spec = importlib.util.spec_from_file_location(f"{within}{path.parent.name}.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  a suite of any team may fail in any way, also by a skip of pytest's
        broken[path] = f"{path}: can't be loaded: {type(error).__name__}: {error}; mend the module"
        return
    yield from (found for found in registered_checks() if found not in before)
